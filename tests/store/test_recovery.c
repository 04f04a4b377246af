/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores in place: what crashes, is damaged or fails at any step is put right when the store is opened again. */
#include "place.h"
#include "../sql.h"

#include "store/catalog.h"

#include "base/io.h"
#include "base/mem.h"
#include "store/filters.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- crashes ------------------------------------------------------------------------------- */

/* A child does `work` and dies without a word to the store. */
static void crash_after(struct place *p, void (*work)(struct place *p, struct store *s))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s;

		if (open_place(p, true, &s, NULL, NULL) != RC_DONE)
			_exit(1);
		work(p, s);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void work_half(struct place *p, struct store *s)
{
	struct point_info point = { .linktype = 1, .tsresol = 6 };
	uint32_t block;
	char path[400];
	FILE *f;

	if (store_add_point(s, &point, NULL, 0, NULL) != RC_DONE ||
		store_block_begin(s, p->m.at[0], &block, NULL) != RC_DONE ||
		made_publish(s, &p->m, block, p->m.at[0], 0, 0, 500, NULL) != RC_DONE ||
		made_publish(s, &p->m, block, p->m.at[0], 1, 500, 700, NULL) != RC_DONE)
		_exit(2);
	/* an interface, a section and a block that were met before their packets were published */
	point.file_offset = p->m.at[900];
	memset(point.uuid, 0, sizeof(point.uuid));
	if (store_add_point(s, &point, NULL, 0, NULL) != RC_DONE ||
		store_add_section(s, &(struct section_info){ .offset = p->m.at[900] }, NULL) != RC_DONE ||
		store_block_begin(s, p->m.at[900], &block, NULL) != RC_DONE)
		_exit(3);
	/* and a segment that was written, not named */
	snprintf(path, sizeof(path), "%s/00000001.idx", p->index);
	f = fopen(path, "ab");
	if (!f || fwrite(path, 1, sizeof(path), f) != sizeof(path) || fclose(f) != 0)
		_exit(4);
}

