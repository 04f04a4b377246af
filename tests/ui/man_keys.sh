#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# flowdrill-keys(7) and flowdrill-config(5) hold what the program's tables say. GENERATE=1 writes them anew.
set -u
new=$(mktemp)
trap 'rm -f "$new"' EXIT
failed=0

# check PAGE MARK WHAT: what stands between the marks is what the program says of it
check()
{
	local page=$top_srcdir/man/$1

	{
		sed "/^\.\\\\\" $2 begin/q" "$page"
		"$top_builddir/tests/ui/dump_keys" "$3" || exit 99
		sed -n "/^\.\\\\\" $2 end/,\$p" "$page"
	} >"$new"
	if [ "${GENERATE-}" = 1 ]; then
		cat "$new" >"$page"
	elif ! diff -u "$page" "$new"; then
		echo "$1 is not what the program does: GENERATE=1 make check"
		failed=1
	fi
}

check flowdrill-keys.7 tables keys
check flowdrill-config.5 colors colors
check flowdrill-config.5 settings settings
exit $failed
