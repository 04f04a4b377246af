/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One segment in the place of several, and what becomes of their bytes. */
#include "store/store_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/trace.h"

#include <string.h>

uint64_t store_index_end(const struct store *s, uint32_t block)
{
	uint64_t end = view_index_end(&s->view, block);

	return s->reserved_block == block && s->reserved_end > end ? s->reserved_end : end;
}

/* ---- what a thread beside the writer sees ------------------------------------------------- */

enum rc store_copy_segments(struct store *s, uint32_t block, struct segment_place **out, size_t *n,
	enum block_state *state, struct err *err)
{
	const struct view *v = &s->view;
	const struct block_info *b;
	enum rc rc = RC_DONE;

	*out = NULL;
	store_lock(s);
	b = view_block(v, block);
	if (!b) {
		rc = err_set(err, RC_MISSING, s->path, "no block %u", block);
	} else {
		size_t from = view_segment_from(v, block, 0);

		*n = view_segment_from(v, block, UINT32_MAX) - from;
		*state = b->state;
		if (*n > 0) {
			*out = mem_alloc(*n * sizeof(**out));
			if (*out)
				memcpy(*out, v->segments + from, *n * sizeof(**out));
			else
				rc = err_memory(err);
		}
	}
	store_unlock(s);
	return rc;
}

void store_block_range(struct store *s, uint32_t from, uint32_t *first, uint32_t *newest)
{
	const struct view *v = &s->view;

	store_lock(s);
	*first = 0;
	for (size_t i = v->n_blocks; i-- > 0 && v->blocks[i].number >= from;)
		*first = v->blocks[i].number;
	*newest = v->n_blocks ? v->blocks[v->n_blocks - 1].number : 0;
	store_unlock(s);
}

/* ---- replacing ---------------------------------------------------------------------------- */

/* What is replaced, as it was when it was looked at. */
struct old_run {
	size_t at;                   /* in the view */
	uint32_t last;               /* number */
	uint64_t first_at, last_at;  /* in the index file */
};

/* The n segments from first_number on, which the new one has to cover exactly. Under the lock. */
static enum rc find_old(const struct store *s, uint32_t first_number, size_t n,
	const struct segment_place *place, struct old_run *out, struct err *err)
{
	const struct view *v = &s->view;
	size_t at = view_segment_from(v, place->block, first_number);
	size_t end = view_segment_from(v, place->block, UINT32_MAX);
	const struct segment_place *first = v->segments + at;
	uint64_t packets = 0;

	if (n == 0 || at >= end || n > end - at || first->number != first_number)
		return err_set(err, RC_MISSING, s->path, "segments of block %u to be replaced are gone",
			place->block);
	for (size_t i = 0; i < n; i++)
		packets += first[i].packets;
	if (place->number != first_number || place->packets != packets ||
		place->first_frame != first->first_frame || place->first_offset != first->first_offset ||
		place->end_offset != first[n - 1].end_offset)
		return err_set(err, RC_USAGE, s->path, "segment %u of block %u covers not what it replaces",
			place->number, place->block);
	*out = (struct old_run){ .at = at, .last = first[n - 1].number, .first_at = first->at,
		.last_at = first[n - 1].at };
	return RC_DONE;
}

/* Bytes behind all others, by a handle of our own: the writer's lock is not held. */
static enum rc write_bytes(const struct store *s, const struct segment_place *place, const struct buf *bytes,
	struct err *err)
{
	char path[STORE_PATH];
	struct io_file *f;
	enum rc rc;

	store_index_path(s, place->block, path);
	rc = io_open(path, IO_WRITE, &f, err);
	if (rc != RC_DONE)
		return rc;
	rc = io_write(f, place->at, bytes->data, bytes->len, err);
	if (rc == RC_DONE)
		rc = io_sync(f, err);
	io_close(f);
	return rc;
}

/* Rows of the old ones. Inside a transaction. */
static enum rc drop_old(struct store *s, const struct segment_place *place, uint32_t last, struct err *err)
{
	const struct view *v = &s->view;
	struct catalog *c = s->catalog;
	uint32_t block = place->block, first = place->number;
	enum rc rc = catalog_drop_places(c, block, first, last, err);

	for (size_t i = 0; rc == RC_DONE && i < v->n_runs; i++) {
		const struct macro_run *r = &v->runs[i];

		if (r->block != block || r->segment < first || r->segment > last ||
			(i > 0 && r[-1].window_ns == r->window_ns && r[-1].block == block &&
				r[-1].segment >= first))
			continue;    /* the first of each window takes the others with it */
		rc = catalog_drop_place_macros(c, r->window_ns, block, first, last, err);
	}
	return rc;
}

