/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/pipeline_parts.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "query/filter.h"
#include "store/block.h"

#include <string.h>

enum { SOON = 3 };       /* packets */

/* ---- making -------------------------------------------------------------------------- */

static bool is_wanted(void *ctx, const struct packet *p)
{
	return filter_match_conversation(ctx, p);
}

static enum rc make_parts(struct pipeline *p, struct err *err)
{
	struct tracker_config config = {
		.micro_ns = p->config->micro_ns, .flow_ns = p->config->flow_ns,
		.attributes = p->config->attributes, .fingerprints = p->config->fingerprints, .sets = p->sets,
	};
	enum rc rc = filter_compile_conversations(p->config->attributes_for, &p->wanted, err);

	if (p->wanted) {
		config.wanted = is_wanted;
		config.ctx = p->wanted;
	}
	if (rc == RC_DONE)
		rc = fragment_table_new(&p->fragments, err);
	if (rc == RC_DONE && (p->config->attributes & ATTRIBUTE_VOIP))
		rc = media_table_new(&p->media, err);
	if (rc == RC_DONE)
		rc = sealer_new(&p->sealer, err);
	if (rc == RC_DONE)
		rc = observations_new(TRACKER_OBSERVATIONS, &p->pending, err);
	for (unsigned i = 0; i < p->sets && rc == RC_DONE; i++)
		rc = observations_new(TRACKER_OBSERVATIONS, &p->jobs[i].names, err);
	for (unsigned i = 0; i < TIER_SHARDS && rc == RC_DONE; i++)
		rc = tracker_new(&config, &p->lanes[i].tracker, err);
	if (rc != RC_DONE)
		return rc;
	p->ring = mem_aligned(_Alignof(struct batch), RING * sizeof(*p->ring));
	p->seen = mem_calloc(1, (1u << ESTIMATE_BITS) / 8);
	if (p->ring)
		memset(p->ring, 0, RING * sizeof(*p->ring));
	return p->ring && p->seen ? RC_DONE : err_memory(err);
}

enum rc pipeline_new(struct store *store, const struct ingest_options *options, uint64_t first_frame,
	struct pipeline **out, struct err *err)
{
	struct pipeline *p = mem_aligned(_Alignof(struct pipeline), sizeof(*p));

	if (!p)
		return err_memory(err);
	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->error_lock, NULL);
	waiting_init(&p->for_work);
	waiting_init(&p->for_room);
	p->store = store;
	p->config = store_config(store);
	p->options = *options;
	if (p->options.segment_packets == 0)
		p->options.segment_packets = SEGMENT_PACKETS;
	if (p->options.segment_conversations == 0)
		p->options.segment_conversations = SEGMENT_CONVERSATIONS;
	p->next_frame = first_frame;
	p->hold = (p->config->attributes & (ATTRIBUTE_APP | ATTRIBUTE_VOIP)) != 0 ||
		p->config->fingerprints != FINGERPRINTS_OFF;
	/* analyses make a set large; without them there is room for one more */
	p->sets = p->config->attributes == 0 && p->config->fingerprints == FINGERPRINTS_OFF ? TRACKER_SETS : 2;

	enum rc rc = make_parts(p, err);
	if (rc == RC_DONE)
		rc = pipeline_start(p, err);
	if (rc != RC_DONE) {
		pipeline_free(p);
		return rc;
	}
	*out = p;
	return RC_DONE;
}

void pipeline_follow(struct pipeline *p, struct block_writer *writer)
{
	p->writer = writer;
}

