/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/spark.h"

#include <math.h>

enum { LEVELS = 8, DOTS_X = 2, DOTS_Y = 4, BLOCKS = 0x2580, BRAILLE = 0x2800, BRAILLE_END = 0x28ff };

/* ---- which values ------------------------------------------------------------------------ */

size_t spark_from(int x, int w, size_t n)
{
	return (size_t)x * n / (size_t)w;
}

size_t spark_to(int x, int w, size_t n)
{
	size_t from = spark_from(x, w, n), to = spark_from(x + 1, w, n);

	return to > from ? to : from < n ? from + 1 : n;
}

int spark_cell(size_t i, int w, size_t n)
{
	size_t cells = (size_t)(w > 0 ? w : 1);
	size_t x = n > cells ? ((i + 1) * cells - 1) / n : n > 0 ? (i * cells + n - 1) / n : 0;

	return (int)(x < cells ? x : cells - 1);
}

double spark_max(const struct spark_value *v, size_t n)
{
	double max = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].known && v[i].value > max)
			max = v[i].value;
	return max;
}

/* What a place (a cell, or a column of dots) out of w shows. */
static struct spark_value value_at(const struct spark_value *v, size_t n, int x, int w)
{
	struct spark_value out = { 0 };
	size_t to = spark_to(x, w, n);
	bool any = false;

	for (size_t i = spark_from(x, w, n); i < to; i++) {
		if (!any || v[i].rank > out.rank) {
			out.attr = v[i].attr;
			out.rank = v[i].rank;
		}
		any = true;
		if (!v[i].known || (out.known && v[i].value <= out.value))
			continue;
		out.known = true;
		out.value = v[i].value;
	}
	return out;
}

/* ---- cells --------------------------------------------------------------------------------- */

static void put(struct canvas *c, int x, int y, unsigned attr, uint32_t cp)
{
	char text[4] = { (char)cp, '\0' };

	if (cp >= 0x800) {
		text[0] = (char)(0xe0 | cp >> 12);
		text[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		text[2] = (char)(0x80 | (cp & 0x3f));
		text[3] = '\0';
	}
	canvas_text(c, x, y, 1, attr, text);
}

static uint32_t level_cp(const struct canvas *c, int level)
{
	static const char ramp[LEVELS + 1] = " .:-=+*%#";

	return c->ascii ? (uint32_t)ramp[level] : BLOCKS + (uint32_t)level;
}

/* ---- bars ------------------------------------------------------------------------------------ */

static int bar_height(double value, double max, int top)
{
	double part = max > 0 ? value / max : 0;
	int height = (int)lround((part > 1 ? 1 : part) * top);

	return value > 0 && height < 1 ? 1 : height;
}

void spark_bars(struct canvas *c, struct rect r, const struct spark_value *v, size_t n, double max)
{
	for (int x = 0; n > 0 && x < r.w; x++) {
		struct spark_value at = value_at(v, n, x, r.w);
		int left = at.known ? bar_height(at.value, max, r.h * LEVELS) : 0;

		for (int y = r.h - 1; y >= 0 && left > 0; y--, left -= LEVELS)
			put(c, r.x + x, r.y + y, at.attr,
				level_cp(c, left > LEVELS ? LEVELS : left));
	}
}

/* ---- dots ------------------------------------------------------------------------------------ */

/* dx from the left, dy from the bottom of the rectangle. */
static void dot(struct canvas *c, struct rect r, int dx, int dy, unsigned attr, char mark)
{
	static const uint8_t bits[DOTS_X][DOTS_Y] = { { 0x40, 0x04, 0x02, 0x01 },
		{ 0x80, 0x20, 0x10, 0x08 } };
	int x = r.x + dx / DOTS_X, y = r.y + r.h - 1 - dy / DOTS_Y;
	const struct cell *cell = canvas_at(c, x, y);
	uint32_t cp = BRAILLE;

	if (cell == NULL)
		return;
	if (cell->cp >= BRAILLE && cell->cp <= BRAILLE_END)
		cp = cell->cp;
	put(c, x, y, attr,
		c->ascii ? (uint32_t)(unsigned char)mark : cp | bits[dx % DOTS_X][dy % DOTS_Y]);
}

static int dot_height(double value, const struct spark_scale *s, int dots)
{
	double part = s->max > 0 ? value / s->max : 0;

	if (s->log)
		part = value > s->least && s->max > s->least
			? log(value / s->least) / log(s->max / s->least)
			: 0;
	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return (int)lround(part * (dots - 1));
}

void spark_line(struct canvas *c, struct rect r, const struct spark_value *v, size_t n,
	const struct spark_scale *scale, char mark)
{
	int w = r.w * DOTS_X, h = r.h * DOTS_Y, before = -1;

	for (int x = 0; n > 0 && x < w; x++) {
		struct spark_value at = value_at(v, n, x, w);
		int y, from;

		if (!at.known) {
			before = -1;
			continue;
		}
		y = dot_height(at.value, scale, h);
		/* steps are joined by a stroke upwards or downwards */
		from = before < 0 ? y : before < y ? before + 1 : before > y ? before - 1 : y;
		for (int k = from < y ? from : y; k <= (from < y ? y : from); k++)
			dot(c, r, x, k, at.attr, mark);
		before = y;
	}
}

void spark_band(struct canvas *c, struct rect r, const struct spark_value *low,
	const struct spark_value *high, size_t n, const struct spark_scale *scale, char mark)
{
	int w = r.w * DOTS_X, h = r.h * DOTS_Y;

	for (int x = 0; n > 0 && x < w; x++) {
		struct spark_value a = value_at(low, n, x, w), b = value_at(high, n, x, w);
		int top;

		if (!a.known || !b.known)
			continue;
		/* thin enough for lines over it to be seen; its ends are where they are */
		top = dot_height(b.value, scale, h);
		for (int y = dot_height(a.value, scale, h), low_y = y; y <= top; y++)
			if (x % DOTS_X == 0 && (y % 2 == 0 || y == top || y == low_y))
				dot(c, r, x, y, b.attr, mark);
	}
}
