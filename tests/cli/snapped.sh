#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packets of which 96 bytes are stored: with full fingerprints related and find still know what was in the rest; without, nobody does.
. "$top_srcdir/tests/cli/lib.sh"
if ! command -v python3 >/dev/null; then
	echo "skipped: no python3 to make captures"
	exit 77
fi

python3 -B "$top_srcdir/tests/cli/cascade.py" "$top_srcdir/bench" write || exit 99

for how in off sparse full; do
	fd 0 import -s $how.fdr --fingerprints $how --snaplen 96 cascade.pcap
	fd 0 check -s $how.fdr
done
fd 0 import -s whole.fdr cascade.pcap
fd 0 list packets -s full.fdr --sort -caplen --limit 1 --fields caplen,len --format csv
prints '^96,[1-9][0-9][0-9]$'

# ---- find -------------------------------------------------------------------------------------------
fd 0 find -s whole.fdr --payload content.bin --format csv
cut -d, -f1,4-7 out >want
[ "$(tail -n +2 out | cut -d, -f10 | sort -u)" = 3 ] || fail "three flows carry it, not $(tail -n +2 out | cut -d, -f10 | paste -sd,)"
fd 0 find -s full.fdr --payload content.bin --format csv
cut -d, -f1,4-7 out | cmp -s - want || fail "full: another way than that of whole packets"
[ "$(grep -c ',,1,0$' out)" -eq 3 ] || fail "hits that are confirmed on bytes that nobody has"
awk -F, 'NR > 1 && ($8 < 64 || $8 > 300) { exit 1 }' out || fail "matched: $(cut -d, -f8 out | paste -sd,)"
fd 0 find -s full.fdr --payload content.bin
prints ' - *3  *no$'
fd 0 find -s full.fdr --text 'Word-of-Request-000077' --format json
prints '"offset":null,"packets":1,"confirmed":false'
[ "$(wc -l <out)" -eq 1 ] || fail "a word: $(wc -l <out) packets"
fd 1 find -s full.fdr --text 'word-of-request-900077'
fd 1 find -s off.fdr --payload content.bin
# what is there is confirmed
fd 0 find -s full.fdr --text 'the beginning of a request' --format csv
[ "$(tail -n +2 out | cut -d, -f10 | sort -u)" = 300 ] || fail "a template of 300 flows: $(cut -d, -f10 out | sort -u | paste -sd,)"
[ "$(grep -c ',1,1$' out)" -eq 300 ] || fail "$(grep -c ',1,1$' out) beginnings of 300"

# ---- related ------------------------------------------------------------------------------------------
id()
{
	"$FLOWDRILL" list flows -s "$1" --format csv --fields id 'client_port == 20077' 2>/dev/null | tail -n 1
}
fd 0 related -s whole.fdr "$(id whole.fdr)" --format csv
[ "$(wc -l <out)" -eq 3 ] || fail "whole: $(($(wc -l <out) - 1)) hops"
fd 0 related -s full.fdr "$(id full.fdr)" --format csv
[ "$(wc -l <out)" -eq 3 ] || fail "full: $(($(wc -l <out) - 1)) hops"
# matched bytes: nobody has them
awk -F, 'NR > 1 && $7 != 0 { exit 1 }' out || fail "matched: $(cut -d, -f7 out | paste -sd,)"
fd 1 related -s off.fdr "$(id off.fdr)"

# made anew from what is kept the index knows no more than that
rm -rf full.fdr/index
fd 0 check -s full.fdr --repair
fd 1 find -s full.fdr --payload content.bin
done_testing
