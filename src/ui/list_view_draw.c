/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How lists of rows are drawn: heading, rows, the line of a fold, what is said where there is
 * none, details.
 */
#include "base/text.h"
#include "ui/config.h"
#include "ui/list_view.h"

#include <stdio.h>

enum { ROW_X = 2, TOTALS_MIN_H = 3 };

static struct rect row_rect(struct rect area, int y)
{
	return (struct rect){ area.x + ROW_X, y, area.w - ROW_X - 1, 1 };
}

void list_view_restyle(struct list_view *lv)
{
	const struct cell_style *now = &lv->view.screen->style;

	if (lv->style.times != now->times || lv->style.local != now->local)
		columns_forget(&lv->columns);
	lv->style = *now;
	lv->style.share = lv->share;
	lv->style.rates = lv->with_rates ? &lv->rates : NULL;
}

/* The row before is what times may be shown since. */
static const struct cell_style *style_at(const struct list_view *lv, const struct result *r, size_t place,
	const struct row *row, struct cell_style *style, struct row *before)
{
	*style = lv->style;
	if (lv->same.hidden > 0 && lv->map != NULL && place < lv->list.count)
		style->others = same_others(&lv->same, lv->map[place]);
	if (lv->style.times == CELL_TIMES_DELTA && place > 0 && list_view_row(lv, r, place - 1, before))
		style->before = before;
	if (lv->hooks->dress != NULL)
		lv->hooks->dress(lv, row, style);
	return style;
}

/* Widths begin with what is shown when the rows are there: how they came is nobody's business. */
static void measure(struct list_view *lv, struct canvas *c, const struct result *r)
{
	bool settling = loader_loading(&lv->loader) || lv->seek;

	if (settling || lv->settling)
		columns_forget(&lv->columns);
	lv->settling = settling;
	for (size_t i = 0; i < lv->list.page; i++) {
		struct cell_style style;
		struct row row, before;

		if (list_view_row(lv, r, lv->list.top + i, &row))
			columns_measure(&lv->columns, c, &row, style_at(lv, r, lv->list.top + i, &row, &style, &before));
	}
}

static void draw_fold(
	const struct list_view *lv, struct canvas *c, struct rect r, unsigned extra)
{
	canvas_glyph(
		c, r.x, r.y, ATTR_KEY | extra, lv->fold.open ? GLYPH_OPEN : GLYPH_ELLIPSIS);
	canvas_text(c, r.x + 2, r.y, r.w - 2, ATTR_DIM | extra, lv->fold.text);
}

/* Packets of the row's time that were lost before they could be recorded. */
static uint64_t row_drops(const struct row *row)
{
	const struct field *f = field_find("drops", row->tier);
	struct value v;

	return f != NULL && field_get(f, row, &v) ? v.u : 0;
}

static bool is_tagged(const struct list_view *lv, const struct row *row)
{
	struct id id;

	if (lv->view.screen->tags.n == 0 || lv->grouping.n > 0)
		return false;
	row_id(row, &id);
	return tags_has(&lv->view.screen->tags, &id);
}

