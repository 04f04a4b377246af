/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One packet: its layers, and its bytes beside or below them. The bytes of the selected layer
 * or field are highlighted; in the pane of bytes the cursor selects the field that a byte
 * belongs to.
 */
#include "base/mem.h"
#include "base/text.h"
#include "ui/hexdump.h"
#include "ui/list.h"
#include "ui/packet_frame.h"
#include "ui/packet_tree.h"
#include "ui/screen.h"
#include "ui/view.h"

#include <stdio.h>
#include <string.h>

enum { TREE_MIN_W = 44, SEPARATOR_W = 3, HEX_MIN_H = 4, NAMES_MAX_CELLS = 24 };

struct packet_view {
	struct view view;
	struct id id;
	struct query_holder *holder;
	struct packet_tree tree;
	struct list list; /* lines of the tree */
	struct list bytes; /* lines of the bytes */
	uint32_t cursor; /* byte */
	unsigned per_line; /* bytes a line on the screen */
	bool hidden_bytes; /* x hides them */
	bool in_bytes; /* Tab goes there */
	bool laid_out; /* the first drawing folds what does not fit */
	bool seek_byte; /* then selects what the cursor's byte belongs to */
	uint32_t found, found_len; /* bytes that whoever opened it looks for */
};

struct panes {
	struct rect tree, bytes;
	bool beside;
};

static struct packet_view *of(struct view *v)
{
	return (struct packet_view *)v;
}

static const struct raw_packet *raw_of(const struct packet_view *pv)
{
	return query_holder_raw(pv->holder);
}

static void unload(struct packet_view *pv)
{
	packet_tree_free(&pv->tree);
	query_holder_free(pv->holder);
	pv->holder = NULL;
}

/* Reads and decodes the packet with this id; on failure *pv is as before. */
static enum rc load(struct packet_view *pv, const struct id *id, struct err *err)
{
	struct packet_tree tree = { 0 };
	struct query_holder *holder;
	enum rc rc = query_get(session_sources(pv->view.screen->session), id, &holder, err);

	if (rc != RC_DONE)
		return rc;
	rc = packet_frame_decode(&tree, holder, &pv->view.screen->style, err);
	if (rc != RC_DONE) {
		packet_tree_free(&tree);
		query_holder_free(holder);
		return rc;
	}
	unload(pv);
	pv->tree = tree;
	pv->holder = holder;
	pv->id = *id;
	pv->cursor = 0;
	pv->found_len = 0;
	snprintf(pv->view.crumb[0], VIEW_CRUMB_MAX, "#%llu",
		(unsigned long long)query_holder_row(holder)->packet->frame);
	return RC_DONE;
}

static void close_view(struct view *v)
{
	unload(of(v));
	mem_free(v);
}

/*
 * ---- drawing -------------------------------------------------------------------------------
 */

static struct panes split(const struct packet_view *pv, struct rect area)
{
	struct panes p = { .tree = area };
	int hex_w = hexdump_width(16), h;

	if (pv->hidden_bytes)
		return p;
	if (area.w >= TREE_MIN_W + SEPARATOR_W + hex_w) {
		p.beside = true;
		p.tree.w = area.w - hex_w - SEPARATOR_W;
		p.bytes =
			(struct rect){ area.x + p.tree.w + SEPARATOR_W, area.y, hex_w, area.h };
		return p;
	}
	h = (int)hexdump_lines(
		&(struct hexdump){ .len = raw_of(pv)->caplen, .wire_len = raw_of(pv)->len },
		hexdump_per_line(area.w - 2));
	h = h > area.h * 2 / 5 ? area.h * 2 / 5 : h;
	h = h < HEX_MIN_H ? HEX_MIN_H : h;
	if (area.h < HEX_MIN_H + 3)
		return p;
	p.tree.h = area.h - h - 1;
	p.bytes = (struct rect){ area.x + 2, area.y + p.tree.h + 1, area.w - 2, h };
	return p;
}

static void draw_node(const struct packet_view *pv, struct canvas *c, struct rect r,
	const struct packet_node *n, bool selected)
{
	unsigned extra = selected ? ATTR_SELECTED : 0;
	const char *name = packet_tree_name(&pv->tree, n),
		   *text = packet_tree_text(&pv->tree, n);
	int x = r.x + (n->is_layer ? 2 : 4), names = pv->tree.name_cells[n->layer], taken;

	if (selected)
		canvas_fill(c, r, ATTR_NORMAL | extra);
	if (n->is_layer && names > 0)
		canvas_glyph(c, r.x, r.y, ATTR_KEY | extra,
			pv->tree.folded[n->layer] ? GLYPH_FOLDED : GLYPH_OPEN);
	taken = canvas_text(c, x, r.y, r.x + r.w - x,
		(n->is_layer ? ATTR_LAYER : ATTR_FIELD) | extra, name);
	/* values of a layer stand in a column, unless a name is very long */
	if (!n->is_layer && names <= NAMES_MAX_CELLS && taken < names)
		taken = names;
	x += taken;
	if (text[0] != '\0')
		canvas_text(c, x + 2, r.y, r.x + r.w - x - 2, ATTR_NORMAL | extra, text);
}

