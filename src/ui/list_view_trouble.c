/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that are not well: finding the worst one, and going from one to the next. */
#include "ui/list_view.h"

#include "flow/health.h"

static uint64_t trouble_at(const struct list_view *lv, const struct result *r, size_t place)
{
	struct row row;

	return list_view_row(lv, r, place, &row) ? health_trouble(&row) : 0;
}

/* The place of the worst row, the first of equals. */
static bool worst_place(const struct list_view *lv, const struct result *r, size_t *place)
{
	uint64_t worst = 0;

	for (size_t i = 0; i < lv->list.count; i++) {
		uint64_t trouble = trouble_at(lv, r, i);

		if (trouble <= worst)
			continue;
		worst = trouble;
		*place = i;
	}
	return worst > 0;
}

void list_view_select_worst(struct list_view *lv, const struct result *r)
{
	size_t place;

	if (r != NULL && worst_place(lv, r, &place)) {
		list_select(&lv->list, place);
		lv->sought = true;
	}
	lv->seek = loader_loading(&lv->loader);
}

/* There may be no room for the column. */
static void say_why(struct list_view *lv, const struct result *r, size_t place)
{
	struct health_verdict v;
	struct row row;
	char why[160];

	if (!list_view_row(lv, r, place, &row) || row.record == NULL)
		return;
	health_judge(row.record, row.limits, &v);
	health_why(why, sizeof(why), &v);
	screen_say(lv->view.screen, "%s: %s", health_name(v.health), why);
}

/* From the selected row up or down to one that is not well. */
void list_view_go_to_trouble(struct list_view *lv, int by)
{
	const struct result *r;
	size_t i = lv->list.selected;
	bool found = false;

	if (lv->fold.on && !lv->fold.open) {
		lv->fold.open = true;        /* small services may be in trouble too */
		list_view_arrange(lv);
	}
	r = loader_lock(&lv->loader);
	while (!found && (by > 0 ? i + 1 < lv->list.count : i > 0)) {
		i = by > 0 ? i + 1 : i - 1;
		found = trouble_at(lv, r, i) > 0;
	}
	if (found)
		say_why(lv, r, i);
	loader_unlock(&lv->loader);
	if (found)
		list_select(&lv->list, i);
	else
		screen_say(lv->view.screen, "no %s %s is in trouble", by > 0 ? "further" : "earlier",
			tier_singular(lv->view.tier));
	list_view_remember(lv);
}
