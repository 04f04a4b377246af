/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What several capture points saw: which rows of a list are of the same service, conversation or group in the same slice of
 * time, and which one of them stands for all. That is the one where it hurts most (health_trouble()), else the one that
 * counts the most packets. Nothing is added up: a row that stands for others has its own point's numbers.
 *
 * It says which rows are likely the same traffic, by its ends and its time, not that each packet is: what only one point
 * saw, or what an address translator renamed, is not known here. Rows with the same point are never put together.
 */
#ifndef FLOWDRILL_UI_SAME_H
#define FLOWDRILL_UI_SAME_H

#include "query/result.h"
#include "ui/grouping.h"

/* With more rows than these each stands for itself: they are looked at again whenever some come. */
enum { SAME_ROWS_MAX = 50000 };

/* Zeroed: each row stands for itself. */
struct same {
	uint32_t *stands; /* row of the result -> the row that stands for it; NULL: each for itself */
	uint32_t *others; /* how many a row stands for beside itself */
	size_t n, hidden;
};

/*
 * Finds them anew; rows of groups where g->n > 0. most_packets: the row with the most packets stands for the others,
 * however they fare. Without memory each stands for itself.
 */
void same_find(struct same *s, const struct result *r, const struct grouping *g, bool most_packets);
void same_clear(struct same *s);

/* The row that stands for this one, maybe itself. */
static inline size_t same_row(const struct same *s, size_t row)
{
	return s->stands != NULL && row < s->n ? s->stands[row] : row;
}

static inline bool same_is_hidden(const struct same *s, size_t row)
{
	return same_row(s, row) != row;
}

static inline size_t same_others(const struct same *s, size_t row)
{
	return s->others != NULL && row < s->n ? s->others[row] : 0;
}

#endif
