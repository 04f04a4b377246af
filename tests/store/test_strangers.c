/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in blocks/ that no catalog knows: somebody's own are never cut, removed or written over; a block's beginning that the power took goes. */
#include "made.h"

#include "base/io.h"
#include "file/pcapng.h"
#include "store/block.h"
#include "store/block_format.h"
#include "store/lock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place { char dir[128], store[200], file[300]; };

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct store_config config;
	struct store *s;

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->store, sizeof(p->store), "%s/s.fdr", p->dir);
	/* the number that the next block would have */
	snprintf(p->file, sizeof(p->file), "%s/blocks/00000001.pcapng", p->store);
	store_config_default(&config);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	store_close(s);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	io_set_ops(NULL);
	made_dir_remove(p->dir);
	free(p);
	return 0;
}

static struct store *reopen(struct place *p, struct store_notes *notes)
{
	struct store *s = NULL;
	struct err err = { 0 };

	if (store_open(p->store, true, &s, notes, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	return s;
}

/* A block is written, beside whatever there is; its number. */
static uint32_t write_block(struct store *s)
{
	static const uint8_t bytes[60];
	struct point_info point = { .linktype = 1, .snaplen = 65535, .tsresol = 6 };
	const struct block_packet k = { .caplen = sizeof(bytes), .len = sizeof(bytes), .data = bytes };
	struct block_writer *w;
	uint32_t block, offset, len;
	bool new_block;

	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(block_writer_point(w, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(block_writer_packet(w, &k, &block, &offset, &len, &new_block, NULL), RC_DONE);
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	return block;
}

static void expect_bytes(const char *path, const void *bytes, size_t len)
{
	uint8_t *is = malloc(len + 1);
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_int_equal(fread(is, 1, len + 1, f), len);
	assert_memory_equal(is, bytes, len);
	fclose(f);
	free(is);
}

/* With the catalog, which may have lost the newest block, and without, twice each. */
static void expect_untouched(struct place *p, const void *bytes, size_t len)
{
	char index[300];

	made_file(p->file, bytes, len);
	for (int i = 0; i < 4; i++) {
		struct store_notes notes;
		struct store *s = reopen(p, &notes);

		assert_false(notes.recovered);
		assert_non_null(strstr(notes.text, "00000001"));
		assert_int_equal(write_block(s), 2 + i);
		assert_false(store_has_lost_block(s));
		store_close(s);
		expect_bytes(p->file, bytes, len);
		snprintf(index, sizeof(index), "%s/index", p->store);
		if (i == 1)
			made_dir_remove(index);
	}
}

static void test_text(void **state)
{
	expect_untouched(*state, "what I have to buy: milk\n", 25);
}

/* A capture of somebody's, whole and cut in its first block. */
static void test_capture(void **state)
{
	struct buf section, options;

	buf_init(&section);
	buf_init(&options);
	pcapng_put_section(&section, &options);
	expect_untouched(*state, section.data, section.len);
	assert_int_equal(teardown(state), 0);
	assert_int_equal(setup(state), 0);
	expect_untouched(*state, section.data, section.len - 4);
	buf_free(&section);
	buf_free(&options);
}

static void test_newer(void **state)
{
	static const uint8_t head[] = { BLOCK_OWN_HEADER, 0, 0, 0, BLOCK_VERSION, 0, 0, 0 };
	struct block_header h = { .number = 1 };
	struct buf b;

	buf_init(&b);
	store_config_default(&h.config);
	block_header_put(&b, &h);
	uint8_t *version = memmem(b.data, b.len, head, sizeof(head));
	assert_non_null(version);
	version[4]++;
	expect_untouched(*state, b.data, b.len);
	buf_free(&b);
}

/* Made, but nothing of it had reached the disk. */
static void test_blank(void **state)
{
	static const uint8_t zeros[10000];
	struct place *p = *state;
	struct store_notes notes;

	made_file(p->file, zeros, sizeof(zeros));
	struct store *s = reopen(p, &notes);
	assert_int_equal(made_size(p->file), UINT64_MAX);
	assert_int_equal(write_block(s), 1);
	store_close(s);
}

static ssize_t broken_pread(int fd, void *to, size_t len, off_t at)
{
	(void)fd;
	(void)to;
	(void)len;
	(void)at;
	errno = EIO;
	return -1;
}

/* A block that was being written and cannot be read now: nothing is known of what it holds. */
static void test_unreadable(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct io_ops ops = io_real;
	struct store *s = reopen(p, &notes);
	uint32_t number;

	assert_int_equal(store_block_begin(s, 0, &number, NULL), RC_DONE);
	assert_int_equal(number, 1);
	store_close(s);
	made_file(p->file, "unreadable", 10);
	ops.pread = broken_pread;
	io_set_ops(&ops);
	assert_int_equal(store_open(p->store, true, &s, &notes, NULL), RC_IO);
	io_set_ops(NULL);
	expect_bytes(p->file, "unreadable", 10);
}

/* Somebody is making the store: who opens it for reading waits a moment. */
static void test_being_made(void **state)
{
	static const char *const parts[] = { "index", "blocks" };
	struct place *p = *state;
	char path[300], from[400], to[400], ready = 0;
	int ends[2], fd, status;
	struct store *s;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/young.fdr", p->dir);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		snprintf(to, sizeof(to), "%s/lock", path);
		if (mkdir(path, 0700) != 0 || lock_take(to, path, &fd, NULL) != RC_DONE || write(ends[1], "", 1) != 1)
			_exit(1);
		usleep(100000);
		for (size_t i = 0; i < 2; i++) {
			snprintf(from, sizeof(from), "%s/%s", p->store, parts[i]);
			snprintf(to, sizeof(to), "%s/%s", path, parts[i]);
			if (rename(from, to) != 0)
				_exit(2);
		}
		_exit(0);
	}
	assert_int_equal(read(ends[0], &ready, 1), 1);
	assert_int_equal(store_open(path, false, &s, NULL, NULL), RC_DONE);
	store_close(s);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(ends[1]);
	/* nobody is making it any more: nothing to wait for */
	made_dir_remove(path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(to, sizeof(to), "%s/lock", path);
	made_file(to, "", 0);
	assert_int_equal(store_open(path, false, &s, NULL, NULL), RC_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_capture, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blank, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_being_made, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
