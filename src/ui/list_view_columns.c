/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of a list that the user chooses, and what is remembered of them. */
#include "ui/config.h"
#include "ui/list_view.h"
#include "ui/state.h"

#include <stdio.h>

enum { WIDER_BY = 2 };

void list_view_keep_columns(struct list_view *lv, const char *names)
{
	char key[STATE_KEY_MAX];

	if (lv->grouping.n > 0)
		return;
	snprintf(key, sizeof(key), "columns.%s", tier_plural(lv->view.tier));
	state_set(lv->view.screen->state, key, names);
}

static void widen(struct list_view *lv, int by)
{
	char names[CONFIG_COLUMNS_MAX];

	columns_widen(&lv->columns, by);
	if (!columns_format(&lv->columns, names, sizeof(names)))
		return;
	lv->own_columns = true;
	list_view_keep_columns(lv, names);
}

bool list_view_columns_request(struct list_view *lv, enum request r)
{
	switch (r) {
	case REQ_COLUMNS:
		screen_push(lv->view.screen, view_columns_new(lv->view.screen, lv));
		return true;
	case REQ_WIDER: widen(lv, WIDER_BY); return true;
	case REQ_NARROWER: widen(lv, -WIDER_BY); return true;
	default: return false;
	}
}
