/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the lines of a stream are drawn: headings of turns, text, bytes, gaps; what is searched for stands out. */
#include "base/text.h"
#include "ui/hexdump.h"
#include "ui/view_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t long_pause_ns = 500000000;

static unsigned side_attr(enum direction dir)
{
	return dir == DIR_C2S ? ATTR_ADDR_CLIENT : ATTR_ADDR_SERVER;
}

static void end_name(const struct stream_view *sv, enum direction dir, char *out, size_t size)
{
	const struct flow_key *key = &sv->load.key;
	const struct addr *a = dir == DIR_C2S ? &key->client : &key->server;
	unsigned port = dir == DIR_C2S ? key->client_port : key->server_port;
	char text[ADDR_TEXT];

	addr_format(text, sizeof(text), a);
	if (!key->has_ports)
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, a->kind == ADDR_IPV6 ? "[%s]:%u" : "%s:%u", text, port);
}

/* Time between the piece before and this one, where the heading of a turn says it. */
static int64_t pause_before(const struct transcript *t, size_t piece)
{
	if (piece == 0)
		return 0;
	return time_sub(t->packets[t->pieces[piece].packet].time_ns, t->packets[t->pieces[piece - 1].packet].time_ns);
}

/* "10.1.2.3:51514  140 B  #14645  4.17 s later", behind the time. */
static void draw_turn(const struct stream_view *sv, struct canvas *c, struct rect r, const struct stream_line *line,
	unsigned extra)
{
	const struct transcript *t = &sv->load.transcript;
	const struct transcript_packet *p = &t->packets[t->pieces[line->piece].packet];
	char name[ADDR_TEXT + 16], text[CELL_TEXT], size[TEXT_NUMBER], later[TEXT_NUMBER] = "";
	int64_t pause = pause_before(t, line->piece);
	int x = r.x + STREAM_TEXT_X, right = r.x + r.w;

	cell_time(text, sizeof(text), p->time_ns, 6, &sv->work.view.screen->style);
	x += canvas_text(c, x, r.y, right - x, ATTR_TIME | extra, text) + 2;
	end_name(sv, line->dir, name, sizeof(name));
	x += canvas_text(c, x, r.y, right - x, side_attr(line->dir) | extra, name) + 2;
	text_bytes(size, sizeof(size), line->len);
	if (pause > 0)
		text_duration(later, sizeof(later), pause);
	x += canvas_printf(c, x, r.y, right - x, ATTR_DIM | extra, "%s  #%" PRIu64 " ", size, p->frame);
	if (pause > 0)
		x += canvas_printf(c, x + 1, r.y, right - x - 1,
			(pause >= long_pause_ns ? ATTR_WARN : ATTR_DIM) | extra, "%s later", later) + 2;
	if (x < right - 1)
		canvas_rule(c, x, r.y, right - 1 - x, ATTR_RULE | extra);
}

static void draw_gap(struct canvas *c, struct rect r, const struct stream_line *line, unsigned extra)
{
	char count[TEXT_NUMBER];

	text_count(count, sizeof(count), line->len);
	canvas_printf(c, r.x + STREAM_TEXT_X, r.y, r.w - STREAM_TEXT_X, ATTR_WARN | extra, "[%s %s not captured]", count,
		line->len == 1 ? "byte" : "bytes");
}

/* What is searched for, where it stands next in a line: bytes of its direction. */
struct match {
	size_t from, to;
};

static void match_next(const struct stream_view *sv, const struct stream_line *line, size_t from, struct match *m)
{
	const struct transcript *t = &sv->load.transcript;
	size_t len = strlen(sv->search), end = line->at + (size_t)line->len;

	m->from = transcript_find(t, line->dir, from, end, sv->search, len);
	m->to = m->from + len;
	if (len == 0 || m->from == t->bytes[line->dir].len)
		m->from = m->to = SIZE_MAX;
}

static void match_first(const struct stream_view *sv, const struct stream_line *line, struct match *m)
{
	size_t len = strlen(sv->search);

	/* it may have begun in the line before */
	match_next(sv, line, line->at >= len ? line->at - len + 1 : 0, m);
}

static void draw_char(struct canvas *c, int x, int y, unsigned cells, unsigned attr, uint32_t cp)
{
	char text[8];

	key_utf8(text, sizeof(text), cp == 0 ? '.' : cp);
	if (cp == ' ')
		canvas_fill(c, (struct rect){ x, y, (int)cells, 1 }, attr);
	else
		canvas_text(c, x, y, cells > 0 ? (int)cells : 1, attr, text);
}

