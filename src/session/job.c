/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/session_parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "query/result.h"

#include <string.h>

struct job {
	struct session *session;
	struct query query;
	struct query_sources sources;    /* its own snapshot */
	struct names *names;             /* of it */
	job_sink sink;                   /* NULL: into result */
	job_work work;                   /* in place of the query; then there is no result */
	void *sink_ctx;                  /* the sink's or the work's */
	struct query_control control;
	pthread_t thread;
	bool has_thread;                 /* to be joined */
	/* the job's thread alone */
	struct result *hidden;           /* rows that are to be sorted before they are seen, else NULL */
	int64_t woke_ns;
	enum rc add_rc;
	struct err add_err;
	struct job *next_dropped;        /* the session's thread alone */
	pthread_mutex_t door;            /* before lock: who waits comes next, also beside a thread that takes it row by row */
	pthread_mutex_t lock;
	struct result *result;           /* lock */
	enum job_state state;            /* lock */
	struct err err;                  /* lock */
};

enum { WAKE_EVERY_NS = 25 * 1000 * 1000, WORK_ROUNDS = 100 };

static void lock(struct job *j)
{
	pthread_mutex_lock(&j->door);
	pthread_mutex_lock(&j->lock);
	pthread_mutex_unlock(&j->door);
}

/* Rows came: tells the screen, but not more often than it can draw. */
static void wake_for_rows(struct job *j)
{
	int64_t now = clock_monotonic_ns();

	if (now - j->woke_ns < WAKE_EVERY_NS)
		return;
	j->woke_ns = now;
	session_wake(j->session);
}

static bool add_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct job *j = ctx;

	if (j->sink)
		return j->sink(j->sink_ctx, &j->sources, row, raw);
	if (j->hidden) {
		j->add_rc = result_add(j->hidden, row, &j->add_err);
		return j->add_rc == RC_DONE;
	}
	lock(j);
	j->add_rc = result_add(j->result, row, &j->add_err);
	size_t n = result_count(j->result);
	pthread_mutex_unlock(&j->lock);
	if ((n & 63) == 1)
		wake_for_rows(j);
	return j->add_rc == RC_DONE;
}

static void close_snapshot(struct job *j)
{
	for (size_t i = 0; j->sources.stores && i < j->sources.n; i++)
		store_close(j->sources.stores[i]);
	names_free(j->names);
	j->names = NULL;
	mem_free(j->sources.stores);
	j->sources.stores = NULL;
}

static enum rc open_snapshot(struct job *j, struct err *err)
{
	struct session *s = j->session;
	enum rc rc = RC_DONE;

	j->sources.stores = mem_calloc(s->n + 1, sizeof(struct store *));
	if (!j->sources.stores)
		return err_memory(err);
	j->sources.n = s->sources.n;
	j->sources.limits = s->sources.limits;
	for (size_t i = 0; i < j->sources.n && rc == RC_DONE; i++)
		rc = session_open_reader(s, i, &j->sources.stores[i], err);
	if (rc == RC_DONE && s->names)
		rc = names_new(j->sources.stores, j->sources.n, s->options.hosts, &j->names, err);
	j->sources.names = names_source(j->names);
	return rc;
}

/* Rows of a snapshot that is no more are forgotten; false where they were handed on, or where that is not possible. */
static bool begin_again(struct job *j, enum rc *rc, struct err *err)
{
	struct result *fresh;

	if (j->sink || atomic_load(&j->control.cancel))
		return false;
	*rc = result_new(j->query.tier, &fresh, err);
	if (*rc != RC_DONE)
		return false;
	if (j->hidden) {
		result_free(j->hidden);
		j->hidden = fresh;
		return true;
	}
	lock(j);
	result_free(j->result);
	j->result = fresh;
	pthread_mutex_unlock(&j->lock);
	return true;
}

/* What was compacted away under it is asked for again, of a newer snapshot. */
static enum rc work(struct job *j, struct err *err)
{
	enum rc rc = j->work(j->sink_ctx, &j->sources, &j->control, err);

	for (int i = 0; rc == RC_STALE && i < WORK_ROUNDS && !atomic_load(&j->control.cancel); i++) {
		rc = query_refresh(&j->sources, err);
		if (rc == RC_DONE)
			rc = j->work(j->sink_ctx, &j->sources, &j->control, err);
	}
	return rc == RC_STALE && atomic_load(&j->control.cancel) ? RC_CANCELLED : rc;
}

