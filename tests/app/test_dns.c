/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* www.example.org, A; its answer: an alias, and an address of that. */
static const uint8_t query[] =
	"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\3www\7example\3org\0\0\1\0\1";
static const uint8_t reply[] =
	"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\3www\7example\3org\0\0\1\0\1"
	"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3cdn\xc0\x10"
	"\xc0\x2d\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7";

enum { QUERY = sizeof(query) - 1, REPLY = sizeof(reply) - 1 };

static void talk_of(struct talking *x, uint16_t server_port)
{
	talking_begin(x, true);
	x->server_port = server_port;
}

static void question_and_answer(void **state)
{
	struct talking x;

	(void)state;
	talk_of(&x, 53);
	talking_say(&x, DIR_C2S, query, QUERY);
	assert_int_equal(x.said.app, APP_DNS);
	assert_int_equal(x.said.requests, 1);
	assert_string_equal(x.name, "www.example.org");
	talking_say(&x, DIR_S2C, reply, REPLY);
	assert_int_equal(x.said.responses, 1);
	assert_true(x.said.has_status && x.said.status == 0);
	assert_true(x.said.has_response);
	assert_int_equal(x.said.response_ns, 1000000);
	talking_say(&x, DIR_S2C, reply, REPLY);          /* again: nobody asked any more */
	assert_false(x.said.has_response);
	talking_end(&x);
}

static void outcomes(void **state)
{
	static const struct { uint8_t rcode; unsigned errors, refusals; } rcodes[] = {
		{0, 0, 0}, {1, 1, 0}, {2, 1, 0}, {3, 0, 1}, {4, 1, 0}, {5, 0, 1}, {9, 0, 0},
	};
	uint8_t message[QUERY];

	(void)state;
	memcpy(message, query, QUERY);
	message[2] = 0x81;
	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		struct talking x;

		message[3] = (uint8_t)(0x80 | rcodes[i].rcode);
		talk_of(&x, 53);
		talking_say(&x, DIR_S2C, message, QUERY);
		assert_int_equal(x.said.status, rcodes[i].rcode);
		assert_int_equal(x.said.errors, rcodes[i].errors);
		assert_int_equal(x.said.refusals, rcodes[i].refusals);
		talking_end(&x);
	}
}

static void note(void *ctx, const struct addr *addr, struct said_text name, enum seen_by by)
{
	char *to = ctx, text[ADDR_TEXT];

	addr_format(text, sizeof(text), addr);
	snprintf(to, 400, "%s %.*s %s", text, (int)name.len, name.p, seen_by_name(by));
}

static void names(void **state)
{
	char seen[400] = "";
	struct said said;
	const struct said_sink sink = {note, seen};
	const struct parse_out out = {.said = &said, .sink = &sink};
	const struct parse_bytes in = {.p = reply, .n = REPLY, .whole = true, .dir = DIR_S2C, .is_udp = true, .server_port = 53};
	uint64_t memory[PARSE_STATE / 8] = {0};

	(void)state;
	said_clear(&said);
	app_parser(APP_DNS)->datagram(memory, &in, &out);
	assert_string_equal(seen, "192.0.2.7 www.example.org dns");
}

static void over_tcp(void **state)
{
	uint8_t stream[2 * (REPLY + 2)];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *to = stream + i * (REPLY + 2);

		to[0] = 0;
		to[1] = REPLY;
		memcpy(to + 2, reply, REPLY);
	}
	for (size_t step = 1; step <= sizeof(stream); step++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say_in_steps(&x, DIR_S2C, stream, sizeof(stream), step);
		assert_int_equal(x.all.app, APP_DNS);
		assert_int_equal(x.all.responses, 2);
		talking_end(&x);
	}
}

