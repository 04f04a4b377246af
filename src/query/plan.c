/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/query_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/trace.h"
#include "store/filters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void query_init(struct query *q, enum tier tier)
{
	memset(q, 0, sizeof(*q));
	q->tier = tier;
	q->from_ns = INT64_MIN;
	q->to_ns = INT64_MAX;
}

/* ---- what can be asked --------------------------------------------------------------------- */

static enum rc check_in(const struct query *q, const struct id *in, struct err *err)
{
	bool records = in->tier <= TIER_MACROFLOW;
	bool flows =
		q->tier == TIER_FLOW || q->tier == TIER_MICROFLOW || q->tier == TIER_PACKET;

	if ((records && q->tier <= in->tier) || (in->tier == TIER_BLOCK && flows) ||
		(in->tier == TIER_POINT && (flows || q->tier == TIER_MACROFLOW)))
		return RC_DONE;
	return err_set(err, RC_USAGE, "in", "%s do not lie in a %s", tier_plural(q->tier),
		tier_singular(in->tier));
}

static enum rc check_source(
	const struct query_sources *sources, const struct id *id, struct err *err)
{
	char text[ID_TEXT];

	if (id->source <= sources->n)
		return RC_DONE;
	id_format(text, sizeof(text), id);
	return err_set(err, RC_MISSING, text, "there is no source %u", id->source);
}

enum rc run_check_ids(
	const struct query_sources *sources, const struct query *q, struct err *err)
{
	enum rc rc = RC_DONE;

	if (q->n_in && q->n_ids)
		return err_set(err, RC_USAGE, "in",
			"ids are asked for by themselves, or what lies below them: not both");
	for (size_t i = 0; i < q->n_in && rc == RC_DONE; i++) {
		rc = check_in(q, &q->in[i], err);
		if (rc == RC_DONE)
			rc = check_source(sources, &q->in[i], err);
	}
	for (size_t i = 0; i < q->n_ids && rc == RC_DONE; i++) {
		if (q->ids[i].tier != q->tier)
			return err_set(err, RC_USAGE, tier_plural(q->tier),
				"a %s is asked for by its id", tier_singular(q->ids[i].tier));
		rc = check_source(sources, &q->ids[i], err);
	}
	return rc;
}

static enum rc check_sort(const struct query *q, struct err *err)
{
	for (size_t i = 0; i < q->n_sort; i++)
		if (!(q->sort[i].field->tiers & FIELD_ON(q->tier)))
			return err_set(err, RC_USAGE, q->sort[i].field->name, "no field of %s",
				tier_plural(q->tier));
	return RC_DONE;
}

/* ---- services for the runners ----------------------------------------------------------------- */

enum rc run_check(struct run *run, struct err *err)
{
	if ((run->steps++ & 63) == 0 && run->control && run->control->cancel)
		return err_set(err, RC_CANCELLED, "query", "cancelled");
	return RC_DONE;
}

int64_t source_flow_ns(const struct source_run *sr)
{
	return store_config(sr->store)->flow_ns;
}

int64_t source_micro_ns(const struct source_run *sr)
{
	return store_config(sr->store)->micro_ns;
}

const struct point_info *source_point(const struct source_run *sr, uint32_t number)
{
	return number < sr->n_points ? &sr->points[number] : NULL;
}

void source_row(const struct source_run *sr, enum tier tier, struct row *out)
{
	*out = (struct row){ .tier = tier,
		.source = sr->run->sources->n > 1 ? sr->index + 1 : 0,
		.capture_end_ns = store_totals(sr->store)->last_ns,
		.flow_slice_ns = source_flow_ns(sr),
		.limits = sr->run->sources->limits,
		.names = sr->run->sources->names };
}

bool run_overlaps(const struct run *run, int64_t first_ns, int64_t last_ns)
{
	return last_ns >= run->from_ns && (first_ns < run->to_ns || run->to_ns == INT64_MAX);
}

