#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What snapped.sh says of an import, of packets that are recorded: 96 bytes of each are stored, and related and find know the rest.
if ! command -v python3 >/dev/null; then
	echo "skipped: no python3 to make captures"
	exit 77
fi
. "$top_srcdir/tests/cli/veth.sh"
cascade()
{
	python3 -B "$top_srcdir/tests/cli/cascade.py" "$top_srcdir/bench" "$@"
}
all_there()
{
	[ "$(packets_in "$1" macroflows)" = "$count" ]
}
mkdir live && chmod 711 live
cascade write || exit 99

for how in sparse full; do
	begin -s live/$how.fdr -i v1 --snaplen 96 --fingerprints $how
	count=$(cascade send v0) || fail "nothing could be sent"
	wait_until 20 all_there live/$how.fdr
	finish INT 0
	is "$how: packets" "$(packets_in live/$how.fdr packets)" "$count"
	fd 0 check -s live/$how.fdr
	fd 0 list packets -s live/$how.fdr --sort -caplen --limit 1 --fields caplen,len --format csv
	prints '^96,[1-9][0-9][0-9]$'
done

fd 0 find -s live/full.fdr --payload content.bin --format csv
is 'hits that are not confirmed' "$(grep -c ',,1,0$' out)" 3
flow=$("$FLOWDRILL" list flows -s live/full.fdr --format csv --fields id 'client_port == 20077' 2>/dev/null | tail -n 1)
fd 0 related -s live/full.fdr "$flow" --format csv
is 'lines about two hops' "$(wc -l <out)" 3
flow=$("$FLOWDRILL" list flows -s live/sparse.fdr --format csv --fields id 'client_port == 20077' 2>/dev/null | tail -n 1)
"$FLOWDRILL" related -s live/sparse.fdr "$flow" --format csv >out 2>err
is 'hops by bytes that nobody has' "$(awk -F, 'NR > 1 && $7 > 0' out | wc -l)" 0
done_testing
