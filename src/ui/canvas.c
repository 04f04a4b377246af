/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/canvas.h"

#include "base/mem.h"
#include "base/text.h"
#include "ui/canvas_ascii.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CANVAS_MAX = 4096 }; /* cells either way; larger terminals are used in part */

static const struct {
	uint32_t cp, ascii;
} glyphs[GLYPHS] = {
	[GLYPH_HLINE] = { 0x2500, '-' },
	[GLYPH_VLINE] = { 0x2502, '|' },
	[GLYPH_ELLIPSIS] = { 0x2026, '~' },
	[GLYPH_CRUMB] = { 0x203a, '>' },
	[GLYPH_DOT] = { 0xb7, '-' },
	[GLYPH_CURSOR] = { 0x25b8, '>' },
	[GLYPH_UP] = { 0x25b2, '^' },
	[GLYPH_DOWN] = { 0x25bc, 'v' },
	[GLYPH_FOLDED] = { 0x25b8, '+' },
	[GLYPH_OPEN] = { 0x25be, '-' },
	[GLYPH_MORE_LEFT] = { 0x2039, '<' },
	[GLYPH_MORE_RIGHT] = { 0x203a, '>' },
	[GLYPH_CROSS_DOWN] = { 0x252c, '+' },
	[GLYPH_FULL] = { 0x2588, '#' },
	[GLYPH_EMPTY] = { 0x2591, '.' },
	[GLYPH_BRANCH] = { 0x2514, '`' },
	[GLYPH_DASH] = { 0x254c, '.' },
	[GLYPH_ARROW_LEFT] = { 0x25c0, '<' },
	[GLYPH_ARROW_RIGHT] = { 0x25b6, '>' },
};

static const struct cell blank_cell = { .cp = ' ', .attr = ATTR_NORMAL, .width = 1 };

static int clamp_size(int n)
{
	return n < 1 ? 1 : n > CANVAS_MAX ? CANVAS_MAX : n;
}

enum rc canvas_resize(struct canvas *c, int w, int h, struct err *err)
{
	struct cell *cells;

	w = clamp_size(w);
	h = clamp_size(h);
	cells = mem_calloc((size_t)w * (size_t)h, sizeof(*cells));
	if (cells == NULL)
		return err_memory(err);
	mem_free(c->cells);
	c->cells = cells;
	c->w = w;
	c->h = h;
	canvas_clear(c);
	return RC_DONE;
}

enum rc canvas_new(int w, int h, bool ascii, struct canvas **out, struct err *err)
{
	struct canvas *c = mem_calloc(1, sizeof(*c));
	enum rc rc;

	if (c == NULL)
		return err_memory(err);
	c->ascii = ascii;
	rc = canvas_resize(c, w, h, err);
	if (rc != RC_DONE) {
		mem_free(c);
		return rc;
	}
	*out = c;
	return RC_DONE;
}

void canvas_free(struct canvas *c)
{
	if (c == NULL)
		return;
	mem_free(c->cells);
	mem_free(c);
}

void canvas_clear(struct canvas *c)
{
	size_t n = (size_t)c->w * (size_t)c->h;

	for (size_t i = 0; i < n; i++)
		c->cells[i] = blank_cell;
	c->cursor_x = c->cursor_y = -1;
}

static struct cell *cell_at(struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->w || y >= c->h)
		return NULL;
	return &c->cells[(size_t)y * (size_t)c->w + (size_t)x];
}

const struct cell *canvas_at(const struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->w || y >= c->h)
		return NULL;
	return &c->cells[(size_t)y * (size_t)c->w + (size_t)x];
}

uint32_t canvas_glyph_cp(const struct canvas *c, enum glyph g)
{
	return c->ascii ? glyphs[g].ascii : glyphs[g].cp;
}

/* Whatever is overwritten at x, y: no half of a wide character stays. */
static void break_wide(struct canvas *c, int x, int y)
{
	struct cell *cell = cell_at(c, x, y);
	struct cell *other;

	if (cell == NULL || cell->width == 1)
		return;
	other = cell_at(c, cell->width == 2 ? x + 1 : x - 1, y);
	if (other != NULL) {
		other->cp = ' ';
		other->width = 1;
		memset(other->marks, 0, sizeof(other->marks));
	}
	cell->cp = ' ';
	cell->width = 1;
}

