/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What colours there are: one of two themes, for dark and for light terminals, with single
 * colours changed by the user. Plain data; the terminal backend turns it into what the terminal
 * can do (ui/term_palette.h).
 *
 * Both are made of the colours of Okabe and Ito (2008), which those with any colour blindness
 * tell apart: sky blue is well, orange degraded, vermilion faulty; never red against green, and
 * never by colour alone.
 */
#ifndef FLOWDRILL_UI_THEME_H
#define FLOWDRILL_UI_THEME_H

#include "base/err.h"
#include "ui/canvas.h"

enum { PALETTE_BOLD = 1, PALETTE_DIM = 2, PALETTE_UNDERLINE = 4, PALETTE_REVERSE = 8 };

/* Colours: -1 is the terminal's own, else its number: 0..255. */
struct palette_entry {
	short fg, bg;
	unsigned flags;
};

enum theme_kind { THEME_DARK, THEME_LIGHT, THEMES };

struct theme {
	enum theme_kind kind;
	bool has_own[ATTRS];
	struct palette_entry own[ATTRS];
};

const char *theme_name(enum theme_kind kind);
/* What the environment says of the terminal (COLORFGBG); dark where it says nothing. */
enum theme_kind theme_guess(void);
/* The name of an enum attr as it is configured, NULL where it has none. */
const char *theme_attr_name(unsigned attr);
/*
 * "bad 202 on 16 bold underline": changes one colour; "bad" alone takes the change back. Colours are
 * numbers from 0 to 255, the eight names of ANSI, or `default`. RC_SYNTAX; *t is then unchanged.
 */
enum rc theme_set_color(struct theme *t, const char *text, struct err *err);

#endif
