/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macroflow parts walked and merged; a macroflow found by its id. */
#include "store/store_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/sketch.h"
#include "store/macro_codec.h"

#include <string.h>

enum {
	WALK_ROWS = 4096,            /* parts held by a walk, of all runs */
	RUN_ROWS_MAX = 256, RUN_ROWS_MIN = 8,
};

/* What one segment has in the window at hand: sorted, read a page at a time. */
struct run {
	struct macro_run of;
	bool gone;                   /* its packets were evicted */
	struct macro_page page;
	size_t next;                 /* in the page */
	bool end;                    /* no further page */
};

/*
 * Windows one after the other; in each a merge of the runs of all segments of the snapshot that
 * can have one there. Every page is read in a transaction of its own. Runs of segments that
 * were published since are not looked at, so the walk and the snapshot say the same.
 */
struct macro_walk {
	struct store *s;
	int64_t window_ns;           /* the one at hand, else the next to look for */
	int64_t to_ns;               /* the last window's start that may be */
	bool in_window, end;
	bool only;                   /* one service in one window */
	struct service_key key;      /* that */
	struct texts *texts;
	struct run *runs;
	size_t n_runs, cap_runs;
	size_t rows;                 /* of a page */
	struct run **heap;           /* runs with a part left, the least first */
	size_t n_heap, cap_heap;
};

static const struct macro_row *run_row(const struct run *r)
{
	return &r->page.rows[r->next];
}

/* By service, then by segment, so that parts are merged in order. */
static bool run_less(const struct run *a, const struct run *b)
{
	int c = service_cmp(&run_row(a)->key, &run_row(b)->key);

	if (c != 0)
		return c < 0;
	return a->of.block != b->of.block ? a->of.block < b->of.block : a->of.segment < b->of.segment;
}

static void heap_down(struct macro_walk *w, size_t at)
{
	for (;;) {
		size_t least = at, left = 2 * at + 1;
		struct run *r;

		for (size_t child = left; child < w->n_heap && child < left + 2; child++)
			if (run_less(w->heap[child], w->heap[least]))
				least = child;
		if (least == at)
			return;
		r = w->heap[at];
		w->heap[at] = w->heap[least];
		w->heap[least] = r;
		at = least;
	}
}

/* The next page of a run; it stays empty where there is none. */
static enum rc run_fill(struct macro_walk *w, struct run *r, struct err *err)
{
	struct catalog *c = w->s->catalog;
	const struct macro_row *after = r->page.n ? &r->page.rows[r->page.n - 1] : NULL;
	enum rc rc;

	store_lock(w->s);
	if (w->only)
		rc = catalog_macro_get(c, &r->of, &w->key, &r->page, err);
	else
		rc = catalog_macro_run(c, &r->of, after, w->rows, &r->page, err);
	store_unlock(w->s);
	r->next = 0;
	r->end = w->only || r->page.n < w->rows;
	return rc;
}

/* Steps behind the least part. */
static enum rc heap_pop(struct macro_walk *w, struct err *err)
{
	struct run *r = w->heap[0];
	enum rc rc = RC_DONE;

	if (++r->next >= r->page.n && !r->end)
		rc = run_fill(w, r, err);
	if (rc == RC_DONE && r->next >= r->page.n)
		w->heap[0] = w->heap[--w->n_heap];
	if (rc == RC_DONE)
		heap_down(w, 0);
	return rc;
}

static void drop_runs(struct macro_walk *w)
{
	for (size_t i = 0; i < w->n_runs; i++)
		macro_page_free(&w->runs[i].page);
	w->n_runs = w->n_heap = 0;
}

static bool is_gone(const struct view *v, const struct macro_run *run)
{
	const struct block_info *b = view_block(v, run->block);

	return b && b->state == BLOCK_EVICTED;
}

/* The window's runs; the lock is held. */
static enum rc find_runs(struct macro_walk *w, struct err *err)
{
	const struct view *v = &w->s->view;
	size_t from = view_run_from(v, w->window_ns, 0, 0), to = from;

