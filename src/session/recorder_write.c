/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorder: packets into blocks and pipeline, and what happens when the disk does not take them. */
#include "session/recorder_parts.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { RETRY_NS = 1000000000, FULL_PATIENCE = 10 };    /* times 0.1 s */

/* ---- stretches -------------------------------------------------------------------------- */

static void push_stretch(struct recorder *r)
{
	uint64_t ticket = block_writer_ticket(r->writer);
	struct stretch *last = NULL;

	if (r->n_stretches > 0)
		last = &r->stretches[(r->first_stretch + r->n_stretches - 1) % STRETCHES];
	if (last && last->ticket == ticket)
		return;
	if (r->n_stretches == STRETCHES)
		recorder_settle(r);
	/* each that is not durable has one of the writer's buffers */
	assert(r->n_stretches < STRETCHES);
	last = &r->stretches[(r->first_stretch + r->n_stretches++) % STRETCHES];
	last->ticket = ticket;
	for (size_t i = 0; i < r->n; i++)
		last->written[i] = r->sources[i].written;
}

void recorder_settle(struct recorder *r)
{
	uint64_t durable = r->writer ? block_writer_durable(r->writer) : 0;

	while (r->n_stretches > 0 && r->stretches[r->first_stretch].ticket <= durable) {
		for (size_t i = 0; i < r->n; i++)
			r->sources[i].stored = r->stretches[r->first_stretch].written[i];
		r->first_stretch = (r->first_stretch + 1) % STRETCHES;
		r->n_stretches--;
	}
}

/* The writer is broken: what is not durable by now never will be. */
static void refuse_rest(struct recorder *r)
{
	recorder_settle(r);
	r->n_stretches = 0;
	for (size_t i = 0; i < r->n; i++) {
		struct recorder_source *s = &r->sources[i];

		s->refused += s->written.packets - s->stored.packets;
		s->written = s->stored;
	}
}

static uint64_t stored_packets(const struct recorder *r)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->n; i++)
		sum += r->sources[i].stored.packets;
	return sum;
}

/* ---- a writer's life -------------------------------------------------------------------- */

/* For the sealer, which can wait; not when the recorder has to end. */
static bool wait_for_room(void *ctx)
{
	struct recorder *r = ctx;

	recorder_set_full(r, true);
	if (recorder_make_room(r)) {
		r->waited = 0;
		return true;
	}
	/* the taker must not wait for us for long: what is durable is indexed later */
	if (r->options.when_full == RECORDER_STOP || atomic_load(&r->stop) || ++r->waited > FULL_PATIENCE)
		return false;
	nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 * 1000 }, NULL);
	return true;
}

static enum rc begin_writer(struct recorder *r, struct err *err)
{
	enum rc rc = block_writer_new(r->store, &r->writer, err);

	r->block = 0;
	r->n_stretches = 0;
	r->unsynced = false;
	r->waited = 0;               /* there is no sealer yet */
	r->begun = stored_packets(r);
	if (rc == RC_DONE)
		rc = pipeline_new(r->store, &r->options.ingest, r->next_frame, &r->pipeline, err);
	if (rc != RC_DONE) {
		block_writer_abandon(r->writer);
		r->writer = NULL;
		return rc;
	}
	pipeline_follow(r->pipeline, r->writer);
	block_writer_frames(r->writer, r->next_frame);
	pipeline_on_full(r->pipeline, wait_for_room, r);
	return RC_DONE;
}

/*
 * What is durable of a broken writer becomes a whole block. RC_NO_SPACE where the catalog has no room to say so: it is
 * tried again before there is another writer.
 */
static enum rc mend(struct recorder *r, struct err *err)
{
	struct block_writer *w = r->broken;
	uint32_t block = 0;
	uint64_t length;
	enum rc rc;

