#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The screen over a recorder, on a veth pair in a network namespace of its own: see test_live_screen.c.
set -u
if [ -z "${LIVE_INSIDE-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "only root may record here"; exit 77; }
	for tool in ip unshare; do
		command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
	done
	unshare -nm true 2>/dev/null || { echo "network namespaces are not allowed here"; exit 77; }
	LIVE_INSIDE=1 exec unshare -nm bash "$0"
fi
[ -x "$top_builddir/tests/ui/test_live_screen" ] || { echo "no cmocka here"; exit 77; }
LIVE_DIR=$(mktemp -d /tmp/flowdrill-live-XXXXXX) || exit 99
trap 'rm -rf "$LIVE_DIR"' EXIT
export LIVE_DIR
chmod 755 "$LIVE_DIR" # the recorder is not root any more
ip link add v0 type veth peer name v1 && ip link set v0 addrgenmode none arp off &&
	ip link set v1 addrgenmode none arp off && ip link set v0 up && ip link set v1 up || exit 99
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # which needs rights that are given up
mount -t sysfs sysfs /sys 2>/dev/null # that of this namespace
"$top_builddir/tests/ui/test_live_screen"
