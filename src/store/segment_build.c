/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a segment: packets, flow parts and references as sections, and the head in front. */
#include "store/segment_writer.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- sections and chunks ---------------------------------------------------------------- */

void section_end_chunk(struct section_out *o, uint64_t first)
{
	size_t len = o->data.len - o->chunk_at;

	if (len == 0 || o->data.failed)
		return;
	buf_put_le32(&o->dir, (uint32_t)o->chunk_at);
	buf_put_le32(&o->dir, (uint32_t)len);
	buf_put_le64(&o->dir, hash_bytes(o->data.data + o->chunk_at, len, 0));
	buf_put_le64(&o->dir, first);
	o->chunk_at = o->data.len;
	o->chunks++;
}

static void sections_clear(struct segment_writer *w)
{
	static const uint16_t entries[SECTIONS] = {
		[SECTION_PACKETS] = PACKETS_ENTRY,
		[SECTION_FLOWS] = FLOWS_ENTRY,
		[SECTION_REFS] = REFS_ENTRY,
		[SECTION_MARKS] = MARKS_ENTRY,
		[SECTION_CONTINUED] = CONTINUED_ENTRY,
		[SECTION_ADDRESSES] = ADDRESSES_ENTRY,
		[SECTION_POSTINGS] = POSTINGS_ENTRY,
		[SECTION_SERVICES] = SERVICES_ENTRY,
		[SECTION_CONTEXTS] = CONTEXTS_ENTRY,
		[SECTION_MACS] = MACS_ENTRY,
		[SECTION_TEXTS] = TEXTS_ENTRY,
		[SECTION_CHECKS] = CHECKS_ENTRY,
		[SECTION_OBSERVATIONS] = OBSERVATIONS_ENTRY,
		[SECTION_PRINTS] = PRINTS_ENTRY,
		[SECTION_PRINT_FILTER] = PRINT_FILTER_ENTRY,
	};

	for (unsigned i = 0; i < SECTIONS; i++) {
		buf_clear(&w->out[i].data);
		buf_clear(&w->out[i].dir);
		w->out[i].chunk_at = 0;
		w->out[i].chunks = 0;
		w->out[i].entry = entries[i];
	}
}

/* ---- packets ---------------------------------------------------------------------------- */

enum { LENGTHS_COUNTED = 1 << 16, LENGTHS_RARE = 3 };

struct length_count {
	uint32_t len, n;
};

static int by_frequency(const void *a, const void *b)
{
	const struct length_count *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return (x->len > y->len) - (x->len < y->len);
}

/* Fills LENGTHS, and codes[len] with the number of a length there + 1, else 0. */
static bool build_lengths(struct segment_writer *w, uint8_t *codes)
{
	struct buf *out = &w->out[SECTION_LENGTHS].dir;
	uint32_t *counts = mem_calloc(LENGTHS_COUNTED, sizeof(*counts));
	struct length_count *list = NULL;
	size_t n = 0, cap = 0;
	bool good = counts != NULL;

	for (uint32_t i = 0; good && i < w->n_packets; i++)
		if (w->lens[i] < LENGTHS_COUNTED)
			counts[w->lens[i]]++;
	for (uint32_t len = 0; good && len < LENGTHS_COUNTED; len++) {
		if (counts[len] < LENGTHS_RARE)
			continue;
		good = mem_grow(&list, &cap, n + 1, sizeof(*list)) == 0;
		if (good)
			list[n++] = (struct length_count){ len, counts[len] };
	}
	if (good && n > 0)
		qsort(list, n, sizeof(*list), by_frequency);
	if (n > LENGTH_CODES)
		n = LENGTH_CODES;
	buf_put_varint(out, n);
	for (size_t i = 0; good && i < n; i++) {
		codes[list[i].len] = (uint8_t)(i + 1);
		buf_put_varint(out, list[i].len);
	}
	mem_free(counts);
	mem_free(list);
	return good;
}

static uint8_t *put_length(uint8_t *to, const uint8_t *codes, uint32_t len, uint32_t least)
{
	uint32_t off = len - least;

	if (len < LENGTHS_COUNTED && codes[len]) {
		*to++ = (uint8_t)(codes[len] - 1);
	} else if (off < (LENGTH_VARINT - LENGTH_CODES) << 8) {
		*to++ = (uint8_t)(LENGTH_CODES + (off >> 8));
		*to++ = (uint8_t)off;
	} else {
		*to++ = LENGTH_VARINT;
		to = varint_put(to, off);
	}
	return to;
}

