/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/stream_lines.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum { JUDGED = 65536, TEXT_PERCENT = 60 };

/* ---- text or not ------------------------------------------------------------------------ */

static void judge(const struct buf *b, size_t *good, size_t *all)
{
	size_t n = b->len < JUDGED ? b->len : JUDGED, step;

	for (size_t i = 0; i < n; i += step) {
		uint32_t cp;
		unsigned cells;

		step = text_char(b->data + i, n - i, &cp, &cells);
		*all += step;
		if (cp != 0 || strchr("\r\n\t", b->data[i]) != NULL)
			*good += b->data[i] != '\0' ? step : 0;
	}
}

bool stream_is_text(const struct transcript *t)
{
	size_t good = 0, all = 0;

	judge(&t->bytes[0], &good, &all);
	judge(&t->bytes[1], &good, &all);
	return all == 0 || good * 100 >= all * TEXT_PERCENT;
}

/* ---- one line behind the other ----------------------------------------------------------- */

static bool is_hidden(const struct stream_lines *l, const struct transcript_piece *p)
{
	if (p->kind == PIECE_ANEW || l->side == STREAM_BOTH)
		return false;
	return p->dir != (l->side == STREAM_CLIENT ? DIR_C2S : DIR_S2C);
}

static bool goes_on(const struct transcript_piece *p, const struct transcript_piece *next)
{
	return next->kind == PIECE_BYTES && !next->turn && next->dir == p->dir;
}

/* Bytes that stand together from the place on, at least `need` where there are so many. */
static size_t together(const struct transcript *t, const struct stream_place *at, size_t need)
{
	const struct transcript_piece *p = &t->pieces[at->piece];
	size_t len = (size_t)(p->len - at->off);

	for (size_t i = at->piece; len < need && i + 1 < t->n_pieces && goes_on(&t->pieces[i], &t->pieces[i + 1]); i++)
		len += (size_t)t->pieces[i + 1].len;
	return len;
}

static void advance(const struct transcript *t, struct stream_place *at, size_t len)
{
	at->off += len;
	while (at->piece < t->n_pieces && at->off >= t->pieces[at->piece].len) {
		at->off -= t->pieces[at->piece].len;
		at->piece++;
		at->headed = false;
		if (at->off == 0)
			return;
	}
}

size_t stream_char(const uint8_t *bytes, size_t len, unsigned x, uint32_t *cp, unsigned *cells)
{
	if (bytes[0] == '\t') {
		*cp = ' ';
		*cells = STREAM_TAB - x % STREAM_TAB;
		return 1;
	}
	return text_char(bytes, len, cp, cells);
}

/* Bytes of the line of text that begins here: to its end, or as many as there is room for. */
static size_t text_line(const uint8_t *bytes, size_t len, unsigned width)
{
	unsigned x = 0, cells;
	size_t i = 0, n;
	uint32_t cp;

	while (i < len) {
		if (bytes[i] == '\n')
			return i + 1;
		if (bytes[i] == '\r' && i + 1 < len && bytes[i + 1] == '\n')
			return i + 2;
		n = stream_char(bytes + i, len - i, x, &cp, &cells);
		if (x + cells > width && i > 0)
			return i;
		x += cells;
		i += n;
	}
	return i;
}

static uint64_t said_in_turn(const struct transcript *t, size_t piece)
{
	uint64_t sum = 0;
	size_t i = piece;

	do
		sum += t->pieces[i].kind == PIECE_BYTES ? t->pieces[i].len : 0;
	while (++i < t->n_pieces && !t->pieces[i].turn && t->pieces[i].kind != PIECE_ANEW);
	return sum;
}

static void take_bytes(const struct stream_lines *l, struct stream_place *at, struct stream_line *out)
{
	const struct transcript_piece *p = &l->t->pieces[at->piece];
	size_t need = l->hex ? l->width : (size_t)l->width * 4 + 2;
	const uint8_t *bytes;
	size_t len;

	out->kind = STREAM_BYTES;
	out->at = p->at + (size_t)at->off;
	bytes = l->t->bytes[p->dir].data + out->at;
	len = together(l->t, at, need);
	if (l->hex)
		out->len = len < l->width ? len : l->width;
	else
		out->len = text_line(bytes, len, l->width);
	advance(l->t, at, (size_t)out->len);
}

