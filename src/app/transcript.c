/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/transcript.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* No window is so large: what lies further away belongs to another connection; and a SYN that is not near what was said. */
enum { FAR = 1 << 30, FAR_SYN = 1 << 24 };

/* Part of a TCP stream, or (epoch and pos as they came) a datagram. */
struct transcript_segment {
	int64_t pos;                 /* in its direction */
	uint32_t epoch;              /* connection */
	uint32_t packet;
	uint32_t wire, kept;         /* bytes */
	size_t raw;                  /* in transcript.raw */
	bool datagram;
};

/* ---- taking ---------------------------------------------------------------------------- */

static void begin_anew(struct transcript *t)
{
	t->epoch++;
	for (unsigned i = 0; i < 2; i++) {
		t->side[i].known = t->side[i].has_syn = false;
		t->side[i].near_pos = t->side[i].syn_pos = 0;
	}
}

static void see_syn(struct transcript *t, const struct packet *p, struct transcript_side *side)
{
	uint32_t first = p->tcp_seq + 1;
	int32_t ahead = side->known ? (int32_t)(first - side->near) : 0;

	if (side->has_syn && side->isn == first)
		return;
	if (side->known && (!(p->tcp_flags & TCP_ACK) || ahead > FAR_SYN || ahead < -FAR_SYN))
		begin_anew(t);
	if (!side->known) {
		side->known = true;
		side->near = first;
		side->near_pos = 0;
	}
	side->has_syn = true;
	side->isn = first;
	side->syn_pos = side->near_pos + (int32_t)(first - side->near);
}

static int64_t place(struct transcript *t, struct transcript_side *side, uint32_t seq)
{
	int32_t ahead = (int32_t)(seq - side->near);

	if (side->known && (ahead > FAR || ahead < -FAR))
		begin_anew(t);
	if (!side->known) {
		side->known = true;
		side->near = seq;
		side->near_pos = 0;
		return 0;
	}
	int64_t pos = side->near_pos + ahead;

	if (ahead > 0) {
		side->near = seq;
		side->near_pos = pos;
	}
	return pos;
}

static uint32_t kept_of(const struct packet *p, const uint8_t *frame)
{
	uint32_t there = frame && p->payload_off < p->caplen ? p->caplen - p->payload_off : 0;

	return there < p->payload_len ? there : p->payload_len;
}

static enum rc add_segment(struct transcript *t, struct transcript_side *side, const struct transcript_segment *s,
	const struct transcript_packet *as, const uint8_t *payload, struct err *err)
{
	if (mem_grow(&t->packets, &t->cap_packets, t->n_packets + 1, sizeof(*t->packets)) != 0 ||
		mem_grow(&side->v, &side->cap, side->n + 1, sizeof(*side->v)) != 0)
		return err_memory(err);
	if (s->kept > 0)
		buf_put(&t->raw, payload, s->kept);
	if (t->raw.failed)
		return err_memory(err);
	t->packets[t->n_packets++] = *as;
	side->v[side->n++] = *s;
	return RC_DONE;
}

enum rc transcript_add(struct transcript *t, const struct packet *p, const uint8_t *frame, enum direction dir,
	const struct transcript_packet *as, bool *more, struct err *err)
{
	bool tcp = (p->flags & PACKET_HAS_TCP) != 0;
	struct transcript_side *side = &t->side[dir];
	struct transcript_segment s = { .wire = p->payload_len, .kept = kept_of(p, frame), .datagram = !tcp };

	*more = true;
	if (tcp && (p->tcp_flags & TCP_SYN))
		see_syn(t, p, side);
	if (p->payload_len == 0)
		return RC_DONE;
	if (t->n_packets >= TRANSCRIPT_PACKETS || s.kept > TRANSCRIPT_BYTES - t->raw.len) {
		t->limited = true;
		*more = false;
		return RC_DONE;
	}
	if (tcp)
		s.pos = place(t, side, p->tcp_seq + ((p->tcp_flags & TCP_SYN) ? 1 : 0));
	s.epoch = t->epoch;
	s.packet = (uint32_t)t->n_packets;
	s.raw = t->raw.len;
	return add_segment(t, side, &s, as, frame + p->payload_off, err);
}

/* ---- putting in order ------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct transcript_segment *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (!x->datagram && x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	return (x->packet > y->packet) - (x->packet < y->packet);
}

/* A piece, and when its receiver had it: the number of the packet by which all before it was there. */
struct laid {
	struct transcript_piece piece;
	uint32_t when, epoch;
	bool datagram;
};

struct layer {
	struct transcript *t;
	unsigned dir;
	struct laid *v;
	size_t n, cap;
	uint32_t when;
	int64_t next;                /* where a connection begins */
	struct err *err;
};

