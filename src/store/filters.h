/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index/filters: per block, which addresses it may hold (a Bloom filter in cache-line sized
 * blocks, 10 bits an address, about 1 % false positives), so that a query by address opens only
 * the index files of blocks that can answer. Records are appended, each with a checksum; a
 * damaged or missing record means 'maybe'. Record kinds above FILTER_ADDRESS are skipped
 * (content filters come later). The writer belongs to one thread; a loaded set is immutable.
 */
#ifndef FLOWDRILL_STORE_FILTERS_H
#define FLOWDRILL_STORE_FILTERS_H

#include "base/buf.h"
#include "flow/addr.h"

enum filter_kind { FILTER_ADDRESS = 1 };

struct io_file;
struct filters; /* what is loaded of a file */

/* Builds a record for a block's distinct addresses (any order, doubles do no harm). */
void filter_encode(struct buf *out, uint32_t block, const struct addr *addrs, size_t n);
/*
 * Loads a file that may not exist (then everything is 'maybe'). Stops at damage, keeps what
 * came before.
 */
enum rc filters_load(const char *path, struct filters **out, struct err *err);
void filters_free(struct filters *f);
/* False only if no packet of the block has that address. */
bool filters_may_have(const struct filters *f, uint32_t block, const struct addr *a);
/* Bytes of the records there are. */
uint64_t filters_size(const struct filters *f);

/*
 * The file without the records of some blocks, made beside it and put into its place: begin() reads it, choose() asks which blocks stay, copy()
 * writes them, end() adds what was appended since begin() (nobody may append meanwhile) and renames. Whoever has the old one loaded keeps it.
 * Where half of it or less is dead, copy() and end() do nothing.
 */
struct filters_rewrite {
	char path[4096], temporary[4112];
	struct filters *old;
	struct buf bytes;            /* of the records that stay */
	struct io_file *to;
};

typedef bool (*filters_keep)(void *ctx, uint32_t block);
enum rc filters_rewrite_begin(const char *path, struct filters_rewrite *r, struct err *err);
void filters_rewrite_choose(struct filters_rewrite *r, filters_keep keep, void *ctx);
enum rc filters_rewrite_copy(struct filters_rewrite *r, struct err *err);
enum rc filters_rewrite_end(struct filters_rewrite *r, struct err *err);
void filters_rewrite_free(struct filters_rewrite *r);

#endif
