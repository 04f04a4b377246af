#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A visitor of the shop.

usage: shop-visitor.py SEED inet|inet6 keep|curl UNTIL

Comes, clicks a few times, thinks for a while, comes again, until that second of
the Unix clock. `keep` holds one connection for a visit, `curl` runs curl for
each click.
"""
import hashlib
import http.client
import random
import socket
import subprocess
import sys
import time
import urllib.parse

SEED, FAMILY, STYLE, UNTIL = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
HOST = "www.shop.example"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0"
rng = random.Random(SEED)


def resolve(port):
    family = socket.AF_INET if FAMILY == "inet" else socket.AF_INET6
    return socket.getaddrinfo(HOST, port, family, socket.SOCK_STREAM)[0][4]


class Visit:
    def __init__(self, number):
        self.session = hashlib.md5(f"{SEED}/{number}".encode()).hexdigest()
        self.address = resolve(80)[0]
        self.connection = None

    def click(self, path, form=None):
        body = urllib.parse.urlencode(form) if form else None
        if STYLE == "curl":
            shown = f"[{self.address}]" if ":" in self.address else self.address
            command = ["curl", "-s", "-o", "/dev/null", "-m", "12", "-A", AGENT,
                       "-b", "session=" + self.session,
                       "--resolve", f"{HOST}:80:{shown}", f"http://{HOST}{path}"]
            subprocess.run(command + (["-d", body] if body else []), check=False)
            return
        headers = {"User-Agent": AGENT, "Cookie": "session=" + self.session}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if not self.connection:
            self.connection = http.client.HTTPConnection(self.address, timeout=12)
        headers["Host"] = HOST
        self.connection.request("POST" if body else "GET", path, body, headers)
        self.connection.getresponse().read()

    def clicks(self):
        yield "/", None
        for _ in range(rng.randrange(1, 4)):
            word = hashlib.md5(str(rng.randrange(400)).encode()).hexdigest()[:3]
            yield "/search?q=" + word, None
            thing = rng.randrange(1, 60)
            yield f"/item?id={thing}", None
            if rng.random() < 0.5:
                note = hashlib.sha512(str(rng.random()).encode()).hexdigest()
                yield "/cart", {"session": self.session, "id": thing, "note": note}
        if rng.random() < 0.04:
            yield "/offers/%d" % rng.randrange(100), None  # is not there
        if rng.random() < 0.5:
            yield "/checkout", {"session": self.session,
                                "address": f"{rng.randrange(200)} Example Street"}

    def run(self):
        for path, form in self.clicks():
            self.click(path, form)
            time.sleep(rng.uniform(0.1, 0.6))
        if self.connection:
            self.connection.close()


def try_https_first():
    """The shop has no https: the answer is a reset."""
    try:
        socket.create_connection(resolve(443)[:2], timeout=3).close()
    except OSError:
        pass


def main():
    number = 0
    time.sleep(rng.uniform(0, 30))
    while time.time() < UNTIL:
        number += 1
        try:
            if rng.random() < 0.15:
                try_https_first()
            Visit(number).run()
        except (OSError, http.client.HTTPException):
            pass  # a visitor shrugs and comes back later
        time.sleep(rng.uniform(35, 105))


main()
