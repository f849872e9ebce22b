#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two queues, two workers: flows spread over both, and all packets of a flow meet in one."""

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

    def test_live_frames_meet_one_queue(self):
        """The kernel gives a veth's redirected frames to the queue of the sending core."""
        here = self.lab("--queues", "2")
        engine = here.engine("--iface", "eng0")
        sent = here.generate("--live", "--count", "20000", "--cpu", "1", "--rate", "100000")
        queues = engine.stop()["queues"]
        self.assertEqual([queue["received"] for queue in queues], [0, sent["sent"]])


if __name__ == "__main__":
    lab.main()
