# SPDX-License-Identifier: GPL-3.0-or-later
# For tests that compare with tshark: captures one by one, each capture point for itself, because for tshark they are one place.
# Sets $work, a folder that goes at the end, and $found, a file in it for lines as of tcp-compare.awk.

here=$top_srcdir/tests/tier

# need_captures, need_tools TOOL...: else the test is skipped.
need_captures()
{
	[ -n "${FLOWDRILL_CAPTURES-}" ] && [ -r "$FLOWDRILL_CAPTURES/truth.tsv" ] && return
	echo "skipped: FLOWDRILL_CAPTURES names no folder of captures with truth.tsv"
	exit 77
}

need_tools()
{
	for tool; do
		command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
	done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$work/found
: >"$found"
files=0

# each_point COMMAND FILE NAME: COMMAND FILE NAME for each of the file's capture points, which is NAME#POINT if there are several.
each_point()
{
	local points=

	# only pcapng has several
	[ "$(head -c 4 "$2" | od -An -tx1 | tr -d ' ')" = 0a0d0d0a ] && points=$(tshark -n -r "$2" -T fields -e frame.interface_id 2>/dev/null | sort -un)
	if [ "$(wc -w <<<"$points")" -lt 2 ]; then
		"$1" "$2" "$3"
		files=$((files + 1))
		return
	fi
	for point in $points; do
		tshark -n -r "$2" -Y "frame.interface_id==$point" -w "$work/point" 2>/dev/null
		"$1" "$work/point" "$3#$point"
		files=$((files + 1))
	done
}

# each_capture COMMAND [FILE...]: those of FLOWDRILL_CAPTURES that can be read, samples/, and the files named.
each_capture()
{
	local command=$1

	shift
	while IFS=$'\t' read -r file status _ _ _ packets _; do
		[ "$status" = ok ] || [ "$status" = cut-short ] || continue
		[ "$packets" -gt 0 ] 2>/dev/null && each_point "$command" "$FLOWDRILL_CAPTURES/$file" "$file"
	done <"$FLOWDRILL_CAPTURES/truth.tsv"
	for file in "$top_srcdir"/samples/*.pcapng "$@"; do
		[ -r "$file" ] && each_point "$command" "$file" "${file##*/}"
	done
}

# judge TABLE [some] [silent]: prints what was found and what is wrong with it; false where anything is. some: not all captures of the
# table; silent: where we say nothing is as good as equal.
judge()
{
	awk -v some="$(grep -cw some <<<"$*")" -v silent="$(grep -cw silent <<<"$*")" -f "$here/differences.awk" "$1" "$found"
	local bad=$?

	echo "$files captures and capture points"
	return $bad
}
