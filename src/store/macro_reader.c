/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of macroflow parts piece by piece; what a segment has of them; a macroflow found by its id. */
#include "store/macro_reader.h"

#include "base/mem.h"
#include "base/text.h"

void macro_reader_free(struct macro_reader *r)
{
	macro_page_free(&r->page);
	mem_free(r->recs);
	r->recs = NULL;
}

/* What a piece that cannot be read is to the user. */
static enum rc damaged(const struct store *s, enum rc rc, struct err *err)
{
	char path[STORE_PATH];

	if (rc == RC_NO_MEMORY)
		return rc;
	store_name_path(s, "catalog.db", path);
	return err_damaged(err, path, 0, "a macroflow's record cannot be read");
}

enum rc macro_reader_part(const struct store *s, struct macro_reader *r, size_t i, u128 fields, bool whole, struct texts *texts,
	struct record **out, struct err *err)
{
	enum rc rc = RC_DONE;

	if (!r->recs)
		r->recs = mem_alloc(MACRO_PIECE * sizeof(*r->recs));
	if (!r->recs)
		return err_memory(err);
	if (!r->decoded)
		rc = macro_piece_records(&r->page.piece, fields, r->parts, r->recs);
	r->decoded = rc == RC_DONE;
	*out = &r->recs[i];
	if (rc == RC_DONE && whole) {
		(*out)->texts = texts;
		rc = macro_piece_finish(&r->page.piece, i, *out, err);
	}
	return rc == RC_DONE ? rc : damaged(s, rc, err);
}

enum rc macro_reader_fill(struct store *s, struct macro_reader *r, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = catalog_macro_run(s->catalog, &r->of, &r->page, err);
	store_unlock(s);
	r->next = 0;
	r->decoded = false;
	r->parts = UINT32_MAX;
	return rc;
}

/* ---- of one segment ----------------------------------------------------------------------- */

static enum rc take_run(struct store *s, const struct macro_run *of, struct texts *texts, macro_take take,
	void *ctx, struct err *err)
{
	struct macro_reader r = { .of = *of };
	struct record *rec;
	enum rc rc;

	while ((rc = macro_reader_fill(s, &r, err)) == RC_DONE && r.page.piece.n) {
		for (size_t i = 0; rc == RC_DONE && i < r.page.piece.n; i++) {
			rc = macro_reader_part(s, &r, i, ~(u128)0, true, texts, &rec, err);
			if (rc != RC_DONE)
				break;
			rc = take(ctx, &r.page.piece.keys[i], rec, err);
			record_free(rec);
		}
		if (rc != RC_DONE)
			break;
	}
	macro_reader_free(&r);
	return rc;
}

/* The segment's next run in a window of *window_ns or later, in which its packets can lie; *window_ns becomes the window. */
static bool next_run(struct store *s, const struct segment_place *place, int64_t *window_ns, struct macro_run *out)
{
	const struct view *v = &s->view;
	const struct macro_run *run = NULL;

	store_lock(s);
	while (!run) {
		size_t at = view_run_from(v, *window_ns, 0, 0);

		if (at == v->n_runs || v->runs[at].window_ns > place->last_ns)
			break;
		*window_ns = v->runs[at].window_ns;
		run = view_run(v, *window_ns, place->block, place->number);
		if (!run && ++*window_ns > place->last_ns)
			break;
	}
	if (run)
		*out = *run;
	store_unlock(s);
	return run != NULL;
}

enum rc store_segment_macros(struct store *s, const struct segment_place *place, struct texts *texts,
	macro_take take, void *ctx, struct err *err)
{
	int64_t window_ns = time_floor(place->first_ns, s->config.macro_ns);
	struct macro_run run;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && window_ns <= place->last_ns && next_run(s, place, &window_ns, &run)) {
		rc = take_run(s, &run, texts, take, ctx, err);
		if (window_ns++ == INT64_MAX - 1)
			break;
	}
	return rc;
}

/* ---- by id ------------------------------------------------------------------------------ */

