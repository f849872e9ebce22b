# SPDX-License-Identifier: BSD-2-Clause
# What the guest runs, in the host's root (read-only below a memory file system): the jobs of
# /run/vm/jobs, one a line: NAME SECONDS COMMAND. Each leaves NAME.log and NAME.rc in /run/vm.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
ip link set lo up
cd "$(dirname "$0")/../.." || exit
set -a
. /run/vm/environment
set +a
uname -r >/run/vm/release
while read -r name seconds command; do
    echo "$name"
    timeout -k 5 "$seconds" bash -c "$command" >"/run/vm/$name.log" 2>&1 </dev/null
    echo $? >"/run/vm/$name.rc"
    for lab in /run/afxdp-lab-*; do # of a job that was stopped
        [ ! -d "$lab" ] || test/lab.sh down "${lab#/run/afxdp-lab-}"
    done
done </run/vm/jobs
dmesg -l emerg,alert,crit,err >/run/vm/kernel.log 2>/dev/null
sync
echo o >/proc/sysrq-trigger
read -rt 10 _ <>/dev/ttyS0
