// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-engine: packets in, verdicts out. */
#include <errno.h>
#include <string.h>

#include "engine_options.h"
#include "model_open.h"
#include "run_capture.h"
#include "run_kernel.h"
#include "run_live.h"

static int check(const struct engine_options *options, struct error *error)
{
    if (!options->model)
        return error_set(error, -EINVAL,
                         "no model: say --model FILE, or --model none to classify nothing");
    if (options->pcap && options->live.interface)
        return error_set(error, -EINVAL, "--pcap and --iface: only one of them");
    if (options->pcap && options->live.datapath == LIVE_KERNEL)
        return error_set(error, -EINVAL,
                         "--datapath kernel: a capture is classified in user space, by the same "
                         "arithmetic");
    if (options->verdicts && strcmp(options->verdicts, "-") == 0 && options->json)
        return error_set(error, -EINVAL,
                         "--json and --verdicts - both want standard output: name a file");
    return 0;
}

int main(int argc, char **argv)
{
    struct engine_options options = ENGINE_OPTIONS_DEFAULT;
    struct error error = {""};
    struct model *model = NULL;
    struct policy policy;
    int status = EXIT_USAGE;

    int err = options_parse(&engine_program, &options, argc, argv, &error);
    if (err == OPTIONS_DONE)
        return EXIT_DONE;
    if (!err)
        err = check(&options, &error);
    if (!err && strcmp(options.model, "none") != 0)
        err = model_open_to_run(&model, options.model, &error);
    if (!err)
        err = engine_policy(&policy, &options, model ? model->file : NULL, &error);
    if (err)
        program_complain(&engine_program, "%s", error.text);
    else if (options.pcap)
        status = run_capture(&options, model, &policy);
    else if (options.live.datapath == LIVE_KERNEL)
        status = run_kernel(&options, model, &policy);
    else
        status = run_live(&options, model, &policy);
    model_close(model);
    return status;
}
