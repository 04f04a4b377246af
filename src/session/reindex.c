/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of an own store indexed again. Two ways:
 *
 *   ingest_reindex()   as they were: packets go through the trackers from the last place before the first missing block where
 *                      conversations begin anew (struct anew_place), or else from the first block; state is let go of at
 *                      every such place. Ids and sums are what they were
 *   ingest_left()      cheaply: what a writer has left that was killed, or whose index had no room, is indexed by itself, and the
 *                      place where it begins is remembered
 */
#include "base/mem.h"
#include "file/pcapng.h"
#include "session/feed.h"
#include "session/ingest.h"
#include "session/pipeline.h"

#include <stdio.h>
#include <string.h>

struct reindex {
	struct store *store;
	const struct ingest_options *options;
	struct ingest_progress *progress;
	struct pipeline *pipeline;       /* NULL: none has begun */
	struct block_info *blocks;       /* copies: what the store shows changes as segments are published */
	struct anew_place *anew;
	size_t n, n_anew;
	size_t end;                      /* behind the last block that is read */
	size_t at_anew;                  /* the next place */
	size_t from;                     /* the first block that is read; packets before skip_to are counted only */
	uint32_t skip_to;
	uint64_t frame;                  /* of the next packet */
	uint64_t packets, bytes;         /* of pipelines that have ended */
};

static enum rc copy_array(void *out, const void *from, size_t n, size_t size, struct err *err)
{
	void *v = mem_calloc(n + 1, size);

	if (!v)
		return err_memory(err);
	if (n > 0)
		memcpy(v, from, n * size);
	memcpy(out, &v, sizeof(v));
	return RC_DONE;
}

static enum rc reindex_init(struct reindex *x, struct store *store, const struct ingest_options *options,
	struct ingest_progress *progress, struct err *err)
{
	*x = (struct reindex){ .store = store, .options = options, .progress = progress };
	const struct block_info *b = store_blocks(store, &x->n);
	enum rc rc = copy_array(&x->blocks, b, x->n, sizeof(*b), err);

	const struct anew_place *a = store_anew(store, &x->n_anew);
	return rc == RC_DONE ? copy_array(&x->anew, a, x->n_anew, sizeof(*a), err) : rc;
}

static void reindex_free(struct reindex *x)
{
	pipeline_free(x->pipeline);
	mem_free(x->blocks);
	mem_free(x->anew);
}

/* ---- state ------------------------------------------------------------------------------ */

/* The number of a block's next segment: those before it were published. */
static enum rc next_segment(struct store *s, uint32_t block, uint32_t *out, struct err *err)
{
	struct segment_place *v = NULL;
	enum block_state state;
	size_t n = 0;
	enum rc rc = store_copy_segments(s, block, &v, &n, &state, err);

	*out = n > 0 ? v[n - 1].number + 1 : 0;
	mem_free(v);
	return rc;
}

static enum rc end_state(struct reindex *x, struct err *err)
{
	if (!x->pipeline)
		return RC_DONE;
	enum rc rc = pipeline_end_segment(x->pipeline, false, err);

	if (rc == RC_DONE)
		rc = pipeline_finish(x->pipeline, err);
	x->packets += pipeline_packets(x->pipeline);
	x->bytes += pipeline_bytes(x->pipeline);
	pipeline_free(x->pipeline);
	x->pipeline = NULL;
	return rc;
}

/* Fresh state, from here in the block on. */
static enum rc begin_state(struct reindex *x, const struct block_info *b, struct err *err)
{
	uint32_t segment = 0;
	enum rc rc = end_state(x, err);

	if (rc == RC_DONE)
		rc = next_segment(x->store, b->number, &segment, err);
	if (rc == RC_DONE)
		rc = pipeline_new(x->store, x->options, x->frame, &x->pipeline, err);
	if (rc == RC_DONE)
		pipeline_go_on(x->pipeline, b->number, segment, b->state != BLOCK_INDEXED);
	return rc;
}

/* Whether conversations begin anew before this packet. */
static bool is_anew(struct reindex *x, uint32_t block, uint32_t offset)
{
	bool anew = false;

	for (; x->at_anew < x->n_anew; x->at_anew++) {
		const struct anew_place *p = &x->anew[x->at_anew];

		if (p->block > block || (p->block == block && p->offset > offset))
			break;
		anew = true;
	}
	return anew;
}

/* ---- blocks ----------------------------------------------------------------------------- */

/* Before it nothing is taken. */
static bool is_skipped(const struct reindex *x, const struct block_info *b, const struct source_event *e)
{
	return b == &x->blocks[x->from] && e->offset < x->skip_to;
}

static enum rc ensure_state(struct reindex *x, const struct block_info *b, const struct source_event *e, struct err *err)
{
	return is_anew(x, b->number, (uint32_t)e->offset) || !x->pipeline ? begin_state(x, b, err) : RC_DONE;
}

static enum rc take_names(struct reindex *x, const struct block_info *b, const struct source_event *e, struct err *err)
{
	enum rc rc;

