/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verification of a whole segment: all is read, and what is told twice must agree. That a list
 * leads to exactly the flow parts that have an address or service is seen by comparing two sums
 * of hashes, one over the lists, one over the flow parts.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/segment_reader.h"

#include <stdlib.h>

struct verify {
	struct segment *s;
	uint8_t *seen; /* a bit a packet: has a reference */
	uint32_t *ordinals; /* of one microflow part */
	size_t ordinals_cap;
	uint64_t packets; /* referred to */
	uint64_t refs_end, marks_end; /* behind the references and marks read last */
	struct packet_note *notes; /* of one microflow part */
	size_t notes_cap;
	uint32_t micros;
	uint64_t addresses_sum, services_sum, continued_sum;
};

static uint64_t pair_hash(uint64_t element, uint32_t part)
{
	return hash_mix(hash_mix(element + 1) ^ part);
}

static uint64_t service_hash(const struct service_at *a)
{
	uint64_t h = hash_mix((uint64_t)a->window_ns);

	h = hash_mix(h ^ ((uint64_t)a->server << 32 | a->proto));
	return hash_mix(h ^ ((uint64_t)a->point << 32 | (uint64_t)a->port << 1 | a->has_port));
}

/* ---- packets ---------------------------------------------------------------------------- */

/* A group's entry, and a chunk's, must be where walking arrives. */
static enum rc verify_group(
	struct segment *s, const struct segment_packets *it, uint32_t end, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_PACKETS];
	bool chunk_begins = it->next % PACKETS_CHUNK == 0;
	struct segment_packets group;
	enum rc rc = segment_packets_seek(&group, s, it->next, err);

	if (rc != RC_DONE)
		return rc;
	if (group.offset != end || (!chunk_begins && group.pos != it->pos) ||
		(chunk_begins &&
			load_le32(chunk_entry(in, it->next / PACKETS_CHUNK) + 24) != end))
		return segment_damaged(
			s, SECTION_PACKETS, 0, err, "a group of packets begins elsewhere");
	return RC_DONE;
}

static enum rc verify_packets(struct segment *s, struct err *err)
{
	uint32_t end = s->info.first_offset;
	struct segment_packets it;
	struct packet_ref ref;
	enum rc rc = segment_packets_seek(&it, s, 0, err);

	while (rc == RC_DONE && it.next < s->info.packets) {
		if (it.next % PACKETS_GROUP == 0)
			rc = verify_group(s, &it, end, err);
		if (rc == RC_DONE)
			rc = segment_packets_next(&it, &ref, err);
		end = it.offset;
	}
	if (rc == RC_DONE && end != s->info.end_offset)
		return segment_damaged(
			s, SECTION_PACKETS, 0, err, "the last packet ends elsewhere");
	return rc;
}

static enum rc verify_times(struct segment *s, struct err *err)
{
	int64_t first, last, earliest = INT64_MAX, latest = INT64_MIN;

	for (uint32_t i = 0; segment_mark(s, i, &first, &last); i++) {
		earliest = first < earliest ? first : earliest;
		latest = last > latest ? last : latest;
		if (first > last)
			return segment_damaged(
				s, 0, SEGMENT_AT_FIRST_NS, err, "times that cannot be");
	}
	if (s->info.packets > 0 && (earliest != s->info.first_ns || latest != s->info.last_ns))
		return segment_damaged(s, 0, SEGMENT_AT_FIRST_NS, err,
			"times that are not those of the packets");
	return RC_DONE;
}

static enum rc verify_checks(struct segment *s, struct err *err)
{
	struct cursor c;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; rc == RC_DONE && i < s->sections[SECTION_CHECKS].chunks; i++)
		rc = chunk_open(s, SECTION_CHECKS, i, &c, err);
	return rc;
}

/* ---- flow parts ------------------------------------------------------------------------- */

static enum rc verify_refs(struct verify *v, const struct segment_cursor *c, struct err *err)
{
	enum rc rc;

	if (c->refs_pos != v->refs_end)
		return segment_damaged(
			v->s, SECTION_REFS, c->refs_pos, err, "references of no microflow");
	v->refs_end += c->refs_len;
	if (mem_grow(&v->ordinals, &v->ordinals_cap, c->refs_n, sizeof(*v->ordinals)) != 0)
		return err_memory(err);
	rc = segment_refs(c, v->ordinals, err);
	for (uint32_t i = 0; rc == RC_DONE && i < c->refs_n; i++) {
		uint32_t o = v->ordinals[i];

		if (v->seen[o / 8] & 1 << o % 8)
			rc = segment_damaged(v->s, SECTION_REFS, c->refs_pos, err,
				"a packet that belongs to two microflows");
		v->seen[o / 8] |= (uint8_t)(1 << o % 8);
	}
	v->packets += c->refs_n;
	return rc;
}

