/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TCP options leave in struct packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/decode.h"

#include <string.h>

enum { LINKTYPE_RAW = 101, ACK = 1000 };

/* A raw IPv4 segment that acknowledges ACK, with these options. */
static struct packet decoded(const uint8_t *options, size_t len)
{
	uint8_t frame[80] = {0x45, 0, 0, (uint8_t)(40 + len), 0, 7, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
		0, 80, 0, 81, 0, 0, 0, 9, 0, 0, ACK >> 8, ACK & 0xff, (uint8_t)((5 + len / 4) << 4), 0x10};
	struct packet p = {0};

	assert_true(len % 4 == 0 && len <= 40);
	if (len)
		memcpy(frame + 40, options, len);
	decode_packet(&(struct decode_frame){.linktype = LINKTYPE_RAW, .data = frame, .caplen = (uint32_t)(40 + len),
		.len = (uint32_t)(40 + len)}, &p);
	assert_true(p.flags & PACKET_HAS_TCP);
	return p;
}

static void syn_options(void **unused)
{
	const uint8_t all[] = {2, 4, 5, 0xb4, 1, 3, 3, 15, 4, 2, 0, 0};
	const uint8_t cut[] = {4, 2, 2, 9};
	struct packet p = decoded(all, sizeof(all));

	(void)unused;
	assert_int_equal(p.tcp_options, TCP_OPT_MSS | TCP_OPT_SCALE | TCP_OPT_SACK_OK);
	assert_int_equal(p.tcp_mss, 1460);
	assert_int_equal(p.tcp_scale, 14);
	p = decoded(cut, sizeof(cut));
	assert_int_equal(p.tcp_options, TCP_OPT_SACK_OK);
	assert_int_equal(decoded(NULL, 0).tcp_options, 0);
}

/* One or two blocks, relative to ACK. */
static struct packet sacked(unsigned n, int32_t left1, int32_t right1, int32_t left2, int32_t right2)
{
	const int32_t edges[4] = {left1, right1, left2, right2};
	uint8_t o[20] = {1, 1, 5, (uint8_t)(2 + 8 * n)};

	for (unsigned i = 0; i < 2 * n; i++) {
		uint32_t edge = ACK + (uint32_t)edges[i];
		for (unsigned k = 0; k < 4; k++)
			o[4 + 4 * i + k] = (uint8_t)(edge >> (24 - 8 * k));
	}
	return decoded(o, 4 + 8 * n);
}

static void sack_blocks(void **unused)
{
	const unsigned good = TCP_OPT_SACK, bad = TCP_OPT_SACK | TCP_OPT_BAD_SACK;
	const struct {
		unsigned n;
		int32_t edges[4];
		unsigned options;
		uint32_t bytes;
	} cases[] = {
		{1, {100, 200, 0, 0}, good, 100},
		{2, {300, 350, 100, 200}, good, 150},
		{2, {120, 140, 100, 200}, good, 100},          /* within the next: tells of a duplicate (RFC 2883) */
		{2, {-500, -400, 100, 200}, good, 100},        /* acknowledged already: likewise */
		{2, {100, 200, -500, -400}, bad, 100},         /* that the first alone may tell */
		{1, {200, 100, 0, 0}, bad, 0},
		{1, {100, 100, 0, 0}, bad, 0},
		{1, {-50, 50, 0, 0}, bad, 0},
		{1, {0, 50, 0, 0}, bad, 0},
		{1, {100, (1 << 30) + 1, 0, 0}, bad, 0},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packet p = sacked(cases[i].n, cases[i].edges[0], cases[i].edges[1], cases[i].edges[2], cases[i].edges[3]);
		assert_int_equal(p.tcp_options, cases[i].options);
		assert_int_equal(p.tcp_sacked, cases[i].bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(syn_options), cmocka_unit_test(sack_blocks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
