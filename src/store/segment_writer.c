/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/segment_writer.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* Of texts in a segment, bytes: with what floods of names bring memory stays bounded. */
enum { WRITER_TEXTS = 16 << 20 };

enum rc segment_writer_new(struct segment_writer **out, struct err *err)
{
	struct segment_writer *w = mem_calloc(1, sizeof(*w));
	enum rc rc;

	if (!w)
		return err_memory(err);
	intern_init(&w->addresses, sizeof(struct addr));
	intern_init(&w->contexts, sizeof(struct flow_key));
	intern_init(&w->services, sizeof(struct service_entry));
	intern_init(&w->macs, MAC_BYTES);
	w->scratch = mem_alloc(CODEC_MAX + 8 * VARINT_MAX);
	rc = texts_new(WRITER_TEXTS, &w->texts, err);
	if (rc == RC_DONE)
		rc = observations_new(SEGMENT_NAMES_MAX, &w->observations, err);
	if (rc == RC_DONE)
		rc = plan_own(&w->plan, err);
	if (rc == RC_DONE && !w->scratch)
		rc = err_memory(err);
	if (rc != RC_DONE) {
		segment_writer_free(w);
		return rc;
	}
	*out = w;
	return RC_DONE;
}

void segment_writer_free(struct segment_writer *w)
{
	if (!w)
		return;
	mem_free(w->offsets);
	mem_free(w->lens);
	mem_free(w->marks);
	mem_free(w->flows);
	mem_free(w->flow_chunks);
	mem_free(w->refs_chunks);
	mem_free(w->notes_chunks);
	mem_free(w->scratch);
	mem_free(w->rank);
	mem_free(w->sorted);
	texts_free(w->texts);
	observations_free(w->observations);
	mem_free(w->text_numbers);
	mem_free(w->text_order);
	buf_free(&w->bytes);
	buf_free(&w->refs);
	buf_free(&w->notes);
	buf_free(&w->checks);
	buf_free(&w->media_bytes);
	buf_free(&w->prints);
	mem_free(w->print_chunks);
	intern_free(&w->addresses);
	intern_free(&w->contexts);
	intern_free(&w->services);
	intern_free(&w->macs);
	for (unsigned i = 0; i < SECTIONS; i++) {
		buf_free(&w->out[i].data);
		buf_free(&w->out[i].dir);
	}
	mem_free(w);
}

void segment_writer_begin(struct segment_writer *w, const struct segment_start *start)
{
	w->start = *start;
	w->failed = false;
	w->n_packets = w->n_flows = w->n_micros = 0;
	w->end_offset = start->first_offset;
	w->least = UINT32_MAX;
	w->counter_bytes = 0;
	w->n_flow_chunks = w->n_refs_chunks = w->n_notes_chunks = 0;
	w->n_print_chunks = 0;
	w->n_prints = 0;
	w->next_print = 0;
	buf_clear(&w->prints);
	w->notes_len = 0;
	w->has_media = false;
	w->flow_chunk_at = 0;
	w->n_sorted = 0;
	buf_clear(&w->bytes);
	buf_clear(&w->refs);
	buf_clear(&w->notes);
	buf_clear(&w->checks);
	intern_clear(&w->addresses);
	intern_clear(&w->contexts);
	intern_clear(&w->services);
	intern_clear(&w->macs);
	writer_clear_texts(w);
	observations_clear(w->observations);
	memset(&w->last_context, 0xff, sizeof(w->last_context));
}

size_t segment_writer_memory(const struct segment_writer *w)
{
	size_t n = sizeof(*w) + (w->offsets_cap + w->lens_cap) * 4 + w->marks_cap * 8 +
		w->flows_cap * sizeof(*w->flows) + w->bytes.cap + w->refs.cap + w->notes.cap + w->checks.cap + w->prints.cap +
		w->rank_cap * 4 + w->sorted_cap * sizeof(*w->sorted) +
		intern_memory(&w->addresses) + intern_memory(&w->contexts) +
		intern_memory(&w->services) + intern_memory(&w->macs);

	for (unsigned i = 0; i < SECTIONS; i++)
		n += w->out[i].data.cap + w->out[i].dir.cap;
	return n;
}

/* ---- packets ---------------------------------------------------------------------------- */

/* Room for `n` further ones; where their checks go, or NULL. */
static uint8_t *packets_room(struct segment_writer *w, size_t n)
{
	size_t need = w->n_packets + n, marks = (need + SEGMENT_MARK - 1) / SEGMENT_MARK * 2;

	if (mem_grow(&w->offsets, &w->offsets_cap, need, sizeof(*w->offsets)) != 0 ||
		mem_grow(&w->lens, &w->lens_cap, need, sizeof(*w->lens)) != 0 ||
		mem_grow(&w->marks, &w->marks_cap, marks, sizeof(*w->marks)) != 0)
		return NULL;
	return buf_reserve(&w->checks, n * 2);
}

