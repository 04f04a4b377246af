/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packets of a segment to read: flow parts by lists and by what their keys alone say, then their references in order of
 * capture.
 *
 * A packet's gap is the time since the packet before it in its flow. Where that is read too, it is just looked at.
 * Where it is not (it lies in an earlier segment, or in a microflow that nobody asked for), the gaps of the microflow part tell:
 * they add up to the time from that packet to the part's last one. Where times step back the last one's time is not the latest
 * but has to be read.
 */
#include "query/choose.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

static enum rc read_notes(
	struct packets *p, struct segment_cursor *c, struct chosen_micro *m, struct err *err)
{
	enum rc rc;

	m->first_note = (uint32_t)p->n_notes;
	if (!segment_has_notes(c))
		return RC_DONE;
	if (GROW(p, notes, p->n_notes + m->n) != 0)
		return err_memory(err);
	rc = segment_notes(c, p->notes + p->n_notes, &m->n_notes, err);
	p->n_notes += m->n_notes;
	return rc;
}

static enum rc read_micro(struct packets *p, struct segment_cursor *c, uint32_t part,
	struct counters *counters, struct err *err)
{
	struct record_id id;
	struct chosen_micro *m;
	enum rc rc;

	rc = segment_next_micro(c, &id, NULL, counters, err);
	if (rc != RC_DONE)
		return rc;
	if (GROW(p, micros, p->n_micros + 1) != 0 ||
		GROW(p, ordinals, p->n_ordinals + counters_packets(counters)) != 0)
		return err_memory(err);
	rc = segment_refs(c, p->ordinals + p->n_ordinals, err);
	if (rc != RC_DONE)
		return rc;
	m = &p->micros[p->n_micros++];
	*m = (struct chosen_micro){ .id = id,
		.part = part,
		.first = (uint32_t)p->n_ordinals,
		.n = (uint32_t)counters_packets(counters),
		.last_ns = counters->last_ns,
		.gap_sum = counters->gap_sum,
		.gap_min = counters->gap_min,
		.has_gaps = (counters->known & FIELD_BIT(FIELD_GAP_MIN)) != 0,
		.has_marks = (counters->known & FIELD_BIT(FIELD_C2S_RETRANS)) != 0,
		.has_turns = (counters->known & FIELD_BIT(FIELD_RESPONSE_N)) != 0,
		.has_said = (counters->known & FIELD_BIT(FIELD_REQUESTS)) != 0,
		.has_media = (counters->known & FIELD_BIT(FIELD_RTP_PACKETS)) != 0,
		.app = counters->known & FIELD_BIT(FIELD_APP) ? counters->text[TEXT_APP] : 0 };
	p->n_ordinals += m->n;
	p->sr->run->explain->micro_parts++;
	return read_notes(p, c, m, err);
}

/* Which microflow parts of a flow part were read, and what is wanted of them. */
struct looked {
	bool any, single; /* something is; single packets are */
};

static void look(struct packets *p, enum scope_answer scope, const struct flow_key *key,
	struct chosen_micro *m, const struct counters *c, struct looked *out)
{
	if (!run_overlaps(p->sr->run, c->first_ns, c->last_ns) ||
		filter_verdict_packets(p->sr->run->q->filter, key, c) == VERDICT_NO)
		return;
	m->wanted = scope == SCOPE_YES || scope_has_micro(&p->sr->scope, m->id);
	m->partial = !m->wanted && scope_has_part_of(&p->sr->scope, m->id);
	out->any = out->any || m->wanted || m->partial;
	out->single = out->single || m->partial;
}

/* Reads the microflow parts of a flow part. */
static enum rc read_micros(struct packets *p, struct segment_cursor *c,
	const struct segment_flow *flow, enum scope_answer scope, struct looked *out,
	struct err *err)
{
	bool continues = part_continues(segment_info(p->seg), flow->id);
	struct counters counters;
	bool first = true;
	enum rc rc;

	*out = (struct looked){ false, false };
	while ((rc = read_micro(p, c, (uint32_t)p->n_parts, &counters, err)) == RC_DONE) {
		struct chosen_micro *m = &p->micros[p->n_micros - 1];

		m->begins = first && !continues;
		look(p, scope, &flow->key, m, &counters, out);
		first = false;
	}
	return rc == RC_END ? RC_DONE : rc;
}

