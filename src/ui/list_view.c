/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/list_view.h"

#include "base/mem.h"
#include "flow/health.h"
#include "ui/config.h"
#include "ui/record_label.h"
#include "ui/series.h"
#include "ui/sizes.h"
#include "ui/state.h"

#include <stdio.h>
#include <string.h>

static struct list_view *of(struct view *v)
{
	return (struct list_view *)v;
}

static const struct list_view *of_const(const struct view *v)
{
	return (const struct list_view *)v;
}

/* Those that the user saved (`:save`), else his configuration's, take the place of ours. */
static void columns_configured(struct list_view *lv)
{
	const struct screen *s = lv->view.screen;
	const char *names;
	char key[STATE_KEY_MAX];
	struct err err;

	snprintf(key, sizeof(key), "columns.%s", tier_plural(lv->view.tier));
	names = state_get(s->state, key);
	if (names == NULL)
		names = s->config->columns[lv->view.tier];
	if (names[0] != '\0' &&
		columns_parse(&lv->columns, names, lv->view.tier, &err) == RC_DONE)
		lv->columns.frozen = 1;
}

void list_view_usual_columns(struct list_view *lv)
{
	lv->own_columns = false;
	lv->with_points = lv->view.screen->style.points;
	lv->with_rates = lv->view.screen->live.recorders > 0;
	if (lv->grouping.n > 0) {
		list_view_group_columns(lv);
		return;
	}
	lv->hooks->columns(lv);
	columns_configured(lv);
}

void list_view_init(struct list_view *lv, struct screen *s, const struct view_ops *ops,
	const struct list_hooks *hooks, enum tier tier, const struct id *in)
{
	lv->view.ops = ops;
	lv->view.screen = s;
	lv->view.tier = tier;
	lv->hooks = hooks;
	loader_init(&lv->loader, s->session, tier, in);
	lv->loader.query.from_ns = s->range.from_ns;
	lv->loader.query.to_ns = s->range.to_ns;
	list_view_usual_columns(lv);
	loader_set_sort(&lv->loader, lv->natural, lv->n_natural,
		NULL); /* a failure shows in the list */
}

static void free_view(void *what)
{
	struct list_view *lv = what;

	mem_free(lv->map);
	mem_free(lv);
}

void list_view_close(struct view *v)
{
	struct list_view *lv = of(v);

	rates_clear(&lv->rates);
	loader_free(&lv->loader);
	sizes_free(lv->sizes);
	series_free(lv->over_time);
	series_free(lv->series);
	same_clear(&lv->same);
	session_free_later(v->screen->session, free_view, lv);
}

/* ---- rows ------------------------------------------------------------------------------ */

bool list_view_row(
	const struct list_view *lv, const struct result *r, size_t place, struct row *out)
{
	if (r == NULL || place >= lv->list.count || (lv->fold.on && place == lv->fold.at))
		return false;
	return result_row(r, lv->map != NULL ? lv->map[place] : place, out);
}

/* The place in the list of a row of the result; false where it is hidden. */
static bool place_of(const struct list_view *lv, size_t index, size_t *place)
{
	if (lv->map == NULL) {
		*place = index;
		return index < lv->list.count;
	}
	for (size_t i = 0; i < lv->list.count; i++)
		if (lv->map[i] == index && !(lv->fold.on && i == lv->fold.at)) {
			*place = i;
			return true;
		}
	return false;
}

void list_view_remember(struct list_view *lv)
{
	const struct result *r = loader_lock(&lv->loader);
	struct row row;

	lv->has_key = list_view_row(lv, r, lv->list.selected, &row);
	if (lv->has_key)
		row_id(&row, &lv->key);
	loader_unlock(&lv->loader);
}

/* What makes one row newer than another: when it began. */
bool list_view_row_time(const struct row *row, int64_t *time_ns)
{
	const char *name = row->tier == TIER_PACKET ? "time"
		: row->tier == TIER_MACROFLOW       ? "slice"
						    : "first";
	const struct field *f = field_find(name, row->tier);
	struct value v;

	if (f == NULL || !field_get(f, row, &v))
		return false;
	*time_ns = v.i;
	return true;
}

