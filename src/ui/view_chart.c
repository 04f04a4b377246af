/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time chart: fields over time, of what a list shows or of one of its rows, with a cursor that goes by columns. */
#include "base/mem.h"
#include "base/text.h"
#include "flow/health.h"
#include "ui/chart.h"
#include "ui/screen.h"
#include "ui/spark.h"
#include "ui/strip.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_COLUMNS = 10 };

struct chart_view {
	struct view view;
	struct chart chart;
	struct series *series;
	struct chart_of of;
	bool whole; /* of all that the list shows, not of its selected row */
	int64_t cursor_ns; /* the cursor's column holds it, where has_cursor */
	bool has_cursor;
};

static struct chart_view *of(struct view *v)
{
	return (struct chart_view *)v;
}

static const struct chart_view *of_const(const struct view *v)
{
	return (const struct chart_view *)v;
}

static const struct series_data *data_of(const struct chart_view *cv)
{
	const struct series_data *d = series_data(cv->series);

	return d != NULL && d->n > 0 ? d : NULL;
}

static void close_view(struct view *v)
{
	series_free(of(v)->series);
	mem_free(v);
}

/* ---- the cursor ----------------------------------------------------------------------------- */

static size_t busiest(const struct series_data *d)
{
	size_t best = 0;
	uint64_t most = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->column[i].any && counters_bytes(&d->column[i].rec.c) > most) {
			most = counters_bytes(&d->column[i].rec.c);
			best = i;
		}
	return best;
}

/* Where the cursor is; outside of what is shown it goes to the nearest column, at first to the busiest. */
static size_t cursor_column(const struct chart_view *cv)
{
	const struct series_data *d = data_of(cv);
	size_t i;

	if (!cv->has_cursor)
		return busiest(d);
	if (series_column_at(d, cv->cursor_ns, &i))
		return i;
	return cv->cursor_ns < d->from_ns ? 0 : d->n - 1;
}

static void column_span(const struct series_data *d, size_t i, int64_t *from_ns, int64_t *to_ns)
{
	*from_ns = d->from_ns + (int64_t)i * d->step_ns;
	*to_ns = time_add(*from_ns, d->step_ns);
}

static void move_to(struct chart_view *cv, size_t i)
{
	int64_t to;

	column_span(data_of(cv), i, &cv->cursor_ns, &to);
	cv->has_cursor = true;
}

static void move_by(struct chart_view *cv, long by)
{
	const struct series_data *d = data_of(cv);
	long at = (long)cursor_column(cv) + by;

	move_to(cv, at < 0 ? 0 : at >= (long)d->n ? d->n - 1 : (size_t)at);
}

/* The next column that is not well. */
static void go_to_trouble(struct chart_view *cv, long by)
{
	const struct series_data *d = data_of(cv);
	size_t at = cursor_column(cv);

	for (long i = (long)at + by; i >= 0 && i < (long)d->n; i += by) {
		uint8_t rank;

		strip_attr(cv->series, (size_t)i, &rank);
		if (rank == 0 && strip_mark(cv->series, (size_t)i) == 0)
			continue;
		move_to(cv, (size_t)i);
		return;
	}
	screen_say(cv->view.screen, "%s columns are all well", by > 0 ? "later" : "earlier");
}

static bool span(const struct view *v, int64_t *first_ns, int64_t *last_ns)
{
	const struct chart_view *cv = of_const(v);

	if (data_of(cv) == NULL)
		return false;
	column_span(data_of(cv), cursor_column(cv), first_ns, last_ns);
	*last_ns -= 1;
	return true;
}

/* ---- asking ----------------------------------------------------------------------------------- */

static void ask(struct chart_view *cv)
{
	struct screen *s = cv->view.screen;
	struct series_question q = cv->whole ? cv->of.all : cv->of.one;

	q.columns = chart_columns(s->canvas->w);
	if (range_is_set(&s->range)) {
		q.from_ns = s->range.from_ns;
		q.to_ns = s->range.to_ns;
	}
	series_ask(cv->series, &q);
}

