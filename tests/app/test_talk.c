/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a talk does with packets, whoever parses them. HTTP stands for all. */
#include "talking.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char request[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

static void sent_again(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, request);
	x.seq[0] -= (uint32_t)sizeof(request) - 1;
	SAY(&x, DIR_C2S, request);
	assert_int_equal(x.said.requests, 0);
	/* again, with more behind it */
	x.seq[0] -= (uint32_t)sizeof(request) - 1;
	SAY(&x, DIR_C2S, "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
	assert_int_equal(x.said.requests, 1);
	assert_string_equal(x.url, "/b");
	assert_int_equal(x.all.requests, 2);
	talking_end(&x);
}

static void midstream(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	SAY(&x, DIR_S2C, "the end of something");
	SAY(&x, DIR_C2S, request);
	assert_int_equal(x.said.requests, 1);
	SAY(&x, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(x.said.responses, 1);
	talking_end(&x);
}

static void tries_end(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	for (unsigned i = 0; i < TALK_TRIES; i++) {
		SAY(&x, DIR_C2S, "nothing of ours");
		SAY(&x, DIR_S2C, "neither");
	}
	assert_true(x.talk.ruled_out);
	SAY(&x, DIR_C2S, request);
	assert_int_equal(x.said.app, APP_NONE);
	talking_end(&x);
}

/* The same ports, a new connection: a new talk. */
static void new_connection(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, request);
	SAY(&x, DIR_S2C, "HTTP/1.1 20");         /* waits for more */
	x.seq[0] += 100000;
	x.seq[1] += 100000;
	talking_connect(&x);
	assert_int_equal(x.said.app, APP_NONE);
	SAY(&x, DIR_C2S, "binary\1\2");
	assert_int_equal(x.said.app, APP_NONE);
	talking_end(&x);
}

static void cut_by_the_capture(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	talking_say_cut(&x, DIR_C2S, request, sizeof(request) - 1, 20);
	assert_int_equal(x.said.requests, 1);    /* its first line is there */
	SAY(&x, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
	SAY(&x, DIR_C2S, request);
	assert_int_equal(x.all.requests, 2);
	assert_int_equal(x.all.responses, 1);
	talking_say_cut(&x, DIR_C2S, NULL, 100, 0);
	assert_int_equal(x.said.requests, 0);
	talking_end(&x);
}

/* More unfinished messages than there are buffers: the oldest is lost, and nobody else. */
static void buffers_run_out(void **state)
{
	enum { MANY = TALK_HOLDS + 1 };
	struct talking *x = mem_calloc(MANY, sizeof(*x));

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		talking_begin(&x[i], false);
		if (i > 0) {
			talk_memory_free(x[i].memory);
			x[i].memory = x[0].memory;
		}
		talking_connect(&x[i]);
		SAY(&x[i], DIR_C2S, "GET /half HT");
	}
	for (unsigned i = 0; i < MANY; i++) {
		SAY(&x[i], DIR_C2S, "TP/1.1\r\n\r\n");
		assert_int_equal(x[i].said.requests, i > 0);
	}
	for (unsigned i = MANY; i-- > 0;) {
		talk_end(&x[i].talk, x[0].memory);
		if (i == 0)
			talk_memory_free(x[0].memory);
	}
	mem_free(x);
}

/* Any sequence numbers, any cut: no byte is read that is not there, and it comes to an end. */
static void random_packets(void **state)
{
	static const char *const pieces[] = {
		"GET / HTTP/1.1\r\n", "\r\n", "Content-Length: 7\r\n", "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "5\r\n",
		"abcde\r\n", "0\r\n", "Host: ", "x", "\n",
	};
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct talking x;

		talking_begin(&x, round & 1);
		for (unsigned i = 0; i < 60; i++) {
			seed = seed * 1664525 + 1013904223;
			const char *piece = pieces[(seed >> 10) % (sizeof(pieces) / sizeof(pieces[0]))];
			size_t len = strlen(piece);
			enum direction dir = (enum direction)(seed >> 31);

			if ((seed & 15) == 0)
				x.seq[dir] += (seed >> 4) % 40000000;
			else if ((seed & 15) == 1)
				x.seq[dir] -= (seed >> 4) % 50;
			talking_say_cut(&x, dir, piece, len, (seed & 31) == 2 ? len / 2 : len);
		}
		talking_end(&x);
	}
}

static void one_packet_alone(void **state)
{
	uint8_t frame[200];
	struct packet p = {
		.proto = PROTO_TCP, .flags = PACKET_HAS_TCP | PACKET_HAS_PORTS, .payload_off = 10,
		.payload_len = sizeof(request) - 1, .len = 10 + sizeof(request) - 1, .caplen = 10 + sizeof(request) - 1,
	};
	struct said said;
	struct buf info;

	(void)state;
	buf_init(&info);
	memcpy(frame + 10, request, sizeof(request) - 1);
	assert_true(talk_one(APP_NONE, &p, frame, DIR_C2S, &said, &info));
	assert_int_equal(said.app, APP_HTTP);
	assert_string_equal(buf_text(&info), "GET /a");
	buf_clear(&info);
	frame[10] = 'g';
	assert_false(talk_one(APP_NONE, &p, frame, DIR_C2S, &said, &info));
	assert_false(talk_one(APP_HTTP, &p, frame, DIR_C2S, &said, &info));
	assert_int_equal(info.len, 0);
	buf_free(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sent_again),
		cmocka_unit_test(midstream),
		cmocka_unit_test(tries_end),
		cmocka_unit_test(new_connection),
		cmocka_unit_test(cut_by_the_capture),
		cmocka_unit_test(buffers_run_out),
		cmocka_unit_test(random_packets),
		cmocka_unit_test(one_packet_alone),
	};

	return cmocka_run_group_tests_name("talk", tests, NULL, NULL);
}
