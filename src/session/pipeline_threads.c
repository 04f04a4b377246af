/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/pipeline_parts.h"

#include "base/mem.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- failure ------------------------------------------------------------------------- */

void pipeline_fail(struct pipeline *p, const struct err *why)
{
	pthread_mutex_lock(&p->lock);
	if (!p->failed) {
		p->error = *why;
		p->failed = true;
	}
	pthread_cond_broadcast(&p->sent);
	pthread_cond_broadcast(&p->freed);
	pthread_cond_broadcast(&p->to_seal);
	pthread_cond_broadcast(&p->sealed);
	pthread_mutex_unlock(&p->lock);
}

enum rc pipeline_check(struct pipeline *p, struct err *err)
{
	if (!p->failed)
		return RC_DONE;
	pthread_mutex_lock(&p->lock);
	if (err)
		*err = p->error;
	enum rc rc = p->error.rc;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* ---- trackers over a batch ------------------------------------------------------------- */

/* Runs the trackers of shards first, first + step, ... */
static enum rc track(struct pipeline *p, const struct batch *b, unsigned first, unsigned step,
	struct err *err)
{
	for (uint32_t i = 0; i < b->n; i++) {
		unsigned shard = tracker_shard(b->hash[i]);
		if (shard % step != first)
			continue;
		enum rc rc = tracker_packet(p->trackers[shard], &b->packets[i], &b->data[i], b->hash[i],
			b->block, b->first_ordinal + i, err);
		if (rc != RC_DONE)
			return rc;
	}
	if (b->ends)
		for (unsigned shard = first; shard < TIER_SHARDS; shard += step)
			tracker_end_segment(p->trackers[shard], &b->ends->in.shards[shard]);
	return RC_DONE;
}

/*
 * A tracker has two sets of parts: before it hands one over and takes the other, the sealer must be through
 * with that, which an earlier segment filled.
 */
static bool wait_for_earlier_jobs(struct pipeline *p, const struct segment_job *ends)
{
	pthread_mutex_lock(&p->lock);
	while (p->jobs_sealed < ends->seq && !p->failed && !p->stop)
		pthread_cond_wait(&p->sealed, &p->lock);
	bool go_on = p->jobs_sealed >= ends->seq && !p->failed;
	pthread_mutex_unlock(&p->lock);
	return go_on;
}

static void batch_done(struct pipeline *p, struct batch *b)
{
	pthread_mutex_lock(&p->lock);
	if (b->ends && --b->ends->workers_left == 0) {
		b->ends->ready = true;
		pthread_cond_signal(&p->to_seal);
	}
	bool last = --b->workers_left == 0;
	pthread_mutex_unlock(&p->lock);
	if (!last)
		return;
	pipeline_let_go(b);
	pthread_mutex_lock(&p->lock);
	p->n_freed++;
	pthread_cond_signal(&p->freed);
	pthread_mutex_unlock(&p->lock);
}

struct worker_start { struct pipeline *p; unsigned number; };

static void *worker_main(void *arg)
{
	struct worker_start start = *(struct worker_start *)arg;
	struct pipeline *p = start.p;
	struct err err = {0};

	mem_free(arg);
	for (uint64_t seq = 0;; seq++) {
		pthread_mutex_lock(&p->lock);
		while (p->n_sent <= seq && !p->stop && !p->failed)
			pthread_cond_wait(&p->sent, &p->lock);
		bool go_on = p->n_sent > seq && !p->failed;
		pthread_mutex_unlock(&p->lock);
		if (!go_on)
			return NULL;

		struct batch *b = &p->ring[seq % RING];
		if (b->ends && !wait_for_earlier_jobs(p, b->ends))
			return NULL;
		if (track(p, b, start.number, p->workers, &err) != RC_DONE) {
			pipeline_fail(p, &err);
			return NULL;
		}
		batch_done(p, b);
	}
}

/* ---- the sealer ------------------------------------------------------------------------- */

static void job_done(struct pipeline *p, struct segment_job *job)
{
	pthread_mutex_lock(&p->lock);
	job->ready = job->busy = false;
	p->jobs_sealed++;
	pthread_cond_broadcast(&p->sealed);
	pthread_mutex_unlock(&p->lock);
}

static void *sealer_main(void *arg)
{
	struct pipeline *p = arg;
	struct err err = {0};

	for (uint64_t seq = 0;; seq++) {
		struct segment_job *job = &p->jobs[seq % 2];
		pthread_mutex_lock(&p->lock);
		while (!job->ready && !p->stop && !p->failed)
			pthread_cond_wait(&p->to_seal, &p->lock);
		bool go_on = job->ready && !p->failed;
		pthread_mutex_unlock(&p->lock);
		if (!go_on)
			return NULL;
		if (pipeline_seal(p, job, &err) != RC_DONE) {
			pipeline_fail(p, &err);
			return NULL;
		}
		job_done(p, job);
	}
}

void pipeline_wait_sealed(struct pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->jobs_sealed < p->jobs_sent && !p->failed)
		pthread_cond_wait(&p->sealed, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

/* ---- the reader's side -------------------------------------------------------------------- */

struct batch *pipeline_take_batch(struct pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->n_sent - p->n_freed >= RING && !p->failed)
		pthread_cond_wait(&p->freed, &p->lock);
	struct batch *b = p->failed ? NULL : &p->ring[p->n_sent % RING];
	pthread_mutex_unlock(&p->lock);
	return b;
}

struct segment_job *pipeline_take_job(struct pipeline *p)
{
	struct segment_job *job = &p->jobs[p->jobs_sent % 2];

