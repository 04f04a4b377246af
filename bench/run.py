#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures flowdrill and other programs in one run, in turn. README.md tells the method."""
import argparse
import collections
import csv
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile

import report
from measure import Contender, Fact, Measure, Step, say
from results import Results

TSHARK_SHARE = 50       # tshark gets this part of the packets where it would take minutes
LOADED_GB = 0.44        # what a first screen is compared with: tshark loading so much
BYTES_OF = {"imix": 440, "small": 136, "elephants": 900, "longlived": 200, "flood": 76}  # a packet, about
EVERYTHING = ["--attributes", "all", "--fingerprints", "sparse"]
BARE = ["--attributes", "none", "--fingerprints", "off"]     # no work on payload but its checksum
STEPS = ["index", "import", "screen", "drill", "export", "live"]


class Capture:
    """A generated file, and what the generator's truth says of it."""

    def __init__(self, key, title, mix, packets, thorough=False):
        self.key, self.title, self.mix, self.packets, self.thorough = key, title, mix, packets, thorough
        self.order = list(CAPTURES).index(key)
        self.name = key + ".pcap"
        self.bytes = self.flows = 0
        self.cached = True

    def expected_bytes(self):
        return self.packets * BYTES_OF[self.mix]


# What --capture may say: title, mix, packets.
CAPTURES = {
    "imix-0.4": ("IMIX, 0.4 GB", "imix", 1_000_000),
    "imix-4": ("IMIX, 4 GB", "imix", 10_000_000),
    "imix-20": ("IMIX, 20 GB", "imix", 48_000_000),
    "small": ("small packets", "small", 10_000_000),
    "elephants": ("few elephants", "elephants", 5_000_000),
    "flood": ("flood of distinct conversations", "flood", 5_000_000),
    "longlived": ("long-lived connections", "longlived", 5_000_000),
}


def captures(options):
    wanted = options.capture or [k for k in CAPTURES if options.full or k != "imix-20"]
    found = []
    for key, (title, mix, packets) in CAPTURES.items():
        if key in wanted:
            found.append(Capture(key, title + ", a tenth" * options.quick, mix, packets // 10 if options.quick else packets,
                                 thorough=key == "imix-4"))
    return found


class Truth:
    """Of a capture: a conversation of about 250 packets, the largest one, the busiest server, a window's service."""

    def __init__(self, path):
        servers, best, largest = collections.Counter(), None, None
        with open(path, encoding="ascii") as f:
            for row in csv.reader(f, delimiter="\t"):
                if row[0] == "total":
                    self.packets, self.flows = int(row[1]), int(row[5])
                if row[0] != "flow":
                    continue
                packets = int(row[7]) + int(row[9])
                servers[row[5]] += packets
                if row[1] != "tcp" or row[2] != "0" or ":" in row[3]:
                    continue
                if best is None or abs(packets - 250) < abs(best[0] - 250):
                    best = packets, row[3:7]
                if largest is None or packets > largest[0]:
                    largest = packets, row[3:7]
        self.mouse, self.elephant = Flow(*best), Flow(*largest)
        self.server, self.server_packets = servers.most_common(1)[0]


class Flow:
    def __init__(self, packets, ends):
        self.packets = packets
        self.client, self.client_port, self.server, self.server_port = ends

    def filter(self):
        return (f"host {self.client} and host {self.server} and port {self.client_port} "
                f"and port {self.server_port}")


def count_packets(path):
    """Packets in a pcap or pcapng of this machine's byte order."""
    with open(path, "rb") as f:
        def word(at):
            f.seek(at)
            return int.from_bytes(f.read(4), sys.byteorder)

        size = os.path.getsize(path)
        count, at = 0, 24
        if word(0) != 0x0A0D0D0A:
            while at < size:
                count, at = count + 1, at + 16 + word(at + 8)
            return count
        at = 0
        while at < size:
            count, at = count + (word(at) == 6), at + word(at + 4)
        return count


def tree_bytes(path):
    return sum(os.path.getsize(os.path.join(where, name))
               for where, _, names in os.walk(path) for name in names)


