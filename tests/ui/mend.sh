#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An index that is damaged, found while one looks at it, is made anew on the screen.
set -u
shop=$top_srcdir/samples/shop.pcapng
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CACHE_HOME=$dir/cache XDG_STATE_HOME=/dev/null

[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
"$FLOWDRILL" list macroflows -r "$shop" >"$dir/list" || exit 1
index=$(find "$dir/cache" -name '00000001.idx')
[ -n "$index" ] || { echo "no index in the cache"; exit 1; }
size=$(stat -c %s "$index")
for ((at = 2000; at < size; at += 1009)); do
	printf '\377\000\377' | dd of="$index" bs=1 seek="$at" conv=notrunc status=none
done

cat >"$dir/script" <<'END'
wait idle
key Enter
wait idle
expect the index was damaged: made anew
expect all services
key Enter
wait idle
expect 1/59
key Enter
wait idle
expect 1/1
END
"$FLOWDRILL" --script "$dir/script" "$shop"
