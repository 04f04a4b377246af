#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing from outside reaches a terminal unescaped: every byte, terminal sequences, C1, bidirectional and invisible
# characters in payloads, comments, interfaces, sections, name records, file names, words and values of options,
# through every subcommand, format and the screen's dumps. hostile-tool judges, not the program's own escaping.
. "$top_srcdir/tests/cli/lib.sh"
hostile=$top_builddir/tests/cli/hostile-tool
export XDG_STATE_HOME=$scratch/state INPUTRC=/dev/null
"$hostile" make hostile.pcapng || exit 99
# ESCAPE_ALL: each text alone, where it may break nothing but itself; otherwise many in a name
few=few
[ -z "${ESCAPE_ALL-}" ] || few=
# shellcheck disable=SC2086
mapfile -d '' -t names < <("$hostile" names $few)
[ "${#names[@]}" -ge 3 ] || exit 99
# the judge sees each of them, the last, which only a spreadsheet obeys, apart
mapfile -d '' -t all < <("$hostile" names)
for ((i = 0; i < ${#all[@]} - 1; i++)); do
	printf '%s' "${all[i]}" >raw
	"$hostile" clean raw >/dev/null && { echo "text $i is clean"; exit 99; }
done

# fh STATUSES ARG...: runs flowdrill; its status is one of STATUSES ("0 1"). What it says is judged later, many at once.
said=0
fh()
{
	local want=$1 got=0
	shift
	checks=$((checks + 1))
	rm -f out err # which are links to what was said before
	timeout $hung "$FLOWDRILL" "$@" >out 2>err </dev/null || got=$?
	case " $want " in
	*" $got "*) ;;
	*) fail "$(printf 'flowdrill%s: status %d, not %s' "$(printf ' %q' "$@")" "$got" "$want")"; cat -v err ;;
	esac
	said=$((said + 1))
	commands[said]=$(printf ' %q' "$@")
	ln out said.$said.out
	ln err said.$said.err
}

# judge: all that was said since the last time is clean, and no line begins as one of ours that is none.
judge()
{
	local file n
	"$hostile" clean said.*.out said.*.err >where || while read -r file where; do
		n=${file#said.}
		fail "flowdrill${commands[${n%.*}]}: ${n#*.}: $where"
	done <where
	# what is said of --explain has its own form
	for file in $(grep -La '^plan ' said.*.err | xargs -r grep -lav '^flowdrill: .*: '); do
		n=${file#said.}
		fail "flowdrill${commands[${n%.*}]}: a line of its own on standard error"
	done
	python3 -c 'import json, sys
for path in sys.argv[1:]:
	try:
		for line in open(path, encoding="utf-8", newline="\n"): json.loads(line)
	except ValueError as why:
		print(path, why)' said.*.json >where 2>/dev/null
	while read -r file where; do
		n=${file#said.}
		fail "flowdrill${commands[${n%.*}]}: JSON: $where"
	done <where
	rm -f out err said.*
}

# every object on a line of ./out will have to parse
json()
{
	checks=$((checks + 1))
	ln out "said.$said.json"
}
command -v python3 >/dev/null 2>&1 || echo "skipped: no python3 to parse JSON"

# everything that reads the source `$1 $2`
read_all()
{
	local source=("$1" "$2") tier format ids
	for tier in macroflows flows microflows packets blocks points; do
		for format in table csv json; do
			fh 0 list $tier "${source[@]}" --format $format --fields all
			[ -s out ] || fail "list $tier $format: nothing"
			[ $format = json ] && json "list $tier"
		done
		ids=$(sed -n 's/.*"id":"\([mfup][0-9.]*\)".*/\1/p' out | head -n 40 | tr '\n' ' ')
		# shellcheck disable=SC2086
		[ -z "$ids" ] || fh 0 show "${source[@]}" $ids
	done
	for format in table json; do
		fh 0 stats "${source[@]}" --format $format
	done
	json stats
	fh 0 list flows "${source[@]}" --group-by point --format json
	json group-by
	fh 0 list packets "${source[@]}" --explain port 53
}

# ---- inside of a capture, and of a store made from it
read_all -r hostile.pcapng
fh 0 import -s hostile.fdr hostile.pcapng
read_all -s hostile.fdr
fh 0 check -s hostile.fdr
fh 0 dump --deep hostile.pcapng
for file in hostile.fdr/blocks/* hostile.fdr/index/*.idx; do
	fh 0 dump --deep "$file"
done
fh 0 export -r hostile.pcapng -w again.pcapng
read_all -r again.pcapng
fh 0 export -r hostile.pcapng flows --sqlite again.db

# ---- CSV: no text that a spreadsheet would run, unless asked for
fh 0 list points -r hostile.pcapng --format csv --fields name
checks=$((checks + 1))
grep -qa "^\"'=cmd" out || fail "CSV: no apostrophe before a formula"
grep -qaE '^"?[=+@-]' out && fail "CSV: a formula"
fh 0 list points -r hostile.pcapng --format csv --fields name --csv-exact
grep -qa '^"=cmd' out || fail "CSV: --csv-exact changed a text"
judge

# ---- names of files, stores, folders and words of every kind
printf 'this is no capture file\n' >text
for name in "${names[@]}"; do
	path=cap/$name.pcapng
	cp hostile.pcapng "$path" || continue
	fh 0 list points -r "$path" --format json --no-cache
	json list points of a named file
	fh 0 list blocks -r "$path" --fields all
	fh 0 stats -r "$path"
	fh 0 stats -r "$path" --format json
	json stats of a named file
	fh 3 list packets -r "gone $name"
	cp text "$path"
	fh 3 list packets -r "$path"
	fh 3 dump "$path"
	fh 0 import -s "$name.fdr" hostile.pcapng
	fh 0 list blocks -s "$name.fdr" --fields all --format json
	json list of a named store
	fh 0 export -s "$name.fdr" -w "$name.out" port 53
	fh 2 export -s "$name.fdr" -w "$name.out" port 53
	fh 3 import -s "$name.fdr" "$path"
	rm -rf "$path" "$name.fdr" "$name.out"

	fh '0 1 2' list packets -r hostile.pcapng "$name"
	fh '0 1 2' list packets -r hostile.pcapng "point == \"$name\""
	fh '0 1 2' list flows -r hostile.pcapng --explain "info ~ \"$name\" or port 53"
	fh 2 list "$name" -r hostile.pcapng
	fh 3 "list$name"
	fh 2 list flows -r hostile.pcapng "--$name"
	fh '2 3' list flows -r hostile.pcapng "-$name" # -r is an option
	for option in --from --to --in --group-by --sort --limit --fields --format --slices --threads --bpf; do
		fh 2 list flows -r hostile.pcapng $option "$name"
	done
	fh 2 show -r hostile.pcapng "$name" f99.1
	judge
done

# ---- the screen, as it would be drawn
keys='wait idle
dump -
key Enter
wait idle
dump -
key Enter
wait idle
dump -
key Enter
wait idle
dump -
key Enter
wait idle
dump -
key G
wait idle
dump -
key Enter
wait idle
dump -
key ?
dump -'
echo "$keys" >script
for name in "${names[@]}"; do
	cp hostile.pcapng "cap/$name.pcapng"
	fh 0 --no-cache --script script --size 200x60 "cap/$name.pcapng"
	rm "cap/$name.pcapng"
	# typed into the prompt and searched for
	printf 'wait idle\nkey /\ntype %s\ndump -\nkey Enter\nwait idle\ndump -\n' "${name//[$'\n'$'\r']/ }" >typed
	fh '0 1 2' --no-cache --script typed --size 120x40 hostile.pcapng
done
fh 0 --no-cache --ascii --script script hostile.pcapng
LC_ALL=C grep -qa $'[\200-\377]' out && fail "--ascii: more than ASCII"
judge
done_testing
