#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# man/flowdrill-fields.7 is what the field table says. GENERATE=1 writes it anew.
set -u
page=$top_srcdir/man/flowdrill-fields.7
if [ -n "${GENERATE-}" ]; then
	"$top_builddir/man/make-fields" >"$page"
	exit
fi
"$top_builddir/man/make-fields" | diff -u "$page" - && exit 0
echo "man/flowdrill-fields.7 is out of date: GENERATE=1 make check TESTS=tests/cli/man-fields.sh"
exit 1
