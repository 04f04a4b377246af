/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How related traffic is drawn: where the time went, the tree, and below it the evidence of the selected hop, the bytes that came to a
 * machine and left it again.
 */
#include "base/text.h"
#include "query/related_words.h"
#include "ui/config.h"
#include "ui/hexdump.h"
#include "ui/view_related.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CURSOR_W = 2, GAP = 1, EVIDENCE_MIN_AREA = 15, SIDE_MIN_H = 3, BESIDE_MIN_W = 150, INFO_MIN_W = 24, HOP_INFO_W = 10 };

/* ---- columns ------------------------------------------------------------------------------- */

enum column_kind { COL_HOP, COL_SERVICE, COL_AFTER, COL_TOOK, COL_OWN, COL_SHARE, COL_EQUAL, COL_PAIRS, COL_SURE, COL_INFO, COLS };

static const struct {
	const char *title;
	int w;
	int from_w;                  /* shown in areas as wide as this, or wider */
	enum align align;
} cols[COLS] = {
	[COL_HOP] = { "hop", 0, 0, ALIGN_LEFT },
	[COL_SERVICE] = { "service", 10, 60, ALIGN_LEFT },
	[COL_AFTER] = { "after", 7, 0, ALIGN_RIGHT },
	[COL_TOOK] = { "took", 7, 96, ALIGN_RIGHT },
	[COL_OWN] = { "own", 7, 40, ALIGN_RIGHT },
	[COL_SHARE] = { "%", 4, 72, ALIGN_RIGHT },
	[COL_EQUAL] = { "equal", 7, 72, ALIGN_RIGHT },
	[COL_PAIRS] = { "pairs", 5, 90, ALIGN_RIGHT },
	[COL_SURE] = { "confidence", 13, 50, ALIGN_LEFT },
	[COL_INFO] = { "request", 0, 130, ALIGN_LEFT },
};

struct layout { int x[COLS], w[COLS]; };

static void lay_out(struct layout *l, int width)
{
	int fixed = 0, x = CURSOR_W, rest;

	memset(l, 0, sizeof(*l));
	for (int i = 0; i < COLS; i++)
		if (cols[i].w > 0 && width >= cols[i].from_w) {
			l->w[i] = cols[i].w;
			fixed += cols[i].w + GAP;
		}
	rest = width - CURSOR_W - fixed - 1;
	l->w[COL_HOP] = rest > 4 ? rest : 4;
	if (width >= cols[COL_INFO].from_w && rest >= 2 * INFO_MIN_W) {
		l->w[COL_INFO] = rest / 2 - GAP;
		l->w[COL_HOP] = rest - rest / 2;
	}
	for (int i = 0; i < COLS; i++) {
		l->x[i] = x;
		x += l->w[i] > 0 ? l->w[i] + GAP : 0;
	}
}

static void put(const struct layout *l, struct canvas *c, struct rect r, enum column_kind k, unsigned attr, const char *text)
{
	if (l->w[k] > 0 && l->x[k] < r.w)
		canvas_cell(c, r.x + l->x[k], r.y, l->x[k] + l->w[k] <= r.w ? l->w[k] : r.w - l->x[k], cols[k].align,
			attr, text);
}

static void draw_heading(const struct layout *l, struct canvas *c, struct rect r)
{
	for (enum column_kind k = 0; k < COLS; k++)
		put(l, c, r, k, ATTR_HEADER, cols[k].title);
}

/* ---- the tree --------------------------------------------------------------------------------- */

static void put_duration(const struct layout *l, struct canvas *c, struct rect r, enum column_kind k, unsigned attr,
	bool known, int64_t ns)
{
	char text[TEXT_NUMBER] = "-";

	if (known)
		text_duration(text, sizeof(text), ns);
	put(l, c, r, k, known ? attr : ATTR_DIM | (attr & ATTR_SELECTED), text);
}

/* Own time as a part of what the root took. */
static bool share_of(const struct related_view *rv, size_t row, double *out)
{
	const struct cascade_node *root = &rv->load.nodes[related_view_root(rv, row)], *n = &rv->load.nodes[row];

	/* upstream the whole is what began it all, and there may be several of those */
	if (n->back || rv->load.options.upstream || !root->known || !n->own_known || root->busy_ns <= 0)
		return false;
	*out = (double)n->own_ns / (double)root->busy_ns;
	return true;
}

