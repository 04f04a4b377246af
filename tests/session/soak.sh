#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Eight hours of traffic, SOAK_SPEED (16) times as fast, recorded under --max-size with a follower beside it: memory stays
# flat, the disk within 2 % of the cap, no descriptor leaks, the accounting is exact, and what is left is
# sound. SOAK_HOURS (8) of traffic at SOAK_RATE (400) packets a second. Tables of conversations have a fixed size and become memory
# as they are used: SOAK_FILL (300,000) connections in the first minute take every place.
. "$top_srcdir/tests/network.sh"
own_network
. "$top_srcdir/tests/cli/lib.sh"
hours=${SOAK_HOURS-8} speed=${SOAK_SPEED-16} rate=${SOAK_RATE-400}
cap_mb=${SOAK_CAP_MB-512} fill=${SOAK_FILL-300000}

recorder=
cleanup()
{
	[ -z "$recorder" ] || kill -KILL "$recorder" 2>/dev/null
	rm -rf "$scratch"
}
trap cleanup EXIT
own_sysfs
veth_pair w0 w1 || exit 99

chmod 711 "$scratch"
mkdir live
"$FLOWDRILL" capture -s live/soak.fdr -i w1 --user root-is-refused 2>err &&
	fail "an unknown user was taken"
"$FLOWDRILL" capture -s "$scratch/live/soak.fdr" -i w1 --max-size "${cap_mb}M" \
	--block-size 8M --report 60 2>report &
recorder=$!
wait_until 5 test -e live/soak.fdr/index/catalog.db

"$top_builddir/bench/flowdrill-gen" -o - --packets $((hours * 3600 * rate)) --rate "$rate" --format pcap-ns |
	"$top_builddir/tests/session/replay-tool" w0 "$speed" "$fill" >sent &
sender=$!

# seconds, KiB of memory, descriptors, bytes on disk
SECONDS=0
while kill -0 "$sender" 2>/dev/null; do
	printf '%d %s %d %s\n' "$SECONDS" "$(awk '/^RssAnon/ { print $2 }' "/proc/$recorder/status")" \
		"$(find "/proc/$recorder/fd" -mindepth 1 2>/dev/null | wc -l)" \
		"$(du -sB1 live/soak.fdr | cut -f1)" >>samples
	"$FLOWDRILL" list macroflows -s live/soak.fdr --limit 5 >out 2>err || fail "a follower: $(cat err)"
	sleep 5
done
wait "$sender"
sleep 2
kill -INT "$recorder"
wait "$recorder" || fail "the recorder's exit status is $?"
recorder=
sed 's/^/  report: /' report | tail -n 3

# The slope of memory over the second half, by least squares. An array that still doubles there is no leak: 2 % are.
awk -v cap="$((cap_mb * 1048576))" '
	{ t[NR] = $1; m[NR] = $2; if ($3 > fds) fds = $3; if (NR == 3) fds0 = $3; last = $3; if ($4 > disk) disk = $4 }
	END {
		half = int(NR / 2) + 1
		for (i = half; i <= NR; i++) { n++; x += t[i]; y += m[i]; xx += t[i] * t[i]; xy += t[i] * m[i] }
		slope = n > 2 ? (n * xy - x * y) / (n * xx - x * x) * 3600 : 0
		printf "memory %d KiB at the end, %.1f %% more than at half time, slope %.0f KiB an hour; descriptors %d at first, %d at last, %d at most; disk %d bytes at most, %.3f of the cap\n",
			m[NR], 100 * (m[NR] - m[half]) / m[half], slope, fds0, last, fds, disk, disk / cap
		if (m[NR] > 1.02 * m[half]) { print "FAIL: memory grows"; bad = 1 }
		if (disk > cap * 1.02) { print "FAIL: the store is larger than its cap"; bad = 1 }
		if (last > fds0 + 2) { print "FAIL: descriptors leak"; bad = 1 }
		exit bad
	}' samples || failures=$((failures + 1))
checks=$((checks + 3))

# received = stored + refused + dropped, and nothing that was sent is missing
fd 0 list points -s live/soak.fdr --format csv --fields received,refused,dropped
awk -F, -v sent="$(awk '{ print $2 }' sent)" 'NR == 2 {
	printf "sent %d, received %d\n", sent, $1
	if ($1 != sent) { print "FAIL: received is not what was sent"; exit 1 } }' out || failures=$((failures + 1))
fd 0 check -s live/soak.fdr
done_testing
