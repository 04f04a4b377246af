#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures flowdrill and other programs in one run, in turn. README.md tells the method."""
import argparse
import csv
import datetime
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

FULL_PACKETS = 10_000_000  # what the limits are meant for
BYTES_PER_PACKET = 425  # of a generated file, about
TSHARK_SHARE = 50       # tshark gets this part of the packets


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Measure:
    """What one run of a program took."""

    def __init__(self, wall, cpu, memory_kb):
        self.wall, self.cpu, self.memory_kb = wall, cpu, memory_kb


class Contender:
    """A program in a step: `prepare` runs unmeasured before it, `check` after it."""

    def __init__(self, name, command, prepare=None, check=None, share=1, env=None):
        self.name, self.command, self.env = name, [str(c) for c in command], env or {}
        self.prepare, self.check, self.share = prepare, check, share
        self.measures = []
        self.failure = None

    def installed(self):
        return shutil.which(self.command[0]) is not None

    def run(self, log, times):
        """Runs it once under time(1), whose own memory is too small to disturb the figure."""
        if self.prepare:
            self.prepare()
        command = ["time", "-q", "-f", "%U %S %M", "-o", times] + self.command
        env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", **self.env)
        begin = time.perf_counter()  # time(1) knows hundredths only
        with open(log, "wb") as out:
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                    env=env, check=False).returncode
        wall = time.perf_counter() - begin
        if status != 0:
            with open(log, "rb") as out:
                last = out.read().decode(errors="replace").strip().splitlines()[-1:]
            self.failure = f"status {status}: " + "".join(last)
            return
        with open(times, encoding="ascii") as f:
            user, system, memory = f.read().split()[-3:]
        self.measures.append(Measure(wall, float(user) + float(system), int(memory)))
        if self.check:
            self.failure = self.check(log)

    def median(self, what):
        return statistics.median(getattr(m, what) for m in self.measures)


class Step:
    """Contenders that do comparable work; `limit` is ours over the one named `against`."""

    def __init__(self, title, contenders, against=None, limit=None):
        self.title, self.contenders = title, contenders
        self.against, self.limit = against, limit

    def run(self, rounds, scratch):
        say(self.title)
        for c in self.contenders:
            if not c.installed():
                c.failure = "not installed"
        for _ in range(rounds):
            for c in self.contenders:
                if not c.failure:
                    c.run(os.path.join(scratch, "output"), os.path.join(scratch, "times"))
        for c in self.contenders:
            if c.failure:
                say(f"  {c.name}: {c.failure}")
            else:
                say(f"  {c.name}: {c.median('wall'):.3f} s")

    def ours(self):
        return self.contenders[0]

    def ratio(self, other):
        """How long we take against another, packet for packet; None when one of us failed."""
        if self.ours().failure or other.failure or other is self.ours():
            return None
        theirs = other.median("wall") * other.share
        return self.ours().median("wall") / theirs if theirs else None

    def rows(self):
        for c in self.contenders:
            title = self.title if c is self.ours() else ""
            if c.failure:
                yield [title, c.name, c.failure, "", "", "", ""]
                continue
            name = c.name if c.share == 1 else f"{c.name} (1/{c.share} of the file)"
            walls = [m.wall for m in c.measures]
            ratio = self.ratio(c)
            limit = f"≤ {self.limit:g}" if c.name == self.against else ""
            yield [title, name, f"{c.median('wall'):.3f} ({min(walls):.3f}–{max(walls):.3f})",
                   f"{c.median('cpu'):.2f}", f"{c.median('memory_kb') / 1024:.0f}",
                   "" if ratio is None else f"{ratio:.3f}", limit]

    def met(self):
        """Whether the limit holds; None when there is none or it cannot be told."""
        other = next((c for c in self.contenders if c.name == self.against), None)
        ratio = self.ratio(other) if other else None
        return None if ratio is None or self.limit is None else ratio <= self.limit


