// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic_private.h"
#include "nic_sysfs.h"

/* How long interrupts stay away between two polls (Documentation/networking/napi.rst): the timeout
 * must cover the time of a batch in user space. */
static const struct {
    enum nic_setting which;
    const char *value;
} settings[] = {
    {NIC_DEFER_IRQS, "2"},
    {NIC_FLUSH_TIMEOUT, "200000"},
};

int nic_read_busy_poll(const struct nic *nic, enum nic_setting which, char **value)
{
    long number;
    int status = nic_sysfs_read(nic, nic_setting_name(which), &number);

    return status != 0 ? status : nic_text(value, "%ld", number);
}

int nic_write_busy_poll(const struct nic *nic, enum nic_setting which, const char *value)
{
    return nic_sysfs_write(nic, nic_setting_name(which), strtol(value, NULL, 10));
}

int nic_set_busy_poll(struct nic *nic, struct error *error)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        int status = nic_set(nic, settings[i].which, settings[i].value, error);

        if (status < 0)
            return error_prefix(error, status, "no busy polling");
    }
    return 0;
}
