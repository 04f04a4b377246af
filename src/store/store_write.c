/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a writer does to a store. Every function takes the lock; the view follows each commit. */
#include "store/store_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/trace.h"

#include <stdio.h>
#include <string.h>

enum { UNTIMED_BATCH = 4096 };

enum rc store_end_change(struct store *s, enum rc rc, struct err *err)
{
	if (rc == RC_DONE)
		rc = catalog_commit(s->catalog, err);
	else
		catalog_rollback(s->catalog);
	if (rc == RC_DONE)
		s->changes++;
	return rc;
}

/* ---- points and sections ---------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Version 8 (RFC 9562 section 5.8): the rest is a hash. */
static void derive_uuid(const struct store *s, struct point_info *p)
{
	uint64_t from[3] = { s->identity.low, s->identity.high, p->number };
	struct hash128 h = hash_bytes128(from, sizeof(from), 0);

	memcpy(p->uuid, &h.low, 8);
	memcpy(p->uuid + 8, &h.high, 8);
	p->uuid[6] = (uint8_t)((p->uuid[6] & 0x0f) | 0x80);
	p->uuid[8] = (uint8_t)((p->uuid[8] & 0x3f) | 0x80);
}

static enum rc add_point(struct store *s, struct point_info *point, const void *options,
	size_t options_len, struct err *err)
{
	struct point_info p = *point;
	enum rc rc;

	p.number = (uint32_t)s->view.n_points;
	p.packets = p.bytes = 0;
	if (is_zero(p.uuid, sizeof(p.uuid)))
		derive_uuid(s, &p);
	rc = catalog_put_point(s->catalog, &p, options, options_len, err);
	if (rc == RC_DONE)
		rc = view_add_point(&s->view, &p, options, options_len, err);
	if (rc == RC_DONE)
		*point = p;
	return rc;
}

enum rc store_add_point(struct store *s, struct point_info *point, const void *options,
	size_t options_len, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = add_point(s, point, options, options_len, err);
	if (rc == RC_DONE)
		s->changes++;
	store_unlock(s);
	return rc;
}

enum rc store_put_dropped(struct store *s, uint32_t point, uint64_t dropped, struct err *err)
{
	const struct view *v = &s->view;
	struct point_info p;
	enum rc rc;

	if (point >= v->n_points)
		return err_set(err, RC_USAGE, s->path, "no capture point %u", point);
	p = v->points[point];
	p.dropped = dropped;
	p.has_dropped = true;
	rc = catalog_put_point(s->catalog, &p, v->options.data + v->spans[point].at,
		v->spans[point].len, err);
	if (rc == RC_DONE) {
		v->points[point] = p;
		s->changes++;
	}
	return rc;
}

enum rc store_set_dropped(struct store *s, uint32_t point, uint64_t dropped, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = store_put_dropped(s, point, dropped, err);
	store_unlock(s);
	return rc;
}

enum rc store_add_section(struct store *s, const struct section_info *section, struct err *err)
{
	struct view *v = &s->view;
	enum rc rc;

	store_lock(s);
	if (v->n_sections > 0 && v->sections[v->n_sections - 1].offset >= section->offset)
		rc = err_set(err, RC_USAGE, s->path, "sections come in the order of the file");
	else
		rc = catalog_put_section(s->catalog, section, err);
	if (rc == RC_DONE)
		rc = view_add_section(v, section, err);
	if (rc == RC_DONE)
		s->changes++;
	store_unlock(s);
	return rc;
}

/* Inside a transaction. */
static enum rc put_untimed(struct store *s, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < s->n_untimed; i++)
		rc = catalog_put_untimed(s->catalog, s->untimed[i].from, s->untimed[i].to,
			s->untimed[i].time_ns, err);
	return rc;
}

static enum rc flush_untimed(struct store *s, struct err *err)
{
	enum rc rc = catalog_begin(s->catalog, err);

	if (rc == RC_DONE)
		rc = store_end_change(s, put_untimed(s, err), err);
	if (rc == RC_DONE)
		s->n_untimed = 0;
	return rc;
}