void pipeline_on_full(struct pipeline *p, bool (*wait)(void *ctx), void *ctx)
{
	p->full = wait;
	p->full_ctx = ctx;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pipeline_stop(p);
	for (unsigned i = 0; p->ring && i < RING; i++)
		pipeline_let_go(&p->ring[i]);
	window_release(p->copies);
	window_pool_close(p->pool);
	for (unsigned i = 0; i < TIER_SHARDS; i++)
		tracker_free(p->lanes[i].tracker);
	sealer_free(p->sealer);
	fragment_table_free(p->fragments);
	media_table_free(p->media);
	filter_free(p->wanted);
	for (unsigned i = 0; i < TRACKER_SETS; i++) {
		mem_free(p->jobs[i].packets);
		mem_free(p->jobs[i].checks);
		mem_free(p->jobs[i].points);
		observations_free(p->jobs[i].names);
	}
	observations_free(p->pending);
	mem_free(p->ring);
	mem_free(p->seen);
	mem_free(p->addrs);
	waiting_destroy(&p->for_work);
	waiting_destroy(&p->for_room);
	pthread_mutex_destroy(&p->error_lock);
	mem_free(p);
}

/* ---- segments ------------------------------------------------------------------------- */

void pipeline_begin_block(struct pipeline *p, uint32_t block, bool publish)
{
	p->block = block;
	p->segment = 0;
	p->publish = publish;
	p->block_waits = false;
}

void pipeline_go_on(struct pipeline *p, uint32_t block, uint32_t segment, bool publish)
{
	pipeline_begin_block(p, block, publish);
	p->segment = segment;
	p->block_waits = true;       /* the end of the block is to be told even if nothing follows */
	/* the sealer's, but there is nothing in the pipeline yet */
	if (segment > 0)
		p->no_filter = true;
}

/* A segment that begins at this offset of the block. */
static enum rc begin_segment(struct pipeline *p, uint32_t offset, int64_t time_ns, struct err *err)
{
	struct segment_job *job = pipeline_take_job(p);

	if (!job)
		return pipeline_check(p, err);
	job->n_packets = 0;
	job->n_points = 0;
	observations_clear(job->names);
	job->publish = p->publish;
	job->block_done = false;
	job->in.start = (struct segment_start){
		.block = p->block, .number = p->segment, .first_offset = offset,
		.first_frame = p->next_frame, .micro_ns = p->config->micro_ns,
		.flow_ns = p->config->flow_ns, .macro_ns = p->config->macro_ns,
		.fingerprints = p->config->fingerprints,
	};
	job->place = (struct segment_place){
		.block = p->block, .number = p->segment, .first_offset = offset,
		.end_offset = offset, .first_frame = p->next_frame,
		.first_ns = time_ns, .last_ns = time_ns,
	};
	p->segment++;
	p->job = job;
	memset(p->seen, 0, (1u << ESTIMATE_BITS) / 8);
	p->conversations = 0;
	return RC_DONE;
}

/* ---- names ---------------------------------------------------------------------------- */

static void name_at(struct observations *to, const struct observation *o, int64_t time_ns)
{
	struct observation timed = *o;

	timed.first_ns = timed.last_ns = time_ns;
	observations_add(to, &timed);
}

void pipeline_name(struct pipeline *p, const struct observation *o)
{
	if (p->job && p->job->n_packets > 0)
		name_at(p->job->names, o, p->last_ns);
	else
		name_at(p->pending, o, 0);
}

/* The segment's first packet is there: names that waited for it have its time. */
static void take_pending(struct pipeline *p, int64_t time_ns)
{
	const struct observation *v = observations_sorted(p->pending);
	size_t n = observations_count(p->pending);

	for (size_t i = 0; i < n; i++)
		name_at(p->job->names, &v[i], time_ns);
	if (n > 0)
		observations_clear(p->pending);
}

/* ---- the ends of segments --------------------------------------------------------------- */

bool pipeline_segment_full(const struct pipeline *p)
{
	return p->job && (p->job->n_packets >= p->options.segment_packets ||
		p->conversations >= p->options.segment_conversations);
}

static enum rc ensure_batch(struct pipeline *p, struct err *err)
{
	if (p->batch)
		return RC_DONE;
	p->batch = pipeline_take_batch(p);
	if (!p->batch)
		return pipeline_check(p, err);
	p->batch->block = p->block;
	p->batch->first_ordinal = (uint32_t)p->job->n_packets;
	p->batch->n = 0;
	p->batch->bytes = 0;
	p->batch->ends = NULL;
	return RC_DONE;
}

