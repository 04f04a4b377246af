/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/detail.h"

#include "base/mem.h"
#include "query/query.h"
#include "ui/pane_lines.h"
#include "ui/record_label.h"
#include "ui/spark.h"

#include <stdio.h>
#include <string.h>

enum {
	SMALL_MAX_H = 18,
	LIST_MIN_H = 6, /* rows of the list beside a small pane */
	LIST_LEFT_H = 4, /* and beside a large one */
	PANE_MIN_H = 3,
	INDENT = 1, /* of lines under their title */
	LABEL_CELLS = 17,
	COLUMN_GAP = 3,
	COLUMN_MIN = 54, /* cells of a column of a small pane, where there are several */
	HELP_FROM = 110 /* cells of a large pane from which on there is room for explanations */
};

int detail_height(enum detail_size size, int area_h)
{
	int left = size == DETAIL_LARGE ? LIST_LEFT_H : LIST_MIN_H;
	int h = size == DETAIL_LARGE ? area_h - left : area_h * 2 / 5;

	if (size == DETAIL_NONE || area_h < left + PANE_MIN_H)
		return 0;
	if (size == DETAIL_SMALL && h > SMALL_MAX_H)
		h = SMALL_MAX_H;
	return h < PANE_MIN_H ? PANE_MIN_H : h;
}

/* ---- one line ---------------------------------------------------------------------------- */

static int line_cells(const struct canvas *c, const struct pane_line *line)
{
	int text = canvas_width(c, line->text);

	if (line->kind == PANE_TITLE)
		return text;
	return INDENT + LABEL_CELLS + (line->kind == PANE_CHART ? (int)line->n_bars + 1 : 0) + text;
}

static int draw_bars(struct canvas *c, int x, int y, int room, const struct pane_line *line)
{
	struct spark_value v[PANE_BARS];
	int w = (int)line->n_bars < room ? (int)line->n_bars : room;

	for (size_t i = 0; i < line->n_bars; i++)
		v[i] = (struct spark_value){ .value = line->bars[i], .known = true, .attr = ATTR_NUMBER };
	spark_bars(c, (struct rect){ x, y, w, 1 }, v, line->n_bars, spark_max(v, line->n_bars));
	return w + 1;
}

static void draw_line(struct canvas *c, int x, int y, int w, const struct pane_line *line)
{
	if (line->kind == PANE_TITLE) {
		canvas_text(c, x, y, w, ATTR_HEADER, line->text);
		return;
	}
	canvas_text(c, x + INDENT, y, LABEL_CELLS - 1, ATTR_DIM, line->label);
	x += INDENT + LABEL_CELLS;
	w -= INDENT + LABEL_CELLS;
	if (line->kind == PANE_CHART) {
		int bars = draw_bars(c, x, y, w, line);

		x += bars;
		w -= bars;
	}
	canvas_text(c, x, y, w, line->attr, line->text);
}

/* ---- texts that are too long for a line -------------------------------------------------- */

/* Bytes of the text that fit into so many cells, up to a blank; all of it where it fits, or has none there. */
static size_t fitting(const struct canvas *c, const char *text, int cells)
{
	size_t best = strlen(text);
	char part[PANE_TEXT];

	if (canvas_width(c, text) <= cells)
		return best;
	for (size_t i = 0; text[i] != '\0'; i++) {
		/* a number stays with its unit */
		if (text[i] != ' ' || i == 0 || (text[i - 1] >= '0' && text[i - 1] <= '9'))
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, text);
		if (canvas_width(c, part) > cells)
			break;
		best = i;
	}
	return best;
}

/* The same lines with texts of so many cells at most, gone on with below where they are longer. */
static void wrap(struct pane_lines *out, const struct pane_lines *in, const struct canvas *c, int cells)
{
	out->n = 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct pane_line *line = &in->v[i];
		const char *text = line->text;
		size_t n = line->kind == PANE_ITEM ? fitting(c, text, cells) : strlen(text);
		struct pane_line *to = pane_lines_add(out, line->kind, line->label);

		*to = *line;
		while (text[n] != '\0' && out->n < PANE_LINES_MAX) {
			snprintf(to->text, sizeof(to->text), "%.*s", (int)n, text);
			text += n + 1;
			n = fitting(c, text, cells);
			to = pane_lines_add(out, PANE_ITEM, "");
			to->attr = line->attr;
			snprintf(to->text, sizeof(to->text), "%s", text);
		}
	}
}

/* ---- small: columns ---------------------------------------------------------------------- */

/* How many lines from `from` on stand in one column: a title is not left alone at its end. */
static size_t column_lines(const struct pane_lines *lines, size_t from, int h)
{
	size_t n = lines->n - from < (size_t)h ? lines->n - from : (size_t)h;

	if (n > 1 && from + n < lines->n && lines->v[from + n - 1].kind == PANE_TITLE)
		n--;
	return n;
}

