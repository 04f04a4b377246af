#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a real shop's traffic `flowdrill related` explains, by the shop's own logs. README.md tells the method.

Clients with pools of connections ask haproxy, that asks two web applications (samples/make/shop-app.py), that ask PostgreSQL
and Redis: real programs in network namespaces that are connected to nothing else. Needs root, and what --check names.
"""
import argparse
import asyncio
import collections
import csv
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import shop_map

HERE = os.path.dirname(os.path.realpath(__file__))
MAKE = os.path.join(HERE, "..", "samples", "make")
PYTHON = "/usr/bin/python3"  # that of the distribution has its modules
PREFIX = f"fdload{os.getpid()}"
HOSTS = {"clients": ("10.0.2.1", "2001:db8::2:1"), "lb": ("10.0.0.5", "2001:db8::5"), "web1": ("10.0.1.11", "2001:db8::1:11"),
         "web2": ("10.0.1.12", "2001:db8::1:12"), "db": ("10.0.3.4", "2001:db8::3:4"), "cache": ("10.0.3.5", "2001:db8::3:5")}
CLIENTS = [f"10.0.2.{i}" for i in range(1, 13)]
CONNECTIONS = 8  # a client's pool at most
KINDS = {"home": 15, "search, 3 bytes": 15, "search, 12 to 32 bytes": 25, "item": 20, "cart": 15, "checkout": 10}


def postgres():
    found = shutil.which("initdb")
    versions = sorted(os.listdir("/usr/lib/postgresql")) if os.path.isdir("/usr/lib/postgresql") else []
    return os.path.dirname(found) if found else f"/usr/lib/postgresql/{versions[-1]}/bin" if versions else None


def missing():
    """What this needs and has not, in words."""
    lacks = [f"{name} ({package})" for name, package in
             (("haproxy", "haproxy"), ("redis-server", "redis-server"), ("tcpdump", "tcpdump"), ("ip", "iproute2"),
              ("ethtool", "ethtool")) if not shutil.which(name)]
    if not postgres():
        lacks.append("initdb (postgresql)")
    for module in ("psycopg2", "redis"):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            lacks.append(f"{PYTHON} with {module} (python3-{module})")
    return lacks + ([] if os.geteuid() == 0 else ["root"])


# ---- the shop -------------------------------------------------------------------------------------------

def run(*words, **options):
    return subprocess.run(words, check=True, **options)


class Shop:
    def __init__(self, folder):
        self.folder, self.started, self.captures = folder, [], []

    def spawn(self, host, *words, log="log", **env):
        with open(os.path.join(self.folder, f"{host}.{log}"), "ab") as out:
            process = subprocess.Popen(["ip", "netns", "exec", f"{PREFIX}-{host}", *words], stdout=out,
                                       stderr=subprocess.STDOUT, env={**os.environ, **env})
        self.started.append(process)
        return process

    def network(self):
        run("ip", "netns", "add", f"{PREFIX}-switch")
        switch = ["ip", "-n", f"{PREFIX}-switch"]
        run(*switch, "link", "add", "br0", "type", "bridge")
        run(*switch, "link", "set", "br0", "up")
        for name, addresses in HOSTS.items():
            ns = ["ip", "-n", f"{PREFIX}-{name}"]
            run("ip", "netns", "add", f"{PREFIX}-{name}")
            run(*ns, "link", "set", "lo", "up")
            run(*ns, "link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", f"{PREFIX}-switch")
            for where, interface in ((name, "eth0"), ("switch", name)):
                run("ip", "netns", "exec", f"{PREFIX}-{where}", "ethtool", "-K", interface, "tso", "off", "gso", "off",
                    "gro", "off", "tx", "off", capture_output=True)
            run(*switch, "link", "set", name, "master", "br0", "up")
            for address in [addresses[0], *(CLIENTS[1:] if name == "clients" else [])]:
                run(*ns, "addr", "add", address + "/22", "dev", "eth0")
            run(*ns, "addr", "add", addresses[1] + "/64", "dev", "eth0", "nodad")
            run(*ns, "link", "set", "eth0", "up")

    def database(self):
        data = os.path.join(self.folder, "pg")
        os.mkdir(data)
        shutil.chown(data, "postgres")
        run("su", "postgres", "-c", f"{postgres()}/initdb -D {data} -A trust", stdout=subprocess.DEVNULL)
        with open(os.path.join(data, "pg_hba.conf"), "a", encoding="ascii") as out:
            out.write("host all all 10.0.0.0/8 trust\nhost all all 2001:db8::/32 trust\n")
        run("ip", "netns", "exec", f"{PREFIX}-db", "su", "postgres", "-c", f"{postgres()}/pg_ctl -D {data} -w -l {data}/log "
            f"-o '-k {data} -c listen_addresses=10.0.3.4,2001:db8::3:4 -c ssl=off -c fsync=off -c max_connections=300' start",
            stdout=subprocess.DEVNULL)
        run("ip", "netns", "exec", f"{PREFIX}-db", "su", "postgres", "-c", f"psql -q -h {data}", text=True, input="""
            CREATE ROLE shop LOGIN;
            CREATE DATABASE shop OWNER shop;
            \\c shop shop
            CREATE TABLE items (id serial PRIMARY KEY, name text, price numeric(8, 2), stock int, sold int);
            INSERT INTO items (name, price, stock, sold)
                SELECT md5(i::text), 1 + i * 37 % 9900 / 100.0, 500, i * 7 % 90 FROM generate_series(1, 400) i;
            CREATE TABLE orders (id serial PRIMARY KEY, session text, things int[], address text,
                at timestamptz DEFAULT now());
            """)

    def balancer(self):
        with open(os.path.join(MAKE, "shop-haproxy.cfg"), encoding="ascii") as source:
            text = source.read()
        told = "%ci:%cp %bi:%bp %si:%sp %ID"
        text = text.replace("defaults\n", f'global\n\tlog stdout format raw local0\ndefaults\n\tlog global\n\tlog-format "hop {told}"\n', 1)
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        self.spawn("lb", "haproxy", "-db", "-f", path)

    def servers(self):
        self.database()
        self.spawn("cache", "redis-server", "--bind", "10.0.3.5", "--protected-mode", "no", "--save", "", "--dir", self.folder)
        app = [PYTHON, os.path.join(MAKE, "shop-app.py")]
        for name, database, style in (("web1", "10.0.3.4", "pooled"), ("web2", "2001:db8::3:4", "fresh")):
            self.spawn(name, *app, name, database, "10.0.3.5", style, SHOP_LOG=os.path.join(self.folder, f"{name}.requests"))
        time.sleep(3)  # the balancer believes for long what it sees first
        self.balancer()

    def capture(self):
        for name in ("lb", "web1", "web2"):
            self.captures.append(self.spawn(name, "tcpdump", "-Z", "root", "-i", "eth0", "-nn", "-s", "65535", "--nano",
                                            "-B", "16384", "-w", os.path.join(self.folder, f"{name}.pcap"), "tcp",
                                            log="pcap.log"))

    def merge(self, path):
        time.sleep(1)
        for process in self.captures:
            process.terminate()
            process.wait()
        run(PYTHON, os.path.join(MAKE, "merge.py"), "-o", path,
            *(f"{n}={os.path.join(self.folder, n)}.pcap" for n in ("lb", "web1", "web2")), stdout=subprocess.DEVNULL)

    def end(self):
        for process in self.started:
            process.terminate()
        data = os.path.join(self.folder, "pg")
        if os.path.isdir(data):
            subprocess.run(["su", "postgres", "-c", f"{postgres()}/pg_ctl -D {data} -m immediate stop"],
                           stdout=subprocess.DEVNULL, check=False)
        time.sleep(0.5)
        for name in [*HOSTS, "switch"]:
            subprocess.run(["ip", "netns", "del", f"{PREFIX}-{name}"], capture_output=True, check=False)


# ---- clients: run in their namespace -----------------------------------------------------------------------

def make_request(kind, session):
    word = hashlib.md5(str(random.randrange(400)).encode()).hexdigest()
    if kind == "home":
        return "GET", "/", ""
    if kind.startswith("search"):
        return "GET", "/search?q=" + word[:3 if "3" == kind[8] else random.randint(12, 32)], ""
    if kind == "item":
        return "GET", f"/item?id={random.randrange(1, 60)}", ""
    if kind == "cart":
        note = hashlib.sha512(str(random.random()).encode()).hexdigest()
        return "POST", "/cart", f"session={session}&id={random.randrange(1, 60)}&note={note}"
    return "POST", "/checkout", f"session={session}&address={random.randrange(200)}+Example+Street"


class Client:
    def __init__(self, address, log):
        self.address, self.log, self.free, self.open = address, log, collections.deque(), 0
        self.session, self.uses = "", 0
        self.may_open = asyncio.Semaphore(CONNECTIONS)

    async def ask(self, kind):
        async with self.may_open:
            if self.uses % 6 == 0:
                self.session = hashlib.md5(f"{self.address}{self.uses}{random.random()}".encode()).hexdigest()
            self.uses += 1
            method, path, body = make_request(kind, self.session)
            streams = self.free.popleft() if self.free else \
                await asyncio.open_connection("10.0.0.5", 80, local_addr=(self.address, 0))
            lines = [f"{method} {path} HTTP/1.1", "Host: www.shop.example",
                     "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
                     f"Cookie: session={self.session}"]
            if body:
                lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
            reader, writer = streams
            port = writer.get_extra_info("sockname")[1]
            self.log.write(json.dumps({"kind": kind, "end": [self.address, port], "time": time.time()}) + "\n")
            writer.write("\r\n".join(lines + ["", body]).encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
            self.free.append(streams)


async def load(rate, seconds, path):
    random.seed(os.getpid())
    with open(path, "w", encoding="ascii") as log:
        clients, tasks = [Client(a, log) for a in CLIENTS], []
        begin = when = time.time()
        while when - begin < seconds:
            when += random.expovariate(rate)
            await asyncio.sleep(max(0.0, when - time.time()))
            kind = random.choices(list(KINDS), list(KINDS.values()))[0]
            tasks.append(asyncio.ensure_future(random.choice(clients).ask(kind)))
        done = await asyncio.gather(*tasks, return_exceptions=True)
    failed = sum(1 for d in done if d is not None)
    print(f"{len(done)} requests in {time.time() - begin:.1f} s, {failed} failed", file=sys.stderr)


# ---- truth and what was found --------------------------------------------------------------------------------

def end_of(text):
    """"10.0.0.5:80", "2001:db8::5:80" (haproxy's): address, port."""
    host, port = text.rsplit(":", 1)
    return host, int(port)


def read_truth(folder):
    """For each request of the clients, in order of its connection: its kind, time, and the connections that it used."""
    asked, hops, told = collections.defaultdict(list), collections.defaultdict(list), {}
    for name in ("web1", "web2"):
        with open(os.path.join(folder, f"{name}.requests"), encoding="utf-8") as f:
            for line in map(json.loads, f):
                told[line["id"]] = line
    with open(os.path.join(folder, "lb.log"), encoding="utf-8", errors="replace") as f:
        for words in map(str.split, f):
            if len(words) == 5 and words[0] == "hop" and words[2] != "-:-":
                hops[end_of(words[1])].append((end_of(words[2]), end_of(words[3]), words[4]))
    with open(os.path.join(folder, "clients"), encoding="ascii") as f:
        for line in map(json.loads, f):
            asked[tuple(line["end"])].append(line)
    for end, lines in asked.items():
        if len(lines) != len(hops[end]):
            continue  # not all were answered
        for line, (source, server, number) in zip(lines, hops[end]):
            app = told.get(number)
            if not app:
                continue
            talks = {frozenset((source, server))} | {frozenset((tuple(a), tuple(b))) for a, b in app["ends"]}
            yield {"kind": line["kind"], "end": end, "time": line["time"], "talks": talks,
                   "begin": line["time"] - 0.001, "until": app["end"] + 0.02}


def judge_map(program, path, folder, rate):
    apps, hops = [], []
    for name in ("web1", "web2"):
        with open(os.path.join(folder, f"{name}.requests"), encoding="utf-8") as f:
            apps += map(json.loads, f)
    with open(os.path.join(folder, "lb.log"), encoding="utf-8", errors="replace") as f:
        for words in map(str.split, f):
            if len(words) == 5 and words[0] == "hop" and words[2] != "-:-":
                hops.append((*map(end_of, words[1:4]), words[4]))
    shop_map.judge(program, path, rate, apps, hops, seconds_of)


def flowdrill(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"shop.py: {' '.join(words)}: {done.stderr.strip()}")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def seconds_of(text):
    whole, fraction = text.rstrip("Z").split(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone + float("0." + fraction)


def read_packets(program, path):
    rows = flowdrill(program, "list", "packets", "-r", path, "--fields", "id,time,src,src_port,dst,dst_port", "--format", "csv",
                     "-q", "payload_len > 0")
    packets, first = {}, collections.defaultdict(list)
    for r in rows:
        ends = (r["src"], int(r["src_port"])), (r["dst"], int(r["dst_port"]))
        packets[r["id"]] = (frozenset(ends), seconds_of(r["time"]))
        if ends[1] == ("10.0.0.5", 80):
            first[ends[0]].append((seconds_of(r["time"]), r["id"]))
    return packets, first


class Score:
    def __init__(self):
        self.asked = self.whole = self.wanted = self.told = self.right = 0

    def add(self, wanted, found, right):
        self.asked += 1
        self.wanted += len(wanted)
        self.told += found
        self.right += len(right)
        self.whole += len(right) == len(wanted) and found == len(right)

    def text(self):
        recall = self.right / max(self.wanted, 1)
        precision = f"{self.right / self.told:.3f}" if self.told else "–"
        return f"{self.asked} | {recall:.3f} | {precision} | {self.whole / max(self.asked, 1):.3f}"


def judge(program, path, folder, asked, worst):
    packets, first = read_packets(program, path)
    truth = list(read_truth(folder))
    scores, took = collections.defaultdict(Score), []
    random.seed(1)
    for t in random.sample(truth, min(asked, len(truth))):
        at = [p for p in first[t["end"]] if p[0] >= t["time"] - 0.001]
        if not at:
            continue
        begin = os.times()
        hops = flowdrill(program, "related", "-r", path, min(at)[1], "--format", "csv", "-q")
        took.append(sum(os.times()[2:4]) - sum(begin[2:4]))
        told = [packets[h["to"]] for h in hops]
        right = {talk for talk, when in told if talk in t["talks"] and t["begin"] <= when <= t["until"]}
        for score in (scores["all"], scores[t["kind"]]):
            score.add(t["talks"], len(told), right)
        if worst and (len(right) < len(t["talks"]) or len(told) > len(right)):
            print(f"{t['kind']}: {min(at)[1]}: {len(t['talks'])} hops, {len(right)} found, {len(told) - len(right)} wrong",
                  file=sys.stderr)
    return scores, sorted(took)[len(took) // 2], len(packets), len(truth)


def measure(program, rate, seconds, asked, keep, worst, with_map):
    folder = tempfile.mkdtemp(prefix="shop-")
    os.chmod(folder, 0o755)
    os.environ["XDG_CACHE_HOME"] = folder
    path = os.path.join(keep or folder, f"shop-{rate}.pcapng")
    shop = Shop(folder)
    try:
        shop.network()
        shop.servers()
        shop.capture()
        time.sleep(2)
        run("ip", "netns", "exec", f"{PREFIX}-clients", sys.executable, os.path.realpath(__file__), "--client",
            os.path.join(folder, "clients"), "--rates", str(rate), "--seconds", str(seconds))
        shop.merge(path)
    finally:
        shop.end()
    for name in (os.listdir(folder) if keep else []):
        if name.endswith((".log", ".requests")) or name == "clients":
            shutil.copy(os.path.join(folder, name), keep)
    try:
        scores, took, packets, requests = judge(program, path, folder, asked, worst)
        for kind in ["all", *KINDS]:
            print(f"| {rate} | {kind} | {scores[kind].text()} |", flush=True)
        print(f"{rate} requests a second: {requests} requests with truth, {packets} packets with payload; "
              f"{took:.3f} s of processor time a trace (median)", file=sys.stderr)
        if with_map:
            judge_map(program, path, folder, rate)
    finally:
        shutil.rmtree(folder)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", default="./flowdrill")
    p.add_argument("--rates", default="10,200", help="requests a second, one run each")
    p.add_argument("--seconds", type=float, default=30)
    p.add_argument("--asked", type=int, default=300, help="requests that are traced in each run")
    p.add_argument("--check", action="store_true", help="say what is missing, and do nothing")
    p.add_argument("--keep", help="leave captures and logs in this folder")
    p.add_argument("--judge", help="captures and logs that --keep left there: no new run")
    p.add_argument("--map", action="store_true", help="compare the map of services, too (shop_map.py)")
    p.add_argument("--worst", action="store_true", help="say which requests were not explained as a whole")
    p.add_argument("--client", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.client:
        asyncio.run(load(float(a.rates), a.seconds, a.client))
        return
    if a.judge:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["XDG_CACHE_HOME"] = cache
            scores = judge(a.program, os.path.join(a.judge, f"shop-{a.rates}.pcapng"), a.judge, a.asked, a.worst)[0]
            for kind in ["all", *KINDS]:
                print(f"| {a.rates} | {kind} | {scores[kind].text()} |")
            if a.map:
                judge_map(a.program, os.path.join(a.judge, f"shop-{a.rates}.pcapng"), a.judge, a.rates)
        return
    lacks = missing()
    if lacks or a.check:
        sys.exit("shop.py: missing: " + ", ".join(lacks) if lacks else 0)
    print("| requests a second | request | asked | hops: recall | precision | whole trees |")
    print("|---|---|---|---|---|---|")
    for rate in map(int, a.rates.split(",")):
        measure(os.path.abspath(a.program), rate, a.seconds, a.asked, a.keep, a.worst, a.map)


if __name__ == "__main__":
    main()
