/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macroflow parts walked and merged; a macroflow found by its id. */
#include "store/store_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/sketch.h"
#include "store/macro_codec.h"

#include <string.h>

enum { MACRO_PAGE = 512 };

/*
 * Parts come in pages, each read in a transaction of its own. Parts of segments that the store's snapshot does not know were published
 * since: they are left out, so that the walk and the snapshot say the same.
 */
struct macro_walk {
	struct store *s;
	struct macro_row after;      /* the last part read */
	struct macro_page page;
	size_t next;                 /* in the page */
	int64_t to_ns;               /* the last window's start that may be */
	bool only;                   /* one service in one window */
	struct service_key key;      /* that */
	bool end;                    /* no further page */
};

static void walk_range(struct macro_walk *w, const struct macro_range *range)
{
	int64_t macro_ns = w->s->config.macro_ns;

	/* block 0 is none: the first part of the first window comes behind this */
	w->after.key.window_ns = range->from_ns == INT64_MIN ? INT64_MIN
							     : time_floor(range->from_ns, macro_ns);
	w->to_ns = range->to_ns == INT64_MAX ? INT64_MAX : range->to_ns - 1;
	w->end = range->to_ns == INT64_MIN || range->to_ns <= range->from_ns;
	if (range->only) {
		w->only = true;
		w->key = *range->only;
		/* from its first part on, where the window is in the range */
		if (w->key.window_ns < w->after.key.window_ns || w->key.window_ns > w->to_ns)
			w->end = true;
		w->after.key = w->key;
		w->to_ns = w->key.window_ns;
	}
}

enum rc macro_walk_open(struct store *s, const struct macro_range *range, struct macro_walk **out,
	struct err *err)
{
	struct macro_walk *w = mem_calloc(1, sizeof(*w));

	if (!w)
		return err_memory(err);
	w->s = s;
	walk_range(w, range);
	*out = w;
	return RC_DONE;
}

void macro_walk_close(struct macro_walk *w)
{
	if (!w)
		return;
	macro_page_free(&w->page);
	mem_free(w);
}

static enum rc next_page(struct macro_walk *w, struct err *err)
{
	enum rc rc;

	if (w->end)
		return RC_END;
	store_lock(w->s);
	rc = catalog_macro_page(w->s->catalog, &w->after, w->to_ns, MACRO_PAGE, &w->page, err);
	store_unlock(w->s);
	w->next = 0;
	if (rc != RC_DONE)
		return rc;
	w->end = w->page.n < MACRO_PAGE;
	if (w->page.n == 0)
		return RC_END;
	w->after = w->page.rows[w->page.n - 1];
	return RC_DONE;
}

/* The next part of the snapshot, not yet consumed; NULL with RC_END behind the last. */
static enum rc peek_part(struct macro_walk *w, const struct macro_row **out, struct err *err)
{
	for (;;) {
		enum rc rc = w->next < w->page.n ? RC_DONE : next_page(w, err);
		const struct macro_row *row;

		if (rc != RC_DONE)
			return rc;
		row = &w->page.rows[w->next];
		if (w->only && service_cmp(&row->key, &w->key) != 0) {
			w->end = true;
			w->next = w->page.n;
			return RC_END;
		}
		if (view_segment(&w->s->view, row->block, row->segment)) {
			*out = row;
			return RC_DONE;
		}
		w->next++;
	}
}

static enum rc decode_summaries(struct record *rec, const struct macro_row *row, const uint8_t *bytes,
	struct err *err)
{
	struct cursor c;
	enum rc rc = RC_DONE;

	bytes += row->record_len;
	if (row->sketch_len) {
		cursor_init(&c, bytes, row->sketch_len);
		rc = sketch_decode(&c, &rec->clients, err);
	}
	bytes += row->sketch_len;
	if (rc == RC_DONE && row->hist_len) {
		cursor_init(&c, bytes, row->hist_len);
		rc = hist_decode(&c, &rec->rtt, err);
	}
	return rc;
}