static void put_cp(struct canvas *c, int x, int y, unsigned attr, uint32_t cp, unsigned cells)
{
	for (unsigned i = 0; i < cells; i++) {
		struct cell *cell = cell_at(c, x + (int)i, y);

		break_wide(c, x + (int)i, y);
		if (cell == NULL)
			continue;
		cell->cp = i == 0 ? cp : 0;
		cell->attr = (uint8_t)attr;
		cell->width = (uint8_t)(i == 0 ? cells : 0);
		memset(cell->marks, 0, sizeof(cell->marks));
	}
}

/*
 * A combining character goes onto the cell before x; further ones than there is room for are
 * left out.
 */
static void put_mark(struct canvas *c, int x, int y, uint32_t cp)
{
	struct cell *cell = cell_at(c, x - 1, y);

	if (cell != NULL && cell->width == 0)
		cell = cell_at(c, x - 2, y);
	for (int i = 0; cell != NULL && i < CANVAS_MARKS; i++)
		if (cell->marks[i] == 0) {
			cell->marks[i] = cp;
			return;
		}
}

void canvas_fill(struct canvas *c, struct rect r, unsigned attr)
{
	for (int y = r.y; y < r.y + r.h && y < c->h; y++)
		for (int x = r.x; x < r.x + r.w && x < c->w; x++)
			put_cp(c, x, y, attr, ' ', 1);
}

void canvas_paint(struct canvas *c, struct rect r, unsigned attr)
{
	for (int y = r.y; y < r.y + r.h && y < c->h; y++)
		for (int x = r.x; x < r.x + r.w && x < c->w; x++) {
			struct cell *cell = cell_at(c, x, y);

			if (cell != NULL)
				cell->attr = (uint8_t)attr;
		}
}

/*
 * The next character of *text as it may be shown, in out (more than one where it had to be
 * escaped); false at the end.
 */
static bool next_safe(const struct canvas *c, const char **text, char *out, size_t size)
{
	uint32_t cp;
	unsigned cells;
	size_t n = text_next(*text, &cp, &cells);

	if (n == 0)
		return false;
	if (n == 1 && cp >= 0x20 && cp < 0x7f) {
		out[0] = (char)cp;
		out[1] = '\0';
	} else {
		text_escape_to(out, size, *text, n);
		if (c->ascii)
			canvas_to_ascii(out, size);
	}
	*text += n;
	return true;
}

int canvas_width(const struct canvas *c, const char *text)
{
	char safe[32];
	int width = 0;

	while (next_safe(c, &text, safe, sizeof(safe)))
		width += (int)text_width(safe);
	return width;
}

static int put_safe(struct canvas *c, int x, int y, unsigned attr, const char *safe)
{
	int at = x;

	while (*safe != '\0') {
		uint32_t cp;
		unsigned cells;

		safe += text_next(safe, &cp, &cells);
		if (cells == 0)
			put_mark(c, at, y, cp);
		else
			put_cp(c, at, y, attr, cp, cells);
		at += (int)cells;
	}
	return at - x;
}

int canvas_text(struct canvas *c, int x, int y, int max, unsigned attr, const char *text)
{
	char safe[32];
	int at = 0, room;

	if (x + max > c->w)
		max = c->w - x;
	if (max <= 0)
		return 0;
	/* room for the mark is kept only where the text does not fit */
	room = canvas_width(c, text) <= max ? max : max - 1;
	while (next_safe(c, &text, safe, sizeof(safe))) {
		int width = (int)text_width(safe);

		if (at + width > room) {
			put_cp(c, x + at, y, attr, canvas_glyph_cp(c, GLYPH_ELLIPSIS), 1);
			return at + 1;
		}
		at += put_safe(c, x + at, y, attr, safe);
	}
	return at;
}

void canvas_cell(struct canvas *c, int x, int y, int width, enum align align, unsigned attr,
	const char *text)
{
	int need;

	if (width <= 0)
		return;
	need = align == ALIGN_RIGHT ? canvas_width(c, text) : 0;
	if (align == ALIGN_RIGHT && need < width)
		canvas_text(c, x + width - need, y, need, attr, text);
	else
		canvas_text(c, x, y, width, attr, text);
}

int canvas_printf(struct canvas *c, int x, int y, int max, unsigned attr, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return canvas_text(c, x, y, max, attr, text);
}

void canvas_glyph(struct canvas *c, int x, int y, unsigned attr, enum glyph g)
{
	put_cp(c, x, y, attr, canvas_glyph_cp(c, g), 1);
}

void canvas_rule(struct canvas *c, int x, int y, int w, unsigned attr)
{
	for (int i = 0; i < w; i++)
		canvas_glyph(c, x + i, y, attr, GLYPH_HLINE);
}