enum rc store_add_untimed(struct store *s, uint64_t from, uint64_t to, int64_t time_ns,
	struct err *err)
{
	enum rc rc = RC_DONE;

	store_lock(s);
	if (s->n_untimed >= UNTIMED_BATCH)
		rc = flush_untimed(s, err);
	if (rc == RC_DONE &&
		mem_grow(&s->untimed, &s->cap_untimed, s->n_untimed + 1, sizeof(*s->untimed)) != 0)
		rc = err_memory(err);
	if (rc == RC_DONE)
		s->untimed[s->n_untimed++] = (struct untimed_run){ from, to, time_ns };
	store_unlock(s);
	return rc;
}

/* ---- publishing ------------------------------------------------------------------------- */

/* S2: where the segment before it ended, and packets that a power loss cannot take. */
static enum rc check_place(const struct store *s, const struct segment_place *p, struct err *err)
{
	const struct block_info *b = view_block(&s->view, p->block);
	const struct segment_place *last = view_last_segment(&s->view, p->block);

	if (!b)
		return err_set(err, RC_USAGE, s->path, "no block %u", p->block);
	if (b->state == BLOCK_EVICTED)
		return err_set(err, RC_MISSING, s->path, "block %u was evicted", p->block);
	if (p->packets == 0 || p->end_offset <= p->first_offset ||
		(last ? p->number <= last->number : p->number != 0) ||
		(last && (p->first_offset < last->end_offset ||
			p->first_frame != last->first_frame + last->packets)))
		return err_set(err, RC_USAGE, s->path,
			"segment %u of block %u does not follow the one before", p->number, p->block);
	if (b->state == BLOCK_OPEN ? s->kind == STORE_OWN &&
			(s->synced_block != p->block || s->synced_len < p->end_offset)
				   : p->end_offset > b->length)
		return err_set(err, RC_USAGE, s->path,
			"segment %u of block %u is published before its packets are stored", p->number,
			p->block);
	return RC_DONE;
}

static enum rc open_index(struct store *s, uint32_t block, struct err *err)
{
	char path[STORE_PATH];

	if (s->idx && s->idx_block == block)
		return RC_DONE;
	io_close(s->idx);
	s->idx = NULL;
	store_index_path(s, block, path);
	s->idx_block = block;
	return io_open(path, IO_CREATE, &s->idx, err);
}

/*
 * The first segment goes behind a header, with one write; what an attempt before left there is
 * written over.
 */
static enum rc append_segment(struct store *s, struct segment_place *p, const struct buf *bytes,
	struct err *err)
{
	bool first = !view_last_segment(&s->view, p->block);
	struct buf header;
	enum rc rc;

	buf_init(&header);
	p->len = bytes->len;
	p->at = store_index_end(s, p->block);
	if (first) {
		rc = index_header_encode(&header, p->block, err);
		if (rc != RC_DONE) {
			buf_free(&header);
			return rc;
		}
		p->at = header.len;
		buf_put(&header, bytes->data, bytes->len);
	}
	if (header.failed)
		rc = err_memory(err);
	else if (!first)
		rc = io_write(s->idx, p->at, bytes->data, bytes->len, err);
	else
		rc = io_write(s->idx, 0, header.data, header.len, err);
	buf_free(&header);
	return rc == RC_DONE ? io_sync(s->idx, err) : rc;
}

enum rc store_name_segment(struct store *s, const struct segment_place *p, struct macro_part *parts,
	size_t n_parts, const struct point_info *points, size_t n_points, struct view *v, struct err *err)
{
	enum rc rc = catalog_put_segment(s->catalog, p, err);

	if (n_parts && parts[0].key.window_ns < s->merged_ns)
		s->merged_ns = parts[0].key.window_ns;
	for (size_t i = 0; rc == RC_DONE && i < n_points; i++)
		if (points[i].packets)
			rc = catalog_put_sums(s->catalog, p->block, p->number, &points[i], err);
	if (rc == RC_DONE)
		rc = catalog_put_macros(s->catalog, p->block, p->number, parts, n_parts, v, err);
	return rc;
}

