/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory, buffers and the cursor over them, hashes, errors, trace. */
#include "base/buf.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Elements of a size that no step is a multiple of, used in no order: all are zero, keep what is written, and do not touch each other. */
static void test_table(void **state)
{
	struct mem_table t = {0};
	size_t count = 1000, size = 336;

	(void)state;
	assert_int_equal(mem_table_new(&t, count, size), 0);
	assert_int_equal((uintptr_t)t.at % 64, 0);
	for (size_t n = 0; n < count; n++) {
		size_t i = n * 611 % count;
		uint8_t *element = t.at + i * size;

		mem_table_use(&t, i);
		for (size_t k = 0; k < size; k++)
			assert_int_equal(element[k], 0);
		memset(element, (int)(i % 255 + 1), size);
	}
	for (size_t i = 0; i < count * size; i++)
		assert_int_equal(t.at[i], i / size % 255 + 1);
	mem_table_free(&t);
	assert_null(t.at);
	mem_table_free(&t);

	assert_int_equal(mem_table_new(&t, SIZE_MAX / 2, 3), -1);
	assert_int_equal(mem_table_new(&t, 0, 3), -1);
	for (uint64_t nth = 1; nth <= 2; nth++) {
		mem_fail_once(nth);
		assert_int_equal(mem_table_new(&t, count, size), -1);
		mem_table_free(&t);
	}
	mem_fail_once(0);
}

static void test_mem(void **state)
{
	uint64_t before = mem_count();
	uint8_t *p = mem_calloc(3, 5);
	char *s;

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < 15; i++)
		assert_int_equal(p[i], 0);
	p[0] = 9;
	p = mem_realloc(p, 100, 100);
	assert_int_equal(p[0], 9);
	assert_int_equal(mem_count(), before + 2);
	mem_free(p);
	assert_null(mem_calloc(SIZE_MAX, 2));
	assert_null(mem_realloc(NULL, SIZE_MAX / 2, 3));
	p = mem_alloc(0);
	assert_non_null(p);
	mem_free(p);
	mem_free(NULL);
	s = mem_strdup("text");
	assert_string_equal(s, "text");
	mem_free(s);
	p = mem_aligned(4096, 8192);
	assert_int_equal((uintptr_t)p % 4096, 0);
	mem_free(p);
	p = mem_large(5 << 20);
	assert_int_equal((uintptr_t)p % 4096, 0);
	memset(p, 1, 5 << 20);
	mem_free(p);
}

static void test_mem_fail(void **state)
{
	void *a, *b;

	(void)state;
	mem_fail_after(2);
	a = mem_alloc(1);
	b = mem_alloc(1);
	assert_non_null(a);
	assert_null(b);
	assert_null(mem_calloc(1, 1));
	assert_null(mem_aligned(64, 64));
	assert_null(mem_large(64));
	assert_null(mem_strdup("x"));
	assert_null(mem_realloc(a, 2, 2));
	mem_fail_after(0);
	a = mem_realloc(a, 2, 2);
	assert_non_null(a);
	mem_free(a);
}

