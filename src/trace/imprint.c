/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/imprint.h"

#include "base/cursor.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
	LANES = 8,
	STEP = 2 * LANES,            /* places that are looked at together */
	SLACK = 2 * STEP,            /* bytes that are read behind the last place */
	WORDS = IMPRINT_CONTEXT / 2,
	LEAST_SUM = -32768,
	CAPITAL = 0x20,
	HEAD_TOKENS = 16,            /* of the head's tokens, those that are looked at */
	FULL_TOKENS = 512,
	FEW = 8,
};

/*
 * Places are chosen by the sum of three 16-bit words times these, modulo 2^16, taken as signed: small ones are. Part of the format; bytes
 * that repeat one of the frequent ones (0, blank, 0xff) are not chosen.
 */
static const uint16_t factors[WORDS] = { 0x9e37, 0x6a09, 0xbb67 };

/* ---- which places ------------------------------------------------------------------------------ */

typedef uint16_t lanes __attribute__((vector_size(2 * LANES)));
typedef int16_t signed_lanes __attribute__((vector_size(2 * LANES)));

static inline lanes load_words(const uint8_t *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = v << 8 | v >> 8;
#endif
	return v;
}

/* Of places p, p + 2, ... p + 14: -1 where it is chosen, else 0. */
static inline signed_lanes choose(const uint8_t *p, int16_t below)
{
	lanes sum = load_words(p) * factors[0] + load_words(p + 2) * factors[1] + load_words(p + 4) * factors[2];

	return (signed_lanes)sum < below;
}

static inline bool any(signed_lanes v)
{
	uint64_t words[2];

	memcpy(words, &v, sizeof(words));
	return (words[0] | words[1]) != 0;
}

static int16_t limit_of(unsigned one_in)
{
	return (int16_t)(LEAST_SUM + 65536 / (int)one_in);
}

/* The bytes with bit 5 set, and SLACK behind them. NULL without memory. */
static const uint8_t *level(struct imprinting *x, const uint8_t *bytes, size_t len)
{
	if (mem_grow(&x->bytes, &x->cap, len + SLACK, 1) != 0)
		return NULL;
	size_t i = 0;
	for (; i + 2 * sizeof(lanes) <= len; i += 2 * sizeof(lanes)) {
		lanes v[2];

		memcpy(v, bytes + i, sizeof(v));
		v[0] |= CAPITAL * 0x101;
		v[1] |= CAPITAL * 0x101;
		memcpy(x->bytes + i, v, sizeof(v));
	}
	for (; i < len; i++)
		x->bytes[i] = bytes[i] | CAPITAL;
	memset(x->bytes + len, 0, SLACK);
	return x->bytes;
}

/* Payload, or its plain bytes where they are others. NULL without memory. */
static const uint8_t *level_payload(struct imprinting *x, const uint8_t *payload, size_t *len)
{
	if (!plain_moves(payload, *len))
		return level(x, payload, *len);
	if (plain_make(&x->plain, payload, *len, NULL) != RC_DONE)
		return NULL;
	*len = x->plain.len;
	return level(x, x->plain.bytes, *len);
}

/* One byte again and again says nothing: rules, padding, zeros. */
static bool is_row(const uint8_t *p)
{
	return memcmp(p, p + 1, IMPRINT_BYTES - 1) == 0;
}

static uint32_t print_at(const uint8_t *p)
{
	return (uint32_t)(hash_mix(load_le64(p) ^ hash_mix(load_le64(p + 8) + 1)) >> 32);
}

/* False: enough. */
typedef bool (*place_take)(void *ctx, uint32_t print, size_t at);

