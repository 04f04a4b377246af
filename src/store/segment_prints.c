/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints of content: those of each packet, in order of capture, and a filter that says which ones the segment may hold. */
#include "base/mem.h"
#include "store/bloom.h"
#include "store/segment_reader.h"
#include "store/segment_writer.h"

#include <assert.h>
#include <string.h>

enum { FILTER_BLOCKS_MAX = 1 << 16 };  /* 4 MiB */

/* ---- the coding of a chunk ---------------------------------------------------------------- */

static void put_head(struct buf *out, uint32_t skipped, const struct packet_prints *p)
{
	if (p->n > 0 && p->n <= PRINTS_FEW && !p->more) {
		buf_put_varint(out, (uint64_t)skipped << PRINTS_FEW_BITS | p->n);
		return;
	}
	buf_put_varint(out, (uint64_t)skipped << PRINTS_FEW_BITS);
	buf_put_varint(out, (uint64_t)p->n << 1 | p->more);
}

static void put_values(struct buf *out, const struct packet_prints *p)
{
	uint8_t *to = buf_reserve(out, (size_t)p->n * PRINT_BYTES);

	for (uint32_t i = 0; to && i < p->n; i++)
		for (unsigned k = 0; k < PRINT_BYTES; k++)
			*to++ = (uint8_t)(p->v[i] >> 8 * k);
	if (to)
		out->len += (size_t)p->n * PRINT_BYTES;
}

/* What stands before a packet's prints. False where it cannot be. */
static bool get_head(struct cursor *c, uint32_t *skipped, uint32_t *n, bool *more)
{
	uint64_t head = cursor_varint(c), many;

	*more = false;
	*n = head & PRINTS_FEW;
	if (*n == 0) {
		many = cursor_varint(c);
		*more = many & 1;
		if (many >> 1 > SEGMENT_PRINTS_MAX)
			return false;
		*n = (uint32_t)(many >> 1);
	}
	*skipped = (uint32_t)(head >> PRINTS_FEW_BITS);
	return !c->truncated && head >> PRINTS_FEW_BITS <= UINT32_MAX && cursor_left(c) / PRINT_BYTES >= *n;
}

/* ---- writing ---------------------------------------------------------------------------------- */

void segment_writer_prints(struct segment_writer *w, uint32_t ordinal, const struct packet_prints *p)
{
	struct print_chunk *last = w->n_print_chunks > 0 ? &w->print_chunks[w->n_print_chunks - 1] : NULL;

	if (w->failed || w->start.fingerprints == FINGERPRINTS_OFF || (p->n == 0 && !p->more))
		return;
	assert(p->n <= SEGMENT_PRINTS_MAX);
	assert(ordinal < w->n_packets && (!last || ordinal >= w->next_print));
	if (!last || w->prints.len - last->at >= PRINTS_CHUNK) {
		if (mem_grow(&w->print_chunks, &w->print_chunks_cap, w->n_print_chunks + 1, sizeof(*last)) != 0) {
			w->failed = true;
			return;
		}
		w->print_chunks[w->n_print_chunks++] = (struct print_chunk){ w->prints.len, ordinal };
		w->next_print = ordinal;
	}
	put_head(&w->prints, ordinal - w->next_print, p);
	put_values(&w->prints, p);
	w->n_prints += p->n;
	w->next_print = ordinal + 1;
}

void segment_writer_no_prints(struct segment_writer *w)
{
	w->start.fingerprints = FINGERPRINTS_OFF;
	w->n_print_chunks = 0;
	w->n_prints = 0;
	buf_clear(&w->prints);
}

/* A filter in memory. */
struct print_filter {
	uint8_t *content;
	uint32_t blocks;
};

static uint64_t print_hash(uint32_t print)
{
	return hash_mix(print + 1ULL);
}

static uint8_t *block_of(const struct print_filter *f, uint64_t hash)
{
	return f->content + (size_t)bloom_block(hash, f->blocks) * FILTER_BLOCK_BYTES;
}

/* Some prints whose places are on their way from memory: a filter of many is not in the cache. */
struct setting {
	const struct print_filter *filter;
	uint32_t n;
	uint64_t hashes[32];
};

static void set_those(struct setting *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		bloom_set(block_of(s->filter, s->hashes[i]), s->hashes[i]);
	s->n = 0;
}

