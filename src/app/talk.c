/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/talk.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

/* A sequence number further away than any window cannot be told from a new one. */
enum { FAR = 1 << 24 };

/* So many bytes of a first message must be enough to tell what it is. */
enum { MAYBE_BYTES = 2048 };

_Static_assert(sizeof(struct talk) <= TALK_BYTES, "a talk is small");

struct hold {
	struct talk *owner;          /* NULL: free */
	unsigned side;
	uint32_t from, n;            /* bytes that wait begin there: those before may still be read */
	uint64_t used;               /* when, by the memory's count */
};

struct talk_memory {
	struct hold v[TALK_HOLDS];
	uint64_t count;
	uint8_t *bytes;              /* TALK_HOLDS of PARSE_HOLD, and one for scratch; not touched before they are used */
};

enum rc talk_memory_new(struct talk_memory **out, struct err *err)
{
	struct talk_memory *m = mem_calloc(1, sizeof(*m));

	if (!m)
		return err_memory(err);
	m->bytes = mem_calloc(TALK_HOLDS + 1, PARSE_HOLD);
	if (!m->bytes) {
		mem_free(m);
		return err_memory(err);
	}
	*out = m;
	return RC_DONE;
}

void talk_memory_free(struct talk_memory *m)
{
	if (!m)
		return;
	mem_free(m->bytes);
	mem_free(m);
}

/* ---- bytes that wait ------------------------------------------------------------------- */

static void let_go(struct talk_memory *m, struct talk_direction *side)
{
	if (side->hold == 0)
		return;
	assert(m != NULL);
	m->v[side->hold - 1].owner = NULL;
	side->hold = 0;
}

static void lose(struct talk_memory *m, struct talk_direction *side)
{
	let_go(m, side);
	side->lost = true;
	side->answered = false;
	side->skip = 0;
	side->need = 0;
}

/* A buffer for this direction; takes the one used longest ago from somebody when there is no free one. */
static void take_hold(struct talk_memory *m, struct talk *t, unsigned side)
{
	size_t best = 0;

	for (size_t i = 0; i < TALK_HOLDS; i++) {
		if (!m->v[i].owner) {
			best = i;
			break;
		}
		if (m->v[i].used < m->v[best].used)
			best = i;
	}
	struct hold *h = &m->v[best];
	if (h->owner)
		lose(m, &h->owner->side[h->side]);
	*h = (struct hold){.owner = t, .side = side};
	t->side[side].hold = (uint8_t)(best + 1);
}

static uint8_t *held(struct talk_memory *m, const struct hold *h)
{
	return m->bytes + (size_t)(h - m->v) * PARSE_HOLD;
}

/* Puts bytes behind those that wait. False where there is no room. */
static bool hold_bytes(struct talk_memory *m, struct talk *t, unsigned side, const uint8_t *p, size_t n)
{
	if (!m || n > PARSE_HOLD)
		return false;
	if (t->side[side].hold == 0)
		take_hold(m, t, side);
	struct hold *h = &m->v[t->side[side].hold - 1];
	uint8_t *bytes = held(m, h);

	h->used = ++m->count;
	if (n > PARSE_HOLD - h->n)
		return false;
	if (h->n == 0 && (uintptr_t)p - (uintptr_t)bytes < PARSE_HOLD) {       /* they are there; texts before them are still read */
		h->from = (uint32_t)(p - bytes);
		h->n = (uint32_t)n;
		return true;
	}
	if (n > PARSE_HOLD - h->n - h->from) {
		memmove(bytes, bytes + h->from, h->n);
		h->from = 0;
	}
	memmove(bytes + h->from + h->n, p, n);
	h->n += (uint32_t)n;
	return true;
}

/* ---- who speaks? ----------------------------------------------------------------------- */

struct talking {
	struct talk *t;
	struct talk_memory *m;       /* NULL: nothing can wait */
	unsigned side;
	struct parse_bytes in;
	struct parse_out out;
};

