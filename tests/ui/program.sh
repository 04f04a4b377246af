#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packets into programs: they get all of them, what they say is shown, and none outlives its view.
set -u
. "$top_srcdir/tests/patience.sh"
shop=$top_srcdir/samples/shop.pcapng
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=/dev/null INPUTRC=/dev/null TMPDIR=$dir
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
failed=0

# run NAME: the script on standard input; what it dumps goes to $dir/out
run()
{
	cat >"$dir/script"
	timeout $hung "$FLOWDRILL" --no-cache --script "$dir/script" --size 100x20 "$shop" >"$dir/out" 2>"$dir/err" ||
		{ echo "FAILED: $1"; cat "$dir/err"; failed=1; }
}

# the same packets as export writes, and the status is told
"$FLOWDRILL" list macroflows -r "$shop" --no-cache --limit 1 --sort -bytes --fields id --format csv >"$dir/id"
id=$(sed -n 2p "$dir/id")
"$FLOWDRILL" export -r "$shop" --no-cache "$id" -w "$dir/a.pcapng" || exit 99
run packets <<END
wait idle
key :
type sort -bytes
key Enter
wait idle
key !
type cat >$dir/b.pcapng; echo said one; echo said two >&2; exit 3
key Enter
wait idle
expect said one
expect said two
expect ended with status 3
key /
type TWO
key Enter
expect said two
key Escape
expect largest first
key :
type pipe true
key Enter
wait idle
expect it said nothing
expect ended with status 0
key Escape !
type no-such-program-at-all
key Enter
wait idle
expect no such program
END
# the order of the packets is the same, the sections name the same program
cmp "$dir/a.pcapng" "$dir/b.pcapng" || { echo "FAILED: other packets than export writes"; failed=1; }

# a program that reads nothing, one that never ends, one whose child goes on, one that says too much
run ends <<END
wait idle
key !
type echo begun; sleep 97.$$ & sleep 97.$$
key Enter
until begun
expect running; Escape stops it
key Escape
expect stopped
key Escape !
type sleep 97.$$ & echo left behind
key Enter
until left behind
key Escape Escape
key !
type yes 'a very long line that is said again and again and again and again'
key Enter
until is left out
key Escape Escape
expect Enter open
key Q
END
none_left()
{
	! pgrep -fx "sleep 97\.$$" >/dev/null
}
command -v pgrep >/dev/null || echo "skipped: no pgrep to look for programs that are left"
if ! wait_until 2 none_left; then
	echo "FAILED: a program outlives its view"
	failed=1
fi

# what a terminal would obey
run hostile <<'END'
wait idle
key !
type printf 'a\033[31mred\033[0m \033]0;title\007 \302\233 tab\there\r\n'
key Enter
wait idle
expect ared
expect tab
dump -
END
if LC_ALL=C grep -q -a "$(printf '[\001-\010\013-\037\177]')" "$dir/out"; then
	echo "FAILED: control characters of a program reach the screen"
	failed=1
fi
# nothing is left where the packets lay
left=$(find "$dir" -name packets)
[ -z "$left" ] || { echo "FAILED: left behind: $left"; failed=1; }
exit $failed
