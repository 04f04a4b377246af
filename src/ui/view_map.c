/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of services: which triggers which, how often for each request and after how long, within the range of time that holds. */
#include "base/mem.h"
#include "base/text.h"
#include "query/related_words.h"
#include "query/service_map.h"
#include "ui/along.h"
#include "ui/list.h"
#include "ui/screen.h"
#include "ui/work_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { END_TEXT = 112, CURSOR_W = 2, GAP = 1 };

/* What a row says of a service: "lb 10.0.0.5:80", and where there is less room "lb:80". */
struct end_text { char wide[END_TEXT], narrow[END_TEXT]; };
struct ends { struct end_text from, to; };

struct map_view {
	struct work_view work;       /* first */
	struct query query;          /* of the flows whose machines are looked at */
	/* the job's until it is over */
	struct service_map map;
	struct ends *ends;           /* map.n */
	struct list list;
	char search[128];
};

static struct map_view *of(struct view *v)
{
	return (struct map_view *)v;
}

static const struct map_view *of_const(const struct view *v)
{
	return (const struct map_view *)v;
}

static bool has_rows(const struct map_view *mv)
{
	return mv->work.job == NULL && mv->list.selected < mv->map.n;
}

/* ---- the job --------------------------------------------------------------------------------- */

/* A machine by itself has no port, but a question mark. */
static void put_end(const struct query_sources *sources, const struct service_edge *e, const struct service_end *end,
	struct end_text *out)
{
	const struct name_source *names = sources->names;
	char addr[ADDR_TEXT], name[64], port[8] = " ?";
	bool six = end->addr.kind == ADDR_IPV6 && end->port;

	addr_format(addr, sizeof(addr), &end->addr);
	if (end->port)
		snprintf(port, sizeof(port), ":%u", end->port);
	snprintf(out->narrow, END_TEXT, six ? "[%s]%s" : "%s%s", addr, port);
	snprintf(out->wide, END_TEXT, "%s", out->narrow);
	if (!names || !names->name(names, e->packet_to.source, &end->addr, e->time_ns, name, sizeof(name)))
		return;
	snprintf(out->narrow, END_TEXT, "%s%s", name, port);
	snprintf(out->wide, END_TEXT, six ? "%s [%s]%s" : "%s %s%s", name, addr, port);
}

static enum rc map_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct map_view *mv = ctx;
	enum rc rc = service_map_run(sources, &mv->query, 0, control, &mv->map, err);

	if (rc != RC_DONE)
		return rc;
	mv->ends = mem_calloc(mv->map.n + 1, sizeof(*mv->ends));
	if (!mv->ends) {
		service_map_free(&mv->map);
		return err_memory(err);
	}
	for (size_t i = 0; i < mv->map.n; i++) {
		put_end(sources, &mv->map.v[i], &mv->map.v[i].from, &mv->ends[i].from);
		put_end(sources, &mv->map.v[i], &mv->map.v[i].to, &mv->ends[i].to);
	}
	return RC_DONE;
}

static void forget(struct map_view *mv)
{
	service_map_free(&mv->map);
	mem_free(mv->ends);
	mv->ends = NULL;
}

/* Anew, within the range that holds now. */
static void ask(struct map_view *mv)
{
	const struct range *range = &mv->work.view.screen->range;

	forget(mv);
	list_set_count(&mv->list, 0);
	mv->query.from_ns = range->from_ns;
	mv->query.to_ns = range->to_ns;
	work_view_start(&mv->work, map_work, mv);
}

static void free_view(void *what)
{
	forget(what);
	mem_free(what);
}

static void close_view(struct view *v)
{
	work_view_close(&of(v)->work, free_view);
}

static void update(struct view *v)
{
	struct map_view *mv = of(v);
	const struct range *range = &v->screen->range;
	bool done;

	if (work_view_ended(&mv->work, &done))
		list_set_count(&mv->list, mv->map.n);
	if (mv->work.job != NULL)
		return;
	if (range->from_ns != mv->query.from_ns || range->to_ns != mv->query.to_ns)
		ask(mv);
}

/* ---- drawing ------------------------------------------------------------------------------------ */

enum column { COL_FROM, COL_TO, COL_REQUESTS, COL_TRIGGERED, COL_ORDERED, COL_EACH, COL_P50, COL_P95, COL_SURE, COLS };

