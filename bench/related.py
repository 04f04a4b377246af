#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of generated cascades `flowdrill related` finds, and what it makes up. README.md tells the method."""
import argparse
import csv
import io
import os
import random
import re
import shutil
import string
import struct
import subprocess
import sys
import tempfile
import time
import zlib

MSS = 1448
WINDOW = 1.0
LB, DB, CACHE = "10.0.0.5", "10.0.3.4", "10.0.3.5"
WEBS = ["10.0.1.11", "10.0.1.12", "10.0.1.13"]


def address(text):
    return bytes(int(part) for part in text.split("."))


class Capture:
    """Packets with their truth: `cause` is the number of the request that a packet belongs to."""

    def __init__(self):
        self.packets = []  # time, frame bytes, request or None, hop or None

    def add(self, when, frame, request=None, hop=None):
        self.packets.append((when, frame, request, hop))

    def write(self, path, begin=1000.0):
        self.packets.sort(key=lambda p: p[0])
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
            for when, frame, _, _ in self.packets:
                ns = int((when + begin) * 1e9)
                out.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(frame), len(frame)))
                out.write(frame)


class Connection:
    """One TCP connection. Links are Ethernet with a MAC of each machine's own."""

    def __init__(self, capture, client, server, port, sport):
        self.capture, self.ends, self.ports = capture, (client, server), (sport, port)
        self.seq = [random.getrandbits(32), random.getrandbits(32)]
        self.opened = False
        self.free_at = 0.0  # a pooled connection carries one exchange at a time

    def frame(self, way, payload, flags):
        src, dst = address(self.ends[way]), address(self.ends[1 - way])
        tcp = struct.pack("!HHIIBBHHH", self.ports[way], self.ports[1 - way], self.seq[way],
                          self.seq[1 - way], 0x50, flags, 512, 0, 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), random.getrandbits(16), 0x4000, 64, 6, 0,
                         src, dst)
        self.seq[way] = (self.seq[way] + len(payload) + (1 if flags & 2 else 0)) & 0xFFFFFFFF
        return b"\x02\0" + dst + b"\x02\0" + src + b"\x08\0" + ip + tcp + payload

    def say(self, when, way, payload, request=None, hop=None):
        """Returns when the last byte was sent."""
        if not self.opened:
            self.opened = True
            for k, (w, flags) in enumerate(((0, 2), (1, 0x12), (0, 0x10))):
                self.capture.add(when - 0.0003 + k * 0.0001, self.frame(w, b"", flags))
        for at in range(0, len(payload), MSS):
            self.capture.add(when, self.frame(way, payload[at:at + MSS], 0x18), request, hop)
            when += 0.00002
        return when


class Pool:
    def __init__(self, capture, client, server, port):
        self.make = lambda: Connection(capture, client, server, port, random.randrange(32768, 61000))
        self.connections = []

    def take(self, when):
        free = [c for c in self.connections if c.free_at < when]
        if free:
            return random.choice(free)
        self.connections.append(self.make())
        return self.connections[-1]


def make_content(kind, size):
    if kind == "text":
        return "".join(random.choices(string.ascii_letters + string.digits, k=size)).encode()
    return random.randbytes(size)


def http(path, host, extra, body):
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", f"Host: {host}", "Accept: text/html,application/xhtml+xml",
             "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/115.0", "Accept-Encoding: gzip, deflate"]
    return "\r\n".join(lines + extra + ["", ""]).encode() + body