static enum rc run(struct job *j, const struct query *q, struct err *err)
{
	enum rc rc;

	do
		rc = query_run_fresh(&j->sources, q, add_row, j, &j->control, NULL, err);
	while (rc == RC_STALE && begin_again(j, &rc, err));
	return rc;
}

static void take_order(struct job *j, struct result *r, struct result_order *o)
{
	lock(j);
	result_order_take(r, o);
	pthread_mutex_unlock(&j->lock);
}

static void show_hidden(struct job *j)
{
	struct result *before;

	lock(j);
	before = j->result;
	j->result = j->hidden;
	j->hidden = NULL;
	pthread_mutex_unlock(&j->lock);
	result_free(before);
}

/*
 * Rows are kept as they come and sorted by themselves, so that another order needs no other query. Only where there are
 * more of them than the limit the query has to sort.
 */
static enum rc run_sorted(struct job *j, struct err *err)
{
	struct query q = j->query;
	struct result_order *order;
	enum rc rc = result_new(q.tier, &j->hidden, err);

	q.n_sort = 0;
	if (rc == RC_DONE)
		rc = run(j, &q, err);
	if (rc == RC_DONE && j->add_rc == RC_DONE && q.limit && result_count(j->hidden) >= q.limit) {
		begin_again(j, &rc, err);
		if (rc == RC_DONE)
			rc = run(j, &j->query, err);
	} else if (rc == RC_DONE && j->add_rc == RC_DONE) {
		rc = result_order_new(j->hidden, j->sources.names, q.sort, j->query.n_sort, &j->control.cancel, &order, err);
		if (rc == RC_DONE)
			take_order(j, j->hidden, order);
	}
	if (rc == RC_DONE)
		show_hidden(j);
	result_free(j->hidden);
	j->hidden = NULL;
	return rc;
}

static enum rc ask(struct job *j, struct err *err)
{
	if (j->work)
		return work(j, err);
	return j->query.n_sort && !j->sink ? run_sorted(j, err) : run(j, &j->query, err);
}

static void end(struct job *j, enum rc rc, const struct err *err)
{
	lock(j);
	j->err = *err;
	j->state = rc == RC_DONE || rc == RC_NOTHING ? JOB_DONE : rc == RC_CANCELLED ? JOB_CANCELLED : JOB_FAILED;
	pthread_mutex_unlock(&j->lock);
	session_wake(j->session);
}

static void *job_main(void *arg)
{
	struct job *j = arg;
	struct err err = {0};
	enum rc rc = atomic_load(&j->control.cancel) ? err_set(&err, RC_CANCELLED, "query", "cancelled") :
		open_snapshot(j, &err);

	if (rc == RC_DONE)
		rc = ask(j, &err);
	if (rc == RC_DONE && j->add_rc != RC_DONE) {
		rc = j->add_rc;
		err = j->add_err;
	}
	close_snapshot(j);
	end(j, rc, &err);
	return NULL;
}

static enum rc begin(struct job *j, void *(*main_of)(void *), struct err *err)
{
	int e = pthread_create(&j->thread, NULL, main_of, j);

	j->has_thread = e == 0;
	return e == 0 ? RC_DONE : err_set(err, RC_LIMIT, "thread", "cannot start: %s", strerror(e));
}

/* Of *template the session and what is to be done. */
static enum rc start(const struct job *template, struct job **out, struct err *err)
{
	struct job *j = mem_calloc(1, sizeof(*j));

	if (!j)
		return err_memory(err);
	j->session = template->session;
	j->query = template->query;
	j->sink = template->sink;
	j->work = template->work;
	j->sink_ctx = template->sink_ctx;
	pthread_mutex_init(&j->door, NULL);
	pthread_mutex_init(&j->lock, NULL);
	enum rc rc = j->work ? RC_DONE : result_new(j->query.tier, &j->result, err);
	if (rc == RC_DONE)
		rc = begin(j, job_main, err);
	if (rc == RC_DONE) {
		*out = j;
		return RC_DONE;
	}
	result_free(j->result);
	pthread_mutex_destroy(&j->lock);
	pthread_mutex_destroy(&j->door);
	mem_free(j);
	return rc;
}

