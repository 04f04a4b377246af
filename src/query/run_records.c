/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows and microflows. Nearly all records lie whole in the segment that holds their first packet: they stream through
 * in the order of their parts. Those that go on in later segments are told by lists of continuations; they are few, and are
 * merged in a table before their first part comes by. How far to look ahead is exact: packets of a record lie in its
 * slice, so only segments whose times overlap the slices of this one can continue it.
 */
#include "query/query_priv.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A record merged from what later segments have of it. */
struct pending {
	struct record rec;
	bool in_scope;
	uint32_t next; /* in its bucket, or among the free ones */
};

struct records {
	struct source_run *sr;
	enum tier tier;
	int64_t slice_ns; /* length of its slices */
	struct pending **pending; /* each by itself */
	size_t n_pending, cap_pending;
	uint32_t free_pending, *buckets;
	size_t n_buckets, in_use;
	size_t ahead; /* segments below it are loaded */
	struct part_list parts;
	struct record *batch; /* microflows of a segment, to be put in order */
	size_t n_batch, cap_batch;
};

enum { NONE = UINT32_MAX };

/* ---- the table --------------------------------------------------------------------------------- */

static size_t bucket_of(const struct records *r, struct record_id id)
{
	return (size_t)hash_mix(record_id_number(id)) & (r->n_buckets - 1);
}

static enum rc grow_buckets(struct records *r, struct err *err)
{
	size_t n = r->n_buckets ? r->n_buckets * 2 : 256;
	uint32_t *old = r->buckets, *buckets = mem_alloc(n * sizeof(*buckets));
	size_t n_old = r->n_buckets;

	if (!buckets)
		return err_memory(err);
	memset(buckets, 0xff, n * sizeof(*buckets));
	r->buckets = buckets;
	r->n_buckets = n;
	for (size_t b = 0; b < n_old; b++)
		for (uint32_t i = old[b], next; i != NONE; i = next) {
			size_t to = bucket_of(r, r->pending[i]->rec.id);

			next = r->pending[i]->next;
			r->pending[i]->next = buckets[to];
			buckets[to] = i;
		}
	mem_free(old);
	return RC_DONE;
}

static enum rc new_pending(struct records *r, uint32_t *index, struct err *err)
{
	struct pending *p;

	if (r->free_pending != NONE) {
		*index = r->free_pending;
		r->free_pending = r->pending[*index]->next;
		return RC_DONE;
	}
	if (r->n_pending * sizeof(*p) > r->sr->run->memory_max)
		return err_set(err, RC_LIMIT, "merging",
			"more than %llu MB of records that go on over segments",
			(unsigned long long)(r->sr->run->memory_max / 1000000));
	p = mem_calloc(1, sizeof(*p));
	if (!p ||
		mem_grow(&r->pending, &r->cap_pending, r->n_pending + 1,
			sizeof(struct pending *)) != 0) {
		mem_free(p);
		return err_memory(err);
	}
	*index = (uint32_t)r->n_pending;
	r->pending[r->n_pending++] = p;
	return RC_DONE;
}

/* Merges a later part into what is kept under its id. Takes over what the part holds. */
static enum rc pending_add(
	struct records *r, struct record *part, bool in_scope, struct err *err)
{
	uint32_t index;
	size_t b;
	enum rc rc = RC_DONE;

	if (r->in_use >= r->n_buckets)
		rc = grow_buckets(r, err);
	if (rc != RC_DONE) {
		record_free(part);
		return rc;
	}
	b = bucket_of(r, part->id);
	for (index = r->buckets[b]; index != NONE; index = r->pending[index]->next)
		if (record_id_equal(r->pending[index]->rec.id, part->id)) {
			r->pending[index]->in_scope |= in_scope;
			rc = record_merge(&r->pending[index]->rec, part, err);
			record_free(part);
			return rc;
		}
	rc = new_pending(r, &index, err);
	if (rc != RC_DONE) {
		record_free(part);
		return rc;
	}
	*r->pending[index] = (struct pending){ *part, in_scope, r->buckets[b] };
	r->buckets[b] = index;
	r->in_use++;
	return RC_DONE;
}

