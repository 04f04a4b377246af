#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every option that --help names is in the manual page of its subcommand, and the other way round;
# pages are clean mdoc where mandoc is there to say so.
set -u
failed=0

fail()
{
	echo "$*"
	failed=1
}

options_of_help()
{
	"$FLOWDRILL" "$@" --help | sed -n 's/^  ..,\{0,1\} *--\([a-z-]*\).*/\1/p' | sort
}

compare()
{
	page=$1
	shift
	options_of_help "$@" >help.$$
	sed -n '/^\.It Fl/s/.*Fl -\([a-z-]*\).*/\1/p' "$page" | sort >page.$$
	[ -s help.$$ ] || fail "$* --help names no option"
	diff help.$$ page.$$ || fail "$page: options differ from '$* --help' (<)"
	rm -f help.$$ page.$$
}

commands=$("$FLOWDRILL" --help | sed -n '/^subcommands/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -w)" -ge 7 ] || fail "--help names too few subcommands: $commands"
compare "$top_srcdir/man/flowdrill.1"
for command in $commands; do
	compare "$top_srcdir/man/flowdrill-$command.1" "$command"
	grep -q "Xr flowdrill-$command 1" "$top_srcdir/man/flowdrill.1" ||
		fail "flowdrill.1 does not name flowdrill-$command(1)"
done
for page in "$top_srcdir"/man/flowdrill-*.1; do
	name=${page##*/flowdrill-}
	echo "$commands" | grep -qx "${name%.1}" || fail "$page: no such subcommand"
done
if command -v mandoc >/dev/null; then
	for page in "$top_srcdir"/man/*.1 "$top_srcdir/man/flowdrill-fields.7"; do
		mandoc -Tlint "$page" 2>&1 |
			grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' && failed=1
	done
fi
exit $failed
