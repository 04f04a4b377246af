/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wide loop chooses what its definition says, place by place, whatever the length, with and without AVX2. */
#include "trace/places.h"

#include "base/cursor.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/wide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4000 };

struct list {
	size_t n, most;
	uint32_t print[MOST];
	size_t at[MOST];
};

static bool take(void *ctx, uint32_t print, size_t at)
{
	struct list *l = ctx;

	assert_true(l->n < MOST);
	l->print[l->n] = print;
	l->at[l->n++] = at;
	return l->n < l->most;
}

static uint16_t word(const uint8_t *p)
{
	return load_le16(p) | 0x2020;
}

static bool all_the_same(const uint8_t *p)
{
	for (unsigned i = 1; i < PLACE_BYTES; i++)
		if (p[i] != p[0])
			return false;
	return true;
}

/* As the format defines it. */
static void choose_slowly(const uint8_t *bytes, size_t len, unsigned one_in, struct list *out)
{
	for (size_t at = 0; at + PLACE_BYTES <= len; at++) {
		const uint8_t *p = bytes + at;
		uint8_t level[PLACE_BYTES];
		uint16_t sum = (uint16_t)(word(p) * 0x9e37u + word(p + 2) * 0x6a09u + word(p + 4) * 0xbb67u);

		for (unsigned i = 0; i < PLACE_BYTES; i++)
			level[i] = p[i] | 0x20;
		if ((int16_t)sum < -32768 + 65536 / (int)one_in && !all_the_same(level))
			take(out, (uint32_t)(hash_mix(load_le64(level) ^ hash_mix(load_le64(level + 8) + 1)) >> 32), at);
	}
}

static void fill(uint8_t *bytes, size_t len, unsigned seed)
{
	srand(seed);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(rand() >> 7);
	if (seed % 3 == 0 && len >= 80)  /* now and then a row */
		memset(bytes + len / 2, rand(), 40);
}

static void compare(const uint8_t *bytes, size_t len, unsigned one_in)
{
	static struct list want, got;

	want.n = got.n = 0;
	want.most = got.most = SIZE_MAX;
	choose_slowly(bytes, len, one_in, &want);
	places_each(bytes, len, one_in, take, &got);
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < want.n; i++)
		assert_true(got.print[i] == want.print[i] && got.at[i] == want.at[i]);
	if (want.n < 2)
		return;
	got.n = 0;
	got.most = want.n / 2;
	places_each(bytes, len, one_in, take, &got);
	assert_int_equal(got.n, want.n / 2);
}

/* Exact allocations: who reads beyond shows under ASan. */
static void test_lengths(void **state)
{
	(void)state;
	for (size_t len = 0; len < 2200; len = len < 120 || (len > 1000 && len < 1080) ? len + 1 : len + 41) {
		uint8_t *bytes = mem_alloc(len + 1), *exact = bytes + 1;

		fill(exact, len, (unsigned)len);
		compare(exact, len, 2);
		compare(exact, len, 16);
		compare(exact, len, 128);
		mem_free(bytes);
	}
}

/* An escape is told wherever it stands, and where there is none that is told, too. */
static void test_escapes(void **state)
{
	static uint8_t bytes[1100];
	static struct list got;

	(void)state;
	got.most = SIZE_MAX;
	for (size_t len = 0; len <= sizeof(bytes); len = len < 120 || len > 1010 ? len + 1 : len + 89) {
		fill(bytes, len, (unsigned)len + 1);
		for (size_t i = 0; i < len; i++)
			bytes[i] = bytes[i] == PLACES_ESCAPE ? 'x' : bytes[i];
		got.n = 0;
		assert_false(places_each(bytes, len, 128, take, &got));
		for (size_t i = 0; i < len; i += i > 60 && i + 60 < len ? 7 : 1) {
			uint8_t was = bytes[i];

			bytes[i] = PLACES_ESCAPE;
			got.n = 0;
			assert_true(places_each(bytes, len, 128, take, &got));
			bytes[i] = was;
		}
	}
}

static void test_without_avx2(void **state)
{
	bool had = wide_has_avx2;

	wide_has_avx2 = false;
	test_lengths(state);
	test_escapes(state);
	wide_has_avx2 = had;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_without_avx2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
