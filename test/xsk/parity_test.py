#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Replayed through the lab, packet by packet the same verdicts as from the file.

Each frame carries its own capture time in an 8-byte trailer behind its IP length, which the engine
takes off again (--trailer-time), so that features made of time are equal too. Frames above the MTU,
cut ones and other links than Ethernet are left out of both sides."""

import glob
import os
import subprocess

import lab

RATES = ("40000", "10000", "3000")  # the next when the machine was too busy to lose nothing
MTU = "1600"
RINGS = ("--ring-rx", "16384", "--ring-fill", "32768")


def captures():
    """What to replay: (name, files). The devices' many small captures are chained."""
    yield "mixed", [lab.MIXED]
    for path in sorted(glob.glob(os.path.join(lab.SHARED, "stopddos", "*"))):
        yield os.path.basename(path), [path]
    for path in glob.glob(os.path.join(lab.SHARED, "westermo", "*.pcap")):
        yield "westermo", [path]
    devices = sorted(glob.glob(os.path.join(lab.SHARED, "iot_sentinel", "*.pcap")))
    if devices:
        yield f"iot_sentinel ({len(devices)})", devices


class Parity(lab.Test):
    MORE = ()  # options of the engine
    LIMITS = ("--action", "class0=limit:3", "--action", "class2=limit:1", "--action", "class5=limit:2")

    def chained(self, files):
        if len(files) == 1:
            return files[0]
        path = self.path("chain.pcap")
        subprocess.run(["mergecap", "-a", "-F", "nsecpcap", "-w", path, *files], check=True,
                       timeout=120)
        return path

    def replay(self, here, model, name, files, trailer=("--trailer-time",),
               rates=RATES, seed=(), lists=(), policy=()):
        """Differences between both sides, after proving that nothing was lost."""
        source, sent_file = self.chained(files), self.path("sent.pcap")
        # other=drop: what isn't IP comes through the ring too instead of passing to the host
        common = ["--model", model, "--action", "other=drop", *seed, *lists, *policy]
        for rate in rates:
            engine = here.engine("--iface", "eng0", *self.MORE, *trailer, "--verdicts", self.path("live.csv"),
                                 *RINGS, *common[2:], model=model)
            sent = here.generate("--pcap", source, *trailer, "--record", sent_file, "--rate", rate)
            report = engine.stop()
            came = sum(queue["xdp_allowed"] + queue["xdp_denied"] for queue in report["queues"])
            lost = sent["sent"] - came - report["packets"]
            if lost == 0:
                break
            print(f"{name}: {lost} lost at {rate} a second")
        self.assertEqual(lost, 0, f"{name}: lost packets, no parity")
        self.assertEqual(came > 0, lists != ())
        self.assertEqual(sum(map(lab.unexplained, report["queues"])), 0)
        subprocess.run([lab.ENGINE, "--pcap", sent_file, "--verdicts", self.path("file.csv"),
                        "--flows", "65536", *common], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=120)
        with open(self.path("live.csv")) as live, open(self.path("file.csv")) as file:
            live, file = live.read().splitlines(), file.read().splitlines()
        self.assertEqual(len(live), sent["sent"] - came + 1)
        self.assertEqual(len(live), len(file))
        differences = sum(a != b for a, b in zip(live, file))
        classes = {line.split(",")[1] for line in file[1:]}
        print(f"{name}: {sent['sent']} packets ({sent['left_out']} left out), "
              f"{len(classes)} classes, {differences} differences", flush=True)
        return sent["sent"], differences

    def test_every_capture(self):
        here = self.lab("--mtu", MTU)
        model = self.model("forest")
        results = [self.replay(here, model, name, files) for name, files in captures()]
        packets, differences = (sum(column) for column in zip(*results))
        print(f"{len(results)} replays, {packets} packets, {differences} differences")
        self.assertGreater(packets, 7000)
        self.assertEqual(differences, 0)

    def test_hosts(self):
        """Feature set 2, on one queue: the memory has seen the same packets in the same order."""
        here = self.lab("--mtu", MTU)
        results = [self.replay(here, self.model("hosts"), f"{name}, set 2", files,
                               trailer=("--trailer-time",), seed=("--flow-seed", "5"))
                   for name, files in captures()]
        packets, differences = (sum(column) for column in zip(*results))
        print(f"{len(results)} replays, {packets} packets, {differences} differences")
        self.assertGreater(packets, 7000)
        self.assertEqual(differences, 0)

    def test_lists(self):
        """What --allow and --deny leave is the same of a wire and of a file, and so are verdicts."""
        here = self.lab("--mtu", MTU)
        _, differences = self.replay(here, self.model("forest"), "mixed, with lists", [lab.MIXED],
                                     lists=("--deny", "198.18.0.0/18,2001:db8:1::/48", "--allow",
                                            "198.18.33.0/24,2001:db8:1::/112"))
        self.assertEqual(differences, 0)

    def test_limits(self):
        """The same packets are within the limits."""
        here = self.lab("--mtu", MTU)
        packets, differences = self.replay(here, self.model("forest"), "mixed, with limits",
                                           [lab.MIXED], policy=self.LIMITS)
        self.assertEqual(differences, 0)
        with open(self.path("live.csv"), encoding="ascii") as live:
            self.assertGreater(live.read().count(",limit"), packets / 20)

    def test_times_matter(self):
        """The model would notice: without the capture's times verdicts differ."""
        here = self.lab("--mtu", MTU)
        _, differences = self.replay(here, self.model("forest"), "mixed, own times", [lab.MIXED],
                                     trailer=())
        self.assertGreater(differences, 100)


if __name__ == "__main__":
    lab.main()