/* One transaction, and the view after it. Under the lock. */
static enum rc put_new(struct store *s, const struct old_run *old, size_t n, const struct segment_place *place,
	struct macro_part *parts, size_t n_parts, const struct point_info *points, size_t n_points,
	struct err *err)
{
	struct view fresh;           /* runs of the new one */
	enum rc rc = catalog_begin(s->catalog, err);

	if (rc != RC_DONE)
		return rc;
	view_init(&fresh);
	rc = drop_old(s, place, old->last, err);
	if (rc == RC_DONE)
		rc = store_name_segment(s, place, parts, n_parts, points, n_points, &fresh, err);
	if (rc == RC_DONE)
		rc = view_reserve_runs(&s->view, fresh.n_runs, err);
	if (rc == RC_DONE)
		rc = view_reserve_sums(&s->view, n_points, err);
	rc = store_end_change(s, rc, err);
	if (rc == RC_DONE) {
		view_replace_segments(&s->view, old->at, n, place);
		view_drop_runs(&s->view, place->block, place->number, old->last);
		for (size_t i = 0; i < fresh.n_runs; i++)
			view_add_run(&s->view, &fresh.runs[i], NULL);
		for (size_t i = 0; i < n_points; i++) {
			struct view_sums sums = view_sums_of(place->block, place->number, &points[i]);

			if (sums.packets)
				view_put_sums(&s->view, &sums, NULL);
		}
	}
	view_free(&fresh);
	return rc;
}

enum rc store_replace_segments(struct store *s, uint32_t first_number, size_t n, struct segment_place *place,
	const struct buf *bytes, struct macro_part *parts, size_t n_parts, const struct point_info *points,
	size_t n_points, struct err *err)
{
	struct old_run old, now;
	enum rc rc;

	store_lock(s);
	rc = s->reserved_block ? err_set(err, RC_LOCKED, s->path, "segments are being replaced already")
			       : find_old(s, first_number, n, place, &old, err);
	if (rc == RC_DONE) {
		place->at = store_index_end(s, place->block);
		place->len = bytes->len;
		s->reserved_block = place->block;
		s->reserved_end = place->at + place->len;
	}
	store_unlock(s);
	if (rc != RC_DONE)
		return rc;

	rc = write_bytes(s, place, bytes, err);
	store_lock(s);
	s->reserved_block = 0;
	if (rc == RC_DONE)
		rc = find_old(s, first_number, n, place, &now, err);
	if (rc == RC_DONE && (now.first_at != old.first_at || now.last_at != old.last_at))
		rc = err_set(err, RC_MISSING, s->path, "segments of block %u were made anew", place->block);
	if (rc == RC_DONE)
		rc = put_new(s, &now, n, place, parts, n_parts, points, n_points, err);
	store_unlock(s);
	if (rc == RC_DONE)
		TRACE(TRACE_STORE, "replaced %u.%u..%u: %u packets, %zu bytes, %zu macroflow parts",
			place->block, place->number, old.last, place->packets, bytes->len, n_parts);
	return rc;
}

/* ---- bytes that nobody names -------------------------------------------------------------- */

/* The next named range that ends behind `at`, the least by its beginning. False where there is none. */
static bool next_named(const struct view *v, uint32_t block, uint64_t at, uint64_t *from, uint64_t *to)
{
	bool found = false;

	*from = *to = 0;
	for (size_t i = view_segment_from(v, block, 0); i < v->n_segments && v->segments[i].block == block; i++) {
		const struct segment_place *p = &v->segments[i];

		if (p->at + p->len <= at || (found && p->at >= *from))
			continue;
		*from = p->at;
		*to = p->at + p->len;
		found = true;
	}
	return found;
}

void store_punch_dead(struct store *s, uint32_t block, uint64_t from, uint64_t to)
{
	uint64_t end = view_index_end(&s->view, block), header, at, begin, behind;
	char path[STORE_PATH];
	struct io_file *f;

	if (end == 0)
		return;
	store_index_path(s, block, path);
	if (io_open(path, IO_WRITE, &f, NULL) != RC_DONE)
		return;
	if (index_header_check(f, block, &header, NULL) == RC_DONE) {
		to = to < end ? to : end;
		for (at = from > header ? from : header; at < to; at = behind) {
			if (!next_named(&s->view, block, at, &begin, &behind))
				break;
			if (begin > at)
				io_punch(f, at, (begin < to ? begin : to) - at);
		}
	}
	io_close(f);
	view_index_changed(&s->view, block);
}

enum rc store_release_dead(struct store *s, uint32_t block, uint64_t from, uint64_t to, bool *later,
	struct err *err)
{
	bool durable = false;
	enum rc rc;

	store_lock(s);
	rc = catalog_settle(s->catalog, &durable, err);
	*later = !durable;
	if (rc == RC_DONE && durable)
		store_punch_dead(s, block, from, to);
	store_unlock(s);
	return rc;
}
