/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/sum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 1071, word by word in this machine's order. */
static uint16_t plain_sum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2) {
		uint8_t pair[2] = { bytes[i], i + 1 < len ? bytes[i + 1] : 0 };
		uint16_t word;

		memcpy(&word, pair, 2);
		sum += word;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* Every length and alignment, random bytes and the extremes, from memory of exactly that size. */
static void test_against_plain(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (size_t len = 0; len < 300; len++) {
		for (int kind = 0; kind < 4; kind++) {
			uint8_t *bytes = malloc(len ? len : 1);

			assert_non_null(bytes);
			for (size_t i = 0; i < len; i++)
				bytes[i] = kind == 0 ? 0 : kind == 1 ? 0xff : (uint8_t)rand_r(&seed);
			assert_int_equal(sum_fold(sum_bytes(bytes, len)), plain_sum(bytes, len));
			if (len > 3)
				assert_int_equal(sum_fold(sum_bytes(bytes + 3, len - 3)),
					plain_sum(bytes + 3, len - 3));
			free(bytes);
		}
	}
}

static void test_rfc1071_example(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	static const uint8_t sum[] = { 0xdd, 0xf2 };
	uint16_t want;

	(void)state;
	memcpy(&want, sum, 2);
	assert_int_equal(sum_fold(sum_bytes(bytes, sizeof(bytes))), want);
}

/* RFC 3720, appendix B.4. */
static void test_crc32c(void **state)
{
	uint8_t bytes[32];

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(sum_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(sum_crc32c(0, bytes, 32), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(sum_crc32c(0, bytes, 32), 0x46dd794e);
	assert_int_equal(sum_crc32c(sum_crc32c(0, bytes, 10), bytes + 10, 22), 0x46dd794e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_plain),
		cmocka_unit_test(test_rfc1071_example),
		cmocka_unit_test(test_crc32c),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
