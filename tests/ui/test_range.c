/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of time on the screen, over the sample: what keys make of them, and that lists show what a query of that range gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "real_screen.h"
#include "session/ingest.h"
#include "ui/list_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_session(const char *path, bool is_store)
{
	const struct session_source source = { path, is_store };
	struct session_options options;
	struct err err = { 0 };

	session_options_default(&options);
	options.no_cache = true;
	options.no_names = true;
	if (session_open(&source, 1, &options, NULL, NULL, &session, &err) != RC_DONE)
		fail_msg("%s: %s", path, err.why);
	if (session_needs_index(session))
		session_index(session, NULL, NULL, NULL);
}

static void open_screen(void)
{
	const struct screen_options o = { .title = "shop", .history = "", .state = "", .w = 100, .h = 30 };
	struct err err;

	assert_int_equal(screen_open(&screen, session, &o, &err), RC_DONE);
}

static int set_up(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[512];

	(void)state;
	buf_init(&text);
	snprintf(path, sizeof(path), "%s/samples/shop.pcapng", top != NULL ? top : ".");
	open_session(path, false);
	open_screen();
	wait_idle();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	screen_close(&screen);
	session_close(session);
	buf_free(&text);
	return 0;
}

static bool count_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	(void)row;
	(void)raw;
	++*(uint64_t *)ctx;
	return true;
}

/* The list on top holds as many rows as the query has. */
static void check_rows(void)
{
	struct list_view *lv = (struct list_view *)screen_top(&screen);
	const struct result *r;
	uint64_t rows = 0;
	struct query q;

	query_init(&q, lv->view.tier);
	q.in = &lv->loader.in;
	q.n_in = lv->loader.query.n_in;
	q.from_ns = screen.range.from_ns;
	q.to_ns = screen.range.to_ns;
	assert_int_equal(query_run(session_sources(session), &q, count_row, &rows, NULL, NULL, NULL), RC_DONE);
	r = loader_lock(&lv->loader);
	assert_int_equal(result_count(r), rows);
	loader_unlock(&lv->loader);
}

static void test_zoom(void **state)
{
	int64_t from, to, first, last, length;

	(void)state;
	assert_false(range_is_set(&screen.range));
	keys("-");
	assert_false(range_is_set(&screen.range));
	assert_true(range_bounds(&screen, &from, &to));
	length = to - from;
	keys("Enter j j");
	for (int i = 0; i < 6; i++) {
		assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first, &last));
		keys("+");
		assert_true(range_is_set(&screen.range));
		assert_true(screen.range.to_ns - screen.range.from_ns < length);
		length = screen.range.to_ns - screen.range.from_ns;
		/* the selected row is there, and still selected */
		assert_true(first < screen.range.to_ns && last >= screen.range.from_ns);
		check_rows();
		assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &from, &to));
		assert_true(from == first && to == last);
		assert_seen("only ");
	}
	for (int i = 0; i < 20 && range_is_set(&screen.range); i++)
		keys("-");
	assert_false(range_is_set(&screen.range));
	check_rows();
	keys("+ 0");
	assert_false(range_is_set(&screen.range));
}

static void test_windows(void **state)
{
	const int64_t minute = INT64_C(60) * 1000000000;
	struct range before;

	(void)state;
	keys("]");
	/* the windows of macroflows */
	assert_int_equal(screen.range.to_ns - screen.range.from_ns, 15 * minute);
	assert_int_equal(screen.range.from_ns % (15 * minute), 0);
	check_rows();
	before = screen.range;
	keys("]");
	assert_seen("there is nothing later");
	assert_memory_equal(&before, &screen.range, sizeof(before));
	keys("[");
	assert_int_equal(screen.range.to_ns, before.from_ns);
	check_rows();
	keys("[");
	assert_seen("there is nothing earlier");
}

