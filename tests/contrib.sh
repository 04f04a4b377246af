#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The unit of systemd: systemd finds nothing wrong with it, and calls it safe.
set -u
unit=$top_builddir/contrib/flowdrill-capture@.service
grep -q '^ExecStart=/.*/flowdrill capture ' "$unit" || { echo "FAIL: no program in $unit"; exit 1; }
if ! command -v systemd-analyze >/dev/null; then
	echo "no systemd-analyze here (Debian: apt-get install systemd)"
	exit 77
fi
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
# the program need not be installed yet
sed "s|^ExecStart=[^ ]*|ExecStart=$(command -v true)|" "$unit" >"$scratch/flowdrill-capture@.service"
cp "$scratch/flowdrill-capture@.service" "$scratch/flowdrill-capture@eth0.service"
cd "$scratch" || exit 99
failures=0

# about this unit alone: others of this machine may be wrong, or their manual pages missing
systemd-analyze verify --man=no ./flowdrill-capture@eth0.service >said 2>&1
if grep -q 'flowdrill' said; then
	echo "FAIL: systemd-analyze verify:"
	cat said
	failures=1
fi
if ! systemd-analyze security --offline=true --no-pager ./flowdrill-capture@eth0.service >said 2>&1; then
	echo "systemd-analyze cannot judge here: $(tail -n 1 said)"
	exit $((failures ? 1 : 77))
fi
grep 'exposure level' said
exposure=$(sed -n 's/.*exposure level for [^:]*: \([0-9]*\)\.\([0-9]\).*/\1\2/p' said)
if [ -z "$exposure" ] || [ "$exposure" -gt 20 ]; then
	echo "FAIL: more exposed than 2.0 of 10:"
	cat said
	failures=1
fi
[ "$failures" = 0 ]
