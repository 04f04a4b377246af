/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pipeline behind every ingest: packets in order -> trackers -> sealed segments in the store.
 *
 *   reader   the caller's thread: pipeline_packet() decodes, keeps fragments, and fills batches
 *   lanes    one a shard: its tracker goes over the shard's packets of every batch, in order
 *   sealing  seals and publishes segments, in order
 *
 * Workers take whatever is ready, a lane for some batches or a segment to seal; the reader takes lanes, too, where it would wait for them.
 * So all threads have work as long as there is any, and there need be no more of them than processors. Batches go round a ring; a
 * segment's job is one of two, so that one can be sealed while the next one fills, or of three where there is memory for it: behind a block's
 * end, short segments wait for a long one, and the reader with them. A batch that ends a segment carries its job: each
 * lane hands its parts over when it gets there, the last one makes the job ready. With one thread the caller does all of it. Where
 * segments end depends on packets alone.
 *
 * The first error anywhere stops everything; every call returns it from then on.
 */
#ifndef FLOWDRILL_SESSION_PIPELINE_H
#define FLOWDRILL_SESSION_PIPELINE_H

#include "decode/decode.h"
#include "session/ingest.h"

struct pipeline;

/* A packet as the source gives it, and where it lies. */
struct pipeline_packet {
	struct decode_frame frame;
	struct window *window;   /* that holds the frame's bytes; NULL: they are copied where somebody wants them later */
	int64_t time_ns;
	bool time_unknown, time_saturated;
	uint32_t point;
	uint32_t offset;         /* of its record in the block */
	uint32_t record_len;
	uint32_t whole;          /* bytes that there are of the frame, where frame.caplen is less: for fingerprints; else 0 */
};

/* What is kept of a frame when so much is stored of it (0: all): the rest is for fingerprints alone. Returns what is to be stored. */
uint32_t pipeline_cut(struct pipeline_packet *k, uint32_t caplen, uint32_t snaplen);

/* first_frame: number of the first packet that comes. */
enum rc pipeline_new(struct store *store, const struct ingest_options *options, uint64_t first_frame,
	struct pipeline **out, struct err *err);
struct block_writer;
/*
 * What is written with this writer is published only when it is durable: the sealer waits for the last ticket that was given out
 * when the segment (or the block) ended. The writer must outlive the pipeline, or at least pipeline_finish().
 */
void pipeline_follow(struct pipeline *p, struct block_writer *writer);
/*
 * A disk that is full keeps a segment from being published: `wait` is called, which makes room or waits for it, and it is tried again;
 * false gives up. In the thread that seals.
 */
void pipeline_on_full(struct pipeline *p, bool (*wait)(void *ctx), void *ctx);
/* Ends threads and frees; what was not published is lost. */
void pipeline_free(struct pipeline *p);
/* What follows lies in this block; the segment before was ended. publish false: the block's index is there already, only state is made. */
void pipeline_begin_block(struct pipeline *p, uint32_t block, bool publish);
/*
 * The same, and the block's end is told even where it has no packets. segment > 0, in a new pipeline only: the block has segments
 * before this one, whose addresses are not known: it gets no filter.
 */
void pipeline_go_on(struct pipeline *p, uint32_t block, uint32_t segment, bool publish);
enum rc pipeline_packet(struct pipeline *p, const struct pipeline_packet *in, struct err *err);
struct observation;
/*
 * The capture itself says that an address has a name (its times are ours to say: those of the packet before in the segment, or of its first).
 * Nothing where no packet follows in the block.
 */
void pipeline_name(struct pipeline *p, const struct observation *o);
/* Whether the segment is full: the caller has its packets made durable, then calls pipeline_end_segment(). */
bool pipeline_segment_full(const struct pipeline *p);
/* Ends the segment (nothing happens where it has no packet). block_done: the block is complete and will be 'indexed'. */
enum rc pipeline_end_segment(struct pipeline *p, bool block_done, struct err *err);
/* Waits until all that was ended is published. */
enum rc pipeline_finish(struct pipeline *p, struct err *err);
uint64_t pipeline_packets(const struct pipeline *p);
uint64_t pipeline_bytes(const struct pipeline *p);
/* Of those, what readers see. Any thread. */
uint64_t pipeline_published(const struct pipeline *p);
/* Some packets had the checksum that an offloading sender leaves behind. */
bool pipeline_saw_offload(const struct pipeline *p);

#endif