static void draw_row(const struct list_view *lv, struct canvas *c, struct rect area, int y,
	const struct result *r, size_t place)
{
	bool selected = place == lv->list.selected && !lv->view.screen->printing;
	unsigned extra = selected ? ATTR_SELECTED : 0;
	struct rect at = row_rect(area, y);
	struct cell_style style;
	struct row row, before;

	if (extra != 0) {
		canvas_fill(c, (struct rect){ area.x, y, area.w, 1 }, ATTR_NORMAL | extra);
		canvas_glyph(c, area.x, y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	if (lv->fold.on && place == lv->fold.at)
		draw_fold(lv, c, at, extra);
	else if (list_view_row(lv, r, place, &row)) {
		columns_draw_row(&lv->columns, c, at, &row, style_at(lv, r, place, &row, &style, &before), extra,
			lv->search[0] != '\0' ? lv->search : NULL);
		if (lv->with_rates && rates_is_new(&lv->rates, &row))
			canvas_text(c, area.x + 1, y, 1, ATTR_GOOD | extra, "+");
		if (row_drops(&row) > 0)
			canvas_text(c, area.x + 1, y, 1, ATTR_WARN | extra, "!");
		if (is_tagged(lv, &row))
			canvas_text(c, area.x + 1, y, 1, ATTR_KEY | extra, "*");
	}
}

/* What came of nothing yet: who records says that it goes on. */
static bool draw_waiting(const struct list_view *lv, struct canvas *c, int x, int y, int w)
{
	const struct screen *s = lv->view.screen;
	char names[256];

	if (s->live.recorders == 0 || lv->view.filter[0] != '\0' || s->n_views > 1)
		return false;
	live_names(s, names, sizeof(names));
	canvas_printf(c, x, y, w, ATTR_DIM, "waiting for packets%s%s", names[0] != '\0' ? " on " : "",
		names);
	return true;
}

static void draw_empty(const struct list_view *lv, struct canvas *c, struct rect area)
{
	const char *rows = tier_plural(lv->view.tier);
	const struct screen *s = lv->view.screen;
	int x = area.x + ROW_X, y = area.y + 1, w = area.w - ROW_X;
	/* asked anew since the index is whole; whoever follows a recorder asks all the time */
	bool asking = loader_busy(&lv->loader) && !s->indexing && s->live.recorders == 0;

	if (lv->loader.state == JOB_FAILED)
		canvas_printf(c, x, y, w, ATTR_BAD, "%s: %s", lv->loader.err.what,
			lv->loader.err.why);
	else if (lv->loader.state == JOB_CANCELLED)
		canvas_printf(c, x, y, w, ATTR_WARN, "stopped before the first %s was found",
			tier_singular(lv->view.tier));
	else if (loader_loading(&lv->loader) || asking)
		canvas_printf(c, x, y, w, ATTR_DIM, "looking for %s", rows);
	else if (draw_waiting(lv, c, x, y, w))
		return;
	else if (s->indexing)
		canvas_printf(
			c, x, y, w, ATTR_DIM, "no %s yet: the file is being indexed", rows);
	else if (range_is_set(&s->range))
		canvas_printf(c, x, y, w, ATTR_DIM, "no %s in this range of time%s; 0 shows all times", rows,
			lv->view.filter[0] != '\0' ? " match the filter" : "");
	else if (lv->view.filter[0] != '\0')
		canvas_printf(c, x, y, w, ATTR_DIM,
			"no %s match the filter; / and an empty filter show all", rows);
	else
		canvas_printf(c, x, y, w, ATTR_DIM, "there are no %s", rows);
}

static const struct query_sort *shown_sort(const struct list_view *lv)
{
	return lv->sort.field != NULL ? &lv->sort : NULL;
}

void list_view_draw(struct view *v, struct canvas *c, struct rect area)
{
	struct list_view *lv = (struct list_view *)v;
	int strip = list_view_draw_strip(lv, c, area);
	int detail, total, rows;
	const struct result *r;

	area.y += strip;
	area.h -= strip;
	detail = v->screen->printing ? 0 : detail_height(v->screen->pane, area.h);
	total = list_view_has_totals(lv) && area.h - 1 - detail > TOTALS_MIN_H;
	rows = area.h - 1 - detail - total;
	lv->detail.size = v->screen->pane;
	list_view_restyle(lv);
	lv->rows = (struct rect){ area.x + ROW_X, area.y + 1, area.w - ROW_X, rows };
	list_set_page(&lv->list, rows > 0 ? (size_t)rows : 1);
	if (lv->sought)
		list_center(&lv->list); /* where it stands must not depend on how the rows came */
	lv->sought = false;
	if (lv->hooks->arrange != NULL && lv->list.page != lv->arranged_page)
		list_view_arrange(lv);
	r = loader_lock(&lv->loader);
	measure(lv, c, r);
	columns_layout(&lv->columns, area.w - ROW_X - 1);
	columns_draw_header(&lv->columns, c, row_rect(area, area.y), shown_sort(lv));
	for (int i = 0; i < rows; i++)
		if (lv->list.top + (size_t)i < lv->list.count)
			draw_row(lv, c, area, area.y + 1 + i, r, lv->list.top + (size_t)i);
	if (lv->list.count == 0)
		draw_empty(lv, c, area);
	if (total > 0)
		list_view_draw_totals(lv, c, row_rect(area, area.y + 1 + rows));
	if (detail > 0)
		list_view_draw_pane(lv, c,
			(struct rect){ area.x, area.y + area.h - detail, area.w, detail }, r);
	loader_unlock(&lv->loader);
}

size_t list_view_lines(const struct view *v, int width, size_t max)
{
	const struct list_view *lv = (const struct list_view *)v;

	size_t n = lv->list.count + 1 + (list_view_has_totals(lv) ? 1 : 0);

	(void)width;
	/* the heading; what is said where there is no row */
	return lv->list.count == 0 ? 3 : n < max ? n : max;
}

static int add_state(char *state, size_t size, int len, const char *what, const char *text)
{
	if (len < 0 || (size_t)len >= size)
		return len;
	return len +
		snprintf(state + len, size - (size_t)len, "%s%s%s", len > 0 ? "   " : "", what,
			text);
}

/* What the mark beside the selected row means. */
static int add_drops(const struct list_view *lv, char *state, size_t size, int len)
{
	/* locking a result does not change the view */
	struct loader *loader = &((struct list_view *)(uintptr_t)lv)->loader;
	const struct result *r = loader_lock(loader);
	char number[TEXT_NUMBER];
	uint64_t drops = 0;
	struct row row;

	if (list_view_row(lv, r, lv->list.selected, &row))
		drops = row_drops(&row);
	loader_unlock(loader);
	if (drops == 0)
		return len;
	text_count(number, sizeof(number), drops);
	return add_state(state, size, len, "! packets of this window lost before they were recorded: ",
		number);
}

/* What the number beside its capture point means. */
static int add_same(const struct list_view *lv, char *state, size_t size, int len)
{
	/* locking a result does not change the view */
	struct loader *loader = &((struct list_view *)(uintptr_t)lv)->loader;
	const struct result *r = loader_lock(loader);
	char names[160], key[KEY_NAME_MAX], text[224];
	size_t n = list_view_same_text(lv, r, names, sizeof(names));

	loader_unlock(loader);
	if (n == 0)
		return len;
	keymap_key_text(key, sizeof(key), &lv->view.screen->config->keymap, REQ_POINTS);
	snprintf(text, sizeof(text), "%s; %s shows each", names, key);
	return add_state(state, size, len, "also seen at ", text);
}

/* Also those that came where they are not seen. */
static int add_new(const struct list_view *lv, char *state, size_t size, int len)
{
	char number[TEXT_NUMBER];

	text_count(number, sizeof(number), lv->rates.n_new);
	return add_state(state, size, len, "+ new rows: ", number);
}

void list_view_status(const struct view *v, char *position, size_t position_size, char *state,
	size_t state_size)
{
	const struct list_view *lv = (const struct list_view *)v;
	char tags[96], range[160], scan[80];
	int len = 0;

	snprintf(position, position_size, "%zu/%zu%s",
		lv->list.count > 0 ? lv->list.selected + 1 : 0, lv->list.count,
		loader_loading(&lv->loader)                 ? "+"
			: lv->loader.state == JOB_CANCELLED ? " stopped"
							    : "");
	state[0] = '\0';
	if (list_view_scan_text(lv, scan, sizeof(scan)))
		len = add_state(state, state_size, len, scan, "");
	if (loader_cut(&lv->loader, lv->list.count)) {
		char number[TEXT_NUMBER];

		text_count(number, sizeof(number), lv->list.count);
		len = add_state(state, state_size, len,
			"there are more rows than these: filter or sort; shown: ", number);
	}
	if (tags_text(v->screen, tags, sizeof(tags)) > 0)
		len = add_state(state, state_size, len, "* ", tags);
	len = add_drops(lv, state, state_size, len);
	if (lv->with_rates && lv->rates.n_new > 0)
		len = add_new(lv, state, state_size, len);
	if (lv->follow)
		len = add_state(state, state_size, len, "following the newest row", "");
	if (lv->grouping.n > 0)
		len = add_state(state, state_size, len,
			lv->hooks->group_columns != NULL ? "by " : "groups (g0 ends) by ", v->group);
	if (range_text(v->screen, range, sizeof(range)) > 0)
		len = add_state(state, state_size, len, "time (0: all): ", range);
	if (v->screen->style.times == CELL_TIMES_RELATIVE)
		len = add_state(state, state_size, len, "times since the first packet", "");
	if (v->screen->style.times == CELL_TIMES_DELTA)
		len = add_state(state, state_size, len, "times since the row before", "");
	if (v->filter[0] != '\0')
		len = add_state(state, state_size, len, "filter: ", v->filter);
	if (lv->asked.left_out[0] != '\0')
		len = add_state(state, state_size, len, "not here: ", lv->asked.left_out);
	if (lv->sort.field != NULL)
		len = add_state(state, state_size, len,
			lv->sort.descending ? "largest first by " : "smallest first by ",
			lv->sort.field->name);
	if (lv->search[0] != '\0')
		len = add_state(state, state_size, len, "search: ", lv->search);
	add_same(lv, state, state_size, len);
}
