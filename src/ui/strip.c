/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/strip.h"

#include "base/text.h"
#include "flow/health.h"
#include "ui/range.h"
#include "ui/spark.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_W = 27, LABEL_WIDE_W = 44, LABEL_MIN_W = 50, LABEL_WIDE_MIN_W = 120, MARGIN = 2 };

static int label_width(int width)
{
	return width >= LABEL_WIDE_MIN_W ? LABEL_WIDE_W : width >= LABEL_MIN_W ? LABEL_W : 1;
}

static int bars_width(int width)
{
	int w = width - MARGIN - label_width(width);

	return w > 0 ? w : 1;
}

unsigned strip_columns(int width)
{
	int w = bars_width(width);

	return w > SERIES_COLUMNS ? SERIES_COLUMNS : (unsigned)w;
}

/* ---- columns ------------------------------------------------------------------------------ */

unsigned strip_attr(const struct series *s, size_t i, uint8_t *rank)
{
	struct health_verdict v;
	struct row row;

	*rank = 0;
	if (!series_row(s, i, &row))
		return ATTR_DIM;
	health_judge(row.record, row.limits, &v);
	*rank = (uint8_t)(v.known ? v.health : HEALTH_NORMAL);
	return *rank == HEALTH_FAULTY ? ATTR_BAD : *rank == HEALTH_DEGRADED ? ATTR_WARN : ATTR_TIME;
}

char strip_mark(const struct series *s, size_t i)
{
	unsigned notes = series_data(s)->column[i].notes;
	uint8_t rank;

	if (notes & SERIES_DROPS)
		return 'd';
	strip_attr(s, i, &rank);
	if (rank == HEALTH_FAULTY)
		return '!';
	if (notes & (SERIES_EVICTED | SERIES_UNINDEXED))
		return notes & SERIES_EVICTED ? 'x' : '?';
	return rank == HEALTH_DEGRADED ? '~' : 0;
}

/* The mark that matters most of the columns that a cell shows. */
static char cell_mark(const struct series *s, int x, int w)
{
	static const char order[] = "d!?x~";
	const struct series_data *d = series_data(s);
	size_t to = spark_to(x, w, d->n);
	const char *best = NULL;

	for (size_t i = spark_from(x, w, d->n); i < to; i++) {
		char mark = strip_mark(s, i);
		const char *at = mark != 0 ? strchr(order, mark) : NULL;

		if (at != NULL && (best == NULL || at < best))
			best = at;
	}
	return best != NULL ? *best : 0;
}

static unsigned mark_attr(char mark)
{
	return mark == '!' || mark == 'd' ? ATTR_BAD : mark == '?' || mark == '~' ? ATTR_WARN : ATTR_DIM;
}

/* ---- the label ------------------------------------------------------------------------------ */