static void test_crash_and_go_on(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s;
	const struct segment_place *last;
	uint32_t block;
	size_t n;
	char path[400];

	crash_after(p, work_half);
	s = must_open(p, false, NULL);
	assert_int_equal(store_totals(s)->packets, 700);
	store_close(s);
	s = must_open(p, true, &notes);
	assert_int_equal(store_totals(s)->packets, 700);
	assert_int_equal(store_totals(s)->indexed_to, p->m.at[700]);
	assert_false(notes.index_missing);
	assert_int_equal(store_points(s, &n)[0].packets, 700);
	assert_int_equal(n, 1);
	store_sections(s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(store_blocks(s, &n)[0].state, BLOCK_INDEXED);
	assert_int_equal(n, 1);
	last = &store_segments(s, &n)[1];
	snprintf(path, sizeof(path), "%s/00000001.idx", p->index);
	assert_int_equal(made_size(path), last->at + last->len);
	/* and on from there */
	assert_int_equal(store_block_begin(s, p->m.at[700], &block, NULL), RC_DONE);
	assert_true(block > 2);
	assert_int_equal(made_publish(s, &p->m, block, p->m.at[700], 0, 700, 2000, NULL), RC_DONE);
	assert_int_equal(store_block_seal(s, block, made_size(p->capture) - p->m.at[700], NULL), RC_DONE);
	assert_int_equal(store_totals(s)->packets, 2000);
	store_close(s);
}

static void work_all(struct place *p, struct store *s)
{
	if (made_index(s, &p->m, 300, NULL) != RC_DONE)
		_exit(2);
}

static void test_lost_index_file(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s;
	char path[400];
	size_t n;

	crash_after(p, work_all);
	snprintf(path, sizeof(path), "%s/00000001.idx", p->index);
	assert_int_equal(truncate(path, 5000), 0);
	s = must_open(p, true, &notes);
	assert_true(notes.index_missing);
	assert_int_equal(store_totals(s)->packets, 0);
	store_points(s, &n);
	assert_int_equal(n, 0);
	assert_false(store_totals(s)->complete);
	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	check_whole(p, s, 7);
	assert_int_equal(store_blocks(s, &n)[0].number, 1);
	store_close(s);
}

static void test_grown_file(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	uint32_t block;

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	store_close(s);
	s = must_open(p, true, NULL);
	assert_true(store_totals(s)->complete);
	store_close(s);
	made_pcap(&p->m, p->capture, 2500, 1700000000);
	s = must_open(p, true, NULL);
	assert_false(store_totals(s)->complete);
	assert_int_equal(store_totals(s)->packets, 2000);
	assert_int_equal(store_totals(s)->indexed_to, p->m.at[2000]);
	assert_int_equal(store_block_begin(s, p->m.at[2000], &block, NULL), RC_DONE);
	assert_int_equal(block, 2);
	assert_int_equal(made_publish(s, &p->m, block, p->m.at[2000], 0, 2000, 2500, NULL), RC_DONE);
	assert_int_equal(store_totals(s)->packets, 2500);
	store_close(s);
}

static void patch(const char *path, long at, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void test_damaged_and_newer_catalog(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s = must_open(p, true, NULL);
	char path[400];
	uint8_t garbage[4096];

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	store_close(s);
	snprintf(path, sizeof(path), "%s/catalog.db", p->index);
	/* user_version: four bytes, big-endian, at 60; whatever its tables are, a newer version's is not ours to judge */
	patch(path, 60, "\0\0\0\x63", 4);
	assert_int_equal(open_place(p, false, &s, NULL, NULL), RC_NEWER);
	assert_int_equal(open_place(p, true, &s, NULL, NULL), RC_NEWER);
	patch(path, 60, (const uint8_t[]){ 0, 0, 0, CATALOG_VERSION }, 4);
	s = must_open(p, false, NULL);
	check_whole(p, s, 7);
	store_close(s);
	sql_run(path, "CREATE TABLE later (x); PRAGMA user_version=99");
	assert_int_equal(open_place(p, false, &s, NULL, NULL), RC_NEWER);
	assert_int_equal(open_place(p, true, &s, NULL, NULL), RC_NEWER);
	memset(garbage, 0x5a, sizeof(garbage));
	patch(path, 0, garbage, sizeof(garbage));
	assert_int_equal(open_place(p, false, &s, NULL, NULL), RC_DAMAGED);
	s = must_open(p, true, &notes);
	assert_true(notes.index_missing);
	assert_int_equal(store_totals(s)->packets, 0);
	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	check_whole(p, s, 7);
	store_close(s);
}

static void test_drop_index(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	struct addr a;
	uint64_t packets, bytes, filter_bytes;
	uint8_t uuid[16];
	size_t n;

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	memcpy(uuid, store_points(s, &n)[0].uuid, 16);
	assert_int_equal(store_load_filters(s, &filter_bytes, NULL), RC_DONE);
	assert_int_equal(addr_parse("10.0.0.1", &a, NULL), RC_DONE);
	assert_true(filters_may_have(store_filters(s), 1, &a));
	assert_int_equal(addr_parse("10.9.9.9", &a, NULL), RC_DONE);
	assert_false(filters_may_have(store_filters(s), 1, &a));
	assert_int_equal(store_drop_index(s, 5, NULL), RC_MISSING);
	assert_int_equal(store_drop_index(s, 1, NULL), RC_DONE);
	assert_int_equal(store_totals(s)->packets, 0);
	assert_int_equal(made_macros(s, &packets, &bytes), 0);
	assert_int_equal(store_blocks(s, &n)[0].state, BLOCK_SEALED);
	assert_int_equal(store_points(s, &n)[0].packets, 0);
	assert_int_equal(store_drop_index(s, 0, NULL), RC_DONE);
	store_blocks(s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	check_whole(p, s, 7);
	assert_memory_equal(uuid, store_points(s, &n)[0].uuid, 16);
	store_close(s);
}

/* ---- failures ------------------------------------------------------------------------------- */

static long fail_at, op_count;
static int fail_with;

static bool op_fails(void)
{
	if (++op_count != fail_at)
		return false;
	errno = fail_with;
	return true;
}

static ssize_t fail_pwrite(int fd, const void *from, size_t len, off_t at)
{
	if (!op_fails())
		return io_real.pwrite(fd, from, len, at);
	if (fail_with != ENOSPC || len < 2)
		return -1;
	/* half of it goes, and the next call fails */
	op_count--;
	return io_real.pwrite(fd, from, len / 2, at);
}

static int fail_datasync(int fd)
{
	return op_fails() ? -1 : io_real.datasync(fd);
}

static int fail_truncate(int fd, off_t len)
{
	return op_fails() ? -1 : io_real.truncate(fd, len);
}

static int fail_open(const char *path, int flags, mode_t mode)
{
	return op_fails() ? -1 : io_real.open(path, flags, mode);
}

static int fail_mkdir(const char *path, mode_t mode)
{
	return op_fails() ? -1 : io_real.mkdir(path, mode);
}

/* After whatever failed: the store opens, what it names is whole, and indexing can be done. */
static void check_after_failure(struct place *p, long n)
{
	struct store_notes notes;
	struct store *s = must_open(p, true, &notes);
	const struct segment_place *places;
	size_t count;
	uint64_t packets, bytes;

	places = store_segments(s, &count);
	for (size_t i = 0; i < count; i++) {
		struct segment *seg;

		if (store_open_segment(s, &places[i], &seg, NULL, NULL) != RC_DONE ||
			segment_verify(seg, NULL) != RC_DONE)
			fail_msg("segment %zu after failure %ld", i, n);
		segment_close(seg);
	}
	made_macros(s, &packets, &bytes);
	assert_int_equal(packets, store_totals(s)->packets);
	assert_int_equal(store_drop_index(s, 0, NULL), RC_DONE);
	assert_int_equal(made_index(s, &p->m, 700, NULL), RC_DONE);
	check_whole(p, s, 3);
	store_close(s);
}

static void fail_everywhere(struct place *p, int with)
{
	struct io_ops ops = io_real;
	enum rc rc = RC_IO;
	long n;

	ops.pwrite = fail_pwrite;
	ops.datasync = fail_datasync;
	ops.truncate = fail_truncate;
	ops.open = fail_open;
	ops.mkdir = fail_mkdir;
	fail_with = with;
	for (n = 1; rc != RC_DONE && n < 500; n++) {
		struct store *s;

		made_dir_remove(p->index);
		fail_at = n;
		op_count = 0;
		io_set_ops(&ops);
		rc = open_place(p, true, &s, NULL, NULL);
		if (rc == RC_DONE) {
			rc = made_index(s, &p->m, 700, NULL);
			store_close(s);
		}
		io_set_ops(NULL);
		check_after_failure(p, n);
	}
	/* enough places were tried, and the last try met none */
	assert_true(n > 8 && n < 500);
}

static void test_failing_io(void **state)
{
	fail_everywhere(*state, EIO);
}

static void test_no_space(void **state)
{
	fail_everywhere(*state, ENOSPC);
}

static void test_no_memory(void **state)
{
	struct place *p = *state;
	enum rc rc = RC_NO_MEMORY;
	uint64_t n;

	for (n = 1; rc != RC_DONE && n < 3000; n++) {
		struct store *s;

		made_dir_remove(p->index);
		mem_fail_after(n);
		rc = open_place(p, true, &s, NULL, NULL);
		if (rc == RC_DONE) {
			struct point_info point = { .linktype = 1, .tsresol = 6 };
			uint32_t block;

			rc = store_add_point(s, &point, "opts", 4, NULL);
			if (rc == RC_DONE)
				rc = store_block_begin(s, 24, &block, NULL);
			if (rc == RC_DONE)
				rc = store_add_untimed(s, 24, 30, 0, NULL);
			if (rc == RC_DONE)
				rc = store_refresh(s, NULL);
			store_close(s);
		}
		mem_fail_after(0);
		s = must_open(p, true, NULL);
		store_close(s);
	}
	assert_true(n > 10 && n < 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_crash_and_go_on, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_lost_index_file, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_grown_file, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_and_newer_catalog, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_drop_index, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_failing_io, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_no_space, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
