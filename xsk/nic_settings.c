// SPDX-License-Identifier: BSD-2-Clause
#include "nic_settings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "afxdp-engine settings 1"

enum { WORDS = 4, DIGITS_MOST = 18, QUEUE_DIGITS_MOST = 6 };

struct word {
    const char *text;
    size_t length;
};

static bool is_digits(struct word w, size_t most)
{
    for (size_t i = 0; i < w.length; i++)
        if (!isdigit((unsigned char)w.text[i]))
            return false;
    return w.length > 0 && w.length <= most;
}

static bool is_number(struct word w)
{
    return is_digits(w, DIGITS_MOST);
}

/* As many numbers of queues as `count` (0: any), with `between` between them. */
static bool is_queues(struct word w, char between, size_t count)
{
    const char *end = w.text + w.length;
    size_t seen = 0;

    for (const char *at = w.text; at <= end; seen++) {
        const char *next = memchr(at, between, (size_t)(end - at));

        if (!next)
            next = end;
        if (!is_digits((struct word){at, (size_t)(next - at)}, QUEUE_DIGITS_MOST))
            return false;
        at = next + 1;
    }
    return count == 0 || seen == count;
}

static bool is_word(struct word w, const char *text)
{
    return w.length == strlen(text) && memcmp(w.text, text, w.length) == 0;
}

static bool is_switch(struct word w)
{
    return is_word(w, NIC_ON) || is_word(w, NIC_OFF);
}

static bool is_channels(struct word w)
{
    return is_queues(w, '/', 3);
}

static bool is_key(struct word w)
{
    for (size_t i = 0; i < w.length; i++)
        if (!isxdigit((unsigned char)w.text[i]))
            return false;
    return w.length > 0 && w.length % 2 == 0;
}

static bool is_table(struct word w)
{
    return is_word(w, NIC_RSS_TABLE_KERNELS) || is_queues(w, ',', 0);
}

/* The kernel's names where it has them; ethtool -K calls three rx-vlan-offload, rx-vlan-filter and
 * lro. */
static const struct {
    const char *name;
    bool (*is_value)(struct word w);
} kinds[NIC_SETTINGS] = {
    [NIC_PROMISCUOUS] = {"promiscuous", is_switch},
    [NIC_DEFER_IRQS] = {"napi_defer_hard_irqs", is_number},
    [NIC_FLUSH_TIMEOUT] = {"gro_flush_timeout", is_number},
    [NIC_VLAN_PARSE] = {"rx-vlan-hw-parse", is_switch},
    [NIC_VLAN_FILTER] = {"rx-vlan-filter", is_switch},
    [NIC_LRO] = {"rx-lro", is_switch},
    [NIC_GRO_HW] = {"rx-gro-hw", is_switch},
    [NIC_CHANNELS] = {"channels", is_channels},
    [NIC_RSS_KEY] = {"rss-key", is_key},
    [NIC_RSS_TABLE] = {"rss-table", is_table},
    [NIC_RSS_UDP4] = {"rss-udp4", is_number},
    [NIC_RSS_UDP6] = {"rss-udp6", is_number},
};

const char *nic_setting_name(enum nic_setting which)
{
    return kinds[which].name;
}

void nic_change_drop(struct nic_change *change)
{
    free(change->before);
    free(change->left);
    free(change->set);
    *change = (struct nic_change){0};
}

void nic_settings_drop(struct nic_settings *settings)
{
    for (int i = 0; i < NIC_SETTINGS; i++)
        nic_change_drop(&settings->change[i]);
}