/*
 * The last row of those that began last; of the services of the newest window the first, which
 * is the busiest one.
 */
static bool newest_place(const struct list_view *lv, const struct result *r, size_t *place)
{
	bool first = lv->view.tier == TIER_MACROFLOW, found = false;
	int64_t newest = 0, t;

	for (size_t i = 0; i < lv->list.count; i++) {
		struct row row;

		if (!list_view_row(lv, r, i, &row) || !list_view_row_time(&row, &t) ||
			(found && (t < newest || (first && t == newest))))
			continue;
		newest = t;
		*place = i;
		found = true;
	}
	return found;
}

/* As much of what is new as there is room for. */
static void select_newest(struct list_view *lv, const struct result *r)
{
	size_t place;

	if (r == NULL || !newest_place(lv, r, &place))
		return;
	list_select(&lv->list, lv->list.count - 1);
	list_select(&lv->list, place);
}

static void select_again(struct list_view *lv, const struct result *r, bool was_fold)
{
	size_t index, place;

	if (r == NULL)
		return;
	if (was_fold && lv->fold.on)
		list_follow(&lv->list, lv->fold.at);
	else if (lv->has_key && result_find(r, &lv->key, &index) && place_of(lv, same_row(&lv->same, index), &place))
		list_follow(&lv->list, place);
}

void list_view_arrange(struct list_view *lv)
{
	const struct result *r = loader_lock(&lv->loader);
	bool was_fold = lv->fold.on && lv->list.selected == lv->fold.at, sought = lv->seek;
	struct list before = lv->list;

	lv->fold.on = false;
	lv->arranged_page = lv->list.page;
	list_set_count(&lv->list, r != NULL ? result_count(r) : 0);
	mem_free(lv->map);
	lv->map = NULL;
	list_view_find_same(lv, r);
	if (lv->hooks->arrange != NULL && r != NULL)
		lv->hooks->arrange(lv, r);
	if (r != NULL && list_view_by_rate(lv))
		list_view_arrange_by_rate(lv, r);
	list_view_hide_same(lv);
	list_view_sum(lv, r);
	/* where the row was on the screen counts, not where fewer rows have put it meanwhile */
	lv->list.selected = before.selected;
	lv->list.top = before.top;
	list_set_count(&lv->list, lv->list.count);
	if (lv->follow)
		select_newest(lv, r);
	else if (lv->seek)
		list_view_select_worst(lv, r);
	else
		select_again(lv, r, was_fold);
	loader_unlock(&lv->loader);
	if (lv->follow || sought)
		list_view_remember(lv);
}

void list_view_update(struct view *v)
{
	struct list_view *lv = of(v);
	bool changed;

	list_view_take_range(lv);
	if (v->screen->live.paused)
		loader_drop_refresh(&lv->loader);
	changed = loader_update(&lv->loader);
	list_view_take_rates(lv, changed);
	if (changed || lv->each_point != v->screen->each_point)
		list_view_arrange(lv);
	list_view_scan_on(lv);
	list_view_update_strip(lv);
	list_view_update_pane(lv);
}

void list_view_refresh(struct view *v)
{
	struct list_view *lv = of(v);

	if (!lv->own_columns &&
		(lv->with_points != v->screen->style.points || lv->with_rates != (v->screen->live.recorders > 0))) {
		list_view_usual_columns(lv);
		if (lv->sort.field != NULL)
			columns_bring(&lv->columns, lv->sort.field);
	}
	if (list_view_by_rate(lv) && !lv->with_rates)
		list_view_set_sort(v, NULL, false, NULL);
	if (v->screen->live.recorders > 0 && !lv->has_key && !loader_loading(&lv->loader))
		list_view_remember(lv);
	loader_refresh(&lv->loader);
	if (lv->series != NULL)
		series_refresh(lv->series);
}

