#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a pcap of RTP: a tone of some seconds in G.711 A-law, for sipp to play.

usage: tone.py SECONDS OUT.pcap
"""
import math
import struct
import sys

RATE, FRAME = 8000, 160  # samples a second, samples a packet (20 ms)


def a_law(sample):
    """ITU-T G.711, table 1a, of a 13-bit sample."""
    sign = 0x80 if sample >= 0 else 0
    value = min(abs(sample), 4095)
    if value < 32:
        code = value >> 1
    else:
        segment = value.bit_length() - 5
        code = segment << 4 | (value >> segment) & 0xf
    return (sign | code) ^ 0x55


def main():
    seconds, path = float(sys.argv[1]), sys.argv[2]
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(int(seconds * RATE / FRAME)):
            samples = range(i * FRAME, (i + 1) * FRAME)
            tone = bytes(a_law(int(2000 * math.sin(2 * math.pi * 425 * n / RATE)))
                         for n in samples)
            rtp = struct.pack(">BBHII", 0x80, 0x88 if i == 0 else 8, i, i * FRAME, 0x5EED) + tone
            udp = struct.pack(">HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), i, 0, 64, 17, 0,
                             bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1])) + udp
            frame = bytes(12) + b"\x08\x00" + ip
            time_us = i * 20000
            out.write(struct.pack("<IIII", time_us // 10**6, time_us % 10**6, len(frame),
                                  len(frame)) + frame)


main()
