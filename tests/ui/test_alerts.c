/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went wrong while somebody looks on: services that turn bad, once; texts that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_session.h"
#include "screen_keys.h"

static const int64_t second_ns = 1000000000;
static unsigned faulty, degraded; /* services with a lower number are; the others are well */

/* Of a thousand requests one in five failed, one in twenty, or none. */
static void fail_some(struct record *r, unsigned i)
{
	r->c.requests = 1000;
	r->c.marks[MARK_ERRORS] = i < faulty ? 200 : i < degraded ? 50 : 0;
	r->c.known |= FIELD_BIT(FIELD_REQUESTS) | FIELD_BIT(FIELD_ERRORS);
}

static int set_up_live(void **state)
{
	set_up(state);
	fake.store = fake.sinks = true;
	fake.pid = 4711;
	fake.shape = fail_some;
	fake.rows[TIER_MACROFLOW] = 4;
	faulty = degraded = 0;
	open_screen();
	return 0;
}

/* Something was published, two seconds after it was looked at last. */
static void look(void)
{
	alerts_refresh(&screen);
	screen.alerts.asked_ns -= 2 * second_ns;
	screen_update(&screen); /* asks */
	screen_update(&screen); /* takes what was found */
}

static void test_turns_bad(void **state)
{
	(void)state;
	degraded = 1;
	look();
	assert_int_equal(screen.alerts.n, 0); /* it was so when it began */
	degraded = 2;
	look();
	assert_int_equal(screen.alerts.n, 1);
	assert_non_null(strstr(screen.alerts.v[0].text, "198.51.100.2"));
	assert_non_null(strstr(screen.alerts.v[0].text, "degraded"));
	assert_seen("! 14:00:0");
	look();
	assert_int_equal(screen.alerts.n, 1); /* once */
	faulty = 1;
	look();
	assert_int_equal(screen.alerts.n, 2); /* worse than before */
	assert_non_null(strstr(screen.alerts.v[1].text, "198.51.100.1"));
	assert_non_null(strstr(screen.alerts.v[1].text, "faulty"));
	assert_seen("1 more");
	faulty = degraded = 0;
	look();
	degraded = 1;
	look();
	assert_int_equal(screen.alerts.n, 3); /* it was well between */
}

/* The newest window alone is asked for, where somebody records, and not more often than every two seconds. */
static void test_asks_little(void **state)
{
	unsigned before;

	(void)state;
	look();
	assert_int_equal(fake.asked.tier, TIER_MACROFLOW);
	assert_true(fake.asked.from_ns == INT64_C(1704465000) * second_ns - 5 * second_ns);
	before = fake.jobs_started;
	alerts_refresh(&screen);
	screen_update(&screen); /* too soon */
	assert_int_equal(fake.jobs_started, before);
	screen.alerts.asked_ns -= 2 * second_ns;
	screen_update(&screen);
	assert_int_equal(fake.jobs_started, before + 1);
	screen_update(&screen);
	screen.live.recorders = 0;
	alerts_refresh(&screen);
	screen.alerts.asked_ns -= 2 * second_ns;
	screen_update(&screen);
	assert_int_equal(fake.jobs_started, before + 1);
}

/* A look that failed is no news: neither now nor when the next one finds what was there before. */
static void test_failed_look(void **state)
{
	(void)state;
	degraded = 2;
	look();
	fake.fail = "broken";
	look();
	fake.fail = NULL;
	look();
	assert_int_equal(screen.alerts.n, 0);
}

/* More services than are remembered: the query ends, and what is known stays bounded. */
static void test_many(void **state)
{
	(void)state;
	look();
	fake.rows[TIER_MACROFLOW] = 3000;
	degraded = 3000;
	look();
	assert_int_equal(screen.alerts.n, ALERTS_MAX);
	assert_non_null(strstr(screen.alerts.v[0].text, "degraded"));
	look();
	assert_int_equal(screen.alerts.n, ALERTS_MAX);
}

static void test_texts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALERTS_MAX + 2; i++) {
		char line[32];

		snprintf(line, sizeof(line), "alert %u", i);
		alerts_add(&screen, 0, line);
	}
	assert_int_equal(screen.alerts.n, ALERTS_MAX);
	assert_string_equal(screen.alerts.v[0].text, "alert 2");
	assert_seen("! alert 17");
	assert_seen("15 more");
	/* hostile text is escaped by the canvas */
	alerts_add(&screen, 0, "\033[2J");
	assert_unseen("\033");
	/* a minute later all but the last one are forgotten */
	for (unsigned i = 0; i + 1 < ALERTS_MAX; i++)
		screen.alerts.v[i].since_ns -= 61 * second_ns;
	screen_update(&screen);
	assert_int_equal(screen.alerts.n, 1);
	assert_int_equal(alerts_rows(&screen), 1);
	screen_resize(&screen, 80, 8);
	assert_int_equal(alerts_rows(&screen), 0); /* no room for them */
	screen_resize(&screen, 80, 24);
	screen.alerts.v[0].since_ns -= 61 * second_ns;
	screen_update(&screen);
	assert_int_equal(alerts_rows(&screen), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_turns_bad, set_up_live, tear_down),
		cmocka_unit_test_setup_teardown(test_asks_little, set_up_live, tear_down),
		cmocka_unit_test_setup_teardown(test_failed_look, set_up_live, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up_live, tear_down),
		cmocka_unit_test_setup_teardown(test_texts, set_up_live, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
