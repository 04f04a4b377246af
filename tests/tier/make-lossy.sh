#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Captures of the kernel's TCP over a wire that loses, delays, overtakes and doubles: client.pcap and server.pcap, taken at both ends,
# and twice.pcap, taken at both ports of a switch before the server at once, so that it has every frame two times.
# Needs root, ip, tcpdump, ethtool, python3.
#
# usage: make-lossy.sh FOLDER [SEED [ROUNDS]]
set -eu
out=$1 seed=${2-1} rounds=${3-2}
here=$(cd "$(dirname "$0")" && pwd)
wire=$here/../../samples/make/wire.py
prefix=fdlossy$$
pids=()

cleanup()
{
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
	wait 2>/dev/null || true
	for ns in client wire switch server; do
		ip netns del $prefix-$ns 2>/dev/null || true
	done
}
trap cleanup EXIT

# cable NS INTERFACE NS INTERFACE: frames on it are what a wire sees
cable()
{
	ip -n "$prefix-$1" link add "$2" type veth peer name "$4" netns "$prefix-$3"
	for end in "$1 $2" "$3 $4"; do
		ip netns exec "$prefix-${end% *}" ethtool -K "${end#* }" tx off tso off gso off gro off >/dev/null 2>&1
		ip -n "$prefix-${end% *}" link set "${end#* }" up
	done
}

# background NAME COMMAND...: in that namespace, until the end
background()
{
	local ns=$1

	shift
	ip netns exec "$prefix-$ns" "$@" >>"$out/log" 2>&1 &
	pids+=($!)
}

# wait_for TEXT COUNT: until the log has it so often
wait_for()
{
	for _ in $(seq 100); do
		[ "$(grep -c "$1" "$out/log")" -lt "$2" ] || return 0
		sleep 0.1
	done
	echo "make-lossy.sh: no '$1'" >&2
	cat "$out/log" >&2
	exit 1
}

: >"$out/log"
for ns in client wire switch server; do
	ip netns add "$prefix-$ns"
	ip netns exec "$prefix-$ns" sysctl -q net.ipv6.conf.default.disable_ipv6=1
done
cable client eth0 wire client
cable wire server switch uplink
cable switch server server eth0
ip -n $prefix-switch link add bridge type bridge
ip -n $prefix-switch link set uplink master bridge
ip -n $prefix-switch link set server master bridge
ip -n $prefix-switch link set bridge up
ip -n $prefix-client addr add 192.0.2.1/24 dev eth0
ip -n $prefix-server addr add 192.0.2.2/24 dev eth0
background wire python3 "$wire" --seed "$seed" client:server:10:2:1.5:1.5:0.5 server:client:10:2:1.5:1.5:0.5
background server python3 "$here/lossy-traffic.py" serve 192.0.2.2
captures=()
for capture in client:eth0 server:eth0 switch:any; do
	ns=${capture%:*} name=${capture%:*}
	[ "$ns" = switch ] && name=twice
	ip netns exec "$prefix-$ns" tcpdump -n -U --immediate-mode -s 2000 -B 16384 -i "${capture#*:}" -w "$out/$name.pcap" tcp >>"$out/log" 2>&1 &
	captures+=($!)
done
wait_for ready 1
wait_for 'listening on' 3
ip netns exec $prefix-client python3 "$here/lossy-traffic.py" ask 192.0.2.2 "$rounds"
sleep 1
kill -INT "${captures[@]}"
wait "${captures[@]}"
