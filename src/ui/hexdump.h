/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes on the canvas: offset, hexadecimal, text; a stretch of them highlighted. Stateless. */
#ifndef FLOWDRILL_UI_HEXDUMP_H
#define FLOWDRILL_UI_HEXDUMP_H

#include "ui/canvas.h"

struct hexdump {
	const uint8_t *data;
	uint32_t len; /* bytes there are */
	uint32_t wire_len; /* bytes there were: what is missing is said in the line behind */
	uint32_t mark, mark_len; /* highlighted */
	uint32_t found, found_len; /* found by a search or a comparison: stands out over that */
	uint32_t cursor;
	bool has_cursor;
	uint32_t base; /* offset of data[0] */
	bool no_offsets; /* their place stays empty */
	unsigned attr; /* of what does not stand out */
};

/* 16, 8 or 4 bytes a line, as fits. */
unsigned hexdump_per_line(int width_cells);
/* Cells of a line with so many bytes. */
int hexdump_width(unsigned per_line);
size_t hexdump_lines(const struct hexdump *h, unsigned per_line);
/* Lines from `top` on. */
void hexdump_draw(const struct hexdump *h, struct canvas *c, struct rect r, size_t top);

#endif
