/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks, a line each: where they lie in time, how full they are, their state, and what of them the list's query reads. */
#include "ui/view_blocks.h"

#include "base/mem.h"
#include "base/text.h"
#include "ui/list.h"
#include "ui/screen.h"
#include "ui/work_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ID_W = 9, STATE_W = 8, READ_W = 9, SIZE_W = 9, FILL_W = 5, PACKETS_W = 8, MAP_MIN_W = 10, TIMES_MIN_W = 16, DETAIL_H = 3,
	DETAIL_MIN_H = 12 };

struct block_row {
	unsigned source; /* from 0 */
	struct block_info info;
	size_t read, segments; /* segments that the query reads, of so many */
	uint64_t block_size; /* that the source fills */
};

struct blocks_load {
	struct blocks_query q;
	struct block_row *v;
	size_t n, cap;
	bool failed; /* no memory in a callback */
};

struct blocks_view {
	struct work_view work; /* first */
	struct list list;
	struct blocks_load shown, loading; /* `loading` is the job's while it runs */
	bool again;
	size_t blocks_read, read, segments;
	int64_t first_ns, last_ns; /* of all blocks; valid where has_times */
	bool has_times;
};

static struct blocks_view *of(struct view *v)
{
	return (struct blocks_view *)v;
}

static const struct blocks_view *of_const(const struct view *v)
{
	return (const struct blocks_view *)v;
}

/* ---- reading: the job's thread ---------------------------------------------------------------- */

static void take_block(void *ctx, unsigned source, const struct block_info *block, size_t segments, size_t all)
{
	struct blocks_load *l = ctx;

	if (l->failed || mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0) {
		l->failed = true;
		return;
	}
	l->v[l->n++] = (struct block_row){ .source = source, .info = *block, .read = segments, .segments = all };
}

static enum rc read_all(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct blocks_load *l = ctx;
	struct filter *filter = NULL;
	struct query query;
	enum rc rc;

	(void)control;
	l->n = 0;
	query_init(&query, l->q.any ? l->q.tier : TIER_BLOCK);
	if (l->q.any) {
		rc = filter_compile(l->q.filter, l->q.tier, &filter, err);
		if (rc != RC_DONE)
			return rc;
		query.filter = filter;
		query.from_ns = l->q.from_ns;
		query.to_ns = l->q.to_ns;
		query.in = &l->q.in;
		query.n_in = l->q.has_in;
	}
	rc = query_blocks(sources, &query, take_block, l, err);
	filter_free(filter);
	for (size_t i = 0; i < l->n; i++)
		l->v[i].block_size = store_config(sources->stores[l->v[i].source])->block_size;
	return rc == RC_DONE && l->failed ? err_memory(err) : rc;
}

/* ---- the job ------------------------------------------------------------------------------------ */

static void start(struct blocks_view *bv)
{
	bv->again = bv->work.job != NULL;
	if (bv->again)
		return;
	bv->loading.q = bv->shown.q;
	work_view_start(&bv->work, read_all, &bv->loading);
}

static void sum_up(struct blocks_view *bv)
{
	bv->blocks_read = bv->read = bv->segments = 0;
	bv->has_times = false;
	for (size_t i = 0; i < bv->shown.n; i++) {
		const struct block_row *b = &bv->shown.v[i];

		bv->blocks_read += b->read > 0;
		bv->read += b->read;
		bv->segments += b->segments;
		if (b->info.packets == 0)
			continue;
		bv->first_ns = !bv->has_times || b->info.first_ns < bv->first_ns ? b->info.first_ns : bv->first_ns;
		bv->last_ns = !bv->has_times || b->info.last_ns > bv->last_ns ? b->info.last_ns : bv->last_ns;
		bv->has_times = true;
	}
}

static void update(struct view *v)
{
	struct blocks_view *bv = of(v);
	bool done;

	if (!work_view_ended(&bv->work, &done))
		return;
	if (done) {
		struct blocks_load old = bv->shown;

		bv->shown = bv->loading;
		bv->loading = old;
		list_set_count(&bv->list, bv->shown.n);
		sum_up(bv);
	}
	if (bv->again)
		start(bv);
}

static void refresh(struct view *v)
{
	start(of(v));
}

static void free_view(void *what)
{
	struct blocks_view *bv = what;

	mem_free(bv->shown.v);
	mem_free(bv->loading.v);
	mem_free(bv);
}

static void close_view(struct view *v)
{
	work_view_close(&of(v)->work, free_view);
}