/* The parser that hears what follows; what was heard before was another one's, if any. */
static void becomes(struct talking *x, enum app parser)
{
	struct talk *t = x->t;

	for (unsigned i = 0; t->parser != APP_NONE && i < 2; i++) {
		let_go(x->m, &t->side[i]);
		t->side[i].done = t->side[i].lost = false;
		t->side[i].skip = 0;
	}
	memset(t->state, 0, sizeof(t->state));
	t->parser = (uint8_t)parser;
	if (t->app == APP_NONE)
		t->app = (uint8_t)parser;
}

/* What follows is found out as if a conversation began; it keeps the application that it is known as. */
static void begin_anew(struct talking *x)
{
	becomes(x, APP_NONE);
	x->t->side[0].tries = x->t->side[1].tries = 0;
}

/* Asks every parser; true when one is certain. *maybe: one could be with more bytes. */
static bool find(struct talking *x, bool *maybe)
{
	*maybe = false;
	for (unsigned a = APP_NONE + 1; a < APPS; a++) {
		const struct app_parser *parser = app_parser((enum app)a);

		if (!parser || !parser->match || (x->in.is_udp ? !parser->datagram : !parser->stream))
			continue;
		enum parse_match match = parser->match(&x->in);
		if (match == MATCH_YES) {
			becomes(x, (enum app)a);
			return true;
		}
		*maybe |= match == MATCH_MAYBE;
	}
	return false;
}

/* ---- streams --------------------------------------------------------------------------- */

/*
 * The application of a stream is not known: these bytes may tell. True when they do. Where they cannot, those of a later segment may,
 * for a connection whose beginning was not captured.
 */
static bool find_stream(struct talking *x, size_t *left)
{
	struct talk *t = x->t;
	struct talk_direction *side = &t->side[x->side];
	bool maybe;

	if (find(x, &maybe))
		return true;
	if (maybe && x->in.n <= MAYBE_BYTES) {
		side->need = 0;
		*left = x->in.n;
	} else if (++side->tries >= TALK_TRIES) {
		side->lost = true;
		/* an application that is known is told of every packet, even if nothing more is said */
		t->ruled_out = t->side[!x->side].lost && t->app == APP_NONE;
	}
	return false;
}

/*
 * Lets the parser go over the bytes as far as it can. What it does not need is gone; *left bytes at the end of them wait for
 * more. False when the direction is lost or done.
 */
static bool parse_stream(struct talking *x, size_t *left)
{
	struct talk_direction *side = &x->t->side[x->side];

	*left = 0;
	while (x->in.n > 0) {
		if (x->t->parser == APP_NONE && !find_stream(x, left))
			return true;
		const struct app_parser *parser = app_parser((enum app)x->t->parser);
		struct parse_step step = {0};

		parser->stream(x->t->state, &x->in, &step, &x->out);
		if (step.lost)
			return false;
		assert(step.used <= x->in.n && step.need <= PARSE_HOLD);
		bool moved = step.used > 0 || step.skip > 0;
		x->in.p += step.used;
		x->in.n -= step.used;
		size_t skip = step.skip < x->in.n ? (size_t)step.skip : x->in.n;
		x->in.p += skip;
		x->in.n -= skip;
		side->skip = step.skip - skip;
		side->need = 0;
		if (step.done) {
			side->done = true;
			return false;
		}
		if (step.becomes != APP_NONE || step.anew) {
			if (step.anew)
				begin_anew(x);
			else
				becomes(x, step.becomes);
			moved = true;
		}
		if (step.need > x->in.n && x->in.n > 0) {
			side->need = (uint32_t)step.need;
			*left = x->in.n;
			return true;
		}
		if (!moved)
			return false;
	}
	return true;
}

/* Bytes that follow those before, without gap. at_start: a segment begins with them. */
static void take_bytes(struct talking *x, bool at_start)
{
	struct talk *t = x->t;
	struct talk_direction *side = &t->side[x->side];
	size_t left = 0;

	if (side->lost) {
		const struct app_parser *parser = app_parser((enum app)t->parser);

		if (!parser || !parser->resync || !at_start || !side->answered || !parser->resync(t->state, &x->in))
			return;
		side->lost = false;
	}
	if (side->hold != 0) {
		assert(x->m != NULL);
		if (!hold_bytes(x->m, t, x->side, x->in.p, x->in.n)) {
			lose(x->m, side);
			return;
		}
		struct hold *h = &x->m->v[side->hold - 1];
		if (h->n < side->need)
			return;
		x->in.p = held(x->m, h) + h->from;
		x->in.n = h->n;
		h->n = 0;        /* what is left of them is held again */
	}
	if (!parse_stream(x, &left) && !side->done)
		lose(x->m, side);
	if (left == 0)
		let_go(x->m, side);
	else if (!hold_bytes(x->m, t, x->side, x->in.p, left))
		lose(x->m, side);
}

