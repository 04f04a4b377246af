/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store that grows under the screen: what comes by itself, what stays, following and pausing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fake_session.h"
#include "ui/screen.h"

static struct screen screen;
static struct buf text;

static int set_up(void **state)
{
	const struct screen_options o = { .title = "/tmp/live.fdr", .history = "", .state = "", .w = 80, .h = 24 };
	struct err err;

	(void)state;
	fake_reset();
	fake.store = true;
	fake.pid = 4711;
	for (int i = 0; i < TIERS; i++)
		fake.rows[i] = 0;
	buf_init(&text);
	return screen_open(&screen, NULL, &o, &err) != RC_DONE;
}

static int tear_down(void **state)
{
	(void)state;
	screen_close(&screen);
	buf_free(&text);
	return 0;
}

static const char *shown(void)
{
	/* a refresh that follows another too soon is put off */
	do
		screen_update(&screen);
	while (screen_busy(&screen) && !fake.manual);
	screen_draw(&screen);
	buf_clear(&text);
	canvas_dump(screen.canvas, &text);
	return buf_text(&text);
}

static void key(const char *name)
{
	uint32_t k[KEYMAP_SEQUENCE_MAX];
	unsigned n = keymap_next_sequence(&name, k);

	for (unsigned i = 0; i < n; i++)
		screen_key(&screen, k[i]);
	shown();
}

/* What happens four times a second. */
static void grow(unsigned rows)
{
	fake.grow = rows;
	live_see(&screen);
	fake.grow = 0;
	shown();
}

static void assert_shown(const char *what)
{
	if (strstr(shown(), what) == NULL)
		fail_msg("not there: %s\n%s", what, buf_text(&text));
}

static void assert_not_shown(const char *what)
{
	if (strstr(shown(), what) != NULL)
		fail_msg("there: %s\n%s", what, buf_text(&text));
}

static uint32_t selected(void)
{
	struct id id;

	shown();
	if (!screen_top(&screen)->ops->selected(screen_top(&screen), &id))
		return 0;
	return id.rec.offset / 100 - 1;
}

/* The line of the screen that has the selected row. */
static int selected_line(void)
{
	const char *s = shown(), *at;
	char port[16];
	int line = 0;

	snprintf(port, sizeof(port), " 192.0.2.%u ", (unsigned)selected() + 1);
	at = strstr(s, port);
	assert_non_null(at);
	for (; s < at; s++)
		line += *s == '\n';
	return line;
}

static void test_nothing_yet(void **state)
{
	(void)state;
	assert_shown("waiting for packets");
	assert_shown("live, recorder 4711");
	assert_shown("f follow");
	grow(2);
	assert_not_shown("waiting for packets");
	assert_shown("198.51.100.2");
}

static void test_looks_by_itself(void **state)
{
	(void)state;
	assert_in_range(live_wait_ms(&screen), 0, 251);
	fake.refreshed = 0;
	screen_update(&screen); /* too soon */
	assert_int_equal(fake.refreshed, 0);
	screen.live.looked_ns -= 250 * 1000 * 1000;
	assert_int_equal(live_wait_ms(&screen), 0);
	screen_update(&screen);
	assert_int_equal(fake.refreshed, 1);
	assert_false(screen_busy(&screen));
}

static void open_flows(void)
{
	grow(5);
	key("Enter");
	assert_string_equal(screen_top(&screen)->ops->name, "flows");
}

/* Rows that come below and above do not move the selected one, on the list or on the screen. */
static void test_selection_stays(void **state)
{
	int line;

	(void)state;
	open_flows();
	assert_int_equal(selected(), 0);
	for (int i = 0; i < 3; i++)
		key("Down");
	line = selected_line();
	grow(60);
	assert_int_equal(selected(), 3);
	assert_int_equal(selected_line(), line);
	key("G");
	assert_int_equal(selected(), 64);
	line = selected_line();
	grow(60);
	assert_int_equal(selected(), 64);
	assert_int_equal(selected_line(), line);
}

/* Of services that change places the one that was looked at stays, though nobody moved. */
static void test_first_row_stays(void **state)
{
	uint32_t first;

	(void)state;
	fake.first = 3;
	grow(5);
	first = selected();
	grow(1); /* from here on it is remembered */
	fake.first = 0; /* three busier ones come above */
	grow(3);
	assert_int_equal(selected(), first);
}

static void test_follow(void **state)
{
	(void)state;
	open_flows();
	key("f");
	assert_shown("following the newest row");
	assert_int_equal(selected(), 4);
	grow(50);
	assert_int_equal(selected(), 54);
	assert_int_equal(selected_line(), 21);
	key("Up");
	assert_not_shown("following the newest row");
	grow(10);
	assert_int_equal(selected(), 53);
	key("f");
	assert_int_equal(selected(), 64);
	key("f");
	assert_shown("no longer following");
	grow(5);
	assert_int_equal(selected(), 64);
}

/* Of a window that has just begun the busiest service. */
static void test_follow_services(void **state)
{
	(void)state;
	grow(15); /* ten a window */
	key("f");
	assert_int_equal(selected(), 10);
	grow(10);
	assert_int_equal(selected(), 20);
}

/* Of each window what is small in it. */
static void test_windows_fold_by_themselves(void **state)
{
	(void)state;
	fake.window_rows = 20;
	grow(20);
	key("f");
	assert_not_shown("more services");
	grow(20);
	assert_shown("more services");
	assert_int_equal(selected(), 20);
}