/* ---- drawing -------------------------------------------------------------------------------------- */

static unsigned state_attr(const struct block_row *b)
{
	switch (b->info.state) {
	case BLOCK_EVICTED: return ATTR_DIM;
	case BLOCK_SEALED: return ATTR_WARN;
	case BLOCK_OPEN: return ATTR_GOOD;
	default: return ATTR_NORMAL;
	}
}

/* Which columns there is room for, from the left; 0: none. */
struct layout {
	int times, size, fill, packets, read, map;
};

static struct layout lay_out(int w)
{
	struct layout l = { 0 };
	int left = w - 2 - ID_W - STATE_W - 1;

	l.read = left >= READ_W ? READ_W : 0;
	left -= l.read;
	l.times = left >= TIMES_MIN_W ? TIMES_MIN_W + (left > 60 ? 12 : 2) : 0;
	l.times = l.times <= left ? l.times : 0;
	left -= l.times;
	l.size = left >= SIZE_W ? SIZE_W : 0;
	left -= l.size;
	l.fill = left >= FILL_W ? FILL_W : 0;
	left -= l.fill;
	l.packets = left >= PACKETS_W ? PACKETS_W : 0;
	left -= l.packets;
	l.map = left > MAP_MIN_W ? left - 2 : 0;
	return l;
}

static void put_fill(char *out, size_t size, const struct block_row *b)
{
	if (b->block_size == 0)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%u%%", (unsigned)(b->info.length * 100 / b->block_size));
}

/* Where the block lies in the time of all; what is read of it stands out, without colour too. */
static void draw_map(const struct blocks_view *bv, struct canvas *c, struct rect r, const struct block_row *b, unsigned extra)
{
	double length = (double)(bv->last_ns - bv->first_ns) + 1;
	int from, to;

	if (!bv->has_times || b->info.packets == 0 || r.w < 1)
		return;
	from = (int)((double)(b->info.first_ns - bv->first_ns) / length * r.w);
	to = (int)((double)(b->info.last_ns - bv->first_ns) / length * r.w);
	for (int x = from; x <= to && x < r.w; x++)
		canvas_glyph(c, r.x + x, r.y, (b->read > 0 ? ATTR_KEY : state_attr(b)) | extra,
			b->read > 0 ? GLYPH_FULL : b->info.state == BLOCK_EVICTED ? GLYPH_DOT : GLYPH_EMPTY);
}

static void block_name(const struct blocks_view *bv, const struct block_row *b, char *out, size_t size)
{
	bool several = session_sources(bv->work.view.screen->session)->n > 1;
	struct id id = { .tier = TIER_BLOCK, .source = several ? b->source + 1 : 0, .rec = { b->info.number, 0 } };

	id_format(out, size, &id);
}

