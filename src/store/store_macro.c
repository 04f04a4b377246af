/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macroflow parts walked and merged; a macroflow found by its id. */
#include "store/store_impl.h"

#include "base/mem.h"
#include "base/text.h"

/* What one segment has in the window at hand: sorted, read a piece at a time. */
struct run {
	struct macro_run of;
	bool gone;                   /* its packets were evicted */
	struct macro_page page;
	size_t next;                 /* in the page */
	struct record *recs;         /* room for a piece, NULL before there was one */
	bool decoded;                /* they are the page's */
	uint32_t parts;              /* of the page that will be asked for, by bits */
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
	u128 fields;                 /* asked for */
	bool whole;                  /* all, and summaries too */
	const struct service_key *wanted;    /* what is left of those to look for; NULL: all */
	size_t n_wanted;
	struct texts *texts;
	struct run *runs;
	size_t n_runs, cap_runs;
	struct run **heap;           /* runs with a part left, the least first */
	size_t n_heap, cap_heap;
};

static const struct service_key *run_key(const struct run *r)
{
	return &r->page.piece.keys[r->next];
}

static bool run_has(const struct run *r)
{
	return r->next < r->page.piece.n;
}

static void run_free(struct run *r)
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

/*
 * Part i of the page, these fields of it; `whole`: with texts, sketch and histograms, which are to be freed. It stays until the page goes,
 * and is given once.
 */
