/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints: what is shared is found wherever it stands, and hostile bytes cost no more than others. */
#include "trace/common.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 17 };

static size_t prints_of(const void *payload, size_t len, struct print *out)
{
	struct plain p = { 0 };
	size_t n;

	assert_int_equal(plain_make(&p, payload, len, NULL), RC_DONE);
	n = fingerprint(&p, out, ROOM);
	assert_true(n <= fingerprint_bound(p.len));
	plain_free(&p);
	return n;
}

static size_t shared(const void *a, size_t a_len, const void *b, size_t b_len)
{
	struct print *x = mem_calloc(ROOM, sizeof(*x)), *y = mem_calloc(ROOM, sizeof(*y));
	size_t n = prints_of(a, a_len, x), m = prints_of(b, b_len, y), found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			found += x[i].hash == y[k].hash;
	mem_free(x);
	mem_free(y);
	return found;
}

static size_t shared_text(const char *a, const char *b)
{
	return shared(a, strlen(a), b, strlen(b));
}

static void test_tokens(void **state)
{
	(void)state;
	assert_true(shared_text("GET /find?q=stormlantern HTTP", "name ilike '%stormlantern%'") >= 1);
	assert_true(shared_text("q=storm%2Dlantern%37", "'Storm-Lantern7'") >= 1);
	/* the words of a token, too */
	assert_true(shared_text("sess_8f3a21cd", "GET cart:8f3a21cd\r\n") >= 1);
	assert_int_equal(shared_text("q=short", "'short'"), 0);
	assert_int_equal(shared_text("------------", "------------"), 0);
	assert_int_equal(shared_text("abcdefg", "abcdefh"), 0);
	/* what only looks like an escape stays */
	assert_true(shared_text("q=ab41lantern HTTP", "ilike '%ab41lantern%'") >= 1);
	assert_true(shared_text("q=41lantern HTTP", "ilike '%41lantern%'") >= 1);
	assert_true(shared_text("q=41lantern HTTP", "\x12%41lantern%") >= 1);
	assert_true(shared_text("%c3%a4%c3%b6-and-more-of-it", "\303\244\303\266-AND-MORE-OF-IT") >= 2);
	assert_true(shared_text("100%zzlantern%4", "%zzlantern%4") >= 1);
}

static void fill(uint8_t *bytes, size_t len, unsigned seed)
{
	srand(seed);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(rand() >> 7);
}

/* Of 500 pairs with so many bytes in common, at any place, how many share a print. */
static unsigned found_of_500(size_t common)
{
	uint8_t a[600], b[600];
	unsigned found = 0;

	for (unsigned round = 0; round < 500; round++) {
		fill(a, sizeof(a), round * 2 + 1);
		fill(b, sizeof(b), round * 2 + 2);
		memcpy(b + round % 400, a + 17 + round % 77, common);
		found += shared(a, sizeof(a), b, sizeof(b)) > 0;
	}
	return found;
}

static void test_gears(void **state)
{
	(void)state;
	assert_int_equal(found_of_500(0), 0);
	assert_true(found_of_500(40) > 450);
	assert_true(found_of_500(64) > 490);
	assert_int_equal(found_of_500(160), 500);
}

static void test_hostile(void **state)
{
	struct print *out = mem_calloc(ROOM, sizeof(*out));
	uint8_t *bytes = mem_calloc(1, ROOM);

	(void)state;
	assert_int_equal(prints_of(bytes, ROOM, out), 0);
	memset(bytes, 'a', ROOM);
	assert_int_equal(prints_of(bytes, ROOM, out), 0);
	memset(bytes, '%', ROOM);
	assert_int_equal(prints_of(bytes, ROOM, out), 0);
	for (size_t i = 0; i < ROOM; i++)
		bytes[i] = (uint8_t)"ab "[i % 3];
	assert_true(prints_of(bytes, ROOM, out) <= ROOM);
	assert_int_equal(prints_of(bytes, 0, out), 0);
	for (size_t len = 1; len < 20; len++)
		(void)prints_of("%41%4Az-_0123456789", len, out);
	mem_free(bytes);
	mem_free(out);
}