static void update(struct view *v)
{
	series_update(of(v)->series);
	ask(of(v));
}

static void refresh(struct view *v)
{
	series_refresh(of(v)->series);
}

static bool busy(const struct view *v, int *progress)
{
	*progress = -1;
	return series_busy(of_const(v)->series);
}

static bool failed(const struct view *v, struct err *err)
{
	return series_failed(of_const(v)->series, err);
}

/* ---- drawing ------------------------------------------------------------------------------------ */

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct chart_view *cv = of(v);
	struct err err;

	if (data_of(cv) != NULL)
		chart_draw(c, area, &cv->chart, cv->series, cursor_column(cv), &v->screen->style);
	else if (series_failed(cv->series, &err))
		canvas_printf(c, area.x + 2, area.y + 1, area.w - 2, ATTR_BAD, "%s: %s", err.what, err.why);
	else
		canvas_text(c, area.x + 2, area.y + 1, area.w - 2, ATTR_DIM,
			series_busy(cv->series) ? "adding up" : "there is nothing in this time");
}

static int put(char *out, size_t size, int len, const char *text)
{
	return len < 0 || (size_t)len >= size ? len : len + snprintf(out + len, size - (size_t)len, "%s", text);
}

/* What is to be known of the cursor's column beside its values. */
static void put_column(const struct chart_view *cv, size_t i, char *out, size_t size)
{
	const struct series_column *column = &data_of(cv)->column[i];
	struct health_verdict verdict;
	char text[200];
	struct row row;
	int len = 0;

	if (series_row(cv->series, i, &row)) {
		health_judge(row.record, row.limits, &verdict);
		if (verdict.known && verdict.health != HEALTH_NORMAL && health_why(text, sizeof(text), &verdict) > 0) {
			len = put(out, size, len, "   ");
			len = put(out, size, len, health_name(verdict.health));
			len = put(out, size, len, ": ");
			len = put(out, size, len, text);
		}
	} else {
		len = put(out, size, len, "   nothing");
	}
	if (column->dropped > 0) {
		len = put(out, size, len, "   d: lost before they were recorded: ");
		text_count(text, sizeof(text), column->dropped);
		len = put(out, size, len, text);
	}
	if (column->notes & SERIES_EVICTED)
		len = put(out, size, len, "   x: packets were evicted");
	if (column->notes & SERIES_UNINDEXED)
		len = put(out, size, len, "   ?: not all is indexed");
	if (data_of(cv)->n_points > 1) {
		snprintf(text, sizeof(text), "   %zu capture points added up", data_of(cv)->n_points);
		put(out, size, len, text);
	}
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct chart_view *cv = of_const(v);
	const struct series_data *d = data_of(cv);
	int64_t from, to;
	size_t i, len;

	position[0] = state[0] = '\0';
	if (d == NULL)
		return;
	i = cursor_column(cv);
	column_span(d, i, &from, &to);
	snprintf(position, position_size, "%zu/%zu", i + 1, d->n);
	len = range_times(state, state_size, from, to, &v->screen->style);
	put_column(cv, i, state + len, state_size - len);
}

/* ---- requests -------------------------------------------------------------------------------------- */

static void open_column(struct chart_view *cv)
{
	struct screen *s = cv->view.screen;
	int64_t from, to;

	column_span(data_of(cv), cursor_column(cv), &from, &to);
	range_set(s, from, to);
	screen_pop(s, false);
	screen_say(s, "the rows of this time; 0 shows all times");
}

static void set_crumb(struct chart_view *cv)
{
	if (cv->whole)
		snprintf(cv->view.crumb[0], VIEW_CRUMB_MAX, "over time");
	else
		snprintf(cv->view.crumb[0], VIEW_CRUMB_MAX, "%.100s over time", cv->of.label);
}

static void toggle(struct chart_view *cv)
{
	if (!cv->of.has_one || !cv->of.has_all) {
		screen_say(cv->view.screen, "this is all that there is to be shown");
		return;
	}
	cv->whole = !cv->whole;
	set_crumb(cv);
	ask(cv);
}

