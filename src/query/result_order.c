/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of a million rows: each row is unpacked once for each field to sort by, what it says becomes a number, and
 * numbers are sorted by radix, the last field first, because that is stable. Texts become their rank among those that there are;
 * addresses are sorted eight bytes after eight, the last ones first, and only by those that differ.
 */
#include "query/result_priv.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "flow/texts.h"
#include "query/order.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { RADIX = 256, DICTIONARY_MAX = 64 << 20, CHECK_EVERY = 1024, ADDR_PARTS = (sizeof(struct addr) + 7) / 8 };

struct key {
	uint64_t v;
	uint32_t slot;
	bool unknown;
};

struct sorting {
	const struct result *result;
	const _Atomic bool *cancel;
	struct rows_lent *lent;
	struct texts *words; /* of one field */
	struct key *keys, *spare;
	size_t n;
	unsigned part; /* of addresses: which eight bytes are asked for */
	bool any_addr;
	uint64_t first[ADDR_PARTS], differ[ADDR_PARTS]; /* of all addresses; bits that are not those of the first one */
};

/* ---- numbers for values -------------------------------------------------------------------- */

static bool is_ranked(const struct field *f)
{
	return f->type == TYPE_TEXT || f->type == TYPE_MAC || f->type == TYPE_TUNNEL;
}

static uint64_t addr_part(const struct addr *a, unsigned part)
{
	size_t at = (size_t)part * 8, left = sizeof(*a) - at;

	return order_bytes((const uint8_t *)a + at, left < 8 ? left : 8);
}

static uint64_t addr_number(struct sorting *s, const struct addr *a)
{
	for (unsigned i = 0; i < ADDR_PARTS; i++) {
		if (!s->any_addr)
			s->first[i] = addr_part(a, i);
		s->differ[i] |= addr_part(a, i) ^ s->first[i];
	}
	s->any_addr = true;
	return addr_part(a, s->part);
}

/* Its bytes, in an order that is that of value_cmp(). */
static const void *value_bytes(const struct value *v, size_t *len)
{
	*len = v->type == TYPE_TEXT ? strlen(v->text) : sizeof(v->addr);
	return v->type == TYPE_TEXT ? (const void *)v->text : (const void *)&v->addr;
}

static uint64_t number_of(struct sorting *s, const struct value *v)
{
	const void *bytes;
	size_t len;

	if (v->type == TYPE_ADDR && !s->words)
		return addr_number(s, &v->addr);
	switch (v->type) {
	case TYPE_I64: return (uint64_t)v->i ^ (uint64_t)1 << 63;
	case TYPE_REAL: return order_real(v->real);
	case TYPE_ID: return record_id_number(v->id.rec) ^ (uint64_t)v->id.source << 56;
	case TYPE_U128: return v->big >> 64 ? UINT64_MAX : (uint64_t)v->big;
	case TYPE_ADDR:
	case TYPE_TEXT:
		bytes = value_bytes(v, &len);
		/* no longer than the longest text, and an empty one is no text */
		return s->words && len > 0 ? texts_add(s->words, bytes, len) : order_bytes(bytes, len);
	default: return v->u;
	}
}

struct word {
	const char *bytes;
	size_t len;
	uint32_t number;
};

static int cmp_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int cmp = memcmp(x->bytes, y->bytes, len);

	return cmp != 0 ? cmp : (x->len > y->len) - (x->len < y->len);
}

/* Numbers of words become their ranks. */
static enum rc rank_words(struct sorting *s, struct err *err)
{
	size_t n = texts_count(s->words);
	struct word *words = mem_calloc(n + 1, sizeof(*words));
	uint32_t *ranks = mem_calloc(n + 1, sizeof(*ranks));

	if (!words || !ranks) {
		mem_free(words);
		mem_free(ranks);
		return err_memory(err);
	}
	for (size_t i = 0; i < n; i++) {
		words[i].number = (uint32_t)i + 1;
		words[i].bytes = texts_get(s->words, words[i].number, &words[i].len);
	}
	qsort(words, n, sizeof(*words), cmp_words);
	for (size_t i = 0; i < n; i++)
		ranks[words[i].number] = (uint32_t)i + 1;
	for (size_t i = 0; i < s->n; i++)
		s->keys[i].v = ranks[s->keys[i].v];
	mem_free(words);
	mem_free(ranks);
	return RC_DONE;
}

static enum rc is_cancelled(const struct sorting *s, struct err *err)
{
	return s->cancel && atomic_load(s->cancel) ? err_set(err, RC_CANCELLED, "sorting", "cancelled") : RC_DONE;
}

/* What the field says of all rows, in the order in which they stand in s->keys. */
static enum rc take_keys(struct sorting *s, const struct field *f, struct err *err)
{
	struct value v;
	struct row row;

	for (size_t i = 0; i < s->n; i++) {
		struct key *k = &s->keys[i];

		if (i % CHECK_EVERY == 0 && is_cancelled(s, err) != RC_DONE)
			return RC_CANCELLED;
		rows_get_lent(s->result->rows, s->lent, k->slot, &row);
		k->unknown = !field_get(f, &row, &v);
		k->v = k->unknown ? 0 : number_of(s, &v);
	}
	return RC_DONE;
}

static enum rc keys_of(struct sorting *s, const struct query_sort *sort, struct err *err)
{
	enum rc rc = RC_DONE;

