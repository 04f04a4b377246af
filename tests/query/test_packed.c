/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed structs against plain ones, at random. */
#include "query/packed.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

enum { WORDS_MAX = 512, N = 900, ROUNDS = 4000 };

static uint64_t state = 1;

static uint64_t rnd(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below == 0 ? state : state % below;
}

/* Mostly like the one before, with words of all lengths. */
static void change(uint64_t *words, size_t n)
{
	for (size_t i = rnd(n) + (rnd(20) == 0 ? 0 : n / 2); i < n; i += 1 + rnd(5))
		words[i] = rnd(4) == 0 ? 0 : rnd(0) >> rnd(64);
}

struct mirror {
	size_t words, n;
	uint64_t v[N][WORDS_MAX];
	bool there[N];
};

static void check(const struct packed *p, const struct mirror *m, size_t i)
{
	uint64_t words[WORDS_MAX];

	assert_int_equal(packed_count(p), m->n);
	assert_int_equal(packed_get(p, i, words), m->there[i]);
	if (m->there[i])
		assert_memory_equal(words, m->v[i], m->words * sizeof(uint64_t));
}

static void add(struct packed *p, struct mirror *m, uint64_t *words)
{
	assert_int_equal(packed_add(p, words, NULL), RC_DONE);
	memcpy(m->v[m->n], words, m->words * sizeof(uint64_t));
	m->there[m->n++] = true;
}

static void replace(struct packed *p, struct mirror *m, uint64_t *words)
{
	size_t i = rnd(m->n);

	packed_drop(p, i);
	m->there[i] = false;
	check(p, m, i);
	if (rnd(8) == 0)
		return;
	assert_int_equal(packed_put(p, i, words, NULL), RC_DONE);
	memcpy(m->v[i], words, m->words * sizeof(uint64_t));
	m->there[i] = true;
}

static void test_random(void **ctx)
{
	static const size_t sizes[] = { 1, 7, 8, 9, 170, 511, 512 };
	struct mirror *m = calloc(1, sizeof(*m));

	(void)ctx;
	assert_non_null(m);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		uint64_t words[WORDS_MAX] = { 0 };
		struct packed *p;

		m->words = sizes[k];
		m->n = 0;
		assert_int_equal(packed_new(m->words * sizeof(uint64_t), &p, NULL), RC_DONE);
		for (unsigned round = 0; round < ROUNDS; round++) {
			change(words, m->words);
			if (m->n < N && (m->n == 0 || rnd(3) == 0))
				add(p, m, words);
			else
				replace(p, m, words);
			check(p, m, rnd(m->n));
		}
		for (size_t i = 0; i < m->n; i++)
			check(p, m, i);
		packed_free(p);
	}
	free(m);
}

/* What is alike costs little, and what was replaced is not kept. */
static void test_size(void **ctx)
{
	uint64_t words[170] = { 0 };
	struct packed *p;
	size_t before;

	(void)ctx;
	assert_int_equal(packed_new(sizeof(words), &p, NULL), RC_DONE);
	for (unsigned i = 0; i < 10000; i++) {
		for (unsigned k = 0; k < 170; k += 4)
			words[k] = rnd(200);
		assert_int_equal(packed_add(p, words, NULL), RC_DONE);
	}
	before = packed_bytes(p);
	assert_in_range(before, 10000 * 60, 10000 * 110);
	for (unsigned i = 0; i < 100000; i++) {
		size_t at = rnd(10000);

		words[rnd(42) * 4] = rnd(200);
		packed_drop(p, at);
		assert_int_equal(packed_put(p, at, words, NULL), RC_DONE);
	}
	assert_in_range(packed_bytes(p), 0, before * 4);
	packed_free(p);
}

static void test_no_memory(void **ctx)
{
	uint64_t words[64] = { 0 }, got[64];
	struct packed *p;
	struct err err;

	(void)ctx;
	for (unsigned nth = 1; nth < 40; nth++) {
		enum rc rc;
		size_t n = 0;

		p = NULL;
		mem_fail_once(nth);
		rc = packed_new(sizeof(words), &p, &err);
		for (; rc == RC_DONE && n < 1000; n++) {
			words[n % 64] = n;
			rc = packed_add(p, words, &err);
			if (rc != RC_DONE)
				break;
		}
		mem_fail_after(0);
		if (rc != RC_DONE)
			assert_int_equal(err.rc, RC_NO_MEMORY);
		if (p == NULL)
			continue;
		assert_int_equal(packed_count(p), n);
		for (size_t i = 0; i < n; i++)
			assert_true(packed_get(p, i, got));
		assert_true(n < 1000 || got[(n - 1) % 64] == n - 1);
		packed_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_size),
		cmocka_unit_test(test_no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
