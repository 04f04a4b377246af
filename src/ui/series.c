/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/series_parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ui/loader.h"

#include <string.h>

/* A segment when the columns were asked: what comes or goes changes the columns of its time. */
struct seen {
	size_t source;
	uint32_t block, number;
	int64_t first_ns, last_ns;
};

struct series {
	struct session *session;
	struct series_question question; /* the last one */
	bool asked; /* there was one */
	bool current; /* what is shown answers it */
	bool stale; /* something was published that is not asked yet */
	unsigned coarser; /* finest tiers that were too much for this question */
	struct series_data *shown;
	struct series_load *load; /* NULL: none runs */
	struct seen *seen, *seen_next; /* of `shown`, and of `load` */
	size_t n_seen, n_seen_next;
	int64_t started_ns, ended_ns; /* of the last job, on the monotonic clock */
	struct err err; /* rc RC_DONE: none */
};

enum rc series_new(struct session *session, struct series **out, struct err *err)
{
	struct series *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return err_memory(err);
	s->session = session;
	*out = s;
	return RC_DONE;
}

static void drop_load(struct series *s)
{
	series_load_free(s->session, s->load);
	mem_free(s->seen_next);
	s->load = NULL;
	s->seen_next = NULL;
	s->n_seen_next = 0;
}

void series_free(struct series *s)
{
	if (s == NULL)
		return;
	drop_load(s);
	series_data_free(s->shown);
	mem_free(s->seen);
	mem_free(s);
}

/* ---- time ---------------------------------------------------------------------------------- */

static void include(int64_t first_ns, int64_t last_ns, bool *any, int64_t *from_ns, int64_t *to_ns)
{
	int64_t to = time_add(last_ns, 1);

	*from_ns = !*any || first_ns < *from_ns ? first_ns : *from_ns;
	*to_ns = !*any || to > *to_ns ? to : *to_ns;
	*any = true;
}

bool series_span(const struct query_sources *sources, int64_t *from_ns, int64_t *to_ns)
{
	bool any = false;

	for (size_t i = 0; i < sources->n; i++) {
		const struct store *store = sources->stores[i];
		const struct store_totals *t = store != NULL ? store_totals(store) : NULL;
		size_t n = 0;
		const struct block_info *b = store != NULL ? store_blocks(store, &n) : NULL;

		if (t != NULL && t->packets > 0)
			include(t->first_ns, t->last_ns, &any, from_ns, to_ns);
		for (size_t k = 0; k < n; k++)
			if (b[k].state == BLOCK_EVICTED && b[k].parts == PARTS_KEPT && b[k].packets > 0)
				include(b[k].first_ns, b[k].last_ns, &any, from_ns, to_ns);
	}
	return any;
}

bool series_column_at(const struct series_data *d, int64_t time_ns, size_t *i)
{
	if (time_ns < d->from_ns || time_sub(time_ns, d->from_ns) / d->step_ns >= (int64_t)d->n)
		return false;
	*i = (size_t)(time_sub(time_ns, d->from_ns) / d->step_ns);
	return true;
}

/* The columns' range of time for a question; false where there is nothing. */
static bool asked_span(const struct query_sources *sources, const struct series_question *q, int64_t *from_ns, int64_t *to_ns)
{
	bool bounded = q->from_ns != INT64_MIN && q->to_ns != INT64_MAX;

	if (!series_span(sources, from_ns, to_ns))
		return false;
	if (q->from_ns != INT64_MIN && (bounded || q->from_ns > *from_ns))
		*from_ns = q->from_ns;
	if (q->to_ns != INT64_MAX && (bounded || q->to_ns < *to_ns))
		*to_ns = q->to_ns;
	return *from_ns < *to_ns;
}

/* ---- what was there --------------------------------------------------------------------------- */

static bool see(const struct query_sources *sources, struct seen **out, size_t *n_out)
{
	size_t cap = 0, n_all = 0;

	*out = NULL;
	for (size_t i = 0; i < sources->n; i++) {
		size_t n = 0;
		const struct segment_place *v =
			sources->stores[i] != NULL ? store_segments(sources->stores[i], &n) : NULL;

		if (mem_grow(out, &cap, n_all + n, sizeof(**out)) != 0) {
			mem_free(*out);
			*out = NULL;
			*n_out = 0;
			return false;
		}
		for (size_t k = 0; k < n; k++)
			(*out)[n_all++] = (struct seen){ i, v[k].block, v[k].number, v[k].first_ns, v[k].last_ns };
	}
	*n_out = n_all;
	return true;
}

