/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mos.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static double rating(enum mos_codec codec, double percent, double burst, double delay_ms)
{
	struct mos_input in = {codec, percent / 100, burst, delay_ms};
	double r;

	assert_true(mos_rating(&in, &r));
	return r;
}

static void near(double got, double want, double within)
{
	if (fabs(got - want) > within)
		fail_msg("%g, not %g", got, want);
}

/* G.107: with all parameters at their defaults R = 93.2 and MOS = 4.41. */
static void defaults(void **state)
{
	struct mos_input in = {MOS_G711, 0, 1, 0};
	uint32_t mos;

	(void)state;
	near(rating(MOS_G711, 0, 1, 0), 93.2, 0.05);
	assert_true(mos_micro(&in, &mos));
	near(mos / 1e6, 4.41, 0.005);
}

/* G.107, annex B, table B.1. */
static void ratings(void **state)
{
	static const struct { double r, mos; } rows[] = {
		{90, 4.34}, {80, 4.03}, {70, 3.60}, {60, 3.10}, {50, 2.58}, {0, 1}, {-5, 1}, {100, 4.5}, {120, 4.5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		near(mos_of_rating(rows[i].r), rows[i].mos, 0.0061);
}

/* G.113, appendix I, table I.2 (Ie by per cent of random loss), and its Bpl for G.711 by G.107's own formula. */
static void losses(void **state)
{
	static const struct { enum mos_codec codec; double percent, ie, within; } rows[] = {
		{MOS_G729, 0, 11, 0.01}, {MOS_G729, 0.5, 13, 0.6}, {MOS_G729, 1, 15, 0.6}, {MOS_G729, 1.5, 17, 0.6},
		{MOS_G729, 2, 19, 0.6}, {MOS_G729, 3, 23, 0.6}, {MOS_G729, 4, 26, 0.6}, {MOS_G729, 8, 36, 0.6}, {MOS_G729, 16, 49, 0.6},
		{MOS_G723, 0, 15, 0.01}, {MOS_G723, 0.5, 17, 0.6}, {MOS_G723, 1, 19, 0.8}, {MOS_G723, 2, 24, 0.6},
		{MOS_G723, 4, 32, 1.1}, {MOS_G723, 8, 41, 0.99}, {MOS_G723, 16, 55, 0.6},
		{MOS_G711_PLC, 2, 7, 0.1}, {MOS_G711_PLC, 3, 10, 0.2}, {MOS_G711_PLC, 5, 15, 0.8}, {MOS_G711_PLC, 7, 20, 0.8},
		{MOS_G711, 1, 17.92, 0.01}, {MOS_G711, 2, 30.16, 0.01}, {MOS_G711, 10, 66.43, 0.01},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		near(rating(MOS_G711, 0, 1, 0) - rating(rows[i].codec, rows[i].percent, 1, 0), rows[i].ie, rows[i].within);
	near(rating(MOS_G722, 0, 1, 0), (129 - 13) / 1.29, 0.2);
}

/* What others made of G.107: Cole and Rosenbluth (2001) fit Id = 0.024 d + 0.11 (d - 177.3) H(d - 177.3). */
static void delays(void **state)
{
	(void)state;
	for (double d = 50; d <= 400; d += 10) {
		double id = 0.024 * d + (d > 177.3 ? 0.11 * (d - 177.3) : 0);

		near(rating(MOS_G711, 0, 1, 0) - rating(MOS_G711, 0, 1, d), id, 3.3);
	}
}

/* More loss, longer bursts, more delay never sound better. */
static void monotone(void **state)
{
	(void)state;
	for (enum mos_codec c = MOS_NONE + 1; c < MOS_CODECS; c++) {
		for (double delay = 0; delay < 2000; delay += 7) {
			if (rating(c, 1, 1, delay + 7) > rating(c, 1, 1, delay))
				fail_msg("delay %g ms", delay);
		}
		for (double loss = 0; loss < 100; loss += 0.25) {
			double burst = 1 + loss / 10;
			uint32_t less = 0, more = 0;
			struct mos_input a = {c, loss / 100, 2, 50}, b = {c, loss / 100 + 0.0025, 2, 50};

			if (rating(c, loss + 0.25, burst, 50) >= rating(c, loss, burst, 50))
				fail_msg("loss %g %%", loss);
			if (rating(c, loss, burst + 0.5, 50) > rating(c, loss, burst, 50))
				fail_msg("burst %g", burst);
			assert_true(mos_micro(&a, &less) && mos_micro(&b, &more));
			if (more > less)
				fail_msg("MOS at loss %g %%", loss);
		}
	}
}

static void codecs(void **state)
{
	struct mos_input in = {MOS_NONE, 0, 1, 0};
	uint32_t mos;

	(void)state;
	assert_int_equal(mos_codec_of("PCMU", 4), MOS_G711_PLC);
	assert_int_equal(mos_codec_of("pcma", 4), MOS_G711_PLC);
	assert_int_equal(mos_codec_of("G722", 4), MOS_G722);
	assert_int_equal(mos_codec_of("G729x", 4), MOS_G729);
	assert_int_equal(mos_codec_of("G729x", 5), MOS_NONE);
	assert_int_equal(mos_codec_of("opus", 4), MOS_NONE);
	assert_int_equal(mos_codec_of("", 0), MOS_NONE);
	assert_false(mos_micro(&in, &mos));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(ratings), cmocka_unit_test(losses), cmocka_unit_test(delays),
		cmocka_unit_test(monotone), cmocka_unit_test(codecs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
