/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of a list's rows: sums, their columns, and the way down to their members. */
#include "ui/list_view.h"
#include "ui/series.h"

#include <stdio.h>
#include <string.h>

/* ---- columns ----------------------------------------------------------------------------- */

static const char *const sums[] = { "health", "clients", "flows", "bytes", "packets", "response_avg", "response_max",
	"response_p95", "rtt_avg", "requests", "errors", "retrans", "why", "c2s_bytes", "s2c_bytes", "first", "last",
	"refused", "rst", "zero_window", "size_avg", "malformed", "checksum_errors", "fragments", NULL };

/* What groups are kept apart by, and is not in what was asked for. */
static bool shows_points(const struct list_view *lv)
{
	return query_groups_by_point(session_sources(lv->view.screen->session), &lv->loader.query);
}

void list_view_group_heads(struct list_view *lv)
{
	struct columns *cs = &lv->columns;

	columns_clear(cs);
	for (size_t i = 0; i < lv->grouping.n; i++) {
		columns_add(cs, lv->grouping.by[i]);
		if (strcmp(lv->grouping.by[i]->name, "service") == 0)
			columns_add(cs, &cell_port_field);
	}
	if (shows_points(lv))
		columns_add(cs, field_find("point", lv->view.tier));
	cs->frozen = cs->n;
}

void list_view_group_columns(struct list_view *lv)
{
	struct columns *cs = &lv->columns;

	if (lv->hooks->group_columns != NULL) {
		lv->hooks->group_columns(lv);
		return;
	}
	list_view_group_heads(lv);
	for (size_t i = 0; sums[i] != NULL; i++) {
		const struct field *f = field_find(sums[i], lv->view.tier);

		/* percentiles are kept of macroflows alone */
		if (f != NULL && (lv->view.tier == TIER_MACROFLOW || strcmp(sums[i], "response_p95") != 0))
			columns_add(cs, f);
	}
}

/* ---- grouping ---------------------------------------------------------------------------- */

/* The natural order of groups is by bytes, the most first. */
static enum rc ask(struct list_view *lv, struct err *err)
{
	struct query_sort by_bytes = { field_find("bytes", lv->view.tier), true };
	const struct grouping *g = &lv->grouping;

	return loader_set_group(&lv->loader, g->by, g->n, g->n > 0 ? &by_bytes : lv->natural,
		g->n > 0 ? 1 : lv->n_natural, err);
}

/* Macroflows have many clients: their flows are grouped, in a list of their own. */
static enum rc group_flows(struct list_view *lv, const char *names, struct err *err)
{
	const struct id *in = lv->loader.query.n_in > 0 ? &lv->loader.in : NULL;
	struct view *v = view_records_new(lv->view.screen, TIER_FLOW, in, true);
	enum rc rc = RC_DONE;

	if (v == NULL)
		return err_memory(err);
	if (lv->view.filter[0] != '\0')
		rc = v->ops->set_filter(v, lv->view.filter, err);
	if (rc == RC_DONE)
		rc = v->ops->set_group(v, names, err);
	if (rc != RC_DONE) {
		v->ops->close(v);
		return rc;
	}
	snprintf(v->crumb[0], VIEW_CRUMB_MAX, "%s", in == NULL ? "all flows" : "flows");
	screen_push(lv->view.screen, v);
	return RC_DONE;
}

/* What groups can be made by, the query knows: it is asked with what is to be, which may fail. */
enum rc list_view_set_group(struct view *v, const char *names, struct err *err)
{
	struct list_view *lv = (struct list_view *)v;
	struct grouping g;
	enum rc rc = grouping_parse(names, v->tier, &g, err);

	if (rc != RC_DONE)
		return rc;
	if (!grouping_fits(&g, v->tier))
		return group_flows(lv, names, err);
	lv->grouping = g;
	snprintf(v->group, sizeof(v->group), "%s", g.n > 0 ? names : "");
	lv->sort.field = NULL;
	lv->has_key = lv->seek = false;
	lv->search[0] = '\0';
	list_select(&lv->list, 0);
	rc = ask(lv, err);
	list_view_usual_columns(lv);
	list_view_arrange(lv);
	return rc;
}

