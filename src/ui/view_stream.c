/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two ends of a conversation said to each other, in order. Lines of the client begin with '>', those of the server with '<'.
 */
#include "base/mem.h"
#include "base/text.h"
#include "ui/along.h"
#include "ui/hexdump.h"
#include "ui/list.h"
#include "ui/screen.h"
#include "ui/stream_lines.h"
#include "ui/stream_load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int64_t long_pause_ns = 500000000;

enum { MARK_X = 1, TEXT_X = 3, OFFSET_CELLS = 8, HEXDUMP_OFFSET_CELLS = 6 };

struct stream_view {
	struct view view;
	struct stream_load load;
	struct job *job;             /* NULL: it is over */
	struct err err;              /* why it failed */
	bool failed, stopped;
	struct stream_lines lines;
	struct list list;
	bool hex;
	enum stream_side side;
	int width;                   /* of the area that the lines were made for; 0: none yet */
	char search[128];
};

static struct stream_view *of(struct view *v)
{
	return (struct stream_view *)v;
}

static const struct stream_view *of_const(const struct view *v)
{
	return (const struct stream_view *)v;
}

static void close_view(struct view *v)
{
	struct stream_view *sv = of(v);

	job_free(sv->job);
	stream_lines_free(&sv->lines);
	stream_load_free(&sv->load);
	mem_free(sv);
}

/*
 * ---- lines -----------------------------------------------------------------------------
 */

static bool selected_line(const struct stream_view *sv, struct stream_line *out)
{
	return stream_lines_get(&sv->lines, sv->list.selected, out);
}

/* Makes the lines for this width; the selected byte stays selected. */
static void lay_out(struct stream_view *sv, int width)
{
	int room = width - TEXT_X - 1;
	unsigned cells = room > 8 ? (unsigned)room : 8;
	struct stream_line line = { 0 };
	bool had = selected_line(sv, &line);
	size_t again;

	if (sv->hex)
		cells = hexdump_per_line(room - (OFFSET_CELLS - HEXDUMP_OFFSET_CELLS));
	if (stream_lines_make(&sv->lines, &sv->load.transcript, cells, sv->hex, sv->side, &sv->err) != RC_DONE)
		sv->failed = true;
	sv->width = width;
	list_set_count(&sv->list, sv->lines.n);
	if (!had)
		return;
	again = line.kind == STREAM_BYTES ? stream_lines_of_byte(&sv->lines, line.dir, line.at) : sv->lines.n;
	if (again == sv->lines.n)
		again = stream_lines_of_piece(&sv->lines, line.piece);
	list_select(&sv->list, again);
}

/* The first line of a packet's own bytes, or of what comes behind it. */
static size_t line_of_packet(const struct stream_view *sv, uint32_t packet)
{
	const struct transcript *t = &sv->load.transcript;

	for (size_t i = 0; i < t->n_pieces; i++)
		if (t->pieces[i].packet >= packet)
			return stream_lines_of_piece(&sv->lines, i);
	return sv->lines.n > 0 ? sv->lines.n - 1 : 0;
}

static void settle(struct stream_view *sv, enum job_state state)
{
	job_free(sv->job);
	sv->job = NULL;
	sv->stopped = state == JOB_CANCELLED;
	sv->failed = state == JOB_FAILED;
	if (state != JOB_DONE) {
		stream_load_free(&sv->load);
		return;
	}
	sv->hex = !stream_is_text(&sv->load.transcript);
	lay_out(sv, sv->view.screen->canvas->w);
	if (sv->load.found)
		list_select(&sv->list, line_of_packet(sv, sv->load.at));
}

static void update(struct view *v)
{
	struct stream_view *sv = of(v);
	enum job_state state;

	if (sv->job == NULL)
		return;
	state = job_state(sv->job, &sv->err);
	if (state != JOB_RUNNING)
		settle(sv, state);
}

/*
 * ---- drawing -----------------------------------------------------------------------------
 */

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
	int x = r.x + TEXT_X, right = r.x + r.w;

	cell_time(text, sizeof(text), p->time_ns, 6, &sv->view.screen->style);
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
	canvas_printf(c, r.x + TEXT_X, r.y, r.w - TEXT_X, ATTR_WARN | extra, "[%s %s not captured]", count,
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
		draw_char(c, r.x + TEXT_X + (int)x, r.y, cells, attr | extra, cp);
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
	int shift = OFFSET_CELLS - HEXDUMP_OFFSET_CELLS;
	struct match m;

	match_first(sv, line, &m);
	if (m.from != SIZE_MAX) {
		h.found = m.from > line->at ? (uint32_t)(m.from - line->at) : 0;
		h.found_len = (uint32_t)(m.to - line->at) - h.found;
	}
	canvas_printf(c, r.x + TEXT_X, r.y, OFFSET_CELLS, ATTR_DIM | extra, "%06zx", line->at);
	hexdump_draw(&h, c,
		(struct rect){ r.x + TEXT_X + shift, r.y, hexdump_width(sv->lines.width), 1 }, 0);
}

