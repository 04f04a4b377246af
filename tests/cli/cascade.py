#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""300 requests of 300 bytes through three machines, for tests of cut packets.

cascade.py BENCH write       cascade.pcap, and content.bin: the content of request 77
cascade.py BENCH send IFACE  the same packets onto an interface, in the times that they have

The content always lies behind the first 96 bytes. Request i comes from client port 20000 + i. BENCH: the folder of related.py.
"""
import random
import socket
import sys
import time

sys.path.insert(0, sys.argv[1])
import related as bench

WHICH = 77


def cascade():
    random.seed(5)
    c = bench.Capture()
    web = [bench.Connection(c, "10.0.0.5", "10.0.1.11", 8080, 40000 + k) for k in range(4)]
    db = [bench.Connection(c, "10.0.1.11", "10.0.3.4", 5432, 41000 + k) for k in range(4)]
    kept = b""
    for i in range(300):
        content = random.randbytes(300)
        client = bench.Connection(c, f"10.1.2.{i % 30}", "10.0.0.5", 80, 20000 + i)
        t = client.say(1 + i / 200, 0, b"the beginning of a request, and some more: " + random.randbytes(30) + content)
        t = web[i % 4].say(t + 0.004, 0, random.randbytes(70) + content)
        t = db[i // 2 % 4].say(t + 0.003, 0, random.randbytes(50) + b" word-of-request-%06d " % i + content + b"end")
        client.say(t + 0.002, 1, b"an answer with nothing of it" + random.randbytes(200))
        if i == WHICH:
            kept = content
    return c, kept


def send(capture, interface):
    packets = sorted((when, frame) for when, frame, _, _ in capture.packets)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((interface, 0))
    began, first = time.monotonic(), packets[0][0]
    for t, frame in packets:
        wait = began + (t - first) - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        s.send(frame)
    print(len(packets))


def main():
    c, content = cascade()
    if sys.argv[2] == "send":
        send(c, sys.argv[3])
        return
    c.write("cascade.pcap")
    with open("content.bin", "wb") as out:
        out.write(content)


if __name__ == "__main__":
    main()
