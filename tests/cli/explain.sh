#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A way down reads what it refers to and nothing else: what --explain counts on a capture of several blocks, against the
# generator's truth.
. "$top_srcdir/tests/cli/lib.sh"
gen=$top_builddir/bench/flowdrill-gen

"$gen" -o big --packets 30000 --truth truth || exit 99
fd 0 import -s big.fdr --block-size 1Mi big
fd 0 list blocks -s big.fdr --format csv --fields id
blocks=$(($(wc -l <out) - 1))
[ "$blocks" -ge 8 ] || fail "only $blocks blocks"
index=$(find big.fdr/index -name '*.idx' -printf '%s\n' | awk '{ n += $1 } END { print n }')

# bytes of the records of the packets in ./out, whose second column is how much of them was captured
records()
{
	tail -n +2 out | awk -F, '{ n += 32 + int(($2 + 3) / 4) * 4 } END { print n + 0 }'
}

# number NAME [COLUMN]: what --explain said
number()
{
	awk -v name="$1" -v column="${2:-1}" 'index($0, name) == 1 {
		$0 = substr($0, length(name) + 1); gsub(",", ""); print $column }' err
}

# at_most WHAT FOUND LIMIT
at_most()
{
	checks=$((checks + 1))
	[ "$2" -le "$3" ] || { fail "$1: $2, at most $3 expected"; sed 's/^/  /' err; }
}

# a conversation of 30 packets or more: client, its port, server, its port, packets
read -r client client_port server server_port packets < <(awk -F'\t' '
	$1 == "flow" && $2 == "tcp" && $3 == 0 && $4 !~ /:/ && $8 + $10 >= 30 && $8 + $10 < 60 {
		print $4, $5, $6, $7, $8 + $10; exit }' truth)
[ -n "${packets-}" ] || { fail "the generator made no such conversation"; done_testing; }
flow="host $client and host $server and port $client_port and port $server_port"

# packets of a conversation: their records, each once
fd 0 list packets -s big.fdr --explain --format csv --fields id,caplen "$flow"
[ $(($(wc -l <out) - 1)) -eq "$packets" ] || fail "not the $packets packets of the conversation"
bytes=$(records)
[ "$(number 'packet bytes')" -eq "$bytes" ] ||
	fail "packet bytes: $(number 'packet bytes'), not those of the records: $bytes"
at_most "reads of packets" "$(number 'packet bytes' 3)" "$packets"
at_most "bytes of the index" "$(number 'index bytes')" $((index / 2))
[ "$(number 'filter bytes')" -eq "$(stat -c %s big.fdr/index/filters)" ] || fail "filters: $(number 'filter bytes') bytes"
held=$(tail -n +2 out | cut -d. -f1 | sort -u | wc -l)
# the filters of the blocks around may be wrong once
at_most "blocks" "$(number 'blocks')" $((held + 1))

# the same as a file
fd 0 export -s big.fdr --explain -w flow.pcapng "$flow"
[ "$(number 'packet bytes')" -eq "$bytes" ] || fail "export reads other bytes than the conversation's"

# down the tiers, each step by the id of the one before
fd 0 list macroflows -s big.fdr --explain --format csv --fields id "server $server and server_port == $server_port"
at_most "bytes of the catalog" "$(number 'catalog rows' 3)" $(($(number 'catalog rows') * 500))
[ "$(number 'index bytes') $(number 'packet bytes')" = "0 0" ] || fail "macroflows are the catalog's alone"
macro=$(sed -n 2p out)
fd 0 list flows -s big.fdr --explain --format csv --fields id,packets --in "$macro"
flows=$(($(wc -l <out) - 1))
# who looks for no address reads none of the filters
[ "$(number 'filter bytes')" -eq 0 ] || fail "filters are read though no address is looked for"
[ "$(number 'packet bytes')" -eq 0 ] || fail "flows are listed without packets"
# those that go on in a later segment have a part in each
at_most "flow parts of a macroflow" "$(number 'flow parts')" $((3 * flows + 3 * blocks))
parent=$(sed -n 2p out | cut -d, -f1)
fd 0 list microflows -s big.fdr --explain --format csv --fields id,packets --in "$parent"
[ "$(number 'packet bytes')" -eq 0 ] || fail "microflows are listed without packets"
at_most "blocks of a flow" "$(number 'blocks')" $((blocks / 2))
micro=$(sed -n 2p out | cut -d, -f1)
count=$(sed -n 2p out | cut -d, -f2)
fd 0 list packets -s big.fdr --explain --format csv --fields id,caplen --in "$micro"
[ $(($(wc -l <out) - 1)) -eq "$count" ] || fail "not the $count packets of $micro"
sum=$(records)
# the packet before the first one may be looked at for its time
at_most "bytes of a microflow's packets" "$(number 'packet bytes')" $((sum + 1600))
[ "$(number 'packet bytes')" -ge "$sum" ] || fail "fewer bytes than the packets have"
at_most "packets" "$(number 'packet bytes' 5)" $((count + 1))

# one packet
id=$(sed -n 2p out | cut -d, -f1)
fd 0 export -s big.fdr --explain -w one.pcapng "$id"
at_most "packets read for one" "$(number 'packet bytes' 5)" 2

# who is nowhere costs nothing; the last second is not the whole
fd 1 list flows -s big.fdr host 192.0.2.250 --explain
fd 0 list packets -s big.fdr --explain --from -1s --format csv --fields id
at_most "blocks of the last second" "$(number 'blocks')" 2
[ "$(number 'filter bytes')" -eq 0 ] || fail "filters are read for the last second"
fd 0 list flows -s big.fdr --explain net "${client%.*}.0/24"
[ "$(number 'filter bytes')" -eq 0 ] || fail "filters are read for a network, which they do not know"
done_testing
