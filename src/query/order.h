/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of rows by fields, and a sorter that keeps what a limit allows. Unknown values come last in both
 * directions; rows that are equal keep the order in which they came. Private to src/query. One thread.
 */
#ifndef FLOWDRILL_QUERY_ORDER_H
#define FLOWDRILL_QUERY_ORDER_H

#include "query/query.h"
#include "query/rows.h"

/* What the first field of an order says of a row: most comparisons need no more. */
struct order_cell {
	uint64_t prefix; /* values in order have prefixes in order; equal ones say nothing */
	bool known;
};

struct order_item {
	struct order_cell cell;
	size_t slot;
	uint64_t came; /* number of the row as they came */
};

/* Numbers in the order of byte strings by their first eight bytes, and of reals. */
uint64_t order_bytes(const void *bytes, size_t len);
uint64_t order_real(double v);
void order_cell_of(
	const struct query_sort *sort, const struct row *row, struct order_cell *out);
/* Sorts items whose cells are of sort[0]. */
void order_items(struct order_item *items, size_t n, const struct rows *rows,
	const struct query_sort *sort, size_t n_sort);

struct sorter;

/* limit 0: keep all. RC_LIMIT by sorter_add() where more than memory_max bytes would be kept. */
enum rc sorter_new(enum tier tier, const struct query_sort *sort, size_t n_sort, uint64_t limit,
	uint64_t memory_max, struct sorter **out, struct err *err);
void sorter_free(struct sorter *s);
enum rc sorter_add(struct sorter *s, const struct row *row, struct err *err);
/* Brings them in order; then row i (< count). */
size_t sorter_finish(struct sorter *s);
void sorter_row(const struct sorter *s, size_t i, struct row *out);

#endif
