/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verification and inspection. check: every block's framing, every segment's checksums and sums against the catalog and
 * against the packets. dump: what a file of the store says, in words. Both report through a callback; neither changes anything.
 * Repair is the session's: it drops the index of what is wrong and indexes again.
 */
#ifndef FLOWDRILL_STORE_CHECK_H
#define FLOWDRILL_STORE_CHECK_H

#include "store/store.h"

struct check_report {
	uint64_t blocks, segments, packets;
	uint64_t problems;
	uint64_t bad_index;          /* blocks that must be indexed again */
	uint64_t bad_blocks;         /* blocks with damaged packet data */
};

/* One line of what was found; path and offset where there are. */
typedef void (*check_say)(void *ctx, const char *path, uint64_t offset, const char *text);

enum rc store_check(struct store *s, check_say say, void *ctx, struct check_report *out,
	struct err *err);

/* Lines for people on an index file (sections with sizes and shares, bytes per microflow and reference, fields, flow parts when `deep`). */
typedef void (*dump_line)(void *ctx, const char *line);
enum rc dump_index(const char *path, bool deep, dump_line line, void *ctx, struct err *err);
/* The same on a pcapng or pcap file: block by block with offset, type, length; counts. */
enum rc dump_capture(const char *path, bool deep, dump_line line, void *ctx, struct err *err);

#endif
