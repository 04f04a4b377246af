#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# related: the delays of whole trees of the shop sample, recomputed from what tshark says: when each segment was seen at which point, and
# what is asked in it. golden/related-frames.tsv is tshark's own (GENERATE=1 asks it again; nothing of flowdrill's is in it but which frames);
# where tshark is there, it is asked each time.
. "$top_srcdir/tests/cli/lib.sh"
shop=$top_srcdir/samples/shop.pcapng
frames=$top_srcdir/tests/cli/golden/related-frames.tsv

fd 0 list packets -r "$shop" --fields id,frame --format csv -q
mv out ids
: >hops
# a visit of several requests; one search; the checkout that waited for a lock
for id in f1.1532336 p1.1546340 p1.2550772; do
	fd 0 related -r "$shop" "$id" --format csv -q
	# frames of the packet that came and of the one that left, and the delay
	awk -F, 'FNR == NR { frame[$1] = $2; next } FNR > 1 { print frame[$4], frame[$5], $6 }' ids out >>hops
done

# Those frames, and all others that show the same segment: time, point, who to whom with sequence number, what is asked.
ask_tshark()
{
	tshark -r "$shop" -o tcp.relative_sequence_numbers:FALSE -Y 'tcp.len > 0' -T fields -E separator=';' -e frame.number \
		-e frame.time_epoch -e frame.interface_name -e ip.src -e ipv6.src -e tcp.srcport -e ip.dst -e ipv6.dst -e tcp.dstport \
		-e tcp.seq -e tcp.len -e http.request.method -e http.request.uri -e pgsql.query 2>/dev/null |
		awk -F ';' 'FNR == NR { split($0, hop, " "); wanted[hop[1]] = wanted[hop[2]] = 1; next }
			{ line[++n] = $0; key[n] = $4 $5 "," $6 "," $7 $8 "," $9 "," $10 "," $11; if ($1 in wanted) keys[key[n]] = 1 }
			END { for (i = 1; i <= n; i++) if (key[i] in keys) { split(line[i], f, ";")
				print f[1] "\t" f[2] "\t" f[3] "\t" key[i] "\t" f[12] " " f[13] "\t" f[14] } }' hops -
}
if [ "${GENERATE-}" = 1 ]; then
	ask_tshark >"$frames"
elif command -v tshark >/dev/null; then
	ask_tshark >now
	same "$frames" now 'what tshark says'
fi

# A delay is measured where the machine is: from the last point that saw what came, before it left again. Seconds and nanoseconds are apart: a
# double has not digits enough.
awk -F '\t' '
	function ns(a, b, x, y) { split(a, x, "."); split(b, y, "."); return (y[1] - x[1]) * 1000000000 + y[2] - x[2] }
	function last_seen(frame, before, i, best) {
		best = frame
		for (i in time)
			if (key[i] == key[frame] && ns(time[i], time[before]) >= 0 && ns(time[best], time[i]) > 0)
				best = i
		return best
	}
	FNR == NR { time[$1] = $2; point[$1] = $3; key[$1] = $4; query[$1] = $6; if ($5 != " ") asks[$4] = $5; next }
	{
		split($0, hop, " ")
		n++
		if (!(hop[1] in time) || !(hop[2] in time)) { print "tshark was not asked of " $0; bad = 1; next }
		from = last_seen(hop[1], hop[2])
		want = ns(time[from], time[hop[2]])
		if (ns("0.0", sprintf("%.9f", hop[3])) != want) { print "frames " $0 ": tshark has " want " ns from " from; bad = 1 }
		if (point[from] != point[hop[2]]) { print "frames " $0 ": seen at " point[from] " and " point[hop[2]]; bad = 1 }
		# what a balancer passes on is the same request (tshark has it at the first point that saw it)
		came = asks[key[from]]
		left = asks[key[hop[2]]]
		if (came != "" && left != "") {
			passed++
			if (came != left) { print came " became " left; bad = 1 }
		} else if (query[hop[2]] != "") {
			queries++
		}
	}
	END { if (n < 10 || passed < 4 || queries < 4) { print n " hops, " passed " passed on, " queries " queries"; bad = 1 } exit bad }
' "$frames" hops >wrong || fail "$(cat wrong)"
done_testing
