/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening a segment: its head is read and checked whole; and its chunks, one by one as they are
 * needed.
 */
#include "store/segment_reader.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

/* Directory entry sizes, and how many chunks of a section are kept (0: all). */
static const struct {
	uint16_t entry;
	uint16_t slots;
} sections_known[SECTIONS] = {
	[SECTION_PACKETS] = { PACKETS_ENTRY, 64 },
	[SECTION_FLOWS] = { FLOWS_ENTRY, 8 },
	[SECTION_REFS] = { REFS_ENTRY, 16 },
	[SECTION_MARKS] = { MARKS_ENTRY, 16 },
	[SECTION_CONTINUED] = { CONTINUED_ENTRY, 4 },
	[SECTION_ADDRESSES] = { ADDRESSES_ENTRY, 0 },
	[SECTION_POSTINGS] = { POSTINGS_ENTRY, 8 },
	[SECTION_SERVICES] = { SERVICES_ENTRY, 8 },
	[SECTION_CONTEXTS] = { CONTEXTS_ENTRY, 0 },
	[SECTION_MACS] = { MACS_ENTRY, 0 },
	[SECTION_TEXTS] = { TEXTS_ENTRY, 8 },
	[SECTION_CHECKS] = { CHECKS_ENTRY, 16 },
	[SECTION_OBSERVATIONS] = { OBSERVATIONS_ENTRY, 8 },
	[SECTION_PRINTS] = { PRINTS_ENTRY, 4 },
	[SECTION_PRINT_FILTER] = { PRINT_FILTER_ENTRY, 64 },
};

enum rc segment_damaged(const struct segment *s, unsigned section, uint64_t pos,
	struct err *err, const char *why)
{
	uint64_t at = s->at + pos;

	if (section)
		at += s->sections[section].data_at;
	return err_damaged(
		err, source_path(&s->src), at, "segment %u: %s", s->info.number, why);
}

/* ---- chunks ----------------------------------------------------------------------------- */

uint32_t chunk_find(const struct section_in *in, uint64_t first)
{
	uint32_t from = 0, to = in->chunks;

	while (to - from > 1) {
		uint32_t mid = from + (to - from) / 2;

		if (chunk_first(in, mid) <= first)
			from = mid;
		else
			to = mid;
	}
	return from;
}

/* Reads chunk i into a slot that is free now. */
static enum rc chunk_load(struct segment *s, unsigned section, uint32_t i,
	struct chunk_slot *slot, struct err *err)
{
	const struct section_in *in = &s->sections[section];
	const uint8_t *entry = chunk_entry(in, i);
	uint32_t pos = load_le32(entry), len = load_le32(entry + 4);
	uint8_t *bytes = mem_alloc(len);
	enum rc rc;

	if (!bytes)
		return err_memory(err);
	rc = source_read(&s->src, s->at + in->data_at + pos, bytes, len, err);
	if (rc == RC_DONE && hash_bytes(bytes, len, 0) != load_le64(entry + 8))
		rc = segment_damaged(s, section, pos, err, "wrong checksum of a chunk");
	if (rc != RC_DONE) {
		mem_free(bytes);
		return rc;
	}
	*slot = (struct chunk_slot){ .number = i + 1, .len = len, .bytes = bytes };
	return RC_DONE;
}

enum rc chunk_open(
	struct segment *s, unsigned section, uint32_t i, struct cursor *out, struct err *err)
{
	struct section_in *in = &s->sections[section];
	struct chunk_slot *slot;
	enum rc rc;

	if (i >= in->chunks)
		return segment_damaged(s, section, in->data_len, err, "a chunk is missing");
	if (!in->slots) {
		in->slots = mem_calloc(in->n_slots, sizeof(*in->slots));
		if (!in->slots)
			return err_memory(err);
	}
	slot = &in->slots[i < in->n_slots ? i : i % in->n_slots];
	if (slot->number != i + 1) {
		mem_free(slot->bytes);
		*slot = (struct chunk_slot){ 0 };
		rc = chunk_load(s, section, i, slot, err);
		if (rc != RC_DONE)
			return rc;
	}
	cursor_init(out, slot->bytes, slot->len);
	return RC_DONE;
}

enum rc chunk_damaged(const struct segment *s, unsigned section, uint32_t i,
	const struct cursor *c, struct err *err, const char *why)
{
	return segment_damaged(s, section,
		load_le32(chunk_entry(&s->sections[section], i)) + c->pos, err, why);
}

