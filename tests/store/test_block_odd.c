/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The block writer where it is asked what it cannot do: without a block, at the ends of blocks and buffers, broken. */
#include "own_place.h"

#include "base/io.h"
#include "store/block.h"
#include "store/check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1 << 20 };

static struct store *create(struct place *p, uint64_t block_size)
{
	struct store_config config;
	struct store *s = NULL;

	store_config_default(&config);
	config.block_size = block_size;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	return s;
}

static enum rc add_point(struct store *s, struct block_writer *w, const char *name)
{
	struct point_info point = { .linktype = 1, .snaplen = 65535, .tsresol = 6 };

	snprintf(point.name, sizeof(point.name), "%s", name);
	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	return block_writer_point(w, &point, NULL, 0, NULL);
}

static enum rc put(struct block_writer *w, const struct block_packet *k, bool *new_block)
{
	uint32_t block, offset, record_len;

	return block_writer_packet(w, k, &block, &offset, &record_len, new_block, NULL);
}

/* What needs an open block, where there is none; points that are not there; a packet that no record holds. */
static void test_without_block(void **state)
{
	static const struct point_counts counts = { .received = 4 };
	static const struct event_info e = { .kind = "clock", .text = "stepped" };
	struct place *p = *state;
	struct store *s = create(p, BLOCK);
	struct block_writer *w;
	uint64_t ticket;
	bool new_block, written = true;
	uint8_t byte = 7;

	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(block_writer_sync(w, NULL), RC_DONE);
	assert_int_equal(block_writer_sync_begin(w, &ticket, NULL), RC_DONE);
	assert_int_equal(ticket, 0);
	assert_int_equal(block_writer_counts(w, 0, 5, 4, &counts, NULL), RC_DONE);
	assert_int_equal(block_writer_event(w, &e, &written, NULL), RC_DONE);
	assert_false(written);
	assert_int_equal(add_point(s, w, "first"), RC_DONE);
	assert_int_equal(put(w, &(struct block_packet){ .point = 3, .caplen = 1, .len = 1, .data = &byte }, &new_block), RC_USAGE);
	assert_int_equal(put(w, &(struct block_packet){ .caplen = UINT32_MAX - 5000, .data = &byte }, &new_block), RC_USAGE);
	/* in a block: counters of a point that it has not are left out, a second sync has nothing to do */
	assert_int_equal(put(w, &(struct block_packet){ .caplen = 1, .len = 1, .data = &byte }, &new_block), RC_DONE);
	assert_true(new_block);
	assert_int_equal(block_writer_counts(w, 1, 5, 4, &counts, NULL), RC_DONE);
	assert_int_equal(block_writer_sync(w, NULL), RC_DONE);
	ticket = block_writer_ticket(w);
	assert_int_equal(block_writer_sync(w, NULL), RC_DONE);
	assert_int_equal(block_writer_ticket(w), ticket);
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	store_close(s);
}

/* Near a block's end counters and events are left to the next one; it never grows beyond its size. */
static void test_full_block(void **state)
{
	static const struct point_counts counts = { .received = 4 };
	struct event_info e = { .kind = "clock" };
	struct place *p = *state;
	struct store *s = create(p, BLOCK);
	struct block_writer *w;
	static uint8_t bytes[60000];
	size_t n, events = 0, left = 0;
	bool new_block, written;

	memset(e.text, 'x', sizeof(e.text) - 1);
	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(add_point(s, w, "first"), RC_DONE);
	for (unsigned i = 0; i < 17; i++) {
		assert_int_equal(put(w, &(struct block_packet){ .caplen = 60000, .len = 60000, .data = bytes }, &new_block), RC_DONE);
		assert_int_equal(new_block, i == 0);
	}
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(block_writer_event(w, &e, &written, NULL), RC_DONE);
		*(written ? &events : &left) += 1;
		assert_int_equal(block_writer_counts(w, 0, i, 4, &counts, NULL), RC_DONE);
	}
	assert_true(events > 0 && left > 0);
	assert_int_equal(put(w, &(struct block_packet){ .caplen = 60000, .len = 60000, .data = bytes }, &new_block), RC_DONE);
	assert_true(new_block);
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	const struct block_info *b = store_blocks(s, &n);
	assert_int_equal(n, 2);
	assert_true(b[0].length <= BLOCK && b[0].length > BLOCK - 70000);
	store_close(s);
}

static void say_wrong(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	if (!strstr(text, "not indexed"))
		fail_msg("%s: %ju: %s", path, (uintmax_t)offset, text);
}

