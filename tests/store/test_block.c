/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of own stores: written, read back, recovered. */
#include "own_blocks.h"

#include "base/cursor.h"
#include "base/io.h"
#include "file/pcapng.h"
#include "store/block.h"
#include "store/format.h"

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

static void test_write_and_read(void **state)
{
	struct place *p = *state;
	struct store *s = create(p);
	const struct block_info *blocks;
	size_t n, sum = 0, interfaces;
	char path[400];
	struct stat st;

	assert_int_equal(fill(p, s, 0, PACKETS, NULL), RC_DONE);
	check_packets(p, s, PACKETS);
	store_close(s);
	s = reopen(p, false, NULL);
	check_packets(p, s, PACKETS);
	blocks = store_blocks(s, &n);
	assert_true(n >= 4);
	for (size_t i = 0; i < n; i++) {
		block_path(p, blocks[i].number, path, sizeof(path));
		assert_int_equal(blocks[i].number, i + 1);
		assert_int_equal(blocks[i].state, BLOCK_SEALED);
		assert_int_equal(blocks[i].length, made_size(path));
		assert_int_equal(blocks[i].length % 4096, 0);
		assert_true(blocks[i].length <= BLOCK);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		sum += walk_file(path, &interfaces);
		assert_int_equal(interfaces, 2);
	}
	assert_int_equal(sum, PACKETS);
	store_close(s);
}

static void test_index_deleted(void **state)
{
	struct place *p = *state;
	struct store *s = create(p);
	struct store_config config = *store_config(s);
	struct store_notes notes;
	struct point_info before[2];
	const void *options;
	char path[400];
	size_t n, len, n_blocks;

	assert_int_equal(fill(p, s, 0, PACKETS, NULL), RC_DONE);
	memcpy(before, store_points(s, &n), sizeof(before));
	store_blocks(s, &n_blocks);
	store_close(s);
	snprintf(path, sizeof(path), "%s/index", p->store);
	made_dir_remove(path);
	assert_int_equal(store_open(p->store, false, &s, NULL, NULL), RC_MISSING);
	s = reopen(p, true, &notes);
	assert_true(notes.index_missing);
	assert_false(notes.recovered);
	assert_int_equal(store_config(s)->macro_ns, config.macro_ns);
	assert_int_equal(store_config(s)->block_size, config.block_size);
	assert_memory_equal(store_points(s, &n)[0].uuid, before[0].uuid, 16);
	assert_int_equal(n, 2);
	assert_memory_equal(store_points(s, &n)[1].uuid, before[1].uuid, 16);
	assert_string_equal(store_points(s, &n)[1].name, "second");
	assert_int_equal(store_points(s, &n)[1].tsresol, 9);
	options = store_point_options(s, 1, &len);
	assert_true(len >= 12);
	assert_memory_equal(options, "\1\0\5\0hello", 9);
	store_blocks(s, &n);
	assert_int_equal(n, n_blocks);
	check_packets(p, s, PACKETS);
	store_close(s);
}

/* A child writes packets [0, n), synced every `synced`, and dies. */
static void crash(struct place *p, size_t synced, size_t n, const void *garbage, size_t garbage_len)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s = reopen(p, true, NULL);
		struct block_writer *w;
		char path[400];
		FILE *f;

		if (block_writer_new(s, &w, NULL) != RC_DONE || add_point(s, w, "first", 6, NULL) != RC_DONE ||
			add_point(s, w, "second", 9, NULL) != RC_DONE)
			_exit(1);
		for (size_t i = 0; i < n; i++)
			if (put_packet(p, w, i, i % 3 == 0, NULL) != RC_DONE ||
				(synced && (i + 1) % synced == 0 && block_writer_sync(w, NULL) != RC_DONE))
				_exit(2);
		block_path(p, 1, path, sizeof(path));
		f = fopen(path, "ab");
		if (!f || fwrite(garbage, 1, garbage_len, f) != garbage_len || fclose(f) != 0)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_recovered(struct place *p, size_t n, size_t garbage_len)
{
	struct store_notes notes;
	struct store *s = reopen(p, true, &notes);
	char path[400];
	size_t interfaces, blocks;

	assert_int_equal(notes.recovered, garbage_len > 0);
	assert_int_equal(notes.recovered_bytes, garbage_len);
	assert_true(notes.index_missing);
	block_path(p, 1, path, sizeof(path));
	assert_int_equal(walk_file(path, &interfaces), n);
	assert_int_equal(store_blocks(s, &blocks)[0].state, BLOCK_SEALED);
	assert_int_equal(blocks, 1);
	assert_int_equal(store_blocks(s, &blocks)[0].length, made_size(path));
	/* what comes next goes into a new block */
	assert_int_equal(fill(p, s, 0, 100, NULL), RC_DONE);
	assert_int_equal(p->blocks[99], 2);
	check_packets(p, s, 100);
	store_close(s);
}

static void test_crash(void **state)
{
	static const size_t garbage[] = { 0, 1, 11, 12, 4096 };
	struct place *p = *state;
	uint8_t bytes[4096];

	memset(bytes, 0, sizeof(bytes));
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		store_close(create(p));
		crash(p, 500, 700, bytes, garbage[i]);
		check_recovered(p, 500, garbage[i]);
		made_dir_remove(p->store);
	}
	/* the beginning of a record whose end was lost */
	memset(bytes, 0x11, sizeof(bytes));
	memcpy(bytes, "\6\0\0\0\0\4\0\0", 8);
	store_close(create(p));
	crash(p, 300, 300, bytes, 600);
	check_recovered(p, 300, 600);
}

