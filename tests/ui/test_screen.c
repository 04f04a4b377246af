/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen's behaviour over a made-up session: keys in, text out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "screen_keys.h"

static void test_down_and_up(void **state)
{
	(void)state;
	open_screen();
	assert_seen("shop.pcapng › all services");
	keys("j j Enter");
	assert_int_equal(fake.asked.tier, TIER_FLOW);
	assert_int_equal(fake.asked.in[0].rec.offset, 300);
	assert_seen("shop.pcapng › 14:00 › https 198.51.100.3");
	keys("j Enter");
	assert_int_equal(fake.asked.tier, TIER_MICROFLOW);
	assert_int_equal(fake.asked.in[0].rec.offset, 200);
	assert_seen("› 192.0.2.2:50001");
	keys("j j j Enter");
	assert_int_equal(fake.asked.tier, TIER_PACKET);
	assert_int_equal(fake.asked.in[0].rec.offset, 400);
	keys("j j Enter");
	assert_seen("#3");
	assert_seen("192.0.2.1");
	/* the packet's view goes on in the list below */
	keys("J J");
	assert_seen("› #5");
	keys("Escape");
	assert_int_equal(selected_offset(), 500);
	keys("Escape");
	assert_int_equal(selected_offset(), 400);
	keys("Escape");
	assert_int_equal(selected_offset(), 200);
	keys("q");
	assert_int_equal(selected_offset(), 300);
	keys("Escape");
	assert_false(screen.quit);
	assert_seen("this is the first view");
	keys("q");
	assert_true(screen.quit);
}

static void test_rows_as_they_come(void **state)
{
	(void)state;
	fake.manual = true;
	open_screen();
	assert_seen("looking for macroflows");
	assert_true(screen_busy(&screen));
	fake_rows(3);
	assert_seen("198.51.100.3");
	assert_seen("1/3+");
	/* what is there can be used */
	keys("j");
	assert_int_equal(selected_offset(), 200);
	fake_end();
	shown();
	assert_int_equal(selected_offset(), 200);
	assert_false(screen_busy(&screen));
}

static void test_escape_stops_a_query(void **state)
{
	(void)state;
	open_screen();
	fake.manual = true;
	keys("Enter");
	fake_rows(5);
	assert_seen("1/5+");
	keys("Escape");
	assert_seen("1/5 stopped");
	assert_seen("› https");
	keys("Escape");
	assert_seen("all services");
}

static void test_refresh_keeps_the_row(void **state)
{
	(void)state;
	fake.first = 10;
	fake.rows[TIER_FLOW] = 20;
	open_screen();
	keys("Enter j j");
	assert_int_equal(selected_offset(), 1300);
	assert_seen("3/10");
	/* ten rows come in above, and some behind */
	fake.first = 0;
	fake.rows[TIER_FLOW] = 40;
	fake.manual = true;
	screen_top(&screen)->ops->refresh(screen_top(&screen));
	fake_rows(7);
	assert_seen("3/10");
	fake_end();
	assert_seen("13/40");
	assert_int_equal(selected_offset(), 1300);
}

static void test_filter(void **state)
{
	(void)state;
	open_screen();
	keys("Enter /");
	type("client == 192.0.2.7");
	keys("Enter");
	assert_seen("filter: client == 192.0.2.7");
	assert_seen("1/1");
	assert_int_equal(selected_offset(), 700);
	/* the text is there again; an empty one shows all */
	keys("/");
	assert_seen("filter: client == 192.0.2.7");
	keys("Ctrl-U Enter");
	assert_seen("7/30");
	assert_int_equal(selected_offset(), 700);
}

static void test_wrong_filter(void **state)
{
	(void)state;
	open_screen();
	keys("/");
	type("bytes > 5 nonsense");
	keys("Enter");
	assert_seen("column 11:");
	assert_seen("filter: bytes > 5 nonsense");
	/* the cursor is where the error is */
	assert_int_equal(screen.canvas->cursor_x, (int)strlen(" filter: ") + 10);
	keys("Escape");
	assert_unseen("column 11:");
	assert_seen("1/");
}

static void test_filter_to_begin_with(void **state)
{
	(void)state;
	open_screen_with("server == 198.51.100.4");
	assert_seen("1/1");
	assert_seen("filter: server == 198.51.100.4");
}

static void test_completion(void **state)
{
	(void)state;
	open_screen();
	keys(":");
	type("so");
	keys("Tab");
	type("-dura");
	keys("Tab Enter");
	assert_string_equal(fake.asked.sort[0].field->name, "duration");
	assert_true(fake.asked.sort[0].descending);
	assert_seen("largest first by duration");
	keys(":");
	type("nonsense");
	keys("Enter");
	assert_seen("there is no 'nonsense'");
}

static void test_sort(void **state)
{
	(void)state;
	open_screen();
	keys("Enter s");
	assert_seen("sort flows by");
	keys("Escape s j Enter");
	assert_seen("smallest first by id");
	keys(":");
	type("sort client_port");
	keys("Enter");
	assert_int_equal(selected_offset(), 100);
	assert_seen("▲");
	keys("S");
	assert_int_equal(selected_offset(), 3000);
	assert_seen("▼");
	keys(":");
	type("sort");
	keys("Enter");
	assert_int_equal(fake.asked.n_sort, 0);
}

