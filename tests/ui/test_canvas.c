/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ui/canvas.h"
#include "ui/hexdump.h"
#include "ui/term_palette.h"

static struct canvas *canvas(int w, int h, bool ascii)
{
	struct canvas *c;
	struct err err;

	assert_int_equal(canvas_new(w, h, ascii, &c, &err), RC_DONE);
	return c;
}

static void assert_shows(const struct canvas *c, const char *text)
{
	struct buf out;

	buf_init(&out);
	canvas_dump(c, &out);
	assert_string_equal(buf_text(&out), text);
	buf_free(&out);
}

static void assert_attrs(const struct canvas *c, const char *text)
{
	struct buf out;

	buf_init(&out);
	canvas_dump_attrs(c, &out);
	assert_string_equal(buf_text(&out), text);
	buf_free(&out);
}

static void test_text_and_cut(void **state)
{
	struct canvas *c = canvas(10, 3, false);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 0, 10, ATTR_NORMAL, "0123456789"), 10);
	assert_int_equal(canvas_text(c, 0, 1, 10, ATTR_NORMAL, "0123456789a"), 10);
	assert_int_equal(canvas_text(c, 7, 2, 99, ATTR_NORMAL, "abcd"), 3);
	assert_shows(c, "0123456789\n012345678…\n       ab…\n");
	assert_int_equal(canvas_text(c, 0, 0, 1, ATTR_NORMAL, "xy"), 1);
	assert_int_equal(canvas_text(c, 0, 1, 0, ATTR_NORMAL, "xy"), 0);
	assert_shows(c, "…123456789\n012345678…\n       ab…\n");
	canvas_free(c);
}

static void test_outside_does_nothing(void **state)
{
	struct canvas *c = canvas(4, 2, false);

	(void)state;
	canvas_text(c, 9, 0, 3, ATTR_NORMAL, "no");
	canvas_text(c, 0, 9, 3, ATTR_NORMAL, "no");
	canvas_text(c, 0, -1, 3, ATTR_NORMAL, "no");
	canvas_text(c, -2, 1, 4, ATTR_NORMAL, "abcd");
	canvas_fill(c, (struct rect){ -5, -5, 3, 3 }, ATTR_BAR);
	canvas_glyph(c, 4, 1, ATTR_NORMAL, GLYPH_HLINE);
	assert_null(canvas_at(c, 4, 0));
	assert_null(canvas_at(c, 0, -1));
	assert_shows(c, "\ncd\n");
	canvas_free(c);
}

static void test_wide_characters(void **state)
{
	struct canvas *c = canvas(6, 3, false);

	(void)state;
	assert_int_equal(canvas_width(c, "語x"), 3);
	canvas_text(c, 0, 0, 6, ATTR_NORMAL, "語語語");
	canvas_text(c, 0, 1, 6, ATTR_NORMAL, "a語語語");
	/* a half that is overwritten takes the other half with it */
	canvas_text(c, 0, 2, 6, ATTR_NORMAL, "語語語");
	canvas_text(c, 1, 2, 1, ATTR_NORMAL, "x");
	canvas_text(c, 4, 2, 1, ATTR_NORMAL, "y");
	assert_shows(c, "語語語\na語語…\n x語y\n");
	assert_int_equal(canvas_at(c, 1, 0)->width, 0);
	assert_int_equal(canvas_at(c, 5, 2)->width, 1);
	canvas_free(c);
}

static void test_combining_marks(void **state)
{
	struct canvas *c = canvas(8, 1, false);

	(void)state;
	assert_int_equal(canvas_text(c, 0, 0, 8, ATTR_NORMAL, "e\xcc\x81\xcc\x82\xcc\x83x"), 2);
	/* a third mark has no room */
	assert_shows(c, "e\xcc\x81\xcc\x82x\n");
	canvas_free(c);
}

static void test_nothing_escapes(void **state)
{
	struct canvas *c = canvas(60, 1, false);
	struct buf out;

	(void)state;
	canvas_text(c, 0, 0, 60, ATTR_NORMAL, "\x1b[31m\x07\x7f\xc2\x9b\xff\xe2\x80\xae\\x41");
	assert_shows(c, "\\x1b[31m\\x07\\x7f\\u{009b}\\xff\\u{202e}\\x41\n");
	buf_init(&out);
	canvas_dump(c, &out);
	for (size_t i = 0; i + 1 < out.len; i++)
		assert_in_range(out.data[i], 0x20, 0x7e);
	buf_free(&out);
	canvas_free(c);
}

static void test_every_byte_is_safe(void **state)
{
	struct canvas *c = canvas(40, 1, false);

	(void)state;
	for (unsigned a = 1; a < 256; a++)
		for (unsigned b = 1; b < 256; b++) {
			const char text[] = { (char)a, (char)b, 'x', '\0' };

			canvas_clear(c);
			canvas_text(c, 0, 0, 40, ATTR_NORMAL, text);
			for (int x = 0; x < c->w; x++) {
				uint32_t cp = canvas_at(c, x, 0)->cp;

				assert_true(
					cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0));
			}
		}
	canvas_free(c);
}

