/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/order.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

struct sorter {
	const struct query_sort *sort;
	size_t n_sort;
	uint64_t limit, memory_max, came;
	struct rows *rows;
	struct order_item *items; /* with a limit and full: a heap, the last of them on top */
	size_t n, cap;
};

/* ---- comparing ----------------------------------------------------------------------------- */

uint64_t order_bytes(const void *bytes, size_t len)
{
	uint8_t head[8] = { 0 };

	memcpy(head, bytes, len < 8 ? len : 8);
	return load_be64(head);
}

/* Negative numbers have their bits turned, others their sign: then reals are in the order of integers. */
uint64_t order_real(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t value_prefix(const struct value *v)
{
	switch (v->type) {
	case TYPE_I64: return (uint64_t)v->i ^ (uint64_t)1 << 63;
	case TYPE_REAL: return order_real(v->real);
	case TYPE_ADDR: return order_bytes(&v->addr, sizeof(v->addr));
	case TYPE_TEXT: return order_bytes(v->text, strlen(v->text));
	case TYPE_ID:
	case TYPE_U128: return 0;
	default: return v->u;
	}
}

void order_cell_of(const struct query_sort *sort, const struct row *row, struct order_cell *out)
{
	struct value v;

	out->known = field_get(sort->field, row, &v);
	out->prefix = out->known ? value_prefix(&v) : 0;
}

static int directed(const struct query_sort *sort, int cmp)
{
	return sort->descending ? -cmp : cmp;
}

static int cmp_field(const struct query_sort *sort, const struct row *a, const struct row *b)
{
	struct value va, vb;
	bool ka = field_get(sort->field, a, &va), kb = field_get(sort->field, b, &vb);

	if (!ka || !kb)
		return (int)kb - (int)ka;
	return directed(sort, value_cmp(&va, &vb));
}

static int cmp_cells(
	const struct query_sort *sort, const struct order_cell *a, const struct order_cell *b)
{
	if (!a->known || !b->known)
		return (int)b->known - (int)a->known;
	return a->prefix == b->prefix ? 0 : directed(sort, a->prefix < b->prefix ? -1 : 1);
}

struct order {
	const struct rows *rows;
	const struct query_sort *sort;
	size_t n_sort;
};

static int cmp_items(const void *va, const void *vb, void *ctx)
{
	const struct order_item *a = va, *b = vb;
	const struct order *o = ctx;
	struct row ra, rb;
	int cmp = o->n_sort ? cmp_cells(o->sort, &a->cell, &b->cell) : 0;

	if (cmp == 0 && o->n_sort) {
		rows_get(o->rows, a->slot, &ra);
		rows_get(o->rows, b->slot, &rb);
		for (size_t i = 0; cmp == 0 && i < o->n_sort; i++)
			cmp = cmp_field(&o->sort[i], &ra, &rb);
	}
	return cmp ? cmp : a->came < b->came ? -1 : a->came > b->came;
}

void order_items(struct order_item *items, size_t n, const struct rows *rows,
	const struct query_sort *sort, size_t n_sort)
{
	struct order o = { rows, sort, n_sort };

	if (n > 1)
		qsort_r(items, n, sizeof(*items), cmp_items, &o);
}

/* ---- the sorter ----------------------------------------------------------------------------- */

enum rc sorter_new(enum tier tier, const struct query_sort *sort, size_t n_sort, uint64_t limit,
	uint64_t memory_max, struct sorter **out, struct err *err)
{
	struct sorter *s = mem_calloc(1, sizeof(*s));
	enum rc rc;

	if (!s)
		return err_memory(err);
	rc = rows_new(tier, &s->rows, err);
	if (rc != RC_DONE) {
		mem_free(s);
		return rc;
	}
	s->sort = sort;
	s->n_sort = n_sort;
	s->limit = limit;
	s->memory_max = memory_max;
	*out = s;
	return RC_DONE;
}

void sorter_free(struct sorter *s)
{
	if (!s)
		return;
	rows_free(s->rows);
	mem_free(s->items);
	mem_free(s);
}

static bool comes_later(const struct sorter *s, size_t a, size_t b)
{
	struct order o = { s->rows, s->sort, s->n_sort };

	return cmp_items(&s->items[a], &s->items[b], &o) > 0;
}

static void swap_items(struct sorter *s, size_t a, size_t b)
{
	struct order_item item = s->items[a];

	s->items[a] = s->items[b];
	s->items[b] = item;
}

static void sift_up(struct sorter *s, size_t at)
{
	while (at > 0 && comes_later(s, at, (at - 1) / 2)) {
		swap_items(s, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static void sift_down(struct sorter *s)
{
	for (size_t at = 0;;) {
		size_t last = at, left = at * 2 + 1;

		for (size_t child = left; child <= left + 1 && child < s->n; child++)
			if (comes_later(s, child, last))
				last = child;
		if (last == at)
			return;
		swap_items(s, at, last);
		at = last;
	}
}

/* Whether a row comes before the last of those kept: equal ones came before it. */
static bool displaces(
	const struct sorter *s, const struct row *row, const struct order_cell *cell)
{
	const struct order_item *top = &s->items[0];
	struct row last;
	int cmp = cmp_cells(s->sort, cell, &top->cell);

	if (cmp)
		return cmp < 0;
	rows_get(s->rows, top->slot, &last);
	for (size_t i = 0; cmp == 0 && i < s->n_sort; i++)
		cmp = cmp_field(&s->sort[i], row, &last);
	return cmp < 0;
}

enum rc sorter_add(struct sorter *s, const struct row *row, struct err *err)
{
	struct order_item item = { .came = s->came++ };
	enum rc rc;

	order_cell_of(&s->sort[0], row, &item.cell);
	if (s->limit && s->n == s->limit) {
		if (!displaces(s, row, &item.cell))
			return RC_DONE;
		item.slot = s->items[0].slot;
		rc = rows_replace(s->rows, item.slot, row, err);
		s->items[0] = item;
		if (rc == RC_DONE)
			sift_down(s);
		return rc;
	}
	if (rows_bytes(s->rows) + s->cap * sizeof(item) > s->memory_max)
		return err_set(err, RC_LIMIT, "sorting",
			"more than %llu MB of rows: a limit or a filter is needed",
			(unsigned long long)(s->memory_max / 1000000));
	if (mem_grow(&s->items, &s->cap, s->n + 1, sizeof(item)) != 0)
		return err_memory(err);
	rc = rows_add(s->rows, row, &item.slot, err);
	if (rc != RC_DONE)
		return rc;
	s->items[s->n++] = item;
	if (s->limit)
		sift_up(s, s->n - 1);
	return RC_DONE;
}

size_t sorter_finish(struct sorter *s)
{
	order_items(s->items, s->n, s->rows, s->sort, s->n_sort);
	return s->n;
}

void sorter_row(const struct sorter *s, size_t i, struct row *out)
{
	rows_get(s->rows, s->items[i].slot, out);
}
