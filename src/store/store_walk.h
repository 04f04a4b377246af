/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A walk through a block's file, to the end of its last whole pcapng block, which counts packets. Recovery brings into the catalog by it
 * what that may have lost: capture points, their counters and windows with drops, events.
 */
#ifndef FLOWDRILL_STORE_STORE_WALK_H
#define FLOWDRILL_STORE_STORE_WALK_H

#include "store/store.h"

/* What was read of a file at once. Zeroed: nothing. The bytes are the caller's to free. */
struct walk_bytes {
	uint8_t *v;
	size_t cap, got;
};

/* Reads from `at` on: `need` bytes, more where the file goes on before `end`; b->got says how many there are. */
enum rc walk_read(struct walk_bytes *b, struct io_file *f, uint64_t at, uint64_t end, size_t need, struct err *err);

/* Where we are in a block's file, and what was met on the way. */
struct walk {
	struct store *s;             /* whose catalog gets what it has not, inside a transaction; NULL: nothing does */
	struct io_file *f;
	uint64_t at, size;
	struct walk_bytes bytes;     /* of the file from `at` on */
	uint32_t points;             /* interface descriptions met */
	uint64_t packets, packet_bytes;      /* bytes on the wire */
	int64_t sampled_ns;          /* the counters' last sample but those of the same moment; 0: none */
	int64_t sample_ns;
	bool sums;                   /* of stretches are looked at, nothing else: */
	uint64_t sound;              /* where the next one begins */
	uint8_t *chunk;              /* BLOCK_CHUNK bytes of it */
};

/* From w->at to the end of the last whole block. */
enum rc walk_tail(struct walk *w, struct err *err);
/*
 * How much of a block's file of `size` bytes was surely synced: up to the end of the last stretch before which there is none that
 * is not whole, or with another sum than it says.
 */
enum rc walk_stretches(struct io_file *f, uint64_t size, uint64_t *sound, struct err *err);

#endif