static int cmp_seen(const struct seen *a, const struct seen *b)
{
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* The times of what is in one list alone: both are sorted. A merged segment has a number of before, and other times or not: it is told by both. */
static bool changed_span(const struct seen *a, size_t n_a, const struct seen *b, size_t n_b, int64_t *from_ns, int64_t *to_ns)
{
	size_t i = 0, k = 0;
	bool any = false;

	while (i < n_a || k < n_b) {
		int order = i == n_a ? 1 : k == n_b ? -1 : cmp_seen(&a[i], &b[k]);

		if (order == 0 && (a[i].first_ns != b[k].first_ns || a[i].last_ns != b[k].last_ns)) {
			include(a[i].first_ns, a[i].last_ns, &any, from_ns, to_ns);
			include(b[k].first_ns, b[k].last_ns, &any, from_ns, to_ns);
		} else if (order < 0) {
			include(a[i].first_ns, a[i].last_ns, &any, from_ns, to_ns);
		} else if (order > 0) {
			include(b[k].first_ns, b[k].last_ns, &any, from_ns, to_ns);
		}
		i += order <= 0;
		k += order >= 0;
	}
	return any;
}

/* ---- what else is known ---------------------------------------------------------------------------- */

static void note(struct series_data *d, int64_t first_ns, int64_t last_ns, unsigned what, uint64_t dropped)
{
	int64_t end = d->from_ns + (int64_t)d->n * d->step_ns;
	size_t i = 0, last = d->n - 1;

	if (last_ns < d->from_ns || first_ns >= end)
		return;
	series_column_at(d, first_ns, &i);
	series_column_at(d, last_ns, &last);
	/* windows of lost packets are short: what crosses a border is told by the first column */
	d->column[i].dropped += dropped;
	for (; i <= last; i++)
		d->column[i].notes |= what;
}

static void note_source(struct series_data *d, const struct store *store)
{
	size_t n;
	const struct drop_info *drops = store_drops(store, &n);

	for (size_t i = 0; i < n; i++)
		note(d, drops[i].from_ns, drops[i].to_ns > drops[i].from_ns ? drops[i].to_ns - 1 : drops[i].from_ns,
			SERIES_DROPS, drops[i].dropped + drops[i].refused + drops[i].if_dropped);
	const struct block_info *b = store_blocks(store, &n);
	for (size_t i = 0; i < n; i++) {
		if (b[i].packets == 0)
			continue;
		if (b[i].state == BLOCK_EVICTED)
			note(d, b[i].first_ns, b[i].last_ns, SERIES_EVICTED, 0);
		else if (b[i].state == BLOCK_SEALED)
			note(d, b[i].first_ns, b[i].last_ns, SERIES_UNINDEXED, 0);
	}
}

static void sum_up(struct series *s, struct series_data *d)
{
	const struct query_sources *sources = session_sources(s->session);

	d->bytes = d->packets = 0;
	for (size_t i = 0; i < d->n; i++) {
		d->column[i].notes = 0;
		d->column[i].dropped = 0;
		if (!d->column[i].any)
			continue;
		d->bytes += counters_bytes(&d->column[i].rec.c);
		d->packets += counters_packets(&d->column[i].rec.c);
	}
	for (size_t i = 0; i < sources->n; i++)
		if (sources->stores[i] != NULL)
			note_source(d, sources->stores[i]);
}

/* ---- asking ------------------------------------------------------------------------------------ */

/* Columns of the plan that what is shown does not have, or that changed; false where there are none. */
static bool columns_to_ask(const struct series *s, const struct series_plan *plan, size_t *low, size_t *high)
{
	const struct series_data *d = s->shown;
	int64_t from = 0, to = 0;
	bool changed;

	*low = 0;
	*high = plan->n;
	if (!s->current || d == NULL || d->tier != plan->tier || d->step_ns != plan->step_ns)
		return true;
	changed = changed_span(s->seen, s->n_seen, s->seen_next, s->n_seen_next, &from, &to);
	*low = plan->n;
	*high = 0;
	for (size_t i = 0; i < plan->n; i++) {
		int64_t at = plan->from_ns + (int64_t)i * plan->step_ns;
		size_t old;

		if (series_column_at(d, at, &old) && !(changed && at < to && at + plan->step_ns > from))
			continue;
		*low = i < *low ? i : *low;
		*high = i + 1;
	}
	return *low < *high || plan->n != d->n || plan->from_ns != d->from_ns;
}

static void start(struct series *s)
{
	const struct query_sources *sources = session_sources(s->session);
	struct series_plan plan;
	int64_t from_ns = 0, to_ns = 0;
	size_t low, high;

	drop_load(s);
	s->stale = false;
	s->started_ns = clock_monotonic_ns();
	if (!asked_span(sources, &s->question, &from_ns, &to_ns)) {
		series_data_free(s->shown);
		s->shown = NULL;
		return;
	}
	if (!series_plan(sources, &s->question, from_ns, to_ns, s->coarser, &plan)) {
		err_set(&s->err, RC_LIMIT, "time", "too much for one picture");
		return;
	}
	if (!see(sources, &s->seen_next, &s->n_seen_next)) {
		err_memory(&s->err);
		return;
	}
	if (!columns_to_ask(s, &plan, &low, &high)) {
		sum_up(s, s->shown); /* no packets, but perhaps losses */
		return;
	}
	if (high < low)
		low = high = plan.n - 1; /* columns only went: none is read again */
	if (series_load_start(s->session, &s->question, &plan, low, high, &s->load, &s->err) != RC_DONE)
		s->load = NULL;
}

static bool same_question(const struct series_question *a, const struct series_question *b)
{
	return a->tier == b->tier && strcmp(a->filter, b->filter) == 0 && a->has_in == b->has_in &&
		(!a->has_in ||
			(a->in.tier == b->in.tier && a->in.source == b->in.source &&
				record_id_equal(a->in.rec, b->in.rec))) &&
		a->from_ns == b->from_ns && a->to_ns == b->to_ns && a->columns == b->columns;
}

void series_ask(struct series *s, const struct series_question *q)
{
	struct series_question clamped = *q;

	clamped.columns = q->columns > SERIES_COLUMNS ? SERIES_COLUMNS : q->columns < 1 ? 1 : q->columns;
	if (s->asked && same_question(&s->question, &clamped))
		return;
	s->question = clamped;
	s->asked = true;
	s->current = false;
	s->coarser = 0;
	s->err.rc = RC_DONE;
	start(s);
}

static bool is_too_soon(const struct series *s)
{
	return clock_monotonic_ns() - s->ended_ns < (s->ended_ns - s->started_ns) * (REFRESH_SHARE - 1);
}

void series_refresh(struct series *s)
{
	if (!s->asked)
		return;
	s->stale = s->load != NULL || is_too_soon(s);
	if (!s->stale)
		start(s);
}

/* ---- taking over ---------------------------------------------------------------------------------- */

/* Columns that were not asked again are what they were. */
static void keep_old(struct series_load *l, struct series_data *old)
{
	for (size_t i = 0; i < l->data->n; i++) {
		size_t k;

		if ((i >= l->low && i < l->high) || !series_column_at(old, l->data->from_ns + (int64_t)i * l->data->step_ns, &k))
			continue;
		l->data->column[i] = old->column[k];
		old->column[k].any = false;
	}
	l->data->n_points = old->n_points > l->data->n_points ? old->n_points : l->data->n_points;
}

static void take_over(struct series *s)
{
	struct series_load *l = s->load;

	series_load_finish(l);
	if (s->current && s->shown != NULL)
		keep_old(l, s->shown);
	series_data_free(s->shown);
	s->shown = l->data;
	l->data = NULL;
	mem_free(s->seen);
	s->seen = s->seen_next;
	s->n_seen = s->n_seen_next;
	s->seen_next = NULL;
	s->current = true;
	s->err.rc = RC_DONE;
	sum_up(s, s->shown);
}

/* The job has ended: true where it brought something. */
static bool settle(struct series *s, enum job_state state, const struct err *err)
{
	bool cut = series_load_is_cut(s->load), done = state == JOB_DONE && s->load->err.rc == RC_DONE && !cut;

	s->ended_ns = clock_monotonic_ns();
	if (done) {
		take_over(s);
		drop_load(s);
		return true;
	}
	s->err = s->load->err.rc != RC_DONE ? s->load->err : *err;
	drop_load(s);
	if (cut || s->err.rc == RC_LIMIT) {
		s->coarser++;
		s->err.rc = RC_DONE;
		start(s);
	} else if (s->err.rc == RC_STALE) {
		s->err.rc = RC_DONE;
		s->stale = true; /* of a snapshot that is no more: asked again when it is time */
	}
	return s->err.rc != RC_DONE;
}

bool series_update(struct series *s)
{
	struct err err = { 0 };
	bool changed = false;

	if (s->load != NULL) {
		enum job_state state = job_state(s->load->job, &err);

		if (state != JOB_RUNNING)
			changed = settle(s, state, &err);
	}
	if (s->stale && s->load == NULL && !is_too_soon(s))
		start(s);
	return changed;
}

bool series_busy(const struct series *s)
{
	return s->load != NULL || s->stale;
}

bool series_is_current(const struct series *s)
{
	return s->current;
}

bool series_failed(const struct series *s, struct err *err)
{
	if (s->err.rc == RC_DONE)
		return false;
	*err = s->err;
	return true;
}

/* ---- reading ----------------------------------------------------------------------------------------- */

const struct series_data *series_data(const struct series *s)
{
	return s->shown;
}

bool series_row(const struct series *s, size_t i, struct row *out)
{
	const struct series_data *d = s->shown;
	const struct query_sources *sources = session_sources(s->session);

	if (d == NULL || i >= d->n || !d->column[i].any)
		return false;
	*out = (struct row){ .tier = d->column[i].rec.tier, .record = &d->column[i].rec, .limits = sources->limits,
		.capture_end_ns = INT64_MAX };
	return true;
}

bool series_value(const struct series *s, size_t i, const struct field *f, double *out)
{
	struct value v;
	struct row row;

	if (!series_row(s, i, &row) || !field_get(f, &row, &v))
		return false;
	switch (v.type) {
	case TYPE_I64: *out = (double)v.i; return f->unit != UNIT_TIME;
	case TYPE_U128: *out = (double)v.big; return true;
	case TYPE_REAL: *out = v.real; return true;
	case TYPE_ADDR:
	case TYPE_TEXT:
	case TYPE_ID: return false;
	default: *out = (double)v.u; return true;
	}
}
