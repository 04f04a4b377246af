/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The block writer's hand on the disk: a thread that makes the files, writes, syncs and seals, in order. Whoever fills
 * buffers never waits for it, unless all of them are on their way. Private to block_write.c.
 *
 *   caller    fill -> block_disk_put() -> (thread) make file, write, sync, seal -> free -> fill
 *
 * Jobs have numbers, from 1 on: a job is done when all that it asks for is. The first failure sticks: no job behind it
 * is done, nothing more is written.
 */
#ifndef FLOWDRILL_STORE_BLOCK_DISK_H
#define FLOWDRILL_STORE_BLOCK_DISK_H

#include "store/format.h"
#include "store/store.h"

enum { BLOCK_BUFFERS = 8, BLOCK_BUFFER_BYTES = BLOCK_CHUNK };

struct block_disk;

/* What to do, in this order. */
struct block_job {
	uint32_t block;
	bool begins;                 /* make the block's file */
	uint8_t *bytes;              /* a whole buffer of ours, filled up to len (may be 0) */
	size_t len;
	uint64_t at;                 /* where they go; at + len: the block's length so far */
	bool syncs;                  /* store_block_synced() */
	bool seals;                  /* syncs, and seals the block at that length */
	bool empty;                  /* no packet in the block that is sealed: indexed at once */
};

/* *buffer is the first one to fill, BLOCK_BUFFER_BYTES long, aligned for direct writes. */
enum rc block_disk_new(struct store *s, struct block_disk **out, uint8_t **buffer, struct err *err);
/* What was put is carried out before the thread ends. */
void block_disk_free(struct block_disk *d);
/* Hands a job with its buffer over, waits for another one to fill. *number is the job's; what failed so far is returned. */
enum rc block_disk_put(struct block_disk *d, const struct block_job *j, uint8_t **buffer, uint64_t *number,
	struct err *err);
/* Waits until the job is done. Any thread. The failure that keeps it from being done. */
enum rc block_disk_wait(struct block_disk *d, uint64_t number, struct err *err);
/* Number of the last job that is done. Any thread. */
uint64_t block_disk_done(struct block_disk *d);
/*
 * After a failure: waits until the thread rests, and brings the block that was open to the length that was synced last: its file is cut
 * there and the block sealed; *length says it. 0: nothing of it was durable. What was begun but is not durable is forgotten.
 */
enum rc block_disk_cut(struct block_disk *d, uint32_t *block, uint64_t *length, struct err *err);

#endif
