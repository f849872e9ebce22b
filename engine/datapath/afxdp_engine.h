// SPDX-License-Identifier: BSD-2-Clause
/* The engine in a program of yours. Three ways in, from the least to the most:
 *
 *     a model        rows of features in, classes out                      afxdp_model_*
 *     frames         of your own in, verdicts out: flows are kept          afxdp_flow_engine_*
 *                    here; or as a source that is asked for them           afxdp_pipeline_*
 *     a datapath     packets from a capture, from AF_XDP sockets or        afxdp_datapath_*
 *                    inside the kernel, behind one interface
 *
 * A datapath's life:
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
 * The library prints nothing and handles no signal: what there is to say goes to callbacks, each of
 * which says which thread calls it.
 * Functions return 0 or -errno, unless they say otherwise; those that take a struct afxdp_error
 * fill it with one line (what, on what, why, what to do) when they fail. Constructors leave their
 * output untouched on failure.
 *
 * Threads: a config belongs to one thread until something is opened with it, and is read-only from
 * then on. A model is read-only: any number of threads may classify with it at once. A flow engine,
 * a pipeline and a datapath belong to one thread each, a datapath's own workers aside;
 * afxdp_datapath_read may be called from any. Needs for an interface: CAP_NET_ADMIN, CAP_NET_RAW,
 * CAP_BPF; with a model in the kernel CAP_PERFMON. */
#ifndef AFXDP_ENGINE_H
#define AFXDP_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define AFXDP_API __attribute__((visibility("default")))
#else
#define AFXDP_API
#endif

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
AFXDP_API int afxdp_config_new(struct afxdp_config **out);

/* After the datapaths that were opened with it. Takes NULL. */
AFXDP_API void afxdp_config_free(struct afxdp_config *config);

/* Sets an option by its long name (docs/cli.md), "bridge" to "eth2"; a flag by "yes" or "no". The
 * value is copied. -EINVAL: there is no such option, or it can't have that value. */
AFXDP_API int afxdp_config_set(struct afxdp_config *config, const char *name, const char *value,
                               struct afxdp_error *error);

/* Reads lines `name = value`, `#` begins a comment. What was set before stays, what can be given
 * again (`action`, `bypass`) adds up. */
AFXDP_API int afxdp_config_read(struct afxdp_config *config, const char *path,
                                struct afxdp_error *error);

/* Whether the options fit together, and the model and its actions can be used. Touches no
 * interface. */
AFXDP_API int afxdp_config_check(const struct afxdp_config *config, struct afxdp_error *error);

/* ---- A model ---- */

enum { AFXDP_FEATURES_MAX = 28 };

struct afxdp_model;

/* What is known of a model; texts belong to it. */
struct afxdp_model_info {
    const char *path;       /* where the file was found */
    const char *kind;       /* "nn" or "dt" */
    const char *variant;    /* the implementation at work on this CPU, "avx512vnni" */
    uint32_t checksum;      /* of the file */
    uint32_t feature_count; /* values of a row: 12, or 28 */
    uint32_t class_count;
};

struct afxdp_verdict {
    uint16_t class_index;
    uint16_t confidence; /* 0..1000: c means right in c of 1,000 calibration rows */
};

/* Reads a .q8 file, or the shipped model of that name, checks all of it, and proves every variant
 * that this CPU offers on the file's golden rows. -errno of open, -EINVAL, -EBADMSG. */
AFXDP_API int afxdp_model_open(struct afxdp_model **out, const char *name,
                               struct afxdp_error *error);

AFXDP_API void afxdp_model_close(struct afxdp_model *model); /* takes NULL */

AFXDP_API void afxdp_model_describe(const struct afxdp_model *model, struct afxdp_model_info *info);

/* Name of a class, which belongs to the model; NULL where there is none of that index. */
AFXDP_API const char *afxdp_model_class(const struct afxdp_model *model, uint32_t index);

/* Name of a feature by its place in a row, "dport"; NULL beyond the last (docs/design.md). */
AFXDP_API const char *afxdp_feature_name(uint32_t index);

/* Classifies `count` rows of feature_count values each, one right behind the other: integers in
 * the units of docs/design.md. Allocates nothing, makes no system call. Many rows at once are
 * several times faster than each alone. */
AFXDP_API void afxdp_model_classify(const struct afxdp_model *model, const uint32_t *features,
                                    size_t count, struct afxdp_verdict *verdicts);

/* ---- Frames of your own ---- */

enum afxdp_link {
    AFXDP_LINK_ETHERNET = 0,
    AFXDP_LINK_IP = 3, /* nothing before the IP header */
};

