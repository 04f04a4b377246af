#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packet by packet against tshark: addresses, ports, protocol, TTL, VLAN, TCP fields and payload length of the
# innermost conversation, for every capture that truth.tsv calls ok. Captures whose packets differ for
# a known reason are in packet-differences.tsv with the number of packets a column differs in.
# Takes longer than `make check` may: `make check-long`.
set -u

dump=$top_builddir/tests/decode/decode_dump
table=$top_srcdir/tests/decode/packet-differences.tsv

if [ -z "${FLOWDRILL_CAPTURES-}" ] || ! [ -r "$FLOWDRILL_CAPTURES/truth.tsv" ]; then
	echo "skipped: FLOWDRILL_CAPTURES names no folder of captures with truth.tsv"
	exit 77
fi
command -v tshark >/dev/null || { echo "skipped: no tshark"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Nothing is put together again, so that a packet says what it says alone.
ask_tshark()
{
	tshark -n -r "$1" -o ip.defragment:FALSE -o ipv6.defragment:FALSE \
		-o tcp.desegment_tcp_streams:FALSE -T fields -E occurrence=a -E 'aggregator=|' \
		-e frame.number -e frame.protocols -e ip.src -e ip.dst -e ipv6.src -e ipv6.dst \
		-e tcp.srcport -e tcp.dstport -e udp.srcport -e udp.dstport -e sctp.srcport \
		-e sctp.dstport -e ip.ttl -e ipv6.hlim -e vlan.id -e tcp.flags -e tcp.seq_raw \
		-e tcp.ack_raw -e tcp.len -e udp.length -e icmp.type -e icmpv6.type \
		-e tcp.window_size_value -e eth.src -e eth.dst 2>/dev/null
}

cat >"$work/compare.awk" <<'AWK'
# First file: decode_dump's lines; second: tshark's. Prints COLUMN and number of packets that differ.
function pick(text, index_, parts, n) {
	n = split(text, parts, "|")
	return index_ >= 1 && index_ <= n ? parts[index_] : ""
}
function hex3(text, i, c, v) {
	v = 0
	text = tolower(substr(text, 3))
	for (i = 1; i <= length(text); i++) {
		c = index("0123456789abcdef", substr(text, i, 1)) - 1
		v = v * 16 + c
	}
	return sprintf("0x%03x", v % 512)
}
function last(text, parts, n) {
	n = split(text, parts, "|")
	return n ? parts[n] : ""
}
function check(name, want, got) {
	if (want != got) {
		differ[name]++
		if (!(name in first))
			first[name] = $1 ": " got " for " want
	}
}
function is_error(type6, type4) {
	if (layer == "icmp")
		return type4 == 3 || type4 == 4 || type4 == 5 || type4 == 11 || type4 == 12
	return type6 != "" && type6 >= 1 && type6 <= 4
}
FNR == NR { for (i = 2; i <= 15; i++) ours[FNR, i] = $i; packets = FNR; next }
{
	split("", count)
	ip = transport = ""
	n = split($2, layers, ":")
	for (k = 1; k <= n; k++) {
		layer = layers[k]
		count[layer]++
		if (layer == "ip" || layer == "ipv6")
			ip = transport = layer
		if (layer == "tcp" || layer == "udp" || layer == "sctp" || layer == "icmp" ||
		    layer == "icmpv6" || layer == "igmp")
			transport = layer
		if (layer == "gre")
			transport = layer
		# what an error quotes counts for nothing
		if ((layer == "icmp" || layer == "icmpv6") && is_error(pick($22, 1), pick($21, 1)))
			break
	}
	if (ip == "ip") {
		check("src", pick($3, count["ip"]), ours[FNR, 2])
		check("dst", pick($4, count["ip"]), ours[FNR, 3])
		check("ttl", pick($13, count["ip"]), ours[FNR, 7])
	} else if (ip == "ipv6") {
		check("src", pick($5, count["ipv6"]), ours[FNR, 2])
		check("dst", pick($6, count["ipv6"]), ours[FNR, 3])
		check("ttl", pick($14, count["ipv6"]), ours[FNR, 7])
	} else if ($24 != "") {
		check("src", last($24), ours[FNR, 2])
		check("dst", last($25), ours[FNR, 3])
	}
	vlan = $15
	gsub(/\|/, ".", vlan)
	check("vlan", vlan, ours[FNR, 8])
	if (transport == "tcp") {
		c = count["tcp"]
		check("proto", "tcp", ours[FNR, 6])
		check("src_port", pick($7, c), ours[FNR, 4])
		check("dst_port", pick($8, c), ours[FNR, 5])
		check("flags", hex3(pick($16, c)), ours[FNR, 9])
		check("seq", pick($17, c), ours[FNR, 10])
		check("ack", pick($18, c), ours[FNR, 11])
		check("window", pick($23, c), ours[FNR, 12])
		check("payload_len", pick($19, c), ours[FNR, 13])
	} else if (transport == "udp") {
		c = count["udp"]
		check("proto", "udp", ours[FNR, 6])
		check("src_port", pick($9, c), ours[FNR, 4])
		check("dst_port", pick($10, c), ours[FNR, 5])
		check("payload_len", pick($20, c) - 8, ours[FNR, 13])
	} else if (transport == "sctp") {
		check("src_port", pick($11, count["sctp"]), ours[FNR, 4])
		check("dst_port", pick($12, count["sctp"]), ours[FNR, 5])
	} else {
		if (transport == "icmp" || transport == "igmp")
			check("proto", transport, ours[FNR, 6])
		if (transport == "icmpv6")
			check("proto", "icmp6", ours[FNR, 6])
		check("src_port", "", ours[FNR, 4])
		check("dst_port", "", ours[FNR, 5])
	}
}
END {
	if (FNR != packets)
		print file "\tpackets\t" packets
	for (name in differ)
		print file "\t" name "\t" differ[name] "\t" first[name]
}
AWK

: >"$work/found"
files=0
total=0
while IFS=$'\t' read -r file status _ _ _ packets _; do
	[ "$status" = ok ] && [ "$packets" -gt 0 ] || continue
	"$dump" "$FLOWDRILL_CAPTURES/$file" >"$work/ours" 2>/dev/null
	ask_tshark "$FLOWDRILL_CAPTURES/$file" >"$work/theirs"
	awk -F '\t' -v file="$file" -f "$work/compare.awk" "$work/ours" "$work/theirs" >>"$work/found"
	files=$((files + 1))
	total=$((total + packets))
done <"$FLOWDRILL_CAPTURES/truth.tsv"

bad=0
grep -v '^#' "$table" | cut -f 1-3 | sort >"$work/known"
cut -f 1-3 "$work/found" | sort >"$work/sorted"
if ! diff "$work/known" "$work/sorted" >"$work/diff"; then
	echo "differences from tshark ('<' in packet-differences.tsv, '>' found):"
	grep '^[<>]' "$work/diff"
	echo "the first packet of each:"
	cat "$work/found"
	bad=1
fi
echo "$files captures, $total packets"
exit $bad
