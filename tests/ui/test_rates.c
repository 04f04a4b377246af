/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates of rows over samples, and which rows are new. */
#include "ui/rates.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#define SECOND INT64_C(1000000000)

/* Rows 1..n, each with so many packets of 1,000 bytes a second, `s` seconds after the capture began. */
static void sample(struct rates *t, unsigned n, uint64_t per_second, unsigned s)
{
	struct result *r;

	assert_int_equal(result_new(TIER_FLOW, &r, NULL), RC_DONE);
	for (unsigned i = 1; i <= n; i++) {
		struct record rec;
		struct row row = { .tier = TIER_FLOW, .record = &rec, .capture_end_ns = (int64_t)s * SECOND };

		record_init(&rec, TIER_FLOW);
		rec.id = (struct record_id){ 1, i };
		rec.c.packets[DIR_C2S] = i * per_second * s;
		rec.c.bytes[DIR_S2C] = rec.c.packets[DIR_C2S] * 1000;
		assert_int_equal(result_add(r, &row, NULL), RC_DONE);
		record_free(&rec);
	}
	rates_take(t, r, (100 + (int64_t)s) * SECOND);
	result_free(r);
}

static bool rate(const struct rates *t, unsigned i, uint64_t packets, unsigned s, double *bits, double *per_s)
{
	struct record rec;
	struct row row = { .tier = TIER_FLOW, .record = &rec, .capture_end_ns = (int64_t)s * SECOND };
	bool known;

	record_init(&rec, TIER_FLOW);
	rec.id = (struct record_id){ 1, i };
	rec.c.packets[DIR_C2S] = packets;
	rec.c.bytes[DIR_S2C] = packets * 1000;
	known = rates_of(t, &row, bits, per_s);
	record_free(&rec);
	return known;
}

static bool is_new(const struct rates *t, unsigned i)
{
	struct record rec;
	struct row row = { .tier = TIER_FLOW, .record = &rec };
	bool answer;

	record_init(&rec, TIER_FLOW);
	rec.id = (struct record_id){ 1, i };
	answer = rates_is_new(t, &row);
	record_free(&rec);
	return answer;
}

static void test_steady(void **state)
{
	struct rates t = { 0 };
	double bits, packets;

	(void)state;
	assert_false(rate(&t, 1, 10, 1, &bits, &packets));
	for (unsigned s = 1; s < 40; s++) {
		sample(&t, 5, 10, s);
		if (s < 2) {
			assert_false(rate(&t, 3, 30 * s, s, &bits, &packets));
			continue;
		}
		assert_true(rate(&t, 3, 30 * s, s, &bits, &packets));
		assert_true(packets > 29.9 && packets < 30.1);
		assert_true(bits > 239000 && bits < 241000);
		/* never over more than six seconds, nor, once there are, less than three */
		assert_true(s < 8 || (100 + s) * SECOND - t.old.taken_ns >= 3 * SECOND);
		assert_true(s < 8 || (100 + s) * SECOND - t.old.taken_ns <= 7 * SECOND);
	}
	/* nothing came for longer */
	t.now_ns = (100 + 39 + 10) * SECOND;
	assert_true(rate(&t, 3, 30 * 39, 39, &bits, &packets));
	assert_true(packets == 0 && bits == 0);
	rates_clear(&t);
}

static void test_new_rows(void **state)
{
	struct rates t = { 0 };
	double bits, packets;

	(void)state;
	sample(&t, 5, 10, 1);
	assert_false(is_new(&t, 5));
	assert_int_equal(t.n_new, 0);
	sample(&t, 7, 10, 2);
	assert_false(is_new(&t, 5));
	assert_true(is_new(&t, 6));
	assert_true(is_new(&t, 7));
	assert_int_equal(t.n_new, 2);
	assert_true(rate(&t, 7, 100, 2, &bits, &packets));
	assert_true(packets == 100);
	for (unsigned s = 3; s < 12; s++)
		sample(&t, 7, 10, s);
	assert_false(is_new(&t, 7));
	assert_int_equal(t.n_new, 0);
	rates_clear(&t);
	assert_false(is_new(&t, 8));
}

static void test_text(void **state)
{
	struct rates t = { 0 };
	struct record rec;
	struct row row = { .tier = TIER_FLOW, .record = &rec, .capture_end_ns = 2 * SECOND };
	char text[64];

	(void)state;
	record_init(&rec, TIER_FLOW);
	rec.id = (struct record_id){ 1, 1 };
	assert_false(rates_format(text, sizeof(text), NULL, &rates_bits_field, &row));
	assert_string_equal(text, "-");
	sample(&t, 1, 1, 1);
	rec.c.packets[0] = 3;
	rec.c.bytes[0] = 0;
	rec.c.bytes[1] = 251000;
	assert_true(rates_format(text, sizeof(text), &t, &rates_packets_field, &row));
	assert_string_equal(text, "2.0");
	assert_true(rates_format(text, sizeof(text), &t, &rates_bits_field, &row));
	assert_string_equal(text, "2.0 M");
	rec.c.bytes[1] = 1; /* less than it was: merged into another */
	assert_true(rates_format(text, sizeof(text), &t, &rates_bits_field, &row));
	assert_string_equal(text, "0");
	record_free(&rec);
	rates_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_steady), cmocka_unit_test(test_new_rows),
		cmocka_unit_test(test_text) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