/* A page that the power took. */
static void tear(const char *path, uint64_t at)
{
	static const uint8_t page[4096];
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
	assert_int_equal(fwrite(page, 1, sizeof(page), f), sizeof(page));
	assert_int_equal(fclose(f), 0);
}

/*
 * What was written and not synced may be there in part: a page is missing in its middle, and records behind it are whole. What such a
 * stretch holds is not taken for packets.
 */
static void test_torn_stretch(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	uint64_t third, size;
	struct store *s;
	char path[400];
	size_t n;

	block_path(p, 1, path, sizeof(path));
	store_close(create(p));
	crash(p, 100, 200, "", 0);
	third = made_size(path);
	made_dir_remove(p->store);
	store_close(create(p));
	crash(p, 100, 300, "", 0);
	size = made_size(path);
	tear(path, third + 4096);
	check_recovered(p, 200, size - third);
	made_dir_remove(p->store);
	store_close(create(p));
	crash(p, 100, 300, "", 0);
	tear(path, 4096);
	s = reopen(p, true, &notes);
	assert_int_equal(notes.recovered_bytes, size);
	store_blocks(s, &n);
	assert_int_equal(n, 0);
	store_close(s);
}

static void test_crash_before_anything_was_stored(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s;
	size_t n;

	store_close(create(p));
	crash(p, 0, 10, "", 0);
	s = reopen(p, true, &notes);
	assert_false(notes.index_missing);
	store_blocks(s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(fill(p, s, 0, 10, NULL), RC_DONE);
	assert_int_equal(p->blocks[0], 2);
	store_close(s);
}

/* With the catalog gone nobody knows that a block was sealed: damage in it must not cost what is behind. */
static void test_damage_is_not_cut(void **state)
{
	struct place *p = *state;
	struct store *s = create(p);
	struct store_notes notes;
	char path[400];
	uint64_t size;
	FILE *f;
	size_t n;

	assert_int_equal(fill(p, s, 0, 500, NULL), RC_DONE);
	store_close(s);
	block_path(p, 1, path, sizeof(path));
	size = made_size(path);
	f = fopen(path, "r+b");
	assert_non_null(f);
	fseek(f, (long)p->refs[200].offset, SEEK_SET);
	fwrite("\xff\xff\xff\xff\xff\xff\xff\xff", 1, 8, f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/index", p->store);
	made_dir_remove(path);
	snprintf(path, sizeof(path), "%s/blocks/00000009.pcapng", p->store);
	made_file(path, "a foreign file", 14);
	s = reopen(p, true, &notes);
	assert_false(notes.recovered);
	assert_non_null(strstr(notes.text, "00000009"));
	assert_int_equal(made_size(path), 14);
	assert_int_equal(store_blocks(s, &n)[0].length, size);
	assert_int_equal(n, 1);
	store_close(s);
}

static void test_other_blocks(void **state)
{
	struct place *p = *state;
	struct store *s = create(p);
	struct block_writer *w;
	struct buf names, padding;
	char path[400];
	size_t n, interfaces;
	/* name resolution, big-endian: 10.0.0.1 is "ab", end of records */
	static const uint8_t big[] = { 0, 0, 0, 4, 0, 0, 0, 28, 0, 1, 0, 7, 10, 0, 0, 1, 'a', 'b', 0, 0,
		0, 0, 0, 0, 0, 0, 0, 28 };
	static const uint8_t unknown[] = { 0, 0, 0x77, 0x77, 0, 0, 0, 16, 1, 2, 3, 4, 0, 0, 0, 16 };
	uint8_t *whole;
	const uint8_t *bytes;
	FILE *f;

	buf_init(&names);
	buf_init(&padding);
	pcapng_put_block(&names, PCAPNG_NRB, "\1\0\7\0\x0a\0\0\1ab\0\0\0\0\0\0", 16);
	pcapng_put_padding(&padding, PCAPNG_OWN_PADDING, NULL, 0, 64);
	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(block_writer_copy(w, PCAPNG_NRB, big, sizeof(big), true, 0, NULL), RC_DONE);
	assert_int_equal(block_writer_copy(w, 0x7777, unknown, sizeof(unknown), true, 0, NULL), RC_DONE);
	assert_int_equal(block_writer_copy(w, PCAPNG_CB_NOCOPY, padding.data, padding.len, false, 0, NULL),
		RC_DONE);
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	/* no packets: nothing to index */
	assert_int_equal(store_blocks(s, &n)[0].state, BLOCK_INDEXED);
	block_path(p, 1, path, sizeof(path));
	assert_int_equal(walk_file(path, &interfaces), 0);
	n = (size_t)made_size(path);
	assert_int_equal(n, 4096);
	bytes = whole = malloc(n);
	f = fopen(path, "rb");
	assert_int_equal(fread(whole, 1, n, f), n);
	fclose(f);
	/* behind the section header: names little-endian, the unknown one wrapped whole, one padding */
	bytes += load_le32(bytes + 4);
	assert_memory_equal(bytes, names.data, names.len);
	bytes += names.len;
	assert_int_equal(load_le32(bytes), PCAPNG_CB_NOCOPY);
	assert_int_equal(load_le32(bytes + 8 + 12), BLOCK_OWN_WRAPPED);
	assert_memory_equal(bytes + 8 + 16, unknown, sizeof(unknown));
	free(whole);
	buf_free(&names);
	buf_free(&padding);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_index_deleted, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_crash, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_torn_stretch, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_crash_before_anything_was_stored, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_not_cut, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_other_blocks, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
