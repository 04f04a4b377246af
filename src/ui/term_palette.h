/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which colours and attributes an enum attr has, by theme and by what the terminal can do. Tables; private
 * to the terminal backend.
 */
#ifndef FLOWDRILL_UI_TERM_PALETTE_H
#define FLOWDRILL_UI_TERM_PALETTE_H

#include "ui/theme.h"

/* colors: 256, 16, 8, or 0 for none. attr may have ATTR_SELECTED. */
struct palette_entry palette_entry(const struct theme *t, unsigned attr, int colors);

#endif
