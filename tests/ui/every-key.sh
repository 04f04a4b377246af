#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every view with every key that is bound: nothing falls over, every row stays within its width, and no control character gets
# out. Keys come from the program's table (dump_keys), views from --batch, so new ones are covered. EVERY_KEY_SEED and
# EVERY_KEY_RANDOM (make check-long) press keys at random as well; EVERY_KEY_VIEWS, an expression, chooses views.
set -u
shop=$top_srcdir/samples/shop.pcapng
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
command -v python3 >/dev/null 2>&1 || { echo "no python3"; exit 77; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=/nonexistent XDG_CONFIG_HOME=/nonexistent XDG_CACHE_HOME=$dir/cache INPUTRC=/dev/null
failed=0
every=6
[ -n "${EVERY_KEY_RANDOM-}" ] && every=1
"$FLOWDRILL" stats -r "$shop" >/dev/null 2>&1 # indexed once

# what is bound, but for what leaves or stops the program
"$top_builddir/tests/ui/dump_keys" bound >"$dir/keys" || exit 99
[ "$(wc -l <"$dir/keys")" -ge 60 ] || { echo "FAILED: only $(wc -l <"$dir/keys") keys are bound"; exit 1; }
grep -vx -e Q -e q -e Ctrl-Z "$dir/keys" >"$dir/usable"

# ways into each view, from the first one
cat >"$dir/views" <<'END'
macroflows
flows e Enter
microflows e Enter Enter
packets e Enter Enter Enter
packet e Enter Enter Enter Enter
all-packets e P
sort s
help ?
stream e Enter Enter v
ladder e Enter Enter d
related e Enter Enter r
upstream e Enter Enter R
chart t
blocks b
events L
services o
top T
groups ga
columns c
END

# script WAY KEY...: each key there; every few keys (each one in the long test) all is as it was when the program began
script()
{
	local way=$1 key step n=0
	shift
	echo 'wait idle'
	for key in "$@"; do
		[ $((n++ % every)) -eq 0 ] || { printf 'key %s\nwait idle\ndump -\n' "$key"; continue; }
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
	timeout 300 "$FLOWDRILL" --script "$dir/script" --size "$size" "$@" "$shop" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	if [ "$status" -ne 0 ] || grep -q . "$dir/err"; then
		echo "FAILED: $name at $size $*: exit status $status: $(head -5 "$dir/err")"
		cp "$dir/script" "${TMPDIR:-/tmp}/every-key.$name.script"
		failed=1
	fi
	judge "$name" "$size" "$ascii" || failed=1
}

mapfile -t keys <"$dir/usable"
while read -r name way; do
	script "$way" "${keys[@]}" >"$dir/script"
	run "$name" 80x24
	[ -z "${EVERY_KEY_RANDOM-}" ] && [ "$name" != packets ] && [ "$name" != macroflows ] && continue
	run "$name" 120x40 --ascii
	run "$name" 200x60
done < <(grep -E "^(${EVERY_KEY_VIEWS:-.*}) ?" "$dir/views")

# one of 16 colours is in few systems: made of the one that has more
export TERMINFO_DIRS=$dir/terminfo:/etc/terminfo:/lib/terminfo:/usr/share/terminfo
infocmp -1 xterm-256color 2>/dev/null |
	sed -e 's/^xterm-256color|.*/made-16color|xterm with 16 colours,/' -e 's/colors#[^,]*/colors#16/' -e 's/pairs#[^,]*/pairs#0x100/' |
	tic -x -o "$dir/terminfo" - 2>/dev/null

# on a terminal, in what it can show: all keys in the first views, then Q
for term in xterm-256color:C.UTF-8 made-16color:C.UTF-8 xterm:C.UTF-8 vt100:C.UTF-8 xterm-256color:C; do
	infocmp "${term%%:*}" >/dev/null 2>&1 || { echo "skipped: terminfo has no ${term%%:*}"; continue; }
	python3 - "$dir/usable" "$term" "$FLOWDRILL" "$shop" <<'END' || failed=1
import fcntl, os, pty, select, struct, sys, termios, time
keys, term, program, shop = sys.argv[1:]
term, locale = term.split(":")
named = {"Enter": "\r", "Escape": "\x1b", "Tab": "\t", "Space": " ", "Backspace": "\x7f", "Up": "\x1bOA", "Down": "\x1bOB",
    "Right": "\x1bOC", "Left": "\x1bOD", "Home": "\x1bOH", "End": "\x1bOF", "PgUp": "\x1b[5~", "PgDn": "\x1b[6~", "F1": "\x1bOP"}
def as_bytes(k):
    if k.startswith("Ctrl-") and len(k) == 6: return bytes([ord(k[5]) & 31])
    return named.get(k, k).encode()
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM=term, LC_ALL=locale)
    os.execv(program, [program, shop])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
seen = 0
def drain(seconds):
    global seen
    while select.select([fd], [], [], seconds)[0]:
        try: got = os.read(fd, 65536)
        except OSError: return False
        if not got: return False
        seen += len(got)
    return True
alive = drain(0.5)
for way in ("", "e\r", "e\r\r\r", "e\r\r\r\r"):
    for k in open(keys).read().split("\n")[:-1]:
        if k in ("q", "Ctrl-C", "Escape", "Backspace"): continue
        try:
            for c in "\x1b\x1b\x1b\x1b" + "gg" + way: os.write(fd, c.encode()); alive = drain(0.003)
            os.write(fd, as_bytes(k)); alive = drain(0.005)
        except OSError: alive = False
        if not alive: break
    if not alive: break
if alive:
    for c in "\x1b\x1b\x1b\x1b\x1bQ":
        os.write(fd, c.encode()); drain(0.05)
    end = time.time() + 30
    while drain(0.2) and time.time() < end: pass
status = os.waitpid(pid, 0)[1]
if not alive or status or seen < 10000:
    print("FAILED:", term, locale, "key", k, "status", status, "bytes", seen)
    sys.exit(1)
END
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