bool list_view_busy(const struct view *v, int *progress)
{
	const struct list_view *lv = of_const(v);

	*progress = loader_progress(&lv->loader);
	return loader_busy(&lv->loader) || lv->scan.what != LIST_SCAN_NONE || (lv->series != NULL && series_busy(lv->series)) ||
		(lv->over_time != NULL && series_busy(lv->over_time)) || (lv->sizes != NULL && sizes_busy(lv->sizes));
}

bool list_view_failed(const struct view *v, struct err *err)
{
	const struct loader *l = &of_const(v)->loader;

	if (l->state != JOB_FAILED)
		return false;
	*err = l->err;
	return true;
}

bool list_view_cancel(struct view *v)
{
	return list_view_scan_stop(of(v)) || loader_cancel(&of(v)->loader);
}

bool list_view_selected(const struct view *v, struct id *out)
{
	/* locking a result does not change the view */
	struct list_view *lv = of((struct view *)(uintptr_t)v);
	const struct result *r = loader_lock(&lv->loader);
	struct row row;
	/* a group is no record */
	bool found = lv->grouping.n == 0 && list_view_row(lv, r, lv->list.selected, &row);

	if (found)
		row_id(&row, out);
	loader_unlock(&lv->loader);
	return found;
}

bool list_view_step(struct view *v, int by, struct id *out)
{
	struct list_view *lv = of(v);
	size_t before = lv->list.selected;

	list_request(&lv->list, by < 0 ? REQ_UP : REQ_DOWN);
	if (lv->list.selected == before)
		return false;
	list_view_remember(lv);
	return list_view_selected(v, out);
}

/* ---- requests -------------------------------------------------------------------------- */

static bool ports_differ(const struct row *row)
{
	return row->tier == TIER_MACROFLOW && row->record->key.has_ports &&
		row->record->key.server_port == 0;
}

/* Id and names of the selected row; false where there is none. */
static bool selected_crumb(
	struct list_view *lv, struct id *id, char crumb[2][VIEW_CRUMB_MAX], bool *ports, bool *trouble)
{
	const struct result *r = loader_lock(&lv->loader);
	struct row row;
	bool found = list_view_row(lv, r, lv->list.selected, &row);

	if (found) {
		row_id(&row, id);
		*ports = ports_differ(&row);
		*trouble = health_trouble(&row) > 0;
		record_label(&row, &lv->view.screen->style, crumb[0], crumb[1], VIEW_CRUMB_MAX);
	}
	loader_unlock(&lv->loader);
	return found;
}

static void open_below(struct list_view *lv,
	struct view *(*make)(struct list_view *lv, const struct id *id, bool ports))
{
	char crumb[2][VIEW_CRUMB_MAX];
	struct view *below;
	struct id id;
	bool ports, trouble;

	list_view_remember(lv);
	if (!selected_crumb(lv, &id, crumb, &ports, &trouble))
		return;
	below = make(lv, &id, ports);
	if (below == NULL)
		return;
	memcpy(below->crumb, crumb, sizeof(crumb));
	if (lv->view.tier != TIER_PACKET) {
		list_view_inherit((struct list_view *)below, lv);
		((struct list_view *)below)->seek = trouble;
	}
	screen_push(lv->view.screen, below);
}

static void open_selected(struct list_view *lv)
{
	if (lv->fold.on && lv->list.selected == lv->fold.at) {
		lv->fold.open = !lv->fold.open;
		list_view_arrange(lv);
		return;
	}
	if (lv->grouping.n > 0)
		list_view_open_group(lv);
	else
		open_below(lv, lv->hooks->below);
}

static struct view *make_packets(struct list_view *lv, const struct id *id, bool ports)
{
	(void)ports;
	return view_packets_new(lv->view.screen, id);
}

