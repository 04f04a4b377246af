/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pane below a list: what ui/pane_lines.h says of the selected row. Small it flows in as many columns as there is room for; large
 * it takes most of the screen, a line each, with the names of the fields and what they mean. What does not fit is scrolled to.
 */
#ifndef FLOWDRILL_UI_DETAIL_H
#define FLOWDRILL_UI_DETAIL_H

#include "flow/row.h"
#include "ui/pane_lines.h"


enum detail_size { DETAIL_NONE, DETAIL_SMALL, DETAIL_LARGE, DETAIL_SIZES };

struct detail {
	enum detail_size size;
	size_t top; /* the first line that is shown; clamped by drawing */
	const char *label; /* whose numbers they are; NULL: the record says it */
	bool has_id; /* a group has none */
	struct pane_more more; /* what is read in the background for the row */
};

/* Rows of the pane where an area of so many rows is shared with a list; 0: there is no room. */
int detail_height(enum detail_size size, int area_h);
/* A rule with the record's id and name, and the lines below it. Nothing where r.h < 2. */
void detail_draw(struct detail *d, struct canvas *c, struct rect r, const struct row *row, const struct cell_style *style);

#endif