static const struct {
	const char *title;
	int w, from_w;               /* from_w: shown in areas as wide as this */
	bool text;
} cols[COLS] = {
	[COL_FROM] = { "service", 0, 0, true },
	[COL_TO] = { "triggers", 0, 0, true },
	[COL_REQUESTS] = { "requests", 8, 88, false },
	[COL_TRIGGERED] = { "triggered", 9, 40, false },
	[COL_ORDERED] = { "by order", 8, 56, false },
	[COL_EACH] = { "each", 6, 72, false },
	[COL_P50] = { "delay p50", 9, 48, false },
	[COL_P95] = { "p95", 7, 66, false },
	[COL_SURE] = { "confidence", 13, 100, true },
};

struct layout { int x[COLS], w[COLS]; };

static void lay_out(struct layout *l, int width)
{
	int x = CURSOR_W, rest = width - CURSOR_W - GAP;

	for (int i = COL_REQUESTS; i < COLS; i++) {
		l->w[i] = width >= cols[i].from_w ? cols[i].w : 0;
		rest -= l->w[i] > 0 ? l->w[i] + GAP : 0;
	}
	/* wide screens: not so far apart that a row falls to pieces */
	rest = rest > 120 ? 120 : rest;
	l->w[COL_FROM] = rest > 4 ? rest / 2 : 2;
	l->w[COL_TO] = rest > 4 ? rest - rest / 2 : 2;
	for (int i = 0; i < COLS; i++) {
		l->x[i] = x;
		x += l->w[i] > 0 ? l->w[i] + GAP : 0;
	}
}

static void put(const struct layout *l, struct canvas *c, struct rect r, enum column k, unsigned attr, const char *text)
{
	int room = r.w - l->x[k];

	if (l->w[k] > 0 && room > 0)
		canvas_cell(c, r.x + l->x[k], r.y, l->w[k] < room ? l->w[k] : room,
			cols[k].text ? ALIGN_LEFT : ALIGN_RIGHT, attr, text);
}

static void put_service(const struct layout *l, struct canvas *c, struct rect r, enum column k, unsigned attr,
	const struct end_text *end)
{
	put(l, c, r, k, attr, canvas_width(c, end->wide) <= l->w[k] ? end->wide : end->narrow);
}

