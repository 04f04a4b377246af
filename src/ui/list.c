/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/list.h"

static void keep_visible(struct list *l)
{
	size_t page = l->page > 0 ? l->page : 1;
	size_t last_top = l->count > page ? l->count - page : 0;

	if (l->selected >= l->count)
		l->selected = l->count > 0 ? l->count - 1 : 0;
	if (l->selected < l->top)
		l->top = l->selected;
	if (l->selected >= l->top + page)
		l->top = l->selected - page + 1;
	if (l->top > last_top)
		l->top = last_top;
}

void list_set_count(struct list *l, size_t count)
{
	l->count = count;
	keep_visible(l);
}

void list_set_page(struct list *l, size_t page)
{
	l->page = page > 0 ? page : 1;
	keep_visible(l);
}

void list_select(struct list *l, size_t index)
{
	l->selected = index;
	keep_visible(l);
}

void list_center(struct list *l)
{
	l->top = l->selected > l->page / 2 ? l->selected - l->page / 2 : 0;
	keep_visible(l);
}

void list_follow(struct list *l, size_t index)
{
	size_t offset = l->selected - l->top;

	l->selected = index;
	l->top = index > offset ? index - offset : 0;
	keep_visible(l);
}

static void move_up(struct list *l, size_t n)
{
	list_select(l, l->selected > n ? l->selected - n : 0);
}

static void move_down(struct list *l, size_t n)
{
	size_t last = l->count > 0 ? l->count - 1 : 0;

	list_select(l, last - l->selected > n ? l->selected + n : last);
}

/* A whole page moves the window too, so that the row keeps its place on the screen. */
static void page_up(struct list *l)
{
	l->top = l->top > l->page ? l->top - l->page : 0;
	move_up(l, l->page);
}

static void page_down(struct list *l)
{
	l->top += l->page;
	move_down(l, l->page);
}

bool list_request(struct list *l, enum request r)
{
	switch (r) {
	case REQ_UP: move_up(l, 1); return true;
	case REQ_DOWN: move_down(l, 1); return true;
	case REQ_PAGE_UP: page_up(l); return true;
	case REQ_PAGE_DOWN: page_down(l); return true;
	case REQ_HALF_UP: move_up(l, (l->page + 1) / 2); return true;
	case REQ_HALF_DOWN: move_down(l, (l->page + 1) / 2); return true;
	case REQ_FIRST: list_select(l, 0); return true;
	case REQ_LAST: list_select(l, l->count > 0 ? l->count - 1 : 0); return true;
	default: return false;
	}
}
