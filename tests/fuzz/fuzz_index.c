/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An index file of any bytes: its header, its first segment, and everything that can be asked
 * of it. Twice: as it is, and with its checksums and lengths put right, since nothing behind a
 * wrong checksum is ever read. Seeds are made by tests/store/test_segment (GENERATE=1).
 */
#include "base/cursor.h"
#include "base/hash.h"
#include "store/format.h"
#include "store/segment.h"
#include "store/segment_plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void put32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

static void put64(uint8_t *at, uint64_t v)
{
	put32(at, (uint32_t)v);
	put32(at + 4, (uint32_t)(v >> 32));
}

/* ---- asking ------------------------------------------------------------------------------ */

static void ask_notes(struct segment_cursor *c, uint32_t packets)
{
	struct packet_note *notes = malloc(packets * sizeof(*notes));
	uint32_t n;

	require(notes != NULL);
	if (segment_notes(c, notes, &n, NULL) == RC_DONE)
		for (uint32_t i = 0; i < n; i++)
			require(notes[i].position < packets && notes[i].rtt_ns >= 0 &&
				notes[i].response_ns >= 0 &&
				(i == 0 || notes[i].position > notes[i - 1].position));
	free(notes);
}

static enum rc ask_micros(struct segment_cursor *c)
{
	uint32_t packets = segment_info(c->s)->packets;
	struct counters counters;
	struct record_id id;
	int64_t slice;
	enum rc rc;

	while ((rc = segment_next_micro(c, &id, &slice, &counters, NULL)) == RC_DONE) {
		uint64_t n = counters_packets(&counters);
		uint32_t *ordinals;
		struct packet_ref *refs;

		require(n > 0 && n <= packets);
		ordinals = malloc(n * sizeof(*ordinals));
		refs = malloc(n * sizeof(*refs));
		require(ordinals && refs);
		if (segment_refs(c, ordinals, NULL) == RC_DONE) {
			for (uint64_t i = 0; i < n; i++)
				require(ordinals[i] < packets &&
					(i == 0 || ordinals[i] > ordinals[i - 1]));
			segment_locate(c->s, ordinals, n, refs, NULL);
		}
		free(ordinals);
		free(refs);
		ask_notes(c, (uint32_t)n);
	}
	return rc;
}

static void ask_flow(struct segment *s, const struct segment_flow *f)
{
	struct addr_net net = { .addr = f->key.server, .bits = 0 };
	struct part_list list = { 0 };
	struct service_key key;
	uint32_t part;

	net.bits = f->key.server.kind == ADDR_IPV4 ? 32
		: f->key.server.kind == ADDR_IPV6  ? 128
						   : 48;
	require(f->first_ordinal < segment_info(s)->packets);
	segment_by_net(s, &net, &list, NULL);
	service_of(&key, &f->key, f->slice_ns - f->slice_ns % segment_info(s)->macro_ns);
	segment_by_service(s, &key, &list, NULL);
	segment_flow_at(s, f->first_ordinal, &part, NULL);
	part_list_unique(&list);
	for (size_t i = 0; i < list.n; i++)
		require(list.v[i] < segment_info(s)->flow_parts);
	part_list_free(&list);
}

static void ask_flows(struct segment *s)
{
	struct segment_cursor c;
	struct segment_flow flow;
	unsigned asked = 0;

	if (segment_seek(&c, s, 0, NULL) == RC_DONE) {
		while (segment_next_flow(&c, &flow, NULL) == RC_DONE) {
			enum rc rc = ask_micros(&c);

			require(rc != RC_DONE);
			if (asked++ < 20)
				ask_flow(s, &flow);
			if (rc != RC_END)
				break;
		}
	}
	if (segment_seek(&c, s, segment_info(s)->flow_parts / 2, NULL) == RC_DONE)
		segment_next_flow(&c, &flow, NULL);
}

static void ask_packets(struct segment *s)
{
	const struct segment_info *i = segment_info(s);
	struct segment_packets it;
	struct packet_ref ref;
	int64_t first, last;
	uint32_t ordinal;
	uint16_t check;

	if (segment_packets_seek(&it, s, 0, NULL) == RC_DONE) {
		while (segment_packets_next(&it, &ref, NULL) == RC_DONE)
			require(ref.offset >= i->first_offset || ref.offset <= i->end_offset);
		for (uint32_t n = 0; n < i->packets && segment_check(s, n, &check, NULL) == RC_DONE; n++)
			;
	}
	for (uint32_t mark = 0; segment_mark(s, mark, &first, &last); mark++)
		;
	segment_ordinal(s, i->first_offset, &ordinal, NULL);
	segment_ordinal(s, i->first_offset / 2 + i->end_offset / 2, &ordinal, NULL);
}

static bool take_name(void *ctx, const struct observation *o)
{
	struct addr *last = ctx;

	require(o->len > 0 && o->by < SEEN_BYS);
	*last = o->addr;
	return true;
}