static void test_mem_grow(void **state)
{
	uint32_t *v = NULL;
	size_t cap = 0, last;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(mem_grow(&v, &cap, i + 1, sizeof(*v)), 0);
		v[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(v[i], i);
	last = cap;
	mem_fail_after(1);
	assert_int_equal(mem_grow(&v, &cap, cap, sizeof(*v)), 0);
	assert_int_equal(mem_grow(&v, &cap, cap + 1, sizeof(*v)), -1);
	mem_fail_after(0);
	assert_int_equal(mem_grow(&v, &cap, SIZE_MAX, sizeof(*v)), -1);
	assert_int_equal(cap, last);
	assert_int_equal(v[999], 999);
	mem_free(v);
}

static void test_buf_put(void **state)
{
	static const uint8_t want[] = { 1, 0x02, 0x01, 0x04, 0x03, 0x02, 0x01, 8, 7, 6, 5, 4, 3, 2, 1,
		'h', 'i', 0, 0, 'x', '4', '2' };
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_string_equal(buf_text(&b), "");
	buf_put_u8(&b, 1);
	buf_put_le16(&b, 0x0102);
	buf_put_le32(&b, 0x01020304);
	buf_put_le64(&b, 0x0102030405060708);
	buf_put_str(&b, "hi");
	buf_put_zeros(&b, 2);
	buf_printf(&b, "x%d", 42);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
	buf_set_le32(&b, 3, 0xa0b0c0d0);
	buf_set_le64(&b, 7, 1);
	assert_int_equal(load_le32(b.data + 3), 0xa0b0c0d0);
	assert_int_equal(load_le64(b.data + 7), 1);
	buf_put(&b, NULL, 0);
	assert_int_equal(b.len, sizeof(want));
	buf_clear(&b);
	buf_printf(&b, "%0500d", 7);
	assert_int_equal(b.len, 500);
	assert_int_equal(strlen(buf_text(&b)), 500);
	assert_int_equal(b.len, 500);
	buf_free(&b);
}

static void test_buf_fail(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_put_str(&b, "abc");
	mem_fail_after(1);
	buf_put_zeros(&b, 1 << 20);
	mem_fail_after(0);
	assert_true(b.failed);
	/* sticky, though there would be memory again */
	buf_put_u8(&b, 1);
	buf_put_varint(&b, 1);
	buf_printf(&b, "text");
	buf_set_le32(&b, 0, 1);
	assert_null(buf_reserve(&b, 1));
	assert_int_equal(b.len, 3);
	assert_string_equal(buf_text(&b), "");
	buf_clear(&b);
	buf_put_str(&b, "x");
	assert_string_equal(buf_text(&b), "x");
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_free(&b);
}

static void test_varint(void **state)
{
	static const struct { uint64_t v; size_t len; } cases[] = {
		{ 0, 1 }, { 1, 1 }, { 127, 1 }, { 128, 2 }, { 16383, 2 }, { 16384, 3 },
		{ UINT32_MAX, 5 }, { (1ULL << 63) - 1, 9 }, { 1ULL << 63, 10 }, { UINT64_MAX, 10 },
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cursor c;

		buf_clear(&b);
		buf_put_varint(&b, cases[i].v);
		assert_int_equal(b.len, cases[i].len);
		cursor_init(&c, b.data, b.len);
		assert_true(cursor_varint(&c) == cases[i].v);
		assert_false(c.truncated);
		assert_int_equal(cursor_left(&c), 0);
		/* cut at every length */
		for (size_t n = 0; n < b.len; n++) {
			cursor_init(&c, b.data, n);
			cursor_varint(&c);
			assert_true(c.truncated);
		}
	}
	buf_free(&b);
}

static void test_zigzag_u128(void **state)
{
	static const int64_t signed_values[] = { 0, -1, 1, -64, 64, INT64_MAX, INT64_MIN };
	static const u128 wide[] = { 0, 1, (u128)1 << 64, ~(u128)0 };
	struct buf b;
	struct cursor c;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < COUNT(signed_values); i++)
		buf_put_zigzag(&b, signed_values[i]);
	for (size_t i = 0; i < COUNT(wide); i++)
		buf_put_u128(&b, wide[i]);
	assert_int_equal(b.data[1], 1);   /* -1 is short */
	cursor_init(&c, b.data, b.len);
	for (size_t i = 0; i < COUNT(signed_values); i++)
		assert_int_equal(cursor_zigzag(&c), signed_values[i]);
	for (size_t i = 0; i < COUNT(wide); i++)
		assert_true(cursor_u128(&c) == wide[i]);
	assert_false(c.truncated);
	assert_int_equal(cursor_left(&c), 0);
	buf_free(&b);
}

static void test_cursor(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const uint8_t endless[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1 };
	struct cursor c;

	(void)state;
	cursor_init(&c, bytes, sizeof(bytes));
	assert_int_equal(cursor_be16(&c), 0x0102);
	assert_int_equal(cursor_le16(&c), 0x0403);
	assert_non_null(cursor_peek(&c, 5));
	assert_null(cursor_peek(&c, 6));
	assert_int_equal(cursor_be32(&c), 0x05060708);
	assert_false(c.truncated);
	assert_int_equal(cursor_be32(&c), 0);
	assert_true(c.truncated);
	assert_int_equal(cursor_left(&c), 0);
	cursor_init(&c, bytes, sizeof(bytes));
	assert_true(cursor_le64(&c) == 0x0807060504030201);
	assert_int_equal(cursor_u8(&c), 9);
	assert_int_equal(cursor_u8(&c), 0);
	assert_true(c.truncated);
	cursor_init(&c, bytes, sizeof(bytes));
	cursor_limit(&c, 100);
	cursor_limit(&c, 2);
	cursor_skip(&c, 2);
	assert_false(c.truncated);
	assert_null(cursor_bytes(&c, 1));
	assert_non_null(cursor_bytes(&c, 0));
	cursor_init(&c, endless, sizeof(endless));
	assert_int_equal(cursor_varint(&c), 0);
	assert_true(c.truncated);
}

