/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows that are over: the runs of all their segments merged into one, beside them. A reader of macroflows then reads each once, however
 * many segments it came from. Derived, never needed: whatever changes a run of the window takes it away (catalog_schema.c), and who finds
 * none, or one of other runs, merges them himself.
 */
#include "store/macro_reader.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/texts.h"

enum {
	MERGE_RUNS = 512,            /* read side by side, at most: some 60 KiB each */
	MERGE_INTO = 16384,          /* macroflows of a window, at most; what has more is a flood, and hardly becomes less */
	POOL_BYTES = 4 << 20,
};

/* Macroflows of a window that wait to become a piece. */
struct merge {
	struct macro_pieces pieces;
	struct macro_part parts[MACRO_PIECE];
	size_t n;
	struct texts *texts;
};

/* The lock is held. */
static bool is_merged(struct store *s, int64_t window_ns)
{
	struct macro_run run;
	uint64_t of;

	return catalog_get_window(s->catalog, window_ns, &of, &run, NULL) == RC_DONE;
}

/* The first window from s->merged_ns on that begins before a time and has runs to be merged; the lock is held. */
static bool find_window(struct store *s, int64_t before_ns, struct window_runs *out)
{
	const struct view *v = &s->view;
	size_t at = view_run_from(v, s->merged_ns, 0, 0);

	for (; at < v->n_runs && v->runs[at].window_ns < before_ns; at = out->to) {
		*out = view_window_runs(v, at);
		s->merged_ns = v->runs[at].window_ns;
		if (out->to - at > 1 && out->to - at <= MERGE_RUNS && !is_merged(s, s->merged_ns))
			return true;
	}
	return false;
}

static enum rc flush(struct merge *m, struct err *err)
{
	enum rc rc = macro_pieces_add(&m->pieces, m->parts, m->n, err);

	for (size_t i = 0; i < m->n; i++)
		record_free(&m->parts[i].rec);
	m->n = 0;
	if (texts_bytes(m->texts) > POOL_BYTES / 2)
		texts_clear(m->texts);
	return rc;
}

/* RC_END: all; RC_LIMIT: too many. */
static enum rc gather(struct merge *m, struct macro_walk *w, struct err *err)
{
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && m->pieces.parts <= MERGE_INTO) {
		struct macro_part *part = &m->parts[m->n];

		rc = macro_walk_next(w, &part->rec, &part->key, err);
		m->n += rc == RC_DONE;
		if (m->n == MACRO_PIECE || (rc == RC_END && m->n))
			rc = flush(m, err) == RC_DONE ? rc : RC_NO_MEMORY;
	}
	return rc == RC_DONE ? RC_LIMIT : rc;
}

/* What was merged, if the runs are still those. */
static enum rc put(struct store *s, int64_t window_ns, uint64_t of, const struct macro_pieces *pieces, struct err *err)
{
	enum rc rc = RC_DONE;

	store_lock(s);
	if (view_window_runs(&s->view, view_run_from(&s->view, window_ns, 0, 0)).tails == of && !is_merged(s, window_ns)) {
		rc = catalog_begin(s->catalog, err);
		if (rc == RC_DONE)
			rc = store_end_change(s, catalog_put_window(s->catalog, window_ns, of, pieces, err), err);
	}
	store_unlock(s);
	return rc;
}

static enum rc merge_window(struct store *s, int64_t window_ns, uint64_t of, struct err *err)
{
	struct macro_range range = { .from_ns = window_ns, .to_ns = time_add(window_ns, 1) };
	struct merge *m = mem_calloc(1, sizeof(*m));
	struct macro_walk *w = NULL;
	enum rc rc = m ? texts_new(POOL_BYTES, &m->texts, err) : err_memory(err);

	if (rc == RC_DONE) {
		range.texts = m->texts;
		rc = macro_walk_open(s, &range, &w, err);
	}
	if (rc == RC_DONE)
		rc = gather(m, w, err);
	macro_walk_close(w);
	if (rc == RC_END)
		rc = put(s, window_ns, of, &m->pieces, err);
	if (!m)
		return rc;
	for (size_t i = 0; i < m->n; i++)
		record_free(&m->parts[i].rec);
	macro_pieces_free(&m->pieces);
	texts_free(m->texts);
	mem_free(m);
	return rc;
}

enum rc store_merge_window(struct store *s, int64_t before_ns, bool *did, struct err *err)
{
	struct window_runs of;
	int64_t window_ns;
	enum rc rc;

	store_lock(s);
	*did = find_window(s, before_ns, &of);
	window_ns = s->merged_ns;
	store_unlock(s);
	if (!*did)
		return RC_DONE;
	rc = merge_window(s, window_ns, of.tails, err);
	/* its runs were replaced beside us, or it stays as it is */
	if (rc != RC_DONE && rc != RC_STALE && rc != RC_LIMIT)
		return rc;
	store_lock(s);
	/* where a segment came meanwhile, the next time does it */
	if (s->merged_ns == window_ns && window_ns < INT64_MAX && (rc != RC_DONE || is_merged(s, window_ns)))
		s->merged_ns++;
	store_unlock(s);
	return RC_DONE;
}

enum rc store_merge_windows(struct store *s, struct err *err)
{
	bool did = true;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && did)
		rc = store_merge_window(s, INT64_MAX, &did, err);
	/* what only makes reading faster is no reason to fail */
	return rc == RC_NO_SPACE ? RC_DONE : rc;
}

/* ---- check ------------------------------------------------------------------------------ */

/* What the parts of a run sum up to, added. */
static enum rc add_run(struct store *s, const struct macro_run *run, uint64_t *packets, uint64_t *bytes, struct err *err)
{
	struct macro_reader r = { .of = *run };
	struct record *rec;
	enum rc rc;

	while ((rc = macro_reader_fill(s, &r, err)) == RC_DONE && r.page.piece.n)
		for (size_t i = 0; rc == RC_DONE && i < r.page.piece.n; i++) {
			rc = macro_reader_part(s, &r, i, ~(u128)0, true, NULL, &rec, err);
			if (rc != RC_DONE)
				break;
			*packets += counters_packets(&rec->c);
			*bytes += counters_bytes(&rec->c);
			record_free(rec);
		}
	macro_reader_free(&r);
	return rc;
}

static enum rc check_window(struct store *s, const struct window_runs *of, const struct macro_run *merged, struct err *err)
{
	uint64_t packets = 0, bytes = 0, want_packets = 0, want_bytes = 0;
	char path[STORE_PATH];
	enum rc rc = add_run(s, merged, &packets, &bytes, err);

	for (size_t i = of->from; rc == RC_DONE && i < of->to; i++)
		rc = add_run(s, &s->view.runs[i], &want_packets, &want_bytes, err);
	if (rc != RC_DONE || (packets == want_packets && bytes == want_bytes))
		return rc;
	store_name_path(s, "catalog.db", path);
	return err_damaged(err, path, 0, "the macroflows of a window are not those of its segments");
}

enum rc store_check_windows(struct store *s, struct err *err)
{
	const struct view *v = &s->view;
	struct window_runs of;
	enum rc rc = RC_DONE;

	for (size_t at = 0; rc == RC_DONE && at < v->n_runs; at = of.to) {
		struct macro_run merged;
		uint64_t tails;

		of = view_window_runs(v, at);
		store_lock(s);
		rc = catalog_get_window(s->catalog, v->runs[at].window_ns, &tails, &merged, err);
		store_unlock(s);
		if (rc == RC_DONE && tails == of.tails)
			rc = check_window(s, &of, &merged, err);
		rc = rc == RC_MISSING ? RC_DONE : rc;
	}
	return rc;
}
