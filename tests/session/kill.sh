#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at random moments of an import and of indexing in place: what is left opens without help,
# is sound, and its packets are the first of the input, byte for byte; then the work is done again.
# KILL_ROUNDS rounds (10), delays from KILL_SEED (1).
. "$top_srcdir/tests/session/kill-lib.sh"
rounds=${KILL_ROUNDS-10}
seed=${KILL_SEED-1}
RANDOM=$seed
killed=0
unmade=0

"$top_builddir/bench/flowdrill-gen" -o in.pcap --packets "${KILL_PACKETS-20000}" --seed 7 \
	--format pcap-ns || exit 99
"$tool" print in.pcap >want.txt
count=$(wc -l <want.txt)

# kill_within US ARG...: flowdrill, killed after so many microseconds or ended before.
kill_within()
{
	local us=$1 status=0 pid
	shift
	"$FLOWDRILL" "$@" >out 2>err </dev/null &
	pid=$!
	sleep_us "$us"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null || status=$?
	ended=0
	case $status in
	137) killed=$((killed + 1)) ;;
	0) ended=$us ;;
	*) fail "flowdrill $*: exit status $status"; sed 's/^/  err: /' err ;;
	esac
}

# is_prefix FILE: its lines are the first of want.txt.
is_prefix()
{
	local n
	n=$(wc -l <"$1")
	head -n "$n" want.txt >prefix.txt
	same prefix.txt "$1" "the packets after a kill"
}

# A store that was not made whole has no packets, and says so.
store_after_kill()
{
	local n
	if [ ! -e k.fdr/blocks ]; then
		unmade=$((unmade + 1))
		opens 3 check -s k.fdr
		return
	fi
	# whichever comes first recovers
	[ $((round % 3)) -eq 0 ] || opens 0 stats -s k.fdr
	opens 0 check -s k.fdr
	packets_of k.fdr >got.txt
	n=$(wc -l <got.txt)
	prints " $n packets, 0 problems"
	is_prefix got.txt
	fd 0 list packets -s k.fdr --format csv --fields frame
	tail -n +2 out >frames.txt
	seq "$n" >prefix.txt
	same prefix.txt frames.txt "frame numbers after a kill"
}

# The same input once more: what was there, and all of it again.
import_again()
{
	local n=0 all
	# a block that was cut is read up to its last whole packet
	[ ! -e k.fdr/blocks ] || n=$(packets_of k.fdr 2>/dev/null | wc -l)
	fd 0 import -s k.fdr in.pcap
	packets_of k.fdr >got.txt
	all=$(wc -l <got.txt)
	[ "$all" -ge "$count" ] || fail "$all packets after another import"
	head -n $((all - count)) want.txt >again.txt
	cat want.txt >>again.txt
	same again.txt got.txt "a killed import and another"
	[ $((all - count)) -le "$n" ] || fail "packets out of nowhere: $((all - count)) of $n"
	fd 0 check -s k.fdr
	prints " $all packets, 0 problems"
	fd 0 list packets -s k.fdr --format csv --fields frame
	tail -n +2 out >frames.txt
	seq "$all" >prefix.txt
	same prefix.txt frames.txt "frame numbers after another import"
}

import_round()
{
	rm -rf k.fdr
	kill_within "$1" import -s k.fdr --block-size 1Mi in.pcap
	# the machine was slow when the time was taken
	[ "$ended" -eq 0 ] || import_us=$ended
	# every second time the next import has to mend what is there
	if [ $((round % 2)) -eq 0 ]; then
		store_after_kill
	fi
	import_again
}

# Whatever was indexed is gone on with: the answer is that of an index made in one go.
in_place_round()
{
	rm -rf cache
	kill_within "$1" list macroflows -r in.pcap --format csv
	[ "$ended" -eq 0 ] || index_us=$ended
	opens 0 list macroflows -r in.pcap --format csv
	same macroflows.csv out "the index after a kill"
}

# How long each takes when nobody kills it.
began=$(now_us)
fd 0 import -s whole.fdr --block-size 1Mi in.pcap
import_us=$(($(now_us) - began))
packets_of whole.fdr >got.txt
same want.txt got.txt "an import that was left alone"
began=$(now_us)
fd 0 list macroflows -r in.pcap --format csv
index_us=$(($(now_us) - began))
mv out macroflows.csv

for ((round = 1; round <= rounds || (killed == 0 && round <= 10 * rounds); round++)); do
	part=$((RANDOM % 950))
	before=$failures
	import_round $((import_us * part / 1000))
	in_place_round $((index_us * part / 1000))
	[ "$failures" -eq "$before" ] ||
		echo "round $round, KILL_SEED=$seed: killed after $part/1000 of $import_us and $index_us us"
done
echo "$((round - 1)) rounds, $killed killed, $unmade before there was a store"
[ "$killed" -gt 0 ] || fail "nothing was killed in time"
done_testing
