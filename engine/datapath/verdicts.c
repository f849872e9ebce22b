// SPDX-License-Identifier: BSD-2-Clause
#include "verdicts.h"

#include <errno.h>

#include "say.h"

int verdicts_open(struct verdicts *v, const struct afxdp_datapath *d, uint32_t queues,
                  const struct verdict_source *source, struct error *error)
{
    const struct judgement *judgement = d->judgement;

    if (!d->config->verdicts)
        return 0;
    if (queues > 1)
        return error_set(error, -EINVAL,
                         "--verdicts counts packets in the order of one queue: add --queues 1");
    return verdict_stream_open(&v->stream, d->config->verdicts, &judgement->policy,
                               judgement->model != NULL, source, error);
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
