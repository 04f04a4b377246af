#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# TCP analysis of samples/: every marked packet, and counts and sums of times and bytes in flight, as stored. GENERATE=1 writes
# tcp-samples.tsv anew; tcp-tshark.sh compares the same with tshark.
set -u

dump=$top_builddir/tests/tier/tcp_dump
stored=$top_srcdir/tests/tier/tcp-samples.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for file in "$top_srcdir"/samples/*.pcapng; do
	"$dump" "$file" | awk -F '\t' -v OFS='\t' -v file="${file##*/}" '
		$2 != "" { print file, $1, $2 }
		$3 != "" { rtts++; rtt += $3; handshakes += $4 == "h" }
		$5 != "" { setups++; setup += $5 }
		$6 != "" { flights++; flight += $6 }
		END { printf "%s\tsums\t%d packets, %d round trips (%d of handshakes) of %.0f ns, %d setups of %.0f ns, %d in flight of %.0f bytes\n",
			file, NR, rtts, handshakes, rtt, setups, setup, flights, flight }'
done >"$work/got"
if [ -n "${GENERATE-}" ]; then
	cp "$work/got" "$stored"
fi
diff "$stored" "$work/got"
