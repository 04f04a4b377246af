/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/place.h"

#include "base/mem.h"
#include "ui/screen.h"

#include <stdio.h>
#include <string.h>

/* ---- taking ------------------------------------------------------------------------------ */

static bool take_step(const struct view *v, struct place_step *out)
{
	memset(out, 0, sizeof(*out));
	if (v->ops->place == NULL || !v->ops->place(v, out))
		return false;
	memcpy(out->crumb, v->crumb, sizeof(out->crumb));
	return true;
}

enum rc place_take(const struct screen *s, struct place *out, struct err *err)
{
	out->n = 0;
	out->range = s->range;
	out->v = mem_calloc(s->n_views, sizeof(*out->v));
	if (out->v == NULL)
		return err_memory(err);
	while (out->n < s->n_views && take_step(s->views[out->n], &out->v[out->n]))
		out->n++;
	return RC_DONE;
}

void place_free(struct place *p)
{
	mem_free(p->v);
	memset(p, 0, sizeof(*p));
}

/* ---- going ------------------------------------------------------------------------------- */

static bool same_id(const struct id *a, const struct id *b)
{
	return a->tier == b->tier && a->source == b->source && record_id_equal(a->rec, b->rec);
}

/* Whether two views show the same, whatever is selected or filtered. */
static bool same_view(const struct place_step *a, const struct place_step *b)
{
	return a->kind == b->kind && a->tier == b->tier && a->has_in == b->has_in &&
		(!a->has_in || same_id(&a->in, &b->in));
}

static struct view *open_step(struct screen *s, const struct place_step *step, struct err *err)
{
	const struct id *in = step->has_in ? &step->in : NULL;
	struct view *v = NULL;

	switch (step->kind) {
	case PLACE_RECORDS: v = view_records_new(s, step->tier, in, step->ports); break;
	case PLACE_PACKETS: v = view_packets_new(s, in); break;
	case PLACE_PACKET: return view_packet_new(s, &step->in, err);
	}
	if (v == NULL)
		err_memory(err);
	return v;
}

/* How many views from the first on are those of the place. */
static size_t views_kept(const struct screen *s, const struct place *p)
{
	struct place_step step;
	size_t n = 0;

	while (n < p->n && n < s->n_views && take_step(s->views[n], &step) && same_view(&step, &p->v[n]))
		n++;
	return n;
}

/* Its filter and its row. */
static enum rc restore(struct view *v, const struct place_step *step, struct err *err)
{
	enum rc rc = RC_DONE;

	if (v->ops->set_filter != NULL && strcmp(v->filter, step->filter) != 0)
		rc = v->ops->set_filter(v, step->filter, err);
	if (rc == RC_DONE && v->ops->set_group != NULL && strcmp(v->group, step->group) != 0)
		rc = v->ops->set_group(v, step->group, err);
	if (rc == RC_DONE && step->has_row && v->ops->select_id != NULL)
		v->ops->select_id(v, &step->row);
	return rc;
}

enum rc place_go(struct screen *s, const struct place *p, struct err *err)
{
	size_t kept = views_kept(s, p);
	enum rc rc = RC_DONE;

	if (p->n > 0)
		s->range = p->range; /* lists ask for it when they are drawn */

	while (s->n_views > kept && s->n_views > 1)
		screen_pop(s, false);
	for (size_t i = 0; i < p->n && rc == RC_DONE; i++) {
		if (i >= s->n_views) {
			struct view *v = open_step(s, &p->v[i], err);

			if (v == NULL)
				return err->rc;
			if (p->v[i].kind != PLACE_PACKET)
				memcpy(v->crumb, p->v[i].crumb, sizeof(v->crumb));
			screen_push(s, v);
		}
		rc = restore(s->views[i], &p->v[i], err);
	}
	return rc;
}

/* ---- marks ------------------------------------------------------------------------------- */

enum { MARK_BEFORE = MARKS - 1 };

/* The mark of a key; MARKS where it has none. */
static size_t mark_of(uint32_t key)
{
	if (key >= 'a' && key <= 'z')
		return key - 'a';
	if (key >= 'A' && key <= 'Z')
		return 26 + key - 'A';
	if (key >= '0' && key <= '9')
		return 52 + key - '0';
	return key == '\'' ? MARK_BEFORE : MARKS;
}

static char mark_key(size_t mark)
{
	return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'"[mark];
}

/* "a 14:15 http 10.0.0.5, b ...": the last steps of the places. */
static void list_marks(const struct marks *m, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < MARKS; i++) {
		const struct place *p = &m->v[i];
		const struct place_step *last = p->n > 0 ? &p->v[p->n - 1] : NULL;
		int n;

		if (last == NULL)
			continue;
		n = snprintf(out + len, size - len, "%s%c %s%s%s", len > 0 ? ", " : "", mark_key(i),
			last->crumb[0][0] != '\0' ? last->crumb[0] : "all services",
			last->crumb[1][0] != '\0' ? " " : "", last->crumb[1]);
		len += n > 0 ? (size_t)n : 0;
		if (len >= size)
			return;
	}
}

void marks_ask(struct screen *s, enum request r)
{
	char marks[512];

	list_marks(&s->marks, marks, sizeof(marks));
	if (r == REQ_MARK_GO && marks[0] == '\0') {
		screen_say(s, "no place is remembered: m and a letter remembers one");
		return;
	}
	s->marks.asks = r;
	if (r == REQ_MARK)
		screen_say(s, "remember this place under which letter?%s%s", marks[0] != '\0' ? "  There are: " : "",
			marks);
	else
		screen_say(s, "go to: %s", marks);
}

static void set(struct screen *s, size_t mark, char key)
{
	struct place p;
	struct err err;

	if (place_take(s, &p, &err) != RC_DONE) {
		screen_fail(s, &err);
		return;
	}
	place_free(&s->marks.v[mark]);
	s->marks.v[mark] = p;
	screen_say(s, "' and %c comes back here", key);
}

static void go(struct screen *s, size_t mark)
{
	struct place to = s->marks.v[mark], before;
	struct err err = { 0 };

	if (place_take(s, &before, &err) != RC_DONE) {
		screen_fail(s, &err);
		return;
	}
	if (place_go(s, &to, &err) != RC_DONE)
		screen_fail(s, &err);
	place_free(&s->marks.v[MARK_BEFORE]);
	s->marks.v[MARK_BEFORE] = before;
}

bool marks_key(struct screen *s, uint32_t key)
{
	enum request asks = s->marks.asks;
	size_t mark = mark_of(key);
	char name[KEY_NAME_MAX];

	if (asks == REQ_NONE)
		return false;
	s->marks.asks = REQ_NONE;
	key_format(name, sizeof(name), key);
	if (key == UKEY_ESCAPE)
		return true;
	if (mark == MARKS || (asks == REQ_MARK && mark == MARK_BEFORE))
		screen_say(s, "%s is no letter and no digit", name);
	else if (asks == REQ_MARK)
		set(s, mark, mark_key(mark));
	else if (s->marks.v[mark].n == 0)
		screen_say(s, "no place is remembered under %s", name);
	else
		go(s, mark);
	return true;
}

void marks_free(struct marks *m)
{
	for (size_t i = 0; i < MARKS; i++)
		place_free(&m->v[i]);
}