/* What the byte under the cursor belongs to. */
static void select_byte(struct packet_view *pv)
{
	size_t at;

	if (!packet_tree_find_byte(&pv->tree, pv->cursor, &at))
		return;
	list_set_count(&pv->list, pv->tree.n_lines);
	list_select(&pv->list, at);
}

static void draw_tree(struct packet_view *pv, struct canvas *c, struct rect r)
{
	list_set_page(&pv->list, (size_t)(r.h > 0 ? r.h : 1));
	if (!pv->laid_out && !pv->view.screen->printing) {
		packet_tree_fold_to(&pv->tree, (size_t)r.h);
		pv->laid_out = true;
	}
	if (pv->seek_byte)
		select_byte(pv);
	pv->seek_byte = false;
	list_set_count(&pv->list, pv->tree.n_lines);
	for (int i = 0; i < r.h; i++) {
		size_t line = pv->list.top + (size_t)i;
		const struct packet_node *n = packet_tree_line(&pv->tree, line);

		if (n != NULL)
			draw_node(pv, c, (struct rect){ r.x, r.y + i, r.w, 1 }, n,
				line == pv->list.selected && !pv->view.screen->printing);
	}
}

/* Scrolls so that the byte is seen. */
static void show_byte(
	struct packet_view *pv, uint32_t byte, unsigned per_line, size_t lines, int h)
{
	list_set_page(&pv->bytes, (size_t)(h > 0 ? h : 1));
	list_set_count(&pv->bytes, lines);
	list_select(&pv->bytes, byte / per_line);
}

static void draw_bytes(struct packet_view *pv, struct canvas *c, const struct panes *p)
{
	const struct packet_node *n = packet_tree_line(&pv->tree, pv->list.selected);
	const struct raw_packet *raw = raw_of(pv);
	struct hexdump h = { .data = raw->data,
		.len = raw->caplen,
		.wire_len = raw->len,
		.cursor = pv->cursor,
		.has_cursor = pv->in_bytes,
		.found = pv->found,
		.found_len = pv->found_len };
	unsigned per_line = hexdump_per_line(p->bytes.w);

	pv->per_line = per_line;
	if (n != NULL) {
		h.mark = n->offset;
		h.mark_len = n->len;
		if (!pv->in_bytes && n->len > 0)
			pv->cursor = n->offset;
	}
	show_byte(pv, pv->cursor, per_line, hexdump_lines(&h, per_line), p->bytes.h);
	if (p->beside)
		for (int y = 0; y < p->bytes.h; y++)
			canvas_glyph(c, p->bytes.x - 2, p->bytes.y + y, ATTR_RULE, GLYPH_VLINE);
	else
		canvas_rule(c, p->tree.x, p->bytes.y - 1, p->tree.w, ATTR_RULE);
	hexdump_draw(&h, c, p->bytes, pv->bytes.top);
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct packet_view *pv = of(v);
	struct panes p = split(pv, area);

	draw_tree(pv, c, p.tree);
	if (p.bytes.h > 0)
		draw_bytes(pv, c, &p);
}

/* Beside the bytes, or with room for them in the share that they get below. */
static size_t lines(const struct view *v, int width, size_t max)
{
	const struct packet_view *pv = (const struct packet_view *)v;
	const struct raw_packet *raw = raw_of(pv);
	const struct hexdump h = { .len = raw->caplen, .wire_len = raw->len };
	bool beside = split(pv, (struct rect){ 0, 0, width, HEX_MIN_H * 4 }).beside;
	size_t tree = pv->tree.n_lines, bytes = hexdump_lines(&h, hexdump_per_line(beside ? hexdump_width(16) : width - 2)),
	       n = tree > bytes ? tree : bytes;

	if (!beside)
		n = (tree + 2) * 5 / 3 > (bytes + 1) * 5 / 2 ? (tree + 2) * 5 / 3 : (bytes + 1) * 5 / 2;
	return n < max ? n : max;
}

/*
 * ---- requests
 * ----------------------------------------------------------------------------------
 */

static void fold_selected(struct packet_view *pv, bool folded)
{
	const struct packet_node *n = packet_tree_line(&pv->tree, pv->list.selected);
	size_t layer;

	if (n == NULL)
		return;
	layer = n->layer;
	if (n->is_layer)
		packet_tree_fold(&pv->tree, layer, folded);
	list_set_count(&pv->list, pv->tree.n_lines);
	if (!n->is_layer && folded)
		list_select(&pv->list, packet_tree_layer_line(&pv->tree, layer));
}

static void toggle_selected(struct packet_view *pv)
{
	const struct packet_node *n = packet_tree_line(&pv->tree, pv->list.selected);

	if (n != NULL && n->is_layer)
		fold_selected(pv, !pv->tree.folded[n->layer]);
}