static void draw_hop(const struct related_view *rv, const struct layout *l, struct canvas *c, struct rect r, size_t row,
	unsigned extra)
{
	const struct related_row *h = &rv->load.rows[row];
	int x = r.x + l->x[COL_HOP], right = x + l->w[COL_HOP];
	int indent = h->depth > 0 ? (int)(h->depth - 1) * 2 : 0;

	indent = indent < l->w[COL_HOP] / 2 ? indent : l->w[COL_HOP] / 2;
	right = right < r.x + r.w ? right : r.x + r.w;
	x += indent;
	if (!h->is_root) {
		canvas_glyph(c, x, r.y, ATTR_RULE | extra, GLYPH_BRANCH);
		x += 2;
	}
	x += canvas_text(c, x, r.y, right - x, ATTR_ADDR_CLIENT | extra, h->from);
	x += canvas_text(c, x, r.y, right - x, ATTR_DIM | extra, " > ");
	x += canvas_text(c, x, r.y, right - x, ATTR_ADDR_SERVER | extra, h->to);
	if (l->w[COL_INFO] == 0 && right - x > HOP_INFO_W && h->info[0] != '\0')
		canvas_text(c, x + 2, r.y, right - x - 2, ATTR_DIM | extra, h->info);
}

static void put_service(const struct related_row *h, char *out, size_t size)
{
	if (h->app[0] != '\0')
		snprintf(out, size, "%s", h->app);
	else if (h->has_ports)
		snprintf(out, size, "port %u", h->dst_port);
	else
		out[0] = '\0';
}

/* Time and order alone tell of it. */
static bool is_ordered(const struct related_row *h)
{
	return h->hop.matches + h->hop.responses == 0;
}

static void draw_evidence_cells(const struct related_row *h, const struct layout *l, struct canvas *c, struct rect r,
	unsigned extra)
{
	char text[64], size[TEXT_NUMBER];

	put_duration(l, c, r, COL_AFTER, ATTR_NUMBER | extra, true, h->hop.delay_ns);
	text_bytes(size, sizeof(size), h->equal);
	put(l, c, r, COL_EQUAL, ATTR_NUMBER | extra, is_ordered(h) ? "-" : size);
	snprintf(text, sizeof(text), "%" PRIu64 "+%" PRIu64, h->hop.matches, h->hop.responses);
	put(l, c, r, COL_PAIRS, ATTR_NUMBER | extra, is_ordered(h) ? "order" : text);
	snprintf(text, sizeof(text), "%-8s %.2f", related_confidence_word(h->hop.confidence), h->hop.confidence);
	put(l, c, r, COL_SURE, (h->hop.confidence >= 0.7 ? ATTR_GOOD : ATTR_WARN) | extra, text);
}

/* What is nearly all is not said to be all. */
static void put_percent(char *out, size_t size, double share)
{
	snprintf(out, size, share < 1 && share > 0.995 ? ">99" : "%.0f", share * 100);
}

static void draw_row(const struct related_view *rv, const struct layout *l, struct canvas *c, struct rect r, size_t row)
{
	unsigned extra = row == rv->list.selected ? ATTR_SELECTED : 0;
	const struct related_row *h = &rv->load.rows[row];
	const struct cascade_node *n = &rv->load.nodes[row];
	char text[RELATED_INFO];
	double share;

	if (extra != 0) {
		canvas_fill(c, r, ATTR_NORMAL | extra);
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra, GLYPH_CURSOR);
	}
	draw_hop(rv, l, c, r, row, extra);
	put_service(h, text, sizeof(text));
	put(l, c, r, COL_SERVICE, ATTR_SERVICE | extra, text);
	if (!h->is_root)
		draw_evidence_cells(h, l, c, r, extra);
	put_duration(l, c, r, COL_TOOK, ATTR_NUMBER | extra, n->known, n->busy_ns);
	if (share_of(rv, row, &share)) {
		put_percent(text, sizeof(text), share);
		put(l, c, r, COL_SHARE, (share >= 0.5 ? ATTR_WARN : ATTR_NUMBER) | extra, text);
		put_duration(l, c, r, COL_OWN, (share >= 0.5 ? ATTR_WARN : ATTR_NUMBER) | extra, true, n->own_ns);
	} else {
		put_duration(l, c, r, COL_OWN, ATTR_NUMBER | extra, n->own_known, n->own_ns);
	}
	put(l, c, r, COL_INFO, ATTR_NORMAL | extra, h->info);
}

/* ---- where the time went ----------------------------------------------------------------------- */

