/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pane of details says: of made-up records as lines, and on the screen over a made-up session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/field_groups.h"
#include "flow/health.h"
#include "flow/sketch.h"
#include "screen_keys.h"
#include "ui/pane_lines.h"

static struct pane_lines lines;

enum { MS = 1000000 };

static void make(struct record *r)
{
	record_init(r, TIER_MACROFLOW);
	r->key.client.kind = r->key.server.kind = ADDR_IPV4;
	r->key.client.bytes[0] = 10;
	r->key.server.bytes[0] = 11;
	r->key.proto = PROTO_TCP;
	r->key.has_ports = true;
	r->key.server_port = 80;
	r->key.orientation = ORIENTATION_SYN;
	record_key_known(r);
	r->c.first_ns = INT64_C(1704463200) * 1000 * MS;
	r->c.last_ns = r->c.first_ns + INT64_C(2000) * MS;
	r->c.flows = 3;
	r->c.packets[0] = 600;
	r->c.packets[1] = 400;
	r->c.bytes[0] = 100000;
	r->c.bytes[1] = 900000;
	r->c.size_min = 60;
	r->c.size_max = 1514;
	r->c.tcp_flags = TCP_SYN;
	r->c.response = (struct time_sums){ .n = 200, .min_ns = 1 * MS, .max_ns = 4210 * (int64_t)MS, .sum_ns = 12000 * (int64_t)MS };
	for (unsigned id = FIELD_FIRST; id < FIELD_APP; id++)
		if ((id < FIELD_GAP_MIN || id > FIELD_GAP_SUMSQ) && id != FIELD_ICMP_TYPE)
			r->c.known |= FIELD_BIT(id);
	assert_int_equal(hist_new(&r->response, NULL), RC_DONE);
	for (int i = 0; i < 196; i++)
		assert_int_equal(hist_add(r->response, (1 + i % 20) * MS, NULL), RC_DONE);
	for (int i = 0; i < 4; i++)
		assert_int_equal(hist_add(r->response, (600 + 100 * i) * (int64_t)MS, NULL), RC_DONE);
}

static void collect(const struct record *r)
{
	struct row row = { .tier = r->tier, .record = r };
	struct cell_style style = { .dates = false };

	pane_lines(&lines, &row, NULL, &style);
}

static const struct pane_line *line_of(const char *label)
{
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i].kind == PANE_ITEM && strcmp(lines.v[i].label, label) == 0)
			return &lines.v[i];
	return NULL;
}

static void assert_line(const char *label, const char *want)
{
	const struct pane_line *line = line_of(label);

	if (line == NULL)
		fail_msg("no line %s", label);
	else
		assert_string_equal(line->text, want);
}

static void test_families(void **state)
{
	struct record r;

	(void)state;
	make(&r);
	collect(&r);
	assert_line("packets", "1 000: client 600, server 400");
	assert_line("bytes", "1.00 MB: client 100 kB, server 900 kB");
	assert_line("rate", "4 Mbit/s, 500 packets/s");
	assert_non_null(strstr(line_of("frame size")->text, "60 B to 1 514 B, mean 1 000 B"));
	assert_non_null(strstr(line_of("response time")->text, "1.0 ms to 4.21 s, half below "));
	assert_non_null(strstr(line_of("response time")->text, ", mean 60 ms"));
	assert_non_null(strstr(line_of("response time")->text, "(200x)"));
	assert_non_null(strstr(line_of("response time")->help, "response_min response_avg response_max"));
	/* what is nothing, or not known */
	assert_null(line_of("window closed"));
	assert_null(line_of("icmp type"));
	record_free(&r);
}

/* Large numbers are written as everywhere, and what took no time is no line. */
static void test_rates_and_nothing(void **state)
{
	struct record r;

	(void)state;
	make(&r);
	r.c.packets[0] = 6240;
	r.c.packets[1] = 0;
	r.c.bytes[0] = 249900;
	r.c.bytes[1] = 0;
	collect(&r);
	assert_line("rate", "1 Mbit/s, 3.12 k packets/s");
	r.c.packets[0] = 8;
	r.c.bytes[0] = 64;
	hist_free(r.response);
	r.response = NULL;
	r.c.response = (struct time_sums){ .n = 200 };
	collect(&r);
	assert_line("rate", "256 bit/s, 4 packets/s");
	assert_null(line_of("response time"));
	record_free(&r);
}

