/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking the flow parts and microflow parts of a segment, and their references. */
#include "base/mem.h"
#include "base/text.h"
#include "store/segment_reader.h"

/* ---- contexts --------------------------------------------------------------------------- */

static enum rc read_context(
	struct segment *s, uint32_t number, struct flow_key *out, struct err *err)
{
	uint32_t chunk = number / CONTEXTS_CHUNK;
	struct cursor c;
	enum rc rc = chunk_open(s, SECTION_CONTEXTS, chunk, &c, err);
	const uint8_t *at;

	if (rc != RC_DONE)
		return rc;
	if (number % CONTEXTS_CHUNK >= cursor_le16(&c))
		return chunk_damaged(
			s, SECTION_CONTEXTS, chunk, &c, err, "a context is missing");
	cursor_skip(&c, (size_t)(number % CONTEXTS_CHUNK) * 2);
	at = cursor_bytes(&c, 2);
	if (!at || load_le16(at) > c.len)
		return chunk_damaged(
			s, SECTION_CONTEXTS, chunk, &c, err, "a context lies outside");
	c.pos = load_le16(at);
	if (!key_get_context(&c, out))
		return chunk_damaged(
			s, SECTION_CONTEXTS, chunk, &c, err, "a context that cannot be");
	return RC_DONE;
}

enum rc segment_context(
	struct segment *s, uint32_t number, struct flow_key *out, struct err *err)
{
	struct context_slot *slot;
	enum rc rc;

	if (!s->contexts) {
		s->contexts = mem_calloc(CONTEXT_CACHE, sizeof(*s->contexts));
		if (!s->contexts)
			return err_memory(err);
	}
	if (number >= s->info.flow_parts)
		return segment_damaged(s, SECTION_CONTEXTS, 0, err, "a context is missing");
	slot = &s->contexts[number % CONTEXT_CACHE];
	if (slot->number != number + 1) {
		slot->number = 0;
		rc = read_context(s, number, &slot->key, err);
		if (rc != RC_DONE)
			return rc;
		slot->number = number + 1;
	}
	*out = slot->key;
	return RC_DONE;
}

static enum rc segment_mac(struct segment *s, uint32_t number, uint8_t *out, struct err *err)
{
	uint32_t chunk = number / MACS_CHUNK;
	const uint8_t *mac;
	struct cursor c;
	enum rc rc = chunk_open(s, SECTION_MACS, chunk, &c, err);

	if (rc != RC_DONE)
		return rc;
	cursor_skip(&c, (size_t)(number % MACS_CHUNK) * MAC_BYTES);
	mac = cursor_bytes(&c, MAC_BYTES);
	if (!mac)
		return chunk_damaged(
			s, SECTION_MACS, chunk, &c, err, "a link-layer address is missing");
	memcpy(out, mac, MAC_BYTES);
	return RC_DONE;
}

/* ---- places ----------------------------------------------------------------------------- */

static void enter_chunk(struct segment_cursor *c, uint32_t chunk)
{
	const uint8_t *e = chunk_entry(&c->s->sections[SECTION_FLOWS], chunk);

	c->chunk = chunk;
	c->pos = 0;
	c->refs_pos = load_le64(e + 24);
	c->refs_len = 0;
	c->marks_pos = load_le64(e + 56);
	c->marks_len = 0;
	c->guess.first_ns = (int64_t)load_le64(e + 32);
	c->flow_slice_ns = (int64_t)load_le64(e + 40);
	c->flow_ordinal = load_le32(e + 48);
}

/* The cursor's place in its chunk. */
static enum rc resume(const struct segment_cursor *c, struct cursor *in, struct err *err)
{
	enum rc rc = chunk_open(c->s, SECTION_FLOWS, c->chunk, in, err);

	if (rc == RC_DONE)
		in->pos = c->pos < in->len ? c->pos : in->len;
	return rc;
}

static enum rc flows_damaged(const struct segment_cursor *c, const struct cursor *in,
	struct err *err, const char *why)
{
	return chunk_damaged(c->s, SECTION_FLOWS, c->chunk, in, err, why);
}

/* ---- microflow parts -------------------------------------------------------------------- */

static enum rc own_id(
	struct segment *s, uint32_t ordinal, struct record_id *id, struct err *err)
{
	id->block = s->info.block;
	return segment_offset(s, ordinal, &id->offset, err);
}

