/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pager.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { SIDEWAYS = 8, TAB_CELLS = 8, LINE_MAX_CELLS = 2048 };

void pager_free(struct pager *p)
{
	buf_free(&p->text);
	mem_free(p->lines);
}

void pager_clear(struct pager *p)
{
	buf_clear(&p->text);
	p->n = 0;
}

void pager_add(struct pager *p, enum pager_line kind, const char *line, size_t len)
{
	p->full |= p->n == PAGER_LINES || p->text.len + len > PAGER_BYTES;
	if (p->full || mem_grow(&p->lines, &p->cap, p->n + 1, sizeof(*p->lines)) != 0)
		return;
	p->lines[p->n++] = (struct pager_entry){ p->text.len, kind };
	buf_put(&p->text, line, len);
	buf_put_u8(&p->text, 0);
	p->n -= p->text.failed;
}

static const char *line_at(const struct pager *p, size_t i)
{
	return (const char *)p->text.data + p->lines[i].at;
}

/* Tabs become blanks; `left` cells are scrolled away. Bytes count as cells here: nobody sees the difference. */
static void expand(char *out, size_t size, const char *line, int left)
{
	size_t len = 0;
	int x = 0;

	for (; *line != '\0' && len + 1 < size; line++) {
		int n = *line == '\t' ? TAB_CELLS - x % TAB_CELLS : 1;

		for (; n > 0 && len + 1 < size; n--, x++)
			if (x >= left)
				out[len++] = *line == '\t' ? ' ' : *line;
	}
	out[len] = '\0';
}

static void draw_line(struct pager *p, struct canvas *c, struct rect r, size_t i)
{
	enum pager_line kind = p->lines[i].kind;
	char text[LINE_MAX_CELLS];

	expand(text, sizeof(text), line_at(p, i), p->left);
	canvas_text(c, r.x + 1, r.y, r.w - 1, kind == PAGER_HEADING ? ATTR_HEADER : ATTR_NORMAL, text);
	if (kind == PAGER_NAME)
		canvas_paint(c, (struct rect){ r.x + 1, r.y, p->name_w, 1 }, ATTR_KEY);
	if (p->search[0] != '\0' && i == p->found)
		canvas_paint(c, (struct rect){ r.x, r.y, r.w, 1 }, ATTR_MATCH);
}

static size_t last_top(const struct pager *p)
{
	return p->n > p->page ? p->n - p->page : 0;
}

void pager_draw(struct pager *p, struct canvas *c, struct rect r)
{
	p->page = r.h > 0 ? (size_t)r.h : 1;
	if (p->top > last_top(p))
		p->top = last_top(p);
	for (int y = 0; y < r.h && p->top + (size_t)y < p->n; y++)
		draw_line(p, c, (struct rect){ r.x, r.y + y, r.w, 1 }, p->top + (size_t)y);
}

static void scroll(struct pager *p, size_t n, bool up)
{
	if (up)
		p->top = p->top > n ? p->top - n : 0;
	else
		p->top = n < last_top(p) && p->top + n < last_top(p) ? p->top + n : last_top(p);
}

bool pager_request(struct pager *p, enum request r)
{
	switch (r) {
	case REQ_UP: scroll(p, 1, true); return true;
	case REQ_DOWN: scroll(p, 1, false); return true;
	case REQ_PAGE_UP: scroll(p, p->page, true); return true;
	case REQ_PAGE_DOWN: scroll(p, p->page, false); return true;
	case REQ_HALF_UP: scroll(p, p->page / 2, true); return true;
	case REQ_HALF_DOWN: scroll(p, p->page / 2, false); return true;
	case REQ_FIRST: scroll(p, p->n, true); return true;
	case REQ_LAST: scroll(p, p->n, false); return true;
	case REQ_LEFT: p->left = p->left > SIDEWAYS ? p->left - SIDEWAYS : 0; return true;
	case REQ_RIGHT: p->left += p->left < LINE_MAX_CELLS ? SIDEWAYS : 0; return true;
	default: return false;
	}
}

bool pager_search(struct pager *p, const char *text, int by)
{
	size_t at = p->found < p->n && text == NULL ? p->found : by > 0 ? p->top + p->n - 1 : p->top;

	if (text != NULL)
		snprintf(p->search, sizeof(p->search), "%s", text);
	if (p->search[0] == '\0' || p->n == 0)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		at = (by > 0 ? at + 1 : at + p->n - 1) % p->n;
		if (!text_has(line_at(p, at), p->search))
			continue;
		p->found = at;
		if (at < p->top || at >= p->top + p->page)
			p->top = at > p->page / 3 ? at - p->page / 3 : 0;
		return true;
	}
	p->search[0] = '\0';
	return false;
}

void pager_position(const struct pager *p, char *out, size_t size)
{
	size_t last = p->top + p->page < p->n ? p->top + p->page : p->n;

	snprintf(out, size, "%zu-%zu/%zu", p->n > 0 ? p->top + 1 : 0, last, p->n);
}
