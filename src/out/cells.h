/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cells on a terminal: text cut and padded to a width in columns. Pure functions on text that is
 * escaped already.
 */
#ifndef FLOWDRILL_OUT_CELLS_H
#define FLOWDRILL_OUT_CELLS_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes `text` in exactly `width_cells`: padded with blanks on the left (right_align) or on the right, or cut
 * with an ellipsis at its end. `pad` false leaves out blanks behind it.
 */
void cells_put(FILE *to, const char *text, unsigned width_cells, bool right_align, bool pad);
void cells_blanks(FILE *to, unsigned n);

#endif
