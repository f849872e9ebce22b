#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: initramfs.py KERNEL_FOLDER BUSYBOX OUTPUT

Packs a first file system for one of fetch.sh's kernels: busybox, the modules below with all they
need, in the order to load them, and an init that goes on into the host's own root (9p, read-only,
a memory file system above it), so that the guest has the very programs that were built and tested
on the host. Needs no kmod and no cpio."""

import gzip
import lzma
import os
import re
import stat
import sys

# Where a kernel has one of these built in, or not at all, it is left out.
MODULES = """virtio_pci 9pnet_virtio 9p overlay veth virtio_net igb e1000e vmxnet3 pktgen tun 8021q
sch_netem bridge af_packet""".split()

INIT = """#!/bin/busybox sh
# /init of the guest: load, mount, and hand over to test/vm/guest.sh in the host's root.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev
for module in $($b cat /modules/order); do
    $b insmod /modules/$module || echo "insmod $module failed"
done
$b mkdir -p /host /memory /root
p9=trans=virtio,version=9p2000.L,msize=512000,access=any
$b mount -t 9p -o $p9,ro,cache=loose root /host || $b poweroff -f
$b mount -t tmpfs memory /memory
$b mkdir -p /memory/upper /memory/work
$b mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work root /root ||
    $b poweroff -f
for each in proc sys dev; do
    $b mount --move /$each /root/$each
done
$b mount -t tmpfs run /root/run
$b mount -t tmpfs tmp /root/tmp
$b mkdir -p /root/run/vm
$b mount -t 9p -o $p9 results /root/run/vm || $b poweroff -f
for word in $($b cat /root/proc/cmdline); do
    case $word in
    guest=*) guest=${word#guest=} ;;
    esac
done
exec $b chroot /root /bin/bash "$guest"
"""


def read_module(path):
    with open(path, "rb") as file:
        data = file.read()
    return lzma.decompress(data) if path.endswith(".xz") else data


def dependencies(data):
    found = re.search(rb"\0depends=([^\0]*)\0", data)
    return found.group(1).decode().split(",") if found and found.group(1) else []


def index(folder):
    """Paths by module name."""
    paths = {}
    for base, _, files in os.walk(os.path.join(folder, "modules")):
        for file in files:
            if ".ko" in file:
                paths[file.split(".ko")[0].replace("-", "_")] = os.path.join(base, file)
    return paths


def load_order(folder):
    """(name, content) of the modules, what they need before them."""
    paths, done = index(folder), {}

    def visit(name):
        name = name.replace("-", "_")
        if name in done or name not in paths:
            return
        data = read_module(paths[name])
        done[name] = None
        for each in dependencies(data):
            visit(each)
        done[name] = done.pop(name) or data

    for name in MODULES:
        visit(name)
    return done


class Archive:
    """A cpio archive (newc) as the kernel unpacks it."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        self.inode += 1
        encoded = name.encode() + b"\0"
        header = "070701" + "".join(f"{value:08x}" for value in (
            self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0))
        self.data += header.encode() + encoded
        self.pad()
        self.data += content
        self.pad()

    def pad(self):
        self.data += b"\0" * (-len(self.data) % 4)

    def finish(self):
        self.add("TRAILER!!!", 0)
        return bytes(self.data)


def build(folder, busybox):
    archive = Archive()
    modules = load_order(folder)
    for name in ("bin", "proc", "sys", "dev", "modules"):
        archive.add(name, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    with open(busybox, "rb") as file:
        archive.add("bin/busybox", stat.S_IFREG | 0o755, file.read())
    archive.add("init", stat.S_IFREG | 0o755, INIT.encode())
    for name, content in modules.items():
        archive.add(f"modules/{name}", stat.S_IFREG | 0o644, content)
    archive.add("modules/order", stat.S_IFREG | 0o644, "\n".join(modules).encode() + b"\n")
    return gzip.compress(archive.finish(), 1)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.split("\n", maxsplit=1)[0])
    folder, busybox, output = sys.argv[1:]
    with open(output, "wb") as file:
        file.write(build(folder, busybox))


if __name__ == "__main__":
    main()