static enum rc publish(struct store *s, struct segment_place *place, const struct buf *bytes,
	struct macro_part *parts, size_t n_parts, const struct point_info *points, size_t n_points,
	struct err *err)
{
	enum rc rc = check_place(s, place, err);

	if (rc == RC_DONE)
		rc = view_reserve_segment(&s->view, err);
	if (rc == RC_DONE)
		rc = view_reserve_sums(&s->view, n_points, err);
	if (rc == RC_DONE)
		rc = open_index(s, place->block, err);
	if (rc == RC_DONE)
		rc = append_segment(s, place, bytes, err);
	if (rc == RC_DONE && place->number == 0)
		rc = io_sync_dir(s->index_dir, err);
	if (rc == RC_DONE)
		rc = catalog_begin(s->catalog, err);
	if (rc != RC_DONE)
		return rc;
	rc = store_name_segment(s, place, parts, n_parts, points, n_points, &s->view, err);
	if (rc == RC_DONE)
		rc = put_untimed(s, err);
	rc = store_end_change(s, rc, err);
	if (rc != RC_DONE) {
		view_drop_runs(&s->view, place->block, place->number, place->number);
		return rc;
	}
	s->n_untimed = 0;
	view_add_segment(&s->view, place, NULL);
	view_sum_segment(&s->view, place);
	for (size_t i = 0; i < n_points; i++) {
		struct view_sums sums = view_sums_of(place->block, place->number, &points[i]);

		if (sums.packets)
			view_add_sums(&s->view, &sums, NULL);
	}
	return RC_DONE;
}

enum rc store_publish_segment(struct store *s, struct segment_place *place, const struct buf *bytes,
	struct macro_part *parts, size_t n_parts, const struct point_info *points, size_t n_points,
	struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = publish(s, place, bytes, parts, n_parts, points, n_points, err);
	if (rc == RC_DONE)
		TRACE(TRACE_STORE, "published %u.%u: %u packets, %zu bytes, %zu macroflow parts",
			place->block, place->number, place->packets, bytes->len, n_parts);
	store_unlock(s);
	return rc;
}

/* ---- totals and events ------------------------------------------------------------------ */

static enum rc put_totals(struct store *s, const struct store_totals *t, struct err *err)
{
	enum rc rc = catalog_set(s->catalog, "complete", t->complete, err);

	if (rc == RC_DONE)
		rc = catalog_set(s->catalog, "cut_short", t->cut_short, err);
	if (rc == RC_DONE)
		rc = catalog_set(s->catalog, "damaged", t->damaged, err);
	if (rc == RC_DONE)
		rc = catalog_set(s->catalog, "damaged_at", (int64_t)t->damaged_at, err);
	if (rc == RC_DONE)
		rc = catalog_set(s->catalog, "checksum_offload", t->checksum_offload, err);
	if (rc == RC_DONE && s->kind == STORE_IN_PLACE)
		rc = catalog_set(s->catalog, "capture_size", (int64_t)store_capture_size(s), err);
	if (rc == RC_DONE)
		rc = put_untimed(s, err);
	/* the end of a file that has grown is read again from here */
	if (rc == RC_DONE && s->view.totals.complete && !t->complete)
		rc = store_forget_rest(s, err);
	return rc;
}

enum rc store_set_totals(struct store *s, const struct store_totals *totals, struct err *err)
{
	struct store_totals t = *totals;
	bool reload = s->view.totals.complete && !t.complete;
	enum rc rc;

	store_lock(s);
	rc = catalog_begin(s->catalog, err);
	if (rc == RC_DONE)
		rc = store_end_change(s, put_totals(s, &t, err), err);
	if (rc == RC_DONE) {
		s->n_untimed = 0;
		s->view.totals.complete = t.complete;
		s->view.totals.cut_short = t.cut_short;
		s->view.totals.damaged = t.damaged;
		s->view.totals.damaged_at = t.damaged_at;
		s->view.totals.checksum_offload = t.checksum_offload;
		if (reload)
			rc = store_load(s, err);
	}
	store_unlock(s);
	return rc;
}

