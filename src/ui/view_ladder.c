/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sequence diagram: hosts as columns, packets as arrows, time downwards. */
#include "base/mem.h"
#include "base/text.h"
#include "ui/along.h"
#include "ui/ladder_load.h"
#include "ui/list.h"
#include "ui/screen.h"
#include "ui/work_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CURSOR_W = 2, TIME_W = 15, TIME_SHORT_W = 12, NARROW_W = 70, STEP_MIN = 18, EDGE = 2 };

/* Marks worth going to. */
static const uint32_t trouble_marks = MARK_BIT(MARK_RETRANS) | MARK_BIT(MARK_LOST_SEGMENT) | MARK_BIT(MARK_ACK_LOST_SEGMENT) |
	MARK_BIT(MARK_ZERO_WINDOW) | MARK_BIT(MARK_WINDOW_FULL) | MARK_BIT(MARK_ERRORS) | MARK_BIT(MARK_OVERLAP) | MARK_BIT(MARK_RTP_GAPS);

struct ladder_view {
	struct work_view work;       /* first */
	struct ladder_load load;
	bool cascade;
	bool quiet, to_scale;        /* with bare acknowledgments; time to scale */
	struct list list;            /* lines */
	size_t left, seen;           /* hosts scrolled away; hosts on the screen */
	struct id *flows;            /* of a cascade, for w: owned */
	size_t n_flows;
	int64_t from_ns, to_ns;
	char search[128];
};

static struct ladder_view *of(struct view *v)
{
	return (struct ladder_view *)v;
}

static const struct ladder_view *of_const(const struct view *v)
{
	return (const struct ladder_view *)v;
}

static void free_view(void *what)
{
	struct ladder_view *lv = what;

	ladder_load_free(&lv->load);
	mem_free(lv->flows);
	mem_free(lv);
}

static void close_view(struct view *v)
{
	work_view_close(&of(v)->work, free_view);
}

static const struct ladder_line *line_at(const struct ladder_view *lv, size_t n)
{
	return lv->work.job == NULL && n < lv->load.ladder.n_lines ? &lv->load.ladder.lines[n] : NULL;
}

static void lay_out(struct ladder_view *lv, uint32_t arrow)
{
	if (ladder_lines(&lv->load.ladder, lv->quiet, lv->to_scale, &lv->work.err) != RC_DONE)
		lv->work.failed = true;
	list_set_count(&lv->list, lv->load.ladder.n_lines);
	list_select(&lv->list, ladder_line_of(&lv->load.ladder, arrow));
}

static void update(struct view *v)
{
	struct ladder_view *lv = of(v);
	bool done;

	if (!work_view_ended(&lv->work, &done))
		return;
	if (!done)
		ladder_load_free(&lv->load);
	else
		lay_out(lv, lv->load.at);
}

/*
 * ---- drawing ---------------------------------------------------------------------------------
 */

/* Where hosts stand. */
struct poles {
	int x0, w, step;
	size_t left, n;              /* the first one seen, and how many */
};

static void place_poles(struct ladder_view *lv, struct rect area, struct poles *p)
{
	size_t n = lv->load.ladder.n_hosts, fit;
	int room;

	p->x0 = area.x + CURSOR_W + (area.w < NARROW_W ? TIME_SHORT_W : TIME_W) + 1;
	p->w = area.x + area.w - p->x0 - 1;
	p->w = p->w > 4 ? p->w : 4;
	room = (p->w - 2 * EDGE) / STEP_MIN + 1;
	fit = (size_t)room;
	fit = fit < 2 ? 2 : fit;
	p->n = n < fit ? n : fit;
	if (lv->left + p->n > n)
		lv->left = n - p->n;
	p->left = lv->left;
	lv->seen = p->n;
	p->step = p->n > 1 ? (p->w - 2 * EDGE) / (int)(p->n - 1) : 0;
}

static int pole_x(const struct poles *p, size_t host)
{
	if (host < p->left)
		return p->x0 - 1;
	if (host >= p->left + p->n)
		return p->x0 + p->w;
	return p->x0 + EDGE + (int)(host - p->left) * p->step;
}