static enum rc lay(struct layer *l, const struct transcript_segment *s, enum piece_kind kind, uint64_t len)
{
	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return err_memory(l->err);
	l->v[l->n++] = (struct laid){
		.piece = { .kind = (uint8_t)kind, .dir = (uint8_t)l->dir, .packet = s->packet,
			.at = l->t->bytes[l->dir].len, .len = len },
		.when = l->when,
		.epoch = s->epoch,
		.datagram = s->datagram,
	};
	if (kind == PIECE_GAP)
		l->t->missing += len;
	return RC_DONE;
}

static enum rc lay_bytes(struct layer *l, const struct transcript_segment *s, uint32_t skip, uint32_t len)
{
	enum rc rc;

	l->when = s->packet > l->when ? s->packet : l->when;
	rc = lay(l, s, PIECE_BYTES, len);
	buf_put(&l->t->bytes[l->dir], l->t->raw.data + s->raw + skip, len);
	return rc == RC_DONE && l->t->bytes[l->dir].failed ? err_memory(l->err) : rc;
}

static enum rc lay_datagram(struct layer *l, const struct transcript_segment *s)
{
	enum rc rc = RC_DONE;

	l->when = s->packet;
	if (s->kept > 0)
		rc = lay_bytes(l, s, 0, s->kept);
	if (rc == RC_DONE && s->kept < s->wire)
		rc = lay(l, s, PIECE_GAP, s->wire - s->kept);
	return rc;
}

/* Segments that hold the byte where the layer is, the one captured first on top. */
struct heap {
	const struct transcript_segment **v;
	size_t n;
};

static void heap_swap(struct heap *h, size_t a, size_t b)
{
	const struct transcript_segment *s = h->v[a];

	h->v[a] = h->v[b];
	h->v[b] = s;
}

static void heap_push(struct heap *h, const struct transcript_segment *s)
{
	size_t i = h->n++;

	h->v[i] = s;
	for (; i > 0 && h->v[i]->packet < h->v[(i - 1) / 2]->packet; i = (i - 1) / 2)
		heap_swap(h, i, (i - 1) / 2);
}

static void heap_pop(struct heap *h)
{
	h->v[0] = h->v[--h->n];
	for (size_t i = 0, least; (least = 2 * i + 1) < h->n; i = least) {
		if (least + 1 < h->n && h->v[least + 1]->packet < h->v[least]->packet)
			least++;
		if (h->v[i]->packet <= h->v[least]->packet)
			break;
		heap_swap(h, i, least);
	}
}

/* How far the segment on top is the first one captured; those that begin until then are put in. */
static int64_t run_end(struct heap *h, const struct transcript_segment *v, size_t n, size_t *i)
{
	const struct transcript_segment *top = h->v[0];
	int64_t end = top->pos + top->kept;

	for (; *i < n && v[*i].pos < end; (*i)++) {
		if (v[*i].packet < top->packet)
			return v[*i].pos;
		heap_push(h, &v[*i]);
	}
	return end;
}

/*
 * One connection's segments v[0] to v[n - 1] by their places: a line sweeps over them, and at each byte the segment counts that was
 * captured first. O(n log n), however they overlap.
 */
static enum rc lay_stream(struct layer *l, struct heap *h, const struct transcript_segment *v, size_t n)
{
	int64_t at = l->next, wire_end = at;
	enum rc rc = RC_DONE;
	size_t i = 0;

	for (size_t k = 0; k < n; k++)
		wire_end = v[k].pos + v[k].wire > wire_end ? v[k].pos + v[k].wire : wire_end;
	h->n = 0;
	while (rc == RC_DONE) {
		for (; i < n && v[i].pos <= at; i++)
			heap_push(h, &v[i]);
		while (h->n > 0 && h->v[0]->pos + h->v[0]->kept <= at)
			heap_pop(h);
		if (h->n > 0) {
			const struct transcript_segment *top = h->v[0];
			int64_t to = run_end(h, v, n, &i);

			rc = lay_bytes(l, top, (uint32_t)(at - top->pos), (uint32_t)(to - at));
			at = to;
			continue;
		}
		while (i < n && v[i].kept == 0)
			i++;
		if (i == n)
			break;
		l->when = v[i].packet > l->when ? v[i].packet : l->when;
		rc = lay(l, &v[i], PIECE_GAP, (uint64_t)(v[i].pos - at));
		at = v[i].pos;
	}
	if (rc == RC_DONE && wire_end > at)
		rc = lay(l, &v[n - 1], PIECE_GAP, (uint64_t)(wire_end - at));
	return rc;
}

/* A direction's pieces, in its own order. */
static enum rc lay_side(struct layer *l)
{
	struct transcript_side *side = &l->t->side[l->dir];
	struct heap h = { .v = mem_calloc(side->n + 1, sizeof(const struct transcript_segment *)) };
	enum rc rc = h.v ? RC_DONE : err_memory(l->err);

