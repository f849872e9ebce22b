// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "nic_private.h"
#include "nic_sysfs.h"
#include "run_folder.h"

enum {
    TRIES = 3, /* since nobody else will put it back */
    PATIENCE = 100,
    PAUSE_US = 20000,
};

static const struct {
    int (*read)(const struct nic *nic, enum nic_setting which, char **value);
    int (*write)(const struct nic *nic, enum nic_setting which, const char *value);
} ways[NIC_SETTINGS] = {
    [NIC_PROMISCUOUS] = {nic_read_promiscuous, nic_write_promiscuous},
    [NIC_DEFER_IRQS] = {nic_read_busy_poll, nic_write_busy_poll},
    [NIC_FLUSH_TIMEOUT] = {nic_read_busy_poll, nic_write_busy_poll},
    [NIC_VLAN_PARSE] = {nic_read_offload, nic_write_offload},
    [NIC_VLAN_FILTER] = {nic_read_offload, nic_write_offload},
    [NIC_LRO] = {nic_read_offload, nic_write_offload},
    [NIC_GRO_HW] = {nic_read_offload, nic_write_offload},
    [NIC_CHANNELS] = {nic_read_channel_counts, nic_write_channel_counts},
    [NIC_RSS_KEY] = {nic_read_rss_key, nic_write_rss_key},
    [NIC_RSS_TABLE] = {nic_read_rss_table, nic_write_rss_table},
    [NIC_RSS_UDP4] = {nic_read_rss_fields, nic_write_rss_fields},
    [NIC_RSS_UDP6] = {nic_read_rss_fields, nic_write_rss_fields},
};

int nic_text(char **out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(out, format, arguments);
    va_end(arguments);
    return length < 0 ? -ENOMEM : 0;
}

int nic_read(const struct nic *nic, enum nic_setting which, char **value)
{
    return ways[which].read(nic, which, value);
}

int nic_write(const struct nic *nic, enum nic_setting which, const char *value)
{
    return ways[which].write(nic, which, value);
}

static bool is(const struct nic *nic, enum nic_setting which, const char *now, const char *value)
{
    if (!value)
        return false;
    if (which == NIC_RSS_TABLE && strcmp(value, NIC_RSS_TABLE_KERNELS) == 0)
        return nic_rss_table_is_even(now, nic->channels.rx);
    return strcmp(now, value) == 0;
}

static bool is_engines(const struct nic *nic, enum nic_setting which, const char *now)
{
    const struct nic_change *change = &nic->settings->change[which];

    return is(nic, which, now, change->left) || is(nic, which, now, change->set);
}

/* A change that a killed engine didn't come to make, or that somebody has undone or changed since,
 * is none. */
static void settle(struct nic *nic, enum nic_setting which, const char *now)
{
    struct nic_change *change = &nic->settings->change[which];

    if (!change->before || change->ours)
        return;
    if (is(nic, which, now, change->before) || !is_engines(nic, which, now)) {
        nic_change_drop(change);
        return;
    }
    if (!is(nic, which, now, change->left)) {
        free(change->left);
        change->left = change->set;
    } else {
        free(change->set);
    }
    change->set = NULL;
}

/* Beside the claim, as it is here. */
static int keep(const struct nic *nic)
{
    char *text;
    int status;

    if (!nic->claim)
        return 0;
    status = nic_settings_print(&text, nic->settings);
    if (status != 0)
        return status;
    status = text && strlen(text) > NIC_SETTINGS_TEXT_MOST ? -EFBIG
                                                           : xdp_claim_remember(nic->claim, text);
    free(text);
    return status;
}

/* Which file can't be used, the caller says; -errno of others are failures. */
static bool is_unusable(int status)
{
    return status == -EPERM || status == -EFBIG || status == -EINVAL;
}

int nic_adopt(struct nic *nic, struct xdp_claim *claim, struct error *unusable, struct error *error)
{
    struct nic_settings left = {0};
    char path[96], *text = NULL;

    unusable->text[0] = 0;
    int status = nic_sysfs_device(nic, &nic->settings->device);
    if (status != 0)
        return nic_refused(nic, status, "be told from others", error);
    nic_open_busy_poll(nic);
    nic->claim = claim;
    status = xdp_claim_recall(claim, &text, NIC_SETTINGS_TEXT_MOST, error);
    if (status == 0 && text)
        status = nic_settings_parse(&left, text, error);
    free(text);
    if (status != 0) {
        xdp_claim_path(claim, path, sizeof(path));
        error_prefix(error, status, "%s", path);
    }
    if (is_unusable(status)) {
        *unusable = *error;
        return 0;
    }
    if (status != 0)
        return error_prefix(error, status, "%s", nic->name);
    if (!nic_device_is(&left.device, &nic->settings->device)) {
        nic_settings_drop(&left);
        return 0;
    }
    for (int i = 0; i < NIC_SETTINGS; i++) {
        enum nic_setting which = (enum nic_setting)i;
        char *now;

        nic->settings->change[i] = left.change[i];
        if (!left.change[i].before || nic_read(nic, which, &now) != 0)
            continue;
        settle(nic, which, now);
        free(now);
    }
    return 0;
}