class World:
    """Clients ask a load balancer, that asks a web server, that asks the database (and the cache)."""

    def __init__(self, s):
        self.s, self.capture = s, Capture()
        c = self.capture
        self.to_web = {w: Pool(c, LB, w, 8080) for w in WEBS}
        self.to_db = {w: Pool(c, w, DB, 5432) for w in WEBS}
        self.to_cache = {w: Pool(c, w, CACHE, 6379) for w in WEBS}
        self.clients = [f"10.1.{i // 250}.{i % 250 + 1}" for i in range(60)]
        self.sessions = {a: "".join(random.choices("0123456789abcdef", k=24)) for a in self.clients}
        self.from_clients = {a: Pool(c, a, LB, 80) for a in self.clients}

    def wrap(self, content, where):
        """How a hop carries the content: moved, in another frame, or encrypted for this hop alone."""
        s = self.s
        if s["cover"] == "tls":
            blob = random.randbytes(len(content) + 150)
            return b"\x17\x03\x03" + struct.pack("!H", len(blob)) + blob
        if s["cover"] == "zip" and where == "db":
            return struct.pack("!I", 77) + zlib.compress(b"rows where x = " + content + b" order by name", 9)
        if s["kind"] == "text" and s["size"] <= 400:
            text = content.decode()
            if where == "client":
                return http(f"/search?q={text}", "www.shop.example", [f"Cookie: session={self.cookie}"], b"")
            if where == "web":
                return http(f"/search?q={text}", "www.shop.example", [f"cookie: session={self.cookie}",
                            f"x-forwarded-for: {self.client}"], b"").lower().replace(text.lower().encode(), content)
            if where == "db":
                query = f"SELECT id, name, price FROM items WHERE name ILIKE '%{text}%' ORDER BY name LIMIT 20\0"
                return b"Q" + struct.pack("!I", len(query) + 4) + query.encode()
            return f"*2\r\n$3\r\nGET\r\n${len(text) + 9}\r\nsearched:{text}\r\n".encode()
        head = {"client": 20, "web": 57, "db": 9, "cache": 33}[where]
        return b"\x01\x02frame-of-the-application-protocol-" + random.randbytes(head) + content + b"\0\0end-of-it"

    def answer(self, rows, where):
        if self.s["cover"] == "tls":
            return self.wrap(rows, where)
        page = b"HTTP/1.1 200 OK\r\nServer: shop\r\nContent-Type: text/html\r\n\r\n<html><body><ul><li>"
        if where in ("client", "web"):
            return page + (rows if self.s["answers"] else random.randbytes(120)) + b"</ul></body></html>"
        return b"T\0\0\0\x1b\0\x01name\0D\0\0" + (rows if where == "db" and self.s["answers"] else b"nothing") + b"C\0\0\0\rSELECT 1\0"

    def think(self):
        return random.uniform(*self.s["think"])

    def ask(self, request, when, client, content):
        s, web = self.s, random.choice(WEBS)
        self.client, self.cookie = client, self.sessions[client]
        rows = make_content("text", 90)
        a = self.from_clients[client].take(when)
        t = a.say(when, 0, self.wrap(content, "client"), request, "client") + self.think()
        b = self.to_web[web].take(t)
        t = b.say(t, 0, self.wrap(content, "web"), request, "web") + self.think()
        b.free_at = float("inf")
        a.free_at = float("inf")
        hops = [("cache", self.to_cache)] * (request % 3 == 0) + [("db", self.to_db)]
        for where, pools in hops:
            c = pools[web].take(t)
            t = c.say(t, 0, self.wrap(content, where), request, where) + self.think()
            t = c.say(t, 1, self.answer(rows, where))
            c.free_at = t
            t += self.think()
        t = b.say(t, 1, self.answer(rows, "web"))
        b.free_at = t
        t += self.think() / 4
        a.free_at = a.say(t, 1, self.answer(rows, "client"))

    def noise(self, seconds):
        """Health checks and a report that nobody's request caused, with the same templates."""
        for k in range(int(seconds * 5)):
            for web in WEBS:
                t = k / 5 + random.random() / 10
                c = self.to_web[web].take(t)
                c.free_at = c.say(t, 0, http("/health", "www.shop.example", [], b"")) + 0.003
                c.say(c.free_at, 1, b"HTTP/1.1 200 OK\r\nServer: shop\r\nContent-Type: text/html\r\n\r\nfine")
                d = self.to_db[web].take(t)
                text = b"SELECT id, name, price FROM items WHERE name ILIKE '%' ORDER BY name LIMIT 20\0"
                d.free_at = d.say(t, 0, b"Q" + struct.pack("!I", len(text) + 4) + text) + 0.003
                d.say(d.free_at, 1, self.answer(b"", "cache"))

    def unrelated(self, flows, seconds):
        """Requests that the load balancer answers itself: same headers, sessions and templates, and they trigger nothing."""
        names = ["".join(random.choices("0123456789abcdef", k=20)) for _ in range(200)]
        for _ in range(flows):
            when, client = 1 + random.random() * seconds, random.choice(self.clients)
            c = Connection(self.capture, client, LB, 8081, random.randrange(32768, 61000))
            asked = http(f"/static/{random.choice(names)}.js?v={random.randrange(10**9)}", "www.shop.example",
                         [f"Cookie: session={self.sessions[client]}"], b"")
            t = c.say(when, 0, asked) + self.think() / 4
            c.say(t, 1, b"HTTP/1.1 200 OK\r\nServer: shop\r\nContent-Type: text/javascript\r\n\r\n" + make_content("text", 400))

    def run(self):
        s, when = self.s, 1.0
        n = int(s["rate"] * s["seconds"])
        previous = make_content(s["kind"], s["size"])
        for request in range(n):
            content = previous if random.random() < s["same"] else make_content(s["kind"], s["size"])
            self.ask(request, when, random.choice(self.clients), content)
            previous = content
            # the same content comes from another client within milliseconds
            when += random.expovariate(s["rate"])
        self.noise(s["seconds"])
        return n


