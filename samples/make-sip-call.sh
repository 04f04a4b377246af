#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes samples/sip-call.pcapng: two telephone calls over a bad line, seen at both ends. Needs
# root, Linux, and on Debian: sip-tester tcpdump iproute2 ethtool python3
#
# usage: make-sip-call.sh OUT.pcapng
set -eu
[ $# -eq 1 ] || { sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")/make" && pwd)
out=$(realpath "$1")
tmp=$(mktemp -d)
prefix=fdsip
pids=()

cleanup()
{
	kill "${pids[@]}" 2>/dev/null || true
	sleep 0.3
	for ns in caller callee wire; do
		ip netns del $prefix-$ns 2>/dev/null || true
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# side NAME ADDRESS: a telephone at one end of the wire
side()
{
	ip netns add "$prefix-$1"
	ip -n "$prefix-$1" link set lo up
	ip -n "$prefix-$1" link add eth0 type veth peer name "$1" netns $prefix-wire
	ip netns exec "$prefix-$1" ethtool -K eth0 tso off gso off gro off tx off >/dev/null 2>&1
	ip -n "$prefix-$1" addr add "$2/24" dev eth0
	ip -n "$prefix-$1" link set eth0 up
	ip -n $prefix-wire link set "$1" up
}

capture()
{
	ip netns exec "$prefix-$1" tcpdump -Z root -i eth0 -nn -s 65535 --nano \
		-w "$tmp/$1.pcap" 2>"$tmp/$1.pcap.log" &
	captures+=($!)
}

ip netns add $prefix-wire
ip netns exec $prefix-wire sysctl -q net.ipv6.conf.default.disable_ipv6=1
side caller 10.98.0.1
side callee 10.98.0.2
# 20 to 28 ms each way, two packets in a hundred lost
ip netns exec $prefix-wire python3 "$here/wire.py" --seed 3 \
	caller:callee:20:8:2 callee:caller:20:8:2 &
pids+=($!)
captures=()
capture caller
capture callee
sleep 1.5
cd "$tmp"
python3 "$here/tone.py" 6 tone.pcap
ip netns exec $prefix-callee sipp -sn uas -i 10.98.0.2 -mi 10.98.0.2 -rtp_echo -m 2 \
	-nostdin >/dev/null 2>&1 &
pids+=($!)
sleep 0.5
ip netns exec $prefix-caller timeout 60 sipp -sf "$here/sip-caller.xml" -i 10.98.0.1 \
	-mi 10.98.0.1 -m 2 -r 1 -rp 9000 -nostdin 10.98.0.2:5060 >/dev/null 2>&1
sleep 1
kill "${captures[@]}"
wait "${captures[@]}" || true
python3 "$here/merge.py" -o "$out" \
	--title "Two calls over a line that loses packets; made by samples/make-sip-call.sh" \
	--host 10.98.0.1=alice --host 10.98.0.2=bob \
	"caller=$tmp/caller.pcap=the calling telephone" \
	"callee=$tmp/callee.pcap=the called telephone"
