// SPDX-License-Identifier: BSD-2-Clause
#include "trace.h"

#include <string.h>

enum { BARS = 8 };

void trace_add(struct trace *trace, double value)
{
    if (trace->count == TRACE_LENGTH) {
        memmove(trace->value, trace->value + 1, sizeof(trace->value) - sizeof(trace->value[0]));
        trace->count--;
    }
    trace->value[trace->count++] = value;
}

/* Of the values that a column stands for, the largest: a peak must not vanish in a mean. */
static double largest(const struct trace *trace, int from, int to)
{
    double most = -1;

    for (int i = from < 0 ? 0 : from; i < to; i++)
        if (trace->value[i] > most)
            most = trace->value[i];
    return most;
}

void trace_text(const struct trace *trace, uint32_t columns, bool unicode, char text[TRACE_TEXT])
{
    static const char *const fine[BARS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[BARS] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    const char *const *bars = unicode ? fine : plain;
    int count = (int)trace->count;
    uint32_t length = columns < TRACE_LENGTH ? columns : TRACE_LENGTH;
    int each = length ? (int)((TRACE_LENGTH + length - 1) / length) : 1;
    size_t end = 0;
    double most = largest(trace, count - (int)length * each, count);

    text[0] = '\0';
    for (int column = (int)length; column > 0; column--) {
        int to = count - (column - 1) * each;
        double value = largest(trace, to - each, to);
        int bar = value > 0 ? 1 + (int)(value / most * (BARS - 1.001)) : 0;

        const char *letter = value < 0 ? " " : bars[bar < BARS ? bar : BARS - 1];

        memcpy(text + end, letter, strlen(letter));
        end += strlen(letter);
        text[end] = '\0';
    }
}
