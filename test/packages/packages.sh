#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: packages.sh
# Builds the Debian packages out of what git tracks here, has lintian look at them, installs them in a
# fresh root, uses them there as their documents say, and removes them again: nothing may be left.
# AFXDP_PACKAGES=FOLDER takes packages that are built already, AFXDP_PACKAGES_ROOT=FILE.tar a root that
# was made as below.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in dpkg-buildpackage dh lintian mmdebstrap; do
    if ! command -v $tool >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: a root of its own needs root"
    exit 77
fi

work=$(mktemp -d)
space=afxdp-packages-$$
finish() {
    ip netns del "$space" 2>/dev/null || true
    for mounted in proc sys dev; do
        umount -l "$work/root/$mounted" 2>/dev/null || true
    done
    rm -rf --one-file-system "$work"
}
trap finish EXIT

step() {
    printf '== %s\n' "$*"
}

packages=${AFXDP_PACKAGES:-$work}
if [ "$packages" = "$work" ]; then
    step "build"
    mkdir "$work/afxdp-engine"
    git ls-files -z | tar --null --files-from - -c | tar -x -C "$work/afxdp-engine"
    if ! (cd "$work/afxdp-engine" && dpkg-buildpackage -b -us -uc) >"$work/log" 2>&1; then
        tail -n 30 "$work/log"
        exit 1
    fi
fi

step "lintian"
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$packages"/afxdp-engine_*.changes

step "a fresh root"
root=${AFXDP_PACKAGES_ROOT:-$work/root.tar}
[ -e "$root" ] || mmdebstrap --quiet --variant=apt \
    --include=bash-completion,gcc,groff-base,libc6-dev,libjansson4,man-db,pkgconf,python3-numpy \
    bookworm "$root" "${AFXDP_MIRROR:-http://deb.debian.org/debian}" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log"; exit 1; }
mkdir "$work/root"
tar -x -C "$work/root" -f "$root"
for mounted in proc sys dev; do
    mount --rbind "/$mounted" "$work/root/$mounted"
    mount --make-rslave "$work/root/$mounted"
done
inside() {
    chroot "$work/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"} "$@"
}
listing() { # what stands in the root beside what packages always change
    (cd "$work/root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./var -o -path ./tmp \
        -o -path ./run -o -name __pycache__ -o -path ./etc/ld.so.cache \) -prune -o -print | sort)
}
inside dpkg-query -f '${Package}\n' -W | sort >"$work/packages.before"
listing >"$work/before"

step "install"
mkdir "$work/root/packages"
cp "$packages"/*.deb "$work/root/packages/"
rm -f "$work/root/packages/"*dbgsym*
cp test/captures/mixed.pcap "$work/root/tmp/"
cp docs/python.md "$work/root/tmp/"
inside sh -c 'apt-get update && apt-get install -y --no-install-recommends /packages/*.deb' >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log"; exit 1; }

step "programs"
for program in engine features generate model; do
    inside afxdp-$program --version
    inside man afxdp-$program >"$work/page"
    grep -q "afxdp-$program - " "$work/page"
done
for page in afxdp-engine-ctl afxdp-model-{inspect,code,import,eval,explain}; do
    inside man $page >"$work/page"
done
inside bash -c 'source /usr/share/bash-completion/bash_completion
    _completion_loader afxdp-model || true
    COMP_WORDS=(afxdp-model import --cal) COMP_CWORD=2 && _afxdp_model && [ "${COMPREPLY[*]}" = --calibrate ]'
inside afxdp-engine --pcap /tmp/mixed.pcap --model nn.q8 --json >"$work/report"
grep -q '"packets": 7472,' "$work/report"
grep -q '"path": "/usr/share/afxdp-engine/models/nn.q8"' "$work/report"

step "the unit"
if command -v systemd-analyze >/dev/null; then
    unit=$work/afxdp-engine@eth1.service
    sed "s|/usr/bin/afxdp-engine|$work/root&|" "$work/root/usr/lib/systemd/system/afxdp-engine@.service" >"$unit"
    systemd-analyze verify --man=no "$unit" 2>&1 | tee "$work/said"
    [ ! -s "$work/said" ]
    systemd-analyze security --offline=yes --no-pager --threshold=30 "$unit" | tail -n 1
else
    echo "systemd-analyze isn't here: not verified"
fi

step "an interface"
ip netns add "$space"
ip -n "$space" link add eth1 type veth peer name far0
ip -n "$space" link set eth1 up
ip -n "$space" link set far0 up
sed 's/^model.*/&\nduration = 3/' "$work/root/usr/share/doc/afxdp-engine/examples/eth1.conf" >"$work/root/tmp/eth1.conf"
ip netns exec "$space" chroot "$work/root" /usr/bin/afxdp-engine --iface eth1 --config /tmp/eth1.conf --json >"$work/report" &
engine=$!
for _ in $(seq 100); do
    ip -n "$space" link show eth1 | grep -q prog/xdp && break
    sleep 0.05
done
ip netns exec "$space" chroot "$work/root" /usr/bin/afxdp-generate --iface far0 --count 500 >"$work/sent"
wait $engine
grep -q '"sent": 500,' "$work/sent"
python3 -c 'import json, sys; report = json.load(open(sys.argv[1])); sys.exit(not 500 <= report["packets"] <= 520)' "$work/report"

step "C, as docs/embedding.md says"
examples=/usr/share/doc/libafxdp-engine-dev/examples
for example in frames source datapath watch; do
    inside sh -c "cd /tmp && cc -std=c99 -pedantic -Wall -Wextra -Werror $examples/$example.c \$(pkg-config --cflags --libs afxdp-engine) -o $example"
done
inside sh -c "cd /tmp && cc $examples/frames.c \$(pkg-config --cflags --static --libs afxdp-engine |
    sed s/-lafxdp-engine/-l:libafxdp-engine.a/) -o frames_static"