enum rc pipeline_end_segment(struct pipeline *p, bool block_done, struct err *err)
{
	enum rc rc = pipeline_check(p, err);

	if (rc != RC_DONE || (!p->job && !(block_done && p->block_waits)))
		return rc;
	if (!p->job)
		rc = begin_segment(p, 0, 0, err);
	if (rc == RC_DONE)
		rc = ensure_batch(p, err);
	if (rc != RC_DONE)
		return rc;
	p->job->block_done = block_done;
	p->job->ticket = p->writer ? block_writer_ticket(p->writer) : 0;
	p->block_waits = !block_done;
	p->job->place.packets = (uint32_t)p->job->n_packets;
	p->batch->ends = p->job;
	p->job = NULL;
	pipeline_send_batch(p);
	return pipeline_check(p, err);
}

enum rc pipeline_finish(struct pipeline *p, struct err *err)
{
	pipeline_wait_sealed(p);
	return pipeline_check(p, err);
}

/* ---- packets -------------------------------------------------------------------------- */

/* Where (conversation, slice) pairs that were seen in this segment have their bit: asked for now, looked at a little later. */
static uint64_t estimate_place(struct pipeline *p, const struct packet *k, uint64_t pair_hash)
{
	uint64_t into = (uint64_t)k->time_ns - (uint64_t)p->micro_slice;

	if (into >= (uint64_t)p->config->micro_ns)
		p->micro_slice = time_floor(k->time_ns, p->config->micro_ns);
	uint64_t ports = (uint64_t)(k->src_port ^ k->dst_port) << 20 ^ k->proto;
	uint64_t at = hash_mix(pair_hash ^ ports ^ (uint64_t)p->micro_slice) >> (64 - ESTIMATE_BITS);

	__builtin_prefetch(&p->seen[at >> 6], 1);
	return at;
}

/* Counts those that were not, about: what bounds a flood's memory. */
static void estimate(struct pipeline *p, uint64_t at)
{
	uint64_t bit = (uint64_t)1 << (at & 63);

	p->conversations += (p->seen[at >> 6] & bit) == 0;
	p->seen[at >> 6] |= bit;
}

static enum rc count_point(struct segment_job *job, const struct packet *k, struct err *err)
{
	if (k->point >= job->n_points) {
		if (mem_grow(&job->points, &job->cap_points, k->point + 1u, sizeof(*job->points)) != 0)
			return err_memory(err);
		memset(&job->points[job->n_points], 0,
			(k->point + 1u - job->n_points) * sizeof(*job->points));
		job->n_points = k->point + 1u;
	}
	struct point_info *point = &job->points[k->point];
	if (point->packets == 0) {
		point->number = k->point;
		point->bytes = 0;
		point->first_ns = point->last_ns = k->time_ns;
	}
	point->packets++;
	point->bytes += k->len;
	if (k->time_ns < point->first_ns)
		point->first_ns = k->time_ns;
	if (k->time_ns > point->last_ns)
		point->last_ns = k->time_ns;
	return RC_DONE;
}

static enum rc count_segment(struct pipeline *p, const struct packet *k, uint64_t digest, struct err *err)
{
	struct segment_job *job = p->job;
	struct segment_place *place = &job->place;

	if (mem_grow(&job->packets, &job->cap_packets, job->n_packets + 1, sizeof(*job->packets)) != 0 ||
		mem_grow(&job->checks, &job->cap_checks, job->n_packets + 1, sizeof(*job->checks)) != 0)
		return err_memory(err);
	job->checks[job->n_packets] = packet_check(digest);
	place->digest += digest;
	job->packets[job->n_packets++] = (struct segment_packet){
		.skip = k->offset - place->end_offset, .record_len = k->record_len, .time_ns = k->time_ns,
	};
	place->end_offset = k->offset + k->record_len;
	if (k->time_ns < place->first_ns)
		place->first_ns = k->time_ns;
	if (k->time_ns > place->last_ns)
		place->last_ns = k->time_ns;
	place->bytes += k->len;
	place->captured_bytes += k->caplen;
	place->time_unknown += (k->flags & PACKET_TIME_UNKNOWN) != 0;
	place->time_saturated += (k->flags & PACKET_TIME_SATURATED) != 0;
	place->cut_packets += k->caplen < k->len;
	place->undecoded += (k->flags & PACKET_UNDECODED) != 0;
	return count_point(job, k, err);
}

