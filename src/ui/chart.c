/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/chart.h"

#include "base/text.h"
#include "ui/range.h"
#include "ui/spark.h"
#include "ui/strip.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { AXIS_W = 10, AXIS_H = 2, PANEL_MIN_H = 4, TICK_CELLS = 18, LOG_FROM = 50, MIDDLE_MIN_H = 5 };

/* ---- panels from names -------------------------------------------------------------------- */

static const struct field *find_number(const char *name)
{
	static const enum tier tiers[] = { TIER_MICROFLOW, TIER_FLOW, TIER_MACROFLOW };
	const struct field *f = NULL;

	for (size_t i = 0; i < 3 && f == NULL; i++)
		f = field_find(name, tiers[i]);
	return f != NULL && (field_is_number(f) || f->unit == UNIT_DURATION) && f->unit != UNIT_PORT && f->unit != UNIT_POINT &&
			f->unit != UNIT_BOOL
		? f
		: NULL;
}

static const struct field *find_part(const char *stem, const char *part)
{
	char name[CHART_NAME_MAX + 8];

	snprintf(name, sizeof(name), "%s_%s", stem, part);
	return find_number(name);
}

static enum rc parse_panel(struct chart_panel *p, const char *name, size_t len, struct err *err)
{
	if (len == 0 || len >= sizeof(p->name))
		return err_set(err, RC_USAGE, "chart", "fields are divided by commas: bytes,response,retrans");
	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%.*s", (int)len, name);
	p->value = find_number(p->name);
	if (p->value != NULL)
		return RC_DONE;
	p->low = find_part(p->name, "min");
	p->mid = find_part(p->name, "avg");
	p->high = find_part(p->name, "max");
	p->p50 = find_part(p->name, "p50");
	p->p95 = find_part(p->name, "p95");
	if (p->low == NULL || p->high == NULL)
		return err_set(err, RC_USAGE, "chart", "'%s' is no field with a number", p->name);
	return RC_DONE;
}

enum rc chart_parse(struct chart *out, const char *names, struct err *err)
{
	struct chart chart = { .n = 0 };

	for (;;) {
		size_t len = strcspn(names, ", ");
		enum rc rc;

		if (chart.n == CHART_PANELS)
			return err_set(err, RC_USAGE, "chart", "no more than %d", CHART_PANELS);
		rc = parse_panel(&chart.panels[chart.n++], names, len, err);
		if (rc != RC_DONE)
			return rc;
		names += len;
		names += strspn(names, ", ");
		if (names[0] == '\0')
			break;
	}
	*out = chart;
	return RC_DONE;
}

