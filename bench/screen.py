#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the screen costs: how long keys take to show, bytes to the terminal, memory, idle CPU.

    bench/screen.py [--flowdrill PROGRAM] [--keys N] [--size WxH] [--termshark] CAPTURE

Runs the program on a terminal of its own (pty) over an indexed capture, presses N keys (default 2,000) one after the other in a
walk over all views, and waits after each until nothing more is written for QUIET. A key's time is from writing it to the last
byte of what it changed; keys that change nothing are counted apart. Memory is RssAnon, the most of what was seen after each
hundred keys. --termshark presses those keys of the walk that it has, in termshark, on the same capture. Prints tables for
bench/README.md. Wall times: the machine has to be quiet.
"""
import argparse, fcntl, os, pty, re, select, shutil, signal, struct, subprocess, sys, tempfile, termios, time

FIRST = 0.25    # seconds without output: the key has no effect
QUIET = 0.02    # seconds without more: its effect is over
MOST = 10.0     # a key that takes longer is counted as this
TICK = os.sysconf("SC_CLK_TCK")

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
TERMSHARK = {"Down", "Up", "PgDn", "PgUp", "Tab", "Right", "Left", "Home", "End"}


def walk(n):
    """Names of n keys, over and over."""
    names = []
    for word in re.findall(r'"[^"]*"|\S+', " ".join(WALK)):
        names += list(word[1:-1]) if word[0] == '"' else list(word) if word in ("gg",) else [word]
    return [names[i % len(names)] for i in range(n)]


class Program:
    def __init__(self, argv, size, env):
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", **env)
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.bytes, self.text = 0, b""

    def read(self, quiet, most, until=None, first=None):
        """Until nothing comes for `quiet` (at the beginning `first`), or `until` matches what came; the time of the last byte, None for none."""
        last, end, self.text = None, time.monotonic() + most, b""
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], first if first and last is None else quiet)[0]:
                if until is None:
                    break
                continue
            try:
                got = os.read(self.fd, 1 << 16)
            except OSError:
                break
            if not got:
                break
            last = time.monotonic()
            self.bytes += len(got)
            self.text += got
            if until is not None and until.search(self.text):
                break
        return last

    def press(self, name):
        """Seconds until the key's effect was over, None where there was none; bytes."""
        before, start = self.bytes, time.monotonic()
        os.write(self.fd, KEYS.get(name, name).encode())
        last = self.read(QUIET, MOST, first=FIRST)
        return (last - start if last else None), self.bytes - before

    def cpu(self):
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def anonymous_kb(self):
        return int(re.search(r"RssAnon:\s+(\d+)", open(f"/proc/{self.pid}/status").read()).group(1))

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


def measure(argv, names, size, env, quit_keys, first):
    p = Program(argv, size, env)
    shown = p.read(0.2, 600, first)
    result = {"first screen ms": (shown - p.started) * 1000 if shown else float("nan")}
    p.read(0.5, 60)
    times, sizes, none, most_kb = [], [], 0, p.anonymous_kb()
    by_key = {}
    start_cpu = p.cpu()
    for i, name in enumerate(names):
        seconds, n = p.press(name)
        sizes.append(n)
        none += seconds is None
        if seconds is not None:
            times.append(seconds * 1000)
            by_key.setdefault(name, []).append(seconds * 1000)
        if i % 100 == 99:
            most_kb = max(most_kb, p.anonymous_kb())
    walk_cpu = p.cpu() - start_cpu
    p.read(0.5, 5)
    idle_cpu = p.cpu()
    p.read(10, 10)
    result.update({"keys": len(names), "without effect": none, "p50 ms": share(times, 0.5), "p90 ms": share(times, 0.9),
        "p99 ms": share(times, 0.99), "most ms": max(times, default=float("nan")), "CPU ms a key": walk_cpu * 1000 / len(names),
        "bytes a key": sum(sizes) / len(sizes), "bytes p99": share(sizes, 0.99), "anonymous MB": most_kb / 1024,
        "idle CPU %": (p.cpu() - idle_cpu) * 10})
    p.end(quit_keys)
    slow = sorted(((max(v), k) for k, v in by_key.items()), reverse=True)[:5]
    return result, slow


def indexing(program, capture, size):
    """Milliseconds until the first rows are seen while the capture is being indexed."""
    with tempfile.TemporaryDirectory() as cache:
        p = Program([program, capture], size, {"XDG_CACHE_HOME": cache, "XDG_STATE_HOME": cache, "XDG_CONFIG_HOME": cache})
        shown = p.read(0.2, 120, re.compile(rb"\d [kMG]B"))
        p.end("Q")
        return (shown - p.started) * 1000 if shown else float("nan")


def main():
    a = argparse.ArgumentParser(description="What the screen costs.")
    a.add_argument("capture")
    a.add_argument("--flowdrill", default="flowdrill")
    a.add_argument("--keys", type=int, default=2000)
    a.add_argument("--size", default="120x40")
    a.add_argument("--termshark", action="store_true")
    a = a.parse_args()
    size = tuple(map(int, a.size.split("x")))
    names = walk(a.keys)
    columns = {}
    with tempfile.TemporaryDirectory() as home:
        env = {"XDG_CACHE_HOME": os.path.join(home, "cache"), "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        subprocess.run([a.flowdrill, "stats", "-r", a.capture], env={**os.environ, **env}, check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        columns["flowdrill"], slow = measure([a.flowdrill, a.capture], names, size, env, "\x1b\x1b\x1b\x1b\x1bQ",
            re.compile(rb"\d [kMG]B"))
        columns["flowdrill"]["first rows while indexing ms"] = indexing(a.flowdrill, a.capture, size)
        if a.termshark:
            if shutil.which("termshark") is None:
                print("termshark is not there: ./dev deps bench", file=sys.stderr)
            else:
                some = [n for n in names if n in TERMSHARK]
                columns["termshark"], _ = measure(["termshark", "-r", a.capture], some, size,
                    {"HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home}, "qy\r", re.compile(rb"\d+\.\d{3,}"))
    rows = list(columns["flowdrill"])
    print("| what | " + " | ".join(columns) + " |\n|---|" + "---:|" * len(columns))
    for r in rows:
        print(f"| {r} | " + " | ".join(f"{c[r]:,.1f}" if isinstance(c.get(r), float) else str(c.get(r, "")) for c in columns.values()) + " |")
    print("\nslowest keys: " + ", ".join(f"{k} {ms:.0f} ms" for ms, k in slow))


if __name__ == "__main__":
    main()