enum rc job_start(struct session *s, const struct query *q, struct job **out, struct err *err)
{
	return start(&(struct job){.session = s, .query = *q}, out, err);
}

enum rc job_start_sink(struct session *s, const struct query *q, job_sink sink, void *ctx, struct job **out,
	struct err *err)
{
	return start(&(struct job){.session = s, .query = *q, .sink = sink, .sink_ctx = ctx}, out, err);
}

enum rc job_start_work(struct session *s, job_work work_on, void *ctx, struct job **out, struct err *err)
{
	return start(&(struct job){.session = s, .work = work_on, .sink_ctx = ctx}, out, err);
}

static void *sort_main(void *arg)
{
	struct job *j = arg;
	struct err err = {0};
	struct result_order *order;
	enum rc rc = open_snapshot(j, &err); /* what addresses are called */

	if (rc == RC_DONE)
		rc = result_order_new(j->result, j->sources.names, j->query.sort, j->query.n_sort, &j->control.cancel,
			&order, &err);
	if (rc == RC_DONE)
		take_order(j, j->result, order);
	close_snapshot(j);
	end(j, rc, &err);
	return NULL;
}

enum rc job_sort(struct job *j, const struct query_sort *sort, size_t n, struct err *err)
{
	enum rc rc;

	if (j->has_thread)
		pthread_join(j->thread, NULL);
	for (size_t i = 0; i < n; i++)
		j->query.sort[i] = sort[i];
	j->query.n_sort = n;
	j->state = JOB_RUNNING;
	atomic_store(&j->control.cancel, false);
	atomic_store(&j->control.total, 0);
	rc = begin(j, sort_main, err);
	if (rc != RC_DONE)
		j->state = JOB_DONE;
	return rc;
}

enum job_state job_state(struct job *j, struct err *err)
{
	lock(j);
	enum job_state state = j->state;
	if (state == JOB_FAILED && err)
		*err = j->err;
	pthread_mutex_unlock(&j->lock);
	return state;
}

int job_progress(struct job *j)
{
	uint64_t total = atomic_load_explicit(&j->control.total, memory_order_relaxed);
	uint64_t done = atomic_load_explicit(&j->control.done, memory_order_relaxed);

	if (total == 0)
		return -1;
	return done >= total ? 1000 : (int)(done * 1000 / total);
}

void job_cancel(struct job *j)
{
	atomic_store(&j->control.cancel, true);
}

void job_free(struct job *j)
{
	if (!j)
		return;
	job_cancel(j);
	if (j->has_thread)
		pthread_join(j->thread, NULL);
	result_free(j->result);
	pthread_mutex_destroy(&j->lock);
	pthread_mutex_destroy(&j->door);
	mem_free(j);
}

/* ---- dropped ones -------------------------------------------------------------------------- */

void job_drop(struct job *j)
{
	struct session *s;

	if (!j)
		return;
	s = j->session;
	job_cancel(j);
	j->next_dropped = s->dropped;
	s->dropped = j;
	session_tidy(s, false);
}

void session_tidy(struct session *s, bool wait)
{
	struct job **at = &s->dropped;

	while (*at) {
		struct job *j = *at;

		if (!wait && job_state(j, NULL) == JOB_RUNNING) {
			at = &j->next_dropped;
			continue;
		}
		*at = j->next_dropped;
		job_free(j);
	}
	for (size_t i = 0; !s->dropped && i < s->n_later; i++)
		s->later[i].how(s->later[i].what);
	if (!s->dropped)
		s->n_later = 0;
}

void session_free_later(struct session *s, void (*how)(void *what), void *what)
{
	if (s->dropped && mem_grow(&s->later, &s->cap_later, s->n_later + 1, sizeof(*s->later)) == 0) {
		s->later[s->n_later++] = (struct session_later){how, what};
		return;
	}
	session_tidy(s, true);
	how(what);
}

const struct result *job_lock(struct job *j)
{
	session_wake_drain(j->session);
	lock(j);
	/* those of the job's snapshot go with it */
	result_use_names(j->result, j->session->sources.names);
	return j->result;
}

void job_unlock(struct job *j)
{
	pthread_mutex_unlock(&j->lock);
}
