/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/texts.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct texts *made(size_t max_bytes)
{
	struct texts *t;

	assert_int_equal(texts_new(max_bytes, &t, NULL), RC_DONE);
	return t;
}

static void once_each(void **state)
{
	struct texts *t = made(1 << 20);
	size_t len;

	(void)state;
	assert_int_equal(texts_find(t, "a", 1), 0);
	assert_int_equal(texts_add(t, "www.example.org", 15), 1);
	assert_int_equal(texts_add(t, "b\0c", 3), 2);
	assert_int_equal(texts_add(t, "www.example.org", 15), 1);
	assert_int_equal(texts_add(t, "", 0), 0);
	assert_int_equal(texts_find(t, "b\0c", 3), 2);
	assert_memory_equal(texts_get(t, 2, &len), "b\0c", 4);
	assert_int_equal(len, 3);
	assert_string_equal(texts_get(t, 0, &len), "");
	assert_string_equal(texts_get(t, 3, &len), "");
	assert_int_equal(len, 0);
	texts_clear(t);
	assert_int_equal(texts_find(t, "b\0c", 3), 0);
	assert_int_equal(texts_add(t, "b\0c", 3), 1);
	texts_free(t);
}

static void dropped_goes(void **state)
{
	struct texts *t = made(1 << 20);

	(void)state;
	uint32_t a = texts_add(t, "a", 1), b = texts_add(t, "b", 1);
	texts_add(t, "a", 1);
	texts_drop(t, a);
	assert_int_equal(texts_find(t, "a", 1), a);      /* still held once */
	texts_drop(t, a);
	assert_int_equal(texts_find(t, "a", 1), 0);
	assert_int_equal(texts_add(t, "c", 1), a);       /* its number is used again */
	assert_int_equal(texts_find(t, "b", 1), b);
	texts_free(t);
}

static void bounded(void **state)
{
	struct texts *t = made(10 * (48 + 4));
	char name[16];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "t%03d", i);
		assert_int_equal(texts_add(t, name, 4), i < 10 ? i + 1 : 0);
	}
	assert_int_equal(texts_refused(t), 10);
	assert_int_equal(texts_add(t, "t003", 4), 4);    /* what is there needs no room */
	texts_drop(t, 4);
	texts_drop(t, 4);
	assert_int_equal(texts_add(t, "t015", 4), 4);
	char long_text[TEXTS_LONGEST + 50];
	memset(long_text, 'x', sizeof(long_text));
	texts_clear(t);
	uint32_t cut = texts_add(t, long_text, sizeof(long_text));
	size_t len;
	assert_int_equal(strlen(texts_get(t, cut, &len)), TEXTS_LONGEST);
	assert_int_equal(texts_find(t, long_text, TEXTS_LONGEST + 1), cut);
	texts_free(t);
}

/* Against a plain array: adding and dropping at random, in few hash slots; texts of 1 to 90 bytes, long ones are kept elsewhere. */
static void random_against_model(void **state)
{
	enum { KINDS = 300, STEPS = 200000 };
	static uint32_t held[KINDS], number[KINDS];
	struct texts *t = made(1 << 20);
	uint32_t seed = 1;
	char name[100];

	(void)state;
	for (int step = 0; step < STEPS; step++) {
		seed = seed * 1664525 + 1013904223;
		unsigned k = (seed >> 8) % KINDS;
		size_t len = (size_t)snprintf(name, sizeof(name), "%0*u", (int)(k % 90) + 1, k);

		if (seed >> 31) {
			uint32_t got = texts_add(t, name, len);
			assert_true(held[k] == 0 || got == number[k]);
			assert_int_not_equal(got, 0);
			number[k] = got;
			held[k]++;
		} else if (held[k] > 0) {
			texts_drop(t, number[k]);
			held[k]--;
		}
		assert_int_equal(texts_find(t, name, len), held[k] > 0 ? number[k] : 0);
	}
	for (unsigned k = 0; k < KINDS; k++) {
		size_t len = (size_t)snprintf(name, sizeof(name), "%0*u", (int)(k % 90) + 1, k), got;

		assert_int_equal(texts_find(t, name, len), held[k] > 0 ? number[k] : 0);
		if (held[k] > 0)
			assert_string_equal(texts_get(t, number[k], &got), name);
	}
	texts_free(t);
}

static void no_memory(void **state)
{
	(void)state;
	for (uint64_t nth = 1;; nth++) {
		struct texts *t = made(1 << 20);
		uint32_t got[200];
		size_t len;

		mem_fail_after(nth);
		for (uint32_t i = 0; i < 200; i++)
			got[i] = texts_add(t, &i, sizeof(i));
		mem_fail_after(0);
		uint64_t refused = texts_refused(t);
		for (uint32_t i = 0; i < 200; i++)
			if (got[i] != 0)
				assert_memory_equal(texts_get(t, got[i], &len), &i, sizeof(i));
		texts_free(t);
		if (refused == 0)
			break;
		assert_true(nth < 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_each),
		cmocka_unit_test(dropped_goes),
		cmocka_unit_test(bounded),
		cmocka_unit_test(random_against_model),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