/* ---- directories ------------------------------------------------------------------------ */

bool directory_sound(const struct segment *s, unsigned section, uint64_t elements)
{
	const struct section_in *in = &s->sections[section];
	uint64_t pos = 0;

	for (uint32_t i = 0; i < in->chunks; i++) {
		const uint8_t *e = chunk_entry(in, i);

		if (load_le32(e) != pos || load_le32(e + 4) == 0 ||
			chunk_first(in, i) >= elements ||
			(i > 0 && chunk_first(in, i) <= chunk_first(in, i - 1)))
			return false;
		pos += load_le32(e + 4);
	}
	return pos == in->data_len;
}

static bool packets_sound(const struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_PACKETS];
	uint32_t n = s->info.packets;

	if (in->chunks != n / PACKETS_CHUNK + (n % PACKETS_CHUNK != 0) || in->data_len < n ||
		!directory_sound(s, SECTION_PACKETS, n))
		return false;
	for (uint32_t i = 0; i < in->chunks; i++)
		if (chunk_first(in, i) != (uint64_t)i * PACKETS_CHUNK)
			return false;
	return s->sections[SECTION_TIMES].dir_len ==
		(uint64_t)(n / SEGMENT_MARK + (n % SEGMENT_MARK != 0)) * TIMES_ENTRY;
}

static bool checks_sound(const struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_CHECKS];
	uint32_t n = s->info.packets;

	if (in->chunks != n / CHECKS_CHUNK + (n % CHECKS_CHUNK != 0) ||
		in->data_len != (uint64_t)n * CHECK_BYTES || !directory_sound(s, SECTION_CHECKS, n))
		return false;
	for (uint32_t i = 0; i < in->chunks; i++)
		if (chunk_first(in, i) != (uint64_t)i * CHECKS_CHUNK ||
			load_le32(chunk_entry(in, i)) != i * CHECKS_CHUNK * CHECK_BYTES)
			return false;
	return true;
}

static bool flows_sound(const struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_FLOWS];
	uint64_t refs_len = s->sections[SECTION_REFS].data_len, refs = 0;
	uint64_t marks_len = s->sections[SECTION_MARKS].data_len, marks = 0;
	uint32_t ordinal = 0;

	if ((s->info.flow_parts > 0) != (in->chunks > 0) ||
		in->data_len < s->info.micro_parts || s->info.size.counters > in->data_len ||
		s->info.micro_parts < s->info.flow_parts ||
		s->info.micro_parts > s->info.packets ||
		!directory_sound(s, SECTION_FLOWS, s->info.flow_parts) ||
		!directory_sound(s, SECTION_REFS, refs_len) ||
		!directory_sound(s, SECTION_MARKS, marks_len) ||
		!directory_sound(s, SECTION_CONTINUED, s->info.flow_parts))
		return false;
	for (uint32_t i = 0; i < in->chunks; i++) {
		const uint8_t *e = chunk_entry(in, i);

		if (load_le64(e + 24) < refs || load_le64(e + 24) > refs_len ||
			load_le64(e + 56) < marks || load_le64(e + 56) > marks_len ||
			load_le32(e + 48) < ordinal || load_le32(e + 48) >= s->info.packets)
			return false;
		refs = load_le64(e + 24);
		marks = load_le64(e + 56);
		ordinal = load_le32(e + 48);
	}
	return in->chunks == 0 || chunk_first(in, 0) == 0;
}

/* Counts the addresses. */
static bool addresses_sound(struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_ADDRESSES];
	uint64_t n = 0;

	for (uint32_t i = 0; i < in->chunks; i++) {
		const uint8_t *e = chunk_entry(in, i);
		size_t len = key_addr_len(e[24]);

		if (len == 0 || load_le32(e + 4) % len != 0 || chunk_first(in, i) != n ||
			(i > 0 && memcmp(e + 24, chunk_entry(in, i - 1) + 24, 17) <= 0))
			return false;
		n += load_le32(e + 4) / len;
	}
	if (n > UINT32_MAX || !directory_sound(s, SECTION_ADDRESSES, n))
		return false;
	s->n_addresses = (uint32_t)n;
	return directory_sound(s, SECTION_POSTINGS, n) &&
		(n > 0) == (s->sections[SECTION_POSTINGS].chunks > 0);
}