static void reverse(struct list_view *lv)
{
	const struct field *f = lv->sort.field;
	bool descending = lv->sort.field == NULL || !lv->sort.descending;
	struct err err;

	if (f == NULL)
		f = field_find(lv->view.tier == TIER_PACKET ? "time" : "first", lv->view.tier);
	if (f != NULL && list_view_set_sort(&lv->view, f, descending, &err) != RC_DONE)
		screen_fail(lv->view.screen, &err);
}

static void stop_following(struct list_view *lv)
{
	if (lv->follow)
		screen_say(lv->view.screen, "no longer following; f follows the newest row again");
	lv->follow = false;
}

static void toggle_follow(struct list_view *lv)
{
	if (lv->follow) {
		stop_following(lv);
	} else if (lv->view.screen->live.recorders == 0) {
		screen_say(lv->view.screen, "nothing is being recorded");
	} else {
		lv->follow = true;
		list_view_arrange(lv);
	}
}

bool list_view_request(struct view *v, enum request r)
{
	struct list_view *lv = of(v);

	if (r != REQ_OPEN && r != REQ_PACKETS)
		lv->seek = false;
	if (r != REQ_BACK && r != REQ_INTERRUPT)
		list_view_scan_stop(lv);
	if (list_request(&lv->list, r)) {
		stop_following(lv);
		list_view_remember(lv);
		return true;
	}
	switch (r) {
	case REQ_OPEN: open_selected(lv); return true;
	case REQ_PACKETS:
		if (lv->grouping.n > 0)
			screen_say(v->screen, "Enter shows the members of the group, P then their packets");
		else if (v->tier != TIER_PACKET)
			open_below(lv, make_packets);
		return true;
	case REQ_LEFT: columns_step(&lv->columns, -1); return true;
	case REQ_RIGHT: columns_step(&lv->columns, 1); return true;
	case REQ_SORT_REVERSE: reverse(lv); return true;
	case REQ_FOLLOW: toggle_follow(lv); return true;
	case REQ_BLOCKS: list_view_open_blocks(lv); return true;
	case REQ_CHART: list_view_open_chart(lv); return true;
	case REQ_NEXT_TROUBLE: list_view_go_to_trouble(lv, 1); return true;
	case REQ_PREV_TROUBLE: list_view_go_to_trouble(lv, -1); return true;
	default:
		return list_view_filter_request(lv, r) || list_view_tag_request(lv, r) ||
			list_view_group_request(lv, r) || list_view_columns_request(lv, r) ||
			list_view_points_request(lv, r);
	}
}

/* ---- filter, order, columns ------------------------------------------------------------- */

enum rc list_view_set_sort(
	struct view *v, const struct field *f, bool descending, struct err *err)
{
	struct list_view *lv = of(v);
	enum rc rc;

	if (rates_is_field(f) && !lv->with_rates)
		return err_set(err, RC_USAGE, "sort", "nothing is recorded: there are no rates");
	lv->sort = (struct query_sort){ f, descending };
	if (f != NULL)
		columns_bring(&lv->columns, f);
	else if (!lv->own_columns)
		list_view_usual_columns(lv);
	if (f != NULL && !rates_is_field(f))
		rc = loader_set_sort(&lv->loader, &lv->sort, 1, err);
	else
		rc = loader_set_sort(&lv->loader, lv->natural, lv->n_natural, err);
	/* another order is looked at from its beginning */
	lv->has_key = false;
	list_select(&lv->list, 0);
	list_view_arrange(lv);
	return rc;
}

enum rc list_view_set_columns(struct view *v, const char *names, struct err *err)
{
	struct list_view *lv = of(v);
	enum rc rc;

	if (names[0] == '\0') {
		list_view_usual_columns(lv);
		return RC_DONE;
	}
	rc = columns_parse(&lv->columns, names, v->tier, err);
	if (rc == RC_DONE) {
		lv->own_columns = true;
		lv->columns.frozen = 1;
	}
	return rc;
}

bool list_view_columns(const struct view *v, char *out, size_t size)
{
	const struct list_view *lv = of_const(v);

	out[0] = '\0';
	return lv->own_columns && columns_format(&lv->columns, out, size);
}
