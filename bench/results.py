# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured: steps and facts of captures, in a file that further runs add to. README.md tells the method."""
import json
import os

from measure import Contender, Fact, Measure, Step

MEMORY = "within 10 %, < 300 MB"


class Results:
    """Of one or several runs. A step or fact that is measured again takes the place of the older one."""

    def __init__(self, path):
        self.path = path
        self.captures, self.steps, self.facts = {}, [], []   # title -> what a heading says of it

    def load(self):
        """What runs before left, if they did."""
        if not os.path.exists(self.path):
            return
        with open(self.path, encoding="utf-8") as f:
            d = json.load(f)
        self.captures = d["captures"]
        self.steps = [Step(s["capture"], s["title"], [self.contender(c) for c in s["contenders"]], s["short"], s["unit"])
                      for s in d["steps"]]
        self.facts = [Fact(**fact) for fact in d["facts"]]

    @staticmethod
    def contender(d):
        c = Contender(d["name"], [d["name"]], share=d["share"], limit=d["limit"])
        c.failure = d["failure"]
        c.measures = [Measure(**m) for m in d["measures"]]
        return c

    def save(self):
        d = {"captures": self.captures, "facts": [vars(fact) for fact in self.facts], "steps": [
            {"capture": s.capture, "title": s.title, "short": s.short, "unit": s.unit, "contenders": [
                {"name": c.name, "share": c.share, "limit": c.limit, "failure": c.failure,
                 "measures": [vars(m) for m in c.measures]} for c in s.contenders]} for s in self.steps]}
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            json.dump(d, f, indent=1)
        os.replace(self.path + ".new", self.path)

    # ---- adding ----

    def capture(self, capture):
        self.captures[capture.title] = {"mix": capture.mix, "packets": capture.packets, "bytes": capture.bytes,
                                        "flows": capture.flows, "order": capture.order, "cached": capture.cached}

    def step(self, step):
        self.replace(self.steps, step, lambda s: (s.capture, s.title))

    def fact(self, fact):
        self.replace(self.facts, fact, lambda f: (f.capture, f.name))

    @staticmethod
    def replace(things, new, key):
        for i, old in enumerate(things):
            if key(old) == key(new):
                things[i] = new
                return
        things.append(new)

    # ---- asking ----

    def titles(self):
        return sorted(self.captures, key=lambda title: self.captures[title]["order"])

    def of(self, title):
        """Steps and facts of a capture; None: of no capture."""
        return [s for s in self.steps if s.capture == title], [f for f in self.facts if f.capture == title]

    def memory(self):
        """Peak memory of each way of indexing IMIX over all sizes, as facts."""
        for step_title, what in (("index in place, no payload work", "bare"), ("index in place, everything", "everything")):
            found = sorted((self.captures[s.capture]["bytes"] / 1e9, s.ours().median("memory_kb") / 1024)
                           for s in self.steps if s.title == step_title and not s.ours().failure and
                           self.captures[s.capture]["mix"] == "imix")
            if len(found) < 2:
                continue
            values = [mib for _, mib in found]
            yield Fact(None, f"peak memory of indexing IMIX, {what}", ", ".join(f"{mib:.0f} MiB at {gb:.1f} GB" for gb, mib in found),
                       MEMORY, max(values) * 1.048576 < 300 and max(values) <= min(values) * 1.1)
