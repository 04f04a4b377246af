/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compaction beside a writer that publishes: levels, places in the index file, crashes and failures at every operation. */
#include "base/io.h"
#include "place.h"
#include "tier/compact.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PER = 5, SEGMENTS = 400, CRASHED = 77 };      /* packets a segment */

static long op_count, op_at;
static bool op_crashes;

/* True where this operation fails; or it is the last. */
static bool strikes(void)
{
	if (++op_count != op_at)
		return false;
	if (op_crashes)
		_exit(CRASHED);
	errno = EIO;
	return true;
}

static ssize_t odd_pwrite(int fd, const void *from, size_t len, off_t at)
{
	return strikes() ? -1 : io_real.pwrite(fd, from, len, at);
}

static int odd_datasync(int fd)
{
	return strikes() ? -1 : io_real.datasync(fd);
}

static int odd_open(const char *path, int flags, mode_t mode)
{
	return strikes() ? -1 : io_real.open(path, flags, mode);
}

static int odd_punch(int fd, off_t at, off_t len)
{
	return strikes() ? -1 : io_real.punch(fd, at, len);
}

static void use_odd(long at, bool crashes)
{
	static struct io_ops odd;

	odd = io_real;
	odd.pwrite = odd_pwrite;
	odd.datasync = odd_datasync;
	odd.open = odd_open;
	odd.punch = odd_punch;
	op_at = at;
	op_count = 0;
	op_crashes = crashes;
	io_set_ops(at ? &odd : NULL);
}

static size_t segments(struct store *s)
{
	size_t n;

	store_segments(s, &n);
	return n;
}

/* All packets are there, S2 holds, and every segment can be read. */
static void check_store(struct place *p, struct store *s)
{
	const struct segment_place *v;
	uint64_t packets, bytes, frame = 1;
	size_t n;

	v = store_segments(s, &n);
	for (size_t i = 0; i < n; i++) {
		struct segment *seg;

		assert_int_equal(v[i].first_frame, frame);
		frame += v[i].packets;
		assert_int_equal(store_open_segment(s, &v[i], &seg, NULL, NULL), RC_DONE);
		assert_int_equal(segment_verify(seg, NULL), RC_DONE);
		segment_close(seg);
	}
	assert_int_equal(frame - 1, store_totals(s)->packets);
	made_macros(s, &packets, &bytes);
	assert_int_equal(packets, store_totals(s)->packets);
	assert_int_equal(bytes, store_totals(s)->bytes);
	assert_int_equal(store_points(s, &n)[0].packets, packets);
	assert_true(packets <= p->m.n);
}

/* A block with a point; then n segments of PER packets, and after each a step of the compactor where there is one. */
static struct store *publish(struct place *p, size_t n, struct compactor **c)
{
	struct store *s = must_open(p, true, NULL);
	struct point_info point = { .linktype = 1, .snaplen = 65535 };
	uint32_t block;
	bool did;

	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(store_block_begin(s, 0, &block, NULL), RC_DONE);
	if (c)
		assert_int_equal(compactor_new(s, c, NULL), RC_DONE);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(made_publish(s, &p->m, block, 0, (uint32_t)i, i * PER, (i + 1) * PER, NULL), RC_DONE);
		if (c)
			assert_int_equal(compactor_step(*c, false, &did, NULL), RC_DONE);
	}
	return s;
}

static void seal(struct place *p, struct store *s)
{
	uint32_t block = store_segments(s, &(size_t){ 0 })[0].block;
	const struct addr none = { 0 };

	assert_int_equal(store_block_seal(s, block, made_size(p->capture), NULL), RC_DONE);
	assert_int_equal(store_block_indexed(s, block, &none, 0, NULL), RC_DONE);
}

static enum rc compact_all(struct compactor *c)
{
	enum rc rc = RC_DONE;
	bool did = true;

	while (rc == RC_DONE && did)
		rc = compactor_step(c, true, &did, NULL);
	return rc;
}

static void test_beside_a_writer(void **state)
{
	struct place *p = *state;
	struct compactor *c;
	struct store *s = publish(p, SEGMENTS, &c);
	char path[400];
	struct stat st;
	size_t n;

	/* 399 are 1 of 256, 8 of 16, 15 of one, and the last is left alone */
	assert_in_range(segments(s), 10, 40);
	check_store(p, s);
	seal(p, s);
	assert_int_equal(compact_all(c), RC_DONE);
	assert_int_equal(segments(s), 1);
	check_store(p, s);
	compactor_free(c);
	snprintf(path, sizeof(path), "%s/%08u.idx", p->index, store_segments(s, &n)[0].block);
	assert_int_equal(stat(path, &st), 0);
	/* what is dead was given back, where the file system does that */
	if (st.st_blocks * 512 < st.st_size)
		assert_true((uint64_t)st.st_blocks * 512 < store_segments(s, &n)[0].len + 3 * 4096);
	store_close(s);
	s = must_open(p, false, NULL);
	check_whole(p, s, 1);
	check_store(p, s);
	store_close(s);
}

