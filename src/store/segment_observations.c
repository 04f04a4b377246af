/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Observations of a segment: names that addresses were seen to have, sorted by address, so that one is found by its chunk. */
#include "store/segment_reader.h"
#include "store/segment_writer.h"

#include <string.h>

/* ---- writing ---------------------------------------------------------------------------- */

void segment_writer_name(struct segment_writer *w, const struct observation *o)
{
	observations_add(w->observations, o);
	w->failed |= observations_failed(w->observations);
}

/* before: the one in front of it in the chunk, or NULL. */
static void put_observation(struct buf *out, const struct observation *before, const struct observation *o, int64_t base_ns)
{
	bool same = before && addr_equal(&before->addr, &o->addr);

	buf_put_u8(out, (uint8_t)(o->by << 1 | same));
	if (!same) {
		buf_put_u8(out, o->addr.kind);
		buf_put(out, o->addr.bytes, key_addr_len(o->addr.kind));
	}
	buf_put_u8(out, o->len);
	buf_put(out, o->name, o->len);
	buf_put_varint(out, zigzag((int64_t)((uint64_t)o->first_ns - (uint64_t)base_ns)));
	buf_put_varint(out, (uint64_t)o->last_ns - (uint64_t)o->first_ns);
}

static void end_chunk(struct section_out *o, size_t number, const struct observation *first)
{
	uint32_t chunks = o->chunks;

	section_end_chunk(o, number);
	if (o->chunks == chunks)
		return;
	buf_put_u8(&o->dir, first->addr.kind);
	buf_put(&o->dir, first->addr.bytes, sizeof(first->addr.bytes));
	buf_put_zeros(&o->dir, 7);
	buf_put_le64(&o->dir, (uint64_t)first->first_ns);
}

void build_observations(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_OBSERVATIONS];
	const struct observation *v = observations_sorted(w->observations);
	size_t n = observations_count(w->observations), from = 0;

	for (size_t i = 0; i < n; i++) {
		put_observation(&o->data, i > from ? &v[i - 1] : NULL, &v[i], v[from].first_ns);
		if (o->data.len - o->chunk_at < LIST_CHUNK && i + 1 < n)
			continue;
		end_chunk(o, from, &v[from]);
		from = i + 1;
	}
}

/* ---- reading ---------------------------------------------------------------------------- */

bool observations_sound(const struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_OBSERVATIONS];

	for (uint32_t i = 0; i < in->chunks; i++) {
		const uint8_t *e = chunk_entry(in, i);

		if (key_addr_len(e[24]) == 0 || (i > 0 && memcmp(e + 24, chunk_entry(in, i - 1) + 24, 17) < 0))
			return false;
	}
	return in->chunks == 0 || chunk_first(in, 0) == 0;
}

static void entry_addr(const struct section_in *in, uint32_t i, struct addr *out)
{
	out->kind = chunk_entry(in, i)[24];
	memcpy(out->bytes, chunk_entry(in, i) + 25, sizeof(out->bytes));
}

/* The next one; *o holds the one before, in a chunk's first none. False where it cannot be. */
static bool get_observation(struct cursor *c, int64_t base_ns, struct observation *o)
{
	uint8_t head = cursor_u8(c);
	const uint8_t *bytes;

	if (!(head & 1)) {
		memset(&o->addr, 0, sizeof(o->addr));
		o->addr.kind = cursor_u8(c);
		bytes = cursor_bytes(c, key_addr_len(o->addr.kind));
		if (bytes)
			memcpy(o->addr.bytes, bytes, key_addr_len(o->addr.kind));
	}
	o->by = head >> 1;
	o->len = cursor_u8(c);
	o->name = (const char *)cursor_bytes(c, o->len);
	o->first_ns = (int64_t)((uint64_t)base_ns + (uint64_t)zigzag_back(cursor_varint(c)));
	o->last_ns = (int64_t)((uint64_t)o->first_ns + cursor_varint(c));
	return !c->truncated && o->len > 0 && key_addr_len(o->addr.kind) > 0 && o->last_ns >= o->first_ns;
}

