#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Response times against tshark's http.time and dns.time, frame by frame, on every capture of FLOWDRILL_CAPTURES and samples/, and
# more that are named as arguments. Every difference must have a row in response-differences.tsv.
# Takes longer than `make check` may: `make check-long`.
set -u
. "$top_srcdir/tests/tier/tshark-lib.sh"
need_captures
need_tools tshark
export XDG_CACHE_HOME=$work/cache

# Without reassembly, so that a response begins where it begins.
ask_tshark()
{
	tshark -n -r "$1" -o tcp.desegment_tcp_streams:FALSE -o ip.defragment:FALSE -o ipv6.defragment:FALSE \
		-o tcp.relative_sequence_numbers:FALSE -T fields -e frame.number -e frame.time_epoch -e frame.protocols \
		-e tcp.stream -e udp.stream -e tcp.srcport -e udp.srcport -e ip.src -e ipv6.src -e tcp.len -e udp.length \
		-e tcp.seq_raw -e tcp.ack_raw -e http.time -e dns.time 2>/dev/null |
		awk -F '\t' -v OFS='\t' '
			# of layers within layers the innermost
			$3 !~ /icmp/ {
				for (i = 4; i <= 13; i++)
					sub(/.*,/, "", $i)
				print $1, $2, $3, $4, $5, ($4 != "" ? $6 : $7) $8 $9, $4 != "" ? $10 : $11 - 8, $12, $13, $14, $15
			}'
}

compare()
{
	"$FLOWDRILL" list packets -r "$1" --fields frame,response --format csv 'response >= 0' >"$work/ours" 2>/dev/null
	ask_tshark "$1" >"$work/theirs"
	awk -v file="$2" -f "$here/response-compare.awk" "$work/ours" "$work/theirs" >>"$found"
	rm -rf "$XDG_CACHE_HOME"
}

each_capture compare "$@"
judge "$here/response-differences.tsv" silent
