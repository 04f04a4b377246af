#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP connections of every kind between two hosts, for lossy.sh.

usage: lossy-traffic.py serve ADDRESS
       lossy-traffic.py ask ADDRESS ROUNDS

A connection's first line says what it is: `down N` and `up N` move N bytes,
`turns N` are N questions and answers, `slow N` moves N bytes to a client that
does not read for a while (so that the window closes), `idle` is kept alive
by probes. `ask` runs all kinds at once, ROUNDS times, with a refused one each.
"""
import socket
import socketserver
import struct
import sys
import threading
import time

PORT, CLOSED_PORT = 5001, 5002


def read(s, n):
    """n bytes, or fewer at the end."""
    parts = []
    while n > 0 and (part := s.recv(min(n, 65536))):
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


class Server(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.answer(self.request)
        except ConnectionError:
            pass  # clients reset some

    def answer(self, s):
        kind, n = read(s, 16).split()
        n = int(n)
        if kind in (b"down", b"slow"):
            s.sendall(bytes(n))
        elif kind == b"up":
            read(s, n)
            s.sendall(b"done")
        elif kind == b"turns":
            for _ in range(n):
                if len(read(s, 100)) < 100:
                    return
                s.sendall(bytes(3000))
        else:
            read(s, 1)


def serve(address):
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer((address, PORT), Server) as server:
        print("ready", flush=True)
        server.serve_forever()


def connect(address, kind, n, **options):
    s = socket.socket()
    if "buffer" in options:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["buffer"])
    s.connect((address, PORT))
    s.sendall(b"%-9s%7d" % (kind.encode(), n))
    return s


def down(address):
    with connect(address, "down", 400000) as s:
        read(s, 400000)


def up(address):
    with connect(address, "up", 300000) as s:
        s.sendall(bytes(300000))
        read(s, 4)


def turns(address):
    with connect(address, "turns", 12) as s:
        for _ in range(12):
            s.sendall(bytes(100))
            read(s, 3000)


def slow(address):
    with connect(address, "slow", 60000, buffer=4096) as s:
        time.sleep(1.5)
        read(s, 60000)


def idle(address):
    with connect(address, "idle", 0) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        time.sleep(3.5)


def reset(address):
    s = connect(address, "down", 100000)
    read(s, 1000)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def refused(address):
    try:
        socket.create_connection((address, CLOSED_PORT), 5).close()
    except OSError:
        pass


def ask(address, rounds):
    for _ in range(rounds):
        kinds = [threading.Thread(target=kind, args=(address,))
                 for kind in (down, up, turns, slow, idle, reset, refused)]
        for thread in kinds:
            thread.start()
        for thread in kinds:
            thread.join(60)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        ask(sys.argv[2], int(sys.argv[3]))