def flowdrill(program, *words, ok=(0, 1)):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode not in ok:
        sys.exit(f"related.py: {' '.join(words)}: {done.stderr.strip()}")
    return list(csv.DictReader(io.StringIO(done.stdout)))


class Score:
    def __init__(self):
        self.found = self.wanted = self.told = self.right = self.trees = self.asked = 0

    def add(self, told, truth):
        """told: (request, hop) of each hop that was told; truth: hops of the request asked for."""
        request, hops = truth
        right = {hop for who, hop in told if who == request and hop in hops}
        self.found += len(right)
        self.wanted += len(hops)
        self.told += len(told)
        self.right += sum(1 for who, hop in told if who == request and hop in hops)
        self.trees += right == hops and self.right_alone(told, request)
        self.asked += 1

    @staticmethod
    def right_alone(told, request):
        return all(who == request for who, _ in told)

    def text(self):
        recall = self.found / max(self.wanted, 1)
        precision = f"{self.right / self.told:.3f}" if self.told else "–"
        return f"{recall:.3f} | {precision} | {self.trees / max(self.asked, 1):.3f}"


def by_time(capture, frame, starts):
    """The baseline: from each machine the next packet that asks each service, within the window."""
    told, todo, seen = [], [frame], set()
    while todo:
        at = todo.pop()
        when, bytes_, _, _ = capture.packets[at]
        machine, came_from, services = bytes_[30:34], bytes_[26:30], set()
        for k in range(at + 1, len(capture.packets)):
            t, other, request, hop = capture.packets[k]
            if t - when > WINDOW or len(services) == 5:
                break
            if other[26:30] != machine or other[30:34] == came_from or len(other) <= 54:
                continue
            port = struct.unpack("!H", other[36:38])[0]
            service = (other[30:34], port)
            if port not in (8080, 5432, 6379) or service in services:
                continue
            services.add(service)
            told.append((request, hop))
            if k not in seen:
                seen.add(k)
                todo.append(k)
            if port == 8080:
                break  # one web server a request
    return told


