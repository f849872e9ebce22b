# SPDX-License-Identifier: BSD-2-Clause
"""What an attack on the host memory does to the verdicts of everybody else.

    train/attack_memory.py --recordings FOLDER [--models nn.q8 ...] [--hosts 65536:1 ...]

The cells of the memory have no keys: who fills them adds numbers to hosts that did nothing. A
recording that chose no model is played with an attack of so many packets mixed in, evenly from its
beginning to its end:

    spoofed   SYNs to one port of one host of nobody's, each from another address
    spread    SYNs from one host of nobody's, each to another address

Each cell of the table is macro-F1 and false positives, in percent, over the recording's own
packets. A second table is about slow scans: the share of the probes that are called an attack.
"""

import argparse
import os
import struct
import subprocess
import tempfile

import numpy as np

from . import captured, metrics, places, recordings

ENGINE = places.program("afxdp-engine")
HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
FRAME = 60
NOBODY = 0xCB007109  # 203.0.113.9, of the documentation's addresses
KINDS = ("spoofed", "spread")
COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)
PAUSES = (0.1, 1, 3, 9, 18)  # seconds between the probes of a scan; a window is 8.6
PROBES = 200
CHUNK = 1 << 18


def tcp_records(times, source, destination, sport, dport, flags):
    """pcap records of TCP segments without payload; each argument an array or one number for all."""
    records = np.zeros(len(times), np.dtype([
        ("seconds", "<u4"), ("ns", "<u4"), ("stored", "<u4"), ("wire", "<u4"), ("ethernet", "V12"),
        ("type", ">u2"), ("version", "u1"), ("tos", "u1"), ("length", ">u2"), ("id", ">u2"),
        ("offset", ">u2"), ("ttl", "u1"), ("protocol", "u1"), ("sum", ">u2"), ("source", ">u4"),
        ("destination", ">u4"), ("sport", ">u2"), ("dport", ">u2"), ("sequence", ">u4"),
        ("acknowledged", ">u4"), ("data_offset", "u1"), ("flags", "u1"), ("window", ">u2"),
        ("rest", "V10")]))
    values = {"seconds": times // 10**9, "ns": times % 10**9, "stored": FRAME, "wire": FRAME,
              "type": 0x0800, "version": 0x45, "length": 40, "ttl": 64, "protocol": 6,
              "source": source, "destination": destination, "sport": sport, "dport": dport,
              "data_offset": 0x50, "flags": flags, "window": 64240}
    for name, value in values.items():
        records[name] = value
    return records


def attack_records(kind, times, random):
    """SYNs of that attack at those times."""
    n = len(times)
    others = random.integers(1 << 24, 224 << 24, n)
    ends = (others, NOBODY) if kind == "spoofed" else (NOBODY, others)
    return tcp_records(times, *ends, random.integers(1024, 65536, n), 443, 0x02)


def write_mixed(path, frames, kind, count, seed=1):
    """The recording's frames with the attack mixed in; where the frames then are."""
    random, begin, end = np.random.default_rng(seed), frames[0][0], frames[-1][0]
    times = begin + (np.arange(count) + 0.5) * ((end - begin) / max(count, 1))
    times = times.astype(np.int64)
    frame_times = np.maximum.accumulate([time for time, _, _, _ in frames])  # some go back
    before = np.searchsorted(times, frame_times, "right")
    places = before + np.arange(len(frames))
    with open(path, "wb") as file:
        file.write(HEADER)
        done, chunk_at, chunk = 0, 0, b""
        size = 16 + FRAME
        for (time, _, frame, wire), until in zip(frames, before.tolist()):
            while done < until:
                if done - chunk_at >= len(chunk) // size:
                    chunk_at = done
                    chunk = attack_records(kind, times[done:done + CHUNK], random).tobytes()
                take = min(until, chunk_at + len(chunk) // size)
                file.write(chunk[(done - chunk_at) * size:(take - chunk_at) * size])
                done = take
            file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(frame), wire) + frame)
    return places