bool nic_device_is(const struct nic_device *a, const struct nic_device *b)
{
    if (strcmp(a->boot, b->boot) != 0)
        return false;
    if (a->birth != 0 && b->birth != 0)
        return a->birth == b->birth;
    return memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* The words of a line with one blank between each two; 0 when it is anything else. */
static size_t split(struct word words[WORDS], const char *line, size_t length)
{
    const char *end = line + length;
    size_t count = 0;

    for (const char *at = line; at <= end; count++) {
        const char *next = memchr(at, ' ', (size_t)(end - at));

        if (!next)
            next = end;
        if (next == at || count == WORDS)
            return 0;
        words[count] = (struct word){at, (size_t)(next - at)};
        at = next + 1;
    }
    return count;
}

static bool read_device(struct nic_device *out, const struct word *words, size_t count)
{
    uint8_t *a = out->address;
    char address[18], birth[DIGITS_MOST + 3], again[18];

    if (count != 4 || !is_word(words[0], "device") || words[1].length >= sizeof(out->boot) ||
        words[2].length >= sizeof(birth) || words[3].length >= sizeof(address))
        return false;
    memcpy(out->boot, words[1].text, words[1].length);
    snprintf(birth, sizeof(birth), "%.*s", (int)words[2].length, words[2].text);
    snprintf(address, sizeof(address), "%.*s", (int)words[3].length, words[3].text);
    if (!isdigit((unsigned char)birth[0]))
        return false;
    char *end;
    out->birth = strtoull(birth, &end, 10);
    if (*end != '\0' || sscanf(address, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &a[0], &a[1], &a[2],
                               &a[3], &a[4], &a[5]) != 6)
        return false;
    snprintf(again, sizeof(again), "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4],
             a[5]);
    return strcmp(address, again) == 0;
}

/* 0, -EINVAL, -ENOMEM. */
static int read_change(struct nic_settings *out, const struct word *words, size_t count)
{
    int which = 0;

    if (count < 3)
        return -EINVAL;
    while (which < NIC_SETTINGS && !is_word(words[0], kinds[which].name))
        which++;
    if (which == NIC_SETTINGS || out->change[which].before)
        return -EINVAL;
    struct nic_change *change = &out->change[which];
    char **values[] = {&change->before, &change->left, &change->set};
    for (size_t i = 1; i < count && i < WORDS; i++) {
        if (!kinds[which].is_value(words[i]))
            return -EINVAL;
        *values[i - 1] = strndup(words[i].text, words[i].length);
        if (!*values[i - 1])
            return -ENOMEM;
    }
    return 0;
}

static int read_line(struct nic_settings *out, size_t number, const char *line, size_t length)
{
    struct word words[WORDS];

    if (number == 1)
        return is_word((struct word){line, length}, FIRST_LINE) ? 0 : -EINVAL;
    size_t count = split(words, line, length);
    if (number == 2)
        return read_device(&out->device, words, count) ? 0 : -EINVAL;
    return read_change(out, words, count);
}

int nic_settings_parse(struct nic_settings *out, const char *text, struct error *error)
{
    size_t number = 0;
    int status = 0;

    *out = (struct nic_settings){0};
    while (status == 0 && *text) {
        const char *end = strchr(text, '\n');

        number++;
        status = end ? read_line(out, number, text, (size_t)(end - text)) : -EINVAL;
        if (end)
            text = end + 1;
    }
    if (status == 0 && number >= 2)
        return 0;
    nic_settings_drop(out);
    if (status == -ENOMEM)
        return error_set(error, status, "out of memory");
    return error_set(error, -EINVAL, "line %zu isn't what an engine writes",
                     number < 2 ? number + (status == 0) : number);
}

int nic_settings_print(char **out, const struct nic_settings *settings)
{
    const struct nic_device *device = &settings->device;
    const uint8_t *a = device->address;
    char *text = NULL;
    size_t size;
    bool any = false;
    FILE *file = open_memstream(&text, &size);

    *out = NULL;
    if (!file)
        return -ENOMEM;
    fprintf(file, FIRST_LINE "\ndevice %s %" PRIu64 " %02x:%02x:%02x:%02x:%02x:%02x\n",
            device->boot, device->birth, a[0], a[1], a[2], a[3], a[4], a[5]);
    for (int i = 0; i < NIC_SETTINGS; i++) {
        const struct nic_change *change = &settings->change[i];

        if (!change->before)
            continue;
        any = true;
        fprintf(file, "%s %s", kinds[i].name, change->before);
        if (change->left)
            fprintf(file, " %s", change->left);
        if (change->set)
            fprintf(file, " %s", change->set);
        fputc('\n', file);
    }
    bool whole = !ferror(file);
    if (fclose(file) != 0 || !whole || !any) {
        free(text);
        return whole && !any ? 0 : -ENOMEM;
    }
    *out = text;
    return 0;
}
