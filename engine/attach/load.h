// SPDX-License-Identifier: BSD-2-Clause
/* Loads BPF objects, and says why the kernel refused one. */
#ifndef AFXDP_LOAD_H
#define AFXDP_LOAD_H

#include <bpf/libbpf.h>

#include "error.h"

/* bpf_object__load. When the verifier refuses a program the error has its reason (verifier_log.h)
 * and, where it was one, the limit that was hit. -errno of the load; -EPERM where CAP_PERFMON is
 * what the process lacks. */
int xdp_load(struct bpf_object *object, struct error *error);

/* -EPERM, with what to run as. */
int xdp_not_permitted(struct error *error);

/* Binds an opened program to a device, of which it may then ask what only its driver knows. */
void xdp_bind_to_device(struct bpf_program *program, const char *interface);

/* Instructions that the verifier walked for a loaded program; 0 before kernel 5.16, which doesn't
 * say. */
uint32_t xdp_verified_instructions(const struct bpf_program *program);

#endif
