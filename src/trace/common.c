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
static void fill(const struct finder *f, uint32_t len)
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

static bool find(const struct finder *f, uint32_t len, uint32_t from, struct common *out)
{
	struct roller r;

	if (f->b->len < len || f->b->len - len < from)
		return false;
	roller_start(&r, f->b->bytes + from, len);
	for (uint32_t i = from;; i++) {
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

static enum rc finder_init(struct finder *f, const struct plain *a, struct err *err)
{
	size_t slots = 16;

	while (slots < a->len * 2)
		slots *= 2;
	*f = (struct finder){ .a = a, .mask = slots - 1 };
	f->slots = mem_calloc(slots, sizeof(*f->slots));
	f->hashes = mem_calloc(slots, sizeof(*f->hashes));
	return f->slots && f->hashes ? RC_DONE : err_memory(err);
}

static void finder_free(struct finder *f)
{
	mem_free(f->slots);
	mem_free(f->hashes);
}

enum rc common_longest(const struct plain *a, const struct plain *b, uint32_t least,
	struct common *out, struct err *err)
{
	uint32_t shorter = (uint32_t)(a->len < b->len ? a->len : b->len), low = least,
		 high = shorter;
	struct finder f;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (shorter < least)
		return RC_DONE;
	rc = finder_init(&f, a, err);
	f.b = b;
	/* where a length is common all shorter ones are */
	while (rc == RC_DONE && low <= high) {
		uint32_t middle = low + (high - low) / 2;

		fill(&f, middle);
		if (find(&f, middle, 0, out))
			low = middle + 1;
		else
			high = middle - 1;
	}
	finder_free(&f);
	return rc;
}

/* ---- one content in many payloads --------------------------------------------------------------- */

struct needle {
	struct plain plain;
	struct finder finder;
	uint32_t least;
};

enum rc needle_new(const uint8_t *content, size_t len, uint32_t least, struct needle **out, struct err *err)
{
	struct needle *n;
	enum rc rc;

	if (len > NEEDLE_MAX)
		return err_set(err, RC_LIMIT, "content", "more than %d bytes", NEEDLE_MAX);
	n = mem_calloc(1, sizeof(*n));
	if (!n)
		return err_memory(err);
	rc = plain_make(&n->plain, content, len, err);
	if (rc == RC_DONE)
		rc = finder_init(&n->finder, &n->plain, err);
	if (rc != RC_DONE) {
		needle_free(n);
		return rc;
	}
	n->least = least < n->plain.len ? least : (uint32_t)n->plain.len;
	if (n->least > 0)
		fill(&n->finder, n->least);
	*out = n;
	return RC_DONE;
}

void needle_free(struct needle *n)
{
	if (!n)
		return;
	plain_free(&n->plain);
	finder_free(&n->finder);
	mem_free(n);
}

const struct plain *needle_plain(const struct needle *n)
{
	return &n->plain;
}

bool needle_find(const struct needle *n, const struct plain *b, struct common *longest)
{
	struct finder f = n->finder;
	struct common c;

	f.b = b;
	memset(longest, 0, sizeof(*longest));
	for (uint32_t from = 0; n->least > 0 && find(&f, n->least, from, &c); from = c.b_at + c.len) {
		/* it cannot have begun before, but for what is in the content more than once */
		while (c.a_at + c.len < n->plain.len && c.b_at + c.len < b->len &&
			n->plain.bytes[c.a_at + c.len] == b->bytes[c.b_at + c.len])
			c.len++;
		if (c.len > longest->len)
			*longest = c;
	}
	return longest->len > 0;
}
