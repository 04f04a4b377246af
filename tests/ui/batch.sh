#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --keys, --batch and --screen-dump: the screen without a terminal, from the command line.
set -u
. "$top_srcdir/tests/patience.sh"
shop=$top_srcdir/samples/shop.pcapng
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME=/dev/null XDG_CACHE_HOME=$work/cache INPUTRC=/dev/null
failed=0

fail()
{
	echo "FAILED: $*"
	failed=1
}

# run NAME OPTION...: what is written is in $work/NAME
run()
{
	local name=$1
	shift
	timeout $hung "$FLOWDRILL" "$@" "$shop" >"$work/$name" 2>"$work/$name.err" </dev/null ||
		fail "$name: $* ended with $?: $(cat "$work/$name.err")"
}

# wrong STATUS TEXT OPTION...: refused, with this in the message
wrong()
{
	local want=$1 text=$2 status=0
	shift 2
	timeout $hung "$FLOWDRILL" "$@" "$shop" >"$work/wrong" 2>&1 </dev/null || status=$?
	[ "$status" -eq "$want" ] || fail "$*: exit status $status, not $want: $(cat "$work/wrong")"
	grep -qF -e "$text" "$work/wrong" || fail "$*: no '$text' in: $(cat "$work/wrong")"
}

# keys do what the same keys of a script do
printf 'wait idle\nkey e\nwait idle\nkey Enter\nwait idle\nkey /\ntype packets > 9\nkey Enter\nwait idle\ndump -\n' >"$work/script"
run by_script --script "$work/script" --size 120x40
run by_keys --keys 'e Enter / "packets > 9" Enter' --size 120x40
diff -u "$work/by_script" "$work/by_keys" || fail "keys are not what the script says"
[ "$(wc -l <"$work/by_keys")" -eq 40 ] || fail "a screen of 40 rows has others"
grep -q 'filter: packets > 9' "$work/by_keys" || fail "text in quotes was not typed"
run to_file --keys 'e Enter' --size 90x30 --screen-dump "$work/dumped"
[ -s "$work/to_file" ] && fail "--screen-dump FILE wrote to standard output"
[ "$(wc -l <"$work/dumped")" -eq 30 ] || fail "--screen-dump FILE has not the screen"
run first --screen-dump -
grep -q 'all services' "$work/first" || fail "--screen-dump alone is not the first screen"

# every view that there is, by the names that the message about a wrong one has
status=0
"$FLOWDRILL" --batch nothing "$shop" >/dev/null 2>"$work/names" || status=$?
[ "$status" -eq 2 ] || fail "a view that does not exist: exit status $status"
views=$(sed -n "s/.*is none of //p" "$work/names" | tr -d ,)
[ "$(echo "$views" | wc -w)" -ge 6 ] || fail "views: $(cat "$work/names")"
macroflow=$("$FLOWDRILL" list macroflows -r "$shop" --sort -response_max --limit 1 --fields id --format csv | tail -1)
flow=$("$FLOWDRILL" list flows -r "$shop" --in "$macroflow" --sort -response_max --limit 1 --fields id --format csv | tail -1)
microflow=$("$FLOWDRILL" list microflows -r "$shop" --in "$flow" --limit 1 --fields id --format csv | tail -1)
packet=$("$FLOWDRILL" list packets -r "$shop" --in "$flow" --limit 1 --fields id --format csv | tail -1)
for view in $views; do
	ok=0
	for in in '' "$macroflow" "$flow" "$microflow" "$packet"; do
		status=0
		timeout $hung "$FLOWDRILL" --batch "$view" ${in:+--in "$in"} "$shop" >"$work/view" 2>"$work/view.err" </dev/null || status=$?
		[ "$status" -eq 2 ] && continue
		ok=$((ok + 1))
		[ "$status" -eq 0 ] || fail "--batch $view --in '$in': exit status $status: $(cat "$work/view.err")"
		[ -s "$work/view" ] || fail "--batch $view --in '$in' wrote nothing"
		grep -q "[[:cntrl:]]" "$work/view" && fail "--batch $view --in '$in' has control characters"
		[ "$(wc -L <"$work/view")" -le 160 ] || fail "--batch $view is wider than 160"
		timeout $hung "$FLOWDRILL" --batch "$view" ${in:+--in "$in"} --ascii "$shop" >"$work/ascii" 2>/dev/null </dev/null
		LC_ALL=C grep -q '[^ -~]' "$work/ascii" && fail "--batch $view --ascii is not ASCII"
		[ "$(wc -l <"$work/ascii")" = "$(wc -l <"$work/view")" ] || fail "--batch $view has other rows in ASCII"
	done
	[ "$ok" -gt 0 ] || fail "--batch $view can be of nothing"
