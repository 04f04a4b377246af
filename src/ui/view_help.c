/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Help: what the view it was opened from can do, then all keys as they are bound now, and all
 * commands; from their tables. `/` or `*` searches.
 */
#include "base/mem.h"
#include "base/text.h"
#include "ui/command.h"
#include "ui/config.h"
#include "ui/pager.h"
#include "ui/screen.h"
#include "ui/view.h"

#include <stdio.h>
#include <string.h>

enum { NAME_W = 24, TEXT_MIN_W = 16, HERE_MAX = 64 };

struct help_view {
	struct view view;
	struct pager pager;
	const struct view_ops *of; /* of the view below; static */
	int width; /* the lines were made for */
};

/* Bytes of text that fit into `width` cells, cut between words. */
static size_t fitting(const char *text, int width)
{
	size_t at = 0, good = 0;
	int cells = 0;

	while (text[at] != '\0') {
		unsigned w;
		uint32_t cp;
		size_t n = text_next(text + at, &cp, &w);

		if (text[at] == ' ')
			good = at;
		if (cells + (int)w > width)
			return good > 0 ? good : at > 0 ? at : n;
		cells += (int)w;
		at += n;
	}
	return at;
}

static void put_heading(struct help_view *hv, const char *text)
{
	if (hv->pager.n > 0)
		pager_add(&hv->pager, PAGER_TEXT, "", 0);
	pager_add(&hv->pager, PAGER_HEADING, text, strlen(text));
}

/* A name, and what it does beside it; a name that is too long has a line of its own. */
static void put_row(struct help_view *hv, const char *name, const char *help)
{
	int width = hv->width - NAME_W - 2;
	char line[600];
	bool first = true;

	if (text_width(name) > NAME_W - 3) {
		snprintf(line, sizeof(line), " %s", name);
		pager_add(&hv->pager, PAGER_NAME, line, strlen(line));
		name = "";
	}
	do {
		size_t n = fitting(help, width > TEXT_MIN_W ? width : TEXT_MIN_W);
		int pad = NAME_W - 1 - (first ? (int)text_width(name) : 0);

		snprintf(line, sizeof(line), " %s%*s%.*s", first ? name : "", pad, "", (int)n, help);
		pager_add(&hv->pager, first ? PAGER_NAME : PAGER_TEXT, line, strlen(line));
		first = false;
		help += n;
		help += strspn(help, " ");
	} while (*help != '\0');
}

static void put_request(struct help_view *hv, enum request r)
{
	char keys[128];

	if (keymap_keys_text(keys, sizeof(keys), &hv->view.screen->config->keymap, r) == 0)
		snprintf(keys, sizeof(keys), "(no key)");
	put_row(hv, keys, keymap_row(r)->help);
}

/* The hints of the view below, which are what it is for. */
static void put_here(struct help_view *hv)
{
	char title[80];

	if (hv->of == NULL || hv->of->hints == NULL)
		return;
	snprintf(title, sizeof(title), "Here: %s", hv->of->name);
	put_heading(hv, title);
	for (const struct view_hint *h = hv->of->hints; h->request != REQ_NONE; h++)
		put_request(hv, h->request);
}

static void put_keys(struct help_view *hv)
{
	enum keymap_group group = KEYMAP_GROUPS;
	size_t n;
	const struct keymap_row *rows = keymap_rows(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].group != group)
			put_heading(hv, keymap_group_title(rows[i].group));
		group = rows[i].group;
		put_request(hv, rows[i].request);
	}
}

static void put_commands(struct help_view *hv)
{
	size_t n;
	const struct command_row *rows = command_rows(&n);

	put_heading(hv, "Commands, behind :");
	for (size_t i = 0; i < n; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s %s", rows[i].name, rows[i].arguments);
		put_row(hv, name, rows[i].help);
	}
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct help_view *hv = (struct help_view *)v;

	if (hv->width != area.w) {
		hv->width = area.w;
		pager_clear(&hv->pager);
		put_here(hv);
		put_keys(hv);
		put_commands(hv);
	}
	pager_draw(&hv->pager, c, area);
}

static bool request(struct view *v, enum request r)
{
	/* all of it fits sideways */
	return r != REQ_LEFT && r != REQ_RIGHT && pager_request(&((struct help_view *)v)->pager, r);
}

static bool search(struct view *v, const char *text, int by)
{
	return pager_search(&((struct help_view *)v)->pager, text, by);
}

static void close_view(struct view *v)
{
	pager_free(&((struct help_view *)v)->pager);
	mem_free(v);
}

static void status(const struct view *v, char *position, size_t position_size, char *state,
	size_t state_size)
{
	const struct help_view *hv = (const struct help_view *)v;

	pager_position(&hv->pager, position, position_size);
	snprintf(state, state_size,
		"filters: flowdrill-filter(7)   fields: flowdrill-fields(7)");
}

static const struct view_hint hints[] = { { REQ_BACK, NULL }, { REQ_FILTER, "search" },
	{ REQ_SEARCH_NEXT, "next" }, { REQ_PAGE_DOWN, "page" }, { REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "help",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.search = search,
	.status = status,
};

struct view *view_help_new(struct screen *s)
{
	struct help_view *hv = mem_calloc(1, sizeof(*hv));

	if (hv == NULL)
		return NULL;
	hv->view.ops = &ops;
	hv->view.screen = s;
	hv->of = s->n_views > 0 ? screen_top(s)->ops : NULL;
	hv->pager.name_w = NAME_W;
	buf_init(&hv->pager.text);
	snprintf(hv->view.crumb[0], VIEW_CRUMB_MAX, "help");
	return &hv->view;
}
