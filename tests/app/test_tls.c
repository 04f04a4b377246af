/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "talking.h"

#include "app/tls_hello.h"
#include "base/mem.h"
#include "hellos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define CIPHER_SPEC "\x14\x03\x03\0\1\1"
#define DATA "\x17\x03\x03\0\5abcde"

static void say_buf(struct talking *x, enum direction dir, const struct buf *b, size_t step)
{
	talking_say_in_steps(x, dir, b->data, b->len, step);
}

/* A hello as records of so many bytes. */
static void client_records(struct buf *out, const struct hello_plan *plan, size_t record)
{
	struct buf message;

	buf_init(&message);
	hello_client(&message, plan);
	hello_records(out, &message, record);
	buf_free(&message);
}

static void server_records(struct buf *out, unsigned version, unsigned chosen, const char *alpn, bool retry)
{
	struct buf message;

	buf_init(&message);
	hello_server(&message, version, chosen, alpn, retry);
	hello_records(out, &message, 16384);
	buf_free(&message);
}

static void handshake_of_1_3(void **state)
{
	struct talking x;
	struct buf client, server;

	(void)state;
	buf_init(&client);
	buf_init(&server);
	client_records(&client, &hello_example, 16384);
	server_records(&server, 0x0303, 0x0304, NULL, false);
	talking_begin(&x, false);
	talking_connect(&x);
	say_buf(&x, DIR_C2S, &client, client.len);
	assert_int_equal(x.said.app, APP_TLS);
	assert_int_equal(x.said.requests, 1);
	assert_string_equal(x.name, "shop.example");
	assert_string_equal(x.ja4, hello_example_ja4);
	assert_string_equal(x.alpn, "");         /* two are offered */
	say_buf(&x, DIR_S2C, &server, server.len);
	assert_int_equal(x.said.version, 0x0304);
	assert_int_equal(x.said.responses, 1);
	assert_string_equal(x.alpn, "h2");
	SAY(&x, DIR_S2C, CIPHER_SPEC DATA);
	SAY(&x, DIR_C2S, CIPHER_SPEC DATA);
	assert_true(x.talk.side[0].done && x.talk.side[1].done);
	assert_int_equal(x.talk.side[0].hold + x.talk.side[1].hold, 0);
	talking_end(&x);
	buf_free(&client);
	buf_free(&server);
}

static void handshake_of_1_2(void **state)
{
	struct talking x;
	struct buf b;

	(void)state;
	buf_init(&b);
	client_records(&b, &hello_example, 16384);
	talking_begin(&x, false);
	talking_connect(&x);
	say_buf(&x, DIR_C2S, &b, b.len);
	buf_clear(&b);
	/* ServerHello, Certificate (over three records), ServerHelloDone */
	struct buf messages;
	buf_init(&messages);
	hello_server(&messages, 0x0303, 0, "http/1.1", false);
	buf_put(&messages, "\x0b\0\x50\0", 4);
	buf_put_zeros(&messages, 0x5000);
	buf_put(&messages, "\x0e\0\0\0", 4);
	hello_records(&b, &messages, 9000);
	say_buf(&x, DIR_S2C, &b, 1400);
	assert_int_equal(x.all.version, 0x0303);
	assert_string_equal(x.alpn, "http/1.1");
	SAY(&x, DIR_C2S, "\x16\x03\x03\0\6\x10\0\0\2ab" CIPHER_SPEC "\x16\x03\x03\0\x28" "encrypted");
	assert_true(x.talk.side[0].done);
	assert_false(x.talk.side[1].done || x.talk.side[1].lost);
	SAY(&x, DIR_S2C, CIPHER_SPEC);
	assert_true(x.talk.side[1].done);
	assert_int_equal(x.all.errors + x.all.refusals, 0);
	talking_end(&x);
	buf_free(&b);
	buf_free(&messages);
}

/* Any records, any segments. */
static void any_pieces(void **state)
{
	static const size_t records[] = {1, 2, 3, 5, 40, 100, 16384};
	struct buf client;

	(void)state;
	buf_init(&client);
	for (size_t r = 0; r < sizeof(records) / sizeof(records[0]); r++) {
		buf_clear(&client);
		client_records(&client, &hello_example, records[r]);
		for (size_t step = 1; step <= client.len; step += step < 60 ? 1 : 97) {
			struct talking x;

			talking_begin(&x, false);
			talking_connect(&x);
			say_buf(&x, DIR_C2S, &client, step);
			if (records[r] >= 40 || client.len <= 2048) {
				assert_int_equal(x.all.app, APP_TLS);
				assert_int_equal(x.all.requests, 1);
				assert_string_equal(x.name, "shop.example");
				assert_string_equal(x.ja4, hello_example_ja4);
				assert_false(x.talk.side[0].lost);
			}
			talking_end(&x);
		}
	}
	buf_free(&client);
}

