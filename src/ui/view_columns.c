/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Choosing the columns of the list below: those that it shows in their order, then all others that its tier has. Nothing changes
 * before Enter; Escape leaves all as it was.
 */
#include "base/mem.h"
#include "base/text.h"
#include "ui/config.h"
#include "ui/list.h"
#include "ui/list_view.h"
#include "ui/screen.h"

#include <stdio.h>
#include <string.h>

enum { CHOICES_MAX = 256, MARK_W = 4, NAME_W = 22, TITLE_W = 14 };

struct choice {
	const struct field *field; /* [0]: NULL, all as usual */
	bool shown;
	int width; /* chosen; 0: none */
};

struct columns_view {
	struct view view;
	struct choice v[CHOICES_MAX];
	size_t n;
	struct list list;
	char search[64];
};

static struct columns_view *of(struct view *v)
{
	return (struct columns_view *)v;
}

/* ---- drawing ----------------------------------------------------------------------------- */

static void draw_choice(const struct columns_view *cv, struct canvas *c, struct rect r, size_t i)
{
	unsigned extra = i == cv->list.selected ? ATTR_SELECTED : 0;
	const struct choice *choice = &cv->v[i];
	const struct field *f = choice->field;
	int x = r.x + 2;

	if (extra != 0) {
		canvas_fill(c, r, ATTR_NORMAL | extra);
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	if (f == NULL) {
		canvas_text(c, x, r.y, r.w - 2, ATTR_STRONG | extra, "as usual: Enter here forgets what was chosen");
		return;
	}
	canvas_text(c, x, r.y, MARK_W, (choice->shown ? ATTR_KEY : ATTR_DIM) | extra, choice->shown ? "[x]" : "[ ]");
	canvas_text(c, x + MARK_W, r.y, NAME_W - 1, (choice->shown ? ATTR_STRONG : ATTR_NORMAL) | extra, f->name);
	canvas_text(c, x + MARK_W + NAME_W, r.y, TITLE_W - 1, ATTR_HEADER | extra, f->title);
	x += MARK_W + NAME_W + TITLE_W;
	canvas_text(c, x, r.y, r.x + r.w - x, ATTR_NORMAL | extra, f->help);
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct columns_view *cv = of(v);

	canvas_printf(c, area.x + 2, area.y, area.w - 2, ATTR_HEADER, "columns of %s: name, heading, what it means",
		tier_plural(v->tier));
	list_set_page(&cv->list, (size_t)(area.h > 1 ? area.h - 1 : 1));
	for (int i = 0; i + 1 < area.h; i++)
		if (cv->list.top + (size_t)i < cv->n)
			draw_choice(cv, c, (struct rect){ area.x, area.y + 1 + i, area.w, 1 },
				cv->list.top + (size_t)i);
}

/* ---- choosing ---------------------------------------------------------------------------- */

static void toggle(struct columns_view *cv)
{
	size_t at = cv->list.selected;

	if (cv->v[at].field == NULL)
		return;
	cv->v[at].shown = !cv->v[at].shown;
	list_request(&cv->list, REQ_DOWN);
}

static void move(struct columns_view *cv, int by)
{
	size_t at = cv->list.selected, to = by < 0 ? at - 1 : at + 1;
	struct choice moved = cv->v[at];

	if (at == 0 || to == 0 || to >= cv->n)
		return;
	cv->v[at] = cv->v[to];
	cv->v[to] = moved;
	list_request(&cv->list, by < 0 ? REQ_UP : REQ_DOWN);
}

/* The columns as columns_parse() takes them; false where there is none, or too many. */
static bool put_names(const struct columns_view *cv, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 1; i < cv->n && len < size; i++) {
		char width[16] = "";

		if (!cv->v[i].shown)
			continue;
		if (cv->v[i].width > 0)
			snprintf(width, sizeof(width), ":%d", cv->v[i].width);
		len += (size_t)snprintf(
			out + len, size - len, "%s%s%s", len > 0 ? "," : "", cv->v[i].field->name, width);
	}
	return len > 0 && len < size;
}

