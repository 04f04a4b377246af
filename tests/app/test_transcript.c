/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two ends said, put in order: app/transcript.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/transcript.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct transcript t;
static uint64_t frame_number;
static int64_t now_ns;

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	frame_number = 0;
	now_ns = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	transcript_free(&t);
	return 0;
}

static bool add(struct packet *p, enum direction dir, const char *text, uint32_t cut)
{
	struct transcript_packet as = { .time_ns = now_ns, .frame = ++frame_number };
	uint8_t frame[70000] = "HEAD";
	uint32_t len = (uint32_t)strlen(text);
	bool more = false;

	now_ns += 1000000;
	memcpy(frame + 4, text, len);
	p->payload_off = 4;
	p->payload_len = len;
	p->caplen = 4 + len - cut;
	assert_int_equal(transcript_add(&t, p, frame, dir, &as, &more, NULL), RC_DONE);
	return more;
}

static void tcp_cut(enum direction dir, uint32_t seq, unsigned flags, const char *text, uint32_t cut)
{
	struct packet p = { .flags = PACKET_HAS_TCP | PACKET_HAS_PORTS, .proto = PROTO_TCP, .tcp_seq = seq,
		.tcp_flags = (uint16_t)flags };

	assert_true(add(&p, dir, text, cut));
}

static void c2s(uint32_t seq, const char *text)
{
	tcp_cut(DIR_C2S, seq, TCP_ACK, text, 0);
}

static void s2c(uint32_t seq, const char *text)
{
	tcp_cut(DIR_S2C, seq, TCP_ACK, text, 0);
}

static void udp(enum direction dir, const char *text, uint32_t cut)
{
	struct packet p = { .flags = PACKET_HAS_PORTS, .proto = PROTO_UDP };

	assert_true(add(&p, dir, text, cut));
}

/* All pieces in one line: ">text", "<text", "[12]" a gap, "=" another connection, "|" where a turn begins. */
static void assert_said(const char *expected)
{
	char got[4096] = "";
	size_t sums[2] = { 0, 0 };

	assert_int_equal(transcript_end(&t, NULL), RC_DONE);
	for (size_t i = 0; i < t.n_pieces; i++) {
		const struct transcript_piece *p = &t.pieces[i];
		size_t len = strlen(got);

		if (p->kind == PIECE_ANEW)
			snprintf(got + len, sizeof(got) - len, "=");
		else if (p->kind == PIECE_GAP)
			snprintf(got + len, sizeof(got) - len, "%s[%d]", p->turn ? "|" : "", (int)p->len);
		else
			snprintf(got + len, sizeof(got) - len, "%s%s%.*s", p->turn ? "|" : "", p->dir ? "<" : ">",
				(int)p->len, (const char *)t.bytes[p->dir].data + p->at);
		if (p->kind == PIECE_BYTES) {
			assert_int_equal(p->at, sums[p->dir]);
			sums[p->dir] += p->len;
		}
	}
	assert_int_equal(sums[0], t.bytes[0].len);
	assert_int_equal(sums[1], t.bytes[1].len);
	assert_string_equal(got, expected);
}

static void test_turns(void **state)
{
	(void)state;
	tcp_cut(DIR_C2S, 99, TCP_SYN, "", 0);
	tcp_cut(DIR_S2C, 499, TCP_SYN | TCP_ACK, "", 0);
	c2s(100, "GET ");
	c2s(104, "/");
	s2c(500, "200");
	c2s(105, "GET");
	assert_said("|>GET >/|<200|>GET");
	assert_int_equal(t.pieces[1].packet, 1);
	assert_int_equal(t.packets[1].frame, 4);
}

