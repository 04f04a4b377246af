/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mouse in a list: rows, and headings. */
#include "ui/list_view.h"

/* What people look for first: the largest numbers, the first names. */
static bool begins_large(const struct field *f)
{
	return cell_align(f) == ALIGN_RIGHT && f->unit != UNIT_PORT;
}

static void click_heading(struct list_view *lv, const struct column *col)
{
	const struct field *f = col->field;
	bool same = lv->sort.field == f;
	struct err err;

	lv->columns.cursor = f;
	if (field_find(f->name, lv->view.tier) != f && !rates_is_field(f)) {
		screen_say(lv->view.screen, "a list is not sorted by '%s'", f->title);
		return;
	}
	if (lv->view.ops->set_sort(&lv->view, f, same ? !lv->sort.descending : begins_large(f), &err) != RC_DONE)
		screen_fail(lv->view.screen, &err);
}

void list_view_click(struct view *v, int x, int y, bool again)
{
	struct list_view *lv = (struct list_view *)v;
	const struct column *col = columns_at(&lv->columns, x - lv->rows.x);
	size_t place;

	if (y == lv->rows.y - 1) {
		if (col != NULL)
			click_heading(lv, col);
		return;
	}
	if (y < lv->rows.y || y >= lv->rows.y + lv->rows.h)
		return;
	place = lv->list.top + (size_t)(y - lv->rows.y);
	if (place >= lv->list.count)
		return;
	if (again && place == lv->list.selected) {
		screen_request(v->screen, REQ_OPEN);
		return;
	}
	if (col != NULL)
		lv->columns.cursor = col->field;
	lv->follow = lv->seek = false;
	list_select(&lv->list, place);
	list_view_remember(lv);
}
