#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Import: packets as they were, merged by time; what is unusable leaves no store behind.
. "$top_srcdir/tests/cli/lib.sh"

block=blocks/00000001.pcapng
"$tool" print cap/basic.pcap >basic.txt
"$tool" print cap/two.pcapng >two.txt
[ "$(wc -l <basic.txt)" -eq 29 ] || fail "capture-tool made other captures"

fd 0 import -s one.fdr cap/two.pcapng
silent
"$tool" print one.fdr/$block >got.txt
same two.txt got.txt "an imported capture"

fd 0 import -s both.fdr cap/two.pcapng cap/basic.pcap
"$tool" print both.fdr/$block >got.txt
sort -n -s -k 1,1 two.txt basic.txt >want.txt
same want.txt got.txt "two captures merged"
[ "$(stat -c %a both.fdr)" = 700 ] || fail "a store is not private"

gzip -c cap/two.pcapng >two.gz
fd 0 import -s gz.fdr two.gz
"$tool" print gz.fdr/$block >got.txt
same two.txt got.txt "a compressed capture"

fd 0 import -s bpf.fdr -f 'tcp port 51515' cap/basic.pcap
"$tool" print bpf.fdr/$block >got.txt
[ "$(wc -l <got.txt)" -eq 8 ] || fail "-f let through $(wc -l <got.txt) packets, not 8"

fd 0 import -s cut.fdr cap/cut.pcap
says 'cap/cut.pcap: cut short'
"$tool" print cut.fdr/$block >got.txt
head -n 28 basic.txt >want.txt
same want.txt got.txt "a capture cut short"

fd 3 import -s damaged.fdr cap/damaged.pcap
says "cap/damaged.pcap: offset $(sed -n 's/damaged at //p' made): "
"$tool" print damaged.fdr/$block >got.txt
head -n 9 basic.txt >want.txt
same want.txt got.txt "a damaged capture"

for bad in empty.pcap cut-header.pcap text.pcap nowhere.pcap; do
	fd 3 import -s bad.fdr cap/basic.pcap cap/$bad
	says "cap/$bad: "
	[ ! -e bad.fdr ] || fail "a store was left behind by $bad"
done

# more of the same: another block, frames go on
fd 0 import -s one.fdr cap/basic.pcap
[ -e one.fdr/blocks/00000002.pcapng ] || fail "no second block"
fd 2 import -s one.fdr --slices 1s,1m,1h cap/basic.pcap
says '--slices: the store has others'
fd 2 import -s one.fdr --index-dir . cap/basic.pcap
fd 2 import -s new.fdr --slices 2s,5s,10s cap/basic.pcap
fd 2 import -s new.fdr --block-size 1k cap/basic.pcap
fd 2 import -s new.fdr --block-size 100Gi cap/basic.pcap
fd 2 import cap/basic.pcap
fd 2 import -s new.fdr
fd 2 import -s new.fdr -f 'no such expression' cap/basic.pcap
[ ! -e new.fdr ] || fail "a store was made although the command line was wrong"
mkdir full
touch full/file
fd 3 import -s full cap/basic.pcap
says 'full: '

# no trace of the number of threads
for n in 1 2 8; do
	fd 0 import --threads $n -s t$n.fdr cap/two.pcapng cap/basic.pcap
done
same t1.fdr/index/00000001.idx t2.fdr/index/00000001.idx "two threads"
same t1.fdr/index/00000001.idx t8.fdr/index/00000001.idx "eight threads"

done_testing
