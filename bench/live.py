#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Highest rate without a drop: `flowdrill capture` with a screen following, and `tcpdump -w`.

Two network namespaces and a veth between them; the same generator, ring and file system for both, in
alternating runs. A run is a stair: the rate goes up by a step every few seconds until packets are
dropped or the generator can no more; the highest step without a drop counts. Then both record a steady rate
for a minute. Needs root. README.md tells what came out.
"""
import argparse
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

HERE, THERE = "fdlive-gen", "fdlive-rec"


def say(text):
    print(f"live: {text}", file=sys.stderr, flush=True)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def make_wire():
    for ns in (HERE, THERE):
        subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL, check=False)
        ip("netns", "add", ns)
    ip("link", "add", "fdl0", "netns", HERE, "type", "veth", "peer", "name", "fdl1", "netns", THERE)
    for ns, dev in ((HERE, "fdl0"), (THERE, "fdl1")):
        ip("-n", ns, "link", "set", dev, "up")
        # the kernel's own packets would be counted as sent by nobody
        subprocess.run(["ip", "netns", "exec", ns, "sysctl", "-qw",
                        f"net.ipv6.conf.{dev}.disable_ipv6=1"], check=False)


def drop_wire():
    for ns in (HERE, THERE):
        subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL, check=False)


class Screen:
    """A screen that follows the store, on a terminal that somebody reads."""

    def __init__(self, program, store):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execv(program, [program, "-s", store])
        self.pid, self.bytes = pid, 0
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.thread = threading.Thread(target=self.drain, daemon=True)
        self.thread.start()

    def drain(self):
        while True:
            try:
                got = os.read(self.fd, 65536)
            except OSError:
                return
            if not got:
                return
            self.bytes += len(got)

    def close(self):
        os.write(self.fd, b"Q")
        for _ in range(50):
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return
            time.sleep(0.1)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Recorder:
    """A program that records fdl1; what it dropped is asked for by SIGUSR1 and read from its stderr."""

    def __init__(self, name, command, pattern):
        self.name, self.pattern = name, re.compile(pattern)
        self.process = subprocess.Popen(["ip", "netns", "exec", THERE, *command], stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.text = ""
        time.sleep(1.5)

    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.process.stderr], [], [], 0.05)[0]:
                got = os.read(self.process.stderr.fileno(), 65536).decode(errors="replace")
                if not got:
                    return
                self.text += got

    def dropped(self):
        """Packets dropped so far; None where it does not say."""
        before = len(self.text)
        self.process.send_signal(signal.SIGUSR1)
        self.read(0.3)
        found = self.pattern.findall(self.text[before:])
        return int(found[-1].replace(",", "")) if found else None

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.read(0.1)
        return self.text


def start(which, args, scratch):
    """A recorder and (ours) its screen; the directory is empty before."""
    shutil.rmtree(scratch, ignore_errors=True)
    os.mkdir(scratch)
    os.chmod(scratch, 0o777)
    if which == "tcpdump":
        return Recorder(which, ["tcpdump", "-i", "fdl1", "-B", str(args.buffer // 1024), "-Z", "root", "-s", "262144",
                                "-w", f"{scratch}/out.pcap"], r"([\d,]+) packets? dropped by kernel"), None
    store = f"{scratch}/live.fdr"
    r = Recorder(which, [args.flowdrill, "capture", "-s", store, "-i", "fdl1", "--user", args.user,
                         "--buffer-size", str(args.buffer)], args.pattern)
    return r, Screen(args.flowdrill, store)


def send(args, rate, seconds):
    """The generator at a rate (packets a second); the rate that it reached."""
    n = int(rate * seconds)
    begin = time.monotonic()
    subprocess.run(["ip", "netns", "exec", HERE, args.flood, "fdl0", str(n), str(args.size), str(rate)],
                   check=True, stdout=subprocess.DEVNULL)
    return n / (time.monotonic() - begin)


def stair(which, args, scratch):
    """The highest rate of a stair without a drop, and whether the generator was the limit."""
    r, screen = start(which, args, scratch)
    best, before = 0.0, r.dropped() or 0
    rate, limited = args.first, True
    while rate <= args.last:
        got = send(args, rate, args.seconds)
        time.sleep(0.3)
        drops = r.dropped()
        say(f"{which}: {rate} wanted, {got:.0f} sent, {drops} dropped")
        if drops is None or drops > before:
            limited = False
            break
        best = max(best, got)
        if got < rate * 0.93:
            break
        rate += args.step
    if screen:
        screen.close()
    text = r.stop()
    return best, limited, text


def steady(which, args, scratch, rate):
    """A minute at a rate: packets dropped."""
    r, screen = start(which, args, scratch)
    before = r.dropped() or 0
    got = send(args, rate, args.steady)
    time.sleep(1)
    drops = r.dropped()
    if screen:
        screen.close()
    r.stop()
    say(f"{which}: steady {got:.0f} packets/s, {None if drops is None else drops - before} dropped")
    return got, drops - before


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--flowdrill", required=True)
    p.add_argument("--flood", required=True, help="the generator: INTERFACE COUNT SIZE RATE")
    p.add_argument("--user", default="nobody")
    p.add_argument("--pattern", default=r"(\d+) dropped,")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--size", type=int, default=64, help="bytes of a frame")
    p.add_argument("--buffer", type=int, default=64 << 20, help="ring, bytes")
    p.add_argument("--first", type=int, default=100_000)
    p.add_argument("--last", type=int, default=3_000_000)
    p.add_argument("--step", type=int, default=50_000)
    p.add_argument("--seconds", type=float, default=3)
    p.add_argument("--steady", type=float, default=60)
    p.add_argument("--dir", default=tempfile.gettempdir())
    args = p.parse_args()
    if os.geteuid() != 0 or not shutil.which("tcpdump"):
        say("needs root and tcpdump")
        return 77
    scratch = os.path.join(args.dir, f"fdlive-{os.getpid()}")
    make_wire()
    best = {"flowdrill": [], "tcpdump": []}
    slow = dict.fromkeys(best, 0)
    try:
        for _ in range(args.rounds):
            for which in best:
                rate, limited, _ = stair(which, args, scratch)
                best[which].append(rate)
                slow[which] += limited
                say(f"{which}: {rate:.0f} packets/s without a drop" + (" (all that the generator can)" if limited else ""))
        rate = int(min(statistics.median(v) for v in best.values()) * 0.9)
        print(f"frames of {args.size} bytes, ring of {args.buffer >> 20} MiB, {args.rounds} rounds in turn")
        for which, rates in best.items():
            print(f"{which:10} {statistics.median(rates):9.0f} packets/s without a drop "
                  f"({min(rates):.0f}-{max(rates):.0f})")
        for which, rates in best.items():
            print(f"each {which}: " + " ".join(f"{v:.0f}" for v in rates))
            print(f"{which:10} limited by the generator in {slow[which]} of {len(rates)} rounds")
        print(f"ratio      {statistics.median(best['flowdrill']) / statistics.median(best['tcpdump']):.2f}")
        if args.steady:
            for which in best:
                got, drops = steady(which, args, scratch, rate)
                print(f"{which:10} {got:9.0f} packets/s for {args.steady:.0f} s: {drops} dropped")
    finally:
        drop_wire()
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