	pthread_mutex_lock(&p->lock);
	while (job->busy && !p->failed)
		pthread_cond_wait(&p->sealed, &p->lock);
	if (p->failed)
		job = NULL;
	else
		job->busy = true;
	pthread_mutex_unlock(&p->lock);
	return job;
}

static void send_here(struct pipeline *p, struct batch *b)
{
	struct err err = {0};
	enum rc rc = track(p, b, 0, 1, &err);

	pipeline_let_go(b);
	if (rc == RC_DONE && b->ends)
		rc = pipeline_seal(p, b->ends, &err);
	if (rc != RC_DONE) {
		pipeline_fail(p, &err);
		return;
	}
	p->n_freed++;
	if (b->ends)
		job_done(p, b->ends);
}

void pipeline_send_batch(struct pipeline *p)
{
	struct batch *b = p->batch;

	p->batch = NULL;
	b->workers_left = p->workers;
	pthread_mutex_lock(&p->lock);
	if (b->ends) {
		b->ends->workers_left = p->workers;
		b->ends->seq = p->jobs_sent++;
	}
	p->n_sent++;
	pthread_cond_broadcast(&p->sent);
	pthread_mutex_unlock(&p->lock);
	if (p->workers == 0)
		send_here(p, b);
}

/* ---- starting and stopping ------------------------------------------------------------------ */

static unsigned worker_count(unsigned threads)
{
	if (threads == 0) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);
		threads = online < 1 ? 1 : (unsigned)(online > WORKERS_MAX ? WORKERS_MAX : online);
	}
	threads--;       /* the reader is one of them; the sealer works in the gaps */
	return threads > WORKERS_MAX ? WORKERS_MAX : threads;
}

static enum rc start_worker(struct pipeline *p, unsigned number, struct err *err)
{
	struct worker_start *start = mem_alloc(sizeof(*start));

	if (!start)
		return err_memory(err);
	*start = (struct worker_start){p, number};
	int e = pthread_create(&p->worker_threads[number], NULL, worker_main, start);
	if (e != 0) {
		mem_free(start);
		return err_set(err, RC_LIMIT, "thread", "cannot start: %s", strerror(e));
	}
	p->workers_started++;
	return RC_DONE;
}

static enum rc start_all(struct pipeline *p, struct err *err)
{
	enum rc rc = RC_DONE;

	for (unsigned i = 0; i < p->workers && rc == RC_DONE; i++)
		rc = start_worker(p, i, err);
	if (rc != RC_DONE)
		return rc;
	int e = pthread_create(&p->sealer_thread, NULL, sealer_main, p);
	if (e != 0)
		return err_set(err, RC_LIMIT, "thread", "cannot start: %s", strerror(e));
	p->sealer_started = true;
	return RC_DONE;
}

enum rc pipeline_start(struct pipeline *p, struct err *err)
{
	sigset_t all, before;

	p->workers = worker_count(p->options.threads);
	if (p->workers == 0)
		return RC_DONE;
	/* Signals are for the thread that called us. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	enum rc rc = start_all(p, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

void pipeline_stop(struct pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->sent);
	pthread_cond_broadcast(&p->to_seal);
	pthread_cond_broadcast(&p->sealed);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->workers_started; i++)
		pthread_join(p->worker_threads[i], NULL);
	if (p->sealer_started)
		pthread_join(p->sealer_thread, NULL);
}
