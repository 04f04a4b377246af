/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "talking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64"
#define ACK "\0\0\0\4\1\0\0\0\0"
#define HEADERS(stream, flags) "\0\0\4\1" flags "\0\0\0" stream "head"
#define BODY(stream, flags) "\0\0\5\0" flags "\0\0\0" stream "hello"
#define RESET(stream, code) "\0\0\4\3\0\0\0\0" stream "\0\0\0" code
#define GOAWAY(code) "\0\0\x0b\7\0\0\0\0\0\0\0\0\3\0\0\0" code "bye"

static const char asked[] = PREFACE SETTINGS HEADERS("\1", "\5") HEADERS("\3", "\4") BODY("\3", "\0") HEADERS("\3", "\5") ACK
	HEADERS("\5", "\5");
static const char answered[] = SETTINGS ACK HEADERS("\1", "\4") BODY("\1", "\1") RESET("\3", "\2") RESET("\5", "\7")
	GOAWAY("\1");

static void any_segments(void **state)
{
	(void)state;
	for (size_t step = 1; step < sizeof(asked); step++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say_in_steps(&x, DIR_C2S, asked, sizeof(asked) - 1, step);
		assert_int_equal(x.all.app, APP_HTTP2);
		assert_int_equal(x.all.requests, 3);
		talking_say_in_steps(&x, DIR_S2C, answered, sizeof(answered) - 1, step);
		assert_int_equal(x.all.responses, 1);
		assert_int_equal(x.all.errors, 2);       /* INTERNAL_ERROR, PROTOCOL_ERROR */
		assert_int_equal(x.all.refusals, 1);
		assert_false(x.talk.side[0].lost || x.talk.side[1].lost);
		talking_end(&x);
	}
}

/* The server may speak first. */
static void server_first(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_S2C, SETTINGS);
	assert_int_equal(x.said.app, APP_NONE);
	SAY(&x, DIR_C2S, PREFACE SETTINGS HEADERS("\1", "\5"));
	assert_int_equal(x.said.app, APP_HTTP2);
	SAY(&x, DIR_S2C, HEADERS("\1", "\5"));
	assert_int_equal(x.all.responses, 1);
	talking_end(&x);
}

/* No error: an orderly end, a client that cancels, what a client says of the server. */
static void no_errors(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, PREFACE SETTINGS HEADERS("\1", "\5") RESET("\1", "\2"));
	SAY(&x, DIR_S2C, SETTINGS RESET("\1", "\x08") GOAWAY("\0"));
	assert_int_equal(x.all.errors + x.all.refusals, 0);
	talking_end(&x);
}

/* Bodies need not be captured. */
static void skipped(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, PREFACE SETTINGS HEADERS("\1", "\5"));
	SAY(&x, DIR_S2C, SETTINGS HEADERS("\1", "\4") "\0\x40\0\0\1\0\0\0\1");
	talking_miss(&x, DIR_S2C, 0x4000);
	SAY(&x, DIR_S2C, GOAWAY("\2"));
	assert_int_equal(x.all.responses, 1);
	assert_int_equal(x.all.errors, 1);
	talking_end(&x);
}

static void what_is_none(void **state)
{
	static const char *const bad[] = {
		PREFACE "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say(&x, DIR_C2S, bad[i], strlen(bad[i]));
		assert_int_equal(x.all.requests, 0);
		assert_true(i == 0 ? x.talk.side[0].lost : x.said.app == APP_NONE);
		talking_end(&x);
	}
}

static void random_changes(void **state)
{
	uint32_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		char bytes[sizeof(asked) + sizeof(answered)];
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		for (unsigned dir = 0; dir < 2; dir++) {
			size_t len = dir == 0 ? sizeof(asked) - 1 : sizeof(answered) - 1;
			memcpy(bytes, dir == 0 ? asked : answered, len);
			for (unsigned i = 0; i < 3; i++) {
				seed = seed * 1664525 + 1013904223;
				bytes[(seed >> 8) % len] = (char)(seed >> 24);
			}
			talking_say_in_steps(&x, (enum direction)dir, bytes, len, 1 + (seed >> 12) % 50);
		}
		talking_end(&x);
	}
}

static void for_people(void **state)
{
	static const char text[] = HEADERS("\1", "\4") RESET("\1", "\x08");
	uint8_t frame[10 + sizeof(text)];
	struct packet p = {
		.proto = PROTO_TCP, .flags = PACKET_HAS_TCP | PACKET_HAS_PORTS, .payload_off = 10, .payload_len = sizeof(text) - 1,
		.len = 9 + sizeof(text), .caplen = 9 + sizeof(text),
	};
	struct said said;
	struct buf info;

	(void)state;
	buf_init(&info);
	memcpy(frame + 10, text, sizeof(text) - 1);
	assert_true(talk_one(APP_HTTP2, &p, frame, DIR_S2C, &said, &info));
	assert_string_equal(buf_text(&info), "HEADERS[1], RST_STREAM[1] CANCEL");
	p.caplen--;
	assert_false(talk_one(APP_HTTP2, &p, frame, DIR_S2C, &said, NULL));
	buf_free(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_segments),
		cmocka_unit_test(server_first),
		cmocka_unit_test(no_errors),
		cmocka_unit_test(skipped),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(random_changes),
		cmocka_unit_test(for_people),
	};

	return cmocka_run_group_tests_name("http2", tests, NULL, NULL);
}
