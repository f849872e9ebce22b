// SPDX-License-Identifier: BSD-2-Clause
/* The public header's flow engine: a pipeline whose source is an array of the caller's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bursts.h"
#include "capture.h"
#include "own_pipeline.h"
#include "public_error.h"

struct afxdp_flow_engine {
    struct afxdp_pipeline *pipeline;
    uint32_t feature_count;
    const struct afxdp_frame *next; /* what is to be handed over */
    uint32_t left;
    int ended_by; /* a caller's function */
};

static int receive(void *context, struct afxdp_frame *frames, uint32_t most)
{
    struct afxdp_flow_engine *engine = context;
    uint32_t count = engine->left < most ? engine->left : most;

    memcpy(frames, engine->next, count * sizeof(*frames));
    engine->next += count;
    engine->left -= count;
    return (int)count;
}

int afxdp_flow_engine_new(struct afxdp_flow_engine **out, const struct afxdp_config *config,
                          struct afxdp_error *error)
{
    struct afxdp_flow_engine *engine = calloc(1, sizeof(*engine));
    const struct afxdp_source source = {.receive = receive, .context = engine};
    struct afxdp_model_info info = {.feature_count = FEATURES_1};
    struct error said;

    if (!engine)
        return public_error(error, error_set(&said, -ENOMEM, "no memory for a flow engine"), &said);
    int status = afxdp_pipeline_new(&engine->pipeline, config, &source, error);
    if (status != 0) {
        free(engine);
        return status;
    }
    if (afxdp_pipeline_model(engine->pipeline))
        afxdp_model_describe(afxdp_pipeline_model(engine->pipeline), &info);
    engine->feature_count = info.feature_count;
    *out = engine;
    return 0;
}

void afxdp_flow_engine_free(struct afxdp_flow_engine *engine)
{
    if (!engine)
        return;
    afxdp_pipeline_free(engine->pipeline);
    free(engine);
}

const struct afxdp_model *afxdp_flow_engine_model(const struct afxdp_flow_engine *engine)
{
    return afxdp_pipeline_model(engine->pipeline);
}

static void copy_features(const struct burst *burst, uint32_t width, uint32_t *features)
{
    memset(features, 0, (size_t)burst->count * width * sizeof(*features));
    for (uint32_t ip = 0; ip < burst->ip_count; ip++)
        memcpy(features + (size_t)burst->place[ip] * width, burst_features(burst, ip),
               width * sizeof(*features));
}

void afxdp_flow_engine_classify(struct afxdp_flow_engine *engine, const struct afxdp_frame *frames,
                                uint32_t count, struct afxdp_result *results, uint32_t *features)
{
    const struct burst *burst = own_pipeline_burst(engine->pipeline);

    engine->next = frames;
    engine->left = count;
    while (engine->left > 0) {
        (void)afxdp_pipeline_run(engine->pipeline);
        bursts_results(burst, results);
        results += burst->count;
        if (features) {
            copy_features(burst, engine->feature_count, features);
            features += (size_t)burst->count * engine->feature_count;
        }
    }
}

/* A burst of the capture; as port_operations.receive. */
static int run_burst(struct afxdp_flow_engine *engine, struct port *port,
                     afxdp_burst_function *burst, void *context)
{
    struct frame frames[BURST_MAX];
    struct afxdp_result results[BURST_MAX];
    uint32_t features[BURST_MAX * FEATURES_MAX];
    int count = port->operations->receive(port, frames, BURST_MAX);

    if (count <= 0)
        return count;
    const struct afxdp_frame *own = (const struct afxdp_frame *)frames;
    afxdp_flow_engine_classify(engine, own, (uint32_t)count, results, features);
    engine->ended_by = burst(context, own, results, features, (uint32_t)count);
    port->operations->release(port, frames, (uint32_t)count);
    return count;
}

int afxdp_flow_engine_capture(struct afxdp_flow_engine *engine, const char *path,
                              afxdp_burst_function *burst, void *context, struct afxdp_error *error)
{
    struct capture *capture = NULL;
    struct error said;
    int status = capture_open(&capture, path, &said);

    if (status != 0)
        return public_error(error, status, &said);
    engine->ended_by = 0;
    do {
        status = run_burst(engine, capture_port(capture), burst, context);
    } while (status >= 0 && engine->ended_by == 0);
    if (engine->ended_by != 0)
        status = engine->ended_by;
    else if (status == -ENODATA)
        status = 0;
    else
        (void)public_error(error, error_set(&said, status, "%s", capture_fault(capture)), &said);
    capture_close(capture);
    return status;
}

void afxdp_flow_engine_read(const struct afxdp_flow_engine *engine, struct afxdp_totals *totals)
{
    afxdp_pipeline_read(engine->pipeline, totals);
}
