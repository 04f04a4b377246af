#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# check and dump: whole stores, damaged ones, and what --repair makes of those.
. "$top_srcdir/tests/cli/lib.sh"

answers()
{
	for tier in macroflows flows microflows packets points; do
		fd 0 list $tier -s "$1" --fields all --format csv
		cat out
	done >"$2"
}

fd 0 import -s one.fdr cap/two.pcapng cap/basic.pcap
fd 0 check -s one.fdr
prints ' 67 packets, 0 problems'
answers one.fdr want
fd 0 dump one.fdr/index/00000001.idx
cp out short
fd 0 dump --deep one.fdr/index/00000001.idx
[ "$(wc -l <out)" -gt "$(wc -l <short)" ] || fail "--deep shows no more"
fd 0 dump one.fdr/blocks/00000001.pcapng
fd 0 dump --deep cap/basic.pcap
fd 3 dump cap/text.pcap
fd 3 dump cap/nowhere.pcap

# ---- all but the packets is gone
rm -r one.fdr/index
fd 0 check -s one.fdr --repair
answers one.fdr got
same want got "the index made anew"
fd 0 check -s one.fdr
prints ' 67 packets, 0 problems'

# ---- a damaged index
size=$(stat -c %s one.fdr/index/00000001.idx)
printf '\377\376\375' | dd of=one.fdr/index/00000001.idx bs=1 seek=$((size - 400)) conv=notrunc status=none
fd 3 check -s one.fdr
prints '00000001.idx: offset'
fd 0 check -s one.fdr --repair
answers one.fdr got
same want got "a damaged index made anew"

# ---- a catalog whose header lets nobody write (byte 18), a row that no segment's part has, a page too many
damage()
{
	poke one.fdr/index/catalog.db "$1" "$2"
	fd 0 check -s one.fdr --repair
	answers one.fdr got
	same want got "a catalog with damage at $1, made anew"
	fd 0 check -s one.fdr
	prints ' 67 packets, 0 problems'
}
damage 18 '\003'
row=$(grep -abo 'payload_bytes' one.fdr/index/catalog.db | sed -n '1s/:.*//p')
poke one.fdr/index/catalog.db "$row" 'Q'
fd 3 check -s one.fdr
prints 'catalog.db: offset 0: a row has another checksum'
damage "$row" 'Q'
poke one.fdr/index/catalog.db 39 '\007'
fd 3 check -s one.fdr
prints 'catalog.db: offset 0: .*[Ff]reelist'
damage 39 '\007'

# ---- a block that the catalog does not know
cp one.fdr/blocks/00000001.pcapng one.fdr/blocks/00000007.pcapng
fd 3 check -s one.fdr
prints '00000007.pcapng: offset 0: block 7 is not in the catalog'
fd 3 check -s one.fdr --repair
says '00000007.pcapng is no block of this store'
rm one.fdr/blocks/00000007.pcapng
fd 0 check -s one.fdr

# ---- damaged packets: what is left stays readable
fd 0 import -s two.fdr cap/basic.pcap
fd 0 list packets -s two.fdr --fields id --format csv
id=$(sed -n 11p out)
left=$(($(wc -l <out) - 1))
# the tenth packet's block claims another length
poke two.fdr/blocks/00000001.pcapng $((${id#p1.} + 4)) '\377\377\377\177'
fd 3 check -s two.fdr
prints '00000001.pcapng: offset'
fd 3 list packets -s two.fdr --format csv
says '00000001.pcapng: offset'
lines "$left"
grep -q "^$id," out && fail "the damaged packet is listed"
fd 3 show "$id" -s two.fdr
says '00000001.pcapng: offset'
lines 0
fd 0 list flows -s two.fdr --format csv
lines 7
fd 3 check -s two.fdr --repair
prints '00000001.pcapng: offset'

# ---- a payload that is another one: never presented, by whatever way it is asked for
fd 0 import -s three.fdr cap/basic.pcap
fd 0 list packets -s three.fdr --fields id,len --format csv
id=$(awk -F, '$2 == 1454 { print $1; exit }' out)
left=$(($(wc -l <out) - 1))
poke three.fdr/blocks/00000001.pcapng $((${id#p1.} + 28 + 1000)) 'altered'
altered='00000001.pcapng: offset.*another one than was indexed'
fd 3 list packets -s three.fdr --fields id --format csv
says "$altered"
lines "$left"
grep -q "^$id\$" out && fail "the altered packet is listed"
for command in "show $id" "export $id -w one.pcapng" "export -w all.pcapng"; do
	fd 3 $command -s three.fdr
	says "$altered"
done
grep -q altered out *.pcapng && fail "the altered payload was presented"
fd 0 list packets -r all.pcapng --fields len --format csv
lines "$left"
fd 3 check -s three.fdr
prints "$altered"
fd 0 list flows -s three.fdr --format csv
lines 7
done_testing