static void get_extra(struct segment_cursor *c, struct cursor *in, u128 wanted, struct codec_extra *extra,
	struct record_id *id, struct counters *counters, int64_t *slice_ns)
{
	*id = (struct record_id){ 0 };
	if (extra->flags & MICRO_ID) {
		id->block = varint_get32(in);
		id->offset = varint_get32(in);
	}
	*slice_ns = 0;
	if (extra->flags & MICRO_SLICE)
		*slice_ns = zigzag_back(cursor_varint(in));
	if (extra->flags & MICRO_STATE) {
		extra->known = varint_get_big(in);
		extra->mixed = varint_get_big(in);
		codec_set_state(&c->s->plan, wanted, counters, extra);
	}
	*slice_ns = (int64_t)((uint64_t)*slice_ns +
		(uint64_t)time_floor(codec_first(counters), c->s->info.micro_ns));
}

/* Place of the notes; false where it cannot be. */
static bool get_notes_place(
	struct segment_cursor *c, struct cursor *in, const struct codec_extra *extra)
{
	uint64_t end = c->s->sections[SECTION_MARKS].data_len;

	c->marks_pos += c->marks_len;
	c->marks_len = extra->flags & MICRO_MARKS ? varint_get32(in) : 0;
	return !in->truncated && c->marks_pos <= end && c->marks_len <= end - c->marks_pos;
}

/* Place of what is known of media; false where it cannot be. */
static bool get_media_place(struct segment_cursor *c, struct cursor *in, const struct codec_extra *extra)
{
	c->media_len = extra->flags & MICRO_MEDIA ? varint_get32(in) : 0;
	c->media_chunk = c->chunk;
	c->media_pos = in->pos;
	cursor_skip(in, c->media_len);
	return !in->truncated;
}

/* Ordinal and place of the references; false where they cannot be. */
static bool get_refs_place(
	struct segment_cursor *c, struct cursor *in, const struct counters *counters)
{
	uint64_t n = counters_packets(counters), ordinal = c->micro_ordinal, len = 0;

	if (!c->first_micro)
		ordinal += varint_get32(in);
	if (n > 1 && n <= c->s->info.packets)
		len = n - 1 + varint_get32(in);
	c->refs_pos += c->refs_len;
	if (in->truncated || n == 0 || n > c->s->info.packets ||
		ordinal >= c->s->info.packets ||
		c->refs_pos > c->s->sections[SECTION_REFS].data_len ||
		len > c->s->sections[SECTION_REFS].data_len - c->refs_pos)
		return false;
	c->micro_ordinal = (uint32_t)ordinal;
	c->refs_len = (uint32_t)len;
	c->refs_n = (uint32_t)n;
	return true;
}

static enum rc tell_micro_id(struct segment_cursor *c, const struct codec_extra *extra,
	struct record_id own, struct record_id *id, struct err *err)
{
	*id = own;
	if (extra->flags & MICRO_ID)
		return RC_DONE;
	if (c->first_micro && !c->guess.continued && c->flow_id.block) {
		*id = c->flow_id;
		return RC_DONE;
	}
	return own_id(c->s, c->micro_ordinal, id, err);
}

/* `wanted`: CODEC_ALL, or what stepping over it needs; then nothing of the flow part may be read behind it. */
static enum rc read_micro(struct segment_cursor *c, u128 wanted, struct record_id *id, int64_t *slice_ns,
	struct counters *counters, struct err *err)
{
	struct codec_extra extra;
	struct record_id own;
	struct cursor in;
	int64_t slice;
	enum rc rc;

	if (c->micros_left == 0)
		return RC_END;
	rc = resume(c, &in, err);
	if (rc != RC_DONE)
		return rc;
	codec_get(&c->s->plan, &in, &c->guess, c->first_micro, wanted, counters, &extra);
	get_extra(c, &in, wanted, &extra, &own, counters, &slice);
	if (!get_refs_place(c, &in, counters) || !get_notes_place(c, &in, &extra) ||
		!get_media_place(c, &in, &extra)) {
		c->micros_left = 0;
		return flows_damaged(c, &in, err, "a microflow part that cannot be");
	}
	if (id)
		rc = tell_micro_id(c, &extra, own, id, err);
	if (slice_ns)
		*slice_ns = slice;
	if (wanted != CODEC_ALL)
		c->guess.first_ns = codec_first(counters);
	else
		guess_micro(&c->guess, counters);
	if (rc == RC_DONE && wanted == CODEC_ALL && (counters->known & text_fields()))
		rc = segment_map_texts(c->s, counters, err);
	c->first_micro = false;
	c->micros_left--;
	c->pos = in.pos;
	return rc;
}

