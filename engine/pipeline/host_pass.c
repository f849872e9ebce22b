// SPDX-License-Identifier: BSD-2-Clause
#include "host_pass.h"

static const struct host_pass *const passes[] = {
    &host_pass_scalar,
#if defined(__x86_64__)
    &host_pass_avx2,
    &host_pass_avx512,
#endif
};

size_t host_pass_count(void)
{
    return sizeof(passes) / sizeof(passes[0]);
}

const struct host_pass *host_pass_at(size_t index)
{
    return passes[index];
}

bool host_pass_offered(const struct host_pass *pass, uint32_t cpu_levels)
{
    return (pass->needs & ~cpu_levels) == 0;
}

const struct host_pass *host_pass_for(uint32_t cpu_levels)
{
    const struct host_pass *fastest = &host_pass_scalar;

    for (size_t i = 0; i < host_pass_count(); i++) {
        if (host_pass_offered(passes[i], cpu_levels))
            fastest = passes[i];
    }
    return fastest;
}
