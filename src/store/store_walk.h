/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A walk through a block's file, to the end of its last whole pcapng block, which brings into the catalog what it may have
 * lost: capture points, their counters and windows with drops, events. For recovery alone, inside its transaction.
 */
#ifndef FLOWDRILL_STORE_STORE_WALK_H
#define FLOWDRILL_STORE_STORE_WALK_H

#include "store/store.h"

/* Where we are in a block's file, and what was met on the way. */
struct walk {
	struct store *s;
	struct io_file *f;
	uint64_t at, size;
	uint8_t *bytes;              /* of the file from `at` on */
	size_t cap, got;
	uint32_t points;             /* interface descriptions met */
	int64_t sampled_ns;          /* the counters' last sample but those of the same moment; 0: none */
	int64_t sample_ns;
};

/* From w->at to the end of the last whole block. */
enum rc walk_tail(struct walk *w, struct err *err);

#endif