/* The line at the place, which moves behind it; false at the end. */
static bool next_line(const struct stream_lines *l, struct stream_place *at, struct stream_line *out)
{
	const struct transcript_piece *p;

	while (at->piece < l->t->n_pieces && is_hidden(l, &l->t->pieces[at->piece]))
		*at = (struct stream_place){ .piece = at->piece + 1 };
	if (at->piece >= l->t->n_pieces)
		return false;
	p = &l->t->pieces[at->piece];
	*out = (struct stream_line){ .dir = p->dir, .piece = at->piece, .at = p->at, .len = p->len };
	if (p->turn && at->off == 0 && !at->headed) {
		out->kind = STREAM_TURN;
		at->headed = true;
	} else if (p->kind == PIECE_BYTES) {
		take_bytes(l, at, out);
	} else {
		out->kind = p->kind == PIECE_GAP ? STREAM_GAP : STREAM_ANEW;
		*at = (struct stream_place){ .piece = at->piece + 1 };
	}
	return true;
}

enum rc stream_lines_make(struct stream_lines *l, const struct transcript *t, unsigned width, bool hex,
	enum stream_side side, struct err *err)
{
	struct stream_place at = { 0 }, before;
	struct stream_line line;

	l->t = t;
	l->width = width > 0 ? width : 1;
	l->hex = hex;
	l->side = side;
	l->n = l->n_steps = 0;
	for (before = at; next_line(l, &at, &line); before = at) {
		if (l->n % STREAM_STEP == 0) {
			if (mem_grow(&l->steps, &l->cap_steps, l->n_steps + 1, sizeof(*l->steps)) != 0) {
				l->n = l->n_steps = 0;
				return err_memory(err);
			}
			l->steps[l->n_steps++] = before;
		}
		l->n++;
	}
	return RC_DONE;
}

void stream_lines_free(struct stream_lines *l)
{
	mem_free(l->steps);
	memset(l, 0, sizeof(*l));
}

bool stream_lines_get(const struct stream_lines *l, size_t n, struct stream_line *out)
{
	struct stream_place at;

	if (n >= l->n)
		return false;
	at = l->steps[n / STREAM_STEP];
	for (size_t i = n / STREAM_STEP * STREAM_STEP; i <= n; i++)
		if (!next_line(l, &at, out))
			return false;
	if (out->kind == STREAM_TURN)
		out->len = said_in_turn(l->t, out->piece);
	return true;
}

/* ---- back from bytes to lines ------------------------------------------------------------- */

/* The last step that is not behind a byte of a piece. */
static size_t step_before(const struct stream_lines *l, size_t piece, uint64_t off)
{
	size_t from = 0, to = l->n_steps;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;
		const struct stream_place *s = &l->steps[middle];

		if (s->piece < piece || (s->piece == piece && s->off <= off))
			from = middle;
		else
			to = middle;
	}
	return from;
}

size_t stream_lines_of_byte(const struct stream_lines *l, enum direction dir, size_t at)
{
	size_t piece = transcript_piece_at(l->t, dir, at), n;
	struct stream_place place;
	struct stream_line line;

	if (piece == l->t->n_pieces || l->n == 0)
		return l->n;
	n = step_before(l, piece, at - l->t->pieces[piece].at);
	place = l->steps[n];
	for (n *= STREAM_STEP; next_line(l, &place, &line) && line.piece <= piece; n++)
		if (line.kind == STREAM_BYTES && line.dir == dir && at >= line.at && at - line.at < line.len)
			return n;
	return l->n;
}

size_t stream_lines_of_piece(const struct stream_lines *l, size_t piece)
{
	struct stream_place place;
	struct stream_line line;
	size_t n;

	if (l->n == 0)
		return 0;
	n = step_before(l, piece, 0);
	/* the step may stand in the middle of the piece, where its heading stands before */
	n -= n > 0 && l->steps[n].piece >= piece ? 1 : 0;
	place = l->steps[n];
	for (n *= STREAM_STEP; next_line(l, &place, &line); n++) {
		bool holds = place.piece > piece || (place.piece == piece && place.off > 0);

		if (line.piece >= piece || (line.kind == STREAM_BYTES && holds))
			return n;
	}
	return l->n;
}
