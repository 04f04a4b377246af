#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Live capture from real interfaces of a network namespace of its own: every frame is counted, whatever happens to
# the interface, and under a flood received = delivered + refused + dropped, exactly.
set -u
tools=$top_builddir/tests/capture
floods=${LIVE_FLOODS-3}
flood_frames=${LIVE_FLOOD_FRAMES-300000}

. "$top_srcdir/tests/network.sh"
own_network -nm -Urnm
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"; jobs -p | xargs -r kill 2>/dev/null' EXIT
cd "$scratch" || exit 99
own_sysfs
failures=0 checks=0

fail()
{
	echo "FAIL: $*"
	sed 's/^/  /' out 2>/dev/null
	failures=$((failures + 1))
}

wait_for()   # PATTERN: until ./out has it
{
	wait_until 10 grep -q -e "$1" out || fail "no '$1'"
}

up_again()   # ./out says so behind 'state down'
{
	sed '1,/state down/d' out | grep -q 'state up'
}

begin()   # ARG...: live-tool in the background, opened
{
	: >out   # else what the one before said is taken for this one's
	"$tools/live-tool" "$@" >out 2>&1 &
	capture=$!
	wait_for '^open\|^failed'
}

finish()   # ends it; what it says at the end is in its words
{
	kill -TERM "$capture" 2>/dev/null
	wait "$capture" || fail "live-tool ended with $?"
	ends='' received='' delivered='' refused='' dropped='' exact='' bytes='' wire_bytes='' disorder=''
	local word
	for word in $(grep '^end ' out); do
		[[ $word == *=* ]] && declare -g "$word"
	done
	checks=$((checks + 1))
	[ "$exact" = 1 ] || fail "received $received, delivered $delivered, refused $refused, dropped $dropped"
}

is()   # WHAT GOT WANT
{
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}

flood()
{
	"$tools/flood-tool" "$@" >sent || fail "flood-tool $*"
	frames_arrived
}

ip link set lo up || { echo "no loopback interface here"; exit 77; }
veth_pair v0 v1 || exit 99

# ---- every frame, once, in order ------------------------------------------------------------
begin v1
grep -q 'ring=TPACKET_V3' out || fail "no TPACKET_V3"
grep -q "linktype=1 snaplen=262144 tsresol=9 .* mac=1 .*note=''" out || fail "open says otherwise"
flood v0 20000 100 0
flood v1 1000 1514 0
finish
is "frames over veth" "$delivered" 21000
is "their bytes" "$bytes" $((20000 * 100 + 1000 * 1514))
is "out of order" "$disorder" 0

# what leaves through lo comes in again: one of the two is kept, the other one in no count
begin lo
flood lo 20000 100 0
finish
is "frames over lo" "$delivered" 20000
is "received over lo" "$received" 20000

begin -s 64 v1
flood v0 1000 1000 0
finish
is "bytes kept" "$bytes" 64000
is "bytes on the wire" "$wire_bytes" 1000000

# opening alone needs a privilege; what ends the taking loses no frame
begin -c -x 7 v1
flood v0 10000 100 0
finish
is "frames without capabilities" "$delivered" 10000
is "ends of the taking" "$ends" 1428

# ---- filters -----------------------------------------------------------------------------------
begin -f 'udp src port 20003' v1
flood v0 1000 100 0 10
finish
is "frames that pass" "$received" 100
# a filter beyond what is kept of a frame
begin -s 40 -f 'udp[500] = 0x55' v1
flood v0 1000 1000 0
finish
is "frames that pass by a byte not kept" "$delivered" 1000
begin -f 'tcp' lo
flood lo 1000 100 0
finish
is "frames refused" "$received" 0
"$tools/live-tool" -f 'udp and (' v1 >out && fail "a bad filter is taken"
grep -q 'failed RC_SYNTAX udp and (' out || fail "a bad filter is not named"
"$tools/live-tool" none0 >out && fail "an interface that is not there is opened"
grep -q '^failed RC_MISSING none0' out || fail "an interface that is not there is not named"

# ---- any ------------------------------------------------------------------------------------------
begin -f 'udp dst port 9999' any
grep -q 'name=any linktype=276 ' out || fail "any has another link type"
flood v0 1000 100 0
flood lo 500 100 0
finish
is "frames on any" "$delivered" 2500   # those over veth go out and come in
begin -f 'ip src 10.99.0.1 and inbound' any
flood v0 1000 100 0
finish
is "inbound on any" "$delivered" 1000

# ---- at once ----------------------------------------------------------------------------------------
begin -i -p v1
grep -q "ring=TPACKET_V2 .*note='every frame at once: the ring is TPACKET_V2" out || fail "no note on -i"
flood v0 2000 100 20000
finish
is "frames at once" "$delivered" 2000

# ---- interfaces come and go ----------------------------------------------------------------------
begin v1
wait_for 'state up'
flood v0 1000 100 0
ip link set v1 down
wait_for 'state down'
ip link set v1 up
wait_until 10 up_again || fail "no second 'state up'"
flood v0 1000 100 0
finish
is "frames before and after it was down" "$delivered" 2000

ip link set v1 down
"$tools/live-tool" v1 >out && fail "an interface that is down is opened"
grep -q 'failed RC_IO v1: the interface is down' out || fail "an interface that is down is not named"
ip link set v1 up

# renamed while it is down: still the same one
begin v1
flood v0 1000 100 0
ip link set v1 down
wait_for 'state down'
ip link set v1 name w1
ip link set w1 up
wait_until 10 up_again || fail "no second 'state up'"
flood v0 1000 100 0
finish
is "frames before and after the renaming" "$delivered" 2000
ip link set w1 down
ip link set w1 name v1
ip link set v1 up

# gone, and another one of its name
begin v1
flood v0 1000 100 0
ip link del v1
veth_pair v0 v1 || fail "cannot make the interfaces anew"
flood v0 1000 100 0
wait_for '^end'
grep -q 'state gone' out || fail "gone is not told"
finish
is "frames of the interface that is gone" "$delivered" 1000

# ---- more than can be taken ---------------------------------------------------------------------
lost=0
for round in $(seq "$floods"); do
	# one block for the ring, and a reader that sleeps; every third one with frames one by one
	args=(-b 262144 -d $((round * 500)))
	[ $((round % 3)) = 0 ] && args+=(-i)
	"$tools/flood-tool" v0 "$flood_frames" $((60 + round * 40)) 0 >sent &
	flooder=$!
	begin "${args[@]}" v1   # opened in the middle of it
	wait "$flooder"
	finish
	echo "flood $round: received $received delivered $delivered dropped $dropped"
	lost=$((lost + dropped))

	begin "${args[@]}" v1   # closed in the middle of it
	"$tools/flood-tool" v0 "$flood_frames" 100 0 >sent &
	flooder=$!
	sleep 0.3
	finish
	wait "$flooder"
	echo "flood $round, cut: received $received delivered $delivered dropped $dropped"
done
# the whole flood is received, if it begins after and ends before
begin -b 262144 -d 1000 v1
flood v0 "$flood_frames" 60 0
finish
is "received in a flood" "$received" "$flood_frames"
[ $((lost + dropped)) -gt 0 ] || fail "nothing was dropped: that was no overload"

echo "$checks checks, $failures failures"
[ "$failures" = 0 ]
