// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nic_private.h"

/* How long interrupts stay away between two polls (Documentation/networking/napi.rst): the timeout
 * must cover the time of a batch in user space. */
static const struct {
    const char *file;
    long value;
} settings[NIC_BUSY_POLL_FILES] = {
    {"napi_defer_hard_irqs", 2},
    {"gro_flush_timeout", 200000},
};

static int setting(const struct nic *nic, const char *name, const char *how, long *value)
{
    char path[80];

    snprintf(path, sizeof(path), "/sys/class/net/%s/%s", nic->name, name);
    FILE *file = fopen(path, how);
    if (!file)
        return -errno;
    int done = how[0] == 'r' ? fscanf(file, "%ld", value) : fprintf(file, "%ld\n", *value);
    if (fclose(file) != 0 || done < 1)
        return -EIO;
    return 0;
}

int nic_set_busy_poll(struct nic *nic, struct error *error)
{
    for (int i = 0; i < NIC_BUSY_POLL_FILES; i++) {
        long value = settings[i].value;
        int status = setting(nic, settings[i].file, "re", &nic->old_busy_poll[i]);

        if (status == 0)
            status = setting(nic, settings[i].file, "we", &value);
        if (status != 0)
            return error_set(error, status, "%s: cannot set %s for busy polling: %s", nic->name,
                             settings[i].file, strerror(-status));
        nic->changed_busy_poll[i] = true;
    }
    return 0;
}

void nic_restore_busy_poll(struct nic *nic)
{
    for (int i = 0; i < NIC_BUSY_POLL_FILES; i++) {
        if (nic->changed_busy_poll[i])
            (void)setting(nic, settings[i].file, "we", &nic->old_busy_poll[i]);
        nic->changed_busy_poll[i] = false;
    }
}