static bool lists_sound(const struct segment *s)
{
	const struct section_in *services = &s->sections[SECTION_SERVICES];
	const struct section_in *contexts = &s->sections[SECTION_CONTEXTS];
	const struct section_in *macs = &s->sections[SECTION_MACS];
	struct service_at a, b;

	if (!directory_sound(s, SECTION_SERVICES, s->info.flow_parts) ||
		!directory_sound(s, SECTION_CONTEXTS, s->info.flow_parts) ||
		!directory_sound(s, SECTION_MACS, macs->data_len) ||
		!directory_sound(s, SECTION_TEXTS, s->sections[SECTION_TEXTS].data_len) ||
		!directory_sound(s, SECTION_OBSERVATIONS, s->sections[SECTION_OBSERVATIONS].data_len))
		return false;
	for (uint32_t i = 1; i < services->chunks; i++) {
		service_entry_get(services, i - 1, &a);
		service_entry_get(services, i, &b);
		if (service_at_cmp(&a, &b) >= 0)
			return false;
	}
	for (uint32_t i = 0; i < contexts->chunks; i++)
		if (chunk_first(contexts, i) != (uint64_t)i * CONTEXTS_CHUNK)
			return false;
	for (uint32_t i = 0; i < macs->chunks; i++)
		if (chunk_first(macs, i) != (uint64_t)i * MACS_CHUNK)
			return false;
	return true;
}

static bool lengths_sound(struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_LENGTHS];
	struct cursor c;
	uint64_t n;

	cursor_init(&c, in->dir, in->dir_len);
	n = cursor_varint(&c);
	if (n > LENGTH_CODES)
		return false;
	s->n_lengths = (uint32_t)n;
	for (uint32_t i = 0; i < s->n_lengths; i++)
		s->lengths[i] = varint_get32(&c);
	return !c.truncated;
}

static enum rc check_directories(struct segment *s, struct err *err)
{
	if (!packets_sound(s) || !lengths_sound(s) || !checks_sound(s))
		return segment_damaged(
			s, 0, SEGMENT_AT_PACKETS, err, "the directory of packets cannot be");
	if (!flows_sound(s))
		return segment_damaged(
			s, 0, SEGMENT_AT_FLOWS, err, "the directory of flow parts cannot be");
	if (!addresses_sound(s) || !lists_sound(s) || !texts_sound(s) || !observations_sound(s) ||
		!prints_sound(s))
		return segment_damaged(
			s, 0, SEGMENT_HEADER, err, "the directories of lists cannot be");
	return RC_DONE;
}

/* ---- head ------------------------------------------------------------------------------- */

static enum rc parse_section(struct segment *s, const uint8_t *e, struct err *err)
{
	unsigned id = load_le16(e), version = load_le16(e + 2);
	uint32_t dir_at = load_le32(e + 12);
	struct section_in *in = &s->sections[id < SECTIONS ? id : 0];

	if (id == 0 || id >= SECTIONS)
		return RC_DONE;
	if (version > SECTION_VERSION)
		return err_set(err, RC_NEWER, source_path(&s->src),
			"section %u is of version %u", id, version);
	in->entry = load_le16(e + 4);
	in->chunks = load_le32(e + 8);
	in->dir_len = load_le32(e + 16);
	in->data_at = load_le64(e + 24);
	in->data_len = load_le64(e + 32);
	if (in->dir || dir_at > s->head_len || in->dir_len > s->head_len - dir_at ||
		in->data_at > s->len || in->data_len > s->len - in->data_at ||
		in->data_len > UINT32_MAX || in->entry < sections_known[id].entry ||
		(in->entry ? in->dir_len != (uint64_t)in->chunks * in->entry : in->chunks != 0))
		return segment_damaged(
			s, 0, (uint64_t)(e - s->head), err, "a section lies outside");
	in->dir = s->head + dir_at;
	in->n_slots = in->chunks;
	if (sections_known[id].slots && in->n_slots > sections_known[id].slots)
		in->n_slots = sections_known[id].slots;
	return RC_DONE;
}

static enum rc parse_sections(struct segment *s, struct err *err)
{
	size_t at = load_le16(s->head + SEGMENT_AT_TABLE);
	uint32_t n = load_le32(s->head + SEGMENT_AT_SECTIONS);
	enum rc rc = RC_DONE;

