#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What applications say leads from the macroflow to the packet: failures and refusals of DNS, PostgreSQL and SIP are counted on every
# tier, judged, shown, and `e` goes there; a service of two applications; names by --resolve and in filters. The capture: said.py.
. "$top_srcdir/tests/cli/lib.sh"
python3 "$top_srcdir/tests/cli/said.py" said.pcap || { echo "skipped: no python3"; exit 77; }

csv() { fd 0 list "$@" --format csv -r said.pcap; }
# the lines of `list` behind its head, in order, on one line
is()
{
	local got
	got=$(tail -n +2 out | sort | tr '\n' ' ')
	[ "$got" = "$1" ] || fail "'$got', not '$1'"
}

# counted on each tier: requests, errors, refusals; failures are trouble, refusals none
for tier in macroflows flows microflows; do
	csv "$tier" --fields app,errors,health,why 'errors > 0'
	case $tier in
	macroflows) is 'dns,1,faulty,errors 1 of 3 postgresql,1,faulty,errors 1 of 2 sip,1,faulty,errors 1 of 2 ' ;;
	*) is 'dns,1,faulty,errors 1 of 1 postgresql,1,faulty,errors 1 of 2 sip,1,faulty,errors 1 of 2 ' ;;
	esac
	csv "$tier" --fields app,refusals 'refusals > 0'
	is 'dns,1 postgresql,1 sip,1 '
done
csv packets --fields frame,app,marks,status errors
is '15,postgresql,errors, 19,sip,errors,503 4,dns,errors,2 '
csv packets --fields frame,app,marks,status refusals
is '13,postgresql,refusals, 17,sip,refusals,486 6,dns,refusals,3 '

# from a macroflow with errors to their packets, and what is shown of each
for app in dns postgresql sip; do
	csv macroflows --fields id "errors > 0 and app = $app"
	macroflow=$(tail -n 1 out)
	fd 0 show -r said.pcap "$macroflow"
	prints "^ *app  *$app" '^ *errors  *1' '^ *why  *errors 1 of'
	csv packets --in "$macroflow" --fields id,info errors
	[ "$(wc -l <out)" = 2 ] || fail "packets of $app's errors: $(cat out)"
	info=$(tail -n 1 out | cut -d, -f2-)
	fd 0 show -r said.pcap "$(tail -n 1 out | cut -d, -f1)"
	prints '^ *marks  *errors' "${info//\"/}"
done

# on the screen: down to the packet with e alone
fd 0 --size 160x24 --keys '/ "app = postgresql" Enter e Enter e Enter e Enter e' said.pcap
prints '^▸ .* errors .*ERROR 53200 out of memory'

# one service, two applications
csv macroflows --fields app 'server_port = 8080'
is 'several '
csv flows --fields app 'server_port = 8080'
is 'http ssh '
fd 0 show -r said.pcap "$("$FLOWDRILL" list macroflows -q -r said.pcap 'server_port = 8080' --format csv --fields id | tail -n 1)"
prints '^ *app  *several'

# names: asked for, and seen
csv flows --fields server_port,name 'name ~ "example"'
is '53,broken.example 53,db.example 53,nobody.example 8080,web.example '
csv flows --fields app,server_name 'server_name ~ "db"'
is 'postgresql,db.example '
fd 0 show -r said.pcap "$("$FLOWDRILL" list flows -q -r said.pcap 'app = postgresql' --format csv --fields id | tail -n 1)"
prints '^ *server_name  *db.example'
fd 0 list flows -r said.pcap --resolve seen
prints '10\.0\.0\.4 .*db\.example\|db\.example.*postgresql'
fd 0 list flows -r said.pcap --resolve none
if grep -q 'db\.example .*postgresql\|10.0.0.4 db.example' out; then fail "--resolve none says a name"; fi
if grep -q '^127\.0\.0\.1[[:space:]]*localhost' /etc/hosts; then
	fd 0 list flows -r said.pcap --resolve seen 'server_port = 9999'
	if grep -q localhost out; then fail "--resolve seen reads /etc/hosts"; fi
	fd 0 list flows -r said.pcap --resolve hosts 'server_port = 9999'
	prints localhost
else
	echo "not checked: /etc/hosts has no line '127.0.0.1 localhost'"
fi
fd 0 --resolve none --size 160x24 --keys '/ "app = postgresql" Enter' said.pcap
if grep -q 'db\.example' out; then fail "--resolve none says a name on the screen"; fi
fd 0 --resolve seen --size 160x24 --keys '/ "app = postgresql" Enter' said.pcap
prints 'db\.example'
fd 0 --size 160x24 --keys '/ "name ~ web" Enter' said.pcap
prints '^▸ .* 10\.0\.0\.9 '
done_testing