/* The row of a tree that took most by itself; false where nothing is known of any. */
static bool largest_share(const struct related_view *rv, size_t root, size_t *out)
{
	bool found = false;

	for (size_t i = root; i < rv->load.n && (i == root || !rv->load.rows[i].is_root); i++) {
		const struct cascade_node *n = &rv->load.nodes[i];

		if (!n->own_known || (found && n->own_ns <= rv->load.nodes[*out].own_ns))
			continue;
		*out = i;
		found = true;
	}
	return found;
}

static void say_where(const struct related_view *rv, size_t root, char *out, size_t size)
{
	const struct cascade_node *n = &rv->load.nodes[root];
	const struct related_row *most;
	char took[TEXT_NUMBER], own[TEXT_NUMBER], percent[16];
	size_t at = root;
	double share;

	if (rv->load.options.upstream) {
		snprintf(out, size, "what led to it");
		return;
	}
	if (!n->known) {
		snprintf(out, size, "not answered as far as was seen: where the time went is not known");
		return;
	}
	text_duration(took, sizeof(took), n->busy_ns);
	if (!largest_share(rv, root, &at) || !share_of(rv, at, &share)) {
		snprintf(out, size, "%s in all; whose time it was is not known", took);
		return;
	}
	most = &rv->load.rows[at];
	text_duration(own, sizeof(own), rv->load.nodes[at].own_ns);
	put_percent(percent, sizeof(percent), share);
	snprintf(out, size, "%s in all, %s (%s %%) of it %s%s%s%s", took, own, percent,
		at == root ? "before anything below: " : "between ", most->from, at == root ? " > " : " and ", most->to);
}

/* Two lines: what was asked and answered; where its time went, and which bounds were met. */
static int draw_summary(const struct related_view *rv, struct canvas *c, struct rect r)
{
	size_t root = related_view_root(rv, rv->list.selected);
	const struct related_row *h = &rv->load.rows[root];
	char text[512];
	int x = r.x + CURSOR_W;

	x += canvas_printf(c, x, r.y, r.w - x, ATTR_STRONG, "%s", h->info[0] != '\0' ? h->info : "what was asked for");
	if (h->answered)
		canvas_printf(c, x + 2, r.y, r.w - x - 2, ATTR_DIM, "%s", h->answer);
	say_where(rv, root, text, sizeof(text));
	x = r.x + CURSOR_W;
	x += canvas_text(c, x, r.y + 1, r.w - x, ATTR_NORMAL, text);
	if (rv->load.told.limited)
		canvas_printf(c, x + 2, r.y + 1, r.w - x - 2, ATTR_WARN, "not all was looked at: %s",
			rv->load.told.limit);
	return 2;
}

/* ---- evidence ------------------------------------------------------------------------------------ */

static void put_end(char *out, size_t size, const struct addr *a, unsigned port, bool has_port)
{
	char text[ADDR_TEXT];

	addr_format(text, sizeof(text), a);
	if (!has_port)
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, a->kind == ADDR_IPV6 ? "[%s]:%u" : "%s:%u", text, port);
}

static void draw_side(const struct related_view *rv, struct canvas *c, struct rect r, unsigned which)
{
	const struct related_side *s = &rv->load.rows[rv->list.selected].side[which];
	char src[ADDR_TEXT + 8], dst[ADDR_TEXT + 8];
	bool here = which == rv->side;
	struct hexdump h = { .data = s->bytes,
		.len = s->n,
		.wire_len = s->n,
		.base = s->at,
		.found = s->match - s->at,
		.found_len = s->match_len };
	unsigned per_line = hexdump_per_line(r.w - CURSOR_W - 1);
	size_t top = h.found / per_line;

	if (here)
		canvas_glyph(c, r.x, r.y, ATTR_KEY, GLYPH_CURSOR);
	put_end(src, sizeof(src), &s->src, s->src_port, s->has_ports);
	put_end(dst, sizeof(dst), &s->dst, s->dst_port, s->has_ports);
	canvas_printf(c, r.x + CURSOR_W, r.y, r.w - CURSOR_W, here ? ATTR_STRONG : ATTR_NORMAL,
		"%s  #%" PRIu64 "  bytes %u to %u of %u  %s > %s", which == 0 ? "came" : "left", s->frame, s->match,
		s->match_len > 0 ? s->match + s->match_len - 1 : s->match, s->payload_len, src, dst);
	r = (struct rect){ r.x + CURSOR_W, r.y + 1, r.w - CURSOR_W, r.h - 1 };
	if (s->bytes == NULL) {
		canvas_text(c, r.x, r.y, r.w, ATTR_WARN, "its payload was not kept");
		return;
	}
	/* what comes before it fits often, too */
	if (hexdump_lines(&h, per_line) <= (size_t)r.h)
		top = 0;
	else if (top > 0 && (h.found + h.found_len - 1) / per_line - top + 2 <= (size_t)r.h)
		top--;
	hexdump_draw(&h, c, r, top);
}