	if (at < SEGMENT_HEADER || at > s->head_len - 8 ||
		n > (s->head_len - 8 - at) / SECTION_ENTRY)
		return segment_damaged(
			s, 0, SEGMENT_AT_TABLE, err, "the section table lies outside");
	for (uint32_t i = 0; rc == RC_DONE && i < n; i++)
		rc = parse_section(s, s->head + at + (size_t)i * SECTION_ENTRY, err);
	/* segments that were made before there were fingerprints have no such sections */
	for (unsigned id = 1; rc == RC_DONE && id < SECTION_PRINTS; id++)
		if (!s->sections[id].dir)
			rc = segment_damaged(s, 0, at, err, "a section is missing");
	return rc;
}

static void tell_size(struct segment *s)
{
	struct segment_size *size = &s->info.size;
	const struct section_in *in = s->sections;

	size->packets = in[SECTION_PACKETS].data_len;
	size->flows =
		in[SECTION_FLOWS].data_len - size->counters + in[SECTION_CONTINUED].data_len;
	size->refs = in[SECTION_REFS].data_len;
	size->marks = in[SECTION_MARKS].data_len;
	size->checks = in[SECTION_CHECKS].data_len;
	size->addresses = in[SECTION_ADDRESSES].data_len + in[SECTION_POSTINGS].data_len;
	size->services = in[SECTION_SERVICES].data_len;
	size->strings = in[SECTION_CONTEXTS].data_len + in[SECTION_MACS].data_len +
		in[SECTION_TEXTS].data_len + in[SECTION_OBSERVATIONS].data_len;
	size->prints = in[SECTION_PRINTS].data_len;
	size->filter = in[SECTION_PRINT_FILTER].data_len;
	size->header = s->len - in[SECTION_FLOWS].data_len - in[SECTION_CONTINUED].data_len -
		size->packets - size->refs - size->marks - size->checks - size->addresses -
		size->services - size->strings - size->prints - size->filter;
}

static enum rc parse_info(struct segment *s, struct err *err)
{
	const uint8_t *h = s->head;
	struct segment_info *i = &s->info;

	i->block = load_le32(h + SEGMENT_AT_BLOCK);
	i->number = load_le32(h + SEGMENT_AT_NUMBER);
	i->packets = load_le32(h + SEGMENT_AT_PACKETS);
	i->flow_parts = load_le32(h + SEGMENT_AT_FLOWS);
	i->micro_parts = load_le32(h + SEGMENT_AT_MICROS);
	i->first_offset = load_le32(h + SEGMENT_AT_FIRST_OFFSET);
	i->end_offset = load_le32(h + SEGMENT_AT_END_OFFSET);
	s->least = load_le32(h + SEGMENT_AT_LEAST);
	i->first_frame = load_le64(h + SEGMENT_AT_FRAME);
	i->first_ns = (int64_t)load_le64(h + SEGMENT_AT_FIRST_NS);
	i->last_ns = (int64_t)load_le64(h + SEGMENT_AT_LAST_NS);
	i->micro_ns = (int64_t)load_le64(h + SEGMENT_AT_MICRO_NS);
	i->flow_ns = (int64_t)load_le64(h + SEGMENT_AT_FLOW_NS);
	i->macro_ns = (int64_t)load_le64(h + SEGMENT_AT_MACRO_NS);
	i->size.counters = load_le64(h + SEGMENT_AT_COUNTERS);
	if (i->micro_ns <= 0 || i->flow_ns <= 0 || i->macro_ns <= 0)
		return segment_damaged(s, 0, SEGMENT_AT_MICRO_NS, err, "a slice of no length");
	if (i->end_offset < i->first_offset || i->first_ns > i->last_ns)
		return segment_damaged(
			s, 0, SEGMENT_AT_FIRST_OFFSET, err, "it ends before it begins");
	return RC_DONE;
}

static enum rc check_start(struct segment *s, const uint8_t *start, struct err *err)
{
	unsigned version = load_le16(start + SEGMENT_AT_VERSION);

	if (memcmp(start, SEGMENT_MAGIC, 4) != 0)
		return segment_damaged(s, 0, 0, err, "no segment begins here");
	if (version > SEGMENT_VERSION)
		return err_set(err, RC_NEWER, source_path(&s->src),
			"segment version %u, this program knows %d", version, SEGMENT_VERSION);
	s->head_len = load_le32(start + SEGMENT_AT_HEAD);
	if (s->head_len < SEGMENT_HEADER + 8 || s->head_len > s->len || s->head_len % 8 != 0)
		return segment_damaged(
			s, 0, SEGMENT_AT_HEAD, err, "a head of this length cannot be");
	if (load_le64(start + SEGMENT_AT_LENGTH) != s->len)
		return segment_damaged(
			s, 0, SEGMENT_AT_LENGTH, err, "another length than the catalog has");
	return RC_DONE;
}

