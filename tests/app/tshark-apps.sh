#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The application of each conversation against tshark's dissection, on every capture of FLOWDRILL_CAPTURES and samples/, and more that
# are named as arguments. Where both know one it must be the same; of those that tshark knows we must know at least 98 %, where the
# first payload of the conversation was captured. What differs has a row in tshark-apps.tsv. Prints the recall of each.
# Takes longer than `make check` may: `make check-long`.
set -u
. "$top_srcdir/tests/tier/tshark-lib.sh"
need_captures
need_tools tshark
export XDG_CACHE_HOME=$work/cache
here=$top_srcdir/tests/app

# proto, lower end, higher end, begins: its first packet is a SYN, or it is UDP; protocols. Of layers within layers the innermost.
ask_tshark()
{
	tshark -n -r "$1" -T fields -e frame.protocols -e ip.src -e ipv6.src -e ip.dst -e ipv6.dst -e tcp.srcport -e udp.srcport \
		-e tcp.dstport -e udp.dstport -e tcp.flags.syn -e tcp.len -e udp.length -e frame.cap_len -e frame.len 2>/dev/null |
		awk -F '\t' -v OFS='\t' -f "$here/tshark-apps-theirs.awk"
}

compare()
{
	"$FLOWDRILL" list flows -r "$1" --attributes app --fields proto,client,client_port,server,server_port,app --format csv \
		2>/dev/null >"$work/ours"
	ask_tshark "$1" >"$work/theirs"
	awk -v file="$2" -f "$here/tshark-apps-compare.awk" "$work/ours" "$work/theirs" >>"$found"
	rm -rf "$XDG_CACHE_HOME"
}

each_capture compare "$@"
[ -z "${FLOWDRILL_TEST_KEEP-}" ] || cp "$found" "$FLOWDRILL_TEST_KEEP"
awk -F '\t' -f "$here/tshark-apps-judge.awk" "$here/tshark-apps.tsv" "$found"
bad=$?
echo "$files captures and capture points"
exit $bad