static void draw_text(const struct stream_view *sv, struct canvas *c, struct rect r, const struct stream_line *line,
	unsigned extra)
{
	const uint8_t *bytes = sv->load.transcript.bytes[line->dir].data + line->at;
	size_t len = (size_t)line->len, n;
	unsigned x = 0, cells;
	struct match m;

	if (len > 0 && bytes[len - 1] == '\n')
		len -= len > 1 && bytes[len - 2] == '\r' ? 2 : 1;
	match_first(sv, line, &m);
	for (size_t i = 0; i < len; i += n, x += cells) {
		uint32_t cp;
		unsigned attr;

		while (m.to <= line->at + i)
			match_next(sv, line, m.to, &m);
		n = stream_char(bytes + i, len - i, x, &cp, &cells);
		attr = line->at + i >= m.from ? ATTR_MATCH : cp == 0 ? ATTR_DIM : side_attr(line->dir);
		draw_char(c, r.x + STREAM_TEXT_X + (int)x, r.y, cells, attr | extra, cp);
	}
}

static void draw_hex(const struct stream_view *sv, struct canvas *c, struct rect r, const struct stream_line *line,
	unsigned extra)
{
	struct hexdump h = { .data = sv->load.transcript.bytes[line->dir].data + line->at,
		.len = (uint32_t)line->len,
		.wire_len = (uint32_t)line->len,
		.attr = side_attr(line->dir) | extra,
		.no_offsets = true };
	int shift = STREAM_OFFSET_CELLS - STREAM_HEXDUMP_OFFSET_CELLS;
	struct match m;

	match_first(sv, line, &m);
	if (m.from != SIZE_MAX) {
		h.found = m.from > line->at ? (uint32_t)(m.from - line->at) : 0;
		h.found_len = (uint32_t)(m.to - line->at) - h.found;
	}
	canvas_printf(c, r.x + STREAM_TEXT_X, r.y, STREAM_OFFSET_CELLS, ATTR_DIM | extra, "%06zx", line->at);
	hexdump_draw(&h, c,
		(struct rect){ r.x + STREAM_TEXT_X + shift, r.y, hexdump_width(sv->lines.width), 1 }, 0);
}

void stream_view_draw_line(const struct stream_view *sv, struct canvas *c, struct rect r, size_t n)
{
	unsigned extra = n == sv->list.selected ? ATTR_SELECTED : 0;
	struct stream_line line;

	if (!stream_lines_get(&sv->lines, n, &line))
		return;
	if (extra != 0)
		canvas_fill(c, r, ATTR_NORMAL | extra);
	if (line.kind != STREAM_ANEW)
		canvas_text(c, r.x + STREAM_MARK_X, r.y, 1, side_attr(line.dir) | extra, line.dir == DIR_C2S ? ">" : "<");
	if (line.kind == STREAM_TURN)
		draw_turn(sv, c, r, &line, extra);
	else if (line.kind == STREAM_GAP)
		draw_gap(c, r, &line, extra);
	else if (line.kind == STREAM_ANEW)
		canvas_text(c, r.x + STREAM_TEXT_X, r.y, r.w - STREAM_TEXT_X, ATTR_WARN | extra,
			"[another connection with the same ports begins]");
	else if (sv->hex)
		draw_hex(sv, c, r, &line, extra);
	else
		draw_text(sv, c, r, &line, extra);
}

void stream_view_draw_empty(const struct stream_view *sv, struct canvas *c, struct rect area)
{
	int x = area.x + 2, y = area.y + 1, w = area.w - 2;
	char count[TEXT_NUMBER];

	text_count(count, sizeof(count), sv->load.packets);
	if (sv->work.job != NULL)
		canvas_text(c, x, y, w, ATTR_DIM, "reading the conversation");
	else if (sv->work.failed)
		canvas_printf(c, x, y, w, ATTR_BAD, "%s: %s", sv->work.err.what, sv->work.err.why);
	else if (sv->work.stopped)
		canvas_text(c, x, y, w, ATTR_WARN, "stopped before it was read");
	else if (sv->side != STREAM_BOTH)
		canvas_text(c, x, y, w, ATTR_DIM, "this side said nothing; Tab shows the other one");
	else
		canvas_printf(c, x, y, w, ATTR_DIM, "no payload in %s %s", count,
			sv->load.packets == 1 ? "packet" : "packets");
}
