// SPDX-License-Identifier: BSD-2-Clause
#include "label_time_private.h"

#include <string.h>

static const int64_t second = 1000000000;

/* A number of up to `most` digits; moves `text` behind it. */
static bool take_number(const char **text, int most, int64_t *value)
{
    const char *p = *text;

    *value = 0;
    for (; *p >= '0' && *p <= '9' && p < *text + most; p++)
        *value = *value * 10 + (*p - '0');
    bool any = p != *text;
    *text = p;
    return any;
}

static bool take_letter(const char **text, char letter)
{
    if (**text != letter)
        return false;
    (*text)++;
    return true;
}

/* A fraction behind a dot, if there is one, in units of `unit` ns. */
static bool take_fraction(const char **text, int64_t unit, struct label_time *time)
{
    int64_t weight = unit;

    time->grain = unit;
    if (!take_letter(text, '.'))
        return true;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        weight /= 10;
        time->time += (**text - '0') * weight;
        if (weight > 0)
            time->grain = weight;
    }
    return true;
}

/* Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that leap days end
 * them.
 */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2)
        year--;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

/* Year, month and day, or day, month and year. */
static bool take_date(const char **text, int64_t *days)
{
    int64_t first, month, last;

    if (!take_number(text, 4, &first) || (**text != '-' && **text != '/'))
        return false;
    char between = *(*text)++;
    if (!take_number(text, 2, &month) || !take_letter(text, between) ||
        !take_number(text, 4, &last))
        return false;
    int64_t year = first > 31 ? first : last;
    int64_t day = first > 31 ? last : first;
    if (year < 100)
        year += 2000;
    if (year < 1971 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = days_of(year, month, day);
    return true;
}

static bool take_zone(const char **text, int64_t *zone)
{
    int64_t sign = **text == '-' ? -1 : 1;
    int64_t hours, minutes = 0;

    if (take_letter(text, 'Z')) {
        *zone = 0;
        return true;
    }
    if (**text != '-' && **text != '+')
        return false;
    (*text)++;
    if (!take_number(text, 2, &hours))
        return false;
    (void)take_letter(text, ':');
    (void)take_number(text, 2, &minutes);
    if (hours > 14 || minutes > 59)
        return false;
    *zone = sign * (hours * 3600 + minutes * 60) * second;
    return true;
}

/* Hours of a clock that says AM or PM, or of one whose hours 1 to 7 can't be in the morning. */
static int64_t take_half_of_day(const char **text, int64_t hours, bool afternoon)
{
    bool am = strncmp(*text, " AM", 3) == 0;
    bool pm = strncmp(*text, " PM", 3) == 0;

    if (!am && !pm)
        return afternoon && hours >= 1 && hours <= 7 ? hours + 12 : hours;
    *text += 3;
    return hours % 12 + (pm ? 12 : 0);
}

static bool parse_date(const char *text, const struct label_clock *clock, struct label_time *time)
{
    int64_t days, hours, minutes, seconds = 0;
    int64_t zone = clock->zone;

    if (!take_date(&text, &days) || (*text != ' ' && *text != 'T'))
        return false;
    text++;
    if (!take_number(&text, 2, &hours) || !take_letter(&text, ':') ||
        !take_number(&text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *time = (struct label_time){.grain = 60 * second};
    if (take_letter(&text, ':')) {
        if (!take_number(&text, 2, &seconds) || seconds > 60)
            return false;
        take_fraction(&text, second, time);
    }
    hours = take_half_of_day(&text, hours, clock->afternoon);
    if (*text && !take_zone(&text, &zone))
        return false;
    time->time += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * second - zone;
    return *text == '\0';
}

static bool parse_number(const char *text, const struct label_clock *clock, struct label_time *time)
{
    bool negative = take_letter(&text, '-');
    int64_t whole;

    *time = (struct label_time){0};
    if (!take_number(&text, 19, &whole) || whole > INT64_MAX / clock->unit - 1)
        return false;
    take_fraction(&text, clock->unit, time);
    time->time += whole * clock->unit;
    if (negative)
        time->time = -time->time;
    return *text == '\0';
}

bool label_time_parse(const char *text, const struct label_clock *clock, struct label_time *time)
{
    return parse_number(text, clock, time) || parse_date(text, clock, time);
}

bool label_zone_parse(const char *text, int64_t *zone)
{
    if (strcmp(text, "UTC") == 0) {
        *zone = 0;
        return true;
    }
    return take_zone(&text, zone) && *text == '\0';
}