	if (is_ranked(sort->field))
		rc = texts_new(DICTIONARY_MAX, &s->words, err);
	if (rc == RC_DONE)
		rc = take_keys(s, sort->field, err);
	if (rc == RC_DONE && s->words && texts_refused(s->words) == 0) {
		rc = rank_words(s, err);
	} else if (rc == RC_DONE && s->words) {
		texts_free(s->words);
		s->words = NULL;
		rc = take_keys(s, sort->field, err);
	}
	texts_free(s->words);
	s->words = NULL;
	for (size_t i = 0; rc == RC_DONE && sort->descending && i < s->n; i++)
		if (!s->keys[i].unknown)
			s->keys[i].v = ~s->keys[i].v;
	return rc;
}

/* ---- sorting ------------------------------------------------------------------------------- */

/* By the byte at `shift`; 64: those that are unknown go behind. */
static unsigned digit(const struct key *k, unsigned shift)
{
	return shift == 64 ? k->unknown : (unsigned)(k->v >> shift) & 255;
}

static void sort_by(struct sorting *s, unsigned shift)
{
	size_t at[RADIX] = { 0 }, sum = 0;
	struct key *keys = s->keys;

	for (size_t i = 0; i < s->n; i++)
		at[digit(&keys[i], shift)]++;
	for (unsigned d = 0; d < RADIX; d++) {
		size_t n = at[d];

		if (n == s->n)
			return;
		at[d] = sum;
		sum += n;
	}
	for (size_t i = 0; i < s->n; i++)
		s->spare[at[digit(&keys[i], shift)]++] = keys[i];
	s->keys = s->spare;
	s->spare = keys;
}

static enum rc sort_by_keys(struct sorting *s, struct err *err)
{
	enum rc rc = RC_DONE;

	for (unsigned shift = 0; shift <= 64 && rc == RC_DONE; shift += 8) {
		sort_by(s, shift);
		rc = is_cancelled(s, err);
	}
	return rc;
}

static enum rc sort_by_field(struct sorting *s, const struct query_sort *sort, struct err *err)
{
	enum rc rc = keys_of(s, sort, err);

	return rc == RC_DONE ? sort_by_keys(s, err) : rc;
}

/* Those of IPv4 differ in their first eight bytes alone: then they are looked at once. */
static enum rc sort_by_addr(struct sorting *s, const struct query_sort *sort, struct err *err)
{
	bool again = false;
	enum rc rc;

	s->any_addr = false;
	s->part = 0;
	memset(s->differ, 0, sizeof(s->differ));
	rc = keys_of(s, sort, err);
	for (unsigned part = ADDR_PARTS; part-- > 1 && rc == RC_DONE;) {
		if (s->differ[part] == 0)
			continue;
		s->part = part;
		rc = sort_by_field(s, sort, err);
		again = true;
	}
	s->part = 0;
	if (rc == RC_DONE && again)
		rc = keys_of(s, sort, err);
	return rc == RC_DONE ? sort_by_keys(s, err) : rc;
}

static enum rc sort_rows(struct sorting *s, const struct query_sort *sort, size_t n, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < s->n; i++)
		s->keys[i].slot = (uint32_t)i;
	for (size_t i = n; i-- > 0 && rc == RC_DONE;)
		rc = sort[i].field->type == TYPE_ADDR ? sort_by_addr(s, &sort[i], err) : sort_by_field(s, &sort[i], err);
	return rc;
}

static enum rc order_of(const struct sorting *s, struct result_order **out, struct err *err)
{
	struct result_order *o = mem_calloc(1, sizeof(*o));

	if (o) {
		o->slots = mem_alloc((s->n + 1) * sizeof(*o->slots));
		o->places = mem_alloc((s->n + 1) * sizeof(*o->places));
	}
	if (!o || !o->slots || !o->places) {
		result_order_free(o);
		return err_memory(err);
	}
	o->n = s->n;
	for (size_t i = 0; i < s->n; i++) {
		o->slots[i] = s->keys[i].slot;
		o->places[s->keys[i].slot] = (uint32_t)i;
	}
	*out = o;
	return RC_DONE;
}

enum rc result_order_new(const struct result *r, const struct name_source *names,
	const struct query_sort *sort, size_t n, const _Atomic bool *cancel, struct result_order **out, struct err *err)
{
	struct sorting s = { .result = r, .cancel = cancel, .n = rows_count(r->rows) };
	enum rc rc = rows_lent_new(r->rows, names, &s.lent, err);

	s.keys = mem_calloc(s.n + 1, sizeof(*s.keys));
	s.spare = mem_calloc(s.n + 1, sizeof(*s.spare));
	if (rc == RC_DONE && (!s.keys || !s.spare))
		rc = err_memory(err);
	if (rc == RC_DONE)
		rc = sort_rows(&s, sort, n > 0 && sort[0].field ? n : 0, err);
	if (rc == RC_DONE)
		rc = order_of(&s, out, err);
	mem_free(s.keys);
	mem_free(s.spare);
	rows_lent_free(s.lent);
	return rc;
}

void result_order_free(struct result_order *o)
{
	if (!o)
		return;
	mem_free(o->slots);
	mem_free(o->places);
	mem_free(o);
}

void result_order_take(struct result *r, struct result_order *o)
{
	struct result_order before = r->order;

	r->order = *o;
	*o = before;
	result_order_free(o);
}

enum rc result_sort(struct result *r, const struct query_sort *sort, size_t n, struct err *err)
{
	struct result_order *o;
	enum rc rc = result_order_new(r, rows_names(r->rows), sort, n, NULL, &o, err);

	if (rc == RC_DONE)
		result_order_take(r, o);
	return rc;
}
