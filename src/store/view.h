/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store's catalog at one moment, in memory: what store_blocks(), store_points() and their kin
 * return. Private to this layer. Owns its arrays; one thread at a time.
 */
#ifndef FLOWDRILL_STORE_VIEW_H
#define FLOWDRILL_STORE_VIEW_H

#include "store/store.h"

/* Options of a point: where they lie in view.options. */
struct view_span { size_t at, len; };

/*
 * The macroflow parts of one segment in one window: how many, and the checksum that ends their
 * chain (store/catalog_row.h).
 */
struct macro_run {
	int64_t window_ns;
	uint32_t block, segment;
	uint64_t parts, tail;
	uint64_t row_sum;
};

/* What a segment has of one capture point. */
struct view_sums {
	uint32_t block, segment, point;
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	uint64_t row_sum;
};

/* Rows of which there may be many; those that changed are read alone (store/view_follow.c). */
enum view_rows { VIEW_BLOCKS, VIEW_SEGMENTS, VIEW_SUMS, VIEW_RUNS, VIEW_DROPS, VIEW_ROWS };

/*
 * Which row appeared, changed or vanished, by its key: of blocks number; segments block, number; sums block, segment, point;
 * runs window_ns, block, segment; drops from_ns, number.
 */
struct view_change {
	enum view_rows rows;
	int64_t key[3];
};

enum { VIEW_TALLIES = 16 };

struct view {
	struct block_info *blocks;           /* ascending by number */
	struct point_info *points;           /* number is the index */
	struct view_span *spans;             /* one a point */
	struct section_info *sections;       /* ascending by offset */
	struct segment_place *segments;      /* by block, then number */
	struct macro_run *runs;              /* by window, then block, then segment */
	size_t n_blocks, n_points, n_spans, n_sections, n_segments, n_runs;
	size_t cap_blocks, cap_points, cap_spans, cap_sections, cap_segments, cap_runs;
	struct view_sums *sums;              /* by block, then segment, then point */
	size_t n_sums, cap_sums;
	struct drop_info *drops;             /* ascending by from_ns, then number */
	size_t n_drops, cap_drops;
	int64_t drops_seen;                  /* highest number of a row among them */
	struct anew_place *anew;             /* ascending */
	size_t n_anew, cap_anew;
	struct buf options;
	struct store_totals totals;
	/* As the catalog was when it was read; a writer's view goes on without them. */
	bool whole;                          /* all of it was read */
	uint64_t tallies[VIEW_TALLIES];      /* by enum catalog_table */
	int64_t changes_seen;                /* the last row of the table of changes */
	/* Index files whose length has to be looked up; all where there are more blocks than that. */
	uint32_t index_stale[64];
	size_t n_index_stale;
	bool index_all_stale;
	uint64_t index_bytes;                /* of those that are known */
};

void view_init(struct view *v);
void view_free(struct view *v);
/* Each appends a copy, or puts it into its place; RC_NO_MEMORY. */
enum rc view_add_block(struct view *v, const struct block_info *b, struct err *err);
enum rc view_add_point(struct view *v, const struct point_info *p, const void *options,
	size_t len, struct err *err);
enum rc view_add_section(struct view *v, const struct section_info *s, struct err *err);
enum rc view_add_segment(struct view *v, const struct segment_place *s, struct err *err);
/* Room for one more segment, so that adding it cannot fail. */
enum rc view_reserve_segment(struct view *v, struct err *err);
enum rc view_add_run(struct view *v, const struct macro_run *r, struct err *err);
/* Room for n more. */
enum rc view_reserve_runs(struct view *v, size_t n, struct err *err);
/* Takes the runs of segments first .. last away. */
void view_drop_runs(struct view *v, uint32_t block, uint32_t first, uint32_t last);
/* Index of the first run of this window, block and segment or behind; n_runs where none is. */
size_t view_run_from(const struct view *v, int64_t window_ns, uint32_t block, uint32_t segment);
/* The runs of the window that run `from` is the first of (n_runs: none): indices [from, to), their parts and the exclusive or of their tails. */
struct window_runs { size_t from, to; uint64_t parts, tails; };
struct window_runs view_window_runs(const struct view *v, size_t from);
/* NULL where the segment has nothing in the window. */
const struct macro_run *view_run(const struct view *v, int64_t window_ns, uint32_t block,
	uint32_t segment);
void view_set_counts(struct view *v, uint32_t point, const struct point_counts *counts);
enum rc view_add_drop(struct view *v, const struct drop_info *d, struct err *err);
bool view_has_anew(const struct view *v, struct anew_place place);
enum rc view_add_anew(struct view *v, struct anew_place place, struct err *err);
/* Takes those of blocks up to this one away. */
void view_forget_anew(struct view *v, uint32_t block);
/*
 * Puts one segment into the place of n, from index `at` on, without their sums. What they sum up to is the same.
 */
void view_replace_segments(struct view *v, size_t at, size_t n, const struct segment_place *s);
/* Adds one point's sums of a segment; view_put_sums() does not add them up. */
enum rc view_add_sums(struct view *v, const struct view_sums *sums, struct err *err);
enum rc view_put_sums(struct view *v, const struct view_sums *sums, struct err *err);
/* Room for n more, so that adding them cannot fail. */
enum rc view_reserve_sums(struct view *v, size_t n, struct err *err);
/* What a segment brought of a point, as a row. */
struct view_sums view_sums_of(uint32_t block, uint32_t segment, const struct point_info *point);

/* Takes an evicted block's segments away, and its runs (keep_runs: not); its state is changed already. */
void view_evict(struct view *v, uint32_t block, bool keep_runs);
void view_drop_block_runs(struct view *v, uint32_t block);
void view_forget_drops(struct view *v, int64_t before_ns);

struct block_info *view_block(const struct view *v, uint32_t number);
/*
 * Index of the first segment of this block with at least this number; n_segments where there is
 * none.
 */
size_t view_segment_from(const struct view *v, uint32_t block, uint32_t number);
const struct segment_place *view_segment(const struct view *v, uint32_t block, uint32_t number);
/* The last segment of a block; NULL where it has none. */
const struct segment_place *view_last_segment(const struct view *v, uint32_t block);

/* Where the index file of a block ends as far as segments are named; 0 where none is. */
uint64_t view_index_end(const struct view *v, uint32_t block);

/* Sums up blocks and totals from the segments (not the totals that packets do not sum up to). */
void view_sum(struct view *v);
/* Sums up points; and adds one row. */
void view_sum_points(struct view *v);
void view_sum_row(struct view *v, const struct view_sums *s);
/* The same for one segment more. */
void view_sum_segment(struct view *v, const struct segment_place *s);

/* The length of a block's index file is not what it was. */
void view_index_changed(struct view *v, uint32_t block);

/* ---- rows that changed (view_follow.c) ---- */

/* Sorted, each once: their number. */
size_t view_changes_sort(struct view_change *changes, size_t n);
/*
 * The tally that rows of a kind will have when those of `fresh` have taken the place of what the changes name. `fresh` has the
 * rows that are there now.
 */
uint64_t view_tally_after(const struct view *v, enum view_rows rows, uint64_t tally,
	const struct view_change *changes, size_t n, const struct view *fresh);
/* Does it, and sums up. RC_NO_MEMORY: nothing has changed. */
enum rc view_apply(struct view *v, const struct view_change *changes, size_t n, const struct view *fresh,
	struct err *err);

#endif