/* Every field of a row is in some line, or zero, or unknown. */
static void test_nothing_is_lost(void **state)
{
	struct record r;
	struct row row = { .tier = TIER_MACROFLOW, .record = &r };

	(void)state;
	make(&r);
	collect(&r);
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);
		bool found = f->hidden || (f->tiers & FIELD_ON(TIER_MACROFLOW)) == 0 || f->type == TYPE_ID;
		struct value v;

		if (found || !field_get(f, &row, &v) || (f->unit == UNIT_COUNT && v.u == 0) ||
			(f->unit == UNIT_DURATION && v.i == 0))
			continue;
		for (size_t k = 0; k < lines.n && !found; k++) {
			const char *at = strstr(lines.v[k].help, f->name);

			found = at != NULL;
		}
		if (!found)
			fail_msg("%s is in no line", f->name);
	}
	record_free(&r);
}

static void test_health(void **state)
{
	struct health_limits limits = health_limits_default;
	struct record r;
	struct row row = { .tier = TIER_MACROFLOW, .record = &r, .limits = &limits };
	struct cell_style style = { .dates = false };

	(void)state;
	make(&r);
	collect(&r);
	assert_string_equal(lines.v[0].text, "health: degraded");
	assert_line("slow", "2 %, degraded: 4 of 200 responses took 500 ms or more (degraded from 1 %, faulty from 10 %)");
	/* the thresholds that are in force are said */
	limits.slow_ns = 650 * (int64_t)MS;
	limits.rules[HEALTH_SLOW] = (struct health_rule){ 0.002, 0.005, 3 };
	pane_lines(&lines, &row, NULL, &style);
	assert_line("slow",
		"1.5 %, faulty: 3 of 200 responses took 650 ms or more (degraded from 0.2 %, faulty from 0.5 %, 3 at least)");
	limits.rules[HEALTH_SLOW] = (struct health_rule){ 2, 2, 1 };
	pane_lines(&lines, &row, NULL, &style);
	assert_line("slow", "1.5 %, normal: 3 of 200 responses took 650 ms or more (never judged)");
	record_free(&r);
}

static void test_histogram(void **state)
{
	struct record r;
	double sum = 0;
	size_t at = 0;

	(void)state;
	make(&r);
	collect(&r);
	while (at < lines.n && lines.v[at].kind != PANE_CHART)
		at++;
	assert_true(at < lines.n);
	/* under the line that it belongs to, and all of it */
	assert_string_equal(lines.v[at - 1].label, "response time");
	for (size_t i = 0; i < lines.v[at].n_bars; i++) {
		assert_true(lines.v[at].bars[i] >= 0);
		sum += lines.v[at].bars[i];
	}
	assert_true(sum == 200);
	assert_true(lines.v[at].bars[0] > 0 && lines.v[at].bars[lines.v[at].n_bars - 1] > 0);
	hist_free(r.response);
	r.response = NULL;
	collect(&r);
	for (size_t i = 0; i < lines.n; i++)
		assert_int_not_equal(lines.v[i].kind, PANE_CHART);
	record_free(&r);
}

static void test_groups_of_fields(void **state)
{
	(void)state;
	assert_string_equal(field_group_title(field_group_of(field_find("bytes", TIER_FLOW), TIER_FLOW)), "how much");
	assert_string_equal(field_group_title(field_group_of(field_find("name", TIER_FLOW), TIER_FLOW)), "application");
	assert_string_equal(field_group_title(field_group_of(field_find("name", TIER_POINT), TIER_POINT)), "capture point");
	assert_string_equal(field_group_title(field_groups() - 1), "more");
}

/* A text that is too long goes on below, whole. */
static void test_long_texts(void **state)
{
	(void)state;
	open_screen();
	screen.pane = DETAIL_LARGE;
	screen_resize(&screen, 44, 40);
	screen.pane = DETAIL_LARGE;
	assert_seen("bytes            1.00 MB: client\n                    1.00 MB, server 0 B");
}

/* ---- on the screen ------------------------------------------------------------------------ */

static void test_sizes_of_the_pane(void **state)
{
	(void)state;
	open_screen();
	assert_unseen("m1.100");
	keys("Tab");
	assert_seen("── 14:00 https 198.51.100.1 m1.100 ─");
	assert_seen("how much");
	assert_seen("14:15");
	keys("Tab");
	/* most of the screen, and the rest is scrolled to */
	assert_seen("bytes            1.00 MB");
	assert_unseen("is left out");
	assert_seen("} scrolls");
	keys("} } } } } } } } }");
	assert_seen("what is zero is left out");
	assert_unseen("} scrolls");
	keys("{ { { { { { { { {");
	assert_seen("how much");
	keys("j");
	assert_seen("m1.200");
	keys("Tab");
	assert_unseen("m1.200");
	/* there is room for it from the start */
	screen.pane_chosen = false;
	screen_resize(&screen, 200, 60);
	assert_seen("m1.200");
	keys("gs");
	assert_unseen("m1.");
	assert_seen("── https ─");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_rates_and_nothing),
		cmocka_unit_test(test_nothing_is_lost),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_groups_of_fields),
		TEST(test_sizes_of_the_pane),
		TEST(test_long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
