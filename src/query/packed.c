/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/packed.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

/* SLACK: bytes behind a packed struct that can be read and written. */
enum { CHUNK = 256, WORDS_MAX = 512, SLACK = 8, PACKED_MAX = WORDS_MAX * 9 + SLACK, EMPTY = UINT32_MAX };

struct chunk {
	uint8_t *bytes;
	size_t len, cap, waste; /* waste: bytes of what was dropped */
	uint32_t at[CHUNK];
	uint64_t *first;
};

struct packed {
	size_t words, n;
	struct chunk **chunks;
	size_t n_chunks, cap_chunks, bytes;
};

/* ---- packing ------------------------------------------------------------------------------- */

static void store_le64(uint8_t *to, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

/* Returns how many bytes it took; up to SLACK more were written. */
static size_t pack(uint8_t *to, const uint64_t *words, const uint64_t *first, size_t n)
{
	uint64_t diff[WORDS_MAX];
	size_t n_bits = (n + 7) / 8, n_diff = 0;
	uint8_t *lengths = to + n_bits, *at;

	memset(to, 0, n_bits);
	for (size_t i = 0; i < n; i++) {
		if (words[i] == first[i])
			continue;
		to[i / 8] |= (uint8_t)(1u << (i & 7));
		diff[n_diff++] = words[i] ^ first[i];
	}
	at = lengths + (n_diff + 1) / 2;
	memset(lengths, 0, (n_diff + 1) / 2);
	for (size_t i = 0; i < n_diff; i++) {
		unsigned more = (63u - (unsigned)__builtin_clzll(diff[i])) / 8;

		lengths[i / 2] |= (uint8_t)(more << (i & 1) * 4);
		store_le64(at, diff[i]);
		at += more + 1;
	}
	return (size_t)(at - to);
}

static size_t diffs(const uint8_t *bits, size_t n_bits)
{
	size_t n = 0;

	for (size_t i = 0; i < n_bits; i++)
		n += (size_t)__builtin_popcount(bits[i]);
	return n;
}

/* Returns how many bytes were read; up to SLACK more were looked at. */
static size_t unpack(uint64_t *words, const uint8_t *from, const uint64_t *first, size_t n)
{
	size_t n_bits = (n + 7) / 8, k = 0;
	const uint8_t *lengths = from + n_bits, *at = lengths + (diffs(from, n_bits) + 1) / 2;

	memcpy(words, first, n * sizeof(*words));
	for (size_t i = 0; i < n_bits; i++)
		for (unsigned bits = from[i]; bits != 0; bits &= bits - 1, k++) {
			unsigned more = lengths[k / 2] >> (k & 1) * 4 & 7;

			words[i * 8 + (unsigned)__builtin_ctz(bits)] ^= load_le64(at) & UINT64_MAX >> (56 - more * 8);
			at += more + 1;
		}
	return (size_t)(at - from);
}

/* ---- chunks -------------------------------------------------------------------------------- */

static enum rc chunk_room(struct packed *p, struct chunk *c, size_t more, struct err *err)
{
	size_t need = c->len + more + SLACK, cap = c->cap * 2 > need ? c->cap * 2 : need;
	uint8_t *bytes;

	if (need <= c->cap)
		return RC_DONE;
	bytes = mem_realloc(c->bytes, cap, 1);
	if (!bytes)
		return err_memory(err);
	p->bytes += cap - c->cap;
	c->bytes = bytes;
	c->cap = cap;
	return RC_DONE;
}

static enum rc chunk_put(struct packed *p, struct chunk *c, size_t i, const uint64_t *from, struct err *err)
{
	uint8_t bytes[PACKED_MAX];
	size_t len = pack(bytes, from, c->first, p->words);
	enum rc rc = chunk_room(p, c, len, err);

	if (rc != RC_DONE)
		return rc;
	memcpy(c->bytes + c->len, bytes, len);
	memset(c->bytes + c->len + len, 0, SLACK);
	c->at[i] = (uint32_t)c->len;
	c->len += len;
	return RC_DONE;
}

/* Nothing more comes. Without memory it stays as large as it is. */
static void chunk_close(struct packed *p, struct chunk *c)
{
	uint8_t *bytes = mem_realloc(c->bytes, c->len + SLACK, 1);

	if (!bytes)
		return;
	p->bytes -= c->cap - (c->len + SLACK);
	c->bytes = bytes;
	c->cap = c->len + SLACK;
}

/* Moves what is there together. */
static void chunk_compact(const struct packed *p, struct chunk *c)
{
	uint64_t words[WORDS_MAX];
	size_t order[CHUNK] = { 0 }, n = 0, len = 0;

	for (size_t i = 0; i < CHUNK; i++) {
		size_t k = n;

		if (c->at[i] == EMPTY)
			continue;
		for (n++; k > 0 && c->at[order[k - 1]] > c->at[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (size_t k = 0; k < n; k++) {
		uint32_t from = c->at[order[k]];
		size_t bytes = unpack(words, c->bytes + from, c->first, p->words);

		memmove(c->bytes + len, c->bytes + from, bytes);
		c->at[order[k]] = (uint32_t)len;
		len += bytes;
	}
	c->len = len;
	c->waste = 0;
}

static enum rc chunk_new(struct packed *p, const uint64_t *first, struct chunk **out, struct err *err)
{
	struct chunk *c = mem_calloc(1, sizeof(*c));

	if (c)
		c->first = mem_alloc(p->words * sizeof(uint64_t));
	if (!c || !c->first) {
		mem_free(c);
		return err_memory(err);
	}
	memcpy(c->first, first, p->words * sizeof(uint64_t));
	memset(c->at, 0xff, sizeof(c->at));
	p->bytes += sizeof(*c) + p->words * sizeof(uint64_t);
	*out = c;
	return RC_DONE;
}

/* ---- all of them --------------------------------------------------------------------------- */

enum rc packed_new(size_t bytes, struct packed **out, struct err *err)
{
	struct packed *p = mem_calloc(1, sizeof(*p));

	assert(bytes % sizeof(uint64_t) == 0 && bytes / sizeof(uint64_t) <= WORDS_MAX);
	if (!p)
		return err_memory(err);
	p->words = bytes / sizeof(uint64_t);
	*out = p;
	return RC_DONE;
}

void packed_free(struct packed *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_chunks; i++) {
		mem_free(p->chunks[i]->bytes);
		mem_free(p->chunks[i]->first);
		mem_free(p->chunks[i]);
	}
	mem_free(p->chunks);
	mem_free(p);
}

size_t packed_count(const struct packed *p)
{
	return p->n;
}

enum rc packed_add(struct packed *p, const void *from, struct err *err)
{
	struct chunk *c = NULL;
	enum rc rc = RC_DONE;

	if (p->n / CHUNK == p->n_chunks) {
		if (mem_grow(&p->chunks, &p->cap_chunks, p->n_chunks + 1, sizeof(struct chunk *)) != 0)
			return err_memory(err);
		rc = chunk_new(p, from, &c, err);
		if (rc != RC_DONE)
			return rc;
		p->chunks[p->n_chunks++] = c;
	}
	c = p->chunks[p->n / CHUNK];
	rc = chunk_put(p, c, p->n % CHUNK, from, err);
	if (rc != RC_DONE)
		return rc;
	if (++p->n % CHUNK == 0)
		chunk_close(p, c);
	return RC_DONE;
}

void packed_drop(struct packed *p, size_t i)
{
	struct chunk *c = p->chunks[i / CHUNK];
	uint64_t words[WORDS_MAX];
	uint32_t *at = &c->at[i % CHUNK];

	if (*at != EMPTY)
		c->waste += unpack(words, c->bytes + *at, c->first, p->words);
	*at = EMPTY;
	if (c->waste > c->len / 2)
		chunk_compact(p, c);
}

enum rc packed_put(struct packed *p, size_t i, const void *from, struct err *err)
{
	return chunk_put(p, p->chunks[i / CHUNK], i % CHUNK, from, err);
}

bool packed_get(const struct packed *p, size_t i, void *to)
{
	const struct chunk *c = p->chunks[i / CHUNK];

	if (c->at[i % CHUNK] == EMPTY)
		return false;
	unpack(to, c->bytes + c->at[i % CHUNK], c->first, p->words);
	return true;
}

size_t packed_bytes(const struct packed *p)
{
	return sizeof(*p) + p->cap_chunks * sizeof(struct chunk *) + p->bytes;
}