static enum rc decode_part(const struct store *s, const struct macro_page *page,
	const struct macro_row *row, struct record *rec, struct err *err)
{
	const uint8_t *bytes = page->bytes.data + row->at;
	char path[STORE_PATH];
	enum rc rc;

	record_init(rec, TIER_MACROFLOW);
	rec->slice_ns = row->key.window_ns;
	rc = macro_decode(rec, bytes, row->record_len);
	if (rc == RC_DONE)
		rc = decode_summaries(rec, row, bytes, err);
	if (rc == RC_DONE || rc == RC_NO_MEMORY) {
		if (rc != RC_DONE)
			record_free(rec);
		return rc;
	}
	record_free(rec);
	store_name_path(s, "catalog.db", path);
	if (rc == RC_NEWER)
		return err_set(err, rc, path, "a macroflow has fields of a newer version");
	return err_damaged(err, path, 0, "a macroflow's record cannot be read");
}

/* The first part is taken as it is; the others are merged into it. */
static enum rc merge_part(struct macro_walk *w, const struct macro_row *row, struct record *whole,
	bool first, struct err *err)
{
	struct record part;
	enum rc rc;

	if (first)
		return decode_part(w->s, &w->page, row, whole, err);
	rc = decode_part(w->s, &w->page, row, &part, err);
	if (rc != RC_DONE)
		return rc;
	rc = record_merge(whole, &part, err);
	record_free(&part);
	return rc;
}

enum rc macro_walk_next(struct macro_walk *w, struct record *out, struct service_key *key,
	struct err *err)
{
	const struct macro_row *row;
	bool first = true;
	enum rc rc;

	while ((rc = peek_part(w, &row, err)) == RC_DONE) {
		if (!first && service_cmp(&row->key, key) != 0)
			break;
		*key = row->key;
		rc = merge_part(w, row, out, first, err);
		if (rc != RC_DONE)
			break;
		w->next++;
		first = false;
	}
	if (rc == RC_END && !first)
		rc = RC_DONE;
	/* a first part that could not be decoded has left nothing */
	if (rc != RC_DONE && !first)
		record_free(out);
	return rc;
}

/* ---- by id -------------------------------------------------------------------------------- */

/* The key of the flow part that begins with the packet at id. */
static enum rc flow_key_at(struct segment *seg, struct record_id id, struct segment_flow *flow,
	struct err *err)
{
	struct segment_cursor c;
	uint32_t ordinal, part;
	enum rc rc = segment_ordinal(seg, id.offset, &ordinal, err);

	if (rc == RC_DONE)
		rc = segment_flow_at(seg, ordinal, &part, err);
	if (rc == RC_DONE)
		rc = segment_seek(&c, seg, part, err);
	if (rc == RC_DONE)
		rc = segment_next_flow(&c, flow, err);
	return rc;
}

/* Whether the part of this service in this segment carries the id. */
static enum rc check_macro(struct store *s, const struct service_key *key,
	const struct segment_place *place, struct record_id id, struct err *err)
{
	struct macro_page page = { 0 };
	struct record rec;
	enum rc rc;

	store_lock(s);
	rc = catalog_macro_get(s->catalog, key, place->block, place->number, &page, err);
	store_unlock(s);
	if (rc == RC_DONE && page.n == 0)
		rc = RC_MISSING;
	if (rc == RC_DONE)
		rc = decode_part(s, &page, &page.rows[0], &rec, err);
	if (rc == RC_DONE) {
		if (!record_id_equal(rec.id, id))
			rc = RC_MISSING;
		record_free(&rec);
	}
	macro_page_free(&page);
	return rc;
}

/*
 * A macroflow's id is its first packet, which is the first of a flow part too: the segment that holds it tells the flow part's key,
 * that tells the service, and the catalog whether this service's part has that id.
 */
enum rc store_find_macro(struct store *s, struct record_id id, struct service_key *out,
	struct err *err)
{
	const struct segment_place *place = store_segment_at(s, id.block, id.offset);
	struct segment_flow flow;
	struct segment *seg;
	enum rc rc = RC_MISSING;

	if (place) {
		rc = store_open_segment(s, place, &seg, NULL, err);
		if (rc != RC_DONE)
			return rc;
		rc = flow_key_at(seg, id, &flow, err);
		segment_close(seg);
	}
	if (rc == RC_DONE) {
		service_of(out, &flow.key, time_floor(flow.slice_ns, s->config.macro_ns));
		rc = check_macro(s, out, place, id, err);
	}
	if (rc == RC_MISSING)
		return err_set(err, RC_MISSING, s->path, "no macroflow m%u.%u", id.block, id.offset);
	return rc;
}