static enum rc read_head(struct segment *s, struct err *err)
{
	size_t first = s->len < SEGMENT_HEAD_FIRST ? (size_t)s->len : SEGMENT_HEAD_FIRST;
	enum rc rc;

	if (s->len < SEGMENT_HEADER || s->at > s->src.size || s->len > s->src.size - s->at)
		return segment_damaged(s, 0, 0, err, "the index file ends before the segment");
	s->head = mem_alloc(first);
	if (!s->head)
		return err_memory(err);
	rc = source_read(&s->src, s->at, s->head, first, err);
	if (rc == RC_DONE)
		rc = check_start(s, s->head, err);
	if (rc == RC_DONE && s->head_len > first) {
		uint8_t *more = mem_realloc(s->head, s->head_len, 1);

		if (!more)
			return err_memory(err);
		s->head = more;
		rc = source_read(
			&s->src, s->at + first, s->head + first, s->head_len - first, err);
	}
	if (rc == RC_DONE &&
		hash_bytes(s->head, s->head_len - 8, 0) != load_le64(s->head + s->head_len - 8))
		rc = segment_damaged(s, 0, s->head_len - 8, err, "wrong checksum of the head");
	return rc;
}

/* The field table that the records follow: mostly our own, else the one in the file's header. */
static enum rc read_plan(struct segment *s, struct err *err)
{
	uint64_t checksum = load_le64(s->head + SEGMENT_AT_FIELDS);
	enum rc rc = plan_own(&s->plan, err);

	if (rc != RC_DONE || s->plan.checksum == checksum)
		return rc;
	rc = source_header(&s->src, 0, &s->plan, NULL, err);
	if (rc == RC_DONE && s->plan.checksum != checksum)
		rc = segment_damaged(s, 0, SEGMENT_AT_FIELDS, err,
			"not the field table of the file's header");
	return rc;
}

static enum rc open_source(struct index_source src, uint64_t at, uint64_t len,
	struct segment **out, struct err *err)
{
	struct segment *s = mem_calloc(1, sizeof(*s));
	enum rc rc;

	if (!s) {
		io_close(src.file);
		return err_memory(err);
	}
	s->src = src;
	s->at = at;
	s->len = len;
	rc = read_head(s, err);
	if (rc == RC_DONE)
		rc = parse_info(s, err);
	if (rc == RC_DONE)
		rc = parse_sections(s, err);
	if (rc == RC_DONE)
		rc = check_directories(s, err);
	if (rc == RC_DONE)
		rc = read_plan(s, err);
	if (rc != RC_DONE) {
		segment_close(s);
		return rc;
	}
	tell_size(s);
	*out = s;
	return RC_DONE;
}

enum rc segment_open(
	struct io_file *f, uint64_t at, uint64_t len, struct segment **out, struct err *err)
{
	struct index_source src = { .file = f };
	enum rc rc = io_size(f, &src.size, err);

	if (rc != RC_DONE) {
		io_close(f);
		return rc;
	}
	return open_source(src, at, len, out, err);
}

enum rc segment_open_memory(const void *bytes, size_t size, uint64_t at, uint64_t len,
	struct segment **out, struct err *err)
{
	return open_source(
		(struct index_source){ .memory = bytes, .size = size }, at, len, out, err);
}

void segment_close(struct segment *s)
{
	if (!s)
		return;
	for (unsigned id = 1; id < SECTIONS; id++) {
		for (uint32_t i = 0; s->sections[id].slots && i < s->sections[id].n_slots; i++)
			mem_free(s->sections[id].slots[i].bytes);
		mem_free(s->sections[id].slots);
	}
	mem_free(s->contexts);
	mem_free(s->text_map);
	mem_free(s->prints);
	mem_free(s->head);
	io_close(s->src.file);
	mem_free(s);
}

const struct segment_info *segment_info(const struct segment *s)
{
	return &s->info;
}

uint64_t segment_io_bytes(const struct segment *s)
{
	return s->src.read_bytes;
}
