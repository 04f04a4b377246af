#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at random moments of a recording under --max-size, with segments of 10 ms that are merged, every second time once more
# while a recorder starts again in the same store: what is left opens without help and is sound; its packets are those that were sent, byte
# for byte, from where eviction got to without a gap, to no less than what the recorder had reported stored.
# KILL_ROUNDS rounds (3), delays from KILL_SEED (1).
. "$top_srcdir/tests/network.sh"
own_network
. "$top_srcdir/tests/session/kill-lib.sh"
rounds=${KILL_ROUNDS-3}
seed=${KILL_SEED-1}
RANDOM=$seed
killed=0
again=0
evictions=0
reported=0

recorder=
cleanup()
{
	[ -z "$recorder" ] || kill -KILL "$recorder" 2>/dev/null
	rm -rf "$scratch"
}
trap cleanup EXIT
own_sysfs
veth_pair w0 w1 || exit 99

# 25 minutes in a second
"$top_builddir/bench/flowdrill-gen" -o in.pcap --packets 20000 --seed 7 --format pcap-ns || exit 99
chmod 711 "$scratch"
store=$scratch/live/k.fdr

# Lengths and bytes of packets: they were sent at another time.
bytes_only()
{
	awk '{ print $(NF - 2), $(NF - 1), $NF }'
}
"$tool" print in.pcap | bytes_only >want.txt

start()
{
	"$FLOWDRILL" capture -s "$store" -i w1 --max-size 6M --block-size 1Mi --sync-interval 10ms \
		2>>report &
	recorder=$!
}

die()
{
	kill -KILL "$recorder" 2>/dev/null && killed=$((killed + 1))
	wait "$recorder" 2>/dev/null
	recorder=
}

# Asked, it says that it has stored something.
has_stored()
{
	kill -USR1 "$recorder" 2>/dev/null
	grep -q '^flowdrill: w1: .* [1-9][0-9]* stored,' report
}

# A recorder that takes packets asks to be killed: at any moment, but for the last one, which has stored something.
record_and_kill()
{
	local sender until
	rm -rf live report
	mkdir live
	: >report
	start
	wait_until 20 grep -q ': recording$' report || fail "no recorder: $(cat report)"
	"$top_builddir/tests/session/replay-tool" w0 1500 <in.pcap >sent &
	sender=$!
	until=$(($(now_us) + $1))
	while [ "$(now_us)" -lt "$until" ]; do
		kill -USR1 "$recorder" 2>/dev/null
		sleep 0.03
	done
	[ "$round" -lt "$rounds" ] || wait_until 20 has_stored || fail "nothing was stored: $(cat report)"
	die
	kill "$sender" 2>/dev/null
	wait "$sender" 2>/dev/null
}

kill_while_starting()
{
	start
	sleep_us "$1"
	die
	again=$((again + 1))
}

# What the last whole line says of "N WORD".
said()
{
	sed -n "s/^flowdrill: w1: .*\<\([0-9]*\) $1,.*/\1/p" report | tail -n 1
}

verify()
{
	local n gone stored dropped
	if [ ! -e "$store/blocks" ]; then
		opens 3 check -s "$store"
		return
	fi
	opens 0 check -s "$store"
	packets_of "$store" | bytes_only >got.txt
	n=$(wc -l <got.txt)
	prints " $n packets, 0 problems"
	opens 0 stats -s "$store" --format json
	gone=$(grep -o '"evicted_packets":[0-9]*' out)
	gone=${gone#*:}          # not said where nothing was evicted
	gone=${gone:-0}
	stored=$(said stored)
	reported=$((reported + ${stored:-0}))
	[ "$gone" -eq 0 ] || evictions=$((evictions + 1))
	[ $((gone + n)) -ge "${stored:-0}" ] || fail "$stored packets were stored, there are $gone + $n"
	dropped=$(said dropped)
	[ "${dropped:-0}" -eq 0 ] || { echo "the kernel dropped packets: gaps are not looked for"; return; }
	tail -n +$((gone + 1)) want.txt | head -n "$n" >part.txt
	same part.txt got.txt "the packets after a kill"
}

for ((round = 1; round <= rounds; round++)); do
	part=$((RANDOM % 1300))
	before=$failures
	record_and_kill $((part * 1000))
	[ $((round % 2)) -eq 0 ] || kill_while_starting $((RANDOM % 400 * 1000))
	verify
	[ "$failures" -eq "$before" ] || echo "round $round, KILL_SEED=$seed: killed after $part ms"
done
echo "$rounds rounds, $killed killed, $again of them while starting again; $evictions stores with evicted blocks," \
	"$reported packets reported as stored"
[ "$killed" -gt 0 ] && [ "$reported" -gt 0 ] || fail "nothing was killed in time"
done_testing
