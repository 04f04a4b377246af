#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Grouping by every key, from every tier: what is opened from a group adds up to what the group says.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CACHE_HOME=$dir/cache XDG_STATE_HOME=/dev/null
failed=0 compared=0

# totals FILE: what the line of totals says, after "total: ROWS, "
totals() { sed -n 's/^ *total: [0-9 ]* [a-z]*, \([^;]*\).*/\1/p' "$1"; }

# compare CAPTURE TIER-KEYS GROUP-KEYS MOVES: opens a group behind so many rows; its packets and bytes by the command line
compare()
{
	local capture=$1 down=$2 keys=$3 moves=$4
	{
		echo 'wait idle'
		for key in $down; do
			printf 'key %s\nwait idle\n' "$key"
		done
		printf 'key %s\nwait idle\n' "$keys"
		[ -n "$moves" ] && echo "key $moves"
		printf 'key :\ntype columns packets,bytes\nkey Enter\ndump %s\nkey Enter\nwait idle\ndump %s\n' "$dir/groups" "$dir/members"
	} >"$dir/script"
	if ! "$FLOWDRILL" --script "$dir/script" --size 150x40 "$capture" 2>"$dir/err"; then
		cat "$dir/err"
		failed=1
		return
	fi
	local group members
	group=$(sed -n 's/^▸ *//p' "$dir/groups" | sed 's/ *$//; s/\([0-9]\)  *\([0-9.]* k\?M\?B\)$/\1|\2/')
	members=$(totals "$dir/members" | sed 's/ packets\?, /|/')
	compared=$((compared + 1))
	if [ -z "$members" ] || [ "$group" != "$members" ]; then
		echo "FAILED: $capture $down $keys $moves: group '$group', members '$members'"
		cat "$dir/groups" "$dir/members"
		failed=1
	fi
}

for capture in "$top_srcdir"/samples/{shop,attacks,sip-call}.pcapng; do
	[ -r "$capture" ] || { echo "no samples"; exit 77; }
	for keys in ga gs gc gh gp gn gN go gv; do
		compare "$capture" "" "$keys" ""
		compare "$capture" "" "$keys" "G"
		compare "$capture" "Enter" "$keys" ""
	done
	compare "$capture" "Enter Enter" ga ""
done
# with VLANs, stacked ones too
for capture in ${FLOWDRILL_CAPTURES-}/vlan/*.pcap*; do
	[ -r "$capture" ] || continue
	compare "$capture" "" gv ""
	compare "$capture" "" gv "G"
	compare "$capture" "" gn "G"
done
echo "$compared groups compared"
exit $failed
