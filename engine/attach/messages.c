// SPDX-License-Identifier: BSD-2-Clause
#include "messages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

static char last[256];

static void keep(const char *format, va_list arguments)
{
    char text[sizeof(last)];

    vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = 0;
    /* The verifier's log and libbpf's advice follow the line that says what failed. */
    if (text[0] && !last[0])
        memcpy(last, text, sizeof(last));
}

static void hear(bool warning, const char *format, va_list arguments)
{
    va_list copy;

    va_copy(copy, arguments);
    if (warning)
        keep(format, copy);
    va_end(copy);
    if (getenv("AFXDP_DEBUG"))
        vfprintf(stderr, format, arguments);
}

static int hear_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
    hear(level == LIBBPF_WARN, format, arguments);
    return 0;
}

static int hear_libxdp(enum libxdp_print_level level, const char *format, va_list arguments)
{
    hear(level == LIBXDP_WARN, format, arguments);
    return 0;
}

void xdp_messages_begin(void)
{
    last[0] = 0;
    libbpf_set_print(hear_libbpf);
    libxdp_set_print(hear_libxdp);
}

const char *xdp_messages_last(void)
{
    return last;
}

int xdp_open_failed(const char *what, struct error *error)
{
    int status = -errno;

    /* Our objects are sound: what libelf can't do with them it lacks memory for. */
    if (status <= -__LIBBPF_ERRNO__START)
        status = -ENOMEM;
    return error_set(error, status, "cannot open %s: %s (%s)", what, strerror(-status), last);
}
