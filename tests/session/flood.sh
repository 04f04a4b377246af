#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Ten million distinct conversations: exact sums, and less than 300 MB of memory. Then the same number of packets of
# ordinary traffic, and four times as many: the same memory within 10 %. Takes some minutes and 9 GB of disk.
set -u
packets=${FLOWDRILL_FLOOD_PACKETS:-10000000}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/flowdrill-flood-XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
gen=$top_builddir/bench/flowdrill-gen
rss=$top_builddir/tests/session/max-rss
failures=0
if [ "$(df --output=avail -k "$scratch" | tail -n 1)" -lt 10000000 ]; then
	echo "skipped: less than 10 GB free in $scratch"
	exit 77
fi

check()
{
	if [ "$1" = "$2" ]; then
		echo "ok: $3: $1"
	else
		echo "FAIL: $3: $1, not $2"
		failures=$((failures + 1))
	fi
}

# index NAME: makes the index; its peak memory in KiB is in $peak.
index()
{
	peak=$(XDG_CACHE_HOME=$scratch/cache "$rss" "$FLOWDRILL" stats -q -r "$scratch/$1" --format json 2>&1 >"$scratch/stats" | tail -n 1)
	echo "$1: $((peak / 1024)) MB at most"
	if [ "$peak" -gt $((300 * 1024)) ]; then
		echo "FAIL: more than 300 MB"
		failures=$((failures + 1))
	fi
}

sum()
{
	XDG_CACHE_HOME=$scratch/cache "$FLOWDRILL" list "$1" -r "$scratch/$2" --format csv --fields packets,bytes,flows |
		awk -F, 'NR > 1 { p += $1; b += $2; f += $3 } END { printf "%.0f %.0f %.0f\n", p, b, f }'
}

for servers in "" --random-servers; do
	"$gen" -o "$scratch/flood.pcap" --packets "$packets" --seed 11 --mix flood $servers || exit 99
	index flood.pcap
	bytes=$((packets * 60))
	check "$(sum macroflows flood.pcap)" "$packets $bytes $packets" "macroflows of a flood $servers"
	check "$(sum flows flood.pcap)" "$packets $bytes $packets" "flows of a flood $servers"
	rm -rf "$scratch/cache" "$scratch/flood.pcap"
done

"$gen" -o "$scratch/x1.pcap" --packets $((packets * 4 / 10)) --seed 5 || exit 99
index x1.pcap
small=$peak
"$gen" -o "$scratch/x4.pcap" --packets $((packets * 16 / 10)) --seed 5 || exit 99
index x4.pcap
share=$((peak * 100 / small))
echo "four times the size: $share % of the memory"
[ $share -le 110 ] || { echo "FAIL: memory grows with the capture"; failures=$((failures + 1)); }
[ $failures -eq 0 ]
