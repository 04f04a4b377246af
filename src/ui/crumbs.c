/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/crumbs.h"

enum { CRUMBS_MAX = 2 * SCREEN_VIEWS_MAX + 2 };

struct crumbs {
	struct crumb {
		const char *text;
		size_t views; /* that are left on the stack */
	} v[CRUMBS_MAX];
	size_t n;
};

static void add(struct crumbs *cs, const char *text, size_t views)
{
	if (text[0] != '\0')
		cs->v[cs->n++] = (struct crumb){ text, views };
}

/* Of two steps of a view the first names what the row below was chosen from. */
static void collect(const struct screen *s, struct crumbs *cs)
{
	cs->n = 0;
	add(cs, s->source, 1);
	for (size_t i = 0; i < s->n_views; i++) {
		const struct view *v = s->views[i];
		bool two = v->crumb[1][0] != '\0';

		add(cs, v->crumb[0], two && i > 0 ? i : i + 1);
		add(cs, v->crumb[1], i + 1);
	}
	if (cs->n == 1)
		add(cs, "all services", 1);
}

static int width(const struct canvas *c, const struct crumbs *cs)
{
	int need = 0;

	for (size_t i = 0; i < cs->n; i++)
		need += canvas_width(c, cs->v[i].text) + (i > 0 ? 3 : 0);
	return need;
}

int crumbs_width(const struct screen *s)
{
	struct crumbs cs;

	collect(s, &cs);
	return width(s->canvas, &cs);
}

/* The last steps say where we are. */
static size_t first_shown(const struct canvas *c, const struct crumbs *cs, int room)
{
	int need = width(c, cs);
	size_t from = 0;

	while (need > room - 2 && from + 1 < cs->n) {
		need -= canvas_width(c, cs->v[from].text) + 3;
		if (from == 0)
			need += 4;
		from++;
	}
	return from;
}

void crumbs_draw(struct screen *s, int room)
{
	struct canvas *c = s->canvas;
	struct crumbs cs;
	size_t from;
	int x = 1;

	collect(s, &cs);
	from = first_shown(c, &cs, room);
	if (from > 0) {
		canvas_glyph(c, x, 0, ATTR_CRUMB, GLYPH_ELLIPSIS);
		canvas_glyph(c, x + 2, 0, ATTR_BAR, GLYPH_CRUMB);
		x += 4;
	}
	for (size_t i = from; i < cs.n; i++) {
		int w;

		if (i > from) {
			canvas_glyph(c, x + 1, 0, ATTR_BAR, GLYPH_CRUMB);
			x += 3;
		}
		w = canvas_text(c, x, 0, room - x, i + 1 == cs.n ? ATTR_CRUMB_LAST : ATTR_CRUMB,
			cs.v[i].text);
		mouse_spot(s, (struct rect){ x, 0, w, 1 },
			(struct mouse_spot){ .crumb = (unsigned)i + 1 });
		x += w;
	}
}

bool crumbs_go(struct screen *s, unsigned step)
{
	struct crumbs cs;

	collect(s, &cs);
	if (step == 0 || step > cs.n)
		return false;
	while (s->n_views > cs.v[step - 1].views)
		screen_pop(s, false);
	return true;
}
