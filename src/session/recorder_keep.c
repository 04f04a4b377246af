/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorder: the keeper, which has time: counters and events into the catalog, retention, compaction. What a full disk
 * keeps it from saying is said the next time.
 */
#include "session/recorder_parts.h"

#include "base/text.h"
#include "tier/compact.h"

#include <string.h>

enum {
	COMPACT_NS = 300 * 1000 * 1000,      /* of a second, at most */
	HEADROOM = 1 << 20,                  /* for the index, beside the packets */
	RESERVE = 512 << 10,                 /* put by for the catalog */
	HEADROOM_OF_LIMIT = 128,             /* but no more of a small store's */
};

#define MERGE_AFTER_NS (INT64_C(300) * 1000000000)

struct keeper {
	struct recorder *r;
	struct compactor *compactor;         /* NULL: could not be made */
	struct recorder_sample told;         /* what the catalog has */
	uint64_t on_disk;                    /* at the last round */
};

/* ---- counters and events ---------------------------------------------------------------- */

static enum rc tell_point(struct keeper *k, size_t i, const struct recorder_sample *now)
{
	const struct recorder_point *p = &now->points[i], *before = &k->told.points[i];
	const struct recorder_source *s = &k->r->sources[i];     /* only what never changes */
	struct point_counts counts = {
		.received = s->base.received + p->received, .refused = s->base.refused + p->refused,
		.dropped = s->base.dropped + p->dropped, .if_dropped = s->base.if_dropped + p->if_dropped,
	};
	struct drop_info d = {
		.point = s->point, .from_ns = k->told.time_ns, .to_ns = now->time_ns,
		.dropped = p->dropped - before->dropped, .if_dropped = p->if_dropped - before->if_dropped,
		.refused = p->refused - before->refused,
	};

	if (p->received == before->received && p->refused == before->refused && p->dropped == before->dropped &&
		p->if_dropped == before->if_dropped)
		return RC_DONE;
	/* the clock may have been set back */
	if (d.to_ns < d.from_ns)
		d.from_ns = d.to_ns;
	enum rc rc = RC_DONE;
	if (d.dropped || d.if_dropped || d.refused)
		rc = store_add_drop(k->r->store, &d, NULL);
	if (rc == RC_DONE) {
		k->told.points[i] = *p;
		rc = store_set_counts(k->r->store, s->point, &counts, NULL);
	}
	return rc;
}

static enum rc tell_counts(struct keeper *k)
{
	struct recorder *r = k->r;
	enum rc rc = RC_DONE;

	pthread_mutex_lock(&r->lock);
	struct recorder_sample now = r->sample;
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < r->n && rc == RC_DONE; i++)
		rc = tell_point(k, i, &now);
	if (rc == RC_DONE)
		k->told.time_ns = now.time_ns;
	return rc;
}

static enum rc tell_events(struct recorder *r)
{
	enum rc rc = RC_DONE;

	while (rc == RC_DONE) {
		pthread_mutex_lock(&r->lock);
		bool any = r->n_put > 0;
		struct recorder_event e = r->put[0];
		if (any)
			memmove(&r->put[0], &r->put[1], --r->n_put * sizeof(r->put[0]));
		pthread_mutex_unlock(&r->lock);
		if (!any)
			break;
		rc = store_add_event(r->store, e.time_ns, e.kind, e.text, NULL);
		if (rc == RC_DONE)
			continue;
		pthread_mutex_lock(&r->lock);
		if (r->n_put < EVENTS) {
			memmove(&r->put[1], &r->put[0], r->n_put++ * sizeof(r->put[0]));
			r->put[0] = e;
		}
		pthread_mutex_unlock(&r->lock);
	}
	return rc;
}

/* ---- room ------------------------------------------------------------------------------- */

bool recorder_make_room(struct recorder *r)
{
	struct retention less = { .keep_macroflows_ns = r->options.retention.keep_macroflows_ns };
	unsigned evicted = 0;

	if (r->options.when_full == RECORDER_STOP || store_disk_bytes(r->store, &less.max_bytes, NULL) != RC_DONE)
		return false;
	/* a byte less than there is: one block has to go */
	less.max_bytes -= less.max_bytes > 1;
	if (store_retain(r->store, &less, 0, &evicted, NULL) == RC_NO_SPACE && evicted == 0) {
		store_use_reserve(r->store);
		store_retain(r->store, &less, 0, &evicted, NULL);
	}
	atomic_fetch_add(&r->evicted, evicted);
	return evicted > 0;
}

