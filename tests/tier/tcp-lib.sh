# SPDX-License-Identifier: GPL-3.0-or-later
# For tests that compare TCP analysis with tshark's: compare FILE NAME. Needs tshark-lib.sh, tshark, editcap.

dump=$top_builddir/tests/tier/tcp_dump

ask_tshark()
{
	local a=tcp.analysis

	tshark -n -r "$1" -o tcp.analyze_sequence_numbers:TRUE -o tcp.relative_sequence_numbers:FALSE \
		-o ip.defragment:FALSE -o ipv6.defragment:FALSE -T fields \
		-e frame.number -e frame.protocols -e tcp.stream -e vlan.id -e vxlan.vni -e geneve.vni \
		-e ip.flags.mf -e ip.frag_offset -e ip.src -e tcp.srcport -e tcp.seq_raw -e tcp.ack_raw -e tcp.len \
		-e tcp.flags -e tcp.options.sack_le -e tcp.options.sack_re -e $a.retransmission -e $a.fast_retransmission \
		-e $a.spurious_retransmission -e $a.out_of_order -e $a.lost_segment -e $a.ack_lost_segment -e $a.duplicate_ack -e $a.keep_alive -e $a.keep_alive_ack \
		-e $a.zero_window -e $a.zero_window_probe -e $a.zero_window_probe_ack -e $a.window_full \
		-e $a.window_update -e $a.reused_ports -e $a.ack_rtt -e $a.initial_rtt \
		-e $a.bytes_in_flight 2>/dev/null
}

# What makes a frame the same as another one.
explain_twice()
{
	tshark -n -r "$1" -o tcp.relative_sequence_numbers:FALSE -o ip.defragment:FALSE -T fields -e frame.number \
		-e frame.time_epoch -e ip.id -e tcp.srcport -e tcp.dstport -e tcp.seq_raw -e tcp.ack_raw -e tcp.flags \
		-e tcp.window_size_value -e tcp.checksum -e tcp.len 2>/dev/null
}

# without_twice FILE OUT: OUT is FILE without the frames that were captured twice; $work/twice are their numbers.
without_twice()
{
	"$dump" "$1" 2>/dev/null | awk -F '\t' '("," $2 ",") ~ /,duplicate,/ { print $1 }' >"$work/twice"
	cp "$1" "$2"
	if [ -s "$work/twice" ]; then
		# editcap takes 512 frames at a time: from the end, so that numbers stay
		sort -rn "$work/twice" | xargs -n 400 echo | while read -r frames; do
			# shellcheck disable=SC2086
			editcap "$2" "$2.less" $frames >/dev/null 2>&1 && mv "$2.less" "$2"
		done
	fi
}

# compare FILE NAME
compare()
{
	without_twice "$1" "$work/rest"
	[ -s "$work/twice" ] && explain_twice "$1" | awk -v file="$2" -f "$here/tcp-twice.awk" "$work/twice" - >>"$found"
	"$dump" "$work/rest" >"$work/ours" 2>/dev/null
	ask_tshark "$work/rest" >"$work/theirs"
	awk -v file="$2" -f "$here/tcp-compare.awk" "$work/ours" "$work/theirs" again=1 "$work/theirs" \
		>>"$found"
}
