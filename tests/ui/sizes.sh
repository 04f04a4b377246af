#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Screens of every size, in every view, with keys at each: nothing falls over, and what was on the screen before is there
# afterwards. ASCII lines stand where the others stand.
set -u
. "$top_srcdir/tests/patience.sh"
shop=$top_srcdir/samples/shop.pcapng
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=/dev/null INPUTRC=/dev/null
cd "$dir" || exit 99
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
# no higher than the screen of the comparison: a column is as wide as the widest row that was seen
small='0x0 1x1 1x20 200x1 0x24 80x0 2x2 3x24 500x3 39x5 500x24'
large='1x200 200x200 3x500 500x500 4096x4096'
failed=0

# walk SIZE...: into each view; there, through the sizes and back to 80x24
walk()
{
	local depth size
	echo 'wait idle'
	for depth in 1 2 3 4 5; do
		for size in "$@"; do
			printf 'resize %s\nkey Down Up\nresize %s\n' "$size" "$size"
		done
		printf 'resize 80x24\nwait idle\ndump -\nkey Enter\nwait idle\n'
	done
	for size in "$@"; do
		printf 'resize %s\nkey ? / Escape G gg Left Right PgDn PgUp Tab i Escape\nwait idle\n' "$size"
	done
}

# run NAME OPTION...
run()
{
	local name=$1 status=0
	shift
	timeout $hung "$FLOWDRILL" --no-cache "$@" "$shop" >"$name.out" 2>"$name.err" || status=$?
	[ "$status" -eq 0 ] && return
	echo "FAILED: $name: exit status $status"
	cat "$name.err"
	failed=1
}

walk >plain
# shellcheck disable=SC2086
walk $small >sized
# shellcheck disable=SC2086
walk $small $large >all
run all --script all --size 80x24
run plain --script plain --size 80x24
run sized --script sized --size 80x24
if ! diff -u plain.out sized.out; then
	echo "FAILED: a screen is another after it had other sizes"
	failed=1
fi
[ "$(grep -c . plain.out)" -gt 80 ] || { echo "FAILED: nothing was drawn"; failed=1; }

command -v python3 >/dev/null 2>&1 || echo "skipped: no python3 to measure lines"
# every view at every size from the start
printf 'wait idle\ndump -\nkey Enter\nwait idle\ndump -\nkey Enter\nwait idle\ndump -\nkey Enter\nwait idle\ndump -\n' >down
for size in 1x1 1x200 200x1 2x2 30x4 39x5 47x11 80x24 133x37 500x3 500x500; do
	run "$size" --script down --size "$size"
	run "$size-ascii" --script down --size "$size" --ascii
	command -v python3 >/dev/null 2>&1 || continue
	python3 - "$size" "$size.out" "$size-ascii.out" <<'END' || failed=1
import sys, unicodedata
width = lambda s: sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s)
w = int(sys.argv[1].split("x")[0])
a, b = [open(f, encoding="utf-8").read().split("\n") for f in sys.argv[2:]]
bad = []
if len(a) != len(b): bad.append(f"{len(a)} lines, and {len(b)} in ASCII")
for i, (x, y) in enumerate(zip(a, b)):
    if not y.isascii(): bad.append(f"line {i}: not ASCII: {y}")
    if width(x) > w or len(y) > w: bad.append(f"line {i}: wider than {w}: {x}")
    # an arrow is two cells wide in ASCII, and its column with it
    if x.isascii() and x.split() != y.split(): bad.append(f"line {i}: {x} became {y}")
for line in bad[:5]: print("FAILED:", sys.argv[1], line)
sys.exit(bool(bad))
END
done
exit $failed
