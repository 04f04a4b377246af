/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two ends of a conversation said to each other, in order. Lines of the client begin with '>', those of the server with '<'.
 * Drawing is in ui/view_stream_draw.c.
 */
#include "base/mem.h"
#include "base/text.h"
#include "ui/along.h"
#include "ui/hexdump.h"
#include "ui/view_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct stream_view *of(struct view *v)
{
	return (struct stream_view *)v;
}

static const struct stream_view *of_const(const struct view *v)
{
	return (const struct stream_view *)v;
}

static void free_view(void *what)
{
	struct stream_view *sv = what;

	stream_lines_free(&sv->lines);
	stream_load_free(&sv->load);
	mem_free(sv);
}

static void close_view(struct view *v)
{
	work_view_close(&of(v)->work, free_view);
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
	int room = width - STREAM_TEXT_X - 1;
	unsigned cells = room > 8 ? (unsigned)room : 8;
	struct stream_line line = { 0 };
	bool had = selected_line(sv, &line);
	size_t again;

	if (sv->hex)
		cells = hexdump_per_line(room - (STREAM_OFFSET_CELLS - STREAM_HEXDUMP_OFFSET_CELLS));
	if (stream_lines_make(&sv->lines, &sv->load.transcript, cells, sv->hex, sv->side, &sv->work.err) != RC_DONE)
		sv->work.failed = true;
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

static void update(struct view *v)
{
	struct stream_view *sv = of(v);
	bool done;

	if (!work_view_ended(&sv->work, &done))
		return;
	if (!done) {
		stream_load_free(&sv->load);
		return;
	}
	sv->hex = !stream_is_text(&sv->load.transcript);
	lay_out(sv, sv->work.view.screen->canvas->w);
	if (sv->load.found)
		list_select(&sv->list, line_of_packet(sv, sv->load.at));
}

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct stream_view *sv = of(v);

	list_set_page(&sv->list, area.h > 0 ? (size_t)area.h : 1);
	if (sv->work.job == NULL && !sv->work.failed && !sv->work.stopped && sv->width != area.w)
		lay_out(sv, area.w);
	if (sv->lines.n == 0)
		stream_view_draw_empty(sv, c, area);
	for (int i = 0; i < area.h; i++)
		stream_view_draw_line(sv, c, (struct rect){ area.x, area.y + i, area.w, 1 }, sv->list.top + (size_t)i);
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
	below = view_packet_new(sv->work.view.screen, &sv->load.transcript.packets[packet].id, &err);
	if (below == NULL)
		screen_fail(sv->work.view.screen, &err);
	else
		screen_push(sv->work.view.screen, below);
}

static void change(struct stream_view *sv, bool hex, enum stream_side side)
{
	if (sv->work.job != NULL)
		return;
	sv->hex = hex;
	sv->side = side;
	lay_out(sv, sv->width);
}

static void ask_for_file(struct stream_view *sv)
{
	static const char *const sides[STREAM_SIDES] = { "", "-client", "-server" };
	char text[ID_TEXT + 32], id[ID_TEXT];

	if (sv->work.job != NULL || sv->load.transcript.n_pieces == 0)
		return;
	id_format(id, sizeof(id), &sv->load.record);
	for (char *p = id; *p != '\0'; p++)
		*p = *p == ':' ? '-' : *p;
	snprintf(text, sizeof(text), "payload %s%s.bin", id, sides[sv->side]);
	prompt_open(sv->work.view.screen->prompt, PROMPT_COMMAND, " :", text, strlen(text));
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
		if (sv->work.job == NULL && !sv->work.failed)
			screen_push(v->screen, view_packets_new(v->screen, &sv->load.record));
		return true;
	case REQ_STREAM: return true;        /* it is one */
	default: return false;
	}
}

static void status(const struct view *v, char *position, size_t position_size, char *state, size_t state_size)
{
	const struct stream_view *sv = of_const(v);
	const struct transcript *t = &sv->load.transcript;
	char size[2][TEXT_NUMBER], again[TEXT_NUMBER], missing[TEXT_NUMBER];
	int len;

	state[0] = position[0] = '\0';
	if (sv->work.job != NULL || sv->work.failed || sv->work.stopped)
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
	return of_const(v)->work.job == NULL && !of_const(v)->work.failed && out->rec.block != 0;
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

	for (uint32_t i = 0; sv->work.job == NULL && i < t->n_packets; i++)
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

	if (sv->work.job != NULL)
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
static size_t lines(const struct view *v, int width, size_t max)
{
	size_t n = of_const(v)->lines.n;

	(void)width;
	return n == 0 ? 1 : n < max ? n : max;
}

static const struct view_ops ops = {
	.name = "stream",
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
	.step = step,
	.save_payload = save_payload,
};

struct view *view_stream_new(struct screen *s, const struct id *of_record)
{
	struct stream_view *sv = mem_calloc(1, sizeof(*sv));

	if (sv == NULL)
		return NULL;
	sv->work.view.ops = &ops;
	sv->work.view.screen = s;
	sv->work.view.tier = TIER_PACKET;
	sv->work.counts = true;
	sv->load.asked = *of_record;
	snprintf(sv->work.view.crumb[0], VIEW_CRUMB_MAX, "stream");
	work_view_start(&sv->work, stream_load_work, &sv->load);
	return &sv->work.view;
}
