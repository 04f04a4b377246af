/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that are not well: finding the worst one. Going from one to the next: ui/list_view_scan.c. */
#include "ui/list_view.h"

#include "flow/health.h"

#include <stdio.h>
#include <string.h>

static uint64_t trouble_at(const struct list_view *lv, const struct result *r, size_t place)
{
	struct row row;

	return list_view_row(lv, r, place, &row) ? health_trouble(&row) : 0;
}

/* The place of the worst row, the first of equals. */
static bool worst_place(const struct list_view *lv, const struct result *r, size_t *place)
{
	uint64_t worst = 0;

	/* rows that are hidden cannot be selected: those of services, which are few */
	if (lv->map == NULL)
		return result_worst(r, place);
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