	if (e->block_type != PCAPNG_NRB || is_skipped(x, b, e))
		return RC_DONE;
	rc = ensure_state(x, b, e, err);
	if (rc == RC_DONE)
		feed_names(e, x->pipeline);
	return rc;
}

static enum rc take_packet(struct reindex *x, const struct feed *feed, const struct block_info *b,
	const struct source_event *e, struct err *err)
{
	struct pipeline_packet k;
	enum rc rc;

	if (is_skipped(x, b, e)) {
		x->frame++;
		return RC_DONE;
	}
	rc = ensure_state(x, b, e, err);
	if (rc == RC_DONE && pipeline_segment_full(x->pipeline))
		rc = pipeline_end_segment(x->pipeline, false, err);
	if (rc != RC_DONE)
		return rc;
	feed_packet(feed, e, &k);
	k.offset = (uint32_t)e->offset;
	k.record_len = e->record_len;
	x->frame++;
	return pipeline_packet(x->pipeline, &k, err);
}

/* The points of a block are numbered as its interfaces are: nothing is added. */
static enum rc take_events(struct reindex *x, struct feed *feed, const struct block_info *b, struct err *err)
{
	struct source_event e;
	enum rc rc;

	while ((rc = source_next(feed->source, &e, err)) == RC_DONE) {
		if (e.kind == SOURCE_INTERFACE)
			rc = feed_add_interface(feed, &e, e.interface, err);
		else if (e.kind == SOURCE_PACKET)
			rc = take_packet(x, feed, b, &e, err);
		else if (e.kind == SOURCE_BLOCK)
			rc = take_names(x, b, &e, err);
		if (rc != RC_DONE)
			break;
	}
	/* what came before the damage stays readable */
	return rc == RC_END || rc == RC_DAMAGED ? RC_DONE : rc;
}

static enum rc take_block(struct reindex *x, const struct block_info *b, struct err *err)
{
	struct feed feed = { .verify_checksums = x->options->verify_checksums };
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", store_path(x->store), b->file);
	enum rc rc = source_open_file(path, NULL, &feed.source, err);
	if (rc != RC_DONE)
		return rc;
	if (x->pipeline)
		pipeline_go_on(x->pipeline, b->number, 0, b->state != BLOCK_INDEXED);
	rc = take_events(x, &feed, b, err);
	if (rc == RC_DONE && !x->pipeline)
		rc = begin_state(x, b, err);
	if (rc == RC_DONE)
		rc = pipeline_end_segment(x->pipeline, true, err);
	feed_free(&feed);
	return rc;
}

/* From the first block on that is to be read, to the last one below `end` that has no index. */
static enum rc take_blocks(struct reindex *x, struct err *err)
{
	enum rc rc = RC_DONE;

	while (x->end > x->from && x->blocks[x->end - 1].state != BLOCK_SEALED)
		x->end--;
	atomic_store(&x->progress->size, (uint64_t)(x->end - x->from));
	for (size_t i = x->from; i < x->end && rc == RC_DONE; i++) {
		const struct block_info *b = &x->blocks[i];
		uint64_t frame = b->state == BLOCK_EVICTED ? 0 : store_block_frame(x->store, b->number);

		if (b->state == BLOCK_EVICTED)
			continue;
		/* numbers of blocks that are gone are not used again */
		if (frame > x->frame && !x->pipeline)
			x->frame = frame;
		rc = take_block(x, b, err);
		atomic_store_explicit(&x->progress->packets, x->packets +
			(x->pipeline ? pipeline_packets(x->pipeline) : 0), memory_order_relaxed);
		atomic_store_explicit(&x->progress->position, (uint64_t)(i + 1 - x->from), memory_order_relaxed);
		if (rc == RC_DONE && atomic_load_explicit(&x->progress->cancel, memory_order_relaxed))
			rc = err_set(err, RC_CANCELLED, store_path(x->store), "indexing was stopped");
	}
	return rc == RC_DONE ? end_state(x, err) : rc;
}

/* ---- as they were ----------------------------------------------------------------------- */

/* An ingest that failed or was killed leaves blocks with some of their segments: those are made again with the others. */
static enum rc drop_parts(struct store *store, struct err *err)
{
	enum rc rc = store_refresh(store, err);
	size_t n, i;

	while (rc == RC_DONE) {
		const struct segment_place *g = store_segments(store, &n);
		const struct block_info *b = NULL;
		for (i = 0; i < n; i++) {
			b = store_block(store, g[i].block);
			if (b && b->state == BLOCK_SEALED)
				break;
		}
		if (i == n)
			break;
		rc = store_drop_index(store, b->number, err);
		if (rc == RC_DONE)
			rc = store_refresh(store, err);
	}
	return rc;
}

static size_t first_missing(const struct reindex *x)
{
	size_t i = 0;

	while (i < x->n && x->blocks[i].state != BLOCK_SEALED)
		i++;
	return i;
}

static size_t index_of(const struct reindex *x, uint32_t block)
{
	size_t i = 0;

	while (i < x->n && x->blocks[i].number < block)
		i++;
	return i;
}

