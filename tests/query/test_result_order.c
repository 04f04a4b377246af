/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that are kept, in every kind of order: as value_cmp() has it, unknown ones last, equal ones as they came. */
#include "query/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3000 };

static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Of few networks, so that beginnings are the same; IPv6 differs in its first, its last, or all bytes. */
static void make_addr(struct addr *a, bool v6)
{
	memset(a, 0, sizeof(*a));
	a->kind = v6 ? ADDR_IPV6 : ADDR_IPV4;
	for (unsigned i = 0; i < (v6 ? 16 : 4); i++)
		a->bytes[i] = any(3) == 0 ? (uint8_t)any(256) : 7;
}

static struct result *make(unsigned v6_of_ten)
{
	struct result *r;

	assert_int_equal(result_new(TIER_FLOW, &r, NULL), RC_DONE);
	for (unsigned i = 0; i < ROWS; i++) {
		struct record rec;
		struct row row = { .tier = TIER_FLOW, .record = &rec, .source = 1 + any(2) };

		record_init(&rec, TIER_FLOW);
		rec.id = (struct record_id){ 1, i + 1 };
		make_addr(&rec.key.client, any(10) < v6_of_ten);
		make_addr(&rec.key.server, any(10) < v6_of_ten);
		rec.key.client_port = (uint16_t)any(100);
		rec.key.proto = 6;
		rec.key.has_ports = any(10) > 0;
		record_key_known(&rec);
		rec.c.flows = any(5);
		rec.c.bytes[0] = (uint64_t)any(1000) << any(40);
		rec.c.first_ns = (int64_t)any(1000) - 500;
		rec.c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_FLOWS);
		assert_int_equal(result_add(r, &row, NULL), RC_DONE);
		record_free(&rec);
	}
	return r;
}

/* Order of two rows by one field: below 0 where a stands first. */
static int compare(const struct query_sort *by, const struct row *a, const struct row *b)
{
	struct value x, y;
	bool known_x = field_get(by->field, a, &x), known_y = field_get(by->field, b, &y);
	int cmp;

	if (!known_x || !known_y)
		return known_y - known_x;
	cmp = value_cmp(&x, &y);
	return by->descending ? -cmp : cmp;
}

static void check(struct result *r, const char *first, const char *second, bool descending)
{
	const struct query_sort by[2] = { { field_find(first, TIER_FLOW), descending },
		{ field_find(second, TIER_FLOW), !descending } };

	assert_non_null(by[0].field);
	assert_non_null(by[1].field);
	assert_int_equal(result_sort(r, by, 2, NULL), RC_DONE);
	for (size_t i = 1; i < ROWS; i++) {
		struct row a, b;
		size_t at;
		struct id id;
		int cmp;

		assert_true(result_row(r, i - 1, &a) && result_row(r, i, &b));
		cmp = compare(&by[0], &a, &b);
		if (cmp == 0)
			cmp = compare(&by[1], &a, &b);
		if (cmp == 0)
			cmp = a.record->id.offset < b.record->id.offset ? -1 : 1;
		if (cmp > 0)
			fail_msg("by %s, %s: row %zu stands before row %zu", first, second, i - 1, i);
		row_id(&b, &id);
		assert_true(result_find(r, &id, &at) && at == i);
	}
}

static void test_orders(void **state)
{
	static const char *const fields[] = { "client", "server", "client_port", "bytes", "first", "flows", "service", "id" };
	enum { N = sizeof(fields) / sizeof(fields[0]) };

	(void)state;
	for (unsigned v6 = 0; v6 <= 10; v6 += 5) {
		struct result *r;

		seed = v6 + 1;
		r = make(v6);
		for (unsigned i = 0; i < N; i++) {
			check(r, fields[i], fields[(i + 1) % N], false);
			check(r, fields[i], fields[(i + 3) % N], true);
		}
		result_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_orders) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
