/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/common.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

struct common common_around(const struct plain *a, const struct plain *b, struct common seed)
{
	struct common c = seed;

	while (c.a_at > 0 && c.b_at > 0 && a->bytes[c.a_at - 1] == b->bytes[c.b_at - 1]) {
		c.a_at--;
		c.b_at--;
		c.len++;
	}
	while (c.a_at + c.len < a->len && c.b_at + c.len < b->len &&
		a->bytes[c.a_at + c.len] == b->bytes[c.b_at + c.len])
		c.len++;
	return c;
}

/* ---- the longest ------------------------------------------------------------------------------ */

static const uint64_t BASE = 0x9e3779b97f4a7c15ULL | 1;

struct finder {
	const struct plain *a, *b;
	uint32_t *slots;     /* place in a, plus one; 0 free */
	uint64_t *hashes;    /* of the window there */
	size_t mask;
};

/* Hash of each window of len bytes, as it moves along. */
struct roller {
	uint64_t hash, top;
};

static void roller_start(struct roller *r, const uint8_t *bytes, uint32_t len)
{
	r->hash = 0;
	r->top = 1;
	for (uint32_t i = 0; i < len; i++) {
		r->hash = r->hash * BASE + bytes[i] + 1;
		r->top *= BASE;
	}
}

static void roller_move(struct roller *r, uint8_t out, uint8_t in)
{
	r->hash = r->hash * BASE + in + 1 - r->top * (out + 1ULL);
}

/* Windows of a by hash: the first of equal ones; so equal bytes do not pile up. */
static void fill(struct finder *f, uint32_t len)
{
	struct roller r;

	memset(f->slots, 0, (f->mask + 1) * sizeof(*f->slots));
	roller_start(&r, f->a->bytes, len);
	for (uint32_t i = 0;; i++) {
		size_t s = hash_mix(r.hash) & f->mask;

		while (f->slots[s] && f->hashes[s] != r.hash)
			s = (s + 1) & f->mask;
		if (!f->slots[s]) {
			f->slots[s] = i + 1;
			f->hashes[s] = r.hash;
		}
		if (i + len >= f->a->len)
			return;
		roller_move(&r, f->a->bytes[i], f->a->bytes[i + len]);
	}
}

static bool find(struct finder *f, uint32_t len, struct common *out)
{
	struct roller r;

	fill(f, len);
	roller_start(&r, f->b->bytes, len);
	for (uint32_t i = 0;; i++) {
		size_t s = hash_mix(r.hash) & f->mask;

		while (f->slots[s] && f->hashes[s] != r.hash)
			s = (s + 1) & f->mask;
		if (f->slots[s] && memcmp(f->a->bytes + f->slots[s] - 1, f->b->bytes + i, len) == 0) {
			*out = (struct common){ f->slots[s] - 1, i, len };
			return true;
		}
		if (i + len >= f->b->len)
			return false;
		roller_move(&r, f->b->bytes[i], f->b->bytes[i + len]);
	}
}

enum rc common_longest(const struct plain *a, const struct plain *b, uint32_t least,
	struct common *out, struct err *err)
{
	struct finder f = { .a = a, .b = b };
	uint32_t shorter = (uint32_t)(a->len < b->len ? a->len : b->len), low = least,
		 high = shorter;
	size_t slots = 16;

	memset(out, 0, sizeof(*out));
	if (shorter < least)
		return RC_DONE;
	while (slots < a->len * 2)
		slots *= 2;
	f.mask = slots - 1;
	f.slots = mem_calloc(slots, sizeof(*f.slots));
	f.hashes = mem_calloc(slots, sizeof(*f.hashes));
	if (!f.slots || !f.hashes) {
		mem_free(f.slots);
		mem_free(f.hashes);
		return err_memory(err);
	}
	/* where a length is common all shorter ones are */
	while (low <= high) {
		uint32_t middle = low + (high - low) / 2;

		if (find(&f, middle, out))
			low = middle + 1;
		else
			high = middle - 1;
	}
	mem_free(f.slots);
	mem_free(f.hashes);
	return RC_DONE;
}
