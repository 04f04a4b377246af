/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns: what is a response, and what is left unsaid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tier/turns.h"

#include <string.h>

static const enum direction C = DIR_C2S, S = DIR_S2C;

/* A conversation whose acknowledgments are what was sent so far, unless told otherwise. */
struct talk {
	struct turns turns;
	struct turns_verdict v;
	uint32_t sent[2];
	bool udp, gap, media;
};

static void say_acking(struct talk *t, int64_t ms, enum direction dir, uint32_t len, uint32_t ack)
{
	struct packet p = {.time_ns = ms * 1000000, .payload_len = len, .proto = t->udp ? PROTO_UDP : PROTO_TCP,
		.flags = t->udp ? (t->media ? PACKET_MEDIA : 0) : PACKET_HAS_TCP, .tcp_flags = TCP_ACK, .tcp_seq = t->sent[dir], .tcp_ack = ack};

	turns_packet(&t->turns, &p, dir, t->gap, &t->v);
	t->sent[dir] += len;
}

static void say(struct talk *t, int64_t ms, enum direction dir, uint32_t len)
{
	say_acking(t, ms, dir, len, t->sent[DIR_C2S + DIR_S2C - dir]);
}

static void check_response(const struct talk *t, int64_t ms)
{
	assert_true(t->v.has_response);
	assert_int_equal(t->v.response_ns, ms * 1000000);
}

/* Sequences near their end, so that they wrap. */
static struct talk talk_new(bool udp)
{
	return (struct talk){.udp = udp, .sent = {0xffffff00u, 0xfffffff0u}};
}

static void test_plain(void **state)
{
	struct talk t = talk_new(false);

	(void)state;
	say(&t, 0, S, 40);                       /* a greeting is no response */
	assert_false(t.v.has_response);
	say(&t, 10, C, 100);
	assert_true(t.v.begins);
	say(&t, 15, C, 200);                     /* the request goes on */
	assert_false(t.v.begins);
	say(&t, 40, S, 1000);
	check_response(&t, 25);
	say(&t, 43, S, 1000);
	assert_false(t.v.has_response);
	assert_true(t.v.in_response);
	assert_int_equal(t.v.transfer_ns, 3000000);
	assert_int_equal(t.v.transfer_step_ns, 3000000);
	say(&t, 60, C, 100);
	assert_true(t.v.begins);
	say(&t, 62, S, 1);
	check_response(&t, 2);
}

static void test_no_payload(void **state)
{
	struct talk t = talk_new(false);

	(void)state;
	say(&t, 0, C, 10);
	say(&t, 1, S, 0);                        /* an acknowledgment alone */
	assert_false(t.v.has_response);
	say(&t, 9, S, 5);
	check_response(&t, 9);
}

/* Two requests, the first answered before the second was heard: nothing is said until a turn was clean. */
static void test_pipelined(void **state)
{
	struct talk t = talk_new(false);
	uint32_t first_end;

	(void)state;
	say(&t, 0, C, 10);
	first_end = t.sent[C];
	say(&t, 1, C, 10);
	say_acking(&t, 5, S, 50, first_end);
	assert_false(t.v.has_response);
	say(&t, 7, S, 50);
	assert_false(t.v.has_response || t.v.in_response);
	say(&t, 20, C, 10);
	say(&t, 23, S, 50);                      /* clean, but may answer the second */
	assert_false(t.v.has_response);
	say(&t, 30, C, 10);
	say(&t, 34, S, 50);
	check_response(&t, 4);
}

/* The client speaks before it has heard the whole response. */
static void test_interleaved(void **state)
{
	struct talk t = talk_new(false);
	uint32_t heard;

	(void)state;
	say(&t, 0, C, 10);
	say(&t, 5, S, 50);
	check_response(&t, 5);
	heard = t.sent[S];
	say(&t, 6, S, 50);
	say_acking(&t, 7, C, 10, heard);
	say(&t, 8, S, 50);
	assert_false(t.v.has_response);
}

static void test_gap(void **state)
{
	struct talk t = talk_new(false);

	(void)state;
	say(&t, 0, C, 10);
	t.gap = true;                            /* the first byte of the response was not captured */
	say(&t, 5, S, 50);
	assert_false(t.v.has_response);
}

static void test_udp(void **state)
{
	struct talk t = talk_new(true);

	(void)state;
	say(&t, 0, C, 30);
	say(&t, 2, S, 90);
	check_response(&t, 2);
	say(&t, 10, C, 30);                      /* another question at once */
	say(&t, 17, S, 90);
	check_response(&t, 7);
	say(&t, 2000, C, 30);
	say(&t, 7000, C, 30);                    /* asked again: which one is answered, now and from here on? */
	say(&t, 7005, S, 90);
	assert_false(t.v.has_response);
	say(&t, 9000, C, 30);
	say(&t, 9001, S, 90);
	assert_false(t.v.has_response);
	say(&t, 19001, C, 30);
	say(&t, 19007, S, 90);
	check_response(&t, 6);
	say(&t, 29007, C, 30);                   /* lost */
	say(&t, 39007, C, 30);
	assert_true(t.v.begins);
	say(&t, 39010, S, 90);
	check_response(&t, 3);
}

/* Who did not wait once may do it again, until both were silent. */
static void test_udp_without_turns(void **state)
{
	struct talk t = talk_new(true);

	(void)state;
	say(&t, 0, C, 160);
	say(&t, 20, C, 160);
	for (int64_t ms = 30; ms < 3000; ms += 20) {
		say(&t, ms, S, 160);
		assert_false(t.v.has_response || t.v.in_response);
		say(&t, ms + 10, C, 160);
	}
	say(&t, 3000, S, 160);
	assert_false(t.v.has_response || t.v.in_response);
	say(&t, 13000, C, 160);
	say(&t, 13003, S, 160);
	check_response(&t, 3);
}

/* A response of several datagrams: nobody knows where it ends. */
static void test_udp_streams(void **state)
{
	struct talk t = talk_new(true);

	(void)state;
	say(&t, 0, C, 30);
	say(&t, 5, S, 1200);
	check_response(&t, 5);
	say(&t, 6, S, 1200);
	assert_true(t.v.in_response);
	say(&t, 900, C, 30);
	say(&t, 901, S, 1200);
	assert_false(t.v.has_response || t.v.in_response);
	say(&t, 10901, C, 30);
	say(&t, 10905, S, 1200);
	check_response(&t, 4);
}

/* RTP in both directions, in perfect turns; between them a STUN request and its answer. */
static void test_media(void **state)
{
	struct talk t = talk_new(true);

	(void)state;
	t.media = true;
	for (int64_t ms = 0; ms < 1000; ms += 20) {
		say(&t, ms, C, 172);
		assert_false(t.v.begins);
		say(&t, ms + 9, S, 172);
		assert_false(t.v.has_response || t.v.in_response);
	}
	t.media = false;
	say(&t, 1000, C, 56);
	t.media = true;
	say(&t, 1001, S, 172);
	t.media = false;
	say(&t, 1030, S, 60);
	check_response(&t, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_no_payload),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_udp_without_turns), cmocka_unit_test(test_udp_streams), cmocka_unit_test(test_media),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
