# SPDX-License-Identifier: BSD-2-Clause
"""A virtual machine: one of fetch.sh's kernels on the host's own files, with NICs on two wires."""

import os
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# QEMU's devices by driver. Two igb without root ports don't start.
DEVICES = {"igb": "igb", "virtio_net": "virtio-net-pci,iommu_platform=on,disable-legacy=on",
           "virtio_net_default": "virtio-net-pci", "e1000e": "e1000e", "vmxnet3": "vmxnet3"}
BOOT_SECONDS = 100
BOOTS = 3  # an emulated timer may hang while its kernel starts
NICS = 4  # gen0 and eng0 on one wire, eng1 and sink0 on the other (test/lab.sh)


class Machine:
    def __init__(self, folder, kernel, driver=None):
        self.folder, self.kernel, self.driver = folder, kernel, driver
        self.results = os.path.join(folder, "results", f"{kernel}-{driver or 'veth'}")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def initrd(self):
        """Made anew each time: a second, and never stale."""
        made = self.path("kernels", self.kernel, "initrd.gz")
        subprocess.run(["/usr/bin/python3", os.path.join(HERE, "initramfs.py"),
                        self.path("kernels", self.kernel), self.path("qemu", "bin", "busybox"),
                        made], check=True, timeout=120)
        return made

    def nics(self):
        options = []
        for i in range(NICS if self.driver else 0):
            options += ["-netdev", f"hubport,id=n{i},hubid={i // 2}",
                        "-device", f"pcie-root-port,id=rp{i},chassis={i},slot={i}",
                        "-device", f"{DEVICES[self.driver]},netdev=n{i},bus=rp{i},id=nic{i},"
                                   f"mac=52:54:00:00:00:0{i}"]
        return options

    def command(self):
        share = "security_model=none,multidevs=remap"
        accelerator = os.environ.get("AFXDP_VM_ACCEL", "tcg,thread=multi")
        return [
            "nice", "-n", "10", self.path("qemu/usr/bin/qemu-system-x86_64"),
            *(word for place in ("qemu", "seabios") for word in
              ("-L", self.path("qemu/usr/share", place))),
            "-L", self.path("qemu/usr/lib/ipxe/qemu"),
            "-M", "q35", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
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
        shutil.rmtree(self.results, ignore_errors=True)
        os.makedirs(self.results)
        with open(os.path.join(self.results, "jobs"), "w", encoding="utf-8") as file:
            file.writelines(f"{name} {limit} {command}\n" for name, limit, command in jobs)
        names = " ".join(f"eth{i}" for i in range(NICS)) if self.driver else ""
        variables = {**environment, "AFXDP_LAB_NICS": names, "AFXDP_VM_DRIVER": self.driver or ""}
        with open(os.path.join(self.results, "environment"), "w", encoding="utf-8") as file:
            file.writelines(f"{name}='{value}'\n" for name, value in variables.items())
        for _ in range(BOOTS):
            if self.boot(seconds):
                break
        return {name: self.result(name) for name, _, _ in jobs}

    def boot(self, seconds):
        """Runs the machine to its end; False where it never came to its first job."""
        libraries = ":".join(self.path("qemu", place, "x86_64-linux-gnu")
                             for place in ("usr/lib", "lib"))
        with open(os.path.join(self.results, "console"), "w", encoding="utf-8") as console:
            guest = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=console,
                                     stderr=subprocess.STDOUT,
                                     env={**os.environ, "LD_LIBRARY_PATH": libraries})
            begun = time.monotonic()
            while guest.poll() is None and time.monotonic() - begun < seconds:
                if not self.release() and time.monotonic() - begun > BOOT_SECONDS:
                    break
                time.sleep(0.5)
            if guest.poll() is None:
                guest.kill()
            guest.wait()
        return self.release() is not None

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
