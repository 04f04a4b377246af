/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mouse, the steps of the top line, help, and who may run programs; over a made-up session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "screen_keys.h"
#include "ui/list_view.h"

static void mouse(enum mouse_kind kind, int x, int y)
{
	const struct mouse_event e = { kind, x, y };

	mouse_take(&screen, &e);
	shown();
}

/* Where a text stands; the first place of it. */
static void click_text(const char *what)
{
	const char *line = shown();

	for (int y = 0; *line != '\0'; y++) {
		size_t len = strcspn(line, "\n");
		const char *at = strstr(line, what);

		if (at != NULL && at < line + len) {
			int x = 0;

			for (const char *c = line; c < at; c++)
				x += ((unsigned char)*c & 0xc0) != 0x80;
			mouse(MOUSE_CLICK, x, y);
			return;
		}
		line += len + 1;
	}
	fail_msg("not on the screen: %s", what);
}

static const char *view(void)
{
	return screen_top(&screen)->ops->name;
}

static void test_rows(void **state)
{
	(void)state;
	open_screen();
	click_text("198.51.100.3");
	assert_int_equal(selected_offset(), 300);
	assert_string_equal(view(), "macroflows");
	/* elsewhere selects, the same row once more opens */
	click_text("198.51.100.5");
	assert_int_equal(selected_offset(), 500);
	click_text("198.51.100.5");
	assert_string_equal(view(), "flows");
	/* a row that keys have left is only selected again */
	click_text("192.0.2.4");
	keys("j");
	click_text("192.0.2.4");
	assert_string_equal(view(), "flows");
	click_text("192.0.2.4");
	assert_string_equal(view(), "microflows");
	/* outside of rows nothing happens */
	mouse(MOUSE_CLICK, 500, 500);
	mouse(MOUSE_CLICK, -1, -1);
	mouse(MOUSE_CLICK, 79, 0);
	assert_string_equal(view(), "microflows");
}

static void test_wheel(void **state)
{
	(void)state;
	open_screen();
	keys("Enter");
	mouse(MOUSE_WHEEL_DOWN, 5, 5);
	assert_int_equal(selected_offset(), 400);
	mouse(MOUSE_WHEEL_DOWN, 5, 5);
	mouse(MOUSE_WHEEL_UP, 5, 5);
	assert_int_equal(selected_offset(), 400);
}

static void test_headings(void **state)
{
	(void)state;
	open_screen();
	keys("Enter");
	click_text("bytes");
	assert_seen("largest first by bytes");
	click_text("bytes");
	assert_seen("smallest first by bytes");
	click_text("client");
	assert_seen("smallest first by client");
	/* the cursor goes along */
	assert_string_equal(
		columns_cursor(&((struct list_view *)screen_top(&screen))->columns)->field->name, "client");
}

static void test_hints(void **state)
{
	(void)state;
	open_screen();
	click_text("Enter open");
	assert_string_equal(view(), "flows");
	keys("s");
	assert_seen("sort flows by");
	click_text("Escape back");
	assert_string_equal(view(), "flows");
}

static void test_crumbs(void **state)
{
	(void)state;
	open_screen();
	keys("j j Enter Enter Enter");
	assert_string_equal(view(), "packets");
	/* 1 shop.pcapng  2 14:00  3 https ...  4 ... */
	keys("3");
	assert_string_equal(view(), "flows");
	keys("Enter Enter 2");
	assert_string_equal(view(), "macroflows");
	assert_int_equal(selected_offset(), 300);
	keys("9");
	assert_seen("the top line has no step 9");
	keys("1");
	assert_string_equal(view(), "macroflows");
	keys("Enter Enter");
	click_text("https 198");
	assert_string_equal(view(), "flows");
	click_text("shop.pcapng");
	assert_string_equal(view(), "macroflows");
	keys("Enter Enter :");
	type("crumb 3");
	keys("Enter");
	assert_string_equal(view(), "flows");
	keys(":");
	type("crumb 33");
	keys("Enter");
	assert_seen("no step '33'");
}

static void test_no_mouse(void **state)
{
	(void)state;
	open_screen();
	keys(":");
	type("set mouse off");
	click_text("198.51.100.3");
	assert_int_equal(selected_offset(), 100);
	keys("Enter");
	click_text("198.51.100.3");
	assert_int_equal(selected_offset(), 100);
	keys(":");
	type("set mouse on");
	keys("Enter");
	click_text("198.51.100.3");
	assert_int_equal(selected_offset(), 300);
}

/* Who has given privileges up runs nothing. */
static void test_confined(void **state)
{
	(void)state;
	fake.confined = true;
	open_screen();
	keys("!");
	type("echo run");
	keys("Enter");
	assert_seen("privileges up");
	keys(":");
	type("!echo run");
	keys("Enter");
	assert_seen("privileges up");
	assert_string_equal(view(), "macroflows");
}

static void test_help_of_a_view(void **state)
{
	(void)state;
	open_screen();
	keys("?");
	assert_seen("Here: macroflows");
	keys("/");
	type("ctrl-l");
	keys("Enter");
	assert_seen("Draw the screen anew");
	keys("/");
	type("nonsense");
	keys("Enter");
	assert_seen("'nonsense' is not in it");
	keys("Escape Enter :");
	type("help");
	keys("Enter");
	assert_seen("Here: flows");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),
		TEST(test_wheel),
		TEST(test_headings),
		TEST(test_hints),
		TEST(test_crumbs),
		TEST(test_no_mouse),
		TEST(test_confined),
		TEST(test_help_of_a_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