/* Each byte may be the last that the capture kept: nothing is said of what is not there. */
static void cut_anywhere(void **state)
{
	struct buf client;

	(void)state;
	buf_init(&client);
	client_records(&client, &hello_example, 16384);
	for (size_t kept = 0; kept < client.len; kept++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say_cut(&x, DIR_C2S, client.data, client.len, kept);
		assert_int_equal(x.said.app, kept >= 11 ? APP_TLS : APP_NONE);
		assert_int_equal(x.said.requests, 0);
		assert_string_equal(x.name, "");
		SAY(&x, DIR_C2S, DATA);
		assert_int_equal(x.said.requests, 0);
		talking_end(&x);
	}
	buf_free(&client);
}

static void retry(void **state)
{
	static const struct hello_plan second = {
		.version = 0x0303, .ciphers = "1301", .extensions = "0000,002b,002c", .name = "other.example", .versions = "0304",
	};
	struct talking x;
	struct buf b;

	(void)state;
	buf_init(&b);
	client_records(&b, &hello_example, 16384);
	talking_begin(&x, false);
	talking_connect(&x);
	say_buf(&x, DIR_C2S, &b, b.len);
	buf_clear(&b);
	server_records(&b, 0x0303, 0x0304, NULL, true);
	buf_put(&b, CIPHER_SPEC, 6);
	say_buf(&x, DIR_S2C, &b, b.len);
	assert_int_equal(x.all.responses, 0);
	buf_clear(&b);
	buf_put(&b, CIPHER_SPEC, 6);
	client_records(&b, &second, 16384);
	say_buf(&x, DIR_C2S, &b, b.len);
	buf_clear(&b);
	server_records(&b, 0x0303, 0x0304, NULL, false);
	say_buf(&x, DIR_S2C, &b, b.len);
	assert_int_equal(x.all.requests, 1);
	assert_int_equal(x.all.responses, 1);
	assert_int_equal(x.all.version, 0x0304);
	assert_string_equal(x.name, "shop.example");
	assert_string_equal(x.ja4, hello_example_ja4);
	SAY(&x, DIR_S2C, DATA);
	assert_true(x.talk.side[1].done);
	talking_end(&x);
	buf_free(&b);
}

static void alerts(void **state)
{
	struct talking x;
	struct buf client;

	(void)state;
	buf_init(&client);
	client_records(&client, &hello_example, 16384);
	talking_begin(&x, false);
	talking_connect(&x);
	say_buf(&x, DIR_C2S, &client, client.len);
	SAY(&x, DIR_S2C, "\x15\x03\x01\0\2\1\x70");      /* a warning: unrecognized_name */
	assert_int_equal(x.all.refusals, 0);
	SAY(&x, DIR_S2C, "\x15\x03\x01\0\2\2\x28");
	assert_int_equal(x.all.refusals, 1);
	assert_int_equal(x.said.responses, 1);
	assert_int_equal(x.said.status, 40);
	talking_end(&x);

	talking_begin(&x, false);
	talking_connect(&x);
	say_buf(&x, DIR_C2S, &client, client.len);
	SAY(&x, DIR_S2C, "\x15\x03\x01\0\2\2\x50");
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.refusals, 0);
	/* the client's, behind the certificate */
	SAY(&x, DIR_C2S, "\x15\x03\x01\0\2\2\x30");
	assert_int_equal(x.all.refusals, 1);
	assert_int_equal(x.said.status, 48);
	talking_end(&x);

	/* behind the handshake they are encrypted */
	talking_begin(&x, false);
	talking_connect(&x);
	say_buf(&x, DIR_C2S, &client, client.len);
	SAY(&x, DIR_C2S, CIPHER_SPEC "\x15\x03\x01\0\2\2\x30");
	assert_int_equal(x.all.refusals, 0);
	talking_end(&x);
	buf_free(&client);
}

/* Names and protocols that are odd. */
static void offers(void **state)
{
	static const struct { const char *name, *alpn, *extensions, *said_name, *said_alpn; } cases[] = {
		{"a", "h2", "0000,0010", "a", "h2"},
		{NULL, "h2", "0000,0010", "", "h2"},
		{"a.example", NULL, "0000", "a.example", ""},
		{"\x1b[2J", "x-much-longer-than-what-is-remembered", "0000,0010", "\x1b[2J", "x-much-longer-than-what-is-remembered"},
		{"a", "h2", NULL, "", ""},
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hello_plan plan = {.version = 0x0301, .ciphers = "002f", .name = cases[i].name, .alpn = cases[i].alpn,
			.extensions = cases[i].extensions};
		struct talking x;

		buf_clear(&b);
		client_records(&b, &plan, 16384);
		talking_begin(&x, false);
		talking_connect(&x);
		say_buf(&x, DIR_C2S, &b, b.len);
		assert_int_equal(x.all.requests, 1);
		assert_string_equal(x.name, cases[i].said_name);
		assert_string_equal(x.alpn, cases[i].said_alpn);
		assert_int_equal(strlen(x.ja4), JA4_LENGTH);
		talking_end(&x);
	}
	buf_free(&b);
}