	do
		rc = block_writer_cut(w, &block, &length, err);
	while (rc == RC_NO_SPACE && recorder_make_room(r));
	/* no filter: its addresses went with the pipeline */
	while (rc == RC_DONE && length > 0 && r->broken_published) {
		rc = store_block_indexed(r->store, block, NULL, 0, err);
		if (rc != RC_NO_SPACE || !recorder_make_room(r))
			break;
		rc = RC_DONE;
	}
	if (rc == RC_NO_SPACE)
		return rc;
	if (rc == RC_MISSING && store_block_gone(r->store, block))
		rc = RC_DONE;            /* it was what made room */
	block_writer_abandon(w);
	r->broken = NULL;
	return rc;
}

/* Ends the pipeline after its writer; says whether all that is durable was published. */
static bool end_pipeline(struct recorder *r)
{
	uint64_t published = pipeline_published(r->pipeline);
	uint64_t stored = stored_packets(r) - r->begun;
	bool all = published == stored;

	r->next_frame += stored;     /* what was not published is indexed later, with its numbers */
	r->published_before += published;
	r->bytes_before += block_writer_bytes(r->writer);
	r->saw_offload |= pipeline_saw_offload(r->pipeline);
	pipeline_free(r->pipeline);
	r->pipeline = NULL;
	return all;
}

static enum rc end_writer(struct recorder *r, struct err *err)
{
	struct err why[3];
	enum rc rc[3];

	if (!r->writer)
		return r->broken ? mend(r, err) : RC_DONE;
	rc[0] = block_writer_seal(r->writer, &why[0]);
	if (rc[0] == RC_DONE) {
		push_stretch(r);
		rc[0] = pipeline_end_segment(r->pipeline, true, &why[0]);
	}
	rc[1] = pipeline_finish(r->pipeline, &why[1]);
	rc[2] = block_writer_sync_wait(r->writer, block_writer_ticket(r->writer), &why[2]);
	refuse_rest(r);
	r->broken_published = end_pipeline(r);

	int first = rc[0] != RC_DONE ? 0 : rc[1] != RC_DONE ? 1 : 2;
	if (rc[first] == RC_DONE) {
		block_writer_abandon(r->writer);
		r->writer = NULL;
		return RC_DONE;
	}
	r->broken = r->writer;
	r->writer = NULL;
	enum rc mended = mend(r, err);
	if (mended != RC_DONE && mended != RC_NO_SPACE)
		return mended;
	if (err)
		*err = why[first];
	return rc[first];
}

/* The disk is full: what is whole is kept, and packets are refused for a while. */
static enum rc on_full(struct recorder *r, struct err *err)
{
	enum rc rc = end_writer(r, err);

	if (rc != RC_NO_SPACE && rc != RC_DONE)
		return rc;
	recorder_set_full(r, true);
	if (r->options.when_full == RECORDER_STOP)
		return err_set(err, RC_NO_SPACE, r->options.store, "the disk is full: recording has ended");
	r->retry_at = recorder_make_room(r) ? 0 : recorder_monotonic() + RETRY_NS;
	return RC_DONE;
}

void recorder_refuse(struct recorder *r, const struct err *why)
{
	r->refusing = true;
	recorder_fail(r, why);
}

/* What went wrong with writer or pipeline: a full disk is lived with. */
static void survive(struct recorder *r, enum rc rc, struct err *err)
{
	if (rc == RC_NO_SPACE)
		rc = on_full(r, err);
	if (rc != RC_DONE)
		recorder_refuse(r, err);
}

void recorder_finish(struct recorder *r)
{
	struct err err;
	enum rc rc = end_writer(r, &err);

	if (rc == RC_NO_SPACE)
		store_use_reserve(r->store);
	/* a last try for what a full disk kept from being ended; what fails here is mended when the store is opened */
	if (rc == RC_NO_SPACE && r->broken)
		rc = end_writer(r, &err);
	/* the last packets had no room: they are counted, and the store is whole */
	if (rc == RC_NO_SPACE && !r->broken && r->options.when_full == RECORDER_ROTATE)
		rc = RC_DONE;
	if (rc != RC_DONE)
		recorder_fail(r, &err);
	block_writer_abandon(r->broken);
	r->broken = NULL;
}

