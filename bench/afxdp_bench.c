// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-bench: figures that can be measured again. Each subcommand has a file of its own. */
#include <stdio.h>
#include <string.h>

#include "subcommands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: a script, named alike */
    const char *what;
} subcommands[] = {
    {"classify", bench_classify, "ns per packet of every variant of both classifiers, by batch"},
    {"pipeline", bench_pipeline, "frames in memory to verdicts, by number of live flows"},
    {"stages", bench_stages, "each step of the same: receive, parse, hash, find, update, ..."},
    {"hosts", bench_hosts, "workers under one flood, with a host memory each and one for all"},
    {"kernel", bench_kernel, "ns per packet of every in-kernel form, parse to verdict; needs root"},
    {"bypass", bench_bypass, "what --bypass costs a packet that isn't bypassed; needs root"},
    {"acts", bench_acts, "what blocks and shunts cost a packet inside the kernel; needs root"},
    {"tunnels", bench_tunnels, "what --tunnels costs a packet, in a tunnel or not; needs root"},
    {"wire", NULL, "the engine and DPDK's testpmd on one veth pair (root)"},
    {"lossless", NULL, "the highest rates without loss there, by system, size, queues, traffic"},
    {"latency", NULL, "generator to verdict, and to a sink behind a bridge (root)"},
    {"kernel-wire", NULL, "in-kernel networks beside a tree on one veth pair (root)"},
    {"watched", NULL, "the engine on that pair, alone and with all its outputs on (root)"},
    {"shunts", NULL, "what a bridge forwards with and without shunting elephants (root)"},
    {"alternatives", NULL, "scikit-learn and XGBoost on the same models"},
    {"capture", NULL, "afxdp-engine as a whole on a capture of a million packets"},
    {"detection", NULL, "how well the shipped models do on the labelled capture that ships"},
    {"report", NULL, "all of these, as one page with plots or as Markdown"},
};

static const size_t subcommand_count = sizeof(subcommands) / sizeof(subcommands[0]);

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < subcommand_count; i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0)
            continue;
        return subcommands[i].run ? subcommands[i].run(argc - 1, argv + 1)
                                  : bench_script(argv[1], argv + 1);
    }

    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return puts("afxdp-bench " AFXDP_VERSION) < 0;
    FILE *stream = argc > 1 && strcmp(argv[1], "--help") == 0 ? stdout : stderr;
    fputs("usage: afxdp-bench SUBCOMMAND [OPTIONS]; each knows --help\n", stream);
    for (size_t i = 0; i < subcommand_count; i++)
        fprintf(stream, "  %-12s %s\n", subcommands[i].name, subcommands[i].what);
    return stream == stdout ? 0 : 2;
}
