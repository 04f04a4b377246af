#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# map: which service triggers which in the shop sample; formats; what is asked wrongly.
. "$top_srcdir/tests/cli/lib.sh"
shop=$top_srcdir/samples/shop.pcapng

fd 0 map -r "$shop" --format csv
says 'map: looked at [0-9]* % of the time, in parts'
fd 0 map -r "$shop" --format csv -q
silent
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
prints '"from_port":8080,"to":"10.0.3.4"'
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
