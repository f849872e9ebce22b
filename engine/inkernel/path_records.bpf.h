// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* What became of each packet, for user space: a record in a ring, with the features of its hosts
 * where these are asked for. Part of path.bpf.h. */
#ifndef AFXDP_PATH_RECORDS_BPF_H
#define AFXDP_PATH_RECORDS_BPF_H

ALWAYS_INLINE void path_record_fill(struct path_record *record, struct xdp_md *context,
                                    const struct path_work *work, uint32_t slot, uint32_t action,
                                    bool classified)
{
    *record = (struct path_record){
        .time = classified || path_options.stamped ? work->now : bpf_ktime_get_ns(),
        .wire_length = work->wire_length,
        .slot = (uint8_t)slot,
        .action = (uint8_t)action,
        .classified = classified,
    };
    if (classified) {
        record->key = work->key;
        record->trace = work->trace;
        record->confidence = work->verdict.confidence;
        record->from_low = (uint8_t)work->from_low;
    }
    record->trace.queue = context->rx_queue_index;
}

ALWAYS_INLINE void path_unrecorded(struct path_cpu *cpu)
{
    cpu->unrecorded++;
    cpu->unrecorded_bytes += cpu->work.wire_length;
}

#ifdef PATH_HOSTS
ALWAYS_INLINE void path_record_hosts(struct xdp_md *context, struct path_cpu *cpu, uint32_t slot,
                                     uint32_t action, bool classified)
{
    struct path_host_record *record = bpf_ringbuf_reserve(&path_records, sizeof(*record), 0);

    if (!record) {
        path_unrecorded(cpu);
        return;
    }
    path_record_fill(&record->packet, context, &cpu->work, slot, action, classified);
    __builtin_memcpy(record->hosts, &cpu->work.features[HOST_FEATURE_FIRST], sizeof(record->hosts));
    bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}
#endif

ALWAYS_INLINE void path_record(struct xdp_md *context, struct path_cpu *cpu, uint32_t slot,
                               uint32_t action)
{
    bool classified = slot != SLOT_OTHER && slot != SLOT_MALFORMED;
#ifdef PATH_HOSTS
    if (path_options.records == 2) {
        path_record_hosts(context, cpu, slot, action, classified);
        return;
    }
#endif
    struct path_record *record = bpf_ringbuf_reserve(&path_records, sizeof(*record), 0);

    if (!record) {
        path_unrecorded(cpu);
        return;
    }
    path_record_fill(record, context, &cpu->work, slot, action, classified);
    bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif
