/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Top talkers: groups of what a list shows, the largest first, with their shares as bars. A list of groups like any other (filter,
 * details, members below); only its measure, and so its order, is its own. Shares are of what was seen at the same capture
 * point: what several saw is never added up.
 */
#include "base/mem.h"
#include "query/filter.h"
#include "ui/list_view.h"

#include <stdio.h>
#include <string.h>

static const char *const measures[] = { "bytes", "packets", "flows", "errors" };

enum { MEASURES = sizeof(measures) / sizeof(measures[0]) };

struct top_view {
	struct list_view list; /* first */
	enum tier base; /* of the list that it was opened from; by clients it is grouped flows instead */
	size_t measure;
	struct cell_share share;
};

static struct top_view *of(struct view *v)
{
	return (struct top_view *)v;
}

/* ---- shares ------------------------------------------------------------------------------ */

static uint64_t point_of(const struct row *row)
{
	return (uint64_t)row->source << 32 | row->record->key.point;
}

/* What all groups of a capture point have together. */
static double *total_of(struct cell_share *s, const struct row *row)
{
	uint64_t point = point_of(row);
	size_t i = 0;

	while (i < s->n && s->points[i].point != point)
		i++;
	if (i == CELL_SHARE_POINTS)
		return NULL;
	if (i == s->n)
		s->points[s->n++] = (struct cell_share_point){ .point = point };
	return &s->points[i].total;
}

static void sum_up(struct list_view *lv, const struct result *r)
{
	struct cell_share *s = &of(&lv->view)->share;
	struct value v;
	struct row row;

	s->n = 0;
	s->most = 0;
	for (size_t i = 0; i < result_count(r); i++) {
		double *total;

		if (!result_row(r, i, &row) || !field_get(s->measure, &row, &v))
			continue;
		total = total_of(s, &row);
		if (total != NULL)
			*total += (double)v.u;
		if ((double)v.u > s->most)
			s->most = (double)v.u;
	}
	lv->share = s;
}

/* ---- columns ----------------------------------------------------------------------------- */

static void add(struct columns *cs, const char *name, enum tier tier)
{
	const struct field *f = field_find(name, tier);

	if (f != NULL)
		columns_add(cs, f);
}

static void set_columns(struct list_view *lv)
{
	static const char *const more[] = { "health", "clients", "response_avg", "response_max", "rtt_avg", "retrans", "why",
		"first", "last" };
	enum tier tier = lv->view.tier;

	list_view_group_heads(lv);
	columns_add(&lv->columns, &cell_share_field);
	columns_add(&lv->columns, &cell_bar_field);
	add(&lv->columns, measures[of(&lv->view)->measure], tier);
	for (size_t i = 0; i < MEASURES; i++)
		add(&lv->columns, measures[i], tier);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		add(&lv->columns, more[i], tier);
}

/* ---- what is asked ----------------------------------------------------------------------- */

static void say_what(struct top_view *tv)
{
	snprintf(tv->list.view.crumb[0], VIEW_CRUMB_MAX, "top by %s", measures[tv->measure]);
}

static enum rc order(struct top_view *tv, struct err *err)
{
	struct list_view *lv = &tv->list;

	tv->share.measure = field_find(measures[tv->measure], lv->view.tier);
	lv->natural[0] = (struct query_sort){ tv->share.measure, true };
	lv->n_natural = 1;
	say_what(tv);
	return lv->view.ops->set_sort(&lv->view, NULL, false, err);
}

/* Rows of another tier are asked from now on: the filter is compiled for them. */
static enum rc change_tier(struct list_view *lv, enum tier tier, struct err *err)
{
	struct filter *filter = NULL;
	enum rc rc = filter_compile(lv->view.filter, tier, &filter, err);

	if (rc != RC_DONE)
		return rc;
	lv->view.tier = tier;
	lv->loader.query.tier = tier;
	return loader_set_filter(&lv->loader, filter, err);
}

static enum rc set_group(struct view *v, const char *names, struct err *err)
{
	struct top_view *tv = of(v);
	struct grouping g;
	enum tier tier = tv->base;
	enum rc rc = grouping_parse(names, tier, &g, err);

	if (rc != RC_DONE)
		return rc;
	if (g.n == 0)
		return err_set(err, RC_USAGE, "top", "groups by nothing; Escape goes back to the rows");
	if (!grouping_fits(&g, tier))
		tier = TIER_FLOW;
	if (tier != v->tier)
		rc = change_tier(&tv->list, tier, err);
	if (rc == RC_DONE)
		rc = list_view_set_group(v, names, err);
	return rc == RC_DONE ? order(tv, err) : rc;
}

static bool request(struct view *v, enum request r)
{
	struct top_view *tv = of(v);
	struct err err;

	if (r != REQ_TOP)
		return list_view_request(v, r);
	tv->measure = (tv->measure + 1) % MEASURES;
	if (order(tv, &err) != RC_DONE)
		screen_fail(v->screen, &err);
	list_view_usual_columns(&tv->list);
	return true;
}

static struct view *below(struct list_view *lv, const struct id *id, bool ports)
{
	(void)lv;
	(void)id;
	(void)ports;
	return NULL; /* its rows are groups always */
}

static const struct view_hint hints[] = { { REQ_OPEN, "members" }, { REQ_BACK, NULL }, { REQ_TOP, "bytes/packets/flows/errors" },
	{ REQ_GROUP_NONE, "by what" }, { REQ_FILTER, NULL }, { REQ_SORT, NULL }, { REQ_PANE, NULL }, { REQ_HELP, NULL },
	{ REQ_NONE, NULL } };
static const struct list_hooks hooks = { .below = below, .arrange = sum_up, .columns = set_columns, .group_columns = set_columns };
static const struct view_ops ops = {
	.name = "top", .hints = hints, .set_group = set_group, LIST_VIEW_OPS_BUT_REQUEST, .request = request
};

struct view *view_top_new(struct screen *s, enum tier tier, const struct id *in, const char *filter, struct err *err)
{
	struct top_view *tv = mem_calloc(1, sizeof(*tv));
	struct view *v;
	enum rc rc;

	if (tv == NULL) {
		err_memory(err);
		return NULL;
	}
	v = &tv->list.view;
	tv->base = tier;
	tv->share.measure = field_find(measures[0], tier);
	list_view_init(&tv->list, s, &ops, &hooks, tier, in);
	rc = filter[0] != '\0' ? v->ops->set_filter(v, filter, err) : RC_DONE;
	/* of everything which services, of a service which clients */
	if (rc == RC_DONE)
		rc = set_group(v, in == NULL ? "service" : "client", err);
	if (rc == RC_DONE)
		return v;
	v->ops->close(v);
	return NULL;
}
