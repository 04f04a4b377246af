#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# related against content made to match everything, circles and windows of days: an answer within seconds, none made up.
. "$top_srcdir/tests/cli/lib.sh"
if ! command -v python3 >/dev/null; then
	echo "skipped: no python3 to make captures"
	exit 77
fi

# make NAME KIND: a load balancer and two machines behind it
PYTHONDONTWRITEBYTECODE=1 python3 - "$top_srcdir/bench" <<'END' || exit 99
import random
import sys
sys.path.insert(0, sys.argv[1])
import related as bench

random.seed(7)
LB, WEB, DB = "10.0.0.5", "10.0.1.11", "10.0.3.4"


def flood(name, n, content):
    c = bench.Capture()
    ends = [("10.1.2.3", LB, 80), (LB, WEB, 8080), (WEB, DB, 5432)]
    talks = [bench.Connection(c, a, b, port, 40000) for a, b, port in ends]
    for i in range(n):
        for k, talk in enumerate(talks):
            talk.say(1 + i / 500 + k / 5000, 0, content(i, k))
    c.write(name)


flood("zeros.pcap", 500, lambda i, k: bytes(1400))
flood("token.pcap", 500, lambda i, k: b"the-one-token " * 100)
words = [f"token{i:06d}" for i in range(1000000)]
flood("tokens.pcap", 2500, lambda i, k: " ".join(words[i * 100:i * 100 + 100]).encode())
c = bench.Capture()
ring = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
talks = [bench.Connection(c, ring[k], ring[(k + 1) % 3], 7000 + k, 41000) for k in range(3)]
for lap in range(100):
    content = content if lap % 4 else random.randbytes(300)
    for k, talk in enumerate(talks):
        talk.say(1 + lap / 50 + k / 200, 0, content)
c.write("ring.pcap")
c = bench.Capture()
for day in range(60):
    for k in range(20):
        talk = bench.Connection(c, f"10.1.2.{k}", LB, 80, 40000 + day)
        talk.say(1 + day * 86400 + k, 0, f"GET /search?q=day-{day:04d}-{k:04d} HTTP/1.1".encode())
        talk = bench.Connection(c, LB, WEB, 8080, 40000 + day * 20 + k)
        talk.say(1 + day * 86400 + k + 0.01, 0, f"select 'day-{day:04d}-{k:04d}'".encode())
c.write("days.pcap")
END

# within SECONDS STATUS ARG...: fd, and not for longer (a busy machine counts: it is the processor's time)
within()
{
	local most=$1 TIMEFORMAT=%U
	shift
	{ time fd "$@"; } 2>times
	checks=$((checks + 1))
	awk -v t="$(tail -n 1 times)" -v most="$most" 'BEGIN { exit !(t < most) }' || fail "$*: $(tail -n 1 times) s of processor time"
}

first()
{
	"$FLOWDRILL" list packets -r "$1" --fields id --format csv 'payload_len > 0' --limit 1 | tail -n 1
}

for name in zeros token tokens ring days; do
	fd 0 stats -r $name.pcap
done
# few STEPS: what was compared of the last command
few()
{
	checks=$((checks + 1))
	awk -v most="$1" '/^comparing/ { exit !($2 > 0 && $2 < most) }' err || fail "$(grep comparing err), not under $1"
}

fd 1 related -r zeros.pcap "$(first zeros.pcap)"
says 'no comparable content'
flow=$("$FLOWDRILL" list flows -r token.pcap --fields id --format csv 'server_port == 80' | tail -n 1)
within 10 1 related -r token.pcap "$flow"
says 'nothing related was found among 1 request that left its receiver within 1'
# each of a million tokens is in one request alone, and in what that caused
flow=$("$FLOWDRILL" list flows -r tokens.pcap --fields id --format csv 'server_port == 80' | tail -n 1)
within 20 0 related -r tokens.pcap "$flow" --format csv --explain
lines 3
few 60000000
within 10 0 related -r tokens.pcap "$(first tokens.pcap)" --format csv
lines 3
# once around, and no further
within 10 0 related -r ring.pcap "$(first ring.pcap)" --format csv --depth 64 --explain
lines 3
few 3000000
within 10 0 related -r days.pcap "$(first days.pcap)" --window 60d --format csv --explain
lines 2
few 3000000
# The map looks at all requests: bounded by packets, so by steps of comparing; nothing made up either.
for name in zeros token; do
	fd 0 map -r $name.pcap --format csv
	cut -d, -f2 out | grep -q '[0-9]' && fail "the map of $name.pcap says that something was triggered"
done
for name in tokens ring days; do
	within 20 0 map -r $name.pcap --format csv --explain
	steps=$(awk '/^comparing/ { print $2 }' err)
	[ "$steps" -lt 100000000 ] || fail "$name.pcap: $steps steps"
done
done_testing
