// SPDX-License-Identifier: BSD-2-Clause
#include "nic_sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nic_ethtool.h"

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

int nic_sysfs_read(const struct nic *nic, const char *file, long *value)
{
    int folder = own_folder(nic);
    char text[64], *end = text;

    if (folder < 0)
        return folder;
    int status = read_text(folder, file, text) ? 0 : -ENOENT;
    close(folder);
    if (status == 0)
        *value = strtol(text, &end, 10);
    return status == 0 && end == text ? -EIO : status;
}

int nic_sysfs_open(const struct nic *nic, const char *file)
{
    int folder = own_folder(nic);

    if (folder < 0)
        return folder;
    int fd = openat(folder, file, O_RDWR | O_CLOEXEC);
    int status = fd < 0 ? -errno : fd;
    close(folder);
    return status;
}

int nic_sysfs_read_open(int fd, long *value)
{
    char text[64], *end = text;
    ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

    if (length < 0)
        return -errno;
    text[length] = 0;
    *value = strtol(text, &end, 10);
    return end == text ? -EIO : 0;
}

int nic_sysfs_write_open(int fd, long value)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%ld\n", value);

    return pwrite(fd, text, (size_t)length, 0) < 0 ? -errno : 0;
}

int nic_sysfs_write(const struct nic *nic, const char *file, long value)
{
    int fd = nic_sysfs_open(nic, file);

    if (fd < 0)
        return fd;
    int status = nic_sysfs_write_open(fd, value);
    close(fd);
    return status;
}

int nic_sysfs_each_upper(const struct nic *nic,
                         int (*each)(const struct nic *nic, const char *name, void *context),
                         void *context)
{
    static const char prefix[] = "upper_";
    int folder = own_folder(nic);
    int status = 0;

    if (folder < 0)
        return folder;
    int readable = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = readable >= 0 ? fdopendir(readable) : NULL;
    if (!list)
        status = -errno;
    if (!list && readable >= 0)
        close(readable);
    close(folder);
    for (const struct dirent *entry; list && status == 0 && (entry = readdir(list));)
        if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0)
            status = each(nic, entry->d_name + sizeof(prefix) - 1, context);
    if (list)
        closedir(list);
    return status;
}

/* Where there is no /proc it is unknown, each time. */
static int read_boot(char *boot, size_t size)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    int status = 0;

    if (!file && errno != ENOENT && errno != EACCES)
        return -errno;
    if (!file)
        snprintf(boot, size, "-");
    else if (!fgets(boot, (int)size, file))
        status = -EIO;
    boot[strcspn(boot, " \n")] = 0;
    if (file)
        fclose(file);
    return status;
}

int nic_sysfs_device(const struct nic *nic, struct nic_device *device)
{
    struct ifreq what = {0};
    struct stat made;
    int folder = own_folder(nic);

    *device = (struct nic_device){.birth = 0};
    if (folder >= 0 && fstat(folder, &made) == 0)
        device->birth = made.st_ino;
    if (folder >= 0)
        close(folder);
    if (nic_ioctl(nic, SIOCGIFHWADDR, &what) == 0)
        memcpy(device->address, what.ifr_hwaddr.sa_data, sizeof(device->address));
    return read_boot(device->boot, sizeof(device->boot));
}
