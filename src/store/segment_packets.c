/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of a segment: ordinal <-> offset <-> length of record. */
#include "store/segment_reader.h"

static enum rc packets_damaged(
	const struct segment *s, uint32_t ordinal, const struct cursor *c, struct err *err)
{
	return chunk_damaged(s, SECTION_PACKETS, ordinal / PACKETS_CHUNK, c, err,
		"record lengths that cannot be");
}

/*
 * One packet at the cursor; *end is moved from the end of the record before to the end of this.
 * False where it cannot be.
 */
static inline bool get_packet(
	const struct segment *s, struct cursor *c, uint32_t *end, struct packet_ref *out)
{
	uint8_t code = cursor_u8(c);
	uint64_t skip = 0, len;

	if (code == LENGTH_SKIP) {
		skip = varint_get32(c);
		code = cursor_u8(c);
	}
	if (code < LENGTH_CODES) {
		if (code >= s->n_lengths)
			return false;
		len = s->lengths[code];
	} else if (code < LENGTH_VARINT) {
		len = (uint64_t)s->least +
			((unsigned)(code - LENGTH_CODES) << 8 | cursor_u8(c));
	} else if (code == LENGTH_VARINT) {
		len = (uint64_t)s->least + varint_get32(c);
	} else {
		return false;
	}
	if (c->truncated || *end + skip + len > s->info.end_offset)
		return false;
	*out = (struct packet_ref){ (uint32_t)(*end + skip), (uint32_t)len, 0, false };
	*end = (uint32_t)(out->offset + len);
	return true;
}

/* n packets at once, as get_packet() does; most are one byte. */
static bool skip_packets(const struct segment *s, struct cursor *c, uint32_t *end, uint32_t n)
{
	uint64_t at = *end;
	struct packet_ref skipped;

	for (; n > 0; n--) {
		if (c->pos < c->len && c->data[c->pos] < s->n_lengths) {
			at += s->lengths[c->data[c->pos++]];
			continue;
		}
		if (at > s->info.end_offset)
			return false;
		*end = (uint32_t)at;
		if (!get_packet(s, c, end, &skipped))
			return false;
		at = *end;
	}
	*end = (uint32_t)at;
	return at <= s->info.end_offset;
}

/* To a group: cursor at its first packet, *end behind the record before it. */
static enum rc open_group(
	struct segment *s, uint32_t group, struct cursor *c, uint32_t *end, struct err *err)
{
	uint32_t groups_each = PACKETS_CHUNK / PACKETS_GROUP;
	enum rc rc = chunk_open(s, SECTION_PACKETS, group / groups_each, c, err);
	const uint8_t *entry;

	if (rc != RC_DONE)
		return rc;
	cursor_skip(c, (size_t)(group % groups_each) * PACKETS_GROUP_ENTRY);
	entry = cursor_bytes(c, PACKETS_GROUP_ENTRY);
	if (!entry || load_le32(entry + 4) > c->len)
		return packets_damaged(s, group * PACKETS_GROUP, c, err);
	*end = load_le32(entry);
	c->pos = load_le32(entry + 4);
	return RC_DONE;
}

enum rc segment_packets_seek(
	struct segment_packets *it, struct segment *s, uint32_t ordinal, struct err *err)
{
	struct cursor c;
	enum rc rc;

	*it = (struct segment_packets){ .s = s, .next = ordinal, .offset = s->info.end_offset };
	if (ordinal >= s->info.packets)
		return RC_DONE;
	rc = open_group(s, ordinal / PACKETS_GROUP, &c, &it->offset, err);
	if (rc != RC_DONE)
		return rc;
	if (!skip_packets(s, &c, &it->offset, ordinal % PACKETS_GROUP))
		return packets_damaged(s, ordinal, &c, err);
	it->pos = c.pos;
	return RC_DONE;
}

enum rc segment_packets_next(
	struct segment_packets *it, struct packet_ref *out, struct err *err)
{
	struct cursor c;
	enum rc rc;

	if (it->next >= it->s->info.packets)
		return RC_END;
	if (it->next % PACKETS_CHUNK == 0) {
		rc = segment_packets_seek(it, it->s, it->next, err);
		if (rc != RC_DONE)
			return rc;
	}
	rc = chunk_open(it->s, SECTION_PACKETS, it->next / PACKETS_CHUNK, &c, err);
	if (rc != RC_DONE)
		return rc;
	c.pos = it->pos < c.len ? it->pos : c.len;
	if (!get_packet(it->s, &c, &it->offset, out))
		return packets_damaged(it->s, it->next, &c, err);
	it->pos = c.pos;
	it->next++;
	return RC_DONE;
}

/* Steps over packets of the chunk that the walk is in. */
static enum rc step(struct segment_packets *it, uint32_t n, struct err *err)
{
	struct cursor c;
	enum rc rc = chunk_open(it->s, SECTION_PACKETS, it->next / PACKETS_CHUNK, &c, err);

	if (rc != RC_DONE)
		return rc;
	c.pos = it->pos < c.len ? it->pos : c.len;
	if (!skip_packets(it->s, &c, &it->offset, n))
		return packets_damaged(it->s, it->next, &c, err);
	it->next += n;
	it->pos = c.pos;
	return RC_DONE;
}