/* Whether the part of this service in this segment carries the id. */
static enum rc check_macro(struct store *s, const struct service_key *key,
	const struct segment_place *place, struct record_id id, struct err *err)
{
	const struct macro_run *of;
	struct macro_reader r = { 0 };
	struct record *rec;
	enum rc rc = RC_MISSING;

	store_lock(s);
	of = view_run(&s->view, key->window_ns, place->block, place->number);
	if (of)
		rc = catalog_macro_get(s->catalog, of, key, &r.page, &r.next, err);
	r.parts = UINT32_C(1) << (r.next % MACRO_PIECE);
	store_unlock(s);
	if (rc == RC_DONE && !macro_reader_has(&r))
		rc = RC_MISSING;
	if (rc == RC_DONE)
		rc = macro_reader_part(s, &r, r.next, FIELD_BIT(FIELD_FIRST), false, NULL, &rec, err);
	if (rc == RC_DONE && !record_id_equal(rec->id, id))
		rc = RC_MISSING;
	macro_reader_free(&r);
	return rc;
}

struct search { struct record_id id; struct service_key *out; };

/* RC_END: this is it. */
static enum rc look_for_id(void *ctx, const struct service_key *key, const struct record *part, struct err *err)
{
	const struct search *s = ctx;

	(void)err;
	if (!record_id_equal(part->id, s->id))
		return RC_DONE;
	*s->out = *key;
	return RC_END;
}

/* The part with this id in a run: its service; RC_MISSING (without text). */
static enum rc search_run(struct store *s, const struct macro_run *run, struct record_id id,
	struct service_key *out, struct err *err)
{
	struct search search = { id, out };
	enum rc rc = take_run(s, run, NULL, look_for_id, &search, err);

	return rc == RC_END ? RC_DONE : rc == RC_DONE ? RC_MISSING : rc;
}

/* Windows in which parts of records that began in a block can be; false where it was not evicted. */
static bool windows_of_gone(struct store *s, uint32_t block, size_t *from, size_t *to)
{
	const struct view *v = &s->view;
	const struct block_info *b;

	store_lock(s);
	b = view_block(v, block);
	if (b && b->state == BLOCK_EVICTED) {
		*from = view_run_from(v, time_floor(b->first_ns, s->config.macro_ns), 0, 0);
		*to = view_run_from(v, b->last_ns, UINT32_MAX, UINT32_MAX);
	}
	store_unlock(s);
	return b && b->state == BLOCK_EVICTED;
}

/*
 * A macroflow whose first packet was evicted: its parts were kept, or there are later ones that
 * carry the id of a flow that began there.
 */
static enum rc find_left(struct store *s, struct record_id id, struct service_key *out, struct err *err)
{
	size_t from = 0, to = 0;
	enum rc rc = RC_MISSING;

	if (!windows_of_gone(s, id.block, &from, &to))
		return RC_MISSING;
	for (size_t i = from; i < to && rc == RC_MISSING; i++) {
		struct macro_run run = { 0 };

		store_lock(s);
		if (i < s->view.n_runs)
			run = s->view.runs[i];
		store_unlock(s);
		if (run.block >= id.block)
			rc = search_run(s, &run, id, out, err);
	}
	return rc;
}

/*
 * A macroflow's id is its first packet, which is the first of a flow part too: the segment that
 * holds it tells the flow part's key, that tells the service, and the catalog whether this
 * service's part has that id.
 */
enum rc store_find_macro(struct store *s, struct record_id id, struct service_key *out,
	struct err *err)
{
	const struct segment_place *place = store_segment_at(s, id.block, id.offset);
	struct segment_flow flow = { 0 };
	struct segment *seg;
	enum rc rc = RC_MISSING;

	if (place) {
		rc = store_open_segment(s, place, &seg, NULL, err);
		if (rc != RC_DONE)
			return rc;
		rc = store_flow_at(seg, id, &flow, err);
		segment_close(seg);
	}
	if (rc == RC_DONE) {
		service_of(out, &flow.key, time_floor(flow.slice_ns, s->config.macro_ns));
		rc = check_macro(s, out, place, id, err);
	}
	if (!place)
		rc = find_left(s, id, out, err);
	if (rc == RC_MISSING)
		return err_set(err, RC_MISSING, s->path, "no macroflow m%u.%u", id.block, id.offset);
	return rc;
}
