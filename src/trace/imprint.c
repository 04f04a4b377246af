/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/imprint.h"

#include "base/mem.h"
#include "trace/places.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEAD_TOKENS = 16,            /* of the head's tokens, those that are looked at */
	FULL_TOKENS = 512,
	FEW = 8,
	FEW_SORTED = 32,
	LANES = 4,
};

static const uint32_t TOP_BIT = (uint32_t)1 << 31;

typedef int32_t lanes __attribute__((vector_size(4 * LANES)));

_Static_assert((int)IMPRINT_BYTES == PLACE_BYTES && (int)IMPRINT_CONTEXT == PLACE_CONTEXT, "as imprint.h says");

/* Payload, or its plain bytes where they stand elsewhere; whether letters are small does not matter to places. NULL without memory. */
static const uint8_t *unmoved(struct imprinting *x, const uint8_t *payload, size_t *len)
{
	if (!plain_moves(payload, *len))
		return payload;
	if (plain_make(&x->plain, payload, *len, NULL) != RC_DONE)
		return NULL;
	*len = x->plain.len;
	return x->plain.bytes;
}

/* ---- those of a packet -------------------------------------------------------------------------- */

struct adding {
	struct imprints *to;
	uint32_t most;
};

/* What repeats itself within a packet mostly does so at once. */
static bool was_just_added(const struct imprints *to, uint32_t print)
{
	for (uint32_t i = to->n > FEW ? to->n - FEW : 0; i < to->n; i++)
		if (to->v[i] == print)
			return true;
	return false;
}

static bool add(void *ctx, uint32_t print, size_t at)
{
	const struct adding *a = ctx;

	(void)at;
	if (was_just_added(a->to, print))
		return true;
	if (a->to->n < a->most)
		a->to->v[a->to->n++] = print;
	else
		a->to->more = true;
	return !a->to->more;
}

/* Of those that stand in front, the ones that are likely to be rare: numbers and what is long. */
static void add_tokens_of_head(struct adding *a, const struct plain *p)
{
	struct print found[HEAD_TOKENS];
	size_t n = fingerprint_tokens(p->bytes, p->len, found, HEAD_TOKENS);

	while (n > 0 && a->to->n < a->most) {
		size_t best = 0;

		for (size_t i = 1; i < n; i++)
			if (found[i].len > found[best].len)
				best = i;
		add(a, (uint32_t)found[best].hash, 0);
		found[best] = found[--n];
	}
}

static void add_tokens(struct adding *a, const struct plain *p)
{
	struct print found[FULL_TOKENS];
	size_t n = fingerprint_tokens(p->bytes, p->len, found, FULL_TOKENS);

	a->to->more |= n == FULL_TOKENS;
	for (size_t i = 0; i < n; i++)
		add(a, (uint32_t)found[i].hash, 0);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Of `few` numbers, filled up to a whole number of lanes, how many are below x. */
static uint32_t count_below(const int32_t *few, uint32_t n, int32_t x)
{
	lanes below = { 0 };

	for (uint32_t i = 0; i < n; i += LANES) {
		lanes v;

		memcpy(&v, few + i, sizeof(v));
		below += v < x;      /* -1 where it is */
	}
	return -(uint32_t)(below[0] + below[1] + below[2] + below[3]);
}

/*
 * In order, each once; FEW_SORTED at most, returns how many. Where each stands is told by how many are below it: counted, not asked, because
 * a processor cannot guess how numbers compare that are as good as random.
 */
static uint32_t sort_few(uint32_t *v, uint32_t n)
{
	int32_t few[FEW_SORTED];
	uint32_t sorted[FEW_SORTED], is_there = 0, kept = 0;

	for (uint32_t i = 0; i < n; i++)
		few[i] = (int32_t)(v[i] ^ TOP_BIT);
	for (uint32_t i = n; i % LANES != 0; i++)
		few[i] = INT32_MAX;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t place = count_below(few, n, few[i]);

		sorted[place] = v[i];
		is_there |= (uint32_t)1 << place;
	}
	for (; is_there; is_there &= is_there - 1)
		v[kept++] = sorted[__builtin_ctz(is_there)];
	return kept;
}

static void tidy(struct imprints *to)
{
	uint32_t n = 0;

	if (to->n <= FEW_SORTED) {
		to->n = sort_few(to->v, to->n);
		return;
	}
	qsort(to->v, to->n, sizeof(*to->v), by_value);
	for (uint32_t i = 0; i < to->n; i++)
		if (n == 0 || to->v[n - 1] != to->v[i])
			to->v[n++] = to->v[i];
	to->n = n;
}

