/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets in blocks of an own store: made, written, compared. Included by one .c a program. */
#ifndef FLOWDRILL_TESTS_STORE_OWN_BLOCKS_H
#define FLOWDRILL_TESTS_STORE_OWN_BLOCKS_H

#include "file/pcapng.h"
#include "own_place.h"

#include <string.h>

enum { BLOCK = 1 << 20 };

static inline uint32_t packet_len(size_t i)
{
	return (uint32_t)(i * 37 % 1500);
}

static inline struct store *create(struct place *p)
{
	struct store_config config;
	struct store *s = NULL;

	store_config_default(&config);
	config.block_size = BLOCK;
	config.macro_ns *= 2;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	return s;
}

static inline struct store *reopen(struct place *p, bool writing, struct store_notes *notes)
{
	struct store *s = NULL;
	struct err err = { 0 };

	if (store_open(p->store, writing, &s, notes, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	return s;
}

static inline enum rc add_point(struct store *s, struct block_writer *w, const char *name, uint8_t tsresol,
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
static inline enum rc put_packet(struct place *p, struct block_writer *w, size_t i, uint32_t point, struct err *err)
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

static inline enum rc fill(struct place *p, struct store *s, size_t from, size_t to, struct err *err)
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

static inline void check_packet(const struct raw_packet *k, size_t i)
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

static inline void check_packets(struct place *p, struct store *s, size_t n)
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
static inline size_t walk_file(const char *path, size_t *interfaces)
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

static inline void block_path(const struct place *p, unsigned number, char *out, size_t size)
{
	snprintf(out, size, "%s/blocks/%08u.pcapng", p->store, number);
}

#endif