static void set_soon(struct setting *s, uint32_t print)
{
	uint64_t hash = print_hash(print);

	__builtin_prefetch(block_of(s->filter, hash), 1);
	s->hashes[s->n++] = hash;
	if (s->n == sizeof(s->hashes) / sizeof(s->hashes[0]))
		set_those(s);
}

static void set_all(const struct print_filter *f, const struct buf *prints)
{
	struct setting setting = { .filter = f };
	uint32_t skipped, n;
	struct cursor c;
	bool more;

	cursor_init(&c, prints->data, prints->len);
	while (cursor_left(&c) > 0 && get_head(&c, &skipped, &n, &more)) {
		const uint8_t *values = cursor_bytes(&c, (size_t)n * PRINT_BYTES);

		for (uint32_t i = 0; i < n; i++)
			set_soon(&setting, load_le32(values + (size_t)i * PRINT_BYTES));
	}
	set_those(&setting);
}

static void put_filter(struct section_out *o, const struct print_filter *f, unsigned fingerprints)
{
	size_t len = (size_t)f->blocks * FILTER_BLOCK_BYTES;

	for (size_t from = 0; from < len; from += PRINT_FILTER_CHUNK) {
		buf_put(&o->data, f->content + from, len - from < PRINT_FILTER_CHUNK ? len - from : PRINT_FILTER_CHUNK);
		section_end_chunk(o, from / FILTER_BLOCK_BYTES);
		buf_put_le32(&o->dir, fingerprints);
		buf_put_le32(&o->dir, 0);
	}
}

bool build_prints(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_PRINTS];
	struct print_filter filter = { 0 };

	if (w->start.fingerprints == FINGERPRINTS_OFF)
		return true;
	for (size_t i = 0; i < w->n_print_chunks; i++) {
		const struct print_chunk *chunk = &w->print_chunks[i];
		uint64_t end = i + 1 < w->n_print_chunks ? chunk[1].at : w->prints.len;

		buf_put(&o->data, w->prints.data + chunk->at, (size_t)(end - chunk->at));
		section_end_chunk(o, chunk->first);
	}
	filter.blocks = bloom_blocks(w->n_prints, FILTER_BLOCKS_MAX);
	filter.content = mem_calloc(filter.blocks, FILTER_BLOCK_BYTES);
	if (!filter.content)
		return false;
	set_all(&filter, &w->prints);
	put_filter(&w->out[SECTION_PRINT_FILTER], &filter, w->start.fingerprints);
	mem_free(filter.content);
	return true;
}

/* ---- reading ----------------------------------------------------------------------------------- */

bool prints_sound(struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_PRINT_FILTER];
	uint64_t blocks = in->data_len / FILTER_BLOCK_BYTES;

	for (uint32_t i = 0; i < in->chunks; i++) {
		const uint8_t *e = chunk_entry(in, i);
		uint32_t whole = i + 1 < in->chunks ? PRINT_FILTER_CHUNK : load_le32(e + 4);

		if (load_le32(e + 4) != whole || whole > PRINT_FILTER_CHUNK || whole % FILTER_BLOCK_BYTES != 0 ||
			chunk_first(in, i) != (uint64_t)i * (PRINT_FILTER_CHUNK / FILTER_BLOCK_BYTES) ||
			load_le32(e + 24) != load_le32(chunk_entry(in, 0) + 24))
			return false;
	}
	if (in->chunks > 0)
		s->info.fingerprints = load_le32(chunk_entry(in, 0) + 24);
	return directory_sound(s, SECTION_PRINT_FILTER, blocks) && directory_sound(s, SECTION_PRINTS, s->info.packets) &&
		(in->chunks > 0 || s->sections[SECTION_PRINTS].chunks == 0);
}

enum rc segment_may_have_print(struct segment *s, uint32_t print, bool *may, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_PRINT_FILTER];
	uint64_t hash = print_hash(print);
	struct cursor c;

	*may = true;
	if (in->chunks == 0)
		return RC_DONE;
	size_t at = (size_t)bloom_block(hash, (uint32_t)(in->data_len / FILTER_BLOCK_BYTES)) * FILTER_BLOCK_BYTES;
	enum rc rc = chunk_open(s, SECTION_PRINT_FILTER, (uint32_t)(at / PRINT_FILTER_CHUNK), &c, err);
	if (rc == RC_DONE)
		*may = bloom_has(c.data + at % PRINT_FILTER_CHUNK, hash);
	return rc;
}