static void draw_line(const struct stream_view *sv, struct canvas *c, struct rect r, size_t n)
{
	unsigned extra = n == sv->list.selected ? ATTR_SELECTED : 0;
	struct stream_line line;

	if (!stream_lines_get(&sv->lines, n, &line))
		return;
	if (extra != 0)
		canvas_fill(c, r, ATTR_NORMAL | extra);
	if (line.kind != STREAM_ANEW)
		canvas_text(c, r.x + MARK_X, r.y, 1, side_attr(line.dir) | extra, line.dir == DIR_C2S ? ">" : "<");
	if (line.kind == STREAM_TURN)
		draw_turn(sv, c, r, &line, extra);
	else if (line.kind == STREAM_GAP)
		draw_gap(c, r, &line, extra);
	else if (line.kind == STREAM_ANEW)
		canvas_text(c, r.x + TEXT_X, r.y, r.w - TEXT_X, ATTR_WARN | extra,
			"[another connection with the same ports begins]");
	else if (sv->hex)
		draw_hex(sv, c, r, &line, extra);
	else
		draw_text(sv, c, r, &line, extra);
}

/* What is said where there are no lines. */
static void draw_empty(const struct stream_view *sv, struct canvas *c, struct rect area)
{
	int x = area.x + 2, y = area.y + 1, w = area.w - 2;
	char count[TEXT_NUMBER];

	text_count(count, sizeof(count), sv->load.packets);
	if (sv->job != NULL)
		canvas_text(c, x, y, w, ATTR_DIM, "reading the conversation");
	else if (sv->failed)
		canvas_printf(c, x, y, w, ATTR_BAD, "%s: %s", sv->err.what, sv->err.why);
	else if (sv->stopped)
		canvas_text(c, x, y, w, ATTR_WARN, "stopped before it was read");
	else if (sv->side != STREAM_BOTH)
		canvas_text(c, x, y, w, ATTR_DIM, "this side said nothing; Tab shows the other one");
	else
		canvas_printf(c, x, y, w, ATTR_DIM, "no payload in %s %s", count,
			sv->load.packets == 1 ? "packet" : "packets");
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct stream_view *sv = of(v);

	list_set_page(&sv->list, area.h > 0 ? (size_t)area.h : 1);
	if (sv->job == NULL && !sv->failed && !sv->stopped && sv->width != area.w)
		lay_out(sv, area.w);
	if (sv->lines.n == 0)
		draw_empty(sv, c, area);
	for (int i = 0; i < area.h; i++)
		draw_line(sv, c, (struct rect){ area.x, area.y + i, area.w, 1 }, sv->list.top + (size_t)i);
}

/*
 * ---- requests ----------------------------------------------------------------------------
 */

/* The packet that carried what is selected; false where nothing is. */
static bool packet_of_line(const struct stream_view *sv, uint32_t *packet)
{
	struct stream_line line;

	if (!selected_line(sv, &line))
		return false;
	*packet = sv->load.transcript.pieces[line.piece].packet;
	return true;
}

static void open_packet(struct stream_view *sv)
{
	struct view *below;
	struct err err;
	uint32_t packet;

	if (!packet_of_line(sv, &packet))
		return;
	below = view_packet_new(sv->view.screen, &sv->load.transcript.packets[packet].id, &err);
	if (below == NULL)
		screen_fail(sv->view.screen, &err);
	else
		screen_push(sv->view.screen, below);
}

static void change(struct stream_view *sv, bool hex, enum stream_side side)
{
	if (sv->job != NULL)
		return;
	sv->hex = hex;
	sv->side = side;
	lay_out(sv, sv->width);
}

static void ask_for_file(struct stream_view *sv)
{
	static const char *const sides[STREAM_SIDES] = { "", "-client", "-server" };
	char text[ID_TEXT + 32], id[ID_TEXT];

	if (sv->job != NULL || sv->load.transcript.n_pieces == 0)
		return;
	id_format(id, sizeof(id), &sv->load.record);
	for (char *p = id; *p != '\0'; p++)
		*p = *p == ':' ? '-' : *p;
	snprintf(text, sizeof(text), "payload %s%s.bin", id, sides[sv->side]);
	prompt_open(sv->view.screen->prompt, PROMPT_COMMAND, " :", text, strlen(text));
}

