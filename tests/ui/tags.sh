#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Writing tagged rows of several tiers gives the packets below all of them, each once and in the order of capture.
set -u
shop=$top_srcdir/samples/shop.pcapng
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CACHE_HOME=$dir/cache XDG_STATE_HOME=/dev/null
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }

# ids TIER NUMBER OPTION...: the id of this row of a list, from 1
ids()
{
	local tier=$1 n=$2
	shift 2
	"$FLOWDRILL" list "$tier" -r "$shop" --format csv --fields id "$@" | sed -n "$((n + 1))p"
}

service=$(ids macroflows 1 --sort -flows) other=$(ids macroflows 5 --sort -flows)
flow=$(ids flows 2 --in "$service")               # below what is tagged: adds nothing
other_flow=$(ids flows 2 --in "$other")
micro=$(ids microflows 1 --in "$(ids flows 3 --in "$other")")
inside=$(ids packets 1 --in "$other_flow")        # likewise
alone=$(ids packets 2 --in "$(ids flows 4 --in "$other")")

{
	echo 'wait idle'
	# go ID STEP...: opens what is named, one below the other, and tags the last one
	go()
	{
		for id; do
			printf 'key :\ntype filter id == %s\nkey Enter\nwait idle\n' "$id"
			[ "$id" = "${!#}" ] && break
			printf 'key Enter\nwait idle\n'
		done
		printf 'key Space\n'
		for ((i = 1; i < $#; i++)); do
			printf 'key Escape\nwait idle\n'
		done
	}
	go "$service"
	go "$service" "$flow"
	go "$other" "$other_flow"
	up() { "$FLOWDRILL" show -r "$shop" "$1" | sed -n "s/.* in \(f[0-9.]*\) in .*/\1/p" | head -1; }
	go "$other" "$(up "$micro")" "$micro"
	# packets lie below microflows; P opens them below a flow
	for packet in "$inside" "$alone"; do
		printf 'key :\ntype filter id == %s\nkey Enter\nwait idle\nkey P\nwait idle\n' "$other"
		printf 'key :\ntype filter id == %s\nkey Enter\nwait idle\nkey Space Escape\nwait idle\n' "$packet"
	done
	printf 'key :\ntype filter\nkey Enter\nwait idle\n'
	echo "dump $dir/seen"
	echo "expect 6 tagged rows, 5 elsewhere"
	printf 'key :\ntype export %s\nkey Enter\nwait idle\nexpect written to\n' "$dir/screen.pcapng"
	printf 'key u\ndump %s\n' "$dir/after"
} >"$dir/script"
"$FLOWDRILL" --script "$dir/script" --size 100x24 "$shop" || { cat "$dir/seen" "$dir/script"; exit 1; }
grep -q tagged "$dir/after" && { echo "tags stay after u"; cat "$dir/after"; exit 1; }

# the same packets, by other ways
packets() { "$FLOWDRILL" list packets -r "$shop" --format csv --fields frame,time --in "$1" | tail -n +2; }
{
	packets "$service"
	packets "$other_flow"
	packets "$micro"
	"$FLOWDRILL" list packets -r "$shop" --format csv --fields frame,time "id == $alone" | tail -n +2
} | sort -un | cut -d, -f2 >"$dir/want"
"$FLOWDRILL" list packets --no-cache -r "$dir/screen.pcapng" --format csv --fields time | tail -n +2 >"$dir/got"
diff "$dir/want" "$dir/got" >"$dir/diff" || { echo "other packets were written"; head "$dir/diff"; exit 1; }
[ "$(wc -l <"$dir/got")" -gt 100 ] || { echo "hardly any packets"; exit 1; }
exit 0
