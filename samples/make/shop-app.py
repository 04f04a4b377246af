#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shop: a web application on PostgreSQL and Redis.

usage: shop-app.py NAME DATABASE CACHE pooled|fresh

With `pooled` it keeps its connections to the database and the cache, with
`fresh` it opens new ones for every request. Where SHOP_LOG names a file, a line of JSON
for each request says when it was there, over which connections it asked others, and when it began to use them.
"""
import contextlib
import html
import http.server
import json
import os
import queue
import socket
import sys
import threading
import time
import urllib.parse

import psycopg2
import redis

NAME, DATABASE, CACHE, STYLE = sys.argv[1:5]
LOG = os.environ.get("SHOP_LOG")
CALLS = threading.local()


def note(fileno):
    """The request at hand asks over this connection."""
    if LOG and hasattr(CALLS, "ends"):
        with socket.socket(fileno=os.dup(fileno)) as s:
            ends = s.getsockname()[:2], s.getpeername()[:2]
            CALLS.ends.add(ends)
            CALLS.uses.append((*ends, time.time()))


class NotedConnection(redis.Connection):
    def send_packed_command(self, command, check_health=True):
        super().send_packed_command(command, check_health)
        note(self._sock.fileno())


def make_cache():
    return redis.Redis(connection_pool=redis.ConnectionPool(connection_class=NotedConnection, host=CACHE,
                                                            socket_timeout=5))


POOL = queue.LifoQueue()
STORE = make_cache()


def connect():
    return psycopg2.connect(host=DATABASE, user="shop", dbname="shop", sslmode="disable",
                            gssencmode="disable", application_name=NAME,
                            options="-c statement_timeout=4500")


@contextlib.contextmanager
def database():
    try:
        connection = POOL.get_nowait() if STYLE == "pooled" else connect()
    except queue.Empty:
        connection = connect()
    try:
        note(connection.fileno())
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        if STYLE == "pooled":
            POOL.put(connection)
        else:
            connection.close()


@contextlib.contextmanager
def cache():
    if STYLE == "pooled":
        yield STORE
        return
    fresh = make_cache()
    try:
        yield fresh
    finally:
        fresh.connection_pool.disconnect()


def page(title, rows):
    lines = "".join(f"<li>{html.escape(str(row))}</li>\n" for row in rows)
    return (f"<!doctype html><html><head><title>{title}</title></head>\n"
            f"<body><h1>{title}</h1>\n<ul>\n{lines}</ul></body></html>\n").encode()


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "shop/1.0"
    sys_version = ""

    def answer(self, status, body, kind="text/html"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Served-By", NAME)
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, status, value):
        self.answer(status, json.dumps(value).encode(), "application/json")

    def health(self, _):
        self.answer(200, b"ok\n", "text/plain")

    def home(self, _):
        with cache() as c:
            seen = c.incr("visits")
        with database() as db:
            db.execute("SELECT id, name, price FROM items ORDER BY sold DESC LIMIT 12")
            self.answer(200, page(f"Shop, visit {seen}", db.fetchall()))

    def search(self, query):
        with database() as db:
            db.execute("SELECT id, name, price FROM items WHERE name LIKE %s LIMIT 10",
                       (query.get("q", [""])[0] + "%",))
            self.answer(200, page("Search", db.fetchall()))

    def item(self, query):
        number = int(query["id"][0])
        with cache() as c:
            known = c.get(f"item:{number}")
            if known is None:
                with database() as db:
                    db.execute("SELECT name, price, stock FROM items WHERE id = %s", (number,))
                    row = db.fetchone()
                if row is None:
                    self.answer_json(404, {"error": "no such item"})
                    return
                known = json.dumps(dict(zip(("name", "price", "stock"), row)), default=str)
                c.set(f"item:{number}", known, ex=40)
        self.answer_json(200, {"id": number, "item": json.loads(known)})

    def cart(self, form):
        with cache() as c:
            c.rpush("cart:" + form["session"][0], form["id"][0])
            c.set("note:" + form["session"][0], form["note"][0], ex=300)
        self.answer_json(200, {"ok": True})

    def checkout(self, form):
        session = form["session"][0]
        with cache() as c:
            things = [int(i) for i in c.lrange("cart:" + session, 0, -1)]
            c.delete("cart:" + session)
        with database() as db:
            for thing in things:
                db.execute("UPDATE items SET sold = sold + 1, stock = stock - 1 WHERE id = %s",
                           (thing,))
            db.execute("INSERT INTO orders (session, things, address) VALUES (%s, %s, %s) "
                       "RETURNING id", (session, things, form["address"][0]))
            self.answer_json(200, {"order": db.fetchone()[0]})

    def route(self, path, values):
        pages = {"/": self.home, "/health": self.health, "/search": self.search,
                 "/item": self.item, "/cart": self.cart, "/checkout": self.checkout}
        if path not in pages:
            self.answer_json(404, {"error": "no such page"})
            return
        CALLS.ends, CALLS.uses = set(), []
        begin = time.time()
        try:
            pages[path](values)
        except (psycopg2.Error, redis.RedisError) as e:
            self.answer_json(503, {"error": str(e).split("\n", maxsplit=1)[0]})
        if LOG:
            line = {"id": self.headers["X-Request-ID"], "begin": begin, "end": time.time(), "ends": list(CALLS.ends),
                    "uses": CALLS.uses}
            with open(LOG, "a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        self.route(url.path, urllib.parse.parse_qs(url.query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.route(self.path, urllib.parse.parse_qs(body.decode()))

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6  # with IPv4 mapped: one socket for both
    daemon_threads = True


Server(("::", 8080), Shop).serve_forever()
