// SPDX-License-Identifier: BSD-2-Clause
/* A message that travels up to the caller who knows what the user asked for.
 *
 * Functions return 0 or -errno; those whose failures need words also take a struct error, fill it
 * with one line (what, where, why) and leave printing it to the program. */
#ifndef AFXDP_ERROR_H
#define AFXDP_ERROR_H

struct error {
    char text[512];
};

/* Writes the message (cut to fit, control characters as '?') and returns `code`, so that a function
 * can `return error_set(error, -EINVAL, "...")`. `error` may be NULL. */
int error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the message, for a caller that knows more of the where. */
int error_prefix(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* which can't see into another file that a failure is never 0 */
#define error_set(error, code, ...) ((error_set)(error, code, __VA_ARGS__), (code))
#define error_prefix(error, code, ...) ((error_prefix)(error, code, __VA_ARGS__), (code))
#endif

#endif
