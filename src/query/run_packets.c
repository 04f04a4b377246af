/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets. For each segment the flow parts that may hold any are chosen, by lists and by what their keys alone
 * say; their references, put in order of capture, are read and decoded. Nothing else is read, but for two rare cases below.
 *
 * A packet's gap is the time since the packet before it in its flow. Where that is read too, it is just looked at.
 * Where it is not (it lies in an earlier segment, or in a microflow that nobody asked for), the gaps of the microflow part tell:
 * they add up to the time from that packet to the part's last one. Where times step back the last one's time is not the latest
 * but has to be read.
 */
#include "query/query_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "decode/fragment.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096 };               /* packets announced at a time */

/* A flow part of the segment in hand. */
struct part {
	struct record_id id;
	struct flow_key key;
	enum verdict verdict;
	bool has_previous;
	int64_t previous_ns;         /* time of its packet before */
};

/* A microflow part. */
struct micro {
	struct record_id id;
	uint32_t part;
	uint32_t first, n;           /* in ordinals */
	bool wanted;
	int64_t last_ns, gap_sum, gap_min;
	bool has_gaps, begins;       /* begins: it holds the flow's first packet */
};

/* A packet to read. */
struct entry {
	uint32_t ordinal;
	uint32_t micro;
	bool silent;                 /* read for its time alone */
	bool leads;                  /* what is before it is not read: lead_ns is its time, where has_lead */
	bool has_lead;
	int64_t lead_ns;
};

struct packets {
	struct source_run *sr;
	struct segment *seg;
	const struct segment_place *place;
	const struct block_info *block;
	struct fragment_table *fragments;    /* made for the first fragment */
	struct packet_reader *reader, *aside;        /* aside: for single packets out of order */
	struct part_list list;
	struct part *parts;
	struct micro *micros;
	struct entry *entries;
	uint32_t *ordinals;          /* of all microflow parts, one after the other */
	uint32_t *wanted;            /* ordinals that were asked for by id, ascending */
	struct packet_ref *refs;
	struct entry *sorted;        /* scratch */
	size_t n_parts, cap_parts, n_micros, cap_micros, n_entries, cap_entries, n_ordinals, cap_ordinals;
	size_t n_wanted, cap_wanted, cap_sorted;
	bool unordered;              /* entries are not in order of capture */
};

#define GROW(p, what, need) mem_grow(&(p)->what, &(p)->cap_##what, (need), sizeof(*(p)->what))

/* ---- choosing ---------------------------------------------------------------------------------- */

static enum rc read_micro(struct packets *p, struct segment_cursor *c, uint32_t part, struct counters *counters,
	struct err *err)
{
	struct record_id id;
	struct micro *m;
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
	*m = (struct micro){ .id = id, .part = part, .first = (uint32_t)p->n_ordinals,
		.n = (uint32_t)counters_packets(counters), .last_ns = counters->last_ns,
		.gap_sum = counters->gap_sum, .gap_min = counters->gap_min,
		.has_gaps = (counters->known & FIELD_BIT(FIELD_GAP_MIN)) != 0 };
	p->n_ordinals += m->n;
	p->sr->run->explain->micro_parts++;
	return RC_DONE;
}

static bool is_wanted(const struct packets *p, enum scope_answer scope, struct record_id id, const struct counters *c)
{
	return (scope == SCOPE_YES || scope_has_micro(&p->sr->scope, id)) &&
		run_overlaps(p->sr->run, c->first_ns, c->last_ns);
}

/* Reads the microflow parts of a flow part; *any: some of them are wanted. */
static enum rc read_micros(struct packets *p, struct segment_cursor *c, const struct segment_flow *flow,
	enum scope_answer scope, bool *any, struct err *err)
{
	bool continues = part_continues(segment_info(p->seg), flow->id);
	struct counters counters;
	bool first = true;
	enum rc rc;

