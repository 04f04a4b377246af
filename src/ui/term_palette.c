/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term_palette.h"

#include "ui/canvas.h"

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY };

enum { B = PALETTE_BOLD, D = PALETTE_DIM, U = PALETTE_UNDERLINE, R = PALETTE_REVERSE };

/* By attribute: with 256 colours, with 16 or 8, with none (which is the same on light and dark). */
struct palette_row {
	struct palette_entry many, few;
	unsigned mono;
};

static const struct palette_row dark[ATTRS] = {
	[ATTR_NORMAL] = { { -1, -1, 0 }, { -1, -1, 0 }, 0 },
	[ATTR_DIM] = { { 245, -1, 0 }, { GREY, -1, 0 }, D },
	[ATTR_STRONG] = { { -1, -1, B }, { -1, -1, B }, B },
	[ATTR_CRUMB] = { { 153, 236, 0 }, { BLACK, CYAN, 0 }, R },
	[ATTR_CRUMB_LAST] = { { 231, 236, B }, { BLACK, CYAN, B }, R | B },
	[ATTR_BAR] = { { 250, 236, 0 }, { BLACK, CYAN, 0 }, R },
	[ATTR_BAR_GOOD] = { { 117, 236, 0 }, { BLACK, CYAN, 0 }, R },
	[ATTR_BAR_WARN] = { { 214, 236, B }, { RED, CYAN, B }, R | B },
	[ATTR_HEADER] = { { 110, -1, B }, { CYAN, -1, B }, B | U },
	[ATTR_HEADER_SORT] = { { 222, -1, B }, { YELLOW, -1, B }, B | U },
	[ATTR_TIME] = { { 109, -1, 0 }, { CYAN, -1, 0 }, 0 },
	[ATTR_ADDR_CLIENT] = { { 151, -1, 0 }, { GREEN, -1, 0 }, 0 },
	[ATTR_ADDR_SERVER] = { { 117, -1, 0 }, { CYAN, -1, 0 }, 0 },
	[ATTR_SERVICE] = { { 222, -1, 0 }, { YELLOW, -1, 0 }, B },
	[ATTR_NUMBER] = { { -1, -1, 0 }, { -1, -1, 0 }, 0 },
	[ATTR_KEY] = { { 222, -1, B }, { YELLOW, -1, B }, B },
	[ATTR_RULE] = { { 240, -1, 0 }, { GREY, -1, 0 }, D },
	[ATTR_GOOD] = { { 74, -1, 0 }, { CYAN, -1, 0 }, 0 },
	[ATTR_WARN] = { { 214, -1, 0 }, { YELLOW, -1, B }, B },
	[ATTR_BAD] = { { 202, -1, B }, { RED, -1, B }, B },
	[ATTR_LAYER] = { { 117, -1, B }, { CYAN, -1, B }, B },
	[ATTR_FIELD] = { { 109, -1, 0 }, { CYAN, -1, 0 }, 0 },
	[ATTR_BYTES] = { { 231, 60, 0 }, { BLACK, YELLOW, 0 }, R },
	[ATTR_MATCH] = { { 16, 222, 0 }, { BLACK, YELLOW, 0 }, U | B },
	[ATTR_PROMPT] = { { 231, -1, B }, { -1, -1, B }, B },
	[ATTR_HEADER_CURSOR] = { { 231, 24, B }, { WHITE, BLUE, B }, R | B },
	[ATTR_CELL] = { { 231, 31, B }, { BLACK, CYAN, 0 }, B | U },
};

