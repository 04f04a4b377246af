/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/hexdump.h"

#include <stdio.h>

enum { OFFSET_CELLS = 6 };

int hexdump_width(unsigned per_line)
{
	/* offset, bytes with a wider gap in the middle, gap, text */
	return OFFSET_CELLS + (int)per_line * 3 + (per_line > 4 ? 1 : 0) + 1 + (int)per_line;
}

unsigned hexdump_per_line(int width_cells)
{
	for (unsigned n = 16; n > 4; n /= 2)
		if (hexdump_width(n) <= width_cells)
			return n;
	return 4;
}

size_t hexdump_lines(const struct hexdump *h, unsigned per_line)
{
	size_t lines = (h->len + per_line - 1) / per_line;

	return lines + (h->wire_len > h->len ? 1 : 0);
}

static unsigned byte_attr(const struct hexdump *h, uint32_t at)
{
	if (h->has_cursor && at == h->cursor)
		return ATTR_BYTES | ATTR_SELECTED;
	if (at >= h->found && at - h->found < h->found_len)
		return ATTR_MATCH | (h->attr & ATTR_SELECTED);
	if (at >= h->mark && at - h->mark < h->mark_len)
		return ATTR_BYTES;
	return h->attr;
}

static int hex_x(unsigned i, unsigned per_line)
{
	return OFFSET_CELLS + (int)i * 3 + (per_line > 4 && i >= per_line / 2 ? 1 : 0);
}

static void draw_byte(const struct hexdump *h, struct canvas *c, struct rect r,
	unsigned per_line, uint32_t at)
{
	unsigned i = at % per_line, attr = byte_attr(h, at);
	int x = r.x + hex_x(i, per_line), text_x = r.x + hex_x(per_line, per_line) + 1;
	char hex[4], text[2] = { (char)h->data[at], '\0' };

	snprintf(hex, sizeof(hex), "%02x", h->data[at]);
	canvas_text(c, x, r.y, 2, attr, hex);
	/* a highlighted stretch is one piece, gaps included */
	if (i + 1 < per_line && at + 1 < h->len && attr != h->attr && byte_attr(h, at + 1) == attr)
		canvas_fill(c,
			(struct rect){ x + 2, r.y,
				hex_x(i + 1, per_line) - hex_x(i, per_line) - 2, 1 },
			attr);
	if (text[0] < 0x20 || text[0] > 0x7e) {
		text[0] = '.';
		attr = attr == h->attr ? ATTR_DIM | (attr & ATTR_SELECTED) : attr;
	}
	canvas_text(c, text_x + (int)i, r.y, 1, attr, text);
}

static void draw_line(const struct hexdump *h, struct canvas *c, struct rect r,
	unsigned per_line, size_t line)
{
	uint32_t at = (uint32_t)(line * per_line);

	if (at >= h->len) {
		canvas_printf(c, r.x, r.y, r.w, ATTR_WARN, "%u further bytes were not captured",
			h->wire_len - h->len);
		return;
	}
	if (!h->no_offsets)
		canvas_printf(c, r.x, r.y, OFFSET_CELLS, ATTR_DIM, "%04x", h->base + at);
	for (unsigned i = 0; i < per_line && at + i < h->len; i++)
		draw_byte(h, c, r, per_line, at + i);
}

void hexdump_draw(const struct hexdump *h, struct canvas *c, struct rect r, size_t top)
{
	unsigned per_line = hexdump_per_line(r.w);
	size_t lines = hexdump_lines(h, per_line);

	for (int i = 0; i < r.h && top + (size_t)i < lines; i++)
		draw_line(
			h, c, (struct rect){ r.x, r.y + i, r.w, 1 }, per_line, top + (size_t)i);
}
