// SPDX-License-Identifier: BSD-2-Clause
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static_assert(SETTINGS == sizeof(((struct nic *)0)->busy_poll) / sizeof(int), "a file each");

void nic_open_busy_poll(struct nic *nic)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (nic->busy_poll[i] < 0)
            nic->busy_poll[i] = nic_sysfs_open(nic, nic_setting_name(settings[i].which));
}

void nic_close_busy_poll(struct nic *nic)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (nic->busy_poll[i] >= 0)
            close(nic->busy_poll[i]);
}

static int file_of(const struct nic *nic, enum nic_setting which)
{
    return nic->busy_poll[which == settings[0].which ? 0 : 1];
}

int nic_read_busy_poll(const struct nic *nic, enum nic_setting which, char **value)
{
    int fd = file_of(nic, which);
    long number;
    int status = fd >= 0 ? nic_sysfs_read_open(fd, &number)
                         : nic_sysfs_read(nic, nic_setting_name(which), &number);

    return status != 0 ? status : nic_text(value, "%ld", number);
}

int nic_write_busy_poll(const struct nic *nic, enum nic_setting which, const char *value)
{
    int fd = file_of(nic, which);
    long number = strtol(value, NULL, 10);

    return fd >= 0 ? nic_sysfs_write_open(fd, number)
                   : nic_sysfs_write(nic, nic_setting_name(which), number);
}

int nic_set_busy_poll(struct nic *nic, struct error *error)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        int status = nic_set(nic, settings[i].which, settings[i].value, error);

        if (status < 0)
            return error_prefix(error, status, "no busy polling");
    }
    return 0;
}