/* Takes what is kept under an id out of the table; NULL where nothing is. Valid until the next pending_add(). */
static struct pending *pending_take(struct records *r, struct record_id id)
{
	if (!r->in_use)
		return NULL;
	for (uint32_t *at = &r->buckets[bucket_of(r, id)]; *at != NONE;
		at = &r->pending[*at]->next) {
		struct pending *p = r->pending[*at];
		uint32_t index = *at;

		if (!record_id_equal(p->rec.id, id))
			continue;
		*at = p->next;
		p->next = r->free_pending;
		r->free_pending = index;
		r->in_use--;
		return p;
	}
	return NULL;
}

/* ---- reading parts --------------------------------------------------------------------------------- */

/* Gives counters that were read the rest of a record. */
static void record_of_part(const struct records *r, const struct segment_flow *flow,
	struct record_id id, int64_t slice_ns, struct record *out)
{
	out->tier = r->tier;
	out->id = id;
	out->slice_ns = slice_ns;
	out->texts = r->sr->run->texts;
	out->key = flow->key;
	out->drops = out->gone = 0;
	out->has_drops = false;
	out->media = NULL;
	out->clients = NULL;
	out->rtt = out->response = NULL;
	record_key_known(out);
}

/* A flow part: its only microflow, or their merge. Whoever gets it frees it. */
static enum rc read_flow(struct records *r, struct segment_cursor *c,
	const struct segment_flow *flow, struct record *out, struct err *err)
{
	struct counters more;
	enum rc rc = segment_next_micro(c, NULL, NULL, &out->c, err);

	r->sr->run->explain->micro_parts += flow->micros;
	if (rc == RC_END)
		counters_init(&out->c);
	record_of_part(r, flow, flow->id, flow->slice_ns, out);
	if (rc == RC_DONE)
		rc = segment_join_media(c, &out->media, err);
	while (rc == RC_DONE && c->micros_left > 0) {
		rc = segment_next_micro(c, NULL, NULL, &more, err);
		if (rc == RC_DONE)
			counters_merge(&out->c, &more);
		if (rc == RC_DONE)
			rc = segment_join_media(c, &out->media, err);
	}
	if (rc == RC_END)
		rc = RC_DONE;
	if (rc != RC_DONE)
		record_free(out);
	return rc;
}

/* Whether rows of a flow part can match, and the query's times let them. Parts that go on are judged by either orientation. */
static bool part_may_match(const struct records *r, const struct segment_flow *flow,
	bool merged, enum verdict *verdict)
{
	const struct run *run = r->sr->run;
	struct flow_key turned;
	int64_t flow_ns = source_flow_ns(r->sr);

	*verdict = VERDICT_MAYBE;
	if (!run_overlaps(run, flow->slice_ns, time_add(flow->slice_ns, flow_ns - 1)))
		return false;
	*verdict = filter_verdict(run->q->filter, &flow->key);
	if (*verdict != VERDICT_NO || !merged)
		return *verdict != VERDICT_NO;
	/* another part may have client and server the other way round */
	turned = flow->key;
	turned.client = flow->key.server;
	turned.server = flow->key.client;
	turned.client_port = flow->key.server_port;
	turned.server_port = flow->key.client_port;
	return filter_verdict(run->q->filter, &turned) != VERDICT_NO;
}

/* The next part of the list (of all parts where there is none). */
static enum rc next_part(struct records *r, struct segment_cursor *c, bool all, size_t *i,
	struct segment_flow *out, struct err *err)
{
	enum rc rc = RC_DONE;

	if (!all) {
		if (*i >= r->parts.n)
			return RC_END;
		rc = segment_go(c, r->parts.v[(*i)++], err);
	}
	if (rc == RC_DONE)
		rc = segment_next_flow(c, out, err);
	if (rc == RC_DONE)
		r->sr->run->explain->flow_parts++;
	return rc;
}

