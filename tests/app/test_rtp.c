/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rtp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const int64_t packet_ns = 20000000;

struct sums { uint64_t expected, received, duplicates, reordered, bursts, restarts, jitters, gaps, missing; int64_t jitter; };

static void take(struct rtp_stream *s, struct sums *sums, uint32_t seq, int64_t late_ns)
{
	struct rtp_header h = {.ssrc = 7, .seq = (uint16_t)seq, .timestamp = seq * 160};
	struct rtp_step step;

	rtp_stream_packet(s, &h, 8000, (int64_t)seq * packet_ns + late_ns, &step);
	sums->expected += step.expected;
	sums->received += step.received;
	sums->duplicates += step.duplicates;
	sums->reordered += step.reordered;
	sums->bursts += step.bursts;
	sums->restarts += step.restarts;
	sums->gaps += step.missing > 0;
	sums->missing += step.missing;
	sums->jitters += step.has_jitter;
	if (step.has_jitter)
		sums->jitter = step.jitter_ns;
}

static void headers(void **state)
{
	static const uint8_t plain[] = {0x80, 0x88, 1, 2, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3};
	uint8_t with[64] = {0x91, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 2};
	struct rtp_header h;

	(void)state;
	assert_true(rtp_read(plain, sizeof(plain), &h));
	assert_int_equal(h.seq, 0x0102);
	assert_int_equal(h.timestamp, 160);
	assert_int_equal(h.ssrc, 0xdeadbeef);
	assert_int_equal(h.type, 8);
	assert_true(h.marker);
	assert_int_equal(h.header_len, 12);
	for (size_t n = 0; n < 12; n++)
		assert_false(rtp_read(plain, n, &h));
	assert_true(rtp_read(with, 28, &h));
	assert_int_equal(h.header_len, 12 + 4 + 4 + 8);
	for (size_t n = 0; n < 28; n++)
		assert_false(rtp_read(with, n, &h));
	with[1] = 200 & 0x7f;            /* RTCP */
	assert_false(rtp_read(with, 28, &h));
	with[0] = 0x40;
	assert_false(rtp_read(with, 28, &h));
}

static void nothing_lost(void **state)
{
	struct rtp_stream s = {0};
	struct sums sums = {0};
	double loss, burst;

	(void)state;
	for (uint32_t i = 65000; i < 67000; i++)         /* wraps */
		take(&s, &sums, i, 0);
	assert_int_equal(sums.expected, 2000);
	assert_int_equal(sums.received, 2000);
	assert_int_equal(sums.jitters, 1999);
	assert_int_equal(sums.gaps, 0);
	assert_int_equal(sums.jitter, 0);
	rtp_stream_loss(&s, &loss, &burst);
	assert_true(loss == 0 && burst == 1);
}

static void losses(void **state)
{
	struct rtp_stream s = {0};
	struct sums sums = {0};

	(void)state;
	for (uint32_t i = 100; i < 1100; i++)
		if (i != 200 && i != 300 && !(i >= 400 && i < 410) && i != 500 && i != 510 && i != 600 && i != 616 && i != 617)
			take(&s, &sums, i, 0);
	assert_int_equal(sums.expected, 1000);
	assert_int_equal(sums.received, 1000 - 2 - 10 - 2 - 3);
	/* 400-409; 500 and 510; 600, 616, 617: fifteen between them */
	assert_int_equal(sums.bursts, 3);
	assert_int_equal(sums.gaps, 7);
	assert_int_equal(sums.missing, 17);
	assert_int_equal(sums.duplicates, 0);
}

static void order(void **state)
{
	struct rtp_stream s = {0};
	struct sums sums = {0};
	static const uint32_t seqs[] = {11, 10, 12, 14, 13, 13, 15, 15, 17, 18, 16};

	(void)state;
	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++)
		take(&s, &sums, seqs[i], 0);
	assert_int_equal(sums.expected, 9);
	assert_int_equal(sums.received, 9);
	assert_int_equal(sums.duplicates, 2);
	assert_int_equal(sums.reordered, 3);
	assert_int_equal(sums.gaps, 2);          /* before 14 and 17; what came late was missing then */
}

/* A single stray packet changes nothing; two that go on from each other are a new beginning. */
static void jumps(void **state)
{
	struct rtp_stream s = {0};
	struct sums sums = {0};

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		take(&s, &sums, i, 0);
	take(&s, &sums, 30000, 0);
	for (uint32_t i = 100; i < 200; i++)
		take(&s, &sums, i, 0);
	assert_int_equal(sums.expected, 200);
	assert_int_equal(sums.received, 200);
	for (uint32_t i = 50000; i < 50100; i++)
		take(&s, &sums, i, 0);
	assert_int_equal(sums.expected, 300);
	assert_int_equal(sums.received, 300);
	assert_int_equal(sums.restarts, 1);
	for (uint32_t i = 10; i < 20; i++)               /* far behind */
		take(&s, &sums, i, 0);
	assert_int_equal(sums.expected, 310);
	assert_int_equal(sums.received, 310);
	assert_int_equal(sums.restarts, 2);
	assert_int_equal(sums.gaps, 0);
}

