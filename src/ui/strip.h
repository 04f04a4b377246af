/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The time strip above a list: bytes by column of time, coloured by health, with what has to be known of a column's time as a mark, so
 * that it is told without colour too. One row, or two: then marks, the cursor and the times stand below the bars; with one row marks
 * take the place of a bar.
 *
 *   !  traffic that is faulty       ~  that is degraded (told by colour alone where there is one row)
 *   d  packets were lost before they were recorded
 *   x  packets were evicted         ?  packets are not indexed yet
 *
 * Draws through the canvas alone.
 */
#ifndef FLOWDRILL_UI_STRIP_H
#define FLOWDRILL_UI_STRIP_H

#include "ui/cell_text.h"
#include "ui/series.h"

struct strip {
	const struct series *series;
	const struct cell_style *style;
	bool of_group; /* it shows the selected group alone */
	bool has_cursor;
	int64_t first_ns, last_ns; /* of the selected row */
	int indexed_permille; /* so much of the input is indexed; -1: all */
};

/* Columns of time that a strip of this width has room for. */
unsigned strip_columns(int width);
/* The mark of a column; 0: none. */
char strip_mark(const struct series *s, size_t i);
/* enum attr of a column's health, and how much it matters (struct spark_value). */
unsigned strip_attr(const struct series *s, size_t i, uint8_t *rank);
/* A length as short as it can be written: "5 s", "200 ms", "15 m". */
size_t strip_step_text(char *out, size_t size, int64_t step_ns);
void strip_draw(struct canvas *c, struct rect r, const struct strip *strip);

#endif
