// SPDX-License-Identifier: BSD-2-Clause
/* A port in a network namespace, a bpffs and a run folder of the test's own, and engines that
 * attach to it and end in every way. Needs root. */
#ifndef AFXDP_ATTACH_LAB_H
#define AFXDP_ATTACH_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attach.h"
#include "attached.h"

#define PORT "xskattach0"

/* How an engine attaches. */
struct kind {
    bool redirect; /* another object, with other maps */
    bool stay;
    bool skb;
    bool fail_closed;
    enum xdp_means means;
};

struct
try {
    struct pass_bpf *pass;
    struct redirect_bpf *redirect;
    struct xdp_attachment *attachment;
    struct error error;
};

/* Where the bpffs is. */
extern char lab_bpffs[];

/* Enters the lab, runs the tests and leaves it; 77 where there can be none. */
#define lab_run(tests) (lab_enter() ? cmocka_run_group_tests(tests, NULL, lab_leave) : 77)
bool lab_enter(void);
int lab_leave(void **state);

int prepare_on(struct try *try, const char *interface, struct kind kind);
int prepare(struct try *try, bool stay, bool skb, enum xdp_means means);
void attach(struct try *try, bool stay, bool skb, enum xdp_means means); /* and commits */
void detach(struct try *try);
void forget(struct try *try);

struct xdp_attached what_is_on(const char *interface);
struct xdp_attached what(void); /* on PORT */

/* Runs it in a process of its own that ends without a word; it fails by exiting with another status
 * than 0. */
void in_child(void (*does)(const void *), const void *with);

/* For in_child: attaches as a struct kind has it. */
void attach_kind(const void *with);

/* An engine that ends without detaching. */
void die_attached(bool stay, bool skb, enum xdp_means means);

/* A link that nobody holds any more is taken away a moment later. */
void wait_until_bare(void);

/* The pin of the port's link, in whatever folder of the bpffs that root owns; "" without one. */
char *link_pin(void);

uint32_t pinned_program(void); /* its id, 0 without one */

/* What an engine of that kind leaves: the attached program, and the id of the pinned one. */
void leave_behind(const struct kind *left, struct xdp_attached *before, uint32_t *pinned);
void assert_is_as_before(const struct xdp_attached *before, uint32_t pinned);
void clear_port(void);

void run(const char *command);

#endif
