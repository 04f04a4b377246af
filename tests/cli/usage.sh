#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wrong usage: exit status 2, one line that names what is wrong; help, which is no error.
. "$top_srcdir/tests/cli/lib.sh"

fd 2
prints '^usage: flowdrill FILE' 'subcommands' '^  list '
silent
fd 0 --help
silent
cp out help
fd 0 -h
same help out "-h"
fd 0 --version
prints '^flowdrill [0-9]'
for command in import list show export stats check dump; do
	fd 0 $command --help
	prints "^usage: flowdrill $command " "flowdrill-$command(1)"
	silent
	fd 0 --help $command
	prints "^usage: flowdrill $command "
done

fd 2 list flows -r cap/basic.pcap --nonsense
says '--nonsense: no such option'
fd 2 stats -r cap/basic.pcap --group-by client
says '--group-by: no option of flowdrill stats'
fd 2 --repair cap/basic.pcap
says '--repair: no option of flowdrill$'
fd 2 list -r cap/basic.pcap
says 'list: name a tier'
fd 2 list nonsense -r cap/basic.pcap
says 'nonsense: none of macroflows'
fd 2 list flows
says 'list: name a source'
fd 2 list flows -r
says '-r: needs a value: FILE'
fd 2 list flows -r cap/basic.pcap --fields id,nonsense
says "--fields: flows have no field 'nonsense'"
fd 2 list flows -r cap/basic.pcap --sort -nonsense
says "--sort: flows have no field 'nonsense'"
fd 2 list flows -r cap/basic.pcap --group-by client,
says "--group-by: "
fd 2 list flows -r cap/basic.pcap --group-by nonsense
fd 2 list flows -r cap/basic.pcap --format xml
fd 2 list flows -r cap/basic.pcap --limit many
fd 2 list flows -r cap/basic.pcap --from yesterday
says 'yesterday'
fd 2 list flows -r cap/basic.pcap --slices 5s,7s,15m
fd 2 list flows -r cap/basic.pcap --in host
fd 2 list flows -r cap/basic.pcap f1.24 host 10.0.0.5
says 'f1.24: ids and a filter'
fd 2 list flows -r cap/basic.pcap --in m1.24 f1.24
says '--in: does not go together'
# the filter is looked at before the source
fd 2 list flows -r cap/nowhere.pcap host 10.0.0.5 and bits '>' 1
says 'filter: column 19: '
fd 2 list flows -r cap/nowhere.pcap 'host 10.0.0.5 and'
says 'filter: column 18: '
fd 2 list flows -r cap/nowhere.pcap '(port 80'
fd 2 show -r cap/basic.pcap
says 'show: name an id'
fd 2 show -r cap/basic.pcap host 10.0.0.5
says 'host: is no id'
fd 2 export -r cap/basic.pcap
says 'export: say where to'
fd 2 export -r cap/basic.pcap -w x --sqlite y
fd 2 export -r cap/basic.pcap --sqlite y
says '--sqlite: name a tier'
fd 2 export -r cap/basic.pcap -w x --fields id
fd 2 export -r cap/basic.pcap -w x --tier blocks
fd 2 export -r cap/basic.pcap -w x --tier flows f1.24
fd 2 stats -r cap/basic.pcap --format csv
fd 2 stats -r cap/basic.pcap host 10.0.0.5
fd 2 check
fd 2 check -s one.fdr more
fd 2 dump
fd 2 dump a b
fd 2 --size 80 cap/basic.pcap
fd 2 -s
[ ! -e x ] && [ ! -e y ] || fail "a file was made although the command line was wrong"

fd 3 -i nosuch0
fd 3 capture -s x -i nosuch0
fd 2 capture -i nosuch0
fd 2 capture -s x
fd 2 --max-size 1G cap/basic.pcap
[ ! -e x ] || fail "a store was made for an interface that is not there"

# No terminal, no screen.
TERM=xterm fd 2 cap/basic.pcap
says 'terminal'
unset TERM
fd 2 cap/basic.pcap
done_testing