/* What is missing here is as on dark ground. */
static const struct palette_row light[ATTRS] = {
	[ATTR_NORMAL] = { { -1, -1, 0 }, { -1, -1, 0 }, 0 },
	[ATTR_DIM] = { { 242, -1, 0 }, { GREY, -1, 0 }, D },
	[ATTR_STRONG] = { { -1, -1, B }, { -1, -1, B }, B },
	[ATTR_CRUMB] = { { 24, 254, 0 }, { WHITE, BLUE, 0 }, R },
	[ATTR_CRUMB_LAST] = { { 16, 254, B }, { WHITE, BLUE, B }, R | B },
	[ATTR_BAR] = { { 238, 254, 0 }, { WHITE, BLUE, 0 }, R },
	[ATTR_BAR_GOOD] = { { 25, 254, 0 }, { WHITE, BLUE, 0 }, R },
	[ATTR_BAR_WARN] = { { 130, 254, B }, { YELLOW, BLUE, B }, R | B },
	[ATTR_HEADER] = { { 24, -1, B }, { BLUE, -1, B }, B | U },
	[ATTR_HEADER_SORT] = { { 130, -1, B }, { MAGENTA, -1, B }, B | U },
	[ATTR_TIME] = { { 60, -1, 0 }, { BLUE, -1, 0 }, 0 },
	[ATTR_ADDR_CLIENT] = { { 29, -1, 0 }, { GREEN, -1, 0 }, 0 },
	[ATTR_ADDR_SERVER] = { { 25, -1, 0 }, { BLUE, -1, 0 }, 0 },
	[ATTR_SERVICE] = { { 94, -1, 0 }, { MAGENTA, -1, 0 }, B },
	[ATTR_NUMBER] = { { -1, -1, 0 }, { -1, -1, 0 }, 0 },
	[ATTR_KEY] = { { 130, -1, B }, { MAGENTA, -1, B }, B },
	[ATTR_RULE] = { { 250, -1, 0 }, { GREY, -1, 0 }, D },
	[ATTR_GOOD] = { { 25, -1, 0 }, { BLUE, -1, 0 }, 0 },
	[ATTR_WARN] = { { 130, -1, 0 }, { MAGENTA, -1, B }, B },
	[ATTR_BAD] = { { 160, -1, B }, { RED, -1, B }, B },
	[ATTR_LAYER] = { { 25, -1, B }, { BLUE, -1, B }, B },
	[ATTR_FIELD] = { { 60, -1, 0 }, { BLUE, -1, 0 }, 0 },
	[ATTR_BYTES] = { { 16, 189, 0 }, { WHITE, BLUE, 0 }, R },
	[ATTR_MATCH] = { { 16, 221, 0 }, { BLACK, YELLOW, 0 }, U | B },
	[ATTR_PROMPT] = { { 16, -1, B }, { -1, -1, B }, B },
	[ATTR_HEADER_CURSOR] = { { 16, 153, B }, { BLACK, CYAN, B }, R | B },
	[ATTR_CELL] = { { 16, 117, B }, { WHITE, BLUE, 0 }, B | U },
};

/* The selected row. */
static const struct {
	short bg, fg, dim, few_bg, few_fg;
} selected[THEMES] = {
	[THEME_DARK] = { 24, 231, 250, BLUE, WHITE },
	[THEME_LIGHT] = { 153, 16, 238, CYAN, BLACK },
};

/* Grey, colour 8, needs 16; with 8 it is dim. */
static struct palette_entry without_grey(struct palette_entry e, int colors)
{
	if (e.fg == GREY && colors < 16) {
		e.fg = -1;
		e.flags |= PALETTE_DIM;
	}
	return e;
}

static struct palette_entry selected_many(struct palette_entry e, enum theme_kind kind)
{
	if (e.fg == -1)
		e.fg = selected[kind].fg;
	else if (e.fg >= 232)
		e.fg = selected[kind].dim;
	if (e.bg == -1)
		e.bg = selected[kind].bg;
	return e;
}

/* A row that nobody wrote is black on black. */
static bool is_missing(const struct palette_row *row)
{
	return row->many.fg == 0 && row->many.bg == 0;
}

static const struct palette_row *find_row(enum theme_kind kind, unsigned attr)
{
	const struct palette_row *row = kind == THEME_LIGHT ? &light[attr] : &dark[attr];

	return is_missing(row) ? &dark[attr] : row;
}

/* The user's colour, where the terminal has it. */
static bool own_entry(
	const struct theme *t, unsigned attr, int colors, struct palette_entry *out)
{
	if (!t->has_own[attr] || t->own[attr].fg >= colors || t->own[attr].bg >= colors)
		return false;
	*out = t->own[attr];
	return true;
}

static struct palette_entry mono_entry(const struct theme *t, unsigned attr, bool is_selected)
{
	unsigned flags = t->has_own[attr] ? t->own[attr].flags : find_row(t->kind, attr)->mono;

	if (is_selected)
		flags = (flags & ~(unsigned)PALETTE_DIM) | PALETTE_REVERSE;
	return (struct palette_entry){ -1, -1, flags };
}

struct palette_entry palette_entry(const struct theme *t, unsigned attr, int colors)
{
	bool is_selected = (attr & ATTR_SELECTED) != 0;
	unsigned kind = attr & (ATTR_SELECTED - 1u);
	struct palette_entry e;

	if (kind >= ATTRS)
		kind = ATTR_NORMAL;
	if (colors == 0)
		return mono_entry(t, kind, is_selected);
	if (!own_entry(t, kind, colors, &e))
		e = colors >= 256 ? find_row(t->kind, kind)->many : find_row(t->kind, kind)->few;
	if (is_selected && kind == ATTR_BYTES && colors >= 256)
		return (struct palette_entry){ 16, 222, 0 }; /* the cursor among bytes */
	if (colors >= 256)
		return is_selected ? selected_many(e, t->kind) : e;
	if (is_selected && kind != ATTR_CELL)
		return (struct palette_entry){ selected[t->kind].few_fg,
			selected[t->kind].few_bg, PALETTE_BOLD };
	return without_grey(e, colors);
}
