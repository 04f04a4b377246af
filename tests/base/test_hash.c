/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash_bytes() gives XXH3's values whatever vectors it uses: they stand in files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

static const struct { size_t len; uint64_t seed, hash; } known[] = {
	{ 0, 0, 0x2d06800538d394c2 }, { 0, 42, 0xb029411ff43d84d2 },
	{ 1, 0, 0xc44bdff4074eecdb }, { 1, 42, 0x5cf10f10bf2dd245 },
	{ 16, 0, 0x1568bb66fcc8bd6d }, { 16, 42, 0x598d7c704f8c9154 },
	{ 128, 0, 0x15c96a4269ee17dd }, { 128, 42, 0xaba7120d6645d40a },
	{ 129, 0, 0x165567fcb3fa4eab }, { 129, 42, 0xfeba2a6cfb17e178 },
	{ 240, 0, 0x8e126d39279542b5 }, { 240, 42, 0x0368a4c916a766f3 },
	{ 241, 0, 0x2d6873b128d3f478 }, { 241, 42, 0xf9d0029283e6c002 },
	{ 242, 0, 0x16ccaf13db0186e4 }, { 242, 42, 0x8f336bb6f6f5a8ed },
	{ 512, 0, 0xb7a860c3ebbd3cce }, { 512, 42, 0xd9f060bc6952f85e },
	{ 1024, 0, 0xbf024c61b0a161a0 }, { 1024, 42, 0xa95991d953867517 },
	{ 1025, 0, 0xca831ffd572c9897 }, { 1025, 42, 0xc09bc3b4c6048795 },
	{ 1500, 0, 0xbba59dd1cc681b0f }, { 1500, 42, 0x182c5a1864176397 },
	{ 4096, 0, 0x9337434b646570db }, { 4096, 42, 0x37e9e4fd80a26f83 },
};

static void test_values(void **state)
{
	uint8_t bytes[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i + 7 * i);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(hash_bytes(bytes, known[i].len, known[i].seed), known[i].hash);
}

/* Whatever the length: any bit turns it, two do not. */
static void test_parity(void **state)
{
	uint8_t bytes[131] = { 0 };

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		assert_int_equal(hash_parity(bytes, len), 0);
		for (size_t bit = 0; bit < 8 * len; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(hash_parity(bytes, len), 1);
			bytes[len - 1] ^= 0x80;
			assert_int_equal(hash_parity(bytes, len), 0);
			bytes[len - 1] ^= 0x80;
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_values), cmocka_unit_test(test_parity) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
