// SPDX-License-Identifier: BSD-2-Clause
#include "feature_text.h"

#include <math.h>
#include <stdio.h>

#include "flow_features.h"

enum kind {
    NUMBER,
    PROTOCOL,
    BYTES,
    MEAN_BYTES,
    TIME,
    DIRECTION,
    SHARE_OF_1, /* × 65,536 */
    FLAGS,
    PAYLOAD,
    FLOWS,
    SHARE, /* × 255 */
    HOSTS, /* ones of a map */
    PORTS,
};

enum { MAP = 48, MAP_FULL = 190 /* distinct values fill a map, about */ };

static const struct {
    const char *meaning;
    enum kind kind;
} features[FEATURES_MAX] = {
    [FEATURE_SPORT] = {"port of the flow's initiator", NUMBER},
    [FEATURE_DPORT] = {"port of its responder", NUMBER},
    [FEATURE_PROTOCOL] = {"IP protocol", PROTOCOL},
    [FEATURE_LENGTH] = {"length of the IP packet", BYTES},
    [FEATURE_INTERVAL] = {"time since the flow's last packet", TIME},
    [FEATURE_DIRECTION] = {"who sent the packet", DIRECTION},
    [FEATURE_MEAN_LENGTH] = {"mean length of the flow's packets", MEAN_BYTES},
    [FEATURE_MEAN_INTERVAL] = {"mean time between them", TIME},
    [FEATURE_MEAN_DIRECTION] = {"share of them from the initiator", SHARE_OF_1},
    [FEATURE_DEV_LENGTH] = {"mean deviation of the length", MEAN_BYTES},
    [FEATURE_DEV_INTERVAL] = {"mean deviation of the time between", TIME},
    [FEATURE_DEV_DIRECTION] = {"mean deviation of the direction", SHARE_OF_1},
    [FEATURE_FLAGS_FORWARD] = {"TCP flags seen from the initiator", FLAGS},
    [FEATURE_FLAGS_BACKWARD] = {"TCP flags seen from the responder", FLAGS},
    [FEATURE_PAYLOAD_FORWARD] = {"payload so far from the initiator", PAYLOAD},
    [FEATURE_PAYLOAD_BACKWARD] = {"payload so far from the responder", PAYLOAD},
    [FEATURE_INITIATOR_FAILED] = {"flows the initiator began, not completed", FLOWS},
    [FEATURE_INITIATOR_FAILED_SHARE] = {"share of these in all it began", SHARE},
    [FEATURE_INITIATOR_UNANSWERED] = {"flows the initiator began, not answered", FLOWS},
    [FEATURE_INITIATOR_PEERS] = {"hosts the initiator began flows to", HOSTS},
    [FEATURE_INITIATOR_PORTS] = {"ports the initiator began flows to", PORTS},
    [FEATURE_PAIR_FLOWS] = {"flows the initiator began to this responder", FLOWS},
    [FEATURE_PAIR_PORTS] = {"ports among these", PORTS},
    [FEATURE_RESPONDER_FAILED] = {"flows begun to the responder, not completed", FLOWS},
    [FEATURE_RESPONDER_SOURCES] = {"hosts that began flows to the responder", HOSTS},
    [FEATURE_RESPONDER_NEW] = {"share of flows to it by hosts that are new", SHARE},
    [FEATURE_RESPONDER_REFUSED] = {"flows the responder refused", FLOWS},
    [FEATURE_SERVICE_FAILED] = {"flows to this port of it, not completed", FLOWS},
};

const char *feature_name(uint32_t feature)
{
    static const char *const names[FEATURES_MAX] = FEATURE_NAMES;

    return names[feature];
}

const char *feature_meaning(uint32_t feature)
{
    return features[feature].meaning;
}