/* Whether the block may have one of these networks: only whole addresses can be looked up. */
static bool block_may_have(
	const struct filters *filters, uint32_t block, const struct addr_net *nets, size_t n)
{
	if (!filters || n == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (nets[i].bits < addr_len(&nets[i].addr) * 8 ||
			filters_may_have(filters, block, &nets[i].addr))
			return true;
	return false;
}

static bool has_whole_address(const struct addr_net *nets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (nets[i].bits == addr_len(&nets[i].addr) * 8)
			return true;
	return false;
}

enum rc source_load_filters(struct source_run *sr, struct err *err)
{
	const struct query *q = sr->run->q;
	size_t n, n_too;
	const struct addr_net *nets = filter_nets(q->filter, &n);
	const struct addr_net *too = filter_nets_too(q->filter, &n_too);
	uint64_t bytes;
	enum rc rc;

	if (q->tier > TIER_FLOW || (!has_whole_address(nets, n) && !has_whole_address(too, n_too)))
		return RC_DONE;
	rc = store_load_filters(sr->store, &bytes, err);
	if (rc == RC_DONE)
		sr->run->explain->filter_bytes += bytes;
	return rc;
}

static bool block_may_match(const struct source_run *sr, uint32_t block)
{
	const struct filters *filters = store_filters(sr->store);
	size_t n, n_too;
	const struct addr_net *nets = filter_nets(sr->run->q->filter, &n);
	const struct addr_net *too = filter_nets_too(sr->run->q->filter, &n_too);

	return block_may_have(filters, block, nets, n) &&
		block_may_have(filters, block, too, n_too);
}

bool source_segment_wanted(
	const struct source_run *sr, const struct segment_place *place, int64_t slice_ns)
{
	int64_t first = place->first_ns, last = place->last_ns;

	if (place->packets == 0)
		return false;
	if (last < sr->scope.from_ns ||
		(first >= sr->scope.to_ns && sr->scope.to_ns != INT64_MAX))
		return false;
	if (slice_ns) {
		first = time_floor(first, slice_ns);
		last = time_add(time_floor(last, slice_ns), slice_ns - 1);
	}
	return run_overlaps(sr->run, first, last) && block_may_match(sr, place->block);
}

/* Of packets below single blocks nothing else is read; of a record that is partly in a block, all of it. */
static bool block_wanted(const struct scope *s, uint32_t block)
{
	bool only_blocks =
		!s->all && s->blocks.n && !s->n_services && !s->n_flows && !s->points.n;

	return !only_blocks || id_list_has(&s->blocks, block);
}

bool source_wants(const struct source_run *sr, const struct segment_place *place)
{
	switch (sr->run->q->tier) {
	case TIER_PACKET:
		return block_wanted(&sr->scope, place->block) && source_segment_wanted(sr, place, 0);
	case TIER_MICROFLOW: return source_segment_wanted(sr, place, source_micro_ns(sr));
	case TIER_FLOW: return source_segment_wanted(sr, place, source_flow_ns(sr));
	default: return false;
	}
}

void source_step(struct source_run *sr, const struct segment_place *place, bool wanted)
{
	struct query_explain *e = sr->run->explain;

	if (sr->run->control)
		sr->run->control->done++;
	if (!wanted) {
		e->segments_skipped++;
		return;
	}
	e->segments++;
	/* segments are walked by block */
	if (sr->block_seen != place->block)
		e->blocks++;
	sr->block_seen = place->block;
}

enum rc run_keep_texts(struct run *run, void (*move)(void *ctx, struct texts *to), void *ctx, struct err *err)
{
	struct texts *fresh;
	enum rc rc;

	if (texts_bytes(run->texts) < RUN_TEXTS_FULL)
		return RC_DONE;
	rc = texts_new(RUN_TEXTS, &fresh, err);
	if (rc != RC_DONE)
		return rc;
	if (move)
		move(ctx, fresh);
	texts_free(run->texts);
	run->texts = fresh;
	return RC_DONE;
}

enum rc run_segment_open(struct source_run *sr, const struct segment_place *place,
	struct segment **out, struct err *err)
{
	enum rc rc = store_open_segment(sr->store, place, out, NULL, err);

	if (rc == RC_DONE)
		segment_give_texts(*out, sr->run->texts);
	return rc;
}

enum rc run_forgive(struct source_run *sr, const struct segment_place *place, enum rc rc, struct err *err)
{
	if (rc == RC_DONE || rc == RC_END || rc == RC_CANCELLED)
		return rc;
	rc = store_judge(sr->store, place, rc, err);
	if ((rc != RC_MISSING && rc != RC_DAMAGED) || !store_block_gone(sr->store, place->block))
		return rc;
	TRACE(TRACE_QUERY, "segment %u.%u was evicted meanwhile", place->block, place->number);
	sr->run->explain->packets_gone += place->packets;
	if (sr->gone.n > 0 && sr->gone.v[sr->gone.n - 1] == place->block)
		return RC_DONE;
	return id_list_add(&sr->gone, place->block, err);
}

enum rc run_leave_out(struct source_run *sr, enum rc rc, struct err *err)
{
	struct run *run = sr->run;

	if (rc != RC_DAMAGED || store_kind(sr->store) != STORE_OWN)
		return rc;
	if (run->left_out++ == 0 && err)
		run->first_left_out = *err;
	return RC_DONE;
}

static enum rc tell_left_out(const struct run *run, struct err *err)
{
	const struct err *first = &run->first_left_out;
	char more[64] = "";

	if (run->left_out == 0)
		return RC_DONE;
	if (run->left_out > 1)
		snprintf(more, sizeof(more), "; %" PRIu64 " packets are left out", run->left_out);
	return err_damaged(err, first->what, first->offset, "%s%s", first->why, more);
}

void run_segment_close(struct source_run *sr, struct segment *s)
{
	sr->run->explain->index_bytes += segment_io_bytes(s);
	segment_close(s);
}

/* ---- running ------------------------------------------------------------------------------------ */

static enum rc run_tier(struct source_run *sr, struct err *err)
{
	switch (sr->run->q->tier) {
	case TIER_PACKET: return run_packets(sr, err);
	case TIER_MICROFLOW:
	case TIER_FLOW: return run_records(sr, err);
	case TIER_MACROFLOW: return run_macro(sr, err);
	case TIER_BLOCK: return run_blocks(sr, err);
	default: return run_points(sr, err);
	}
}

void source_open(struct source_run *sr, struct run *run, unsigned index)
{
	*sr = (struct source_run){ .run = run, .store = run->sources->stores[index], .index = index };
	sr->segments = store_segments(sr->store, &sr->n_segments);
	sr->points = store_points(sr->store, &sr->n_points);
}

static enum rc run_source(struct run *run, unsigned index, struct err *err)
{
	uint64_t touched = run->explain->blocks;
	struct source_run sr;
	size_t blocks;
	enum rc rc;

	source_open(&sr, run, index);
	rc = scope_make(&sr, err);
	if (rc != RC_DONE)
		return rc;
	if (sr.scope.all || !scope_is_empty(&sr.scope))
		rc = run_tier(&sr, err);
	scope_free(&sr.scope);
	mem_free(sr.gone.v);
	store_blocks(sr.store, &blocks);
	run->explain->blocks_skipped += blocks - (run->explain->blocks - touched);
	return rc;
}

static void expect_work(const struct run *run)
{
	uint64_t total = 0;

	if (!run->control)
		return;
	for (size_t i = 0; run->q->tier <= TIER_FLOW && i < run->sources->n; i++) {
		size_t n = 0;

		if (run->sources->stores[i])
			store_segments(run->sources->stores[i], &n);
		total += n;
	}
	run->control->done = 0;
	run->control->total = total;
}

/* ---- the plan in words ---------------------------------------------------------------------------- */

static void say_nets(char *out, size_t size, const struct query *q)
{
	char text[ADDR_TEXT];
	size_t n;
	const struct addr_net *nets = filter_nets(q->filter, &n);

	addr_format(text, sizeof(text), &nets[0].addr);
	if (nets[0].bits < addr_len(&nets[0].addr) * 8)
		snprintf(out, size, "address list %s/%u%s", text, nets[0].bits,
			n > 1 ? ", ..." : "");
	else
		snprintf(out, size, "address list %s%s", text, n > 1 ? ", ..." : "");
}

static void say_way(char *out, size_t size, const struct query *q)
{
	const struct id *id = q->n_ids ? &q->ids[0] : q->n_in ? &q->in[0] : NULL;
	char text[ID_TEXT];
	size_t nets;

	filter_nets(q->filter, &nets);
	if (id)
		id_format(text, sizeof(text), id);
	if (q->tier >= TIER_MACROFLOW)
		snprintf(out, size, "catalog");
	else if (id && id->tier == TIER_MACROFLOW)
		snprintf(out, size, "service list of %s", text);
	else if (id && id->tier <= TIER_FLOW)
		snprintf(out, size, "flow part of %s", text);
	else if (nets)
		say_nets(out, size, q);
	else
		snprintf(out, size, "all flow parts");
}

static void say_plan(const struct run *run)
{
	struct query_explain *e = run->explain;
	char way[128];
	int n;

	say_way(way, sizeof(way), run->q);
	if (run->q->tier >= TIER_MACROFLOW) {
		snprintf(e->plan, sizeof(e->plan), "%s -> %llu rows", way,
			(unsigned long long)e->catalog_rows);
		return;
	}
	n = snprintf(e->plan, sizeof(e->plan), "%s -> %llu of %llu segments -> %llu flow parts",
		way, (unsigned long long)e->segments,
		(unsigned long long)e->segments + e->segments_skipped,
		(unsigned long long)e->flow_parts);
	if (run->q->tier == TIER_PACKET && n > 0 && (size_t)n < sizeof(e->plan))
		snprintf(e->plan + n, sizeof(e->plan) - (size_t)n, " -> %llu packets",
			(unsigned long long)e->packets);
}

void query_explain_add(struct query_explain *sum, const struct query_explain *e)
{
	sum->blocks += e->blocks;
	sum->blocks_skipped += e->blocks_skipped;
	sum->segments += e->segments;
	sum->segments_skipped += e->segments_skipped;
	sum->index_bytes += e->index_bytes;
	sum->filter_bytes += e->filter_bytes;
	sum->catalog_rows += e->catalog_rows;
	sum->catalog_bytes += e->catalog_bytes;
	sum->flow_parts += e->flow_parts;
	sum->micro_parts += e->micro_parts;
	sum->packet_bytes += e->packet_bytes;
	sum->packet_reads += e->packet_reads;
	sum->packets += e->packets;
	sum->packets_gone += e->packets_gone;
	memcpy(sum->plan, e->plan, sizeof(sum->plan));
}

static enum rc run_all(struct run *run, query_sink sink, void *ctx, struct err *err)
{
	enum rc rc = output_new(run, sink, ctx, &run->out, err);

	if (rc != RC_DONE)
		return rc;
	for (unsigned i = 0; i < run->sources->n && rc == RC_DONE; i++)
		if (run->sources->stores[i])
			rc = run_source(run, i, err);
	if (rc == RC_DONE)
		rc = output_finish(run->out, err);
	output_free(run->out);
	if (rc == RC_END)
		rc = RC_DONE;
	return rc == RC_DONE ? tell_left_out(run, err) : rc;
}

void run_set_times(struct run *run)
{
	filter_times(run->q->filter, &run->from_ns, &run->to_ns);
	run->from_ns = run->q->from_ns > run->from_ns ? run->q->from_ns : run->from_ns;
	run->to_ns = run->q->to_ns < run->to_ns ? run->q->to_ns : run->to_ns;
}

enum rc query_run(const struct query_sources *sources, const struct query *q, query_sink sink,
	void *ctx, struct query_control *control, struct query_explain *explain,
	struct err *err)
{
	struct query_explain own = { 0 };
	struct run run = { .sources = sources,
		.q = q,
		.control = control,
		.explain = explain ? explain : &own };
	enum rc rc = run_check_ids(sources, q, err);

	memset(run.explain, 0, sizeof(*run.explain));
	if (rc == RC_DONE)
		rc = check_sort(q, err);
	if (rc == RC_DONE)
		rc = groups_check(q, err);
	if (rc != RC_DONE)
		return rc;
	run_set_times(&run);
	run.memory_max = q->memory_max ? q->memory_max : QUERY_MEMORY;
	expect_work(&run);
	rc = texts_new(RUN_TEXTS, &run.texts, err);
	if (rc == RC_DONE)
		rc = run_all(&run, sink, ctx, err);
	texts_free(run.texts);
	say_plan(&run);
	TRACE(TRACE_QUERY, "%s: %s", run.explain->plan, rc_name(rc));
	return rc;
}
