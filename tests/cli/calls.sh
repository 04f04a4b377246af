#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Calls that sound bad: samples/sip-call.pcapng as it is, and with every sixth packet of its media left out. Health says why on every tier
# down to the microflow, and `e` goes there. Fields of media are shown of calls alone.
. "$top_srcdir/tests/cli/lib.sh"
call=$top_srcdir/samples/sip-call.pcapng

# The application of a call is known in every slice, not in the one in which it was recognised alone.
fd 1 list microflows -r "$call" 'rtp_packets > 0 and not app = "rtp"'
fd 0 list macroflows -r "$call" --fields app,health,why --format csv 'health >= degraded'
[ "$(sort out | uniq | grep -c '^rtp,degraded,"\?rtp-loss [0-9]* of 1200')" = 2 ] || fail "the losses of two points: $(cat out)"

fd 0 list packets -r "$call" 'proto = udp' --fields id,app --format csv
awk -F, 'NR > 1 && ($2 != "rtp" || ++n % 6 != 0) { print $1 }' out >ids
# shellcheck disable=SC2046
fd 0 export -r "$call" $(cat ids) -w worse.pcapng
for tier in macroflows flows microflows; do
	fd 0 list "$tier" -r worse.pcapng --fields id,app,health,why,mos_min --format csv 'why ~ "call"'
	prints '^[mfu][0-9.]*,rtp,faulty,"rtp-loss [0-9]* of [0-9]*, call [0-9]* of [0-9]*",'
	awk -F, 'NR > 1 && $NF >= 3.6 { print "MOS of " $0; bad = 1 } END { exit bad }' out || fail "a good call is called bad"
done
id=$(awk -F, 'NR == 2 { print $1 }' out)
# where `e` goes: the service, the call, its seconds
for keys in 'G E' 'Enter G E' 'Enter Enter g g e'; do
	fd 0 --keys "$keys" --size 200x24 worse.pcapng
	prints '^▸.* faulty .*rtp-loss' '^ faulty: rtp-loss [0-9]* of [0-9]*, call [0-9]* of [0-9]*'
done

# in the packets of a call: what comes behind a gap
fd 0 list packets -r worse.pcapng 'rtp_gaps > 0 and src = 10.98.0.1' --fields time,marks --format csv
gaps=$(($(wc -l <out) - 1))
[ "$gaps" -gt 100 ] || fail "$gaps packets behind a gap"
fd 0 --keys 'Enter Enter Enter e' --size 200x24 "$call"
prints '^▸.* rtp_gaps'

fd 0 show -r worse.pcapng "$id"
prints '^  media$'
prints '^    mos_min '
silent_of() { if grep -q "$1" out; then fail "show tells of $1"; fi; }
silent_of '^  tcp'
fd 0 list flows -r worse.pcapng --fields id --format csv 'app = "sip"'
fd 0 show -r worse.pcapng "$(tail -n 1 out)"
prints '^    app  *sip$'
silent_of '^  media$'
silent_of '^  tcp'
done_testing