class Flow:
    """A conversation of about 250 packets from the generator's truth."""

    def __init__(self, path):
        best = None
        with open(path, encoding="ascii") as f:
            for row in csv.reader(f, delimiter="\t"):
                if row[0] == "total":
                    self.total_packets = int(row[1])
                if row[0] != "flow" or row[1] != "tcp" or row[2] != "0" or ":" in row[3]:
                    continue
                packets = int(row[7]) + int(row[9])
                if best is None or abs(packets - 250) < abs(best[0] - 250):
                    best = packets, row[3:7]
        self.packets, (self.client, client_port, self.server, server_port) = best
        self.client_port, self.server_port = int(client_port), int(server_port)

    def filter(self):
        return (f"host {self.client} and host {self.server} and port {self.client_port} "
                f"and port {self.server_port}")


def count_packets(path):
    """Packets in a small pcap or pcapng of this machine's byte order."""
    with open(path, "rb") as f:
        data = f.read()

    def word(at):
        return int.from_bytes(data[at:at + 4], sys.byteorder)

    count, at = 0, 24
    if word(0) != 0x0A0D0D0A:
        while at < len(data):
            count, at = count + 1, at + 16 + word(at + 8)
        return count
    at = 0
    while at < len(data):
        count, at = count + (word(at) == 6), at + word(at + 4)
    return count


def tree_bytes(path):
    return sum(os.path.getsize(os.path.join(where, name))
               for where, _, names in os.walk(path) for name in names)


