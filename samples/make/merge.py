#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merges captures made at several places into one pcapng, an interface for each.

usage: merge.py -o OUT.pcapng [--title TEXT] [--host ADDRESS=NAME]... [--mark MARK=COMMENT]...
                NAME=FILE.pcap[=DESCRIPTION]...

The inputs are pcap files of nanoseconds, little-endian. Packets are ordered by
time; nothing in them is changed. --mark puts a comment on a packet: the first that
holds these bytes, or, where the mark is @SECONDS (Unix time), the first from then on.
What tcpdump reported (FILE.pcap.log beside the file)
becomes the interface's statistics.
"""
import argparse
import heapq
import ipaddress
import os
import re
import struct

OPT_COMMENT = 1


def pad(data):
    return data + b"\0" * (-len(data) % 4)


def option(code, value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack("<HH", code, len(value)) + pad(value)


def options(*all_of_them):
    return b"".join(all_of_them) + struct.pack("<HH", 0, 0) if all_of_them else b""


def block(kind, body):
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def section(title):
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    return block(0x0A0D0D0A, body + options(option(OPT_COMMENT, title), option(4, "merge.py")))


def interface(linktype, snaplen, name, description):
    body = struct.pack("<HHI", linktype, 0, snaplen)
    return block(1, body + options(option(2, name), option(3, description), option(9, b"\x09")))


def names(hosts):
    body = b""
    for host in hosts:
        address, _, name = host.partition("=")
        packed = ipaddress.ip_address(address).packed
        value = packed + name.encode() + b"\0"
        body += struct.pack("<HH", 1 if len(packed) == 4 else 2, len(value)) + pad(value)
    return block(4, body + struct.pack("<HH", 0, 0))


def packet(number, stamp, wire_bytes, data, comment):
    body = struct.pack("<IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(data), wire_bytes)
    extra = options(option(OPT_COMMENT, comment)) if comment else b""
    return block(6, body + pad(data) + extra)


def statistics(number, first, last, log):
    def count(what):
        found = re.search(r"(\d+) packets? " + what, log)
        return option(code_of[what], struct.pack("<Q", int(found.group(1)))) if found else b""

    code_of = {"received by filter": 4, "dropped by kernel": 5}
    stamps = [struct.pack("<II", t >> 32, t & 0xFFFFFFFF) for t in (first, last)]
    extra = options(option(2, stamps[0]), option(3, stamps[1]), *map(count, code_of))
    return block(5, struct.pack("<I", number) + stamps[1] + extra)


def matches(mark, stamp, data):
    if mark.startswith("@"):
        return stamp >= int(float(mark[1:]) * 1e9)
    return mark.encode() in data


class Capture:
    def __init__(self, number, text):
        self.number = number
        self.name, self.path, self.description = (text.split("=", 2) + [""])[:3]
        with open(self.path, "rb") as f:
            self.data = f.read()
        magic, _, _, _, _, self.snaplen, self.linktype = struct.unpack_from("<IHHiIII", self.data)
        if magic != 0xA1B23C4D:
            raise SystemExit(f"merge.py: {self.path}: not a pcap of nanoseconds")
        self.first = self.last = 0
        self.count = 0

    def packets(self):
        """In order of time: two processors may hand packets over a little out of order."""
        return iter(sorted(self.records(), key=lambda packet: packet[:3]))

    def records(self):
        at = 24
        while at + 16 <= len(self.data):
            seconds, ns, size, wire_bytes = struct.unpack_from("<IIII", self.data, at)
            at += 16
            stamp = seconds * 10**9 + ns
            self.first = min(self.first or stamp, stamp)
            self.last = max(self.last, stamp)
            self.count += 1
            yield stamp, self.number, self.count, wire_bytes, self.data[at:at + size]
            at += size

    def log(self):
        if not os.path.exists(self.path + ".log"):
            return ""
        with open(self.path + ".log", encoding="utf-8") as f:
            return f.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", dest="out", required=True)
    parser.add_argument("--title", default="merged captures")
    parser.add_argument("--host", action="append", default=[])
    parser.add_argument("--mark", action="append", default=[])
    parser.add_argument("captures", nargs="+")
    opts = parser.parse_args()
    captures = [Capture(i, text) for i, text in enumerate(opts.captures)]
    marks = dict(mark.split("=", 1) for mark in opts.mark)
    with open(opts.out, "wb") as out:
        out.write(section(opts.title))
        for c in captures:
            out.write(interface(c.linktype, c.snaplen, c.name, c.description))
        if opts.host:
            out.write(names(opts.host))
        for stamp, number, _, wire_bytes, data in heapq.merge(*(c.packets() for c in captures)):
            found = next((m for m in marks if matches(m, stamp, data)), None)
            out.write(packet(number, stamp, wire_bytes, data, marks.pop(found, None)))
        for c in captures:
            out.write(statistics(c.number, c.first, c.last, c.log()))
    for c in captures:
        print(f"{c.name}\t{c.count} packets")


if __name__ == "__main__":
    main()
