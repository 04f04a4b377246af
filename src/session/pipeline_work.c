/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What there is to do in a pipeline: lanes to go along, jobs to seal; and how threads sleep until there is. */
#include "session/pipeline_parts.h"

enum { RUN = 8 };        /* batches of a lane in one go: its tables stay in the cache, and others get their turn */

/* ---- sleeping -------------------------------------------------------------------------- */

void waiting_init(struct waiting *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
}

void waiting_destroy(struct waiting *w)
{
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}

/* The change before this, then a look at sleepers; there, sleepers first, then a look at the change: one of the two sees the other. */
void waiting_wake(struct waiting *w)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&w->sleepers) == 0)
		return;
	pthread_mutex_lock(&w->lock);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void waiting_sleep(struct waiting *w, struct pipeline *p, bool (*over)(struct pipeline *p, const void *ctx), const void *ctx)
{
	pthread_mutex_lock(&w->lock);
	atomic_fetch_add(&w->sleepers, 1);
	atomic_thread_fence(memory_order_seq_cst);
	while (!over(p, ctx))
		pthread_cond_wait(&w->changed, &w->lock);
	atomic_fetch_sub(&w->sleepers, 1);
	pthread_mutex_unlock(&w->lock);
}

/* ---- failure ------------------------------------------------------------------------- */

void pipeline_fail(struct pipeline *p, const struct err *why)
{
	pthread_mutex_lock(&p->error_lock);
	if (!p->failed) {
		p->error = *why;
		p->failed = true;
	}
	pthread_mutex_unlock(&p->error_lock);
	waiting_wake(&p->for_work);
	waiting_wake(&p->for_room);
}

enum rc pipeline_check(struct pipeline *p, struct err *err)
{
	if (!p->failed)
		return RC_DONE;
	pthread_mutex_lock(&p->error_lock);
	if (err)
		*err = p->error;
	enum rc rc = p->error.rc;
	pthread_mutex_unlock(&p->error_lock);
	return rc;
}

/* ---- lanes ------------------------------------------------------------------------------ */

/* Of a batch's end, and of the job that ends with it. */
static void lane_through(struct pipeline *p, struct batch *b)
{
	struct segment_job *job = b->ends;

	if (job && atomic_fetch_sub(&job->lanes_left, 1) == 1) {
		atomic_store(&job->ready, true);
		waiting_wake(&p->for_work);
		waiting_wake(&p->for_room);
	}
	if (atomic_fetch_sub(&b->lanes_left, 1) > 1)
		return;
	pipeline_let_go(b);
	atomic_store(&b->busy, false);
	waiting_wake(&p->for_room);
}

static enum rc track_batch(struct lane *lane, unsigned shard, struct batch *b, struct err *err)
{
	struct tracker_batch all = {
		.packets = b->packets, .frames = b->data, .pair_hashes = b->hash,
		.block = b->block, .first_ordinal = b->first_ordinal,
	};
	unsigned first = b->first[shard];
	enum rc rc = tracker_packets(lane->tracker, &all, &b->order[first], b->first[shard + 1] - first, err);

	if (b->ends && rc == RC_DONE)
		tracker_end_segment(lane->tracker, &b->ends->in.shards[shard]);
	return rc;
}

/*
 * Before a tracker hands over a set of parts and takes the next, the segment must be sealed that filled that one `sets` segments
 * earlier.
 */
static bool must_wait(struct pipeline *p, struct lane *lane, const struct batch *b)
{
	if (!b->ends || b->ends->seq + 2 <= p->sets)
		return false;
	uint64_t needs = b->ends->seq + 2 - p->sets;
	if (atomic_load(&p->jobs_sealed) >= needs)
		return false;
	atomic_store(&lane->waits_for, needs);
	return true;
}

/* The lane is ours. True where there was something. */
static bool run_lane(struct pipeline *p, struct lane *lane, uint64_t to)
{
	unsigned shard = (unsigned)(lane - p->lanes);
	uint64_t from = atomic_load(&lane->next), next = from;
	struct err err = {0};

	for (; next < to && next - from < RUN && !p->failed; next++) {
		struct batch *b = &p->ring[next % RING];
		if (must_wait(p, lane, b))
			break;
		if (track_batch(lane, shard, b, &err) != RC_DONE) {
			pipeline_fail(p, &err);
			break;
		}
		/* before the batch may be filled anew */
		atomic_store(&lane->next, next + 1);
		lane_through(p, b);
	}
	return next != from;
}

static bool lane_has_work(struct pipeline *p, const struct lane *lane, uint64_t to)
{
	return atomic_load(&lane->next) < to && atomic_load(&p->jobs_sealed) >= atomic_load(&lane->waits_for);
}

bool pipeline_has_tracking(struct pipeline *p, uint64_t to)
{
	for (unsigned i = 0; i < TIER_SHARDS; i++)
		if (!atomic_load(&p->lanes[i].taken) && lane_has_work(p, &p->lanes[i], to))
			return true;
	return false;
}

bool pipeline_track(struct pipeline *p, uint64_t to, unsigned first)
{
	bool done = false;

	for (unsigned i = 0; i < TIER_SHARDS && !done; i++) {
		unsigned at = first == READER ? TIER_SHARDS - 1 - i : (first + i) % TIER_SHARDS;
		struct lane *lane = &p->lanes[at];
		if (!lane_has_work(p, lane, to) || atomic_exchange(&lane->taken, true))
			continue;
		done = run_lane(p, lane, to);
		atomic_store(&lane->taken, false);
		/* somebody may have gone to sleep because it was ours, and we may not come back */
		if (lane_has_work(p, lane, atomic_load(&p->n_sent))) {
			waiting_wake(&p->for_work);
			waiting_wake(&p->for_room);
		}
	}
	return done;
}

/* ---- jobs ------------------------------------------------------------------------------- */

static struct segment_job *next_job(struct pipeline *p)
{
	return &p->jobs[atomic_load(&p->jobs_sealed) % p->sets];
}

bool pipeline_has_sealing(struct pipeline *p)
{
	return !atomic_load(&p->sealing) && atomic_load(&next_job(p)->ready);
}

bool pipeline_seal_next(struct pipeline *p)
{
	struct err err = {0};

	if (!pipeline_has_sealing(p) || atomic_exchange(&p->sealing, true))
		return false;
	/* another one may have sealed it between our look and our turn */
	struct segment_job *job = next_job(p);
	bool done = atomic_load(&job->ready) && !atomic_load(&p->failed);
	if (done && pipeline_seal(p, job, &err) != RC_DONE) {
		pipeline_fail(p, &err);
		done = false;
	} else if (done) {
		atomic_store(&job->ready, false);
		atomic_store(&job->busy, false);
		atomic_fetch_add(&p->jobs_sealed, 1);
	}
	atomic_store(&p->sealing, false);
	waiting_wake(&p->for_work);
	waiting_wake(&p->for_room);
	return done;
}