def forget(path):
    """Takes a file out of the page cache."""
    with open(path, "rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Bench:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.top = os.environ.get("top_builddir", ".")
        self.flowdrill = os.environ.get("FLOWDRILL", os.path.join(self.top, "flowdrill"))
        self.limit = os.path.join(self.top, "bench", "flowdrill-limit")
        self.captures = captures(options)
        self.where = os.path.join(self.top, "bench")
        self.results = Results(os.path.join(self.where, "results.json"))
        if options.add:
            self.results.load()
        self.missed = []   # of this run
        with open(self.path("first"), "w", encoding="ascii") as f:
            f.write("wait rows\n")

    # ---- files ----

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

    def generate(self, name, mix, packets, truth=None):
        say(f"generating {packets} packets ({mix})")
        command = [os.path.join(self.top, "bench", "flowdrill-gen"), "-o", self.path(name),
                   "--packets", str(packets), "--mix", mix]
        if truth:
            command += ["--truth", self.path(truth)]
        subprocess.run(command, check=True)
        self.warm(name)

    def warm(self, name):
        with open(self.path(name), "rb") as f:
            while f.read(1 << 22):
                pass

    def cold(self, out):
        """Before a run with nothing of capture and index in the page cache; `out` is removed."""
        def prepare():
            self.without(out)()
            for where, _, names in os.walk(self.path("cache")):
                for name in names:
                    forget(os.path.join(where, name))
            forget(self.file)
        return prepare

    # ---- programs ----

    def ours(self, name, *arguments, cache="cache", **more):
        env = {"XDG_CACHE_HOME": self.path(cache), "XDG_CONFIG_HOME": self.path("config")}
        return Contender(name, [self.flowdrill, *arguments], env=env, **more)

    def run(self, title, contenders, short=False):
        step = Step(self.capture.title, title, contenders, short)
        step.run(self.options.rounds, self.scratch)
        self.add(step)
        return step

    def add(self, step):
        self.results.step(step)
        if step.ours().failure:
            self.missed.append((True, f"{step.capture}: {step.title}: {step.ours().failure}"))
        self.missed += [(False, f"{step.capture}: {step.title}: {ratio:.3f} of {name}, not {report.bound(step, limit)}")
                        for name, ratio, limit in step.verdicts() if not step.holds(ratio, limit)]

    def fact(self, name, value, limit="", met=None):
        self.results.fact(Fact(self.capture.title if self.capture else None, name, value, limit, met))
        if met is False:
            self.missed.append((False, f"{name}: {value}, not {limit}"))

    def write(self):
        """What there is so far: a run that is stopped leaves it."""
        self.results.save()
        report.write(self.results, [
            [self.flowdrill, "--version"], ["nfpcapd", "-V"], ["argus", "-h"], ["softflowd", "-h"],
            ["tcpdump", "--version"], ["tshark", "--version"]], self.where)

    # ---- steps on a capture: self.capture, self.file, self.truth ----

    def index(self):
        """Without payload work and with everything; the index of the latter stays for what follows."""
        usual = self.capture.mix in ("imix", "small")
        total = self.truth.packets if self.truth else self.capture.packets

        def check(log):
            with open(log, encoding="utf-8", errors="replace") as f:
                digits = "".join(ch for ch in f.read() if ch.isdigit() or ch in "\n:")
            return None if str(total) in digits else f"stats does not count {total} packets"

        def contenders(what, options, against, limit):
            return [self.ours(f"flowdrill stats, {what}", "stats", "-r", self.file, *options,
                              prepare=self.fresh("cache"), check=check),
                    Contender("nfpcapd", ["nfpcapd", "-r", self.file, "-w", self.path("nf")],
                              prepare=self.fresh("nf"), limit=against if usual else None),
                    Contender("parse and count, one thread", [self.limit, self.file], limit=limit),
                    Contender("the same, which also reads, verifies, hashes, keeps", [self.limit, "rshk", self.file])]

        bare = {"imix": 1.5, "small": 3.0}.get(self.capture.mix)
        self.run("index in place, no payload work", contenders("bare", BARE, 0.5, bare))
        self.sizes("bare index", None)
        step = contenders("all attributes, sparse fingerprints", EVERYTHING, 0.8, None)
        if self.capture.thorough:
            step += self.others()
        self.run("index in place, everything", step)
        self.without("argus.out")()
        self.sizes("index with everything", 0.055 if self.capture.mix == "imix" else None)

    def others(self):
        return [
            Contender("argus", ["argus", "-r", self.file, "-w", self.path("argus.out")],
                      prepare=self.without("argus.out")),
            Contender("softflowd", ["softflowd", "-r", self.file, "-d", "-n", "127.0.0.1:9"]),
            Contender("tcpdump -w /dev/null", ["tcpdump", "-r", self.file, "-w", "/dev/null"]),
            Contender("tshark -z conv,tcp", ["tshark", "-n", "-q", "-r", self.path("part.pcap"),
                                             "-z", "conv,tcp"], share=TSHARK_SHARE)]

    def sizes(self, name, limit):
        """The index as a share of the capture, and its largest sections as shares of the index."""
        whole = tree_bytes(self.path("cache"))
        share = whole / self.capture.bytes
        sections = collections.Counter()
        for where, _, names in os.walk(self.path("cache")):
            for file in names:
                path = os.path.join(where, file)
                if file.endswith(".idx"):
                    sections.update(self.sections_of(path))
                else:
                    sections[file] += os.path.getsize(path)
        parts = ", ".join(f"{k} {v / whole * 100:.0f} %" for k, v in sections.most_common(7))
        self.fact(name, f"{share * 100:.2f} % of the capture ({whole / 1e6:.1f} MB: {parts})",
                  f"≤ {limit * 100:g} %" if limit else "", share <= limit if limit else None)

    def sections_of(self, path):
        run = subprocess.run([self.flowdrill, "dump", path], capture_output=True, text=True, check=False)
        found = collections.Counter()
        for name, size in re.findall(r"^  ([a-z]+) +(\d+) +[\d.]+ %", run.stdout, re.MULTILINE):
            if name != "all":
                found[name] += int(size)
        return found

    def import_(self):
        """Every copy is on the disk alone: the next one finds the same room."""
        def alone():
            self.without("store.fdr")()
            self.without("copy")()

        def dd(*options):
            return ["dd", "if=" + self.file, "of=" + self.path("copy"), "bs=1M", *options, "conv=fdatasync"]

        for what, options, limit in (("no payload work", BARE, 0.6), ("everything", EVERYTHING, None)):
            step = [self.ours("flowdrill import", "import", "-s", self.path("store.fdr"), *options, self.file, prepare=alone),
                    Contender("dd conv=fdatasync", dd(), prepare=alone, limit=limit)]
            if limit:
                step.append(Contender("dd oflag=direct conv=fdatasync", dd("oflag=direct"), prepare=alone))
            self.run(f"import, with its copy, {what}", step)
        alone()
        self.warm(self.capture.name)

    def screen(self):
        """From the start to the first rows on an indexed capture; beside the largest one tshark loads the smallest."""
        contenders = [self.ours("flowdrill", "--script", self.path("first"), "--size", "120x40", self.file)]
        if self.capture is self.largest:
            contenders.append(Contender(f"tshark, {LOADED_GB:.1f} GB", [
                "tshark", "-n", "-T", "psml", "-r", self.path("loaded.pcap")], limit=1 / 40))
        self.run("open, first screen", contenders)

    def drill(self):
        """From the first picture down to packets; nfdump has flows alone."""
        mouse, elephant = self.truth.mouse, self.truth.elephant
        nf = ["nfdump", "-R", self.path("nf")]
        service = f"server {mouse.server} and port {mouse.server_port}"
        begin, end = self.window()
        self.run("macroflows of the day, sorted", [
            self.ours("flowdrill list macroflows", "list", "macroflows", "-r", self.file, "--sort", "-bytes",
                      "--limit", "100"),
            Contender("nfdump -s srcip/bytes", [*nf, "-s", "srcip/bytes", "-n", "100"], limit=0.5)], short=True)
        for all_of, ours, theirs in (("", [], []), (", the first 100", ["--limit", "100"], ["-c", "100"])):
            self.run("flows of a service in a window" + all_of, [
                self.ours("flowdrill list flows", "list", "flows", "-r", self.file, *ours, "--from",
                          begin.isoformat() + "Z", "--to", end.isoformat() + "Z", service),
                Contender("nfdump", [*nf, *theirs, "-t", self.nf_span(begin, end),
                                     f"host {mouse.server} and port {mouse.server_port}"], limit=1.0)], short=True)
        self.run("filter by address over everything", [
            self.ours("flowdrill list flows", "list", "flows", "-r", self.file, f"host {mouse.client}"),
            Contender("nfdump", [*nf, f"host {mouse.client}"], limit=1.0)], short=True)
        for title, tier, words in (
                ("microflows of a flow", "microflows", [mouse.filter()]),
                ("packets of a mouse flow", "packets", [mouse.filter()]),
                ("packets of an elephant, the first 1000", "packets", ["--limit", "1000", elephant.filter()]),
                ("packets of the last minute, the first 1000", "packets", ["--limit", "1000", "--from", "-1m"])):
            self.run(title, [self.ours(f"flowdrill list {tier}", "list", tier, "-r", self.file, *words)], short=True)

    def window(self):
        """A quarter of an hour in the middle of the capture, on the clock."""
        with open(self.path("truth.tsv"), encoding="ascii") as f:
            total = next(row for row in csv.reader(f, delimiter="\t") if row[0] == "total")
        middle = (int(total[3]) + int(total[4])) // 2 // 10**9
        begin = datetime.datetime.fromtimestamp(middle - middle % 900, datetime.timezone.utc).replace(tzinfo=None)
        return begin, begin + datetime.timedelta(minutes=15)

    @staticmethod
    def nf_span(begin, end):
        return "-".join(t.strftime("%Y/%m/%d.%H:%M:%S") for t in (begin, end))

    def export(self):
        mouse = self.truth.mouse
        busy = f"host {self.truth.server}"

        def check(expected):
            def compare(_):
                found = count_packets(self.path("out"))
                return None if found == expected else f"{found} packets, not {expected}"
            return compare

        def pair(filter_text, prepare, limit, expected):
            return [self.ours("flowdrill export", "export", "-r", self.file, filter_text, "-w",
                              self.path("out"), prepare=prepare, check=check(expected)),
                    Contender("tcpdump", ["tcpdump", "-r", self.file, "-w", self.path("out"), filter_text],
                              prepare=prepare, check=check(expected), limit=limit)]

        self.run(f"export a flow of {mouse.packets} packets",
                 pair(mouse.filter(), self.without("out"), 1 / 60, mouse.packets))
        self.run(f"export a flow of {mouse.packets} packets, page cache cold",
                 pair(mouse.filter(), self.cold("out"), 1 / 200, mouse.packets))
        self.warm(self.capture.name)
        packets = self.truth.server_packets
        self.run(f"export the busiest server's {packets:,} packets", [
            *pair(f"{busy} or (vlan and {busy})", self.without("out"), 0.7, packets)])
        self.without("out")()

    # ---- all of them ----

    def live(self):
        """The highest rate without loss: live.py beside us knows how."""
        flood = os.path.join(self.top, "tests", "capture", "flood-tool")
        if os.geteuid() != 0 or not os.path.exists(flood):
            say(f"live capture: left out, it needs root and {flood} (make tests/capture/flood-tool)")
            return
        # not in our own directory, which is nobody else's: the recorder gives root up
        command = [sys.executable, os.path.join(os.path.dirname(__file__), "live.py"), "--flowdrill", self.flowdrill,
                   "--flood", flood, "--dir", os.path.dirname(self.scratch), "--rounds", str(self.options.rounds),
                   "--steady", "60" if self.options.rounds > 1 else "20"]
        say("live capture")
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        self.capture = None
        rates = {name: [float(v) for v in each.split()]
                 for name, each in re.findall(r"^each +(\w+): ([\d. ]+)$", run.stdout, re.MULTILINE)}
        contenders = []
        for name, program, limit in (("flowdrill", "flowdrill capture, indexed, with a screen", None), ("tcpdump", "tcpdump -w", 0.9)):
            c = Contender(program, [program], limit=limit)
            c.measures = [Measure(rate=v) for v in rates.get(name, [])]
            c.failure = None if c.measures else f"live.py said nothing of it, status {run.returncode}"
            contenders.append(c)
        self.add(Step(None, "highest live rate without loss", contenders, unit="packets/s"))
        for name, words, _ in re.findall(r"^(\w+) +(.*( for |frames of|limited by).*)$", run.stdout.replace("frames of", "all frames of", 1),
                                         re.MULTILINE):
            self.fact(f"live, {name}, {'steady' if ' for ' in words else 'highest rate'}", words)

    def growth(self):
        self.missed += [(False, f"{f.name}: {f.value}, not {f.limit}") for f in self.results.memory() if not f.met]

    def one(self, capture):
        self.capture, self.truth = capture, None
        self.file = self.path(capture.name)
        self.generate(capture.name, capture.mix, capture.packets, "truth.tsv")
        capture.bytes = os.path.getsize(self.file)
        capture.cached = capture.bytes < 0.7 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if capture.mix == "imix":
            self.truth = Truth(self.path("truth.tsv"))
        with open(self.path("truth.tsv"), encoding="ascii") as f:
            capture.flows = sum(line.startswith("flow\t") for line in f)
        self.results.capture(capture)
        wanted = [s for s in STEPS[:-1] if not self.options.only or s in self.options.only]
        if wanted and "index" not in wanted:
            self.fresh("nf")()
            subprocess.run(["nfpcapd", "-r", self.file, "-w", self.path("nf")], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.fresh("cache")()
            subprocess.run([self.flowdrill, "stats", "-r", self.file, *EVERYTHING], check=False,
                           env=dict(os.environ, XDG_CACHE_HOME=self.path("cache")), stdout=subprocess.DEVNULL)
        for name in wanted:
            if name == "index" or capture.mix == "imix":
                getattr(self, {"import": "import_"}.get(name, name))()
        for name in (capture.name, "truth.tsv", "cache", "nf"):
            self.without(name)()

    def all(self):
        files = [s for s in STEPS[:-1] if not self.options.only or s in self.options.only]
        imix = [c for c in self.captures if c.mix == "imix"]
        self.largest = imix[-1] if imix else None
        thorough = next((c for c in self.captures if c.thorough), None)
        if thorough and "index" in files:
            self.generate("part.pcap", "imix", max(1, thorough.packets // TSHARK_SHARE))
        if self.largest and "screen" in files:
            self.generate("loaded.pcap", "imix", int(LOADED_GB * 1e9 / BYTES_OF["imix"]))
        for capture in self.captures if files else []:
            self.one(capture)
            self.write()
        self.growth()
        if not self.options.only or "live" in self.options.only:
            self.live()
        self.write()


def verdict(bench):
    """0: every limit is met; 1: one is not, or we failed somewhere. Of --quick limits are shown, and not judged."""
    for _, text in bench.missed:
        say(f"not met: {text}")
    if bench.options.quick:
        say("with --quick, what a process costs by itself weighs too much: times are not judged")
    return 1 if any(failed or not bench.options.quick for failed, _ in bench.missed) else 0


def parse():
    p = argparse.ArgumentParser(prog="dev bench", description=__doc__)
    p.add_argument("--quick", action="store_true", help="captures of a tenth, one round: minutes")
    p.add_argument("--full", action="store_true", help="20 GB too")
    p.add_argument("--capture", action="append", metavar="NAME", choices=list(CAPTURES),
                   help="these alone: " + ", ".join(CAPTURES) + "; may be repeated")
    p.add_argument("--add", action="store_true", help="to the results of the runs before, instead of in their place")
    p.add_argument("--rounds", type=int, help="of each program (3)")
    p.add_argument("--only", action="append", metavar="STEP", choices=STEPS,
                   help=", ".join(STEPS) + "; may be repeated")
    p.add_argument("--keep", action="store_true", help="do not delete what was made")
    o = p.parse_args()
    o.rounds = o.rounds or (1 if o.quick else 3)
    return o


def needed_bytes(options):
    """The largest capture, a copy of it, its index, and the small ones beside it."""
    return int(2.3 * max((c.expected_bytes() for c in captures(options)), default=0) + 5e9)


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
                "needed: set FLOWDRILL_BENCH_DIR")
            return 77
        bench = Bench(options, scratch)
        bench.all()
        with open(os.path.join(bench.where, "results.md"), encoding="utf-8") as f:
            print(f.read(), end="")
        say(f"written to {bench.where}: results.md, results.tsv, results.json, cost.svg")
        return verdict(bench)
    finally:
        if options.keep:
            say(f"kept in {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