/* End of the record before packet i. */
static uint32_t end_before(const struct segment_writer *w, uint32_t i)
{
	return i == 0 ? w->start.first_offset : w->offsets[i - 1] + w->lens[i - 1];
}

/* Packets [from, to) as a chunk. */
static void put_packets_chunk(
	struct segment_writer *w, const uint8_t *codes, uint32_t from, uint32_t to)
{
	struct section_out *o = &w->out[SECTION_PACKETS];
	uint32_t groups = (to - from + PACKETS_GROUP - 1) / PACKETS_GROUP;
	size_t table = o->data.len;
	uint8_t *p;

	buf_put_zeros(&o->data, (size_t)groups * PACKETS_GROUP_ENTRY);
	for (uint32_t i = from; i < to; i++) {
		uint32_t skip = w->offsets[i] - end_before(w, i);

		if ((i - from) % PACKETS_GROUP == 0) {
			size_t at = table +
				(size_t)((i - from) / PACKETS_GROUP) * PACKETS_GROUP_ENTRY;

			buf_set_le32(&o->data, at, end_before(w, i));
			buf_set_le32(&o->data, at + 4, (uint32_t)(o->data.len - table));
		}
		p = buf_reserve(&o->data, 16);
		if (!p)
			return;
		if (skip) {
			*p++ = LENGTH_SKIP;
			p = varint_put(p, skip);
		}
		p = put_length(p, codes, w->lens[i], w->least);
		o->data.len = (size_t)(p - o->data.data);
	}
	section_end_chunk(o, from);
	buf_put_le32(&o->dir, end_before(w, from));
	buf_put_le32(&o->dir, 0);
}

void build_packets(struct segment_writer *w)
{
	struct section_out *times = &w->out[SECTION_TIMES];
	uint8_t *codes = mem_calloc(LENGTHS_COUNTED, 1);
	size_t marks = ((size_t)w->n_packets + SEGMENT_MARK - 1) / SEGMENT_MARK;

	if (!codes || !build_lengths(w, codes)) {
		w->failed = true;
		mem_free(codes);
		return;
	}
	for (uint32_t from = 0; from < w->n_packets; from += PACKETS_CHUNK)
		put_packets_chunk(w, codes, from,
			w->n_packets - from < PACKETS_CHUNK ? w->n_packets
							    : from + PACKETS_CHUNK);
	for (size_t i = 0; i < 2 * marks; i++)
		buf_put_le64(&times->dir, (uint64_t)w->marks[i]);
	mem_free(codes);
}

void build_checks(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_CHECKS];

	for (uint32_t from = 0; from < w->n_packets; from += CHECKS_CHUNK) {
		uint32_t left = w->n_packets - from;

		buf_put(&o->data, w->checks.data + (size_t)from * CHECK_BYTES,
			(size_t)(left < CHECKS_CHUNK ? left : CHECKS_CHUNK) * CHECK_BYTES);
		section_end_chunk(o, from);
	}
}

/* ---- flow parts and references ---------------------------------------------------------- */

static uint32_t ranked(const struct segment_writer *w, uint32_t number)
{
	return number ? w->rank[number - 1] + 1 : 0;
}

static void put_flow(struct segment_writer *w, const struct pending_flow *f, uint32_t previous,
	const uint8_t *bytes)
{
	struct buf *out = &w->out[SECTION_FLOWS].data;
	uint8_t flags = f->flags | (f->micros > 1 ? FLOW_MICROS : 0);
	uint8_t *p = buf_reserve(out, (size_t)f->bytes_len + 10 * VARINT_MAX);

	if (!p)
		return;
	p = varint_put(p, (uint64_t)(f->first_ordinal - previous) << FLOW_FLAGS_BITS | flags);
	if (flags & FLOW_MICROS)
		p = varint_put(p, f->micros - 2);
	memcpy(p, bytes, f->extra_len);
	p = varint_put(p + f->extra_len, f->context);
	p = varint_put(p, ranked(w, f->client));
	p = varint_put(p, ranked(w, f->server));
	if (flags & FLOW_PORTS) {
		*p++ = (uint8_t)f->client_port;
		*p++ = (uint8_t)(f->client_port >> 8);
		p = varint_put(p, f->server_port);
	}
	if (flags & FLOW_MACS) {
		p = varint_put(p, f->client_mac);
		p = varint_put(p, f->server_mac);
	}
	memcpy(p, bytes + f->extra_len, f->bytes_len - f->extra_len);
	out->len = (size_t)(p - out->data) + f->bytes_len - f->extra_len;
}