/* Records across the ends of the writer's buffers (4 MiB), with and without options. */
static void test_buffer_ends(void **state)
{
	struct place *p = *state;
	struct check_report report;
	struct store *s = create(p, 32 << 20);
	struct packet_reader *r;
	struct raw_packet got;
	struct packet_ref refs[100] = { 0 };
	struct block_writer *w;
	static uint8_t bytes[250001];
	uint32_t block;
	bool new_block;

	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(add_point(s, w, "first"), RC_DONE);
	for (unsigned i = 0; i < 100; i++) {
		memset(bytes, (int)i, sizeof(bytes));
		assert_int_equal(block_writer_packet(w, &(struct block_packet){ .caplen = sizeof(bytes) - i % 4, .len = sizeof(bytes),
			.data = bytes, .options = (const uint8_t *)"\1\0\2\0hi\0\0", .options_len = i % 2 ? 8 : 0,
			.time_unknown = i % 5 == 0 }, &block, &refs[i].offset, &refs[i].record_len, &new_block, NULL), RC_DONE);
	}
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	assert_int_equal(store_check(s, say_wrong, NULL, &report, NULL), RC_DONE);
	assert_int_equal(packet_reader_new(s, &r, NULL), RC_DONE);
	for (unsigned i = 0; i < 100; i++) {
		memset(bytes, (int)i, sizeof(bytes));
		assert_int_equal(packet_reader_get(r, block, refs[i], &got, NULL), RC_DONE);
		assert_int_equal(got.caplen, sizeof(bytes) - i % 4);
		assert_memory_equal(got.data, bytes, got.caplen);
		assert_int_equal(got.time_unknown, i % 5 == 0);
	}
	packet_reader_free(r);
	store_close(s);
}

/* Of no bytes and of few: what pads them, and lengths that are more than what was captured. */
static void test_shortest(void **state)
{
	struct place *p = *state;
	struct store *s = create(p, 32 << 20);
	struct packet_ref refs[9] = { 0 };
	struct packet_reader *r;
	struct raw_packet got;
	struct block_writer *w;
	const uint8_t bytes[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	uint32_t block;
	bool new_block;

	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(add_point(s, w, "first"), RC_DONE);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(block_writer_packet(w, &(struct block_packet){ .caplen = i, .len = 0x1010101u * (i + 1), .data = bytes },
			&block, &refs[i].offset, &refs[i].record_len, &new_block, NULL), RC_DONE);
		assert_int_equal(refs[i].record_len, 32 + (i + 3) / 4 * 4);
	}
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	assert_int_equal(packet_reader_new(s, &r, NULL), RC_DONE);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(packet_reader_get(r, block, refs[i], &got, NULL), RC_DONE);
		assert_int_equal(got.caplen, i);
		assert_int_equal(got.len, 0x1010101u * (i + 1));
		assert_memory_equal(got.data, bytes, i);
		for (unsigned at = i; at % 4; at++)
			assert_int_equal(got.data[at], 0);
	}
	packet_reader_free(r);
	store_close(s);
}

static ssize_t no_room(int fd, const void *from, size_t len, off_t at)
{
	(void)fd;
	(void)from;
	(void)len;
	(void)at;
	errno = ENOSPC;
	return -1;
}

/* What broke stays broken: every call says the same, until what is durable is kept by block_writer_cut(). */
static void test_broken(void **state)
{
	static const struct point_counts counts = { .received = 4 };
	static const struct event_info e = { .kind = "clock", .text = "stepped" };
	struct place *p = *state;
	struct io_ops ops = io_real;
	struct store *s = create(p, BLOCK);
	struct block_writer *w;
	uint32_t block;
	uint64_t length, ticket;
	uint8_t byte = 7;
	bool new_block, written;

	ops.pwrite = no_room;
	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(add_point(s, w, "first"), RC_DONE);
	const struct block_packet k = { .caplen = 1, .len = 1, .data = &byte };
	assert_int_equal(put(w, &k, &new_block), RC_DONE);
	io_set_ops(&ops);
	assert_int_equal(block_writer_sync(w, NULL), RC_NO_SPACE);
	assert_int_equal(block_writer_sync(w, NULL), RC_NO_SPACE);
	assert_int_equal(block_writer_sync_begin(w, &ticket, NULL), RC_NO_SPACE);
	assert_int_equal(put(w, &k, &new_block), RC_NO_SPACE);
	assert_int_equal(block_writer_counts(w, 0, 5, 4, &counts, NULL), RC_NO_SPACE);
	assert_int_equal(block_writer_event(w, &e, &written, NULL), RC_NO_SPACE);
	assert_int_equal(block_writer_seal(w, NULL), RC_NO_SPACE);
	assert_int_equal(add_point(s, w, "second"), RC_NO_SPACE);
	io_set_ops(NULL);
	assert_int_equal(block_writer_cut(w, &block, &length, NULL), RC_DONE);
	assert_int_equal(length, 0);
	block_writer_abandon(w);
	block_writer_abandon(NULL);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_without_block, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_full_block, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_buffer_ends, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_shortest, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