static void ask_for_fields(struct chart_view *cv)
{
	char line[CHART_FIELDS_MAX + 8] = "chart ";
	size_t len = strlen(line);

	for (size_t i = 0; i < cv->chart.n; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s", i > 0 ? "," : "", cv->chart.panels[i].name);
	prompt_open(cv->view.screen->prompt, PROMPT_COMMAND, " :", line, len);
}

static bool move(struct chart_view *cv, enum request r)
{
	switch (r) {
	case REQ_LEFT:
	case REQ_UP: move_by(cv, -1); return true;
	case REQ_RIGHT:
	case REQ_DOWN: move_by(cv, 1); return true;
	case REQ_PAGE_UP:
	case REQ_HALF_UP: move_by(cv, -PAGE_COLUMNS); return true;
	case REQ_PAGE_DOWN:
	case REQ_HALF_DOWN: move_by(cv, PAGE_COLUMNS); return true;
	case REQ_FIRST: move_by(cv, -SERIES_COLUMNS); return true;
	case REQ_LAST: move_by(cv, SERIES_COLUMNS); return true;
	case REQ_NEXT_TROUBLE: go_to_trouble(cv, 1); return true;
	case REQ_PREV_TROUBLE: go_to_trouble(cv, -1); return true;
	case REQ_OPEN: open_column(cv); return true;
	default: return false;
	}
}

static bool request(struct view *v, enum request r)
{
	struct chart_view *cv = of(v);

	if (data_of(cv) != NULL && move(cv, r))
		return true;
	switch (r) {
	case REQ_CHART: toggle(cv); return true;
	case REQ_SORT: ask_for_fields(cv); return true;
	default: return false;
	}
}

enum rc view_chart_set_fields(struct screen *s, const char *names, struct err *err)
{
	struct view *v = screen_top(s);
	struct chart chart;
	enum rc rc = chart_parse(&chart, names[0] != '\0' ? names : CHART_USUAL, err);

	if (rc != RC_DONE)
		return rc;
	if (strlen(names) >= sizeof(s->chart))
		return err_set(err, RC_USAGE, "chart", "too many names");
	snprintf(s->chart, sizeof(s->chart), "%s", names);
	if (strcmp(v->ops->name, "chart") != 0)
		screen_request(s, REQ_CHART);
	else
		of(v)->chart = chart;
	return RC_DONE;
}

static const struct view_hint hints[] = { { REQ_LEFT, "column before" }, { REQ_RIGHT, "next" }, { REQ_OPEN, "its rows" },
	{ REQ_NEXT_TROUBLE, NULL }, { REQ_BACK, NULL }, { REQ_ZOOM_IN, NULL }, { REQ_ZOOM_ALL, NULL }, { REQ_CHART, "row or all" },
	{ REQ_SORT, "fields" }, { REQ_HELP, NULL }, { REQ_NONE, NULL } };

static const struct view_ops ops = {
	.name = "chart",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.update = update,
	.refresh = refresh,
	.busy = busy,
	.failed = failed,
	.status = status,
	.span = span,
};

struct view *view_chart_new(struct screen *s, const struct chart_of *what, struct err *err)
{
	struct chart_view *cv = mem_calloc(1, sizeof(*cv));

	if (cv == NULL) {
		err_memory(err);
		return NULL;
	}
	cv->view.ops = &ops;
	cv->view.screen = s;
	cv->of = *what;
	cv->whole = what->has_all;
	cv->view.tier = what->has_all ? what->all.tier : what->one.tier;
	cv->has_cursor = what->has_cursor;
	cv->cursor_ns = what->cursor_ns;
	set_crumb(cv);
	if (series_new(s->session, &cv->series, err) != RC_DONE ||
		chart_parse(&cv->chart, s->chart[0] != '\0' ? s->chart : CHART_USUAL, err) != RC_DONE) {
		close_view(&cv->view);
		return NULL;
	}
	ask(cv);
	return &cv->view;
}