static void draw_row(const struct map_view *mv, const struct layout *l, struct canvas *c, struct rect r, size_t row)
{
	const struct service_edge *e = &mv->map.v[row];
	unsigned extra = row == mv->list.selected ? ATTR_SELECTED : 0, dim = e->has_delay ? 0 : ATTR_DIM;
	char text[TEXT_NUMBER];

	if (extra != 0) {
		canvas_fill(c, r, ATTR_NORMAL | extra);
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	put_service(l, c, r, COL_FROM, (dim ? dim : ATTR_ADDR_CLIENT) | extra, &mv->ends[row].from);
	put_service(l, c, r, COL_TO, ATTR_ADDR_SERVER | extra, &mv->ends[row].to);
	text_count(text, sizeof(text), e->triggered);
	put(l, c, r, COL_TRIGGERED, ATTR_NUMBER | extra, text);
	if (!e->has_delay)
		return;
	text_count(text, sizeof(text), e->requests);
	put(l, c, r, COL_REQUESTS, ATTR_NUMBER | extra, text);
	text_count(text, sizeof(text), e->ordered);
	put(l, c, r, COL_ORDERED, (e->ordered == e->triggered ? ATTR_WARN : ATTR_NUMBER) | extra, text);
	snprintf(text, sizeof(text), "%.2f", e->requests ? (double)e->triggered / (double)e->requests : 0.0);
	put(l, c, r, COL_EACH, ATTR_NUMBER | extra, text);
	text_duration(text, sizeof(text), e->delay_p50_ns);
	put(l, c, r, COL_P50, ATTR_NUMBER | extra, text);
	text_duration(text, sizeof(text), e->delay_p95_ns);
	put(l, c, r, COL_P95, ATTR_NUMBER | extra, text);
	snprintf(text, sizeof(text), "%-8s %.2f", related_confidence_word(e->confidence), e->confidence);
	put(l, c, r, COL_SURE, (e->confidence >= 0.7 ? ATTR_GOOD : ATTR_WARN) | extra, text);
}

static void draw_nothing(const struct map_view *mv, struct canvas *c, struct rect area)
{
	int x = area.x + CURSOR_W, y = area.y + 1, w = area.w - CURSOR_W;

	if (mv->work.job != NULL)
		canvas_text(c, x, y, w, ATTR_DIM, "comparing what came to each machine with what left it");
	else if (mv->work.stopped)
		canvas_text(c, x, y, w, ATTR_WARN, "stopped");
	else if (mv->work.failed)
		canvas_printf(c, x, y, w, ATTR_BAD, "%s: %s", mv->work.err.what, mv->work.err.why);
	else
		canvas_text(c, x, y, w, ATTR_NORMAL, "no machine here serves and asks: nothing that could trigger anything was seen");
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct map_view *mv = of(v);
	int rows = area.h - 1;
	struct layout l;

	list_set_page(&mv->list, rows > 0 ? (size_t)rows : 1);
	if (mv->work.job != NULL || mv->map.n == 0) {
		draw_nothing(mv, c, area);
		return;
	}
	lay_out(&l, area.w);
	for (enum column k = 0; k < COLS; k++)
		put(&l, c, (struct rect){ area.x, area.y, area.w, 1 }, k, ATTR_HEADER, cols[k].title);
	for (int i = 0; i < rows && mv->list.top + (size_t)i < mv->map.n; i++)
		draw_row(mv, &l, c, (struct rect){ area.x, area.y + 1 + i, area.w, 1 }, mv->list.top + (size_t)i);
}

/* ---- requests ------------------------------------------------------------------------------------ */

/* A request that stands for the row: the one that triggered, else what was sent. */
static bool selected(const struct view *v, struct id *out)
{
	const struct map_view *mv = of_const(v);

	if (!has_rows(mv))
		return false;
	*out = mv->map.v[mv->list.selected].has_delay ? mv->map.v[mv->list.selected].packet_from :
							mv->map.v[mv->list.selected].packet_to;
	return true;
}

static void open_example(struct map_view *mv)
{
	struct screen *s = mv->work.view.screen;
	struct view *below;
	struct err err;
	struct id id;

	if (!selected(&mv->work.view, &id))
		return;
	if (mv->map.v[mv->list.selected].has_delay) {
		screen_push(s, view_related_new(s, &id, false));
		return;
	}
	below = view_packet_new(s, &id, &err);
	if (below == NULL)
		screen_fail(s, &err);
	else
		screen_push(s, below);
}

static bool request(struct view *v, enum request r)
{
	struct map_view *mv = of(v);

	if (list_request(&mv->list, r))
		return true;
	if (r == REQ_OPEN)
		open_example(mv);
	return r == REQ_OPEN || r == REQ_MAP;
}

static const char LEGEND[] = "? not known why   by order: possible, no proof";

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct map_view *mv = of_const(v);
	const struct service_map *map = &mv->map;

	position[0] = state[0] = '\0';
	if (mv->work.job != NULL)
		snprintf(state, state_size, "Escape stops it");
	if (!has_rows(mv))
		return;
	snprintf(position, position_size, "%zu/%zu", mv->list.selected + 1, map->n);
	if (map->limited)
		snprintf(state, state_size, "not all was looked at: %s", map->limit);
	else if (map->looked_ns < map->window_ns)
		snprintf(state, state_size, "looked at %.0f %% of the time   %s",
			100.0 * (double)map->looked_ns / (double)map->window_ns, LEGEND);
	else
		snprintf(state, state_size, "%s", LEGEND);
}

static bool search(struct view *v, const char *text, int by)
{
	struct map_view *mv = of(v);
	size_t n = mv->map.n, at = mv->list.selected;

	if (text != NULL)
		snprintf(mv->search, sizeof(mv->search), "%s", text);
	for (size_t i = 0; has_rows(mv) && mv->search[0] != '\0' && i < n; i++) {
		at = by > 0 ? (at + 1) % n : (at + n - 1) % n;
		if (strcasestr(mv->ends[at].from.wide, mv->search) != NULL ||
			strcasestr(mv->ends[at].to.wide, mv->search) != NULL) {
			list_select(&mv->list, at);
			return true;
		}
	}
	return false;
}

static const struct view_hint hints[] = { { REQ_OPEN, "an example" }, { REQ_BACK, NULL }, { REQ_SEARCH, "search" },
	{ REQ_STREAM, NULL }, { REQ_RELATED, NULL }, { REQ_WRITE, NULL }, { REQ_COMMAND, NULL }, { REQ_HELP, NULL },
	{ REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "map",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.update = update,
	.busy = work_view_busy,
	.failed = work_view_failed,
	.cancel = work_view_cancel,
	.status = status,
	.search = search,
	.selected = selected,
};

struct view *view_map_new(struct screen *s)
{
	struct map_view *mv = mem_calloc(1, sizeof(*mv));

	if (mv == NULL)
		return NULL;
	mv->work.view.ops = &ops;
	mv->work.view.screen = s;
	mv->work.view.tier = TIER_PACKET;
	query_init(&mv->query, TIER_FLOW);
	snprintf(mv->work.view.crumb[0], VIEW_CRUMB_MAX, "map of services");
	ask(mv);
	return &mv->work.view;
}