/* A compactor that begins anew goes on at the same levels. */
static void test_goes_on(void **state)
{
	struct place *p = *state;
	struct compactor *c;
	struct store *s = publish(p, 200, NULL);
	bool did = true;
	size_t before;

	assert_int_equal(segments(s), 200);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(compactor_new(s, &c, NULL), RC_DONE);
		assert_int_equal(compactor_step(c, false, &did, NULL), RC_DONE);
		assert_true(did);
		compactor_free(c);
	}
	assert_int_equal(segments(s), 200 - 5 * 15);
	assert_int_equal(compactor_new(s, &c, NULL), RC_DONE);
	while (did)
		assert_int_equal(compactor_step(c, false, &did, NULL), RC_DONE);
	before = segments(s);
	assert_int_equal(before, 12 + 8);
	assert_int_equal(compactor_step(c, false, &did, NULL), RC_DONE);
	assert_false(did);
	compactor_free(c);
	check_store(p, s);
	store_close(s);
}

/* What is replaced must be there, and covered. */
static void test_wrong_places(void **state)
{
	struct place *p = *state;
	struct store *s = publish(p, 4, NULL);
	struct segment_place place = store_segments(s, &(size_t){ 0 })[0];
	struct buf bytes;

	buf_init(&bytes);
	buf_put_str(&bytes, "x");
	assert_int_equal(store_replace_segments(s, 3, 2, &place, &bytes, NULL, 0, NULL, 0, NULL), RC_MISSING);
	assert_int_equal(store_replace_segments(s, 9, 1, &place, &bytes, NULL, 0, NULL, 0, NULL), RC_MISSING);
	assert_int_equal(store_replace_segments(s, 0, 2, &place, &bytes, NULL, 0, NULL, 0, NULL), RC_USAGE);
	place.block = 9;
	assert_int_equal(store_replace_segments(s, 0, 2, &place, &bytes, NULL, 0, NULL, 0, NULL), RC_MISSING);
	buf_free(&bytes);
	assert_int_equal(segments(s), 4);
	check_store(p, s);
	store_close(s);
}

/* The process ends at its Nth operation; who opens the store next finds all packets, and compacts on. */
static bool crash_at(struct place *p, long at)
{
	struct compactor *c;
	struct store *s;
	int status;

	made_dir_remove(p->index);
	s = publish(p, 40, NULL);
	seal(p, s);
	store_close(s);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (open_place(p, true, &s, NULL, NULL) != RC_DONE || compactor_new(s, &c, NULL) != RC_DONE)
			_exit(1);
		use_odd(at, true);
		_exit(compact_all(c) == RC_DONE ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	s = must_open(p, true, NULL);
	assert_int_equal(store_totals(s)->packets, 40 * PER);
	check_store(p, s);
	assert_int_equal(compactor_new(s, &c, NULL), RC_DONE);
	assert_int_equal(compact_all(c), RC_DONE);
	compactor_free(c);
	assert_int_equal(segments(s), 1);
	check_store(p, s);
	store_close(s);
	return WEXITSTATUS(status) == CRASHED;
}

static void test_crashes(void **state)
{
	long at = 1;

	/* opening old segments is most of it: the dense part is around writes */
	while (crash_at(*state, at))
		at += at < 40 ? 3 : 11;
	assert_true(at > 40);
}

/* One operation fails: the error is told, nothing is lost, and the next try succeeds. */
static void test_failures(void **state)
{
	struct place *p = *state;
	struct compactor *c;
	struct store *s = publish(p, 40, NULL);
	enum rc rc = RC_IO;
	long at;

	seal(p, s);
	for (at = 1; segments(s) > 1 && at < 200; at++) {
		assert_int_equal(compactor_new(s, &c, NULL), RC_DONE);
		use_odd(at, false);
		rc = compact_all(c);
		use_odd(0, false);
		compactor_free(c);
		check_store(p, s);
	}
	assert_int_equal(rc, RC_DONE);
	assert_true(at > 20 && at < 200);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_beside_a_writer, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_goes_on, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_wrong_places, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_crashes, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
