#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# find through stored fingerprints: what they say no of is not read, what is found is the same; without them, and where they cannot tell.
. "$top_srcdir/tests/cli/lib.sh"
if ! command -v python3 >/dev/null; then
	echo "skipped: no python3 to make captures"
	exit 77
fi

# 12 MB of text that nobody looks for, and in it thrice a part of content.bin
PYTHONDONTWRITEBYTECODE=1 python3 - "$top_srcdir/bench" <<'END' || exit 99
import random
import sys
sys.path.insert(0, sys.argv[1])
import related as bench

random.seed(11)
words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(3, 9))) for _ in range(2000)]
content = random.randbytes(4000)
with open("content.bin", "wb") as out:
    out.write(content)
with open("other.bin", "wb") as out:
    out.write(random.randbytes(4000))


def text(n):
    return " ".join(random.choices(words, k=n // 4)).encode()[:n]


def make(name, packets, parts):
    c = bench.Capture()
    talks = [bench.Connection(c, f"10.1.2.{k}", "10.0.0.5", 9000, 40000 + k) for k in range(20)]
    for i in range(packets):
        said = text(1400)
        if i in parts:
            at, n = parts[i]
            said = said[:77] + content[at:at + n] + said[77 + n:]
        talks[i % 20].say(1 + i / 100, i // 20 % 2, said)
    c.write(name)


make("text.pcap", 8000, {3000: (0, 1300), 3001: (1300, 1300), 7000: (500, 1000)})
END

# cost WHAT: a number that --explain told
cost()
{
	sed -n "s/^$1 *\([0-9]*\).*/\1/p" err
}

for how in off sparse full; do
	fd 0 import -s $how.fdr --fingerprints $how --block-size 1Mi text.pcap
done
blocks=$("$FLOWDRILL" list blocks -s sparse.fdr --format csv 2>/dev/null | tail -n +2 | wc -l)
[ "$blocks" -ge 10 ] || fail "only $blocks blocks"

# ---- what is found, and what is read for it -----------------------------------------------------
fields() { cut -d, -f1,4-10,12 "$1"; }
fd 0 find -s off.fdr --payload content.bin --format csv --explain
says 'segments have no fingerprints: all of their packets were read' "^blocks *$blocks read, 0 skipped"
[ "$(wc -l <out)" -eq 4 ] || fail "off: $(($(wc -l <out) - 1)) packets"
fields out >want
[ "$(cost 'packet bytes')" -gt 11000000 ] || fail "off: $(cost 'packet bytes') bytes read"
for how in sparse full; do
	fd 0 find -s $how.fdr --payload content.bin --format csv --explain
	fields out | cmp -s - want || fail "$how: something else is found"
	checks=$((checks + 3))
	[ "$(cost blocks)" -le 5 ] || fail "$how: $(cost blocks) of $blocks blocks read"
	[ "$(cost 'packet bytes')" -lt 20000 ] || fail "$how: $(cost 'packet bytes') bytes of packets read"
	[ "$(cost 'index bytes')" -lt $(($(stat -c %s $how.fdr/index/*.idx | paste -sd+) / 2)) ] || fail "$how: $(cost 'index bytes') bytes of the index read"
	fd 1 find -s $how.fdr --payload other.bin --explain
	[ "$(cost blocks)" -le 4 ] || fail "$how, nothing: $(cost blocks) of $blocks blocks read"
	[ "$(cost 'packet bytes')" -eq 0 ] || fail "$how, nothing: $(cost 'packet bytes') bytes of packets read"
	fd 0 find -s $how.fdr --payload content.bin --format csv --explain --every-packet
	fields out | cmp -s - want || fail "$how, every packet: something else is found"
	grep -q fingerprints err && fail "$how, every packet: fingerprints were asked"
	[ "$(cost blocks)" -eq "$blocks" ] || fail "$how, every packet: $(cost blocks) of $blocks blocks read"
done
fd 0 find -s sparse.fdr --payload content.bin
says 'parts of under [0-9]* bytes are told where fingerprints led to them; --every-packet reads all packets'
fd 0 find -s sparse.fdr --payload content.bin -q
silent

# ---- filters and times go on counting; flows ----------------------------------------------------
fd 0 find -s sparse.fdr --payload content.bin --format csv host 10.1.2.1
[ "$(wc -l <out)" -eq 2 ] || fail "of 10.1.2.1: $(($(wc -l <out) - 1)) packets"
fd 0 find -s sparse.fdr --payload content.bin --tier flows --format json --limit 1
prints '"confirmed":true'
fd 0 find -s sparse.fdr -s off.fdr --payload content.bin --format csv
[ "$(wc -l <out)" -eq 7 ] || fail "two stores: $(($(wc -l <out) - 1)) packets"

# ---- too short for a fingerprint: all is read, and nothing has to be said ------------------------
word=$(head -c 7 content.bin | od -An -tx1)
fd 0 find -s sparse.fdr --hex "$word" --explain --format csv
[ "$(wc -l <out)" -eq 2 ] || fail "seven bytes: $(($(wc -l <out) - 1)) packets"
[ "$(cost blocks)" -eq "$blocks" ] || fail "seven bytes: $(cost blocks) of $blocks blocks read"
grep -q '^flowdrill' err && fail "seven bytes: $(cat err)"
done_testing
