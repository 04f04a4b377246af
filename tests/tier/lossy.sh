#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The kernel's TCP over a wire that loses, delays, overtakes and doubles, at both ends, frame by frame against tshark. What a switch
# saw at both ports, every frame twice, must have the marks of what the server saw once. `make check-long`; needs root.
# LOSSY_SEED, LOSSY_ROUNDS: what make-lossy.sh is given.
set -u
. "$top_srcdir/tests/tier/tshark-lib.sh"
. "$top_srcdir/tests/tier/tcp-lib.sh"
need_tools tshark editcap ip tcpdump ethtool python3
ip netns list >/dev/null 2>&1 && unshare -n true 2>/dev/null && [ "$(id -u)" = 0 ] || {
	echo "skipped: network namespaces are not allowed here"
	exit 77
}

seed=${LOSSY_SEED-$RANDOM}
echo "seed $seed"
"$here/make-lossy.sh" "$work" "$seed" "${LOSSY_ROUNDS-2}" || exit 1
for name in client server twice; do
	each_point compare "$work/$name.pcap" $name
done
bad=0
judge "$here/tcp-differences.tsv" some || bad=1

# marks FILE: how often each, but for those that say that the frame was captured twice
marks()
{
	"$dump" "$1" 2>/dev/null | cut -f 2 | tr ',' '\n' | grep -v '^duplicate$' | sort | uniq -c | awk '$2 != "" { print $2, $1 }'
}

# What the server got twice from the wire is the same frame, too.
marks "$work/server.pcap" >"$work/once"
marks "$work/twice.pcap" >"$work/doubled"
join -a 1 -a 2 -e 0 -o 0,1.2,2.2 "$work/once" "$work/doubled" | awk '
	{ d = $2 > $3 ? $2 - $3 : $3 - $2; bad = d > 2 && d > $2 / 50; print "seen once and twice:", $0, bad ? "WRONG" : "" }
	bad { failed = 1 }
	END { exit failed }' || bad=1
all=$("$dump" "$work/twice.pcap" 2>/dev/null | wc -l)
duplicates=$("$dump" "$work/twice.pcap" 2>/dev/null | cut -f 2 | grep -c duplicate)
echo "doubled capture: $all frames, $duplicates captured twice"
[ $((duplicates * 100)) -ge $((all * 49)) ] || bad=1
exit $bad
