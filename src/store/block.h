/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packet bytes: writing the blocks of an own store, and reading packets of any block by reference.
 *
 * A block of a store is a self-contained pcapng file: section header (with the store's slices and block number in a custom
 * option), one interface description a capture point (number = interface id in the block; a custom option
 * holds its UUID), then packets and copied blocks; padded to 4 KiB by a custom block at every sync. Append-only: synced
 * bytes are never rewritten. Writes are large and aligned (O_DIRECT where the file system allows), in a thread of the writer's own.
 */
#ifndef FLOWDRILL_STORE_BLOCK_H
#define FLOWDRILL_STORE_BLOCK_H

#include "store/store.h"

/*
 * What a packet adds to its segment's digest: of its captured bytes, its length on the wire, its point and its time. Blocks
 * have no checksums of their own; by this a packet is known for another one than was indexed. Options are not in it.
 * The lowest bit is the parity of all of that, the others a hash: a single flipped bit is found for certain.
 */
uint64_t packet_digest(const void *data, uint32_t caplen, uint32_t len, uint32_t point, int64_t time_ns);
/* What the index keeps of it. */
static inline uint16_t packet_check(uint64_t digest)
{
	return (uint16_t)digest;
}

/* ---- writing (own stores) --------------------------------------------------------------- */

struct block_writer;

struct block_packet {
	uint32_t point;
	uint64_t timestamp;          /* in the point's units */
	uint32_t caplen, len;
	const uint8_t *data;
	const uint8_t *options;      /* raw, of the source's byte order; or NULL */
	size_t options_len;
	bool options_big_endian;
	bool time_unknown;           /* written as a simple packet's: a custom option marks it */
};

/* sync_interval_ns of wall time is the recorder's business: block_writer_sync() is called by it. */
enum rc block_writer_new(struct store *s, struct block_writer **out, struct err *err);
/*
 * Writes out, syncs and seals the current block (if any) and frees. On failure too.
 */
enum rc block_writer_close(struct block_writer *w, struct err *err);
void block_writer_abandon(struct block_writer *w);
/* A capture point was added to the store: its interface description goes into the current block, and into every later one. */
enum rc block_writer_point(struct block_writer *w, const struct point_info *p,
	const void *options, size_t options_len,
	struct err *err);
/*
 * Writes a packet. *block, *offset, *record_len are where it went; *new_block is set where it is the first of a new block
 * (the one before is then sealed).
 */
enum rc block_writer_packet(struct block_writer *w, const struct block_packet *p,
	uint32_t *block, uint32_t *offset,
	uint32_t *record_len, bool *new_block, struct err *err);
/* Copies another pcapng block (names, secrets, statistics, custom, unknown) as it is; big-endian ones of known types are turned
 * little-endian, unknown ones wrapped in a custom block of ours so that export can give them back. */
enum rc block_writer_copy(struct block_writer *w, uint32_t type, const uint8_t *block,
	size_t len, bool big_endian,
	uint32_t first_point, struct err *err);
enum rc block_writer_sync(struct block_writer *w, struct err *err);
/*
 * The same without waiting: what was written so far is padded, handed over and synced by the writer's thread; *ticket names it. The
 * caller goes on at once (as long as a buffer is free).
 */
enum rc block_writer_sync_begin(struct block_writer *w, uint64_t *ticket, struct err *err);
/* Waits until that is durable; any thread. What broke the writer meanwhile is returned. */
enum rc block_writer_sync_wait(struct block_writer *w, uint64_t ticket, struct err *err);
/* The last ticket that was given out; a block that was sealed since counts as one: all before block_writer_packet()'s *new_block. */
uint64_t block_writer_ticket(const struct block_writer *w);
/* Tickets up to this one are durable. Any thread. */
uint64_t block_writer_durable(struct block_writer *w);
/* Lets the thread seal the current block (if any), without waiting: block_writer_ticket() is durable when it is. */
enum rc block_writer_seal(struct block_writer *w, struct err *err);
/*
 * After a failure: the open block is cut at its last synced length and sealed there, so that the store is whole without a recovery; then
 * only block_writer_abandon() is left to do. *length 0: no block was open, or nothing of it was durable and it is forgotten. May be tried
 * again where it fails itself for want of room.
 */
enum rc block_writer_cut(struct block_writer *w, uint32_t *block, uint64_t *length, struct err *err);
/*
 * Writes interface statistics of a point into the current block (nothing where none is open): cumulative counts, `stored` among them, and
 * the time of the sample.
 */
enum rc block_writer_counts(struct block_writer *w, uint32_t point, int64_t time_ns, uint64_t stored,
	const struct point_counts *counts, struct err *err);
/* An event into the current block; *written false: none is open, or it has no room. */
enum rc block_writer_event(struct block_writer *w, const struct event_info *e, bool *written, struct err *err);
/* The number of the first packet that comes, for the blocks' headers; before it. */
void block_writer_frames(struct block_writer *w, uint64_t first_frame);
/* Bytes written so far, of all blocks. */
uint64_t block_writer_bytes(const struct block_writer *w);

/* ---- reading ---------------------------------------------------------------------------- */

struct packet_reader;

/* A packet as it lies in its block. */
struct raw_packet {
	int64_t time_ns;
	uint64_t timestamp;          /* in the point's units */
	bool time_unknown, time_saturated;
	uint32_t point;
	uint32_t caplen, len;
	const uint8_t *data;
	const uint8_t *options;      /* pcapng only; raw */
	size_t options_len;
	bool big_endian;             /* of the options */
	uint32_t record_len;
	uint64_t digest;             /* packet_digest() */
};

struct packet_reader_counts { uint64_t bytes, reads, blocks; };

/* Keeps files open and buffers; belongs to one thread. The store must outlive it. */
enum rc packet_reader_new(struct store *s, struct packet_reader **out, struct err *err);
void packet_reader_free(struct packet_reader *r);
/*
 * Announces packets of one block, ascending by offset; they are then got in this order. Adjacent records are read with one
 * call, up to 1 MiB; nothing else is read. `refs` must stay until the next announcement.
 */
enum rc packet_reader_announce(struct packet_reader *r, uint32_t block,
	const struct packet_ref *refs, size_t n, struct err *err);
/*
 * The next announced packet. Pointers are valid until the next call. RC_END, RC_CUT_SHORT (the file shrank), RC_IO. RC_DAMAGED: no packet is
 * there, or another one than the reference's check is of; the packets behind it can still be got.
 */
enum rc packet_reader_next(struct packet_reader *r, struct raw_packet *out, struct err *err);
/* One packet by itself. */
enum rc packet_reader_get(struct packet_reader *r, uint32_t block, struct packet_ref ref,
	struct raw_packet *out, struct err *err);
const struct packet_reader_counts *packet_reader_counts(const struct packet_reader *r);

#endif