static void test_order_and_again(void **state)
{
	(void)state;
	tcp_cut(DIR_C2S, 99, TCP_SYN, "", 0);
	c2s(100, "abc");
	c2s(106, "ghi");
	s2c(500, "seen");            /* while def was still missing */
	c2s(103, "def");
	c2s(100, "abc");
	c2s(104, "efgh");
	assert_said("|>abc|<seen|>def>ghi");
	assert_int_equal(t.again, 7);
	assert_int_equal(t.missing, 0);
	/* a piece is where its own packet has it */
	assert_int_equal(t.packets[t.pieces[3].packet].frame, 3);
}

/* What two segments share is there once, with the bytes that were captured first. */
static void test_overlap(void **state)
{
	(void)state;
	c2s(100, "abcdef");
	c2s(103, "DEFGHI");
	c2s(98, "xyABC");
	assert_said("|>xy>abcdef>GHI");
	assert_int_equal(t.again, 6);
}

static void test_gaps(void **state)
{
	(void)state;
	tcp_cut(DIR_C2S, 99, TCP_SYN, "", 0);
	c2s(110, "late");
	tcp_cut(DIR_S2C, 500, TCP_ACK, "answer", 2);
	s2c(510, "end");
	tcp_cut(DIR_S2C, 513, TCP_ACK, "cut off", 7);
	assert_said("|[10]>late|<answ[6]<end[7]");
	assert_int_equal(t.missing, 23);
}

/* The bytes that one segment was cut by are in a later one. */
static void test_gap_filled(void **state)
{
	(void)state;
	tcp_cut(DIR_C2S, 100, TCP_ACK, "abcdef", 3);
	c2s(106, "ghi");
	c2s(100, "abcdef");
	assert_said("|>abc>def>ghi");
	assert_int_equal(t.missing, 0);
}

static void test_sequence_wraps(void **state)
{
	(void)state;
	tcp_cut(DIR_S2C, 0xfffffffd, TCP_SYN | TCP_ACK, "", 0);
	s2c(0xfffffffe, "ab");
	s2c(2, "ef");
	s2c(0, "cd");
	assert_said("|<ab<cd<ef");
}

static void test_ports_used_again(void **state)
{
	(void)state;
	tcp_cut(DIR_C2S, 99, TCP_SYN, "", 0);
	c2s(100, "one");
	s2c(500, "eins");
	tcp_cut(DIR_C2S, 7000, TCP_SYN, "", 0);
	tcp_cut(DIR_C2S, 7000, TCP_SYN, "", 0);
	c2s(7001, "two");
	s2c(90, "zwei");
	assert_said("|>one|<eins=|>two|<zwei");
}

/* A number from nowhere is another connection, not a gap of gigabytes. */
static void test_far_away(void **state)
{
	(void)state;
	c2s(100, "one");
	c2s(0x70000000, "two");
	assert_said("|>one=|>two");
}

static void test_datagrams(void **state)
{
	(void)state;
	udp(DIR_C2S, "q1", 0);
	udp(DIR_C2S, "q2", 0);
	udp(DIR_S2C, "a1-long", 5);
	udp(DIR_S2C, "none", 4);
	assert_said("|>q1|>q2|<a1[5]|[4]");
	assert_int_equal(t.missing, 9);
}

static void test_pause(void **state)
{
	(void)state;
	s2c(1, "tick");
	now_ns += TRANSCRIPT_PAUSE_NS;
	s2c(5, "tick");
	assert_said("|<tick|<tick");
}

static void test_bounds(void **state)
{
	struct packet p = { .flags = PACKET_HAS_TCP, .proto = PROTO_TCP };
	static char text[65001];
	size_t taken = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	while (add(&p, DIR_C2S, text, 0)) {
		p.tcp_seq += 65000;
		taken += 65000;
	}
	assert_true(t.limited);
	assert_true(taken <= TRANSCRIPT_BYTES && taken > TRANSCRIPT_BYTES - 65001);
	assert_int_equal(transcript_end(&t, NULL), RC_DONE);
	assert_int_equal(t.bytes[0].len, taken);
}

