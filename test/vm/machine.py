# SPDX-License-Identifier: BSD-2-Clause
"""A virtual machine: one of fetch.sh's kernels on the host's own files, with NICs on two wires."""

import json
import os
import shutil
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# QEMU's devices by driver. Two igb without root ports don't start.
DEVICES = {"igb": "igb", "virtio_net": "virtio-net-pci,iommu_platform=on,disable-legacy=on",
           "virtio_net_default": "virtio-net-pci", "e1000e": "e1000e", "vmxnet3": "vmxnet3"}
BOOT_SECONDS = 90  # some fifteen on an idle machine
BOOTS = 3  # an emulated timer may hang while its kernel starts
NICS = 4  # gen0 and eng0 on one wire, eng1 and sink0 on the other (test/lab.sh)


def typed(name, value):
    """Of a command line, for QMP."""
    if value in ("on", "off") and name != "disable-legacy":  # which has a third value
        return value == "on"
    return int(value) if value.isdigit() else value


class Hands:
    """What somebody at the machine could do to it, over QMP."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise OSError(answer["error"]["desc"])
            if "return" in answer:
                return

    def do(self, words, device):
        """link NIC on|off, unplug NIC, plug NIC; `device` says what a NIC is."""
        what, nic, *more = words
        if what == "link":
            self.ask("set_link", name=nic, up=more == ["on"])
        elif what == "unplug":
            self.ask("device_del", id=nic)
        else:
            kind, *properties = device(int(nic[3:])).split(",")
            pairs = (each.split("=") for each in properties)
            self.ask("device_add", driver=kind, **{name: typed(name, value) for name, value in pairs})

    def close(self):
        self.file.close()
        self.socket.close()


class Machine:
    def __init__(self, folder, kernel, driver=None, queues=1):
        self.folder, self.kernel, self.driver, self.queues = folder, kernel, driver, queues
        self.results = os.path.join(folder, "results", f"{kernel}-{driver or 'veth'}-{queues}")
        # Only taps give a virtio_net several queues; an igb has them behind any wire.
        self.taps = driver is not None and driver.startswith("virtio") and queues > 1

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def initrd(self):
        """Made anew each time: a second, and never stale."""
        made = self.path("kernels", self.kernel, "initrd.gz")
        subprocess.run(["/usr/bin/python3", os.path.join(HERE, "initramfs.py"),
                        self.path("kernels", self.kernel), self.path("qemu", "bin", "busybox"),
                        made], check=True, timeout=120)
        return made

    def device(self, i):
        several = f",mq=on,vectors={2 * self.queues + 2}" if self.taps else ""
        return (f"{DEVICES[self.driver]},netdev=n{i},bus=rp{i},id=nic{i},mac=52:54:00:00:00:0{i}"
                + several)

    def nics(self):
        options = []
        for i in range(NICS if self.driver else 0):
            wire = f"hubport,id=n{i},hubid={i // 2}"
            if self.taps:
                wire = (f"tap,id=n{i},ifname=tap{i},script=no,downscript=no,vhost=off,"
                        f"queues={self.queues}")
            options += ["-netdev", wire,
                        "-device", f"pcie-root-port,id=rp{i},chassis={i},slot={i}",
                        "-device", self.device(i)]
        return options

    def command(self):
        share = "security_model=none,multidevs=remap"
        accelerator = os.environ.get("AFXDP_VM_ACCEL", "tcg,thread=multi")
        taps = ("unshare", "--net", os.path.join(HERE, "taps.sh"), str(NICS)) if self.taps else ()
        return [
            *taps, "nice", "-n", "5", self.path("qemu/usr/bin/qemu-system-x86_64"),
            *(word for place in ("qemu", "seabios") for word in
              ("-L", self.path("qemu/usr/share", place))),
            "-L", self.path("qemu/usr/lib/ipxe/qemu"),
            "-M", "q35", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
            "-qmp", f"unix:{self.results}/qmp,server=on,wait=off",
            "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", "2G",
            "-kernel", self.path("kernels", self.kernel, "vmlinuz"), "-initrd", self.initrd(),
            "-append", "console=ttyS0 panic=-1 quiet mitigations=off net.ifnames=0 "
                       f"guest={os.path.join(HERE, 'guest.sh')}",
            "-virtfs", f"local,path=/,mount_tag=root,readonly=on,{share}",
            "-virtfs", f"local,path={self.results},mount_tag=results,{share}",
            *self.nics()]

    def run(self, jobs, environment, seconds):
        """Boots, runs the jobs [(name, seconds, command)] and powers off; {name: (status, log)},
        None where it wasn't reached."""
        self.prepare(jobs, environment)
        for _ in range(BOOTS):
            if self.boot(seconds):
                break
        return {name: self.result(name) for name, _, _ in jobs}

    def prepare(self, jobs, environment):
        shutil.rmtree(self.results, ignore_errors=True)
        os.makedirs(self.results)
        with open(os.path.join(self.results, "jobs"), "w", encoding="utf-8") as file:
            file.writelines(f"{name} {limit} {command}\n" for name, limit, command in jobs)
        names = " ".join(f"eth{i}" for i in range(NICS)) if self.driver else ""
        variables = {**environment, "AFXDP_LAB_NICS": names, "AFXDP_VM_DRIVER": self.driver or ""}
        with open(os.path.join(self.results, "environment"), "w", encoding="utf-8") as file:
            file.writelines(f"{name}='{value}'\n" for name, value in variables.items())

    def boot(self, seconds):
        """Runs the machine to its end; False where it never came to its first job."""
        libraries = ":".join(self.path("qemu", place, "x86_64-linux-gnu")
                             for place in ("usr/lib", "lib"))
        with open(os.path.join(self.results, "console"), "w", encoding="utf-8") as console:
            guest = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=console,
                                     stderr=subprocess.STDOUT,
                                     env={**os.environ, "LD_LIBRARY_PATH": libraries})
            try:
                begun = time.monotonic()
                while guest.poll() is None and time.monotonic() - begun < seconds:
                    if not self.release() and time.monotonic() - begun > BOOT_SECONDS:
                        break
                    self.lend_a_hand()
                    time.sleep(0.1)
            finally:
                guest.kill()
                guest.wait()
        return self.release() is not None

    def lend_a_hand(self):
        """Does what a test in the guest asks for (nic.hand): a line in `request`, then `answer`."""
        request, answer = (os.path.join(self.results, name) for name in ("request", "answer"))
        try:
            with open(request, encoding="utf-8") as file:
                words = file.read().split()
        except OSError:
            return
        os.unlink(request)
        said = "done"
        try:
            hands = Hands(os.path.join(self.results, "qmp"))
            hands.do(words, self.device)
            hands.close()
        except (OSError, ValueError) as error:
            said = f"{words}: {error}"
        with open(answer + ".new", "w", encoding="utf-8") as file:
            file.write(said)
        os.rename(answer + ".new", answer)

    def result(self, name):
        try:
            with open(os.path.join(self.results, name + ".rc"), encoding="utf-8") as file:
                status = int(file.read())
            with open(os.path.join(self.results, name + ".log"), encoding="utf-8",
                      errors="replace") as file:
                return status, file.read()
        except (OSError, ValueError):
            return None

    def release(self):
        try:
            with open(os.path.join(self.results, "release"), encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return None


class Host(Machine):
    """This machine in the place of a virtual one."""

    def __init__(self, folder):
        super().__init__(folder, "host")

    def boot(self, _):
        with open(os.path.join(self.results, "jobs"), encoding="utf-8") as file:
            jobs = [line.rstrip("\n").split(" ", 2) for line in file]
        with open(os.path.join(self.results, "release"), "w", encoding="utf-8") as file:
            file.write(os.uname().release.split("-")[0])
        for name, seconds, command in jobs:
            with open(os.path.join(self.results, name + ".log"), "w", encoding="utf-8") as log:
                done = subprocess.run(["timeout", "-k", "5", seconds, "bash", "-c",
                                       f"set -a; . {self.results}/environment; {command}"],
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      cwd=ROOT, check=False)
            with open(os.path.join(self.results, name + ".rc"), "w", encoding="utf-8") as file:
                file.write(f"{done.returncode}\n")
        return True
