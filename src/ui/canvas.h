/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The canvas: a grid of cells into which everything on the screen is drawn. It knows no
 * terminal: ui/term.h shows it, ui/canvas_dump.c writes it as text for tests and scripts.
 *
 * Invariants
 *   - A cell holds one printable character with at most CANVAS_MARKS combining ones; a wide
 *     character takes its cell and the next (width 0); halves are never left standing.
 *   - Text gets in through canvas_text() and its kin only, which escape whatever a terminal would
 *     obey once more, so that nothing of a packet reaches the terminal raw.
 *   - Text that does not fit ends in a mark ('…', '~' where the canvas is ASCII), never silently.
 *   - Drawing outside of the canvas is no error and does nothing.
 *
 * Owns its cells. One thread.
 */
#ifndef FLOWDRILL_UI_CANVAS_H
#define FLOWDRILL_UI_CANVAS_H

#include "base/err.h"

#include <stddef.h>

struct buf;
struct theme;

/* What a cell is, not which colour it has: that is the terminal's palette. */
enum attr {
	ATTR_NORMAL,
	ATTR_DIM, /* of less interest: units, hints, zeros */
	ATTR_STRONG,
	ATTR_CRUMB, /* where we are */
	ATTR_CRUMB_LAST,
	ATTR_BAR, /* the top line's background */
	ATTR_BAR_GOOD,
	ATTR_BAR_WARN,
	ATTR_HEADER, /* column headings */
	ATTR_HEADER_SORT, /* heading of the column that sorts */
	ATTR_TIME,
	ATTR_ADDR_CLIENT,
	ATTR_ADDR_SERVER,
	ATTR_SERVICE,
	ATTR_NUMBER,
	ATTR_KEY, /* a key in the hints */
	ATTR_RULE, /* lines between panes */
	ATTR_GOOD,
	ATTR_WARN,
	ATTR_BAD,
	ATTR_LAYER, /* a protocol's name in the packet view */
	ATTR_FIELD,
	ATTR_BYTES, /* the bytes that belong to what is selected */
	ATTR_MATCH, /* found by a search */
	ATTR_PROMPT,
	ATTR_HEADER_CURSOR, /* heading of the column that the cursor is on */
	ATTR_CELL, /* the selected row's cell in that column */
	ATTRS,
	ATTR_SELECTED = 0x40 /* the selected row: any of the above with this bit */
};

enum glyph {
	GLYPH_HLINE,
	GLYPH_VLINE,
	GLYPH_ELLIPSIS,
	GLYPH_CRUMB,
	GLYPH_DOT,
	GLYPH_CURSOR,
	GLYPH_UP,
	GLYPH_DOWN,
	GLYPH_FOLDED,
	GLYPH_OPEN,
	GLYPH_MORE_LEFT,
	GLYPH_MORE_RIGHT,
	GLYPH_CROSS_DOWN,
	GLYPH_FULL,
	GLYPH_EMPTY,
	GLYPH_BRANCH, /* what hangs on the line above */
	GLYPH_DASH, /* of a line with gaps */
	GLYPH_ARROW_LEFT,
	GLYPH_ARROW_RIGHT,
	GLYPHS
};

enum { CANVAS_MARKS = 2 };

struct cell {
	uint32_t cp;
	uint32_t marks[CANVAS_MARKS]; /* combining characters, 0 where there are none */
	uint8_t attr;
	uint8_t width; /* 1, 2, or 0: the right half of a wide one */
};

struct rect {
	int x, y, w, h;
};

struct canvas {
	int w, h;
	bool ascii; /* only ASCII leaves */
	struct cell *cells; /* h rows of w */
	int cursor_x, cursor_y; /* of the prompt; negative: hidden */
};

enum align { ALIGN_LEFT, ALIGN_RIGHT };

enum rc canvas_new(int w, int h, bool ascii, struct canvas **out, struct err *err);
void canvas_free(struct canvas *c);
/* Empties it at another size. On failure it stays as it was. */
enum rc canvas_resize(struct canvas *c, int w, int h, struct err *err);
/* Blanks, and no cursor. */
void canvas_clear(struct canvas *c);
const struct cell *canvas_at(const struct canvas *c, int x, int y); /* NULL outside */
/* The character for a glyph on this canvas (U+2026 or '~' for GLYPH_ELLIPSIS …). */
uint32_t canvas_glyph_cp(const struct canvas *c, enum glyph g);

/* Blanks with an attribute. */
void canvas_fill(struct canvas *c, struct rect r, unsigned attr);
/* Changes attributes alone. */
void canvas_paint(struct canvas *c, struct rect r, unsigned attr);
/*
 * UTF-8 text at x, y in at most `max` cells; cut with a mark. Returns the cells taken. In an
 * ASCII canvas other characters become what looks like them, or \u{NNNN}.
 */
int canvas_text(struct canvas *c, int x, int y, int max, unsigned attr, const char *text);
/*
 * The same in a field of exactly `width` cells, aligned; the rest of the field is left alone.
 */
void canvas_cell(struct canvas *c, int x, int y, int width, enum align align, unsigned attr,
	const char *text);
int canvas_printf(struct canvas *c, int x, int y, int max, unsigned attr, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
void canvas_glyph(struct canvas *c, int x, int y, unsigned attr, enum glyph g);
/* A horizontal line. */
void canvas_rule(struct canvas *c, int x, int y, int w, unsigned attr);
/* Cells that canvas_text() would need for all of the text. */
int canvas_width(const struct canvas *c, const char *text);

bool canvas_is_blank(const struct canvas *c, int y);
/* Text of the rows, trailing blanks cut, one line each; sticky failure in *out. */
void canvas_dump(const struct canvas *c, struct buf *out);
/*
 * The attribute plane: one letter a cell ('.' normal, 'a'.. by enum attr, capital: selected).
 */
void canvas_dump_attrs(const struct canvas *c, struct buf *out);
/* The rows in a theme's colours on a terminal that has so many (256, 16, 8 or 0), as escape sequences: to look at, or for pictures. */
void canvas_dump_colors(const struct canvas *c, const struct theme *theme, int colors, struct buf *out);
/* The same in the dark theme's 256. */
void canvas_dump_ansi(const struct canvas *c, struct buf *out);

#endif
