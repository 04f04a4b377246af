/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Retention: which blocks have to go, and their going.
 *
 * States of a block (struct block_info.state), and who changes them:
 *
 *   (none) --store_block_begin()--> OPEN --store_block_seal()--> SEALED --store_block_indexed()--> INDEXED
 *   INDEXED --store_drop_index()--> SEALED                (damage: to be indexed again)
 *   OPEN --recovery (store_open() for writing)--> SEALED
 *   SEALED, INDEXED --store_evict()--> EVICTED            (for ever: the row stays, number and sums with it)
 *
 * An evicted block has no packets, no index file, no segments and no filter; its row says how many packets it had, those that
 * were never published included. The catalog says 'evicted' first, in the transaction that takes its rows; then files are removed;
 * opening removes those that a crash left.
 *
 * Macroflow parts of an evicted block go with it, unless retention keeps them: then they stay for `keep_macroflows_ns` more (their
 * packets are gone, which the answers say).
 */
#ifndef FLOWDRILL_STORE_RETENTION_H
#define FLOWDRILL_STORE_RETENTION_H

#include "store/store.h"

struct retention {
	uint64_t max_bytes;          /* of the whole store on disk; 0: no limit */
	int64_t max_age_ns;          /* packets older than the newest one by more; 0: no limit */
	uint64_t min_free_bytes;     /* of the file system; 0: no limit */
	int64_t keep_macroflows_ns;  /* macroflow parts outlive their packets so long; 0: not at all */
};

/* Bytes of the store on disk now: blocks, index, catalog with its journal. Cheap: sums that are kept, and a few stat(). */
enum rc store_disk_bytes(struct store *s, uint64_t *out, struct err *err);
/* By how many bytes the store is over max_bytes or min_free_bytes when `headroom` comes on top. */
enum rc store_excess(struct store *s, const struct retention *limits, uint64_t headroom, uint64_t *out, struct err *err);
/*
 * Evicts oldest blocks until the store keeps within the limits with `headroom` bytes to spare (what the writer will need until
 * the next call). Never the open block, nor the newest sealed one. *evicted: how many. Takes the store's lock for
 * milliseconds only, so that the writer does not wait. RC_NO_SPACE where nothing more can go.
 */
enum rc store_retain(struct store *s, const struct retention *limits, uint64_t headroom, unsigned *evicted,
	struct err *err);
/*
 * To evict something is to write something: a file of zeros in the index's directory that goes when there is no room for that.
 * store_reserve() makes it where it is not there (RC_NO_SPACE, or what the file system says); store_use_reserve() removes it, and
 * folds the catalog's journal.
 */
enum rc store_reserve(struct store *s, uint64_t bytes, struct err *err);
void store_use_reserve(struct store *s);
/* One block. */
enum rc store_evict(struct store *s, uint32_t block, bool keep_macroflows, struct err *err);

#endif
