#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# flowdrill capture on interfaces of a network namespace of its own: what comes off the wire is seen in every tier within two
# seconds; sums, signals, options, and what is left of root's privileges.
. "$top_srcdir/tests/cli/veth.sh"
mkdir live && chmod 711 live
tiers='macroflows flows microflows packets points'

# seen STORE PACKETS: within 2 s in every tier; says how long it took.
seen()
{
	local began took tier limit=$((2000 * patience)) left=$tiers text=
	began=$(now_ms)
	while [ -n "$left" ]; do
		for tier in $left; do
			[ "$(packets_in "$1" "$tier")" = "$2" ] || continue
			took=$(($(now_ms) - began))
			text="$text $tier $took ms,"
			left=$(echo "$left" | tr ' ' '\n' | grep -vx "$tier" | tr '\n' ' ')
			left=${left% }
		done
		[ $(($(now_ms) - began)) -lt $((limit + 5000)) ] || break
	done
	checks=$((checks + 1))
	[ -z "$left" ] || fail "$1: $2 packets are not seen in: $left"
	quick "$1: seen" "$began" 2000
	echo "seen:${text%,} (load $(cut -d' ' -f1 /proc/loadavg))"
}

# ---- two interfaces, while they are recorded ----------------------------------------------------

begin -s live/a.fdr -i v1 -i w1 --report 1
sent v0 300 200 1000 3
seen live/a.fdr 300
sent w0 100 500 1000
seen live/a.fdr 400

# the process
status()
{
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$recorder/status"
}
read -r uid _ <<<"$(status Uid)"
read -r gid _ <<<"$(status Gid)"
is 'uids' "$(status Uid | tr '\t' '\n' | sort -u | grep -cvx 0)" 1
is 'groups' "$(status Groups | tr -d ' ')" ''
for set_name in CapInh CapPrm CapEff CapBnd CapAmb; do
	is "$set_name" "$(status $set_name)" 0000000000000000
done
is 'no_new_privs' "$(status NoNewPrivs)" 1
is 'core dumps' "$(awk '/^Max core/ { print $5, $6 }' "/proc/$recorder/limits")" '0 0'
if [ -e /etc/shadow ]; then
	setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs cat /etc/shadow >/dev/null 2>&1 &&
		fail "whom the recorder became reads /etc/shadow"
fi
[ "$uid" != 0 ] || fail "the recorder is root"
find "/proc/$recorder/fd" -lname '/etc/*' | grep -q . && fail "the recorder has a file of /etc open"

# its files, while SQLite's own are there
is 'files that are not private' "$(find live/a.fdr \( -type d ! -perm 700 \) -o \( -type f ! -perm 600 \))" ''
is 'files of others' "$(find live/a.fdr ! -uid "$uid")" ''
[ -e live/a.fdr/index/catalog.db-wal ] || fail "no catalog.db-wal while it is recorded"

# a second writer
began=$(now_ms)
fd 3 capture -s live/a.fdr -i w1 --duration 1s
says "$recorder"
quick 'the second writer is refused' "$began" 1000
echo "second writer refused after $took ms"
fd 3 import -s live/a.fdr cap/basic.pcap
says "$recorder"

# reports
reports()
{
	[ "$(grep -c '^flowdrill: v1: ' said)" -ge "$1" ]
}
before=$(grep -c '^flowdrill: v1: ' said)
kill -USR1 "$recorder"
wait_said 'packets/s'
wait_until 3 reports $((before + 3)) || fail "no reports by signal and time"
finish INT 0
is 'what v1 has said at the end' "$(said_sums v1)" '300 300 0 0'
is 'what w1 has said at the end' "$(said_sums w1)" '100 100 0 0'
fd 0 list points -s live/a.fdr --format csv --fields name,packets,received,refused,dropped
{ grep -qx 'v1,300,300,0,0' out && grep -qx 'w1,100,100,0,0' out; } || { fail "other sums in the store"; cat out; }
fd 0 check -s live/a.fdr
prints ' 400 packets, 0 problems'

# ---- the same once more: the same points --------------------------------------------------------

begin -s live/a.fdr -i w1
sent w0 50 100 1000
seen live/a.fdr 450
finish TERM 0
fd 0 list points -s live/a.fdr --format csv --fields name,packets,received
{ grep -qx 'w1,150,150' out && [ "$(wc -l <out)" = 3 ]; } || { fail "other points"; cat out; }

# ---- options ------------------------------------------------------------------------------------

begin -s live/b.fdr -i v1 -f 'udp src port 20001' --snaplen 60
sent v0 400 200 2000 4
seen live/b.fdr 100
finish HUP 0
fd 0 list packets -s live/b.fdr --format csv --fields src_port,len,caplen
is 'ports, lengths, what is kept' "$(tail -n +2 out | sort -u)" '20001,200,60'

begin -s live/c.fdr -i any -f 'udp dst port 9999'
sent v0 100 100 1000
# what leaves v0, and what comes at v1
seen live/c.fdr 200
finish INT 0
is 'what any has said at the end' "$(said_sums any)" '200 200 0 0'

begin -s live/d.fdr -i v1 --immediate
grep -q 'TPACKET_V2' said || fail "nothing is said of what --immediate costs"
sent v0 20 100 100
seen live/d.fdr 20
finish INT 0

begin -s live/e.fdr -i v1 --count 50
sent v0 60 100 200
finish '' 0
[ "$(packets_in live/e.fdr packets)" -ge 50 ] || fail "--count ended too early"
begin -s live/f.fdr -i v1 --duration 1s
finish '' 0

# the index on another device: the second time it is known where
install -d -o "$uid" -g "$gid" -m 700 "$scratch/index"
begin -s live/g.fdr -i v1 --index-dir "$scratch/index"
sent v0 20 100 1000
seen live/g.fdr 20
finish INT 0
is 'the index' "$(readlink live/g.fdr/index)" "$scratch/index"
for again in '' "--index-dir $scratch/index"; do
	begin -s live/g.fdr -i v1 $again
	sent v0 20 100 1000
	finish INT 0
done
is 'packets behind an index elsewhere' "$(packets_in live/g.fdr flows)" 60
fd 0 check -s live/g.fdr

# ---- what is refused ----------------------------------------------------------------------------

fd 3 capture -s live/x.fdr -i nosuch0
fd 2 capture -s live/x.fdr -i v1 -f 'udp and ('
fd 2 capture -s live/x.fdr -i v1 -i v1
fd 2 capture -s live/x.fdr -i v1 --user root
[ ! -e live/x.fdr ] || fail "a store was made for nothing"
done_testing
