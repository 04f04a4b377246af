/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pane of a list: whose details it shows, and their numbers over time. */
#include "ui/list_view.h"
#include "ui/series.h"
#include "ui/sizes.h"

#include "base/text.h"

enum { COLUMNS = 20 };

/* The selected record from its first packet to its last; false where there is none, or nothing to show. */
static bool make_question(struct list_view *lv, struct series_question *q)
{
	const struct result *r = loader_lock(&lv->loader);
	struct row row;
	bool found = list_view_row(lv, r, lv->list.selected, &row) && row.record != NULL;

	if (found) {
		*q = (struct series_question){ .tier = lv->view.tier, .has_in = true, .columns = COLUMNS };
		row_id(&row, &q->in);
		found = list_view_row_span(&row, &q->from_ns, &q->to_ns) && q->to_ns > q->from_ns;
		q->to_ns = time_add(q->to_ns, 1);
	}
	loader_unlock(&lv->loader);
	return found;
}

static bool shows_pane(const struct list_view *lv)
{
	const struct screen *s = lv->view.screen;

	/* of groups and packets there is nothing over time; before rows are there, they come first */
	return s->pane != DETAIL_NONE && !s->printing && lv->grouping.n == 0 && lv->view.tier != TIER_PACKET &&
		!loader_loading(&lv->loader) && session_sources(s->session)->n > 0;
}

/* Behind the numbers over time: of packets more has to be read. */
static void update_sizes(struct list_view *lv)
{
	const struct result *r;
	struct row row;

	if (lv->sizes != NULL)
		sizes_update(lv->sizes);
	if (!shows_pane(lv) || screen_rest_ms(lv->view.screen) > 0 || series_busy(lv->over_time) ||
		!series_is_current(lv->over_time))
		return;
	if (lv->sizes == NULL && sizes_new(lv->view.screen->session, &lv->sizes, NULL) != RC_DONE)
		return;
	r = loader_lock(&lv->loader);
	if (list_view_row(lv, r, lv->list.selected, &row))
		sizes_ask(lv->sizes, &row);
	loader_unlock(&lv->loader);
}

/* Who holds a key down asks for the row where he stops, not for all. */
void list_view_update_pane(struct list_view *lv)
{
	bool shows = shows_pane(lv) && screen_rest_ms(lv->view.screen) == 0;
	struct series_question q;

	if (lv->over_time != NULL)
		series_update(lv->over_time);
	if (lv->over_time == NULL && shows && series_new(lv->view.screen->session, &lv->over_time, NULL) != RC_DONE)
		return;
	if (lv->over_time != NULL && shows && !series_busy(lv->over_time) && make_question(lv, &q))
		series_ask(lv->over_time, &q);
	if (lv->over_time != NULL)
		update_sizes(lv);
}

void list_view_draw_pane(struct list_view *lv, struct canvas *c, struct rect r, const struct result *result)
{
	struct cell_style dressed = lv->view.screen->style;
	const struct cell_style *style = &dressed;
	char label[VIEW_CRUMB_MAX];
	struct row row;

	if (!list_view_row(lv, result, lv->list.selected, &row)) {
		canvas_rule(c, r.x, r.y, r.w, ATTR_RULE);
		return;
	}
	if (lv->hooks->dress != NULL)
		lv->hooks->dress(lv, &row, &dressed);
	if (lv->grouping.n > 0)
		grouping_label(&lv->grouping, &row, style, label, sizeof(label));
	lv->detail.label = lv->grouping.n > 0 ? label : NULL;
	lv->detail.has_id = lv->grouping.n == 0;
	lv->detail.more.over_time = lv->grouping.n == 0 ? lv->over_time : NULL;
	lv->detail.more.sizes = lv->grouping.n == 0 ? lv->sizes : NULL;
	detail_draw(&lv->detail, c, r, &row, style);
	lv->detail.label = NULL;
}