void list_view_open_top(struct list_view *lv)
{
	const struct id *in = lv->loader.query.n_in > 0 ? &lv->loader.in : NULL;
	struct screen *s = lv->view.screen;
	struct view *v;
	struct err err;

	if (lv->view.ops->set_group == NULL) {
		screen_say(s, "top talkers are of macroflows, flows or microflows");
		return;
	}
	v = view_top_new(s, lv->view.tier, in, lv->view.filter, &err);
	if (v == NULL)
		screen_fail(s, &err);
	else
		screen_push(s, v);
}

bool list_view_group_request(struct list_view *lv, enum request r)
{
	const char *names = grouping_names(r);
	struct screen *s = lv->view.screen;
	struct err err;

	if (r == REQ_TOP)
		list_view_open_top(lv);
	if (names == NULL)
		return r == REQ_TOP;
	if (lv->view.ops->set_group == NULL)
		screen_say(s, "only macroflows, flows and microflows can be grouped");
	else if (lv->view.ops->set_group(&lv->view, names, &err) != RC_DONE)
		screen_fail(s, &err);
	return true;
}

/* ---- members ----------------------------------------------------------------------------- */

/* A group is of one capture point where there are several: its members lie below that. */
static const struct id *members_in(const struct list_view *lv, const struct row *row, struct id *point)
{
	const struct cell_style *style = &lv->view.screen->style;

	if (lv->loader.query.n_in > 0)
		return &lv->loader.in;
	if (!style->points && style->sources == NULL)
		return NULL;
	*point = (struct id){ .tier = TIER_POINT, .source = row->source, .rec.block = row->record->key.point };
	return point;
}

struct members {
	char filter[sizeof(((struct view *)0)->filter)], crumb[VIEW_CRUMB_MAX];
	const struct id *in;
	struct id point;
};

/* How to ask for the members of the selected group; RC_NOTHING where none is selected. */
static enum rc find_members(struct list_view *lv, bool by_key, struct members *m, struct err *err)
{
	const struct cell_style *style = &lv->view.screen->style;
	const struct result *r = loader_lock(&lv->loader);
	enum rc rc = RC_NOTHING;
	char point[CELL_TEXT];
	struct row row;

	if (list_view_row(lv, r, lv->list.selected, &row)) {
		rc = grouping_filter(&lv->grouping, &row, lv->view.filter, by_key, m->filter, sizeof(m->filter), err);
		grouping_label(&lv->grouping, &row, style, m->crumb, sizeof(m->crumb));
		m->in = members_in(lv, &row, &m->point);
		if (shows_points(lv)) {
			size_t len = strlen(m->crumb);

			cell_point(point, sizeof(point), &row, style);
			snprintf(m->crumb + len, sizeof(m->crumb) - len, " @%.20s", point);
		}
	}
	loader_unlock(&lv->loader);
	return rc;
}

void list_view_open_group(struct list_view *lv)
{
	struct screen *s = lv->view.screen;
	struct view *v = NULL;
	struct members m;
	struct err err;
	enum rc rc = find_members(lv, false, &m, &err);

	list_view_remember(lv);
	if (rc == RC_NOTHING)
		return;
	if (rc == RC_DONE) {
		v = view_records_new(s, lv->view.tier, m.in, true);
		rc = v != NULL ? v->ops->set_filter(v, m.filter, &err) : err_memory(&err);
	}
	if (rc != RC_DONE) {
		screen_fail(s, &err);
		if (v != NULL)
			v->ops->close(v);
		return;
	}
	snprintf(v->crumb[0], VIEW_CRUMB_MAX, "%s", m.crumb);
	screen_push(s, v);
}

bool list_view_group_question(const struct list_view *lv, struct series_question *q, char *label, size_t size)
{
	struct members m;
	struct err err;

	/* locking a result does not change the view */
	if (lv->grouping.n == 0 || find_members((struct list_view *)(uintptr_t)lv, true, &m, &err) != RC_DONE ||
		strlen(m.filter) >= sizeof(q->filter))
		return false;
	snprintf(q->filter, sizeof(q->filter), "%s", m.filter);
	q->has_in = m.in != NULL;
	if (m.in != NULL)
		q->in = *m.in;
	snprintf(label, size, "%s", m.crumb);
	return true;
}
