#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every capture of $FLOWDRILL_CAPTURES through the program, against truth.tsv (made by tshark): totals, address-port pairs of
# the flows, sums over the tiers, export, import, and the index made again from the blocks.
# What differs from truth.tsv stands in captures.tsv with who is right; an explanation that no longer holds is a failure too.
. "$top_srcdir/tests/cli/lib.sh"
if [ -z "${FLOWDRILL_CAPTURES-}" ] || ! [ -r "$FLOWDRILL_CAPTURES/truth.tsv" ]; then
	echo "skipped: FLOWDRILL_CAPTURES names no folder of captures with truth.tsv"
	exit 77
fi
binary=yes
: >found.tsv

# differs FILE COLUMN OURS THEIRS
differs()
{
	[ "$3" = "$4" ] || printf '%s\t%s\t%s\t%s\n' "$@" >>found.tsv
}

# A number or a string of the first JSON object on standard input; "-" for null.
json()
{
	sed 's/,"points":.*/}/' | sed -n "s/^{\(.*,\)\{0,1\}\"$1\":\(\"[^\"]*\"\|[^,}]*\)[,}].*/\2/p" | head -n 1 | tr -d '"' | sed 's/^null$/-/'
}

# truth.tsv has seconds since 1970 (RFC 3339 is compared).
rfc3339()
{
	case $1 in
	-) echo - ;;
	*) echo "$(date -u -d "@${1%.*}" +%Y-%m-%dT%H:%M:%S).$(printf '%-9s' "${1#*.}" | tr ' ' 0)Z" ;;
	esac
}

# Distinct address-port pairs of the flows of a protocol.
pairs()
{
	"$FLOWDRILL" list flows -r "$capture" "$1" --format csv --fields client,client_port,server,server_port 2>/dev/null |
		awk -F, 'NR > 1 && $2 != "" { a = $1 " " $2; b = $3 " " $4; print a < b ? a "," b : b "," a }' | sort -u | wc -l
}

# Packets and bytes summed over a tier.
sums()
{
	local bytes=bytes
	[ "$1" = packets ] && bytes=len
	if [ "$1" = packets ]; then
		"$FLOWDRILL" list packets "${@:2}" --format csv --fields $bytes 2>/dev/null |
			awk 'NR > 1 { n++; b += $1 } END { printf "%d %d", n, b }'
	else
		"$FLOWDRILL" list "$1" "${@:2}" --format csv --fields packets,bytes 2>/dev/null |
			awk -F, 'NR > 1 { n += $1; b += $2 } END { printf "%d %d", n, b }'
	fi
}

check_truth()
{
	"$FLOWDRILL" stats -r "$capture" --format json >stats 2>err
	differs "$file" packets "$(json packets <stats)" "$packets"
	differs "$file" bytes "$(json bytes <stats)" "$bytes_wire"
	differs "$file" first "$(json first <stats)" "$(rfc3339 "$first")"
	differs "$file" last "$(json last <stats)" "$(rfc3339 "$last")"
	differs "$file" pairs_tcp "$(pairs tcp)" "$pairs_tcp"
	differs "$file" pairs_udp "$(pairs udp)" "$pairs_udp"
}

check_tiers()
{
	local tier want
	want=$(sums macroflows -r "$capture")
	for tier in flows microflows packets; do
		checks=$((checks + 1))
		[ "$(sums $tier -r "$capture")" = "$want" ] || fail "$file: sums of $tier differ from the macroflows' $want"
	done
	checks=$((checks + 1))
	[ "${want% *}" = "$packets" ] || fail "$file: ${want% *} packets in the tiers, $packets in the file"
}

check_export()
{
	fd 0 export -r "$capture" -w "$scratch/all.pcapng" --force
	"$tool" print "$capture" >source.txt 2>/dev/null
	# a simple packet block has no stamp of its own: the copy has that of its predecessor
	"$tool" print all.pcapng | awk 'NR == FNR { raw[FNR] = $2; next } raw[FNR] == 0 { $2 = 0 } { print }' source.txt - >export.txt
	same source.txt export.txt "$file: export of everything"
}

# Import, then forget all but the packets: the same answers and ids.
check_rebuild()
{
	local tier
	rm -rf copy.fdr
	fd 0 import -s copy.fdr "$capture"
	for tier in macroflows flows microflows packets; do
		"$FLOWDRILL" list $tier -s copy.fdr --format csv >$tier.before 2>/dev/null
	done
	rm -rf copy.fdr/index
	fd 0 check -s copy.fdr --repair
	for tier in macroflows flows microflows packets; do
		"$FLOWDRILL" list $tier -s copy.fdr --format csv >$tier.after 2>/dev/null
		same $tier.before $tier.after "$file: $tier after a rebuild"
	done
	fd 0 check -s copy.fdr
}

# A file that is no whole capture: an answer or a refusal, in time, never more packets than there are.
check_refused()
{
	local got=0 n
	checks=$((checks + 1))
	timeout $hung "$FLOWDRILL" stats -r "$capture" --format json >stats 2>err || got=$?
	[ $got -eq 0 ] || [ $got -eq 3 ] || fail "$file: exit status $got"
	n=$(json packets <stats)
	[ "${n:-0}" -le "$packets" ] || fail "$file: $n packets of $packets"
}

while IFS=$'\t' read -r file status _ _ _ packets _ bytes_wire first last _ _ _ _ _ _ pairs_tcp _ pairs_udp _; do
	case $file in '#'* | file) continue ;; esac
	capture=$FLOWDRILL_CAPTURES/$file
	if [ "$status" != ok ]; then
		check_refused
		continue
	fi
	check_truth
	check_tiers
	check_export
	check_rebuild
done <"$FLOWDRILL_CAPTURES/truth.tsv"

grep -v '^#' "$top_srcdir/tests/cli/captures.tsv" | cut -f1-4 | sort >explained.tsv
sort found.tsv -o found.tsv
comm -23 found.tsv explained.tsv >new.tsv
comm -13 found.tsv explained.tsv >stale.tsv
checks=$((checks + 1))
[ ! -s new.tsv ] || { fail "differences from truth.tsv that nobody explained:"; cat new.tsv; }
[ ! -s stale.tsv ] || { fail "explained differences that are none any more:"; cat stale.tsv; }
done_testing
