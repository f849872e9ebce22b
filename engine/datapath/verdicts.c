// SPDX-License-Identifier: BSD-2-Clause
#include "verdicts.h"

#include <errno.h>

#include "say.h"

int verdicts_open(struct verdicts *v, const struct afxdp_datapath *d, uint32_t queues,
                  const struct verdict_source *source, struct error *error)
{
    const struct verdict_stream_options options = {
        .path = d->config->verdicts,
        .policy = &d->judgement->policy,
        .queues = queues,
        .classified = d->judgement->model != NULL,
        .day_times = config_times_are_of_day(d->config),
    };

    return options.path ? verdict_stream_open(&v->stream, &options, source, error) : 0;
}

void verdicts_observe(const struct verdicts *v, struct pipeline *pipeline, uint32_t queue)
{
    if (v->stream)
        pipeline_add_observer(pipeline, verdict_stream_observer(v->stream, queue));
}

void verdicts_watch(struct verdicts *v, const struct afxdp_datapath *d)
{
    struct error error;

    if (!v->stream || v->told || verdict_stream_check(v->stream, &error) == 0)
        return;
    v->told = true;
    say(&d->say, AFXDP_FAULT, "%s; packets go on, their rows are lost", error.text);
}

int verdicts_close(struct verdicts *v, uint64_t unrecorded, struct error *error)
{
    if (!v->stream)
        return 0;
    int status = verdict_stream_close(v->stream, &v->lost, error);
    v->stream = NULL;
    v->lost += unrecorded;
    if (status != 0 || v->lost == 0)
        return status;
    return error_set(error, -EOVERFLOW,
                     "--verdicts: %llu rows are missing, the file was slower than the packets",
                     (unsigned long long)v->lost);
}
