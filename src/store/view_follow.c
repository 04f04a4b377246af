/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of a view that changed. Whatever their kind, they lie sorted by a key of three numbers and carry the checksum of
 * their row in the catalog: so taking some away and putting others in is written once.
 */
#include "store/view.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* One kind of rows in a view. */
struct table {
	uint8_t *rows;
	size_t n, size;
	void (*key)(const void *row, int64_t out[3]);
	uint64_t (*sum)(const void *row);
};

static void block_key(const void *row, int64_t out[3])
{
	out[0] = ((const struct block_info *)row)->number;
	out[1] = out[2] = 0;
}

static uint64_t block_sum(const void *row)
{
	return ((const struct block_info *)row)->row_sum;
}

static void segment_key(const void *row, int64_t out[3])
{
	const struct segment_place *s = row;

	out[0] = s->block;
	out[1] = s->number;
	out[2] = 0;
}

static uint64_t segment_sum(const void *row)
{
	return ((const struct segment_place *)row)->row_sum;
}

static void sums_key(const void *row, int64_t out[3])
{
	const struct view_sums *s = row;

	out[0] = s->block;
	out[1] = s->segment;
	out[2] = s->point;
}

static uint64_t sums_sum(const void *row)
{
	return ((const struct view_sums *)row)->row_sum;
}

static void run_key(const void *row, int64_t out[3])
{
	const struct macro_run *r = row;

	out[0] = r->window_ns;
	out[1] = r->block;
	out[2] = r->segment;
}

static uint64_t run_sum(const void *row)
{
	return ((const struct macro_run *)row)->row_sum;
}

static void drop_key(const void *row, int64_t out[3])
{
	const struct drop_info *d = row;

	out[0] = d->from_ns;
	out[1] = d->number;
	out[2] = 0;
}

static uint64_t drop_sum(const void *row)
{
	return ((const struct drop_info *)row)->row_sum;
}

static struct table table_of(const struct view *v, enum view_rows rows)
{
	switch (rows) {
	case VIEW_BLOCKS:
		return (struct table){ (uint8_t *)v->blocks, v->n_blocks, sizeof(*v->blocks), block_key, block_sum };
	case VIEW_SEGMENTS:
		return (struct table){ (uint8_t *)v->segments, v->n_segments, sizeof(*v->segments), segment_key,
			segment_sum };
	case VIEW_SUMS:
		return (struct table){ (uint8_t *)v->sums, v->n_sums, sizeof(*v->sums), sums_key, sums_sum };
	case VIEW_RUNS:
		return (struct table){ (uint8_t *)v->runs, v->n_runs, sizeof(*v->runs), run_key, run_sum };
	default:
		return (struct table){ (uint8_t *)v->drops, v->n_drops, sizeof(*v->drops), drop_key, drop_sum };
	}
}

static void set_count(struct view *v, enum view_rows rows, size_t n)
{
	size_t *const counts[VIEW_ROWS] = { [VIEW_BLOCKS] = &v->n_blocks, [VIEW_SEGMENTS] = &v->n_segments,
		[VIEW_SUMS] = &v->n_sums, [VIEW_RUNS] = &v->n_runs, [VIEW_DROPS] = &v->n_drops };

	*counts[rows] = n;
}

/* Room for as many more as `fresh` has. */
static enum rc reserve(struct view *v, const struct view *fresh, struct err *err)
{
	if (mem_grow(&v->blocks, &v->cap_blocks, v->n_blocks + fresh->n_blocks, sizeof(*v->blocks)) != 0 ||
		mem_grow(&v->segments, &v->cap_segments, v->n_segments + fresh->n_segments,
			sizeof(*v->segments)) != 0 ||
		mem_grow(&v->sums, &v->cap_sums, v->n_sums + fresh->n_sums, sizeof(*v->sums)) != 0 ||
		mem_grow(&v->runs, &v->cap_runs, v->n_runs + fresh->n_runs, sizeof(*v->runs)) != 0 ||
		mem_grow(&v->drops, &v->cap_drops, v->n_drops + fresh->n_drops, sizeof(*v->drops)) != 0)
		return err_memory(err);
	return RC_DONE;
}