/* Where the bytes stand in their direction: cuts what was there before, notes gaps. False when nothing new is left. */
static bool in_order(struct talking *x, uint32_t seq, uint32_t wire_len, bool *at_start)
{
	struct talk_direction *side = &x->t->side[x->side];
	int32_t ahead;

	if (!side->known) {
		side->known = true;
		side->next_seq = seq;
	}
	ahead = (int32_t)(seq - side->next_seq);
	*at_start = true;
	if (ahead < -FAR || ahead > FAR) {
		lose(x->m, side);
	} else if (ahead < 0) {
		uint32_t old = (uint32_t)-ahead;

		if (old >= wire_len)
			return false;
		x->in.p += old < x->in.n ? old : x->in.n;
		x->in.n -= old < x->in.n ? old : x->in.n;
		*at_start = false;
	} else if (ahead > 0 && side->hold == 0 && side->skip >= (uint32_t)ahead) {
		side->skip -= (uint32_t)ahead;
	} else if (ahead > 0 && x->t->parser == APP_NONE) {
		let_go(x->m, side);
	} else if (ahead > 0) {
		lose(x->m, side);
	}
	side->next_seq = seq + wire_len;
	return true;
}

static void take_segment(struct talking *x, const struct packet *p)
{
	struct talk_direction *side = &x->t->side[x->side];
	const uint8_t *begin = x->in.p;
	bool at_start;

	if (!in_order(x, p->tcp_seq, p->payload_len, &at_start))
		return;
	x->t->side[!x->side].answered = true;
	if (side->done)
		return;
	/* bytes of the segment that the capture did not keep */
	uint64_t hole = p->payload_len - (uint64_t)(x->in.p - begin) - x->in.n;
	size_t skip = side->skip < x->in.n ? (size_t)side->skip : x->in.n;

	side->skip -= skip;
	x->in.p += skip;
	x->in.n -= skip;
	if (x->in.n > 0)
		take_bytes(x, at_start && skip == 0);
	if (hole == 0 || side->done)
		return;
	if (side->skip >= hole && side->hold == 0)
		side->skip -= hole;
	else if (x->t->parser == APP_NONE)
		let_go(x->m, side);
	else
		lose(x->m, side);
}

/* ---- packets --------------------------------------------------------------------------- */

/* Datagrams do not wait: a direction's hold is its parser's. */
static uint8_t *keep_take(void *ctx, bool *again)
{
	struct talking *x = ctx;

	if (!x->m)
		return NULL;
	*again = x->t->side[x->side].hold != 0;
	if (!*again)
		take_hold(x->m, x->t, x->side);
	struct hold *h = &x->m->v[x->t->side[x->side].hold - 1];
	h->used = ++x->m->count;
	return held(x->m, h);
}

static void keep_drop(void *ctx)
{
	struct talking *x = ctx;

	if (x->m)
		let_go(x->m, &x->t->side[x->side]);
}

static void take_datagram(struct talking *x)
{
	struct talk *t = x->t;
	const struct parse_keep keep = {keep_take, keep_drop, x};
	bool maybe;

	if (t->parser == APP_NONE && !find(x, &maybe)) {
		t->ruled_out = ++t->side[x->side].tries >= TALK_TRIES;
		return;
	}
	x->out.keep = &keep;
	app_parser((enum app)t->parser)->datagram(t->state, &x->in, &x->out);
	x->out.keep = NULL;
}

