/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "talking.h"

#include "app/quic_crypto.h"
#include "base/mem.h"
#include "quic_packets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define TELL(x, dir, packet) talking_say(x, dir, packet, sizeof(packet))

/* Built without libgcrypt nothing is opened: the application alone is known. */
static bool closed_book(void)
{
	if (!quic_can_open())
		print_message("built without libgcrypt: only that no name is told\n");
	return !quic_can_open();
}

static void examples_of_the_rfcs(void **state)
{
	static const struct { const unsigned char *p; size_t n; } clients[] = {
		{quic_rfc_v1, sizeof(quic_rfc_v1)}, {quic_rfc_v2, sizeof(quic_rfc_v2)},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct talking x;

		talking_begin(&x, true);
		talking_say(&x, DIR_C2S, clients[i].p, clients[i].n);
		assert_int_equal(x.said.app, APP_QUIC);
		TELL(&x, DIR_S2C, quic_rfc_server);
		assert_int_equal(x.said.app, APP_QUIC);
		if (closed_book()) {
			assert_int_equal(x.all.requests, 0);
			assert_string_equal(x.name, "");
		} else {
			assert_int_equal(x.all.requests, 1);
			assert_string_equal(x.name, "example.com");
			assert_string_equal(x.alpn, "alpn");
			assert_int_equal(x.ja4[0], 'q');
			assert_int_equal(x.all.responses, 1);
			assert_int_equal(x.all.version, 0x0304);
		}
		assert_int_equal(x.talk.side[0].hold + x.talk.side[1].hold, 0);
		talking_end(&x);
	}
}

/* A hello in pieces over several packets, whichever comes first, and however often. */
static void in_pieces(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 4; order++) {
		struct talking x;

		talking_begin(&x, true);
		if (order & 1)
			TELL(&x, DIR_C2S, quic_long_2);
		if (order != 1)
			TELL(&x, DIR_C2S, quic_long_1);
		if (order & 2)
			TELL(&x, DIR_C2S, quic_long_1);
		assert_int_equal(x.all.requests, order == 3 && quic_can_open());
		TELL(&x, DIR_C2S, quic_long_1);
		TELL(&x, DIR_C2S, quic_long_2);
		if (!closed_book()) {
			assert_int_equal(x.all.requests, 1);
			assert_string_equal(x.name, "long.example");
			assert_string_equal(x.alpn, "h3");
			assert_string_equal(x.ja4, quic_long_ja4);
		}
		assert_int_equal(x.talk.side[0].hold, 0);
		talking_end(&x);
	}
}

/* Behind a Retry the keys are others. */
static void retry(void **state)
{
	struct talking x;

	(void)state;
	for (unsigned whole = 0; whole < 2; whole++) {
		talking_begin(&x, true);
		TELL(&x, DIR_C2S, quic_long_1);
		if (whole)
			TELL(&x, DIR_C2S, quic_long_2);
		TELL(&x, DIR_S2C, quic_retry);
		TELL(&x, DIR_C2S, quic_retried_1);
		TELL(&x, DIR_C2S, quic_retried_2);
		TELL(&x, DIR_S2C, quic_answer);
		if (!closed_book()) {
			assert_int_equal(x.all.requests, 1);
			assert_int_equal(x.all.responses, 1);
			assert_string_equal(x.ja4, quic_long_ja4);
			assert_int_equal(x.all.version, 0x0304);
		}
		talking_end(&x);
	}
}

static void refusals(void **state)
{
	struct talking x;

	(void)state;
	if (closed_book())
		return;
	talking_begin(&x, true);
	TELL(&x, DIR_C2S, quic_long_1);
	TELL(&x, DIR_S2C, quic_refused);
	TELL(&x, DIR_S2C, quic_refused);
	assert_int_equal(x.all.refusals, 1);
	assert_int_equal(x.all.status, 40);
	talking_end(&x);
	talking_begin(&x, true);
	TELL(&x, DIR_C2S, quic_long_1);
	TELL(&x, DIR_S2C, quic_busy);
	assert_int_equal(x.all.refusals, 1);
	assert_false(x.all.has_status);
	talking_end(&x);
}

