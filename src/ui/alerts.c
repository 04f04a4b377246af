/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/alerts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ui/record_label.h"
#include "ui/screen.h"

#include <stdio.h>
#include <string.h>

enum { TROUBLED_MAX = 1024, ALERT_S = 60, ASK_S = 2, MIN_H = 12 };
static const int64_t second_ns = 1000000000;

/* A service in trouble. */
struct troubled {
	struct id id;
	enum health health;
	int64_t last_ns;
	char text[ALERT_TEXT];
};

struct found {
	struct troubled v[TROUBLED_MAX];
	size_t n;
};

struct alerts_watch {
	struct job *job; /* fills `next` */
	struct cell_style style; /* the job's copy */
	struct found known, next;
	bool begun; /* `known` is what was found last */
};

/* ---- the list ------------------------------------------------------------------------------ */

void alerts_add(struct screen *s, int64_t at_ns, const char *text)
{
	struct alerts *a = &s->alerts;

	if (a->n == ALERTS_MAX)
		memmove(&a->v[0], &a->v[1], --a->n * sizeof(a->v[0]));
	a->v[a->n] = (struct alert){ .at_ns = at_ns, .since_ns = clock_monotonic_ns() };
	snprintf(a->v[a->n++].text, ALERT_TEXT, "%s", text);
}

static void forget_old(struct alerts *a)
{
	int64_t now = clock_monotonic_ns();
	size_t old = 0;

	while (old < a->n && now - a->v[old].since_ns > ALERT_S * second_ns)
		old++;
	a->n -= old;
	memmove(&a->v[0], &a->v[old], a->n * sizeof(a->v[0]));
}

/* ---- services ------------------------------------------------------------------------------ */

/* In the job's thread. */
static bool take_row(void *ctx, const struct query_sources *sources, const struct row *row, const struct raw_packet *raw)
{
	struct alerts_watch *w = ctx;
	char first[128], second[128], why[96];
	struct health_verdict verdict;
	struct troubled *t;

	(void)sources;
	(void)raw;
	health_judge(row->record, row->limits, &verdict);
	if (!verdict.known || verdict.health == HEALTH_NORMAL)
		return true;
	t = &w->next.v[w->next.n++];
	row_id(row, &t->id);
	t->health = verdict.health;
	t->last_ns = row->record->c.last_ns;
	record_label(row, &w->style, first, second, sizeof(first));
	health_why(why, sizeof(why), &verdict);
	snprintf(t->text, sizeof(t->text), "%s %s: %s", second[0] != '\0' ? second : first, health_name(t->health), why);
	return w->next.n < TROUBLED_MAX;
}

static bool was_as_bad(const struct found *known, const struct troubled *t)
{
	for (size_t i = 0; i < known->n; i++)
		if (record_id_equal(known->v[i].id.rec, t->id.rec) && known->v[i].id.source == t->id.source)
			return known->v[i].health >= t->health;
	return false;
}

static void settle(struct screen *s, struct alerts_watch *w)
{
	bool done = job_state(w->job, NULL) == JOB_DONE;

	job_free(w->job);
	w->job = NULL;
	if (!done)
		return;
	for (size_t i = 0; i < w->next.n && w->begun; i++)
		if (!was_as_bad(&w->known, &w->next.v[i]))
			alerts_add(s, w->next.v[i].last_ns, w->next.v[i].text);
	w->known = w->next;
	w->begun = true;
}

static void ask(struct screen *s)
{
	struct alerts *a = &s->alerts;
	int64_t newest;
	struct query q;

	if (a->watch == NULL)
		a->watch = mem_calloc(1, sizeof(*a->watch));
	if (a->watch == NULL || !query_newest(session_sources(s->session), &newest))
		return;
	a->stale = false;
	a->asked_ns = clock_monotonic_ns();
	a->watch->next.n = 0;
	a->watch->style = s->style;
	a->watch->style.dates = false;
	query_init(&q, TIER_MACROFLOW);
	q.from_ns = newest - 5 * second_ns; /* services that are quiet turn into nothing */
	if (job_start_sink(s->session, &q, take_row, a->watch, &a->watch->job, NULL) != RC_DONE)
		a->watch->job = NULL;
}

void alerts_refresh(struct screen *s)
{
	s->alerts.stale = true;
}

void alerts_update(struct screen *s)
{
	struct alerts *a = &s->alerts;

	forget_old(a);
	if (a->watch != NULL && a->watch->job != NULL) {
		if (job_state(a->watch->job, NULL) == JOB_RUNNING)
			return;
		settle(s, a->watch);
	}
	if (a->stale && s->live.recorders > 0 && clock_monotonic_ns() - a->asked_ns >= ASK_S * second_ns)
		ask(s);
}

void alerts_close(struct screen *s)
{
	if (s->alerts.watch != NULL)
		job_free(s->alerts.watch->job);
	mem_free(s->alerts.watch);
	s->alerts.watch = NULL;
}

/* ---- on the screen ------------------------------------------------------------------------- */

int alerts_rows(const struct screen *s)
{
	return s->alerts.n > 0 && s->canvas->h >= MIN_H;
}

void alerts_draw(struct screen *s, int y)
{
	const struct alert *a = &s->alerts.v[s->alerts.n - 1];
	struct canvas *c = s->canvas;
	char more[48] = "", when[64] = "";
	int room;

	if (s->alerts.n > 1)
		snprintf(more, sizeof(more), "%zu more", s->alerts.n - 1);
	if (a->at_ns != 0)
		cell_time(when, sizeof(when), a->at_ns, 0, &s->style);
	room = c->w - 2 - canvas_width(c, more);
	canvas_text(c, c->w - 1 - canvas_width(c, more), y, c->w, ATTR_DIM, more);
	canvas_printf(c, 1, y, room - 2, ATTR_BAD, "! %s%s%s", when, when[0] != '\0' ? " " : "", a->text);
}