	*any = false;
	while ((rc = read_micro(p, c, (uint32_t)p->n_parts, &counters, err)) == RC_DONE) {
		struct micro *m = &p->micros[p->n_micros - 1];

		m->begins = first && !continues;
		m->wanted = is_wanted(p, scope, m->id, &counters);
		*any = *any || m->wanted;
		first = false;
	}
	return rc == RC_END ? RC_DONE : rc;
}

static bool was_asked_for(const struct packets *p, uint32_t ordinal)
{
	size_t low = 0, high = p->n_wanted;

	if (!p->sr->scope.packet_ids.n)
		return true;
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
	p->entries[p->n_entries++] = (struct entry){ .ordinal = ordinal, .micro = (uint32_t)micro, .silent = silent };
}

/* Whether microflow parts from `first` on follow each other, each behind the last packet of the one before. */
static bool follow_each_other(const struct packets *p, size_t first)
{
	for (size_t i = first + 1; i < p->n_micros; i++) {
		const struct micro *before = &p->micros[i - 1];

		if (p->ordinals[before->first + before->n - 1] > p->ordinals[p->micros[i].first])
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
static enum rc find_lead(struct packets *p, struct entry *e, size_t from, size_t to, struct err *err)
{
	uint32_t last = 0;
	int64_t last_ns = INT64_MIN, gap_sum = 0;
	bool backwards = false;
	enum rc rc = RC_DONE;

	e->leads = true;
	if (p->micros[from].begins && e->ordinal == p->ordinals[p->micros[from].first])
		return RC_DONE;      /* the flow's first packet: it has no gap */
	for (size_t i = from; i < to; i++) {
		const struct micro *m = &p->micros[i];
		uint32_t end = p->ordinals[m->first + m->n - 1];

		last = end > last ? end : last;
		last_ns = m->last_ns > last_ns ? m->last_ns : last_ns;
		gap_sum = time_add(gap_sum, m->gap_sum);
		backwards = backwards || (m->has_gaps && m->gap_min < 0);
	}
	if (backwards)
		rc = time_of(p, last, &last_ns, err);
	e->has_lead = true;
	e->lead_ns = time_sub(last_ns, gap_sum);
	return rc;
}

/* Microflow parts in a row, some not wanted: those that are, each with the time before it. */
static enum rc put_rows(struct packets *p, size_t first, struct err *err)
{
	bool before = false;
	enum rc rc = RC_DONE;

	for (size_t i = first; i < p->n_micros && rc == RC_DONE; i++) {
		const struct micro *m = &p->micros[i];

		for (uint32_t k = 0; m->wanted && k < m->n; k++) {
			put_entry(p, p->ordinals[m->first + k], i, false);
			if (k == 0 && !before)
				rc = find_lead(p, &p->entries[p->n_entries - 1], i, i + 1, err);
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
	uint32_t x = ((const struct in_part *)a)->ordinal, y = ((const struct in_part *)b)->ordinal;

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
			all[k++] = (struct in_part){ p->ordinals[p->micros[i].first + j], (uint32_t)i };
	qsort(all, n, sizeof(*all), by_ordinal);
	for (k = 0; k < n && rc == RC_DONE; k++) {
		bool wanted = p->micros[all[k].micro].wanted && was_asked_for(p, all[k].ordinal);

		if (wanted && !before && k > 0)
			put_entry(p, all[k - 1].ordinal, all[k - 1].micro, true);
		if (wanted)
			put_entry(p, all[k].ordinal, all[k].micro, false);
		/* what is before the whole part lies elsewhere */
		if (wanted && k == 0)
			rc = find_lead(p, &p->entries[p->n_entries - 1], first, p->n_micros, err);
		before = wanted;
	}
	mem_free(all);
	return rc;
}

static enum rc choose_part(struct packets *p, struct segment_cursor *c, const struct segment_flow *flow, struct err *err)
{
	struct source_run *sr = p->sr;
	enum scope_answer scope = scope_of_part(sr, p->place->block, flow);
	enum verdict verdict = filter_verdict(sr->run->q->filter, &flow->key);
	size_t first = p->n_micros, ordinals = p->n_ordinals;
	bool any;
	enum rc rc;

	if (scope == SCOPE_NO || verdict == VERDICT_NO)
		return RC_DONE;
	rc = read_micros(p, c, flow, scope, &any, err);
	if (rc != RC_DONE)
		return rc;
	if (!any) {
		p->n_micros = first;
		p->n_ordinals = ordinals;
		return RC_DONE;
	}
	/* at most two entries a packet: itself, and silently the one before */
	if (GROW(p, parts, p->n_parts + 1) != 0 ||
		GROW(p, entries, p->n_entries + 2 * (p->n_ordinals - ordinals)) != 0)
		return err_memory(err);
	p->parts[p->n_parts++] = (struct part){ .id = flow->id, .key = flow->key, .verdict = verdict };
	if (sr->scope.packet_ids.n || !follow_each_other(p, first))
		return put_single(p, first, err);
	return put_rows(p, first, err);
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool goes(const struct packet *pkt, const struct flow_key *key, bool forth)
{
	const struct addr *from = forth ? &key->client : &key->server, *to = forth ? &key->server : &key->client;

	return pkt->proto == key->proto && addr_equal(&pkt->src, from) && addr_equal(&pkt->dst, to) &&
		(!(pkt->flags & PACKET_HAS_PORTS) ||
			(pkt->src_port == (forth ? key->client_port : key->server_port) &&
			pkt->dst_port == (forth ? key->server_port : key->client_port)));
}

static enum direction direction_of(const struct packet *pkt, const struct flow_key *key)
{
	return goes(pkt, key, true) ? DIR_C2S : DIR_S2C;
}

/* The ends of its flow, as a packet in this direction has them. */
static void take_ends(struct packet *pkt, const struct flow_key *key, bool forth)
{
	pkt->proto = key->proto;
	pkt->vlan = key->vlan;
	pkt->tunnel = key->tunnel;
	pkt->src = forth ? key->client : key->server;
	pkt->dst = forth ? key->server : key->client;
	if (!key->has_ports)
		return;
	pkt->src_port = forth ? key->client_port : key->server_port;
	pkt->dst_port = forth ? key->server_port : key->client_port;
	pkt->flags |= PACKET_HAS_PORTS;
}

/*
 * Later fragments belong to the conversation of their first, as it was found when they were indexed: that is the key. Which way
 * they go the first one tells where it was read before, else their addresses; those of a tunnel's datagram whose
 * first fragment was not read count as the client's.
 */
static enum rc join_fragment(struct packets *p, struct packet *pkt, const struct flow_key *key, struct err *err)
{
	struct packet seen = *pkt;
	enum rc rc = RC_DONE;

	if (!(pkt->flags & PACKET_FRAGMENT))
		return RC_DONE;
	if (!p->fragments)
		rc = fragment_table_new(&p->fragments, err);
	if (rc != RC_DONE)
		return rc;
	fragment_table_see(p->fragments, &seen);
	if (!(pkt->flags & PACKET_FRAGMENT_LATER))
		return RC_DONE;
	if (goes(&seen, key, true) || goes(&seen, key, false))
		take_ends(pkt, key, goes(&seen, key, true));
	else
		take_ends(pkt, key, goes(pkt, key, true) || !goes(pkt, key, false));
	return RC_DONE;
}

static void find_gap(struct packet_row *row, struct part *part, const struct entry *e)
{
	if (e->leads) {
		part->has_previous = e->has_lead;
		part->previous_ns = e->lead_ns;
	}
	row->has_gap = part->has_previous;
	if (row->has_gap)
		row->gap_ns = time_sub(row->pkt.time_ns, part->previous_ns);
	part->has_previous = true;
	part->previous_ns = row->pkt.time_ns;
}

static bool in_time(const struct query *q, int64_t time_ns)
{
	return time_ns >= q->from_ns && (time_ns < q->to_ns || q->to_ns == INT64_MAX);
}

static enum rc give_packet(struct packets *p, const struct entry *e, struct packet_ref ref, const struct raw_packet *raw,
	struct err *err)
{
	const struct micro *m = &p->micros[e->micro];
	struct part *part = &p->parts[m->part];
	const struct run *run = p->sr->run;
	struct packet_row packet;
	struct row row;
	enum rc rc;

	memset(&packet, 0, sizeof(packet));
	source_row(p->sr, TIER_PACKET, &row);
	row.point = source_point(p->sr, raw->point);
	row.packet = &packet;
	decode_raw(row.point, raw, ref.offset, false, &packet.pkt);
	rc = join_fragment(p, &packet.pkt, &part->key, err);
	if (rc != RC_DONE)
		return rc;
	if (e->silent) {
		part->has_previous = true;
		part->previous_ns = raw->time_ns;
		return RC_DONE;
	}
	packet.frame = p->place->first_frame + e->ordinal;
	packet.file_offset = p->block->offset + ref.offset;
	packet.self = (struct record_id){ p->place->block, ref.offset };
	packet.flow = part->id;
	packet.microflow = m->id;
	packet.key = &part->key;
	packet.direction = direction_of(&packet.pkt, &part->key);
	find_gap(&packet, part, e);
	if (!in_time(run->q, packet.pkt.time_ns))
		return RC_DONE;
	if (part->verdict != VERDICT_YES && !filter_match(run->q->filter, &row))
		return RC_DONE;
	return output_row(run->out, &row, raw, err);
}

static enum rc read_chunk(struct packets *p, size_t from, size_t n, struct err *err)
{
	uint32_t ordinals[CHUNK];
	enum rc rc;

	for (size_t i = 0; i < n; i++)
		ordinals[i] = p->entries[from + i].ordinal;
	rc = segment_locate(p->seg, ordinals, n, p->refs, err);
	if (rc == RC_DONE)
		rc = packet_reader_announce(p->reader, p->place->block, p->refs, n, err);
	for (size_t i = 0; i < n && rc == RC_DONE; i++) {
		struct raw_packet raw;

		rc = packet_reader_next(p->reader, &raw, err);
		if (rc == RC_DONE)
			rc = give_packet(p, &p->entries[from + i], p->refs[i], &raw, err);
	}
	return rc;
}

static int by_capture(const void *a, const void *b)
{
	uint32_t x = ((const struct entry *)a)->ordinal, y = ((const struct entry *)b)->ordinal;

	return (x > y) - (x < y);
}

/* Many of a segment's packets: each goes to its place, and the gaps are closed. An ordinal comes once. */
static enum rc place_entries(struct packets *p, uint32_t packets, struct err *err)
{
	uint32_t *at = mem_calloc(packets, sizeof(*at));
	struct entry *swap = p->entries;
	size_t cap = p->cap_entries, n = 0;

	if (!at || GROW(p, sorted, p->n_entries) != 0) {
		mem_free(at);
		return err_memory(err);
	}
	for (size_t i = 0; i < p->n_entries; i++)
		at[p->entries[i].ordinal] = (uint32_t)i + 1;
	for (uint32_t i = 0; i < packets; i++)
		if (at[i])
			p->sorted[n++] = p->entries[at[i] - 1];
	mem_free(at);
	p->n_entries = n;
	p->entries = p->sorted;
	p->cap_entries = p->cap_sorted;
	p->sorted = swap;
	p->cap_sorted = cap;
	return RC_DONE;
}

static enum rc sort_entries(struct packets *p, struct err *err)
{
	uint32_t packets = segment_info(p->seg)->packets;

	if (!p->unordered)
		return RC_DONE;
	if (p->n_entries > packets / 8)
		return place_entries(p, packets, err);
	qsort(p->entries, p->n_entries, sizeof(*p->entries), by_capture);
	return RC_DONE;
}

static enum rc read_entries(struct packets *p, struct err *err)
{
	enum rc rc = sort_entries(p, err);

	for (size_t i = 0; i < p->n_entries && rc == RC_DONE; i += CHUNK) {
		size_t n = p->n_entries - i < CHUNK ? p->n_entries - i : CHUNK;

		rc = read_chunk(p, i, n, err);
		p->sr->run->explain->packets += n;
		if (rc == RC_DONE)
			rc = run_check(p->sr->run, err);
	}
	return rc;
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

		if (block != info->block || offset < info->first_offset || offset >= info->end_offset)
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

static enum rc choose(struct packets *p, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	bool all;
	enum rc rc = scope_candidates(p->sr, p->seg, &p->list, &all, err);

	p->n_parts = p->n_micros = p->n_entries = p->n_ordinals = 0;
	p->unordered = false;
	if (rc == RC_DONE)
		rc = find_wanted(p, err);
	if (rc == RC_DONE)
		rc = segment_seek(&c, p->seg, 0, err);
	for (size_t i = 0; rc == RC_DONE && (all || i < p->list.n); i++) {
		if (!all && (c.next_part > p->list.v[i] || p->list.v[i] - c.next_part > 64))
			rc = segment_seek(&c, p->seg, p->list.v[i], err);
		while (rc == RC_DONE && !all && c.next_part < p->list.v[i])
			rc = segment_next_flow(&c, &flow, err);
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

static enum rc run_segment(struct packets *p, struct err *err)
{
	enum rc rc = run_segment_open(p->sr, p->place, &p->seg, err);

	if (rc != RC_DONE)
		return rc;
	p->block = store_block(p->sr->store, p->place->block);
	rc = p->block ? choose(p, err) : RC_DONE;
	if (rc == RC_DONE)
		rc = read_entries(p, err);
	run_segment_close(p->sr, p->seg);
	return rc;
}

static void count_reader(struct run *run, const struct packet_reader *r)
{
	const struct packet_reader_counts *c = r ? packet_reader_counts(r) : NULL;

	if (c) {
		run->explain->packet_bytes += c->bytes;
		run->explain->packet_reads += c->reads;
	}
}

static void packets_free(struct packets *p)
{
	count_reader(p->sr->run, p->reader);
	count_reader(p->sr->run, p->aside);
	packet_reader_free(p->reader);
	packet_reader_free(p->aside);
	fragment_table_free(p->fragments);
	part_list_free(&p->list);
	mem_free(p->parts);
	mem_free(p->micros);
	mem_free(p->entries);
	mem_free(p->sorted);
	mem_free(p->ordinals);
	mem_free(p->wanted);
	mem_free(p->refs);
}

/* Where only blocks are asked for, other blocks hold nothing. */
static bool block_wanted(const struct scope *s, uint32_t block)
{
	bool only_blocks = !s->all && s->blocks.n && !s->n_services && !s->n_flows && !s->points.n;

	return !only_blocks || id_list_has(&s->blocks, block);
}

enum rc run_packets(struct source_run *sr, struct err *err)
{
	struct packets p = { .sr = sr };
	enum rc rc = packet_reader_new(sr->store, &p.reader, err);

	if (rc != RC_DONE)
		return rc;
	p.refs = mem_calloc(CHUNK, sizeof(*p.refs));
	if (!p.refs)
		rc = err_memory(err);
	for (size_t i = 0; i < sr->n_segments && rc == RC_DONE; i++) {
		bool wanted;

		p.place = &sr->segments[i];
		wanted = block_wanted(&sr->scope, p.place->block) && source_segment_wanted(sr, p.place, 0);
		source_step(sr, p.place, wanted);
		if (wanted)
			rc = run_segment(&p, err);
	}
	packets_free(&p);
	return rc;
}
