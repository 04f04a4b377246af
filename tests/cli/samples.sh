#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The samples, end to end: sums of every tier, every packet below exactly one record of the tiers above, exports equal to
# the source, the same answers from a store, the same index with any number of threads.
. "$top_srcdir/tests/cli/lib.sh"
binary=yes

sums()
{
	awk -F, 'NR > 1 { n += $1; b += $2 } END { printf "%.0f %.0f\n", n, b }' "$1"
}

# below TIER SOURCE...: ids of all packets, asked for by the ids of all records of a tier, many at a time
below()
{
	local tier=$1
	shift
	"$FLOWDRILL" list "$tier" "$@" --fields id --format csv | tail -n +2 >ids
	while mapfile -n 200 -t some && [ "${#some[@]}" -gt 0 ]; do
		"$FLOWDRILL" list packets "$@" --fields id --format csv "${some[@]}" | tail -n +2
	done <ids | sort
}

for sample in "$top_srcdir"/samples/*.pcapng; do
	name=${sample##*/}
	echo "$name"
	"$tool" print "$sample" >source.txt
	awk '{ b += $11 } END { printf "%.0f %.0f\n", NR, b }' source.txt >want
	for tier in macroflows flows microflows; do
		fd 0 list $tier -r "$sample" --fields packets,bytes --format csv
		sums out >got
		same want got "$name: sums of $tier"
	done
	fd 0 list packets -r "$sample" --fields id --format csv
	tail -n +2 out | sort >want
	for tier in macroflows flows microflows; do
		below $tier -r "$sample" >got
		checks=$((checks + 1))
		same want got "$name: packets below $tier"
	done
	fd 0 export -r "$sample" -w all.pcapng --force
	silent
	"$tool" print all.pcapng >got
	same source.txt got "$name: export of everything"
	rm -rf one.fdr
	fd 0 import -s one.fdr "$sample"
	"$tool" print one.fdr/blocks/00000001.pcapng >got
	same source.txt got "$name: import"
	fields=point,first,last,client,client_port,server,server_port,proto,vlan,packets,bytes,gap_avg,rtt_avg,tcp_flags
	fd 0 list flows -r "$sample" --fields $fields --format csv
	cp out want
	fd 0 list flows -s one.fdr --fields $fields --format csv
	same want out "$name: flows of a store"
	fd 0 check -s one.fdr
	for n in 1 2 8; do
		fd 0 stats -r "$sample" --threads $n --index-dir "$scratch/t$n"
	done
	for n in 2 8; do
		diff <(cd t1 && find . -name '*.idx' -exec cksum {} + | sort) \
			<(cd t$n && find . -name '*.idx' -exec cksum {} + | sort) ||
			fail "$name: another index with $n threads"
	done
	rm -rf t1 t2 t8
done
done_testing
