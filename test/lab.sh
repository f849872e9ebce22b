#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Network namespaces to run the engine in, with root and nothing else:
#
#     generator            engine              sink
#     gen0 ───────────── eng0  eng1 ───────── sink0          (eng1 and sink only with --two-ports)
#     10.77.0.1          10.77.0.2 on one port   10.77.0.2   (the bridge itself has no address)
#
# usage: lab.sh up NAME [--queues N] [--two-ports] [--mtu M] [--threaded] [--ipv6]
#        lab.sh exec NAME gen|eng|sink COMMAND...
#        lab.sh down NAME
#        lab.sh check        says what is missing for a lab and ends with 77, or with 0
#
# Several labs exist side by side under different names (at most 12 letters). `up` takes down one of
# the same name first. In all three places offloads are off, so that frames are what they look like;
# IPv6 and its chatter are off unless --ipv6; neighbours are fixed, so that nothing sends ARP of
# its own accord. gen0 and sink0 run a passing XDP program, without which veth takes no redirected
# frames. A bpffs of the lab's own is in $LIBXDP_BPFFS of every command. --threaded moves packet
# processing into kernel threads, away from the sender's core.
#
# AFXDP_LAB_NICS="A B C D", in a virtual machine (test/vm), puts interfaces that are there in the
# place of the veth pairs: A is gen0, B eng0, C eng1, D sink0; A and B share a wire, C and D another.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${AFXDP_BUILD:-$here/../build}

die() {
    echo "lab.sh: $*" >&2
    exit 1
}

check() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "skipped: a lab of network namespaces needs root" >&2
        return 77
    fi
    local tool
    for tool in ip ethtool nsenter; do
        if ! command -v "$tool" >/dev/null; then
            echo "skipped: $tool is not installed" >&2
            return 77
        fi
    done
    if ! unshare --net ip link add labprobe type veth peer name labprobe2 2>/dev/null; then
        echo "skipped: no network namespaces or no veth here" >&2
        return 77
    fi
}

inside() { # inside PLACE COMMAND...: keeps this mount namespace, which `ip netns exec` doesn't
    local place=$1
    shift
    LIBXDP_BPFFS=$state/bpf nsenter --net="/run/netns/$name-$place" "$@"
}

quiet() { # quiet PLACE INTERFACE: what leaves it is whole, and only what was sent
    local feature
    for feature in rx tx tso gso gro lro rxvlan txvlan; do
        inside "$1" ethtool -K "$2" "$feature" off >/dev/null 2>&1 || true
    done
    if [ "$ipv6" = 0 ]; then
        inside "$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"
    fi
    inside "$1" ip link set "$2" mtu "$mtu"
}

declare -A nic_of=()
if [ -n "${AFXDP_LAB_NICS:-}" ]; then
    read -r nic_of[gen0] nic_of[eng0] nic_of[eng1] nic_of[sink0] <<<"$AFXDP_LAB_NICS"
fi

take() { # take PLACE INTERFACE: the NIC that stands for it
    ip link set "${nic_of[$2]}" netns "$name-$1"
    inside "$1" ip link set "${nic_of[$2]}" down
    inside "$1" ip link set "${nic_of[$2]}" name "$2"
    inside "$1" ethtool -L "$2" combined "$queues" 2>/dev/null || true
    # fq_codel, the default, sends flows in turn: frames of one sender would overtake each other
    inside "$1" tc qdisc replace dev "$2" root pfifo limit 10000
    quiet "$1" "$2"
}

give_back() { # give_back PLACE INTERFACE
    inside "$1" ip link set "$2" down 2>/dev/null || return 0
    inside "$1" ip link set "$2" name "${nic_of[$2]}" # before kernel 6.2 not while it is up
    inside "$1" ip link set "${nic_of[$2]}" netns 1
}