/* Cut anywhere it is no DNS by its content; a capture that cut it keeps the question. */
static void cut(void **state)
{
	struct talking x;

	(void)state;
	for (size_t len = 1; len < REPLY; len++) {
		talk_of(&x, 53);
		talking_say(&x, DIR_S2C, reply, len);
		assert_int_equal(x.said.app, APP_NONE);
		talking_end(&x);
		talk_of(&x, 53);
		talking_say_cut(&x, DIR_S2C, reply, REPLY, len);
		assert_int_equal(x.said.app, len >= QUERY ? APP_DNS : APP_NONE);
		talking_end(&x);
	}
}

static void loops_and_lies(void **state)
{
	static const struct { const char *bytes; size_t len; } bad[] = {
#define BAD(text) {text, sizeof(text) - 1}
		BAD("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"),                /* a name that is itself */
		BAD("\0\1\1\0\0\1\0\0\0\0\0\0\1a\xc0\x0c\0\1\0\1"),             /* and one that goes round */
		BAD("\0\1\1\0\0\1\0\0\0\0\0\0\xff\xff\0\1\0\1"),
		BAD("\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\x12\x34"),              /* no such class */
		BAD("\0\1\1\0\xff\xff\xff\xff\xff\xff\xff\xff\1a\0\0\1\0\1"),   /* more records than bytes */
		BAD("\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1x"),                  /* more bytes than records */
	};
	struct talking x;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		talk_of(&x, 53);
		talking_say(&x, DIR_C2S, bad[i].bytes, bad[i].len);
		assert_int_equal(x.said.app, APP_NONE);
		talking_end(&x);
	}
	/* NetBIOS names look the same */
	talk_of(&x, 137);
	talking_say(&x, DIR_C2S, query, QUERY);
	assert_int_equal(x.said.app, APP_NONE);
	talking_end(&x);
	/* every byte may be another: nothing is read that is not there */
	for (size_t at = 0; at < REPLY; at++)
		for (unsigned v = 0; v < 256; v += 5) {
			uint8_t bytes[REPLY];

			memcpy(bytes, reply, REPLY);
			bytes[at] = (uint8_t)v;
			talk_of(&x, 53);
			talking_say(&x, DIR_S2C, reply, REPLY);
			talking_say(&x, DIR_S2C, bytes, REPLY);
			talking_end(&x);
		}
}

static void multicast(void **state)
{
	struct talking x;

	(void)state;
	talk_of(&x, 5353);
	talking_say(&x, DIR_C2S, query, QUERY);
	assert_int_equal(x.said.app, APP_MDNS);
	talking_end(&x);
}

static void info(void **state)
{
	static const char many[] = "\x12\x34\x81\x80\0\1\0\5\0\0\0\0\1a\0\0\1\0\1"
		"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\4" "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\5" "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\6"
		"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\7" "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\x08";
	const struct turn refused = S2C("\x12\x34\x81\x83\0\1\0\0\0\0\0\0\1a\0\0\1\0\1");
	const struct turn none = S2C("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\1a\0\0\x1c\0\1");

	(void)state;
	assert_string_equal(turns_info(APP_DNS, &(struct turn){DIR_C2S, query, QUERY}, true), "query A www.example.org");
	assert_string_equal(turns_info(APP_DNS, &(struct turn){DIR_S2C, reply, REPLY}, true), "answer A www.example.org: 192.0.2.7");
	assert_string_equal(turns_info(APP_DNS, &(struct turn)S2C(many), true), "answer A a: 1.2.3.4, 1.2.3.5, 1.2.3.6, 2 more");
	assert_string_equal(turns_info(APP_DNS, &refused, true), "answer A a: NXDOMAIN");
	assert_string_equal(turns_info(APP_DNS, &none, true), "answer AAAA a: 0 records");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(question_and_answer),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(names),
		cmocka_unit_test(over_tcp),
		cmocka_unit_test(cut),
		cmocka_unit_test(loops_and_lies),
		cmocka_unit_test(multicast),
		cmocka_unit_test(info),
	};

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
