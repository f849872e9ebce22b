// SPDX-License-Identifier: BSD-2-Clause
/* Runs a loaded path without an interface, by BPF_PROG_TEST_RUN: for tests and the bench. */
#ifndef AFXDP_PATH_RUN_H
#define AFXDP_PATH_RUN_H

#include "path.h"

/* Loads and opens a program that is not to be attached; with the flow table and counters of
 * `shared`, or, where that is NULL, its own. Takes the program over: path_run_close frees it too,
 * and so does a failure. */
int path_run_open(struct xdp_path **out, struct path_program *program,
                  const struct path_settings *settings, const struct xdp_path *shared,
                  struct error *error);

void path_run_close(struct xdp_path *path); /* takes NULL */

struct path_frame {
    const void *data; /* from the link header on, at least 14 bytes */
    uint32_t length;
    uint32_t wire_length;
    uint64_t time; /* ns */
};

/* Runs one frame, with its own time and length, on the CPU that the thread is pinned to; the path
 * was configured with options.stamped. Returns the XDP action, or -errno. What the path made of the
 * packet is then in path->cpu[that CPU].work. */
int path_run_frame(const struct xdp_path *path, const struct path_frame *frame);

/* Runs one frame `repeat` times and tells the nanoseconds that one took. -errno. */
int path_run_repeat(const struct xdp_path *path, const void *data, uint32_t length, uint32_t repeat,
                    uint32_t *nanoseconds);

#endif
