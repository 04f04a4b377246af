/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which colours and attributes an enum attr has, by what the terminal can do. A table; private
 * to the terminal backend.
 */
#ifndef FLOWDRILL_UI_TERM_PALETTE_H
#define FLOWDRILL_UI_TERM_PALETTE_H

#include <stdbool.h>

enum { PALETTE_BOLD = 1, PALETTE_DIM = 2, PALETTE_UNDERLINE = 4, PALETTE_REVERSE = 8 };

struct palette_entry {
	short fg, bg;
	unsigned flags;
}; /* colours: -1 is the terminal's own */

/* colors: 256, 16, 8, or 0 for none. attr may have ATTR_SELECTED. */
struct palette_entry palette_entry(unsigned attr, int colors);

#endif
