/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing what a list is sorted by: its fields with what they mean. */
#include "base/mem.h"
#include "flow/field.h"
#include "ui/list.h"
#include "ui/rates.h"
#include "ui/screen.h"
#include "ui/view.h"

#include <stdio.h>

enum { FIELDS_MAX = 128, NAME_W = 18 };

struct sort_view {
	struct view view;
	const struct field *fields[FIELDS_MAX]; /* [0] is NULL: the usual order */
	size_t n;
	struct list list;
};

static void draw_choice(const struct sort_view *sv, struct canvas *c, struct rect r, size_t i)
{
	unsigned extra = i == sv->list.selected ? ATTR_SELECTED : 0;
	const struct field *f = sv->fields[i];

	if (extra != 0) {
		canvas_fill(c, r, ATTR_NORMAL | extra);
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	canvas_text(c, r.x + 2, r.y, NAME_W - 1, ATTR_STRONG | extra,
		f != NULL ? f->name : "as usual");
	canvas_text(c, r.x + 2 + NAME_W, r.y, r.w - NAME_W - 2, ATTR_NORMAL | extra,
		f != NULL ? f->help : "the order in which the list was opened");
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct sort_view *sv = (struct sort_view *)v;

	canvas_printf(c, area.x + 2, area.y, area.w - 2, ATTR_HEADER, "sort %s by",
		tier_plural(v->tier));
	list_set_page(&sv->list, (size_t)(area.h > 1 ? area.h - 1 : 1));
	for (int i = 0; i + 1 < area.h; i++)
		if (sv->list.top + (size_t)i < sv->n)
			draw_choice(sv, c, (struct rect){ area.x, area.y + 1 + i, area.w, 1 },
				sv->list.top + (size_t)i);
}

/* Numbers are asked for by who has the most; names and times from the beginning. */
static bool descends(const struct field *f)
{
	return f != NULL && cell_align(f) == ALIGN_RIGHT;
}

static void choose(struct sort_view *sv)
{
	struct screen *s = sv->view.screen;
	struct view *list = screen_below(s, &sv->view);
	const struct field *f = sv->fields[sv->list.selected];
	struct err err;

	if (list != NULL && list->ops->set_sort != NULL &&
		list->ops->set_sort(list, f, descends(f), &err) != RC_DONE)
		screen_fail(s, &err);
	screen_pop(s, false); /* frees sv */
}

static bool request(struct view *v, enum request r)
{
	struct sort_view *sv = (struct sort_view *)v;

	if (list_request(&sv->list, r))
		return true;
	if (r != REQ_OPEN)
		return false;
	choose(sv);
	return true;
}

static void close_view(struct view *v)
{
	mem_free(v);
}

static void status(const struct view *v, char *position, size_t position_size, char *state,
	size_t state_size)
{
	const struct sort_view *sv = (const struct sort_view *)v;

	snprintf(position, position_size, "%zu/%zu", sv->list.selected + 1, sv->n);
	snprintf(state, state_size, "%s", "");
}

static const struct view_hint hints[] = { { REQ_OPEN, "sort" }, { REQ_BACK, NULL },
	{ REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "sort",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.status = status,
};

struct view *view_sort_new(struct screen *s, const struct view *of)
{
	struct sort_view *sv = mem_calloc(1, sizeof(*sv));

	if (sv == NULL)
		return NULL;
	sv->view.ops = &ops;
	sv->view.screen = s;
	sv->view.tier = of->tier;
	snprintf(sv->view.crumb[0], VIEW_CRUMB_MAX, "sort");
	sv->n = 1;
	for (size_t i = 0; i < field_count() && sv->n < FIELDS_MAX; i++) {
		const struct field *f = field_at(i);

		if (!f->hidden && (f->tiers & FIELD_ON(of->tier)) != 0)
			sv->fields[sv->n++] = f;
	}
	for (size_t i = 0; i < 2 && s->live.recorders > 0 && (rates_bits_field.tiers & FIELD_ON(of->tier)) != 0; i++)
		if (sv->n < FIELDS_MAX)
			sv->fields[sv->n++] = i == 0 ? &rates_bits_field : &rates_packets_field;
	list_set_count(&sv->list, sv->n);
	return &sv->view;
}