static enum rc pass_micro(struct segment_cursor *c, struct err *err)
{
	struct counters unwanted;

	return read_micro(c, c->s->plan.passing, NULL, NULL, &unwanted, err);
}

/* ---- flow parts ------------------------------------------------------------------------- */

/* On to a flow part of the cursor's chunk. */
static enum rc skip_to(struct segment_cursor *c, uint32_t part, struct err *err)
{
	struct segment_flow flow;
	struct cursor in;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && c->micros_left > 0 && c->next_part < part)
		rc = pass_micro(c, err);
	while (rc == RC_DONE && c->next_part < part) {
		rc = resume(c, &in, err);
		if (rc == RC_DONE)
			segment_pass(c, &in, part);
		/* what was unusual */
		if (rc == RC_DONE && c->next_part < part)
			rc = cursor_skip_flow(c, &flow, err);
		while (rc == RC_DONE && c->micros_left > 0 && c->next_part < part)
			rc = pass_micro(c, err);
	}
	return rc;
}

enum rc segment_seek(
	struct segment_cursor *c, struct segment *s, uint32_t part, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_FLOWS];

	*c = (struct segment_cursor){ .s = s, .next_part = part };
	if (part >= s->info.flow_parts)
		return RC_DONE;
	enter_chunk(c, chunk_find(in, part));
	c->next_part = (uint32_t)chunk_first(in, c->chunk);
	return skip_to(c, part, err);
}

enum rc segment_go(struct segment_cursor *c, uint32_t part, struct err *err)
{
	const struct section_in *in = &c->s->sections[SECTION_FLOWS];

	if (part < c->next_part || part >= c->s->info.flow_parts || chunk_find(in, part) != c->chunk)
		return segment_seek(c, c->s, part, err);
	return skip_to(c, part, err);
}

/* Into the next chunk where the one before ends. */
static enum rc cross_chunk(struct segment_cursor *c, struct err *err)
{
	const struct section_in *in = &c->s->sections[SECTION_FLOWS];
	struct cursor end;
	enum rc rc;

	if (c->chunk + 1 >= in->chunks || chunk_first(in, c->chunk + 1) != c->next_part)
		return RC_DONE;
	rc = resume(c, &end, err);
	if (rc != RC_DONE)
		return rc;
	if (cursor_left(&end) > 0)
		return flows_damaged(c, &end, err, "more flow parts than the directory says");
	enter_chunk(c, c->chunk + 1);
	return RC_DONE;
}

/* What stands before a flow part's key; flags are FLOW_. */
static bool get_flow_head(struct segment_cursor *c, struct cursor *in, uint64_t *flags)
{
	uint64_t head = cursor_varint(in);
	uint64_t ordinal = c->flow_ordinal + (head >> FLOW_FLAGS_BITS);

	*flags = head & ((1 << FLOW_FLAGS_BITS) - 1);
	c->micros_left = 1;
	if (*flags & FLOW_MICROS) {
		uint32_t more = varint_get32(in);

		if (more > c->s->info.micro_parts)
			return false;
		c->micros_left = more + 2;
	}
	if (*flags & FLOW_SLICE)
		c->flow_slice_ns = (int64_t)((uint64_t)c->flow_slice_ns +
			(uint64_t)zigzag_back(cursor_varint(in)));
	c->flow_id = (struct record_id){ 0 };
	if (*flags & FLOW_ID) {
		c->flow_id.block = varint_get32(in);
		c->flow_id.offset = varint_get32(in);
	}
	if (ordinal >= c->s->info.packets || in->truncated)
		return false;
	c->flow_ordinal = (uint32_t)ordinal;
	return true;
}

/* What stands in a flow part in front of its microflow parts. */
struct flow_head {
	uint64_t flags; /* FLOW_ */
	uint32_t context, client, server;
	uint16_t client_port, server_port;
	uint32_t client_mac, server_mac;
};

/* To the next flow part: behind what is left of the one before, in the right chunk. */
static enum rc advance(struct segment_cursor *c, struct cursor *in, struct err *err)
{
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && c->micros_left > 0)
		rc = pass_micro(c, err);
	if (rc == RC_DONE && c->next_part >= c->s->info.flow_parts)
		return RC_END;
	if (rc == RC_DONE)
		rc = cross_chunk(c, err);
	return rc == RC_DONE ? resume(c, in, err) : rc;
}

