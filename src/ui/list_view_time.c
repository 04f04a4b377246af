/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists and time: the range that they ask for, the time of their rows, and the strip above them. */
#include "ui/list_view.h"
#include "ui/chart.h"
#include "ui/strip.h"
#include "ui/view_blocks.h"

#include "base/text.h"
#include "ui/record_label.h"

#include <stdatomic.h>
#include <stdio.h>

enum { STRIP_MIN_H = 12, STRIP_TWO_H = 36, EXTENT_PARTS = 16 };

/* ---- the time of rows --------------------------------------------------------------------- */

bool list_view_row_span(const struct row *row, int64_t *first_ns, int64_t *last_ns)
{
	if (row->packet != NULL)
		*first_ns = *last_ns = row->packet->pkt.time_ns;
	else if (row->record != NULL) {
		*first_ns = row->record->c.first_ns;
		*last_ns = row->record->c.last_ns;
	}
	return row->packet != NULL || row->record != NULL;
}

bool list_view_span(const struct view *v, int64_t *first_ns, int64_t *last_ns)
{
	/* locking a result does not change the view */
	struct list_view *lv = (struct list_view *)(uintptr_t)v;
	const struct result *r = loader_lock(&lv->loader);
	struct row row;
	bool found = list_view_row(lv, r, lv->list.selected, &row) && list_view_row_span(&row, first_ns, last_ns);

	loader_unlock(&lv->loader);
	return found;
}

/* From the first row's beginning to the last one's end: the strip's time, where it is of one record. */
static void find_extent(struct list_view *lv, const struct result *r)
{
	struct list_extent *e = &lv->extent;
	struct result_sums sums = { 0 };

	if (r != NULL)
		result_sums(r, &sums);
	*e = (struct list_extent){ .rows = r != NULL ? result_count(r) : 0, .known = sums.has_time, .from_ns = sums.first_ns,
		.to_ns = time_add(sums.last_ns, 1) };
}

/* While it is recorded the end moves all the time: in steps, so that columns need not be made anew each time. */
static void round_extent(const struct screen *s, int64_t *from_ns, int64_t *to_ns)
{
	int64_t unit = series_step(time_sub(*to_ns, *from_ns) / EXTENT_PARTS, 1);

	if (s->live.recorders == 0)
		return;
	*from_ns = time_floor(*from_ns, unit);
	*to_ns = time_add(time_floor(time_sub(*to_ns, 1), unit), unit);
}

/* ---- the range ------------------------------------------------------------------------------- */

void list_view_take_range(struct list_view *lv)
{
	const struct range *range = &lv->view.screen->range;
	struct query *q = &lv->loader.query;
	bool slides = range->last_ns > 0 && q->to_ns == range->to_ns && q->from_ns < range->from_ns && q->from_ns != INT64_MIN;
	struct err err;

	if (q->from_ns == range->from_ns && q->to_ns == range->to_ns)
		return;
	if (slides) {
		loader_slide(&lv->loader, range->from_ns);
		return;
	}
	/* two steps of zooming in a row: what was selected before the first */
	if (lv->list.count > 0)
		list_view_remember(lv);
	list_select(&lv->list, 0);
	columns_forget(&lv->columns);
	if (loader_set_range(&lv->loader, range->from_ns, range->to_ns, &err) != RC_DONE)
		screen_fail(lv->view.screen, &err);
	list_view_arrange(lv);
}

/* ---- the strip --------------------------------------------------------------------------------- */

static bool has_packets(const struct screen *s)
{
	const struct query_sources *sources = session_sources(s->session);

	for (size_t i = 0; i < sources->n; i++)
		if (sources->stores[i] != NULL && store_totals(sources->stores[i])->packets > 0)
			return true;
	return false;
}

static int strip_height(const struct screen *s, int h)
{
	if (s->printing || s->no_strip || h < STRIP_MIN_H || !has_packets(s))
		return 0;
	return h >= STRIP_TWO_H ? 2 : 1;
}

/* All rows of the list, whatever they are grouped by, at all times. */
static void base_question(const struct list_view *lv, struct series_question *q)
{
	const struct list_extent *e = &lv->extent;

	*q = (struct series_question){ .tier = lv->view.tier, .from_ns = INT64_MIN, .to_ns = INT64_MAX,
		.has_in = lv->loader.query.n_in > 0, .columns = 1 };
	snprintf(q->filter, sizeof(q->filter), "%s", lv->view.filter);
	if (!q->has_in)
		return;
	q->in = lv->loader.in;
	if (e->known && !range_is_set(&lv->view.screen->range)) {
		q->from_ns = e->from_ns;
		q->to_ns = e->to_ns;
		round_extent(lv->view.screen, &q->from_ns, &q->to_ns);
	}
}

