#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The pictures in README.md are what the program draws: each block of ``` behind <!-- screen N --> is the Nth dump of
# readme.script, without the blank lines at its end. GENERATE=1 puts them in.
set -u
shop=$top_srcdir/samples/shop.pcapng
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME=/dev/null INPUTRC=/dev/null
"$FLOWDRILL" --no-cache --script "$top_srcdir/tests/ui/screens/readme.script" --size 112x22 "$shop" >"$work/dumps" ||
	exit 1
# every screen has 22 lines; rows that are empty and the hints below them say nothing here
split -l 22 -a 1 --numeric-suffixes=1 "$work/dumps" "$work/screen"
awk -v work="$work" '
	/^<!-- screen [0-9] -->$/ { print; n = $3; getline; print; fill = 1
		while ((getline line < (work "/screen" n)) > 0) { sub(/ +$/, "", line); if (line != "") print line }
		next }
	fill && /^```$/ { fill = 0 }
	!fill' "$top_srcdir/README.md" >"$work/README.md"
grep -c '^<!-- screen' "$work/README.md" | grep -qx 4 || { echo "README.md has not four pictures"; exit 1; }
if [ "${GENERATE-}" = 1 ]; then
	cat "$work/README.md" >"$top_srcdir/README.md"
else
	diff -u "$top_srcdir/README.md" "$work/README.md" || exit 1
fi
# the one in colours
if ! command -v python3 >/dev/null; then
	echo "the picture in colours was not compared: no python3"
	exit 0
fi
"$FLOWDRILL" --no-cache --keys e --ansi --size 120x38 "$shop" | python3 "$top_srcdir/contrib/ansi2svg.py" >"$work/screen.svg" || exit 1
if [ "${GENERATE-}" = 1 ]; then
	cat "$work/screen.svg" >"$top_srcdir/contrib/screen.svg"
else
	cmp "$top_srcdir/contrib/screen.svg" "$work/screen.svg" || { echo "contrib/screen.svg is not what the program draws"; exit 1; }
fi
