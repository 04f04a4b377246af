/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/which_key.h"

#include "ui/config.h"

enum { CHOICES_MAX = 64, KEY_CELLS = 4, GAP = 3, CHOICE_TEXT = 64 };

struct choice {
	char key[KEY_NAME_MAX]; /* the next one */
	const char *text;
};

static size_t collect(const struct keymap *m, const struct keymap_state *typed, struct choice choices[CHOICES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < m->n && n < CHOICES_MAX; i++) {
		const struct keymap_row *row = keymap_row(m->v[i].request);

		if (!keymap_goes_on(&m->v[i], typed))
			continue;
		key_format(choices[n].key, sizeof(choices[n].key), m->v[i].keys[typed->n]);
		choices[n++].text = row->hint[0] != '\0' ? row->hint : row->name;
	}
	return n;
}

static int widest(const struct canvas *c, const struct choice *choices, size_t n)
{
	int width = 0;

	for (size_t i = 0; i < n; i++) {
		int w = canvas_width(c, choices[i].text);

		if (w > width)
			width = w;
	}
	return width + KEY_CELLS + GAP;
}

void which_key_draw(struct screen *s)
{
	struct choice choices[CHOICES_MAX];
	struct canvas *c = s->canvas;
	size_t n = s->keys.n > 0 ? collect(&s->config->keymap, &s->keys, choices) : 0;
	int width, columns, rows, y;

	if (n == 0)
		return;
	width = widest(c, choices, n);
	columns = (c->w - 2) / width > 0 ? (c->w - 2) / width : 1;
	rows = ((int)n + columns - 1) / columns;
	y = c->h - 2 - rows;
	if (y < 3)
		return;
	canvas_fill(c, (struct rect){ 0, y - 1, c->w, rows + 1 }, ATTR_NORMAL);
	canvas_rule(c, 0, y - 1, c->w, ATTR_RULE);
	for (size_t i = 0; i < n; i++) {
		int x = 2 + (int)i / rows * width, at = y + (int)i % rows;

		canvas_cell(c, x, at, KEY_CELLS - 1, ALIGN_RIGHT, ATTR_KEY, choices[i].key);
		canvas_text(c, x + KEY_CELLS, at, c->w - x - KEY_CELLS, ATTR_NORMAL, choices[i].text);
	}
}
