#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No wrong name: each pair of address and name that DNS, multicast DNS and name records tell us is one of tshark's. Two rules:
#   an address has the name that was asked for, through aliases; tshark's own table has the owner of the last record, so
#   both its table and its questions and addresses are looked into
#   tshark's table has one name an address: where a name record says another one than DNS, it has to know the address
# How many pairs of a question and an address tshark has that we have not is told: addresses in additional records,
# 0.0.0.0 and 127.0.0.1, answers that were not captured whole.
# Takes longer than `make check` may: `make check-long`.
set -u

[ -n "${FLOWDRILL_CAPTURES-}" ] || { echo "FLOWDRILL_CAPTURES is not set"; exit 77; }
command -v tshark >/dev/null || { echo "tshark is not installed"; exit 77; }
export TMPDIR=${TMPDIR:-/tmp}
dir=$(mktemp -d "$TMPDIR/names-tshark.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C
bad=0 ours=0 missing=0

# The first question of each message with each address in it.
questions_of_tshark()
{
	tshark -n -r "$1" -Y 'dns.flags.response == 1 && (dns.a || dns.aaaa)' -T fields -E separator='|' -E aggregator=, \
		-e dns.qry.name -e dns.a -e dns.aaaa 2>/dev/null | awk -F'|' '
		{ split($1, names, ","); n = split($2 "," $3, addrs, ",")
		  for (i = 1; i <= n; i++) if (addrs[i] != "" && names[1] != "") print addrs[i], tolower(names[1]) }'
}

make_index()
{
	rm -rf "$dir/index"
	mkdir "$dir/index"
	"$FLOWDRILL" stats -q --index-dir "$dir/index" -r "$1" >/dev/null 2>&1
}

# By sources that match.
pairs_of_ours()
{
	find "$dir/index" -name '*.idx' -type f | while read -r index; do
		"$FLOWDRILL" dump --deep "$index" | sed -n "s/^ *name of \([^ ]*\) by $1: \([^ ]*\)  .*/\1 \2/p"
	done
}

while read -r file; do
	make_index "$file"
	pairs_of_ours 'm*dns' | sort -u >"$dir/dns"
	pairs_of_ours capture | sort -u >"$dir/records"
	[ -s "$dir/dns" ] || [ -s "$dir/records" ] || continue
	questions_of_tshark "$file" | sort -u >"$dir/questions"
	tshark -r "$file" -q -z hosts 2>/dev/null | awk '!/^#/ && NF == 2 { print $1, tolower($2) }' | sort -u >"$dir/hosts"
	ours=$((ours + $(cat "$dir/dns" "$dir/records" | wc -l)))
	missing=$((missing + $(comm -13 "$dir/dns" "$dir/questions" | wc -l)))
	sort -u "$dir/questions" "$dir/hosts" | comm -23 "$dir/dns" - >"$dir/wrong"
	awk 'NR == FNR { known[$1]; next } !($1 in known)' "$dir/hosts" "$dir/records" >>"$dir/wrong"
	if [ -s "$dir/wrong" ]; then
		echo "$file: names that tshark does not have:"
		cat "$dir/wrong"
		bad=1
	fi
done < <(find "$FLOWDRILL_CAPTURES" "$top_srcdir/samples" -type f \( -name '*.pcap' -o -name '*.pcapng' \) | sort)
echo "$ours pairs of ours; $missing of tshark's are not among them"
[ "$ours" -gt 0 ] || { echo "no names at all"; exit 1; }
exit $bad
