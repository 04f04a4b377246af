/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help: keys and commands, from their tables. */
#include "base/mem.h"
#include "base/text.h"
#include "ui/command.h"
#include "ui/config.h"
#include "ui/screen.h"
#include "ui/view.h"

#include <stdio.h>
#include <string.h>

enum { NAME_W = 24 };

struct help_view {
	struct view view;
	int top, lines, page;
};

/* Where the next line goes; lines above `top` or below the area are only counted. */
struct help_pen {
	struct canvas *c;
	struct rect r;
	int top, line;
};

static bool pen_sees(const struct help_pen *p)
{
	return p->line >= p->top && p->line < p->top + p->r.h;
}

static int pen_y(const struct help_pen *p)
{
	return p->r.y + p->line - p->top;
}

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

static void put_wrapped(struct help_pen *p, int x, const char *text)
{
	int width = p->r.w - x - 1;

	do {
		char line[512];
		size_t n = fitting(text, width > 8 ? width : 8);

		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		if (pen_sees(p))
			canvas_text(p->c, p->r.x + x, pen_y(p), p->r.w - x, ATTR_NORMAL, line);
		p->line++;
		text += n;
		text += strspn(text, " ");
	} while (*text != '\0');
}

static void put_heading(struct help_pen *p, const char *text)
{
	if (p->line > 0)
		p->line++;
	if (pen_sees(p))
		canvas_text(p->c, p->r.x + 1, pen_y(p), p->r.w - 1, ATTR_HEADER, text);
	p->line++;
}

static void put_row(struct help_pen *p, const char *name, const char *help)
{
	if (pen_sees(p))
		canvas_text(p->c, p->r.x + 2, pen_y(p), NAME_W - 3, ATTR_KEY, name);
	put_wrapped(p, NAME_W, help);
}

static void put_keys(struct help_pen *p, const struct keymap *m)
{
	enum keymap_group group = KEYMAP_GROUPS;
	char keys[128];
	size_t n;
	const struct keymap_row *rows = keymap_rows(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].group != group)
			put_heading(p, keymap_group_title(rows[i].group));
		group = rows[i].group;
		keymap_keys_text(keys, sizeof(keys), m, rows[i].request);
		put_row(p, keys, rows[i].help);
	}
}

static void put_commands(struct help_pen *p)
{
	size_t n;
	const struct command_row *rows = command_rows(&n);

	put_heading(p, "Commands, behind :");
	for (size_t i = 0; i < n; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s %s", rows[i].name, rows[i].arguments);
		put_row(p, name, rows[i].help);
	}
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct help_view *hv = (struct help_view *)v;
	struct help_pen pen = { c, area, hv->top, 0 };

	put_keys(&pen, &v->screen->config->keymap);
	put_commands(&pen);
	hv->lines = pen.line;
	hv->page = area.h;
}

static void scroll(struct help_view *hv, int by)
{
	int last = hv->lines > hv->page ? hv->lines - hv->page : 0;

	hv->top += by;
	hv->top = hv->top > last ? last : hv->top < 0 ? 0 : hv->top;
}

static bool request(struct view *v, enum request r)
{
	struct help_view *hv = (struct help_view *)v;

	switch (r) {
	case REQ_UP: scroll(hv, -1); return true;
	case REQ_DOWN: scroll(hv, 1); return true;
	case REQ_PAGE_UP: scroll(hv, -hv->page); return true;
	case REQ_PAGE_DOWN: scroll(hv, hv->page); return true;
	case REQ_HALF_UP: scroll(hv, -hv->page / 2); return true;
	case REQ_HALF_DOWN: scroll(hv, hv->page / 2); return true;
	case REQ_FIRST: scroll(hv, -hv->lines); return true;
	case REQ_LAST: scroll(hv, hv->lines); return true;
	default: return false;
	}
}

static size_t lines(const struct view *v, int width, size_t max)
{
	struct help_pen pen = { NULL, { 0, 0, width, 0 }, 0, 0 }; /* which sees nothing */

	put_keys(&pen, &v->screen->config->keymap);
	put_commands(&pen);
	return (size_t)pen.line < max ? (size_t)pen.line : max;
}

static void close_view(struct view *v)
{
	mem_free(v);
}

static void status(const struct view *v, char *position, size_t position_size, char *state,
	size_t state_size)
{
	const struct help_view *hv = (const struct help_view *)v;
	int last = hv->top + hv->page < hv->lines ? hv->top + hv->page : hv->lines;

	snprintf(position, position_size, "%d-%d/%d", hv->top + 1, last, hv->lines);
	snprintf(state, state_size,
		"filters: flowdrill-filter(7)   fields: flowdrill-fields(7)");
}

static const struct view_hint hints[] = { { REQ_BACK, NULL }, { REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "help",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.status = status,
	.lines = lines,
};

struct view *view_help_new(struct screen *s)
{
	struct help_view *hv = mem_calloc(1, sizeof(*hv));

	if (hv == NULL)
		return NULL;
	hv->view.ops = &ops;
	hv->view.screen = s;
	snprintf(hv->view.crumb[0], VIEW_CRUMB_MAX, "help");
	return &hv->view;
}
