#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: install.sh [GROUP...]
# Installs the packages of deps/apt.txt that are missing, all of them or those of the groups named
# (build, run, record, train, check, packages); does nothing when none is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "deps/install.sh: $*" >&2
    exit 1
}

# A line `# GROUP: ...` opens a group.
mapfile -t wanted < <(awk -v groups="$*" '
    /^# [a-z]+:/ { group = substr($2, 1, length($2) - 1) }
    { sub(/#.*/, ""); gsub(/[ \t]/, "") }
    $0 != "" && (groups == "" || index(" " groups " ", " " group " ")) && !seen[$0]++
' "$here/apt.txt")
[ ${#wanted[@]} -gt 0 ] || fail "no such group: $*"
missing=()
for package in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
        missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
[ "$(id -u)" -eq 0 ] ||
    fail "${#missing[@]} packages are missing and installing them needs root: sudo apt-get install ${missing[*]}"
echo "Installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The lab wants the programs, not their services: what is new here must not start to listen, neither
# now (policy-rc.d is how Debian's packages are told) nor at the next boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f "$log" $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    </dev/null >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "apt-get could not install them"
fi
declare -A services=([nginx-light]=nginx [openssh-server]=ssh [mosquitto]=mosquitto
    [prometheus]=prometheus [redis-server]=redis-server [snmpd]=snmpd)
for package in "${missing[@]}"; do
    service=${services[$package]:-}
    if [ -n "$service" ] && command -v systemctl >/dev/null; then
        systemctl --quiet disable "$service" 2>/dev/null ||
            echo "deps/install.sh: couldn't disable $service.service, which $package brought" >&2
    fi
done
