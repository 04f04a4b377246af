/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of own stores: written, read back, recovered. */
#include "made.h"

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

enum { PACKETS = 6000, BLOCK = 1 << 20 };

struct place {
	char dir[128], store[300];
	struct packet_ref refs[PACKETS];
	uint32_t blocks[PACKETS];
	size_t n;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->store, sizeof(p->store), "%s/s.fdr", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	made_dir_remove(p->dir);
	free(p);
	return 0;
}

static uint32_t packet_len(size_t i)
{
	return (uint32_t)(i * 37 % 1500);
}

static struct store *create(struct place *p)
{
	struct store_config config;
	struct store *s = NULL;

	store_config_default(&config);
	config.block_size = BLOCK;
	config.macro_ns *= 2;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	return s;
}

static struct store *reopen(struct place *p, bool writing, struct store_notes *notes)
{
	struct store *s = NULL;
	struct err err = { 0 };

	if (store_open(p->store, writing, &s, notes, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	return s;
}

static enum rc add_point(struct store *s, struct block_writer *w, const char *name, uint8_t tsresol,
	struct err *err)
{
	struct point_info point = { .linktype = 1, .snaplen = 65535, .tsresol = tsresol };
	struct buf options;
	enum rc rc;

	snprintf(point.name, sizeof(point.name), "%s", name);
	buf_init(&options);
	pcapng_put_option(&options, PCAPNG_OPT_COMMENT, "hello", 5);
	rc = store_add_point(s, &point, options.data, options.len, err);
	if (rc == RC_DONE)
		rc = block_writer_point(w, &point, options.data, options.len, err);
	buf_free(&options);
	return rc;
}

/* Packet i: every fifth has a comment, every seventh no time of its own. */
static enum rc put_packet(struct place *p, struct block_writer *w, size_t i, uint32_t point, struct err *err)
{
	uint8_t bytes[1500];
	struct buf options;
	struct block_packet k = { .point = point, .timestamp = 1700000000000000 + i, .caplen = packet_len(i),
		.len = packet_len(i) + 4, .data = bytes, .time_unknown = i % 7 == 0 };
	bool new_block;
	enum rc rc;

	buf_init(&options);
	made_bytes(i, bytes, k.caplen);
	if (i % 5 == 0) {
		pcapng_put_option(&options, PCAPNG_OPT_COMMENT, "fifth", 5);
		k.options = options.data;
		k.options_len = options.len;
	}
	rc = block_writer_packet(w, &k, &p->blocks[i], &p->refs[i].offset, &p->refs[i].record_len,
		&new_block, err);
	if (rc == RC_DONE && new_block != (i == 0 || p->blocks[i] != p->blocks[i - 1]))
		fail_msg("new_block at packet %zu", i);
	if (rc == RC_DONE)
		p->n = i + 1;
	buf_free(&options);
	return rc;
}

static enum rc fill(struct place *p, struct store *s, size_t from, size_t to, struct err *err)
{
	struct block_writer *w;
	enum rc rc = block_writer_new(s, &w, err), closed;
	size_t n;

	if (rc != RC_DONE)
		return rc;
	store_points(s, &n);
	for (; rc == RC_DONE && n < 2; n++)
		rc = add_point(s, w, n ? "second" : "first", n ? 9 : 6, err);
	for (size_t i = from; rc == RC_DONE && i < to; i++) {
		rc = put_packet(p, w, i, i % 3 == 0, err);
		if (rc == RC_DONE && i % 1000 == 999)
			rc = block_writer_sync(w, err);
	}
	closed = block_writer_close(w, rc == RC_DONE ? err : NULL);
	return rc == RC_DONE ? closed : rc;
}

static void check_packet(const struct raw_packet *k, size_t i)
{
	uint8_t want[1500];

	made_bytes(i, want, packet_len(i));
	assert_int_equal(k->caplen, packet_len(i));
	assert_int_equal(k->len, packet_len(i) + 4);
	assert_memory_equal(k->data, want, k->caplen);
	assert_int_equal(k->point, i % 3 == 0);
	assert_int_equal(k->timestamp, 1700000000000000 + i);
	assert_int_equal(k->time_ns, (int64_t)k->timestamp * (i % 3 == 0 ? 1 : 1000));
	assert_int_equal(k->time_unknown, i % 7 == 0);
	if (i % 5 == 0) {
		assert_in_range(k->options_len, 12, 16);
		assert_memory_equal(k->options, "\1\0\5\0fifth\0\0\0", 12);
	} else {
		/* ours is taken away */
		assert_in_range(k->options_len, 0, 4);
	}
}

static void check_packets(struct place *p, struct store *s, size_t n)
{
	struct packet_reader *r;
	struct raw_packet k;

	assert_int_equal(packet_reader_new(s, &r, NULL), RC_DONE);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && p->blocks[to] == p->blocks[from];)
			to++;
		assert_int_equal(packet_reader_announce(r, p->blocks[from], p->refs + from, to - from, NULL),
			RC_DONE);
		for (size_t i = from; i < to; i++) {
			struct err err = { 0 };

			if (packet_reader_next(r, &k, &err) != RC_DONE)
				fail_msg("packet %zu: %s at %llu", i, err.why, (unsigned long long)err.offset);
			check_packet(&k, i);
		}
	}
	packet_reader_free(r);
}

