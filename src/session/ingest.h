/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ingest pipeline: source -> decode -> shards -> segments -> store.
 *
 *   reader (the caller's thread)   reads, cuts blocks and segments, decodes, keeps fragments, fills batches
 *   workers (0..n)                 each owns shards and runs their trackers over every batch
 *   sealer (one thread)            builds and publishes segments in order
 *
 * With threads == 1 all of it runs in the caller's thread. The store gets the same bytes with any number. 
 */
#ifndef FLOWDRILL_SESSION_INGEST_H
#define FLOWDRILL_SESSION_INGEST_H

#include "base/err.h"
#include "capture/source.h"
#include "store/store.h"

#include <stdatomic.h>

/* Shared with whoever watches; all relaxed. */
struct ingest_progress {
	_Atomic uint64_t packets;
	_Atomic uint64_t position, size;     /* bytes of the input consumed, and in all */
	_Atomic bool cancel;                 /* set by the watcher: stop at the next batch, keep what is whole */
	_Atomic bool done;
};

struct ingest_options {
	unsigned threads;                    /* 0: as many as there are processors; 1: no further threads */
	bool verify_checksums;               /* default true */
	const char *bpf;                     /* NULL: all packets */
	uint32_t snaplen;                    /* import, recorder: so much is stored of a frame; fingerprints are of all of it. 0: all */
	uint64_t segment_packets;            /* tests: a segment's end after so many packets; 0: default */
	uint64_t segment_conversations;      /* likewise after about so many microflows; 0: default */
};

/* What a finished (or stopped) ingest says. */
struct ingest_result {
	uint64_t packets, bytes;
	bool cut_short;                      /* an input's last record is incomplete */
	char cut_path[256];                  /* which; the first of several */
	bool damaged;                        /* see damage.what, why, offset: what came before is indexed */
	struct err damage;
};

void ingest_options_default(struct ingest_options *o);
/* Indexes a capture file in place: `store` was opened with store_open_in_place() for writing. Goes on where an index ends. */
enum rc ingest_in_place(struct store *store, const struct ingest_options *options, struct ingest_progress *progress,
	struct ingest_result *out, struct err *err);
/* Copies capture files into an own store, merged by time (stable: by source where equal), and indexes them. */
enum rc ingest_import(struct store *store, const char *const *paths, size_t n, const struct ingest_options *options,
	struct ingest_progress *progress, struct ingest_result *out, struct err *err);
/* Indexes blocks of an own store that have no index (again). */
enum rc ingest_reindex(struct store *store, const struct ingest_options *options, struct ingest_progress *progress,
	struct ingest_result *out, struct err *err);
/* What a writer that died left without an index, if anything: frame numbers of what comes go on behind it. The store was refreshed. */
enum rc ingest_left(struct store *store, const struct ingest_options *options, struct ingest_progress *progress, struct err *err);

#endif