class Bench:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        top = os.environ.get("top_builddir", ".")
        self.flowdrill = os.environ.get("FLOWDRILL", os.path.join(top, "flowdrill"))
        self.generator = os.path.join(top, "bench", "flowdrill-gen")
        self.steps = []
        self.facts = []  # name, value, limit, whether it is met

    def path(self, name):
        return os.path.join(self.scratch, name)

    def fresh(self, name):
        """Makes an empty directory of that name, before each run."""
        def prepare():
            shutil.rmtree(self.path(name), ignore_errors=True)
            os.makedirs(self.path(name))
        return prepare

    def without(self, name):
        """Removes that file or directory, and lets writing come to rest."""
        def prepare():
            shutil.rmtree(self.path(name), ignore_errors=True)
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
            os.sync()
        return prepare

    def generate(self, name, packets, truth=None):
        say(f"generating {packets} packets")
        command = [self.generator, "-o", self.path(name), "--packets", str(packets)]
        if truth:
            command += ["--truth", self.path(truth)]
        subprocess.run(command, check=True)
        self.warm(name)

    def warm(self, name):
        with open(self.path(name), "rb") as f:
            while f.read(1 << 22):
                pass

    def ours(self, name, *arguments, cache="cache", **more):
        env = {"XDG_CACHE_HOME": self.path(cache)}
        return Contender(name, [self.flowdrill, *arguments], env=env, **more)

    def run(self, step):
        step.run(self.options.rounds, self.scratch)
        self.steps.append(step)

    # ---- the steps ----

    def index(self):
        capture = self.path("big.pcap")
        total = self.flow.total_packets

        def check(log):
            with open(log, encoding="utf-8", errors="replace") as f:
                digits = "".join(ch for ch in f.read() if ch.isdigit() or ch in "\n:")
            return None if str(total) in digits else f"stats does not count {total} packets"

        step = Step("index in place", [
            self.ours("flowdrill stats", "stats", "-r", capture, prepare=self.fresh("cache"),
                      check=check),
            Contender("nfpcapd", ["nfpcapd", "-r", capture, "-w", self.path("nf")],
                      prepare=self.fresh("nf")),
            Contender("argus", ["argus", "-r", capture, "-w", self.path("argus.out")],
                      prepare=self.without("argus.out")),
            Contender("softflowd", ["softflowd", "-r", capture, "-d", "-n", "127.0.0.1:9"]),
            Contender("tcpdump -w /dev/null", ["tcpdump", "-r", capture, "-w", "/dev/null"]),
            Contender("tshark -z conv,tcp", ["tshark", "-n", "-q", "-r", self.path("small.pcap"),
                                             "-z", "conv,tcp"], share=TSHARK_SHARE),
        ], "nfpcapd", 1.5)
        self.run(step)
        self.without("argus.out")()
        if step.ours().failure:
            return
        share = tree_bytes(self.path("cache")) / os.path.getsize(capture)
        self.facts.append(("size of the index", f"{share * 100:.2f} % of the capture",
                           "≤ 4 %", share <= 0.04))

    def copy(self):
        capture = self.path("big.pcap")
        self.run(Step("import, with its copy", [
            self.ours("flowdrill import", "import", "-s", self.path("store.fdr"), capture,
                      prepare=self.without("store.fdr")),
            Contender("dd conv=fdatasync", ["dd", "if=" + capture, "of=" + self.path("copy"),
                                            "bs=1M", "conv=fdatasync"],
                      prepare=self.without("copy")),
        ], "dd conv=fdatasync", 1.5))
        self.without("store.fdr")()
        self.without("copy")()
        self.warm("big.pcap")

    def have_index(self):
        if not os.path.isdir(self.path("cache")):
            subprocess.run([self.flowdrill, "stats", "-r", self.path("big.pcap")], check=False,
                           env=dict(os.environ, XDG_CACHE_HOME=self.path("cache")),
                           stdout=subprocess.DEVNULL)

    def export(self):
        capture, flow = self.path("big.pcap"), self.flow
        self.have_index()

        def check(_):
            found = count_packets(self.path("out"))
            return None if found == flow.packets else f"{found} packets, not {flow.packets}"

        self.run(Step(f"export of a flow of {flow.packets} packets", [
            self.ours("flowdrill export", "export", "-r", capture, flow.filter(), "-w",
                      self.path("out"), prepare=self.without("out"), check=check),
            Contender("tcpdump", ["tcpdump", "-r", capture, "-w", self.path("out"),
                                  flow.filter()],
                      prepare=self.without("out"), check=check),
        ], "tcpdump", 1 / 20))

    def drill(self):
        """From the first picture down to packets; nfdump lists flows too."""
        capture, flow = self.path("big.pcap"), self.flow
        self.have_index()
        of_service = f"server {flow.server} and port {flow.server_port}"
        lists = [("macroflows", [], ""), ("flows", [of_service], " of a service"),
                 ("microflows", [flow.filter()], " of that flow"),
                 ("packets", [flow.filter()], " of that flow")]
        for tier, words, of in lists:
            contenders = [self.ours(f"flowdrill list {tier}", "list", tier, "-r", capture,
                                    "--limit", "100", *words)]
            if tier == "flows" and os.path.isdir(self.path("nf")):
                contenders.append(Contender("nfdump", [
                    "nfdump", "-R", self.path("nf"), "-c", "100",
                    f"host {flow.server} and port {flow.server_port}"]))
            self.run(Step(f"list {tier}{of}, the first 100", contenders))

    def growth(self):
        """Peak memory again on a capture of four times the size."""
        step = Step("index in place, four times the size", [
            self.ours("flowdrill stats", "stats", "-r", self.path("four.pcap"),
                      cache="cache4", prepare=self.fresh("cache4"))])
        self.generate("four.pcap", 4 * self.options.packets)
        step.run(1, self.scratch)
        self.steps.append(step)
        for name in ("four.pcap", "cache4"):
            self.without(name)()
        one = next((s.ours() for s in self.steps if s.title == "index in place"), None)
        if step.ours().failure or not one or one.failure:
            return
        small, large = one.median("memory_kb") / 1024, step.ours().median("memory_kb") / 1024
        self.facts.append(("peak memory", f"{small:.0f} MiB; {large:.0f} MiB at four times the size",
                           "< 300 MB, and within 10 %",
                           max(small, large) * 1.048576 < 300 and large <= small * 1.1))

    def all(self):
        self.generate("big.pcap", self.options.packets, "big.tsv")
        self.generate("small.pcap", max(1, self.options.packets // TSHARK_SHARE))
        self.flow = Flow(self.path("big.tsv"))
        for name in ("index", "copy", "export", "drill", "growth"):
            if not self.options.only or name in self.options.only:
                getattr(self, name)()


# ---- the report ----

def version(command):
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False,
                             stdin=subprocess.DEVNULL)
    except OSError:
        return f"{command[0]}: not installed"
    lines = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    numbered = [line for line in lines if re.search(r"\d+\.\d+", line)] or lines
    return re.sub(r"[,.] .*|[.]$| \(Git.*", "", numbered[0]) if numbered else command[0]


def hardware():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")),
                     model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, "
            f"{platform.system()} {platform.release()}")


