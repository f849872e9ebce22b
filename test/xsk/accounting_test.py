#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every packet ends in one counter, also under more load than can be taken.

AFXDP_LAB_PACKETS: how many to generate (1,000,000; 10,000,000 is the bar that was set)."""

import os
import subprocess

import lab

DEVMAP = 14  # BPF_MAP_TYPE_DEVMAP
PACKETS = int(os.environ.get("AFXDP_LAB_PACKETS", "1000000"))


class Accounting(lab.Test):
    def show(self, title, sent, report):
        queues = report["queues"]
        lost = {name: sum(queue[name] for queue in queues)
                for name in ("rx_dropped", "rx_ring_full", "xdp_other", "xdp_bypassed",
                             "xdp_uncovered", "xdp_closed", "xdp_uncrossed")}
        lost = {name: count for name, count in lost.items() if count}
        rate = sent["sent"] / sent["seconds"] / 1e6
        print(f"{title}: {sent['sent']} sent ({rate:.2f} Mpps), {report['packets']} received, "
              f"{report['endings']}, lost before {lost or 'none'}", flush=True)

    def check(self, title, sent, report):
        """sent = received + what each named cause lost on the way; 0 unexplained."""
        self.show(title, sent, report)
        queues = report["queues"]
        lab.check_sums(report)
        for queue in queues:
            self.assertEqual(lab.unexplained(queue), 0, queue)
        seen = sum(queue.get(name, 0) for queue in queues
                   for name in ("xdp_redirected", "xdp_other", "xdp_bypassed", "xdp_uncovered",
                                "xdp_closed", "xdp_uncrossed"))
        # what the sender's own interface had no room for it has counted itself
        self.assertEqual(sent["tx_packets"], seen)
        self.assertEqual(sent["sent"], sent["tx_packets"] + sent["tx_dropped"])

    def test_one_port(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        sent = here.generate("--live", "--count", str(PACKETS))
        report = engine.stop()
        self.check("one port, overload", sent, report)
        self.assertEqual(report["endings"]["consumed"], report["packets"])

    def test_bridge_with_drops(self):
        """A tenth of the flows is dropped, the rest crosses; what reaches the sink was forwarded."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--action", "attack=drop",
                             model=self.model("ports"))
        before = here.sink_packets()
        sent = here.generate("--live", "--count", str(PACKETS), "--flows", "1000")
        report = engine.stop()
        self.check("bridge, overload", sent, report)
        endings = report["endings"]
        self.assertEqual(endings["dropped"], report["classes"]["attack"])
        self.assertGreater(endings["dropped"], 0)
        self.assertGreater(endings["forwarded"], 0)
        out = report["ports"][1]
        arrived = here.sink_packets() - before
        print(f"  forwarded {endings['forwarded']} = {arrived} at the sink + "
              f"{out['nic_tx_dropped']} dropped by eng1 for want of room")
        self.assertEqual(endings["forwarded"], arrived + out["nic_tx_dropped"])

    def test_flood_of_new_flows(self):
        """Every packet a flow of its own: the table evicts, and goes on."""
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        flows = min(PACKETS, 1 << 24)
        sent = here.generate("--live", "--count", str(PACKETS), "--flows", str(flows))
        report = engine.stop()
        self.check("every packet a flow", sent, report)
        self.assertEqual(report["flows"], report["packets"])
        self.assertGreaterEqual(report["evictions"], report["packets"] - 65536)


class Uncrossed(lab.Test):
    """A bridge whose devmap refuses what should cross: dropped, and counted for that alone."""

    @staticmethod
    def empty_devmaps(engine):
        """As they are when the kernel takes an interface out of them."""
        maps, folder = set(), f"/proc/{engine.process.pid}/fdinfo"
        for descriptor in os.listdir(folder):
            with open(os.path.join(folder, descriptor), encoding="ascii") as file:
                info = dict(line.split(":", 1) for line in file if ":" in line)
            if int(info.get("map_type", -1)) == DEVMAP:
                maps.add((info["map_id"].strip(), int(info["max_entries"])))
        for number, entries in maps:
            for key in range(entries):
                subprocess.run(["bpftool", "map", "delete", "id", number, "key", str(key), "0", "0",
                                "0"], check=False, capture_output=True, timeout=20)
        return len(maps)

    def test_what_a_devmap_refuses_is_in_no_other_counter(self):
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath", datapath,
                                     "--bypass", "icmp")
                self.assertEqual(here.ping(4, interval=0.01), 4)
                self.assertGreater(self.empty_devmaps(engine), 0)
                self.assertEqual(here.ping(7, interval=0.01, wait=0.2), 0)
                queues = engine.stop()["queues"]
                self.assertEqual(sum(queue["xdp_uncrossed"] for queue in queues), 7)
                self.assertEqual(sum(queue["xdp_bypassed"] for queue in queues), 8)
                self.assertEqual(sum(queue["received"] + queue["xdp_uncovered"]
                                     for queue in queues), 0)


if __name__ == "__main__":
    lab.main()
