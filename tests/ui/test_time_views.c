/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time chart, the map of blocks and the log, over the samples: what keys do, and that what is said is what queries say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "real_screen.h"
#include "session/ingest.h"
#include "store/retention.h"
#include "ui/chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct store *store;
static char dir[128];

/* The strip's bars, or its marks below them. */
static void assert_in_strip(const char *mark)
{
	char rows[2][2048] = { "", "" };
	const char *line = strchr(shown(), '\n');

	for (int i = 0; i < (screen.canvas->h >= 36 ? 2 : 1); i++) {
		snprintf(rows[i], sizeof(rows[i]), "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
		/* the label is not the strip */
		rows[i][strcspn(rows[i], ",")] = '\0';
		line = strchr(line + 1, '\n');
	}
	if (strstr(rows[0], mark) == NULL && strstr(rows[1], mark) == NULL)
		fail_msg("no %s in the strip:\n%s\n%s", mark, rows[0], rows[1]);
}

static void import(const char *name)
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
	options.segment_packets = 700;
	assert_int_equal(ingest_import(store, &path, 1, &options, &progress, &result, NULL), RC_DONE);
}

static int set_up(void **state)
{
	const struct screen_options o = { .title = "shop", .history = "", .state = "", .w = 120, .h = 34 };
	struct session_options options;
	struct store_config config;
	char path[256];
	struct err err;

	(void)state;
	buf_init(&text);
	captures_make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s.fdr", dir);
	store_config_default(&config);
	config.block_size = 1 << 20;
	assert_int_equal(store_create(path, &config, &store, NULL), RC_DONE);
	import("shop.pcapng");
	session_options_default(&options);
	options.no_names = true;
	assert_int_equal(session_open(&(struct session_source){ path, true }, 1, &options, NULL, NULL, &session, &err), RC_DONE);
	assert_int_equal(screen_open(&screen, session, &o, &err), RC_DONE);
	wait_idle();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	screen_close(&screen);
	session_close(session);
	store_close(store);
	buf_free(&text);
	captures_remove_dir(dir);
	return 0;
}

static void test_chart(void **state)
{
	int64_t first, last, first2, last2;

	(void)state;
	keys("t");
	assert_string_equal(screen_top(&screen)->ops->name, "chart");
	assert_seen("over time");
	assert_seen("bytes");
	assert_seen("response");
	assert_seen("retrans");
	assert_seen("points added up");
	/* columns one behind the other */
	keys("gg");
	assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first, &last));
	keys("Right");
	assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first2, &last2));
	assert_int_equal(first2, last + 1);
	keys("h");
	assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first2, &last2));
	assert_int_equal(first2, first);
	/* trouble */
	keys("e");
	assert_seen(": slow ");
	keys("E");
	assert_seen("earlier columns are all well");
	/* zoom stays at the cursor */
	assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first, &last));
	keys("+ +");
	assert_true(screen.range.from_ns <= first && screen.range.to_ns > last);
	assert_true(screen_top(&screen)->ops->span(screen_top(&screen), &first2, &last2));
	assert_true(first2 >= first && last2 <= last);
	/* its rows */
	keys("0 Enter");
	assert_string_equal(screen_top(&screen)->ops->name, "macroflows");
	assert_true(range_is_set(&screen.range));
	assert_seen("only ");
	keys("0 t t");
	assert_seen("postgresql");
	keys("t");
}

/* What a key says that has no use where it is pressed, and that nothing else changes. */
static void test_no_use(void **state)
{
	static const struct {
		const char *keys, *said;
	} cases[] = {
		{ "x", "x: bytes are those of a packet or of a stream" },
		{ "W", "W: payload is saved where a stream is open" },
		{ "u", "u: nothing is tagged" },
		{ "gz", "gz is no key here; ? shows those that are" },
		{ "Z", "Z is no key here" },
		{ "1", "is here" },
		{ "b b", "this is it: blocks" },
		{ "/", "/: nothing here can be searched" },
		{ "S", "S: only lists are sorted" },
		{ "ga", "ga: only lists of records are grouped" },
		{ "Tab", "Tab: nothing here has details" },
	};
	size_t depth = screen.n_views;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		keys(cases[i].keys);
		assert_seen(cases[i].said);
	}
	assert_int_equal(screen.n_views, depth + 1);
	/* moving says nothing, and a sequence that is given up neither */
	keys("h h h");
	assert_int_equal(screen.message.text[0], '\0');
	keys("g Escape");
	assert_int_equal(screen.message.text[0], '\0');
}

