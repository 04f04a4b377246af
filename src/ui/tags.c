/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/tags.h"

#include "base/mem.h"
#include "base/text.h"
#include "ui/screen.h"

#include <stdio.h>
#include <string.h>

/* The first source is the same whether it was written or not. */
static int compare(const struct id *a, const struct id *b)
{
	unsigned from = a->source > 0 ? a->source : 1, to = b->source > 0 ? b->source : 1;
	uint64_t x = record_id_number(a->rec), y = record_id_number(b->rec);

	if (a->tier != b->tier)
		return a->tier < b->tier ? -1 : 1;
	if (from != to)
		return from < to ? -1 : 1;
	return (x > y) - (x < y);
}

/* Where the id stands, or is to stand. */
static size_t place_of(const struct tags *t, const struct id *id, bool *found)
{
	size_t from = 0, to = t->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(&t->v[middle], id) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	*found = from < t->n && compare(&t->v[from], id) == 0;
	return from;
}

bool tags_has(const struct tags *t, const struct id *id)
{
	bool found;

	place_of(t, id, &found);
	return found;
}

static enum rc insert(struct tags *t, size_t at, const struct id *id, struct err *err)
{
	if (mem_grow(&t->v, &t->cap, t->n + 1, sizeof(*t->v)) != 0)
		return err_memory(err);
	memmove(t->v + at + 1, t->v + at, (t->n - at) * sizeof(*t->v));
	t->v[at] = *id;
	t->n++;
	t->change++;
	return RC_DONE;
}

enum rc tags_add(struct tags *t, const struct id *id, struct err *err)
{
	bool found;
	size_t at = place_of(t, id, &found);

	return found ? RC_DONE : insert(t, at, id, err);
}

enum rc tags_toggle(struct tags *t, const struct id *id, bool *now, struct err *err)
{
	bool found;
	size_t at = place_of(t, id, &found);

	*now = !found;
	if (!found)
		return insert(t, at, id, err);
	memmove(t->v + at, t->v + at + 1, (t->n - at - 1) * sizeof(*t->v));
	t->n--;
	t->change++;
	return RC_DONE;
}

void tags_clear(struct tags *t)
{
	mem_free(t->v);
	*t = (struct tags){ .change = t->change + 1 };
}

enum rc tags_chosen(const struct screen *s, struct id *one, const struct id **v, size_t *n, struct err *err)
{
	const struct view *top = screen_top(s);

	*v = s->tags.v;
	*n = s->tags.n;
	if (*n > 0)
		return RC_DONE;
	if (top->group[0] != '\0')
		return err_set(err, RC_USAGE, "group", "Enter shows its members, there Ctrl-T tags them all");
	if (top->ops->selected == NULL || !top->ops->selected(top, one))
		return err_set(err, RC_USAGE, "selection", "nothing is selected");
	*v = one;
	*n = 1;
	return RC_DONE;
}

size_t tags_text(const struct screen *s, char *out, size_t size)
{
	const struct view *top = screen_top(s);
	size_t here = top->ops->tagged != NULL ? top->ops->tagged(top) : 0;
	char all[TEXT_NUMBER], others[TEXT_NUMBER];
	int len;

	out[0] = '\0';
	if (s->tags.n == 0)
		return 0;
	text_count(all, sizeof(all), s->tags.n);
	text_count(others, sizeof(others), s->tags.n - here);
	if (here == s->tags.n)
		len = snprintf(out, size, "%s tagged %s", all, s->tags.n == 1 ? "row" : "rows");
	else if (here == 0)
		len = snprintf(out, size, "%s tagged %s elsewhere", all, s->tags.n == 1 ? "row" : "rows");
	else
		len = snprintf(out, size, "%s tagged rows, %s elsewhere", all, others);
	return len > 0 && (size_t)len < size ? (size_t)len : strlen(out);
}
