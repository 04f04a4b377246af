/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the recorder share.
 *
 * A packet is `written` when the block writer has it, and `stored` when it is durable. Every sync is a stretch: its ticket, and how
 * much each interface had written by then. When a writer breaks (the disk is full), what was written behind the last
 * durable stretch is `refused`: the block ends there (block_writer_cut()), and a new writer with a new pipeline goes on.
 *
 *   written = stored + what is on its way       (per interface; after the end: written = stored)
 */
#ifndef FLOWDRILL_SESSION_RECORDER_PARTS_H
#define FLOWDRILL_SESSION_RECORDER_PARTS_H

#include "session/pipeline.h"
#include "session/recorder.h"
#include "store/block.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	RECORDER_DEVICES = 64,
	STRETCHES = 32,              /* more than the writer has buffers for */
	EVENTS = 64,                 /* that wait to be told */
};

struct amount { uint64_t packets, bytes; };

/* An interface. The taker's. */
struct recorder_source {
	struct live *live;
	uint32_t point, linktype;
	struct point_counts base;    /* of the store's life, before us */
	uint64_t base_stored;
	struct amount written, stored;
	uint64_t refused;            /* by us; beside live's own */
	struct live_counts counts;   /* last sample */
	struct point_counts in_block;    /* said by interface statistics last */
	enum live_state state;
	bool ended;
};

struct stretch { uint64_t ticket; struct amount written[RECORDER_DEVICES]; };

/* A sample of everything, made by the taker, for the keeper and those who ask. */
struct recorder_sample {
	uint64_t number;             /* grows */
	int64_t time_ns;             /* wall clock */
	struct recorder_point points[RECORDER_DEVICES];
	struct amount stored;
};

struct recorder_event { int64_t time_ns; char kind[24], text[232]; };

struct recorder {
	struct recorder_options options;
	size_t n;
	struct recorder_source sources[RECORDER_DEVICES];
	struct store *store;
	pthread_t taker, keeper;
	bool has_taker, has_keeper;
	int wake[2];                 /* pipe: the taker has to look */
	int tell[2];                 /* pipe: recorder_fd() */

	/* the taker's */
	struct block_writer *writer; /* NULL: none, the disk is full */
	struct block_writer *broken; /* one whose block could not be ended yet */
	bool broken_published;       /* all of it that is durable is published */
	struct pipeline *pipeline;
	uint32_t block;              /* where the packet before went; 0: none in this writer */
	struct stretch stretches[STRETCHES];     /* ring of those that are not known to be durable */
	size_t first_stretch, n_stretches;
	uint64_t next_frame;         /* of the next pipeline */
	uint64_t begun;              /* packets stored before the pipeline began */
	uint64_t published_before;   /* by pipelines that have ended */
	uint64_t bytes_before;       /* by writers that have ended */
	bool refusing;               /* nothing is stored any more */
	unsigned waited;             /* the sealer's: times that it waited for room since there was some */
	bool unsynced;               /* something was written since the last sync */
	int64_t sync_at, sample_at, retry_at;    /* monotonic */
	int64_t clock_offset;        /* wall clock - monotonic */
	bool saw_offload;

	_Atomic bool stop;           /* asked for */
	_Atomic bool limit_reached;  /* seen by the keeper: the store may not grow, and nothing may go */
	_Atomic bool want_seal;      /* by the keeper: the open block is to end, so that it can go */
	_Atomic uint64_t on_disk;    /* written to blocks so far, bytes */
	_Atomic uint64_t evicted;

	pthread_mutex_t lock;        /* guards all from here */
	pthread_cond_t changed;      /* the keeper is to look */
	struct recorder_sample sample;
	struct recorder_status status;
	struct recorder_event say[EVENTS], put[EVENTS], lay[EVENTS];     /* for the user; the catalog; the blocks */
	size_t n_say, n_put, n_lay;
	bool end;                    /* the taker has ended: the keeper does its last round */
	enum rc rc;                  /* what ended it by itself */
	struct err err;
};

/* recorder.c */
int64_t recorder_monotonic(void);
int64_t recorder_realtime(const struct recorder *r);
/* An event for the store and for the user. Any thread. */
void recorder_event(struct recorder *r, const char *kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* recorder_fd() becomes readable. */
void recorder_tell(struct recorder *r);
/* Why it ends, if not because it was told to: the first reason is kept. Any thread. */
void recorder_fail(struct recorder *r, const struct err *why);
/* The disk is full, or has room again: an event where that is new. Any thread. */
void recorder_set_full(struct recorder *r, bool full);

/* recorder_write.c: all the taker's */
/* A packet of a source: written or refused. */
void recorder_write(struct recorder *r, size_t source, const struct live_frame *f);
/* Begins a sync of what was written, and ends the segment. */
void recorder_sync(struct recorder *r);
/* The next packet begins a new block. */
void recorder_next_block(struct recorder *r);
/* Counts what has become durable. */
void recorder_settle(struct recorder *r);
/* Packets are only counted from here on. */
void recorder_refuse(struct recorder *r, const struct err *why);
/* The last block is sealed and everything published, or, where that fails, cut where it is durable. */
void recorder_finish(struct recorder *r);

/* recorder_sample.c: the taker's */
void recorder_sample(struct recorder *r);
/* Interface statistics into the block, where they have changed. */
enum rc recorder_put_counts(struct recorder *r, struct err *err);
/* Events into the block, as far as it takes them; the others wait for the next one. */
enum rc recorder_put_events(struct recorder *r, struct err *err);

void *recorder_taker_main(void *arg);

/* recorder_keep.c */
void *recorder_keeper_main(void *arg);
/* Gives what was put by (store_reserve()), and evicts the oldest block where that is what the user wants; false where nothing goes. Any thread. */
bool recorder_make_room(struct recorder *r);

#endif