static void test_handshake(void **state)
{
	(void)state;
	assert_true(fingerprint_is_handshake((const uint8_t *)"\x16\x03\x01\x02", 4));
	assert_false(fingerprint_is_handshake((const uint8_t *)"\x17\x03\x03\x02", 4));
	assert_false(fingerprint_is_handshake((const uint8_t *)"\x16\x03", 2));
	assert_false(fingerprint_is_handshake((const uint8_t *)"GET", 3));
}

/* ---- common content --------------------------------------------------------------------------------- */

static struct common slow_longest(const struct plain *a, const struct plain *b)
{
	struct common best = { 0 };

	for (uint32_t k = 0; k < b->len; k++)
		for (uint32_t i = 0; i < a->len; i++) {
			uint32_t len = 0;

			while (i + len < a->len && k + len < b->len && a->bytes[i + len] == b->bytes[k + len])
				len++;
			if (len > best.len)
				best = (struct common){ i, k, len };
		}
	return best;
}

static void test_longest(void **state)
{
	struct plain a = { 0 }, b = { 0 };
	uint8_t x[200], y[200];

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		struct common fast, slow;
		size_t n = round % 200, m = round * 7 % 200;

		fill(x, sizeof(x), round);
		fill(y, sizeof(y), round + 1000);
		for (size_t i = 0; i < sizeof(x); i++) {
			x[i] = (uint8_t)(x[i] % (2 + round % 5));
			y[i] = (uint8_t)(y[i] % (2 + round % 5));
		}
		assert_int_equal(plain_make(&a, x, n, NULL), RC_DONE);
		assert_int_equal(plain_make(&b, y, m, NULL), RC_DONE);
		slow = slow_longest(&a, &b);
		assert_int_equal(common_longest(&a, &b, 3, &fast, NULL), RC_DONE);
		assert_int_equal(fast.len, slow.len < 3 ? 0 : slow.len);
		assert_memory_equal(a.bytes + fast.a_at, b.bytes + fast.b_at, fast.len);
		if (fast.len)
			assert_int_equal(fast.b_at, slow.b_at);
	}
	plain_free(&a);
	plain_free(&b);
}

static void test_needle(void **state)
{
	static const char content[] = "the whole of a content that is looked for, %20piece by piece";
	struct needle *n;
	struct plain b = { 0 };
	struct common c;

	(void)state;
	assert_int_equal(needle_new((const uint8_t *)content, sizeof(content) - 1, 8, &n, NULL), RC_DONE);
	for (uint32_t from = 0; from < 30; from += 3)
		for (uint32_t len = 6; len < 12; len++) {
			char text[100] = "-- nothing else of it --";
			size_t at = strlen(text);

			memcpy(text + at, content + from, len);
			text[at + len] = '#';
			assert_int_equal(plain_make(&b, (uint8_t *)text, at + len + 1, NULL), RC_DONE);
			assert_int_equal(needle_find(n, &b, &c), len >= 8);
			assert_int_equal(c.len, len >= 8 ? len : 0);
			if (len >= 8) {
				assert_int_equal(c.a_at, from);
				assert_int_equal(c.b_at, at);
			}
		}
	assert_int_equal(plain_make(&b, (const uint8_t *)"nothing", 7, NULL), RC_DONE);
	assert_false(needle_find(n, &b, &c));
	assert_int_equal(plain_make(&b, NULL, 0, NULL), RC_DONE);
	assert_false(needle_find(n, &b, &c));
	needle_free(n);
	plain_free(&b);
}

static void test_offsets(void **state)
{
	struct plain a = { 0 }, b = { 0 };
	struct common c;

	(void)state;
	assert_int_equal(plain_make(&a, (const uint8_t *)"%41%42q=Blue%20Lamp", 19, NULL), RC_DONE);
	assert_int_equal(plain_make(&b, (const uint8_t *)"like 'blue lamp'", 16, NULL), RC_DONE);
	assert_int_equal(common_longest(&a, &b, 4, &c, NULL), RC_DONE);
	assert_int_equal(c.len, 9);
	assert_int_equal(plain_offset(&a, c.a_at), 8);
	assert_int_equal(plain_offset(&a, c.a_at + c.len), 19);
	assert_int_equal(plain_offset(&b, c.b_at), 6);
	c = common_around(&a, &b, (struct common){ c.a_at + 3, c.b_at + 3, 2 });
	assert_int_equal(c.len, 9);
	assert_int_equal(c.b_at, 6);
	plain_free(&a);
	plain_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_gears),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_needle),
		cmocka_unit_test(test_offsets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