/* The frame number of the first packet of block `i`, as far as those before it tell. */
static uint64_t frame_of(const struct reindex *x, size_t i)
{
	if (x->blocks[i].packets > 0)
		return x->blocks[i].first_frame;
	while (i-- > 0)
		if (x->blocks[i].packets > 0)
			return x->blocks[i].first_frame + x->blocks[i].packets;
	return 1;
}

/* Where to begin, so that state is what it was at the first missing block. */
static void find_beginning(struct reindex *x, size_t missing)
{
	uint32_t block = x->blocks[missing].number;
	size_t left = 0;

	while (x->blocks[left].state == BLOCK_EVICTED)
		left++;
	while (x->at_anew < x->n_anew && (x->anew[x->at_anew].block < block ||
			(x->anew[x->at_anew].block == block && x->anew[x->at_anew].offset == 0)))
		x->at_anew++;
	x->from = left;
	if (x->at_anew > 0) {
		const struct anew_place *p = &x->anew[--x->at_anew];
		size_t at = index_of(x, p->block);

		if (at > left || (at == left && x->blocks[at].number == p->block)) {
			x->from = at;
			x->skip_to = x->blocks[at].number == p->block ? p->offset : 0;
		}
	}
	while (x->blocks[x->from].state == BLOCK_EVICTED)
		x->from++;
	x->frame = frame_of(x, x->from);
}

enum rc ingest_reindex(struct store *store, const struct ingest_options *options,
	struct ingest_progress *progress, struct ingest_result *out, struct err *err)
{
	struct reindex x = { .store = NULL };
	enum rc rc = drop_parts(store, err);

	memset(out, 0, sizeof(*out));
	if (rc == RC_DONE)
		rc = store_set_rebuilding(store, true, err);
	struct store_totals totals = *store_totals(store);
	if (rc == RC_DONE)
		rc = reindex_init(&x, store, options, progress, err);
	if (rc == RC_DONE && first_missing(&x) < x.n) {
		find_beginning(&x, first_missing(&x));
		x.end = x.n;
		rc = take_blocks(&x, err);
	}
	totals.complete = true;
	if (rc == RC_DONE)
		rc = store_set_totals(store, &totals, err);
	if (rc == RC_DONE)
		rc = store_set_rebuilding(store, false, err);
	if (rc == RC_DONE)
		rc = store_merge_windows(store, err);
	out->packets = x.packets;
	out->bytes = x.bytes;
	reindex_free(&x);
	atomic_store(&progress->done, true);
	return rc;
}

/* ---- by itself -------------------------------------------------------------------------- */

/* Whether conversations begin anew with block `i`. */
static bool begins_anew(const struct reindex *x, size_t i)
{
	for (size_t k = 0; k < x->n_anew; k++)
		if (x->anew[k].block == x->blocks[i].number && x->anew[k].offset == 0)
			return true;
	return false;
}

/*
 * Whether what has no index from block `missing` on is what a writer has left that was killed, or whose index had no room: blocks
 * before it have one, and it ends with the store, or where another writer began; x->end tells. Else somebody took (a part of) the index
 * away.
 */
static bool is_left(struct reindex *x, size_t missing, const struct segment_place *last)
{
	bool before = last != NULL;

	for (x->end = missing + 1; x->end < x->n && !begins_anew(x, x->end); x->end++)
		if (x->blocks[x->end].state != BLOCK_SEALED || x->blocks[x->end].packets > 0)
			return false;
	for (size_t i = 0; i < missing; i++)
		before |= x->blocks[i].state == BLOCK_INDEXED;
	return before && !store_is_rebuilding(x->store);
}

static const struct segment_place *last_segment(const struct store *s, uint32_t block)
{
	size_t n;
	const struct segment_place *v = store_segments(s, &n);

	while (n > 0 && v[n - 1].block > block)
		n--;
	return n > 0 && v[n - 1].block == block ? &v[n - 1] : NULL;
}

static enum rc take_left(struct reindex *x, size_t missing, const struct segment_place *last, struct err *err)
{
	struct anew_place place = { x->blocks[missing].number, last ? last->end_offset : 0 };

	x->from = missing;
	x->skip_to = place.offset;
	x->frame = frame_of(x, missing);
	x->at_anew = x->n_anew;          /* the only place is this one */
	enum rc rc = store_add_anew(x->store, place, err);
	return rc == RC_DONE ? take_blocks(x, err) : rc;
}

enum rc ingest_left(struct store *store, const struct ingest_options *options, struct ingest_progress *progress,
	struct err *err)
{
	struct ingest_result result;
	struct reindex x;
	enum rc rc = reindex_init(&x, store, options, progress, err);
	size_t missing;

	while (rc == RC_DONE && (missing = first_missing(&x)) < x.n) {
		const struct segment_place *last = last_segment(store, x.blocks[missing].number);

		if (!is_left(&x, missing, last)) {
			rc = ingest_reindex(store, options, progress, &result, err);
			x.end = x.n;
		} else {
			rc = take_left(&x, missing, last, err);
		}
		while (missing < x.end)
			x.blocks[missing++].state = BLOCK_INDEXED;
		if (rc == RC_DONE)
			rc = store_refresh(store, err);
	}
	reindex_free(&x);
	atomic_store(&progress->done, false);
	return rc;
}