/* Names stand over their poles, the first and the last one inside of the edges. */
static void draw_names(const struct ladder_view *lv, struct canvas *c, int y, const struct poles *p)
{
	const struct ladder *l = &lv->load.ladder;

	for (size_t i = 0; i < p->n; i++) {
		const char *name = l->hosts[p->left + i].name;
		int room = p->n > 1 ? p->step - 1 : p->w, w = canvas_width(c, name), x;

		w = w < room ? w : room;
		x = pole_x(p, p->left + i) - w / 2;
		x = x < p->x0 ? p->x0 : x + w > p->x0 + p->w ? p->x0 + p->w - w : x;
		canvas_text(c, x, y, w, ATTR_HEADER, name);
	}
	if (p->left > 0)
		canvas_glyph(c, p->x0 - 1, y, ATTR_KEY, GLYPH_MORE_LEFT);
	if (p->left + p->n < l->n_hosts)
		canvas_glyph(c, p->x0 + p->w, y, ATTR_KEY, GLYPH_MORE_RIGHT);
}

static void draw_poles(struct canvas *c, int y, const struct poles *p, unsigned extra)
{
	for (size_t i = 0; i < p->n; i++)
		canvas_glyph(c, pole_x(p, p->left + i), y, ATTR_RULE | extra, GLYPH_VLINE);
}

static unsigned arrow_attr(const struct ladder_arrow *a)
{
	if (a->reset || (a->marks & MARK_BIT(MARK_ERRORS)))
		return ATTR_BAD;
	if (a->late || (a->marks & (trouble_marks | MARK_BIT(MARK_REFUSALS))))
		return ATTR_WARN;
	return a->quiet ? ATTR_DIM : ATTR_NORMAL;
}

/* From one pole to another, with its text in the middle of the line. `dashed`: what is not there, or was there before. */
static void draw_arrow(const struct ladder_view *lv, struct canvas *c, int y, const struct poles *p, const struct ladder_arrow *a,
	bool lost, unsigned extra)
{
	const char *text = lost ? "not captured" : ladder_text(&lv->load.ladder, a);
	bool dashed = lost || (a->marks & MARK_BIT(MARK_RETRANS)), right = a->to > a->from;
	int from = pole_x(p, a->from), to = pole_x(p, a->to), x1 = from < to ? from : to, x2 = from < to ? to : from;
	unsigned attr = (lost ? ATTR_WARN : arrow_attr(a)) | extra;
	int room = x2 - x1 - 5, w = canvas_width(c, text), head = right ? to - 1 : to + 1;

	if (x2 - x1 < 3) {           /* to itself, or both ends further aside */
		int x = x1 + 2 < p->x0 + p->w ? x1 + 2 : p->x0;

		canvas_text(c, x, y, p->x0 + p->w - x, attr, text);
		return;
	}
	for (int x = x1 + 1; x < x2; x++)
		canvas_glyph(c, x, y, attr, dashed ? GLYPH_DASH : GLYPH_HLINE);
	if (a->reset && !lost)
		canvas_text(c, head, y, 1, attr, "x");
	else
		canvas_glyph(c, head, y, attr, right ? GLYPH_ARROW_RIGHT : GLYPH_ARROW_LEFT);
	if (room < 1)
		return;
	w = w < room ? w : room;
	x1 += 1 + (x2 - x1 - 1 - w) / 2;
	canvas_fill(c, (struct rect){ x1 - 1, y, w + 2, 1 }, attr);
	canvas_text(c, x1, y, w, attr, text);
}

static void draw_wait(struct canvas *c, int y, const struct poles *p, int64_t ns, unsigned extra)
{
	char text[TEXT_NUMBER];
	int x = p->x0 + EDGE + 2;

	if (ns == 0)
		return;
	text_duration(text, sizeof(text), ns);
	canvas_printf(c, x, y, p->x0 + p->w - x, (ns >= LADDER_LATE_NS ? ATTR_WARN : ATTR_TIME) | extra, "%s passes", text);
}

