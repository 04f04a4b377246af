/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/loader.h"

#include "base/clock.h"

#include <string.h>

void loader_init(struct loader *l, struct session *s, enum tier tier, const struct id *in)
{
	memset(l, 0, sizeof(*l));
	l->session = s;
	l->state = JOB_CANCELLED;
	query_init(&l->query, tier);
	l->query.limit = tier == TIER_PACKET ? LOADER_PACKETS_MAX : LOADER_RECORDS_MAX;
	if (in != NULL) {
		l->in = *in;
		l->query.in = &l->in;
		l->query.n_in = 1;
	}
}

static void drop_jobs(struct loader *l)
{
	job_drop(l->next);
	job_drop(l->shown);
	l->next = l->shown = NULL;
	l->stale = false;
}

static void free_filter(void *what)
{
	filter_free(what);
}

/* Jobs that were dropped may still read it. */
static void drop_filter(struct loader *l)
{
	if (l->filter != NULL)
		session_free_later(l->session, free_filter, l->filter);
	l->filter = NULL;
}

void loader_free(struct loader *l)
{
	drop_jobs(l);
	drop_filter(l);
}

enum rc loader_restart(struct loader *l, struct err *err)
{
	enum rc rc;

	drop_jobs(l);
	l->settled = l->cancelled = l->sorting = l->sort_again = false;
	l->state = JOB_RUNNING;
	l->asks++;
	l->asked = l->query;
	rc = job_start(l->session, &l->query, &l->shown, &l->err);
	if (rc != RC_DONE) {
		l->shown = NULL;
		l->state = JOB_FAILED;
		if (err != NULL)
			*err = l->err;
	}
	return rc;
}

enum rc loader_set_filter(struct loader *l, struct filter *f, struct err *err)
{
	drop_jobs(l); /* they read the filter of before */
	drop_filter(l);
	l->filter = f;
	l->query.filter = f;
	return loader_restart(l, err);
}

/* But for the order. */
static bool is_same_question(const struct query *a, const struct query *b)
{
	bool same = a->tier == b->tier && a->filter == b->filter && a->from_ns == b->from_ns && a->to_ns == b->to_ns &&
		a->in == b->in && a->n_in == b->n_in && a->ids == b->ids && a->n_ids == b->n_ids &&
		a->n_group == b->n_group && a->limit == b->limit;

	for (size_t i = 0; i < a->n_group && same; i++)
		same = a->group[i] == b->group[i];
	return same;
}

/* Whether what is shown is the whole answer, so that another order of it needs no other query; it may be on its way to a third one. */
static bool has_all(struct loader *l)
{
	bool all;

	if (l->shown == NULL || !is_same_question(&l->asked, &l->query) || l->cancelled || l->next != NULL || l->stale)
		return false;
	if (!l->sorting && (!l->settled || l->state != JOB_DONE))
		return false;
	all = !loader_cut(l, result_count(loader_lock(l)));
	loader_unlock(l);
	return all;
}

static bool sort_shown(struct loader *l)
{
	if (job_sort(l->shown, l->query.sort, l->query.n_sort, NULL) != RC_DONE)
		return false;
	l->settled = l->cancelled = l->sort_again = false;
	l->sorting = true;
	l->state = JOB_RUNNING;
	return true;
}

enum rc loader_set_sort(
	struct loader *l, const struct query_sort *sort, size_t n, struct err *err)
{
	for (size_t i = 0; i < n && i < QUERY_SORT_MAX; i++)
		l->query.sort[i] = sort[i];
	l->query.n_sort = n < QUERY_SORT_MAX ? n : QUERY_SORT_MAX;
	if (!has_all(l))
		return loader_restart(l, err);
	if (l->sorting) {
		job_cancel(l->shown);
		l->sort_again = true;
	} else if (!sort_shown(l)) {
		return loader_restart(l, err);
	}
	return RC_DONE;
}

enum rc loader_set_group(struct loader *l, const struct field *const *by, size_t n,
	const struct query_sort *sort, size_t n_sort, struct err *err)
{
	drop_jobs(l); /* what is there are other rows: to be sorted is not enough */
	l->query.n_group = n < QUERY_GROUP_MAX ? n : QUERY_GROUP_MAX;
	for (size_t i = 0; i < l->query.n_group; i++)
		l->query.group[i] = by[i];
	return loader_set_sort(l, sort, n_sort, err);
}

enum rc loader_set_range(struct loader *l, int64_t from_ns, int64_t to_ns, struct err *err)
{
	l->query.from_ns = from_ns;
	l->query.to_ns = to_ns;
	return loader_restart(l, err);
}

void loader_slide(struct loader *l, int64_t from_ns)
{
	l->query.from_ns = from_ns;
	loader_refresh(l);
}

static bool is_too_soon(const struct loader *l)
{
	return clock_monotonic_ns() - l->ended_ns < (l->ended_ns - l->started_ns) * (REFRESH_SHARE - 1);
}

void loader_refresh(struct loader *l)
{
	l->stale = l->next != NULL || loader_loading(l) || is_too_soon(l);
	if (l->stale)
		return;
	l->started_ns = clock_monotonic_ns();
	if (job_start(l->session, &l->query, &l->next, NULL) != RC_DONE)
		l->next = NULL; /* what is shown stays; the next change tries again */
}

void loader_drop_refresh(struct loader *l)
{
	job_drop(l->next);
	l->next = NULL;
	l->stale = false;
}

/* The refresh is over: it takes the place of what is shown, unless it failed. */
static bool settle_next(struct loader *l)
{
	enum job_state state = job_state(l->next, NULL);

	if (state == JOB_RUNNING)
		return false;
	l->ended_ns = clock_monotonic_ns();
	if (state != JOB_DONE) {
		job_drop(l->next);
		l->next = NULL;
		return false;
	}
	job_drop(l->shown);
	l->shown = l->next;
	l->next = NULL;
	l->state = JOB_DONE;
	l->asked = l->query;
	return true;
}

bool loader_update(struct loader *l)
{
	bool changed = false;

	if (l->shown != NULL && !l->settled) {
		l->state = job_state(l->shown, &l->err);
		l->settled = l->state != JOB_RUNNING;
		l->sorting &= !l->settled;
		/* the order before was given up for another one */
		if (l->settled && l->sort_again && !sort_shown(l))
			l->sort_again = false;
		changed = true;
	}
	if (l->next != NULL && settle_next(l))
		changed = true;
	if (l->stale && l->next == NULL && !loader_loading(l))
		loader_refresh(l);
	return changed;
}

bool loader_loading(const struct loader *l)
{
	return l->shown != NULL && !l->settled;
}

bool loader_busy(const struct loader *l)
{
	return loader_loading(l) || l->next != NULL || l->stale;
}

bool loader_cut(const struct loader *l, size_t rows)
{
	return rows >= l->query.limit;
}

int loader_progress(const struct loader *l)
{
	return loader_loading(l) ? job_progress(l->shown) : -1;
}

bool loader_cancel(struct loader *l)
{
	if (!loader_loading(l) || l->cancelled)
		return false;
	l->cancelled = true;
	l->sort_again = false;
	job_cancel(l->shown);
	l->stale = false;
	return true;
}

const struct result *loader_lock(struct loader *l)
{
	return l->shown != NULL ? job_lock(l->shown) : NULL;
}

void loader_unlock(struct loader *l)
{
	if (l->shown != NULL)
		job_unlock(l->shown);
}
