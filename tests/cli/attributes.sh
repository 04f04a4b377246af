#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is computed, for which traffic; that the rest is unknown and never zero, also in sums; that indexes, stores and blocks keep the choice.
. "$top_srcdir/tests/cli/lib.sh"
shop=$top_srcdir/samples/shop.pcapng
tcp=c2s_retrans,dup_ack,out_of_order,rtt_client_min,rtt_server_avg,in_flight_max,c2s_mss,c2s_sack,attempted,closed_by
response=response_min,response_avg,response_max,turns,transfer_avg,aborted
filter='proto = tcp'

# flows FIELDS OPTION...: of the sample, to standard output
flows()
{
	"$FLOWDRILL" list flows -r "$shop" --format csv --fields "id,server_port,$1" "${@:2}" "$filter" 2>/dev/null | tail -n +2
}

# known FIELDS OPTION...: how many flows know any of them
known()
{
	flows "$@" | grep -c -v -E '^[^,]*,[^,]*,+$'
}

# ---- what is not asked for is unknown -----------------------------------------------------------
every=$(flows packets | wc -l)
[ "$every" -gt 100 ] || fail "only $every TCP flows in the sample"
flows "$tcp" --attributes all >all.tcp
flows "$response" --attributes all >all.response
[ "$(known "$tcp" --attributes none)" -eq 0 ] || fail "--attributes none: something of TCP is known"
[ "$(known "$response" --attributes none)" -eq 0 ] || fail "--attributes none: something of responses is known"
[ "$(known health --attributes none)" -eq 0 ] || fail "--attributes none: health is known"
flows packets,bytes,syn,rtt_avg,end_reason,window_min --attributes none >none.counts
flows packets,bytes,syn,rtt_avg,end_reason,window_min --attributes all >all.counts
cmp -s none.counts all.counts || fail "counting depends on --attributes"
flows "$tcp" --attributes tcp | cmp -s - all.tcp || fail "--attributes tcp: not what all says of TCP"
[ "$(known "$response" --attributes tcp)" -eq 0 ] || fail "--attributes tcp: something of responses is known"
flows "$response" --attributes response | cmp -s - all.response || fail "--attributes response: not what all says"
[ "$(known "$tcp" --attributes response)" -eq 0 ] || fail "--attributes response: something of TCP is known"
flows "$tcp,$response" --attributes response,tcp >both
flows "$tcp,$response" --attributes all | cmp -s - both || fail "response,tcp is not all"
fd 0 list flows -r "$shop" --attributes none --format json --fields retrans,response_avg --limit 1 "$filter"
prints '^{"retrans":null,"response_avg":null}$'
fd 0 list packets -r "$shop" --attributes none --format json --fields marks,retrans,rtt,response --limit 1 "$filter"
prints '^{"marks":null,"retrans":null,"rtt":null,"response":null}$'
fd 1 list packets -r "$shop" --attributes none retrans
fd 1 list flows -r "$shop" --attributes none 'retrans = 0' and "$filter"

# ---- the index in the cache goes with its choice ------------------------------------------------
fd 0 stats -r "$shop" --attributes tcp
says 'other attributes: made anew'
prints 'computed  *tcp$'
fd 0 stats -r "$shop" --attributes tcp
silent
fd 0 stats -r "$shop"
silent
prints 'computed  *tcp$'
fd 0 stats -r "$shop" --attributes all --attributes-for 'port 5432'
says 'other attributes: made anew'
prints 'computed  *all$' 'for  *port 5432$'
fd 0 stats -r "$shop" --attributes all --slices 1s,1m,5m
says 'other slices: made anew'
fd 0 stats -r "$shop" --slices 5s,5m,15m

# ---- for some conversations alone ---------------------------------------------------------------
for threads in 1 8; do
	"$FLOWDRILL" list flows -r "$shop" --no-cache --threads $threads --attributes-for 'port 5432' --format csv \
		--fields "id,server_port,$tcp,$response" 2>/dev/null "$filter" | tail -n +2 >some.$threads
done
cmp -s some.1 some.8 || fail "--attributes-for depends on the threads"
grep '^[^,]*,5432,' both >want
grep '^[^,]*,5432,' some.1 | cmp -s - want || fail "--attributes-for: those chosen say something else"
[ -s want ] || fail "no flows at port 5432"
grep -v '^[^,]*,5432,' some.1 | grep -q -v -E '^[^,]*,[^,]*,+$' && fail "--attributes-for: others know something"
fd 0 list flows -r "$shop" --attributes-for 'port 5432' --group-by proto --format csv \
	--fields proto,packets,retrans,turns,response_min,response_max,rtt_client_min,c2s_mss "$filter"
prints '^tcp,[0-9]*,,,,,,$'
fd 0 list flows -r "$shop" --group-by proto --format csv --fields proto,response_min,retrans,turns "$filter" and port 5432
prints '^tcp,[0-9.]*,[0-9]*,[1-9][0-9]*$'
# what it does not apply to is no obstacle
fd 0 list flows -r "$shop" --attributes-for "$filter" --group-by point --format csv --fields retrans,attempted
prints '^[0-9]*,[1-9][0-9]*$'

# ---- a store keeps it, and so do its blocks -----------------------------------------------------
fd 0 import -s s.fdr --attributes tcp --attributes-for 'port 5432 or port 6379' "$shop"
list_store()
{
	"$FLOWDRILL" list flows -s s.fdr --format csv --fields "id,server_port,$tcp,$response" "$filter" 2>err
}
list_store >before
cut -d, -f1-12 before | grep -c -v -E '^[^,]*,[^,]*,+$' >n
[ "$(cat n)" -gt 10 ] || fail "the store knows TCP of $(cat n) flows"
cut -d, -f1-2,13- before | tail -n +2 | grep -q -v -E '^[^,]*,[^,]*,+$' && fail "the store knows of responses"
fd 2 import -s s.fdr --attributes all "$shop"
says '--attributes: the store has others'
fd 2 import -s s.fdr --attributes tcp --attributes-for 'port 80' "$shop"
fd 0 import -s s.fdr --attributes tcp --attributes-for 'port 5432 or port 6379' cap/basic.pcap
rm -rf s.fdr
fd 0 import -s s.fdr --attributes tcp --attributes-for 'port 5432 or port 6379' "$shop"
rm -rf s.fdr/index
fd 0 check -s s.fdr --repair
list_store >after
cmp -s before after || fail "indexed anew from its blocks, the store says something else"
fd 0 stats -s s.fdr
prints 'computed  *tcp$' 'for  *port 5432 or port 6379$'
fd 0 check -s s.fdr

# ---- filters that would differ from packet to packet --------------------------------------------
for wrong in 'src host 10.0.0.1' 'dst port 80' 'retrans' 'bytes > 3' 'len > 3' 'client 10.0.0.1' 'tcp and len > 100'; do
	fd 2 stats -r "$shop" --attributes-for "$wrong"
done
fd 2 stats -r "$shop" --attributes-for 'host'
fd 2 stats -r "$shop" --attributes tcp,none
says "--attributes: 'tcp,none'"
fd 2 stats -r "$shop" --attributes ''
fd 2 stats -r "$shop" --attributes tcp,
fd 2 stats -r "$shop" --attributes-for "$(printf 'port 1%.0s or ' {1..40})port 2"
done_testing
