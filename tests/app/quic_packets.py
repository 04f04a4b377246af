#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes quic_packets.h: Initial packets of QUIC that are sealed with another implementation than ours (python3-cryptography), and
checked against the examples of RFC 9001 and RFC 9369, appendices A. usage: quic_packets.py >quic_packets.h"""
import hashlib, hmac, struct, sys
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALTS = {1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
         0x6b3343cf: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9")}


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(secret, label, n):
    label = b"tls13 " + label
    return mac(secret, struct.pack(">HB", n, len(label)) + label + b"\0\x01")[:n]


def varint2(n):
    return struct.pack(">H", 0x4000 | n)


def seal(version, key_id, side, destination, source, number, frames, number_len=4, token=b"", pad=0):
    """An Initial packet with keys of key_id; padded to `pad` bytes of frames."""
    frames += bytes(max(0, pad - len(frames)))
    secret = expand(mac(SALTS[version], key_id), side + b" in", 32)
    prefix = b"quicv2 " if version != 1 else b"quic "
    key, iv, hp = (expand(secret, prefix + what, n) for what, n in ((b"key", 16), (b"iv", 12), (b"hp", 16)))
    head = bytes([(0xd0 if version != 1 else 0xc0) | number_len - 1]) + struct.pack(">I", version)
    head += bytes([len(destination)]) + destination + bytes([len(source)]) + source
    head += part(1, token)
    head += varint2(number_len + len(frames) + 16)
    at = len(head)
    head += number.to_bytes(4, "big")[4 - number_len:]
    nonce = bytes(a ^ b for a, b in zip(iv, number.to_bytes(12, "big")))
    body = AESGCM(key).encrypt(nonce, frames, head)
    sealed = bytearray(head + body)
    mask = Cipher(algorithms.AES(hp), modes.ECB()).encryptor().update(bytes(sealed[at + 4:at + 20]))
    sealed[0] ^= mask[0] & 15
    for i in range(number_len):
        sealed[at + i] ^= mask[1 + i]
    return bytes(sealed)


def crypto(offset, data):
    return b"\x06" + varint2(offset) + varint2(len(data)) + data


def show(name, data):
    print("static const unsigned char %s[] = {" % name)
    for i in range(0, len(data), 24):
        print("\t" + ", ".join("%d" % b for b in data[i:i + 24]) + ",")
    print("};\n")


def be16(*v):
    return struct.pack(">%dH" % len(v), *v)


def part(width, data):
    return len(data).to_bytes(width, "big") + data


def client_hello(name, ciphers, extensions):
    body = be16(0x0303) + bytes(32) + part(1, b"") + part(2, be16(*ciphers)) + b"\x01\x00"
    named = {0: part(2, b"\0" + part(2, name)), 16: part(2, part(1, b"h3")), 43: part(1, be16(0x0a0a, 0x0304)),
             13: part(2, be16(0x0403, 0x0804)), 51: bytes(1216)}
    body += part(2, b"".join(be16(e) + part(2, named.get(e, b"")) for e in extensions))
    return b"\x01" + part(3, body)


def ja4(ciphers, extensions, algorithms):
    lists = [",".join("%04x" % v for v in sorted(ciphers)),
             ",".join("%04x" % v for v in sorted(e for e in extensions if e not in (0, 16)))]
    lists[1] += "_" + ",".join("%04x" % v for v in algorithms)
    return "q13d%02d%02dh3_%s_%s" % (len(ciphers), len(extensions), *(hashlib.sha256(x.encode()).hexdigest()[:12] for x in lists))


RFC_ID = bytes.fromhex("8394c8f03e515708")
RFC_SERVER_ID = bytes.fromhex("f067a5502a4262b5")
RFC_CLIENT = bytes.fromhex(
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b"
    "6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9"
    "caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d0002010100"
    "1c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff")
RFC_SERVER = bytes.fromhex(
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d"
    "3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304")
v1 = seal(1, RFC_ID, b"client", RFC_ID, b"", 2, RFC_CLIENT, pad=1162)
v2 = seal(0x6b3343cf, RFC_ID, b"client", RFC_ID, b"", 2, RFC_CLIENT, pad=1162)
server = seal(1, RFC_ID, b"server", b"", RFC_SERVER_ID, 1, RFC_SERVER, number_len=2)
assert v1.hex().startswith("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11")
assert v1.hex().endswith("e221af44860018ab0856972e194cd934")
assert v2.hex().startswith("d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485")
assert server.hex().startswith("cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a")
assert server.hex().endswith("2158407dd074ee")

# a long hello in pieces over two packets, last things first
ID, OTHER, SERVER_ID = b"firstid!", b"behind-retry", b"server"
CIPHERS, EXTENSIONS = (0x1301, 0x1302, 0x1303), (51, 0, 43, 13, 16, 57, 45)
hello = client_hello(b"long.example", CIPHERS, EXTENSIONS)
pieces = [(o, hello[o:o + 90]) for o in range(0, len(hello), 90)]
first = b"".join(crypto(o, d) + b"\x01" for o, d in reversed(pieces[::2]))
second = b"\x02\x00\x00\x00\x00" + b"".join(crypto(o, d) for o, d in pieces[1::2])
retry = b"\xf0" + struct.pack(">I", 1) + part(1, b"me") + part(1, OTHER) + b"token" + bytes(16)
server_hello = RFC_SERVER[5:]

print("/* Made by quic_packets.py. */")
show("quic_rfc_v1", v1)
show("quic_rfc_v2", v2)
show("quic_rfc_server", server)
show("quic_long_1", seal(1, ID, b"client", ID, b"me", 0, first, number_len=1, pad=1162))
show("quic_long_2", seal(1, ID, b"client", ID, b"me", 1, second, number_len=1, pad=1162))
show("quic_retry", retry)
show("quic_retried_1", seal(1, OTHER, b"client", OTHER, b"me", 2, first, token=b"token", pad=1162))
show("quic_retried_2", seal(1, OTHER, b"client", OTHER, b"me", 3, second, token=b"token", pad=1162))
show("quic_answer", seal(1, OTHER, b"server", b"me", SERVER_ID, 0, server_hello))
# handshake_failure (40), and the server is too busy
show("quic_refused", seal(1, ID, b"server", b"me", SERVER_ID, 0, b"\x1c" + varint2(0x128) + b"\x06\x00"))
show("quic_busy", seal(1, ID, b"server", b"me", SERVER_ID, 0, b"\x1c\x02\x00\x00" + bytes(4)))
print('static const char quic_long_ja4[] = "%s";' % ja4(CIPHERS, EXTENSIONS, (0x0403, 0x0804)))