/* What notes say, and what the counters do. */
static enum rc verify_notes(struct verify *v, const struct segment_cursor *c,
	const struct counters *counters, const struct media *media, struct err *err)
{
	struct counters marked;
	uint64_t media_marked[MEDIA_MARKS] = {0};
	uint32_t n;
	enum rc rc;

	if (c->marks_pos != v->marks_end)
		return segment_damaged(
			v->s, SECTION_MARKS, c->marks_pos, err, "marks of no microflow");
	v->marks_end += c->marks_len;
	if (mem_grow(&v->notes, &v->notes_cap, c->refs_n, sizeof(*v->notes)) != 0)
		return err_memory(err);
	rc = segment_notes(c, v->notes, &n, err);
	if (rc != RC_DONE)
		return rc;
	counters_init(&marked);
	for (uint32_t i = 0; i < n; i++) {
		counters_note(&marked, DIR_C2S, &v->notes[i]);
		media_count_marks(media_marked, v->notes[i].marks);
	}
	if (!counters_agree(counters, &marked) || !media_agrees(media, media_marked))
		return segment_damaged(v->s, SECTION_MARKS, c->marks_pos, err,
			"marks that are not as many as the counters say");
	return RC_DONE;
}

static enum rc verify_micros(struct verify *v, struct segment_cursor *c, struct err *err)
{
	struct counters counters;
	struct media media;
	struct record_id id;
	int64_t slice;
	enum rc rc;

	while ((rc = segment_next_micro(c, &id, &slice, &counters, err)) == RC_DONE) {
		v->micros++;
		rc = verify_refs(v, c, err);
		if (rc == RC_DONE && segment_has_media(c))
			rc = segment_media(c, &media, err);
		if (rc == RC_DONE)
			rc = verify_notes(v, c, &counters, segment_has_media(c) ? &media : NULL, err);
		if (rc != RC_DONE)
			return rc;
	}
	return rc == RC_END ? RC_DONE : rc;
}

/* Number of an address + 1 by binary search over all. */
static enum rc number_of(
	struct segment *s, const struct addr *a, uint32_t *number, struct err *err)
{
	uint32_t from = 0, to = s->n_addresses;
	struct addr found;
	enum rc rc = RC_DONE;

	*number = 0;
	while (a->kind != ADDR_NONE && from < to) {
		uint32_t mid = from + (to - from) / 2;

		rc = segment_address(s, mid, &found, err);
		if (rc != RC_DONE)
			break;
		if (addr_cmp(&found, a) <= 0)
			from = mid + 1;
		else
			to = mid;
	}
	*number = from;
	return rc;
}

static enum rc add_flow(struct verify *v, const struct segment_flow *f, struct err *err)
{
	uint32_t client, server;
	struct service_key key;
	struct service_at at;
	enum rc rc = number_of(v->s, &f->key.client, &client, err);

	if (rc == RC_DONE)
		rc = number_of(v->s, &f->key.server, &server, err);
	if (rc != RC_DONE)
		return rc;
	if (client)
		v->addresses_sum += pair_hash(client - 1, f->part);
	if (server && server != client)
		v->addresses_sum += pair_hash(server - 1, f->part);
	service_of(&key, &f->key, time_floor(f->slice_ns, v->s->info.macro_ns));
	at = (struct service_at){ .window_ns = key.window_ns,
		.server = server,
		.proto = key.proto,
		.point = key.point,
		.port = key.port,
		.has_port = key.has_port };
	v->services_sum += pair_hash(service_hash(&at), f->part);
	return RC_DONE;
}

static enum rc verify_flows(struct verify *v, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	enum rc rc = segment_seek(&c, v->s, 0, err);

	while (rc == RC_DONE) {
		rc = segment_next_flow(&c, &flow, err);
		if (rc != RC_DONE)
			break;
		if (c.guess.continued)
			v->continued_sum += pair_hash(0, flow.part);
		rc = add_flow(v, &flow, err);
		if (rc == RC_DONE)
			rc = verify_micros(v, &c, err);
	}
	if (rc != RC_END)
		return rc;
	if (v->micros != v->s->info.micro_parts || v->packets != v->s->info.packets ||
		v->refs_end != v->s->sections[SECTION_REFS].data_len ||
		v->marks_end != v->s->sections[SECTION_MARKS].data_len)
		return segment_damaged(v->s, SECTION_FLOWS, 0, err,
			"microflows and their packets are not as many as the head says");
	return RC_DONE;
}

/* ---- lists ------------------------------------------------------------------------------ */

static enum rc verify_addresses(struct segment *s, struct err *err)
{
	struct addr before, a;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; rc == RC_DONE && i < s->n_addresses; i++) {
		rc = segment_address(s, i, &a, err);
		if (rc == RC_DONE && i > 0 && addr_cmp(&before, &a) >= 0)
			rc = segment_damaged(
				s, SECTION_ADDRESSES, 0, err, "addresses are not in order");
		before = a;
	}
	return rc;
}

