/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A result kept in memory: rows of one query, owned, compact, to be paged, scrolled and sorted again by the screen.
 * Rows are found by index or by id. Records are stored whole (sketches too); packets as struct packet_row
 * with an info line made on drawing. Not thread-safe: see job_lock().
 */
#ifndef FLOWDRILL_QUERY_RESULT_H
#define FLOWDRILL_QUERY_RESULT_H

#include "query/query.h"

struct result;

enum rc result_new(enum tier tier, struct result **out, struct err *err);
void result_free(struct result *r);
/* Copies a row; usable as a query_sink through result_sink(). */
enum rc result_add(struct result *r, const struct row *row, struct err *err);
size_t result_count(const struct result *r);
/* Names of addresses that rows have from now on; NULL: none. Until rows with others are added. */
void result_use_names(struct result *r, const struct name_source *names);
/* Row i (< count); valid until the result changes, or a dozen more were asked for. */
bool result_row(const struct result *r, size_t i, struct row *out);
/* What all rows add up to, counted while they are added: nobody has to look at a million of them to know. */
enum { RESULT_POINTS_MAX = 64 };
struct result_sums {
	uint64_t packets, bytes, flows;
	size_t points; /* capture points that differ, of all sources; those behind the 64th are not counted */
	bool has_time; /* some row has one: first and last packet of all rows */
	int64_t first_ns, last_ns;
};
void result_sums(const struct result *r, struct result_sums *out);
/* Index of the row that is most in trouble (health_trouble()), of equals the one that came first; false where none is. */
bool result_worst(const struct result *r, size_t *i);
/* Index of the row with this id; false where it is not there. */
bool result_find(const struct result *r, const struct id *id, size_t *i);
/*
 * Stable; field NULL: the order in which rows came. Unknown values last. Texts and addresses of more than 64 MB in all are
 * sorted by their beginnings.
 */
enum rc result_sort(struct result *r, const struct query_sort *sort, size_t n, struct err *err);
/*
 * The same in two steps, so that nobody who reads the result waits: the first one only reads, in a thread of its own if
 * need be, while nobody adds; rows have these names of addresses. RC_CANCELLED where *cancel (may be NULL) was set.
 */
struct result_order;
enum rc result_order_new(const struct result *r, const struct name_source *names,
	const struct query_sort *sort, size_t n, const _Atomic bool *cancel, struct result_order **out, struct err *err);
void result_order_free(struct result_order *o);
/* Takes the order over. */
void result_order_take(struct result *r, struct result_order *o);
/* Bytes it holds. */
size_t result_bytes(const struct result *r);

#endif
