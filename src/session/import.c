/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "file/pcapng.h"
#include "session/feed.h"
#include "session/ingest.h"
#include "session/pipeline.h"
#include "store/block.h"

#include <stdio.h>
#include <string.h>

/* One of the files that are merged, with its next packet. */
struct input {
	struct feed feed;
	struct source_event next;
	bool ended;
	const char *path;
};

struct import {
	struct store *store;
	struct pipeline *pipeline;
	struct block_writer *writer;
	uint32_t snaplen;
	struct ingest_progress *progress;
	struct ingest_result *result;
	struct input *inputs;
	size_t n;
	uint32_t block;              /* where the packet before went */
};

/* ---- events but packets ------------------------------------------------------------------ */

static enum rc take_interface(struct import *x, struct input *in, const struct source_event *e,
	struct err *err)
{
	struct point_info point;
	struct buf options;

	buf_init(&options);
	enum rc rc = feed_make_point(&in->feed, x->store, e, &point, &options, err);
	if (rc == RC_DONE)
		rc = block_writer_point(x->writer, &point, options.data, options.len, err);
	buf_free(&options);
	return rc;
}

static enum rc take_block(struct import *x, struct input *in, const struct source_event *e,
	struct err *err)
{
	uint32_t interface, first = in->feed.first_of_section;
	uint64_t dropped;
	enum rc rc = RC_DONE;

	feed_names(e, x->pipeline);
	if (feed_dropped(&in->feed, e, &interface, &dropped))
		rc = store_set_dropped(x->store, in->feed.v[interface].point, dropped, err);
	if (rc == RC_DONE)
		rc = block_writer_copy(x->writer, e->block_type, e->block, e->record_len, e->big_endian,
			first < in->feed.n ? in->feed.v[first].point : 0, err);
	return rc;
}

/* Reads on to the next packet. Damage ends an input like its end does, and is remembered. */
static enum rc advance(struct import *x, struct input *in, struct err *err)
{
	struct source_info info;
	enum rc rc;

	for (;;) {
		rc = source_next(in->feed.source, &in->next, err);
		if (rc == RC_DONE && in->next.kind == SOURCE_PACKET)
			return RC_DONE;
		if (rc == RC_DONE && in->next.kind == SOURCE_SECTION)
			in->feed.first_of_section = (uint32_t)in->feed.n;
		else if (rc == RC_DONE && in->next.kind == SOURCE_INTERFACE)
			rc = take_interface(x, in, &in->next, err);
		else if (rc == RC_DONE)
			rc = take_block(x, in, &in->next, err);
		if (rc != RC_DONE)
			break;
	}
	in->ended = true;
	if (rc == RC_END) {
		source_info(in->feed.source, &info);
		if (info.cut_short && !x->result->cut_short)
			snprintf(x->result->cut_path, sizeof(x->result->cut_path), "%s", in->path);
		x->result->cut_short |= info.cut_short;
		return RC_DONE;
	}
	if (rc == RC_DAMAGED) {
		x->result->damaged = true;
		if (err)
			x->result->damage = *err;
		return RC_DONE;
	}
	return rc;
}

/* ---- packets ----------------------------------------------------------------------------- */

/* The input whose packet is earliest; the first of equals. NULL when all have ended. */
static struct input *earliest(struct import *x)
{
	struct input *best = NULL;

	for (size_t i = 0; i < x->n; i++)
		if (!x->inputs[i].ended && (!best || x->inputs[i].next.time_ns < best->next.time_ns))
			best = &x->inputs[i];
	return best;
}

/* A full segment can be published once its packets are synced, which the pipeline waits for; a sealed block's are. */
static enum rc end_full_segment(struct import *x, bool new_block, struct err *err)
{
	if (new_block && x->block != 0)
		return pipeline_end_segment(x->pipeline, true, err);
	if (!pipeline_segment_full(x->pipeline))
		return RC_DONE;
	uint64_t ticket;
	enum rc rc = block_writer_sync_begin(x->writer, &ticket, err);
	return rc == RC_DONE ? pipeline_end_segment(x->pipeline, false, err) : rc;
}

static enum rc take_packet(struct import *x, struct input *in, struct err *err)
{
	const struct source_event *e = &in->next;
	struct pipeline_packet k;
	const struct feed_interface *i = &in->feed.v[e->interface];
	struct block_packet b = {
		.point = i->point,
		.timestamp = e->time_unknown ? pcapng_timestamp(i->tsresol, i->tsoffset_s, e->time_ns) :
			e->timestamp,
		.caplen = e->caplen, .len = e->len, .data = e->data,
		.options = e->options, .options_len = e->options_len,
		.options_big_endian = e->big_endian, .time_unknown = e->time_unknown,
	};
	uint32_t block;
	bool new_block;
	/* Before the packet: what a sync pads must not come between a segment's packets and their index. */
	enum rc rc = end_full_segment(x, false, err);

