#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""said.py OUT: a capture in which servers fail and refuse: DNS, PostgreSQL, SIP; and a service of which two applications are seen."""
import struct
import sys


class Capture:
    def __init__(self):
        self.packets = []

    def frame(self, src, dst, proto, transport):
        def address(host):
            return bytes(int(n) for n in host.split("."))

        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(transport), 0, 0x4000, 64, proto, 0, address(src), address(dst))
        total = sum(struct.unpack(">10H", header))
        total = (total & 0xffff) + (total >> 16)
        header = header[:10] + struct.pack(">H", 0xffff - total) + header[12:]
        self.packets.append(bytes.fromhex("0200000000020200000000010800") + header + transport)

    def udp(self, src, sport, dst, dport, data):
        self.frame(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for i, p in enumerate(self.packets):
                us = i * 10000
                out.write(struct.pack("<IIII", 1700000000 + us // 1000000, us % 1000000, len(p), len(p)) + p)


class Connection:
    """Of TCP, without checksums: a packet says less than the sum of its pseudo header."""

    def __init__(self, capture, client, port, server, service):
        self.c = capture
        self.ends = [(client, port), (server, service)]
        self.seq = [1000, 5000]
        self.send(0, 0x02, b"")
        self.send(1, 0x12, b"")
        self.send(0, 0x10, b"")

    def send(self, who, flags, data):
        (src, sport), (dst, dport) = self.ends[who], self.ends[1 - who]
        ack = self.seq[1 - who] if flags & 0x10 else 0
        pseudo = bytes(int(n) for n in (src + "." + dst).split(".")) + struct.pack(">BBH", 0, 6, 20 + len(data))
        segment = struct.pack(">HHIIBBHHH", sport, dport, self.seq[who], ack, 0x50, flags, 65535, 0, 0) + data
        summed = pseudo + segment + b"\0" * (len(segment) % 2)
        total = sum(struct.unpack(">%dH" % (len(summed) // 2), summed))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        self.c.frame(src, dst, 6, segment[:16] + struct.pack(">H", 0xffff - total) + segment[18:])
        self.seq[who] += len(data) + (flags & 1) + (flags >> 1 & 1)

    def say(self, who, data):
        self.send(who, 0x18, data)


def dns(c, port, name, rcode, answer=None):
    labels = b"".join(bytes([len(part)]) + part for part in name.encode().split(b".")) + b"\0"
    question = labels + struct.pack(">HH", 1, 1)
    c.udp("10.0.0.1", port, "10.0.0.53", 53, struct.pack(">HHHHHH", port, 0x0100, 1, 0, 0, 0) + question)
    answers = struct.pack(">HHHIH4B", 0xc00c, 1, 1, 60, 4, *answer) if answer else b""
    c.udp("10.0.0.53", 53, "10.0.0.1", port,
          struct.pack(">HHHHHH", port, 0x8180 | rcode, 1, 1 if answer else 0, 0, 0) + question + answers)


def pg(kind, body):
    return kind + struct.pack(">I", len(body) + 4) + body


def postgresql(c):
    t = Connection(c, "10.0.0.1", 40001, "10.0.0.4", 5432)
    ready = pg(b"Z", b"I")
    startup = struct.pack(">I", 196608) + b"user\0shop\0database\0shop\0\0"
    t.say(0, struct.pack(">I", len(startup) + 4) + startup)
    t.say(1, pg(b"R", struct.pack(">I", 0)) + ready)
    t.say(0, pg(b"Q", b"select nothing from nowhere\0"))
    t.say(1, pg(b"E", b"SERROR\0C42P01\0Mrelation \"nowhere\" does not exist\0\0") + ready)
    t.say(0, pg(b"Q", b"select everything\0"))
    t.say(1, pg(b"E", b"SERROR\0C53200\0Mout of memory\0\0") + ready)


def sip(c, method, status):
    headers = ("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK%s\r\nFrom: <sip:a@10.0.0.1>;tag=1\r\nTo: <sip:b@10.0.0.7>\r\n"
               "Call-ID: %s@10.0.0.1\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n" % (method, method, method))
    c.udp("10.0.0.1", 5060, "10.0.0.7", 5060, ("%s sip:b@10.0.0.7 SIP/2.0\r\n" % method + headers).encode())
    c.udp("10.0.0.7", 5060, "10.0.0.1", 5060, ("SIP/2.0 %s\r\n" % status + headers).encode())


def main():
    c = Capture()
    dns(c, 4000, "db.example", 0, (10, 0, 0, 4))     # frames 1, 2
    dns(c, 4001, "broken.example", 2)                # 3, 4: SERVFAIL
    dns(c, 4002, "nobody.example", 3)                # 5, 6: NXDOMAIN
    postgresql(c)                                    # 7 to 15: 13 is refused, 15 failed
    sip(c, "INVITE", "486 Busy Here")                # 16, 17
    sip(c, "REGISTER", "503 Service Unavailable")    # 18, 19
    web = Connection(c, "10.0.0.1", 40002, "10.0.0.9", 8080)
    web.say(0, b"GET /a HTTP/1.1\r\nHost: web.example\r\n\r\n")
    web.say(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    shell = Connection(c, "10.0.0.2", 40003, "10.0.0.9", 8080)
    shell.say(1, b"SSH-2.0-OpenSSH_9.2\r\n")
    shell.say(0, b"SSH-2.0-OpenSSH_9.2\r\n")
    c.udp("127.0.0.1", 40004, "127.0.0.1", 9999, b"?")
    c.write(sys.argv[1])


main()