static void command(const char *line)
{
	screen_key(&screen, ':');
	for (; *line != '\0'; line++)
		screen_key(&screen, (unsigned char)*line);
	key("Enter");
}

/* Row i has so many more bytes; the middle one has most. */
static void grow_in_the_middle(struct record *r, unsigned i)
{
	r->c.bytes[0] += 1000 * (i < 5 ? i + 1 : 10 - i);
}

/* Who grows fastest first: what grows meanwhile goes up by itself, and the selected row goes with it. */
static void test_sorted_by_rate(void **state)
{
	(void)state;
	grow(10);
	key("Enter");
	command("sort -bits_s");
	assert_shown("largest first by bits_s");
	assert_int_equal(selected(), 0);
	key("j");
	assert_int_equal(selected(), 1);
	fake.end_ns = INT64_C(10000000000);
	fake.shape = grow_in_the_middle;
	fake.changed = true;
	grow(0);
	assert_int_equal(selected(), 1);
	key("gg");
	assert_int_equal(selected(), 4);
	key("j");
	assert_int_equal(selected(), 5);
	key("G");
	assert_int_equal(selected(), 9);
	key("S");
	assert_shown("smallest first by bits_s");
	key("gg");
	assert_int_equal(selected(), 0);
	key("j");
	assert_int_equal(selected(), 9);
	command("sort bytes");
	assert_shown("smallest first by bytes");
	/* groups have another order, and fewer rows */
	command("sort -packets_s");
	command("group server_port");
	assert_not_shown("packets_s");
}

static void test_rates_are_live(void **state)
{
	(void)state;
	grow(3);
	fake.pid = 0;
	grow(1);
	key("Enter");
	command("sort bits_s");
	assert_shown("nothing is recorded");
}

static void test_pause(void **state)
{
	(void)state;
	grow(5);
	key("p");
	assert_shown("paused, recorder 4711");
	fake.refreshed = 0;
	grow(5);
	assert_int_equal(fake.refreshed, 0);
	assert_shown("1/5");
	fake.changed = true;
	fake.rows[TIER_MACROFLOW] = 9;
	key("p");
	assert_shown("live, recorder 4711");
	assert_shown("1/9");
}

/* A refresh that was under way when `p` was typed is not shown. */
static void test_pause_stops_a_refresh(void **state)
{
	(void)state;
	grow(5);
	fake.manual = true;
	grow(5);
	key("p");
	assert_shown("1/5");
	assert_int_equal(fake.jobs_alive, 1);
}

static void test_end(void **state)
{
	(void)state;
	grow(3);
	fake.pid = 0;
	grow(2); /* published before it went */
	assert_shown("recording ended");
	assert_shown("recording has ended");
	assert_shown("1/5");
	assert_not_shown("p pause");
	key("p");
	assert_shown("nothing is being recorded");
	fake.pid = 4712;
	grow(1);
	assert_shown("live, recorder 4712");
}

static void test_no_store(void **state)
{
	(void)state;
	fake.store = false;
	grow(1);
	assert_int_equal(live_wait_ms(&screen), -1);
	assert_not_shown("p pause");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static const char *state_of(bool brief)
{
	static char out[80];

	shown();
	return live_state(&screen, out, sizeof(out), brief) ? out : "";
}

/* What the log of the store says hinders recording, until it says that it is over. */
static void test_troubles(void **state)
{
	struct live *l = &screen.live;

	(void)state;
	assert_true(live_hear(l, 0, "down", "eth0 is down: capture goes on when it is up again"));
	assert_string_equal(state_of(false), "live, recorder 4711, eth0 down");
	assert_string_equal(state_of(true), "eth0 down");
	assert_shown("eth0 down");
	assert_true(live_hear(l, 0, "gone", "eth0 is gone: nothing is captured there any more"));
	assert_string_equal(state_of(true), "eth0 gone");
	assert_true(live_hear(l, 0, "full", "the disk is full: packets are refused until there is room"));
	assert_string_equal(state_of(true), "2 troubles");
	live_hear(l, 0, "room", "there is room again");
	live_hear(l, 1, "up", "eth0 is up again"); /* another store's */
	assert_string_equal(state_of(true), "eth0 gone");
	assert_true(live_hear(l, 0, "clock", "the clock was set back by 5.0 s"));
	assert_string_equal(state_of(true), "eth0 gone");
	for (int i = 0; i < 2 * LIVE_TROUBLES; i++)
		live_hear(l, 0, "down", (const char[]){ 'a', (char)('a' + i), ' ', 0 });
	assert_int_equal(l->n_troubles, LIVE_TROUBLES);
	assert_string_equal(l->troubles[LIVE_TROUBLES - 1].name, "ap");
	assert_true(live_hear(l, 0, "end", "recording has ended: gone: there is nothing left to capture"));
	assert_string_equal(state_of(false), "recording ended");
	assert_false(live_hear(l, 0, "start", "recording has begun on eth0"));
	assert_string_equal(state_of(true), "live");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_yet),
		TEST(test_looks_by_itself),
		TEST(test_selection_stays),
		TEST(test_first_row_stays),
		TEST(test_follow),
		TEST(test_follow_services),
		TEST(test_windows_fold_by_themselves),
		TEST(test_troubles),
		TEST(test_sorted_by_rate),
		TEST(test_rates_are_live),
		TEST(test_pause),
		TEST(test_pause_stops_a_refresh),
		TEST(test_end),
		TEST(test_no_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