uint32_t pipeline_cut(struct pipeline_packet *k, uint32_t caplen, uint32_t snaplen)
{
	if (snaplen == 0 || caplen <= snaplen)
		return caplen;
	k->whole = k->frame.caplen;
	if (k->frame.caplen > snaplen)
		k->frame.caplen = snaplen;
	return snaplen;
}

/*
 * Where a packet will be written soon: another processor read there when the batch went round before, and has to give the lines of
 * the cache up first.
 */
static void expect_place(const struct batch *b)
{
	if (b->n + SOON >= BATCH_PACKETS)
		return;
	const char *p = (const char *)&b->packets[b->n + SOON];

	for (size_t line = 0; line < sizeof(struct packet); line += 64)
		__builtin_prefetch(p + line, 1);
}

static enum rc take_packet(struct pipeline *p, const struct pipeline_packet *in, struct err *err)
{
	enum rc rc = RC_DONE;

	if (!p->job)
		rc = begin_segment(p, in->offset, in->time_ns, err);
	if (rc == RC_DONE)
		rc = ensure_batch(p, err);
	if (rc != RC_DONE)
		return rc;
	if (p->job->n_packets == 0)
		take_pending(p, in->time_ns);
	p->last_ns = in->time_ns;

	struct batch *b = p->batch;
	struct packet *k = &b->packets[b->n];

	expect_place(b);
	k->time_ns = in->time_ns;
	k->offset = in->offset;
	k->record_len = in->record_len;
	k->point = in->point;
	k->flags = (in->time_unknown ? PACKET_TIME_UNKNOWN : 0u) |
		(in->time_saturated ? PACKET_TIME_SATURATED : 0u);
	b->data[b->n] = (struct tracker_frame){ .whole = in->whole };
	if (p->hold)
		rc = pipeline_hold(p, b, in, err);
	if (rc != RC_DONE)
		return rc;
	decode_packet(&in->frame, k);
	if (k->flags & PACKET_FRAGMENT)
		fragment_table_see(p->fragments, k);
	if (p->media)
		b->data[b->n].announced = media_table_packet(p->media, k, in->frame.data);
	b->hash[b->n] = tracker_pair_hash(k);
	uint64_t seen_at = estimate_place(p, k, b->hash[b->n]);
	rc = count_segment(p, k, packet_digest(in->frame.data, in->frame.caplen, in->frame.len, in->point,
		in->time_ns), err);
	estimate(p, seen_at);
	if (rc != RC_DONE)
		return rc;
	p->saw_offload |= (k->flags & PACKET_CHECKSUM_OFFLOAD) != 0;
	p->next_frame++;
	p->packets++;
	p->bytes += k->len;
	if (++b->n == BATCH_PACKETS || b->bytes >= BATCH_BYTES) {
		pipeline_send_batch(p);
		return pipeline_check(p, err);
	}
	return RC_DONE;
}

enum rc pipeline_packet(struct pipeline *p, const struct pipeline_packet *in, struct err *err)
{
	struct err why;
	enum rc rc = take_packet(p, in, &why);

	if (rc == RC_DONE)
		return rc;
	/* the block has it: without it nothing behind it may be published, nor the block be called indexed */
	pipeline_fail(p, &why);
	if (err)
		*err = why;
	return rc;
}

uint64_t pipeline_packets(const struct pipeline *p)
{
	return p->packets;
}

uint64_t pipeline_bytes(const struct pipeline *p)
{
	return p->bytes;
}

uint64_t pipeline_published(const struct pipeline *p)
{
	return atomic_load(&p->published);
}

bool pipeline_saw_offload(const struct pipeline *p)
{
	return p->saw_offload;
}
