/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macroflow parts walked and merged. */
#include "store/macro_reader.h"

#include "base/mem.h"
#include "base/text.h"

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
	struct macro_reader *runs;
	size_t n_runs, cap_runs;
	uint64_t bytes;              /* of pieces read */
	struct macro_reader **heap;           /* runs with a part left, the least first */
	size_t n_heap, cap_heap;
};

/* By service, then by segment, so that parts are merged in order. */
static bool run_less(const struct macro_reader *a, const struct macro_reader *b)
{
	int c = service_cmp(macro_reader_key(a), macro_reader_key(b));

	if (c != 0)
		return c < 0;
	return a->of.block != b->of.block ? a->of.block < b->of.block : a->of.segment < b->of.segment;
}

static void heap_down(struct macro_walk *w, size_t at)
{
	for (;;) {
		size_t least = at, left = 2 * at + 1;
		struct macro_reader *r;

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

static enum rc walk_fill(struct macro_walk *w, struct macro_reader *r, struct err *err)
{
	enum rc rc = macro_reader_fill(w->s, r, err);

	w->bytes += r->page.piece.n ? r->page.bytes.len : 0;
	if (rc == RC_DONE && w->wanted)
		r->parts = wanted_parts(w, &r->page.piece);
	return rc;
}

/* To the next part that may be wanted, this one included. */
static enum rc run_settle(struct macro_walk *w, struct macro_reader *r, struct err *err)
{
	enum rc rc = RC_DONE;

	do {
		while (w->wanted && macro_reader_has(r) && service_cmp(macro_reader_key(r), w->wanted) < 0)
			r->next++;
		if (macro_reader_has(r) || r->page.piece.n == 0)
			return RC_DONE;
		rc = walk_fill(w, r, err);
	} while (rc == RC_DONE);
	return rc;
}

/* A run's first part. */
static enum rc run_begin(struct macro_walk *w, struct macro_reader *r, struct err *err)
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
	w->bytes += r->page.piece.n ? r->page.bytes.len : 0;
	return rc;
}

/* Steps behind the least part. */
static enum rc heap_pop(struct macro_walk *w, struct err *err)
{
	struct macro_reader *r = w->heap[0];
	enum rc rc = RC_DONE;

	r->next = w->only ? r->page.piece.n : r->next + 1;
	if (!w->only)
		rc = run_settle(w, r, err);
	if (rc == RC_DONE && !macro_reader_has(r))
		w->heap[0] = w->heap[--w->n_heap];
	if (rc == RC_DONE)
		heap_down(w, 0);
	return rc;
}

static void drop_runs(struct macro_walk *w)
{
	for (size_t i = 0; i < w->n_runs; i++)
		macro_reader_free(&w->runs[i]);
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
	struct window_runs of = view_window_runs(v, view_run_from(v, w->window_ns, 0, 0));

	if (mem_grow(&w->runs, &w->cap_runs, of.to - of.from, sizeof(*w->runs)) != 0)
		return err_memory(err);
	for (size_t i = of.from; i < of.to; i++)
		w->runs[w->n_runs++] = (struct macro_reader){ .of = v->runs[i], .gone = is_gone(v, &v->runs[i]) };
	return RC_DONE;
}

/* The run that the window's were merged into, where there is one of these; the lock is held. */
static bool find_merged(struct macro_walk *w, struct macro_reader *out)
{
	const struct view *v = &w->s->view;
	struct window_runs of = view_window_runs(v, view_run_from(v, w->window_ns, 0, 0));
	uint64_t merged_of;
	size_t gone = 0;

	for (size_t i = of.from; i < of.to; i++)
		gone += is_gone(v, &v->runs[i]);
	*out = (struct macro_reader){ .gone = gone > 0 };
	return of.to - of.from > 1 && (gone == 0 || gone == of.to - of.from) &&
		catalog_get_window(w->s->catalog, w->window_ns, &merged_of, &out->of, NULL) == RC_DONE && merged_of == of.tails;
}

/* Begins to read that in the place of all runs; false where it is not there, or cannot be read. */
static bool begin_merged(struct macro_walk *w)
{
	bool is = mem_grow(&w->runs, &w->cap_runs, 1, sizeof(*w->runs)) == 0;

	store_lock(w->s);
	is = is && find_merged(w, &w->runs[0]);
	store_unlock(w->s);
	w->n_runs = is;
	is = is && run_begin(w, &w->runs[0], NULL) == RC_DONE;
	if (!is)
		drop_runs(w);
	return is;
}

static enum rc begin_runs(struct macro_walk *w, struct err *err)
{
	enum rc rc;

	store_lock(w->s);
	rc = find_runs(w, err);
	store_unlock(w->s);
	for (size_t i = 0; rc == RC_DONE && i < w->n_runs; i++)
		rc = run_begin(w, &w->runs[i], err);
	return rc;
}

static enum rc begin_window(struct macro_walk *w, struct err *err)
{
	enum rc rc = RC_DONE;

	drop_runs(w);
	if (!begin_merged(w))
		rc = begin_runs(w, err);
	if (rc == RC_DONE && mem_grow(&w->heap, &w->cap_heap, w->n_runs, sizeof(*w->heap)) != 0)
		rc = err_memory(err);
	for (size_t i = 0; rc == RC_DONE && i < w->n_runs; i++)
		if (macro_reader_has(&w->runs[i]))
			w->heap[w->n_heap++] = &w->runs[i];
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
static enum rc next_part(struct macro_walk *w, struct macro_reader **out, struct err *err)
{
	enum rc rc = RC_DONE;

	while (rc == RC_DONE) {
		if (w->n_heap == 0)
			rc = next_window(w, err);
		else if (!w->wanted || is_wanted(w, macro_reader_key(w->heap[0])))
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

uint64_t macro_walk_bytes(const struct macro_walk *w)
{
	return w->bytes;
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
static enum rc merge_part(struct macro_walk *w, struct macro_reader *r, struct record *whole, bool first, struct err *err)
{
	struct record *part;
	enum rc rc = macro_reader_part(w->s, r, r->next, w->fields, w->whole, w->texts, &part, err);

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
	struct macro_reader *r;
	bool first = true;
	enum rc rc;

	while ((rc = next_part(w, &r, err)) == RC_DONE) {
		if (!first && service_cmp(macro_reader_key(r), key) != 0)
			break;
		*key = *macro_reader_key(r);
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
