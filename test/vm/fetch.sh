#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: fetch.sh DIRECTORY [KERNEL...]
# Fetches QEMU and Debian's kernels (5.10, 6.1, 6.12, 7.3; all by default) into DIRECTORY, with an
# apt of its own there: the host's sources, lists and packages stay as they are.
# Leaves DIRECTORY/qemu (a tree that test/vm/qemu.sh runs from) and, per kernel,
# DIRECTORY/kernels/K/{vmlinuz,modules,release,version}. What is there already isn't fetched again.
set -euo pipefail

mirror=${AFXDP_VM_MIRROR:-http://deb.debian.org}
keys=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "test/vm/fetch.sh: $*" >&2
    exit 1
}

[ $# -ge 1 ] || fail "usage: fetch.sh DIRECTORY [KERNEL...]"
mkdir -p "$1"
root=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- 5.10 6.1 6.12 7.3
[ -r $keys ] || fail "$keys is missing: install debian-archive-keyring"

# private_apt NAME STATUS SOURCE...: writes the configuration of an apt that knows these sources
# only. STATUS is the dpkg status it believes.
private_apt() {
    local at=$root/apt/$1 status=$2
    shift 2
    mkdir -p "$at"/{lists/partial,cache/archives/partial,etc}
    cp "$status" "$at/status"
    printf 'deb [signed-by='$keys'] %s\n' "$@" >"$at/etc/sources.list"
    cat >"$at/apt.conf" <<CONF
Dir::State "$at";
Dir::State::lists "$at/lists";
Dir::State::status "$at/status";
Dir::Cache "$at/cache";
Dir::Etc::sourcelist "$at/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
CONF
    APT_CONFIG=$at/apt.conf apt-get -qq update || fail "cannot read the package lists of: $*"
}

# Debian's suite and the packages' pattern of a kernel series; the newest package is resolved.
suite_of() {
    case $1 in
    5.10) echo bullseye ;;
    6.1) echo bookworm ;;
    6.12) echo trixie ;;
    7.3) echo trixie-backports ;;
    *) fail "no Debian suite is known for kernel $1 (5.10, 6.1, 6.12, 7.3)" ;;
    esac
}

# The newest plain amd64 package `linux-$2-$1.*-amd64` that the private apt knows.
newest() {
    apt-cache pkgnames "linux-$2-$1." |
        grep -E "^linux-$2-${1//./\\.}[.0-9+~a-z-]*-amd64(-unsigned)?$" |
        grep -vE 'rt-amd64|cloud-amd64|-dbg' | sort -V | tail -n 1 || true
}

fetch_kernel() {
    local kernel=$1 suite at=$root/kernels/$1 tree package packages=()
    [ -e "$at/release" ] && return
    suite=$(suite_of "$kernel")
    local sources=("$mirror/debian $suite main")
    case $suite in
    bullseye | bookworm) sources+=("$mirror/debian-security $suite-security main") ;;
    esac
    private_apt "$suite" /dev/null "${sources[@]}"
    export APT_CONFIG=$root/apt/$suite/apt.conf
    # From 6.18 on the image package is small and what it held lies in two others.
    for part in binary modules image; do
        package=$(newest "$kernel" $part)
        [ -n "$package" ] && packages+=("$package")
        [ $part = modules ] && [ ${#packages[@]} -eq 2 ] && break
    done
    [ ${#packages[@]} -gt 0 ] || fail "$suite has no linux-image-$kernel.*-amd64"
    tree=$at.tree
    rm -rf "$at" "$tree"
    mkdir -p "$at" "$tree/deb"
    (cd "$tree/deb" && apt-get -qq download "${packages[@]}") ||
        fail "cannot download ${packages[*]} of $suite"
    for package in "$tree"/deb/*.deb; do
        dpkg -x "$package" "$tree"
        dpkg-deb -f "$package" Package Version | tr '\n' ' ' >>"$at/version"
    done
    rm -rf "$tree/deb"
    local modules release
    modules=$(find "$tree" -type d -path '*lib/modules/*' -name '[0-9]*' -prune | head -n 1)
    [ -n "$modules" ] || fail "${packages[*]}: no modules in it"
    release=$(basename "$modules")
    mv "$(find "$tree" -type f -name 'vmlinuz*' | head -n 1)" "$at/vmlinuz"
    mv "$modules" "$at/modules"
    rm -rf "$tree"
    echo "$release" >"$at/release"
    unset APT_CONFIG
}

# QEMU 8 has igb; Debian 12 has that in its backports. Only what the host lacks is unpacked.
fetch_qemu() {
    [ -x "$root/qemu/usr/bin/qemu-system-x86_64" ] && return
    local suite=bookworm
    private_apt qemu /var/lib/dpkg/status "$mirror/debian $suite main" \
        "$mirror/debian $suite-updates main" "$mirror/debian-security $suite-security main" \
        "$mirror/debian $suite-backports main"
    export APT_CONFIG=$root/apt/qemu/apt.conf
    apt-get -qq -y --download-only -t $suite-backports install qemu-system-x86 busybox-static cpio \
        >/dev/null || fail "cannot download qemu-system-x86 of $suite-backports"
    unset APT_CONFIG
    rm -rf "$root/qemu.new"
    mkdir -p "$root/qemu.new"
    local package
    for package in "$root"/apt/qemu/cache/archives/*.deb; do
        dpkg -x "$package" "$root/qemu.new"
    done
    rm -rf "$root/qemu" "$root"/apt/qemu/cache/archives/*.deb
    mv "$root/qemu.new" "$root/qemu"
}

fetch_qemu
for kernel in "$@"; do
    fetch_kernel "$kernel"
done
