// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nic_ethtool.h"
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

static bool read_text(int folder, const char *name, char text[64])
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, 63) : -1;

    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = 0;
    return length > 0;
}

static bool is_of(int folder, int ifindex, const uint8_t *address)
{
    char text[64], own[24];

    if (!read_text(folder, "ifindex", text) || strtol(text, NULL, 10) != ifindex ||
        !read_text(folder, "address", text))
        return false;
    snprintf(own, sizeof(own), "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1], address[2],
             address[3], address[4], address[5]);
    return strncmp(text, own, strlen(own)) == 0;
}

/* The interface's folder in a sysfs of this network namespace. What is mounted on /sys may be of
 * another, with another interface of that name: it is believed only where the kernel mounts no new
 * one for us, and if index and address agree. */
static int own_folder(const struct nic *nic)
{
    struct ifreq what = {0};
    char path[64];
    int folder = -1;
    int status = nic_ioctl(nic, SIOCGIFHWADDR, &what);

    if (status != 0)
        return status;
    snprintf(path, sizeof(path), "class/net/%.15s", what.ifr_name);
    int sysfs = (int)syscall(SYS_fsopen, "sysfs", FSOPEN_CLOEXEC);
    if (sysfs >= 0 && syscall(SYS_fsconfig, sysfs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
        int root = (int)syscall(SYS_fsmount, sysfs, FSMOUNT_CLOEXEC, 0);

        folder = root >= 0 ? openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        if (root >= 0)
            close(root);
    }
    if (sysfs >= 0)
        close(sysfs);
    if (folder >= 0)
        return folder;
    int mounted = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
    folder = mounted >= 0 ? openat(mounted, path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    status = folder < 0 ? -errno : 0;
    if (mounted >= 0)
        close(mounted);
    if (status == 0 && !is_of(folder, nic->ifindex, (const uint8_t *)what.ifr_hwaddr.sa_data)) {
        close(folder);
        return -EXDEV;
    }
    return status == 0 ? folder : status;
}

static int setting_in(int folder, const char *name, const char *how, long *value)
{
    bool reads = how[0] == 'r';
    int fd = openat(folder, name, (reads ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, reads ? "r" : "w") : NULL;

    if (!file) {
        int status = -errno;
        if (fd >= 0)
            close(fd);
        return status;
    }
    int done = reads ? fscanf(file, "%ld", value) : fprintf(file, "%ld\n", *value);
    return fclose(file) != 0 || done < 1 ? -EIO : 0;
}

static int setting(const struct nic *nic, const char *name, const char *how, long *value)
{
    int folder = own_folder(nic);

    if (folder < 0)
        return folder;
    int status = setting_in(folder, name, how, value);
    close(folder);
    return status;
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
