/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/io.h"
#include "base/mem.h"
#include "segment_model.h"
#include "store/filters.h"
#include "store/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void address(struct addr *a, uint32_t n)
{
	memset(a, 0, sizeof(*a));
	a->kind = n % 3 ? ADDR_IPV4 : ADDR_IPV6;
	memcpy(a->bytes, &n, sizeof(n));
}

static struct addr *addresses(uint32_t from, uint32_t n)
{
	struct addr *v = calloc(n, sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		address(&v[i], from + i);
	return v;
}

/* A file of these bytes, loaded. */
static struct filters *load(const void *bytes, size_t len)
{
	char path[] = "/tmp/flowdrill-filters-XXXXXX";
	struct filters *f;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	assert_int_equal(filters_load(path, &f, NULL), RC_DONE);
	unlink(path);
	return f;
}

static void put(struct buf *b, uint32_t block, uint32_t from, uint32_t n)
{
	struct addr *v = addresses(from, n);

	filter_encode(b, block, v, n);
	free(v);
}

static void test_never_misses(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 50, 51, 52, 1000, 100000 };
	struct filters *f;
	struct addr a;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (uint32_t k = 0; k < 7; k++)
		put(&b, k + 1, k * 1000000, sizes[k]);
	f = load(b.data, b.len);
	assert_int_equal(filters_size(f), b.len);
	for (uint32_t k = 0; k < 7; k++) {
		for (uint32_t i = 0; i < sizes[k]; i++) {
			address(&a, k * 1000000 + i);
			assert_true(filters_may_have(f, k + 1, &a));
		}
	}
	/* of a block without a record everything is possible */
	assert_true(filters_may_have(f, 8, &a));
	filters_free(f);
	buf_free(&b);
}

static void test_false_positives(void **state)
{
	struct filters *f;
	struct addr a;
	struct buf b;
	unsigned wrong = 0;

	(void)state;
	buf_init(&b);
	put(&b, 1, 0, 20000);
	assert_true(b.len < 20000 * FILTER_BITS / 8 + 200);
	f = load(b.data, b.len);
	for (uint32_t i = 0; i < 100000; i++) {
		address(&a, 50000000 + i);
		wrong += filters_may_have(f, 1, &a);
	}
	print_message("%u of 100000 are false positives\n", wrong);
	assert_true(wrong < 1800);
	filters_free(f);
	buf_free(&b);
}

static void test_empty(void **state)
{
	struct filters *f;
	struct addr a;
	struct buf b;

	(void)state;
	address(&a, 1);
	assert_int_equal(filters_load("no-such-file", &f, NULL), RC_DONE);
	assert_true(filters_may_have(f, 1, &a));
	assert_int_equal(filters_size(f), 0);
	filters_free(f);
	buf_init(&b);
	filter_encode(&b, 1, NULL, 0);
	f = load(b.data, b.len);
	assert_false(filters_may_have(f, 1, &a));
	filters_free(f);
	buf_free(&b);
}

static void test_last_counts(void **state)
{
	struct filters *f;
	struct addr a, other;
	struct buf b;

	(void)state;
	buf_init(&b);
	put(&b, 3, 100, 1);
	put(&b, 2, 100, 1);
	put(&b, 3, 200, 1);
	f = load(b.data, b.len);
	address(&a, 200);
	address(&other, 100);
	assert_true(filters_may_have(f, 3, &a));
	assert_false(filters_may_have(f, 3, &other));
	assert_true(filters_may_have(f, 2, &other));
	filters_free(f);
	buf_free(&b);
}

static void test_unknown_kind(void **state)
{
	struct filters *f;
	struct addr a;
	struct buf b;

	(void)state;
	buf_init(&b);
	put(&b, 1, 100, 1);
	b.data[FILTER_AT_KIND] = 9; /* and its checksum is wrong now: */
	address(&a, 7);
	f = load(b.data, b.len);
	assert_true(filters_may_have(f, 1, &a));
	assert_int_equal(filters_size(f), 0);
	filters_free(f);
	buf_free(&b);
}

/*
 * Wherever a file is cut or changed: what it says before that counts, of the rest everything is
 * possible.
 */
static void test_damage(void **state)
{
	struct addr first, second, none;
	struct buf b;
	size_t one;

	(void)state;
	address(&first, 100);
	address(&second, 200);
	address(&none, 300);
	buf_init(&b);
	put(&b, 1, 100, 1);
	one = b.len;
	put(&b, 2, 200, 1);
	for (size_t len = 0; len <= b.len; len++) {
		struct filters *f = load(b.data, len);

		assert_int_equal(filters_may_have(f, 1, &none), len < one);
		assert_int_equal(filters_may_have(f, 2, &none), len < b.len);
		assert_true(filters_may_have(f, 1, &first) && filters_may_have(f, 2, &second));
		filters_free(f);
	}
	for (size_t i = 0; i < one; i++) {
		struct filters *f;

		b.data[i] ^= (uint8_t)(1 << i % 8);
		f = load(b.data, b.len);
		assert_int_equal(filters_size(f), 0);
		assert_true(filters_may_have(f, 1, &none) && filters_may_have(f, 2, &none));
		filters_free(f);
		b.data[i] ^= (uint8_t)(1 << i % 8);
	}
	buf_free(&b);
}

static void test_no_memory(void **state)
{
	char path[] = "/tmp/flowdrill-filters-XXXXXX";
	struct filters *f = NULL;
	enum rc rc = RC_NO_MEMORY;
	struct buf b;
	int fd = mkstemp(path);

	(void)state;
	buf_init(&b);
	put(&b, 1, 100, 10);
	put(&b, 2, 100, 10);
	assert_int_equal(write(fd, b.data, b.len), (ssize_t)b.len);
	close(fd);
	for (uint64_t nth = 1; rc == RC_NO_MEMORY; nth++) {
		mem_fail_after(nth);
		rc = filters_load(path, &f, NULL);
		mem_fail_after(0);
	}
	assert_int_equal(rc, RC_DONE);
	assert_int_equal(filters_size(f), b.len);
	filters_free(f);
	buf_free(&b);
	mem_fail_after(1);
	filter_encode(&b, 1, NULL, 0);
	mem_fail_after(0);
	assert_true(b.failed);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_misses),
		cmocka_unit_test(test_false_positives),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_last_counts),
		cmocka_unit_test(test_unknown_kind),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