struct afxdp_frame {
    uint8_t *data;        /* from the link layer on; only read */
    uint32_t length;      /* bytes at `data` */
    uint32_t wire_length; /* bytes that it had on the wire, at least `length` */
    uint64_t time;        /* arrival, ns, one clock for all frames */
    uint64_t handle;      /* yours */
    uint16_t reserved;    /* 0 */
    uint16_t interface;   /* that it was seen on, 0 where there is one (--flow-key interface) */
    uint32_t link;        /* enum afxdp_link */
};

enum afxdp_outcome {
    AFXDP_CLASSIFIED,
    AFXDP_UNSURE,    /* classified, with less confidence than `min-confidence` */
    AFXDP_OTHER,     /* not IP */
    AFXDP_MALFORMED, /* (docs/design.md) */
};

enum afxdp_action {
    AFXDP_COUNT,
    AFXDP_FORWARD,
    AFXDP_DROP,
    AFXDP_LIMIT /* dropped, for it was beyond its class's limit */
};

struct afxdp_result {
    uint8_t outcome;              /* enum afxdp_outcome */
    uint8_t action;               /* enum afxdp_action: what the policy asks for */
    struct afxdp_verdict verdict; /* of what was classified, else zeros */
};

/* The sums that every packet is in once. */
struct afxdp_totals {
    uint64_t packets, bytes;
    uint64_t flows, evictions;
    uint64_t dropped, limited, forwarded, passed, consumed, failed;
};

/* A model with a flow table: frames are pushed in, in the order of their arrival. */
struct afxdp_flow_engine;

/* The config's options of classification and flows hold; others are refused. Both directions of a
 * flow must come to the same engine. -EINVAL, -ENOMEM. */
AFXDP_API int afxdp_flow_engine_new(struct afxdp_flow_engine **out,
                                    const struct afxdp_config *config, struct afxdp_error *error);

AFXDP_API void afxdp_flow_engine_free(struct afxdp_flow_engine *engine); /* takes NULL */

/* The model it was made with, which belongs to it; NULL with `none`. */
AFXDP_API const struct afxdp_model *afxdp_flow_engine_model(const struct afxdp_flow_engine *engine);

/* Classifies `count` frames, fastest in bursts of 64. `features`: NULL, or room for as many rows of
 * the model's feature_count (12 without a model); of a frame that has none they are zeros.
 * Allocates nothing, makes no system call, keeps no pointer to a frame. */
AFXDP_API void afxdp_flow_engine_classify(struct afxdp_flow_engine *engine,
                                          const struct afxdp_frame *frames, uint32_t count,
                                          struct afxdp_result *results, uint32_t *features);

/* What afxdp_flow_engine_capture hands on: a burst with its results and features, all valid within
 * the call. Another return value than 0 ends the reading. */
typedef int afxdp_burst_function(void *context, const struct afxdp_frame *frames,
                                 const struct afxdp_result *results, const uint32_t *features,
                                 uint32_t count);

/* Classifies a capture file (docs/captures.md; "-": standard input) and hands on each burst; `link`
 * is then the engine's own number. 0 at the end of the capture, what `burst` returned if that ended
 * it, -errno where it can't be opened or breaks off. */
AFXDP_API int afxdp_flow_engine_capture(struct afxdp_flow_engine *engine, const char *path,
                                        afxdp_burst_function *burst, void *context,
                                        struct afxdp_error *error);

/* All its frames are dropped or consumed. */
AFXDP_API void afxdp_flow_engine_read(const struct afxdp_flow_engine *engine,
                                      struct afxdp_totals *totals);

/* A source that is asked for frames, and given them back with what became of them. Each frame is
 * given back by exactly one of send and release. */
struct afxdp_source {
    /* Hands over up to `most` frames (64 at most). Returns how many, 0 when there are none now,
     * -ENODATA when there will be none any more, another -errno when it failed. */
    int (*receive)(void *context, struct afxdp_frame *frames, uint32_t most);
    /* What a burst was judged as, before its frames are given back; may be NULL. */
    void (*judged)(void *context, const struct afxdp_frame *frames,
                   const struct afxdp_result *results, uint32_t count);
    /* Sends frames on, in order, without waiting. Returns how many it took, from the first on; the
     * others are released. NULL: nothing is sent, what isn't dropped counts as consumed. */
    uint32_t (*send)(void *context, const struct afxdp_frame *frames, uint32_t count);
    /* Takes frames back: dropped, consumed, or not taken by send. May be NULL. */
    void (*release)(void *context, const struct afxdp_frame *frames, uint32_t count);
    /* Ends a burst: what was sent becomes visible to the other side. May be NULL. */
    void (*flush)(void *context);
    void *context;
};