	while (to < v->n_runs && v->runs[to].window_ns == w->window_ns)
		to++;
	if (mem_grow(&w->runs, &w->cap_runs, to - from, sizeof(*w->runs)) != 0 ||
		mem_grow(&w->heap, &w->cap_heap, to - from, sizeof(*w->heap)) != 0)
		return err_memory(err);
	for (size_t i = from; i < to; i++)
		w->runs[w->n_runs++] = (struct run){ .of = v->runs[i], .gone = is_gone(v, &v->runs[i]) };
	w->rows = w->n_runs ? WALK_ROWS / w->n_runs : 0;
	w->rows = w->rows > RUN_ROWS_MAX ? RUN_ROWS_MAX : w->rows < RUN_ROWS_MIN ? RUN_ROWS_MIN : w->rows;
	return RC_DONE;
}

static enum rc begin_window(struct macro_walk *w, struct err *err)
{
	enum rc rc;

	drop_runs(w);
	store_lock(w->s);
	rc = find_runs(w, err);
	store_unlock(w->s);
	for (size_t i = 0; rc == RC_DONE && i < w->n_runs; i++) {
		rc = run_fill(w, &w->runs[i], err);
		if (rc == RC_DONE && w->runs[i].page.n > 0)
			w->heap[w->n_heap++] = &w->runs[i];
	}
	for (size_t i = w->n_heap / 2; rc == RC_DONE && i-- > 0;)
		heap_down(w, i);
	w->in_window = true;
	return rc;
}

static enum rc next_window(struct macro_walk *w, struct err *err)
{
	const struct view *v = &w->s->view;
	size_t at;

	if (w->in_window && w->window_ns == INT64_MAX)
		w->end = true;
	if (w->end)
		return RC_END;
	store_lock(w->s);
	at = view_run_from(v, w->window_ns + w->in_window, 0, 0);
	w->end = at == v->n_runs || v->runs[at].window_ns > w->to_ns;
	if (!w->end)
		w->window_ns = v->runs[at].window_ns;
	store_unlock(w->s);
	return w->end ? RC_END : begin_window(w, err);
}

/* The run whose part is the next; RC_END. */
static enum rc next_part(struct macro_walk *w, struct run **out, struct err *err)
{
	while (w->n_heap == 0) {
		enum rc rc = next_window(w, err);

		if (rc != RC_DONE)
			return rc;
	}
	*out = w->heap[0];
	return RC_DONE;
}

static void walk_range(struct macro_walk *w, const struct macro_range *range)
{
	int64_t macro_ns = w->s->config.macro_ns;

	w->window_ns = range->from_ns == INT64_MIN ? INT64_MIN : time_floor(range->from_ns, macro_ns);
	w->to_ns = range->to_ns == INT64_MAX ? INT64_MAX : time_sub(range->to_ns, 1);
	w->texts = range->texts;
	w->end = range->to_ns == INT64_MIN || range->to_ns <= range->from_ns;
	if (!range->only)
		return;
	w->only = true;
	w->key = *range->only;
	if (w->key.window_ns < w->window_ns || w->key.window_ns > w->to_ns)
		w->end = true;
	w->window_ns = w->to_ns = w->key.window_ns;
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
	drop_runs(w);
	mem_free(w->runs);
	mem_free(w->heap);
	mem_free(w);
}

static enum rc decode_media(struct cursor *c, struct record *rec, struct err *err)
{
	struct media media;

	media_decode(c, true, rec->texts, &media);
	if (c->truncated || cursor_left(c) > 0)
		return RC_DAMAGED;
	return media_join(&rec->media, &media, err);
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
		if (rc == RC_DONE && cursor_left(&c) > 0)
			rc = hist_decode(&c, &rec->response, err);
		if (rc == RC_DONE && cursor_left(&c) > 0)
			rc = decode_media(&c, rec, err);
	}
	return rc;
}

