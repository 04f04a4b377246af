/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a store's block says of itself, in a custom option of its section header: enough to make
 * the catalog again. The layout is in store/format.h. Private to this layer; pure functions but
 * block_header_read().
 */
#ifndef FLOWDRILL_STORE_BLOCK_FORMAT_H
#define FLOWDRILL_STORE_BLOCK_FORMAT_H

#include "base/hash.h"
#include "file/pcapng.h"
#include "store/format.h"
#include "store/store.h"

struct block_header {
	uint32_t number;
	struct store_config config;  /* but for index_dir, which is no block's business */
	struct hash128 identity;     /* of the store */
	uint64_t first_frame;        /* 0: not known */
	struct anew_place anew[BLOCK_ANEW_MAX];
	size_t n_anew;
};

/* Appends a section header block with hardware, OS, application and our option. */
void block_header_put(struct buf *out, const struct block_header *h);
/* RC_MISSING (no detail) where the section header is not one of ours; RC_NEWER; RC_DAMAGED. */
enum rc block_header_parse(const uint8_t *bytes, size_t len, const char *path,
	struct block_header *out, struct err *err);
/* The header of a block's file. */
enum rc block_header_read(struct io_file *f, struct block_header *out, struct err *err);

/* An interface description of a capture point: `options` (little-endian) and the UUID. */
void block_point_put(struct buf *out, const struct point_info *p, const void *options,
	size_t options_len);
/*
 * A capture point from an interface description of a store's block, and its options without
 * ours. RC_DAMAGED.
 */
enum rc block_point_parse(const struct pcapng_block *b, const char *path, uint64_t offset,
	struct point_info *p, struct buf *options,
	struct err *err);

/* A recorder's sample of a point's counters, since it began at from_ns; block_writer_counts(). */
struct block_counts {
	int64_t from_ns, time_ns;
	uint64_t stored;
	struct point_counts counts;
};
/* Interface statistics of the point. */
void block_counts_put(struct buf *out, const struct point_info *p, const struct block_counts *c);
/* What such a block of one of n points says; false where it is none of ours. */
bool block_counts_parse(const struct pcapng_block *b, const struct point_info *points, size_t n, uint32_t *point,
	struct block_counts *out);

/* The end of a stretch in exactly `len` bytes, a multiple of 4 from BLOCK_END_MIN on. */
enum { BLOCK_END_MIN = PCAPNG_PADDING_MIN + 8 };
void block_end_put(struct buf *out, size_t len, uint64_t sum);
/* False where the block ends no stretch; *has_sum where it says one. */
bool block_end_parse(const struct pcapng_block *b, bool *has_sum, uint64_t *sum);

/* An event as a block of its own, and back: false where it is none. */
void block_event_put(struct buf *out, const struct event_info *e);
bool block_event_parse(const struct pcapng_block *b, struct event_info *out);

#endif
