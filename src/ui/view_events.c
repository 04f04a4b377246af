/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log of the sources: what the stores wrote down (starts, ends, interfaces, the clock, evictions, recoveries), windows in which
 * packets were lost, and what is wrong with a capture file. Read in the background.
 */
#include "base/mem.h"
#include "base/text.h"
#include "ui/list.h"
#include "ui/screen.h"
#include "ui/series.h"
#include "ui/work_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 2000, TIME_W = 23, KIND_W = 10 };

struct log_event {
	int64_t time_ns;
	unsigned source; /* from 0 */
	bool hurts;
	char kind[24]; /* not escaped, as the text */
	char text[256];
};

struct log_load {
	struct log_event *v;
	size_t n, cap;
};

struct events_view {
	struct work_view work; /* first */
	struct list list;
	struct log_load shown, loading; /* `loading` is the job's while it runs */
	bool loaded, again; /* something was published meanwhile */
};

static struct events_view *of(struct view *v)
{
	return (struct events_view *)v;
}

static const struct events_view *of_const(const struct view *v)
{
	return (const struct events_view *)v;
}

/* ---- reading: the job's thread --------------------------------------------------------------- */

static bool hurts(const char *kind)
{
	static const char *const kinds[] = { "down", "gone", "lost", "full", "end", "clock", "evicted", "damaged", "cut short" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

static struct log_event *add(struct log_load *l, unsigned source, int64_t time_ns, const char *kind)
{
	struct log_event *e;

	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return NULL;
	e = &l->v[l->n++];
	*e = (struct log_event){ .time_ns = time_ns, .source = source, .hurts = hurts(kind) };
	snprintf(e->kind, sizeof(e->kind), "%s", kind);
	return e;
}

static enum rc add_log(struct log_load *l, unsigned source, struct store *store, struct err *err)
{
	struct event_info *v = mem_calloc(EVENTS_MAX, sizeof(*v));
	enum rc rc;
	size_t n = 0;

	if (v == NULL)
		return err_memory(err);
	rc = store_events(store, EVENTS_MAX, v, &n, err);
	for (size_t i = 0; i < n && rc == RC_DONE; i++) {
		struct log_event *e = add(l, source, v[i].time_ns, v[i].kind);

		if (e == NULL)
			rc = err_memory(err);
		else
			snprintf(e->text, sizeof(e->text), "%s", v[i].text);
	}
	mem_free(v);
	return rc;
}

static void put_loss(char *out, size_t size, const struct drop_info *d, const char *name)
{
	const struct {
		uint64_t n;
		const char *what;
	} parts[] = { { d->dropped, "dropped by the kernel" }, { d->if_dropped, "lost by the interface" },
		{ d->refused, "refused: no room" } };
	int len = snprintf(out, size, "%.60s%s", name, name[0] != '\0' ? ": " : "");
	bool any = false;

	for (size_t i = 0; i < 3 && len > 0 && (size_t)len < size; i++) {
		char number[TEXT_NUMBER];

		if (parts[i].n == 0)
			continue;
		text_count(number, sizeof(number), parts[i].n);
		len += snprintf(out + len, size - (size_t)len, "%s%s %s", any ? ", " : "", number, parts[i].what);
		any = true;
	}
	if (d->to_ns > d->from_ns && len > 0 && (size_t)len + 12 < size) {
		len += snprintf(out + len, size - (size_t)len, " within ");
		text_duration(out + len, size - (size_t)len, d->to_ns - d->from_ns);
	}
}

static enum rc add_losses(struct log_load *l, unsigned source, const struct store *store, struct err *err)
{
	size_t n, n_points;
	const struct drop_info *d = store_drops(store, &n);
	const struct point_info *points = store_points(store, &n_points);

	for (size_t i = n > EVENTS_MAX ? n - EVENTS_MAX : 0; i < n; i++) {
		struct log_event *e = add(l, source, d[i].from_ns, "lost");

		if (e == NULL)
			return err_memory(err);
		put_loss(e->text, sizeof(e->text), &d[i], d[i].point < n_points ? points[d[i].point].name : "");
		snprintf(e->kind, sizeof(e->kind), "drops");
	}
	return RC_DONE;
}

/* What is wrong with the input has the time of the last packet before it. */
static enum rc add_input(struct log_load *l, unsigned source, const struct store *store, struct err *err)
{
	const struct store_totals *t = store_totals(store);
	struct log_event *e;

	if (!t->damaged && !t->cut_short)
		return RC_DONE;
	e = add(l, source, t->packets > 0 ? t->last_ns : 0, t->damaged ? "damaged" : "cut short");
	if (e == NULL)
		return err_memory(err);
	if (t->damaged)
		snprintf(e->text, sizeof(e->text), "the capture is damaged at byte %llu", (unsigned long long)t->damaged_at);
	else
		snprintf(e->text, sizeof(e->text), "the capture ends within a record");
	return RC_DONE;
}

static int by_time(const void *a, const void *b)
{
	const struct log_event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return strcmp(x->text, y->text);
}

static enum rc read_all(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct log_load *l = ctx;
	enum rc rc = RC_DONE;

	(void)control;
	l->n = 0;
	for (unsigned i = 0; i < sources->n && rc == RC_DONE; i++) {
		if (sources->stores[i] == NULL)
			continue;
		rc = add_log(l, i, sources->stores[i], err);
		if (rc == RC_DONE)
			rc = add_losses(l, i, sources->stores[i], err);
		if (rc == RC_DONE)
			rc = add_input(l, i, sources->stores[i], err);
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_time);
	return rc;
}

/* ---- the job ------------------------------------------------------------------------------------ */

static void start(struct events_view *ev)
{
	ev->again = ev->work.job != NULL;
	if (ev->again)
		return;
	work_view_start(&ev->work, read_all, &ev->loading);
}

/* The newest event is selected at first, and stays so while it is. */
static void take_over(struct events_view *ev)
{
	struct log_load old = ev->shown;
	bool at_end = !ev->loaded || ev->list.selected + 1 >= ev->list.count;

	ev->shown = ev->loading;
	ev->loading = old;
	ev->loaded = true;
	list_set_count(&ev->list, ev->shown.n);
	if (at_end && ev->shown.n > 0)
		list_select(&ev->list, ev->shown.n - 1);
}

static void update(struct view *v)
{
	struct events_view *ev = of(v);
	bool done;

	if (!work_view_ended(&ev->work, &done))
		return;
	if (done)
		take_over(ev);
	if (ev->again)
		start(ev);
}

static void refresh(struct view *v)
{
	start(of(v));
}

static void free_view(void *what)
{
	struct events_view *ev = what;

	mem_free(ev->shown.v);
	mem_free(ev->loading.v);
	mem_free(ev);
}

static void close_view(struct view *v)
{
	work_view_close(&of(v)->work, free_view);
}

/* ---- drawing --------------------------------------------------------------------------------------- */

static void draw_event(const struct events_view *ev, struct canvas *c, struct rect r, size_t i)
{
	const struct screen *s = ev->work.view.screen;
	const struct log_event *e = &ev->shown.v[i];
	unsigned extra = i == ev->list.selected && !s->printing ? ATTR_SELECTED : 0;
	struct cell_style style = s->style;
	char time[TEXT_TIME];
	int x = r.x + 2;

	if (extra != 0) {
		canvas_fill(c, r, ATTR_NORMAL | extra);
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	if (e->hurts)
		canvas_text(c, r.x + 1, r.y, 1, ATTR_BAD | extra, "!");
	style.dates = true;
	cell_time(time, sizeof(time), e->time_ns, 3, &style);
	canvas_text(c, x, r.y, TIME_W, ATTR_TIME | extra, time);
	x += TIME_W + 1;
	canvas_text(c, x, r.y, KIND_W, (e->hurts ? ATTR_BAD : ATTR_STRONG) | extra, e->kind);
	x += KIND_W + 1;
	if (s->style.sources != NULL)
		x += canvas_printf(c, x, r.y, r.x + r.w - x, ATTR_DIM | extra, "%u: ", e->source + 1);
	canvas_text(c, x, r.y, r.x + r.w - x - 1, ATTR_NORMAL | extra, e->text);
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct events_view *ev = of(v);
	int rows = area.h - 1;

	list_set_page(&ev->list, rows > 0 ? (size_t)rows : 1);
	canvas_text(c, area.x + 2, area.y, area.w - 2, ATTR_HEADER, "time");
	canvas_text(c, area.x + 2 + TIME_W + 1, area.y, area.w - TIME_W - 3, ATTR_HEADER, "what");
	for (int i = 0; i < rows && ev->list.top + (size_t)i < ev->list.count; i++)
		draw_event(ev, c, (struct rect){ area.x, area.y + 1 + i, area.w, 1 }, ev->list.top + (size_t)i);
	if (ev->list.count > 0)
		return;
	if (ev->work.failed)
		canvas_printf(c, area.x + 2, area.y + 1, area.w - 2, ATTR_BAD, "%s: %s", ev->work.err.what, ev->work.err.why);
	else
		canvas_text(c, area.x + 2, area.y + 1, area.w - 2, ATTR_DIM,
			ev->work.job != NULL ? "reading the log"
					: "the log is empty: nothing was lost, and nothing went wrong that is known");
}

static size_t lines(const struct view *v, int width, size_t max)
{
	size_t n = of_const(v)->list.count > 0 ? of_const(v)->list.count + 1 : 2;

	(void)width;
	return n < max ? n : max;
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct events_view *ev = of_const(v);
	size_t bad = 0;

	for (size_t i = 0; i < ev->shown.n; i++)
		bad += ev->shown.v[i].hurts;
	snprintf(position, position_size, "%zu/%zu", ev->list.count > 0 ? ev->list.selected + 1 : 0, ev->list.count);
	snprintf(state, state_size, "! %zu of them hurt", bad);
	if (bad == 0)
		state[0] = '\0';
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static const struct log_event *selected_event(const struct events_view *ev)
{
	return ev->list.selected < ev->shown.n ? &ev->shown.v[ev->list.selected] : NULL;
}

static bool span(const struct view *v, int64_t *first_ns, int64_t *last_ns)
{
	const struct log_event *e = selected_event(of_const(v));

	if (e == NULL)
		return false;
	*first_ns = *last_ns = e->time_ns;
	return true;
}

static void go_to_trouble(struct events_view *ev, int by)
{
	size_t i = ev->list.selected;

	while (by > 0 ? i + 1 < ev->shown.n : i > 0) {
		i = by > 0 ? i + 1 : i - 1;
		if (!ev->shown.v[i].hurts)
			continue;
		list_select(&ev->list, i);
		return;
	}
	screen_say(ev->work.view.screen, "no %s event hurts", by > 0 ? "later" : "earlier");
}

/* Back to the macroflows, to the window of the event. A range that does not hold it goes. */
static void open_event(struct events_view *ev)
{
	struct screen *s = ev->work.view.screen;
	const struct log_event *e = selected_event(ev);
	const struct query_sources *sources = session_sources(s->session);
	struct view *first = s->views[0];
	int64_t time_ns, window = 1;
	struct err err;

	if (e == NULL)
		return;
	time_ns = e->time_ns;
	if (e->source < sources->n && sources->stores[e->source] != NULL)
		window = store_config(sources->stores[e->source])->macro_ns;
	if (time_ns < s->range.from_ns || time_ns >= s->range.to_ns)
		range_init(&s->range);
	while (s->n_views > 1)
		screen_pop(s, false);
	if (first->ops->go_to_time == NULL)
		return;
	/* its query may only begin now */
	if (first->ops->update != NULL)
		first->ops->update(first);
	if (first->ops->go_to_time(first, time_floor(time_ns, window), &err) != RC_DONE)
		screen_fail(s, &err);
}

static bool request(struct view *v, enum request r)
{
	struct events_view *ev = of(v);

	if (list_request(&ev->list, r))
		return true;
	switch (r) {
	case REQ_OPEN: open_event(ev); return true;
	case REQ_NEXT_TROUBLE: go_to_trouble(ev, 1); return true;
	case REQ_PREV_TROUBLE: go_to_trouble(ev, -1); return true;
	case REQ_EVENTS: return true;
	default: return false;
	}
}

static const struct view_hint hints[] = { { REQ_OPEN, "its time" }, { REQ_BACK, NULL }, { REQ_NEXT_TROUBLE, "next that hurts" },
	{ REQ_PREV_TROUBLE, "previous" }, { REQ_HELP, NULL }, { REQ_NONE, NULL } };

static const struct view_ops ops = {
	.name = "events",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.update = update,
	.refresh = refresh,
	.busy = work_view_busy,
	.failed = work_view_failed,
	.status = status,
	.lines = lines,
	.span = span,
};

struct view *view_events_new(struct screen *s)
{
	struct events_view *ev = mem_calloc(1, sizeof(*ev));

	if (ev == NULL)
		return NULL;
	ev->work.view.ops = &ops;
	ev->work.view.screen = s;
	snprintf(ev->work.view.crumb[0], VIEW_CRUMB_MAX, "events");
	start(ev);
	return &ev->work.view;
}