static int compare_keys(const int64_t a[3], const int64_t b[3])
{
	for (size_t i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static int compare_changes(const void *a, const void *b)
{
	const struct view_change *x = a, *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? -1 : 1;
	return compare_keys(x->key, y->key);
}

size_t view_changes_sort(struct view_change *changes, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(changes, n, sizeof(*changes), compare_changes);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare_changes(&changes[kept - 1], &changes[i]) != 0)
			changes[kept++] = changes[i];
	return kept;
}

/* Index of the first row with this key or behind; *is: it has it. */
static size_t find(const struct table *t, const int64_t key[3], bool *is)
{
	size_t low = 0, high = t->n;
	int64_t have[3];

	*is = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c;

		t->key(t->rows + middle * t->size, have);
		c = compare_keys(have, key);
		*is |= c == 0;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t view_tally_after(const struct view *v, enum view_rows rows, uint64_t tally,
	const struct view_change *changes, size_t n, const struct view *fresh)
{
	struct table old = table_of(v, rows), new = table_of(fresh, rows);

	for (size_t i = 0; i < n; i++) {
		bool is = false;
		size_t at = changes[i].rows == rows ? find(&old, changes[i].key, &is) : 0;

		if (is)
			tally ^= old.sum(old.rows + at * old.size);
	}
	for (size_t i = 0; i < new.n; i++)
		tally ^= new.sum(new.rows + i * new.size);
	return tally;
}

/* Takes the rows away that changes of their kind name: one pass from the first of them on. True where any was there. */
static bool take_out(struct view *v, enum view_rows rows, const struct view_change *changes, size_t n)
{
	struct table t = table_of(v, rows);
	size_t to = SIZE_MAX, from = 0;

	for (size_t i = 0; i < n; i++) {
		bool is = false;
		size_t at = changes[i].rows == rows ? find(&t, changes[i].key, &is) : 0;

		if (!is)
			continue;
		/* rows between the one taken before and this one move down */
		if (to == SIZE_MAX) {
			to = at;
		} else {
			memmove(t.rows + to * t.size, t.rows + from * t.size, (at - from) * t.size);
			to += at - from;
		}
		from = at + 1;
	}
	if (to == SIZE_MAX)
		return false;
	memmove(t.rows + to * t.size, t.rows + from * t.size, (t.n - from) * t.size);
	set_count(v, rows, to + t.n - from);
	return true;
}

/* Puts the rows of `fresh` in, from the last one on; there is room for them. */
static void put_in(struct view *v, enum view_rows rows, const struct view *fresh)
{
	struct table t = table_of(v, rows), new = table_of(fresh, rows);
	size_t n = t.n + new.n;

	for (size_t i = new.n; i-- > 0;) {
		const uint8_t *row = new.rows + i * new.size;
		int64_t key[3];
		bool is;
		size_t at;

		new.key(row, key);
		at = find(&t, key, &is);
		memmove(t.rows + (at + i + 1) * t.size, t.rows + at * t.size, (t.n - at) * t.size);
		memcpy(t.rows + (at + i) * t.size, row, t.size);
		t.n = at;            /* behind it all is in its place */
	}
	set_count(v, rows, n);
}

enum rc view_apply(struct view *v, const struct view_change *changes, size_t n, const struct view *fresh,
	struct err *err)
{
	bool sum = fresh->n_blocks > 0, sum_points = false;
	enum rc rc = reserve(v, fresh, err);

	if (rc != RC_DONE)
		return rc;
	for (enum view_rows rows = 0; rows < VIEW_ROWS; rows++) {
		bool gone = take_out(v, rows, changes, n);

		sum |= gone && rows <= VIEW_SEGMENTS;
		sum_points |= gone && rows == VIEW_SUMS;
		put_in(v, rows, fresh);
	}
	for (size_t i = 0; i < fresh->n_drops; i++)
		if (fresh->drops[i].number > v->drops_seen)
			v->drops_seen = fresh->drops[i].number;
	for (size_t i = 0; !sum && i < fresh->n_segments; i++)
		view_sum_segment(v, &fresh->segments[i]);
	for (size_t i = 0; !sum_points && i < fresh->n_sums; i++)
		view_sum_row(v, &fresh->sums[i]);
	if (sum)
		view_sum(v);
	if (sum_points)
		view_sum_points(v);
	v->index_all_stale = true;
	return RC_DONE;
}