struct afxdp_pipeline;

/* As afxdp_flow_engine_new. `source` is copied. */
AFXDP_API int afxdp_pipeline_new(struct afxdp_pipeline **out, const struct afxdp_config *config,
                                 const struct afxdp_source *source, struct afxdp_error *error);

AFXDP_API void afxdp_pipeline_free(struct afxdp_pipeline *pipeline); /* takes NULL */

/* The model it was made with, which belongs to it; NULL with `none`. */
AFXDP_API const struct afxdp_model *afxdp_pipeline_model(const struct afxdp_pipeline *pipeline);

/* Takes one burst through; what receive returned. */
AFXDP_API int afxdp_pipeline_run(struct afxdp_pipeline *pipeline);

AFXDP_API void afxdp_pipeline_read(const struct afxdp_pipeline *pipeline,
                                   struct afxdp_totals *totals);

/* ---- A datapath ---- */

enum afxdp_message {
    AFXDP_INFO,    /* what was obtained */
    AFXDP_WARNING, /* what the user should know or mend */
    AFXDP_FAULT,   /* something asked for didn't happen; the datapath goes on */
};

/* Each may be NULL. What they are given is valid within the call. None may call a function of this
 * header on the datapath but afxdp_datapath_read. */
struct afxdp_callbacks {
    /* One line without its end. From the datapath's thread, within a call. */
    void (*message)(void *context, enum afxdp_message level, const char *text);
    /* An event (docs/operations.md): one JSON object, `length` bytes without a line's end, as `eve`
     * writes them, with or without that option. From a thread of the datapath's own, one at a time,
     * from afxdp_datapath_start to the end of afxdp_datapath_stop, which tells of the flows that
     * there still are. Packets of an interface never wait for it: what comes faster than it
     * returns is lost, and counted (`events` of the report). A capture waits. */
    void (*event)(void *context, const char *json, size_t length);
    /* What up to 64 frames were judged as, before they are sent on or dropped; a worker's thread
     * for each queue, so several at once, and the datapath's own for a capture. Packets wait for
     * it: it should take microseconds. Frames may only be read; of one in several buffers there is
     * the first. Not with the model in the kernel, where no frame comes here: -EOPNOTSUPP. */
    void (*burst)(void *context, uint32_t queue, const struct afxdp_frame *frames,
                  const struct afxdp_result *results, uint32_t count);
    void *context;
};

/* Sets everything up. `callbacks` is copied, and may be NULL. Threads that call `event` or `burst`
 * hold no capability, as all that touch packets, but may make any system call; the others may not
 * (docs/rights.md). */
AFXDP_API int afxdp_datapath_open(struct afxdp_datapath **out, const struct afxdp_config *config,
                                  const struct afxdp_callbacks *callbacks,
                                  struct afxdp_error *error);

/* Lets packets come. On failure the wire is as it was before afxdp_datapath_open. */
AFXDP_API int afxdp_datapath_start(struct afxdp_datapath *datapath, struct afxdp_error *error);

/* Looks after the datapath for about `timeout_ms` (a capture is classified here, in the calling
 * thread). 1: go on; 0: done, the capture is at its end or a limit (`packets`, `duration`) is
 * reached; -errno: it has failed, and only stop, read and close make sense. */
AFXDP_API int afxdp_datapath_poll(struct afxdp_datapath *datapath, unsigned timeout_ms,
                                  struct afxdp_error *error);

/* Reads the model's file again and puts model and policy to work between two bursts: no packet is
 * lost by it or judged by a mixture. On failure the model at work stays, and the line says why. */
AFXDP_API int afxdp_datapath_reload(struct afxdp_datapath *datapath, struct afxdp_error *error);

/* From any thread, between start and close. */
AFXDP_API void afxdp_datapath_read(const struct afxdp_datapath *datapath,
                                   struct afxdp_totals *totals);

/* The report (docs/cli.md, "--json") as one JSON object; free() it. NULL without memory. */
AFXDP_API char *afxdp_datapath_report(const struct afxdp_datapath *datapath);

/* No new packets; what was received ends. Bounded in time. */
AFXDP_API void afxdp_datapath_stop(struct afxdp_datapath *datapath);

/* Stops if need be, detaches, puts the interfaces back and frees. Takes NULL. */
AFXDP_API void afxdp_datapath_close(struct afxdp_datapath *datapath);

#ifdef __cplusplus
}
#endif

#endif