static bool was_asked_for(const struct packets *p, uint32_t ordinal)
{
	size_t low = 0, high = p->n_wanted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->wanted[middle] < ordinal)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->n_wanted && p->wanted[low] == ordinal;
}

static void put_entry(struct packets *p, uint32_t ordinal, size_t micro, bool silent)
{
	if (p->n_entries && p->entries[p->n_entries - 1].ordinal > ordinal)
		p->unordered = true;
	p->entries[p->n_entries++] =
		(struct packet_entry){ ordinal, (uint32_t)micro | (silent ? ENTRY_SILENT : 0) };
}

/* Whether microflow parts from `first` on follow each other, each behind the last packet of the one before. */
static bool follow_each_other(const struct packets *p, size_t first)
{
	for (size_t i = first + 1; i < p->n_micros; i++) {
		const struct chosen_micro *before = &p->micros[i - 1];

		if (p->ordinals[before->first + before->n - 1] >
			p->ordinals[p->micros[i].first])
			return false;
	}
	return true;
}

/* Time of one packet, which is read aside. */
static enum rc time_of(struct packets *p, uint32_t ordinal, int64_t *time_ns, struct err *err)
{
	struct raw_packet raw;
	struct packet_ref ref;
	enum rc rc = RC_DONE;

	if (!p->aside)
		rc = packet_reader_new(p->sr->store, &p->aside, err);
	if (rc == RC_DONE)
		rc = segment_locate(p->seg, &ordinal, 1, &ref, err);
	if (rc == RC_DONE)
		rc = packet_reader_get(p->aside, p->place->block, ref, &raw, err);
	if (rc == RC_DONE)
		*time_ns = raw.time_ns;
	return rc;
}

/*
 * When the packet before a stretch of a flow was captured, by what the stretch says: micros [from, to), whole and without
 * others between.
 */
static enum rc find_lead(struct packets *p, size_t from, size_t to, struct err *err)
{
	struct chosen_micro *lead = &p->micros[from];
	uint32_t last = 0;
	int64_t last_ns = INT64_MIN, gap_sum = 0;
	bool backwards = false;
	enum rc rc = RC_DONE;

	lead->leads = true;
	if (lead->begins)
		return RC_DONE; /* the flow's first packet: it has no gap */
	for (size_t i = from; i < to; i++) {
		const struct chosen_micro *m = &p->micros[i];
		uint32_t end = p->ordinals[m->first + m->n - 1];

		last = end > last ? end : last;
		last_ns = m->last_ns > last_ns ? m->last_ns : last_ns;
		gap_sum = time_add(gap_sum, m->gap_sum);
		backwards = backwards || (m->has_gaps && m->gap_min < 0);
	}
	if (backwards)
		rc = time_of(p, last, &last_ns, err);
	lead->has_lead = rc == RC_DONE;
	lead->lead_ns = time_sub(last_ns, gap_sum);
	return rc == RC_DONE ? rc : run_leave_out(p->sr, rc, err);
}

/* Microflow parts in a row, some not wanted: those that are, each with the time before it. */
static enum rc put_rows(struct packets *p, size_t first, struct err *err)
{
	bool before = false;
	enum rc rc = RC_DONE;

	for (size_t i = first; i < p->n_micros && rc == RC_DONE; i++) {
		const struct chosen_micro *m = &p->micros[i];

		for (uint32_t k = 0; m->wanted && k < m->n; k++) {
			put_entry(p, p->ordinals[m->first + k], i, false);
			if (k == 0 && !before)
				rc = find_lead(p, i, i + 1, err);
		}
		before = m->wanted;
	}
	return rc;
}

struct in_part {
	uint32_t ordinal, micro;
};

static int by_ordinal(const void *a, const void *b)
{
	uint32_t x = ((const struct in_part *)a)->ordinal,
		 y = ((const struct in_part *)b)->ordinal;

	return (x > y) - (x < y);
}

/*
 * Single packets, or microflow parts between each other: in the order of capture, those that are wanted, each with the one before it
 * (silent, where nobody asked for it).
 */
static enum rc put_single(struct packets *p, size_t first, struct err *err)
{
	size_t from = p->micros[first].first, n = p->n_ordinals - from, k = 0;
	struct in_part *all = mem_calloc(n, sizeof(*all));
	bool before = false;
	enum rc rc = RC_DONE;