	feed_packet(&in->feed, e, &k);
	b.caplen = pipeline_cut(&k, e->caplen, x->snaplen);
	if (rc == RC_DONE)
		rc = block_writer_packet(x->writer, &b, &block, &k.offset, &k.record_len, &new_block, err);
	if (rc == RC_DONE && new_block)
		rc = end_full_segment(x, true, err);
	if (rc != RC_DONE)
		return rc;
	if (new_block)
		pipeline_begin_block(x->pipeline, block, true);
	x->block = block;
	return pipeline_packet(x->pipeline, &k, err);
}

static void report(struct import *x)
{
	uint64_t position = 0, size = 0;

	for (size_t i = 0; i < x->n; i++) {
		struct source_info info;
		source_info(x->inputs[i].feed.source, &info);
		position += info.position;
		size += info.size;
	}
	atomic_store_explicit(&x->progress->packets, pipeline_packets(x->pipeline), memory_order_relaxed);
	atomic_store_explicit(&x->progress->position, position, memory_order_relaxed);
	atomic_store_explicit(&x->progress->size, size, memory_order_relaxed);
}

static enum rc merge(struct import *x, struct err *err)
{
	struct input *in;
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < x->n && rc == RC_DONE; i++)
		rc = advance(x, &x->inputs[i], err);
	while (rc == RC_DONE && (in = earliest(x))) {
		rc = take_packet(x, in, err);
		if (rc == RC_DONE)
			rc = advance(x, in, err);
		if ((pipeline_packets(x->pipeline) & 4095) != 0)
			continue;
		report(x);
		if (rc == RC_DONE && atomic_load_explicit(&x->progress->cancel, memory_order_relaxed))
			rc = err_set(err, RC_CANCELLED, store_path(x->store), "import was stopped");
	}
	return rc;
}

/* ---- import ------------------------------------------------------------------------------ */

static enum rc open_inputs(struct import *x, const char *const *paths, const struct ingest_options *options,
	struct err *err)
{
	struct source_options from = {.bpf = options->bpf};
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < x->n && rc == RC_DONE; i++) {
		x->inputs[i].path = paths[i];
		x->inputs[i].feed.verify_checksums = options->verify_checksums;
		rc = source_open_file(paths[i], &from, &x->inputs[i].feed.source, err);
	}
	return rc;
}

static enum rc finish(struct import *x, enum rc how, struct err *err)
{
	struct store_totals totals = {
		.complete = how == RC_DONE, .cut_short = x->result->cut_short, .damaged = x->result->damaged,
		.damaged_at = x->result->damage.offset,
		.checksum_offload = pipeline_saw_offload(x->pipeline),
	};
	struct block_writer *w = x->writer;

	enum rc rc = block_writer_seal(w, err);
	if (rc == RC_DONE)
		rc = pipeline_end_segment(x->pipeline, true, err);
	if (rc == RC_DONE)
		rc = pipeline_finish(x->pipeline, err);
	if (rc == RC_DONE) {
		x->writer = NULL;
		rc = block_writer_close(w, err);
	}
	if (rc == RC_DONE)
		rc = store_set_totals(x->store, &totals, err);
	if (rc == RC_DONE)
		rc = store_merge_windows(x->store, err);
	x->result->packets = pipeline_packets(x->pipeline);
	x->result->bytes = pipeline_bytes(x->pipeline);
	return rc;
}

enum rc ingest_import(struct store *store, const char *const *paths, size_t n,
	const struct ingest_options *options, struct ingest_progress *progress, struct ingest_result *out,
	struct err *err)
{
	struct import x = {.store = store, .progress = progress, .result = out, .n = n, .snaplen = options->snaplen};
	struct err why = {0};

	memset(out, 0, sizeof(*out));
	x.inputs = mem_calloc(n, sizeof(*x.inputs));
	if (!x.inputs)
		return err_memory(err);
	enum rc rc = open_inputs(&x, paths, options, err);
	if (rc == RC_DONE)
		rc = store_refresh(store, err);
	if (rc == RC_DONE)
		rc = ingest_left(store, options, progress, err);
	if (rc == RC_DONE)
		rc = pipeline_new(store, options, store_next_frame(store), &x.pipeline, err);
	if (rc == RC_DONE)
		rc = block_writer_new(store, &x.writer, err);
	if (rc == RC_DONE) {
		pipeline_follow(x.pipeline, x.writer);
		block_writer_frames(x.writer, store_next_frame(store));
		enum rc how = merge(&x, &why);
		if (how == RC_DONE || how == RC_CANCELLED)
			rc = finish(&x, how, err);
		if (rc == RC_DONE && how != RC_DONE) {
			rc = how;
			if (err)
				*err = why;
		}
	}
	pipeline_free(x.pipeline);
	block_writer_abandon(x.writer);
	for (size_t i = 0; i < n; i++)
		feed_free(&x.inputs[i].feed);
	mem_free(x.inputs);
	atomic_store(&progress->done, true);
	return rc;
}
