/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tagged rows: a set of ids that the user has put marks at, of any tier and from any list. What works on packets (writing, piping)
 * works on all that is tagged, else on the selected row.
 *
 * Tags are kept by id, so they survive other views, orders and refreshes; a row that is evicted keeps its tag, and what works on it
 * says that it is gone. A row of a group has no id and cannot be tagged.
 *
 * Owns its ids. One thread (the screen's).
 */
#ifndef FLOWDRILL_UI_TAGS_H
#define FLOWDRILL_UI_TAGS_H

#include "flow/record.h"

struct screen;

/* Zeroed: none. */
struct tags {
	struct id *v; /* sorted: tier, source, block, offset */
	size_t n, cap;
	unsigned change; /* another number after every change */
};

bool tags_has(const struct tags *t, const struct id *id);
/* Puts a tag where there is none, and takes it where there is one; *now: whether there is one now. RC_NO_MEMORY. */
enum rc tags_toggle(struct tags *t, const struct id *id, bool *now, struct err *err);
/* Puts a tag; no error where there is one. */
enum rc tags_add(struct tags *t, const struct id *id, struct err *err);
/* Takes all, and frees. */
void tags_clear(struct tags *t);

/*
 * What writing and piping work on: all tagged ids, else the selected row's, which goes to *one. The list is valid until tags change,
 * and while *one is. RC_USAGE where nothing is tagged and nothing is selected.
 */
enum rc tags_chosen(const struct screen *s, struct id *one, const struct id **v, size_t *n, struct err *err);
/* "3 tagged rows", "3 tagged rows, 2 elsewhere" (in no row of this list); "" where nothing is tagged. Returns the length. */
size_t tags_text(const struct screen *s, char *out, size_t size);

#endif