/* A block's file by itself: whole pcapng blocks, every interface before its packets; number of packets. */
static size_t walk_file(const char *path, size_t *interfaces)
{
	size_t len = (size_t)made_size(path), packets = 0;
	uint8_t *bytes = malloc(len);
	FILE *f = fopen(path, "rb");
	bool big_endian = false;

	assert_non_null(f);
	assert_int_equal(fread(bytes, 1, len, f), len);
	fclose(f);
	*interfaces = 0;
	for (size_t at = 0; at < len;) {
		struct pcapng_block b;
		struct pcapng_packet k;

		struct err err = { 0 };

		if (pcapng_parse_block(bytes + at, len - at, &big_endian, path, at, &b, &err) != RC_DONE)
			fail_msg("%s: %s at %zu of %zu", path, err.why, at, len);
		assert_int_equal(b.type == PCAPNG_SHB, at == 0);
		*interfaces += b.type == PCAPNG_IDB;
		if (b.type == PCAPNG_EPB) {
			assert_int_equal(pcapng_parse_packet(&b, false, 0, path, at, &k, NULL), RC_DONE);
			assert_true(k.interface < *interfaces);
			packets++;
		}
		at += b.total_len;
	}
	free(bytes);
	return packets;
}

static void block_path(const struct place *p, unsigned number, char *out, size_t size)
{
	snprintf(out, size, "%s/blocks/%08u.pcapng", p->store, number);
}

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

/* ---- failures ------------------------------------------------------------------------------- */

static _Atomic long fail_at, op_count;

static ssize_t fail_pwrite(int fd, const void *from, size_t len, off_t at)
{
	if (++op_count >= fail_at) {
		errno = ENOSPC;
		return -1;
	}
	return io_real.pwrite(fd, from, len, at);
}

static int fail_datasync(int fd)
{
	if (++op_count >= fail_at) {
		errno = EIO;
		return -1;
	}
	return io_real.datasync(fd);
}

/* From the Nth write or sync on nothing works any more: what was synced is there when the store is opened again. */
static void test_failures(void **state)
{
	struct place *p = *state;
	struct io_ops ops = io_real;
	enum rc rc = RC_IO;
	long n;

	ops.pwrite = fail_pwrite;
	ops.datasync = fail_datasync;
	for (n = 1; rc != RC_DONE && n < 200; n++) {
		struct store *s = create(p);
		size_t blocks, packets = 0, interfaces;

		fail_at = n;
		op_count = 0;
		p->n = 0;
		io_set_ops(&ops);
		rc = fill(p, s, 0, 3500, NULL);
		io_set_ops(NULL);
		store_close(s);
		s = reopen(p, true, NULL);
		const struct block_info *b = store_blocks(s, &blocks);
		for (size_t i = 0; i < blocks; i++) {
			char path[400];

			assert_int_not_equal(b[i].state, BLOCK_OPEN);
			block_path(p, b[i].number, path, sizeof(path));
			assert_int_equal(made_size(path), b[i].length);
			packets += walk_file(path, &interfaces);
		}
		if (packets > p->n)
			fail_msg("failure %ld: %zu packets of %zu", n, packets, p->n);
		if (rc == RC_DONE)
			assert_int_equal(packets, 3500);
		check_packets(p, s, packets);
		store_close(s);
		made_dir_remove(p->store);
	}
	assert_true(n > 10 && n < 200);
}

static void test_create_is_refused(void **state)
{
	struct place *p = *state;
	struct store_config config;
	struct store *s;
	char path[400];

	store_config_default(&config);
	config.micro_ns = 7;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_USAGE);
	store_config_default(&config);
	config.block_size = 1000;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_USAGE);
	store_config_default(&config);
	assert_int_equal(store_open(p->store, true, &s, NULL, NULL), RC_MISSING);
	assert_int_equal(store_open(p->dir, true, &s, NULL, NULL), RC_UNSUPPORTED);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	store_close(s);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_USAGE);
	made_dir_remove(p->store);
	snprintf(config.index_dir, sizeof(config.index_dir), "%s/elsewhere", p->dir);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	snprintf(path, sizeof(path), "%s/elsewhere/catalog.db", p->dir);
	assert_true(made_size(path) != UINT64_MAX);
	assert_int_equal(fill(p, s, 0, 100, NULL), RC_DONE);
	store_close(s);
	s = reopen(p, false, NULL);
	check_packets(p, s, 100);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_index_deleted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn_stretch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash_before_anything_was_stored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_not_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
