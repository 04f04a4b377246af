/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a query is confined to: the records named by `in` and `ids`, found in the index, and the flow parts of each segment
 * that they lead to. The union of all that is named.
 */
#include "query/query_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists of numbers --------------------------------------------------------------------- */

enum rc id_list_add(struct id_list *l, uint64_t number, struct err *err)
{
	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return err_memory(err);
	l->v[l->n++] = number;
	return RC_DONE;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void id_list_sort(struct id_list *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_number);
}

bool id_list_has(const struct id_list *l, uint64_t number)
{
	return l->n && bsearch(&number, l->v, l->n, sizeof(*l->v), by_number);
}

/* ---- making -------------------------------------------------------------------------------- */

void scope_free(struct scope *s)
{
	struct id_list *lists[] = { &s->flow_ids, &s->micro_ids, &s->packet_ids,
		&s->partial_ids, &s->blocks, &s->points };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		mem_free(lists[i]->v);
	mem_free(s->services);
	mem_free(s->flows);
	memset(s, 0, sizeof(*s));
}

bool scope_is_empty(const struct scope *s)
{
	return !s->all && !s->n_services && !s->n_flows && !s->blocks.n && !s->points.n;
}

static enum rc add_flow(struct scope *s, const struct located *at, struct err *err)
{
	struct scope_flow *f;

	if (mem_grow(&s->flows, &s->cap_flows, s->n_flows + 1, sizeof(*s->flows)) != 0)
		return err_memory(err);
	f = &s->flows[s->n_flows++];
	*f = (struct scope_flow){ at->flow, at->slice_ns, at->key.client };
	return RC_DONE;
}

static enum rc add_service(struct source_run *sr, struct record_id id, struct err *err)
{
	struct scope *s = &sr->scope;
	struct service_key key;
	enum rc rc = store_find_macro(sr->store, id, &key, err);

	if (rc == RC_MISSING)
		return missing_id(TIER_MACROFLOW, id, err);
	if (rc != RC_DONE)
		return rc;
	if (mem_grow(&s->services, &s->cap_services, s->n_services + 1, sizeof(*s->services)) !=
		0)
		return err_memory(err);
	s->services[s->n_services++] = key;
	return RC_DONE;
}

static enum rc add_record(struct source_run *sr, const struct id *id, struct err *err)
{
	uint64_t number = record_id_number(id->rec);
	struct scope *s = &sr->scope;
	struct located at;
	enum rc rc;

	if (id->tier == TIER_FLOW) {
		rc = locate_flow(sr->store, id->rec, &at, err);
		if (rc == RC_DONE)
			rc = id_list_add(&s->flow_ids, number, err);
	} else if (id->tier == TIER_MICROFLOW) {
		rc = locate_micro(sr->store, id->rec, &at, err);
		if (rc == RC_DONE)
			rc = id_list_add(&s->micro_ids, number, err);
	} else {
		rc = locate_packet(sr->store, id->rec, &at, err);
		if (rc == RC_DONE)
			rc = id_list_add(&s->packet_ids, number, err);
		if (rc == RC_DONE)
			rc = id_list_add(&s->partial_ids, record_id_number(at.micro), err);
	}
	return rc == RC_DONE ? add_flow(s, &at, err) : rc;
}

static enum rc add_id(struct source_run *sr, const struct id *id, struct err *err)
{
	switch (id->tier) {
	case TIER_MACROFLOW: return add_service(sr, id->rec, err);
	case TIER_BLOCK:
		if (!store_block(sr->store, id->rec.block))
			return missing_id(id->tier, id->rec, err);
		return id_list_add(&sr->scope.blocks, id->rec.block, err);
	case TIER_POINT:
		if (id->rec.block >= sr->n_points)
			return missing_id(id->tier, id->rec, err);
		return id_list_add(&sr->scope.points, id->rec.block, err);
	default: return add_record(sr, id, err);
	}
}

/* ---- times ---------------------------------------------------------------------------------- */

static void include(struct scope *s, int64_t from_ns, int64_t to_ns)
{
	s->from_ns = from_ns < s->from_ns ? from_ns : s->from_ns;
	s->to_ns = to_ns > s->to_ns ? to_ns : s->to_ns;
}

