/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalog: a SQLite database that names what a store holds. Private to this layer, and the
 * only place (with catalog_*.c) that knows SQLite. Tables are described in store/format.h and
 * flowdrill-store(5).
 *
 * Writing: WAL, synchronous=NORMAL: a transaction is never torn, and the last ones before a
 * power loss may be missing as a whole; what they named is then found again in the blocks. A
 * clean close leaves journal mode DELETE. Reading: short transactions (catalog_load(), one page
 * of macroflow parts); on read-only media, where SQLite cannot make its shared memory, the file
 * is opened immutable.
 *
 * Only bound parameters. Not thread-safe: struct store has the lock.
 */
#ifndef FLOWDRILL_STORE_CATALOG_H
#define FLOWDRILL_STORE_CATALOG_H

#include "store/macro_codec.h"
#include "store/view.h"

struct catalog;

enum { CATALOG_VERSION = 4 };

enum catalog_mode {
	CATALOG_READ,
	CATALOG_WRITE,       /* must exist */
	CATALOG_CREATE,      /* must not exist */
};

/*
 * RC_MISSING, RC_NEWER, RC_DAMAGED (no catalog, or a broken one), RC_DENIED, RC_IO. *read_only
 * (may be NULL) tells that the medium is read-only.
 */
enum rc catalog_open(const char *path, enum catalog_mode mode, struct catalog **out,
	bool *read_only, struct err *err);
/* After writing: checkpoints and goes back to journal mode DELETE (as far as readers let it). */
void catalog_close(struct catalog *c);

/*
 * Every function that changes something works inside a transaction of its own unless one is
 * open.
 */
enum rc catalog_begin(struct catalog *c, struct err *err);
enum rc catalog_commit(struct catalog *c, struct err *err);
void catalog_rollback(struct catalog *c);

/* Tries to make all commits so far survive a power loss; *durable tells (readers of older moments may stand in the way). */
enum rc catalog_settle(struct catalog *c, bool *durable, struct err *err);
/* Gives the room of the journal back, where no reader needs it and the catalog has room for what is in it. */
void catalog_fold(struct catalog *c);

/* Named integers. RC_MISSING (without detail) where it is not there. */
enum rc catalog_get(struct catalog *c, const char *name, int64_t *value, struct err *err);
enum rc catalog_set(struct catalog *c, const char *name, int64_t value, struct err *err);
/* Named texts, cut to `size` when read. */
enum rc catalog_get_text(struct catalog *c, const char *name, char *out, size_t size, struct err *err);
enum rc catalog_set_text(struct catalog *c, const char *name, const char *value, struct err *err);
/* Changes with every commit of another connection. */
enum rc catalog_version(struct catalog *c, uint64_t *version, struct err *err);

/* Reads everything but macroflow parts, in one transaction. `v` must be empty; on failure it is. */
enum rc catalog_load(struct catalog *c, struct view *v, struct err *err);
/*
 * Brings a view that was loaded from this catalog up to date, reading what has changed alone. RC_END: that cannot be told (too much
 * changed, or what was read does not agree): load it anew. The view is changed only on RC_DONE.
 */
enum rc catalog_follow(struct catalog *c, struct view *v, struct err *err);
/* Rows written by this connection so far: where it is what it was, a view of then is no older than what others wrote. */
int64_t catalog_writes(const struct catalog *c);

/* ---- writing: rows, replaced where they are there --------------------------------------- */

enum rc catalog_put_block(struct catalog *c, const struct block_info *b, struct err *err);
enum rc catalog_put_point(struct catalog *c, const struct point_info *p,
	const void *options, size_t len, struct err *err);
enum rc catalog_put_section(struct catalog *c, const struct section_info *s, struct err *err);
enum rc catalog_put_untimed(struct catalog *c, uint64_t from, uint64_t to, int64_t time_ns,
	struct err *err);
enum rc catalog_put_segment(struct catalog *c, const struct segment_place *s, struct err *err);
/* Sums of one capture point in one segment. */
enum rc catalog_put_sums(struct catalog *c, uint32_t block, uint32_t segment,
	const struct point_info *sums, struct err *err);
enum rc catalog_put_event(struct catalog *c, int64_t time_ns, const char *kind,
	const char *text, struct err *err);
/* What a recorder counts (catalog_counts.c). */
enum rc catalog_put_counts(struct catalog *c, uint32_t point, const struct point_counts *counts,
	struct err *err);
enum rc catalog_put_drop(struct catalog *c, const struct drop_info *d, struct err *err);
/* Where conversations begin anew: rows of meta, "anew.BLOCK.OFFSET" (catalog_counts.c); and those of blocks up to one away. */
enum rc catalog_put_anew(struct catalog *c, struct anew_place place, struct err *err);
enum rc catalog_forget_anew(struct catalog *c, uint32_t block, struct err *err);
/* False where a row of meta says something else. */
bool catalog_parse_anew(const char *name, struct anew_place *out);
/* Field registry, from the field table. */
enum rc catalog_put_fields(struct catalog *c, struct err *err);

/*
 * Segments of one block (all with 0) and what they brought. from_ns, to_ns: window starts to
 * look at.
 */
enum rc catalog_drop_segments(struct catalog *c, uint32_t block, int64_t from_ns,
	int64_t to_ns, struct err *err);
