/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window over plain and compressed bytes. */
#include "base/buf.h"
#include "base/mem.h"
#include "capture/stream.h"

#include <stdarg.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

enum { PLAIN = 3 << 20, HALF = PLAIN / 2 + 1 };

static uint8_t *plain;
static struct buf packed;

/* Bytes that compress to about half: text would be gone in one call of a decompressor. */
static int setup(void **state)
{
	uint32_t seed = 1;

	(void)state;
	plain = mem_alloc(PLAIN);
	if (!plain)
		return -1;
	for (size_t i = 0; i < PLAIN; i++) {
		seed = seed * 1664525 + 1013904223;
		plain[i] = (uint8_t)(seed >> 28);
	}
	buf_init(&packed);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mem_free(plain);
	buf_free(&packed);
	return 0;
}

static void pack_gzip(const uint8_t *bytes, size_t len)
{
	z_stream z = { 0 };
	uint8_t *to;

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	to = buf_reserve(&packed, len + 1000);
	assert_non_null(to);
	memcpy(&z.next_in, &bytes, sizeof(bytes));
	z.avail_in = (unsigned)len;
	z.next_out = to;
	z.avail_out = (unsigned)len + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	packed.len += z.total_out;
	deflateEnd(&z);
}

static void pack_zstd(const uint8_t *bytes, size_t len)
{
	size_t bound = ZSTD_compressBound(len), n;
	uint8_t *to = buf_reserve(&packed, bound);

	assert_non_null(to);
	n = ZSTD_compress(to, bound, bytes, len, 3);
	assert_false(ZSTD_isError(n));
	packed.len += n;
}

typedef void pack_fn(const uint8_t *bytes, size_t len);

/* Reads in uneven steps; how many bytes came, all of them right, and what ended it. */
static size_t read_all(const void *bytes, size_t len, enum rc *rc, bool *truncated)
{
	struct stream s;
	size_t done = 0, step = 1;
	struct err err;

	*rc = stream_open_memory(&s, "made", bytes, len, &err);
	assert_int_equal(*rc, RC_DONE);
	do {
		size_t n;

		*rc = stream_fill(&s, step, &err);
		assert_int_equal(stream_offset(&s), done);
		n = stream_left(&s) < step ? stream_left(&s) : step;
		assert_true(done + n <= PLAIN);
		assert_memory_equal(s.data + s.pos, plain + done, n);
		s.pos += n;
		done += n;
		step = step * 7 % 300007;
	} while (*rc == RC_DONE);
	assert_int_equal(stream_left(&s), 0);
	*truncated = s.truncated;
	if (*rc == RC_DAMAGED)
		assert_true(err.has_offset && err.offset <= len);
	stream_close(&s);
	stream_close(&s);
	return done;
}

static void check_whole(const void *bytes, size_t len, size_t want)
{
	enum rc rc;
	bool truncated;

	assert_int_equal(read_all(bytes, len, &rc, &truncated), want);
	assert_int_equal(rc, RC_END);
	assert_false(truncated);
}

static void test_plain(void **state)
{
	(void)state;
	check_whole(plain, PLAIN, PLAIN);
	check_whole(plain, 1, 1);
	check_whole(plain, 0, 0);
}

static void test_packed(void **state)
{
	static pack_fn *const packs[] = { pack_gzip, pack_zstd };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		/* one member, two, an empty one between them, and padding behind gzip's */
		buf_clear(&packed);
		packs[i](plain, PLAIN);
		assert_true(packed.len < PLAIN * 3 / 4);
		check_whole(packed.data, packed.len, PLAIN);
		buf_clear(&packed);
		packs[i](plain, HALF);
		packs[i](plain, 0);
		packs[i](plain + HALF, PLAIN - HALF);
		check_whole(packed.data, packed.len, PLAIN);
		if (packs[i] == pack_gzip) {
			buf_put_zeros(&packed, 1000);
			check_whole(packed.data, packed.len, PLAIN);
		} else {
			buf_put(&packed, "\x50\x2a\x4d\x18\4\0\0\0skip", 12);
			check_whole(packed.data, packed.len, PLAIN);
		}
	}
}

/* Cut: what came before, and a note. */
static void test_packed_cut(void **state)
{
	static pack_fn *const packs[] = { pack_gzip, pack_zstd };
	static const size_t parts[] = { 2, 3, 10, 1000 };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		enum rc rc;
		bool truncated;
		size_t n, len;

		buf_clear(&packed);
		packs[i % 2](plain, PLAIN);
		len = packed.len - packed.len / parts[i / 2];
		n = read_all(packed.data, len, &rc, &truncated);
		assert_int_equal(rc, RC_END);
		assert_true(truncated);
		/* all but what a block that is not whole may hold */
		assert_true(n < PLAIN && n + (1 << 18) > (size_t)((uint64_t)PLAIN * len / packed.len));
	}
	buf_clear(&packed);
	pack_gzip(plain, PLAIN);
	for (size_t cut = 1; cut < 40; cut++) {
		enum rc rc;
		bool truncated;

		read_all(packed.data, packed.len - cut, &rc, &truncated);
		assert_true(rc == RC_END && truncated);
	}
}

