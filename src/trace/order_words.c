/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exchanges of a machine: what kind of request each is, and what is rare in it. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "trace/order_priv.h"

#include <math.h>
#include <string.h>

enum {
	ASKS_BYTES = 768,
	ANSWERS_BYTES = 2048, /* that are looked at */
	KIND_WORDS = 24,
	KIND_WORD = 3, /* letters: fewer may be chance in binary payload */
	KIND_FEW =
		3, /* fewer of a kind teach nothing: they are of their service's kind of everything else */
	KIND_SHARE =
		50, /* one in so many requests of a service has a word that belongs to the kind, */
	KIND_LEAST = 3, /* and so many at least */
	RARE_SHARE = 8, /* at most one in so many has a word that is rare */
	WORD_MAX = 64,
};

/* ---- words ------------------------------------------------------------------------------------ */

struct word {
	uint32_t hash;
	size_t len;
	bool digits; /* or no ASCII letters */
};

/* Words one after the other: letters, digits, '_'. False at the end. */
static bool next_word(const uint8_t *bytes, size_t len, size_t *at, struct word *out)
{
	uint64_t hash = 0;
	size_t i = *at, from;

	for (; i < len; i++) {
		uint8_t c = bytes[i] | 0x20;

		if ((c >= 'a' && c <= 'z') || (bytes[i] >= '0' && bytes[i] <= '9'))
			break;
	}
	out->digits = false;
	for (from = i; i < len && i - from < WORD_MAX; i++) {
		uint8_t c = bytes[i] | 0x20;
		bool digit = bytes[i] >= '0' && bytes[i] <= '9';

		if (!digit && bytes[i] != '_' && (c < 'a' || c > 'z'))
			break;
		out->digits |= digit;
		hash = (hash + (digit ? bytes[i] : c) + 1) * 0x9e3779b97f4a7c15ULL;
	}
	*at = i;
	out->len = i - from;
	out->hash = (uint32_t)(hash_mix(hash) >> 32);
	return i > from;
}

/* How many exchanges of a service have a word; the exchange counted last, so that doubles count once. */
struct count {
	uint64_t key; /* 0: free */
	uint32_t n, last;
};

struct counts {
	struct count *v;
	size_t mask, used;
};

static size_t count_place(const struct counts *c, uint64_t key)
{
	size_t s = key & c->mask;

	while (c->v[s].key && c->v[s].key != key)
		s = (s + 1) & c->mask;
	return s;
}

static enum rc counts_grow(struct counts *c, struct err *err)
{
	struct counts bigger = { .mask = c->v ? c->mask * 4 + 3 : 1023, .used = c->used };

	if (c->v && c->used * 2 <= c->mask)
		return RC_DONE;
	bigger.v = mem_calloc(bigger.mask + 1, sizeof(*bigger.v));
	if (!bigger.v)
		return err_memory(err);
	for (size_t i = 0; c->v && i <= c->mask; i++)
		if (c->v[i].key)
			bigger.v[count_place(&bigger, c->v[i].key)] = c->v[i];
	mem_free(c->v);
	*c = bigger;
	return RC_DONE;
}

static enum rc count_add(struct counts *c, uint64_t key, uint32_t exchange, struct err *err)
{
	enum rc rc = counts_grow(c, err);
	struct count *e;

	if (rc != RC_DONE)
		return rc;
	e = &c->v[count_place(c, key)];
	c->used += !e->key;
	e->key = key;
	e->n += e->last != exchange + 1;
	e->last = exchange + 1;
	return RC_DONE;
}

static uint32_t count_of(const struct counts *c, uint64_t key)
{
	return c->v ? c->v[count_place(c, key)].n : 0;
}

/* Requests and answers of a service are counted apart. */
static uint64_t key_of(uint32_t service, bool answer, uint32_t word)
{
	return hash_mix((uint64_t)service << 32 ^ word ^ (answer ? 0x5bd1e995ULL << 33 : 0)) |
		1;
}

/* Of all exchanges of a service: a word that is none. */
static uint64_t key_of_all(uint32_t service)
{
	return hash_mix(service + 0x1234567800000000ULL) | 1;
}

/* ---- exchanges ---------------------------------------------------------------------------------- */

static bool is_tls(const struct trace_packet *p)
{
	return p->len >= 3 && p->payload[0] >= 20 && p->payload[0] <= 23 &&
		p->payload[1] == 3 && p->payload[2] <= 4;
}

static enum rc begin_exchange(
	struct trace_order *o, uint32_t i, uint32_t *last, struct err *err)
{
	const struct trace_packet *p = &o->packets[i];

	if (mem_grow(&o->exchanges, &o->cap, o->n + 1, sizeof(*o->exchanges)) != 0)
		return err_memory(err);
	struct exchange *x = &o->exchanges[o->n];

