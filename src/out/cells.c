/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out/cells.h"

#include "base/text.h"

void cells_blanks(FILE *to, unsigned n)
{
	static const char blanks[] = "                                ";
	enum { MOST = sizeof(blanks) - 1 };

	for (; n > MOST; n -= MOST)
		fwrite(blanks, 1, MOST, to);
	fwrite(blanks, 1, n, to);
}

/* As many whole characters as fit into width - 1 columns, then the ellipsis. */
static unsigned put_cut(FILE *to, const char *text, unsigned width)
{
	unsigned used = 0, cells;
	uint32_t cp;
	size_t n;

	while ((n = text_next(text, &cp, &cells)) > 0 && used + cells < width) {
		fwrite(text, 1, n, to);
		used += cells;
		text += n;
	}
	fputs("…", to);
	return used + 1;
}

void cells_put(FILE *to, const char *text, unsigned width_cells, bool right_align, bool pad)
{
	size_t width = text_width(text);

	if (width > width_cells) {
		unsigned used = width_cells > 0 ? put_cut(to, text, width_cells) : 0;
		if (pad)
			cells_blanks(to, width_cells - used);
		return;
	}
	unsigned left = width_cells - (unsigned)width;
	if (right_align && left > 0)
		cells_blanks(to, left);
	fputs(text, to);
	if (!right_align && pad && left > 0)
		cells_blanks(to, left);
}