static void draw_row(const struct blocks_view *bv, struct canvas *c, struct rect r, size_t i)
{
	const struct screen *s = bv->work.view.screen;
	const struct block_row *b = &bv->shown.v[i];
	unsigned extra = i == bv->list.selected && !s->printing ? ATTR_SELECTED : 0;
	struct layout l = lay_out(r.w);
	char text[160];
	int x = r.x + 2;

	if (extra != 0) {
		canvas_fill(c, r, ATTR_NORMAL | extra);
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	if (b->read > 0)
		canvas_text(c, r.x + 1, r.y, 1, ATTR_KEY | extra, "*");
	block_name(bv, b, text, sizeof(text));
	canvas_text(c, x, r.y, ID_W - 1, ATTR_STRONG | extra, text);
	x += ID_W;
	canvas_text(c, x, r.y, STATE_W, state_attr(b) | extra, block_state_name(b->info.state));
	x += STATE_W + 1;
	snprintf(text, sizeof(text), "%zu/%zu", b->read, b->segments);
	canvas_cell(c, x, r.y, l.read - 1, ALIGN_RIGHT, (b->read > 0 ? ATTR_KEY : ATTR_DIM) | extra, text);
	x += l.read;
	if (l.times > 0 && b->info.packets > 0) {
		range_times(text, sizeof(text), time_floor(b->info.first_ns, 1000000000), time_floor(b->info.last_ns, 1000000000),
			&s->style);
		canvas_text(c, x, r.y, l.times - 1, ATTR_TIME | extra, text);
	}
	x += l.times;
	text_bytes(text, sizeof(text), b->info.length);
	canvas_cell(c, x, r.y, l.size - 1, ALIGN_RIGHT, ATTR_NORMAL | extra, text);
	x += l.size;
	put_fill(text, sizeof(text), b);
	canvas_cell(c, x, r.y, l.fill - 1, ALIGN_RIGHT, ATTR_DIM | extra, text);
	x += l.fill;
	text_count_short(text, sizeof(text), b->info.packets);
	canvas_cell(c, x, r.y, l.packets - 1, ALIGN_RIGHT, ATTR_NORMAL | extra, text);
	x += l.packets;
	draw_map(bv, c, (struct rect){ x + 1, r.y, l.map, 1 }, b, extra);
}

static void draw_heads(const struct blocks_view *bv, struct canvas *c, struct rect r)
{
	struct layout l = lay_out(r.w);
	int x = r.x + 2;

	canvas_text(c, x, r.y, ID_W - 1, ATTR_HEADER, "block");
	x += ID_W;
	canvas_text(c, x, r.y, STATE_W, ATTR_HEADER, "state");
	x += STATE_W + 1;
	canvas_cell(c, x, r.y, l.read - 1, ALIGN_RIGHT, ATTR_HEADER, "read/of");
	x += l.read;
	canvas_text(c, x, r.y, l.times - 1, ATTR_HEADER, "times");
	x += l.times;
	canvas_cell(c, x, r.y, l.size - 1, ALIGN_RIGHT, ATTR_HEADER, "size");
	x += l.size;
	canvas_cell(c, x, r.y, l.fill - 1, ALIGN_RIGHT, ATTR_HEADER, "full");
	x += l.fill;
	canvas_cell(c, x, r.y, l.packets - 1, ALIGN_RIGHT, ATTR_HEADER, "packets");
	x += l.packets;
	if (l.map > 0 && bv->has_times)
		canvas_text(c, x + 1, r.y, l.map, ATTR_HEADER, "when");
}

/* What the list's query reads in all. */
static void put_query(const struct blocks_view *bv, char *out, size_t size)
{
	const struct blocks_query *q = &bv->shown.q;

	if (!q->any)
		out[0] = '\0';
	else if (q->tier >= TIER_MACROFLOW)
		snprintf(out, size, "the list of %s reads the catalog alone, no block", tier_plural(q->tier));
	else
		snprintf(out, size, "* the list of %s reads %zu of %zu blocks, %zu of %zu segments", tier_plural(q->tier),
			bv->blocks_read, bv->shown.n, bv->read, bv->segments);
}

static void draw_details(const struct blocks_view *bv, struct canvas *c, struct rect r)
{
	const struct block_row *b = &bv->shown.v[bv->list.selected];
	const char *slash = strrchr(b->info.file, '/'), *file = slash != NULL ? slash + 1 : b->info.file;
	char name[ID_TEXT], length[TEXT_NUMBER], bytes[TEXT_NUMBER], packets[TEXT_NUMBER];

	canvas_rule(c, r.x, r.y, r.w, ATTR_RULE);
	block_name(bv, b, name, sizeof(name));
	canvas_printf(c, r.x + 2, r.y, r.w - 4, ATTR_STRONG, " %s ", name);
	text_bytes(length, sizeof(length), b->info.length);
	text_bytes(bytes, sizeof(bytes), b->info.bytes);
	text_count(packets, sizeof(packets), b->info.packets);
	canvas_printf(c, r.x + 2, r.y + 1, r.w - 3, ATTR_NORMAL, "%s, %s from byte %" PRIu64 " on", file, length,
		b->info.offset);
	canvas_printf(c, r.x + 2, r.y + 2, r.w - 3, ATTR_NORMAL,
		"%s packets, the first is #%" PRIu64 "; %s on the wire; %zu segment%s of index%s", packets, b->info.first_frame, bytes,
		b->segments, b->segments == 1 ? "" : "s",
		b->info.state != BLOCK_EVICTED       ? ""
			: b->info.parts == PARTS_KEPT ? "; its packets are gone, macroflows are kept"
						      : "; its packets are gone");
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct blocks_view *bv = of(v);
	int detail = area.h >= DETAIL_MIN_H && bv->list.count > 0 && !v->screen->printing ? DETAIL_H : 0;
	int rows = area.h - 1 - detail;

	list_set_page(&bv->list, rows > 0 ? (size_t)rows : 1);
	draw_heads(bv, c, (struct rect){ area.x, area.y, area.w, 1 });
	for (int i = 0; i < rows && bv->list.top + (size_t)i < bv->list.count; i++)
		draw_row(bv, c, (struct rect){ area.x, area.y + 1 + i, area.w, 1 }, bv->list.top + (size_t)i);
	if (detail > 0)
		draw_details(bv, c, (struct rect){ area.x, area.y + area.h - detail, area.w, detail });
	if (bv->list.count > 0)
		return;
	if (bv->work.failed)
		canvas_printf(c, area.x + 2, area.y + 1, area.w - 2, ATTR_BAD, "%s: %s", bv->work.err.what, bv->work.err.why);
	else
		canvas_text(c, area.x + 2, area.y + 1, area.w - 2, ATTR_DIM, bv->work.job != NULL ? "looking" : "there are no blocks");
}

static size_t lines(const struct view *v, int width, size_t max)
{
	size_t n = of_const(v)->list.count > 0 ? of_const(v)->list.count + 1 : 2;

	(void)width;
	return n < max ? n : max;
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct blocks_view *bv = of_const(v);

	snprintf(position, position_size, "%zu/%zu", bv->list.count > 0 ? bv->list.selected + 1 : 0, bv->list.count);
	put_query(bv, state, state_size);
}

/* ---- requests ---------------------------------------------------------------------------------------- */

static const struct block_row *selected_block(const struct blocks_view *bv)
{
	return bv->list.selected < bv->shown.n ? &bv->shown.v[bv->list.selected] : NULL;
}

static bool selected(const struct view *v, struct id *out)
{
	const struct blocks_view *bv = of_const(v);
	const struct block_row *b = selected_block(bv);

	if (b == NULL)
		return false;
	*out = (struct id){ .tier = TIER_BLOCK, .source = session_sources(v->screen->session)->n > 1 ? b->source + 1 : 0,
		.rec = { b->info.number, 0 } };
	return true;
}

static bool span(const struct view *v, int64_t *first_ns, int64_t *last_ns)
{
	const struct block_row *b = selected_block(of_const(v));

	if (b == NULL || b->info.packets == 0)
		return false;
	*first_ns = b->info.first_ns;
	*last_ns = b->info.last_ns;
	return true;
}

static void open_block(struct blocks_view *bv)
{
	struct screen *s = bv->work.view.screen;
	struct view *v;
	struct id id;

	if (!selected(&bv->work.view, &id))
		return;
	if (selected_block(bv)->info.state == BLOCK_EVICTED) {
		screen_say(s, "its packets were evicted");
		return;
	}
	v = view_packets_new(s, &id);
	if (v != NULL)
		id_format(v->crumb[0], sizeof(v->crumb[0]), &id);
	screen_push(s, v);
}

/* The next block that the query reads. */
static void go_to_read(struct blocks_view *bv, int by)
{
	size_t i = bv->list.selected;

	while (by > 0 ? i + 1 < bv->shown.n : i > 0) {
		i = by > 0 ? i + 1 : i - 1;
		if (bv->shown.v[i].read == 0)
			continue;
		list_select(&bv->list, i);
		return;
	}
	screen_say(bv->work.view.screen, "no %s block is read", by > 0 ? "further" : "earlier");
}

static bool request(struct view *v, enum request r)
{
	struct blocks_view *bv = of(v);

	if (list_request(&bv->list, r))
		return true;
	switch (r) {
	case REQ_OPEN:
	case REQ_PACKETS: open_block(bv); return true;
	case REQ_NEXT_TROUBLE: go_to_read(bv, 1); return true;
	case REQ_PREV_TROUBLE: go_to_read(bv, -1); return true;
	case REQ_BLOCKS: return true;
	default: return false;
	}
}

static const struct view_hint hints[] = { { REQ_OPEN, "its packets" }, { REQ_BACK, NULL }, { REQ_NEXT_TROUBLE, "next that is read" },
	{ REQ_WRITE, NULL }, { REQ_HELP, NULL }, { REQ_NONE, NULL } };

static const struct view_ops ops = {
	.name = "blocks",
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
	.selected = selected,
	.span = span,
};

struct view *view_blocks_new(struct screen *s, const struct blocks_query *q)
{
	struct blocks_view *bv = mem_calloc(1, sizeof(*bv));

	if (bv == NULL)
		return NULL;
	bv->work.view.ops = &ops;
	bv->work.view.screen = s;
	bv->work.view.tier = TIER_BLOCK;
	bv->shown.q = *q;
	snprintf(bv->work.view.crumb[0], VIEW_CRUMB_MAX, "blocks");
	start(bv);
	return &bv->work.view;
}
