/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the pipeline share. A batch belongs to the reader until it is sent, then, shard by shard, to the lanes until the
 * last of them is through; a job to the reader while it fills, then to whoever seals it.
 *
 * A lane is a shard with its tracker and the number of the batch that comes next there. Whoever takes a lane has both until he gives it
 * back, so a shard's packets stay in order however many threads there are, and nobody waits for a lane: there are others.
 * Jobs are sealed one after the other; who seals is a worker as any other, and does not track meanwhile.
 *
 * Locks are for sleeping alone. What is changed is changed first; then those are woken that say they sleep, and they say so before they
 * look for the last time (waiting_sleep()).
 */
#ifndef FLOWDRILL_SESSION_PIPELINE_PARTS_H
#define FLOWDRILL_SESSION_PIPELINE_PARTS_H

#include "app/media.h"
#include "base/window.h"
#include "decode/fragment.h"
#include "session/pipeline.h"
#include "tier/sealer.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	BATCH_PACKETS = 256,
	BATCH_BYTES = 1 << 19,           /* of frames that are held: bounds memory where packets are large */
	RING = 16,                       /* batches */
	CALL = 8,                        /* batches that are sent before workers are called: waking costs as much as two of them */
	WORKERS_MAX = TIER_SHARDS + 1,   /* one of them seals */
	READER = TIER_SHARDS,            /* beside numbers of lanes */
	ESTIMATE_BITS = 20,              /* bitmap of (conversation, slice) seen in the segment */
	ADDRS_MAX = 1 << 19,             /* distinct addresses of a block, for its filter */
	SEGMENT_PACKETS = 1 << 20,       /* a segment's end at the latest */
	SEGMENT_CONVERSATIONS = 12 << 10,    /* likewise, about so many microflows: bounds memory in a flood */
};

/* A segment on its way: filled by the reader, then sealed. One without packets only says that the block is done. */
struct segment_job {
	struct sealer_input in;
	struct segment_place place;
	struct segment_packet *packets;
	uint16_t *checks;                /* of each packet */
	size_t n_packets, cap_packets, cap_checks;
	struct point_info *points;       /* sums by capture point; number set where packets > 0 */
	size_t n_points, cap_points;
	struct observations *names;      /* of the capture itself */
	bool publish, block_done;
	uint64_t ticket;                 /* of the writer: durable before it is published; 0: it is */
	uint64_t seq;                    /* jobs sent before */
	_Atomic unsigned lanes_left;     /* that have not come to its end */
	_Atomic bool ready, busy;        /* to be sealed; not free for the reader */
};

struct batch {
	uint32_t block, first_ordinal, n;
	struct segment_job *ends;        /* the segment that ends behind this batch, or NULL */
	_Atomic unsigned lanes_left;     /* that are not through */
	_Atomic bool busy;               /* sent, and not free again */
	uint16_t first[TIER_SHARDS + 1]; /* a shard's packets are order[first[shard] .. first[shard + 1]) */
	uint16_t order[BATCH_PACKETS];
	uint32_t n_held;
	size_t bytes;                    /* of frames */
	struct window *held[BATCH_PACKETS];      /* windows that the frames lie in */
	struct tracker_frame data[BATCH_PACKETS];        /* frames, or none where nobody wants them; announcements are held */
	uint64_t hash[BATCH_PACKETS];    /* of the address pair */
	_Alignas(64) struct packet packets[BATCH_PACKETS];      /* three lines of the cache each */
};

/* A shard on its way. Lines of the cache of their own, because other threads look at `next` and `taken`. */
struct lane {
	_Alignas(64) _Atomic uint64_t next;      /* batches before this one are through */
	_Atomic uint64_t waits_for;              /* jobs that must be sealed before it goes on */
	_Atomic bool taken;
	struct tracker *tracker;
};

struct worker { struct pipeline *p; unsigned first; };       /* and the lane that it likes best */

struct pipeline {
	struct lane lanes[TIER_SHARDS];
	struct store *store;
	const struct store_config *config;
	struct ingest_options options;
	struct filter *wanted;           /* conversations with attributes; NULL: all. Read by all workers */
	struct fragment_table *fragments;
	struct media_table *media;       /* NULL: nobody wants it */
	struct sealer *sealer;
	struct block_writer *writer;     /* NULL: packets are durable already */
	bool (*full)(void *ctx);         /* may be NULL */
	void *full_ctx;
	struct batch *ring;
	struct segment_job jobs[TRACKER_SETS];
	unsigned sets;                   /* of them in use, and of parts of each tracker */