static enum rc run_part(const struct store *s, struct run *r, size_t i, u128 fields, bool whole, struct texts *texts,
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

/* By service, then by segment, so that parts are merged in order. */
static bool run_less(const struct run *a, const struct run *b)
{
	int c = service_cmp(run_key(a), run_key(b));

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

/* The next page of a run, none behind the last. */
static enum rc run_fill(struct store *s, struct run *r, struct err *err)
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

/* Which of a page's parts are among those wanted. */
static uint32_t wanted_parts(const struct macro_walk *w, const struct macro_piece *p)
{
	uint32_t parts = 0;

	for (size_t i = 0, at = 0; i < p->n && at < w->n_wanted;) {
		int c = service_cmp(&p->keys[i], &w->wanted[at]);

		parts |= (uint32_t)(c == 0) << i;
		at += c >= 0;
		i += c <= 0;
	}
	return parts;
}

static enum rc walk_fill(struct macro_walk *w, struct run *r, struct err *err)
{
	enum rc rc = run_fill(w->s, r, err);

	if (rc == RC_DONE && w->wanted)
		r->parts = wanted_parts(w, &r->page.piece);
	return rc;
}

/* To the next part that may be wanted, this one included. */
static enum rc run_settle(struct macro_walk *w, struct run *r, struct err *err)
{
	enum rc rc = RC_DONE;

	do {
		while (w->wanted && run_has(r) && service_cmp(run_key(r), w->wanted) < 0)
			r->next++;
		if (run_has(r) || r->page.piece.n == 0)
			return RC_DONE;
		rc = walk_fill(w, r, err);
	} while (rc == RC_DONE);
	return rc;
}

/* A run's first part. */
static enum rc run_begin(struct macro_walk *w, struct run *r, struct err *err)
{
	enum rc rc;

	if (!w->only) {
		rc = walk_fill(w, r, err);
		return rc == RC_DONE ? run_settle(w, r, err) : rc;
	}
	store_lock(w->s);
	rc = catalog_macro_get(w->s->catalog, &r->of, &w->key, &r->page, &r->next, err);
	store_unlock(w->s);
	r->parts = UINT32_C(1) << (r->next % MACRO_PIECE);
	return rc;
}

/* Steps behind the least part. */
static enum rc heap_pop(struct macro_walk *w, struct err *err)
{
	struct run *r = w->heap[0];
	enum rc rc = RC_DONE;

	r->next = w->only ? r->page.piece.n : r->next + 1;
	if (!w->only)
		rc = run_settle(w, r, err);
	if (rc == RC_DONE && !run_has(r))
		w->heap[0] = w->heap[--w->n_heap];
	if (rc == RC_DONE)
		heap_down(w, 0);
	return rc;
}

static void drop_runs(struct macro_walk *w)
{
	for (size_t i = 0; i < w->n_runs; i++)
		run_free(&w->runs[i]);
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
		rc = run_begin(w, &w->runs[i], err);
		if (rc == RC_DONE && run_has(&w->runs[i]))
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

	if ((w->in_window && w->window_ns == INT64_MAX) || (w->wanted && w->n_wanted == 0))
		w->end = true;
	if (w->end)
		return RC_END;
	if (w->wanted && w->wanted->window_ns > w->window_ns) {
		w->window_ns = w->wanted->window_ns;
		w->in_window = false;
	}
	store_lock(w->s);
	at = view_run_from(v, w->window_ns + w->in_window, 0, 0);
	w->end = at == v->n_runs || v->runs[at].window_ns > w->to_ns;
	if (!w->end)
		w->window_ns = v->runs[at].window_ns;
	store_unlock(w->s);
	return w->end ? RC_END : begin_window(w, err);
}

/* Forgets what was wanted before this service; whether it is wanted. */
static bool is_wanted(struct macro_walk *w, const struct service_key *key)
{
	for (; w->n_wanted > 0; w->wanted++, w->n_wanted--) {
		int c = service_cmp(w->wanted, key);

		if (c >= 0)
			return c == 0;
	}
	return false;
}

/* The run whose part is the next; RC_END. */
static enum rc next_part(struct macro_walk *w, struct run **out, struct err *err)
{
	enum rc rc = RC_DONE;

	while (rc == RC_DONE) {
		if (w->n_heap == 0)
			rc = next_window(w, err);
		else if (!w->wanted || is_wanted(w, run_key(w->heap[0])))
			break;
		else if (w->n_wanted == 0)
			w->n_heap = 0;
		else
			rc = heap_pop(w, err);
	}
	if (rc == RC_DONE)
		*out = w->heap[0];
	return rc;
}

static void walk_range(struct macro_walk *w, const struct macro_range *range)
{
	int64_t macro_ns = w->s->config.macro_ns;

	w->window_ns = range->from_ns == INT64_MIN ? INT64_MIN : time_floor(range->from_ns, macro_ns);
	w->to_ns = range->to_ns == INT64_MAX ? INT64_MAX : time_sub(range->to_ns, 1);
	w->texts = range->texts;
	w->whole = range->fields == 0;
	w->fields = w->whole ? ~(u128)0 : range->fields;
	w->wanted = range->wanted;
	w->n_wanted = range->n_wanted;
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

/* The first part is taken as it is; the others are merged into it. */
static enum rc merge_part(struct macro_walk *w, struct run *r, struct record *whole, bool first, struct err *err)
{
	struct record *part;
	enum rc rc = run_part(w->s, r, r->next, w->fields, w->whole, w->texts, &part, err);

	if (rc != RC_DONE)
		return rc;
	part->gone = r->gone ? counters_packets(&part->c) : 0;
	if (first) {
		*whole = *part;
		return RC_DONE;
	}
	rc = record_merge(whole, part, err);
	record_free(part);
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
		if (!first && service_cmp(run_key(r), key) != 0)
			break;
		*key = *run_key(r);
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

static enum rc take_run(struct store *s, const struct macro_run *of, struct texts *texts, macro_take take,
	void *ctx, struct err *err)
{
	struct run r = { .of = *of };
	struct record *rec;
	enum rc rc;

	while ((rc = run_fill(s, &r, err)) == RC_DONE && r.page.piece.n) {
		for (size_t i = 0; rc == RC_DONE && i < r.page.piece.n; i++) {
			rc = run_part(s, &r, i, ~(u128)0, true, texts, &rec, err);
			if (rc != RC_DONE)
				break;
			rc = take(ctx, &r.page.piece.keys[i], rec, err);
			record_free(rec);
		}
		if (rc != RC_DONE)
			break;
	}
	run_free(&r);
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
	struct run r = { 0 };
	struct record *rec;
	enum rc rc = RC_MISSING;

	store_lock(s);
	of = view_run(&s->view, key->window_ns, place->block, place->number);
	if (of)
		rc = catalog_macro_get(s->catalog, of, key, &r.page, &r.next, err);
	r.parts = UINT32_C(1) << (r.next % MACRO_PIECE);
	store_unlock(s);
	if (rc == RC_DONE && !run_has(&r))
		rc = RC_MISSING;
	if (rc == RC_DONE)
		rc = run_part(s, &r, r.next, FIELD_BIT(FIELD_FIRST), false, NULL, &rec, err);
	if (rc == RC_DONE && !record_id_equal(rec->id, id))
		rc = RC_MISSING;
	run_free(&r);
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
