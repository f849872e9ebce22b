// SPDX-License-Identifier: BSD-2-Clause
/* What is kept of an interface's settings: what was taken can be written and read again. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "nic_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nic_settings settings, again;
    struct error error = {""};
    char *text = malloc(size + 1), *written, *rewritten;

    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    int status = nic_settings_parse(&settings, text, &error);
    free(text);
    if (status != 0) {
        MUST(status == -EINVAL && error.text[0] != '\0' && !strchr(error.text, '\n'));
        for (int i = 0; i < NIC_SETTINGS; i++)
            MUST(settings.change[i].before == NULL);
        return 0;
    }
    MUST(nic_settings_print(&written, &settings) == 0);
    if (written) {
        MUST(nic_settings_parse(&again, written, &error) == 0);
        MUST(nic_device_is(&settings.device, &again.device));
        MUST(nic_settings_print(&rewritten, &again) == 0);
        MUST(strcmp(written, rewritten) == 0);
        free(rewritten);
        nic_settings_drop(&again);
    }
    free(written);
    nic_settings_drop(&settings);
    return 0;
}
