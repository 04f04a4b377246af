/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments that say wrong things with right checksums, as a bug of a writer or an enemy would make them: each byte and each number of
 * small ones changed in turn, then asked everything by the fuzz target (tests/fuzz/fuzz_index.c), which aborts where an answer cannot be.
 */
#include "segment_world.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A copy, exactly as long, so that a byte too far is seen by sanitizers. */
static void ask_changed(const struct buf *file, size_t at, const void *bytes, size_t len)
{
	uint8_t *copy = malloc(file->len);

	assert_non_null(copy);
	memcpy(copy, file->data, file->len);
	memcpy(copy + at, bytes, len);
	LLVMFuzzerTestOneInput(copy, file->len);
	free(copy);
}

static void change_bytes(const struct buf *file)
{
	for (size_t i = 0; i < file->len; i++) {
		uint8_t was = file->data[i];
		const uint8_t values[] = { (uint8_t)(was + 1), (uint8_t)(was - 1), was ^ 0x80, 0, 0xff };

		for (size_t k = 0; k < sizeof(values); k++)
			if (values[k] != was)
				ask_changed(file, i, &values[k], 1);
	}
}

static void change_numbers(const struct buf *file)
{
	for (size_t i = 0; i + 4 <= file->len; i += 4) {
		uint32_t was;
		memcpy(&was, file->data + i, 4);
		const uint32_t values[] = { 0, 1, INT32_MAX, UINT32_MAX, was * 2, was / 2 };

		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++)
			if (values[k] != was)
				ask_changed(file, i, &values[k], 4);
	}
}

static void test_changed(void **state)
{
	static const uint32_t packets[] = { 3, 24 };

	(void)state;
	for (unsigned i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct model *m = model_new(700 + i, i ? MODEL_TAME : MODEL_WILD, packets[i], 1 + packets[i] / 4);
		struct buf file;

		assert_true(model_file(m, &file) > 0);
		LLVMFuzzerTestOneInput(file.data, file.len);
		change_bytes(&file);
		change_numbers(&file);
		buf_free(&file);
		model_free(m);
	}
}

/* Of a larger one some, drawn: two changes at once. */
static void test_drawn(void **state)
{
	struct model *m = model_new(77, MODEL_WILD, 300, 50);
	uint64_t r = 5;
	struct buf file;

	(void)state;
	assert_true(model_file(m, &file) > 0);
	for (unsigned i = 0; i < 2000; i++) {
		size_t at[2] = { model_random(&r) % file.len, model_random(&r) % file.len };
		uint8_t was[2] = { file.data[at[0]], file.data[at[1]] };

		file.data[at[0]] = (uint8_t)model_random(&r);
		file.data[at[1]] ^= (uint8_t)(1 << model_random(&r) % 8);
		LLVMFuzzerTestOneInput(file.data, file.len);
		file.data[at[1]] = was[1];
		file.data[at[0]] = was[0];
	}
	buf_free(&file);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
