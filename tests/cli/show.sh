#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# show and stats: goldens; every field of the table is there.
. "$top_srcdir/tests/cli/lib.sh"

first_id()
{
	"$FLOWDRILL" list "$@" --fields id --format csv --limit 1 | tail -n 1
}

for tier in macroflow flow microflow; do
	id=$(first_id $tier -r cap/basic.pcap port 443)
	fd 0 show -r cap/basic.pcap "$id"
	silent
	golden show-$tier.txt
	# what says something of a call alone is shown of one
	fd 0 show -r "$top_srcdir/samples/sip-call.pcapng" "$(first_id $tier -r "$top_srcdir/samples/sip-call.pcapng" 'rtp_packets > 0')"
	cat "$top_srcdir/tests/cli/golden/show-$tier.txt" >>out
	for field in $("$FLOWDRILL" list $tier -r cap/basic.pcap --fields all --format csv | head -n 1 | tr , ' '); do
		[ "$field" = id ] || grep -q "^    $field " out || fail "show of a $tier: no $field"
	done
done
id=$(first_id packets -r cap/basic.pcap 'payload_len > 0 and tcp')
fd 0 show -r cap/basic.pcap "$id"
silent
golden show-packet.txt
fd 0 show -r cap/two.pcapng i0 i1 b1
sed -i "s|$PWD|.|" out
golden show-others.txt
fd 0 show -r cap/two.pcapng "$(first_id packets -r cap/two.pcapng --from 2024-01-05T14:17:35.001Z)"
prints '^p1\.'

fd 1 show -r cap/basic.pcap f1.999999
says 'f1.999999: '
fd 1 show -r cap/basic.pcap i7
fd 1 show -r cap/basic.pcap 3:f1.24

fd 0 stats -r cap/basic.pcap --format json
sed -i "s|$PWD|.|; s/\"index_bytes\":[0-9]*/\"index_bytes\":0/; s/\"index_share\":[0-9.]*/\"index_share\":0/" out
golden stats.json
fd 0 stats -r cap/two.pcapng
prints 'capture points' 'web1\\x1b\[2J' 'packets  *38$'
done_testing