for example in frames source frames_static; do
    inside /tmp/$example /usr/share/afxdp-engine/models/nn.q8 | tail -n 1
done
inside /tmp/datapath pcap=/tmp/mixed.pcap model=nn.q8 | grep -q '"packets": 7472,'
ip netns exec "$space" chroot "$work/root" /tmp/watch iface=eth1 consume model=nn.q8 duration=3 >"$work/events" 2>"$work/sums" &
engine=$!
for _ in $(seq 100); do
    grep -q running "$work/sums" && break
    sleep 0.05
done
ip netns exec "$space" chroot "$work/root" /usr/bin/afxdp-generate --iface far0 --count 500 >"$work/sent"
wait $engine
cat "$work/sums"
[ "$(grep -c '"event_type":"flow"' "$work/events")" -gt 0 ]
grep -qE '^events [0-9]+, classified 5[0-9]{2}, ' "$work/sums"

step "Python, as docs/python.md says"
inside python3 /usr/share/doc/python3-afxdp/examples/classes.py /tmp/mixed.pcap nn.q8 | tail -n 1
# The page's blocks on a model and on a capture, with the paths of an installation.
inside python3 - <<'PYTHON'
import re
import numpy as np
page = open("/tmp/python.md").read()
blocks = [block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "Engine(" not in block]
assert len(blocks) >= 2, blocks
scope = {"X": np.zeros((3, 28), np.uint32)}
for block in blocks:
    block = block.replace("test/captures/", "/tmp/").replace("models/nn.q8", "nn.q8")
    exec(block, scope)
print(scope["model"].predict(scope["X"]))
PYTHON

step "remove"
inside sh -c 'apt-get purge -y -qq afxdp-engine afxdp-engine-models libafxdp-engine0 libafxdp-engine-dev python3-afxdp &&
    apt-get autoremove --purge -y -qq && rm -rf /packages' >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
inside dpkg-query -f '${Package}\n' -W | sort >"$work/packages.after"
diff "$work/packages.before" "$work/packages.after"
listing >"$work/after"
diff "$work/before" "$work/after"
echo "installed, used and removed"