def table(rows):
    yield "| step | program | wall s (least–most) | CPU s | MiB | ours / theirs | must be |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def report(bench):
    o = bench.options
    size = os.path.getsize(bench.path("big.pcap"))
    yield f"{datetime.date.today()}: {o.packets:,} packets, {size / 1e9:.2f} GB, page cache warm,"
    yield f"medians of {o.rounds} runs in turn."
    yield f"{hardware()}."
    yield ", ".join([version([bench.flowdrill, "--version"]), version(["nfpcapd", "-V"]),
                     version(["argus", "-h"]), version(["softflowd", "-h"]),
                     version(["tcpdump", "--version"]), version(["tshark", "--version"])]) + "."
    yield ""
    yield from table(row for step in bench.steps for row in step.rows())
    if bench.facts:
        yield ""
        yield "| | measured | must be | |"
        yield "|---|---|---|---|"
        for name, value, limit, met in bench.facts:
            yield f"| {name} | {value} | {limit} | {'yes' if met else 'NO'} |"


def raw(bench):
    yield "step", "program", "round", "wall_s", "cpu_s", "memory_kb", "share", "failure"
    for step in bench.steps:
        for c in step.contenders:
            for i, m in enumerate(c.measures):
                yield step.title, c.name, i, m.wall, m.cpu, m.memory_kb, c.share, c.failure or ""
            if not c.measures:
                yield step.title, c.name, "", "", "", "", c.share, c.failure


def write_results(bench):
    where = os.path.join(os.environ.get("top_builddir", "."), "bench")
    text = "\n".join(report(bench)) + "\n"
    with open(os.path.join(where, "results.md"), "w", encoding="utf-8") as f:
        f.write(text)
    with open(os.path.join(where, "results.tsv"), "w", encoding="utf-8", newline="") as f:
        csv.writer(f, delimiter="\t", lineterminator="\n").writerows(raw(bench))
    print(text, end="")
    say(f"written to {where}/results.md and results.tsv")


def verdict(bench):
    """0: every limit that could be judged is met; 1: one is not, or we failed somewhere."""
    bad = [s.title for s in bench.steps if s.ours().failure]
    if bench.options.packets >= FULL_PACKETS:
        bad += [s.title for s in bench.steps if s.met() is False]
        bad += [name for name, _, _, met in bench.facts if not met]
    else:
        say(f"the limits are for {FULL_PACKETS:,} packets: not judged")
    for title in bad:
        say(f"not met: {title}")
    return 1 if bad else 0


def parse():
    p = argparse.ArgumentParser(prog="dev bench", description=__doc__)
    p.add_argument("--quick", action="store_true", help="a million packets, one round")
    p.add_argument("--packets", type=int, help="how many (10,000,000)")
    p.add_argument("--rounds", type=int, help="of each program (3)")
    p.add_argument("--only", action="append", metavar="STEP",
                   choices=["index", "copy", "export", "drill", "growth"],
                   help="index, copy, export, drill or growth; may be repeated")
    p.add_argument("--keep", action="store_true", help="do not delete the captures")
    o = p.parse_args()
    o.packets = o.packets or (1_000_000 if o.quick else FULL_PACKETS)
    o.rounds = o.rounds or (1 if o.quick else 3)
    return o


def needed_bytes(options):
    times = 6 if not options.only or "growth" in options.only else 2.5
    return int(times * options.packets * BYTES_PER_PACKET)


def main():
    options = parse()
    if not shutil.which("time"):
        say("time(1) is missing (Debian: apt-get install time)")
        return 77
    where = os.environ.get("FLOWDRILL_BENCH_DIR")
    scratch = tempfile.mkdtemp(prefix="flowdrill-bench-", dir=where)
    try:
        free = shutil.disk_usage(scratch).free
        if free < needed_bytes(options):
            say(f"{scratch} has {free / 1e9:.1f} GB free and {needed_bytes(options) / 1e9:.1f} are "
                "needed: set FLOWDRILL_BENCH_DIR, or --packets")
            return 77
        bench = Bench(options, scratch)
        bench.all()
        write_results(bench)
        return verdict(bench)
    finally:
        if options.keep:
            say(f"kept in {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
