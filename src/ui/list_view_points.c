/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists over several capture points: each service once, at the point where it hurts most, or once for each point that saw it.
 */
#include "ui/list_view.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Where one asks for a point, or for what lies below a record, there is only one. */
static bool may_be_same(const struct list_view *lv)
{
	const struct screen *s = lv->view.screen;

	if (!s->style.points || s->each_point || s->printing || lv->view.tier == TIER_PACKET ||
		lv->loader.query.n_in > 0)
		return false;
	for (size_t i = 0; i < lv->grouping.n; i++)
		if (lv->grouping.by[i]->unit == UNIT_POINT)
			return false;
	return true;
}

void list_view_find_same(struct list_view *lv, const struct result *r)
{
	lv->each_point = lv->view.screen->each_point;
	if (r == NULL || !may_be_same(lv))
		same_clear(&lv->same);
	else
		same_find(&lv->same, r, &lv->grouping, lv->hooks->group_columns != NULL);
}

void list_view_hide_same(struct list_view *lv)
{
	size_t at = 0;

	if (lv->map != NULL || lv->same.hidden == 0)
		return;
	lv->map = mem_calloc(lv->same.n + 1, sizeof(*lv->map));
	for (size_t i = 0; lv->map != NULL && i < lv->same.n; i++)
		if (!same_is_hidden(&lv->same, i))
			lv->map[at++] = i;
	if (lv->map != NULL)
		list_set_count(&lv->list, at);
	else
		same_clear(&lv->same);
}

/* ", db": one more name, where there is room. */
static void put_name(char *out, size_t size, const char *name)
{
	size_t len = strlen(out);

	snprintf(out + len, size - len, "%s%.32s", len > 0 ? ", " : "", name);
}

size_t list_view_same_text(const struct list_view *lv, const struct result *r, char *out, size_t size)
{
	size_t row = lv->map != NULL && lv->list.selected < lv->list.count ? lv->map[lv->list.selected] : SIZE_MAX;
	char names[160] = "", name[CELL_TEXT];
	struct row other;

	out[0] = '\0';
	if (lv->fold.on && lv->list.selected == lv->fold.at)
		return 0;
	if (r == NULL || row == SIZE_MAX || same_others(&lv->same, row) == 0)
		return 0;
	for (size_t i = 0; i < lv->same.n && i < result_count(r); i++)
		if (i != row && lv->same.stands[i] == row && result_row(r, i, &other)) {
			cell_point(name, sizeof(name), &other, &lv->view.screen->style);
			put_name(names, sizeof(names), name);
		}
	return (size_t)snprintf(out, size, "%s", names);
}

bool list_view_points_request(struct list_view *lv, enum request r)
{
	struct screen *s = lv->view.screen;

	if (r != REQ_POINTS)
		return false;
	if (!s->style.points) {
		screen_say(s, "there is only one capture point");
		return true;
	}
	s->each_point = !s->each_point;
	list_view_arrange(lv);
	screen_say(s, s->each_point ? "each capture point has a row of its own"
				    : "what several capture points saw is shown once, where it hurts most");
	return true;
}
