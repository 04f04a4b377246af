#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# flowdrill-keys(7) holds what the program's tables say. GENERATE=1 writes it anew.
set -u
page=$top_srcdir/man/flowdrill-keys.7
new=$(mktemp)
trap 'rm -f "$new"' EXIT

{
	sed '/^\.\\" tables begin/q' "$page"
	"$top_builddir/tests/ui/dump_keys" || exit 99
	sed -n '/^\.\\" tables end/,$p' "$page"
} >"$new"
if [ "${GENERATE-}" = 1 ]; then
	cat "$new" >"$page"
	exit
fi
diff -u "$page" "$new" || { echo "flowdrill-keys.7 is not what the program does: GENERATE=1 make check"; exit 1; }
