// SPDX-License-Identifier: BSD-2-Clause
/* Frames of one's own in, verdicts out: the same SYN three times, a second apart.
 *
 *     cc frames.c $(pkg-config --cflags --libs afxdp-engine) -o frames && ./frames nn.q8 */
#include <stdio.h>

#include <afxdp_engine.h>

static uint8_t syn[] = {
    2,    0,    0, 0,  0, 1, 2,    0, 0,  0, 0, 2, 0x08, 0x00,                    /* Ethernet */
    0x45, 0,    0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10,   0,    0, 1, 10, 0, 0, 2, /* IPv4 */
    0x12, 0x34, 0, 22, 0, 0, 0,    0, 0,  0, 0, 0, 0x50, 2,    4, 0, 0,  0, 0, 0, /* TCP, SYN */
};

static void classify(struct afxdp_flow_engine *engine)
{
    const struct afxdp_model *model = afxdp_flow_engine_model(engine);
    uint32_t features[AFXDP_FEATURES_MAX];
    struct afxdp_result result;

    for (uint64_t i = 0; i < 3; i++) {
        const struct afxdp_frame frame = {
            .data = syn,
            .length = sizeof(syn),
            .wire_length = sizeof(syn),
            .time = i * 1000000000,
        };

        afxdp_flow_engine_classify(engine, &frame, 1, &result, features);
        printf("packet %d to port %u after %u us: %s, confidence %u of 1000\n", (int)i + 1,
               (unsigned)features[1], (unsigned)features[4],
               afxdp_model_class(model, result.verdict.class_index), result.verdict.confidence);
    }
}

int main(int count, char **arguments)
{
    struct afxdp_error error = {"usage: frames MODEL.q8"};
    struct afxdp_flow_engine *engine = NULL;
    struct afxdp_config *config = NULL;
    int status = count == 2 ? afxdp_config_new(&config) : -1;

    if (status == 0)
        status = afxdp_config_set(config, "model", arguments[1], &error);
    if (status == 0)
        status = afxdp_flow_engine_new(&engine, config, &error);
    if (status == 0)
        classify(engine);
    else
        fprintf(stderr, "frames: %s\n", error.text);
    afxdp_flow_engine_free(engine);
    afxdp_config_free(config);
    return status == 0 ? 0 : 1;
}