/* Segments first .. last of a block with their sums, and their macroflow parts of one window. */
enum rc catalog_drop_places(struct catalog *c, uint32_t block, uint32_t first, uint32_t last, struct err *err);
enum rc catalog_drop_place_macros(struct catalog *c, int64_t window_ns, uint32_t block, uint32_t first,
	uint32_t last, struct err *err);
enum rc catalog_drop_block(struct catalog *c, uint32_t block, struct err *err);

/* ---- eviction (catalog_evict.c) ---- */

/* The next commit is durable when it returns (true), as others are when WAL is checkpointed (false). Outside a transaction. */
enum rc catalog_sync(struct catalog *c, bool full, struct err *err);
/* Takes a block's segments, sums and (keep_runs: not) runs away; its macroflow parts stay, to be purged. */
enum rc catalog_evict(struct catalog *c, const struct block_info *b, bool keep_runs, int64_t macro_ns,
	struct err *err);
/* Whether a segment is still where a view says. */
enum rc catalog_is_there(struct catalog *c, const struct segment_place *place, bool *is, struct err *err);
/* Whether a block is evicted now, whatever a view says. */
enum rc catalog_is_evicted(struct catalog *c, uint32_t block, bool *evicted, struct err *err);
/* The runs of a block whose parts were kept. */
enum rc catalog_drop_runs(struct catalog *c, const struct block_info *b, int64_t macro_ns, struct err *err);
/*
 * Deletes some of a block's macroflow parts, at most `limit` and those of one window at *window_ns or behind, which is moved on. RC_END: there are no more
 * in windows up to last_ns.
 */
enum rc catalog_purge(struct catalog *c, uint32_t block, int64_t *window_ns, int64_t last_ns, size_t limit,
	struct err *err);
/* Windows with drops that ended before a time; events but the newest `keep`. */
enum rc catalog_forget_drops(struct catalog *c, int64_t before_ns, struct err *err);
enum rc catalog_forget_events(struct catalog *c, uint64_t keep, struct err *err);

/* In place: points, sections and untimed runs at or behind this place of the file. */
enum rc catalog_drop_from(struct catalog *c, uint64_t file_offset, struct err *err);
/* In place: the time of the run that holds a record; RC_MISSING (without detail). */
enum rc catalog_untimed(struct catalog *c, uint64_t file_offset, uint64_t *from,
	uint64_t *to, int64_t *time_ns, struct err *err);

/* Events in order. */
typedef bool (*catalog_event)(void *ctx, int64_t time_ns, const char *kind, const char *text);
enum rc catalog_events(struct catalog *c, catalog_event say, void *ctx, struct err *err);
/* The newest `max`, newest first. */
enum rc catalog_last_events(struct catalog *c, size_t max, catalog_event say, void *ctx, struct err *err);

/*
 * Reads what catalog_load() does not, macroflow parts aside, and looks at all pages, so that damage in
 * it is found: RC_DAMAGED.
 */
enum rc catalog_verify_rest(struct catalog *c, struct err *err);

/*
 * ---- macroflow parts ----
 *
 * Their key is window, block, segment, then the service: what a segment has in a window is a
 * run, sorted by service and written in one go behind those before it. So the table grows at
 * its end whatever comes, and a reader merges the runs of a window. A run's rows are chained by
 * their checksums, so that one that is missing is noticed without reading the others.
 */

/*
 * The parts of a segment, in order of their keys, and its runs; those are added to *v too (NULL:
 * not).
 */
enum rc catalog_put_macros(struct catalog *c, uint32_t block, uint32_t segment,
	const struct macro_part *parts, size_t n, struct view *v,
	struct err *err);

/* Pieces of a run that waits to be written. */
struct macro_pieces {
	struct buf bytes;
	struct macro_piece_end { size_t end; struct service_key last; } *v;
	size_t n, cap;
	uint64_t parts;
};

/* Appends n parts, behind and like those before them; RC_NO_MEMORY. */
enum rc macro_pieces_add(struct macro_pieces *p, const struct macro_part *parts, size_t n, struct err *err);
void macro_pieces_free(struct macro_pieces *p);

/*
 * A window whose runs were merged into one more run, of block 0: so it can be read without them. `of` is the exclusive or of their tails:
 * where that is not what a reader's runs have, he takes those. Whatever changes a run of the window takes it away (catalog_schema.c).
 */
enum rc catalog_put_window(struct catalog *c, int64_t window_ns, uint64_t of, const struct macro_pieces *pieces, struct err *err);
/* RC_MISSING without detail. */
enum rc catalog_get_window(struct catalog *c, int64_t window_ns, uint64_t *of, struct macro_run *run, struct err *err);

/* Parts as read, a piece of a run; zeroed it is none. */
struct macro_page {
	struct buf bytes;
	struct macro_piece piece;    /* n is 0 where there is none */
	uint64_t sum;                /* its link in the chain */
};

/*
 * The parts of a run behind those that the page holds (none: the first); the page is replaced, and holds none behind the last. RC_DAMAGED
 * where the chain is broken; a run that was dropped since `run` was loaded has no parts (left).
 */
enum rc catalog_macro_run(struct catalog *c, const struct macro_run *run, struct macro_page *page, struct err *err);
void macro_page_free(struct macro_page *page);
/* The piece of a run with a service's part, which is part *at of it; else none. */
enum rc catalog_macro_get(struct catalog *c, const struct macro_run *run,
	const struct service_key *key, struct macro_page *page, size_t *at, struct err *err);

#endif