/* The values stand in files: they are the library's of today, for ever. */
static void test_hash(void **state)
{
	struct hash128 h = hash_bytes128("flowdrill", 9, 0);

	(void)state;
	assert_true(hash_bytes("", 0, 0) == 0x2d06800538d394c2);
	assert_true(h.low == hash_bytes128("flowdrill", 9, 0).low);
	assert_true(h.low != hash_bytes128("flowdrill", 9, 1).low);
	assert_true(hash_bytes128("", 0, 0).low == 0x6001c324468d497f);
	assert_true(hash_bytes128("", 0, 0).high == 0x99aa06d3014798d8);
	assert_true(hash_mix(0) == 0);
	assert_true(hash_mix(1) == 0xb456bcfc34c2cb2c);
}

static void test_err(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, RC_USAGE, "-x", "no %s", "value"), RC_USAGE);
	assert_string_equal(err.what, "-x");
	assert_string_equal(err.why, "no value");
	assert_false(err.has_offset);
	assert_int_equal(err_damaged(&err, "f.pcap", 77, "bad"), RC_DAMAGED);
	assert_true(err.has_offset && err.offset == 77 && err.rc == RC_DAMAGED);
	/* its own texts may be arguments */
	err_set_at(&err, RC_IO, err.what, 3, "%s again", err.why);
	assert_string_equal(err.what, "f.pcap");
	assert_string_equal(err.why, "bad again");
	assert_int_equal(err.offset, 3);
	err_set(&err, RC_IO, NULL, "%600d", 1);
	assert_string_equal(err.what, "");
	assert_int_equal(strlen(err.why), sizeof(err.why) - 1);
	assert_int_equal(err_set(NULL, RC_IO, "x", "y"), RC_IO);
	assert_int_equal(err_memory(NULL), RC_NO_MEMORY);
	assert_int_equal(err_damaged(NULL, "x", 0, "y"), RC_DAMAGED);
}

static void test_err_errno(void **state)
{
	static const struct { int number; enum rc rc; } cases[] = {
		{ ENOENT, RC_MISSING }, { ENOTDIR, RC_MISSING }, { EACCES, RC_DENIED },
		{ EPERM, RC_DENIED }, { EROFS, RC_DENIED }, { ENOSPC, RC_NO_SPACE },
		{ EDQUOT, RC_NO_SPACE }, { ENOMEM, RC_NO_MEMORY }, { EIO, RC_IO }, { EBADF, RC_IO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err;

		errno = cases[i].number;
		assert_int_equal(err_errno(&err, "f", "cannot read"), cases[i].rc);
		assert_memory_equal(err.why, "cannot read: ", 13);
	}
}

static void test_rc(void **state)
{
	(void)state;
	assert_string_equal(rc_name(RC_DAMAGED), "RC_DAMAGED");
	assert_string_equal(rc_text(RC_NOTHING), "nothing matched");
	assert_int_equal(rc_exit_status(RC_CUT_SHORT), 0);
	assert_int_equal(rc_exit_status(RC_NOTHING), 1);
	assert_int_equal(rc_exit_status(RC_SYNTAX), 2);
	assert_int_equal(rc_exit_status(RC_DAMAGED), 3);
	assert_int_equal(rc_exit_status(RC_LIMIT), 4);
	assert_int_equal(rc_exit_status((enum rc)1000), 3);
	assert_non_null(rc_name((enum rc)-1));
}

static void test_trace(void **state)
{
	char path[] = "/tmp/flowdrill-trace-XXXXXX", spec[64], line[2048];
	int fd = mkstemp(path);
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(spec, sizeof(spec), "tier,nonsense,store:%s", path);
	setenv("FLOWDRILL_TRACE", spec, 1);
	trace_init();
	assert_true(trace_on(TRACE_TIER) && trace_on(TRACE_STORE));
	assert_false(trace_on(TRACE_BASE));
	TRACE(TRACE_TIER, "spilled %d parts", 3);
	TRACE(TRACE_BASE, "not this");
	TRACE(TRACE_STORE, "%1500d", 1);
	setenv("FLOWDRILL_TRACE", "all", 1);   /* no file: nothing */
	trace_init();
	assert_false(trace_on(TRACE_TIER));
	f = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "tier: spilled 3 parts\n");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(strlen(line), 1024);
	assert_null(fgets(line, sizeof(line), f));
	fclose(f);
	unlink(path);
	unsetenv("FLOWDRILL_TRACE");
	trace_init();
	assert_false(trace_on(TRACE_STORE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_mem_fail),
		cmocka_unit_test(test_mem_grow),
		cmocka_unit_test(test_buf_put),
		cmocka_unit_test(test_buf_fail),
		cmocka_unit_test(test_varint),
		cmocka_unit_test(test_zigzag_u128),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_err_errno),
		cmocka_unit_test(test_rc),
		cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