/* Reads the next flow part's head; its microflow parts can be read then. */
static enum rc read_flow(struct segment_cursor *c, struct flow_head *h, struct err *err)
{
	struct cursor in;
	enum rc rc = advance(c, &in, err);
	bool good;

	if (rc != RC_DONE)
		return rc;
	good = get_flow_head(c, &in, &h->flags);
	h->context = varint_get32(&in);
	h->client = varint_get32(&in);
	h->server = varint_get32(&in);
	h->client_port = h->flags & FLOW_PORTS ? cursor_le16(&in) : 0;
	h->server_port = h->flags & FLOW_PORTS ? (uint16_t)cursor_varint(&in) : 0;
	h->client_mac = h->flags & FLOW_MACS ? varint_get32(&in) : 0;
	h->server_mac = h->flags & FLOW_MACS ? varint_get32(&in) : 0;
	if (!good || in.truncated) {
		c->micros_left = 0;
		return flows_damaged(c, &in, err, "a flow part that cannot be");
	}
	guess_flow(&c->guess, h->client ? segment_address_kind(c->s, h->client - 1) : ADDR_NONE,
		h->flags & FLOW_SHORT);
	c->guess.continued = h->flags & FLOW_ID;
	c->first_micro = true;
	c->micro_ordinal = c->flow_ordinal;
	c->pos = in.pos;
	c->next_part++;
	return RC_DONE;
}

static enum rc resolve_key(
	struct segment *s, const struct flow_head *h, struct flow_key *key, struct err *err)
{
	enum rc rc = segment_context(s, h->context, key, err);

	if (rc == RC_DONE && h->client)
		rc = segment_address(s, h->client - 1, &key->client, err);
	if (rc == RC_DONE && h->server)
		rc = segment_address(s, h->server - 1, &key->server, err);
	key->has_macs = h->flags & FLOW_MACS;
	if (rc == RC_DONE && key->has_macs)
		rc = segment_mac(s, h->client_mac, key->client_mac, err);
	if (rc == RC_DONE && key->has_macs)
		rc = segment_mac(s, h->server_mac, key->server_mac, err);
	key->has_ports = h->flags & FLOW_PORTS;
	key->client_port = h->client_port;
	key->server_port = h->server_port;
	return rc;
}

enum rc segment_next_flow(struct segment_cursor *c, struct segment_flow *out, struct err *err)
{
	struct flow_head h;
	enum rc rc = read_flow(c, &h, err);

	if (rc != RC_DONE)
		return rc;
	rc = resolve_key(c->s, &h, &out->key, err);
	if (rc == RC_DONE && !(h.flags & FLOW_ID))
		rc = own_id(c->s, c->flow_ordinal, &c->flow_id, err);
	out->part = c->next_part - 1;
	out->id = c->flow_id;
	out->slice_ns = c->flow_slice_ns;
	out->first_ordinal = c->flow_ordinal;
	out->micros = c->micros_left;
	return rc;
}

enum rc cursor_skip_flow(struct segment_cursor *c, struct segment_flow *out, struct err *err)
{
	struct flow_head h;
	enum rc rc = read_flow(c, &h, err);

	if (rc == RC_DONE) {
		out->part = c->next_part - 1;
		out->first_ordinal = c->flow_ordinal;
	}
	return rc;
}

/* ---- microflow parts of the flow part read last ------------------------------------------ */

enum rc segment_next_micro(struct segment_cursor *c, struct record_id *id, int64_t *slice_ns,
	struct counters *out, struct err *err)
{
	struct counters unwanted;

	return read_micro(c, CODEC_ALL, id, slice_ns, out ? out : &unwanted, err);
}

enum rc segment_refs(const struct segment_cursor *c, uint32_t *ordinals, struct err *err)
{
	const struct section_in *refs = &c->s->sections[SECTION_REFS];
	uint64_t ordinal = c->micro_ordinal;
	struct cursor in;
	uint32_t chunk;
	enum rc rc;

