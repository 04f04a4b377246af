/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tags of the rows of a list, its place: how to come back to it, and the scrolling of its pane. */
#include "ui/list_view.h"

#include <stdio.h>
#include <string.h>

enum { DETAIL_STEP = 4 }; /* lines that its pane is scrolled by */

static void tag_selected(struct list_view *lv)
{
	struct screen *s = lv->view.screen;
	struct err err;
	struct id id;
	bool now;

	if (!list_view_selected(&lv->view, &id)) {
		if (lv->list.count > 0)
			screen_say(s, "this line stands for several rows: open it to tag them");
		return;
	}
	if (tags_toggle(&s->tags, &id, &now, &err) != RC_DONE) {
		screen_fail(s, &err);
		return;
	}
	list_request(&lv->list, REQ_DOWN);
	list_view_remember(lv);
}

static void tag_all(struct list_view *lv)
{
	struct screen *s = lv->view.screen;
	const struct result *r = loader_lock(&lv->loader);
	size_t n = r != NULL ? result_count(r) : 0;
	enum rc rc = RC_DONE;
	struct err err;
	struct row row;
	struct id id;

	if (lv->grouping.n > 0)
		n = 0;
	for (size_t i = 0; i < n && rc == RC_DONE; i++)
		if (result_row(r, i, &row)) {
			row_id(&row, &id);
			rc = tags_add(&s->tags, &id, &err);
		}
	loader_unlock(&lv->loader);
	if (rc != RC_DONE)
		screen_fail(s, &err);
	else if (lv->grouping.n > 0)
		screen_say(s, "groups cannot be tagged: open one to tag its members");
	else if (lv->same.hidden > 0)
		screen_say(s, "those of all capture points are tagged");
	else if (loader_loading(&lv->loader))
		screen_say(s, "only the rows that are here yet are tagged");
	else if (loader_cut(&lv->loader, n))
		screen_say(s, "there are more rows than are listed: those are not tagged");
}

bool list_view_tag_request(struct list_view *lv, enum request r)
{
	switch (r) {
	case REQ_TAG: tag_selected(lv); return true;
	case REQ_TAG_ALL: tag_all(lv); return true;
	case REQ_DETAIL_DOWN:
		lv->detail.top += DETAIL_STEP;
		return lv->view.screen->pane != DETAIL_NONE;
	case REQ_DETAIL_UP:
		lv->detail.top -= lv->detail.top < DETAIL_STEP ? lv->detail.top : DETAIL_STEP;
		return lv->view.screen->pane != DETAIL_NONE;
	default: return false;
	}
}

static size_t count_tagged(const struct tags *t, enum tier tier, const struct result *r)
{
	size_t n = 0, at;

	for (size_t i = 0; i < t->n; i++)
		n += t->v[i].tier == tier && result_find(r, &t->v[i], &at);
	return n;
}

size_t list_view_tagged(const struct view *v)
{
	/* locking a result and keeping a number do not change the view */
	struct list_view *lv = (struct list_view *)(uintptr_t)v;
	const struct tags *t = &v->screen->tags;
	const struct result *r;
	size_t rows;

	if (t->n == 0 || lv->grouping.n > 0)
		return 0;
	r = loader_lock(&lv->loader);
	rows = r != NULL ? result_count(r) : 0;
	if (lv->tagged.change != t->change || lv->tagged.rows != rows) {
		lv->tagged.n = rows > 0 ? count_tagged(t, v->tier, r) : 0;
		lv->tagged.change = t->change;
		lv->tagged.rows = rows;
	}
	loader_unlock(&lv->loader);
	return lv->tagged.n;
}

bool list_view_place(const struct view *v, struct place_step *out)
{
	const struct list_view *lv = (const struct list_view *)v;

	out->kind = v->tier == TIER_PACKET ? PLACE_PACKETS : PLACE_RECORDS;
	out->tier = v->tier;
	out->has_in = lv->loader.query.n_in > 0;
	out->in = lv->loader.in;
	out->ports = lv->ports;
	snprintf(out->filter, sizeof(out->filter), "%s", v->filter);
	snprintf(out->group, sizeof(out->group), "%s", v->group);
	out->has_row = list_view_selected(v, &out->row);
	return true;
}

void list_view_select_id(struct view *v, const struct id *id)
{
	struct list_view *lv = (struct list_view *)v;

	lv->seek = lv->follow = false;
	lv->key = *id;
	lv->has_key = true;
	list_view_arrange(lv);
}