	*x = (struct exchange){ .first = i,
		.before = last[p->talk],
		.next = ORDER_NONE,
		.way = p->way,
		.tls = is_tls(p),
		.asks_ns = p->time_ns,
		.asked_ns = p->time_ns,
		.answers_ns = INT64_MAX,
		.answered_ns = INT64_MAX };
	if (x->before != ORDER_NONE)
		o->exchanges[x->before].next = (uint32_t)o->n;
	last[p->talk] = (uint32_t)o->n++;
	return RC_DONE;
}

/* A packet that says something: which exchange it is of. */
static enum rc take_packet(struct trace_order *o, uint32_t i, uint32_t *last, struct err *err)
{
	const struct trace_packet *p = &o->packets[i];
	struct exchange *x = last[p->talk] == ORDER_NONE ? NULL : &o->exchanges[last[p->talk]];

	if (p->way == (TRACE_IN | TRACE_OUT) || p->role == TRACE_EITHER)
		return RC_DONE;
	if (p->role == TRACE_REQUEST && (!x || x->answers_ns != INT64_MAX)) {
		enum rc rc = begin_exchange(o, i, last, err);

		o->exchange_of[i] = last[p->talk];
		return rc;
	}
	if (!x)
		return RC_DONE;
	o->exchange_of[i] = last[p->talk];
	if (p->role == TRACE_REQUEST) {
		x->asked_ns = p->time_ns;
	} else {
		if (x->answers_ns == INT64_MAX)
			x->answers_ns = p->time_ns;
		x->answered_ns = p->time_ns;
	}
	return RC_DONE;
}

/* ---- what they say --------------------------------------------------------------------------------- */

/* Where the texts of exchanges are read, packet by packet. */
struct reader {
	struct trace_order *o;
	struct counts counts;
	uint32_t *
		read; /* by exchange: bytes of its request and of its answer that were looked at */
};

static uint32_t service_of(const struct trace_order *o, const struct exchange *x)
{
	return o->packets[x->first].service;
}

/* What of a packet is looked at. */
static size_t part_of(struct reader *r, uint32_t i, uint32_t exchange, bool *answer)
{
	const struct trace_packet *p = &r->o->packets[i];
	size_t most, len;
	uint32_t *read;

	*answer = p->role == TRACE_RESPONSE;
	most = *answer ? ANSWERS_BYTES : ASKS_BYTES;
	read = &r->read[2 * (size_t)exchange + *answer];
	len = most > *read ? most - *read : 0;
	len = len < p->len ? len : p->len;
	*read += (uint32_t)len;
	return len;
}

static enum rc count_words(struct reader *r, uint32_t i, struct err *err)
{
	const struct trace_packet *p = &r->o->packets[i];
	uint32_t e = r->o->exchange_of[i];
	const struct exchange *x = &r->o->exchanges[e];
	uint32_t service = service_of(r->o, x);
	struct word w;
	bool answer;
	size_t len = x->tls ? 0 : part_of(r, i, e, &answer);
	enum rc rc =
		x->first == i ? count_add(&r->counts, key_of_all(service), e, err) : RC_DONE;

	for (size_t at = 0; rc == RC_DONE && len > 0 && next_word(p->payload, len, &at, &w);)
		rc = count_add(&r->counts, key_of(service, answer, w.hash), e, err);
	return rc;
}

/* The rarest are kept. */
static void keep_word(struct order_words *words, uint32_t hash, double rare)
{
	size_t at = words->n;

	for (uint32_t k = 0; k < words->n; k++)
		if (words->v[k].hash == hash)
			return;
	if (at == ORDER_WORDS) {
		at = 0;
		for (uint32_t k = 1; k < words->n; k++)
			if (words->v[k].rare < words->v[at].rare)
				at = k;
		if (words->v[at].rare >= (float)rare)
			return;
	} else {
		words->n++;
	}
	words->v[at] = (struct order_word){ hash, (float)rare };
}

struct kind_words {
	uint64_t hash;
	unsigned n;
};

