#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Counts of every capture against truth.tsv, which tshark made. FLOWDRILL_CAPTURES names the folder with
# the captures and truth.tsv. Every difference is in differences.tsv with its reason; a row
# there that no longer differs is an error too.
set -u

dump=$top_builddir/tests/decode/decode_dump
table=$top_srcdir/tests/decode/differences.tsv
columns="packets bytes_captured bytes_wire pairs_tcp pairs_udp tcp_packets udp_packets icmp_packets \
arp_packets vlan_packets fragments tcp_syn tcp_fin tcp_rst"

if [ -z "${FLOWDRILL_CAPTURES-}" ]; then
	echo "skipped: FLOWDRILL_CAPTURES names no folder of captures"
	exit 77
fi
truth=$FLOWDRILL_CAPTURES/truth.tsv
[ -r "$truth" ] || { echo "skipped: no $truth"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "FILE <tab> COLUMN <tab> OURS <tab> TSHARK" for everything that differs.
compare()
{
	awk -F '\t' -v columns="$columns" -v file="$1" '
		FILENAME == ARGV[1] { ours[$1] = $2; next }
		/^#/ { next }
		$1 == "file" { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 == file {
			n = split(columns, name, " ")
			for (i = 1; i <= n; i++)
				if (ours[name[i]] != $at[name[i]])
					printf "%s\t%s\t%s\t%s\n", file, name[i], ours[name[i]], $at[name[i]]
		}' "$work/counts" "$truth"
}

files=0
bad=0
while IFS=$'\t' read -r file status _ _ _ packets _; do
	case $file in '#'* | file) continue ;; esac
	files=$((files + 1))
	"$dump" --counts "$FLOWDRILL_CAPTURES/$file" >"$work/counts" 2>"$work/messages"
	rc=$?
	case $status in
	ok | cut-short)
		compare "$file" >>"$work/found"
		[ $rc -eq 0 ] || { echo "$file: exit $rc: $(cat "$work/messages")"; bad=1; } ;;
	*)
		# may be refused, or read up to the trouble; never more than there is, never a crash
		got=$(awk '$1 == "packets" { print $2 }' "$work/counts")
		[ "${got:-0}" -le "$packets" ] || { echo "$file: $got packets of $packets"; bad=1; }
		[ $rc -eq 0 ] || [ $rc -eq 3 ] || { echo "$file: exit $rc"; bad=1; } ;;
	esac
done <"$truth"

grep -v '^#' "$table" | cut -f 1-4 | sort >"$work/known"
sort "$work/found" >"$work/sorted"
if ! diff "$work/known" "$work/sorted" >"$work/diff"; then
	echo "differences from tshark ('<' in differences.tsv, '>' found):"
	grep '^[<>]' "$work/diff"
	bad=1
fi
echo "$files captures, $(wc -l <"$work/sorted") explained differences"
exit $bad
