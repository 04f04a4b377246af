/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets: those chosen in each segment are read and decoded, in order of capture. Nothing else is read. */
#include "app/talk.h"
#include "query/choose.h"

#include "base/mem.h"
#include "base/text.h"
#include "decode/fragment.h"
#include "query/prints.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096 }; /* packets announced at a time */

static bool goes(const struct packet *pkt, const struct flow_key *key, bool forth)
{
	const struct addr *from = forth ? &key->client : &key->server,
			  *to = forth ? &key->server : &key->client;

	return pkt->proto == key->proto && addr_equal(&pkt->src, from) &&
		addr_equal(&pkt->dst, to) &&
		(!(pkt->flags & PACKET_HAS_PORTS) ||
			(pkt->src_port == (forth ? key->client_port : key->server_port) &&
				pkt->dst_port ==
					(forth ? key->server_port : key->client_port)));
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
static enum rc join_fragment(
	struct packets *p, struct packet *pkt, const struct flow_key *key, struct err *err)
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

static void find_gap(struct packet_row *row, struct chosen_part *part,
	const struct chosen_micro *m, bool first)
{
	if (first && m->leads) {
		part->has_previous = m->has_lead;
		part->previous_ns = m->lead_ns;
	}
	row->has_gap = part->has_previous;
	if (row->has_gap)
		row->gap_ns = time_sub(row->pkt.time_ns, part->previous_ns);
	part->has_previous = true;
	part->previous_ns = row->pkt.time_ns;
}

/* Where an ordinal stands among n ascending ones; it is one of them. */
static uint32_t find_position(const uint32_t *ordinals, uint32_t n, uint32_t ordinal)
{
	uint32_t from = 0, to = n;

	while (to - from > 1) {
		uint32_t middle = from + (to - from) / 2;

		if (ordinals[middle] <= ordinal)
			from = middle;
		else
			to = middle;
	}
	return from;
}

/* What was noted of a packet of a microflow part; nothing of most. */
static void find_note(const struct packets *p, const struct chosen_micro *m, uint32_t ordinal,
	struct packet_row *row)
{
	const uint32_t *ordinals = p->ordinals + m->first;
	const struct packet_note *notes = p->notes + m->first_note;
	uint32_t position, from = 0, to = m->n_notes;

	row->has_marks = m->has_marks && (row->pkt.flags & PACKET_HAS_TCP);
	bool talks = (row->pkt.flags & PACKET_HAS_TCP) || row->pkt.proto == PROTO_UDP;

	row->has_turns = m->has_turns && talks;
	row->has_said = m->has_said && talks;
	row->has_media = m->has_media && row->pkt.proto == PROTO_UDP;
	if (m->n_notes == 0)
		return;
	position = find_position(ordinals, m->n, ordinal);
	while (to - from > 1) {
		uint32_t middle = from + (to - from) / 2;

		if (notes[middle].position <= position)
			from = middle;
		else
			to = middle;
	}
	if (notes[from].position == position)
		row->note = notes[from];
}

static bool in_time(const struct query *q, int64_t time_ns)
{
	return time_ns >= q->from_ns && (time_ns < q->to_ns || q->to_ns == INT64_MAX);
}

static void keep_text(char *to, struct said_text text)
{
	size_t len = text.len < SAID_MAX ? text.len : SAID_MAX;

	if (len > 0)
		memcpy(to, text.p, len);
	to[len] = '\0';
}

/* No parser of ours knows the application (app/other.h): its name, before what there is to say of any packet. */
static void tell_other(struct buf *info, struct said_text app, const struct packet *p)
{
	char text[128];

	text_escape(info, app.p, app.len);
	if (packet_info(text, sizeof(text), p) > 0)
		buf_printf(info, " %s", text);
}

/*
 * What the packet says by itself, as a message of its conversation's application; false where that is not known. It is as far as the
 * segment's part of the microflow tells: a packet before the application was recognised may say nothing, and may when segments were
 * merged.
 */
static bool hear(struct packets *p, uint32_t app, const struct packet_row *row, const struct raw_packet *raw,
	struct packet_said *out)
{
	struct said_text name;
	struct said said;

	if (app == 0 || row->pkt.payload_len == 0)
		return false;
	name.p = texts_get(p->sr->run->texts, app, &name.len);
	keep_text(p->app, name);
	buf_clear(&p->info);
	said_clear(&said);
	if (app_find(name.p, name.len) != APP_NONE)
		talk_one(app_find(name.p, name.len), &row->pkt, raw->data, row->direction, &said, &p->info);
	else
		tell_other(&p->info, name, &row->pkt);
	keep_text(p->name, said.name);
	keep_text(p->url, said.url);
	*out = (struct packet_said){ .app = p->app, .info = buf_text(&p->info), .name = p->name,
		.url = p->url, .status = said.status, .has_status = said.has_status };
	return true;
}

static enum rc give_packet(struct packets *p, const struct packet_entry *e,
	struct packet_ref ref, const struct raw_packet *raw, struct err *err)
{
	const struct chosen_micro *m = &p->micros[e->micro & ~ENTRY_SILENT];
	struct chosen_part *part = &p->parts[m->part];
	const struct run *run = p->sr->run;
	struct packet_said said;
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
	if (e->micro & ENTRY_SILENT) {
		part->has_previous = true;
		part->previous_ns = raw->time_ns;
		return RC_DONE;
	}
	packet.frame = p->place->first_frame + e->ordinal;
	packet.file_offset = p->block->offset + ref.offset;
	packet.self = (struct record_id){ p->place->block, ref.offset };
	packet.check = ref.check;
	packet.flow = part->id;
	packet.microflow = m->id;
	packet.key = &part->key;
	packet.direction = direction_of(&packet.pkt, &part->key);
	find_note(p, m, e->ordinal, &packet);
	if ((!run->q->unheard || part->verdict != VERDICT_YES) && hear(p, m->app, &packet, raw, &said))
		packet.said = &said;
	find_gap(&packet, part, m, e->ordinal == p->ordinals[m->first]);
	if (!in_time(run->q, packet.pkt.time_ns))
		return RC_DONE;
	if (part->verdict != VERDICT_YES && !filter_match(run->q->filter, &row))
		return RC_DONE;
	return output_row(run->out, &row, raw, err);
}

/* A packet that cannot be had, or is not the one that was indexed: how long before the next one of its flow it was is not known. */
static enum rc leave_out(struct packets *p, const struct packet_entry *e, enum rc rc, struct err *err)
{
	p->parts[p->micros[e->micro & ~ENTRY_SILENT].part].has_previous = false;
	return run_leave_out(p->sr, rc, err);
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
		else
			rc = leave_out(p, &p->entries[from + i], rc, err);
	}
	return rc;
}

