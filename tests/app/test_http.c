/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hellos.h"
#include "talking.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void one_exchange(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, "GET /cart?id=5 HTTP/1.1\r\nHost: Shop.example:8080\r\nAccept: */*\r\n\r\n");
	assert_int_equal(x.said.app, APP_HTTP);
	assert_int_equal(x.said.requests, 1);
	assert_string_equal(x.name, "Shop.example");
	assert_string_equal(x.url, "/cart?id=5");
	SAY(&x, DIR_S2C, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nsorry");
	assert_int_equal(x.said.responses, 1);
	assert_int_equal(x.said.errors, 1);
	assert_int_equal(x.said.status, 503);
	SAY(&x, DIR_C2S, "GET /x HTTP/1.1\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(x.said.refusals, 1);
	assert_int_equal(x.all.requests, 2);
	assert_int_equal(x.all.responses, 2);
	talking_end(&x);
}

/* Every way to cut the same bytes into segments says the same. */
static void any_segments(void **state)
{
	static const char asked[] = "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 11\r\n\r\nhello world"
		"GET /b HTTP/1.1\r\nHost: b.example\r\n\r\nHEAD /c HTTP/1.1\r\n\r\nGET /d HTTP/1.1\r\n\r\n";
	static const char answered[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
		"5;x=y\r\nabcde\r\n10\r\nHTTP/1.1 500 nnn\r\n0\r\nTrailer: x\r\n\r\n"
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"
		"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
		"HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nabc";

	(void)state;
	for (size_t step = 1; step < sizeof(answered); step++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say_in_steps(&x, DIR_C2S, asked, sizeof(asked) - 1, step);
		talking_say_in_steps(&x, DIR_S2C, answered, sizeof(answered) - 1, step);
		assert_int_equal(x.all.requests, 4);
		assert_int_equal(x.all.responses, 4);
		assert_int_equal(x.all.errors, 1);
		assert_int_equal(x.all.status, 500);
		assert_string_equal(x.url, "/d");
		assert_string_equal(x.name, "b.example");
		talking_end(&x);
	}
}

/* A body is not looked at, whatever it holds, and need not be captured. */
static void bodies(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, "GET / HTTP/1.1\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 500 no message\r\n\r\n");
	assert_int_equal(x.said.responses, 0);
	talking_miss(&x, DIR_S2C, 4000 - 27);
	SAY(&x, DIR_C2S, "GET /2 HTTP/1.1\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(x.said.status, 201);
	/* as long as the connection: what follows is no message */
	SAY(&x, DIR_C2S, "GET /3 HTTP/1.0\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.0 200 OK\r\n\r\n");
	SAY(&x, DIR_C2S, "x");
	SAY(&x, DIR_S2C, "HTTP/1.1 500 no message\r\n\r\n");
	assert_int_equal(x.all.errors, 0);
	assert_int_equal(x.all.responses, 3);
	talking_end(&x);
}

static void ask_for_tunnel(struct talking *x)
{
	talking_begin(x, false);
	talking_connect(x);
	SAY(x, DIR_C2S, "CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n");
	assert_string_equal(x->url, "shop.example:443");
}

/* What is in a tunnel speaks for itself, while the conversation stays one with a proxy. */
static void in_a_tunnel(void **state)
{
	struct buf hello, records;
	struct talking x;

	(void)state;
	buf_init(&hello);
	buf_init(&records);
	hello_client(&hello, &hello_example);
	hello_records(&records, &hello, 4096);
	for (size_t step = 1; step <= records.len; step += 7) {
		ask_for_tunnel(&x);
		SAY(&x, DIR_C2S, "");
		SAY(&x, DIR_S2C, "HTTP/1.1 200 Connection established\r\n\r\n");
		talking_say_in_steps(&x, DIR_C2S, records.data, records.len, step);
		assert_int_equal(x.all.app, APP_HTTP);
		assert_int_equal(x.all.requests, 2);
		assert_string_equal(x.name, "shop.example");
		assert_string_equal(x.ja4, hello_example_ja4);
		SAY(&x, DIR_S2C, "\x15\3\3\0\2\2\x28");
		assert_int_equal(x.said.status, 40);
		talking_end(&x);
	}
	/* the server may speak first, in the segment of the answer */
	ask_for_tunnel(&x);
	SAY(&x, DIR_S2C, "HTTP/1.1 200 OK\r\n\r\n220 mail.example.org ESMTP x\r\n");
	SAY(&x, DIR_C2S, "EHLO x\r\n");
	assert_int_equal(x.said.requests, 1);
	SAY(&x, DIR_S2C, "550 no\r\n");
	assert_int_equal(x.said.status, 550);
	talking_end(&x);
	ask_for_tunnel(&x);
	SAY(&x, DIR_S2C, "HTTP/1.1 200 OK\r\n\r\n");
	SAY(&x, DIR_C2S, "GET /inner HTTP/1.1\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 500 inner\r\n\r\n");
	assert_int_equal(x.all.responses, 2);
	assert_int_equal(x.all.errors, 1);
	talking_end(&x);
	/* refused: still HTTP; then granted, with what nobody knows in it */
	ask_for_tunnel(&x);
	SAY(&x, DIR_S2C, "HTTP/1.1 407 Who are you?\r\nContent-Length: 2\r\n\r\nno");
	SAY(&x, DIR_C2S, "CONNECT shop.example:443 HTTP/1.1\r\n\r\n");
	assert_int_equal(x.all.requests, 2);
	SAY(&x, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
	for (int i = 0; i < 10; i++) {
		SAY(&x, DIR_C2S, "\1\2\3\4 what is it?");
		assert_int_equal(x.said.app, APP_HTTP);
		SAY(&x, DIR_S2C, "\1\2\3\4 nothing");
		assert_int_equal(x.said.app, APP_HTTP);
	}
	assert_int_equal(x.all.requests, 2);
	talking_end(&x);
	buf_free(&hello);
	buf_free(&records);
}

/* RFC 7540, 3.2: the answer to what was asked comes as that of stream 1. */
static void upgraded(void **state)
{
	static const char asked[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" "\0\0\0\4\0\0\0\0\0" "\0\0\4\1\5\0\0\0\3head";
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
		"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0\0\4\0\0\0\0\0");
	assert_int_equal(x.all.responses, 1);
	SAY(&x, DIR_C2S, asked);
	SAY(&x, DIR_S2C, "\0\0\4\1\5\0\0\0\1head\0\0\4\1\5\0\0\0\3head");
	assert_int_equal(x.all.app, APP_HTTP);
	assert_int_equal(x.all.requests, 2);
	assert_int_equal(x.all.responses, 2);
	SAY(&x, DIR_S2C, "\0\0\x08\7\0\0\0\0\0\0\0\0\3\0\0\0\2");
	assert_int_equal(x.said.errors, 1);
	talking_end(&x);
}

static void gaps(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, "GET / HTTP/1.1\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 200 OK\r\nX: ");
	talking_miss(&x, DIR_S2C, 100);
	SAY(&x, DIR_S2C, "HTTP/1.1 500 could be a body\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(x.said.responses, 0);
	SAY(&x, DIR_C2S, "GET /b HTTP/1.1\r\n\r\n");
	SAY(&x, DIR_S2C, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(x.said.status, 502);
	assert_int_equal(x.all.errors, 1);
	talking_end(&x);
}

static void what_is_none(void **state)
{
	static const char *const not[] = {
		"GET\r\n", "GET / HTTP/2.0\r\n\r\n", "GET /\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/2 200\r\n",
		"GETX / HTTP/1.1\r\n", "\r\n", "GET  HTTP/1.1\r\n", "M-SEARCH * HTTP/1.1\r\n", "INVITE sip:a HTTP/1.1\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say(&x, DIR_C2S, not[i], strlen(not[i]));
		assert_int_equal(x.said.app, APP_NONE);
		talking_end(&x);
	}
}

static void hostile(void **state)
{
	enum { BIG = 1 << 20 };
	struct talking x;
	char *big = mem_alloc(BIG);

	(void)state;
	memset(big, 'a', BIG);
	memcpy(big, "GET /", 5);
	talking_begin(&x, false);
	talking_connect(&x);
	talking_say_in_steps(&x, DIR_C2S, big, BIG, 1400);       /* a line without end */
	assert_int_equal(x.all.app, APP_NONE);
	talking_end(&x);

	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, "GET / HTTP/1.1\r\nX: ");
	memset(big, 'a', BIG);
	talking_say_in_steps(&x, DIR_C2S, big, BIG, 1400);       /* a header without end */
	assert_int_equal(x.all.requests, 1);
	talking_end(&x);

	static const char *const lies[] = {
		"Content-Length: 99999999999999999999999", "Content-Length: -1", "Content-Length: 1\r\nContent-Length: 2",
		"Content-Length: 0x10", "Transfer-Encoding: chunked\r\n\r\nzz",
		"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff",
	};
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		snprintf(big, BIG, "HTTP/1.1 200 OK\r\n%s\r\n\r\nHTTP/1.1 500 no\r\n\r\n", lies[i]);
		talking_begin(&x, false);
		talking_connect(&x);
		SAY(&x, DIR_C2S, "GET / HTTP/1.1\r\n\r\n");
		talking_say(&x, DIR_S2C, big, strlen(big));
		assert_int_equal(x.all.responses, 1);
		assert_int_equal(x.all.errors, 0);
		talking_end(&x);
	}
	mem_free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_exchange),
		cmocka_unit_test(any_segments),
		cmocka_unit_test(bodies),
		cmocka_unit_test(in_a_tunnel),
		cmocka_unit_test(upgraded),
		cmocka_unit_test(gaps),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
