#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the screen costs: how long keys take to show, processor time and bytes to the terminal a key, memory, idle CPU.

    bench/screen.py [--flowdrill PROGRAM] [--keys N] [--rounds N] [--size WxH] [--home DIR] [--termshark] [--slow] CAPTURE
    bench/screen.py --lists [...] CAPTURE

Runs the program on a terminal of its own (pty) over an indexed capture, presses N keys (default 2,000) one after the other in a
walk over all views, and waits after each until nothing more is written for QUIET. flowdrill tells in its trace (FLOWDRILL_TRACE)
which rounds of its loop took keys and what they drew, so that

    shown   is from writing a key to the first byte, for keys that changed something by themselves,
    still   to the last byte of what came of it: rows of a list that was opened, counts, pictures,
    waited  what of `shown` the screen's thread spent ready to run on a busy machine (/proc/PID/schedstat).

Processor time is the whole process's and its screen's thread's, by the kernel's clocks. With --rounds the walk is repeated and each
key's least time counts. Memory is RssAnon, the most of what was seen after each hundred keys. --termshark presses those keys of
the walk that it has, in termshark, on the same capture. --lists measures the list that Enter on the first row opens (flood it: a
million flows): every column as order, a filter being typed, a search, scrolling. --home keeps the index for the next run. Prints tables for
bench/README.md. Wall times: the machine has to be quiet.
"""
import argparse, fcntl, os, pty, re, select, shutil, signal, struct, subprocess, sys, tempfile, termios, time

FIRST = 0.25    # seconds without output: the key has no effect
QUIET = 0.02    # seconds without more: its effect is over
MOST = 10.0     # a key that takes longer is counted as this
SETTLED = 1.5   # seconds after the first screen, before the walk

# The walk: into each view, around in it, and out again. One key a word; "text" is typed.
WALK = """
Down Down Down PgDn PgUp G gg e Tab Tab Right Right Left Left s Down Down Enter S s Enter
Enter Down PgDn PgDn G gg e Right Left S S Tab Down Down Tab / "packets > 3" Enter / Enter
Enter Down Enter Down Down PgDn G gg e Enter Down Down Down Tab Down Down Tab x x J J K K Escape
Escape Escape v Down PgDn G Escape d Down PgDn Escape Escape t Escape b Down Escape T Down Escape L Down Escape
g s Down Down Escape g 0 ? PgDn PgDn G Escape P Down PgDn PgDn G gg * "ACK" Enter n n Escape
""".split("\n")

KEYS = {"Enter": "\r", "Escape": "\x1b", "Tab": "\t", "Up": "\x1bOA", "Down": "\x1bOB", "Right": "\x1bOC", "Left": "\x1bOD",
    "Home": "\x1bOH", "End": "\x1bOF", "PgUp": "\x1b[5~", "PgDn": "\x1b[6~"}
MOVES = {"Down", "Up", "PgDn", "PgUp", "G", "gg"}
TERMSHARK = {"Down", "Up", "PgDn", "PgUp", "Tab", "Right", "Left", "Home", "End"}
ROUND = re.compile(r"round: (\d+) keys, (\d+) rows drawn, (\d+) us, (busy|idle)")


def walk(n):
    """Names of n keys, over and over."""
    names = []
    for word in re.findall(r'"[^"]*"|\S+', " ".join(WALK)):
        names += list(word[1:-1]) if word[0] == '"' else [word]
    return [names[i % len(names)] for i in range(n)]


class Key:
    """What one key did. Times in milliseconds; shown and still are None where nothing was written."""
    def __init__(self, name):
        self.name, self.shown, self.still, self.own = name, None, None, True
        self.waited = self.ui = self.cpu = 0.0
        self.bytes = 0


class Program:
    def __init__(self, argv, size, env, trace=None):
        if trace:
            env = {**env, "FLOWDRILL_TRACE": "ui:" + trace}
            open(trace, "w").close()
        self.trace = open(trace) if trace else None
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", **env)
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.bytes, self.text, self.busy = 0, b"", False

    def read(self, quiet, most, until=None, first=None):
        """Until nothing comes for `quiet` (at the beginning `first`), or `until` matches what came; times of the first and last byte."""
        begun = last = None
        end, self.text = time.monotonic() + most, b""
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], first if first and last is None else quiet)[0]:
                if until is None:
                    break
                continue
            last = time.monotonic()
            try:
                got = os.read(self.fd, 1 << 16)
            except OSError:
                break
            if not got:
                break
            begun = begun or last
            self.bytes += len(got)
            self.text += got
            if until is not None and until.search(self.text):
                break
        return begun, last

    def rounds(self):
        """Those since the last call: (keys, rows drawn)."""
        found = []
        for line in self.trace or ():
            m = ROUND.search(line)
            if m:
                self.busy = m[4] == "busy"
                found.append((int(m[1]), int(m[2])))
        return found

    def press(self, name, quiet=QUIET):
        k = Key(name)
        self.rounds()
        ui, waited, cpu, before = *self.thread_ms(), self.cpu_ms(), self.bytes
        start = time.monotonic()
        os.write(self.fd, KEYS.get(name, name).encode())
        if select.select([self.fd], [], [], FIRST)[0]:
            k.shown = (time.monotonic() - start) * 1000
            k.waited = self.thread_ms()[1] - waited
            k.still = (self.read(quiet, MOST)[1] - start) * 1000
        k.bytes, k.cpu, k.ui = self.bytes - before, self.cpu_ms() - cpu, self.thread_ms()[0] - ui
        if self.trace:
            k.own = self.took_keys() > 0
        return k

    def took_keys(self):
        """Rows that were drawn by the rounds that took keys: what they write is seen before their line."""
        end = time.monotonic() + MOST
        while time.monotonic() < end:
            drawn = [rows for n, rows in self.rounds() if n > 0]
            if drawn:
                return sum(drawn)
            time.sleep(0.0005)
        return 0

    def until_idle(self, most=60.0):
        """Until a round has left nothing under way."""
        end = time.monotonic() + most
        self.rounds()
        while self.busy and time.monotonic() < end:
            self.read(0.002, 0.01)
            self.rounds()

    def begin(self, name):
        """A key that begins something: milliseconds until it is over, CPU milliseconds, milliseconds until the key was shown."""
        cpu, begun = self.cpu_ms(), time.monotonic()
        k = self.press(name, 0.002)
        self.until_idle()
        return (time.monotonic() - begun) * 1000, self.cpu_ms() - cpu, max(0, (k.shown or 0) - k.waited)

    def thread_ms(self):
        """Of the screen's thread: running, and ready but waiting for a processor."""
        run, waited = open(f"/proc/{self.pid}/schedstat").read().split()[:2]
        return int(run) / 1e6, int(waited) / 1e6

    def cpu_ms(self):
        """Of the whole process, threads that are over included: its CPU clock, as clock_getcpuclockid(3) makes its number."""
        return time.clock_gettime_ns((~self.pid << 3) | 2) / 1e6

    def anonymous_mb(self):
        return int(re.search(r"RssAnon:\s+(\d+)", open(f"/proc/{self.pid}/status").read()).group(1)) / 1024

    def end(self, keys):
        try:
            os.write(self.fd, keys.encode())
            self.read(0.5, 5)
            os.kill(self.pid, signal.SIGTERM)
        except (OSError, ProcessLookupError):
            pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def share(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


def mean(values):
    return sum(values) / len(values) if values else float("nan")


def least(a, b):
    """Of two walks' keys the one that was faster: the other one waited for somebody else."""
    for x, y in zip(a, b):
        if y.shown is not None and (x.shown is None or y.shown < x.shown):
            x.shown, x.waited, x.own = y.shown, y.waited, x.own or y.own
        if y.still is not None and (x.still is None or y.still < x.still):
            x.still = y.still
        x.cpu, x.ui = min(x.cpu, y.cpu), min(x.ui, y.ui)
    return a


def report(keys):
    own = [k for k in keys if k.shown is not None and k.own]
    moves = [k for k in keys if k.name in MOVES]
    r = {"keys": len(keys), "with an effect of their own": len(own)}
    for q, name in ((0.5, "half"), (0.9, "90 %"), (0.99, "99 %"), (1, "most")):
        r[f"shown ms: {name}"] = share([k.shown for k in own], q)
    r["shown ms, less what it waited for a processor: 99 %"] = share([max(0, k.shown - k.waited) for k in own], 0.99)
    for q, name in ((0.5, "half"), (0.9, "90 %"), (0.99, "99 %")):
        r[f"still ms: {name}"] = share([k.still for k in keys if k.still is not None], q)
    r["CPU ms a key: all"] = mean([k.cpu for k in keys])
    r["CPU ms a key: the screen's thread"] = mean([k.ui for k in keys])
    r["CPU ms a movement: half"] = share([k.cpu for k in moves], 0.5)
    r["CPU ms a movement: the screen's thread, half"] = share([k.ui for k in moves], 0.5)
    r["bytes a key: mean"] = mean([k.bytes for k in keys])
    r["bytes a key: 99 %"] = share([k.bytes for k in keys], 0.99)
    return r


def start(argv, size, env, first, trace):
    p = Program(argv, size, env, trace)
    shown = p.read(0.2, 600, first)[1]
    ms = (shown - p.started) * 1000 if shown else float("nan")
    p.read(SETTLED, 60)
    return p, ms


def measure(argv, names, size, env, quit_keys, first, rounds, trace=None):
    best, screens, most_mb, idle = None, [], 0, []
    for _ in range(rounds):
        p, ms = start(argv, size, env, first, trace)
        screens.append(ms)
        keys = []
        for i, name in enumerate(names):
            keys.append(p.press(name))
            if i % 100 == 99 or i == 0:
                most_mb = max(most_mb, p.anonymous_mb())
        p.read(SETTLED, 5)
        before = p.cpu_ms()
        p.read(10, 10)
        idle.append((p.cpu_ms() - before) / 100)
        p.end(quit_keys)
        best = least(best, keys) if best else keys
    return {"first screen ms": min(screens), **report(best), "anonymous MB": most_mb, "idle CPU %": min(idle)}, best


def indexing(program, capture, size):
    """Milliseconds until the first rows are seen while the capture is being indexed."""
    with tempfile.TemporaryDirectory() as cache:
        p = Program([program, capture], size, {"XDG_CACHE_HOME": cache, "XDG_STATE_HOME": cache, "XDG_CONFIG_HOME": cache})
        shown = p.read(0.2, 120, re.compile(rb"\d [kMG]B"))[1]
        p.end("Q")
        return (shown - p.started) * 1000 if shown else float("nan")


# Of the list of flows.
COLUMNS = ("first", "duration", "client", "client_port", "server", "server_port", "proto", "app", "packets", "bytes", "retrans",
    "rtt_avg", "response_avg", "tcp_flags", "end_reason", "id")


def lists(program, capture, size, env, trace, rounds):
    """A long list. What is measured: milliseconds until it is there, CPU milliseconds, the longest that a key took to be shown."""
    p, _ = start([program, "--fresh", capture], size, env, re.compile(rb"\d [kMG]B"), trace)
    results = {}

    def note(what, *row):
        results[what] = tuple(map(min, results[what], row)) if what in results else row

    def type_in(text):
        """The longest that one of its keys took to be shown, and the processor time of all."""
        keys = [p.press(c) for c in text]
        return max([max(0, (k.shown or 0) - k.waited) for k in keys], default=0.0), sum(k.cpu for k in keys)

    def refilter(text):
        p.press("/")
        os.write(p.fd, b"\x15")
        longest, cpu = type_in(text)
        return longest, cpu, p.begin("Enter")

    note("opened", *p.begin("Enter"))
    for _ in range(rounds):
        for f in COLUMNS:
            type_in(":sort " + f)
            note(f"sorted by {f}", *p.begin("Enter"))
        for name in ("G", "PgUp", "gg", "PgDn", "Down"):
            k = p.press(name)
            note(f"key {name}", k.still or 0, k.cpu, max(0, (k.shown or 0) - k.waited))
        longest, cpu, begun = refilter("packets > 2 and syn > 7")
        note("a filter is typed", 0, cpu, longest)
        note("it is applied, nothing matches", *begun)
        note("no filter", *refilter("")[2])
        p.press("*")
        type_in("nowhere")
        cpu, begun = p.cpu_ms(), time.monotonic()
        first = p.press("Enter")
        keys = [p.press(name) for name in ("?", "q")] if p.busy else []
        p.until_idle()
        note("searched for what is not there", (time.monotonic() - begun) * 1000, p.cpu_ms() - cpu,
            max(max(0, (k.shown or 0) - k.waited) for k in [first, *keys]))
    mb = p.anonymous_mb()
    p.end("\x1b\x1b\x1b\x1b\x1bQ")
    print("| list | ms | CPU ms | key shown ms |\n|---|---:|---:|---:|")
    for what, row in results.items():
        print(f"| {what} | " + " | ".join(f"{v:,.1f}" if v else "" for v in row) + " |")
    print(f"\nanonymous: {mb:.0f} MB")


def index(program, capture, env):
    subprocess.run([program, "stats", "-r", capture], env={**os.environ, **env}, check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def main():
    a = argparse.ArgumentParser(description="What the screen costs.")
    a.add_argument("capture")
    a.add_argument("--flowdrill", default="flowdrill")
    a.add_argument("--keys", type=int, default=2000)
    a.add_argument("--rounds", type=int, default=1)
    a.add_argument("--size", default="120x40")
    a.add_argument("--home", help="keep the index here")
    a.add_argument("--lists", action="store_true")
    a.add_argument("--no-indexing", action="store_true", help="leave out the first rows while it is indexed")
    a.add_argument("--termshark", action="store_true")
    a.add_argument("--slow", action="store_true", help="tell of the twenty slowest keys")
    a = a.parse_args()
    size = tuple(map(int, a.size.split("x")))
    names = walk(a.keys)
    columns = {}
    with tempfile.TemporaryDirectory() as temporary:
        home = a.home or temporary
        trace = os.path.join(temporary, "trace")
        env = {"XDG_CACHE_HOME": os.path.join(home, "cache"), "XDG_STATE_HOME": temporary, "XDG_CONFIG_HOME": temporary}
        index(a.flowdrill, a.capture, env)
        if a.lists:
            lists(a.flowdrill, a.capture, size, env, trace, a.rounds)
            return
        columns["flowdrill"], keys = measure([a.flowdrill, "--fresh", a.capture], names, size, env, "\x1b\x1b\x1b\x1b\x1bQ",
            re.compile(rb"\d [kMG]B"), a.rounds, trace)
        if not a.no_indexing:
            columns["flowdrill"]["first rows while indexing ms"] = indexing(a.flowdrill, a.capture, size)
        if a.termshark:
            if shutil.which("termshark") is None:
                print("termshark is not there: ./dev deps bench", file=sys.stderr)
            else:
                some = [n for n in names if n in TERMSHARK]
                columns["termshark"], _ = measure(["termshark", "-r", a.capture], some, size,
                    {"HOME": temporary, "XDG_CACHE_HOME": temporary, "XDG_CONFIG_HOME": temporary}, "qy\r",
                    re.compile(rb"\d+\.\d{3,}"), 1)
    rows = list(columns["flowdrill"])
    print("| what | " + " | ".join(columns) + " |\n|---|" + "---:|" * len(columns))
    for r in rows:
        print(f"| {r} | " + " | ".join(f"{c[r]:,.1f}" if isinstance(c.get(r), float) else str(c.get(r, "")) for c in columns.values()) + " |")
    if a.slow:
        print("\nslowest: number, key, shown, waited, thread, still, all CPU; keys before")
        order = sorted(range(len(keys)), key=lambda i: (keys[i].shown or 0) - keys[i].waited if keys[i].own else 0, reverse=True)
        for i in order[:20]:
            k = keys[i]
            print(f"{i:5} {k.name:7} {k.shown or 0:6.1f} {k.waited:6.1f} {k.ui:6.1f} {k.still or 0:6.1f} {k.cpu:6.1f}  "
                + " ".join(names[max(0, i - 5):i]))


if __name__ == "__main__":
    main()
