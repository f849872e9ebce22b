// SPDX-License-Identifier: BSD-2-Clause
/* The engine in a program of yours: packets from a capture, from AF_XDP sockets or inside the
 * kernel, judged by a model, behind one interface.
 *
 *     afxdp_config_new ─ set… ─► afxdp_datapath_open ─► _start ─► _poll … _reload … _read ─► _stop
 *                                     │                   │                                   │
 *                          loads, binds, allocates   swaps the attached    nothing new comes  │
 *                          and starts threads; the   programs once: from   in, what is in     ▼
 *                          wire is as it was         here packets come     flight ends     _close
 *
 * Opening is a transaction: whatever fails before the programs are swapped in leaves the wire as it
 * was, over a leftover of a killed engine too. (Binding a zero-copy socket makes some NICs re-link:
 * that can't be hidden.)
 *
 * The library prints nothing and handles no signal: what there is to say goes to a callback.
 * Functions return 0 or -errno, unless they say otherwise; those that take a struct afxdp_error
 * fill it with one line (what, on what, why, what to do) when they fail. Constructors leave their
 * output untouched on failure.
 *
 * Threads: a config belongs to one thread until a datapath is opened with it, and is read-only from
 * then on. A datapath belongs to one thread too, its own workers aside; afxdp_datapath_read may be
 * called from any. Needs for an interface: CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF; with a model in the
 * kernel CAP_PERFMON. */
#ifndef AFXDP_ENGINE_H
#define AFXDP_ENGINE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct afxdp_error {
    char text[512]; /* one line, printable */
};

struct afxdp_config;
struct afxdp_datapath;

/* ---- What is asked for ---- */

/* A config with every option at its default. -ENOMEM. */
int afxdp_config_new(struct afxdp_config **out);

/* After the datapaths that were opened with it. Takes NULL. */
void afxdp_config_free(struct afxdp_config *config);

/* Sets an option by its long name (docs/cli.md), "bridge" to "eth2"; a flag by "yes" or "no". The
 * value is copied. -EINVAL: there is no such option, or it can't have that value. */
int afxdp_config_set(struct afxdp_config *config, const char *name, const char *value,
                     struct afxdp_error *error);

/* Reads lines `name = value`, `#` begins a comment. What was set before stays, what can be given
 * again (`action`, `bypass`) adds up. */
int afxdp_config_read(struct afxdp_config *config, const char *path, struct afxdp_error *error);

/* Whether the options fit together, and the model and its actions can be used. Touches no
 * interface. */
int afxdp_config_check(const struct afxdp_config *config, struct afxdp_error *error);

/* ---- A datapath ---- */

enum afxdp_message {
    AFXDP_INFO,    /* what was obtained */
    AFXDP_WARNING, /* what the user should know or mend */
    AFXDP_FAULT,   /* something asked for didn't happen; the datapath goes on */
};

struct afxdp_callbacks {
    /* One line without its end. From the datapath's thread, within a call. */
    void (*message)(void *context, enum afxdp_message level, const char *text);
    void *context;
};

/* Sets everything up. `callbacks` is copied, and may be NULL. */
int afxdp_datapath_open(struct afxdp_datapath **out, const struct afxdp_config *config,
                        const struct afxdp_callbacks *callbacks, struct afxdp_error *error);

/* Lets packets come. On failure the wire is as it was before afxdp_datapath_open. */
int afxdp_datapath_start(struct afxdp_datapath *datapath, struct afxdp_error *error);

/* Looks after the datapath for about `timeout_ms` (a capture is classified here, in the calling
 * thread). 1: go on; 0: done, the capture is at its end or a limit (`packets`, `duration`) is
 * reached; -errno: it has failed, and only stop, read and close make sense. */
int afxdp_datapath_poll(struct afxdp_datapath *datapath, unsigned timeout_ms,
                        struct afxdp_error *error);

/* Reads the model's file again and puts model and policy to work between two bursts: no packet is
 * lost by it or judged by a mixture. On failure the model at work stays, and the line says why. */
int afxdp_datapath_reload(struct afxdp_datapath *datapath, struct afxdp_error *error);

/* The sums that every packet is in once. */
struct afxdp_totals {
    uint64_t packets, bytes;
    uint64_t flows, evictions;
    uint64_t dropped, forwarded, passed, consumed, failed;
};

/* From any thread, between start and close. */
void afxdp_datapath_read(const struct afxdp_datapath *datapath, struct afxdp_totals *totals);

/* The report (docs/cli.md, "--json") as one JSON object; free() it. NULL without memory. */
char *afxdp_datapath_report(const struct afxdp_datapath *datapath);

/* No new packets; what was received ends. Bounded in time. */
void afxdp_datapath_stop(struct afxdp_datapath *datapath);

/* Stops if need be, detaches, puts the interfaces back and frees. Takes NULL. */
void afxdp_datapath_close(struct afxdp_datapath *datapath);

#ifdef __cplusplus
}
#endif

#endif
