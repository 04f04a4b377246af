/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/observation.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct observation seen(uint8_t last, enum seen_by by, const char *name, int64_t first_ns, int64_t last_ns)
{
	struct observation o = {.addr = {.kind = ADDR_IPV4, .bytes = {10, 0, 0, last}}, .by = (uint8_t)by, .name = name,
		.len = (uint8_t)strlen(name), .first_ns = first_ns, .last_ns = last_ns};

	return o;
}

static struct observations *made(size_t max)
{
	struct observations *s;

	assert_int_equal(observations_new(max, &s, NULL), RC_DONE);
	return s;
}

static void add(struct observations *s, struct observation o)
{
	observations_add(s, &o);
}

static void is(const struct observation *o, struct observation expected)
{
	assert_int_equal(observation_cmp(o, &expected), 0);
	assert_int_equal(o->first_ns, expected.first_ns);
	assert_int_equal(o->last_ns, expected.last_ns);
}

static void once_each_in_order(void **state)
{
	struct observations *s = made(100);
	const struct observation *v;

	(void)state;
	assert_null(observations_sorted(s));
	add(s, seen(2, SEEN_DNS, "b", 5, 5));
	add(s, seen(1, SEEN_SNI, "a", 7, 9));
	add(s, seen(1, SEEN_DNS, "bb", 4, 4));
	add(s, seen(1, SEEN_DNS, "b", 3, 3));
	add(s, seen(2, SEEN_DNS, "b", 2, 8));
	add(s, seen(2, SEEN_DNS, "", 2, 8));
	add(s, (struct observation){.name = "nobody", .len = 6});
	assert_int_equal(observations_count(s), 4);
	v = observations_sorted(s);
	is(&v[0], seen(1, SEEN_DNS, "b", 3, 3));
	is(&v[1], seen(1, SEEN_DNS, "bb", 4, 4));
	is(&v[2], seen(1, SEEN_SNI, "a", 7, 9));
	is(&v[3], seen(2, SEEN_DNS, "b", 2, 8));
	add(s, seen(1, SEEN_DNS, "bb", 1, 1));           /* sorting does not end it */
	add(s, seen(0, SEEN_CAPTURE, "first", 1, 1));
	assert_int_equal(observations_count(s), 5);
	v = observations_sorted(s);
	is(&v[0], seen(0, SEEN_CAPTURE, "first", 1, 1));
	is(&v[2], seen(1, SEEN_DNS, "bb", 1, 4));
	observations_clear(s);
	assert_int_equal(observations_count(s), 0);
	assert_null(observations_sorted(s));
	observations_free(s);
}

static void bounded(void **state)
{
	struct observations *s = made(1000);
	char name[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		add(s, seen((uint8_t)i, SEEN_DNS, name, i, i));
	}
	assert_int_equal(observations_count(s), 1000);
	assert_int_equal(observations_refused(s), 99000);
	add(s, seen(3, SEEN_DNS, "name3", 99, 99));      /* what is there needs no room */
	assert_int_equal(observations_refused(s), 99000);
	assert_false(observations_failed(s));
	observations_free(s);
}

static void no_memory(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth < 4; nth++) {
		struct observations *s = made(1000);

		mem_fail_after(nth);
		add(s, seen(1, SEEN_DNS, "a", 1, 1));
		mem_fail_after(0);
		assert_true(observations_failed(s));
		add(s, seen(1, SEEN_DNS, "b", 1, 1));
		assert_int_equal(observations_count(s), 0);
		observations_clear(s);
		assert_false(observations_failed(s));
		add(s, seen(1, SEEN_DNS, "a", 1, 1));
		assert_int_equal(observations_count(s), 1);
		observations_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_each_in_order),
		cmocka_unit_test(bounded),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