static void test_chart_fields(void **state)
{
	(void)state;
	type("chart syn,gap,clients,rtt_p95");
	assert_string_equal(screen_top(&screen)->ops->name, "chart");
	assert_seen("clients");
	assert_seen("rtt_p95");
	type("chart server");
	assert_seen("'server' is no field with a number");
	assert_seen("clients");
	type("chart a,b,c");
	assert_seen("'a' is no field");
	/* what was chosen stays */
	keys("Escape Enter t");
	assert_seen("rtt_p95");
	keys("s Escape");
	type("chart");
	assert_seen("retrans");
}

static bool any_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	(void)ctx;
	(void)row;
	(void)raw;
	return true;
}

static void test_blocks(void **state)
{
	struct query_explain e;
	char expected[128];
	struct query q;
	struct id in;

	(void)state;
	assert_true(store_totals(store)->blocks > 2);
	keys("b");
	assert_seen("reads the catalog alone");
	keys("Escape j j j Enter b");
	/* the very query of that list */
	assert_true(screen.views[0]->ops->selected(screen.views[0], &in));
	query_init(&q, TIER_FLOW);
	q.in = &in;
	q.n_in = 1;
	assert_int_equal(query_run(session_sources(session), &q, any_row, NULL, NULL, &e, NULL), RC_DONE);
	snprintf(expected, sizeof(expected), "the list of flows reads %llu of %llu blocks, %llu of ", (unsigned long long)e.blocks,
		(unsigned long long)(e.blocks + e.blocks_skipped), (unsigned long long)e.segments);
	assert_seen(expected);
	keys("Enter");
	assert_string_equal(screen_top(&screen)->ops->name, "packets");
	assert_seen("b1");
	keys("Escape Escape Escape");
	/* what is imported meanwhile appears */
	keys("b");
	import("sip-call.pcapng");
	screen_look_for_news(&screen);
	wait_idle();
	snprintf(expected, sizeof(expected), "b%llu ", (unsigned long long)store_totals(store)->blocks);
	assert_seen(expected);
}

static void test_events(void **state)
{
	const struct store_totals *t = store_totals(store);
	struct drop_info drop = { .point = 0, .from_ns = t->first_ns + 60000000000, .to_ns = t->first_ns + 61000000000, .dropped = 1234 };

	(void)state;
	keys("L");
	assert_seen("the log is empty");
	assert_int_equal(store_add_event(store, t->first_ns, "start", "recording eth0", NULL), RC_DONE);
	assert_int_equal(store_add_event(store, t->last_ns, "down", "eth0 is \033[31mdown", NULL), RC_DONE);
	assert_int_equal(store_add_event(store, t->last_ns + 1, "up", "eth0 is up", NULL), RC_DONE);
	assert_int_equal(store_add_drop(store, &drop, NULL), RC_DONE);
	screen_look_for_news(&screen);
	wait_idle();
	assert_seen("recording eth0");
	assert_seen("1 234 dropped by the kernel within 1.00 s");
	assert_seen("\\x1b[31mdown");
	assert_seen("! 2 of them hurt");
	keys("E");
	assert_seen("3/4");
	keys("E");
	assert_seen("2/4");
	keys("E");
	assert_seen("no earlier event hurts");
	keys("Enter");
	assert_string_equal(screen_top(&screen)->ops->name, "macroflows");
	/* the strip and the chart have it, too */
	assert_in_strip("d");
	screen_resize(&screen, 80, 24);
	wait_idle();
	assert_in_strip("d");
	keys("t");
	keys("gg e");
	while (strstr(shown(), "lost before they were recorded: 1 234") == NULL && strstr(shown(), "all well") == NULL)
		keys("e");
	assert_seen("lost before they were recorded: 1 234");
}

/* What is gone is shown as gone, and no longer counted below macroflows. */
static void test_evicted(void **state)
{
	uint64_t packets = store_totals(store)->packets;

	(void)state;
	assert_int_equal(store_evict(store, 1, true, NULL), RC_DONE);
	screen_look_for_news(&screen);
	wait_idle();
	assert_true(store_totals(session_sources(session)->stores[0])->packets < packets);
	assert_in_strip("x");
	keys("t gg");
	assert_seen("x: packets were evicted");
	keys("Escape b");
	assert_seen("evicted");
	keys("gg Enter");
	assert_seen("its packets were evicted");
	keys("Escape L");
	assert_string_equal(screen_top(&screen)->ops->name, "events");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chart),
		TEST(test_chart_fields),
		TEST(test_no_use),
		TEST(test_blocks),
		TEST(test_events),
		TEST(test_evicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