/* Begin and end at rows; going down and up keeps the range. */
static void test_begin_and_end(void **state)
{
	int64_t first, last, first2, last2;

	(void)state;
	keys("Enter j");
	assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first, &last));
	keys("(");
	assert_int_equal(screen.range.from_ns, first);
	assert_int_equal(screen.range.to_ns, INT64_MAX);
	assert_seen("only from ");
	check_rows();
	keys("j j");
	assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first2, &last2));
	keys(")");
	assert_int_equal(screen.range.from_ns, first);
	assert_int_equal(screen.range.to_ns, last2 + 1);
	check_rows();
	keys("Enter");
	check_rows();
	keys("Enter");
	check_rows();
	keys("Enter");
	assert_seen("only ");
	keys("Escape Escape Escape");
	check_rows();
	keys("Escape");
	check_rows();
	assert_int_equal(screen.range.from_ns, first);
	/* a begin behind the end opens the end */
	keys("0 Enter G (");
	assert_int_equal(screen.range.to_ns, INT64_MAX);
	keys("0 Escape");
	check_rows();
}

static void test_as_typed(void **state)
{
	int64_t newest;

	(void)state;
	assert_true(query_newest(session_sources(session), &newest));
	type("range -1m");
	assert_int_equal(screen.range.from_ns, newest - INT64_C(60000000000));
	assert_int_equal(screen.range.to_ns, INT64_MAX);
	assert_seen("only last 1 minute ");
	check_rows();
	type("range -90s");
	assert_seen("only last 90 seconds");
	type("range -168h");
	assert_seen("only last 7 days");
	type("range 03:13 03:14:30");
	assert_int_equal(screen.range.to_ns - screen.range.from_ns, INT64_C(90000000000));
	assert_seen("only 03:13");
	check_rows();
	type("range 03:14 03:13");
	assert_seen("it ends before it begins");
	type("range nonsense");
	assert_int_equal(screen.range.to_ns - screen.range.from_ns, INT64_C(90000000000));
	type("range 10:00 11:00");
	assert_seen("in this range of time; 0 shows all times");
	type("range");
	assert_false(range_is_set(&screen.range));
	check_rows();
}

/* ---- a store that grows --------------------------------------------------------------------- */

static void import(struct store *s, const char *name)
{
	const char *top = getenv("top_srcdir");
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	char capture[512];
	const char *path = capture;

	snprintf(capture, sizeof(capture), "%s/samples/%s", top != NULL ? top : ".", name);
	ingest_options_default(&options);
	options.threads = 1;
	options.segment_packets = 2000;
	assert_int_equal(ingest_import(s, &path, 1, &options, &progress, &result, NULL), RC_DONE);
}

/* A length before the end goes with the newest packet, other ranges stay. */
static void test_sliding(void **state)
{
	struct store_config config;
	char dir[128], path[256];
	struct store *store;
	int64_t from, newest;

	(void)state;
	buf_init(&text);
	captures_make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s.fdr", dir);
	store_config_default(&config);
	assert_int_equal(store_create(path, &config, &store, NULL), RC_DONE);
	import(store, "shop.pcapng");
	open_session(path, true);
	open_screen();
	wait_idle();
	type("range -20m");
	from = screen.range.from_ns;
	import(store, "sip-call.pcapng");
	screen_look_for_news(&screen);
	wait_idle();
	assert_true(query_newest(session_sources(session), &newest));
	assert_int_equal(screen.range.from_ns, newest - INT64_C(1200000000000));
	assert_true(screen.range.from_ns != from);
	check_rows();
	keys("]");
	from = screen.range.from_ns;
	import(store, "attacks.pcapng");
	screen_look_for_news(&screen);
	wait_idle();
	assert_int_equal(screen.range.from_ns, from);
	screen_close(&screen);
	session_close(session);
	store_close(store);
	buf_free(&text);
	captures_remove_dir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_zoom),
		TEST(test_windows),
		TEST(test_begin_and_end),
		TEST(test_as_typed),
		cmocka_unit_test(test_sliding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