static void end_flows_chunk(struct section_out *o, const struct flow_chunk *chunk)
{
	section_end_chunk(o, chunk->first_part);
	buf_put_le64(&o->dir, chunk->refs_pos);
	buf_put_le64(&o->dir, (uint64_t)chunk->base_ns);
	buf_put_le64(&o->dir, (uint64_t)chunk->base_slice_ns);
	buf_put_le32(&o->dir, chunk->first_ordinal);
	buf_put_le32(&o->dir, 0);
	buf_put_le64(&o->dir, chunk->marks_pos);
}

/* A section whose elements are bytes, which came in as they are. */
static void build_bytes(
	struct section_out *o, const struct buf *bytes, const uint64_t *chunks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t from = chunks[i];
		uint64_t to = i + 1 < n ? chunks[i + 1] : bytes->len;

		buf_put(&o->data, bytes->data + from, (size_t)(to - from));
		section_end_chunk(o, from);
	}
}

void build_flows(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_FLOWS];
	const uint8_t *bytes = w->bytes.data;

	for (size_t k = 0; k < w->n_flow_chunks; k++) {
		const struct flow_chunk *chunk = &w->flow_chunks[k];
		uint32_t end = k + 1 < w->n_flow_chunks ? chunk[1].first_part : w->n_flows;
		uint32_t previous = chunk->first_ordinal;

		for (uint32_t i = chunk->first_part; i < end; i++) {
			put_flow(w, &w->flows[i], previous, bytes);
			previous = w->flows[i].first_ordinal;
			bytes += w->flows[i].bytes_len;
		}
		end_flows_chunk(o, chunk);
	}
	build_bytes(&w->out[SECTION_REFS], &w->refs, w->refs_chunks, w->n_refs_chunks);
	build_bytes(&w->out[SECTION_MARKS], &w->notes, w->notes_chunks, w->n_notes_chunks);
}

/* ---- head ------------------------------------------------------------------------------- */

static void put_fixed_head(const struct segment_writer *w, struct buf *out)
{
	size_t marks = ((size_t)w->n_packets + SEGMENT_MARK - 1) / SEGMENT_MARK;
	int64_t first = marks ? INT64_MAX : 0, last = marks ? INT64_MIN : 0;

	for (size_t i = 0; i < marks; i++) {
		first = w->marks[2 * i] < first ? w->marks[2 * i] : first;
		last = w->marks[2 * i + 1] > last ? w->marks[2 * i + 1] : last;
	}
	buf_put(out, SEGMENT_MAGIC, 4);
	buf_put_le16(out, SEGMENT_VERSION);
	buf_put_le16(out, SEGMENT_HEADER);
	buf_put_le32(out, 0); /* length of the head: known later */
	buf_put_le32(out, SECTIONS - 1);
	buf_put_le64(out, 0); /* of the segment: likewise */
	buf_put_le32(out, w->start.block);
	buf_put_le32(out, w->start.number);
	buf_put_le32(out, w->n_packets);
	buf_put_le32(out, w->n_flows);
	buf_put_le32(out, w->n_micros);
	buf_put_le32(out, w->start.first_offset);
	buf_put_le32(out, w->end_offset);
	buf_put_le32(out, w->n_packets ? w->least : 0);
	buf_put_le64(out, w->start.first_frame);
	buf_put_le64(out, (uint64_t)first);
	buf_put_le64(out, (uint64_t)last);
	buf_put_le64(out, (uint64_t)w->start.micro_ns);
	buf_put_le64(out, (uint64_t)w->start.flow_ns);
	buf_put_le64(out, (uint64_t)w->start.macro_ns);
	buf_put_le64(out, w->counter_bytes);
	buf_put_le64(out, w->plan.checksum);
	buf_put_le64(out, 0);
}

static void put_section_entry(struct buf *out, unsigned id, const struct section_out *o,
	size_t dir_at, uint64_t data_at)
{
	buf_put_le16(out, (uint16_t)id);
	buf_put_le16(out, SECTION_VERSION);
	buf_put_le16(out, o->entry);
	buf_put_le16(out, 0);
	buf_put_le32(out, o->chunks);
	buf_put_le32(out, (uint32_t)dir_at);
	buf_put_le32(out, (uint32_t)o->dir.len);
	buf_put_le32(out, 0);
	buf_put_le64(out, data_at);
	buf_put_le64(out, o->data.len);
}

