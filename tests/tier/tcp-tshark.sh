#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packet by packet against tshark's TCP analysis: marks, round trips, connection setup, bytes in flight, for every capture
# of FLOWDRILL_CAPTURES and samples/, and more that are named as arguments. Prints a table of the classes; every class of every capture
# that differs must be in tcp-differences.tsv with its numbers and its reason.
#
# Frames that we say were captured twice are compared in two steps: their number is in the table, and the rest is compared
# with what tshark says of the capture without them. A capture with several interfaces is compared interface by
# interface, because for tshark they are one place.
# Takes longer than `make check` may: `make check-long`.
set -u

dump=$top_builddir/tests/tier/tcp_dump
here=$top_srcdir/tests/tier
table=$here/tcp-differences.tsv

if [ -z "${FLOWDRILL_CAPTURES-}" ] || ! [ -r "$FLOWDRILL_CAPTURES/truth.tsv" ]; then
	echo "skipped: FLOWDRILL_CAPTURES names no folder of captures with truth.tsv"
	exit 77
fi
for tool in tshark editcap; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ask_tshark()
{
	local a=tcp.analysis

	tshark -n -r "$1" -o tcp.analyze_sequence_numbers:TRUE -o tcp.relative_sequence_numbers:FALSE \
		-o ip.defragment:FALSE -o ipv6.defragment:FALSE -T fields \
		-e frame.number -e frame.protocols -e tcp.stream -e $a.retransmission \
		-e $a.fast_retransmission -e $a.spurious_retransmission -e $a.out_of_order -e $a.lost_segment \
		-e $a.ack_lost_segment -e $a.duplicate_ack -e $a.keep_alive -e $a.keep_alive_ack \
		-e $a.zero_window -e $a.zero_window_probe -e $a.zero_window_probe_ack -e $a.window_full \
		-e $a.window_update -e $a.reused_ports -e $a.ack_rtt -e $a.initial_rtt \
		-e $a.bytes_in_flight 2>/dev/null
}

# without_twice FILE OUT: OUT is FILE without the frames that were captured twice; their number.
without_twice()
{
	local twice

	"$dump" "$1" 2>/dev/null | awk -F '\t' '("," $2 ",") ~ /,duplicate,/ { print $1 }' >"$work/twice"
	twice=$(wc -l <"$work/twice")
	cp "$1" "$2"
	if [ "$twice" -gt 0 ]; then
		# editcap takes 512 frames at a time: from the end, so that numbers stay
		sort -rn "$work/twice" | xargs -n 400 echo | while read -r frames; do
			# shellcheck disable=SC2086
			editcap "$2" "$2.less" $frames >/dev/null 2>&1 && mv "$2.less" "$2"
		done
	fi
	echo "$twice"
}

# compare FILE NAME
compare()
{
	local twice

	twice=$(without_twice "$1" "$work/rest")
	[ "$twice" -gt 0 ] && printf '%s\tduplicate\t%s\t0\t0\n' "$2" "$twice" >>"$work/found"
	"$dump" "$work/rest" >"$work/ours" 2>/dev/null
	ask_tshark "$work/rest" >"$work/theirs"
	awk -v file="$2" -f "$here/tcp-compare.awk" "$work/ours" "$work/theirs" >>"$work/found"
	files=$((files + 1))
}

# compare_points FILE NAME
compare_points()
{
	local points

	points=$(tshark -n -r "$1" -T fields -e frame.interface_id 2>/dev/null | sort -un)
	if [ "$(wc -w <<<"$points")" -lt 2 ]; then
		compare "$1" "$2"
		return
	fi
	for point in $points; do
		tshark -n -r "$1" -Y "frame.interface_id==$point" -w "$work/point" 2>/dev/null
		compare "$work/point" "$2#$point"
	done
}

: >"$work/found"
files=0
while IFS=$'\t' read -r file status _ _ _ packets _; do
	[ "$status" = ok ] || [ "$status" = cut-short ] || continue
	[ "$packets" -gt 0 ] 2>/dev/null && compare_points "$FLOWDRILL_CAPTURES/$file" "$file"
done <"$FLOWDRILL_CAPTURES/truth.tsv"
for file in "$top_srcdir"/samples/*.pcapng "$@"; do
	[ -r "$file" ] && compare_points "$file" "${file##*/}"
done

echo "class                      both    ours  tshark  differ   equal   (differ: both measure, values more than 1 us or a byte apart)"
awk -F '\t' '{
	class = $2
	if (sub(/_differs$/, "", class)) differ[class] += $3
	else { both[class] += $3; ours[class] += $4; theirs[class] += $5 }
	seen[class]
} END {
	for (c in seen) {
		n = both[c] + ours[c] + theirs[c] + differ[c]
		printf "%-24s %6d  %6d  %6d  %6d  %5.2f %%\n", c, both[c], ours[c], theirs[c], differ[c], n ? both[c] * 100 / n : 0
	}
}' "$work/found" | sort

# Where only one of us measures, both may be right: rtt (Karn) and in_flight (gaps) are told by the table above alone.
awk -F '\t' -v OFS='\t' '$2 == "duplicate" || $2 ~ /_differs$/ { print $1, $2, $3, 0, 0; next }
	($4 || $5) && $2 != "rtt" && $2 != "in_flight" && $2 != "setup" { print $1, $2, 0, $4, $5 }' "$work/found" | sort >"$work/differ"
grep -v '^#' "$table" | cut -f 1-5 | sort >"$work/known"
bad=0
if ! diff "$work/known" "$work/differ" >"$work/diff"; then
	echo "differences ('<' in tcp-differences.tsv, '>' found; file, class, number, only ours, only tshark's):"
	grep '^[<>]' "$work/diff"
	bad=1
fi
echo "$files captures and capture points"
exit $bad