static void test_small_services_fold(void **state)
{
	(void)state;
	fake.window_rows = 40;
	open_screen();
	/* 20 rows fit; of those that do not, which are the smallest, none is shown */
	assert_seen("11 more services, 0.0 % of bytes");
	assert_seen("1/20");
	keys("G Enter");
	assert_seen("Enter hides them");
	assert_seen("20/31");
	keys("j Enter");
	assert_int_equal(fake.asked.in[0].rec.offset, 2000);
	keys("Escape");
	assert_seen("21/31");
	keys("k Enter");
	assert_seen("20/20");
	/* nothing is folded where all fits */
	screen_resize(&screen, 80, 34);
	screen.pane = false;
	assert_unseen("more services");
	screen_resize(&screen, 80, 24);
	assert_seen("more services");
	/* who asks for an order sees all */
	keys(":");
	type("sort bytes");
	keys("Enter");
	assert_seen("1/30");
}

static void test_search(void **state)
{
	(void)state;
	open_screen();
	keys("Enter *");
	type("192.0.2.2");
	keys("Enter");
	assert_int_equal(selected_offset(), 200);
	keys("n");
	assert_int_equal(selected_offset(), 2000);
	keys("N N");
	assert_int_equal(selected_offset(), 2900);
	keys("*");
	type("nowhere");
	keys("Enter");
	assert_seen("'nowhere' is in no column");
}

static void test_failure_is_shown(void **state)
{
	(void)state;
	fake.fail = "segment 7 is damaged";
	open_screen();
	assert_seen("fake: segment 7 is damaged");
	keys("j G Enter P w y n");
	assert_seen("fake: segment 7 is damaged");
}

static void test_nothing_there(void **state)
{
	(void)state;
	fake.rows[TIER_MACROFLOW] = 0;
	open_screen();
	assert_seen("there are no macroflows");
	keys("Enter j k G gg PgDn PgUp l h y w");
	assert_seen("0/0");
}

static void test_sizes(void **state)
{
	struct err err;

	(void)state;
	open_screen();
	for (int w = 1; w < 130; w += 3)
		for (int h = 1; h < 60; h += 4) {
			screen_resize(&screen, w, h);
			shown();
		}
	screen_resize(&screen, 30, 4);
	assert_seen("terminal too small (30x4)");
	screen_resize(&screen, 19, 50);
	assert_seen("terminal too small…");
	screen_resize(&screen, 100, 40);
	/* there is room for details */
	assert_seen("─ 14:00 https 198.51.100.1 m1.100 ─");
	keys("Tab Tab");
	assert_unseen("m1.100");
	(void)err;
}

static void test_packet_sizes(void **state)
{
	(void)state;
	open_screen();
	keys("P Enter");
	for (int w = 20; w < 200; w += 7)
		for (int h = 5; h < 60; h += 3) {
			screen_resize(&screen, w, h);
			shown();
			keys("Tab Right Down x");
			shown();
			keys("x Tab");
		}
	screen_resize(&screen, 80, 24);
	keys("gg");
	assert_seen("0000  02 00");
	keys("x");
	assert_unseen("0000  02 00");
}

static void test_help(void **state)
{
	(void)state;
	open_screen();
	keys("?");
	assert_seen("Moving");
	assert_seen("Here: macroflows");
	keys("G");
	assert_seen("wireshark");
	for (int i = 0; i < 20 && strstr(shown(), "Commands, behind :") == NULL; i++)
		keys("Ctrl-U");
	assert_seen("Commands, behind :");
	keys("?");
	keys("q");
	assert_seen("all services");
}

static void test_columns_command(void **state)
{
	(void)state;
	open_screen();
	keys(":");
	type("columns server,nonsense");
	keys("Enter");
	assert_seen("no field 'nonsense'");
	keys(":");
	type("columns bytes,server");
	keys("Enter");
	assert_unseen("window");
	keys(":");
	type("columns");
	keys("Enter");
	assert_seen("window");
}

static void test_id(void **state)
{
	(void)state;
	open_screen();
	keys("j y");
	assert_seen("macroflow m1.200");
	keys("j");
	assert_unseen("macroflow m1.200");
}

static void test_go_to_time(void **state)
{
	(void)state;
	open_screen();
	keys("Enter :");
	type("goto 14:15:12");
	keys("Enter");
	assert_int_equal(selected_offset(), 1300);
	keys(":");
	type("goto 14:00");
	keys("Enter");
	assert_int_equal(selected_offset(), 100);
	keys(":");
	type("goto 2030-01-01T00:00:00Z");
	keys("Enter");
	assert_seen("no row at or after that time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_down_and_up),
		TEST(test_rows_as_they_come),
		TEST(test_escape_stops_a_query),
		TEST(test_refresh_keeps_the_row),
		TEST(test_filter),
		TEST(test_wrong_filter),
		TEST(test_filter_to_begin_with),
		TEST(test_completion),
		TEST(test_sort),
		TEST(test_small_services_fold),
		TEST(test_search),
		TEST(test_failure_is_shown),
		TEST(test_nothing_there),
		TEST(test_sizes),
		TEST(test_packet_sizes),
		TEST(test_help),
		TEST(test_columns_command),
		TEST(test_id),
		TEST(test_go_to_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