/* What the strip shows: those of the range, of groups those of the selected one. */
static void make_question(const struct list_view *lv, struct series_question *q, unsigned columns)
{
	const struct range *range = &lv->view.screen->range;

	char label[VIEW_CRUMB_MAX];

	base_question(lv, q);
	list_view_group_question(lv, q, label, sizeof(label));
	q->columns = columns;
	if (range_is_set(range)) {
		q->from_ns = range->from_ns;
		q->to_ns = range->to_ns;
	}
}

/* The list's own first rows come first. */
static bool is_time_for_strip(struct list_view *lv)
{
	const struct result *r = loader_lock(&lv->loader);
	size_t n = r != NULL ? result_count(r) : 0;
	bool settled = !loader_loading(&lv->loader);

	if (lv->loader.query.n_in > 0 && settled && n != lv->extent.rows)
		find_extent(lv, r);
	loader_unlock(&lv->loader);
	/* of one record the extent is known when all rows are there */
	return settled || (n > 0 && lv->loader.query.n_in == 0);
}

void list_view_update_strip(struct list_view *lv)
{
	struct screen *s = lv->view.screen;
	struct series_question q;

	if (lv->series != NULL)
		series_update(lv->series);
	if (strip_height(s, s->canvas->h) == 0 || screen_rest_ms(s) > 0 || !is_time_for_strip(lv) ||
		lv->loader.state == JOB_FAILED)
		return;
	if (lv->series == NULL && series_new(s->session, &lv->series, NULL) != RC_DONE)
		return;
	/* who holds a key down asks for the group where he stops, not for all */
	if (lv->grouping.n > 0 && series_busy(lv->series))
		return;
	make_question(lv, &q, strip_columns(s->canvas->w));
	series_ask(lv->series, &q);
}

int list_view_draw_strip(struct list_view *lv, struct canvas *c, struct rect area)
{
	struct screen *s = lv->view.screen;
	int h = strip_height(s, c->h);
	struct strip strip = { .series = lv->series, .style = &s->style, .indexed_permille = -1 };

	if (h == 0 || area.h <= h)
		return 0;
	strip.of_group = lv->grouping.n > 0;
	strip.has_cursor = !strip.of_group && list_view_span(&lv->view, &strip.first_ns, &strip.last_ns);
	if (s->indexing && lv->loader.query.n_in == 0 && !range_is_set(&s->range))
		strip.indexed_permille = chrome_indexed_permille(s);
	strip_draw(c, (struct rect){ area.x, area.y, area.w, h }, &strip);
	return h;
}

/* ---- the chart ----------------------------------------------------------------------------------- */

/* The question of one row: what lies below it. */
static void question_of_row(const struct list_view *lv, const struct row *row, struct chart_of *of)
{
	struct series_question *q = &of->one;
	char first[128], second[128];
	int64_t last = 0;

	of->has_cursor = list_view_row_span(row, &of->cursor_ns, &last);
	/* what is below a packet is the packet; a group is no record */
	if (row->packet != NULL || lv->grouping.n > 0)
		return;
	of->has_one = true;
	*q = (struct series_question){ .tier = row->tier == TIER_MACROFLOW ? TIER_FLOW
			: row->tier == TIER_FLOW ? TIER_MICROFLOW : TIER_PACKET,
		.has_in = true, .from_ns = of->cursor_ns, .to_ns = time_add(last, 1) };
	row_id(row, &q->in);
	round_extent(lv->view.screen, &q->from_ns, &q->to_ns);
	record_label(row, &lv->view.screen->style, first, second, sizeof(first));
	snprintf(of->label, sizeof(of->label), "%.60s%s%.60s", first, second[0] != '\0' ? " " : "", second);
}

void list_view_open_chart(struct list_view *lv)
{
	struct chart_of of = { .has_all = true };
	const struct result *r = loader_lock(&lv->loader);
	struct view *v;
	struct row row;
	struct err err;

	if (list_view_row(lv, r, lv->list.selected, &row))
		question_of_row(lv, &row, &of);
	if (lv->loader.query.n_in > 0)
		find_extent(lv, r);
	loader_unlock(&lv->loader);
	base_question(lv, &of.all);
	if (lv->grouping.n > 0) {
		of.one = of.all;
		of.has_one = list_view_group_question(lv, &of.one, of.label, sizeof(of.label));
	}
	v = view_chart_new(lv->view.screen, &of, &err);
	if (v == NULL)
		screen_fail(lv->view.screen, &err);
	else
		screen_push(lv->view.screen, v);
}

/* ---- the blocks ---------------------------------------------------------------------------------- */

void list_view_open_blocks(struct list_view *lv)
{
	const struct query *query = &lv->loader.query;
	struct blocks_query q = { .any = true, .tier = lv->view.tier, .from_ns = query->from_ns, .to_ns = query->to_ns,
		.has_in = query->n_in > 0, .in = lv->loader.in };

	snprintf(q.filter, sizeof(q.filter), "%s", lv->view.filter);
	screen_push(lv->view.screen, view_blocks_new(lv->view.screen, &q));
}