static void read_words(struct reader *r, uint32_t i, struct kind_words *kind)
{
	const struct trace_packet *p = &r->o->packets[i];
	uint32_t e = r->o->exchange_of[i];
	struct exchange *x = &r->o->exchanges[e];
	uint32_t service = service_of(r->o, x);
	double all = count_of(&r->counts, key_of_all(service));
	struct word w;
	bool answer;
	size_t len = x->tls ? 0 : part_of(r, i, e, &answer);

	for (size_t at = 0; len > 0 && next_word(p->payload, len, &at, &w);) {
		double n = count_of(&r->counts, key_of(service, answer, w.hash));

		if (n * RARE_SHARE <= all)
			keep_word(answer ? &x->answers : &x->asks, w.hash, log(all / n));
		if (x->first != i || w.digits || w.len < KIND_WORD || kind->n == KIND_WORDS ||
			n < KIND_LEAST || n * KIND_SHARE < all)
			continue;
		kind->hash = hash_mix(kind->hash ^ w.hash);
		kind->n++;
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct order_word *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static void sort_words(struct order_words *w)
{
	/* a dozen at most */
	for (uint32_t i = 1; i < w->n; i++)
		for (uint32_t k = i; k > 0 && by_hash(&w->v[k - 1], &w->v[k]) > 0; k--) {
			struct order_word swap = w->v[k];

			w->v[k] = w->v[k - 1];
			w->v[k - 1] = swap;
		}
}

static enum rc kinds_grow(struct trace_order *o, struct err *err)
{
	size_t mask = o->kinds ? o->kinds_mask * 2 + 1 : 255;
	struct order_kind *kinds;

	if (o->kinds && o->n_kinds * 4 <= o->kinds_mask)
		return RC_DONE;
	kinds = mem_calloc(mask + 1, sizeof(*kinds));
	if (!kinds)
		return err_memory(err);
	mem_free(o->kinds);
	o->kinds = kinds;
	o->kinds_mask = mask;
	return RC_DONE;
}

/* Its place in the table, which must be large enough. */
static uint32_t kind_of(struct trace_order *o, uint64_t hash, bool worded)
{
	size_t s = hash & o->kinds_mask;

	while (o->kinds[s].n && o->kinds[s].hash != hash)
		s = (s + 1) & o->kinds_mask;
	o->n_kinds += !o->kinds[s].n;
	o->kinds[s].hash = hash;
	o->kinds[s].worded = worded;
	o->kinds[s].n++;
	return (uint32_t)s;
}

static void name_kind(struct trace_order *o, uint32_t i, const struct kind_words *words)
{
	struct exchange *x = &o->exchanges[o->exchange_of[i]];

	x->kind = kind_of(o, hash_mix(words->hash ^ service_of(o, x) ^ (uint64_t)x->way << 40),
		words->n > 0);
}

static void join_few(struct trace_order *o)
{
	for (size_t e = 0; e < o->n; e++) {
		struct exchange *x = &o->exchanges[e];

		if (o->kinds[x->kind].n < KIND_FEW)
			x->kind = kind_of(o,
				hash_mix(service_of(o, x) ^ (uint64_t)(x->way | 4) << 40),
				false);
	}
}

static enum rc read_all(struct reader *r, struct err *err)
{
	struct trace_order *o = r->o;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; i < o->n_packets && rc == RC_DONE; i++)
		if (o->exchange_of[i] != ORDER_NONE)
			rc = count_words(r, i, err);
	memset(r->read, 0, 2 * o->n * sizeof(*r->read));
	/* one kind an exchange at most, and one more of its service */
	for (o->n_kinds = o->n; rc == RC_DONE && (!o->kinds || o->n_kinds * 4 > o->kinds_mask);)
		rc = kinds_grow(o, err);
	o->n_kinds = 0;
	for (uint32_t i = 0; i < o->n_packets && rc == RC_DONE; i++) {
		struct kind_words kind = { 0 };

		if (o->exchange_of[i] == ORDER_NONE)
			continue;
		read_words(r, i, &kind);
		if (o->exchanges[o->exchange_of[i]].first == i)
			name_kind(o, i, &kind);
	}
	if (rc == RC_DONE)
		join_few(o);
	for (size_t e = 0; e < o->n && rc == RC_DONE; e++) {
		sort_words(&o->exchanges[e].asks);
		sort_words(&o->exchanges[e].answers);
	}
	return rc;
}

enum rc order_read(struct trace_order *o, uint32_t talks, struct err *err)
{
	uint32_t *last = mem_alloc(((size_t)talks + 1) * sizeof(*last));
	struct reader r = { .o = o };
	enum rc rc = last && o->exchange_of ? RC_DONE : err_memory(err);

	if (rc == RC_DONE)
		memset(last, 0xff, ((size_t)talks + 1) * sizeof(*last));
	for (uint32_t i = 0; i < o->n_packets && rc == RC_DONE; i++)
		rc = take_packet(o, i, last, err);
	mem_free(last);
	if (rc != RC_DONE || o->n == 0)
		return rc;
	r.read = mem_calloc(2 * o->n, sizeof(*r.read));
	rc = r.read ? read_all(&r, err) : err_memory(err);
	mem_free(r.read);
	mem_free(r.counts.v);
	return rc;
}

/* ---- what two have in common ---------------------------------------------------------------------- */

static double common(const struct order_words *a, const struct order_words *b)
{
	double sum = 0;

	for (uint32_t i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->v[i].hash == b->v[k].hash)
			sum += a->v[i].rare < b->v[k].rare ? a->v[i].rare : b->v[k].rare;
		if (a->v[i].hash <= b->v[k].hash)
			i++;
		else
			k++;
	}
	return sum;
}

unsigned order_shared(const struct exchange *parent, const struct exchange *child)
{
	double sum = common(&parent->asks, &child->asks);

	/* its answer can be in what was answered later only */
	if (child->answered_ns <= parent->answered_ns)
		sum += common(&parent->answers, &child->answers);
	return sum <= 0 ? 0 : sum < 3 ? 1 : sum < 6 ? 2 : 3;
}
