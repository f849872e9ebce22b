#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: unshare --net taps.sh COUNT COMMAND...
# Runs a command in a network namespace with taps tap0, tap1, … of several queues each, which QEMU's
# other back ends don't have. Two of them, one after the other, are a wire: a bridge that learns and
# says nothing.
set -euo pipefail

for each in /proc/sys/net/bridge/bridge-nf-call-*tables; do # the host's filters have no say here
    [ ! -e "$each" ] || echo 0 >"$each"
done
for ((i = 0; i < $1; i++)); do
    bridge=wire$((i / 2))
    ip link show $bridge >/dev/null 2>&1 ||
        ip link add $bridge mtu 9216 type bridge mcast_snooping 0
    ip tuntap add tap$i mode tap multi_queue
    for interface in $bridge tap$i; do
        echo 1 >/proc/sys/net/ipv6/conf/$interface/disable_ipv6
    done
    ip link set tap$i mtu 9216 txqueuelen 10000 master $bridge up
    ip link set tap$i type bridge_slave learning off
    ip link set $bridge up
done
shift
exec "$@"