/* ---- looking ahead ----------------------------------------------------------------------------------- */

static enum rc load_micros(struct records *r, struct segment_cursor *c,
	const struct segment_flow *flow, bool in_scope, struct err *err)
{
	const struct segment_info *info = segment_info(c->s);
	struct record part;
	struct record_id id;
	int64_t slice_ns;
	enum rc rc;

	while ((rc = segment_next_micro(c, &id, &slice_ns, &part.c, err)) == RC_DONE) {
		r->sr->run->explain->micro_parts++;
		if (!part_continues(info, id))
			continue;
		record_of_part(r, flow, id, slice_ns, &part);
		rc = segment_join_media(c, &part.media, err);
		if (rc == RC_DONE)
			rc = pending_add(r, &part, in_scope || scope_has_micro(&r->sr->scope, id), err);
		if (rc != RC_DONE)
			return rc;
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc load_part(struct records *r, struct segment_cursor *c,
	const struct segment_flow *flow, struct err *err)
{
	enum scope_answer scope = scope_of_part(r->sr, segment_info(c->s)->block, flow);
	enum verdict verdict;
	struct record part;
	enum rc rc;

	if (scope == SCOPE_NO || !part_may_match(r, flow, true, &verdict))
		return RC_DONE;
	if (r->tier == TIER_MICROFLOW)
		return load_micros(r, c, flow, scope == SCOPE_YES, err);
	rc = read_flow(r, c, flow, &part, err);
	return rc == RC_DONE ? pending_add(r, &part, scope == SCOPE_YES, err) : rc;
}

/* Puts the continuations of a segment into the table. */
static enum rc load_segment(
	struct records *r, const struct segment_place *place, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	struct segment *seg;
	size_t i = 0;
	enum rc rc = run_segment_open(r->sr, place, &seg, err);

	/* one that is gone is counted when its turn comes */
	if (rc == RC_MISSING && store_block_gone(r->sr->store, place->block))
		return RC_DONE;
	if (rc != RC_DONE)
		return rc;
	rc = scope_continuations(r->sr, seg, &r->parts, err);
	if (rc == RC_DONE)
		rc = segment_seek(&c, seg, 0, err);
	while (rc == RC_DONE && (rc = next_part(r, &c, false, &i, &flow, err)) == RC_DONE) {
		rc = load_part(r, &c, &flow, err);
		if (rc == RC_DONE)
			rc = run_check(r->sr->run, err);
	}
	run_segment_close(r->sr, seg);
	return rc == RC_END ? RC_DONE : store_judge(r->sr->store, place, rc, err);
}

/* Loads all segments that may continue a record of segment i. */
static enum rc look_ahead(struct records *r, size_t i, struct err *err)
{
	const struct segment_place *places = r->sr->segments;
	int64_t from = time_floor(places[i].first_ns, r->slice_ns);
	int64_t to = time_add(time_floor(places[i].last_ns, r->slice_ns), r->slice_ns);
	size_t horizon = r->sr->n_segments;
	enum rc rc = RC_DONE;

	/* its own ones too: they may have lost their beginnings */
	if (r->ahead < i)
		r->ahead = i;
	while (horizon > r->ahead &&
		(places[horizon - 1].first_ns >= to || places[horizon - 1].last_ns < from))
		horizon--;
	for (; r->ahead < horizon && rc == RC_DONE; r->ahead++)
		if (source_segment_wanted(r->sr, &places[r->ahead], r->slice_ns))
			rc = load_segment(r, &places[r->ahead], err);
	return rc;
}

/* ---- giving -------------------------------------------------------------------------------------------- */

static void row_of_record(const struct records *r, const struct record *rec, struct row *out)
{
	source_row(r->sr, r->tier, out);
	out->record = rec;
	if (rec->c.known & FIELD_BIT(FIELD_POINT))
		out->point = source_point(r->sr, rec->key.point);
}

/* The filter's own times are its business: only the query's count here. */
static bool matches(const struct records *r, const struct record *rec, enum verdict verdict)
{
	const struct query *q = r->sr->run->q;
	struct row row;

	if (rec->c.last_ns < q->from_ns ||
		(rec->c.first_ns >= q->to_ns && q->to_ns != INT64_MAX))
		return false;
	if (verdict == VERDICT_YES)
		return true;
	row_of_record(r, rec, &row);
	return filter_match(q->filter, &row);
}

static enum rc give(const struct records *r, const struct record *rec, struct err *err)
{
	struct row row;

	row_of_record(r, rec, &row);
	return output_row(r->sr->run->out, &row, NULL, err);
}

/*
 * Whether a record that goes on from an earlier segment has lost its beginning: then what is left of it comes where its first
 * remaining part does.
 */
static bool is_orphan(const struct records *r, struct record_id id)
{
	return !store_segment_at(r->sr->store, id.block, id.offset) || id_list_has(&r->sr->gone, id.block);
}

/* What the table has of it joins; false where there is nothing to give. */
static enum rc complete(struct records *r, struct record *rec, bool continues, bool *in_scope,
	enum verdict *verdict, bool *whole, struct err *err)
{
	struct pending *p;
	enum rc rc = RC_DONE;

	*whole = true;
	if (continues && !is_orphan(r, rec->id)) {
		*whole = false;
		return RC_DONE;
	}
	p = pending_take(r, rec->id);
	if (!p) {
		/* an orphan's later parts were merged with its first one, and given */
		*whole = !continues;
		return RC_DONE;
	}
	*verdict = VERDICT_MAYBE;
	*in_scope |= p->in_scope;
	if (continues) {
		record_free(rec);
		*rec = p->rec;
		p->rec.media = NULL;
		return RC_DONE;
	}
	rc = record_merge(rec, &p->rec, err);
	record_free(&p->rec);
	return rc;
}

static enum rc stream_flow(struct records *r, struct segment_cursor *c,
	const struct segment_flow *flow, enum scope_answer scope, enum verdict verdict,
	struct err *err)
{
	bool in_scope = scope == SCOPE_YES, whole = false;
	struct record rec;
	enum rc rc = read_flow(r, c, flow, &rec, err);

	if (rc != RC_DONE)
		return rc;
	rc = complete(r, &rec, part_continues(segment_info(c->s), flow->id), &in_scope, &verdict, &whole, err);
	if (rc == RC_DONE && whole && in_scope && matches(r, &rec, verdict))
		rc = give(r, &rec, err);
	record_free(&rec);
	return rc;
}

/* The microflows of a flow part that begin in this segment and match; put in order before they are given. */
static enum rc stream_micros(struct records *r, struct segment_cursor *c,
	const struct segment_flow *flow, enum scope_answer scope, enum verdict of_key,
	struct err *err)
{
	const struct segment_info *info = segment_info(c->s);
	enum rc rc;

	for (;;) {
		bool in_scope = scope == SCOPE_YES, whole = false;
		enum verdict verdict = of_key;
		struct record_id id;
		struct record *rec;
		int64_t slice_ns;

		if (mem_grow(&r->batch, &r->cap_batch, r->n_batch + 1, sizeof(*r->batch)) != 0)
			return err_memory(err);
		rec = &r->batch[r->n_batch];
		rc = segment_next_micro(c, &id, &slice_ns, &rec->c, err);
		if (rc != RC_DONE)
			return rc == RC_END ? RC_DONE : rc;
		r->sr->run->explain->micro_parts++;
		record_of_part(r, flow, id, slice_ns, rec);
		in_scope = in_scope || scope_has_micro(&r->sr->scope, id);
		rc = segment_join_media(c, &rec->media, err);
		if (rc == RC_DONE)
			rc = complete(r, rec, part_continues(info, id), &in_scope, &verdict, &whole, err);
		if (rc == RC_DONE && whole && in_scope && matches(r, rec, verdict)) {
			r->n_batch++;
			continue;
		}
		record_free(rec);
		if (rc != RC_DONE)
			return rc;
	}
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = record_id_number(((const struct record *)a)->id);
	uint64_t y = record_id_number(((const struct record *)b)->id);

	return (x > y) - (x < y);
}

static void free_batch(struct records *r)
{
	for (size_t i = 0; i < r->n_batch; i++)
		record_free(&r->batch[i]);
	r->n_batch = 0;
}

static enum rc give_batch(struct records *r, struct err *err)
{
	enum rc rc = RC_DONE;

	if (r->n_batch > 1)
		qsort(r->batch, r->n_batch, sizeof(*r->batch), by_id);
	for (size_t i = 0; i < r->n_batch && rc == RC_DONE; i++)
		rc = give(r, &r->batch[i], err);
	free_batch(r);
	return rc;
}

static enum rc stream_part(struct records *r, struct segment_cursor *c,
	const struct segment_flow *flow, struct err *err)
{
	const struct segment_info *info = segment_info(c->s);
	enum scope_answer scope = scope_of_part(r->sr, info->block, flow);
	bool continues = part_continues(info, flow->id);
	enum verdict verdict;

	if (scope == SCOPE_NO)
		return RC_DONE;
	/* a part that goes on elsewhere may match only as a whole */
	if (!part_may_match(r, flow, r->in_use > 0 || continues, &verdict))
		return RC_DONE;
	if (r->tier == TIER_MICROFLOW)
		return stream_micros(r, c, flow, scope, verdict, err);
	return stream_flow(r, c, flow, scope, verdict, err);
}

static enum rc stream_segment(
	struct records *r, const struct segment_place *place, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	struct segment *seg;
	size_t i = 0;
	bool all;
	enum rc rc = run_segment_open(r->sr, place, &seg, err);

	if (rc != RC_DONE)
		return rc;
	rc = scope_candidates(r->sr, seg, &r->parts, &all, err);
	if (rc == RC_DONE)
		rc = segment_seek(&c, seg, 0, err);
	while (rc == RC_DONE && (rc = next_part(r, &c, all, &i, &flow, err)) == RC_DONE) {
		rc = stream_part(r, &c, &flow, err);
		if (rc == RC_DONE)
			rc = run_check(r->sr->run, err);
	}
	run_segment_close(r->sr, seg);
	if (rc != RC_END || r->sr->run->enough)
		return rc;
	return give_batch(r, err);
}

static void move_pending(void *ctx, struct texts *to)
{
	struct records *r = ctx;

	for (size_t b = 0; b < r->n_buckets; b++)
		for (uint32_t i = r->buckets[b]; i != NONE; i = r->pending[i]->next) {
			struct record *rec = &r->pending[i]->rec;

			counters_move_texts(&rec->c, rec->texts, to);
			if (rec->media)
				media_move_texts(rec->media, rec->texts, to);
			rec->texts = to;
		}
}

enum rc run_records(struct source_run *sr, struct err *err)
{
	struct records r = { .sr = sr, .tier = sr->run->q->tier, .free_pending = NONE };
	enum rc rc = RC_DONE;

	r.slice_ns = r.tier == TIER_FLOW ? source_flow_ns(sr) : source_micro_ns(sr);
	for (size_t i = 0; i < sr->n_segments && rc == RC_DONE; i++) {
		bool wanted = source_wants(sr, &sr->segments[i]);

		source_step(sr, &sr->segments[i], wanted);
		if (wanted)
			rc = look_ahead(&r, i, err);
		if (wanted && rc == RC_DONE)
			rc = run_forgive(sr, &sr->segments[i],
				stream_segment(&r, &sr->segments[i], err), err);
		if (rc == RC_DONE)
			rc = run_keep_texts(sr->run, move_pending, &r, err);
	}
	for (size_t i = 0; i < r.n_pending; i++) {
		record_free(&r.pending[i]->rec);
		mem_free(r.pending[i]);
	}
	free_batch(&r);
	mem_free(r.pending);
	mem_free(r.buckets);
	mem_free(r.batch);
	part_list_free(&r.parts);
	return rc;
}
