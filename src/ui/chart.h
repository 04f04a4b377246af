/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a time chart consists of: panels one above the other, each with a field (bars for what adds up, else a line) or a band (least,
 * average and greatest, and percentiles where there are any), its own axis with units, and a common axis of time.
 *
 * Panels are made from names: a field's, or the stem of three ("response": response_min, response_avg, response_max). Draws through
 * the canvas alone.
 */
#ifndef FLOWDRILL_UI_CHART_H
#define FLOWDRILL_UI_CHART_H

#include "ui/cell_text.h"
#include "ui/series.h"

enum { CHART_PANELS = 8, CHART_NAME_MAX = 32, CHART_FIELDS_MAX = 256 };

#define CHART_USUAL "bytes,response,rtt,retrans"

struct chart_panel {
	char name[CHART_NAME_MAX];
	const struct field *value; /* NULL: a band */
	const struct field *low, *mid, *high, *p50, *p95; /* of a band; the percentiles may be NULL */
};

/* What a chart is of: all that a list shows, one of its rows, or both to choose from. */
struct chart_of {
	bool has_all, has_one;
	struct series_question all, one;
	char label[128]; /* of the row */
	bool has_cursor;
	int64_t cursor_ns;
};

struct chart {
	struct chart_panel panels[CHART_PANELS];
	size_t n;
};

struct screen;
struct view;

/* NULL: the error says why (ui/view_chart.c). */
struct view *view_chart_new(struct screen *s, const struct chart_of *what, struct err *err);
/* Fields of this chart and of those that are opened later, "": the usual ones; opens one where none is on top. */
enum rc view_chart_set_fields(struct screen *s, const char *names, struct err *err);

/* "bytes,response,retrans"; RC_USAGE names what is no field, or no number. On failure *out is as it was. */
enum rc chart_parse(struct chart *out, const char *names, struct err *err);
/* The columns that there is room for. */
unsigned chart_columns(int width);
/* How many of the panels a height has room for. */
size_t chart_visible(const struct chart *chart, int height);
/* `cursor`: the column that the values are said of. */
void chart_draw(struct canvas *c, struct rect r, const struct chart *chart, const struct series *s, size_t cursor,
	const struct cell_style *style);

#endif
