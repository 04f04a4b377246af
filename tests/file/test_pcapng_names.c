/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file/pcapng.h"

#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void record(struct buf *b, bool be, uint16_t type, const void *bytes, uint16_t len)
{
	build16(b, be, type);
	build16(b, be, len);
	buf_put(b, bytes, len);
	while (b->len % 4)
		buf_put_u8(b, 0);
}

/* IPv4 with two names, an unknown kind, IPv6, one without a zero behind it, EUI-48, the end, and an option. */
static void build(struct buf *b, bool be)
{
	static const uint8_t six[] = {0x20, 1, 0xd, 0xb8, [15] = 1, 's', 'i', 'x', 0};

	record(b, be, 1, "\x0a\0\0\1one\0\0two\0", 13);
	record(b, be, 9, "whatever\0", 9);
	record(b, be, 2, six, sizeof(six));
	record(b, be, 1, "\x0a\0\0\2\0", 5);
	record(b, be, 1, "\x0a\0\0\3open", 8);
	record(b, be, 3, "\2\0\0\0\0\4link", 11);
	record(b, be, 0, "", 0);
	record(b, be, 1, "\x0a\0\0\5no", 7);
}

static void all_names(void **state)
{
	static const struct { uint8_t first, last; size_t addr_len; const char *name; } expected[] = {
		{10, 1, 4, "one"}, {10, 1, 4, "two"}, {0x20, 1, 16, "six"}, {10, 3, 4, "open"}, {2, 4, 6, "link"},
	};

	(void)state;
	for (int be = 0; be < 2; be++) {
		struct pcapng_names n;
		const char *name;
		struct buf b;
		size_t len;

		buf_init(&b);
		build(&b, be);
		pcapng_names_init(&n, b.data, b.len, be);
		for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
			assert_true(pcapng_names_next(&n, &name, &len));
			assert_int_equal(n.addr_len, expected[i].addr_len);
			assert_int_equal(n.addr[0], expected[i].first);
			assert_int_equal(n.addr[n.addr_len - 1], expected[i].last);
			assert_int_equal(len, strlen(expected[i].name));
			assert_memory_equal(name, expected[i].name, len);
		}
		assert_false(pcapng_names_next(&n, &name, &len));
		assert_false(pcapng_names_next(&n, &name, &len));
		buf_free(&b);
	}
}

/* Every length and every byte may lie: it ends, and inside. */
static void hostile(void **state)
{
	struct pcapng_names n;
	const char *name;
	struct buf b;
	size_t len;

	(void)state;
	buf_init(&b);
	build(&b, false);
	for (size_t cut = 0; cut < b.len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		assert_non_null(copy);
		for (unsigned v = 0; v < 512; v++) {
			unsigned names = 0;

			memcpy(copy, b.data, cut);
			if (cut > 0)
				copy[cut * v / 512] = (uint8_t)v;
			pcapng_names_init(&n, copy, cut, false);
			while (pcapng_names_next(&n, &name, &len)) {
				assert_true((const uint8_t *)name >= copy && (const uint8_t *)name + len <= copy + cut);
				assert_true(++names <= cut);
			}
		}
		free(copy);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_names),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