/* What adds up is so much in a column; else a column has a value. */
static bool adds_up(const struct field *f)
{
	return f->merge == MERGE_SUM ||
		(f->merge == MERGE_NONE && (f->unit == UNIT_COUNT || f->unit == UNIT_BYTES) &&
			strchr(f->name, '_') == NULL);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static void put_number(char *out, size_t size, const struct field *f, double value)
{
	if (f->unit == UNIT_DURATION)
		text_duration(out, size, (int64_t)llround(value));
	else if (f->unit == UNIT_BYTES)
		text_bytes(out, size, value > 0 ? (uint64_t)llround(value) : 0);
	else if (value >= 0 && fabs(value - round(value)) < 1e-9)
		text_count_short(out, size, (uint64_t)llround(value));
	else
		snprintf(out, size, "%.2f", value);
}

static void read_values(const struct series *s, const struct field *f, unsigned attr, struct spark_value v[SERIES_COLUMNS])
{
	const struct series_data *d = series_data(s);

	for (size_t i = 0; i < d->n; i++) {
		v[i] = (struct spark_value){ .attr = (uint8_t)attr };
		v[i].known = f != NULL && series_value(s, i, f, &v[i].value);
	}
}

/* ---- one panel -------------------------------------------------------------------------------- */

struct panel_pen {
	struct canvas *c;
	struct rect r; /* with title and axis */
	const struct series *s;
	const struct chart_panel *p;
	size_t cursor;
};

static struct rect plot_rect(struct rect r)
{
	return (struct rect){ r.x + AXIS_W, r.y + 1, r.w - AXIS_W - 1, r.h - 1 };
}

/* A word of the title, in the attribute of what it stands for. */
struct word {
	unsigned attr;
	char text[TEXT_NUMBER + 24];
};

enum { WORDS_MAX = 8 };

struct words {
	struct word v[WORDS_MAX];
	size_t n;
};

static void add_word(struct words *w, unsigned attr, const char *before, const char *text)
{
	struct word *word = &w->v[w->n < WORDS_MAX ? w->n++ : WORDS_MAX - 1];

	word->attr = attr;
	snprintf(word->text, sizeof(word->text), "%s%s", before, text);
}

static int words_width(const struct canvas *c, const struct words *w)
{
	int width = 0;

	for (size_t i = 0; i < w->n; i++)
		width += canvas_width(c, w->v[i].text) + (i > 0 ? 2 : 0);
	return width;
}

static void draw_words(struct canvas *c, int x, int y, const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		x += canvas_text(c, x, y, c->w - x, w->v[i].attr, w->v[i].text) + 2;
}

static void add_part(struct words *w, const struct panel_pen *pen, const struct field *f, unsigned attr, const char *name)
{
	char number[TEXT_NUMBER];
	double value;

	if (f == NULL || !series_value(pen->s, pen->cursor, f, &value))
		return;
	put_number(number, sizeof(number), f, value);
	add_word(w, attr, name, number);
}

/* The values of the cursor's column, of what is drawn. */
static void make_values(const struct panel_pen *pen, bool percentiles, struct words *w)
{
	const struct chart_panel *p = pen->p;

	w->n = 0;
	add_part(w, pen, p->value, ATTR_STRONG, "");
	add_part(w, pen, p->low, ATTR_DIM, "min ");
	if (percentiles) {
		add_part(w, pen, p->p50, ATTR_STRONG, "p50 ");
		add_part(w, pen, p->p95, ATTR_WARN, "p95 ");
	} else {
		add_part(w, pen, p->mid, ATTR_STRONG, "avg ");
	}
	add_part(w, pen, p->high, ATTR_DIM, "max ");
}

/* What is drawn how. Lines differ by more than colour: one is above the other, in ASCII by their characters, too. */
static void make_legend(const struct panel_pen *pen, bool is_log, bool percentiles, bool brief, struct words *w)
{
	const struct chart_panel *p = pen->p;
	bool ascii = pen->c->ascii;
	char step[TEXT_NUMBER];

	w->n = 0;
	strip_step_text(step, sizeof(step), series_data(pen->s)->step_ns);
	if (p->value != NULL) {
		if (adds_up(p->value))
			add_word(w, ATTR_DIM, "per ", step);
		return;
	}
	add_word(w, ATTR_DIM, ascii ? ": " : "\xe2\xa1\x82 ", brief ? "min..max" : "min to max");
	if (percentiles) {
		add_word(w, ATTR_STRONG, ascii ? "* " : "\xe2\xa3\x80 ", brief ? "p50" : "p50, lower line");
		add_word(w, ATTR_WARN, ascii ? "^ " : "\xe2\xa0\x89 ", brief ? "p95" : "p95, upper line");
	} else {
		add_word(w, ATTR_STRONG, ascii ? "* " : "\xe2\xa0\x92 ", brief ? "avg" : "average");
	}
	if (is_log)
		add_word(w, ATTR_DIM, "", brief ? "log" : "log scale");
	if (!brief)
		add_word(w, ATTR_DIM, "per ", step);
}

/* The name, what is drawn how, and the values of the cursor's column. */
static void draw_title(const struct panel_pen *pen, bool is_log, bool percentiles)
{
	struct words values, legend;
	int x = pen->r.x + 1, end = pen->r.x + pen->r.w - 1, w;

	x += canvas_text(pen->c, x, pen->r.y, pen->r.w - 2, ATTR_HEADER, pen->p->name) + 2;
	make_values(pen, percentiles, &values);
	w = words_width(pen->c, &values);
	if (x + w <= end) {
		end -= w;
		draw_words(pen->c, end, pen->r.y, &values);
	}
	make_legend(pen, is_log, percentiles, false, &legend);
	if (x + words_width(pen->c, &legend) + 2 > end)
		make_legend(pen, is_log, percentiles, true, &legend);
	while (legend.n > 0 && x + words_width(pen->c, &legend) + 2 > end)
		legend.n--;
	draw_words(pen->c, x, pen->r.y, &legend);
}

static void draw_y_axis(const struct panel_pen *pen, const struct field *f, const struct spark_scale *scale)
{
	struct rect plot = plot_rect(pen->r);
	char text[TEXT_NUMBER];

	put_number(text, sizeof(text), f, scale->max);
	canvas_cell(pen->c, pen->r.x, plot.y, AXIS_W - 1, ALIGN_RIGHT, ATTR_DIM, text);
	put_number(text, sizeof(text), f, scale->log ? scale->least : 0);
	if (plot.h > 1)
		canvas_cell(pen->c, pen->r.x, plot.y + plot.h - 1, AXIS_W - 1, ALIGN_RIGHT, ATTR_DIM, text);
	if (plot.h >= MIDDLE_MIN_H && scale->max > 0 && (f->unit == UNIT_DURATION || f->unit == UNIT_BYTES)) {
		put_number(text, sizeof(text), f, scale->log ? sqrt(scale->least * scale->max) : scale->max / 2);
		canvas_cell(pen->c, pen->r.x, plot.y + plot.h / 2, AXIS_W - 1, ALIGN_RIGHT, ATTR_DIM, text);
	}
	for (int y = 0; y < plot.h; y++)
		canvas_glyph(pen->c, plot.x - 1, plot.y + y, ATTR_RULE, GLYPH_VLINE);
}

static void draw_nothing(const struct panel_pen *pen)
{
	struct rect plot = plot_rect(pen->r);

	/* columns of packets know less */
	canvas_printf(pen->c, plot.x + 1, plot.y + plot.h / 2, plot.w - 1, ATTR_DIM,
		series_data(pen->s)->tier == TIER_PACKET ? "no %s that single packets tell" : "no %s here", pen->p->name);
}

static void draw_value(const struct panel_pen *pen)
{
	const struct field *f = pen->p->value;
	const struct series_data *d = series_data(pen->s);
	struct spark_value v[SERIES_COLUMNS] = { 0 };
	struct spark_scale scale = { .max = 0 };
	bool health = strcmp(f->name, "bytes") == 0 || strcmp(f->name, "packets") == 0, any = false;

	read_values(pen->s, f, ATTR_TIME, v);
	for (size_t i = 0; i < d->n; i++) {
		any |= v[i].known;
		if (health)
			v[i].attr = (uint8_t)strip_attr(pen->s, i, &v[i].rank);
	}
	scale.max = spark_max(v, d->n);
	draw_title(pen, false, false);
	draw_y_axis(pen, f, &scale);
	if (!any)
		draw_nothing(pen);
	else if (adds_up(f))
		spark_bars(pen->c, plot_rect(pen->r), v, d->n, scale.max);
	else
		spark_line(pen->c, plot_rect(pen->r), v, d->n, &scale, '*');
}

/* Times reach from microseconds to seconds: a linear axis would show the worst one alone. */
static void choose_scale(struct spark_scale *scale, const struct spark_value *low, const struct spark_value *high, size_t n)
{
	scale->max = spark_max(high, n);
	scale->least = scale->max;
	for (size_t i = 0; i < n; i++)
		if (low[i].known && low[i].value > 0 && low[i].value < scale->least)
			scale->least = low[i].value;
	scale->log = scale->least > 0 && scale->max / scale->least >= LOG_FROM;
}

static void draw_band(const struct panel_pen *pen)
{
	const struct chart_panel *p = pen->p;
	struct spark_value low[SERIES_COLUMNS] = { 0 }, high[SERIES_COLUMNS] = { 0 }, v[SERIES_COLUMNS] = { 0 };
	struct rect plot = plot_rect(pen->r);
	struct spark_scale scale = { 0 };
	size_t n = series_data(pen->s)->n;
	bool percentiles = false;

	read_values(pen->s, p->low, ATTR_DIM, low);
	read_values(pen->s, p->high, ATTR_DIM, high);
	read_values(pen->s, p->p50, ATTR_STRONG, v);
	for (size_t i = 0; i < n; i++)
		percentiles |= v[i].known;
	choose_scale(&scale, low, high, n);
	draw_title(pen, scale.log, percentiles);
	draw_y_axis(pen, p->high, &scale);
	if (scale.max <= 0) {
		draw_nothing(pen);
		return;
	}
	spark_band(pen->c, plot, low, high, n, &scale, ':');
	if (!percentiles)
		read_values(pen->s, p->mid, ATTR_STRONG, v);
	spark_line(pen->c, plot, v, n, &scale, '*');
	read_values(pen->s, p->p95, ATTR_WARN, v);
	spark_line(pen->c, plot, v, n, &scale, '^');
}

/* ---- the axis of time ----------------------------------------------------------------------------- */

/* The cell of a time in a plot of w cells. */
static int time_cell(const struct series_data *d, int64_t t, int w)
{
	double part = (double)(t - d->from_ns) / ((double)d->step_ns * (double)d->n);

	return (int)floor(part * w);
}

static void draw_ticks(struct canvas *c, struct rect axis, const struct series_data *d, const struct cell_style *style)
{
	int64_t span = d->step_ns * (int64_t)d->n, end = d->from_ns + span;
	int64_t step = series_step(span / (axis.w / TICK_CELLS + 1), 1);
	int free_from = axis.x;

	for (int64_t t = time_floor(d->from_ns + step - 1, step); t < end && t >= d->from_ns; t = time_add(t, step)) {
		int x = axis.x + time_cell(d, t, axis.w), w;
		char text[TEXT_TIME];

		range_time(text, sizeof(text), t, style);
		w = canvas_width(c, text);
		canvas_glyph(c, x, axis.y, ATTR_RULE, GLYPH_CROSS_DOWN);
		if (x < free_from || x + w > axis.x + axis.w)
			continue;
		canvas_text(c, x, axis.y + 1, w, ATTR_DIM, text);
		free_from = x + w + 2;
	}
}

static void draw_time_axis(struct canvas *c, struct rect axis, const struct series *s, const struct cell_style *style)
{
	const struct series_data *d = series_data(s);

	canvas_rule(c, axis.x, axis.y, axis.w, ATTR_RULE);
	draw_ticks(c, axis, d, style);
	for (size_t i = 0; i < d->n; i++) {
		char text[2] = { strip_mark(s, i), '\0' };

		if (text[0] != '\0')
			canvas_text(c, axis.x + spark_cell(i, axis.w, d->n), axis.y, 1,
				text[0] == '~' ? ATTR_WARN : ATTR_BAD, text);
	}
}

/* A line through the panel, where nothing is drawn. */
static void draw_cursor(struct canvas *c, struct rect plot, size_t cursor, size_t n)
{
	int x = plot.x + spark_cell(cursor, plot.w, n);

	for (int y = plot.y; y < plot.y + plot.h; y++) {
		const struct cell *cell = canvas_at(c, x, y);

		if (cell != NULL && cell->cp == ' ')
			canvas_glyph(c, x, y, ATTR_KEY, GLYPH_VLINE);
		else if (cell != NULL)
			canvas_paint(c, (struct rect){ x, y, 1, 1 }, cell->attr | ATTR_SELECTED);
	}
}

/* ---- all of it -------------------------------------------------------------------------------------- */

unsigned chart_columns(int width)
{
	int w = width - AXIS_W - 1;

	return w < 1 ? 1 : w > SERIES_COLUMNS ? SERIES_COLUMNS : (unsigned)w;
}

size_t chart_visible(const struct chart *chart, int height)
{
	size_t room = height > AXIS_H + PANEL_MIN_H ? (size_t)(height - AXIS_H) / PANEL_MIN_H : 1;

	return room < chart->n ? room : chart->n;
}

void chart_draw(struct canvas *c, struct rect r, const struct chart *chart, const struct series *s, size_t cursor,
	const struct cell_style *style)
{
	size_t n = chart_visible(chart, r.h);
	int left = r.h - AXIS_H, y = r.y;

	if (r.w < AXIS_W + 2 || left < 2 || n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		int h = left / (int)(n - i);
		struct panel_pen pen = { c, { r.x, y, r.w, h }, s, &chart->panels[i], cursor };
		struct rect plot = plot_rect(pen.r);

		if (pen.p->value != NULL)
			draw_value(&pen);
		else
			draw_band(&pen);
		draw_cursor(c, plot, cursor, series_data(s)->n);
		y += h;
		left -= h;
	}
	r = (struct rect){ r.x + AXIS_W, y, r.w - AXIS_W - 1, AXIS_H };
	draw_time_axis(c, r, s, style);
	canvas_glyph(c, r.x + spark_cell(cursor, r.w, series_data(s)->n), r.y, ATTR_KEY, GLYPH_UP);
}