/* What the specification says of it, and what a browser of 2025 was told. */
static void ja4(void **state)
{
	static const struct { struct hello_plan plan; const char *ja4; } cases[] = {
		{{.version = 0x0303, .ciphers = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
		  .extensions = "002d,0033,0010,fe0d,0017,44cd,0000,000b,000a,002b,ff01,0023,0012,0005,000d,001b", .name = "x",
		  .alpn = "h2", .versions = "0304", .algorithms = "0403,0804,0401,0503,0805,0501,0806,0601"},
		 "t13d1516h2_8daaf6152771_d8a2da3f94cd"},
		/* no signature algorithms: no underscore before them */
		{{.version = 0x0303, .ciphers = "002f",
		  .extensions = "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01", .versions = "0304"},
		 "t13i011400_fa8f1e4d4d1e_6d807ffa2a79"},
		{{.version = 0x0302}, "t11i000000_000000000000_000000000000"},
		{{.version = 0x0300, .extensions = "0000,0010", .name = "x"}, "ts3d000200_000000000000_000000000000"},
	};
	struct tls_client_hello hello;
	char text[JA4_LENGTH + 1];
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&b);
		hello_client(&b, &cases[i].plan);
		assert_true(tls_client_hello(b.data + 4, b.len - 4, &hello));
		assert_true(tls_ja4(&hello, 't', text));
		/* the hash of one cipher is no example of theirs */
		if (cases[i].plan.ciphers && strlen(cases[i].plan.ciphers) == 4)
			memcpy(text + 11, cases[i].ja4 + 11, 12);
		assert_string_equal(text, cases[i].ja4);
	}
	buf_clear(&b);
	hello_client(&b, &hello_example);
	assert_true(tls_client_hello(b.data + 4, b.len - 4, &hello) && tls_ja4(&hello, 'q', text));
	assert_int_equal(text[0], 'q');
	assert_string_equal(text + 1, hello_example_ja4 + 1);
	buf_free(&b);
}

/* "If the first or last byte is non-alphanumeric ..." */
static void ja4_of_odd_protocols(void **state)
{
	static const struct { const char *alpn, *code; } cases[] = {
		{"h2", "h2"}, {"http/1.1", "h1"}, {"x", "xx"}, {"\xab", "ab"}, {"\xab\xcd", "ad"}, {"0\xab", "3b"},
		{"01\xab\xcd", "3d"}, {"0\xab\xcd" "1", "01"},
	};
	struct tls_client_hello hello = {.version = 0x0304};
	char text[JA4_LENGTH + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hello.alpn = (struct said_text){cases[i].alpn, strlen(cases[i].alpn)};
		assert_true(tls_ja4(&hello, 't', text));
		assert_memory_equal(text + 8, cases[i].code, 2);
	}
	hello.ciphers.overflow = true;
	assert_false(tls_ja4(&hello, 't', text));
}

static void what_is_none(void **state)
{
	static const struct { const char *p; size_t n; } not[] = {
#define NOT(text) {text, sizeof(text) - 1}
		NOT("\x16\x03\x01\0\x50\x01\0\0\x60\x02\x03"), NOT("\x16\x03\x01\0\x50\x01\0\0\x10\x03\x03"),
		NOT("\x16\x03\x04\0\x50\x01\0\0\x4c\x03\x03"), NOT("\x16\x03\x01\x50\0\x01\0\0\x4c\x03\x03"),
		NOT("\x16\x02\x01\0\x50\x01\0\0\x4c\x03\x03"), NOT("\x17\x03\x03\0\5abcdef"), NOT("\x17\x03\x03\0\5abcd"),
		NOT("\x14\x03\x03\0\2\1\1"), NOT("\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10"), NOT("\x15\x03\x03\0\0"),
		NOT("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x50\x01"),
#undef NOT
	};

	(void)state;
	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say(&x, DIR_C2S, not[i].p, not[i].n);
		assert_int_equal(x.said.app, APP_NONE);
		talking_end(&x);
	}
}