/* The table that is there belongs to the channels that are, and these are put back before it. */
static char *before_of(const struct nic *nic, enum nic_setting which, char *now)
{
    if (which != NIC_RSS_TABLE || !nic->settings->change[NIC_CHANNELS].before)
        return now;
    free(now);
    return strdup(NIC_RSS_TABLE_KERNELS);
}

int nic_remember(struct nic *nic, enum nic_setting which, const char *value, struct error *error)
{
    struct nic_change *change = &nic->settings->change[which];
    char *now, *next = strdup(value);
    int status = next ? nic_read(nic, which, &now) : -ENOMEM;

    if (status != 0) {
        free(next);
        return error_set(error, status, "%s: its %s can't be looked at: %s", nic->name,
                         nic_setting_name(which), strerror(-status));
    }
    settle(nic, which, now);
    if (strcmp(now, value) == 0) {
        free(now);
        free(next);
        return 1;
    }
    if (!change->before)
        change->before = before_of(nic, which, now);
    else
        free(now);
    free(change->set);
    change->set = next;
    change->ours = true;
    status = change->before ? keep(nic) : -ENOMEM;
    if (status == 0) {
        nic->kept = true;
        return 0;
    }
    return error_set(error, status, "%s: what is to be put back can't be kept in %s: %s", nic->name,
                     RUN_FOLDER, strerror(-status));
}

int nic_set(struct nic *nic, enum nic_setting which, const char *value, struct error *error)
{
    int status = nic_remember(nic, which, value, error);

    if (status != 0)
        return status < 0 ? status : 0;
    status = nic_write(nic, which, value);
    return status == 0 ? 0
                       : error_set(error, status, "%s: cannot set %s to %s: %s", nic->name,
                                   nic_setting_name(which), value, strerror(-status));
}

static int put_back_once(const struct nic *nic, enum nic_setting which, const char *value)
{
    char *now;
    int status = nic_read(nic, which, &now);

    if (status != 0)
        return status;
    if (is_engines(nic, which, now) && !is(nic, which, now, value))
        status = nic_write(nic, which, value);
    free(now);
    return status;
}

/* EINVAL, EBUSY: a queue that would go still belongs to a zero-copy socket
 * (net/ethtool/channels.c), whose memory the kernel releases in its own time. */
static int put_back(struct nic *nic, enum nic_setting which, const char *value)
{
    int tries = 0;
    int status;

    for (;;) {
        status = put_back_once(nic, which, value);
        bool waits = which == NIC_CHANNELS && (status == -EINVAL || status == -EBUSY);
        if (status == 0 || status == -ENODEV || ++tries >= (waits ? PATIENCE : TRIES))
            break;
        if (waits)
            usleep(PAUSE_US);
    }
    if (which == NIC_CHANNELS)
        nic_read_channels(nic);
    return status == -ENODEV ? 0 : status;
}

static int say_stays(const struct nic *nic, enum nic_setting which, int status, struct error *error)
{
    const char *value = nic->settings->change[which].before;

    if (which == NIC_CHANNELS)
        return error_set(error, status,
                         "%s: cannot put back its channels, %s (RX, TX, combined): %s; see: "
                         "ethtool -L %s",
                         nic->name, value, strerror(-status), nic->name);
    return error_set(error, status, "%s: cannot put back its %s, %.64s: %s", nic->name,
                     nic_setting_name(which), value, strerror(-status));
}

/* All of it, or what this engine has changed alone. */
static int put_back_each(struct nic *nic, bool all, struct error *error)
{
    int status = 0;

    for (int i = 0; i < NIC_SETTINGS; i++) {
        enum nic_setting which = (enum nic_setting)i;
        struct nic_change *change = &nic->settings->change[i];

        if (!change->before || (!all && !change->ours))
            continue;
        int failed = put_back(nic, which, !all && change->left ? change->left : change->before);
        if (failed != 0) {
            status = say_stays(nic, which, failed, error);
        } else if (all || !change->left) {
            nic_change_drop(change);
        } else {
            free(change->set);
            change->set = NULL;
            change->ours = false;
        }
    }
    return status;
}

int nic_put_back(struct nic *nic, bool all, struct error *error)
{
    int status = put_back_each(nic, all, error);
    int kept = 0;

    for (int tries = 0; (all || nic->kept) && tries < TRIES; tries++) {
        kept = keep(nic);
        if (kept == 0)
            break;
    }
    if (kept != 0 && status == 0)
        status = error_set(error, kept, "%s: what was to be put back stays in %s: %s", nic->name,
                           RUN_FOLDER, strerror(-kept));
    return status;
}