/* A SYN says where its direction begins; another one than before begins a new talk. */
static void take_syn(struct talk *t, struct talk_memory *m, const struct packet *p, enum direction dir)
{
	struct talk_direction *side = &t->side[dir];

	if (side->known && side->next_seq == p->tcp_seq + 1)
		return;
	if (!(p->tcp_flags & TCP_ACK)) {
		if (m)
			talk_end(t, m);
		memset(t, 0, sizeof(*t));
	}
	side->known = true;
	side->next_seq = p->tcp_seq + 1;
}

static bool said_something(const struct said *s)
{
	return s->requests || s->responses || s->errors || s->refusals || s->has_status || s->has_response || s->version ||
		s->name.p || s->url.p || s->alpn.p || s->ja4.p;
}

bool talk_payload(const struct packet *p, const uint8_t *frame, enum direction dir, struct parse_bytes *in)
{
	bool tcp = p->proto == PROTO_TCP && (p->flags & PACKET_HAS_TCP);
	bool udp = p->proto == PROTO_UDP && (p->flags & PACKET_HAS_PORTS);

	if (!frame || (!tcp && !udp) || p->payload_len == 0 || p->payload_off >= p->caplen || (p->flags & PACKET_FRAGMENT))
		return false;
	uint32_t there = p->caplen - p->payload_off;
	*in = (struct parse_bytes){
		.p = frame + p->payload_off, .n = there < p->payload_len ? there : p->payload_len,
		.whole = there >= p->payload_len, .dir = dir, .is_udp = udp,
		.client_port = dir == DIR_C2S ? p->src_port : p->dst_port,
		.server_port = dir == DIR_C2S ? p->dst_port : p->src_port,
		.time_ns = p->time_ns,
	};
	return true;
}

bool talk_packet(struct talk *t, struct talk_memory *m, const struct packet *p, const uint8_t *frame, enum direction dir,
	const struct said_sink *sink, struct said *out)
{
	struct talking x = {.t = t, .m = m, .side = dir, .out = {.said = out, .sink = sink}};

	said_clear(out);
	if (m)
		x.out.scratch = m->bytes + (size_t)TALK_HOLDS * PARSE_HOLD;
	if ((p->flags & PACKET_HAS_TCP) && (p->tcp_flags & TCP_SYN))
		take_syn(t, m, p, dir);
	if (!t->ruled_out && talk_payload(p, frame, dir, &x.in)) {
		if (x.in.is_udp)
			take_datagram(&x);
		else
			take_segment(&x, p);
	}
	out->app = (enum app)t->app;
	return said_something(out);
}

void talk_end(struct talk *t, struct talk_memory *m)
{
	let_go(m, &t->side[0]);
	let_go(m, &t->side[1]);
}

/*
 * Whether a message of the application begins with a packet's bytes, or one of what its conversation may have become: TLS (STARTTLS, a
 * tunnel), HTTP/2.
 */
static bool begins(struct talking *x, enum app app)
{
	static const enum app later[] = {APP_TLS, APP_HTTP2};
	const struct app_parser *parser = app_parser(app);

	becomes(x, app);
	if (x->in.is_udp || !parser->resync || parser->resync(x->t->state, &x->in) || parser->match(&x->in) == MATCH_YES)
		return true;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		becomes(x, later[i]);
		if ((later[i] == APP_TLS || app == APP_HTTP) && app_parser(later[i])->resync(x->t->state, &x->in))
			return true;
	}
	return false;
}

bool talk_one(enum app app, const struct packet *p, const uint8_t *frame, enum direction dir, struct said *out, struct buf *info)
{
	struct talk t = {0};
	uint8_t scratch[PARSE_HOLD];
	struct talking x = {.t = &t, .side = dir, .out = {.said = out, .info = info, .scratch = scratch}};
	const struct app_parser *parser = app_parser(app);
	size_t left;
	bool maybe;

	said_clear(out);
	if (!talk_payload(p, frame, dir, &x.in))
		return false;
	if (parser ? !begins(&x, app) : app != APP_NONE || !find(&x, &maybe))
		return false;
	parser = app_parser((enum app)t.parser);
	if (x.in.is_udp && parser->datagram)
		parser->datagram(t.state, &x.in, &x.out);
	else if (!x.in.is_udp && parser->stream)
		parse_stream(&x, &left);
	out->app = (enum app)t.app;
	return said_something(out) || (info && info->len > 0);
}