/* Packets between two marks. */
static void put_packets(struct segment_writer *w, const struct segment_packet *v, size_t n)
{
	int64_t *mark = &w->marks[(size_t)(w->n_packets / SEGMENT_MARK) * 2];
	int64_t first = w->n_packets % SEGMENT_MARK ? mark[0] : v->time_ns, last = w->n_packets % SEGMENT_MARK ? mark[1] : v->time_ns;
	uint32_t *offsets = w->offsets + w->n_packets, *lens = w->lens + w->n_packets, end = w->end_offset, least = w->least;

	for (size_t i = 0; i < n; i++) {
		offsets[i] = end + v[i].skip;
		lens[i] = v[i].record_len;
		end += v[i].skip + v[i].record_len;
		least = v[i].record_len < least ? v[i].record_len : least;
		first = v[i].time_ns < first ? v[i].time_ns : first;
		last = v[i].time_ns > last ? v[i].time_ns : last;
	}
	mark[0] = first;
	mark[1] = last;
	w->end_offset = end;
	w->least = least;
	w->n_packets += (uint32_t)n;
}

void segment_writer_packets(struct segment_writer *w, const struct segment_packet *v, const uint16_t *checks, size_t n)
{
	uint8_t *to = w->failed ? NULL : packets_room(w, n);

	if (!to) {
		w->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = (uint8_t)checks[i];
		to[2 * i + 1] = (uint8_t)(checks[i] >> 8);
	}
	w->checks.len += n * 2;
	while (n > 0) {
		size_t left = SEGMENT_MARK - w->n_packets % SEGMENT_MARK, some = n < left ? n : left;

		put_packets(w, v, some);
		v += some;
		n -= some;
	}
}

void segment_writer_packet(struct segment_writer *w, uint32_t skip, uint32_t record_len,
	int64_t time_ns, uint16_t check)
{
	segment_writer_packets(w, &(struct segment_packet){ skip, record_len, time_ns }, &check, 1);
}

void segment_writer_time(struct segment_writer *w, int64_t time_ns)
{
	size_t at = (size_t)((w->n_packets - 1) / SEGMENT_MARK) * 2;

	if (w->failed)
		return;
	assert(w->n_packets > 0);
	if (time_ns < w->marks[at])
		w->marks[at] = time_ns;
	if (time_ns > w->marks[at + 1])
		w->marks[at + 1] = time_ns;
}

/* ---- flow parts ------------------------------------------------------------------------- */

static bool is_own_packet(const struct segment_writer *w, struct record_id id, uint32_t ordinal)
{
	return ordinal < w->n_packets && id.block == w->start.block &&
		id.offset == w->offsets[ordinal];
}

static uint8_t *put_id(uint8_t *to, struct record_id id)
{
	to = varint_put(to, id.block);
	return varint_put(to, id.offset);
}

static bool intern_address(struct segment_writer *w, const struct addr *a, uint32_t *number)
{
	*number = 0;
	if (a->kind == ADDR_NONE)
		return true;
	if (!intern_put(&w->addresses, a, number))
		return false;
	++*number;
	return true;
}

static bool intern_context(
	struct segment_writer *w, const struct flow_key *key, uint32_t *number)
{
	struct flow_key context;

