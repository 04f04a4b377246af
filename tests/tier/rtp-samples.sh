#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The calls of samples/sip-call.pcapng, captured at both ends of a line that loses packets: packets, losses and mean jitter of each RTP
# stream as tshark 4.0.17 has them (rtp,streams), the Call-ID of the dialog, the codec, and a call that suffers by its health.
set -u
flowdrill=$top_builddir/flowdrill
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# point, client's port; from the client: packets, lost, jitter in ms; from the server: the same
cat >"$work/want" <<'END'
0,6000,300,0,0.539,293,7,3.969
1,6000,298,2,2.792,298,2,2.856
0,6004,300,0,0.162,290,10,3.819
1,6004,296,4,2.777,296,4,2.779
END
rows()
{
	"$flowdrill" list flows --no-cache -q -r "$top_srcdir/samples/sip-call.pcapng" "$@" --format csv | tail -n +2
}
rows 'app = "rtp"' --threads 3 --fields point,client_port,c2s_rtp_packets,c2s_rtp_lost,c2s_jitter_avg,s2c_rtp_packets,s2c_rtp_lost,s2c_jitter_avg |
	awk -F, '{ printf "%s,%s,%s,%s,%.3f,%s,%s,%.3f\n", $1, $2, $3, $4, $5 * 1000, $6, $7, $8 * 1000 }' >"$work/got"
diff "$work/want" "$work/got" || { echo "streams differ from tshark's"; exit 1; }
calls=$(rows 'app = "rtp" and codec = "PCMA" and call ~ "@10.98.0.1"' --fields call | sort -u | wc -l)
[ "$calls" = 2 ] || { echo "$calls calls, not 2"; exit 1; }
bad=$(rows 'app = "rtp" and health >= degraded and why ~ "rtp-loss"' --fields id | wc -l)
[ "$bad" = 3 ] || { echo "$bad flows suffer, not 3"; exit 1; }
# packets behind a gap: one for each stretch of losses, on every tier
gaps=$("$flowdrill" list packets --no-cache -q -r "$top_srcdir/samples/sip-call.pcapng" 'rtp_gaps' --format csv --fields marks | grep -cx rtp_gaps)
sum=$(rows 'rtp_gaps > 0' --fields rtp_gaps | awk '{ n += $1 } END { print n }')
[ "$gaps" = 29 ] && [ "$sum" = 29 ] || { echo "$gaps packets behind a gap, $sum counted, not 29"; exit 1; }
sip=$(rows 'app = "sip" and name = "10.98.0.2" and status = 200 and url ~ "sip:"' --fields id | wc -l)
[ "$sip" = 2 ] || { echo "$sip flows of SIP, not 2"; exit 1; }
# group and macroflow say what their flows say
"$flowdrill" list macroflows --no-cache -q -r "$top_srcdir/samples/sip-call.pcapng" 'rtp_packets > 0' --format csv --group-by app --fields rtp_packets,rtp_lost |
	tail -n +2 | sort | tr '\n' ' ' | grep -qx '1183,17 1188,12 ' || { echo "macroflows say something else"; exit 1; }