uint32_t feature_most(uint32_t feature)
{
    switch (features[feature].kind) {
    case NUMBER:
    case PAYLOAD:
        return UINT16_MAX;
    case PROTOCOL:
    case FLAGS:
    case SHARE:
        return UINT8_MAX;
    case DIRECTION:
        return 1;
    case SHARE_OF_1:
        return 1 << FEATURE_DIRECTION_SHIFT;
    case HOSTS:
    case PORTS:
        return MAP;
    default:
        return UINT32_MAX;
    }
}

static void protocol_text(char text[FEATURE_TEXT], uint32_t value)
{
    static const char *const names[UINT8_MAX + 1] = {
        [1] = "ICMP", [6] = "TCP", [17] = "UDP", [47] = "GRE", [58] = "ICMPv6", [132] = "SCTP",
    };

    if (value <= UINT8_MAX && names[value])
        snprintf(text, FEATURE_TEXT, "%u (%s)", value, names[value]);
    else
        snprintf(text, FEATURE_TEXT, "%u", value);
}

static void flags_text(char text[FEATURE_TEXT], uint32_t value)
{
    static const char *const names[8] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    int length = snprintf(text, FEATURE_TEXT, "%u (", value);

    for (uint32_t i = 0; i < 8; i++)
        if (value >> i & 1)
            length += snprintf(text + length, FEATURE_TEXT - (size_t)length, "%s ", names[i]);
    if (text[length - 1] == ' ')
        text[length - 1] = ')';
    else
        snprintf(text + length, FEATURE_TEXT - (size_t)length, "none)");
}

static void time_text(char text[FEATURE_TEXT], uint32_t value)
{
    if (value < 1000000)
        snprintf(text, FEATURE_TEXT, "%.3f ms", value / 1e3);
    else
        snprintf(text, FEATURE_TEXT, "%.3f s", value / 1e6);
}

/* Linear counting: how many distinct values set that many bits of a map. */
static void map_text(char text[FEATURE_TEXT], uint32_t ones, const char *what)
{
    double about = ones < MAP ? MAP * log((double)MAP / (MAP - ones)) : MAP_FULL;

    if (ones == 0)
        snprintf(text, FEATURE_TEXT, "0 %ss", what);
    else
        snprintf(text, FEATURE_TEXT, "about %.0f %s%s%s", about, what, ones == 1 ? "" : "s",
                 ones < MAP ? "" : " or more");
}

static void percent_text(char text[FEATURE_TEXT], double share)
{
    snprintf(text, FEATURE_TEXT, "%.1f %%", 100 * share);
}

void feature_text(char text[FEATURE_TEXT], uint32_t feature, uint32_t value)
{
    switch (features[feature].kind) {
    case PROTOCOL:
        protocol_text(text, value);
        break;
    case BYTES:
        snprintf(text, FEATURE_TEXT, "%u bytes", value);
        break;
    case MEAN_BYTES:
        snprintf(text, FEATURE_TEXT, "%.2f bytes", value / (double)(1 << FEATURE_LENGTH_SHIFT));
        break;
    case TIME:
        time_text(text, value);
        break;
    case DIRECTION:
        snprintf(text, FEATURE_TEXT, value ? "the initiator" : "the responder");
        break;
    case SHARE_OF_1:
        percent_text(text, value / (double)(1 << FEATURE_DIRECTION_SHIFT));
        break;
    case FLAGS:
        flags_text(text, value);
        break;
    case PAYLOAD:
        snprintf(text, FEATURE_TEXT, "%u bytes%s", value, value < UINT16_MAX ? "" : " or more");
        break;
    case FLOWS:
        snprintf(text, FEATURE_TEXT, "%u flow%s", value, value == 1 ? "" : "s");
        break;
    case SHARE:
        percent_text(text, value / 255.0);
        break;
    case HOSTS:
        map_text(text, value, "host");
        break;
    case PORTS:
        map_text(text, value, "port");
        break;
    default:
        snprintf(text, FEATURE_TEXT, "%u", value);
    }
}
