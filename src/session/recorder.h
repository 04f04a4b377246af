/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The recorder: live capture points -> the blocks and the index of an own store.
 *
 *   recorder_open()    opens the interfaces: needs the privilege; nothing is decoded, no store is touched
 *     the caller gives its privileges up here (session/confine.h)
 *   recorder_start()   opens or makes the store, and starts the threads
 *   recorder_stop()    no more frames are taken; what the kernel has is drained, stored and published; counts are exact
 *   recorder_close()
 *
 * Threads (all the recorder's own):
 *   taker     waits for frames of all interfaces, writes them into the block, and feeds the pipeline. It never waits for a disk
 *             while the ring has to be emptied: syncs are begun, not waited for (store/block.h). Once a second it samples
 *             counters and looks at interfaces and the clock
 *   pipeline  workers and sealer: publish a segment once its packets are durable
 *   keeper    once a second: counters, drops and events into the catalog, keeps the store below its limits
 *             (store_retain()), merges small segments (tier/compact.h)
 *
 * Accounting, per point, after recorder_stop():  received = stored + refused + dropped.  A disk that is full does not take
 * packets: those count as refused. Samples go into the blocks (interface statistics, cumulative over the store's life),
 * the catalog and recorder_status().
 *
 * A second of silence costs nothing: no sync, no segment.
 */
#ifndef FLOWDRILL_SESSION_RECORDER_H
#define FLOWDRILL_SESSION_RECORDER_H

#include "capture/live.h"
#include "session/ingest.h"
#include "store/retention.h"

struct recorder;

enum recorder_full {
	RECORDER_ROTATE,             /* a full disk costs the oldest blocks */
	RECORDER_STOP,               /* recording ends, sealed and whole, with RC_NO_SPACE */
};

struct recorder_options {
	const char *const *devices;
	size_t n_devices;
	struct live_options live;
	const char *store;           /* directory; made where there is none */
	struct store_config config;  /* of a store that is made */
	unsigned asked;              /* enum store_config_part: the user asked for those; a store that has others is RC_USAGE */
	bool block_size_set;         /* likewise */
	struct ingest_options ingest;        /* threads: two at least */
	int64_t sync_ns;             /* at the latest so much after it came, a packet is durable and published; default 1 s */
	struct retention retention;
	enum recorder_full when_full;
	int64_t (*realtime_ns)(void);        /* tests: a wall clock that steps; NULL: the system's */
};

void recorder_options_default(struct recorder_options *o);
/* The interfaces; options are copied, what they point to must outlive the recorder. */
enum rc recorder_open(const struct recorder_options *o, struct recorder **out, struct err *err);
/* Tests: the same over points that are open already; it owns them from here on, on failure too. */
enum rc recorder_open_over(const struct recorder_options *o, struct live **points, size_t n, struct recorder **out,
	struct err *err);
/* RC_LOCKED names the pid of another writer. `notes` as store_open(). */
enum rc recorder_start(struct recorder *r, struct store_notes *notes, struct err *err);

struct recorder_point {
	char name[128];
	uint64_t received, stored, refused, dropped, if_dropped;     /* since recorder_start() */
	enum live_state state;
	bool ended;
};

struct recorder_status {
	uint64_t packets, bytes;     /* stored since recorder_start(); bytes on the wire */
	uint64_t published;          /* packets that a reader can see */
	uint64_t store_bytes;        /* on disk, all of the store */
	uint64_t evicted_blocks;
	bool running;                /* false: it has ended by itself (see recorder_stop()'s error), or was stopped */
	bool full;                   /* the disk is: packets are refused until there is room */
	size_t n_points;
};

/* Consistent copies, any thread. */
void recorder_status(struct recorder *r, struct recorder_status *out);
void recorder_point(struct recorder *r, size_t i, struct recorder_point *out);
/* What happened since the last call, a line each for the user (interface down, clock stepped, disk full, ...): kind and unescaped text. */
typedef void (*recorder_say)(void *ctx, const char *what, const char *text);
void recorder_events(struct recorder *r, recorder_say say, void *ctx);
/* Readable when it ended by itself or an event waits. */
int recorder_fd(const struct recorder *r);
/* Drains, seals, publishes, joins. Returns what ended it, if not this call. Once. */
enum rc recorder_stop(struct recorder *r, struct err *err);
void recorder_close(struct recorder *r);

#endif