/* A connection that was there before the capture: the application alone is known. */
static void midstream(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	SAY(&x, DIR_S2C, "rest of a record");
	SAY(&x, DIR_C2S, DATA DATA);
	assert_int_equal(x.said.app, APP_TLS);
	assert_int_equal(x.all.requests, 0);
	talking_end(&x);
}

/* Bytes changed at random, cut at random: no byte is read that is not there, and no nonsense is kept. */
static void random_changes(void **state)
{
	struct buf client, server, b;
	uint32_t seed = 11;

	(void)state;
	buf_init(&client);
	buf_init(&server);
	buf_init(&b);
	client_records(&client, &hello_example, 70);
	server_records(&server, 0x0303, 0x0304, "h2", false);
	for (unsigned round = 0; round < 4000; round++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		for (unsigned dir = 0; dir < 2; dir++) {
			const struct buf *from = dir == 0 ? &client : &server;

			buf_clear(&b);
			buf_put(&b, from->data, from->len);
			for (unsigned i = 0; i < 3; i++) {
				seed = seed * 1664525 + 1013904223;
				b.data[(seed >> 8) % b.len] = (uint8_t)(seed >> 24);
			}
			say_buf(&x, (enum direction)dir, &b, 1 + (seed >> 12) % 200);
		}
		assert_true(x.all.requests <= 1 && x.all.responses <= 1);
		talking_end(&x);
	}
	buf_free(&client);
	buf_free(&server);
	buf_free(&b);
}

/* A hello of the largest size, of smallest records, and one that says it is larger. */
static void hostile(void **state)
{
	enum { BIG = 200000 };
	char *name = mem_alloc(BIG);
	struct buf b;
	struct talking x;

	(void)state;
	buf_init(&b);
	memset(name, 'a', BIG);
	memcpy(name, "\x16\x03\x01\x40\0\x01\x00\xff\xff\x03\x03", 11);
	talking_begin(&x, false);
	talking_connect(&x);
	talking_say_in_steps(&x, DIR_C2S, name, BIG, 1400);
	assert_int_equal(x.all.requests, 0);
	talking_end(&x);
	for (size_t i = 0; i + 6 <= BIG; i += 6)
		memcpy(name + i, "\x16\x03\x01\0\1", 5);
	memcpy(name + 5, "\x01", 1);
	memcpy(name + 11, "\0", 1);
	talking_begin(&x, false);
	talking_connect(&x);
	talking_say_in_steps(&x, DIR_C2S, name, BIG, 6);
	assert_int_equal(x.all.requests, 0);
	talking_end(&x);
	/* a name that is too long for one */
	memset(name, 'a', 300);
	name[300] = '\0';
	struct hello_plan plan = {.version = 0x0303, .ciphers = "002f", .extensions = "0000", .name = name};
	client_records(&b, &plan, 16384);
	talking_begin(&x, false);
	talking_connect(&x);
	say_buf(&x, DIR_C2S, &b, b.len);
	assert_int_equal(x.all.requests, 1);
	assert_string_equal(x.name, "");
	talking_end(&x);
	buf_free(&b);
	mem_free(name);
}

static void for_people(void **state)
{
	uint8_t frame[2000];
	struct packet p = {.proto = PROTO_TCP, .flags = PACKET_HAS_TCP | PACKET_HAS_PORTS, .payload_off = 10};
	struct said said;
	struct buf b, info;

	(void)state;
	buf_init(&b);
	buf_init(&info);
	client_records(&b, &hello_example, 100);
	memcpy(frame + 10, b.data, b.len);
	p.payload_len = (uint32_t)b.len;
	p.len = p.caplen = p.payload_len + 10;
	assert_true(talk_one(APP_NONE, &p, frame, DIR_C2S, &said, &info));
	assert_string_equal(buf_text(&info), "Client Hello (SNI=shop.example)");
	assert_memory_equal(said.name.p, "shop.example", 12);
	assert_memory_equal(said.ja4.p, hello_example_ja4, JA4_LENGTH);
	buf_clear(&info);
	memcpy(frame + 10, "\x15\x03\x03\0\2\2\x28", 7);
	p.payload_len = 7;
	p.len = p.caplen = 17;
	assert_true(talk_one(APP_TLS, &p, frame, DIR_S2C, &said, &info));
	assert_string_equal(buf_text(&info), "Alert handshake_failure");
	buf_free(&b);
	buf_free(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake_of_1_3),
		cmocka_unit_test(handshake_of_1_2),
		cmocka_unit_test(any_pieces),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(retry),
		cmocka_unit_test(alerts),
		cmocka_unit_test(offers),
		cmocka_unit_test(ja4),
		cmocka_unit_test(ja4_of_odd_protocols),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(midstream),
		cmocka_unit_test(random_changes),
		cmocka_unit_test(hostile),
		cmocka_unit_test(for_people),
	};

	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
