/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the pipeline share. Fields under `lock` say so; the rest of a batch belongs to the reader until it is
 * sent, then to the workers until the last is through; a job to the reader while it fills, then to the sealer.
 */
#ifndef FLOWDRILL_SESSION_PIPELINE_PARTS_H
#define FLOWDRILL_SESSION_PIPELINE_PARTS_H

#include "app/media.h"
#include "base/window.h"
#include "decode/fragment.h"
#include "session/pipeline.h"
#include "tier/sealer.h"

#include <pthread.h>

enum {
	BATCH_PACKETS = 256,
	BATCH_BYTES = 1 << 19,           /* of frames that are held: bounds memory where packets are large */
	RING = 16,                       /* batches */
	WORKERS_MAX = TIER_SHARDS,
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
	unsigned workers_left;           /* lock */
	bool ready, busy;                /* lock: handed to the sealer; not free for the reader */
};

struct batch {
	uint32_t block, first_ordinal, n;
	struct segment_job *ends;        /* the segment that ends behind this batch, or NULL */
	unsigned workers_left;           /* lock */
	uint32_t n_held;
	size_t bytes;                    /* of frames */
	struct window *held[BATCH_PACKETS];      /* windows that the frames lie in */
	struct tracker_frame data[BATCH_PACKETS];        /* frames, or none where nobody wants them; announcements are held */
	uint64_t hash[BATCH_PACKETS];    /* of the address pair */
	struct packet packets[BATCH_PACKETS];
};

struct pipeline {
	struct store *store;
	const struct store_config *config;
	struct ingest_options options;
	struct filter *wanted;           /* conversations with attributes; NULL: all. Read by all workers */
	struct fragment_table *fragments;
	struct media_table *media;       /* NULL: nobody wants it */
	struct tracker *trackers[TIER_SHARDS];
	struct sealer *sealer;
	struct block_writer *writer;     /* NULL: packets are durable already */
	bool (*full)(void *ctx);         /* may be NULL */
	void *full_ctx;
	struct batch *ring;
	struct segment_job jobs[2];

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
	pthread_t worker_threads[WORKERS_MAX], sealer_thread;
	unsigned workers_started;
	bool sealer_started;
	pthread_mutex_t lock;
	pthread_cond_t sent, freed, to_seal, sealed;
	uint64_t n_sent, n_freed;        /* lock: batches */
	uint64_t jobs_sent, jobs_sealed; /* lock */
	bool stop;                       /* lock */
	_Atomic bool failed;
	_Atomic uint64_t published;      /* packets */
	struct err error;                /* lock until failed */
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
/* A batch to fill, and a job: both wait for the other threads. NULL after a failure. */
struct batch *pipeline_take_batch(struct pipeline *p);
struct segment_job *pipeline_take_job(struct pipeline *p);
/* Sends p->batch on. */
void pipeline_send_batch(struct pipeline *p);
/* Remembers the first failure and wakes everybody. */
void pipeline_fail(struct pipeline *p, const struct err *why);
/* RC_DONE, or the failure. */
enum rc pipeline_check(struct pipeline *p, struct err *err);
/* Until every job that was sent is published. */
void pipeline_wait_sealed(struct pipeline *p);

/* pipeline_seal.c */
enum rc pipeline_seal(struct pipeline *p, struct segment_job *job, struct err *err);

#endif