static void accept(struct columns_view *cv)
{
	struct screen *s = cv->view.screen;
	struct list_view *lv = (struct list_view *)screen_below(s, &cv->view);
	char names[CONFIG_COLUMNS_MAX];
	struct err err;

	if (cv->v[cv->list.selected].field == NULL) {
		list_view_keep_columns(lv, NULL);
		list_view_usual_columns(lv);
	} else if (!put_names(cv, names, sizeof(names))) {
		screen_say(s, "choose a column, or fewer of them");
		return;
	} else if (list_view_set_columns(&lv->view, names, &err) != RC_DONE) {
		screen_fail(s, &err);
	} else {
		list_view_keep_columns(lv, names);
	}
	screen_pop(s, false); /* frees cv */
}

static bool request(struct view *v, enum request r)
{
	struct columns_view *cv = of(v);

	if (list_request(&cv->list, r))
		return true;
	switch (r) {
	case REQ_OPEN: accept(cv); return true;
	case REQ_TAG: toggle(cv); return true;
	case REQ_NEXT_RECORD: move(cv, 1); return true;
	case REQ_PREV_RECORD: move(cv, -1); return true;
	case REQ_FILTER: screen_prompt_open(v->screen, PROMPT_SEARCH); return true;
	default: return false;
	}
}

/* ---- searching --------------------------------------------------------------------------- */

static bool search(struct view *v, const char *text, int by)
{
	struct columns_view *cv = of(v);
	size_t at = cv->list.selected;

	if (text != NULL)
		snprintf(cv->search, sizeof(cv->search), "%s", text);
	for (size_t i = 0; i < cv->n && cv->search[0] != '\0'; i++) {
		const struct field *f;

		at = by > 0 ? (at + 1) % cv->n : (at + cv->n - 1) % cv->n;
		f = cv->v[at].field;
		if (f == NULL ||
			(!text_has(f->name, cv->search) && !text_has(f->title, cv->search) && !text_has(f->help, cv->search)))
			continue;
		list_select(&cv->list, at);
		return true;
	}
	return false;
}

/* ---- the view ---------------------------------------------------------------------------- */

static void close_view(struct view *v)
{
	mem_free(v);
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct columns_view *cv = (const struct columns_view *)v;
	const struct field *f = cv->v[cv->list.selected].field;
	size_t shown = 0;

	for (size_t i = 0; i < cv->n; i++)
		shown += cv->v[i].shown;
	snprintf(position, position_size, "%zu/%zu", cv->list.selected + 1, cv->n);
	/* in full: the list may have had no room for it */
	snprintf(state, state_size, "%zu columns%s%s", shown, f != NULL ? "   " : "", f != NULL ? f->help : "");
}

static const struct view_hint hints[] = { { REQ_TAG, "show/hide" }, { REQ_NEXT_RECORD, "down" }, { REQ_PREV_RECORD, "up" },
	{ REQ_OPEN, "keep" }, { REQ_BACK, "as it was" }, { REQ_FILTER, "search" }, { REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "columns",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.status = status,
	.search = search,
};

static bool has(const struct columns_view *cv, const struct field *f)
{
	for (size_t i = 0; i < cv->n; i++)
		if (cv->v[i].field == f)
			return true;
	return false;
}

static void add(struct columns_view *cv, const struct field *f, bool shown, int width)
{
	if (f != NULL && cv->n < CHOICES_MAX && !has(cv, f))
		cv->v[cv->n++] = (struct choice){ f, shown, width };
}

struct view *view_columns_new(struct screen *s, const struct list_view *of_list)
{
	struct columns_view *cv = mem_calloc(1, sizeof(*cv));
	enum tier tier = of_list->view.tier;

	if (cv == NULL)
		return NULL;
	cv->view.ops = &ops;
	cv->view.screen = s;
	cv->view.tier = tier;
	snprintf(cv->view.crumb[0], VIEW_CRUMB_MAX, "columns");
	cv->n = 1;
	for (size_t i = 0; i < of_list->columns.n; i++)
		add(cv, of_list->columns.v[i].field, true, of_list->columns.v[i].chosen);
	add(cv, cell_field_find("port", tier), false, 0);
	add(cv, cell_field_find("direction", tier), false, 0);
	for (size_t i = 0; i < field_count(); i++)
		if (!field_at(i)->hidden && (field_at(i)->tiers & FIELD_ON(tier)) != 0)
			add(cv, field_at(i), false, 0);
	list_set_count(&cv->list, cv->n);
	list_select(&cv->list, 1);
	return &cv->view;
}