static void draw_line(const struct ladder_view *lv, struct canvas *c, struct rect r, const struct poles *p, size_t n)
{
	const struct ladder_line *line = line_at(lv, n);
	unsigned extra = n == lv->list.selected ? ATTR_SELECTED : 0;
	const struct ladder_arrow *a;
	char text[CELL_TEXT];

	if (line == NULL)
		return;
	a = &lv->load.ladder.arrows[line->arrow];
	if (extra != 0) {
		canvas_fill(c, r, ATTR_NORMAL | extra);
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	draw_poles(c, r.y, p, extra);
	if (line->kind == LADDER_WAIT) {
		draw_wait(c, r.y, p, line->ns, extra);
		return;
	}
	if (line->kind == LADDER_PACKET) {
		cell_time(text, sizeof(text), a->time_ns, r.w < NARROW_W ? 3 : 6, &lv->work.view.screen->style);
		canvas_text(c, r.x + CURSOR_W, r.y, r.w < NARROW_W ? TIME_SHORT_W : TIME_W, ATTR_TIME | extra, text);
	}
	draw_arrow(lv, c, r.y, p, a, line->kind == LADDER_LOST, extra);
}

static void draw_empty(const struct ladder_view *lv, struct canvas *c, struct rect area)
{
	int x = area.x + 2, y = area.y + 1, w = area.w - 2;

	if (lv->work.job != NULL)
		canvas_text(c, x, y, w, ATTR_DIM, "reading packets");
	else if (lv->work.failed)
		canvas_printf(c, x, y, w, ATTR_BAD, "%s: %s", lv->work.err.what, lv->work.err.why);
	else if (lv->work.stopped)
		canvas_text(c, x, y, w, ATTR_WARN, "stopped before they were read");
	else
		canvas_text(c, x, y, w, ATTR_DIM, "no packets but bare acknowledgments; Tab shows them");
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct ladder_view *lv = of(v);
	struct poles p;

	list_set_page(&lv->list, area.h > 1 ? (size_t)area.h - 1 : 1);
	if (line_at(lv, 0) == NULL) {
		draw_empty(lv, c, area);
		return;
	}
	place_poles(lv, area, &p);
	draw_names(lv, c, area.y, &p);
	for (int i = 1; i < area.h; i++)
		draw_line(lv, c, (struct rect){ area.x, area.y + i, area.w, 1 }, &p, lv->list.top + (size_t)i - 1);
}

/*
 * ---- requests ----------------------------------------------------------------------------------
 */

static const struct ladder_arrow *selected_arrow(const struct ladder_view *lv)
{
	const struct ladder_line *line = line_at(lv, lv->list.selected);

	return line != NULL ? &lv->load.ladder.arrows[line->arrow] : NULL;
}

static void open_packet(struct ladder_view *lv)
{
	const struct ladder_arrow *a = selected_arrow(lv);
	struct view *below;
	struct err err;

	if (a == NULL)
		return;
	below = view_packet_new(lv->work.view.screen, &a->id, &err);
	if (below == NULL)
		screen_fail(lv->work.view.screen, &err);
	else
		screen_push(lv->work.view.screen, below);
}

static void change(struct ladder_view *lv, bool quiet, bool to_scale)
{
	const struct ladder_line *line = line_at(lv, lv->list.selected);
	uint32_t arrow = line != NULL ? line->arrow : 0;

	if (lv->work.job != NULL || lv->work.failed || lv->work.stopped)
		return;
	lv->quiet = quiet;
	lv->to_scale = to_scale;
	lay_out(lv, arrow);
}

static bool wanted(const struct ladder_view *lv, const struct ladder_line *line, bool trouble)
{
	const struct ladder_arrow *a = &lv->load.ladder.arrows[line->arrow];

	if (line->kind != LADDER_PACKET)
		return false;
	return trouble ? a->reset || a->late || (a->marks & trouble_marks) != 0
		       : strcasestr(ladder_text(&lv->load.ladder, a), lv->search) != NULL;
}

/* The next line with trouble, or with what is searched for; round the end where that is asked for. */
static bool go_to(struct ladder_view *lv, bool trouble, int by, bool round)
{
	size_t n = lv->load.ladder.n_lines, at = lv->list.selected;

	for (size_t i = 0; lv->work.job == NULL && i < n; i++) {
		if (!round && (by > 0 ? at + 1 == n : at == 0))
			return false;
		at = by > 0 ? (at + 1) % n : (at + n - 1) % n;
		if (wanted(lv, &lv->load.ladder.lines[at], trouble)) {
			list_select(&lv->list, at);
			return true;
		}
	}
	return false;
}

static bool request(struct view *v, enum request r)
{
	struct ladder_view *lv = of(v);

	if (list_request(&lv->list, r))
		return true;
	switch (r) {
	case REQ_OPEN: open_packet(lv); return true;
	case REQ_PANE: change(lv, !lv->quiet, lv->to_scale); return true;
	case REQ_SCALE: change(lv, lv->quiet, !lv->to_scale); return true;
	case REQ_LEFT: lv->left -= lv->left > 0 ? 1 : 0; return true;
	case REQ_RIGHT: lv->left += lv->left + lv->seen < lv->load.ladder.n_hosts ? 1 : 0; return true;
	case REQ_NEXT_TROUBLE:
	case REQ_PREV_TROUBLE:
		if (!go_to(lv, true, r == REQ_NEXT_TROUBLE ? 1 : -1, false))
			screen_say(v->screen, "no %s packet is in trouble", r == REQ_NEXT_TROUBLE ? "further" : "earlier");
		return true;
	case REQ_LADDER: return true;        /* it is one */
	default: return false;
	}
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct ladder_view *lv = of_const(v);
	const struct ladder *l = &lv->load.ladder;
	const struct ladder_arrow *a = selected_arrow(lv);
	char more[64] = "", text[600] = "";

	position[0] = state[0] = '\0';
	if (lv->work.job != NULL || lv->work.failed || lv->work.stopped)
		return;
	snprintf(position, position_size, "%zu/%zu", l->n_lines > 0 ? lv->list.selected + 1 : 0, l->n_lines);
	if (lv->seen < l->n_hosts)
		snprintf(more, sizeof(more), "   hosts %zu to %zu of %zu: h l", lv->left + 1, lv->left + lv->seen, l->n_hosts);
	if (a != NULL)
		snprintf(text, sizeof(text), "#%" PRIu64 " %s   ", a->frame, ladder_text(l, a));
	snprintf(state, state_size, "%s%s%s%s%s", text, l->limited ? "there is more than is shown: choose a shorter stretch   " : "",
		lv->to_scale ? "time to scale" : "gaps compressed", lv->quiet ? "" : "   bare acknowledgments hidden", more);
}

static bool selected(const struct view *v, struct id *out)
{
	const struct ladder_arrow *a = selected_arrow(of_const(v));

	if (a != NULL)
		*out = a->id;
	return a != NULL;
}

static bool chosen(const struct view *v, const struct id **ids, size_t *n, int64_t *from_ns, int64_t *to_ns)
{
	const struct ladder_view *lv = of_const(v);

	*ids = lv->cascade ? lv->flows : &lv->load.record;
	*n = lv->cascade ? lv->n_flows : 1;
	*from_ns = lv->cascade ? lv->from_ns : INT64_MIN;
	*to_ns = lv->cascade ? lv->to_ns : INT64_MAX;
	return lv->work.job == NULL && !lv->work.failed && !lv->work.stopped && *n > 0;
}

static bool step(struct view *v, int by, struct id *out)
{
	struct ladder_view *lv = of(v);
	size_t at = lv->list.selected;

	do {
		if (by < 0 ? at == 0 : at + 1 >= lv->load.ladder.n_lines)
			return false;
		at = by < 0 ? at - 1 : at + 1;
	} while (lv->load.ladder.lines[at].kind != LADDER_PACKET);
	list_select(&lv->list, at);
	return selected(v, out);
}

static enum rc go_to_time(struct view *v, int64_t time_ns, struct err *err)
{
	struct ladder_view *lv = of(v);
	const struct ladder *l = &lv->load.ladder;

	for (uint32_t i = 0; lv->work.job == NULL && i < l->n; i++)
		if (l->arrows[i].time_ns >= time_ns) {
			list_select(&lv->list, ladder_line_of(l, i));
			return RC_DONE;
		}
	return err_set(err, RC_NOTHING, "goto", "no packet at or after that time");
}

static bool search(struct view *v, const char *text, int by)
{
	struct ladder_view *lv = of(v);

	if (text != NULL)
		snprintf(lv->search, sizeof(lv->search), "%s", text);
	return lv->search[0] != '\0' && go_to(lv, false, by, true);
}

static const struct view_hint hints[] = { { REQ_OPEN, "packet" }, { REQ_BACK, NULL }, { REQ_SCALE, NULL },
	{ REQ_PANE, "acks" }, { REQ_NEXT_TROUBLE, NULL }, { REQ_STREAM, NULL }, { REQ_RELATED, NULL }, { REQ_WRITE, NULL },
	{ REQ_COMMAND, NULL }, { REQ_HELP, NULL }, { REQ_NONE, NULL } };
static size_t lines(const struct view *v, int width, size_t max)
{
	size_t n = of_const(v)->list.count + 1;

	(void)width;
	return n < max ? n : max;
}

static const struct view_ops ops = {
	.name = "ladder",
	.lines = lines,
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.update = update,
	.busy = work_view_busy,
	.failed = work_view_failed,
	.cancel = work_view_cancel,
	.status = status,
	.go_to_time = go_to_time,
	.search = search,
	.selected = selected,
	.chosen = chosen,
	.step = step,
};

static struct ladder_view *make(struct screen *s)
{
	struct ladder_view *lv = mem_calloc(1, sizeof(*lv));

	if (lv == NULL)
		return NULL;
	lv->work.view.ops = &ops;
	lv->work.view.screen = s;
	lv->work.view.tier = TIER_PACKET;
	snprintf(lv->work.view.crumb[0], VIEW_CRUMB_MAX, "ladder");
	return lv;
}

static struct view *start(struct ladder_view *lv)
{
	lv->work.counts = !lv->cascade;
	work_view_start(&lv->work, ladder_load_work, &lv->load);
	return &lv->work.view;
}

struct view *view_ladder_new(struct screen *s, const struct id *of_record)
{
	struct ladder_view *lv = make(s);

	if (lv == NULL)
		return NULL;
	lv->load.asked = *of_record;
	lv->quiet = true;
	return start(lv);
}

struct view *view_ladder_cascade_new(struct screen *s, const struct along_cascade *cascade)
{
	struct ladder_view *lv = make(s);

	if (lv == NULL)
		return NULL;
	lv->cascade = true;
	lv->load.asked = cascade->nodes[0].request;
	lv->load.nodes = mem_calloc(cascade->n + 1, sizeof(*lv->load.nodes));
	lv->load.same = mem_calloc(cascade->n_same + 1, sizeof(*lv->load.same));
	lv->flows = mem_calloc(cascade->n_flows + 1, sizeof(*lv->flows));
	if (lv->load.nodes == NULL || lv->load.same == NULL || lv->flows == NULL) {
		close_view(&lv->work.view);
		return NULL;
	}
	memcpy(lv->load.nodes, cascade->nodes, cascade->n * sizeof(*lv->load.nodes));
	for (size_t i = 0; i < cascade->n; i++)
		lv->load.nodes[i].spans = (struct cascade_spans){ 0 };
	memcpy(lv->load.same, cascade->same, cascade->n_same * sizeof(*lv->load.same));
	memcpy(lv->flows, cascade->flows, cascade->n_flows * sizeof(*lv->flows));
	lv->load.n_nodes = cascade->n;
	lv->load.n_same = cascade->n_same;
	lv->n_flows = cascade->n_flows;
	lv->from_ns = cascade->from_ns;
	lv->to_ns = cascade->to_ns;
	return start(lv);
}