static uint32_t at_most(size_t n)
{
	return n < IMPRINT_MAX ? (uint32_t)n : IMPRINT_MAX;
}

/* Twice as many as are to be expected, and some for small packets. */
static uint32_t most_thin(size_t len)
{
	return at_most(4 + len / (IMPRINT_THIN / 2));
}

size_t imprint_bound(enum fingerprints which, size_t len)
{
	if (which == FINGERPRINTS_SPARSE)
		return at_most((size_t)most_thin(len) + IMPRINT_HEAD_MAX);
	return which == FINGERPRINTS_FULL ? IMPRINT_MAX : 0;
}

/* Some of the head are enough: that there are more says nothing of the rest. */
static enum rc add_head(struct imprinting *x, const uint8_t *payload, size_t head, const uint8_t *bytes, size_t len,
	struct imprints *out, struct err *err)
{
	struct adding a = { out, at_most((size_t)out->n + IMPRINT_HEAD_MAX) };
	bool more = out->more;
	enum rc rc = plain_make(&x->head, payload, head, err);      /* `bytes` may be x->plain's */

	if (rc != RC_DONE)
		return rc;
	add_tokens_of_head(&a, &x->head);
	out->more = false;
	if (out->n < a.most)
		places_each(bytes, head < len ? head : len, IMPRINT_DENSE, add, &a);
	out->more = more;
	return RC_DONE;
}

static void add_thin(const uint8_t *bytes, size_t len, uint32_t most, struct imprints *out, bool *escapes)
{
	struct adding a = { out, most };

	out->n = 0;
	out->more = false;
	*escapes = places_each(bytes, len, IMPRINT_THIN, add, &a);
}

enum rc imprint_sparse(struct imprinting *x, const uint8_t *payload, size_t len, size_t head, struct imprints *out, struct err *err)
{
	const uint8_t *bytes = payload;
	size_t plain_len = len;
	enum rc rc = RC_DONE;
	bool escapes;

	/* as if nothing stood elsewhere: what might say so is seen by the way, and is rare */
	add_thin(bytes, plain_len, most_thin(len), out, &escapes);
	if (escapes) {
		bytes = unmoved(x, payload, &plain_len);
		if (!bytes)
			return err_memory(err);
		if (bytes != payload)
			add_thin(bytes, plain_len, most_thin(len), out, &escapes);
	}
	if (head > 0)
		rc = add_head(x, payload, head < len ? head : len, bytes, plain_len, out, err);
	tidy(out);
	return rc;
}

enum rc imprint_full(struct imprinting *x, const uint8_t *payload, size_t len, struct imprints *out, struct err *err)
{
	struct adding a = { out, IMPRINT_MAX };
	enum rc rc = plain_make(&x->plain, payload, len, err);

	out->n = 0;
	out->more = false;
	if (rc != RC_DONE)
		return rc;
	const uint8_t *bytes = x->plain.bytes;
	if (x->plain.len >= IMPRINT_BYTES && memcmp(bytes, bytes + 1, x->plain.len - 1) != 0)
		add(&a, (uint32_t)fingerprint_whole(x->plain.bytes, x->plain.len), 0);
	if (!x->plain.handshake) {
		add_tokens(&a, &x->plain);
		places_each(bytes, x->plain.len, IMPRINT_DENSE, add, &a);
	}
	tidy(out);
	return RC_DONE;
}

/* ---- those of a content --------------------------------------------------------------------------- */

struct gathering {
	struct imprint_place *v;
	size_t n, cap;
	bool failed;
};

static bool gather(void *ctx, uint32_t print, size_t at)
{
	struct gathering *g = ctx;

	g->failed = mem_grow(&g->v, &g->cap, g->n + 1, sizeof(*g->v)) != 0;
	if (!g->failed)
		g->v[g->n++] = (struct imprint_place){ print, (uint32_t)at };
	return !g->failed;
}

enum rc imprint_places(struct imprinting *x, const uint8_t *content, size_t len, enum fingerprints which,
	struct imprint_place **out, size_t *n, struct err *err)
{
	struct gathering g = { .v = NULL };
	const uint8_t *bytes = unmoved(x, content, &len);

	if (!bytes)
		return err_memory(err);
	places_each(bytes, len, which == FINGERPRINTS_FULL ? IMPRINT_DENSE : IMPRINT_THIN, gather, &g);
	if (g.failed) {
		mem_free(g.v);
		return err_memory(err);
	}
	*out = g.v;
	*n = g.n;
	return RC_DONE;
}

void imprinting_free(struct imprinting *x)
{
	plain_free(&x->plain);
	plain_free(&x->head);
}