static int columns_in(int w)
{
	int n = (w + COLUMN_GAP) / (COLUMN_MIN + COLUMN_GAP);

	return n > 0 ? n : 1;
}

static int column_width(int w)
{
	int n = columns_in(w);

	return (w - (n - 1) * COLUMN_GAP) / n;
}

/* Columns of one width from left to right; returns the line behind the last one drawn. */
static size_t draw_columns(struct canvas *c, struct rect r, const struct pane_lines *lines, size_t from)
{
	int w = column_width(r.w);

	for (int i = 0; i < columns_in(r.w) && from < lines->n; i++) {
		size_t n = column_lines(lines, from, r.h);

		for (size_t k = 0; k < n; k++)
			draw_line(c, r.x + i * (w + COLUMN_GAP), r.y + (int)k, w, &lines->v[from + k]);
		from += n;
	}
	return from;
}

/* ---- large: a line each ------------------------------------------------------------------ */

/* Cells of label and text; behind them is room for explanations. */
static int list_text_cells(int w)
{
	return w >= HELP_FROM ? w * 3 / 5 : w;
}

static size_t draw_list(struct canvas *c, struct rect r, const struct pane_lines *lines, size_t from)
{
	size_t n = lines->n - from < (size_t)r.h ? lines->n - from : (size_t)r.h;
	int text = 0;

	/* explanations stand near what they explain */
	for (size_t i = 0; i < lines->n; i++) {
		int used = line_cells(c, &lines->v[i]);

		text = used > text ? used : text;
	}
	if (text > list_text_cells(r.w))
		text = list_text_cells(r.w);

	for (size_t i = from; i < from + n; i++) {
		int y = r.y + (int)(i - from), used = line_cells(c, &lines->v[i]);

		draw_line(c, r.x, y, used < r.w && text < used ? r.w : text, &lines->v[i]);
		if (r.w >= HELP_FROM && used + COLUMN_GAP < r.w) {
			int at = used > text ? used : text;

			canvas_text(c, r.x + at + COLUMN_GAP, y, r.w - at - COLUMN_GAP, ATTR_DIM, lines->v[i].help);
		}
	}
	return from + n;
}

/* ---- all of it --------------------------------------------------------------------------- */

static void draw_rule(struct canvas *c, struct rect r, const struct detail *d, const struct row *row,
	const struct cell_style *style, size_t hidden)
{
	char first[128], second[128], id_text[ID_TEXT] = "";
	struct id id;
	int x = r.x + 1;

	canvas_rule(c, r.x, r.y, r.w, ATTR_RULE);
	row_id(row, &id);
	if (d->has_id)
		id_format(id_text, sizeof(id_text), &id);
	record_label(row, style, first, second, sizeof(first));
	if (d->label != NULL) {
		snprintf(first, sizeof(first), "%s", d->label);
		second[0] = '\0';
	}
	x += canvas_printf(c, x + 1, r.y, r.w - 4, ATTR_STRONG, " %s%s%s ", first,
		second[0] != '\0' ? " " : "", second);
	if (id_text[0] != '\0')
		x += canvas_printf(c, x + 1, r.y, r.w - x - 3, ATTR_DIM, "%s ", id_text);
	if (hidden > 0 && r.w - x > 24)
		canvas_printf(c, r.x + r.w - 22, r.y, 21, ATTR_DIM, " %zu more: } scrolls ", hidden);
}

/* The last page is a whole one where there is one. */
static void clamp(struct detail *d, const struct pane_lines *lines, int h)
{
	size_t last = d->size == DETAIL_LARGE ? (lines->n > (size_t)h ? lines->n - (size_t)h : 0)
					      : (lines->n > 0 ? lines->n - 1 : 0);

	d->top = d->top < last ? d->top : last;
}

void detail_draw(struct detail *d, struct canvas *c, struct rect r, const struct row *row, const struct cell_style *style)
{
	struct rect body = { r.x + 2, r.y + 1, r.w - 3, r.h - 1 };
	struct cell_style full = *style;
	struct pane_lines *said, *lines;
	int cells = d->size == DETAIL_LARGE ? list_text_cells(body.w) : column_width(body.w);
	size_t end;

	if (r.h < 2 || (said = mem_alloc(2 * sizeof(*said))) == NULL)
		return;
	lines = said + 1;
	full.dates = true;
	full.times = CELL_TIMES_ABSOLUTE;
	pane_lines(said, row, &d->more, &full);
	wrap(lines, said, c, cells - INDENT - LABEL_CELLS);
	clamp(d, lines, body.h);
	end = d->size == DETAIL_LARGE ? draw_list(c, body, lines, d->top) : draw_columns(c, body, lines, d->top);
	draw_rule(c, r, d, row, style, lines->n - end);
	mem_free(said);
}