/* ---- packets ---------------------------------------------------------------------------- */

static enum rc end_segment(struct recorder *r, struct err *err)
{
	uint64_t ticket;
	enum rc rc = block_writer_sync_begin(r->writer, &ticket, err);

	if (rc != RC_DONE)
		return rc;
	push_stretch(r);
	r->unsynced = false;
	return pipeline_end_segment(r->pipeline, false, err);
}

/* Into the block, then into the pipeline. *written: the writer has it. */
static enum rc put(struct recorder *r, size_t source, const struct live_frame *f, bool *written, struct err *err)
{
	struct recorder_source *s = &r->sources[source];
	struct block_packet b = {
		.point = s->point, .timestamp = f->timestamp, .caplen = f->caplen, .len = f->len, .data = f->data,
	};
	struct pipeline_packet k = {
		.frame = {
			.linktype = s->linktype, .verify = r->options.ingest.verify_checksums,
			.data = f->data, .caplen = f->caplen, .len = f->len,
		},
		.time_ns = f->time_ns, .point = s->point,
	};
	uint32_t block;
	bool new_block;
	b.caplen = pipeline_cut(&k, f->caplen, r->options.ingest.snaplen);
	enum rc rc = pipeline_segment_full(r->pipeline) ? end_segment(r, err) : RC_DONE;

	if (rc == RC_DONE)
		rc = block_writer_packet(r->writer, &b, &block, &k.offset, &k.record_len, &new_block, err);
	if (rc != RC_DONE)
		return rc;
	if (new_block) {
		push_stretch(r);         /* the block before was sealed, without this packet */
		for (size_t i = 0; i < r->n; i++)        /* each block says all */
			memset(&r->sources[i].in_block, 0, sizeof(r->sources[i].in_block));
		if (r->block != 0)
			rc = pipeline_end_segment(r->pipeline, true, err);
		pipeline_begin_block(r->pipeline, block, true);
		r->block = block;
	}
	*written = true;
	s->written.packets++;
	s->written.bytes += f->len;
	if (!r->unsynced) {
		r->unsynced = true;
		r->sync_at = recorder_monotonic() + r->options.sync_ns;
	}
	return rc == RC_DONE ? pipeline_packet(r->pipeline, &k, err) : rc;
}

/* A writer, where it is time to try again. */
static enum rc want_writer(struct recorder *r, struct err *err)
{
	enum rc rc = RC_DONE;

	if (r->writer || recorder_monotonic() < r->retry_at)
		return RC_DONE;
	if (r->broken)
		rc = mend(r, err);
	return rc == RC_DONE ? begin_writer(r, err) : rc;
}

void recorder_write(struct recorder *r, size_t source, const struct live_frame *f)
{
	bool written = false;
	struct err err;
	enum rc rc = r->refusing ? RC_DONE : want_writer(r, &err);

	if (rc == RC_DONE && r->writer && !r->refusing)
		rc = put(r, source, f, &written, &err);
	if (!written)
		r->sources[source].refused++;
	if (rc != RC_DONE)
		survive(r, rc, &err);
}

void recorder_sync(struct recorder *r)
{
	struct err err;

	if (!r->writer)
		return;
	enum rc rc = recorder_put_counts(r, &err);
	if (rc == RC_DONE)
		rc = recorder_put_events(r, &err);
	if (rc == RC_DONE)
		rc = end_segment(r, &err);
	if (rc != RC_DONE)
		survive(r, rc, &err);
}

void recorder_next_block(struct recorder *r)
{
	struct err err;

	if (!r->writer || r->block == 0)
		return;
	enum rc rc = block_writer_seal(r->writer, &err);
	if (rc == RC_DONE) {
		push_stretch(r);
		r->unsynced = false;
		r->block = 0;
		rc = pipeline_end_segment(r->pipeline, true, &err);
	}
	if (rc != RC_DONE)
		survive(r, rc, &err);
}
