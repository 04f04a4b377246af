#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Scripted keys on the sample shop, every screen compared with the saved one. GENERATE=1 saves
# them anew: look at the difference before you commit it.
set -u
shop=$top_srcdir/samples/shop.pcapng
screens=$top_srcdir/tests/ui/screens
out=$(mktemp)
trap 'rm -f "$out"' EXIT
export XDG_STATE_HOME=/dev/null INPUTRC=/dev/null
failed=0

# show NAME SUFFIX OPTION...: runs a script, compares what it dumped
show()
{
	local name=$1 saved=$screens/$1.$2.txt
	shift 2
	if ! "$FLOWDRILL" --no-cache --script "$screens/$name.script" "$@" "$shop" >"$out"; then
		echo "FAILED: $name $*"
		failed=1
	elif [ "${GENERATE-}" = 1 ]; then
		cat "$out" >"$saved"
	elif ! diff -u "$saved" "$out"; then
		echo "FAILED: $name $* differs from $saved"
		failed=1
	fi
}

[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
for size in 80x24 200x60; do
	show walk "$size" --size "$size"
	show tools "$size" --size "$size"
	show bytes "$size" --size "$size"
	show trouble "$size" --size "$size"
	show points "$size" --size "$size"
	show answers "$size" --size "$size"
	show groups "$size" --size "$size"
	show time "$size" --size "$size"
	TZ=XYZ-5:30 show columns "$size" --size "$size"
	show chart "$size" --size "$size"
	show stream "$size" --size "$size"
	show related "$size" --size "$size"
	show ladder "$size" --size "$size"
	show map "$size" --size "$size"
done
show colors 80x24 --size 80x24
show walk ascii --size 80x24 --ascii
show groups ascii --size 80x24 --ascii
show time ascii --size 80x24 --ascii
show chart ascii --size 80x24 --ascii
show stream ascii --size 80x24 --ascii
show related ascii --size 80x24 --ascii
show ladder ascii --size 80x24 --ascii
show map ascii --size 80x24 --ascii
# once more, from a cached index and with several threads
cache=$(mktemp -d)
trap 'rm -rf "$out" "$cache"' EXIT
for _ in 1 2; do
	XDG_CACHE_HOME=$cache "$FLOWDRILL" --threads 4 --script "$screens/walk.script" --size 80x24 "$shop" >"$out" &&
		diff -u "$screens/walk.80x24.txt" "$out" || { echo "FAILED: walk with the cache"; failed=1; }
done
exit $failed