static enum rc decode_part(const struct store *s, const struct macro_page *page,
	const struct macro_row *row, struct texts *texts, struct record *rec, struct err *err)
{
	const uint8_t *bytes = page->bytes.data + row->at;
	char path[STORE_PATH];
	enum rc rc;

	record_init(rec, TIER_MACROFLOW);
	rec->slice_ns = row->key.window_ns;
	rec->texts = texts;
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
static enum rc merge_part(struct macro_walk *w, const struct run *r, struct record *whole, bool first,
	struct err *err)
{
	struct record part;
	enum rc rc;

	rc = decode_part(w->s, &r->page, run_row(r), w->texts, &part, err);
	if (rc != RC_DONE)
		return rc;
	part.gone = r->gone ? counters_packets(&part.c) : 0;
	if (first) {
		*whole = part;
		return RC_DONE;
	}
	rc = record_merge(whole, &part, err);
	record_free(&part);
	return rc;
}

/* What the kernel dropped meanwhile at its point. */
static void tell_drops(const struct macro_walk *w, struct record *out, const struct service_key *key)
{
	struct store *s = w->s;

	store_lock(s);
	out->has_drops = key->point < s->view.n_points && s->view.points[key->point].has_counts;
	if (out->has_drops)
		out->drops = store_drops_between(s, key->point, key->window_ns,
			time_add(key->window_ns, s->config.macro_ns));
	store_unlock(s);
}

enum rc macro_walk_next(struct macro_walk *w, struct record *out, struct service_key *key,
	struct err *err)
{
	struct run *r;
	bool first = true;
	enum rc rc;

	while ((rc = next_part(w, &r, err)) == RC_DONE) {
		if (!first && service_cmp(&run_row(r)->key, key) != 0)
			break;
		*key = run_row(r)->key;
		rc = merge_part(w, r, out, first, err);
		if (rc != RC_DONE)
			break;
		first = false;
		rc = heap_pop(w, err);
		if (rc != RC_DONE)
			break;
	}
	if (rc == RC_END && !first)
		rc = RC_DONE;
	if (rc == RC_DONE)
		tell_drops(w, out, key);
	/* a first part that could not be decoded has left nothing */
	if (rc != RC_DONE && !first)
		record_free(out);
	return rc;
}

/* ---- of one segment ----------------------------------------------------------------------- */

static enum rc take_run(struct store *s, const struct macro_run *run, struct texts *texts, macro_take take,
	void *ctx, struct macro_page *page, struct err *err)
{
	const struct macro_row *after = NULL;
	struct record rec;
	enum rc rc;

	do {
		store_lock(s);
		rc = catalog_macro_run(s->catalog, run, after, RUN_ROWS_MAX, page, err);
		store_unlock(s);
		for (size_t i = 0; rc == RC_DONE && i < page->n; i++) {
			rc = decode_part(s, page, &page->rows[i], texts, &rec, err);
			if (rc != RC_DONE)
				break;
			rc = take(ctx, &page->rows[i].key, &rec, err);
			record_free(&rec);
		}
		after = page->n ? &page->rows[page->n - 1] : NULL;
	} while (rc == RC_DONE && page->n == RUN_ROWS_MAX);
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
	struct macro_page page = { 0 };
	struct macro_run run;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && window_ns <= place->last_ns && next_run(s, place, &window_ns, &run)) {
		rc = take_run(s, &run, texts, take, ctx, &page, err);
		if (window_ns++ == INT64_MAX - 1)
			break;
	}
	macro_page_free(&page);
	return rc;
}

/* ---- by id ------------------------------------------------------------------------------ */

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
	const struct macro_run *run;
	struct record rec;
	enum rc rc = RC_MISSING;

	store_lock(s);
	run = view_run(&s->view, key->window_ns, place->block, place->number);
	if (run)
		rc = catalog_macro_get(s->catalog, run, key, &page, err);
	store_unlock(s);
	if (rc == RC_DONE && page.n == 0)
		rc = RC_MISSING;
	if (rc == RC_DONE)
		rc = decode_part(s, &page, &page.rows[0], NULL, &rec, err);
	if (rc == RC_DONE) {
		if (!record_id_equal(rec.id, id))
			rc = RC_MISSING;
		record_free(&rec);
	}
	macro_page_free(&page);
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
	struct macro_page *page, struct service_key *out, struct err *err)
{
	struct search search = { id, out };
	enum rc rc = take_run(s, run, NULL, look_for_id, &search, page, err);

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
	struct macro_page page = { 0 };
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
			rc = search_run(s, &run, id, &page, out, err);
	}
	macro_page_free(&page);
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
		rc = flow_key_at(seg, id, &flow, err);
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