/* Somebody else had the buffer between two packets: what came before is forgotten, and nothing wrong is said. */
static void buffer_taken(void **state)
{
	enum { MANY = TALK_HOLDS };
	struct talking x, *others = mem_calloc(MANY, sizeof(*others));

	(void)state;
	talking_begin(&x, true);
	TELL(&x, DIR_C2S, quic_long_1);
	for (unsigned i = 0; i < MANY; i++) {
		talking_begin(&others[i], false);
		talk_memory_free(others[i].memory);
		others[i].memory = x.memory;
		talking_connect(&others[i]);
		SAY(&others[i], DIR_C2S, "GET /half HT");
	}
	assert_int_equal(x.talk.side[0].hold, 0);
	TELL(&x, DIR_C2S, quic_long_2);
	assert_int_equal(x.all.requests, 0);
	TELL(&x, DIR_C2S, quic_long_1);
	assert_int_equal(x.all.requests, quic_can_open());
	for (unsigned i = 0; i < MANY; i++)
		talk_end(&others[i].talk, x.memory);
	talking_end(&x);
	mem_free(others);
}

/* Any byte that is changed: not opened. Any cut: not read beyond. */
static void changed_and_cut(void **state)
{
	uint8_t bytes[sizeof(quic_rfc_v1)];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i += i < 40 ? 1 : 17) {
		struct talking x;

		memcpy(bytes, quic_rfc_v1, sizeof(bytes));
		bytes[i] ^= 1;
		talking_begin(&x, true);
		talking_say(&x, DIR_C2S, bytes, sizeof(bytes));
		assert_int_equal(x.all.requests, 0);
		assert_string_equal(x.name, "");
		talking_end(&x);
		talking_begin(&x, true);
		talking_say_cut(&x, DIR_C2S, quic_rfc_v1, sizeof(quic_rfc_v1), i);
		assert_int_equal(x.all.requests, 0);
		talking_end(&x);
	}
}

static void what_is_none(void **state)
{
	static const struct { const char *p; size_t n; } not[] = {
#define NOT(text) {text, sizeof(text) - 1}
		NOT("\xc0\0\0\0\2\x08" "12345678\0\0\x14" "12345678901234567890"),               /* no version of ours */
		NOT("\xc0\0\0\0\1\x15" "123456789012345678901\0\0\x14" "12345678901234567890"),  /* an id too long */
		NOT("\xc0\0\0\0\1\x08" "12345678\0\0\x15" "12345678901234567890"),               /* longer than it is */
		NOT("\xc0\0\0\0\1\x08" "12345678\0\0\x13" "1234567890123456789"),                /* too short for one */
		NOT("\x80\0\0\0\1\x08" "12345678\0\0\x14" "12345678901234567890"),               /* the fixed bit */
		NOT("\xc0\0\0\0\1\x08" "12345678\0\xff\xff\xff\xff\xff\xff\xff\xff\x14" "12345678901234567890"),
		NOT("\x40" "12345678901234567890"), NOT("\xc0"), NOT("\xc0\0\0\0\1"),
#undef NOT
	};

	(void)state;
	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++) {
		struct talking x;

		talking_begin(&x, true);
		talking_say(&x, DIR_C2S, not[i].p, not[i].n);
		assert_int_equal(x.said.app, APP_NONE);
		talking_end(&x);
	}
}

static void for_people(void **state)
{
	uint8_t frame[10 + sizeof(quic_rfc_v1)];
	struct packet p = {
		.proto = PROTO_UDP, .flags = PACKET_HAS_PORTS, .payload_off = 10, .payload_len = sizeof(quic_rfc_v1),
		.len = sizeof(frame), .caplen = sizeof(frame),
	};
	struct said said;
	struct buf info;

	(void)state;
	buf_init(&info);
	memcpy(frame + 10, quic_rfc_v1, sizeof(quic_rfc_v1));
	assert_true(talk_one(APP_NONE, &p, frame, DIR_C2S, &said, &info));
	assert_string_equal(buf_text(&info), quic_can_open() ? "Initial, Client Hello (SNI=example.com)" : "Initial");
	buf_clear(&info);
	memcpy(frame + 10, quic_retry, sizeof(quic_retry));
	p.payload_len = sizeof(quic_retry);
	p.len = p.caplen = 10 + sizeof(quic_retry);
	assert_true(talk_one(APP_QUIC, &p, frame, DIR_S2C, &said, &info));
	assert_string_equal(buf_text(&info), "Retry");
	buf_free(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfcs),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(retry),
		cmocka_unit_test(refusals),
		cmocka_unit_test(buffer_taken),
		cmocka_unit_test(changed_and_cut),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(for_people),
	};

	return cmocka_run_group_tests_name("quic", tests, NULL, NULL);
}
