# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, as Markdown, as tab-separated values and as a picture."""
import csv
import datetime
import math
import os
import platform
import re
import statistics
import subprocess


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


# ---- tables ----

def seconds(value):
    return f"{value:.3f}" if value >= 0.1 else f"{value:.4f}"


def bound(step, limit):
    if step.unit != "s":
        return f"≥ {limit:.3g}"
    return f"≤ {limit:.3g}" if limit >= 1 / 20 else f"≤ 1/{round(1 / limit)}"


def spread(values, show):
    return f"{show(statistics.median(values))} ({show(min(values))}–{show(max(values))})"


def rows_of(step):
    for c in step.contenders:
        title = step.title if c is step.ours() else ""
        if c.failure:
            yield [title, c.name, c.failure, "", "", "", "", ""]
            continue
        name = c.name if c.share == 1 else f"{c.name} ({c.share:g} times the work in ours)"
        ratio = step.ratio(c)
        judged = ratio is not None and c.limit is not None
        of = [getattr(m, step.what()) for m in c.measures]
        cells = [spread(of, seconds), f"{c.median('user'):.2f} + {c.median('system'):.2f}",
                 f"{c.median('memory_kb') / 1024:.0f}"] if step.unit == "s" else [spread(of, "{:,.0f}".format)]
        yield [title, name, *cells, "" if ratio is None else f"{ratio:.3f}", bound(step, c.limit) if judged else "",
               ("yes" if step.holds(ratio, c.limit) else "**no**") if judged else ""]


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


HEADS = {"s": ["step", "program", "wall s (least–most)", "CPU s, user + system", "MiB", "ours / theirs", "must be", ""],
         "packets/s": ["step", "program", "packets/s (least–most)", "ours / theirs", "must be", ""]}


def steps_table(steps):
    for unit, head in HEADS.items():
        rows = [row for s in steps if s.unit == unit for row in rows_of(s)]
        if rows:
            yield ""
            yield from table(head, rows)


def rounds(results):
    """How often programs were run, of one run or several."""
    counts = {len(s.ours().measures) for s in results.steps if not s.short and s.unit == "s" and s.ours().measures}
    return "–".join(str(n) for n in sorted({min(counts), max(counts)})) if counts else "no"


def markdown(results, programs):
    yield (f"{datetime.date.today()}, {hardware()}. Medians of {rounds(results)} runs in turn "
           "(three times as many of short steps), page cache warm unless said.")
    yield ", ".join(version(c) for c in programs) + "."
    for title in results.titles():
        steps, facts = results.of(title)
        if not steps and not facts:
            continue
        c = results.captures[title]
        yield ""
        yield f"### {title}"
        yield ""
        yield f"{c['packets']:,} packets, {c['bytes'] / 1e9:.2f} GB, {c['flows']:,} conversations." + \
            ("" if c["cached"] else " More than the page cache keeps here: whoever reads all of it waits for the disk.")
        yield from steps_table(steps)
        yield from facts_table(facts)
    steps, facts = results.of(None)
    facts = list(results.memory()) + facts
    if steps or facts:
        yield ""
        yield "### All"
        yield from steps_table(steps)
        yield from facts_table(facts)


def facts_table(facts):
    if facts:
        yield ""
        yield from table(["", "measured", "must be", ""],
                         ([f.name, f.value, f.limit, {True: "yes", False: "**no**", None: ""}[f.met]]
                          for f in facts))


def raw(results):
    yield "capture", "step", "program", "round", "wall_s", "user_s", "system_s", "memory_kb", "packets_per_s", "share", "failure"
    for step in results.steps:
        for c in step.contenders:
            for i, m in enumerate(c.measures):
                yield (step.capture, step.title, c.name, i, m.wall, m.user, m.system, m.memory_kb, m.rate, c.share,
                       c.failure or "")
            if not c.measures:
                yield step.capture, step.title, c.name, "", "", "", "", "", "", c.share, c.failure


# ---- the picture: cost against size, both axes logarithmic ----

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 940, 460, 70, 380, 30, 50
COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933"]
DASHES = ["", "6 3", "2 3", "8 3 2 3"]


class Axis:
    """Logarithmic, over whole decades."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.end = start, end

    def at(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def decades(self):
        return [10.0 ** i for i in range(self.low, self.high + 1)]


def curves(results):
    """Title -> [(GB, seconds)], of our own runs on captures that differ in size alone."""
    found = {}
    for capture, c in results.captures.items():
        if c["mix"] != "imix":
            continue
        for step in results.of(capture)[0]:
            if not step.ours().failure and step.unit == "s":
                # how many packets a conversation has differs from capture to capture
                title = re.sub(r" [\d,]+ packets", " so many packets", step.title)
                found.setdefault(title, []).append(
                    (c["bytes"] / 1e9, step.ours().median("wall")))
    return {title: sorted(points) for title, points in found.items() if len(points) > 1}


def label(value, unit):
    small = {"s": (1e-3, "ms")}.get(unit)
    if small and value < 1:
        return f"{value / small[0]:g} {small[1]}"
    return f"{value:g} {unit}"


def svg(results):
    lines = curves(results)
    if not lines:
        return None
    points = [p for line in lines.values() for p in line]
    x = Axis([p[0] for p in points], LEFT, WIDTH - RIGHT)
    y = Axis([p[1] for p in points], HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for value in x.decades():
        out.append(f'<path d="M{x.at(value):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{x.at(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                   f'{label(value, "GB")}</text>')
    for value in y.decades():
        out.append(f'<path d="M{LEFT} {y.at(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y.at(value) + 4:.1f}" text-anchor="end">'
                   f'{label(value, "s")}</text>')
    for i, (title, line) in enumerate(sorted(lines.items(), key=lambda l: -l[1][-1][1])):
        style = (f'stroke="{COLORS[i % len(COLORS)]}" '
                 f'stroke-dasharray="{DASHES[i // len(COLORS) % len(DASHES)]}"')
        path = " ".join(f"{x.at(gb):.1f},{y.at(s):.1f}" for gb, s in line)
        row = TOP + 18 * i
        out.append(f'<polyline points="{path}" fill="none" stroke-width="2" {style}/>'
                   f'<path d="M{WIDTH - RIGHT + 16} {row}h24" stroke-width="2" {style}/>'
                   f'<text x="{WIDTH - RIGHT + 46}" y="{row + 4}">{title}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
               'size of the capture</text></svg>')
    return "\n".join(out) + "\n"


def write(results, programs, where):
    with open(os.path.join(where, "results.md"), "w", encoding="utf-8") as f:
        f.write("\n".join(markdown(results, programs)) + "\n")
    with open(os.path.join(where, "results.tsv"), "w", encoding="utf-8", newline="") as f:
        csv.writer(f, delimiter="\t", lineterminator="\n").writerows(raw(results))
    picture = svg(results)
    if picture:
        with open(os.path.join(where, "cost.svg"), "w", encoding="utf-8") as f:
            f.write(picture)
