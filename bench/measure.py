# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs run in turn, and what each run took. README.md tells the method."""
import os
import shutil
import statistics
import subprocess
import sys
import time


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Measure:
    """What one run of a program took; `rate` of packets that it reached, where that is what is measured."""

    def __init__(self, wall=0.0, user=0.0, system=0.0, memory_kb=0, rate=0.0):
        self.wall, self.user, self.system, self.memory_kb, self.rate = wall, user, system, memory_kb, rate


class Contender:
    """
    A program in a step: `prepare` runs unmeasured before it, `check` after it. `share`: it gets this part of the work; `limit`: what
    our time over its may be at most.
    """

    def __init__(self, name, command, prepare=None, check=None, share=1, env=None, limit=None):
        self.name, self.command, self.env = name, [str(c) for c in command], env or {}
        self.prepare, self.check, self.share, self.limit = prepare, check, share, limit
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
        with open(log, "wb") as out:
            begin = time.perf_counter()  # time(1) knows hundredths only
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
        self.measures.append(Measure(wall, float(user), float(system), int(memory)))
        if self.check:
            self.failure = self.check(log)

    def median(self, what):
        return statistics.median(getattr(m, what) for m in self.measures)


class Step:
    """
    Contenders that do comparable work on one capture; the first one is ours. A short step is run more often. `unit`: "s", and less is
    better, or "packets/s", and more is.
    """

    def __init__(self, capture, title, contenders, short=False, unit="s"):
        self.capture, self.title, self.contenders, self.short, self.unit = capture, title, contenders, short, unit

    def what(self):
        return "wall" if self.unit == "s" else "rate"

    def holds(self, ratio, limit):
        return ratio <= limit if self.unit == "s" else ratio >= limit

    def run(self, rounds, scratch):
        say(f"{self.capture}: {self.title}")
        for c in self.contenders:
            if not c.installed():
                c.failure = "not installed"
        for _ in range(rounds * 3 if self.short else rounds):
            for c in self.contenders:
                if not c.failure:
                    c.run(os.path.join(scratch, "output"), os.path.join(scratch, "times"))
        for c in self.contenders:
            say(f"  {c.name}: {c.failure}" if c.failure else f"  {c.name}: {c.median('wall'):.4f} s")

    def ours(self):
        return self.contenders[0]

    def ratio(self, other):
        """How long we take (or how much we do) against another, packet for packet; None when one of us failed."""
        if self.ours().failure or other.failure or other is self.ours():
            return None
        theirs = other.median(self.what()) * other.share
        return self.ours().median(self.what()) / theirs if theirs else None

    def verdicts(self):
        """(against whom, ratio, limit) of each limit that could be judged."""
        for c in self.contenders:
            ratio = self.ratio(c)
            if c.limit is not None and ratio is not None:
                yield c.name, ratio, c.limit


class Fact:
    """A figure that is no time: of a capture, with what it must be and whether it is."""

    def __init__(self, capture, name, value, limit="", met=None):
        self.capture, self.name, self.value, self.limit, self.met = capture, name, value, limit, met