/* Packets lie in the slices of their flows, those in the windows of their services. */
static void find_times(struct source_run *sr)
{
	int64_t flow_ns = source_flow_ns(sr), macro_ns = store_config(sr->store)->macro_ns;
	struct scope *s = &sr->scope;

	if (s->all || s->points.n) {
		s->from_ns = INT64_MIN;
		s->to_ns = INT64_MAX;
		return;
	}
	s->from_ns = INT64_MAX;
	s->to_ns = INT64_MIN;
	for (size_t i = 0; i < s->n_services; i++)
		include(s, s->services[i].window_ns,
			time_add(s->services[i].window_ns, macro_ns));
	for (size_t i = 0; i < s->n_flows; i++)
		include(s, s->flows[i].slice_ns, time_add(s->flows[i].slice_ns, flow_ns));
	for (size_t i = 0; i < s->blocks.n; i++) {
		const struct block_info *b = store_block(sr->store, (uint32_t)s->blocks.v[i]);

		if (b && b->packets)
			include(s, time_floor(b->first_ns, flow_ns),
				time_add(time_floor(b->last_ns, flow_ns), flow_ns));
	}
}

enum rc scope_make(struct source_run *sr, struct err *err)
{
	const struct query *q = sr->run->q;
	const struct id *ids = q->n_ids ? q->ids : q->in;
	size_t n = q->n_ids ? q->n_ids : q->n_in;
	struct scope *s = &sr->scope;
	enum rc rc = RC_DONE;

	memset(s, 0, sizeof(*s));
	s->all = n == 0;
	for (size_t i = 0; i < n && rc == RC_DONE; i++)
		if ((ids[i].source ? ids[i].source - 1 : 0) == sr->index)
			rc = add_id(sr, &ids[i], err);
	if (rc == RC_DONE)
		rc = source_load_filters(sr, err);
	if (rc != RC_DONE) {
		scope_free(s);
		return rc;
	}
	id_list_sort(&s->flow_ids);
	id_list_sort(&s->micro_ids);
	id_list_sort(&s->packet_ids);
	id_list_sort(&s->partial_ids);
	id_list_sort(&s->blocks);
	id_list_sort(&s->points);
	find_times(sr);
	return RC_DONE;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool is_service_asked(const struct source_run *sr, const struct segment_flow *flow)
{
	const struct scope *s = &sr->scope;
	struct service_key key;

	if (!s->n_services)
		return false;
	service_of(&key, &flow->key,
		time_floor(flow->slice_ns, store_config(sr->store)->macro_ns));
	for (size_t i = 0; i < s->n_services; i++)
		if (service_cmp(&s->services[i], &key) == 0)
			return true;
	return false;
}

enum scope_answer scope_of_part(
	const struct source_run *sr, uint32_t block, const struct segment_flow *flow)
{
	const struct scope *s = &sr->scope;

	if (s->all || id_list_has(&s->blocks, block) ||
		id_list_has(&s->points, flow->key.point) ||
		id_list_has(&s->flow_ids, record_id_number(flow->id)) ||
		is_service_asked(sr, flow))
		return SCOPE_YES;
	/* a record of which only a part is in the block is asked for as a whole: the other parts say SOME */
	return s->micro_ids.n || s->partial_ids.n || s->blocks.n ? SCOPE_SOME : SCOPE_NO;
}

bool scope_has_micro(const struct scope *s, struct record_id id)
{
	return id_list_has(&s->micro_ids, record_id_number(id));
}

bool scope_has_part_of(const struct scope *s, struct record_id micro)
{
	return id_list_has(&s->partial_ids, record_id_number(micro));
}

/* ---- candidates -------------------------------------------------------------------------------- */

/* Leaves those of `parts` that are in the other list too; both are sorted. */
static void intersect(struct part_list *parts, const struct part_list *with)
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < parts->n; i++) {
		while (k < with->n && with->v[k] < parts->v[i])
			k++;
		if (k < with->n && with->v[k] == parts->v[i])
			parts->v[n++] = parts->v[i];
	}
	parts->n = n;
}

static enum rc append(struct part_list *out, const struct part_list *more, struct err *err)
{
	if (more->n == 0)
		return RC_DONE;
	if (mem_grow(&out->v, &out->cap, out->n + more->n, sizeof(*out->v)) != 0)
		return err_memory(err);
	memcpy(out->v + out->n, more->v, more->n * sizeof(*more->v));
	out->n += more->n;
	return RC_DONE;
}

