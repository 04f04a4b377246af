#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wire and a switch in user space: forwards frames between interfaces.

usage: wire.py [--seed N] RULE...
RULE:  IN[.VLAN]:OUT[.VLAN][:DELAY_MS[:JITTER_MS[:LOSS_PERCENT[:LATE_PERCENT[:TWICE_PERCENT]]]]]

Frames that arrive at IN (with this 802.1Q tag, or with none) leave at OUT with
the tag that is named there, after the delay, in order, unless they are lost.
LATE ones are overtaken: they wait for half of the delay more. TWICE ones leave
two times. Only TCP and UDP over IP are ever lost, late or doubled. It needs no module of the kernel (netem,
8021q), which test machines often lack. It lives in a network namespace of its
own and ends with SIGTERM.
"""
import argparse
import heapq
import random
import select
import socket
import struct
import time

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
PACKET_MR_PROMISC = 1
VLAN_VALID = 1 << 4


def open_interface(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.bind((name, ETH_P_ALL))
    s.setblocking(False)
    s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    promiscuous = struct.pack("IHH8s", socket.if_nametoindex(name), PACKET_MR_PROMISC, 0, b"")
    s.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous)
    return s


def receive(s):
    """One frame without its tag, and the tag's VLAN (0: none); None when there is none."""
    try:
        frame, control, _, _ = s.recvmsg(65536, 256)
    except BlockingIOError:
        return None
    vlan = 0
    for level, kind, data in control:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci = struct.unpack_from("IIIHHH", data)
            vlan = tci & 0xfff if status & VLAN_VALID else 0
    return frame, vlan


def may_be_lost(frame):
    if frame[12:14] == b"\x08\x00":
        return frame[23] in (6, 17)
    return frame[12:14] == b"\x86\xdd" and frame[20] in (6, 17)


class Rule:
    def __init__(self, text):
        source, out, *timing = text.split(":")
        self.source, self.vlan_in = self.port(source)
        self.out, self.vlan_out = self.port(out)
        delay, jitter, *shares = [float(t) for t in timing] + [0.0] * (5 - len(timing))
        self.delay, self.jitter = delay / 1e3, jitter / 1e3
        self.loss, self.late, self.twice = (share / 100 for share in shares)
        self.last_due = 0.0

    @staticmethod
    def port(text):
        name, _, vlan = text.partition(".")
        return name, int(vlan or 0)

    def due(self, now, rng):
        """When a frame that came now leaves: never before the one that came before it, which was not late."""
        self.last_due = max(self.last_due, now + self.delay + rng.random() * self.jitter)
        return self.last_due

    def dress(self, frame):
        if self.vlan_out:
            return frame[:12] + struct.pack(">HH", 0x8100, self.vlan_out) + frame[12:]
        return frame


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("rules", nargs="+")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    rules = {}
    sockets = {}
    for rule in map(Rule, options.rules):
        rules[rule.source, rule.vlan_in] = rule
        for name in (rule.source, rule.out):
            if name not in sockets:
                sockets[name] = open_interface(name)
    names = {s: name for name, s in sockets.items()}
    waiting = []
    count = 0
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, out, frame = heapq.heappop(waiting)
            try:
                sockets[out].send(frame)
            except OSError:
                pass  # the other end is down: a wire does not mind
        timeout = max(0, waiting[0][0] - now) if waiting else None
        for s in select.select(list(names), [], [], timeout)[0]:
            while (got := receive(s)) is not None:
                frame, vlan = got
                rule = rules.get((names[s], vlan))
                if rule is None:
                    continue
                troubled = may_be_lost(frame)
                if troubled and rng.random() < rule.loss:
                    continue
                due = rule.due(time.monotonic(), rng)
                if troubled and rng.random() < rule.late:
                    due += rule.delay / 2
                for _ in range(2 if troubled and rng.random() < rule.twice else 1):
                    count += 1
                    heapq.heappush(waiting, (due, count, rule.out, rule.dress(frame)))


if __name__ == "__main__":
    main()
