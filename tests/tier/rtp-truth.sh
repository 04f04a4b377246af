#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# RTP streams against rtp.tsv of FLOWDRILL_CAPTURES, which is tshark's: packets and losses exact, mean and greatest jitter within 1 %
# (or what tshark's three digits of a millisecond hide). Marks of packets are where sequence numbers jump, and leave out as many as are lost. A row that differs must stand in rtp-differences.tsv, with the reason.
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

# One direction's packets: each is marked where its number says so (in awk, from `info`), and what the gaps leave out, less those that came
# late, is lost. Prints what is not so.
marks()
{
	"$flowdrill" list packets --no-cache -q -r "$1" "src = $2 and src_port = $3 and dst = $4 and dst_port = $5 and app = rtp" --format csv \
		--fields frame,info,rtp_gaps,rtp_reordered,rtp_duplicates | awk -F, -v lost="$6" -v marked="$8" -v ssrc="${7#0x}" '
		BEGIN { ssrc = tolower(ssrc) }
		NR == 1 || $2 !~ " ssrc " ssrc || match($2, / seq [0-9]+/) == 0 { next }
		{
			seq = substr($2, RSTART + 5, RLENGTH - 5) + 0
			ahead = n++ ? (seq - highest + 65536 + 32768) % 65536 - 32768 : 1
			gap = ahead > 1
			if (ahead > 0)
				highest = seq
			if ($3 != gap || $4 + $5 != (ahead < 1))
				print "frame " $1 ": number " seq " behind " highest ": marks " $3 $4 $5
			missing += gap ? ahead - 1 : 0
			late += $4
			marks += gap
		}
		END {
			if (missing - late != lost)
				print missing " missing, " late + 0 " late, not " lost " lost"
			print marks + 0 >>marked
		}'
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
		wrong=$(marks "$FLOWDRILL_CAPTURES/$file" "$src" "$sport" "$dst" "$dport" "$lost" "$ssrc" "$work/marked")
		[ -z "$wrong" ] || { echo "$file $src:$sport > $dst:$dport: $wrong"; bad=$((bad + 1)); }
	elif grep -q "^$file	$src	$sport	$dst	$dport	$ssrc	" "$known"; then
		explained=$((explained + 1))
	else
		echo "$file $src:$sport > $dst:$dport $ssrc: packets lost jitter '$got', not '$packets $lost $jmean'"
		bad=$((bad + 1))
	fi
done <"$FLOWDRILL_CAPTURES/rtp.tsv"
marked=$(awk '{ n += $1 } END { print n + 0 }' "$work/marked")
echo "$same streams equal, $marked packets behind a gap, $explained explained, $bad differ"
[ "$bad" = 0 ] && [ "$same" -ge 8 ] && [ "$marked" -ge 4 ]