def verdicts(capture, model, hosts, places):
    """The class number of each of those packets; -1 where there is none."""
    names, wanted = {name: i for i, name in enumerate(captured.CLASSES)}, iter(places.tolist())
    found, place = [], next(wanted)
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "verdicts.csv")
        subprocess.run([ENGINE, "--pcap", capture, "--model", model, "--hosts", hosts, "--verdicts",
                        output], check=True, stdout=subprocess.DEVNULL)
        with open(output, encoding="utf-8") as file:
            next(file)
            for index, line in enumerate(file):
                if index == place:
                    found.append(names.get(line.split(",", 2)[1], -1))
                    place = next(wanted, None)
    return np.array(found)


def score(rows, given):
    """Macro-F1 and the share of benign packets called an attack, in percent."""
    return (100 * metrics.macro_f1(rows.y, given, len(captured.CLASSES)),
            100 * metrics.false_positives(rows.y, given))


def mixed_table(options, rows, frames):
    yield "| attack | packets | " + " | ".join(
        f"{os.path.basename(model)}, {hosts}" for model in options.models
        for hosts in options.hosts) + " |"
    yield "|---" * (2 + len(options.models) * len(options.hosts)) + "|"
    for kind, count in [("none", 0)] + [(k, c) for k in KINDS for c in options.packets]:
        cells = []
        with tempfile.TemporaryDirectory() as folder:
            capture = os.path.join(folder, "mixed.pcap")
            places = write_mixed(capture, frames, kind, count)
            for model in options.models:
                for hosts in options.hosts:
                    given = verdicts(capture, model, hosts, places[rows.index])
                    cells.append("{:.1f}, {:.1f}".format(*score(rows, given)))
        yield f"| {kind} | {count:,} | " + " | ".join(cells) + " |"


def scan_table(options):
    """A scan alone: one port of one host after the other, each of which answers with a reset."""
    yield "| seconds between probes | " + " | ".join(map(os.path.basename, options.models)) + " |"
    yield "|---" * (1 + len(options.models)) + "|"
    for pause in PAUSES:
        begin = 1_800_000_000 * 10**9
        times = begin + (np.arange(PROBES) * pause * 1e9).astype(np.int64)
        ports = np.random.default_rng(1).permutation(np.arange(1, 10_000))[:PROBES]
        probes = tcp_records(times, NOBODY, NOBODY + 1, 40_000, ports, 0x02)
        resets = tcp_records(times + 200_000, NOBODY + 1, NOBODY, ports, 40_000, 0x14)
        both = np.stack((probes, resets), axis=1).reshape(-1)
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            file.write(HEADER + both.tobytes())
            file.flush()
            given = [verdicts(file.name, model, options.hosts[0], np.arange(0, 2 * PROBES, 2))
                     for model in options.models]
        yield f"| {pause:g} | " + " | ".join(f"{100 * np.mean(g != 0):.0f} %" for g in given) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", required=True, help="folder of train/record's recordings")
    parser.add_argument("--seed", type=int, default=recordings.FRESH[0], help="of the recording")
    parser.add_argument("--models", nargs="+", default=["nn.q8", "bt.q8", "dt.q8"])
    parser.add_argument("--hosts", nargs="+", default=["65536:1", "65536:2", "1048576:1",
                                                              "1048576:2"])
    parser.add_argument("--packets", nargs="+", type=int, default=COUNTS)
    options = parser.parse_args()
    path = recordings.place(options.recordings, options.seed)
    rows = captured.read(f"{path}.pcap", recordings.flow_table(f"{path}.labels.csv"))
    rows = rows.take(rows.y >= 0)
    frames = list(captured.captures.read(f"{path}.pcap"))
    for table in (mixed_table(options, rows, frames), scan_table(options)):
        for line in table:
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
