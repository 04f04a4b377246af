/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segments that are cut, changed or newer. */
#include "segment_world.h"

#include <stdlib.h>
#include <string.h>

/* ---- damage ------------------------------------------------------------------------------- */

/* Whether all of a file's bytes are accepted. */
static bool accepted(const uint8_t *bytes, size_t len, size_t at, struct err *err)
{
	struct segment *s;
	bool fine;

	if (segment_open_memory(bytes, len, at, len > at ? len - at : 1, &s, err) != RC_DONE)
		return false;
	fine = segment_verify(s, err) == RC_DONE;
	segment_close(s);
	return fine;
}

static void test_cut_short(void **state)
{
	struct err err = { 0 };
	struct world x;

	(void)state;
	world_open(&x, 19, MODEL_TAME, 400, 40);
	for (size_t len = 0; len < x.file.len; len++) {
		/* exactly as long, so that a byte too far is seen */
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, x.file.data, len);
		assert_false(accepted(copy, len, x.at, &err));
		assert_true(err.rc == RC_DAMAGED);
		free(copy);
	}
	assert_true(accepted(x.file.data, x.file.len, x.at, &err));
	world_close(&x);
}

static void test_flipped_bits(void **state)
{
	struct err err = { 0 };
	struct world x;

	(void)state;
	world_open(&x, 20, MODEL_WILD, 300, 40);
	for (size_t i = x.at; i < x.file.len; i++) {
		x.file.data[i] ^= (uint8_t)(1 << i % 8);
		if (accepted(x.file.data, x.file.len, x.at, &err))
			fail_msg("a flipped bit in byte %zu is not seen", i - x.at);
		x.file.data[i] ^= (uint8_t)(1 << i % 8);
	}
	world_close(&x);
}

static void test_newer(void **state)
{
	struct segment *s;
	struct world x;

	(void)state;
	world_open(&x, 22, MODEL_TAME, 100, 10);
	x.file.data[x.at + 4]++;
	assert_int_equal(
		segment_open_memory(x.file.data, x.file.len, x.at, x.file.len - x.at, &s, NULL),
		RC_NEWER);
	x.file.data[x.at + 4]--;
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at,
				 x.file.len - x.at - 1, &s, NULL),
		RC_DAMAGED);
	assert_int_equal(segment_open_memory(x.file.data, x.file.len, x.at + 8, 200, &s, NULL),
		RC_DAMAGED);
	assert_int_equal(
		segment_open_memory(x.file.data, x.file.len, UINT64_MAX, 200, &s, NULL),
		RC_DAMAGED);
	world_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_newer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