static bool request(struct view *v, enum request r)
{
	struct stream_view *sv = of(v);

	if (list_request(&sv->list, r))
		return true;
	switch (r) {
	case REQ_OPEN: open_packet(sv); return true;
	case REQ_HEX: change(sv, !sv->hex, sv->side); return true;
	case REQ_PANE: change(sv, sv->hex, (sv->side + 1) % STREAM_SIDES); return true;
	case REQ_PAYLOAD: ask_for_file(sv); return true;
	case REQ_PACKETS:
		if (sv->job == NULL && !sv->failed)
			screen_push(v->screen, view_packets_new(v->screen, &sv->load.record));
		return true;
	case REQ_STREAM: return true;        /* it is one */
	default: return false;
	}
}

static bool busy(const struct view *v, int *progress)
{
	const struct stream_view *sv = of_const(v);

	*progress = sv->job != NULL ? job_progress(sv->job) : -1;
	return sv->job != NULL;
}

static bool failed(const struct view *v, struct err *err)
{
	*err = of_const(v)->err;
	return of_const(v)->failed;
}

static bool cancel(struct view *v)
{
	if (of(v)->job == NULL)
		return false;
	job_cancel(of(v)->job);
	return true;
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct stream_view *sv = of_const(v);
	const struct transcript *t = &sv->load.transcript;
	char size[2][TEXT_NUMBER], again[TEXT_NUMBER], missing[TEXT_NUMBER];
	int len;

	state[0] = position[0] = '\0';
	if (sv->job != NULL || sv->failed || sv->stopped)
		return;
	snprintf(position, position_size, "%zu/%zu", sv->lines.n > 0 ? sv->list.selected + 1 : 0, sv->lines.n);
	text_bytes(size[0], sizeof(size[0]), t->bytes[DIR_C2S].len);
	text_bytes(size[1], sizeof(size[1]), t->bytes[DIR_S2C].len);
	text_bytes(again, sizeof(again), t->again);
	text_bytes(missing, sizeof(missing), t->missing);
	len = snprintf(state, state_size, "%s%s%s> client %s   < server %s",
		t->limited ? "there is more than is shown: choose a shorter stretch   " : "",
		sv->side == STREAM_BOTH ? "" : sv->side == STREAM_CLIENT ? "client alone   " : "server alone   ",
		sv->hex ? "bytes   " : "", size[0], size[1]);
	if (t->missing > 0 && len > 0 && (size_t)len < state_size)
		len += snprintf(state + len, state_size - (size_t)len, "   not captured %s", missing);
	if (t->again > 0 && len > 0 && (size_t)len < state_size)
		snprintf(state + len, state_size - (size_t)len, "   sent again %s", again);
}

static bool selected(const struct view *v, struct id *out)
{
	*out = of_const(v)->load.record;
	return of_const(v)->job == NULL && !of_const(v)->failed && out->rec.block != 0;
}

/* The packet view above goes to the one that carried what was said next, or before. */
static bool step(struct view *v, int by, struct id *out)
{
	struct stream_view *sv = of(v);
	const struct transcript *t = &sv->load.transcript;
	uint32_t packet;

	if (!packet_of_line(sv, &packet) || (by < 0 ? packet == 0 : packet + 1 >= t->n_packets))
		return false;
	packet = by < 0 ? packet - 1 : packet + 1;
	list_select(&sv->list, line_of_packet(sv, packet));
	*out = t->packets[packet].id;
	return true;
}

static enum rc go_to_time(struct view *v, int64_t time_ns, struct err *err)
{
	struct stream_view *sv = of(v);
	const struct transcript *t = &sv->load.transcript;

	for (uint32_t i = 0; sv->job == NULL && i < t->n_packets; i++)
		if (t->packets[i].time_ns >= time_ns) {
			list_select(&sv->list, line_of_packet(sv, i));
			return RC_DONE;
		}
	return err_set(err, RC_NOTHING, "goto", "nothing was said at or after that time");
}

/*
 * ---- searching ---------------------------------------------------------------------------
 */

static bool is_shown(const struct stream_view *sv, enum direction dir)
{
	return sv->side == STREAM_BOTH || (sv->side == STREAM_CLIENT) == (dir == DIR_C2S);
}

/* The first byte of a direction behind a line, or (back) the first that is not before it. */
static size_t byte_beside(const struct stream_view *sv, enum direction dir, const struct stream_line *line, bool back)
{
	const struct transcript *t = &sv->load.transcript;

	if (line->kind == STREAM_BYTES && line->dir == dir)
		return line->at + (back ? 0 : (size_t)line->len);
	for (size_t i = line->piece; i < t->n_pieces; i++)
		if (t->pieces[i].kind == PIECE_BYTES && t->pieces[i].dir == dir)
			return t->pieces[i].at;
	return t->bytes[dir].len;
}