/* Damage: what came before, then RC_DAMAGED. */
static void test_packed_damaged(void **state)
{
	enum rc rc;
	bool truncated;

	(void)state;
	buf_clear(&packed);
	pack_gzip(plain, HALF);
	/* the check sum behind it: all bytes come first */
	packed.data[packed.len - 8] ^= 1;
	assert_int_equal(read_all(packed.data, packed.len, &rc, &truncated), HALF);
	assert_int_equal(rc, RC_DAMAGED);
	packed.data[packed.len - 8] ^= 1;
	/* a second member that is none */
	buf_put(&packed, "\x1f\x8b\xff\xff", 4);
	assert_int_equal(read_all(packed.data, packed.len, &rc, &truncated), HALF);
	assert_int_equal(rc, RC_DAMAGED);
	buf_clear(&packed);
	pack_zstd(plain, HALF);
	buf_put_str(&packed, "no frame here");
	assert_int_equal(read_all(packed.data, packed.len, &rc, &truncated), HALF);
	assert_int_equal(rc, RC_DAMAGED);
}

/* A frame that wants a window of 2 GiB is refused: memory stays bounded. */
static void test_zstd_window(void **state)
{
	/* magic, descriptor without single segment, window 2^31 */
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00 };
	struct stream s;
	struct err err;

	(void)state;
	assert_int_equal(stream_open_memory(&s, "made", frame, sizeof(frame), &err), RC_DONE);
	assert_int_equal(stream_fill(&s, 1, &err), RC_UNSUPPORTED);
	assert_int_equal(stream_fill(&s, 1, NULL), RC_UNSUPPORTED);
	stream_close(&s);
}

/* A bomb: 64 MiB of zeros from 64 KiB. The window does not grow. */
static void test_bomb(void **state)
{
	uint8_t *zeros = mem_calloc(1 << 20, 1);
	uint64_t total = 0;
	struct stream s;

	(void)state;
	assert_non_null(zeros);
	buf_clear(&packed);
	for (int i = 0; i < 64; i++)
		pack_gzip(zeros, 1 << 20);
	mem_free(zeros);
	assert_int_equal(stream_open_memory(&s, "made", packed.data, packed.len, NULL), RC_DONE);
	while (stream_fill(&s, 100000, NULL) == RC_DONE) {
		assert_true(s.window->cap < 1 << 20);
		total += 100000;
		s.pos += 100000;
	}
	assert_int_equal(total + stream_left(&s), 64 << 20);
	stream_close(&s);
}

/* A record that claims 128 MiB takes memory only as its bytes come. */
static void test_claim(void **state)
{
	struct stream s;

	(void)state;
	assert_int_equal(stream_open_memory(&s, "made", plain, 5000, NULL), RC_DONE);
	assert_int_equal(stream_fill(&s, 1 << 27, NULL), RC_END);
	assert_int_equal(stream_left(&s), 5000);
	assert_true(s.window->cap < 1 << 20);
	stream_close(&s);
	assert_int_equal(stream_open_memory(&s, "made", plain, PLAIN, NULL), RC_DONE);
	assert_int_equal(stream_fill(&s, 1 << 27, NULL), RC_END);
	assert_int_equal(stream_left(&s), PLAIN);
	assert_true(s.window->cap < 3 * PLAIN);
	assert_memory_equal(s.data + s.pos, plain, PLAIN);
	stream_close(&s);
}

static void test_seek(void **state)
{
	struct stream s;
	struct err err;

	(void)state;
	assert_int_equal(stream_open_memory(&s, "made", plain, PLAIN, NULL), RC_DONE);
	for (uint64_t at = 0; at <= PLAIN; at += 123457) {
		assert_int_equal(stream_seek(&s, PLAIN - at, &err), RC_DONE);
		assert_int_equal(stream_fill(&s, 1, &err), at ? RC_DONE : RC_END);
		assert_int_equal(stream_offset(&s), PLAIN - at);
		if (at)
			assert_int_equal(s.data[s.pos], plain[PLAIN - at]);
	}
	assert_int_equal(stream_seek(&s, (uint64_t)PLAIN + 1, &err), RC_DONE);
	assert_int_equal(stream_fill(&s, 1, &err), RC_END);
	stream_close(&s);
	buf_clear(&packed);
	pack_gzip(plain, 100);
	assert_int_equal(stream_open_memory(&s, "made", packed.data, packed.len, NULL), RC_DONE);
	assert_int_equal(stream_seek(&s, 5, &err), RC_UNSUPPORTED);
	stream_close(&s);
}

static void test_no_memory(void **state)
{
	struct stream s;
	enum rc rc;
	uint64_t n = 0;

	(void)state;
	buf_clear(&packed);
	pack_zstd(plain, 100);
	do {
		mem_fail_after(++n);
		rc = stream_open_memory(&s, "made", packed.data, packed.len, NULL);
		mem_fail_after(0);
	} while (rc == RC_NO_MEMORY && n < 100);
	assert_int_equal(rc, RC_DONE);
	assert_int_equal(n, 6);
	stream_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_packed_cut),
		cmocka_unit_test(test_packed_damaged),
		cmocka_unit_test(test_zstd_window),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_seek),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