/* Later parts of a flow: continuations that have its client. */
static enum rc flow_continued(struct segment *seg, const struct scope_flow *f,
	const struct part_list *continued, struct part_list *out, struct err *err)
{
	struct addr_net net = { f->client, (unsigned)addr_len(&f->client) * 8 };
	struct part_list parts = { 0 };
	enum rc rc;

	if (f->client.kind == ADDR_NONE)
		return append(out, continued, err);
	rc = segment_by_net(seg, &net, &parts, err);
	if (rc == RC_DONE) {
		part_list_unique(&parts);
		intersect(&parts, continued);
		rc = append(out, &parts, err);
	}
	part_list_free(&parts);
	return rc;
}

static enum rc flow_here(
	struct segment *seg, const struct scope_flow *f, struct part_list *out, struct err *err)
{
	struct part_list one = { 0 };
	uint32_t ordinal, part;
	enum rc rc = segment_ordinal(seg, f->id.offset, &ordinal, err);

	if (rc == RC_DONE)
		rc = segment_flow_at(seg, ordinal, &part, err);
	if (rc != RC_DONE)
		return rc;
	one.v = &part;
	one.n = 1;
	return append(out, &one, err);
}

static enum rc flow_candidates(
	struct source_run *sr, struct segment *seg, struct part_list *out, struct err *err)
{
	const struct segment_info *info = segment_info(seg);
	int64_t length_ns = source_flow_ns(sr);
	struct part_list continued = { 0 };
	bool loaded = false;
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < sr->scope.n_flows && rc == RC_DONE; i++) {
		const struct scope_flow *f = &sr->scope.flows[i];

		/* all packets of a flow lie in its slice */
		if (info->last_ns < f->slice_ns ||
			info->first_ns >= time_add(f->slice_ns, length_ns))
			continue;
		if (!part_continues(info, f->id)) {
			if (f->id.offset < info->end_offset)
				rc = flow_here(seg, f, out, err);
			continue;
		}
		if (!loaded)
			rc = segment_continuations(seg, &continued, err);
		loaded = true;
		if (rc == RC_DONE && continued.n)
			rc = flow_continued(seg, f, &continued, out, err);
	}
	part_list_free(&continued);
	return rc;
}

static enum rc by_nets(struct segment *seg, const struct addr_net *nets, size_t n,
	struct part_list *out, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < n && rc == RC_DONE; i++)
		rc = segment_by_net(seg, &nets[i], out, err);
	part_list_unique(out);
	return rc;
}

/* Parts that have an address of each set: two lists cost less than the parts that only one of them names. */
static enum rc net_candidates(struct source_run *sr, struct segment *seg, struct part_list *out,
	bool *all, struct err *err)
{
	size_t n, n_too;
	const struct addr_net *nets = filter_nets(sr->run->q->filter, &n);
	const struct addr_net *too = filter_nets_too(sr->run->q->filter, &n_too);
	struct part_list other = { 0 };
	enum rc rc = by_nets(seg, nets, n, out, err);

	*all = n == 0;
	if (rc == RC_DONE && n_too && out->n > 1) {
		rc = by_nets(seg, too, n_too, &other, err);
		if (rc == RC_DONE)
			intersect(out, &other);
	}
	part_list_free(&other);
	return rc;
}

enum rc scope_candidates(struct source_run *sr, struct segment *seg, struct part_list *out,
	bool *all, struct err *err)
{
	const struct scope *s = &sr->scope;
	enum rc rc = RC_DONE;

	out->n = 0;
	*all = false;
	if (s->all || s->points.n || s->blocks.n) {
		rc = net_candidates(sr, seg, out, all, err);
	} else {
		for (size_t i = 0; i < s->n_services && rc == RC_DONE; i++)
			rc = segment_by_service(seg, &s->services[i], out, err);
		if (rc == RC_DONE)
			rc = flow_candidates(sr, seg, out, err);
	}
	part_list_unique(out);
	return rc;
}

enum rc scope_continuations(struct source_run *sr, struct segment *seg, struct part_list *out, struct err *err)
{
	struct part_list continued = { 0 };
	bool all;
	enum rc rc = scope_candidates(sr, seg, out, &all, err);

	if (rc != RC_DONE || (!all && out->n == 0))
		return rc;
	rc = segment_continuations(seg, all ? out : &continued, err);
	if (rc == RC_DONE && !all)
		intersect(out, &continued);
	part_list_free(&continued);
	return rc;
}
