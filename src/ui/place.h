/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Places: which views lie on the stack, with their filters and selected rows, and the range of time, so that one can come back even when they were
 * left; and the marks that remember places under a letter.
 *
 * A place knows views by what they show (struct view_ops.place), never by pointer: going there keeps the views that are the same and
 * opens the others. Views that cannot be opened again, and what lies above them, are no part of a place.
 *
 * A place owns its steps. One thread (the screen's).
 */
#ifndef FLOWDRILL_UI_PLACE_H
#define FLOWDRILL_UI_PLACE_H

#include "ui/range.h"
#include "ui/view.h"

enum place_kind { PLACE_RECORDS, PLACE_PACKETS, PLACE_PACKET };

struct place_step {
	enum place_kind kind;
	enum tier tier;
	bool has_in, has_row;
	struct id in; /* what it lies below; PLACE_PACKET: the packet */
	struct id row; /* selected */
	bool ports; /* see view_records_new() */
	char filter[sizeof(((struct view *)0)->filter)];
	char group[sizeof(((struct view *)0)->group)];
	char crumb[2][VIEW_CRUMB_MAX];
};

/* Zeroed: none. */
struct place {
	struct place_step *v;
	size_t n;
	struct range range; /* of time; where n > 0 */
};

/* Where the screen is. RC_NO_MEMORY. */
enum rc place_take(const struct screen *s, struct place *out, struct err *err);
/*
 * Goes there: rows are selected as soon as they come. On an error (a packet that is gone, a filter that is none) the screen is as far
 * as it came.
 */
enum rc place_go(struct screen *s, const struct place *p, struct err *err);
void place_free(struct place *p);

/* a to z, A to Z, 0 to 9, and where one was before the last jump. Zeroed: none. */
enum { MARKS = 26 + 26 + 10 + 1 };

struct marks {
	struct place v[MARKS];
	enum request asks; /* REQ_MARK or REQ_MARK_GO: the next key is a letter; else REQ_NONE */
};

/* REQ_MARK, REQ_MARK_GO: says what the next key is for. */
void marks_ask(struct screen *s, enum request r);
/* Takes the key where one was asked for; false where none was. */
bool marks_key(struct screen *s, uint32_t key);
void marks_free(struct marks *m);

#endif
