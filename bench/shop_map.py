#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `flowdrill map` says of a shop's services beside what the shop's own logs say: for shop.py.

The truth: a request that left a machine belongs to whoever used its connection at that time. The balancer's log names the connections of
each request; the applications say when a request began to use one (of the database before they ask, of the cache after).
"""
import bisect
import collections
import csv
import io
import subprocess
import time

POINTS = ("lb", "web1", "web2")  # as they are merged
SPAN = 2, 27  # seconds that are compared: of more than 30 parts are looked at
SERVERS = {8080: "web", 5432: "database", 6379: "cache", 80: "balancer"}


def flowdrill(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=True)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def read_requests(program, path, seconds_of):
    """By machine and connection: times of requests, the first packet of each that has payload."""
    rows = flowdrill(program, "list", "packets", "-r", path, "--fields", "time,point,src,src_port,dst,dst_port", "--format",
                     "csv", "-q", "payload_len > 0 and retrans == 0")
    last, requests = {}, collections.defaultdict(list)
    for r in rows:
        ends = (r["src"], int(r["src_port"])), (r["dst"], int(r["dst_port"]))
        point = POINTS[int(r["point"])]
        talk = point, frozenset(ends)
        if ends[1][1] in SERVERS and last.get(talk) != ends[0]:
            requests[point, ends[0], ends[1]].append(seconds_of(r["time"]))
        last[talk] = ends[0]
    return requests


def latest(times, until):
    """The last of them up to a time, or None."""
    at = bisect.bisect_right(times, until)
    return times[at - 1] if at else None


def owners(uses, requests):
    """For each request on each connection to a server behind an application: which of its requests that is."""
    for (point, source, server), times in requests.items():
        users = sorted(uses.get((source, server), []))
        for when in times if users else []:
            if server[1] == 5432:  # said before it asks; a new connection opens before that
                at = max(bisect.bisect_right(users, (when, "~")) - 1, 0)
            else:
                at = min(bisect.bisect_left(users, (when, "")), len(users) - 1)
            yield point, source, server, when, users[at][1]


def read_truth(app_lines, hop_lines, requests):
    """By edge: when the cause came and how much later the request left. app_lines: the applications' log; hop_lines: the balancer's."""
    uses, came, edges = collections.defaultdict(list), {}, collections.defaultdict(list)
    for line in app_lines:
        for source, server, when in line["uses"]:
            uses[tuple(source), tuple(server)].append((when, line["id"] or ""))
    ends = {line["id"]: line for line in app_lines}
    for client, source, server, number in hop_lines:
        if number not in ends:
            continue
        until = ends[number]["begin"]
        for web in ("web1", "web2"):
            when = latest(requests.get((web, source, server), []), until)
            if when is not None:
                came[number] = when, server
        asked = latest(requests["lb", client, ("10.0.0.5", 80)], until)
        left = latest(requests["lb", source, server], until)
        if asked is not None and left is not None:
            edges["10.0.0.5", server[0], server[1]].append((asked, left - asked))
    for point, _, server, when, number in owners(uses, requests):
        if number in came and point != "lb":
            edges[came[number][1][0], server[0], server[1]].append((came[number][0], when - came[number][0]))
    return edges


def quantile(values, q):
    values = sorted(values)
    return values[min(int(q * len(values)), len(values) - 1)]


def judge(program, path, rate, app_lines, hop_lines, seconds_of):
    """Prints a line for each edge."""
    requests = read_requests(program, path, seconds_of)
    truth, began = read_truth(app_lines, hop_lines, requests), min(app["begin"] for app in app_lines if app["id"])
    times = [began + s for s in SPAN]
    spans = [time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + f"{t % 1:.6f}Z"[1:] for t in times]
    told = flowdrill(program, "map", "-r", path, "--format", "csv", "-q", "--from", spans[0], "--to", spans[1])
    told = {(r["from"], r["to"], int(r["to_port"])): r for r in told if r["from_port"]}
    for edge, all_delays in sorted(truth.items(), key=lambda e: -len(e[1])):
        r, delays = told.get(edge), [d for when, d in all_delays if times[0] <= when < times[1]]
        shown = f"{int(r['triggered']):,} | {int(r['by_order']):,} | {float(r['delay_p50']) * 1e3:.2f} | {float(r['delay_p95']) * 1e3:.2f}" \
            if r else "– | – | – | –"
        print(f"| {rate} | {edge[0]} | {SERVERS[edge[2]]} {edge[1]} | {len(delays):,} | {quantile(delays, .5) * 1e3:.2f} | "
              f"{quantile(delays, .95) * 1e3:.2f} | {shown} |", flush=True)
    for edge, r in told.items():
        if edge not in truth:
            print(f"| {rate} | {edge[0]} | {SERVERS.get(edge[2], '')} {edge[1]} | 0 | – | – | {r['triggered']} | {r['by_order']} | | |")
