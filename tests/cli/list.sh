#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# list: goldens of every tier and format; filters, times, order, groups, ids; several sources and points.
. "$top_srcdir/tests/cli/lib.sh"

for tier in macroflows flows microflows packets blocks points; do
	for format in table csv json; do
		fd 0 list $tier -r cap/basic.pcap --format $format
		silent
		# blocks name the file by its path, which is as long as it is here
		sed -i "s|$scratch|.|g; s|^\(id  file\) *offset|\1 offset|" out
		golden list-$tier.$format
	done
done
fd 0 list flows -r cap/basic.pcap --fields all --format json
golden list-flows-all.json
fd 0 list packets -r cap/basic.pcap --fields all --format csv
golden list-packets-all.csv

# ---- options may stand anywhere; words are the filter
fd 0 list flows -r cap/basic.pcap host 10.0.0.5 and port 443 --format csv
lines 4
cp out want
fd 0 list --format csv flows host 10.0.0.5 -r cap/basic.pcap and port 443
same want out "options anywhere"
fd 0 list flows 'host 10.0.0.5 and port 443' --format=csv --read=cap/basic.pcap
same want out "options attached"
fd 0 list flow -rcap/basic.pcap --format csv -- host 10.0.0.5 and port 443
same want out "behind --"

# ---- nothing found
fd 1 list flows -r cap/basic.pcap host 192.0.2.1
says 'flows: nothing matched'
lines 0
fd 1 list flows -r cap/basic.pcap host 192.0.2.1 --format csv
lines 1
fd 1 list flows -r cap/basic.pcap --from 2030-01-01
fd 1 list packets -r cap/basic.pcap p1.25
says 'p1.25: '
fd 1 list packets -r cap/basic.pcap --in f1.999999
says 'f1.999999: '

# ---- times: half-open, absolute and relative to the newest packet
fd 0 list packets -r cap/basic.pcap --from 2024-01-05T14:17:55Z --to 2024-01-05T14:17:55.0003Z --format csv
lines 2
fd 0 list packets -r cap/basic.pcap --from -20ms --format csv
lines 5
fd 0 list packets -r cap/basic.pcap --to=-20ms --format csv
lines 26

# ---- order and limit
fd 0 list flows -r cap/basic.pcap --sort -bytes,first --fields bytes,first --format csv
sort -t, -k1,1nr -k2,2 -c <(tail -n +2 out) || fail "not sorted"
fd 0 list packets -r cap/basic.pcap --sort len --limit 3 --fields len --format csv
lines 4
[ "$(tail -n +2 out | sort -n | head -n 3)" = "$(tail -n +2 out)" ] || fail "limit took others"
fd 0 list packets -r cap/basic.pcap --limit 5 --format csv
lines 6

# those with the most of something are looked for by that alone: what a limit leaves must be the head of all
for field in bytes packets flows s2c_bytes first rtt_p95; do
	for limit in 1 3 1000; do
		fd 0 list macroflows -r cap/basic.pcap --sort -$field --format csv
		head -n $((limit + 1)) out >want
		fd 0 list macroflows -r cap/basic.pcap --sort -$field --limit $limit --format csv
		same want out "the $limit with the most $field"
	done
done

# ---- groups
fd 0 list flows -r cap/basic.pcap --group-by server,server_port --format csv
golden group-server.csv
fd 0 list flows -r cap/basic.pcap --group-by proto --sort -bytes --format json
golden group-proto.json
fd 0 list flows -r cap/basic.pcap --group-by app --fields app,flows,packets --format csv
golden group-app.csv

# ---- ids
id=$("$FLOWDRILL" list flows -r cap/basic.pcap port 51515 --fields id --format csv | tail -n 1)
fd 0 list flows -r cap/basic.pcap "$id" --format csv
lines 2
fd 0 list packets -r cap/basic.pcap "$id" --format csv
lines 9
cp out want
fd 0 list packets -r cap/basic.pcap --in "$id" --format csv
same want out "--in"
fd 0 list packets -r cap/basic.pcap --in "$id" 'payload_len > 0' --format csv
lines 3

# ---- every packet is reached from the macroflows exactly once
fd 0 list packets -r cap/two.pcapng --fields id --format csv
tail -n +2 out | sort >want
: >got
for id in $("$FLOWDRILL" list macroflows -r cap/two.pcapng --fields id --format csv | tail -n +2); do
	fd 0 list packets -r cap/two.pcapng --in "$id" --fields id --format csv
	tail -n +2 out >>got
done
sort -o got got
same want got "packets by --in of macroflows"

# ---- several points: the answer shows them, and they are not added up
fd 0 list flows -r cap/two.pcapng --format csv
silent
head -n 1 out | grep -q point || fail "no column for the point"
fd 0 list flows -r cap/two.pcapng --group-by server --format csv
silent
head -n 1 out | grep -q point || fail "no column for the point of a group"
fd 0 list flows -r cap/two.pcapng --group-by server --fields server,bytes --format csv
says "--group-by: groups are kept apart by capture point"
fd 0 list flows -r cap/two.pcapng --group-by point --format csv
silent
lines 3

# ---- several sources: ids say which
fd 0 list packets -r cap/basic.pcap -r cap/two.pcapng --fields id --format csv
grep -q '^1:p1' out && grep -q '^2:p1' out || fail "ids without their source"
lines 68
id=$(grep '^2:p' out | tail -n 1)
fd 0 list packets -r cap/basic.pcap -r cap/two.pcapng "$id" --fields id --format csv
lines 2

fd 0 list flows -r cap/basic.pcap -r cap/two.pcapng --group-by proto
prints ' 1:0 ' ' 2:lb0 '

# ---- a store gives the same answers as the file
fd 0 import -s one.fdr cap/two.pcapng
for tier in macroflows flows microflows packets; do
	fields=first,last,client,server,proto,packets,bytes,gap_max,rtt_avg,end_reason,point
	[ $tier = packets ] && fields=time,src,dst,proto,len,caplen,tcp_flags,info,point
	fd 0 list $tier -r cap/two.pcapng --fields $fields --format csv
	cp out want
	fd 0 list $tier -s one.fdr --fields $fields --format csv
	same want out "$tier of a store"
done

# ---- what it cost
fd 0 list packets -r cap/basic.pcap port 51515 --explain
grep -q '^packet bytes ' err || fail "--explain says nothing"
NO_COLOR=1 fd 0 list packets -r cap/basic.pcap
done_testing