/* What this second and the next one bring. */
static uint64_t headroom(struct keeper *k)
{
	uint64_t now = atomic_load(&k->r->on_disk), brought = now - k->on_disk;
	uint64_t spare = k->r->options.retention.max_bytes / HEADROOM_OF_LIMIT;

	k->on_disk = now;
	return 2 * brought + (spare > 0 && spare < HEADROOM ? spare : HEADROOM);
}

/* Nothing may go for its size: the taker has to end. */
static void watch_limits(struct recorder *r, struct retention *limits, uint64_t room)
{
	uint64_t excess = 0;

	if (store_excess(r->store, limits, room, &excess, NULL) == RC_DONE && excess > 0)
		atomic_store(&r->limit_reached, true);
	limits->max_bytes = limits->min_free_bytes = 0;
}

static void retain(struct keeper *k)
{
	struct recorder *r = k->r;
	struct retention limits = r->options.retention;
	uint64_t room = headroom(k), bytes = 0;
	unsigned evicted = 0;
	struct err err;

	if (r->options.when_full == RECORDER_STOP)
		watch_limits(r, &limits, room);
	if (r->options.when_full == RECORDER_ROTATE && limits.min_free_bytes < room)
		limits.min_free_bytes = room;    /* before the disk is full, not after */
	enum rc rc = store_retain(r->store, &limits, room, &evicted, &err);
	atomic_fetch_add(&r->evicted, evicted);
	if (rc == RC_NO_SPACE)
		atomic_store(&r->want_seal, true);       /* so that it can go, too */
	store_disk_bytes(r->store, &bytes, NULL);
	pthread_mutex_lock(&r->lock);
	r->status.store_bytes = bytes;
	pthread_mutex_unlock(&r->lock);
}

/* For when the disk is full: as long as it is not. A failure is tried again. */
static void put_by(struct recorder *r)
{
	uint64_t limit = r->options.retention.max_bytes / HEADROOM_OF_LIMIT;

	pthread_mutex_lock(&r->lock);
	bool full = r->status.full;
	pthread_mutex_unlock(&r->lock);
	if (!full)
		store_reserve(r->store, limit > 0 && limit < RESERVE ? (limit | 4095) + 1 : RESERVE, NULL);
}

static void compact(struct keeper *k)
{
	int64_t until = recorder_monotonic() + COMPACT_NS;
	bool did = true;

	while (k->compactor && did && recorder_monotonic() < until)
		if (compactor_step(k->compactor, false, &did, NULL) != RC_DONE)
			break;
}

/* A window that is over for a while, and whose segments are compacted as far as they will be soon: one a round. */
static void merge_window(struct keeper *k)
{
	int64_t window_ns = store_config(k->r->store)->macro_ns;
	bool did;

	store_merge_window(k->r->store, time_sub(k->told.time_ns, time_add(window_ns, MERGE_AFTER_NS)), &did, NULL);
}

/* ---- the thread ------------------------------------------------------------------------- */

/* Until the taker has a new sample; false when it has ended. */
static bool wait_for_sample(struct recorder *r, uint64_t *number)
{
	pthread_mutex_lock(&r->lock);
	while (!r->end && r->sample.number == *number)
		pthread_cond_wait(&r->changed, &r->lock);
	*number = r->sample.number;
	bool go_on = !r->end;
	pthread_mutex_unlock(&r->lock);
	return go_on;
}

void *recorder_keeper_main(void *arg)
{
	struct keeper k = { .r = arg };
	uint64_t number = 0;
	bool go_on = true;

	if (compactor_new(k.r->store, &k.compactor, NULL) != RC_DONE)
		k.compactor = NULL;
	k.told.time_ns = k.r->sample.time_ns;
	while (go_on) {
		go_on = wait_for_sample(k.r, &number);
		if (!go_on)
			store_use_reserve(k.r->store);   /* the last counters have to get there */
		tell_counts(&k);
		tell_events(k.r);
		retain(&k);
		if (!go_on)
			break;
		put_by(k.r);
		compact(&k);
		merge_window(&k);
	}
	compactor_free(k.compactor);
	return NULL;
}
