#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# related and find: whole trees of the shop sample, both ways; formats; what cannot be found is said; limits.
. "$top_srcdir/tests/cli/lib.sh"
shop=$top_srcdir/samples/shop.pcapng

# hops: of a csv, without scores: those are of the C library's logarithm
hops()
{
	cut -d, -f1-8,10,12-15 out >hops
	cp hops out
}

# A search by a visitor: load balancer, second web server (over IPv6), database. The visitor's packet was seen at two points.
fd 0 related -r "$shop" p1.1546340 --format csv
silent
hops
golden related-search.csv
fd 0 related -r "$shop" p1.1546020 --format csv
cut -d, -f1,3- out | cut -d, -f1,2,4 >seen
cut -d, -f1,3- "$top_srcdir/tests/cli/golden/related-search.csv" | cut -d, -f1,2,4 >want
same want seen 'the same packet at another point'
# A visit: both web servers, database and cache below each.
fd 0 related -r "$shop" f1.1532336 --format csv
hops
golden related-visit.csv
for place in '10.0.1.11:8080' ':1:12]:8080' '10.0.1.11:.* > 10.0.3.4:5432' ':1:12]:.* > \[2001:db8::3:4]:5432' \
	'10.0.1.12:.* > 10.0.3.5:6379'; do
	fd 0 related -r "$shop" f1.1532336
	prints "$place"
done
fd 0 related -r "$shop" f1.1532336 --resolve seen
prints '10.0.0.5:[0-9]* lb > 10.0.1.11:8080 web1' ':3:4]:5432 db '
fd 0 related -r "$shop" f1.1532336 --explain
says '^machines        [4-9], [0-9]* packets$' '^comparing       [1-9][0-9]* steps$' '^packet bytes    [1-9]'
# From the database back to the visitor.
fd 0 related -r "$shop" f1.1547472 --upstream
prints '^f1.1462... .*:1:12]:8080' '^  f1.1532336  10.30.0.21'
# A macroflow has the trees of its flows.
id=$("$FLOWDRILL" list macroflows -r "$shop" --fields id --format csv 'server_port == 80' --limit 1 | tail -n 1)
fd 0 related -r "$shop" "$id" --format csv
[ "$(wc -l <out)" -gt 50 ] || fail "a macroflow has $(wc -l <out) lines"

fd 0 related -r "$shop" f1.1532336 --format json
prints '^{"depth":1,"trigger":"f1.1532336","flow":"f1.1533480","from":"p1.1533176","to":"p1.1534112","delay":0.000'
fd 0 related -r "$shop" f1.1532336 --format dot
prints '^digraph' '"10.30.0.21" -> "10.0.0.5"' '"2001:db8::1:12" -> "2001:db8::3:4"' '^}'
fd 0 related -r "$shop" f1.1532336 --depth 1 --format csv
cut -d, -f1 out | grep -q 2 && fail 'depth 1 goes deeper'
fd 4 related -r "$shop" f1.1532336 --limit 2
says 'not all was looked at: more than 2 hops'
# Nothing, and why.
fd 1 related -r "$shop" f1.1532336 --window 1us
says 'nothing related was found: its receiver asked nobody within 1'

# A bare SYN; an id that is not there; wrong words.
id=$("$FLOWDRILL" list packets -r "$shop" --fields id --format csv 'tcp.flags.syn == 1 and port 443' --limit 1 | tail -n 1)
fd 1 related -r "$shop" "$id"
says 'no comparable content: no payload'
fd 1 related -r "$shop" f1.3
fd 2 related -r "$shop"
fd 2 related -r "$shop" f1.1532336 f1.1533480
fd 2 related -r "$shop" shoe
fd 2 related -r "$shop" f1.1532336 --depth 0
fd 2 related -r "$shop" f1.1532336 --window -1s
fd 2 related -r "$shop" i0
fd 2 list flows -r "$shop" --format dot

# Where a content travelled: each point that saw it, in order of time.
fd 0 find -r "$shop" --text '/SEARCH?q=16a' --to 2026-11-21T03:14:54Z
silent
golden find-text.txt
printf '/search%%3fq=16a' >content
fd 0 find -r "$shop" --payload content --to 2026-11-21T03:14:54Z
same "$top_srcdir/tests/cli/golden/find-text.txt" out 'the same content from a file'
fd 0 find -r "$shop" --hex '2f73656172 6368 3f713d313661' --tier flows --format csv point == lb --limit 2
lines 3
fd 0 find -r "$shop" --text '/search?q=16a' --format json --limit 1
prints '^{"time":"2026-11-21T03:1.*"matched_bytes":13,"content_offset":0,"shared_by":[0-9]*,"offset":4,"packets":1,"confirmed":true}$'
fd 0 find -r "$shop" --text '/search?q=16a' --resolve seen
prints '10.0.0.5:80 lb ' ' lb > \[2001:db8::1:12]:8080 web2 '
fd 1 find -r "$shop" --text 'nobody said this'
says 'no packet of [0-9]* with payload carries it'
fd 2 find -r "$shop"
fd 2 find -r "$shop" --text a --hex 61
fd 2 find -r "$shop" --hex 6
says 'two hexadecimal digits'
fd 2 find -r "$shop" --text ''
fd 2 find -r "$shop" --text a --tier macroflows
fd 3 find -r "$shop" --payload nowhere
: >content
fd 2 find -r "$shop" --payload content
done_testing
