// SPDX-License-Identifier: BSD-2-Clause
/* The file of --state as anybody may have written it: what is read of it prints as the same again.
 */
#include <string.h>

#include "block_text.h"
#include "fuzz.h"

enum { TEXT_MOST = 1 << 16 };

static char *print(const struct block_line *line, size_t count)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    MUST(file);
    block_text_begin(file);
    for (size_t i = 0; i < count; i++)
        block_text_print(file, &line[i]);
    MUST(fclose(file) == 0);
    return text;
}

static void print_and_read(const struct block_line *line, size_t count)
{
    char *text = print(line, count);
    struct block_line *again;
    struct error error = {""};
    size_t count_again;

    MUST(block_text_parse(&again, &count_again, text, &error) == 0);
    MUST(count_again == count && (count == 0 || memcmp(again, line, count * sizeof(*line)) == 0));
    free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_MOST + 1];
    struct block_line *line;
    struct error error = {""};
    size_t count;

    size = size < TEXT_MOST ? size : TEXT_MOST;
    memcpy(text, data, size);
    text[size] = 0;
    if (block_text_parse(&line, &count, text, &error) == 0)
        print_and_read(line, count);
    else
        MUST(error.text[0] && !line && count == 0);
    free(line);
    return 0;
}