enum rc segment_prints_seek(struct segment_prints *it, struct segment *s, uint32_t ordinal, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_PRINTS];
	uint32_t number = 0;
	struct packet_prints skipped;
	enum rc rc = RC_DONE;

	*it = (struct segment_prints){ .s = s };
	if (in->chunks == 0)
		return RC_DONE;
	it->chunk = chunk_find(in, ordinal);
	it->next = (uint32_t)chunk_first(in, it->chunk);
	while (rc == RC_DONE) {
		struct segment_prints before = *it;

		rc = segment_prints_next(it, &number, &skipped, err);
		if (rc == RC_DONE && number >= ordinal) {
			*it = before;
			return RC_DONE;
		}
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc get_prints(struct segment_prints *it, struct cursor *c, uint32_t n, const uint32_t **out, struct err *err)
{
	struct segment *s = it->s;

	if (!s->prints) {
		s->prints = mem_calloc(SEGMENT_PRINTS_MAX, sizeof(*s->prints));
		if (!s->prints)
			return err_memory(err);
	}
	for (uint32_t i = 0; i < n; i++) {
		s->prints[i] = cursor_le32(c);
		if (i > 0 && s->prints[i] <= s->prints[i - 1])
			return chunk_damaged(s, SECTION_PRINTS, it->chunk, c, err, "fingerprints are not in order");
	}
	*out = s->prints;
	return RC_DONE;
}

enum rc segment_prints_next(struct segment_prints *it, uint32_t *ordinal, struct packet_prints *out, struct err *err)
{
	const struct section_in *in = &it->s->sections[SECTION_PRINTS];
	uint32_t skipped;
	struct cursor c;

	if (it->chunk >= in->chunks)
		return RC_END;
	if (it->pos >= load_le32(chunk_entry(in, it->chunk) + 4)) {
		if (++it->chunk >= in->chunks)
			return RC_END;
		it->pos = 0;
		if (chunk_first(in, it->chunk) < it->next)
			return segment_damaged(it->s, SECTION_PRINTS, 0, err, "other fingerprints than the directory says");
		it->next = (uint32_t)chunk_first(in, it->chunk);
	}
	enum rc rc = chunk_open(it->s, SECTION_PRINTS, it->chunk, &c, err);
	if (rc != RC_DONE)
		return rc;
	cursor_skip(&c, it->pos);
	if (!get_head(&c, &skipped, &out->n, &out->more) || skipped >= it->s->info.packets - it->next ||
		(it->pos == 0 && skipped != 0))
		return chunk_damaged(it->s, SECTION_PRINTS, it->chunk, &c, err, "fingerprints of no packet");
	rc = get_prints(it, &c, out->n, &out->v, err);
	*ordinal = it->next + skipped;
	it->next = *ordinal + 1;
	it->pos = c.pos;
	return rc;
}

/* ---- verifying ----------------------------------------------------------------------------------- */

static enum rc verify_filter(struct segment *s, const struct print_filter *want, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_PRINT_FILTER];
	struct cursor c;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; rc == RC_DONE && i < in->chunks; i++) {
		rc = chunk_open(s, SECTION_PRINT_FILTER, i, &c, err);
		if (rc == RC_DONE && memcmp(c.data, want->content + (size_t)i * PRINT_FILTER_CHUNK, c.len) != 0)
			return chunk_damaged(s, SECTION_PRINT_FILTER, i, &c, err, "not the filter of its fingerprints");
	}
	return rc;
}

enum rc verify_prints(struct segment *s, struct err *err)
{
	uint64_t len = s->sections[SECTION_PRINT_FILTER].data_len;
	struct print_filter filter = { .blocks = (uint32_t)(len / FILTER_BLOCK_BYTES) };
	struct setting setting = { .filter = &filter };
	struct packet_prints prints = { 0 };
	struct segment_prints it;
	uint32_t ordinal;
	enum rc rc;

	if (len == 0)
		return RC_DONE;
	filter.content = mem_calloc((size_t)len, 1);
	if (!filter.content)
		return err_memory(err);
	rc = segment_prints_seek(&it, s, 0, err);
	while (rc == RC_DONE && (rc = segment_prints_next(&it, &ordinal, &prints, err)) == RC_DONE)
		for (uint32_t i = 0; i < prints.n; i++)
			set_soon(&setting, prints.v[i]);
	set_those(&setting);
	rc = rc == RC_END ? verify_filter(s, &filter, err) : rc;
	mem_free(filter.content);
	return rc;
}
