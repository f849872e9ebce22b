# SPDX-License-Identifier: BSD-2-Clause
"""The twelve integers of a packet, by the design page's "Features, version 1" and "Flows, exactly".

Plain dictionaries and integers of any size: no table that evicts and nothing that overflows.
"""

NAMES = ("sport", "dport", "protocol", "length", "interval", "direction",
         "mean_length", "mean_interval", "mean_direction",
         "dev_length", "dev_interval", "dev_direction")
SCALES = (256, 1, 65536)  # of the means and deviations of length, interval, direction


def saturate(value):
    return min(value, 2**32 - 1)


def key_of(packet):
    """What both directions of a flow share."""
    source, destination = (packet.source, packet.sport), (packet.destination, packet.dport)
    return packet.protocol, packet.realm, min(source, destination), max(source, destination)


class Flow:
    def __init__(self, number, initiator, responder, time):
        self.number = number  # of the flow, from 0
        self.initiator, self.responder = initiator, responder
        self.last = time
        self.count = 0
        self.sums = [0, 0, 0]
        self.deviations = [0, 0, 0]


class Flows:
    def __init__(self, timeout_seconds=120):
        self.timeout = timeout_seconds * 10**9
        self.live = {}
        self.begun = 0
        self.place = None  # of the last packet: its flow's number, its own number in it from 1
        self.flow = None  # of the last packet

    def find(self, packet, time):
        """The packet's flow, where there is one that has not timed out; or None."""
        flow = self.live.get(key_of(packet))
        return flow if flow and time - flow.last <= self.timeout else None

    def features(self, packet, time):
        """Counts the packet (packets.Packet, time in ns) in its flow; twelve integers."""
        source, destination = (packet.source, packet.sport), (packet.destination, packet.dport)
        key = key_of(packet)
        flow = self.live.get(key)
        if flow is None or time - flow.last > self.timeout:
            flow = self.live[key] = Flow(self.begun, source, destination, time)
            self.begun += 1
        interval = saturate(max(0, time - flow.last) // 1000)
        flow.last = max(flow.last, time)
        direction = 1 if source == flow.initiator else 0
        values = (saturate(packet.length), interval, direction)
        flow.count += 1
        self.flow, self.place = flow, (flow.number, flow.count)
        means, deviations = [], []
        for i, (value, scale) in enumerate(zip(values, SCALES)):
            flow.sums[i] += value
            mean = saturate(flow.sums[i] * scale // flow.count)
            flow.deviations[i] += abs(value * scale - mean)
            means.append(mean)
            deviations.append(saturate(flow.deviations[i] // flow.count))
        return (flow.initiator[1], flow.responder[1], packet.protocol, *values, *means, *deviations)
