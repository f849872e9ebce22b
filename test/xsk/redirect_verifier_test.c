// SPDX-License-Identifier: BSD-2-Clause
/* What the redirect program costs the verifier, printed, and bounded well below the kernel's
 * 1,000,000. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "load.h"
#include "packet.h"
#include "redirect_abi.h"

#include "redirect.skel.h"

enum { SKIP = 77, INSTRUCTIONS_MOST = 500000 };

static void test_everything_at_once(void **state)
{
    struct redirect_bpf *program = redirect_bpf__open();

    (void)state;
    assert_non_null(program);
    program->rodata->inline_port = 1;
    program->rodata->complete_ring = program->rodata->complete_cross = 1;
    program->rodata->leaving_completes = 1;
    program->rodata->tunnels = UINT32_MAX;
    program->rodata->watchdog_ns = 80000000;
    program->rodata->tick_ns = 1000000;
    program->rodata->bypass = (struct bypass){1, {{22, PROTOCOL_TCP, 0}}};
    program->rodata->lists_given = 1;
    program->rodata->blocks_given = 1;
    program->rodata->shunts_given = 1;
    assert_int_equal(redirect_bpf__load(program), 0);
    uint32_t instructions = xdp_verified_instructions(program->progs.afxdp_redirect);
    if (instructions == 0)
        print_message("this kernel doesn't say how many instructions it verified\n");
    print_message("afxdp_redirect: %u instructions verified\n", instructions);
    assert_true(instructions < INSTRUCTIONS_MOST);
    redirect_bpf__destroy(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_at_once),
    };

    struct redirect_bpf *probe;

    libbpf_set_print(NULL);
    probe = redirect_bpf__open_and_load();
    if (!probe) {
        printf("skipped: the redirect program can't be loaded here (%s)\n", strerror(errno));
        return SKIP;
    }
    redirect_bpf__destroy(probe);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
