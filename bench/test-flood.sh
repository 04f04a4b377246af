#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A flood of ten million distinct conversations: memory stays below 300 MB, sums stay exact.
set -u
command -v time >/dev/null || { echo "skipped: time(1) is missing (Debian: apt-get install time)"; exit 77; }
gen=${top_builddir:-.}/bench/flowdrill-gen
packets=${FLOWDRILL_FLOOD_PACKETS:-10000000}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export XDG_CACHE_HOME=$tmp/cache
failed=0

complain()
{
	echo "FAIL: $*"
	failed=1
}

# measured WHAT COMMAND...: its peak memory must be below the limit
measured()
{
	local what=$1 kib
	shift
	env time -q -f %M -o "$tmp/kib" "$@" >"$tmp/out" 2>"$tmp/err" ||
		complain "$what: $(tail -n 1 "$tmp/err")"
	kib=$(tail -n 1 "$tmp/kib")
	echo "$what: $kib KiB"
	[ "$kib" -lt 292968 ] || complain "$what took more than 300 MB"
}

# flood PACKETS OPTION...: of the generator; each packet is a conversation, and 60 bytes
flood()
{
	local packets=$1 tier sum
	shift

	echo "$packets conversations $*"
	"$gen" -o "$tmp/capture" --mix flood --packets "$packets" "$@" || exit 1
	measured stats "$FLOWDRILL" stats -r "$tmp/capture"
	for tier in macroflows flows microflows; do
		measured "list $tier" "$FLOWDRILL" list "$tier" -r "$tmp/capture" --format csv \
			--fields packets,bytes
		sum=$(awk -F, 'NR > 1 { p += $1; b += $2 } END { printf "%d %d", p, b }' "$tmp/out")
		[ "$sum" = "$packets $((packets * 60))" ] || complain "$tier add up to $sum"
	done
}

flood "$packets"
flood $((packets / 10)) --random-servers # nearly as many services as packets
exit $failed