	/* the reader's */
	struct batch *batch;             /* being filled; NULL: take the next */
	struct segment_job *job;         /* being filled; NULL: no packet yet in this segment */
	uint32_t block, segment;         /* where we are; number of the next segment in the block */
	bool publish;
	bool block_waits;                /* its segments were ended, but not the block */
	uint64_t next_frame, packets, bytes;
	int64_t micro_slice;
	struct observations *pending;    /* names that came before the segment's first packet */
	int64_t last_ns;                 /* time of the packet before */
	uint64_t conversations;          /* about, in this segment */
	uint64_t *seen;                  /* bitmap */
	bool saw_offload;
	bool hold;                       /* trackers want the frames' bytes */
	struct window_pool *pool;        /* for frames that lie in no window */
	struct window *copies;           /* of it, being filled; or NULL */
	size_t copied;                   /* bytes of it in use */

	/* the sealer's */
	struct addr *addrs;              /* of the block so far */
	size_t n_addrs, cap_addrs;
	size_t n_distinct;               /* when doubles were removed last */
	bool no_filter;                  /* too many */

	/* threads */
	unsigned workers;                /* 0: everything in the caller's thread */
	pthread_t threads[WORKERS_MAX];
	struct worker worker[WORKERS_MAX];
	unsigned started;
	_Atomic uint64_t n_sent;         /* batches */
	_Atomic uint64_t n_called;       /* of those, workers go on up to this */
	_Atomic uint64_t jobs_sent, jobs_sealed;
	_Atomic bool sealing;            /* somebody is */
	_Atomic bool stop, failed;
	_Atomic uint64_t published;      /* packets */
	struct waiting {
		pthread_mutex_t lock;
		pthread_cond_t changed;
		_Atomic unsigned sleepers;
	} for_work, for_room;            /* the workers, and the reader */
	pthread_mutex_t error_lock;
	struct err error;                /* error_lock, until failed */
};

/* pipeline_hold.c */

/* Keeps the frame's bytes for the batch's packet number b->n, as long as the batch lives. */
enum rc pipeline_hold(struct pipeline *p, struct batch *b, const struct pipeline_packet *in, struct err *err);
/* Lets go of what a batch holds. By the last worker that is through with it. */
void pipeline_let_go(struct batch *b);

/* pipeline_threads.c: all of these are for either way of working. */

/* Starts the threads; RC_DONE without any where options say one. */
enum rc pipeline_start(struct pipeline *p, struct err *err);
void pipeline_stop(struct pipeline *p);
/* A batch to fill, and a job: where others have it, the reader takes a share of the tracking meanwhile. NULL after a failure. */
struct batch *pipeline_take_batch(struct pipeline *p);
struct segment_job *pipeline_take_job(struct pipeline *p);
/* Sends p->batch on. */
void pipeline_send_batch(struct pipeline *p);
/* Until every job that was sent is published. */
void pipeline_wait_sealed(struct pipeline *p);

/* pipeline_work.c: what there is to do, and who is called for it. */

/* Remembers the first failure and wakes everybody. */
void pipeline_fail(struct pipeline *p, const struct err *why);
/* RC_DONE, or the failure. */
enum rc pipeline_check(struct pipeline *p, struct err *err);
/*
 * Tracks what there is before batch number `to` in one lane that nobody has; false where there is none. It looks from lane `first` on, the
 * READER from the last one down: so a lane mostly stays with the processor that has its tables in its cache.
 */
bool pipeline_track(struct pipeline *p, uint64_t to, unsigned first);
/* Whether pipeline_track() might find something. */
bool pipeline_has_tracking(struct pipeline *p, uint64_t to);
/* Seals the job whose turn it is; false where it is not ready, another thread seals, or that failed. */
bool pipeline_seal_next(struct pipeline *p);
bool pipeline_has_sealing(struct pipeline *p);

void waiting_init(struct waiting *w);
void waiting_destroy(struct waiting *w);
/* Wakes those who wait for what was changed before this call. */
void waiting_wake(struct waiting *w);
/* Sleeps until `over` says so. */
void waiting_sleep(struct waiting *w, struct pipeline *p, bool (*over)(struct pipeline *p, const void *ctx), const void *ctx);

/* pipeline_seal.c */
enum rc pipeline_seal(struct pipeline *p, struct segment_job *job, struct err *err);

#endif
