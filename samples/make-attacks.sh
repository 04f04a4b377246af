#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes samples/attacks.pcapng: a web server under scans, a flood and a slow client, each marked
# with a comment on its first packet. Everything happens between two network namespaces that are
# connected to nothing else. Needs root, Linux, and on Debian:
#   nmap hping3 slowhttptest nginx-light curl tcpdump iproute2 iputils-ping ethtool python3
#
# usage: make-attacks.sh OUT.pcapng
set -eu
[ $# -eq 1 ] || { sed -n '3,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")/make" && pwd)
out=$(realpath "$1")
tmp=$(mktemp -d)
chmod 755 "$tmp"
prefix=fdatk
server4=10.97.0.2
server6=2001:db8:97::2
pids=()
marks=()

cleanup()
{
	kill "${pids[@]}" 2>/dev/null || true
	sleep 0.3
	for ns in visitor server; do
		ip netns del $prefix-$ns 2>/dev/null || true
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

visitor()
{
	ip netns exec $prefix-visitor "$@"
}

server()
{
	ip netns exec $prefix-server "$@"
}

build_network()
{
	for ns in visitor server; do
		ip netns add $prefix-$ns
		ip -n $prefix-$ns link set lo up
	done
	ip -n $prefix-visitor link add eth0 type veth peer name eth0 netns $prefix-server
	for ns in visitor server; do
		ip netns exec $prefix-$ns ethtool -K eth0 tso off gso off gro off tx off \
			>/dev/null 2>&1
		ip -n $prefix-$ns link set eth0 up
	done
	ip -n $prefix-visitor addr add 10.97.0.1/24 dev eth0
	ip -n $prefix-visitor addr add 2001:db8:97::1/64 dev eth0 nodad
	ip -n $prefix-server addr add $server4/24 dev eth0
	ip -n $prefix-server addr add $server6/64 dev eth0 nodad
	# a network behind the server to sweep: four addresses of it answer
	ip -n $prefix-visitor route add 10.97.1.0/26 via $server4
	for i in 3 9 17 40; do
		ip -n $prefix-server addr add 10.97.1.$i/32 dev lo
	done
	ip -n $prefix-server route add unreachable 10.97.1.0/26
	server sysctl -q net.ipv4.ip_forward=1
	# where the answers to forged addresses go
	ip -n $prefix-server route add 198.18.0.0/15 via 10.97.0.1
}

start_server()
{
	mkdir "$tmp/www"
	seq -f 'This is line %g of a page that is served to everybody who asks.' 20 \
		>"$tmp/www/index.html"
	cat >"$tmp/nginx.conf" <<-CONF
		worker_processes 1;
		daemon off;
		user root;
		pid $tmp/nginx.pid;
		error_log $tmp/nginx.log;
		events { worker_connections 96; }
		http {
			access_log off;
			server { listen 80; listen [::]:80; root $tmp/www; }
		}
	CONF
	ip netns exec $prefix-server nginx -e "$tmp/nginx.log" -c "$tmp/nginx.conf" &
	pids+=($!)
	sleep 1
}

# event COMMENT COMMAND...: mark it, do it for at most 25 seconds, have some quiet
event()
{
	marks+=(--mark "@$(date +%s.%N)=$1")
	shift
	timeout 25 "$@" >/dev/null 2>&1 || true
	sleep 3
}

visits()
{
	for i in $(seq 12); do
		visitor curl -s -o "$tmp/page" "http://$server4/?visit=$i"
		visitor curl -s -o "$tmp/page" "http://[$server6]/?visit=$i"
		sleep 0.3
	done
}

# twenty forged senders, forty SYNs each
flood()
{
	for i in $(seq 20); do
		visitor hping3 -q -S -p 80 -a "198.18.7.$i" -i u1500 -c 40 $server4
	done
}
export -f visits flood visitor
export prefix server4 server6 tmp

build_network
start_server
ip netns exec $prefix-server tcpdump -Z root -i eth0 -nn -s 65535 --nano -B 8192 -w "$tmp/server.pcap" \
	2>"$tmp/server.pcap.log" &
capture=$!
sleep 1.5
event "ordinary visits" bash -c visits
event "ping sweep: nmap -sn -PE 10.97.1.0/26" \
	ip netns exec $prefix-visitor nmap -n -sn -PE -T4 10.97.1.0/26
event "SYN scan: nmap -sS, ports 1 to 400" \
	ip netns exec $prefix-visitor nmap -n -Pn -sS -T4 -p1-400 $server4
event "connect scan over IPv6: nmap -6 -sT, ports 1 to 150" \
	ip netns exec $prefix-visitor nmap -n -Pn -6 -sT -T4 -p1-150 $server6
event "UDP scan: nmap -sU, ports 50 to 90" \
	ip netns exec $prefix-visitor nmap -n -Pn -sU -T5 --max-retries 0 -p50-90 $server4
event "SYN flood from forged addresses: hping3" bash -c flood
event "slow headers (slowloris): slowhttptest" \
	ip netns exec $prefix-visitor slowhttptest -H -c 60 -r 30 -i 3 -l 14 -x 12 -u http://$server4/
event "ordinary visits again" bash -c visits
sleep 1
kill $capture
wait $capture || true
python3 "$here/merge.py" -o "$out" \
	--title "A web server under scans, a flood and a slow client; made by samples/make-attacks.sh" \
	--host 10.97.0.1=visitor --host $server4=server "${marks[@]}" \
	"server=$tmp/server.pcap=the server's interface"
