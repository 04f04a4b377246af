#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every view with every key that is bound (keys.table, which tests/ui/test_keys compares with the keymap and with what the keys do), on
# terminals of all kinds and sizes: nothing falls over, nothing but drawing is sent, no colour and no character that the terminal has
# not, and it is left as it was. Here each terminal has one size and a third of the views; EVERY_KEY_RANDOM (make check-long) takes all of
# them, and scripts besides: each view with each key at each size, and keys at random from EVERY_KEY_SEED on, where every row stays within
# its width and no control character gets out. EVERY_KEY_VIEWS, an expression, chooses views of the scripts.
set -u
. "$top_srcdir/tests/patience.sh"
shop=$top_srcdir/samples/shop.pcapng
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
command -v python3 >/dev/null 2>&1 || { echo "no python3"; exit 77; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=/dev/null XDG_CONFIG_HOME=/dev/null XDG_CACHE_HOME=$dir/cache INPUTRC=/dev/null
failed=0
"$FLOWDRILL" stats -r "$shop" >/dev/null 2>&1 # indexed once

# what is bound, but for what leaves or stops the program
"$top_builddir/tests/ui/dump_keys" bound >"$dir/keys" || exit 99
[ "$(wc -l <"$dir/keys")" -ge 60 ] || { echo "FAILED: only $(wc -l <"$dir/keys") keys are bound"; exit 1; }
grep -vx -e Q -e q -e Ctrl-Z "$dir/keys" >"$dir/usable"

# ways into each view, from the first one; what is typed is for terminals alone
sed -n 's/^view \([^:]*\): \([^"]*\)$/\1\t\2/p' "$top_srcdir/tests/ui/keys.table" | tr ' ,' '__' >"$dir/views"
[ "$(wc -l <"$dir/views")" -ge 15 ] || { echo "FAILED: only $(wc -l <"$dir/views") views"; exit 1; }

# script WAY KEY...: each key there; before each one all is as it was when the program began
script()
{
	local way=$1 key step
	shift
	echo 'wait idle'
	for key in "$@"; do
		printf 'key Escape Escape Escape Escape Escape Escape Escape 0 g0 :\ntype filter\nkey Enter :\ntype sort\nkey Enter\nwait idle\nkey gg\n'
		for step in $way; do printf 'key %s\nwait idle\n' "$step"; done
		printf 'key %s\nwait idle\ndump -\n' "$key"
	done
}

# judge NAME SIZE ASCII: rows of the dumps in $dir/out
judge()
{
	python3 - "$1" "$2" "$3" "$dir/out" <<'END'
import sys, unicodedata
name, size, ascii_only, path = sys.argv[1:]
w, h = map(int, size.split("x"))
text = open(path, encoding="utf-8").read()
width = lambda s: sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s)
bad = []
lines = text.split("\n")[:-1]
if not lines: bad.append("nothing was drawn")
if len(lines) % h: bad.append(f"{len(lines)} rows are no screens of {h}")
for i, line in enumerate(lines):
    if width(line) > w: bad.append(f"row {i % h}: {width(line)} cells: {line}")
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in line): bad.append(f"row {i % h}: control character: {line!r}")
    if ascii_only == "1" and not line.isascii(): bad.append(f"row {i % h}: not ASCII: {line}")
for b in bad[:5]: print("FAILED:", name, size, b)
sys.exit(bool(bad))
END
}

# run NAME SIZE OPTION...: the script $dir/script
run()
{
	local name=$1 size=$2 status=0 ascii=0
	shift 2
	case "$*" in *--ascii*) ascii=1 ;; esac
	timeout $hung "$FLOWDRILL" --script "$dir/script" --size "$size" "$@" "$shop" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	if [ "$status" -ne 0 ] || grep -q . "$dir/err"; then
		echo "FAILED: $name at $size $*: exit status $status: $(head -5 "$dir/err")"
		cp "$dir/script" "${TMPDIR:-/tmp}/every-key.$name.script"
		failed=1
	fi
	judge "$name" "$size" "$ascii" || failed=1
}

mapfile -t keys <"$dir/usable"
[ -z "${EVERY_KEY_RANDOM-}" ] || while IFS=$'\t' read -r name way; do
	script "${way//_/ }" "${keys[@]}" >"$dir/script"
	run "$name" 80x24
	run "$name" 120x40 --ascii
	run "$name" 200x60
done < <(grep -E "^(${EVERY_KEY_VIEWS:-.*})" "$dir/views")

# one of 16 colours is in few systems: made of the one that has more
export TERMINFO_DIRS=$dir/terminfo:/etc/terminfo:/lib/terminfo:/usr/share/terminfo
infocmp -1 xterm-256color 2>/dev/null |
	sed -e 's/^xterm-256color|.*/made-16color|xterm with 16 colours,/' -e 's/colors#[^,]*/colors#16/' -e 's/pairs#[^,]*/pairs#0x100/' |
	tic -x -o "$dir/terminfo" - 2>/dev/null

# on_terminal TERM COLORS LOCALE SIZE VIEWS
on_terminal()
{
	KEYS_TERM=$1 KEYS_COLORS=$2 KEYS_LOCALE=$3 KEYS_SIZE=$4 KEYS_VIEWS=$5 timeout $hung "$top_builddir/tests/ui/test_keys_terminal" \
		>"$dir/out" 2>&1 || { echo "FAILED: $1 of $2 colours, $3, $4, views $5: $(cat "$dir/out")"; failed=1; }
}

[ -x "$top_builddir/tests/ui/test_keys_terminal" ] || { echo "no cmocka: nothing was tried on terminals"; [ "$failed" -eq 0 ] || exit 1; exit 77; }
sizes=(80x24 120x40 200x60)
n=0
for look in xterm-256color:256:C.UTF-8 made-16color:16:C.UTF-8 xterm:8:C.UTF-8 vt100:0:C.UTF-8 xterm-256color:256:C; do
	IFS=: read -r term colors locale <<<"$look"
	infocmp "$term" >/dev/null 2>&1 || { echo "skipped: terminfo has no $term"; continue; }
	if [ -n "${EVERY_KEY_RANDOM-}" ]; then
		for size in "${sizes[@]}"; do on_terminal "$term" "$colors" "$locale" "$size" 0/1; done
	else
		on_terminal "$term" "$colors" "$locale" "${sizes[n % 3]}" "$((n % 3))/3"
	fi
	n=$((n + 1))
done

if [ -n "${EVERY_KEY_RANDOM-}" ]; then
	seed=${EVERY_KEY_SEED:-$(date +%s)}
	echo "seed $seed"
	for ((i = 0; i < EVERY_KEY_RANDOM; i++)); do
		python3 - "$dir/usable" $((seed + i)) >"$dir/script" <<'END'
import random, sys
keys = open(sys.argv[1]).read().split("\n")[:-1]
random.seed(int(sys.argv[2]))
print("wait idle")
for _ in range(300):
    r = random.random()
    if r < 0.03: print("resize %dx%d" % (random.randint(1, 220), random.randint(1, 70)))
    elif r < 0.06: print("wait idle")
    elif r < 0.2: print("key", random.choice(["Enter", "Escape", "e", "Down", "PgDn"]))
    elif r < 0.23: print("type", random.choice(["port 80", "bytes > 1k", "\xe4\u4e2d", "sort -bytes", "(", "@x", "14:20"]))
    else: print("key", random.choice(keys))
print("key Escape Escape Escape\nresize 80x24\nwait idle\ndump -")
END
		run "random-$((seed + i))" 80x24
	done
fi
exit $failed
