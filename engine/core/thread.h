// SPDX-License-Identifier: BSD-2-Clause
#ifndef AFXDP_THREAD_H
#define AFXDP_THREAD_H

#include <pthread.h>

/* Starts a thread that gets no signals: they are for the main thread. 0 or -errno. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *argument);

#endif
