/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term_palette.h"

#include "ui/canvas.h"

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY };

enum { B = PALETTE_BOLD, D = PALETTE_DIM, U = PALETTE_UNDERLINE, R = PALETTE_REVERSE };

/* By attribute: with 256 colours, with 16 or 8, with none. */
static const struct palette_row {
	struct palette_entry many, few;
	unsigned mono;
} palette[ATTRS] = {
	[ATTR_NORMAL] = { { -1, -1, 0 }, { -1, -1, 0 }, 0 },
	[ATTR_DIM] = { { 245, -1, 0 }, { GREY, -1, 0 }, D },
	[ATTR_STRONG] = { { -1, -1, B }, { -1, -1, B }, B },
	[ATTR_CRUMB] = { { 153, 236, 0 }, { BLACK, CYAN, 0 }, R },
	[ATTR_CRUMB_LAST] = { { 231, 236, B }, { BLACK, CYAN, B }, R | B },
	[ATTR_BAR] = { { 250, 236, 0 }, { BLACK, CYAN, 0 }, R },
	[ATTR_BAR_GOOD] = { { 114, 236, 0 }, { BLACK, CYAN, 0 }, R },
	[ATTR_BAR_WARN] = { { 215, 236, B }, { RED, CYAN, B }, R | B },
	[ATTR_HEADER] = { { 110, -1, B }, { CYAN, -1, B }, B | U },
	[ATTR_HEADER_SORT] = { { 222, -1, B }, { YELLOW, -1, B }, B | U },
	[ATTR_TIME] = { { 109, -1, 0 }, { CYAN, -1, 0 }, 0 },
	[ATTR_ADDR_CLIENT] = { { 151, -1, 0 }, { GREEN, -1, 0 }, 0 },
	[ATTR_ADDR_SERVER] = { { 117, -1, 0 }, { CYAN, -1, 0 }, 0 },
	[ATTR_SERVICE] = { { 222, -1, 0 }, { YELLOW, -1, 0 }, B },
	[ATTR_NUMBER] = { { -1, -1, 0 }, { -1, -1, 0 }, 0 },
	[ATTR_KEY] = { { 222, -1, B }, { YELLOW, -1, B }, B },
	[ATTR_RULE] = { { 240, -1, 0 }, { GREY, -1, 0 }, D },
	[ATTR_GOOD] = { { 114, -1, 0 }, { GREEN, -1, 0 }, 0 },
	[ATTR_WARN] = { { 215, -1, 0 }, { YELLOW, -1, B }, B },
	[ATTR_BAD] = { { 203, -1, B }, { RED, -1, B }, B },
	[ATTR_LAYER] = { { 117, -1, B }, { CYAN, -1, B }, B },
	[ATTR_FIELD] = { { 109, -1, 0 }, { CYAN, -1, 0 }, 0 },
	[ATTR_BYTES] = { { 231, 60, 0 }, { BLACK, YELLOW, 0 }, R },
	[ATTR_MATCH] = { { 16, 222, 0 }, { BLACK, YELLOW, 0 }, U | B },
	[ATTR_PROMPT] = { { 231, -1, B }, { -1, -1, B }, B },
};

enum { SELECTED_BG = 24, SELECTED_DIM = 250 };

/* Grey, colour 8, needs 16; with 8 it is dim. */
static struct palette_entry without_grey(struct palette_entry e, int colors)
{
	if (e.fg == GREY && colors < 16) {
		e.fg = -1;
		e.flags |= PALETTE_DIM;
	}
	return e;
}

static struct palette_entry selected_many(struct palette_entry e)
{
	if (e.fg == -1)
		e.fg = 231;
	else if (e.fg >= 232)
		e.fg = SELECTED_DIM;
	if (e.bg == -1)
		e.bg = SELECTED_BG;
	return e;
}

struct palette_entry palette_entry(unsigned attr, int colors)
{
	bool selected = (attr & ATTR_SELECTED) != 0;
	unsigned kind = attr & (ATTR_SELECTED - 1u);
	const struct palette_row *row = &palette[kind < ATTRS ? kind : ATTR_NORMAL];

	if (selected && kind == ATTR_BYTES && colors >= 256)
		return (struct palette_entry){ 16, 222, 0 }; /* the cursor among bytes */
	if (colors >= 256)
		return selected ? selected_many(row->many) : row->many;
	if (colors > 0 && selected)
		return (struct palette_entry){ WHITE, BLUE, PALETTE_BOLD };
	if (colors > 0)
		return without_grey(row->few, colors);
	return (struct palette_entry){ -1, -1,
		selected ? (row->mono & ~(unsigned)PALETTE_DIM) | PALETTE_REVERSE : row->mono };
}
