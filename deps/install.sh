#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs the packages of deps/apt.txt that are missing; does nothing when none is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$here/apt.txt")
missing=()
for package in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
        missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "deps/install.sh: ${#missing[@]} packages are missing and installing them needs root: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq

# The lab wants the programs, not their services: what is new here must not start to listen, neither
# now (policy-rc.d is how Debian's packages are told) nor at the next boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
declare -A services=([nginx-light]=nginx [openssh-server]=ssh [mosquitto]=mosquitto)
for package in "${missing[@]}"; do
    service=${services[$package]:-}
    if [ -n "$service" ] && command -v systemctl >/dev/null; then
        systemctl --quiet disable "$service" 2>/dev/null ||
            echo "deps/install.sh: couldn't disable $service.service, which $package brought" >&2
    fi
done