/* Moves a walk to `ordinal` and over it, on from where it is where that is near. */
static enum rc walk_to(struct segment_packets *it, bool *has, struct segment *s,
	uint32_t ordinal, struct packet_ref *out, struct err *err)
{
	enum rc rc = RC_DONE;

	if (ordinal >= s->info.packets)
		return segment_damaged(
			s, 0, SEGMENT_AT_PACKETS, err, "a packet beyond the last");
	if (!*has || ordinal < it->next ||
		ordinal / PACKETS_GROUP != it->next / PACKETS_GROUP ||
		it->next % PACKETS_CHUNK == 0)
		rc = segment_packets_seek(it, s, ordinal, err);
	else if (it->next < ordinal)
		rc = step(it, ordinal - it->next, err);
	if (rc == RC_DONE)
		rc = segment_packets_next(it, out, err);
	*has = rc == RC_DONE;
	return rc;
}

enum rc segment_offset(struct segment *s, uint32_t ordinal, uint32_t *offset, struct err *err)
{
	struct packet_ref ref;
	enum rc rc = walk_to(&s->walk, &s->has_walk, s, ordinal, &ref, err);

	if (rc == RC_DONE)
		*offset = ref.offset;
	return rc;
}

enum rc segment_check(struct segment *s, uint32_t ordinal, uint16_t *out, struct err *err)
{
	struct cursor c;
	enum rc rc = chunk_open(s, SECTION_CHECKS, ordinal / CHECKS_CHUNK, &c, err);

	if (rc != RC_DONE)
		return rc;
	cursor_skip(&c, (size_t)(ordinal % CHECKS_CHUNK) * CHECK_BYTES);
	*out = cursor_le16(&c);
	return c.truncated ? chunk_damaged(s, SECTION_CHECKS, ordinal / CHECKS_CHUNK, &c, err,
				     "no check of a packet")
			   : RC_DONE;
}

enum rc segment_locate(struct segment *s, const uint32_t *ordinals, size_t n,
	struct packet_ref *out, struct err *err)
{
	struct segment_packets it;
	bool has = false;
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		rc = walk_to(&it, &has, s, ordinals[i], &out[i], err);
		if (rc == RC_DONE)
			rc = segment_check(s, ordinals[i], &out[i].check, err);
		out[i].has_check = true;
	}
	return rc;
}

/* The last group that begins at or before an offset, in the chunk that may hold it. */
static enum rc find_group(struct segment *s, uint32_t offset, uint32_t *group, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_PACKETS];
	uint32_t from = 0, to = in->chunks, left, groups;
	struct cursor c;
	enum rc rc;

	while (to - from > 1) {
		uint32_t mid = from + (to - from) / 2;

		if (load_le32(chunk_entry(in, mid) + 24) <= offset)
			from = mid;
		else
			to = mid;
	}
	rc = chunk_open(s, SECTION_PACKETS, from, &c, err);
	if (rc != RC_DONE)
		return rc;
	left = s->info.packets - from * PACKETS_CHUNK;
	groups = left < PACKETS_CHUNK ? (left + PACKETS_GROUP - 1) / PACKETS_GROUP
				      : PACKETS_CHUNK / PACKETS_GROUP;
	if (c.len < (size_t)groups * PACKETS_GROUP_ENTRY)
		return packets_damaged(s, from * PACKETS_CHUNK, &c, err);
	*group = from * (PACKETS_CHUNK / PACKETS_GROUP);
	for (uint32_t i = 1;
		i < groups && load_le32(c.data + (size_t)i * PACKETS_GROUP_ENTRY) <= offset;
		i++)
		++*group;
	return RC_DONE;
}

static enum rc no_packet(const struct segment *s, uint32_t offset, struct err *err)
{
	return err_set(err, RC_MISSING, source_path(&s->src),
		"no packet begins at offset %u of block %u", offset, s->info.block);
}

enum rc segment_ordinal(struct segment *s, uint32_t offset, uint32_t *ordinal, struct err *err)
{
	struct segment_packets it;
	struct packet_ref ref = { 0 };
	uint32_t group = 0;
	enum rc rc;

	if (s->info.packets == 0 || offset < s->info.first_offset ||
		offset >= s->info.end_offset)
		return no_packet(s, offset, err);
	rc = find_group(s, offset, &group, err);
	if (rc == RC_DONE)
		rc = segment_packets_seek(&it, s, group * PACKETS_GROUP, err);
	for (;;) {
		if (rc == RC_DONE)
			rc = segment_packets_next(&it, &ref, err);
		if (rc == RC_END || (rc == RC_DONE && ref.offset > offset))
			return no_packet(s, offset, err);
		if (rc != RC_DONE)
			return rc;
		if (ref.offset == offset)
			break;
	}
	*ordinal = it.next - 1;
	return RC_DONE;
}

bool segment_mark(const struct segment *s, uint32_t mark, int64_t *first_ns, int64_t *last_ns)
{
	const struct section_in *in = &s->sections[SECTION_TIMES];

	if (mark >= in->dir_len / TIMES_ENTRY)
		return false;
	*first_ns = (int64_t)load_le64(in->dir + (size_t)mark * TIMES_ENTRY);
	*last_ns = (int64_t)load_le64(in->dir + (size_t)mark * TIMES_ENTRY + 8);
	return true;
}
