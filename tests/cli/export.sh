#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# export: packets byte for byte, with times, interfaces and comments; by filter, by ids, by records; SQLite.
. "$top_srcdir/tests/cli/lib.sh"
binary=yes

"$tool" print cap/basic.pcap >basic.txt
"$tool" print cap/two.pcapng >two.txt

# Link type, snap length and name stay as they were; a pcap's name is none.
fd 0 export -r cap/two.pcapng -w all.pcapng
silent
"$tool" print all.pcapng >got.txt
same two.txt got.txt "everything"
fd 0 export -r cap/basic.pcap -w - port 51515
cp out part.pcapng
"$tool" print part.pcapng >got.txt
sed -n '14,21p' basic.txt >want.txt
same want.txt got.txt "one connection on standard output"
fd 0 import -s one.fdr cap/two.pcapng
fd 0 export -s one.fdr -w store.pcapng
"$tool" print store.pcapng >got.txt
same two.txt got.txt "everything of a store"

# what is exported and imported again is the same
fd 0 export -r all.pcapng -w again.pcapng
same all.pcapng again.pcapng "an export of an export"

# ---- files
fd 2 export -r cap/two.pcapng -w all.pcapng
says 'all.pcapng: exists already'
fd 0 export -r cap/two.pcapng -w all.pcapng --force port 51515
[ "$("$tool" print all.pcapng | wc -l)" -eq 10 ] || fail "--force did not replace"
[ "$(stat -c %a again.pcapng)" = 600 ] || fail "mode of an exported file"
cp again.pcapng self.pcapng
fd 0 export -r self.pcapng --force -w self.pcapng
same again.pcapng self.pcapng "a capture exported onto itself"
ln -s again.pcapng link.pcapng
fd 2 export -r cap/two.pcapng --force -w link.pcapng
fd 3 export -r cap/two.pcapng -w none/x.pcapng
fd 1 export -r cap/two.pcapng -w nothing.pcapng host 192.0.2.1
says 'packets: nothing matched'
[ ! -e nothing.pcapng ] || fail "a file without packets was left behind"
fd 0 export -r cap/none.pcap -w none.pcapng
[ "$("$tool" print none.pcapng | wc -l)" -eq 0 ] || fail "packets out of nothing"
if [ -w /dev/full ]; then
	fd 4 export -r cap/two.pcapng -w /dev/full
fi

# ---- by records
count()
{
	"$tool" print x.pcapng | wc -l
}
flow=$("$FLOWDRILL" list flows -r cap/basic.pcap port 51515 --fields id --format csv | tail -n 1)
macro=$("$FLOWDRILL" list macroflows -r cap/basic.pcap port 53 --fields id --format csv | tail -n 1)
packet=$("$FLOWDRILL" list packets -r cap/basic.pcap arp --fields id --format csv | tail -n 1)
fd 0 export -r cap/basic.pcap "$flow" "$macro" "$packet" -w x.pcapng
[ "$(count)" -eq 11 ] || fail "ids: $(count) packets, not 11"
inside=$("$FLOWDRILL" list packets -r cap/basic.pcap --in "$flow" --fields id --format csv | tail -n 1)
fd 0 export -r cap/basic.pcap "$flow" "$packet" "$inside" "$packet" --force -w x.pcapng
[ "$(count)" -eq 9 ] || fail "a packet below a record: $(count) packets, not 9"
fd 0 export -r cap/basic.pcap --in "$flow" 'tcp_flags ~ "SYN"' --force -w x.pcapng
[ "$(count)" -eq 2 ] || fail "--in with a filter: $(count) packets, not 2"
fd 0 export -r cap/basic.pcap 'payload_len > 1000' --force -w x.pcapng
[ "$(count)" -eq 3 ] || fail "a filter of packets: $(count) packets, not 3"
fd 0 export -r cap/basic.pcap --tier flows 'bytes > 1k' --force -w x.pcapng
[ "$(count)" -eq 24 ] || fail "--tier flows: $(count) packets, not 24"
fd 0 export -r cap/basic.pcap b1 --force -w x.pcapng
[ "$(count)" -eq 29 ] || fail "a block: $(count) packets, not 29"
fd 1 export -r cap/basic.pcap f1.999999 -w y.pcapng
fd 0 export -r cap/basic.pcap -r cap/two.pcapng --force -w x.pcapng
[ "$(count)" -eq 67 ] || fail "two sources: $(count) packets, not 67"

# ---- a tool of somebody else agrees
if command -v tshark >/dev/null; then
	tshark -n -r cap/two.pcapng -T fields -e frame.time_epoch -e frame.len -e frame.comment -e frame.interface_name \
		>want.txt 2>/dev/null
	tshark -n -r store.pcapng -T fields -e frame.time_epoch -e frame.len -e frame.comment -e frame.interface_name \
		>got.txt 2>/dev/null
	same want.txt got.txt "tshark's view"
fi

# ---- SQLite
fd 0 export flows -r cap/basic.pcap --sqlite flows.db
head -c 15 flows.db | grep -q 'SQLite format 3' || fail "no SQLite database"
fd 2 export flows -r cap/basic.pcap --sqlite flows.db
fd 0 export flows -r cap/basic.pcap --sqlite flows.db --force host 10.0.0.5
if command -v sqlite3 >/dev/null; then
	rows=$(sqlite3 flows.db 'SELECT count(*), sum(packets) FROM flows')
	[ "$rows" = "4|26" ] || fail "SQLite: $rows"
fi
done_testing
