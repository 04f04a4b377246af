#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The screen over a recorder, on a veth pair in a network namespace of its own: see test_live_screen.c.
set -u
. "$top_srcdir/tests/network.sh"
own_network
[ -x "$top_builddir/tests/ui/test_live_screen" ] || { echo "no cmocka here"; exit 77; }
LIVE_DIR=$(mktemp -d) || exit 99
trap 'rm -rf "$LIVE_DIR"' EXIT
export LIVE_DIR
chmod 755 "$LIVE_DIR" # the recorder is not root any more
veth_pair v0 v1 || exit 99
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # which needs rights that are given up
own_sysfs
"$top_builddir/tests/ui/test_live_screen"