	if (side->n > 1)
		qsort(side->v, side->n, sizeof(*side->v), by_place);
	for (size_t i = 0, n; i < side->n && rc == RC_DONE; i += n) {
		const struct transcript_segment *s = &side->v[i];

		n = 1;
		if (s->datagram) {
			rc = lay_datagram(l, s);
			continue;
		}
		while (i + n < side->n && s[n].epoch == s->epoch && !s[n].datagram)
			n++;
		/* of connections before the last one it is not known any more where their SYN had them begin */
		bool from_syn = side->has_syn && s->epoch == l->t->epoch && side->syn_pos <= s->pos;

		l->next = from_syn ? side->syn_pos : s->pos;
		rc = lay_stream(l, &h, s, n);
	}
	mem_free(h.v);
	return rc;
}

static enum rc put(struct transcript *t, const struct laid *l, const struct laid *before, struct err *err)
{
	if (mem_grow(&t->pieces, &t->cap_pieces, t->n_pieces + 2, sizeof(*t->pieces)) != 0)
		return err_memory(err);
	bool anew = before && before->epoch != l->epoch;
	struct transcript_piece *p;

	if (anew)
		t->pieces[t->n_pieces++] = (struct transcript_piece){
			.kind = PIECE_ANEW, .dir = l->piece.dir, .packet = l->piece.packet };
	p = &t->pieces[t->n_pieces++];
	*p = l->piece;
	p->turn = !before || anew || before->piece.dir != p->dir ||
		(l->datagram && before->piece.packet != p->packet) ||
		time_sub(t->packets[p->packet].time_ns, t->packets[before->piece.packet].time_ns) >=
			TRANSCRIPT_PAUSE_NS;
	return RC_DONE;
}

/* Both directions, by when their pieces were heard. */
static enum rc weave(struct transcript *t, const struct layer l[2], struct err *err)
{
	const struct laid *before = NULL;
	size_t at[2] = { 0, 0 };
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && (at[0] < l[0].n || at[1] < l[1].n)) {
		const struct laid *a = at[0] < l[0].n ? &l[0].v[at[0]] : NULL;
		const struct laid *b = at[1] < l[1].n ? &l[1].v[at[1]] : NULL;
		unsigned dir = !a || (b && (b->epoch != a->epoch ? b->epoch < a->epoch : b->when < a->when));
		const struct laid *next = dir ? b : a;

		assert(next != NULL);
		rc = put(t, next, before, err);
		before = next;
		at[dir]++;
	}
	return rc;
}

enum rc transcript_end(struct transcript *t, struct err *err)
{
	struct layer l[2] = { { .t = t, .dir = 0, .err = err }, { .t = t, .dir = 1, .err = err } };
	uint64_t raw = t->raw.len;
	enum rc rc = lay_side(&l[0]);

	if (rc == RC_DONE)
		rc = lay_side(&l[1]);
	if (rc == RC_DONE)
		rc = weave(t, l, err);
	t->again = raw - t->bytes[0].len - t->bytes[1].len;
	for (unsigned i = 0; i < 2; i++) {
		mem_free(l[i].v);
		mem_free(t->side[i].v);
		t->side[i] = (struct transcript_side){ 0 };
	}
	buf_free(&t->raw);
	return rc;
}

void transcript_free(struct transcript *t)
{
	for (unsigned i = 0; i < 2; i++) {
		mem_free(t->side[i].v);
		buf_free(&t->bytes[i]);
	}
	buf_free(&t->raw);
	mem_free(t->packets);
	mem_free(t->pieces);
	memset(t, 0, sizeof(*t));
}

/* ---- looking ---------------------------------------------------------------------------- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool equal_at(const uint8_t *p, const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(p[i]) != lower(text[i]))
			return false;
	return true;
}

size_t transcript_find(
	const struct transcript *t, enum direction dir, size_t from, size_t to, const void *text, size_t len)
{
	const struct buf *b = &t->bytes[dir];

	for (size_t i = from; len > 0 && len <= b->len && i <= b->len - len && i < to; i++)
		if (equal_at(b->data + i, text, len))
			return i;
	return b->len;
}

size_t transcript_find_last(const struct transcript *t, enum direction dir, size_t before, const void *text, size_t len)
{
	const struct buf *b = &t->bytes[dir];

	if (len == 0 || len > b->len)
		return b->len;
	for (size_t i = before < b->len - len + 1 ? before : b->len - len + 1; i-- > 0;)
		if (equal_at(b->data + i, text, len))
			return i;
	return b->len;
}

size_t transcript_piece_at(const struct transcript *t, enum direction dir, size_t at)
{
	for (size_t i = 0; i < t->n_pieces; i++) {
		const struct transcript_piece *p = &t->pieces[i];

		if (p->kind == PIECE_BYTES && p->dir == dir && at >= p->at && at - p->at < p->len)
			return i;
	}
	return t->n_pieces;
}
