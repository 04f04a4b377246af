/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "ui/spark.h"

static struct canvas *canvas;
static struct buf text;

static int set_up(void **state)
{
	(void)state;
	buf_init(&text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	canvas_free(canvas);
	buf_free(&text);
	return 0;
}

static void make(int w, int h, bool ascii)
{
	assert_int_equal(canvas_new(w, h, ascii, &canvas, NULL), RC_DONE);
}

static const char *shown(void)
{
	buf_clear(&text);
	canvas_dump(canvas, &text);
	return buf_text(&text);
}

static void fill(struct spark_value *v, size_t n, const double *values)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (struct spark_value){ .value = values[i], .known = values[i] >= 0 };
}

/* Every value has a cell that shows it, and cells show all values, in order. */
static void test_cells_and_values(void **state)
{
	(void)state;
	for (int w = 1; w < 40; w++)
		for (size_t n = 1; n < 90; n++) {
			size_t next = 0;

			for (int x = 0; x < w; x++) {
				size_t from = spark_from(x, w, n), to = spark_to(x, w, n);

				assert_true(from < to && to <= n && from <= next);
				next = to > next ? to : next;
			}
			assert_int_equal(next, n);
			for (size_t i = 0; i < n; i++) {
				int x = spark_cell(i, w, n);

				assert_true(x >= 0 && x < w);
				assert_true(spark_from(x, w, n) <= i && i < spark_to(x, w, n));
			}
		}
}

static void test_bars(void **state)
{
	struct spark_value v[9];

	(void)state;
	make(9, 1, false);
	fill(v, 9, (double[]){ 0, 1, 20, 30, 40, 50, 60, 80, -1 });
	assert_true(spark_max(v, 9) == 80);
	spark_bars(canvas, (struct rect){ 0, 0, 9, 1 }, v, 9, 80);
	assert_string_equal(shown(), " ▁▂▃▄▅▆█\n");
}

static void test_bars_of_two_rows(void **state)
{
	struct spark_value v[3];

	(void)state;
	make(6, 2, false);
	fill(v, 3, (double[]){ 8, 12, 16 });
	spark_bars(canvas, (struct rect){ 0, 0, 6, 2 }, v, 3, 16);
	assert_string_equal(shown(), "  ▄▄██\n██████\n");
}

static void test_bars_in_ascii(void **state)
{
	struct spark_value v[4];

	(void)state;
	make(4, 1, true);
	fill(v, 4, (double[]){ 0, 1, 40, 80 });
	spark_bars(canvas, (struct rect){ 0, 0, 4, 1 }, v, 4, 80);
	assert_string_equal(shown(), " .=#\n");
}

/* Where values share a cell the largest is seen, with the attribute of the one that matters most. */
static void test_shared_cells(void **state)
{
	struct spark_value v[4];

	(void)state;
	make(2, 1, false);
	fill(v, 4, (double[]){ 80, 10, 10, 20 });
	v[1].attr = ATTR_BAD;
	v[1].rank = 2;
	spark_bars(canvas, (struct rect){ 0, 0, 2, 1 }, v, 4, 80);
	assert_string_equal(shown(), "█▂\n");
	assert_int_equal(canvas_at(canvas, 0, 0)->attr, ATTR_BAD);
	assert_int_equal(canvas_at(canvas, 1, 0)->attr, 0);
}

static void test_line(void **state)
{
	struct spark_value v[4];
	const struct spark_scale scale = { .max = 3 };

	(void)state;
	make(2, 1, false);
	fill(v, 4, (double[]){ 0, 1, 2, 3 });
	spark_line(canvas, (struct rect){ 0, 0, 2, 1 }, v, 4, &scale, '*');
	assert_string_equal(shown(), "⡠⠊\n");
	/* another one over it: dots of both */
	fill(v, 4, (double[]){ 3, 3, 3, 3 });
	spark_line(canvas, (struct rect){ 0, 0, 2, 1 }, v, 4, &scale, '+');
	assert_string_equal(shown(), "⡩⠋\n");
}

static void test_line_with_a_gap_in_ascii(void **state)
{
	struct spark_value v[4];
	const struct spark_scale scale = { .max = 1 };

	(void)state;
	make(4, 2, true);
	fill(v, 4, (double[]){ 0, 1, -1, 1 });
	spark_line(canvas, (struct rect){ 0, 0, 4, 2 }, v, 4, &scale, '*');
	assert_string_equal(shown(), " * *\n**\n");
}

static void test_band_on_a_logarithmic_scale(void **state)
{
	struct spark_value low[2], high[2];
	const struct spark_scale scale = { .max = 1000, .log = true, .least = 1 };

	(void)state;
	make(2, 3, true);
	fill(low, 2, (double[]){ 1, 100 });
	fill(high, 2, (double[]){ 10, 1000 });
	spark_band(canvas, (struct rect){ 0, 0, 2, 3 }, low, high, 2, &scale, ':');
	assert_string_equal(shown(), " :\n::\n:\n");
}

/* Outside of the canvas nothing is drawn, and nothing breaks. */
static void test_odd_rectangles(void **state)
{
	struct spark_value v[3];
	const struct spark_scale scale = { .max = 0 };

	(void)state;
	make(3, 2, false);
	fill(v, 3, (double[]){ 1, 2, 3 });
	for (int w = 0; w < 6; w++)
		for (int h = 0; h < 5; h++) {
			struct rect r = { w - 2, h - 2, w, h };

			spark_bars(canvas, r, v, 3, 0);
			spark_line(canvas, r, v, 3, &scale, '*');
			spark_band(canvas, r, v, v, 3, &scale, '*');
			spark_bars(canvas, r, v, 0, 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells_and_values),
		cmocka_unit_test_setup_teardown(test_bars, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bars_of_two_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bars_in_ascii, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared_cells, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_line_with_a_gap_in_ascii, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_band_on_a_logarithmic_scale, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_rectangles, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