/*
 * Observations of a chunk to take(): those of one address, or all. *through when a higher address, or take(), ends it.
 */
static enum rc read_chunk(struct segment *s, uint32_t i, const struct addr *only, name_take take, void *ctx,
	bool *through, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_OBSERVATIONS];
	struct observation o = { .len = 0 };
	struct cursor c;
	enum rc rc = chunk_open(s, SECTION_OBSERVATIONS, i, &c, err);

	while (rc == RC_DONE && !*through && cursor_left(&c) > 0) {
		int cmp;

		if (!get_observation(&c, (int64_t)load_le64(chunk_entry(in, i) + 48), &o))
			return chunk_damaged(s, SECTION_OBSERVATIONS, i, &c, err, "an observation that cannot be");
		cmp = only ? addr_cmp(&o.addr, only) : 0;
		if (cmp > 0)
			*through = true;
		else if (cmp == 0 && o.by < SEEN_BYS)
			*through = !take(ctx, &o);
	}
	return rc;
}

/* The last chunk that begins below the address; 0 where there is none. */
static uint32_t chunk_below(const struct section_in *in, const struct addr *a)
{
	uint32_t from = 0, to = in->chunks;
	struct addr first;

	while (to - from > 1) {
		uint32_t mid = from + (to - from) / 2;

		entry_addr(in, mid, &first);
		if (addr_cmp(&first, a) < 0)
			from = mid;
		else
			to = mid;
	}
	return from;
}

enum rc segment_names(struct segment *s, const struct addr *a, name_take take, void *ctx, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_OBSERVATIONS];
	bool through = false;
	enum rc rc = RC_DONE;

	for (uint32_t i = chunk_below(in, a); rc == RC_DONE && !through && i < in->chunks; i++)
		rc = read_chunk(s, i, a, take, ctx, &through, err);
	return rc;
}

enum rc segment_all_names(struct segment *s, name_take take, void *ctx, struct err *err)
{
	bool through = false;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; rc == RC_DONE && !through && i < s->sections[SECTION_OBSERVATIONS].chunks; i++)
		rc = read_chunk(s, i, NULL, take, ctx, &through, err);
	return rc;
}

/* ---- verifying ---------------------------------------------------------------------------- */

/* One chunk: in order, behind `before` (its name is in `name`), the first as the directory says. */
static enum rc verify_chunk(struct segment *s, uint32_t i, uint64_t *number, struct observation *before, char *name,
	struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_OBSERVATIONS];
	struct observation o = { .len = 0 };
	struct addr first;
	struct cursor c;
	enum rc rc = chunk_open(s, SECTION_OBSERVATIONS, i, &c, err);

	if (rc == RC_DONE && chunk_first(in, i) != *number)
		return segment_damaged(s, SECTION_OBSERVATIONS, 0, err, "other observations than the directory says");
	entry_addr(in, i, &first);
	for (bool begins = true; rc == RC_DONE && cursor_left(&c) > 0; begins = false) {
		if (!get_observation(&c, (int64_t)load_le64(chunk_entry(in, i) + 48), &o) ||
			(begins && !addr_equal(&o.addr, &first)) ||
			(before->len > 0 && observation_cmp(before, &o) >= 0))
			return chunk_damaged(s, SECTION_OBSERVATIONS, i, &c, err, "observations are not in order");
		*before = o;
		before->name = memcpy(name, o.name, o.len);
		++*number;
	}
	return rc;
}

enum rc verify_observations(struct segment *s, struct err *err)
{
	struct observation before = { .len = 0 };
	char name[OBSERVED_NAME_MAX];
	uint64_t number = 0;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; rc == RC_DONE && i < s->sections[SECTION_OBSERVATIONS].chunks; i++)
		rc = verify_chunk(s, i, &number, &before, name, err);
	return rc;
}
