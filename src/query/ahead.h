/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments opened some ahead of the one that is read, so that a disk is asked for their heads and lists at once instead of one after the
 * other. Nothing is decoded early, and where few rows are wanted nothing is opened early. Belongs to one run of a query.
 */
#ifndef FLOWDRILL_QUERY_AHEAD_H
#define FLOWDRILL_QUERY_AHEAD_H

#include <stddef.h>

struct segment;
struct source_run;

enum { AHEAD = 16 };

struct ahead {
	size_t from, to;             /* segments of the source that were looked at */
	size_t step;                 /* as many the last time */
	struct segment *v[AHEAD];    /* of those, where they were opened */
};

/* Before segment i is read, which is wanted: those behind it too, twice as many as the last time. */
void ahead_look(struct ahead *a, const struct source_run *sr, size_t i);
/* Segment i, the caller's now; NULL where it was not opened. */
struct segment *ahead_take(struct ahead *a, size_t i);
void ahead_free(struct ahead *a);

#endif