size_t strip_step_text(char *out, size_t size, int64_t step_ns)
{
	static const struct {
		int64_t ns;
		const char *name;
	} units[] = { { INT64_C(86400000000000), "d" }, { INT64_C(3600000000000), "h" }, { INT64_C(60000000000), "m" },
		{ 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" } };
	size_t i = 0;

	while (step_ns % units[i].ns != 0)
		i++;
	if (step_ns / units[i].ns >= 1000)
		return text_duration(out, size, step_ns);
	return (size_t)snprintf(out, size, "%lld %s", (long long)(step_ns / units[i].ns), units[i].name);
}

/* "bytes/5 s, peak 3.2 MB"; where there is no room for a legend it says that there are several points. */
static void put_label(char *out, size_t size, const struct strip *strip, double max, bool brief)
{
	const struct series_data *d = series_data(strip->series);
	char step[TEXT_NUMBER], peak[TEXT_NUMBER];

	strip_step_text(step, sizeof(step), d->step_ns);
	text_bytes(peak, sizeof(peak), (uint64_t)max);
	if (strip->of_group)
		snprintf(out, size, "%s %s/%s", brief ? "group: max" : "this group: peak", peak, step);
	else if (brief && d->n_points > 1)
		snprintf(out, size, "%zu points, max %s/%s", d->n_points, peak, step);
	else
		snprintf(out, size, "bytes/%s, peak %s", step, peak);
}

/* What the marks mean that are there; several points. */
static void put_legend(char *out, size_t size, const struct strip *strip)
{
	static const struct {
		char mark;
		const char *text;
	} words[] = { { '!', "faulty" }, { '~', "degraded" }, { 'd', "dropped" }, { 'x', "evicted" }, { '?', "not indexed" } };
	const struct series_data *d = series_data(strip->series);
	size_t len = 0;

	out[0] = '\0';
	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
		bool any = words[k].mark == '?' && strip->indexed_permille >= 0;

		for (size_t i = 0; i < d->n && !any; i++)
			any = strip_mark(strip->series, i) == words[k].mark;
		if (any && len < size)
			len += (size_t)snprintf(out + len, size - len, "%s%c %s", len > 0 ? "  " : "", words[k].mark,
				words[k].text);
	}
	if (d->n_points > 1 && len < size)
		snprintf(out + len, size - len, "%s%zu points added up", len > 0 ? "  " : "", d->n_points);
}

/* ---- drawing ----------------------------------------------------------------------------------- */

/* Where the selected row is: cells of its first and last column; false where it is outside. */
static bool cursor_cells(const struct strip *strip, int w, int *from, int *to)
{
	const struct series_data *d = series_data(strip->series);
	int64_t end = d->from_ns + (int64_t)d->n * d->step_ns - 1;
	size_t a, b;

	if (!strip->has_cursor || strip->last_ns < d->from_ns || strip->first_ns > end)
		return false;
	series_column_at(d, strip->first_ns < d->from_ns ? d->from_ns : strip->first_ns, &a);
	series_column_at(d, strip->last_ns > end ? end : strip->last_ns, &b);
	*from = spark_cell(a, w, d->n);
	*to = spark_cell(b, w, d->n);
	return true;
}

/* In the place of bars (`only_bad`) only what matters more than how much there was. */
static void draw_marks(struct canvas *c, struct rect r, const struct strip *strip, int y, bool only_bad)
{
	for (int x = 0; x < r.w; x++) {
		char text[2] = { cell_mark(strip->series, x, r.w), '\0' };

		if (text[0] != '\0' && !(only_bad && text[0] == '~'))
			canvas_text(c, r.x + x, y, 1, mark_attr(text[0]), text);
	}
}

/* Where marks or the cursor are there is no room for a time. */
static void draw_time(struct canvas *c, int x, int y, int w, const char *text)
{
	for (int i = 0; i < w; i++) {
		const struct cell *cell = canvas_at(c, x + i, y);

		if (cell == NULL || cell->cp != ' ')
			return;
	}
	canvas_text(c, x, y, w, ATTR_DIM, text);
}

static void draw_times(struct canvas *c, struct rect r, const struct strip *strip, int y)
{
	const struct series_data *d = series_data(strip->series);
	char first[TEXT_TIME], last[TEXT_TIME];
	int w;

	range_time(first, sizeof(first), d->from_ns, strip->style);
	range_time(last, sizeof(last), d->from_ns + (int64_t)d->n * d->step_ns, strip->style);
	w = canvas_width(c, last);
	if (canvas_width(c, first) + w + 2 > r.w)
		return;
	draw_time(c, r.x, y, canvas_width(c, first), first);
	draw_time(c, r.x + r.w - w, y, w, last);
}

static double draw_bars(struct canvas *c, struct rect r, const struct strip *strip)
{
	const struct series_data *d = series_data(strip->series);
	struct spark_value v[SERIES_COLUMNS] = { 0 };
	const struct field *f = field_find("bytes", TIER_MICROFLOW);
	double max;

	for (size_t i = 0; i < d->n; i++) {
		v[i].known = series_value(strip->series, i, f, &v[i].value);
		v[i].attr = (uint8_t)strip_attr(strip->series, i, &v[i].rank);
	}
	max = spark_max(v, d->n);
	spark_bars(c, (struct rect){ r.x, r.y, r.w, 1 }, v, d->n, max);
	return max;
}

static void draw_cursor(struct canvas *c, struct rect r, const struct strip *strip)
{
	int from, to;

	if (!cursor_cells(strip, r.w, &from, &to))
		return;
	for (int x = from; x <= to; x++) {
		const struct cell *cell = canvas_at(c, r.x + x, r.y);

		if (cell != NULL)
			canvas_paint(c, (struct rect){ r.x + x, r.y, 1, 1 }, cell->attr | ATTR_SELECTED);
		if (r.h > 1)
			canvas_glyph(c, r.x + x, r.y + 1, ATTR_KEY, x == from ? GLYPH_UP : GLYPH_HLINE);
	}
}

void strip_draw(struct canvas *c, struct rect r, const struct strip *strip)
{
	struct rect bars = { r.x + 1, r.y, bars_width(r.w), r.h };
	char label[160], legend[160];
	double max;
	int label_w;

	if (strip->series == NULL || series_data(strip->series) == NULL || series_data(strip->series)->n == 0)
		return;
	if (strip->indexed_permille >= 0) {
		int done = bars.w * strip->indexed_permille / 1000;

		for (int x = done; x < bars.w; x++)
			canvas_glyph(c, bars.x + x, r.y, ATTR_DIM, GLYPH_EMPTY);
		bars.w = done > 0 ? done : 1;
	}
	max = draw_bars(c, bars, strip);
	put_label(label, sizeof(label), strip, max, r.h == 1);
	put_legend(legend, sizeof(legend), strip);
	if (r.h > 1) {
		draw_cursor(c, bars, strip);
		draw_marks(c, bars, strip, r.y + 1, false);
		draw_times(c, bars, strip, r.y + 1);
	} else {
		draw_marks(c, bars, strip, r.y, true);
		draw_cursor(c, bars, strip);
	}
	if (r.w < LABEL_MIN_W)
		return;
	label_w = label_width(r.w);
	canvas_text(c, r.x + r.w - label_w, r.y, label_w - 1, ATTR_DIM, label);
	if (r.h > 1)
		canvas_text(c, r.x + r.w - label_w, r.y + 1, label_w - 1, ATTR_DIM, legend);
}
