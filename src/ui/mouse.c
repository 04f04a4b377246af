/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/mouse.h"

#include "ui/crumbs.h"
#include "ui/screen.h"

void mouse_forget(struct screen *s)
{
	s->mouse.n = 0;
}

void mouse_spot(struct screen *s, struct rect r, struct mouse_spot spot)
{
	struct mouse *m = &s->mouse;

	if (m->n == MOUSE_SPOTS)
		return;
	m->v[m->n].r = r;
	m->v[m->n++].spot = spot;
}

static bool is_inside(const struct rect *r, int x, int y)
{
	return x >= r->x && x < r->x + r->w && y >= r->y && y < r->y + r->h;
}

static const struct mouse_spot *spot_at(const struct mouse *m, int x, int y)
{
	for (size_t i = 0; i < m->n; i++)
		if (is_inside(&m->v[i].r, x, y))
			return &m->v[i].spot;
	return NULL;
}

static void wheel(struct screen *s, enum request r)
{
	for (int i = 0; i < MOUSE_WHEEL_ROWS; i++)
		screen_request(s, r);
}

static void click(struct screen *s, const struct mouse_event *e, bool again)
{
	const struct mouse_spot *spot = spot_at(&s->mouse, e->x, e->y);
	struct view *v = screen_top(s);

	if (spot == NULL) {
		if (v->ops->click != NULL)
			v->ops->click(v, e->x, e->y, again);
	} else if (spot->crumb > 0) {
		crumbs_go(s, spot->crumb);
	} else if (spot->begins != 0) {
		screen_key(s, spot->begins);
	} else {
		screen_request(s, spot->request);
	}
}

void mouse_take(struct screen *s, const struct mouse_event *e)
{
	struct mouse *m = &s->mouse;
	size_t views = s->n_views;
	bool again = m->clicked && m->last.y == e->y;

	if (s->no_mouse || prompt_is_open(s->prompt))
		return;
	s->message.text[0] = '\0';
	if (e->kind == MOUSE_WHEEL_UP)
		wheel(s, REQ_UP);
	else if (e->kind == MOUSE_WHEEL_DOWN)
		wheel(s, REQ_DOWN);
	else
		click(s, e, again);
	/* a third click is a first one */
	m->clicked = e->kind == MOUSE_CLICK && !again && s->n_views == views;
	m->last = *e;
}
