/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where one is in a list of rows: number of rows, the selected one, the first on the screen. It
 * knows nothing of what the rows are. Plain data; zeroed it is an empty list.
 *
 * Invariant after every call: top <= selected < top + page, and both inside of count (0 where
 * it is empty).
 */
#ifndef FLOWDRILL_UI_LIST_H
#define FLOWDRILL_UI_LIST_H

#include "ui/keymap.h"

struct list {
	size_t count;
	size_t selected, top;
	size_t page; /* rows on the screen; at least 1 once list_page() was called */
};

void list_set_count(struct list *l, size_t count);
void list_set_page(struct list *l, size_t page);
void list_select(struct list *l, size_t index);
/* Scrolls so that the selected row is in the middle, with what is around it. */
void list_center(struct list *l);
/*
 * Like list_select(), but the row keeps its place on the screen where it can: rows came or went
 * above it.
 */
void list_follow(struct list *l, size_t index);
/* Answers requests of moving; false where it is none. */
bool list_request(struct list *l, enum request r);

#endif
