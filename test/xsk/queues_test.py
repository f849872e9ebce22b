#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two queues, two workers: flows spread over both, and all packets of a flow meet in one."""

import time

import lab

FLOWS = 500


class Queues(lab.Test):
    def check(self, report, port, sent):
        queues = [queue for queue in report["queues"] if queue["interface"] == port]
        self.assertEqual(len(queues), 2)
        for queue in queues:
            print(f"  {port} queue {queue['queue']} on core {queue['core']}: {queue['received']} "
                  f"packets of {queue['flows']} flows")
            self.assertGreater(queue["flows"], FLOWS // 10)
            self.assertEqual(lab.unexplained(queue), 0)
        lost = sum(queue["rx_ring_full"] + queue["rx_dropped"] for queue in queues)
        self.assertEqual(sum(queue["received"] for queue in queues) + lost, sent["tx_packets"])
        # A flow whose packets met two workers would have been begun in both.
        self.assertEqual(sum(queue["flows"] for queue in queues), FLOWS)

    def test_flows_stay_together(self):
        """Both directions of every flow; raw frames spread over a veth's queues by flow."""
        here = self.lab("--queues", "2")
        engine = here.engine("--iface", "eng0", "--queues", "2", "--cores", "0,1")
        sent = here.generate("--count", str(20 * FLOWS), "--flows", str(FLOWS), "--both-ways",
                             "--rate", "10000")
        self.check(engine.stop(), "eng0", sent)

    def test_bridge_of_two_queues(self):
        here = self.lab("--queues", "2", "--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--queues", "2")
        sent = here.generate("--count", str(20 * FLOWS), "--flows", str(FLOWS), "--rate", "10000")
        report = engine.stop()
        self.check(report, "eng0", sent)
        self.assertEqual(report["endings"]["forwarded"], report["packets"])

    def test_a_core_each(self):
        """The threads run where --cores says."""
        here = self.lab("--queues", "2")
        engine = here.engine("--iface", "eng0", "--cores", "1,0")
        pid = engine.process.pid
        threads = here.run("eng", "ps", "-L", "-o", "comm=,psr=", "-p", str(pid)).stdout
        cores = {}
        for line in threads.splitlines():
            name, core = line.rsplit(None, 1)
            cores[name.strip()] = core
        self.assertEqual((cores["worker 0"], cores["worker 1"]), ("1", "0"))
        self.assertEqual([queue["core"] for queue in engine.stop()["queues"]], [1, 0])

    def test_queues_that_are_not_served(self):
        """What comes in on them passes unclassified, or with --fail-closed is dropped: counted."""
        for datapath in ("afxdp", "kernel"):
            for options, counter in (((), "xdp_uncovered"), (("--fail-closed",), "xdp_closed")):
                with self.subTest(datapath=datapath, counter=counter):
                    here = self.lab("--queues", "2")
                    engine = here.engine("--iface", "eng0", "--queues", "1", "--datapath",
                                         datapath, *options)
                    self.assertIn("eng0 has 2 queues: what comes in on queues 1 and up "
                                  + ("is dropped" if options else "passes to the host"),
                                  engine.stderr())
                    sent = here.generate("--count", "2000", "--flows", "64", "--rate", "10000")
                    time.sleep(0.2)
                    report = engine.stop()
                    served, rest = report["queues"]
                    self.assertEqual((served["queue"], rest["queue"]), (0, None))
                    self.assertEqual(served["received"] + rest[counter], sent["sent"])
                    self.assertGreater(served["received"], 200)
                    self.assertGreater(rest[counter], 200)
                    self.assertEqual(sum(value for name, value in rest.items()
                                         if name.startswith("xdp_")), rest[counter])

    def test_a_flow_table_for_each_cpu(self):
        """In the kernel datapath that is said where packets of one queue meet several."""
        here = self.lab()
        for cpus, said in (((0, 0), False), ((0, 1), True)):
            engine = here.engine("--iface", "eng0", "--datapath", "kernel")
            for cpu in cpus:
                here.generate("--count", "1000", "--rate", "20000", "--cpu", str(cpu))
            time.sleep(0.2)
            engine.stop()
            self.assertEqual("eng0: packets of queue 0 come in on CPU" in engine.stderr(), said,
                             engine.stderr())

    def test_live_frames_meet_one_queue(self):
        """The kernel gives a veth's redirected frames to the queue of the sending core."""
        here = self.lab("--queues", "2")
        engine = here.engine("--iface", "eng0")
        sent = here.generate("--live", "--count", "20000", "--cpu", "1", "--rate", "100000")
        queues = engine.stop()["queues"]
        self.assertEqual([queue["received"] for queue in queues], [0, sent["sent"]])


if __name__ == "__main__":
    lab.main()