/* Moves the cursor among the bytes, and the selection with it. */
static bool move_cursor(struct packet_view *pv, enum request r)
{
	uint32_t len = raw_of(pv)->caplen, line = pv->per_line > 0 ? pv->per_line : 16;
	uint32_t page = line * (uint32_t)pv->bytes.page, by;
	bool back = r == REQ_LEFT || r == REQ_UP || r == REQ_PAGE_UP || r == REQ_FIRST;

	switch (r) {
	case REQ_LEFT:
	case REQ_RIGHT: by = 1; break;
	case REQ_UP:
	case REQ_DOWN: by = line; break;
	case REQ_PAGE_UP:
	case REQ_PAGE_DOWN: by = page; break;
	case REQ_FIRST:
	case REQ_LAST: by = len; break;
	default: return false;
	}
	if (len == 0)
		return true;
	if (back)
		pv->cursor = pv->cursor > by ? pv->cursor - by : 0;
	else
		pv->cursor = by < len - pv->cursor ? pv->cursor + by : len - 1;
	select_byte(pv);
	return true;
}

/* The packet before or behind in the list below; the same layers stay folded. */
static void step(struct packet_view *pv, int by)
{
	struct view *list = screen_below(pv->view.screen, &pv->view);
	bool folded[PACKET_LAYERS_MAX];
	struct id id;
	struct err err;

	if (list == NULL || list->ops->step == NULL || !list->ops->step(list, by, &id)) {
		screen_say(pv->view.screen,
			by > 0 ? "the last packet of the list"
			       : "the first packet of the list");
		return;
	}
	memcpy(folded, pv->tree.folded, sizeof(folded));
	if (load(pv, &id, &err) != RC_DONE) {
		screen_fail(pv->view.screen, &err);
		return;
	}
	for (size_t i = 0; i < pv->tree.layers; i++)
		packet_tree_fold(&pv->tree, i, folded[i]);
}

static bool request(struct view *v, enum request r)
{
	struct packet_view *pv = of(v);

	if (pv->in_bytes && !pv->hidden_bytes && move_cursor(pv, r))
		return true;
	if (list_request(&pv->list, r))
		return true;
	switch (r) {
	case REQ_LEFT: fold_selected(pv, true); return true;
	case REQ_RIGHT: fold_selected(pv, false); return true;
	case REQ_OPEN: toggle_selected(pv); return true;
	case REQ_HEX: pv->hidden_bytes = !pv->hidden_bytes; return true;
	case REQ_PANE:
		pv->in_bytes = !pv->in_bytes;
		pv->hidden_bytes = false;
		return true;
	case REQ_NEXT_RECORD: step(pv, 1); return true;
	case REQ_PREV_RECORD: step(pv, -1); return true;
	default: return false;
	}
}

static void status(const struct view *v, char *position, size_t position_size, char *state,
	size_t state_size)
{
	const struct packet_view *pv = (const struct packet_view *)v;
	const struct packet_node *n = packet_tree_line(&pv->tree, pv->list.selected);

	snprintf(position, position_size, "%u bytes", raw_of(pv)->caplen);
	state[0] = '\0';
	if (n != NULL && n->len > 0)
		snprintf(state, state_size, "bytes %u to %u of %u", n->offset,
			n->offset + n->len - 1, raw_of(pv)->caplen);
}

static bool selected(const struct view *v, struct id *out)
{
	*out = ((const struct packet_view *)v)->id;
	return true;
}

static bool place(const struct view *v, struct place_step *out)
{
	out->kind = PLACE_PACKET;
	out->tier = TIER_PACKET;
	out->in = ((const struct packet_view *)v)->id;
	out->has_in = true;
	return true;
}

static const struct view_hint hints[] = { { REQ_BACK, NULL }, { REQ_NEXT_RECORD, NULL },
	{ REQ_PREV_RECORD, NULL }, { REQ_OPEN, "fold" }, { REQ_PANE, "layers/bytes" },
	{ REQ_HEX, "hide bytes" }, { REQ_STREAM, NULL }, { REQ_LADDER, NULL }, { REQ_RELATED, NULL }, { REQ_WRITE, NULL }, { REQ_HELP, NULL },
	{ REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "packet",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.status = status,
	.lines = lines,
	.selected = selected,
	.place = place,
};

/* The layer or field that it begins in is selected, and the bytes are scrolled there. */
void view_packet_mark(struct view *v, uint32_t offset, uint32_t len)
{
	struct packet_view *pv = of(v);

	pv->found = offset;
	pv->found_len = len;
	pv->cursor = offset < raw_of(pv)->caplen ? offset : 0;
	pv->in_bytes = true;
	pv->seek_byte = true;
}

struct view *view_packet_new(struct screen *s, const struct id *packet, struct err *err)
{
	struct packet_view *pv = mem_calloc(1, sizeof(*pv));

	if (pv == NULL) {
		err_memory(err);
		return NULL;
	}
	pv->view.ops = &ops;
	pv->view.screen = s;
	pv->view.tier = TIER_PACKET;
	if (load(pv, packet, err) != RC_DONE) {
		mem_free(pv);
		return NULL;
	}
	return &pv->view;
}
