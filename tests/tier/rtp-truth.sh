#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# RTP streams against rtp.tsv of FLOWDRILL_CAPTURES, which is tshark's: packets and losses exact, mean and greatest jitter within 1 %
# (or what tshark's three digits of a millisecond hide). A row that differs must stand in rtp-differences.tsv, with the reason.
set -u
. "$top_srcdir/tests/tier/tshark-lib.sh"
need_captures
[ -r "$FLOWDRILL_CAPTURES/rtp.tsv" ] || { echo "skipped: no rtp.tsv in FLOWDRILL_CAPTURES"; exit 77; }
flowdrill=$top_builddir/flowdrill
known=$here/rtp-differences.tsv
bad=0 same=0 explained=0

# What we say of a direction: packets lost jitter_avg jitter_max (ms), from the flows of a capture.
streams()
{
	"$flowdrill" list flows --no-cache -q -r "$1" 'app = "rtp"' --format csv --group-by client,client_port,server,server_port --fields \
		client,client_port,server,server_port,c2s_rtp_packets,c2s_rtp_lost,c2s_jitter_avg,s2c_rtp_packets,s2c_rtp_lost,s2c_jitter_avg |
		tail -n +2
}

while IFS=$'\t' read -r file by start end src sport dst dport ssrc payload packets lost lost_pct dmin dmean dmax jmin jmean jmax problem; do
	case $file in '#'* | file) continue ;; esac
	[ "$file" = "${last-}" ] || streams "$FLOWDRILL_CAPTURES/$file" >"$work/streams"
	last=$file
	got=$(awk -F, -v s="$src" -v sp="$sport" -v d="$dst" -v dp="$dport" '
		$1 == s && $2 == sp && $3 == d && $4 == dp { print $5, $6, $7 * 1000; exit }
		$3 == s && $4 == sp && $1 == d && $2 == dp { print $8, $9, $10 * 1000; exit }' "$work/streams")
	if awk -v got="$got" -v packets="$packets" -v lost="$lost" -v jitter="$jmean" 'BEGIN {
			n = split(got, g, " ")
			off = g[3] - jitter
			off = off < 0 ? -off : off
			exit !(n == 3 && g[1] == packets && g[2] == lost && (off <= 0.01 * jitter || off <= 0.0006))
		}'; then
		same=$((same + 1))
	elif grep -q "^$file	$src	$sport	$dst	$dport	$ssrc	" "$known"; then
		explained=$((explained + 1))
	else
		echo "$file $src:$sport > $dst:$dport $ssrc: packets lost jitter '$got', not '$packets $lost $jmean'"
		bad=$((bad + 1))
	fi
done <"$FLOWDRILL_CAPTURES/rtp.tsv"
echo "$same streams equal, $explained explained, $bad differ"
[ "$bad" = 0 ] && [ "$same" -ge 8 ]
