#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# map: which service triggers which in the shop sample; formats; what is asked wrongly.
. "$top_srcdir/tests/cli/lib.sh"
shop=$top_srcdir/samples/shop.pcapng

fd 0 map -r "$shop" --format csv
says 'map: looked at [0-9]* % of the time, in parts'
fd 0 map -r "$shop" --format csv -q
silent
cut -d, -f1-12 out >lines  # without the confidence: that is of the C library's logarithm
cp lines out
golden map.csv
# both web servers are triggered by both addresses of the balancer; database and cache by both web servers
fd 0 map -r "$shop" --resolve seen
prints '^10.0.0.5:80 lb  *10.0.1.11:8080 web1 ' '^\[2001:db8::5]:80 lb .* ms ' ':8080 web2  *10.0.3.5:6379 cache ' \
	'^10.0.1.11:8080 web1  *10.0.3.4:5432 db ' '^10.0.0.5 lb  *10.0.1.11:8080 web1 .*by itself'
cut -c 1-30 out | grep -q '10.0.3.' && fail 'database and cache trigger nothing'
fd 0 map -r "$shop" --resolve seen --format dot --limit 3
prints '^digraph' '"10.0.1.11:8080 web1" -> "10.0.3.4:5432 db" .label="[0-9]* of [0-9]*.nafter' '^}'
lines 7
fd 0 map -r "$shop" --format json --limit 1
prints '"from_port":8080,"to":"2001:db8::3:4".*"by_order":[1-9][0-9]*,"confidence":0[.][0-9]*}'
# what time and order alone tell is part of what was triggered, counted apart, and never above 'possible'
fd 0 map -r "$shop" --format csv -q
awk -F, 'NR > 1 && $2 != "" && ($12 == "" || $12 > $7 || $13 > 1 || ($12 > 0 && $13 >= 1) || ($12 == $7 && $13 >= 0.7)) { exit 1 }' out ||
	fail 'by order is not told apart'
awk -F, 'NR > 1 && $2 == 8080 { n += $12 } NR > 1 && $2 == 80 { most += $12 } END { exit !(n > 300 && most == 0) }' out ||
	fail 'web servers are not told by order, or the balancer is'
awk -F, 'NR > 1 && $2 == "" && ($12 != "" || $13 != "") { exit 1 }' out || fail 'what nothing triggered has a confidence'
# no request comes twice, or goes: however they are told, those to the database from web1 are as many as in the packets looked at
fd 0 map -r "$shop" --from 2026-11-21T03:16:00Z --to 2026-11-21T03:16:29Z --format csv -q
told=$(awk -F, '$1 == "10.0.1.11" && $4 == 5432 { n += $7 } END { print n + 0 }' out)
fd 0 list packets -r "$shop" --from 2026-11-21T03:16:00Z --to 2026-11-21T03:16:29Z --fields src,src_port,dst,dst_port --format csv -q \
	'point == web1 and host 10.0.1.11 and host 10.0.3.4 and port 5432 and payload_len > 0 and retrans == 0'
sent=$(awk -F, '{ talk = $1 < $3 ? $1 $2 $3 $4 : $3 $4 $1 $2 } $4 == 5432 && last[talk] != $1 { n++ } { last[talk] = $1 } END { print n + 0 }' out)
[ "$told" -gt 10 ] && [ "$told" -eq "$sent" ] || fail "$told requests of $sent"
# one machine alone; a window; the half of it has less
fd 0 map -r "$shop" host 10.0.0.5 --format csv
cut -d, -f1 out | grep -q '10.0.1' && fail 'a web server is looked at'
fd 0 map -r "$shop" --from 2026-11-21T03:13:00Z --to 2026-11-21T03:13:20Z --format csv --explain
says '^machines        [1-9], [0-9]* packets$' '^comparing       [1-9][0-9]* steps$'
less=$(awk -F, '{ n += $7 } END { print n }' out)
all=$(awk -F, '{ n += $7 } END { print n }' "$top_srcdir/tests/cli/golden/map.csv")
[ "$less" -gt 0 ] && [ "$less" -lt $((all / 4)) ] || fail "$less requests in 20 seconds, $all in all"
fd 1 map -r "$shop" --to 2026-11-21T03:11:00Z
says 'no machine that serves and asks'
fd 1 map -r "$shop" port 53
fd 2 map -r "$shop" shoe
fd 2 map
done_testing