static void ask_names(struct segment *s)
{
	struct addr last = { .kind = ADDR_IPV4 }, again;

	segment_all_names(s, take_name, &last, NULL);
	segment_names(s, &last, take_name, &again, NULL);
}

static void ask_prints(struct segment *s)
{
	uint32_t packets = segment_info(s)->packets, ordinal, print = 0;
	struct packet_prints prints;
	struct segment_prints it;
	bool may;

	if (segment_prints_seek(&it, s, 0, NULL) == RC_DONE)
		while (segment_prints_next(&it, &ordinal, &prints, NULL) == RC_DONE) {
			require(ordinal < packets && prints.n <= SEGMENT_PRINTS_MAX && it.next == ordinal + 1);
			for (uint32_t i = 0; i < prints.n; i++) {
				require(i == 0 || prints.v[i] > prints.v[i - 1]);
				print = prints.v[i];
			}
		}
	segment_may_have_print(s, print, &may, NULL);
	if (segment_prints_seek(&it, s, packets / 2, NULL) == RC_DONE && segment_prints_next(&it, &ordinal, &prints, NULL) == RC_DONE)
		require(ordinal >= packets / 2 && ordinal < packets);
}

static void ask(const uint8_t *bytes, size_t len, size_t at)
{
	struct addr_net all = { .addr = { .kind = ADDR_IPV4 }, .bits = 0 };
	struct part_list list = { 0 };
	struct segment *s;

	if (segment_open_memory(bytes, len, at, len - at, &s, NULL) != RC_DONE)
		return;
	ask_packets(s);
	ask_flows(s);
	ask_names(s);
	ask_prints(s);
	segment_by_net(s, &all, &list, NULL);
	segment_continuations(s, &list, NULL);
	part_list_free(&list);
	segment_verify(s, NULL);
	segment_close(s);
}

/* ---- putting right ------------------------------------------------------------------------- */

/* Checksums of the chunks of a section whose table entry is `e`. */
static void fix_chunks(uint8_t *segment, size_t len, const uint8_t *e, uint32_t head)
{
	uint32_t entry = load_le16(e + 4), chunks = load_le32(e + 8),
		 dir_at = load_le32(e + 12);
	uint64_t data_at = load_le64(e + 24);

	for (uint32_t i = 0; i < chunks && entry >= CHUNK_ENTRY; i++) {
		uint64_t at = dir_at + (uint64_t)i * entry;
		uint32_t pos, n;

		if (at + CHUNK_ENTRY > head)
			return;
		pos = load_le32(segment + at);
		n = load_le32(segment + at + 4);
		if (data_at < len && pos < len - data_at && n <= len - data_at - pos)
			put64(segment + at + 8, hash_bytes(segment + data_at + pos, n, 0));
	}
}

static void fix_segment(uint8_t *segment, size_t len, uint64_t fields)
{
	uint32_t head, sections;
	size_t table;

	if (len < SEGMENT_HEADER)
		return;
	head = load_le32(segment + SEGMENT_AT_HEAD);
	sections = load_le32(segment + SEGMENT_AT_SECTIONS);
	table = load_le16(segment + SEGMENT_AT_TABLE);
	if (head > len || head < SEGMENT_HEADER + 8)
		return;
	put64(segment + SEGMENT_AT_LENGTH, len);
	put64(segment + SEGMENT_AT_FIELDS, fields);
	for (uint32_t i = 0;
		i < sections && table + (i + 1) * (size_t)SECTION_ENTRY <= head - 8; i++)
		fix_chunks(segment, len, segment + table + (size_t)i * SECTION_ENTRY, head - 8);
	put64(segment + head - 8, hash_bytes(segment, head - 8, 0));
}

/* Returns where the segment begins; 0 where the header is beyond help. */
static size_t fix_header(uint8_t *bytes, size_t len, uint64_t *fields)
{
	static struct plan plan;
	struct cursor c;
	uint32_t header;

	if (len < INDEX_AT_ROWS + 8)
		return 0;
	header = load_le32(bytes + INDEX_AT_LENGTH);
	if (header > len || header < INDEX_AT_ROWS + 8)
		return 0;
	put64(bytes + header - 8, hash_bytes(bytes, header - 8, 0));
	cursor_init(&c, bytes, header - 8);
	cursor_skip(&c, INDEX_AT_ROWS);
	*fields = plan_parse(&plan, &c, load_le32(bytes + INDEX_AT_FIELDS)) ? plan.checksum : 0;
	return header;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *bytes = malloc(len ? len : 1);
	uint64_t fields = 0;
	size_t at;

	require(bytes != NULL);
	if (len > 0)
		memcpy(bytes, data, len);
	at = len >= INDEX_AT_ROWS ? load_le32(bytes + INDEX_AT_LENGTH) : 0;
	if (at > 0 && at <= len)
		ask(bytes, len, at);
	at = fix_header(bytes, len, &fields);
	if (at > 0) {
		fix_segment(bytes + at, len - at, fields);
		ask(bytes, len, at);
	}
	free(bytes);
	return 0;
}