/* Head and chunks behind each other. */
static void assemble(struct segment_writer *w, struct buf *out)
{
	size_t start = out->len;
	size_t dir_at = SEGMENT_HEADER + (SECTIONS - 1) * SECTION_ENTRY;
	size_t head = dir_at;
	uint64_t data_at;

	for (unsigned i = 1; i < SECTIONS; i++)
		head += w->out[i].dir.len;
	head = (head + 7) / 8 * 8 + 8;
	data_at = head;
	put_fixed_head(w, out);
	for (unsigned i = 1; i < SECTIONS; i++) {
		put_section_entry(out, i, &w->out[i], dir_at, data_at);
		dir_at += w->out[i].dir.len;
		data_at += w->out[i].data.len;
	}
	for (unsigned i = 1; i < SECTIONS; i++)
		buf_put(out, w->out[i].dir.data, w->out[i].dir.len);
	buf_put_zeros(out, (8 - (out->len - start) % 8) % 8);
	buf_set_le32(out, start + SEGMENT_AT_HEAD, (uint32_t)head);
	buf_set_le64(out, start + SEGMENT_AT_LENGTH, data_at);
	buf_put_le64(out, out->failed ? 0 : hash_bytes(out->data + start, out->len - start, 0));
	for (unsigned i = 1; i < SECTIONS; i++)
		buf_put(out, w->out[i].data.data, w->out[i].data.len);
}

static bool any_failed(const struct segment_writer *w)
{
	bool failed = w->failed || w->bytes.failed || w->refs.failed ||
		w->notes.failed || w->checks.failed || w->prints.failed;

	for (unsigned i = 1; i < SECTIONS; i++)
		failed = failed || w->out[i].data.failed || w->out[i].dir.failed;
	return failed;
}

static void tell_size(const struct segment_writer *w, size_t total, struct segment_size *size)
{
	const struct section_out *o = w->out;

	*size = (struct segment_size){ .counters = w->counter_bytes };
	size->packets = o[SECTION_PACKETS].data.len;
	size->flows =
		o[SECTION_FLOWS].data.len - w->counter_bytes + o[SECTION_CONTINUED].data.len;
	size->refs = o[SECTION_REFS].data.len;
	size->marks = o[SECTION_MARKS].data.len;
	size->checks = o[SECTION_CHECKS].data.len;
	size->addresses = o[SECTION_ADDRESSES].data.len + o[SECTION_POSTINGS].data.len;
	size->services = o[SECTION_SERVICES].data.len;
	size->strings = o[SECTION_CONTEXTS].data.len + o[SECTION_MACS].data.len + o[SECTION_TEXTS].data.len +
		o[SECTION_OBSERVATIONS].data.len;
	size->prints = o[SECTION_PRINTS].data.len;
	size->filter = o[SECTION_PRINT_FILTER].data.len;
	size->header = total - size->packets - size->flows - size->counters - size->refs -
		size->marks - size->checks - size->addresses - size->services - size->strings - size->prints - size->filter;
}

enum rc segment_writer_end(
	struct segment_writer *w, struct buf *out, struct segment_size *size, struct err *err)
{
	size_t before = out->len;

	sections_clear(w);
	if (any_failed(w) || !build_ranks(w))
		return err_memory(err);
	build_packets(w);
	if (!any_failed(w)) {
		build_checks(w);
		build_flows(w);
		build_continued(w);
		build_addresses(w);
		build_contexts(w);
		build_macs(w);
		build_texts(w);
		build_observations(w);
	}
	if (any_failed(w) || !build_postings(w) || !build_services(w) || !build_prints(w) || any_failed(w))
		return err_memory(err);
	for (unsigned i = 1; i < SECTIONS; i++)
		if (w->out[i].data.len > UINT32_MAX || w->out[i].dir.len > UINT32_MAX / 32)
			return err_set(err, RC_LIMIT, "segment", "a section of over 4 GiB");
	assemble(w, out);
	if (out->failed) {
		out->len = before;
		return err_memory(err);
	}
	if (size)
		tell_size(w, out->len - before, size);
	return RC_DONE;
}