static void test_ascii(void **state)
{
	struct canvas *c = canvas(30, 3, true);

	(void)state;
	canvas_text(c, 0, 0, 8, ATTR_NORMAL, "a long text");
	canvas_text(c, 10, 0, 20, ATTR_NORMAL, "a › b · c → d");
	canvas_text(c, 0, 1, 30, ATTR_NORMAL, "grün 語");
	canvas_rule(c, 0, 2, 3, ATTR_RULE);
	canvas_glyph(c, 4, 2, ATTR_KEY, GLYPH_CURSOR);
	assert_shows(c, "a long ~  a > b - c -> d\ngr\\u{00fc}n \\u{8a9e}\n--- >\n");
	canvas_free(c);
}

static void test_alignment(void **state)
{
	struct canvas *c = canvas(20, 2, false);

	(void)state;
	canvas_cell(c, 0, 0, 8, ALIGN_RIGHT, ATTR_NUMBER, "12.5");
	canvas_cell(c, 10, 0, 8, ALIGN_LEFT, ATTR_NUMBER, "12.5");
	canvas_cell(c, 0, 1, 4, ALIGN_RIGHT, ATTR_NUMBER, "123456");
	assert_shows(c, "    12.5  12.5\n123…\n");
	canvas_free(c);
}

static void test_attributes(void **state)
{
	struct canvas *c = canvas(6, 2, false);

	(void)state;
	canvas_text(c, 0, 0, 2, ATTR_DIM, "ab");
	canvas_text(c, 2, 0, 2, ATTR_STRONG | ATTR_SELECTED, "cd");
	canvas_fill(c, (struct rect){ 0, 1, 3, 1 }, ATTR_NORMAL | ATTR_SELECTED);
	assert_attrs(c, "aaBB..\n###...\n");
	canvas_paint(c, (struct rect){ 0, 0, 6, 1 }, ATTR_NORMAL);
	assert_attrs(c, "......\n###...\n");
	assert_shows(c, "abcd\n\n");
	canvas_free(c);
}

static void test_resize(void **state)
{
	struct canvas *c = canvas(5, 2, false);
	struct err err;

	(void)state;
	canvas_text(c, 0, 0, 5, ATTR_NORMAL, "abc");
	c->cursor_x = 3;
	assert_int_equal(canvas_resize(c, 3, 1, &err), RC_DONE);
	assert_shows(c, "\n");
	assert_true(c->cursor_x < 0);
	assert_int_equal(canvas_resize(c, 0, -4, &err), RC_DONE);
	assert_int_equal(c->w, 1);
	assert_int_equal(c->h, 1);
	mem_fail_after(1);
	assert_int_equal(canvas_resize(c, 80, 24, &err), RC_NO_MEMORY);
	mem_fail_after(0);
	assert_int_equal(c->w, 1);
	canvas_free(c);
}

static void test_hexdump(void **state)
{
	struct canvas *c = canvas(76, 4, false);
	const uint8_t data[] = "GET / HTTP/1.1\r\n\x1b[0m";
	struct hexdump h = {
		.data = data, .len = 20, .wire_len = 99, .mark = 14, .mark_len = 3
	};

	(void)state;
	assert_int_equal(hexdump_per_line(76), 16);
	assert_int_equal(hexdump_per_line(hexdump_width(16)), 16);
	assert_int_equal(hexdump_per_line(hexdump_width(16) - 1), 8);
	assert_int_equal(hexdump_lines(&h, 16), 3);
	hexdump_draw(&h, c, (struct rect){ 0, 0, 76, 4 }, 0);
	assert_shows(c,
		"0000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1..\n"
		"0010  1b 5b 30 6d                                       .[0m\n"
		"79 further bytes were not captured\n\n");
	assert_int_equal(canvas_at(c, 49, 0)->attr, ATTR_BYTES);
	assert_int_equal(canvas_at(c, 48, 0)->attr, ATTR_NORMAL);
	assert_int_equal(canvas_at(c, 6, 1)->attr, ATTR_BYTES);
	assert_int_equal(canvas_at(c, 9, 1)->attr, ATTR_NORMAL);
	canvas_free(c);
}

static void test_palette(void **state)
{
	static const int colors[] = { 0, 8, 16, 256, 0, 8, 16, 256 };

	(void)state;
	for (size_t i = 0; i < 8; i++)
		for (unsigned attr = 0; attr < ATTRS; attr++) {
			const struct theme t = { .kind = i < 4 ? THEME_DARK : THEME_LIGHT };
			struct palette_entry e = palette_entry(&t, attr, colors[i]);
			struct palette_entry s = palette_entry(&t, attr | ATTR_SELECTED, colors[i]);

			assert_true(e.fg < colors[i] || e.fg == -1);
			assert_true(e.bg < colors[i] || e.bg == -1);
			assert_true(s.fg < colors[i] || s.fg == -1);
			/* the selected row is told without colours too */
			assert_true(
				colors[i] > 0 ? s.bg != -1 : (s.flags & PALETTE_REVERSE) != 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_and_cut),
		cmocka_unit_test(test_outside_does_nothing),
		cmocka_unit_test(test_wide_characters),
		cmocka_unit_test(test_combining_marks),
		cmocka_unit_test(test_nothing_escapes),
		cmocka_unit_test(test_every_byte_is_safe),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_hexdump),
		cmocka_unit_test(test_palette),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
