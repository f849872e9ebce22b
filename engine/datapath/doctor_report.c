// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "doctor_private.h"

static const char *const levels[] = {"ok", "warning", "fault"};

void doctor_find(struct diagnosis *diagnosis, const char *check, enum finding_level level,
                 const char *cure, const char *format, ...)
{
    va_list arguments;

    if (diagnosis->count == DOCTOR_FINDINGS_MAX)
        return;
    struct finding *finding = &diagnosis->finding[diagnosis->count++];
    *finding = (struct finding){.check = check, .level = level};
    snprintf(finding->cure, sizeof(finding->cure), "%s", cure);
    va_start(arguments, format);
    vsnprintf(finding->what, sizeof(finding->what), format, arguments);
    va_end(arguments);
}

void doctor_read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");

    if (!file || !fgets(line, size, file))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (file)
        fclose(file);
}

enum finding_level doctor_worst(const struct diagnosis *diagnosis)
{
    enum finding_level worst = FINDING_OK;

    for (uint32_t i = 0; i < diagnosis->count; i++)
        if (diagnosis->finding[i].level > worst)
            worst = diagnosis->finding[i].level;
    return worst;
}

void doctor_write_table(FILE *file, const struct diagnosis *diagnosis)
{
    for (uint32_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->finding[i];

        fprintf(file, "%-8s%-15s%s\n", levels[finding->level], finding->check, finding->what);
        if (finding->cure[0])
            fprintf(file, "%-23s→ %s\n", "", finding->cure);
    }
}

int doctor_write_json(FILE *file, const struct diagnosis *diagnosis)
{
    json_t *findings = json_array();
    int status = findings ? 0 : -ENOMEM;

    for (uint32_t i = 0; status == 0 && i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->finding[i];

        status = json_array_append_new(findings,
                                       json_pack("{s:s, s:s, s:s, s:s}", "check", finding->check,
                                                 "level", levels[finding->level], "what",
                                                 finding->what, "cure", finding->cure));
        status = status == 0 ? 0 : -ENOMEM;
    }
    json_t *all = json_pack("{s:i, s:s, s:o?}", "schema", 1, "worst",
                            levels[doctor_worst(diagnosis)], "findings", findings);
    if (status == 0)
        status = !all ? -ENOMEM : json_dumpf(all, file, JSON_COMPACT) != 0 ? -EIO : 0;
    if (status == 0 && (fputc('\n', file) == EOF || fflush(file) == EOF))
        status = -EIO;
    json_decref(all);
    return status;
}
