// SPDX-License-Identifier: BSD-2-Clause
/* What a scraper accepts, up to the first newline, and behind it a text of metrics: as OpenMetrics
 * it has the same lines and one more. */
#include <string.h>

#include "fuzz.h"
#include "metrics_answers.h"

static size_t lines_in(const char *text, size_t length)
{
    size_t lines = 0;

    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char end[] = "# EOF\n";
    char *input = malloc(size + 1);
    size_t made;

    MUST(input);
    memcpy(input, data, size);
    input[size] = '\0';
    char *newline = memchr(input, '\n', size);
    const char *text = newline ? newline + 1 : input + size;
    size_t length = (size_t)(input + size - text);
    char *open = metrics_open_text(text, length, &made);
    MUST(open);
    MUST(made >= strlen(end) && memcmp(open + made - strlen(end), end, strlen(end)) == 0);
    MUST(lines_in(open, made) == lines_in(text, length) + 1);
    free(open);
    if (newline)
        *newline = '\0';
    if (metrics_accepts_open(input))
        MUST(strcasestr(input, "application/openmetrics-text"));
    free(input);
    return 0;
}
