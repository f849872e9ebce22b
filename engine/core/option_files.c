// SPDX-License-Identifier: BSD-2-Clause
/* Output must not destroy input: a file is opened for writing long before the other use of it would
 * show that it is gone. */
#include "option.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* One use of a file: `option` is NULL for a file that is read without one. */
struct use {
    const char *option;
    const char *path;
    bool written;
};

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;

    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0)
        return false;
    if (stat(a, &of_a) != 0 || stat(b, &of_b) != 0)
        return strcmp(a, b) == 0; /* yet to be made */
    return S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static int check_pair(const struct use *one, const struct use *other, struct error *error)
{
    if ((!one->written && !other->written) || !is_same_file(one->path, other->path))
        return 0;
    const struct use *output = one->written ? one : other;
    const struct use *rival = one->written ? other : one;
    if (!rival->option)
        return error_set(error, -EINVAL,
                         "--%s %.200s: this file is read, and would be overwritten: name another",
                         output->option, output->path);
    return error_set(error, -EINVAL, "--%s %.200s: the file of --%s too: name another",
                     output->option, output->path, rival->option);
}

/* The use that an option makes of a file, if any. */
static bool use_of(const struct option_values *values, const struct option_spec *spec,
                   struct use *use)
{
    if (spec->file == OPTION_NO_FILE || !values->given[spec - values->table])
        return false;
    *use = (struct use){
        .option = spec->name,
        .path = *(const char *const *)((const char *)values->target + spec->offset),
        .written = spec->file == OPTION_FILE_WRITTEN,
    };
    return use->path != NULL;
}

/* Against the options of the first table from `from` on, and all of the others. */
static int check_use(const struct use *use, const struct option_values *values, int tables,
                     const struct option_spec *from, struct error *error)
{
    int status = 0;

    for (int t = 0; status == 0 && t < tables; t++) {
        const struct option_spec *spec = t == 0 ? from : values[t].table;
        struct use other;

        for (; status == 0 && spec->name; spec++) {
            if (use_of(&values[t], spec, &other))
                status = check_pair(use, &other, error);
        }
    }
    return status;
}

int option_check_files(const struct option_values *values, int tables, char *const *inputs,
                       int input_count, struct error *error)
{
    int status = 0;

    for (int i = 0; status == 0 && tables > 0 && i < input_count; i++) {
        const struct use read = {.path = inputs[i]};

        status = check_use(&read, values, tables, values->table, error);
    }
    for (int t = 0; status == 0 && t < tables; t++) {
        for (const struct option_spec *spec = values[t].table; status == 0 && spec->name; spec++) {
            struct use use;

            if (use_of(&values[t], spec, &use))
                status = check_use(&use, &values[t], tables - t, spec + 1, error);
        }
    }
    return status;
}

int option_check_written(const struct option_values *values, const char *option, const char *path,
                         struct error *error)
{
    const struct use use = {.option = option, .path = path, .written = true};

    return check_use(&use, values, 1, values->table, error);
}