pair() { # pair PLACE INTERFACE PLACE INTERFACE
    if [ ${#nic_of[@]} -gt 0 ]; then
        take "$1" "$2"
        take "$3" "$4"
        return
    fi
    ip link add "$2" netns "$name-$1" numtxqueues "$queues" numrxqueues "$queues" type veth \
        peer name "$4" netns "$name-$3" numtxqueues "$queues" numrxqueues "$queues"
    quiet "$1" "$2"
    quiet "$3" "$4"
}

pass() { # pass PLACE INTERFACE
    [ ${#nic_of[@]} -eq 0 ] || return 0
    inside "$1" ip link set "$2" xdp obj "$build/test/xsk/lab_pass.bpf.o" sec xdp.frags 2>/dev/null ||
        inside "$1" ip link set "$2" xdp obj "$build/engine/attach/pass.bpf.o" sec xdp # before 5.18
}

address() { # address PLACE INTERFACE LAST NEIGHBOUR_PLACE NEIGHBOUR_INTERFACE NEIGHBOUR_LAST
    local mac
    mac=$(inside "$4" ip -o link show "$5" | sed 's/.*link.ether \([0-9a-f:]*\).*/\1/')
    inside "$1" ip address add "10.77.0.$3/24" dev "$2"
    inside "$1" ip neighbour replace "10.77.0.$6" lladdr "$mac" dev "$2"
    if [ "$ipv6" = 1 ]; then
        inside "$1" ip address add "fd77::$3/64" dev "$2" nodad
        inside "$1" ip neighbour replace "fd77::$6" lladdr "$mac" dev "$2"
    fi
}

thread() { # thread PLACE INTERFACE: veth keeps the wish, but takes it only while a program is there
    pass "$1" "$2"
    # /sys of a network namespace is seen only through ip netns exec
    ip netns exec "$name-$1" sh -c "echo 1 >/sys/class/net/$2/threaded"
    inside "$1" ip link set "$2" xdp off
}

wait_up() { # wait_up PLACE INTERFACE
    for _ in $(seq 250); do
        inside "$1" ip -o link show "$2" | grep -q 'state UP' && return
        sleep 0.02
    done
    die "$2 did not come up"
}

up() {
    queues=1 mtu=1500 ipv6=0
    local two=0 threaded=0
    while [ $# -gt 0 ]; do
        case $1 in
        --queues) queues=$2 && shift ;;
        --mtu) mtu=$2 && shift ;;
        --two-ports) two=1 ;;
        --threaded) threaded=1 ;;
        --ipv6) ipv6=1 ;;
        *) die "unknown option $1" ;;
        esac
        shift
    done
    [ -e "$build/engine/attach/pass.bpf.o" ] || die "no $build/engine/attach/pass.bpf.o: build first, or set AFXDP_BUILD"
    down
    mkdir -p "$state/bpf"
    mount -t bpf bpf "$state/bpf"
    local place interface
    for place in gen eng $([ $two = 1 ] && echo sink); do
        ip netns add "$name-$place"
        inside "$place" ip link set lo up
    done
    pair gen gen0 eng eng0
    pass gen gen0
    inside gen ip link set gen0 up
    inside eng ip link set eng0 up
    if [ $two = 1 ]; then
        pair eng eng1 sink sink0
        pass sink sink0
        inside eng ip link set eng1 up
        inside sink ip link set sink0 up
        address gen gen0 1 sink sink0 2
        address sink sink0 2 gen gen0 1
    else
        address gen gen0 1 eng eng0 2
        address eng eng0 2 gen gen0 1
    fi
    wait_up eng eng0
    [ $two = 0 ] || wait_up eng eng1
    if [ $threaded = 1 ]; then
        for interface in eng0 $([ $two = 1 ] && echo eng1); do
            thread eng "$interface"
        done
    fi
}

down() {
    local place interface
    for place in gen eng sink; do
        [ -e "/run/netns/$name-$place" ] || continue
        for interface in "${!nic_of[@]}"; do
            give_back "$place" "$interface"
        done
        ip netns del "$name-$place"
    done
    if [ -d "$state" ]; then
        umount "$state/bpf" 2>/dev/null || true
        rmdir "$state/bpf" "$state"
    fi
    return 0
}

command=${1:-}
case $command in
check)
    check
    exit
    ;;
up | down | exec) ;;
*)
    sed -n '/^# usage/,/^set/ { s/^# \{0,1\}//; /^set/d; p }' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
name=${2:-}
[[ $name =~ ^[a-z0-9]{1,12}$ ]] || die "a lab's name is 1 to 12 letters and digits"
state=/run/afxdp-lab-$name
shift 2
case $command in
up) up "$@" ;;
down) down ;;
exec)
    place=$1
    shift
    LIBXDP_BPFFS=$state/bpf exec nsenter --net="/run/netns/$name-$place" "$@"
    ;;
esac
