#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What flowdrill says of generated captures against what the generator knows: every
# conversation's packets and bytes in both directions, and the numbers of flows and microflows.
set -u
gen=${top_builddir:-.}/bench/flowdrill-gen
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export XDG_CACHE_HOME=$tmp/cache
fields=proto,vlan,client,client_port,server,server_port,c2s_packets,c2s_bytes,s2c_packets,s2c_bytes
failed=0

complain()
{
	echo "FAIL: $*"
	failed=1
}

# list TIER FIELDS: csv without its header
list()
{
	"$FLOWDRILL" list "$1" -r "$tmp/capture" --format csv --fields "$2" | tail -n +2
}

# flows of one conversation in several slices, added up
conversations()
{
	list flows $fields | awk -F, '
		{ key = $1 FS $2 FS $3 FS $4 FS $5 FS $6; seen[key] = 1
		  for (i = 7; i <= 10; i++) sum[key, i] += $i }
		END { for (key in seen)
			print key FS sum[key, 7] FS sum[key, 8] FS sum[key, 9] FS sum[key, 10] }' | sort
}

truth()
{
	awk -F'\t' -v OFS=, '$1 == "flow" {
		icmp = $2 ~ /icmp/
		print $2, $3 ? $3 : "", $4, icmp ? "" : $5, $6, icmp ? "" : $7, $8, $9, $10, $11
	}' "$tmp/truth" | sort
}

# same WHAT FILE1 FILE2
same()
{
	diff "$2" "$3" >"$tmp/diff" || { complain "$1:"; head -n 10 "$tmp/diff"; }
}

# try OPTION...: of the generator
try()
{
	echo "flowdrill-gen $*"
	"$gen" -o "$tmp/capture" --truth "$tmp/truth" "$@" || { complain "the generator"; return; }
	conversations >"$tmp/ours"
	truth >"$tmp/theirs"
	[ -s "$tmp/theirs" ] || complain "no truth"
	same conversations "$tmp/theirs" "$tmp/ours"
	awk '$1 == "total" { print $8; print $7 }' "$tmp/truth" >"$tmp/theirs"
	{ list flows id | wc -l; list microflows id | wc -l; } >"$tmp/ours"
	same "flows and microflows" "$tmp/theirs" "$tmp/ours"
}

try --packets 30000 --seed 1
try --packets 20000 --seed 2 --format pcapng --rate 100
try --packets 10000 --seed 3 --format pcap-ns --mix small
try --packets 10000 --seed 4 --mix elephants
try --packets 20000 --seed 5 --mix longlived
try --packets 10000 --seed 6 --mix flood --random-servers
exit $failed
