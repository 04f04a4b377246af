/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/pipeline_parts.h"

#include "store/store.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- workers ----------------------------------------------------------------------------- */

static bool is_over(const struct pipeline *p)
{
	return atomic_load(&p->stop) || atomic_load(&p->failed);
}

static bool has_work(struct pipeline *p, const void *ctx)
{
	(void)ctx;
	return is_over(p) || pipeline_has_sealing(p) || pipeline_has_tracking(p, atomic_load(&p->n_called));
}

/* Sealing goes first: the others wait for it sooner or later. */
static void *worker_main(void *arg)
{
	const struct worker *w = arg;
	struct pipeline *p = w->p;

	while (!is_over(p))
		if (!pipeline_seal_next(p) && !pipeline_track(p, atomic_load(&p->n_called), w->first))
			waiting_sleep(&p->for_work, p, has_work, NULL);
	return NULL;
}

/* ---- the reader's side -------------------------------------------------------------------- */

/* What the reader waits for, as long as it finds nothing to track. */
struct wish {
	bool (*come)(struct pipeline *p, const void *ctx);
	const void *ctx;
};

static bool wish_over(struct pipeline *p, const void *ctx)
{
	const struct wish *w = ctx;

	return w->come(p, w->ctx) || atomic_load(&p->failed) || pipeline_has_tracking(p, atomic_load(&p->n_sent));
}

/* True when it has come, false after a failure. */
static bool wait_for(struct pipeline *p, bool (*come)(struct pipeline *p, const void *ctx), const void *ctx)
{
	struct wish wish = {come, ctx};

	while (!atomic_load(&p->failed)) {
		if (come(p, ctx))
			return true;
		if (!pipeline_track(p, atomic_load(&p->n_sent), READER))
			waiting_sleep(&p->for_room, p, wish_over, &wish);
	}
	return false;
}

static bool batch_free(struct pipeline *p, const void *ctx)
{
	(void)p;
	return !atomic_load(&((const struct batch *)ctx)->busy);
}

static bool job_free(struct pipeline *p, const void *ctx)
{
	(void)p;
	return !atomic_load(&((const struct segment_job *)ctx)->busy);
}

static bool all_sealed(struct pipeline *p, const void *ctx)
{
	(void)ctx;
	return atomic_load(&p->jobs_sealed) == atomic_load(&p->jobs_sent);
}

struct batch *pipeline_take_batch(struct pipeline *p)
{
	struct batch *b = &p->ring[p->n_sent % RING];

	return wait_for(p, batch_free, b) ? b : NULL;
}

struct segment_job *pipeline_take_job(struct pipeline *p)
{
	struct segment_job *job = &p->jobs[p->jobs_sent % p->sets];

	if (!wait_for(p, job_free, job))
		return NULL;
	atomic_store(&job->busy, true);
	return job;
}

void pipeline_wait_sealed(struct pipeline *p)
{
	wait_for(p, all_sealed, NULL);
}

/* Numbers of the packets by shard, in order. */
static void sort_batch(struct batch *b)
{
	uint16_t at[TIER_SHARDS + 1] = {0};

	for (uint32_t i = 0; i < b->n; i++)
		at[tracker_shard(b->hash[i]) + 1]++;
	for (unsigned shard = 0; shard < TIER_SHARDS; shard++)
		at[shard + 1] = (uint16_t)(at[shard + 1] + at[shard]);
	memcpy(b->first, at, sizeof(at));
	for (uint32_t i = 0; i < b->n; i++)
		b->order[at[tracker_shard(b->hash[i])]++] = (uint16_t)i;
}

/* Whether nobody but us is there for what was sent. */
static bool alone(struct pipeline *p)
{
	return p->workers == 0 || (p->workers == 1 && atomic_load(&p->sealing));
}

void pipeline_send_batch(struct pipeline *p)
{
	struct batch *b = p->batch;
	bool call = b->ends || p->n_sent + 1 - p->n_called >= CALL;

	p->batch = NULL;
	sort_batch(b);
	atomic_store(&b->lanes_left, TIER_SHARDS);
	atomic_store(&b->busy, true);
	if (b->ends) {
		atomic_store(&b->ends->lanes_left, TIER_SHARDS);
		b->ends->seq = p->jobs_sent;
		atomic_fetch_add(&p->jobs_sent, 1);
	}
	atomic_fetch_add(&p->n_sent, 1);
	if (!call)
		return;
	atomic_store(&p->n_called, p->n_sent);
	waiting_wake(&p->for_work);
	while (alone(p) && pipeline_track(p, atomic_load(&p->n_sent), READER))
		;
	while (p->workers == 0 && pipeline_seal_next(p))
		;
}

/* ---- starting and stopping ------------------------------------------------------------------ */

/* Beside the reader. Where packets are made durable first one more, because who seals waits for the disk most of the time. */
static unsigned worker_count(const struct pipeline *p)
{
	unsigned threads = p->options.threads;

	if (threads == 0) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);
		threads = online < 1 ? 1 : (unsigned)(online > WORKERS_MAX ? WORKERS_MAX : online);
	}
	if (threads == 1)
		return 0;
	threads -= store_kind(p->store) != STORE_OWN;
	return threads > WORKERS_MAX ? WORKERS_MAX : threads;
}

static enum rc start_all(struct pipeline *p, struct err *err)
{
	for (; p->started < p->workers; p->started++) {
		struct worker *w = &p->worker[p->started];
		*w = (struct worker){p, p->started * TIER_SHARDS / p->workers % TIER_SHARDS};
		int e = pthread_create(&p->threads[p->started], NULL, worker_main, w);
		if (e != 0)
			return err_set(err, RC_LIMIT, "thread", "cannot start: %s", strerror(e));
	}
	return RC_DONE;
}

enum rc pipeline_start(struct pipeline *p, struct err *err)
{
	sigset_t all, before;

	p->workers = worker_count(p);
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
	atomic_store(&p->stop, true);
	waiting_wake(&p->for_work);
	for (unsigned i = 0; i < p->started; i++)
		pthread_join(p->threads[i], NULL);
}
