/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/detail.h"

#include "base/text.h"
#include "query/query.h"
#include "ui/record_label.h"

#include <stdio.h>
#include <string.h>

enum { ITEMS_MAX = 128, COLUMN_GAP = 3 };

struct item {
	const struct field *field;
	int name_cells, text_cells;
};

static bool is_zero_count(const struct field *f, const struct row *row)
{
	struct value v;

	return f->unit == UNIT_COUNT && field_get(f, row, &v) && v.type == TYPE_U64 && v.u == 0;
}

static size_t collect(struct item *items, const struct canvas *c, const struct row *row,
	const struct cell_style *style)
{
	size_t n = 0;

	for (size_t i = 0; i < field_count() && n < ITEMS_MAX; i++) {
		const struct field *f = field_at(i);
		char text[CELL_TEXT];

		if (f->hidden || (f->tiers & FIELD_ON(row->tier)) == 0 || f->type == TYPE_ID)
			continue;
		if (!cell_format(text, sizeof(text), f, row, style) || is_zero_count(f, row))
			continue;
		items[n].field = f;
		items[n].name_cells = (int)text_width(f->name);
		items[n].text_cells = canvas_width(c, text);
		n++;
	}
	return n;
}

static void widths(const struct item *items, size_t n, int *name, int *text)
{
	*name = *text = 0;
	for (size_t i = 0; i < n; i++) {
		if (items[i].name_cells > *name)
			*name = items[i].name_cells;
		if (items[i].text_cells > *text)
			*text = items[i].text_cells;
	}
}

static void draw_column(struct canvas *c, struct rect r, const struct item *items, size_t n,
	int name, const struct row *row, const struct cell_style *style)
{
	for (size_t i = 0; i < n; i++) {
		int y = r.y + (int)i, room = r.w - name - 1;
		char text[CELL_TEXT];

		cell_format(text, sizeof(text), items[i].field, row, style);
		canvas_text(c, r.x, y, name, ATTR_DIM, items[i].field->name);
		canvas_text(c, r.x + name + 1, y, room, cell_attr(items[i].field, row), text);
	}
}

/* Columns from left to right as long as there is room; returns the items drawn. */
static size_t draw_items(struct canvas *c, struct rect r, const struct item *items, size_t n,
	const struct row *row, const struct cell_style *style)
{
	size_t done = 0;
	int x = r.x, right = r.x + r.w;

	while (done < n) {
		size_t rows = n - done < (size_t)r.h ? n - done : (size_t)r.h;
		int name, text, width;

		widths(items + done, rows, &name, &text);
		width = name + 1 + text;
		if (x + width > right && x > r.x)
			break;
		if (x + width > right)
			width = right - x;
		draw_column(c, (struct rect){ x, r.y, width, r.h }, items + done, rows, name,
			row, style);
		x += width + COLUMN_GAP;
		done += rows;
	}
	return done;
}

static void draw_rule(struct canvas *c, struct rect r, const struct row *row,
	const struct cell_style *style, size_t hidden)
{
	char first[128], second[128], id_text[ID_TEXT];
	struct id id;
	int x = r.x + 1;

	canvas_rule(c, r.x, r.y, r.w, ATTR_RULE);
	row_id(row, &id);
	id_format(id_text, sizeof(id_text), &id);
	record_label(row, style, first, second, sizeof(first));
	x += canvas_printf(c, x + 1, r.y, r.w - 4, ATTR_STRONG, " %s%s%s ", first,
		second[0] != '\0' ? " " : "", second);
	x += canvas_printf(c, x + 1, r.y, r.w - x - 3, ATTR_DIM, "%s ", id_text);
	if (hidden > 0 && r.w - x > 20)
		canvas_printf(c, r.x + r.w - 14, r.y, 13, ATTR_DIM, " %zu more ", hidden);
}

void detail_draw(
	struct canvas *c, struct rect r, const struct row *row, const struct cell_style *style)
{
	struct cell_style full = *style;
	struct item items[ITEMS_MAX];
	struct rect body = { r.x + 2, r.y + 1, r.w - 3, r.h - 1 };
	size_t n, drawn;

	if (r.h < 2)
		return;
	full.dates = true;
	n = collect(items, c, row, &full);
	drawn = draw_items(c, body, items, n, row, &full);
	draw_rule(c, r, row, style, n - drawn);
}
