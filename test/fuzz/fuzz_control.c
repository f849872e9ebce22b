// SPDX-License-Identifier: BSD-2-Clause
/* A line of the control socket: a request or a reason, and an answer of one line either way. */
#include <string.h>

#include "control_line.h"
#include "fuzz.h"

static void check_answer(char *line, const char *outcome)
{
    MUST(line);
    MUST(strchr(line, '\n') == line + strlen(line) - 1);
    json_t *answer = json_loads(line, 0, NULL);
    MUST(answer);
    MUST(strcmp(json_string_value(json_object_get(answer, "return")), outcome) == 0);
    json_decref(answer);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *object = NULL;
    struct error error = {""};

    if (control_line_parse(&object, (const char *)data, size, &error) != 0) {
        MUST(error.text[0] && !object);
        check_answer(control_line_failed(error.text), "NOK");
        return 0;
    }
    MUST(size < CONTROL_LINE_MAX && json_is_string(json_object_get(object, "command")));
    check_answer(control_line_ok(object), "OK");
    return 0;
}