/* RFC 3550, A.8, in floating point. */
static void jitter(void **state)
{
	struct rtp_stream s = {0};
	struct sums sums = {0};
	double want = 0, before = 0;
	unsigned seed = 1;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		int64_t late = (int64_t)(rand_r(&seed) % 10000) * 1000;

		take(&s, &sums, i, late);
		if (i > 0)
			want += (fabs((double)late - before) - want) / 16;
		before = (double)late;
		if (i > 0 && fabs((double)sums.jitter - want) > 16)
			fail_msg("packet %u: %lld ns, not %g", (unsigned)i, (long long)sums.jitter, want);
	}
	/* a clock that is set is no jitter, one that is not known neither */
	take(&s, &sums, 5000, INT64_C(3600000000000));
	assert_true((double)sums.jitter < want + 16);
	struct rtp_header h = {.ssrc = 7, .seq = 5001};
	struct rtp_step step;
	rtp_stream_packet(&s, &h, 0, 0, &step);
	assert_false(step.has_jitter);
}

/* What the window says is what a look at all places says. */
static void window(void **state)
{
	enum { N = 4000 };
	static bool came[N + 1];

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct rtp_stream s = {0};
		struct sums sums = {0};
		unsigned seed = round, lost = 0, runs = 0;
		double loss, burst;
		uint32_t held = 0;

		memset(came, 1, sizeof(came));
		for (uint32_t i = 0; i < N; i++) {
			bool late = held == 0 && i > 0 && i + 40 < N && rand_r(&seed) % 20 == 0;

			came[i] = i == 0 || (unsigned)rand_r(&seed) % 100 >= round;
			if (late && came[i]) {
				held = i;
				continue;
			}
			if (came[i])
				take(&s, &sums, i, 0);
			if (held && i == held + 3 + (unsigned)rand_r(&seed) % 3) {
				take(&s, &sums, held, 0);
				held = 0;
			} else if (held && i > held + 30) {      /* judged already */
				take(&s, &sums, held, 0);
				held = 0;
			}
		}
		if (held)
			take(&s, &sums, held, 0);
		uint32_t highest = N - 1;
		while (!came[highest])
			highest--;
		uint64_t received = 0;
		for (uint32_t i = 0; i <= highest; i++)
			received += came[i];
		assert_int_equal(sums.expected, highest + 1);
		assert_int_equal(sums.received, received);
		for (uint32_t i = highest - RTP_LAG - RTP_WINDOW + 1; i <= highest - RTP_LAG; i++) {
			lost += !came[i];
			runs += !came[i] && (came[i - 1] || i == highest - RTP_LAG - RTP_WINDOW + 1);
		}
		rtp_stream_loss(&s, &loss, &burst);
		assert_true(fabs(loss - (double)lost / RTP_WINDOW) < 1e-9);
		if (runs > 0) {
			double want = (double)lost / runs * (1 - loss);
			assert_true(fabs(burst - (want < 1 ? 1 : want)) < 1e-9);
		}
	}
}

/* Nothing comes out of any packets but numbers that add up. */
static void anything(void **state)
{
	struct rtp_stream s = {0};
	struct sums sums = {0};
	unsigned seed = 5;
	double loss, burst;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		unsigned kind = (unsigned)rand_r(&seed) % 4;
		static uint32_t seq;

		seq = kind == 0 ? (uint32_t)rand_r(&seed) : kind == 1 ? seq - (uint32_t)rand_r(&seed) % 600 :
			kind == 2 ? seq + (uint32_t)rand_r(&seed) % 3100 : seq + 1;
		take(&s, &sums, seq, 0);
		rtp_stream_loss(&s, &loss, &burst);
		assert_true(s.window_lost <= RTP_WINDOW && s.window_runs <= s.window_lost && loss >= 0 && loss <= 1 && burst >= 1);
		assert_true((s.window_lost == 0) == (s.window_runs == 0));
		assert_true(sums.received <= sums.expected);
	}
}

static void guesses(void **state)
{
	struct rtp_guess g = {0};
	uint8_t p[172] = {0x80, 111, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
	unsigned seed = 3;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		p[3] = (uint8_t)i;
		p[6] = (uint8_t)i;
		assert_int_equal(rtp_guess(&g, p, sizeof(p)), i >= RTP_GUESS - 1);
	}
	/* a hole, another source, no payload, timestamps that stand still */
	p[3] = 20;
	assert_false(rtp_guess(&g, p, sizeof(p)));
	memset(&g, 0, sizeof(g));
	for (unsigned i = 0; i < 100; i++) {
		p[3] = (uint8_t)i;
		p[11] = (uint8_t)i;
		assert_false(rtp_guess(&g, p, sizeof(p)));
	}
	p[11] = 1;
	for (unsigned i = 0; i < 100; i++) {
		p[3] = (uint8_t)i;
		assert_false(rtp_guess(&g, p, sizeof(p)));
		assert_false(rtp_guess(&g, p, 12));
	}
	for (unsigned i = 0; i < 1000000; i++) {
		for (size_t at = 0; at < 16; at++)
			p[at] = (uint8_t)(rand_r(&seed) >> 8);
		assert_false(rtp_guess(&g, p, sizeof(p)));
	}
}

static void types(void **state)
{
	uint32_t clock = 1;

	(void)state;
	assert_string_equal(rtp_static_type(9, &clock), "G722");
	assert_int_equal(clock, 8000);           /* RFC 3551's famous mistake */
	assert_string_equal(rtp_static_type(18, &clock), "G729");
	assert_null(rtp_static_type(96, &clock));
	assert_null(rtp_static_type(1, &clock));
	assert_null(rtp_static_type(255, &clock));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers), cmocka_unit_test(nothing_lost), cmocka_unit_test(losses), cmocka_unit_test(order),
		cmocka_unit_test(jumps), cmocka_unit_test(jitter), cmocka_unit_test(window), cmocka_unit_test(anything),
		cmocka_unit_test(guesses), cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
