// SPDX-License-Identifier: BSD-2-Clause
/* The one table of options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block_table.h"
#include "bypass_text.h"
#include "config.h"
#include "packet_files.h"
#include "shunt.h"

/* For whom an option has a meaning. */
enum {
    CAPTURE = 1 << DATAPATH_CAPTURE,
    AFXDP = 1 << DATAPATH_AFXDP,
    KERNEL = 1 << DATAPATH_KERNEL,
    LIVE = AFXDP | KERNEL,
    OWN = 1 << DATAPATH_OWN,
    ALL = CAPTURE | LIVE,
    ALWAYS = ALL | OWN,
};

static const char *const datapaths[] = {"afxdp", "kernel", NULL};
static const char *const forms[] = {"auto", "single", "loops", "tailcall", NULL};
static const char *const modes[] = {"auto", "zerocopy", "copy", "skb", NULL};
static const char *const clocks[] = {"xdp", "burst", "nic", NULL};

static int parse_action(void *target, const char *value, struct error *error)
{
    struct afxdp_config *config = target;
    size_t class = strcspn(value, "=");

    if (config->action_count == ACTION_OPTIONS_MAX)
        return error_set(error, -EINVAL, "--action %.80s: more than %d of them", value,
                         ACTION_OPTIONS_MAX);
    for (uint32_t i = 0; i < config->action_count; i++) {
        if (strcspn(config->action[i], "=") == class &&
            strncmp(config->action[i], value, class) == 0)
            return error_set(error, -EINVAL, "--action %.80s: the class has an action already, %s",
                             value, config->action[i]);
    }
    config->action[config->action_count++] = value;
    return 0;
}

static int parse_hosts(void *target, const char *value, struct error *error)
{
    return host_tables_parse(&((struct afxdp_config *)target)->hosts, value, error);
}

static int parse_eve_types(void *target, const char *value, struct error *error)
{
    return eve_types_parse(&((struct afxdp_config *)target)->eve_types, value, error);
}

static int parse_eve_hosts(void *target, const char *value, struct error *error)
{
    return host_thresholds_parse(&((struct afxdp_config *)target)->eve_hosts, value, error);
}

static int parse_metrics(void *target, const char *value, struct error *error)
{
    return metrics_address_parse(&((struct afxdp_config *)target)->metrics, value, error);
}

static int parse_tunnels(void *target, const char *value, struct error *error)
{
    return tunnel_parse_kinds(&((struct afxdp_config *)target)->tunnels, value, error);
}

static int parse_flow_key(void *target, const char *value, struct error *error)
{
    return tunnel_parse_key(&((struct afxdp_config *)target)->tunnels, value, error);
}

static int parse_capture(void *target, const char *value, struct error *error)
{
    return config_add_capture(target, value, error);
}

static int add_to_list(void *target, enum address_list list, const char *value, const char *what,
                       struct error *error)
{
    struct afxdp_config *config = target;

    config->lists_given = true;
    return prefix_list_add_text(&config->list[list], value, what, error);
}

static int parse_allow(void *target, const char *value, struct error *error)
{
    return add_to_list(target, LIST_ALLOW, value, "--allow", error);
}

static int parse_deny(void *target, const char *value, struct error *error)
{
    return add_to_list(target, LIST_DENY, value, "--deny", error);
}

static int parse_bypass(void *target, const char *value, struct error *error)
{
    struct bypass *bypass = &((struct afxdp_config *)target)->bypass;

    if (strpbrk(value, ".:@")) /* no service has these */
        return add_to_list(target, LIST_ALLOW, value, "--bypass", error);

    if (bypass->count == BYPASS_MAX)
        return error_set(error, -EINVAL, "--bypass %.80s: more than %d of them", value, BYPASS_MAX);
    int status = bypass_parse(&bypass->service[bypass->count], value, error);
    if (status == 0)
        bypass->count++;
    return status;
}

/* Bytes, or with K, M or G after the number so many of 2^10, 2^20, 2^30. */
static int parse_write_max(void *target, const char *value, struct error *error)
{
    static const char units[] = "KMG";
    char *end;

    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    bool is_number = value[0] >= '0' && value[0] <= '9' && errno == 0;
    if (!is_number || (*end && (!unit || end[1])) || number > UINT64_MAX >> 1 >> shift ||
        number << shift < PACKET_FILES_LEAST)
        return error_set(
            error, -EINVAL,
            "--write-max %.60s: should be bytes, 1M or more (K, M and G are 2^10, 2^20 "
            "and 2^30)",
            value);
    ((struct afxdp_config *)target)->write_max = number << shift;
    return 0;
}

