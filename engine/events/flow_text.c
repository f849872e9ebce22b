// SPDX-License-Identifier: BSD-2-Clause
#include "flow_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* As Suricata writes them (src/util-proto-name.c takes them from /etc/protocols). */
static const char *const protocols[256] = {
    [1] = "ICMP",       [2] = "IGMP",      [4] = "IP-ENCAP",   [6] = "TCP",
    [17] = "UDP",       [33] = "DCCP",     [41] = "IPv6",      [47] = "GRE",
    [50] = "IPSEC-ESP", [51] = "IPSEC-AH", [58] = "IPv6-ICMP", [89] = "OSPFIGP",
    [103] = "PIM",      [112] = "VRRP",    [132] = "SCTP",     [136] = "UDPLite",
};

void flow_text_address(char text[FLOW_TEXT_ADDRESS], const uint64_t address[2], uint32_t version)
{
    (void)inet_ntop(version == 4 ? AF_INET : AF_INET6, address, text, FLOW_TEXT_ADDRESS);
}

void flow_text_of(struct flow_text *text, const struct flow_key *key, bool initiator_is_low)
{
    uint8_t protocol = flow_key_protocol(key);
    uint8_t version = flow_key_version(key);
    const uint64_t *source = initiator_is_low ? key->low_address : key->high_address;
    const uint64_t *destination = initiator_is_low ? key->high_address : key->low_address;

    flow_text_address(text->source, source, version);
    flow_text_address(text->destination, destination, version);
    text->source_port = initiator_is_low ? flow_key_low_port(key) : flow_key_high_port(key);
    text->destination_port = initiator_is_low ? flow_key_high_port(key) : flow_key_low_port(key);
    text->has_ports = packet_least_header[protocol] != 0;
    if (protocols[protocol])
        snprintf(text->protocol, sizeof(text->protocol), "%s", protocols[protocol]);
    else
        snprintf(text->protocol, sizeof(text->protocol), "%u", protocol);
}
