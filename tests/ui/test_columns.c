/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns that are chosen and widened, and ways of showing times, over a made-up session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "screen_keys.h"
#include "ui/columns.h"
#include "ui/state.h"

static const char *kept(const char *key)
{
	const char *names = state_get(screen.state, key);

	return names != NULL ? names : "";
}

static void test_choose(void **state)
{
	(void)state;
	open_screen();
	keys("Enter c");
	assert_seen("columns of flows");
	assert_seen("▸ [x] first");
	/* hide the second, put the third first, show another one */
	keys("j Space");
	assert_seen("[ ] client  ");
	keys("K K");
	assert_seen("▸ [x] client_port");
	keys("/");
	type("URG");
	keys("Enter");
	assert_seen("'URG' is not in it");
	keys("/");
	type("retransmissions in both");
	keys("Enter");
	assert_seen("▸ [x] retrans");
	keys("Space Enter");
	assert_unseen("columns of flows");
	assert_seen("  cport first ");
	assert_unseen("client ");
	assert_int_equal(strncmp(kept("columns.flows"), "client_port,first,health,", 25), 0);
	assert_null(strstr(kept("columns.flows"), ",retrans,"));
	/* the next list of the tier has them, those of others not */
	keys("Escape j Enter");
	assert_seen("  cport first ");
	keys("Enter");
	assert_seen("  window ");
	keys("Escape c gg Enter");
	assert_string_equal(kept("columns.flows"), "");
	assert_seen("  first           client");
}

static void test_escape_changes_nothing(void **state)
{
	(void)state;
	open_screen();
	keys("c Space Space J J Escape");
	assert_seen("window");
	assert_string_equal(kept("columns.macroflows"), "");
	/* none at all is no choice */
	keys(":");
	type("columns bytes,packets");
	keys("Enter c Space Space k k Space");
	keys("gg j Space Space");
	keys("Escape");
	assert_seen("bytes");
}

static void test_nothing_is_no_choice(void **state)
{
	(void)state;
	open_screen();
	keys(":");
	type("columns bytes,packets");
	keys("Enter c Space Space Enter");
	assert_seen("choose a column");
	keys("Escape");
}

static void test_widths(void **state)
{
	struct columns cs = { .n = 0 };
	char names[128];
	struct err err;

	(void)state;
	assert_int_equal(columns_parse(&cs, "server:30,bytes,app:9", TIER_FLOW, &err), RC_DONE);
	assert_true(columns_format(&cs, names, sizeof(names)));
	assert_string_equal(names, "server:30,bytes,app:9");
	assert_false(columns_format(&cs, names, 12));
	assert_int_equal(columns_parse(&cs, "server:0", TIER_FLOW, &err), RC_SYNTAX);
	assert_int_equal(columns_parse(&cs, "server:1e9", TIER_FLOW, &err), RC_SYNTAX);
	columns_layout(&cs, 80);
	assert_int_equal(cs.v[0].width, 30);
	assert_int_equal(cs.v[2].width, 9);
	open_screen();
	keys("Enter gg >");
	/* the cursor is on the first address */
	assert_non_null(strstr(kept("columns.flows"), "client:"));
	for (int i = 0; i < 20; i++)
		keys("<");
	assert_non_null(strstr(kept("columns.flows"), "client:2,"));
	assert_seen(" c…");
	for (int i = 0; i < 200; i++)
		keys(">");
	assert_non_null(strstr(kept("columns.flows"), "client:200,"));
}

static void test_times(void **state)
{
	(void)state;
	open_screen();
	keys("P");
	assert_seen("14:00:00.002000");
	screen.style.origin_ns = INT64_C(1704463200) * 1000000000;
	keys("i");
	assert_seen("times: since the first packet");
	keys("j");
	assert_seen("times since the first packet");
	assert_seen("+0.002000");
	keys("i");
	assert_seen("+0.001000");
	assert_unseen("+0.002000");
	keys("i");
	assert_seen("14:00:00.002000");
	keys(":");
	type("set times delta");
	keys("Enter");
	assert_seen("+0.001000");
}

static void test_zone(void **state)
{
	(void)state;
	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	open_screen();
	keys("Enter");
	assert_seen("14:00:02");
	keys("U");
	assert_seen("local: XYZ");
	assert_seen("19:30:02");
	/* times are typed as they are shown */
	keys(":");
	type("goto 19:45:12");
	keys("Enter");
	assert_int_equal(selected_offset(), 1300);
	keys("U");
	assert_seen("times are UTC");
	assert_seen("14:15:12");
	setenv("TZ", "UTC0", 1);
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_choose),
		TEST(test_escape_changes_nothing),
		TEST(test_nothing_is_no_choice),
		TEST(test_widths),
		TEST(test_times),
		TEST(test_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
