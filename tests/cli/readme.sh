#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands on the samples, as README.md and the manual pages give them, work and find something.
. "$top_srcdir/tests/cli/lib.sh"
binary=yes
ln -s "$top_srcdir/samples" samples
ln -s samples/shop.pcapng a.pcap
ln -s samples/shop.pcapng trace.pcapng
ln -s samples/shop.pcapng shop.pcapng
sed -e :a -e '/\\$/{N; s/\\\n//; ta' -e '}' "$top_srcdir/README.md" | grep '^flowdrill .*samples/' |
	sed 's/ *#.*//' >commands
[ -s commands ] || fail "README.md has no command on a sample"
sed -n 's/^\.Dl \$ \(flowdrill .*\)/\1/p' "$top_srcdir"/man/*.1 | grep -e ' -r ' | grep -v ' | ' >>commands
while read -r line; do
	eval "set -- ${line#flowdrill }"
	case $line in
	*"host 10.0.0.5 and port 443"*) fd 0 "$@" --quiet ;;
	*" f1.24"* | *" f1.5256"*) fd 1 "$@" ;;      # ids of some other capture
	*) fd 0 "$@" ;;
	esac
	rm -f ./*.pcapng.new web.pcapng
done <commands
done_testing
