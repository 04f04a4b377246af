/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The columns of a list, made of fields: widths, which of them fit, headings, cells.
 *
 * A column is as wide as what was seen in it (never narrower than its title, at first no wider
 * than the field's usual width; what room is left goes to those that are cut). Widths only grow
 * while the list is open, so that it does not jump on scrolling. The first `frozen` columns
 * stay when the others scroll sideways. Columns that do not fit are told by marks in the
 * heading.
 *
 * Fields are static; nothing is owned. One thread.
 */
#ifndef FLOWDRILL_UI_COLUMNS_H
#define FLOWDRILL_UI_COLUMNS_H

#include "query/query.h"
#include "ui/cell_text.h"

enum { COLUMNS_MAX = 96 };

struct column {
	const struct field *field;
	int need; /* cells of the widest text seen */
	int chosen; /* its width, where the user chose one; else 0 */
	int x, width; /* place in the row; width 0: not on the screen */
};

struct columns {
	struct column v[COLUMNS_MAX];
	size_t n, frozen;
	size_t left; /* columns scrolled away behind the frozen ones */
	const struct field *cursor; /* of the column that was chosen, or NULL */
	int row_width; /* that was laid out last */
	bool more_left, more_right;
};

/* Empties; then columns are added. */
void columns_clear(struct columns *cs);
/* False where there is no room or it is there already. */
bool columns_add(struct columns *cs, const struct field *f);
/*
 * Makes sure that a field can be seen: where it is not on the screen, it comes behind the
 * frozen columns.
 */
void columns_bring(struct columns *cs, const struct field *f);
/*
 * "time,src:30,bytes" for a tier, with a width where one is chosen; RC_SYNTAX naming a field that the tier has not, with *cs
 * unchanged.
 */
enum rc columns_parse(struct columns *cs, const char *names, enum tier tier, struct err *err);
/* The same text again; false where it is cut to the buffer. */
bool columns_format(const struct columns *cs, char *out, size_t size);
/* Makes the column under the cursor wider or narrower by so many cells. */
void columns_widen(struct columns *cs, int by);
/* Forgets the widths: other rows come. */
void columns_forget(struct columns *cs);
/* Takes a row into account for the widths. */
void columns_measure(struct columns *cs, const struct canvas *c, const struct row *row,
	const struct cell_style *style);
/* Gives places for a row of `width` cells. */
void columns_layout(struct columns *cs, int width);
/*
 * The column that the cursor is on, which is what is asked of a cell: that of the first address on the
 * screen until one is chosen. NULL without columns.
 */
const struct column *columns_cursor(const struct columns *cs);
/* Moves the cursor by one column, and scrolls where it would leave the screen; false at the end. */
bool columns_step(struct columns *cs, int by);
/* The column at a cell of the row (x from its beginning); NULL between and behind them. */
const struct column *columns_at(const struct columns *cs, int x);
void columns_draw_header(const struct columns *cs, struct canvas *c, struct rect r,
	const struct query_sort *sort);
/*
 * `extra` is or-ed to the attributes (ATTR_SELECTED); `match` (may be NULL) text to make stand
 * out.
 */
void columns_draw_row(const struct columns *cs, struct canvas *c, struct rect r,
	const struct row *row, const struct cell_style *style, unsigned extra,
	const char *match);
/* Whether some column on the screen holds the text, case-blind. */
bool columns_match(const struct columns *cs, const struct row *row,
	const struct cell_style *style, const char *text);

#endif
