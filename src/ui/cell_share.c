/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shares of rows: in per cent, and as bars. */
#include "ui/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EIGHTHS = 8 };

/* What these show depends on the list, not on the row alone: cell_share_format() knows. */
static bool get_nothing(const struct row *row, struct value *out)
{
	(void)row;
	(void)out;
	return false;
}

const struct field cell_share_field = {
	.id = FIELD_DERIVED + 902,
	.name = "share",
	.title = "share",
	.type = TYPE_TEXT,
	.tiers = FIELD_ON(TIER_MICROFLOW) | FIELD_ON(TIER_FLOW) | FIELD_ON(TIER_MACROFLOW),
	.get = get_nothing,
	.width_cells = 6,
	.help = "of what the list shows of its capture point",
};

const struct field cell_bar_field = {
	.id = FIELD_DERIVED + 903,
	.name = "bar",
	.title = "",
	.type = TYPE_TEXT,
	.tiers = FIELD_ON(TIER_MICROFLOW) | FIELD_ON(TIER_FLOW) | FIELD_ON(TIER_MACROFLOW),
	.get = get_nothing,
	.width_cells = CELL_BAR,
	.help = "as long as the row is large",
};

/* Whole cells, then one of eight widths; what is above zero is never invisible. */
static void put_bar(char *out, size_t size, double part)
{
	int eighths = (int)lround(part * CELL_BAR * EIGHTHS);
	size_t len = 0;

	if (eighths == 0 && part > 0)
		eighths = 1;
	out[0] = '\0';
	for (; eighths > 0 && len + 4 < size; eighths -= EIGHTHS) {
		int n = eighths < EIGHTHS ? eighths : EIGHTHS;

		/* U+2588 is a whole cell, U+258F an eighth */
		len += (size_t)snprintf(out + len, size - len, "\xe2\x96%c", 0x88 + EIGHTHS - n);
	}
}

static double total_of(const struct cell_share *s, const struct row *row)
{
	uint64_t point = (uint64_t)row->source << 32 | row->record->key.point;

	for (size_t i = 0; i < s->n; i++)
		if (s->points[i].point == point)
			return s->points[i].total;
	return 0;
}

bool cell_share_format(char *out, size_t size, const struct field *f, const struct row *row,
	const struct cell_style *style)
{
	const struct cell_share *s = style->share;
	struct value v;
	double total;

	snprintf(out, size, "-");
	if (s == NULL || s->measure == NULL || row->record == NULL || !field_get(s->measure, row, &v))
		return false;
	total = total_of(s, row);
	if (f == &cell_bar_field)
		put_bar(out, size, s->most > 0 ? (double)v.u / s->most : 0);
	else if (total > 0)
		snprintf(out, size, "%.1f %%", 100 * (double)v.u / total);
	return true;
}