static void test_find(void **state)
{
	(void)state;
	c2s(1, "say PASS");
	c2s(9, "word and password");
	assert_said("|>say PASS>word and password");
	assert_int_equal(transcript_find(&t, DIR_C2S, 0, 99, "password", 8), 4);
	assert_int_equal(transcript_find(&t, DIR_C2S, 5, 99, "PassWord", 8), 17);
	assert_int_equal(transcript_find(&t, DIR_C2S, 18, 99, "password", 8), 25);
	assert_int_equal(transcript_find(&t, DIR_C2S, 5, 17, "password", 8), 25);
	assert_int_equal(transcript_find_last(&t, DIR_C2S, 17, "password", 8), 4);
	assert_int_equal(transcript_find_last(&t, DIR_C2S, 99, "password", 8), 17);
	assert_int_equal(transcript_find_last(&t, DIR_C2S, 4, "password", 8), 25);
	assert_int_equal(transcript_find(&t, DIR_S2C, 0, 99, "a", 1), 0);
	assert_int_equal(transcript_piece_at(&t, DIR_C2S, 7), 0);
	assert_int_equal(transcript_piece_at(&t, DIR_C2S, 8), 1);
	assert_int_equal(transcript_piece_at(&t, DIR_C2S, 25), 2);
}

/* Random segments of a known text, with losses, doubles and cuts: what stands there is the text, and gaps have its places. */
static void test_any_order(void **state)
{
	char said[400];

	(void)state;
	srand(7);
	for (unsigned i = 0; i < sizeof(said); i++)
		said[i] = (char)('a' + i % 23);
	for (int round = 0; round < 300; round++) {
		size_t at = 0;

		set_up(NULL);
		for (int i = 0; i < 40; i++) {
			unsigned from = (unsigned)rand() % 390, len = 1 + (unsigned)rand() % (399 - from);
			char text[sizeof(said) + 1] = "";

			memcpy(text, said + from, len);
			tcp_cut(DIR_S2C, from + 0xffffff00, TCP_ACK, text, (unsigned)rand() % 3 ? 0 : len / 2);
		}
		assert_int_equal(transcript_end(&t, NULL), RC_DONE);
		for (size_t i = 0; i < t.n_pieces; i++) {
			const struct transcript_piece *p = &t.pieces[i];
			const char *bytes = (const char *)t.bytes[DIR_S2C].data + p->at;

			if (i == 0)  /* where the text begins is not known */
				at = p->kind == PIECE_BYTES ? (size_t)(bytes[0] - 'a') : 0;
			for (size_t k = 0; p->kind == PIECE_BYTES && k < p->len; k++)
				assert_int_equal(bytes[k], 'a' + (int)((at + k) % 23));
			at += p->len;
		}
		transcript_free(&t);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth < 12; nth++) {
		struct packet p = { .flags = PACKET_HAS_TCP, .payload_off = 0, .payload_len = 3, .caplen = 3 };
		struct transcript_packet as = { 0 };
		enum rc rc = RC_DONE;
		bool more;

		memset(&t, 0, sizeof(t));
		mem_fail_after(nth);
		for (uint32_t i = 0; i < 5 && rc == RC_DONE; i++) {
			p.tcp_seq = i * 3;
			rc = transcript_add(&t, &p, (const uint8_t *)"abc", DIR_C2S, &as, &more, NULL);
		}
		if (rc == RC_DONE)
			rc = transcript_end(&t, NULL);
		mem_fail_after(0);
		assert_true(rc == RC_NO_MEMORY || (rc == RC_DONE && t.bytes[0].len == 15));
		transcript_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(test_turns),
		TEST(test_order_and_again),
		TEST(test_overlap),
		TEST(test_gaps),
		TEST(test_gap_filled),
		TEST(test_sequence_wraps),
		TEST(test_ports_used_again),
		TEST(test_far_away),
		TEST(test_datagrams),
		TEST(test_pause),
		TEST(test_bounds),
		TEST(test_find),
		TEST(test_any_order),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