enum rc store_add_event(struct store *s, int64_t time_ns, const char *kind, const char *text,
	struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = catalog_put_event(s->catalog, time_ns, kind, text, err);
	if (rc == RC_DONE)
		s->changes++;
	store_unlock(s);
	return rc;
}

/* ---- forgetting an index ---------------------------------------------------------------- */

/* Window starts that a block's packets can lie in. */
static void windows_of(const struct store *s, const struct block_info *b, int64_t *from_ns, int64_t *to_ns)
{
	*from_ns = b->packets ? time_floor(b->first_ns, s->config.macro_ns) : 0;
	*to_ns = b->packets ? b->last_ns : 0;
}

static enum rc drop_one(struct store *s, const struct block_info *b, struct err *err)
{
	struct block_info changed = *b;
	int64_t from_ns, to_ns;
	enum rc rc;

	if (b->state == BLOCK_EVICTED)
		return RC_DONE;              /* it has none, but macroflows that were kept */
	windows_of(s, b, &from_ns, &to_ns);
	rc = catalog_drop_segments(s->catalog, b->number, from_ns, to_ns, err);
	if (rc != RC_DONE || b->state == BLOCK_OPEN)
		return rc;
	rc = store_block_transition(s, b, BLOCK_SEALED, err);
	if (rc != RC_DONE)
		return rc;
	changed.state = BLOCK_SEALED;
	if (s->kind == STORE_IN_PLACE)
		changed.file[0] = '\0';
	return catalog_put_block(s->catalog, &changed, err);
}

static enum rc drop_everything(struct store *s, struct err *err)
{
	enum rc rc = catalog_drop_segments(s->catalog, 0, 0, 0, err);

	for (size_t i = 0; rc == RC_DONE && i < s->view.n_blocks; i++)
		rc = s->kind == STORE_OWN
			? drop_one(s, &s->view.blocks[i], err)
			: catalog_drop_block(s->catalog, s->view.blocks[i].number, err);
	if (rc != RC_DONE || s->kind == STORE_OWN)
		return rc;
	/* numbers begin anew, so that the same file gets the same ids */
	rc = catalog_drop_from(s->catalog, 0, err);
	if (rc == RC_DONE)
		rc = catalog_set(s->catalog, "next_block", 1, err);
	if (rc == RC_DONE)
		rc = catalog_set(s->catalog, "complete", 0, err);
	return rc;
}

/* The change as a transaction that a power loss cannot take back: what it forgets is about to be written over. b NULL: all blocks. */
static enum rc commit_drop(struct store *s, const struct block_info *b, struct err *err)
{
	enum rc rc = catalog_sync(s->catalog, true, err);

	if (rc == RC_DONE)
		rc = catalog_begin(s->catalog, err);
	if (rc == RC_DONE) {
		s->n_untimed = b ? s->n_untimed : 0;
		rc = store_end_change(s, b ? drop_one(s, b, err) : drop_everything(s, err), err);
	}
	catalog_sync(s->catalog, false, NULL);
	return rc;
}

static enum rc drop_index(struct store *s, uint32_t block, struct err *err)
{
	const struct block_info *b = block ? view_block(&s->view, block) : NULL;
	char path[STORE_PATH];
	enum rc rc;

	if (block && !b)
		return err_set(err, RC_MISSING, s->path, "no block %u", block);
	rc = commit_drop(s, b, err);
	if (rc != RC_DONE)
		return rc;
	io_close(s->idx);
	s->idx = NULL;
	for (size_t i = 0; i < s->view.n_blocks; i++)
		if (!block || s->view.blocks[i].number == block) {
			store_index_path(s, s->view.blocks[i].number, path);
			io_remove(path, NULL);
		}
	if (!block) {
		store_name_path(s, "filters", path);
		io_remove(path, NULL);
	}
	return store_load(s, err);
}

enum rc store_drop_index(struct store *s, uint32_t block, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = drop_index(s, block, err);
	store_unlock(s);
	return rc;
}