/* The places of STEP from `at` on, told by their lanes. */
static bool take_step(const uint8_t *bytes, size_t at, size_t end, signed_lanes even, signed_lanes odd, place_take take, void *ctx)
{
	signed_lanes both[2] = { even, odd };

	for (unsigned i = 0; i < STEP; i += LANES / 2) {
		uint64_t four;
		int16_t chosen[LANES / 2];

		memcpy(&four, (uint8_t *)both + i * sizeof(*chosen), sizeof(four));
		memcpy(chosen, &four, sizeof(chosen));
		for (unsigned k = 0; four && k < LANES / 2; k++) {
			size_t place = at + 2 * ((i + k) % LANES) + (i + k) / LANES;

			if (chosen[k] && place < end && !is_row(bytes + place) &&
				!take(ctx, print_at(bytes + place), place))
				return false;
		}
	}
	return true;
}

/* Each place of level bytes, one in so many; those of a step in no particular order. */
static void each_place(const uint8_t *bytes, size_t len, unsigned one_in, place_take take, void *ctx)
{
	size_t end = len < IMPRINT_BYTES ? 0 : len - IMPRINT_BYTES + 1;
	int16_t below = limit_of(one_in);

	for (size_t at = 0; at < end; at += STEP) {
		signed_lanes even = choose(bytes + at, below), odd = choose(bytes + at + 1, below);

		if (any(even | odd) && !take_step(bytes, at, end, even, odd, take, ctx))
			return;
	}
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

/* Few mostly: they are put in order as they stand. */
static void sort_few(uint32_t *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		uint32_t x = v[i], k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static void tidy(struct imprints *to)
{
	uint32_t n = 0;

	if (to->n <= 2 * FEW)
		sort_few(to->v, to->n);
	else
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
	enum rc rc = plain_make(&x->plain, payload, head, err);

	if (rc != RC_DONE)
		return rc;
	add_tokens_of_head(&a, &x->plain);
	out->more = false;
	if (out->n < a.most)
		each_place(bytes, head < len ? head : len, IMPRINT_DENSE, add, &a);
	out->more = more;
	return RC_DONE;
}

enum rc imprint_sparse(struct imprinting *x, const uint8_t *payload, size_t len, size_t head, struct imprints *out, struct err *err)
{
	struct adding a = { out, most_thin(len) };
	size_t plain_len = len;
	const uint8_t *bytes = level_payload(x, payload, &plain_len);
	enum rc rc = RC_DONE;

	out->n = 0;
	out->more = false;
	if (!bytes)
		return err_memory(err);
	each_place(bytes, plain_len, IMPRINT_THIN, add, &a);
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
	const uint8_t *bytes = level(x, x->plain.bytes, x->plain.len);
	if (!bytes)
		return err_memory(err);
	if (x->plain.len >= IMPRINT_BYTES && memcmp(bytes, bytes + 1, x->plain.len - 1) != 0)
		add(&a, (uint32_t)fingerprint_whole(x->plain.bytes, x->plain.len), 0);
	if (!x->plain.handshake) {
		add_tokens(&a, &x->plain);
		each_place(bytes, x->plain.len, IMPRINT_DENSE, add, &a);
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

static int by_place(const void *a, const void *b)
{
	uint32_t x = ((const struct imprint_place *)a)->at, y = ((const struct imprint_place *)b)->at;

	return (x > y) - (x < y);
}

enum rc imprint_places(struct imprinting *x, const uint8_t *content, size_t len, enum fingerprints which,
	struct imprint_place **out, size_t *n, struct err *err)
{
	struct gathering g = { .v = NULL };
	const uint8_t *bytes = level_payload(x, content, &len);

	if (!bytes)
		return err_memory(err);
	each_place(bytes, len, which == FINGERPRINTS_FULL ? IMPRINT_DENSE : IMPRINT_THIN, gather, &g);
	if (g.failed) {
		mem_free(g.v);
		return err_memory(err);
	}
	if (g.n > 0)
		qsort(g.v, g.n, sizeof(*g.v), by_place);
	*out = g.v;
	*n = g.n;
	return RC_DONE;
}

void imprinting_free(struct imprinting *x)
{
	plain_free(&x->plain);
	mem_free(x->bytes);
	memset(x, 0, sizeof(*x));
}