/* The line where the text stands next in a direction, from a byte on or before it; lines.n: nowhere. */
static size_t search_side(const struct stream_view *sv, enum direction dir, size_t at, bool back)
{
	const struct transcript *t = &sv->load.transcript;
	size_t len = strlen(sv->search);

	if (!is_shown(sv, dir))
		return sv->lines.n;
	at = back ? transcript_find_last(t, dir, at, sv->search, len)
		  : transcript_find(t, dir, at, SIZE_MAX, sv->search, len);
	return at < t->bytes[dir].len ? stream_lines_of_byte(&sv->lines, dir, at) : sv->lines.n;
}

/* Of two lines the nearer one in this direction; n: none. */
static size_t nearer(size_t a, size_t b, size_t n, bool back)
{
	if (a == n || b == n)
		return a == n ? b : a;
	return (a < b) != back ? a : b;
}

static bool search(struct view *v, const char *text, int by)
{
	struct stream_view *sv = of(v);
	size_t n = sv->lines.n, found;
	struct stream_line line;
	bool back = by < 0;

	if (text != NULL)
		snprintf(sv->search, sizeof(sv->search), "%s", text);
	if (sv->search[0] == '\0' || !selected_line(sv, &line))
		return false;
	found = nearer(search_side(sv, DIR_C2S, byte_beside(sv, DIR_C2S, &line, back), back),
		search_side(sv, DIR_S2C, byte_beside(sv, DIR_S2C, &line, back), back), n, back);
	if (found == n)      /* round the end */
		found = nearer(search_side(sv, DIR_C2S, back ? SIZE_MAX : 0, back),
			search_side(sv, DIR_S2C, back ? SIZE_MAX : 0, back), n, back);
	if (found == n)
		return false;
	list_select(&sv->list, found);
	return true;
}

/*
 * ---- writing -----------------------------------------------------------------------------
 */

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* What is shown, in its order: a few megabytes at most, so that nobody has to wait. */
static enum rc save_payload(struct view *v, const char *path, struct err *err)
{
	struct stream_view *sv = of(v);
	const struct transcript *t = &sv->load.transcript;
	char size[TEXT_NUMBER];
	uint64_t sum = 0;
	bool good = true;
	int fd;

	if (sv->job != NULL)
		return err_set(err, RC_USAGE, "payload", "it is still being read");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? err_set(err, RC_USAGE, path, "exists already; choose another name")
				       : err_errno(err, path, "cannot create");
	for (size_t i = 0; i < t->n_pieces && good; i++) {
		const struct transcript_piece *p = &t->pieces[i];

		if (p->kind != PIECE_BYTES || !is_shown(sv, p->dir))
			continue;
		good = write_all(fd, t->bytes[p->dir].data + p->at, (size_t)p->len);
		sum += p->len;
	}
	if (close(fd) != 0)
		good = false;
	if (!good) {
		enum rc rc = err_errno(err, path, "cannot write");

		unlink(path);
		return rc;
	}
	text_bytes(size, sizeof(size), sum);
	screen_say(v->screen, "%s of payload written to %s%s", size, path,
		t->missing > 0 ? "; what was not captured is left out" : t->limited ? "; there was more" : "");
	return RC_DONE;
}

static const struct view_hint hints[] = { { REQ_OPEN, "packet" }, { REQ_BACK, NULL }, { REQ_HEX, "text/bytes" },
	{ REQ_PANE, "one side" }, { REQ_SEARCH, "search" }, { REQ_LADDER, NULL }, { REQ_RELATED, NULL }, { REQ_PAYLOAD, NULL }, { REQ_WRITE, NULL },
	{ REQ_PACKETS, NULL }, { REQ_COMMAND, NULL }, { REQ_HELP, NULL }, { REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "stream",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.update = update,
	.busy = busy,
	.failed = failed,
	.cancel = cancel,
	.status = status,
	.go_to_time = go_to_time,
	.search = search,
	.selected = selected,
	.step = step,
	.save_payload = save_payload,
};

struct view *view_stream_new(struct screen *s, const struct id *of_record)
{
	struct stream_view *sv = mem_calloc(1, sizeof(*sv));

	if (sv == NULL)
		return NULL;
	sv->view.ops = &ops;
	sv->view.screen = s;
	sv->view.tier = TIER_PACKET;
	sv->load.asked = *of_record;
	snprintf(sv->view.crumb[0], VIEW_CRUMB_MAX, "stream");
	if (job_start_work(s->session, stream_load_work, &sv->load, &sv->job, &sv->err) != RC_DONE) {
		sv->job = NULL;
		sv->failed = true;
	}
	return &sv->view;
}
