/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows that are owned: copies of records, packets, blocks or points with what they point to, for sorting and for results
 * on the screen. A row has a slot, which stays the same; slots are filled from 0. Capture points and the keys of packets' flows
 * are kept once. Private to src/query. One thread, but for rows_get_lent().
 *
 * A million rows have to fit: they are packed (query/packed.h), and unpacked for who asks.
 */
#ifndef FLOWDRILL_QUERY_ROWS_H
#define FLOWDRILL_QUERY_ROWS_H

#include "flow/row.h"

struct rows;

enum rc rows_new(enum tier tier, struct rows **out, struct err *err);
void rows_free(struct rows *r);
/* Copies a row into the next slot. */
enum rc rows_add(struct rows *r, const struct row *row, size_t *slot, struct err *err);
/* Puts another row in the place of one; on failure the slot is empty and must be replaced before it is read. */
enum rc rows_replace(struct rows *r, size_t slot, const struct row *row, struct err *err);
/* From now on rows have names of addresses from here, until one comes that has others; NULL: none. */
void rows_use_names(struct rows *r, const struct name_source *names);
size_t rows_count(const struct rows *r);
/* Valid until ROWS_LENT more were asked for, or the row is replaced. */
enum { ROWS_LENT = 32 };
void rows_get(const struct rows *r, size_t slot, struct row *out);
const struct name_source *rows_names(const struct rows *r);
/* The same for another thread, while nobody adds: rows are unpacked into a place of its own, and have other names. */
struct rows_lent;
enum rc rows_lent_new(const struct rows *r, const struct name_source *names, struct rows_lent **out, struct err *err);
void rows_lent_free(struct rows_lent *l);
void rows_get_lent(const struct rows *r, struct rows_lent *l, size_t slot, struct row *out);
/* Bytes it holds. */
size_t rows_bytes(const struct rows *r);

#endif