	if (c->refs_n > 0)
		ordinals[0] = c->micro_ordinal;
	if (c->refs_n <= 1)
		return RC_DONE;
	if (refs->chunks == 0)
		return segment_damaged(c->s, SECTION_REFS, 0, err, "references are missing");
	chunk = chunk_find(refs, c->refs_pos);
	rc = chunk_open(c->s, SECTION_REFS, chunk, &in, err);
	if (rc != RC_DONE)
		return rc;
	cursor_skip(&in, (size_t)(c->refs_pos - chunk_first(refs, chunk)));
	cursor_limit(&in, c->refs_len);
	for (uint32_t i = 1; i < c->refs_n; i++) {
		ordinal += 1 + cursor_varint(&in);
		if (in.truncated || ordinal >= c->s->info.packets)
			return chunk_damaged(c->s, SECTION_REFS, chunk, &in, err,
				"a reference that cannot be");
		ordinals[i] = (uint32_t)ordinal;
	}
	if (cursor_left(&in) > 0)
		return chunk_damaged(
			c->s, SECTION_REFS, chunk, &in, err, "more references than packets");
	return RC_DONE;
}

static int64_t get_duration(struct cursor *in)
{
	bool fine;
	uint64_t v = varint_get_flagged64(in, &fine);

	if (v > (uint64_t)INT64_MAX / (fine ? 1 : 1000))
		in->truncated = true;
	return in->truncated ? 0 : (int64_t)(fine ? v : v * 1000);
}

/* The next note, whose position is `next` at least; what cannot be sets in->truncated. */
static void get_note(struct cursor *in, uint64_t next, uint32_t packets, struct packet_note *out)
{
	uint64_t head = cursor_varint(in);
	uint64_t position = next + (head >> NOTE_FLAGS_BITS);

	*out = (struct packet_note){ .has_rtt = head & NOTE_RTT, .has_response = head & NOTE_RESPONSE };
	if (position >= packets) {
		in->truncated = true;
		return;
	}
	out->position = (uint32_t)position;
	if (head & NOTE_MARKS)
		out->marks = varint_get32(in);
	if (out->has_rtt)
		out->rtt_ns = get_duration(in);
	if (out->has_response)
		out->response_ns = get_duration(in);
}

enum rc segment_notes(
	const struct segment_cursor *c, struct packet_note *notes, uint32_t *n, struct err *err)
{
	const struct section_in *marks = &c->s->sections[SECTION_MARKS];
	uint64_t next = 0;
	struct cursor in;
	uint32_t chunk;
	enum rc rc;

	*n = 0;
	if (c->marks_len == 0)
		return RC_DONE;
	chunk = chunk_find(marks, c->marks_pos);
	rc = chunk_open(c->s, SECTION_MARKS, chunk, &in, err);
	if (rc != RC_DONE)
		return rc;
	cursor_skip(&in, (size_t)(c->marks_pos - chunk_first(marks, chunk)));
	if (cursor_left(&in) < c->marks_len)
		return chunk_damaged(c->s, SECTION_MARKS, chunk, &in, err, "marks end too early");
	cursor_limit(&in, c->marks_len);
	for (; cursor_left(&in) > 0; next = (uint64_t)notes[(*n)++].position + 1) {
		struct packet_note note;

		get_note(&in, next, c->refs_n, &note);
		if (in.truncated)
			return chunk_damaged(c->s, SECTION_MARKS, chunk, &in, err,
				"marks of packets that cannot be");
		notes[*n] = note;
	}
	return RC_DONE;
}

enum rc segment_flow_at(
	struct segment *s, uint32_t first_ordinal, uint32_t *part, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_FLOWS];
	struct segment_cursor c = { .s = s };
	struct segment_flow flow;
	uint32_t from = 0, to = in->chunks;
	enum rc rc;

	while (to - from > 1) {
		uint32_t mid = from + (to - from) / 2;

		if (load_le32(chunk_entry(in, mid) + 48) <= first_ordinal)
			from = mid;
		else
			to = mid;
	}
	rc = to > 0 ? segment_seek(&c, s, (uint32_t)chunk_first(in, from), err) : RC_END;
	while (rc == RC_DONE) {
		rc = cursor_skip_flow(&c, &flow, err);
		if (rc == RC_DONE && flow.first_ordinal == first_ordinal) {
			*part = flow.part;
			return RC_DONE;
		}
		if (rc == RC_DONE && flow.first_ordinal > first_ordinal)
			rc = RC_END;
	}
	return rc != RC_END ? rc
			    : err_set(err, RC_MISSING, source_path(&s->src),
				      "no flow part begins with packet %u of segment %u",
				      first_ordinal, s->info.number);
}