done

# all rows are there, and what they say is what `list` says
for tier in macroflows flows packets; do
	filter='server = 10.0.0.5'
	[ "$tier" = packets ] && filter='dst = 10.0.0.5'
	run "$tier" --batch "$tier" --filter "$filter" --size 200x0
	want=$("$FLOWDRILL" list "$tier" -r "$shop" --fields id --format csv "$filter" | tail -n +2 | wc -l)
	[ "$want" -gt 10 ] || fail "list $tier '$filter' has $want rows"
	have=$(sed 1d "$work/$tier" | grep -vc '^  total:')
	[ "$have" -eq "$want" ] || fail "--batch $tier '$filter' has $have rows, list $want"
done
run below --batch packets --in "$microflow" --size 400x0
"$FLOWDRILL" list packets -r "$shop" --in "$microflow" --fields frame --format csv | tail -n +2 >"$work/frames"
awk 'NR > 1 && $1 != "total:" { print $1 }' "$work/below" | diff "$work/frames" - || fail "--batch packets --in ID has other packets than list"
run keyed --batch flows --in "$macroflow" --keys S
run plain --batch flows --in "$macroflow"
awk 'NR > 1 && $1 != "total:" { print $1 }' "$work/keyed" | sort -rc || fail "keys do not work on the view of --batch"
cmp -s "$work/keyed" "$work/plain" && fail "S did not change the order"

# with colours it is the same text
run colors --keys e --ansi
run colorless --keys e
sed 's/\x1b\[[0-9;]*m//g; s/ *$//' "$work/colors" | diff -u "$work/colorless" - || fail "--ansi changes the text"
grep -q $'\x1b\\[0;1;38;5;' "$work/colors" || fail "--ansi has no colours"
printf 'wait idle\nkey e\nansi -\n' >"$work/script"
run by_step --script "$work/script"
cmp "$work/colors" "$work/by_step" || fail "ansi in a script is not --ansi"

# pictures are made of it
if command -v python3 >/dev/null 2>&1; then
	python3 "$top_srcdir/contrib/ansi2svg.py" <"$work/colors" >"$work/svg" || fail "no picture was made"
	python3 - "$work/svg" <<'END' || fail "the picture is not well-formed, or lacks text"
import sys, xml.dom.minidom
texts = xml.dom.minidom.parse(sys.argv[1]).getElementsByTagName("text")
sys.exit(not any("all services" in t.firstChild.data for t in texts) or len(texts) < 50)
END
else
	echo "skipped: no python3 to make a picture"
fi

wrong 2 'none of' --batch nothing
wrong 2 'of which record' --batch packet
wrong 2 'cannot be of a packet' --batch flows --in "$packet"
wrong 2 'goes with --batch' --in "$flow" --keys e
wrong 2 'a view is of one record' --batch flows --in "$flow" --in "$microflow"
wrong 2 "no such key: 'Entr'" --keys 'e Entr'
wrong 2 'no such field' --batch flows --filter 'nonsense > 1'
wrong 2 'takes no filter' --batch help --filter 'port 80'
wrong 2 'goes with' --ansi
exit $failed
