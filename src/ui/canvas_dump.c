/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The backend that has no terminal: a canvas as text. */
#include "base/buf.h"
#include "ui/canvas.h"
#include "ui/term_palette.h"

static void put_utf8(struct buf *out, uint32_t cp)
{
	if (cp < 0x80) {
		buf_put_u8(out, (uint8_t)cp);
		return;
	}
	if (cp < 0x800) {
		buf_put_u8(out, (uint8_t)(0xc0 | cp >> 6));
	} else {
		if (cp < 0x10000) {
			buf_put_u8(out, (uint8_t)(0xe0 | cp >> 12));
		} else {
			buf_put_u8(out, (uint8_t)(0xf0 | cp >> 18));
			buf_put_u8(out, (uint8_t)(0x80 | (cp >> 12 & 0x3f)));
		}
		buf_put_u8(out, (uint8_t)(0x80 | (cp >> 6 & 0x3f)));
	}
	buf_put_u8(out, (uint8_t)(0x80 | (cp & 0x3f)));
}

static int row_length(const struct canvas *c, int y)
{
	int w = c->w;

	while (w > 0 && canvas_at(c, w - 1, y)->cp == ' ')
		w--;
	return w;
}

bool canvas_is_blank(const struct canvas *c, int y)
{
	return row_length(c, y) == 0;
}

/* Nothing for the right half of a wide character. */
static void put_cell(struct buf *out, const struct cell *cell)
{
	if (cell->width == 0)
		return;
	put_utf8(out, cell->cp);
	for (int i = 0; i < CANVAS_MARKS && cell->marks[i] != 0; i++)
		put_utf8(out, cell->marks[i]);
}

void canvas_dump(const struct canvas *c, struct buf *out)
{
	for (int y = 0; y < c->h; y++) {
		int w = row_length(c, y);

		for (int x = 0; x < w; x++)
			put_cell(out, canvas_at(c, x, y));
		buf_put_u8(out, '\n');
	}
}

static uint8_t attr_letter(uint8_t attr)
{
	unsigned kind = attr & (ATTR_SELECTED - 1u);

	if ((attr & ATTR_SELECTED) != 0)
		return kind == ATTR_NORMAL ? '#' : (uint8_t)('A' + kind - 1);
	return kind == ATTR_NORMAL ? '.' : (uint8_t)('a' + kind - 1);
}

void canvas_dump_attrs(const struct canvas *c, struct buf *out)
{
	for (int y = 0; y < c->h; y++) {
		for (int x = 0; x < c->w; x++)
			buf_put_u8(out, attr_letter(canvas_at(c, x, y)->attr));
		buf_put_u8(out, '\n');
	}
}

/* SGR: everything off, then what the attribute has. */
static void put_colors(struct buf *out, uint8_t attr, const struct theme *theme, int colors)
{
	static const struct {
		unsigned flag, code;
	} flags[] = { { PALETTE_BOLD, 1 }, { PALETTE_DIM, 2 }, { PALETTE_UNDERLINE, 4 }, { PALETTE_REVERSE, 7 } };
	struct palette_entry e = palette_entry(theme, attr, colors);

	buf_put_str(out, "\033[0");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if ((e.flags & flags[i].flag) != 0)
			buf_printf(out, ";%u", flags[i].code);
	if (e.fg >= 0)
		buf_printf(out, ";38;5;%d", e.fg);
	if (e.bg >= 0)
		buf_printf(out, ";48;5;%d", e.bg);
	buf_put_u8(out, 'm');
}

void canvas_dump_colors(const struct canvas *c, const struct theme *theme, int colors, struct buf *out)
{
	for (int y = 0; y < c->h; y++) {
		uint8_t attr = ATTR_NORMAL;

		for (int x = 0; x < c->w; x++) {
			const struct cell *cell = canvas_at(c, x, y);

			if (cell->attr != attr)
				put_colors(out, cell->attr, theme, colors);
			attr = cell->attr;
			put_cell(out, cell);
		}
		buf_put_str(out, attr != ATTR_NORMAL ? "\033[0m\n" : "\n");
	}
}

void canvas_dump_ansi(const struct canvas *c, struct buf *out)
{
	static const struct theme dark = { .kind = THEME_DARK };

	canvas_dump_colors(c, &dark, 256, out);
}
