#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scripts wait for what an import brings, and not for what cannot come.
set -u
shop=$top_srcdir/samples/shop.pcapng call=$top_srcdir/samples/sip-call.pcapng
dir=$(mktemp -d)
trap 'rm -rf "$dir"; jobs -p | xargs -r kill 2>/dev/null' EXIT
. "$top_srcdir/tests/patience.sh"
export XDG_CACHE_HOME=$dir/cache XDG_STATE_HOME=/dev/null
cd "$dir" || exit 99
[ -r "$shop" ] && [ -r "$call" ] || { echo "no samples"; exit 77; }

echo 'until no such thing' >script
timeout $hung "$FLOWDRILL" --script script "$call" >out 2>err
status=$?
if [ $status -ne 1 ] || ! grep -q 'line 1: not on the screen: no such thing' err || ! grep -q 'all services' err; then
	echo "until what cannot come: status $status"
	cat err
	exit 1
fi

"$FLOWDRILL" import -s store "$call" 2>err || { cat err; exit 1; }
cat >script <<'END'
wait idle
until 2.5 k packets
dump before
until 24 k packets
key gg
wait idle
expect postgresql
END
timeout $hung "$FLOWDRILL" -s store --script script 2>err &
wait_until 10 test -s before
"$FLOWDRILL" import -s store "$shop" 2>/dev/null || { echo "no second import"; exit 1; }
wait %1 && exit
cat err
exit 1