static int by_capture(const void *a, const void *b)
{
	uint32_t x = ((const struct packet_entry *)a)->ordinal,
		 y = ((const struct packet_entry *)b)->ordinal;

	return (x > y) - (x < y);
}

/* Many of a segment's packets: each goes to its place, and the gaps are closed. An ordinal comes once. */
static enum rc place_entries(struct packets *p, uint32_t packets, struct err *err)
{
	uint32_t *at = mem_calloc(packets, sizeof(*at));
	struct packet_entry *swap = p->entries;
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

/* Those that may hold the content alone; what was read for its time is not needed. */
static void keep_candidates(struct packets *p, const struct print_search *prints)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_entries; i++)
		if (!(p->entries[i].micro & ENTRY_SILENT) && print_search_has(prints, p->entries[i].ordinal))
			p->entries[n++] = p->entries[i];
	p->n_entries = n;
}

/* *left_out: fingerprints say that it has nothing. */
static enum rc run_open_segment(struct packets *p, bool *left_out, struct err *err)
{
	struct print_search *prints = p->sr->run->q->prints;
	enum print_answer answer = PRINTS_SILENT;
	enum rc rc = RC_DONE;

	if (prints)
		rc = print_search_ask(prints, p->seg, p->place, &answer, err);
	*left_out = rc == RC_DONE && answer == PRINTS_NO;
	if (rc != RC_DONE || *left_out)
		return rc;
	p->block = store_block(p->sr->store, p->place->block);
	rc = p->block ? packets_choose(p, err) : RC_DONE;
	if (rc == RC_DONE && answer == PRINTS_SOME)
		keep_candidates(p, prints);
	return rc == RC_DONE ? read_entries(p, err) : rc;
}

static enum rc run_segment(struct packets *p, bool *left_out, struct err *err)
{
	size_t at = (size_t)(p->place - p->sr->segments);
	enum rc rc = RC_DONE;

	ahead_look(&p->ahead, p->sr, at);
	p->seg = ahead_take(&p->ahead, at);
	if (p->seg)
		segment_give_texts(p->seg, p->sr->run->texts);
	else
		rc = run_segment_open(p->sr, p->place, &p->seg, err);
	if (rc != RC_DONE)
		return rc;
	rc = run_open_segment(p, left_out, err);
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
	ahead_free(&p->ahead);
	packet_reader_free(p->aside);
	fragment_table_free(p->fragments);
	part_list_free(&p->list);
	buf_free(&p->info);
	mem_free(p->parts);
	mem_free(p->micros);
	mem_free(p->entries);
	mem_free(p->sorted);
	mem_free(p->ordinals);
	mem_free(p->notes);
	mem_free(p->wanted);
	mem_free(p->refs);
}

/* Where only blocks are asked for, other blocks hold nothing. */
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
		bool wanted, left_out = false;

		p.place = &sr->segments[i];
		wanted = source_wants(sr, p.place);
		if (wanted)
			rc = run_forgive(sr, p.place, run_segment(&p, &left_out, err), err);
		source_step(sr, p.place, wanted && !left_out);
	}
	packets_free(&p);
	return rc;
}
