#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes samples/shop.pcapng: a small web shop of real programs in network namespaces, captured
# at five places. README.md tells what comes out. Needs root, Linux, and on Debian:
#   haproxy postgresql redis-server dnsmasq-base python3 python3-psycopg2 python3-redis
#   tcpdump curl iproute2 iputils-ping ethtool
#
# usage: make-shop.sh [--now] [--seconds N] OUT.pcapng
# It waits for 3.5 minutes before a full quarter of an hour, so that the capture crosses one;
# --now begins at once.
set -eu

here=$(cd "$(dirname "$0")/make" && pwd)
seconds=550 # of capture
slow_at=350 # the report takes its locks
slow_for=65
restart_at=465 # web2 restarts
wait_for_quarter=1
while [ $# -gt 1 ]; do
	case $1 in
	--now) wait_for_quarter= ;;
	--seconds) # a shorter try
		seconds=$2
		slow_at=$((seconds * 5 / 11)) slow_for=$((seconds / 5)) restart_at=$((seconds * 8 / 11))
		shift ;;
	*) echo "make-shop.sh: unknown option $1" >&2; exit 2 ;;
	esac
	shift
done
[ $# -eq 1 ] || { sed -n '3,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$1

tmp=$(mktemp -d)
chmod 755 "$tmp"
pg=$(printf '%s\n' /usr/lib/postgresql/*/bin | tail -1)
prefix=fdshop
pids=()
captures=()

in_ns()
{
	local ns=$1
	shift
	ip netns exec "$prefix-$ns" "$@"
}

# spawn NS COMMAND...: in the background, ended when the script ends
spawn()
{
	local ns=$1
	shift
	ip netns exec "$prefix-$ns" "$@" >>"$tmp/$ns.log" 2>&1 &
	pids+=($!)
}

cleanup()
{
	kill "${pids[@]}" "${captures[@]}" 2>/dev/null || true
	[ ! -d "$tmp/pg" ] ||
		su postgres -c "$pg/pg_ctl -D $tmp/pg -m immediate stop" >/dev/null 2>&1 || true
	sleep 0.5
	for ns in $(ip netns list | awk -v p="^$prefix-" '$1 ~ p { print $1 }'); do
		ip netns del "$ns"
		rm -rf "/etc/netns/$ns"
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# ---- the network ----------------------------------------------------------------

# No segmentation in the network card, no checksums left to it: the frames are what a wire sees.
plain_frames()
{
	in_ns "$1" ethtool -K "$2" tso off gso off gro off tx off >/dev/null 2>&1
}

# cable NS1 IF1 NS2 IF2
cable()
{
	ip -n "$prefix-$1" link add "$2" type veth peer name "$4" netns "$prefix-$3"
	plain_frames "$1" "$2"
	plain_frames "$3" "$4"
	ip -n "$prefix-$1" link set "$2" up
	ip -n "$prefix-$3" link set "$4" up
}

# host NS SWITCH ADDRESS4 ADDRESS6 GATEWAY4 GATEWAY6
host()
{
	ip netns add "$prefix-$1"
	ip -n "$prefix-$1" link set lo up
	cable "$1" eth0 "$2" "to-$1"
	ip -n "$prefix-$2" link set "to-$1" master br0
	ip -n "$prefix-$1" addr add "$3" dev eth0
	ip -n "$prefix-$1" addr add "$4" dev eth0 nodad
	ip -n "$prefix-$1" route add default via "$5"
	ip -n "$prefix-$1" route add default via "$6"
	mkdir -p "/etc/netns/$prefix-$1"
	echo "nameserver 10.0.0.53" >"/etc/netns/$prefix-$1/resolv.conf"
}

bridge()
{
	ip netns add "$prefix-$1"
	ip -n "$prefix-$1" link add br0 type bridge
	ip -n "$prefix-$1" link set br0 up
}

# router_port IF ADDRESS4 ADDRESS6
router_port()
{
	ip -n "$prefix-edge" addr add "$2" dev "$1"
	ip -n "$prefix-edge" addr add "$3" dev "$1" nodad
}

build_network()
{
	bridge office  # clients, untagged
	bridge branch  # clients in VLAN 30
	bridge servers
	ip netns add $prefix-edge
	ip netns add $prefix-wire
	in_ns edge sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	# nobody in this namespace speaks; it only forwards
	in_ns wire sysctl -q net.ipv6.conf.default.disable_ipv6=1
	cable wire office office uplink
	cable wire branch branch uplink
	cable wire trunk0 wire trunk1
	cable wire r-office edge office
	cable wire r-branch edge branch
	cable wire r-servers edge servers
	cable wire servers servers uplink
	for ns in office branch servers; do
		ip -n $prefix-$ns link set uplink master br0
	done
	router_port office 10.1.0.1/16 2001:db8:1::1/64
	router_port branch 10.30.0.1/24 2001:db8:30::1/64
	router_port servers 10.0.0.1/22 2001:db8::1/64

	# the trunk between switch and router carries the branch tagged; then 9 to 11 ms each
	# way, and a packet in 250 is lost
	spawn wire python3 "$here/wire.py" \
		office:trunk0 branch:trunk0.30 trunk0:office trunk0.30:branch \
		trunk1:r-office trunk1.30:r-branch r-office:trunk1 r-branch:trunk1.30 \
		r-servers:servers:9:2:0.4 servers:r-servers:9:2:0.4

	host lb servers 10.0.0.5/22 2001:db8::5/64 10.0.0.1 2001:db8::1
	host web1 servers 10.0.1.11/22 2001:db8::1:11/64 10.0.0.1 2001:db8::1
	host web2 servers 10.0.1.12/22 2001:db8::1:12/64 10.0.0.1 2001:db8::1
	host db servers 10.0.3.4/22 2001:db8::3:4/64 10.0.0.1 2001:db8::1
	host cache servers 10.0.3.5/22 2001:db8::3:5/64 10.0.0.1 2001:db8::1
	host dns servers 10.0.0.53/22 2001:db8::53/64 10.0.0.1 2001:db8::1
	for i in 3 4 7; do
		host c$i office 10.1.2.$i/16 2001:db8:1::2:$i/64 10.1.0.1 2001:db8:1::1
	done
	for i in 8 9; do
		host c$i office 10.1.2.$i/16 2001:db8:1::2:$i/64 10.1.0.1 2001:db8:1::1
		echo "nameserver 2001:db8::53" >/etc/netns/$prefix-c$i/resolv.conf
	done
	for i in 21 22; do
		host c$i branch 10.30.0.$i/24 2001:db8:30::$i/64 10.30.0.1 2001:db8:30::1
	done
	host ops branch 10.30.0.9/24 2001:db8:30::9/64 10.30.0.1 2001:db8:30::1
}

# ---- the servers ----------------------------------------------------------------

start_database()
{
	mkdir "$tmp/pg"
	chown postgres "$tmp/pg"
	su postgres -c "$pg/initdb -D $tmp/pg -A trust" >/dev/null
	printf 'host all all %s trust\n' 10.0.0.0/8 2001:db8::/32 >>"$tmp/pg/pg_hba.conf"
	in_ns db su postgres -c "$pg/pg_ctl -D $tmp/pg -w -l $tmp/pg/log -o '-k $tmp/pg \
		-c listen_addresses=10.0.3.4,2001:db8::3:4 -c ssl=off -c fsync=off' start" >/dev/null
	in_ns db su postgres -c "psql -q -h $tmp/pg" <<-'SQL'
		CREATE ROLE shop LOGIN;
		CREATE DATABASE shop OWNER shop;
		\c shop shop
		CREATE TABLE items (id serial PRIMARY KEY, name text, price numeric(8, 2),
			stock int, sold int);
		INSERT INTO items (name, price, stock, sold)
			SELECT md5(i::text), 1 + i * 37 % 9900 / 100.0, 500, i * 7 % 90
			FROM generate_series(1, 400) i;
		CREATE TABLE orders (id serial PRIMARY KEY, session text, things int[], address text,
			at timestamptz DEFAULT now());
	SQL
}

start_web2()
{
	spawn web2 /usr/bin/python3 "$here/shop-app.py" web2 2001:db8::3:4 10.0.3.5 fresh
	web2=$!
}

start_servers()
{
	start_database
	spawn cache redis-server --bind 10.0.3.5 --protected-mode no --save '' --dir "$tmp"
	spawn dns dnsmasq -k -C /dev/null -R -h -p 53 --pid-file= --user=root \
		--host-record=www.shop.example,10.0.0.5,2001:db8::5
	spawn web1 /usr/bin/python3 "$here/shop-app.py" web1 10.0.3.4 10.0.3.5 pooled
	start_web2
	spawn lb haproxy -db -f "$here/shop-haproxy.cfg"
}

# ---- what happens ---------------------------------------------------------------

# capture POINT NAMESPACE INTERFACE
capture()
{
	ip netns exec "$prefix-$2" tcpdump -Z root -i "$3" -nn -s 65535 --nano -B 8192 -w "$tmp/$1.pcap" \
		2>"$tmp/$1.pcap.log" &
	captures+=($!)
}

start_captures()
{
	capture client wire trunk0
	capture lb lb eth0
	capture web1 web1 eth0
	capture web2 web2 eth0
	capture db db eth0
	sleep 2
}

start_visitors()
{
	local until=$1 v="$here/shop-visitor.py"

	spawn c3 /usr/bin/python3 "$v" 3 inet keep "$until"
	spawn c4 /usr/bin/python3 "$v" 4 inet curl "$until"
	spawn c7 /usr/bin/python3 "$v" 7 inet keep "$until"
	spawn c8 /usr/bin/python3 "$v" 8 inet6 keep "$until"
	spawn c9 /usr/bin/python3 "$v" 9 inet6 curl "$until"
	spawn c21 /usr/bin/python3 "$v" 21 inet keep "$until"
	spawn c22 /usr/bin/python3 "$v" 22 inet6 curl "$until"
}

# the people who run it look whether it is there: ping, and SNMP that nobody answers
watch_over()
{
	while sleep 55; do
		in_ns ops ping -n -q -c 3 10.0.0.5
		in_ns ops ping -n -q -c 3 2001:db8::5
		in_ns ops bash -c 'printf "\x30\x26\x02\x01\x01" >/dev/udp/10.0.1.11/161'
	done >/dev/null 2>&1
}

# the story: a report locks the table, again and again
run_report()
{
	local end=$((SECONDS + slow_for)) i=0

	while [ $SECONDS -lt $end ]; do
		i=$((i + 1))
		echo "BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE;"
		echo "SELECT sum(stock * price) AS report_$i, pg_sleep(3 + random() * 2.5) FROM items WHERE id = 1;"
		echo "SELECT sum(stock * price), sum(sold) FROM items; COMMIT;"
		echo "SELECT pg_sleep(1.2);"
		sleep 5
	done | in_ns ops env PGAPPNAME=stock-report PGSSLMODE=disable PGGSSENCMODE=disable \
		"$pg/psql" -q -h 10.0.3.4 -U shop shop >/dev/null
}

# wait_until SECOND of the capture
wait_until()
{
	local left=$(($1 - (SECONDS - began)))

	[ $left -le 0 ] || sleep $left
}

run()
{
	began=$SECONDS
	start_visitors $(($(date +%s) + seconds - 8))
	watch_over &
	pids+=($!)
	wait_until $slow_at
	run_report
	wait_until $restart_at
	kill "$web2"
	sleep 14
	start_web2
	wait_until "$seconds"
}

hosts=()
for name in 10.0.0.5=lb 10.0.1.11=web1 10.0.1.12=web2 10.0.3.4=db 10.0.3.5=cache 10.0.0.53=dns \
	10.0.0.1=edge 10.1.0.1=edge 10.30.0.1=edge 10.30.0.9=ops 2001:db8::5=lb \
	2001:db8::1:11=web1 2001:db8::1:12=web2 2001:db8::3:4=db 2001:db8::3:5=cache \
	2001:db8::53=dns; do
	hosts+=(--host "$name")
done

build_network
start_servers
sleep 3
if [ -n "$wait_for_quarter" ]; then
	# 11.5 minutes after a quarter, less what starting the captures takes
	sleep $(((900 + 690 - 2 - $(date +%s) % 900) % 900))
fi
start_captures
run
kill "${captures[@]}"
wait "${captures[@]}" || true
python3 "$here/merge.py" -o "$out" \
	--title "A web shop seen at five places; made by samples/make-shop.sh" \
	"${hosts[@]}" \
	--mark "LOCK TABLE=the stock report takes its first lock" \
	"client=$tmp/client.pcap=trunk between the clients' switch and the router" \
	"lb=$tmp/lb.pcap=load balancer" "web1=$tmp/web1.pcap=web server 1" \
	"web2=$tmp/web2.pcap=web server 2" "db=$tmp/db.pcap=database server"