	if (!all)
		return err_memory(err);
	for (size_t i = first; i < p->n_micros; i++)
		for (uint32_t j = 0; j < p->micros[i].n; j++)
			all[k++] = (struct in_part){ p->ordinals[p->micros[i].first + j],
				(uint32_t)i };
	qsort(all, n, sizeof(*all), by_ordinal);
	for (k = 0; k < n && rc == RC_DONE; k++) {
		const struct chosen_micro *m = &p->micros[all[k].micro];
		bool wanted = m->wanted || (m->partial && was_asked_for(p, all[k].ordinal));

		if (wanted && !before && k > 0)
			put_entry(p, all[k - 1].ordinal, all[k - 1].micro, true);
		if (wanted)
			put_entry(p, all[k].ordinal, all[k].micro, false);
		/* what is before the whole part lies elsewhere; its first microflow part is `first` */
		if (wanted && k == 0)
			rc = find_lead(p, first, p->n_micros, err);
		before = wanted;
	}
	mem_free(all);
	return rc;
}

static enum rc choose_part(struct packets *p, struct segment_cursor *c,
	const struct segment_flow *flow, struct err *err)
{
	struct source_run *sr = p->sr;
	enum scope_answer scope = scope_of_part(sr, p->place->block, flow);
	enum verdict verdict = filter_verdict(sr->run->q->filter, &flow->key);
	size_t first = p->n_micros, ordinals = p->n_ordinals, notes = p->n_notes;
	struct looked looked;
	enum rc rc;

	if (scope == SCOPE_NO || verdict == VERDICT_NO)
		return RC_DONE;
	rc = read_micros(p, c, flow, scope, &looked, err);
	if (rc != RC_DONE)
		return rc;
	if (!looked.any) {
		p->n_micros = first;
		p->n_ordinals = ordinals;
		p->n_notes = notes;
		return RC_DONE;
	}
	/* each packet at most once: by itself, or silently before one that is wanted */
	if (GROW(p, parts, p->n_parts + 1) != 0 ||
		GROW(p, entries, p->n_entries + p->n_ordinals - ordinals) != 0)
		return err_memory(err);
	p->parts[p->n_parts++] =
		(struct chosen_part){ .id = flow->id, .key = flow->key, .verdict = verdict };
	if (looked.single || !follow_each_other(p, first))
		return put_single(p, first, err);
	return put_rows(p, first, err);
}

/* ---- a segment --------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The ordinals of packets asked for by id that lie in this segment. */
static enum rc find_wanted(struct packets *p, struct err *err)
{
	const struct segment_info *info = segment_info(p->seg);
	const struct id_list *ids = &p->sr->scope.packet_ids;
	enum rc rc = RC_DONE;

	p->n_wanted = 0;
	for (size_t i = 0; i < ids->n && rc == RC_DONE; i++) {
		uint32_t block = (uint32_t)(ids->v[i] >> 32), offset = (uint32_t)ids->v[i];

		if (block != info->block || offset < info->first_offset ||
			offset >= info->end_offset)
			continue;
		if (GROW(p, wanted, p->n_wanted + 1) != 0)
			return err_memory(err);
		rc = segment_ordinal(p->seg, offset, &p->wanted[p->n_wanted], err);
		p->n_wanted += rc == RC_DONE;
	}
	if (p->n_wanted > 1)
		qsort(p->wanted, p->n_wanted, sizeof(*p->wanted), by_value);
	return rc;
}

enum rc packets_choose(struct packets *p, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	bool all;
	enum rc rc = scope_candidates(p->sr, p->seg, &p->list, &all, err);

	p->n_parts = p->n_micros = p->n_entries = p->n_ordinals = p->n_notes = 0;
	p->unordered = false;
	if (rc == RC_DONE)
		rc = find_wanted(p, err);
	if (rc == RC_DONE)
		rc = segment_seek(&c, p->seg, 0, err);
	for (size_t i = 0; rc == RC_DONE && (all || i < p->list.n); i++) {
		if (!all)
			rc = segment_go(&c, p->list.v[i], err);
		if (rc == RC_DONE)
			rc = segment_next_flow(&c, &flow, err);
		if (rc != RC_DONE)
			break;
		p->sr->run->explain->flow_parts++;
		rc = choose_part(p, &c, &flow, err);
		if (rc == RC_DONE)
			rc = run_check(p->sr->run, err);
	}
	return rc == RC_END ? RC_DONE : rc;
}
