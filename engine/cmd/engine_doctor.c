// SPDX-License-Identifier: BSD-2-Clause
#include "engine_doctor.h"

#include <errno.h>
#include <stdio.h>

#include "doctor.h"

struct asking {
    const char *interface;
    bool json;
};

static const struct option_spec doctor_options[] = {
    {.group = "Output", OPTION_ROW_FLAG("json", struct asking, json), .help = "one JSON object"},
    {0},
};

static int take_interface(void *target, const char *value, struct error *error)
{
    struct asking *asking = target;

    if (asking->interface)
        return error_set(error, -EINVAL, "'%.80s': one interface at a time", value);
    asking->interface = value;
    return 0;
}

const struct program engine_doctor_program = {
    .name = "afxdp-engine doctor",
    .purpose = "find what keeps an engine from running here, or from running well",
    .usage = "afxdp-engine doctor [IF] [--json]",
    .summary = "Looks at this machine and at an interface, and says of each thing that matters\n"
               "whether it is ok, and what mends it. What XDP mode the interface grants is tried,\n"
               "unless somebody else has it or it carries the default route; nothing stays.",
    .notes = "Exit status: 0 no fault, 1 a fault was found, 2 bad usage.",
    .tables = {doctor_options},
    .argument = take_interface,
};

int engine_doctor_main(int argc, char **argv)
{
    struct asking asking = {.json = false};
    struct diagnosis diagnosis;
    struct error error;
    int outcome = program_options(&engine_doctor_program, &asking, argc, argv, &error);

    if (outcome == PROGRAM_DONE)
        return EXIT_DONE;
    if (outcome != PROGRAM_RUN) {
        program_complain(&engine_doctor_program, "%s", error.text);
        return EXIT_USAGE;
    }
    doctor_examine(&diagnosis, asking.interface);
    if (!asking.json)
        doctor_write_table(stdout, &diagnosis);
    else if (doctor_write_json(stdout, &diagnosis) != 0)
        return EXIT_FAILED;
    return doctor_worst(&diagnosis) == FINDING_FAULT ? EXIT_FAILED : EXIT_DONE;
}