#define FLAG(text, member) OPTION_ROW_FLAG(text, struct afxdp_config, member)
#define TEXT(text, what, member) OPTION_ROW_TEXT(text, what, struct afxdp_config, member)
#define NUMBER(text, what, from, to, member)                                                       \
    OPTION_ROW_NUMBER(text, what, from, to, struct afxdp_config, member)
#define CHOICE(text, what, list, member)                                                           \
    OPTION_ROW_CHOICE(text, what, list, struct afxdp_config, member)

const struct option_spec config_options[] = {
    {.group = "Packets",
     OPTION_ROW_OTHER("pcap", "FILE", parse_capture),
     OPTION_MEMBER(struct afxdp_config, pcap),
     .file = OPTION_FILE_READ,
     .applies = CAPTURE,
     .letter = 'r',
     .conflicts = "iface",
     .help = "classify captures (pcap or pcapng, packed too; -: standard\n"
             "input): a file, a folder, a pattern; more may follow, in\n"
             "time order as one stream. No root, no interface"},

    {.group = "Classification",
     OPTION_ROW_INPUT("model", struct afxdp_config, model),
     .applies = ALWAYS,
     .letter = 'm',
     .help = "a .q8 model, by path or by the name of a shipped one;\nnone: classify nothing"},
    {OPTION_ROW_OTHER("action", "CLASS=ACTION", parse_action), .applies = ALWAYS,
     .help = "drop, forward or count the packets of a class, over the\n"
             "model's default, or block:SECONDS: drop, and all else of\n"
             "their source, or limit:N: drop what is beyond N a second to\n"
             "one destination, or shunt:N: let flows go by unjudged after\n"
             "N such verdicts in a row; also other= (not IP), malformed=, unsure=.\n"
             "Once per class"},
    {NUMBER("min-confidence", "N", 0, CONFIDENCE_MAX, min_confidence), .applies = ALWAYS,
     .help = "0 to 1000: a verdict below it counts as class unsure"},

    {.group = "Flows",
     NUMBER("flow-timeout", "SECONDS", 0, FLOW_TIMEOUT_MAX, flow_timeout),
     .applies = ALWAYS,
     .unit = "s",
     .initial = "120",
     .help = "a silent flow's next packet starts a new one"},
    {NUMBER("flows", "N", 1, FLOWS_MAX, flows), .applies = ALWAYS, .initial = "1048576",
     .help = "flows to remember, then the oldest are evicted"},
    {NUMBER("flow-seed", "N", 0, UINT64_MAX, flow_seed), .applies = ALWAYS,
     .help = "fix the hash of the tables of flows and hosts, for\n"
             "repeatable evictions (random; of a capture 0)"},
    {OPTION_ROW_OTHER("hosts", "CELLS[:ROWS]", parse_hosts), .applies = ALWAYS,
     .initial = "65536:1", .help = HOST_TABLES_HELP},
    {OPTION_ROW_OTHER("tunnels", "LIST", parse_tunnels), .applies = ALWAYS, .initial = "none",
     .help = TUNNELS_HELP},
    {OPTION_ROW_OTHER("flow-key", "LIST", parse_flow_key), .applies = ALWAYS, .initial = "tunnel",
     .help = FLOW_KEY_HELP},

    {.group = "Output",
     OPTION_ROW_OUTPUT("verdicts", struct afxdp_config, verdicts),
     .applies = ALL,
     .help = "one CSV row per packet: class, confidence, action, queue, time,\n"
             "addresses, ports and protocol; - standard output"},
    {OPTION_ROW_OUTPUT("eve", struct afxdp_config, eve), .applies = ALL,
     .help = "events as JSON lines, in Suricata's words: flows, and the\n"
             "verdicts that changed. - is standard output, unix:PATH a socket,\n"
             "kafka:HOST:PORT/TOPIC and redis:HOST/KEY are brokers"},
    {OPTION_ROW_OTHER("eve-types", "LIST", parse_eve_types), .applies = ALL, .needs = "eve",
     .initial = "verdict,flow,block,stats,engine",
     .help = "only these: what isn't asked for costs a packet\nnothing"},
    {NUMBER("eve-rate", "N", 1, UINT32_MAX, eve_rate), .applies = ALL, .needs = "eve",
     .help = "at most N events of flows a second, the others are counted"},
    {NUMBER("eve-host-rate", "N", 1, UINT32_MAX, eve_host_rate), .applies = ALL, .needs = "eve",
     .help = "at most N a second of flows that one host began"},
    {OPTION_ROW_OTHER("eve-hosts", "LIST", parse_eve_hosts), .applies = ALL, .needs = "eve",
     .help = "hosts, too, that come to a threshold of feature set 2:\n"
             "default, or as initiator_peers=40,responder_failed=1000"},
    {NUMBER("community-id-seed", "N", 0, UINT16_MAX, community_seed), .applies = ALL,
     .needs = "eve", .initial = "0", .help = "seed of the events' community_id"},
    {OPTION_ROW_OTHER("metrics", "[ADDRESS:]PORT", parse_metrics), .applies = LIVE,
     .help = "metrics for Prometheus, by HTTP; on loopback unless told\notherwise"},
    {OPTION_ROW_OUTPUT("write", struct afxdp_config, write), .applies = ALL,
     .help = "the packets themselves as pcapng; a packet's comment says its\n"
             "class, confidence, action and flow. - standard output"},
    {TEXT("write-if", "LIST", write_if), .applies = ALL, .needs = "write",
     .help = "only those of a class, of an action: class=flood,action=drop"},
    {NUMBER("write-snaplen", "N", 1, PCAPNG_SNAPLEN_MAX, write_snaplen), .applies = ALL,
     .needs = "write", .unit = "bytes", .initial = "262144", .help = "of a packet, at most"},
    {OPTION_ROW_OTHER("write-max", "SIZE", parse_write_max), .applies = ALL, .needs = "write",
     .help = "of a file, as 100M; then no more is written, or"},
    {NUMBER("write-files", "N", 2, PACKET_FILES_MAX, write_files), .applies = ALL,
     .needs = "write-max",
     .help = "the next of N files, FILE with a number before its ending,\nwhich are written over "
             "in turn"},

    {.group = "Interface (needs root, or CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF; inline CAP_PERFMON)",
     TEXT("iface", "IF", interface),
     .applies = LIVE,
     .letter = 'i',
     .help = "take packets from it; without it, the one\n"
             "interface that is up, has native XDP and isn't the default\n"
             "route's"},
    {NUMBER("queues", "N", 1, REDIRECT_QUEUES_MAX, queues), .applies = LIVE, .letter = 'q',
     .help = "one worker each; without it, all the interface has"},
    {TEXT("bridge", "IF", bridge), .applies = LIVE, .conflicts = "forward,hairpin",
     .help = "inline: what isn't dropped leaves by IF, and back"},
    {TEXT("forward", "IF", forward), .applies = LIVE, .conflicts = "hairpin",
     .help = "what isn't dropped leaves by IF"},
    {FLAG("hairpin", hairpin), .applies = LIVE,
     .help = "what isn't dropped goes back where it came from"},
    {FLAG("consume", consume), .applies = AFXDP, .conflicts = "bridge,forward,hairpin",
     .help = "on a port that carries an address of this host, too:\n"
             "what comes in for it ends in the engine"},
    {CHOICE("datapath", "DATAPATH", datapaths, datapath), .applies = LIVE, .initial = "afxdp",
     .help = "afxdp: workers in user space; kernel: the model inside XDP,\nno workers (needs "
             "CAP_PERFMON too)"},
    {CHOICE("kernel-form", "FORM", forms, form), .applies = KERNEL,
     .help = "of a network inside XDP: single, loops or tailcall (auto:\nthe fastest that loads)"},
    {CHOICE("mode", "MODE", modes, mode), .applies = LIVE,
     .help = "auto, zerocopy (or fail), copy, or skb: generic XDP"},
    {OPTION_ROW_OTHER("bypass", "TRAFFIC", parse_bypass), .applies = LIVE,
     .help = "never touch it: tcp/22, udp/53, icmp, a protocol's number;\n"
             "prefixes as --allow. May be given again"},
    {OPTION_ROW_OTHER("allow", "PREFIXES", parse_allow), .applies = ALL,
     .help = "never touch what has an address of these, at either end:\n"
             "192.0.2.0/24,2001:db8::/32 or @FILE, one a line"},
    {OPTION_ROW_OTHER("deny", "PREFIXES", parse_deny), .applies = ALL,
     .help = "likewise drop it, unless allowed, before anybody looks at it"},
    {NUMBER("blocks", "N", 1, BLOCKS_MAX, blocks), .applies = LIVE, .initial = "65536",
     .help = "hosts that may be blocked at a time; then the least recent\nis let go"},
    {NUMBER("block-after", "N", 1, 1000000, block_after), .applies = LIVE, .initial = "4",
     .help = "packets with such a verdict, within 10 s, that block a host"},
    {FLAG("block-unproven", block_unproven), .applies = LIVE,
     .help = "block sources, too, that may be forged"},
    {OPTION_ROW_OUTPUT("state", struct afxdp_config, state), .applies = LIVE,
     .help = "keep who is blocked in it, and begin with who was"},
    {NUMBER("shunts", "N", 1, SHUNTS_MAX, shunts), .applies = LIVE, .initial = "65536",
     .help = "flows that may be shunted at a time; then the least recent\nis judged again"},
    {NUMBER("shunt-confidence", "N", 0, CONFIDENCE_MAX, shunt_confidence), .applies = LIVE,
     .initial = "900", .help = "verdicts that shunt a flow have at least this confidence"},
    {NUMBER("shunt-every", "PACKETS", 1, UINT32_MAX, shunt_every), .applies = LIVE,
     .initial = "1024", .help = "judge a packet of so many of a shunted flow,"},
    {NUMBER("shunt-seconds", "SECONDS", 1, 86400, shunt_seconds), .applies = LIVE, .unit = "s",
     .initial = "10", .help = "and one after this time; as long a silence ends a shunt"},
    {FLAG("fail-closed", fail_closed), .applies = LIVE,
     .help = "without the engine drop, rather than pass or cross"},
    {FLAG("leave-open", leave_open), .applies = LIVE,
     .help = "inline: keep crossing after a regular end too, until the\nnext start"},
    {NUMBER("watchdog", "MS", 0, 60000, watchdog), .applies = AFXDP, .unit = "ms", .initial = "80",
     .help = "a worker that stands still this long (40 or more) is\n"
             "treated as gone until it goes on; 0: never"},
    {CHOICE("timestamps", "CLOCK", clocks, timestamps), .applies = AFXDP,
     .help = "arrival times from the xdp program, the nic (where its\n"
             "driver has them), or one per burst (intervals within it: 0)"},
    {NUMBER("duration", "SECONDS", 1, 1000000000, duration), .applies = ALL, .unit = "s",
     .help = "stop after this time"},
    {NUMBER("packets", "N", 1, UINT64_MAX, packets), .applies = ALL,
     .help = "stop soon after N packets"},

    {.group = "Tuning",
     TEXT("cores", "LIST", cores),
     .applies = AFXDP,
     .help = "the workers' cores, as 2,4-7 (those near the interface)"},
    {FLAG("set-channels", set_channels), .applies = LIVE,
     .help = "give the interface --queues channels; put back at the end"},
    {FLAG("symmetric-rss", symmetric_rss), .applies = LIVE,
     .help = "have the interface hash both directions of a flow alike;\nput back at the end"},
    {NUMBER("ring-rx", "N", 64, 65536, rings.rx), .applies = AFXDP,
     .help = "RX descriptors, a power of two (4096)"},
    {NUMBER("ring-tx", "N", 64, 65536, rings.tx), .applies = AFXDP,
     .help = "TX descriptors (2048)"},
    {NUMBER("ring-fill", "N", 64, 65536, rings.fill), .applies = AFXDP,
     .help = "fill descriptors (the RX ring and the NIC's own, rounded up)"},
    {NUMBER("ring-completion", "N", 64, 65536, rings.completion), .applies = AFXDP,
     .help = "completion descriptors (as TX)"},
    {NUMBER("frame-size", "N", 2048, 4096, frame_size), .applies = AFXDP, .unit = "bytes",
     .help = "2048 or 4096 bytes a chunk (the least that holds the MTU)"},
    {FLAG("no-multi-buffer", no_multi_buffer), .applies = AFXDP,
     .help = "refuse an MTU above a chunk instead of using several"},
    {FLAG("no-promiscuous", no_promiscuous), .applies = LIVE,
     .help = "leave the interface's address filter on"},
    {NUMBER("busy-poll", "N", 1, 65535, busy_poll), .applies = AFXDP, .unit = "packets",
     .help = "the worker polls the driver itself, N packets at a time"},
    {NUMBER("spin", "MICROSECONDS", 0, 1000000, spin_us), .applies = AFXDP, .unit = "µs",
     .initial = "50", .help = "look again this long before sleeping"},
    {FLAG("trailer-time", trailer_time), .applies = AFXDP,
     .help = "for tests: the last 8 bytes of a frame are its arrival time,\nnot its content"},
    {0},
};
