/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an id to its place in the index. A record's id is its first packet, which leads to the segment and the flow part. */
#include "query/query_priv.h"

#include "base/mem.h"
#include "decode/decode.h"

#include <string.h>

enum rc missing_id(enum tier tier, struct record_id id, struct err *err)
{
	struct id shown = { .tier = tier, .rec = id };
	char text[ID_TEXT];

	id_format(text, sizeof(text), &shown);
	return err_set(err, RC_MISSING, text, "there is no such %s", tier_singular(tier));
}

void decode_raw(const struct point_info *point, const struct raw_packet *raw, uint32_t offset,
	bool verify, struct packet *out)
{
	struct decode_frame frame = {
		.linktype = point ? point->linktype : UINT32_MAX,
		.fcs_len = point ? point->fcs_len : 0,
		.verify = verify,
		.data = raw->data,
		.caplen = raw->caplen,
		.len = raw->len,
	};

	memset(out, 0, sizeof(*out));
	out->time_ns = raw->time_ns;
	out->offset = offset;
	out->record_len = raw->record_len;
	out->point = raw->point;
	out->flags = (raw->time_unknown ? PACKET_TIME_UNKNOWN : 0u) |
		(raw->time_saturated ? PACKET_TIME_SATURATED : 0u);
	decode_packet(&frame, out);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The segment that holds a packet; RC_MISSING (without text) where none does. */
static enum rc open_at(struct store *s, struct record_id id, struct segment **seg,
	uint32_t *ordinal, struct err *err)
{
	const struct segment_place *place = store_segment_at(s, id.block, id.offset);
	enum rc rc;

	if (!place)
		return RC_MISSING;
	rc = store_open_segment(s, place, seg, NULL, err);
	if (rc != RC_DONE)
		return rc;
	rc = segment_ordinal(*seg, id.offset, ordinal, err);
	if (rc != RC_DONE)
		segment_close(*seg);
	return rc;
}

static void tell(struct located *out, const struct segment_flow *flow)
{
	memset(out, 0, sizeof(*out));
	out->flow = flow->id;
	out->key = flow->key;
	out->slice_ns = flow->slice_ns;
}

/* ---- what is left of records whose beginning was evicted ------------------------------------------ */

/* Whether the flow part at the cursor has a microflow part of this id. */
static enum rc has_micro(
	struct segment_cursor *c, struct record_id id, bool *found, struct err *err)
{
	struct record_id micro;
	enum rc rc;

	*found = false;
	while ((rc = segment_next_micro(c, &micro, NULL, NULL, err)) == RC_DONE)
		if (record_id_equal(micro, id)) {
			*found = true;
			return RC_DONE;
		}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc search_parts(struct segment *seg, const struct part_list *parts,
	struct record_id id, bool micro, struct located *out, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;

	for (size_t i = 0; i < parts->n; i++) {
		bool found;
		enum rc rc = segment_seek(&c, seg, parts->v[i], err);

		if (rc == RC_DONE)
			rc = segment_next_flow(&c, &flow, err);
		if (rc != RC_DONE)
			return rc;
		found = !micro && record_id_equal(flow.id, id);
		if (micro)
			rc = has_micro(&c, id, &found, err);
		if (rc != RC_DONE)
			return rc;
		if (found) {
			tell(out, &flow);
			if (micro)
				out->micro = id;
			return RC_DONE;
		}
	}
	return RC_MISSING;
}

/* A later part of a record whose block is gone: only continuations can be it. */
static enum rc locate_orphan(
	struct store *s, struct record_id id, bool micro, struct located *out, struct err *err)
{
	size_t n;
	const struct segment_place *places = store_segments(s, &n);
	enum rc rc = RC_MISSING;

	for (size_t i = 0; i < n && rc == RC_MISSING; i++) {
		struct part_list parts = { 0 };
		struct segment *seg;

		rc = store_open_segment(s, &places[i], &seg, NULL, err);
		if (rc != RC_DONE)
			return rc;
		rc = segment_continuations(seg, &parts, err);
		if (rc == RC_DONE)
			rc = search_parts(seg, &parts, id, micro, out, err);
		part_list_free(&parts);
		segment_close(seg);
	}
	return rc;
}

/* ---- flows --------------------------------------------------------------------------------------- */

static enum rc flow_at(struct segment *seg, uint32_t ordinal, struct record_id id,
	struct located *out, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	uint32_t part;
	enum rc rc = segment_flow_at(seg, ordinal, &part, err);

	if (rc == RC_DONE)
		rc = segment_seek(&c, seg, part, err);
	if (rc == RC_DONE)
		rc = segment_next_flow(&c, &flow, err);
	if (rc == RC_DONE && !record_id_equal(flow.id, id))
		rc = RC_MISSING;
	if (rc == RC_DONE)
		tell(out, &flow);
	return rc;
}

enum rc locate_flow(struct store *s, struct record_id id, struct located *out, struct err *err)
{
	struct segment *seg;
	uint32_t ordinal;
	enum rc rc;

	if (!store_segment_at(s, id.block, id.offset)) {
		rc = locate_orphan(s, id, false, out, err);
		return rc == RC_MISSING ? missing_id(TIER_FLOW, id, err) : rc;
	}
	rc = open_at(s, id, &seg, &ordinal, err);
	if (rc == RC_DONE) {
		rc = flow_at(seg, ordinal, id, out, err);
		segment_close(seg);
	}
	return rc == RC_MISSING ? missing_id(TIER_FLOW, id, err) : rc;
}

/* ---- packets ---------------------------------------------------------------------------------------- */

enum rc locate_ref(
	struct store *s, struct record_id id, struct packet_ref *out, struct err *err)
{
	struct segment *seg;
	uint32_t ordinal;
	enum rc rc = open_at(s, id, &seg, &ordinal, err);

	if (rc == RC_DONE) {
		rc = segment_locate(seg, &ordinal, 1, out, err);
		segment_close(seg);
	}
	return rc == RC_MISSING ? missing_id(TIER_PACKET, id, err) : rc;
}

/* Flow parts that may hold a packet: those of its sender, whom the packet itself (*pkt) tells. */
static enum rc parts_of_packet(struct store *s, struct segment *seg, uint32_t ordinal,
	struct packet *pkt, struct part_list *out, struct err *err)
{
	uint32_t block = segment_info(seg)->block;
	struct packet_reader *reader;
	struct raw_packet raw;
	struct packet_ref ref;
	struct addr_net net;
	size_t n;
	const struct point_info *points = store_points(s, &n);
	enum rc rc = packet_reader_new(s, &reader, err);

	if (rc != RC_DONE)
		return rc;
	rc = segment_locate(seg, &ordinal, 1, &ref, err);
	if (rc == RC_DONE)
		rc = packet_reader_get(reader, block, ref, &raw, err);
	if (rc == RC_DONE) {
		decode_raw(raw.point < n ? &points[raw.point] : NULL, &raw, ref.offset, false,
			pkt);
		net.addr = pkt->src;
		net.bits = (unsigned)addr_len(&pkt->src) * 8;
		if (pkt->src.kind != ADDR_NONE)
			rc = segment_by_net(seg, &net, out, err);
	}
	packet_reader_free(reader);
	return rc;
}

struct seek_packet {
	uint32_t ordinal;
	uint32_t *ordinals; /* scratch */
	size_t cap;
};

/* The microflow part of the flow part at the cursor that holds the packet. */
static enum rc micro_with(struct segment_cursor *c, struct seek_packet *seek,
	struct record_id *id, bool *found, struct err *err)
{
	struct counters counters;
	enum rc rc;

	*found = false;
	while ((rc = segment_next_micro(c, id, NULL, &counters, err)) == RC_DONE) {
		size_t n = counters_packets(&counters);

		if (mem_grow(&seek->ordinals, &seek->cap, n, sizeof(*seek->ordinals)) != 0)
			return err_memory(err);
		rc = segment_refs(c, seek->ordinals, err);
		if (rc != RC_DONE)
			return rc;
		for (size_t i = 0; i < n && seek->ordinals[i] <= seek->ordinal; i++)
			if (seek->ordinals[i] == seek->ordinal) {
				*found = true;
				return RC_DONE;
			}
	}
	return rc == RC_END ? RC_DONE : rc;
}

static bool key_fits(const struct flow_key *k, const struct packet *p)
{
	bool there = addr_equal(&k->client, &p->src) && addr_equal(&k->server, &p->dst);
	bool back = addr_equal(&k->client, &p->dst) && addr_equal(&k->server, &p->src);

	if (!k->has_ports || !(p->flags & PACKET_HAS_PORTS))
		return there || back;
	return (there && k->client_port == p->src_port && k->server_port == p->dst_port) ||
		(back && k->client_port == p->dst_port && k->server_port == p->src_port);
}

/* How many of the parts begin no later than the packet: they are in order of their first packets. */
static enum rc parts_before(struct segment *seg, const struct part_list *parts,
	uint32_t ordinal, size_t *out, struct err *err)
{
	size_t low = 0, high = parts->n;
	struct segment_cursor c;
	struct segment_flow flow;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		enum rc rc = segment_seek(&c, seg, parts->v[middle], err);

		if (rc == RC_DONE)
			rc = segment_next_flow(&c, &flow, err);
		if (rc != RC_DONE)
			return rc;
		if (flow.first_ordinal <= ordinal)
			low = middle + 1;
		else
			high = middle;
	}
	*out = low;
	return RC_DONE;
}

enum {
	KEY_GROUP = 512
}; /* parts looked at together: each look-up by itself begins at the start of a chunk */

/* Those of parts[first, end) whose key is the packet's, read in one go. */
static enum rc group_fits(struct segment *seg, const struct part_list *parts, size_t first,
	size_t end, const struct packet *pkt, struct part_list *fits, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	enum rc rc = segment_seek(&c, seg, parts->v[first], err);

	fits->n = 0;
	for (size_t i = first; i < end && rc == RC_DONE; i++) {
		uint32_t part = parts->v[i];

		rc = segment_go(&c, part, err);
		if (rc == RC_DONE)
			rc = segment_next_flow(&c, &flow, err);
		if (rc != RC_DONE || !key_fits(&flow.key, pkt))
			continue;
		if (mem_grow(&fits->v, &fits->cap, fits->n + 1, sizeof(*fits->v)) != 0)
			return err_memory(err);
		fits->v[fits->n++] = part;
	}
	return rc;
}

static enum rc micro_of_part(struct segment *seg, uint32_t part, struct seek_packet *seek,
	struct located *out, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	struct record_id micro;
	bool found = false;
	enum rc rc = segment_seek(&c, seg, part, err);

	if (rc == RC_DONE)
		rc = segment_next_flow(&c, &flow, err);
	if (rc == RC_DONE)
		rc = micro_with(&c, seek, &micro, &found, err);
	if (rc != RC_DONE || !found)
		return rc == RC_DONE ? RC_MISSING : rc;
	tell(out, &flow);
	out->micro = micro;
	return RC_DONE;
}

/*
 * The flow part whose key is the packet's, back from the one that began last: nearly always the first that fits. What is not found so
 * (a fragment that got its ports elsewhere) is left to search_packet().
 */
static enum rc search_key(struct segment *seg, const struct part_list *parts,
	const struct packet *pkt, struct seek_packet *seek, struct located *out,
	struct err *err)
{
	struct part_list fits = { 0 };
	size_t end = 0;
	enum rc rc = parts_before(seg, parts, seek->ordinal, &end, err);

	if (rc == RC_DONE)
		rc = RC_MISSING;
	while (rc == RC_MISSING && end > 0) {
		size_t first = end > KEY_GROUP ? end - KEY_GROUP : 0;

		rc = group_fits(seg, parts, first, end, pkt, &fits, err);
		if (rc == RC_DONE)
			rc = RC_MISSING;
		for (size_t i = fits.n; i-- > 0 && rc == RC_MISSING;)
			rc = micro_of_part(seg, fits.v[i], seek, out, err);
		end = first;
	}
	part_list_free(&fits);
	return rc;
}

/* Looks through parts (all where the list is NULL); parts begin with their first packets, in order. */
static enum rc search_packet(struct segment *seg, const struct part_list *parts,
	struct seek_packet *seek, struct located *out, struct err *err)
{
	uint32_t n = parts ? (uint32_t)parts->n : segment_info(seg)->flow_parts;
	struct segment_cursor c;
	struct segment_flow flow;
	bool found;
	enum rc rc = segment_seek(&c, seg, 0, err);

	for (uint32_t i = 0; i < n && rc == RC_DONE; i++) {
		struct record_id micro;

		if (parts)
			rc = segment_go(&c, parts->v[i], err);
		if (rc == RC_DONE)
			rc = segment_next_flow(&c, &flow, err);
		if (rc != RC_DONE || flow.first_ordinal > seek->ordinal)
			break;
		rc = micro_with(&c, seek, &micro, &found, err);
		if (rc == RC_DONE && found) {
			tell(out, &flow);
			out->micro = micro;
			return RC_DONE;
		}
	}
	return rc == RC_DONE || rc == RC_END ? RC_MISSING : rc;
}

static enum rc packet_at(struct store *s, struct segment *seg, uint32_t ordinal,
	struct located *out, struct err *err)
{
	struct seek_packet seek = { .ordinal = ordinal };
	struct part_list parts = { 0 };
	struct packet pkt;
	enum rc rc = parts_of_packet(s, seg, ordinal, &pkt, &parts, err);

	part_list_unique(&parts);
	if (rc == RC_DONE)
		rc = parts.n ? search_key(seg, &parts, &pkt, &seek, out, err) : RC_MISSING;
	if (rc == RC_MISSING)
		rc = parts.n ? search_packet(seg, &parts, &seek, out, err) : RC_MISSING;
	if (rc == RC_MISSING)
		rc = search_packet(seg, NULL, &seek, out, err);
	part_list_free(&parts);
	mem_free(seek.ordinals);
	return rc;
}

static enum rc locate_in(
	struct store *s, struct record_id id, struct located *out, struct err *err)
{
	struct segment *seg;
	uint32_t ordinal;
	enum rc rc = open_at(s, id, &seg, &ordinal, err);

	if (rc != RC_DONE)
		return rc;
	rc = packet_at(s, seg, ordinal, out, err);
	segment_close(seg);
	return rc;
}

enum rc locate_packet(
	struct store *s, struct record_id id, struct located *out, struct err *err)
{
	enum rc rc = locate_in(s, id, out, err);

	return rc == RC_MISSING ? missing_id(TIER_PACKET, id, err) : rc;
}

enum rc locate_micro(struct store *s, struct record_id id, struct located *out, struct err *err)
{
	enum rc rc;

	if (store_segment_at(s, id.block, id.offset)) {
		rc = locate_in(s, id, out, err);
		if (rc == RC_DONE && !record_id_equal(out->micro, id))
			rc = RC_MISSING;
	} else {
		rc = locate_orphan(s, id, true, out, err);
	}
	return rc == RC_MISSING ? missing_id(TIER_MICROFLOW, id, err) : rc;
}
