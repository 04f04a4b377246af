#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input: one line on standard error that names the file, the offset and the reason; the exit status of the
# contract; and whatever can be answered is.
. "$top_srcdir/tests/cli/lib.sh"

fd 0 list packets -r cap/basic.pcap --format csv
silent
cp out whole.csv

# ---- unusable
fd 3 list packets -r cap/nowhere.pcap
says 'cap/nowhere.pcap: .*No such file'
fd 3 list packets -r cap/empty.pcap
says 'cap/empty.pcap: .*empty'
fd 3 list packets -r cap/text.pcap
says 'cap/text.pcap: not a capture file'
fd 3 list packets -r cap/cut-header.pcap
says 'cap/cut-header.pcap: '
fd 3 list packets -r cap
says 'cap: '
fd 3 list packets -s cap/basic.pcap
says 'cap/basic.pcap: '
fd 3 list packets -s nowhere.fdr
says 'nowhere.fdr: '
if [ "$(id -u)" -ne 0 ]; then
	cp cap/basic.pcap secret.pcap
	chmod 0 secret.pcap
	fd 3 list packets -r secret.pcap
	says 'secret.pcap: .*Permission denied'
fi

# ---- usable in part
fd 0 list packets -r cap/cut.pcap --format csv
says 'cap/cut.pcap: cut short'
lines 29
fd 0 list packets -r cap/cut.pcap --format csv
says 'cap/cut.pcap: cut short'
at=$(sed -n 's/damaged at //p' made)
for try in first cached; do
	fd 3 list packets -r cap/damaged.pcap --format csv
	says "cap/damaged.pcap: offset $at: "
	head -n 10 whole.csv >want.csv
	same want.csv out "$try: what came before the damage"
done
fd 3 stats -r cap/damaged.pcap --format json
prints '"packets":9,' '"damaged":true,' "\"damaged_at\":$at,"
fd 3 export -r cap/damaged.pcap -w damaged.pcapng
[ "$("$tool" print damaged.pcapng | wc -l)" -eq 9 ] || fail "export of a damaged capture"
fd 0 list packets -r cap/linktype.pcap --format csv
says 'cap/linktype.pcap: link type 147'
lines 30
fd 0 import -s linktype.fdr cap/linktype.pcap
says 'linktype.fdr: link type 147'
fd 0 stats -r cap/linktype.pcap --format json
prints '"undecoded":29,'
fd 0 list packets -r cap/none.pcap --format csv
lines 1
fd 1 list packets -r cap/none.pcap --format csv host 10.0.0.5

# made_anew NOTE WHAT: the answer is whole, and a note says why it took longer
made_anew()
{
	fd 0 list packets -r cap/basic.pcap --format csv
	says "$1"
	same whole.csv out "after $2"
}

# ---- an index in the cache that is wrong is made anew, and that is said
index=$(echo "$XDG_CACHE_HOME"/flowdrill/*.fdr)
for file in $(find "$XDG_CACHE_HOME" -name '*.idx'); do
	size=$(stat -c %s "$file")
	for at in 20 100 $((size / 2)) $((size - 10)); do
		[ "$at" -lt "$size" ] && poke "$file" "$at" '\377\376\375\374'
	done
done
made_anew 'anew' "a damaged index"
fd 0 list packets -r cap/basic.pcap --format csv
silent
same whole.csv out "after the index was made anew"
for file in $(find "$XDG_CACHE_HOME" -name 'catalog.db'); do
	poke "$file" 0 'this is no database'
done
made_anew 'anew' "a damaged catalog"

for file in $(find "$XDG_CACHE_HOME" -name 'catalog.db'); do
	poke "$file" 60 '\0\0\0\1'
done
made_anew 'made by an older version .*: made anew' "an index of an older version"

# ---- a store of a newer version
fd 0 import -s new.fdr cap/basic.pcap
poke new.fdr/index/catalog.db 60 '\0\0\047\017'
cp -a new.fdr newer.fdr
fd 3 list packets -s new.fdr
says 'new.fdr.*newer version'
fd 3 import -s new.fdr cap/basic.pcap
says 'newer version'
fd 3 check -s new.fdr --repair
says 'newer version'
diff -r -x lock newer.fdr new.fdr || fail "the store of a newer version was touched"

# ---- a store in use by another writer: readers read on
fd 0 import -s used.fdr cap/basic.pcap
exec 9>>used.fdr/lock
flock 9 || fail "cannot lock"
fd 3 import -s used.fdr cap/basic.pcap
says 'used.fdr: in use by another writer'
fd 3 check -s used.fdr --repair
says 'used.fdr: in use by another writer'
fd 0 list packets -s used.fdr --format csv
lines 30
exec 9>&-

# ---- a pipe whose reader has gone: no message, but no success either
mkfifo pipe
(: <pipe) &
exec 5>pipe
wait
"$FLOWDRILL" list packets -r cap/basic.pcap >&5 2>err
[ $? -eq 3 ] || fail "broken pipe: exit status"
[ ! -s err ] || fail "broken pipe: said $(cat err)"
"$FLOWDRILL" export -r cap/basic.pcap -w - >&5 2>err
[ $? -eq 3 ] || fail "broken pipe of export: exit status"
[ ! -s err ] || fail "broken pipe of export: said $(cat err)"
exec 5>&-
if [ -w /dev/full ]; then
	"$FLOWDRILL" list packets -r cap/basic.pcap >/dev/full 2>err
	[ $? -eq 4 ] || fail "full device: exit status"
	grep -q '^flowdrill: standard output: .*No space' err || fail "full device: $(cat err)"
fi
done_testing