	key_context(&context, key);
	/* unused bytes are zero; NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	if (memcmp(&context, &w->last_context, sizeof(context)) != 0) {
		if (!intern_put(&w->contexts, &context, &w->last_context_number))
			return false;
		w->last_context = context;
	}
	*number = w->last_context_number;
	return true;
}

static bool intern_service(struct segment_writer *w, const struct flow_key *key,
	int64_t slice_ns, uint32_t server, uint32_t *number)
{
	struct service_key k;
	struct service_entry e;

	service_of(&k, key, time_floor(slice_ns, w->start.macro_ns));
	memset(&e, 0, sizeof(e));
	e.window_ns = k.window_ns;
	e.server = server;
	e.proto = k.proto;
	e.point = k.point;
	e.port = k.port;
	e.has_port = k.has_port;
	return intern_put(&w->services, &e, number);
}

static bool intern_macs(
	struct segment_writer *w, const struct flow_key *key, struct pending_flow *f)
{
	if (!key->has_macs)
		return true;
	f->flags |= FLOW_MACS;
	return intern_put(&w->macs, key->client_mac, &f->client_mac) &&
		intern_put(&w->macs, key->server_mac, &f->server_mac);
}

static bool begin_flow_chunk(struct segment_writer *w, int64_t slice_ns, uint32_t first_ordinal)
{
	struct flow_chunk *chunk;

	if (mem_grow(&w->flow_chunks, &w->flow_chunks_cap, w->n_flow_chunks + 1,
		    sizeof(*chunk)) != 0)
		return false;
	if (w->n_flow_chunks == 0) {
		w->slice_ns = slice_ns;
		w->guess.first_ns = slice_ns;
	}
	chunk = &w->flow_chunks[w->n_flow_chunks++];
	*chunk = (struct flow_chunk){ .first_part = w->n_flows,
		.first_ordinal = first_ordinal,
		.refs_pos = w->refs.len,
		.marks_pos = w->notes.len,
		.base_ns = w->guess.first_ns,
		.base_slice_ns = w->slice_ns };
	w->flow_chunk_at = w->bytes.len;
	return true;
}

/* A flow part's head takes about 16 bytes of its chunk beside what is encoded already. */
static bool is_flow_chunk_full(const struct segment_writer *w)
{
	const struct flow_chunk *last;

	if (w->n_flow_chunks == 0)
		return true;
	last = &w->flow_chunks[w->n_flow_chunks - 1];
	return w->bytes.len - w->flow_chunk_at + (size_t)(w->n_flows - last->first_part) * 16 >=
		FLOWS_CHUNK;
}

static bool intern_flow(struct segment_writer *w, const struct flow_key *key, int64_t slice_ns,
	struct pending_flow *f)
{
	f->client_port = key->client_port;
	f->server_port = key->server_port;
	return intern_address(w, &key->client, &f->client) &&
		intern_address(w, &key->server, &f->server) &&
		intern_context(w, key, &f->context) && intern_macs(w, key, f) &&
		intern_service(w, key, slice_ns, f->server, &f->service) &&
		mem_grow(&w->flows, &w->flows_cap, (size_t)w->n_flows + 1, sizeof(*f)) == 0;
}

void segment_writer_flow(struct segment_writer *w, struct record_id id,
	const struct flow_key *key, int64_t slice_ns, uint32_t first_ordinal)
{
	struct pending_flow f = { .first_ordinal = first_ordinal };
	uint8_t *end = w->scratch;

	assert(first_ordinal < w->n_packets || w->failed);
	assert(w->n_flows == 0 || w->failed ||
		first_ordinal >= w->flows[w->n_flows - 1].first_ordinal);
	if (w->failed || !intern_flow(w, key, slice_ns, &f) ||
		(is_flow_chunk_full(w) && !begin_flow_chunk(w, slice_ns, first_ordinal))) {
		w->failed = true;
		return;
	}
	if (slice_ns != w->slice_ns) {
		f.flags |= FLOW_SLICE;
		end = varint_put(
			end, zigzag((int64_t)((uint64_t)slice_ns - (uint64_t)w->slice_ns)));
		w->slice_ns = slice_ns;
	}
	if (!is_own_packet(w, id, first_ordinal)) {
		f.flags |= FLOW_ID;
		end = put_id(end, id);
	}
	w->guess.continued = f.flags & FLOW_ID;
	if (key->has_ports)
		f.flags |= FLOW_PORTS;
	if (key->proto != PROTO_TCP)
		f.flags |= FLOW_SHORT;
	guess_flow(&w->guess, key->client.kind, f.flags & FLOW_SHORT);
	f.extra_len = (uint8_t)(end - w->scratch);
	f.bytes_len = f.extra_len;
	buf_put(&w->bytes, w->scratch, f.extra_len);
	w->flows[w->n_flows++] = f;
}

/* ---- microflow parts -------------------------------------------------------------------- */

/* The references behind the first one; how many bytes. */
static size_t put_refs(struct segment_writer *w, const uint32_t *ordinals, uint32_t n)
{
	uint8_t *to = buf_reserve(&w->refs, (size_t)n * 5), *end = to;

	if (!to)
		return 0;
	for (uint32_t i = 1; i < n; i++)
		end = varint_put(end, ordinals[i] - ordinals[i - 1] - 1);
	w->refs.len += (size_t)(end - to);
	return (size_t)(end - to);
}

/* Notes where a chunk of `bytes` begins, unless the one before has less than `full`. */
static bool begin_chunk(
	uint64_t **chunks, size_t *cap, size_t *n, const struct buf *bytes, size_t full)
{
	if (*n > 0 && bytes->len - (*chunks)[*n - 1] < full)
		return true;
	if (mem_grow(chunks, cap, *n + 1, sizeof(**chunks)) != 0)
		return false;
	(*chunks)[(*n)++] = bytes->len;
	return true;
}

static bool begin_refs_chunk(struct segment_writer *w)
{
	return begin_chunk(
		&w->refs_chunks, &w->refs_chunks_cap, &w->n_refs_chunks, &w->refs, REFS_CHUNK);
}

/* A duration, short where it is whole microseconds. */
static uint8_t *put_duration(uint8_t *to, int64_t ns)
{
	return ns % 1000 == 0 ? varint_put_flagged(to, (uint64_t)ns / 1000, false)
			      : varint_put_flagged(to, (uint64_t)ns, true);
}

static uint8_t *put_note(uint8_t *to, const struct packet_note *note, uint32_t skipped)
{
	unsigned flags = (note->marks ? NOTE_MARKS : 0) | (note->has_rtt ? NOTE_RTT : 0) |
		(note->has_response ? NOTE_RESPONSE : 0);

	to = varint_put(to, (uint64_t)skipped << NOTE_FLAGS_BITS | flags);
	if (flags & NOTE_MARKS)
		to = varint_put(to, note->marks);
	if (flags & NOTE_RTT)
		to = put_duration(to, note->rtt_ns);
	if (flags & NOTE_RESPONSE)
		to = put_duration(to, note->response_ns);
	return to;
}

void segment_writer_notes(struct segment_writer *w, const struct packet_note *notes, uint32_t n)
{
	uint32_t next = 0; /* position behind the note before */
	uint8_t *to, *end;

	if (n == 0 || w->failed)
		return;
	to = end = begin_chunk(&w->notes_chunks, &w->notes_chunks_cap, &w->n_notes_chunks,
			   &w->notes, MARKS_CHUNK)
		? buf_reserve(&w->notes, (size_t)n * NOTE_MAX)
		: NULL;
	if (!to) {
		w->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		assert(notes[i].position >= next);
		end = put_note(end, &notes[i], notes[i].position - next);
		next = notes[i].position + 1;
	}
	w->notes_len = (uint32_t)(end - to);
	w->notes.len += w->notes_len;
}

static uint8_t *put_extra(
	uint8_t *to, const struct codec_extra *extra, struct record_id id, uint64_t slice_off)
{
	if (extra->flags & MICRO_ID)
		to = put_id(to, id);
	if (extra->flags & MICRO_SLICE)
		to = varint_put(to, zigzag((int64_t)slice_off));
	if (extra->flags & MICRO_STATE) {
		to = varint_put_big(to, extra->known);
		to = varint_put_big(to, extra->mixed);
	}
	return to;
}

void segment_writer_micro(struct segment_writer *w, struct record_id id, int64_t slice_ns,
	const struct counters *c, const uint32_t *ordinals, uint32_t n)
{
	struct codec_extra extra = { 0 };
	uint64_t slice_off =
		(uint64_t)slice_ns - (uint64_t)time_floor(codec_first(c), w->start.micro_ns);
	struct counters numbered;
	struct pending_flow *f;
	size_t media_len;
	uint8_t *end;

	if (c->known & text_fields()) {
		numbered = *c;
		w->failed |= !writer_number_texts(w, &numbered);
		c = &numbered;
	}
	if (w->failed || (n > 1 && !begin_refs_chunk(w))) {
		w->failed = true;
		return;
	}
	assert(w->n_flows > 0 && n > 0 && n == counters_packets(c));
	f = &w->flows[w->n_flows - 1];
	assert(f->micros > 0 || ordinals[0] == f->first_ordinal);
	if (!is_own_packet(w, id, ordinals[0]))
		extra.flags |= MICRO_ID;
	if (slice_off)
		extra.flags |= MICRO_SLICE;
	if (w->notes_len)
		extra.flags |= MICRO_MARKS;
	if (w->has_media)
		extra.flags |= MICRO_MEDIA;
	end = codec_put(&w->plan, w->scratch, &w->guess, f->micros == 0, c, &extra);
	end = put_extra(end, &extra, id, slice_off);
	if (f->micros > 0)
		end = varint_put(end, ordinals[0] - w->micro_ordinal);
	if (n > 1)
		end = varint_put(end, put_refs(w, ordinals, n) - (n - 1));
	if (w->notes_len)
		end = varint_put(end, w->notes_len);
	w->notes_len = 0;
	buf_put(&w->bytes, w->scratch, (size_t)(end - w->scratch));
	writer_put_media(w, &media_len);
	w->micro_ordinal = ordinals[0];
	guess_micro(&w->guess, c);
	w->counter_bytes += (uint64_t)(end - w->scratch) + media_len;
	f->bytes_len += (uint32_t)(end - w->scratch) + (uint32_t)media_len;
	f->micros++;
	w->n_micros++;
}