static void draw_evidence(const struct related_view *rv, struct canvas *c, struct rect r)
{
	const struct related_row *h = &rv->load.rows[rv->list.selected];
	bool beside = r.w >= BESIDE_MIN_W;
	int half = beside ? r.w / 2 : (r.h - 1) / 2;

	canvas_rule(c, r.x, r.y, r.w, ATTR_RULE);
	if (h->is_root) {
		canvas_text(c, r.x + 2, r.y, r.w - 4, ATTR_STRONG, " what was asked for ");
		canvas_printf(c, r.x + CURSOR_W, r.y + 1, r.w - CURSOR_W, ATTR_NORMAL, "%s", h->info);
		if (h->answered && r.h > 2)
			canvas_printf(c, r.x + CURSOR_W, r.y + 2, r.w - CURSOR_W, ATTR_DIM, "answered: %s", h->answer);
		return;
	}
	if (is_ordered(h))
		canvas_printf(c, r.x + 2, r.y, r.w - 4, ATTR_STRONG, " why: time and order alone, no proof; %s %.2f ",
			related_confidence_word(h->hop.confidence), h->hop.confidence);
	else
		canvas_printf(c, r.x + 2, r.y, r.w - 4, ATTR_STRONG,
			" why: equal bytes in %s; pairs of requests %" PRIu64 ", of answers %" PRIu64 "; %s %.2f ",
			addr_equal(&h->side[0].src, &h->hop.to.dst) ? "answers" : "requests", h->hop.matches,
			h->hop.responses, related_confidence_word(h->hop.confidence), h->hop.confidence);
	if (beside) {
		draw_side(rv, c, (struct rect){ r.x, r.y + 1, half - 1, r.h - 1 }, 0);
		draw_side(rv, c, (struct rect){ r.x + half, r.y + 1, r.w - half, r.h - 1 }, 1);
	} else {
		draw_side(rv, c, (struct rect){ r.x, r.y + 1, r.w, half }, 0);
		draw_side(rv, c, (struct rect){ r.x, r.y + 1 + half, r.w, r.h - 1 - half }, 1);
	}
}
static void draw_nothing(const struct related_view *rv, struct canvas *c, struct rect area)
{
	int x = area.x + CURSOR_W, y = area.y + 1, w = area.w - CURSOR_W;

	if (rv->work.job != NULL)
		canvas_text(c, x, y, w, ATTR_DIM, "comparing contents, from machine to machine");
	else if (rv->work.stopped)
		canvas_text(c, x, y, w, ATTR_WARN, "stopped before it was found");
	else
		canvas_printf(c, x, y, w, rv->work.failed ? ATTR_BAD : ATTR_NORMAL, "%s%s%s", rv->work.failed ? rv->work.err.what : "",
			rv->work.failed ? ": " : "", rv->work.err.why);
	/* who asks need not know on which side of it he is: both were looked at */
	if (rv->work.job == NULL && !rv->work.failed && !rv->work.stopped && rv->load.options.upstream != rv->upstream)
		canvas_text(c, x, y + 1, w, ATTR_DIM, "(neither what it triggered, nor what triggered it)");
}

void related_view_draw(struct related_view *rv, struct canvas *c, struct rect area)
{
	int evidence = 0, used = 0, rows;
	struct layout l;

	if (rv->work.job != NULL || rv->load.n == 0) {
		list_set_page(&rv->list, 1);
		draw_nothing(rv, c, area);
		return;
	}
	if (area.h >= EVIDENCE_MIN_AREA) {
		int most = area.w >= BESIDE_MIN_W ? 20 : 2 * 12 + 1;

		evidence = area.h / 2 < most ? area.h / 2 : most;
	}
	if (area.h >= 6)
		used = draw_summary(rv, c, area);
	lay_out(&l, area.w);
	draw_heading(&l, c, (struct rect){ area.x, area.y + used, area.w, 1 });
	used++;
	rows = area.h - used - evidence;
	list_set_page(&rv->list, rows > 0 ? (size_t)rows : 1);
	for (int i = 0; i < rows && rv->list.top + (size_t)i < rv->load.n; i++)
		draw_row(rv, &l, c, (struct rect){ area.x, area.y + used + i, area.w, 1 }, rv->list.top + (size_t)i);
	if (evidence > 0)
		draw_evidence(rv, c, (struct rect){ area.x, area.y + area.h - evidence, area.w, evidence });
}
