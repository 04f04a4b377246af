/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sequence diagrams as data: ui/ladder.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ui/ladder.h"

#include <stdio.h>
#include <string.h>

enum { MS = 1000000 };

static struct ladder l;

static int set_up(void **state)
{
	(void)state;
	memset(&l, 0, sizeof(l));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ladder_free(&l);
	return 0;
}

static struct addr addr(uint8_t n)
{
	return (struct addr){ .kind = ADDR_IPV4, .bytes = { 10, 0, 0, n } };
}

static void add(uint8_t from, uint8_t to, int64_t ms, uint32_t marks, bool quiet)
{
	struct addr a = addr(from), b = addr(to);
	struct ladder_arrow arrow = { .time_ns = ms * MS, .frame = l.n + 1, .marks = marks, .quiet = quiet };
	char text[16];
	bool more;

	snprintf(text, sizeof(text), "%d", (int)ms);
	unsigned x = ladder_host(&l, &a, ""), y = ladder_host(&l, &b, "");
	assert_int_equal(ladder_add(&l, &arrow, x, y, text, &more, NULL), RC_DONE);
	assert_true(more);
}

/* Lines in one: "0>1 5" an arrow and its text, "!" what was not captured, "." time that passes, "(40)" ms said. */
static const char *lines(bool quiet, bool to_scale)
{
	static char out[4096];
	size_t len = 0;

	out[0] = '\0';
	assert_int_equal(ladder_lines(&l, quiet, to_scale, NULL), RC_DONE);
	for (size_t i = 0; i < l.n_lines; i++) {
		const struct ladder_arrow *a = &l.arrows[l.lines[i].arrow];

		if (l.lines[i].kind == LADDER_PACKET)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%d>%d %s|", a->from, a->to, ladder_text(&l, a));
		else if (l.lines[i].kind == LADDER_LOST)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "!");
		else if (l.lines[i].ns > 0)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "(%d)", (int)(l.lines[i].ns / MS));
		else
			len += (size_t)snprintf(out + len, sizeof(out) - len, ".");
	}
	return out;
}

static void test_order(void **state)
{
	(void)state;
	add(1, 2, 5, 0, false);
	add(2, 3, 4, 0, false);
	add(2, 1, 3, 0, false);
	ladder_end(&l);
	assert_string_equal(lines(true, false), "1>0 3|(1)1>2 4|(1)0>1 5|");
	assert_string_equal(l.hosts[2].name, "10.0.0.3");
}

/* Long times have a line, short ones none; to scale there are as many as they are long. */
static void test_gaps(void **state)
{
	(void)state;
	add(1, 2, 0, 0, false);
	add(2, 1, 1, 0, false);
	add(1, 2, 61, 0, false);
	add(2, 1, 121, MARK_BIT(MARK_LOST_SEGMENT), false);
	ladder_end(&l);
	assert_string_equal(lines(true, false), "0>1 0|1>0 1|(60)0>1 61|(60)!1>0 121|");
	const char *scaled = lines(true, true);
	size_t dots = 0;

	for (const char *c = scaled; *c != '\0'; c++)
		dots += *c == '.' || *c == '(';
	assert_in_range(dots, 116, 120);
	assert_non_null(strstr(scaled, "(60)"));
}

static void test_quiet(void **state)
{
	(void)state;
	add(1, 2, 0, 0, false);
	add(2, 1, 1, 0, true);
	add(2, 1, 2, 0, false);
	ladder_end(&l);
	assert_string_equal(lines(false, false), "0>1 0|(2)1>0 2|");
	assert_int_equal(ladder_line_of(&l, 0), 0);
	assert_int_equal(ladder_line_of(&l, 1), 2);
	assert_string_equal(lines(true, false), "0>1 0|(1)1>0 1|(1)1>0 2|");
}

/* Two addresses of one machine, through a third one, too; a name is better than an address. */
static void test_same(void **state)
{
	struct addr a = addr(2), b = addr(3), c = addr(5), d = addr(4);

	(void)state;
	add(1, 2, 0, 0, false);
	(void)ladder_host(&l, &b, "lb");
	add(3, 4, 1, 0, false);
	add(5, 6, 2, 0, false);
	ladder_same(&l, &a, &b);
	ladder_same(&l, &d, &c);
	ladder_end(&l);
	assert_int_equal(l.n_hosts, 4);
	assert_string_equal(lines(true, false), "0>1 0|(1)1>2 1|(1)2>3 2|");
	assert_string_equal(l.hosts[1].name, "lb");
	assert_string_equal(l.hosts[2].name, "10.0.0.4");
}

static void test_bounds(void **state)
{
	struct ladder_arrow arrow = { 0 };
	bool more = true;

	(void)state;
	for (unsigned i = 0; i < LADDER_ARROWS; i++)
		add((uint8_t)(i % 2), (uint8_t)(1 - i % 2), i, 0, false);
	assert_int_equal(ladder_add(&l, &arrow, 0, 1, "", &more, NULL), RC_DONE);
	assert_false(more);
	assert_true(l.limited);
	for (unsigned i = 2; i < LADDER_HOSTS; i++) {
		struct addr a = addr((uint8_t)i);

		assert_int_equal(ladder_host(&l, &a, ""), i);
	}
	struct addr a = addr(200);
	assert_int_equal(ladder_host(&l, &a, ""), LADDER_HOSTS);
}

static void test_no_memory(void **state)
{
	struct ladder_arrow arrow = { 0 };
	bool more;

	(void)state;
	mem_fail_after(1);
	assert_int_equal(ladder_add(&l, &arrow, 0, 1, "x", &more, NULL), RC_NO_MEMORY);
	mem_fail_after(2);
	assert_int_equal(ladder_add(&l, &arrow, 0, 1, "x", &more, NULL), RC_NO_MEMORY);
	mem_fail_after(0);
	assert_int_equal(l.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(test_order),
		TEST(test_gaps),
		TEST(test_quiet),
		TEST(test_same),
		TEST(test_bounds),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
