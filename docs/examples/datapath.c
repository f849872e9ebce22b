// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-engine in forty lines: options as on its command line, a datapath, its report.
 *
 *     cc datapath.c $(pkg-config --cflags --libs afxdp-engine) -o datapath
 *     ./datapath pcap=capture.pcap model=nn.q8
 *     ./datapath iface=eth1 bridge=eth2 model=nn.q8 action=flood=drop duration=60 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <afxdp_engine.h>

static void print(void *context, enum afxdp_message level, const char *text)
{
    (void)context;
    fprintf(stderr, "%s%s\n", level == AFXDP_WARNING ? "warning: " : "", text);
}

static int configure(struct afxdp_config *config, int count, char **arguments,
                     struct afxdp_error *error)
{
    int status = 0;

    for (int i = 1; status == 0 && i < count; i++) {
        char *value = strchr(arguments[i], '=');

        if (value)
            *value++ = '\0';
        status = afxdp_config_set(config, arguments[i], value ? value : "yes", error);
    }
    return status;
}

int main(int count, char **arguments)
{
    struct afxdp_callbacks callbacks = {.message = print};
    struct afxdp_error error = {"no memory"};
    struct afxdp_datapath *datapath = NULL;
    struct afxdp_config *config = NULL;
    int status = afxdp_config_new(&config);

    if (status == 0)
        status = configure(config, count, arguments, &error);
    if (status == 0)
        status = afxdp_datapath_open(&datapath, config, &callbacks, &error);
    if (status == 0)
        status = afxdp_datapath_start(datapath, &error);
    if (status == 0) {
        while ((status = afxdp_datapath_poll(datapath, 100, &error)) > 0)
            ;
        afxdp_datapath_stop(datapath);
        char *report = afxdp_datapath_report(datapath);
        printf("%s\n", report ? report : "no memory");
        free(report);
    }
    if (status < 0)
        fprintf(stderr, "datapath: %s\n", error.text);
    afxdp_datapath_close(datapath);
    afxdp_config_free(config);
    return status == 0 ? 0 : 1;
}
