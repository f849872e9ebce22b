# SPDX-License-Identifier: BSD-2-Clause
"""What blocks and shunts do over AF_XDP and inside the kernel alike: for tests of either to inherit,
which say how their engine starts."""


class Blocks:
    blocking = ()  # options: each source of a single port is to be blocked

    def test_never(self):
        """Not ourselves, whoever names us; and no more hosts than --blocks at a time."""
        here = self.lab()
        here.run("eng", "ip", "address", "add", "10.0.0.7/32", "dev", "lo")
        engine = here.engine(*self.blocking, "--block-unproven", "--block-after", "1", "--blocks",
                             "10")
        here.generate("--count", "2000", "--flows", "100", "--rate", "5000")
        blocks = engine.stop()["blocks"]
        self.assertEqual(blocks["refused"], 20)
        self.assertEqual(blocks["now"], 10)
        self.assertGreaterEqual(blocks["begun"], 99)
        self.assertEqual(blocks["begun"], blocks["evicted"] + 10)

    @staticmethod
    def read(path):
        with open(path, encoding="ascii") as file:
            return file.read()


class Shunts:
    shunting = ()  # options: all flows between two ports are to be shunted

    def test_killed(self):
        here = self.lab("--two-ports")
        engine = here.engine(*self.shunting)
        self.assertEqual(here.ping(count=30, interval=0.01), 30)
        engine.kill()
        self.assertEqual(here.ping(count=3), 3)