def measure(s, program, folder, asked, seed):
    random.seed(seed)
    world = World(s)
    n = world.run()
    path = os.path.join(folder, "cascade.pcap")
    world.capture.write(path)
    packets = world.capture.packets
    source = ["-r", path]
    if s["snap"]:
        source = ["-s", os.path.join(folder, "snapped.fdr")]
        flowdrill(program, "import", *source, "--snaplen", str(s["snap"]), "--fingerprints", "full", path)
    ids = flowdrill(program, "list", "packets", *source, "--fields", "frame,id", "--format", "csv", "-q")
    id_of = {int(r["frame"]): r["id"] for r in ids}
    frame_of = {r["id"]: int(r["frame"]) for r in ids}
    truth, first = {}, {}
    for k, (_, _, request, hop) in enumerate(packets):
        if request is None:
            continue
        truth.setdefault(request, set()).add(hop)
        if hop == "client":
            first.setdefault(request, k)
    ours, base, seconds = Score(), Score(), []
    for request in random.sample(range(n), min(asked, n)):
        want = truth[request] - {"client"}
        begin = os.times()
        hops = flowdrill(program, "related", *source, id_of[first[request] + 1], "--format", "csv", "-q")
        seconds.append(sum(os.times()[2:4]) - sum(begin[2:4]))
        told = [packets[frame_of[h["to"]] - 1][2:4] for h in hops]
        ours.add(told, (request, want))
        base.add(by_time(world.capture, first[request], want), (request, want))
    seconds.sort()
    os.remove(path)
    shutil.rmtree(source[1], ignore_errors=True)
    return ours, base, seconds[len(seconds) // 2], len(packets)


def false_hops(program, folder, flows, seed):
    """All flows that triggered nothing, asked of at once, amid as many cascades."""
    random.seed(seed)
    world = World(BASE)
    world.s = {**BASE, "seconds": flows / BASE["rate"]}
    world.run()
    world.unrelated(flows, world.s["seconds"])
    path = os.path.join(folder, "unrelated.pcap")
    world.capture.write(path)
    macroflows = flowdrill(program, "list", "macroflows", "-r", path, "--fields", "id,flows", "--format", "csv", "-q",
                           "server_port == 8081")
    wrong, asked = 0, 0
    for m in macroflows:
        hops = flowdrill(program, "related", "-r", path, m["id"], "--format", "csv", "-q", ok=(0, 1, 4))
        wrong += sum(int(h["matches"]) + int(h["answers"]) for h in hops if h["depth"] == "1")
        asked += int(m["flows"])
    os.remove(path)
    print(f"unrelated flows: {asked:,} asked of amid {len(world.capture.packets):,} packets, {wrong} false hops: "
          f"{wrong / asked * 10000:.1f} in 10,000")


def counters(text):
    """What --explain says of the cost."""
    number = {}
    for line in text.splitlines():
        found = re.match(r"(blocks|segments|index bytes|packet bytes|comparing) +(\d+)(?:.*?(\d+) packets)?", line)
        if found:
            number[found.group(1)] = int(found.group(2))
            number["packets"] = int(found.group(3) or number.get("packets", 0))
    return number


def cost(program, generator, size, folder, asked, seed):
    """One store of so many GB, 6,667 packets a second, in the middle of whose time cascades are; what a trace reads of it."""
    random.seed(seed)
    packets, rate = int(size * 1e9 / 419), 6667
    filler, path, store = (os.path.join(folder, name) for name in ("filler.pcap", "cascade.pcap", "cost.fdr"))
    subprocess.run([generator, "-o", filler, "--packets", str(packets), "--rate", str(rate), "--start", "1000", "--format", "pcap-ns"],
                   check=True, stdout=subprocess.DEVNULL)
    world = World(BASE)
    world.run()
    world.capture.write(path, begin=1000 + packets / rate / 2)
    flowdrill(program, "import", "-s", store, filler, path, "-q")
    os.remove(filler)
    os.remove(path)
    blocks = len(flowdrill(program, "list", "blocks", "-s", store, "--fields", "id", "--format", "csv", "-q"))
    begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1000 + packets / rate / 2))
    asks = flowdrill(program, "list", "flows", "-s", store, "--fields", "id", "--format", "csv", "-q", "--from", begin,
                     "server == 10.0.0.5 and server_port == 80")
    read, seconds = [], []
    for row in random.sample(asks, min(asked, len(asks))):
        used = os.times()
        done = subprocess.run([program, "related", "-s", store, row["id"], "--explain", "-q", "--format", "csv"],
                              capture_output=True, text=True, check=False)
        seconds.append(sum(os.times()[2:4]) - sum(used[2:4]))
        read.append({**counters(done.stderr), "hops": done.stdout.count("\n") - 1})

    def median(key):
        return sorted(r.get(key, 0) for r in read)[len(read) // 2]

    seconds.sort()
    print(f"| {size:g} | {blocks} | {len(read)} | {median('hops')} | {median('blocks')} | {median('segments')} | "
          f"{median('index bytes') / 1e6:.2f} | {median('packet bytes') / 1e6:.2f} | {median('packets'):,} | "
          f"{median('comparing') / 1e6:.1f} | {seconds[len(seconds) // 2]:.3f} | {seconds[-1]:.3f} |", flush=True)
    shutil.rmtree(store)


BASE = {"kind": "text", "size": 64, "rate": 200, "seconds": 8, "same": 0.0, "cover": "", "answers": False,
        "think": (0.001, 0.02), "snap": 0}
SCENARIOS = [
    ("text, 12 bytes", {"size": 12}), ("text, 24 bytes", {"size": 24}), ("text, 40 bytes", {"size": 40}),
    ("text, 64 bytes", {}), ("text, 200 bytes", {"size": 200}), ("text, 1,000 bytes", {"size": 1000}),
    ("text, 4,000 bytes", {"size": 4000}),
    ("binary, 24 bytes", {"kind": "binary", "size": 24}), ("binary, 40 bytes", {"kind": "binary", "size": 40}),
    ("binary, 64 bytes", {"kind": "binary"}), ("binary, 200 bytes", {"kind": "binary", "size": 200}),
    ("binary, 1,000 bytes", {"kind": "binary", "size": 1000}),
    ("binary, 4,000 bytes", {"kind": "binary", "size": 4000}),
    ("text, 64 bytes, 10 requests/s", {"rate": 10, "seconds": 20}),
    ("text, 64 bytes, 1,000 requests/s", {"rate": 1000, "seconds": 4}),
    ("text, 64 bytes, 2,000 requests/s", {"rate": 2000, "seconds": 3}),
    ("text, 12 bytes, 2,000 requests/s", {"rate": 2000, "seconds": 3, "size": 12}),
    ("text, 64 bytes, 1 to 50 ms a step", {"think": (0.001, 0.05)}),
    ("10 % of requests the same as the one before", {"same": 0.1}),
    ("text, 6 bytes", {"size": 6}), ("text, 4 bytes", {"size": 4}),
    ("text, 4 bytes, answers carry rows", {"size": 4, "answers": True}),
    ("64 bytes, compressed on the way to the database", {"cover": "zip"}),
    ("64 bytes, encrypted", {"cover": "tls"}),
    ("text, 64 bytes, packets cut to 96", {"snap": 96}),
    ("text, 200 bytes, packets cut to 96", {"size": 200, "snap": 96}),
    ("text, 1,000 bytes, packets cut to 96", {"size": 1000, "snap": 96}),
    ("binary, 200 bytes, packets cut to 96", {"kind": "binary", "size": 200, "snap": 96}),
    ("binary, 1,000 bytes, packets cut to 96", {"kind": "binary", "size": 1000, "snap": 96}),
]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", default="./flowdrill")
    p.add_argument("--asked", type=int, default=100, help="requests that are traced in each scenario")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", default="", help="scenarios with this in their name")
    p.add_argument("--unrelated", type=int, metavar="FLOWS", help="instead: false hops of so many flows that triggered nothing")
    p.add_argument("--cost", metavar="GB,...", help="instead: what a trace reads of stores of these sizes (needs three times the disk)")
    p.add_argument("--generator", default="bench/flowdrill-gen", help="for --cost")
    p.add_argument("--folder", help="for temporary files")
    a = p.parse_args()
    with tempfile.TemporaryDirectory(dir=a.folder) as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        if a.unrelated:
            false_hops(a.program, folder, a.unrelated, a.seed)
            return
        if a.cost:
            print("| GB | blocks | flows traced | hops | blocks read | segments | index MB | packet MB | packets | million steps | "
                  "CPU s, median | most |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
            for size in map(float, a.cost.split(",")):
                cost(a.program, a.generator, size, folder, a.asked, a.seed)
            return
        print("| scenario | packets | hops: recall | precision | whole trees | by time: recall | precision | whole trees | CPU s |")
        print("|---|---|---|---|---|---|---|---|---|")
        for name, change in SCENARIOS:
            if a.only not in name:
                continue
            ours, base, median, n = measure({**BASE, **change}, a.program, folder, a.asked, a.seed)
            print(f"| {name} | {n:,} | {ours.text()} | {base.text()} | {median:.3f} |", flush=True)


if __name__ == "__main__":
    main()
