/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/sketch.h"

#include <stdlib.h>

static struct addr number(uint32_t n)
{
	return (struct addr){ADDR_IPV4, {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static struct sketch *of_range(uint32_t from, uint32_t to)
{
	struct sketch *s;

	assert_int_equal(sketch_new(&s, NULL), RC_DONE);
	for (uint32_t i = from; i < to; i++) {
		struct addr a = number(i);
		assert_int_equal(sketch_add(s, &a, NULL), RC_DONE);
	}
	return s;
}

static void check_same(const struct sketch *a, const struct sketch *b)
{
	struct buf x, y;

	buf_init(&x);
	buf_init(&y);
	sketch_encode(a, &x);
	sketch_encode(b, &y);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	buf_free(&x);
	buf_free(&y);
}

static void test_exact_while_few(void **state)
{
	struct sketch *s = of_range(0, SKETCH_EXACT);
	bool estimated;

	(void)state;
	assert_int_equal(sketch_count(s, &estimated), SKETCH_EXACT);
	assert_false(estimated);
	struct addr again = number(5);
	assert_int_equal(sketch_add(s, &again, NULL), RC_DONE);
	assert_int_equal(sketch_count(s, &estimated), SKETCH_EXACT);
	sketch_free(s);
}

/* Standard error 2.3 %: 7 % is three of them. */
static void test_estimates(void **state)
{
	static const uint32_t counts[] = {100, 1000, 5000, 20000, 200000};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct sketch *s = of_range(7, 7 + counts[i]);
		bool estimated;
		double n = (double)sketch_count(s, &estimated);
		assert_true(estimated);
		assert_true(n > counts[i] * 0.93 && n < counts[i] * 1.07);
		sketch_free(s);
	}
}

static void test_merging_is_exact(void **state)
{
	(void)state;
	for (uint32_t split = 1; split < 300; split += 13) {
		struct sketch *whole = of_range(0, 300), *a = of_range(0, split), *b = of_range(split / 2, 300);
		assert_int_equal(sketch_merge(a, b, NULL), RC_DONE);
		check_same(whole, a);
		sketch_free(whole);
		sketch_free(a);
		sketch_free(b);
	}
}

static void test_codec(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 3000; n = n * 2 + 1) {
		struct sketch *s = of_range(0, n), *back;
		struct buf b;
		struct cursor c;
		buf_init(&b);
		sketch_encode(s, &b);
		cursor_init(&c, b.data, b.len);
		assert_int_equal(sketch_decode(&c, &back, NULL), RC_DONE);
		assert_int_equal(cursor_left(&c), 0);
		check_same(s, back);
		sketch_free(back);
		for (size_t cut = 0; cut < b.len; cut++) {
			cursor_init(&c, b.data, cut);
			assert_int_equal(sketch_decode(&c, &back, NULL), RC_DAMAGED);
		}
		buf_free(&b);
		sketch_free(s);
	}
}

static void test_hist_quantiles_within_two_percent(void **state)
{
	(void)state;
	for (int64_t v = 1; v < INT64_MAX / 3; v = v * 2 + v / 3 + 1) {
		struct hist *h;
		int64_t got;
		assert_int_equal(hist_new(&h, NULL), RC_DONE);
		assert_false(hist_quantile(h, 0.5, &got));
		assert_int_equal(hist_add(h, v, NULL), RC_DONE);
		assert_true(hist_quantile(h, 0.5, &got));
		assert_true((double)got >= (double)v * 0.98 && (double)got <= (double)v * 1.02);
		assert_true(hist_quantile_within(h, 0.95, v, v, &got));
		assert_true(got == v);
		hist_free(h);
	}
}

static void test_hist_merge_and_codec(void **state)
{
	struct hist *whole, *part[2], *back;
	struct buf x, y;
	struct cursor c;
	int64_t median;

	(void)state;
	srandom(3);
	assert_int_equal(hist_new(&whole, NULL), RC_DONE);
	assert_int_equal(hist_new(&part[0], NULL), RC_DONE);
	assert_int_equal(hist_new(&part[1], NULL), RC_DONE);
	for (int i = 0; i < 2000; i++) {
		int64_t v = random() % 1000000000;
		assert_int_equal(hist_add(whole, v, NULL), RC_DONE);
		assert_int_equal(hist_add(part[random() & 1], v, NULL), RC_DONE);
	}
	assert_int_equal(hist_merge(part[1], part[0], NULL), RC_DONE);
	assert_int_equal(hist_count(part[1]), 2000);
	buf_init(&x);
	buf_init(&y);
	hist_encode(whole, &x);
	hist_encode(part[1], &y);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	cursor_init(&c, x.data, x.len);
	assert_int_equal(hist_decode(&c, &back, NULL), RC_DONE);
	assert_true(hist_quantile(back, 0.5, &median));
	assert_true(median > 450000000 && median < 550000000);
	hist_free(back);
	for (size_t cut = 0; cut < x.len; cut++) {
		cursor_init(&c, x.data, cut);
		assert_int_equal(hist_decode(&c, &back, NULL), RC_DAMAGED);
	}
	hist_free(whole);
	hist_free(part[0]);
	hist_free(part[1]);
	buf_free(&x);
	buf_free(&y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_while_few),
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_merging_is_exact),
		cmocka_unit_test(test_codec),
		cmocka_unit_test(test_hist_quantiles_within_two_percent),
		cmocka_unit_test(test_hist_merge_and_codec),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