static enum rc postings_damaged(struct segment *s, struct err *err)
{
	return segment_damaged(
		s, SECTION_POSTINGS, 0, err, "addresses lead to other flow parts");
}

static enum rc verify_postings(struct verify *v, struct err *err)
{
	const struct section_in *in = &v->s->sections[SECTION_POSTINGS];
	struct part_list list = { 0 };
	bool no_memory = false;
	uint64_t sum = 0, number = 0;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; rc == RC_DONE && i < in->chunks; i++) {
		struct cursor c;

		if (number != chunk_first(in, i))
			rc = postings_damaged(v->s, err);
		if (rc == RC_DONE)
			rc = chunk_open(v->s, SECTION_POSTINGS, i, &c, err);
		for (; rc == RC_DONE && !no_memory && cursor_left(&c) > 0; number++) {
			list.n = 0;
			if (!list_get(&c, v->s->info.flow_parts, &list, &no_memory))
				rc = postings_damaged(v->s, err);
			for (size_t k = 0; k < list.n; k++)
				sum += pair_hash(number, list.v[k]);
		}
	}
	part_list_free(&list);
	if (rc == RC_DONE && no_memory)
		return err_memory(err);
	return rc != RC_DONE || sum == v->addresses_sum ? rc : postings_damaged(v->s, err);
}

static enum rc verify_services(struct verify *v, struct err *err)
{
	const struct section_in *in = &v->s->sections[SECTION_SERVICES];
	struct part_list list = { 0 };
	bool no_memory = false;
	enum rc rc = RC_DONE;
	uint64_t sum = 0;

	for (uint32_t i = 0; rc == RC_DONE && i < in->chunks; i++) {
		struct service_at at;
		struct cursor c;

		rc = chunk_open(v->s, SECTION_SERVICES, i, &c, err);
		service_entry_get(in, i, &at);
		while (rc == RC_DONE && !no_memory && cursor_left(&c) > 0) {
			list.n = 0;
			service_get(&c, at.window_ns, &at);
			if (!list_get(&c, v->s->info.flow_parts, &list, &no_memory))
				rc = chunk_damaged(v->s, SECTION_SERVICES, i, &c, err,
					"a service that cannot be");
			for (size_t k = 0; k < list.n; k++)
				sum += pair_hash(service_hash(&at), list.v[k]);
		}
	}
	part_list_free(&list);
	if (rc == RC_DONE && no_memory)
		return err_memory(err);
	if (rc == RC_DONE && sum != v->services_sum)
		return segment_damaged(
			v->s, SECTION_SERVICES, 0, err, "services lead to other flow parts");
	return rc;
}

static enum rc verify_continued(struct verify *v, struct err *err)
{
	struct part_list list = { 0 };
	uint64_t sum = 0;
	enum rc rc = segment_continuations(v->s, &list, err);

	for (size_t i = 0; i < list.n; i++)
		sum += pair_hash(0, list.v[i]);
	part_list_free(&list);
	if (rc == RC_DONE && sum != v->continued_sum)
		return segment_damaged(v->s, SECTION_CONTINUED, 0, err,
			"other flow parts go on than it lists");
	return rc;
}

static enum rc verify_texts(struct segment *s, struct err *err)
{
	enum rc rc = RC_DONE;
	const char *text;
	size_t len;

	for (uint32_t number = 1; rc == RC_DONE && number <= s->n_texts; number++)
		rc = segment_text(s, number, &text, &len, err);
	return rc;
}

enum rc segment_verify(struct segment *s, struct err *err)
{
	struct verify v = { .s = s, .seen = mem_calloc((size_t)s->info.packets / 8 + 1, 1) };
	enum rc rc;

	if (!v.seen)
		return err_memory(err);
	rc = verify_packets(s, err);
	if (rc == RC_DONE)
		rc = verify_times(s, err);
	if (rc == RC_DONE)
		rc = verify_checks(s, err);
	if (rc == RC_DONE)
		rc = verify_addresses(s, err);
	if (rc == RC_DONE)
		rc = verify_flows(&v, err);
	if (rc == RC_DONE)
		rc = verify_postings(&v, err);
	if (rc == RC_DONE)
		rc = verify_services(&v, err);
	if (rc == RC_DONE)
		rc = verify_continued(&v, err);
	if (rc == RC_DONE)
		rc = verify_texts(s, err);
	if (rc == RC_DONE)
		rc = verify_observations(s, err);
	if (rc == RC_DONE)
		rc = verify_prints(s, err);
	mem_free(v.seen);
	mem_free(v.ordinals);
	mem_free(v.notes);
	return rc;
}
