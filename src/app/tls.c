/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS over TCP (RFC 8446, 5246; SSL 3.0): the records of a handshake as long as they are in clear. ClientHello and ServerHello are read
 * whole, over as many records and segments as they take; other messages, certificates among them, are skipped. What is encrypted
 * ends what is said in its direction. An alert in clear is one before the handshake was done: somebody refuses.
 */
#include "app/tls.h"

#include "base/cursor.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	RECORD_HEAD = 5, MESSAGE_HEAD = 4,
	PLAIN_MAX = 16384, RECORD_MAX = PLAIN_MAX + 2048,        /* RFC 5246, 6.2.3; less in 1.3 */
	HELLO_BEGIN = MESSAGE_HEAD + 2 + 32 + 1,                 /* up to the length of the session id */
};

enum record_type { RECORD_CIPHER = 20, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23, RECORD_HEARTBEAT = 24 };

struct tls_side {
	uint32_t message_left;       /* bytes of a message that is skipped */
	uint16_t record_left;        /* of the open handshake record; 0: a record begins */
};

struct tls_state {
	struct tls_side side[2];
	struct tls_hellos hellos;
};
_Static_assert(sizeof(struct tls_state) <= PARSE_STATE, "fits");

/* ---- records ---------------------------------------------------------------------------- */

struct tls_record {
	uint8_t type;
	uint16_t len;
};

/* False where RECORD_HEAD bytes at p are no head of a record. */
static bool record_head(const uint8_t *p, struct tls_record *out)
{
	out->type = p[0];
	out->len = load_be16(p + 3);
	if (p[1] != 3 || p[2] > 3 || p[0] < RECORD_CIPHER || p[0] > RECORD_HEARTBEAT)
		return false;
	if (out->len == 0)
		return out->type == RECORD_DATA;
	return out->len <= RECORD_MAX && (out->type != RECORD_CIPHER || out->len == 1);
}

/* Bytes of handshake messages that lie in several records, one behind the other. */
struct gathered {
	const uint8_t *p;
	size_t n;                    /* how many of those wanted are there */
	size_t used;                 /* bytes of records behind which they end */
	uint16_t record_left;        /* of the record in which they end */
	size_t need;                 /* n is too few: this many bytes of records at least */
	bool bad;                    /* something else comes between them */
};

/*
 * Finds `want` bytes of messages from the front of these records on, of whose first record_left bytes are left. In one record they stay
 * where they are; else they are put together in `joined`, which has room for them.
 */
static void gather(const uint8_t *p, size_t n, uint16_t record_left, size_t want, uint8_t *joined, struct gathered *g)
{
	size_t at = 0;

	*g = (struct gathered){.record_left = record_left};
	while (g->n < want) {
		struct tls_record r;

		if (g->record_left == 0) {
			if (n - at < RECORD_HEAD) {
				g->need = at + RECORD_HEAD + (want - g->n);
				break;
			}
			if (!record_head(p + at, &r) || r.type != RECORD_HANDSHAKE) {
				g->bad = true;
				break;
			}
			at += RECORD_HEAD;
			g->record_left = r.len;
		}
		size_t len = want - g->n < g->record_left ? want - g->n : g->record_left;
		if (len > n - at)
			len = n - at;
		if (g->n == 0)
			g->p = p + at;
		else if (g->p != joined)
			g->p = memcpy(joined, g->p, g->n);
		if (g->p == joined && len > 0)
			memcpy(joined + g->n, p + at, len);
		g->n += len;
		at += len;
		g->record_left = (uint16_t)(g->record_left - len);
		if (g->n < want && at == n && g->record_left > 0) {
			g->need = at + (want - g->n);
			break;
		}
	}
	g->used = at;
}

/* ---- messages -------------------------------------------------------------------------------- */

/*
 * The message that begins at step->used, or what is left of one that is skipped. False when it is not whole yet (step->need) or the
 * direction ends.
 */
static bool take_message(struct tls_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct tls_side *side = &s->side[in->dir];
	const uint8_t *p = in->p + step->used;
	size_t rest = in->n - step->used;
	uint8_t head[MESSAGE_HEAD];
	struct gathered g;

	gather(p, rest, side->record_left, sizeof(head), head, &g);
	if (!g.bad && g.n == sizeof(head)) {
		unsigned type = g.p[0];
		size_t len = load_be32(g.p) & 0xffffff;

		if (!tls_message_name(type)) {       /* the Finished of a connection whose beginning was not captured */
			step->done = true;
			return false;
		}
		if (type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO) {
			parse_tell(out, tls_message_name(type));
			side->message_left = (uint32_t)len;
			side->record_left = g.record_left;
			step->used += g.used;
			return true;
		}
		step->lost = len + MESSAGE_HEAD + RECORD_HEAD > PARSE_HOLD || !out->scratch;
		if (step->lost)
			return false;
		gather(p, rest, side->record_left, MESSAGE_HEAD + len, out->scratch, &g);
		if (!g.bad && g.n == MESSAGE_HEAD + len) {
			step->lost = type == TLS_CLIENT_HELLO ? !tls_hear_client(&s->hellos, g.p + MESSAGE_HEAD, len, 't', out) :
				!tls_hear_server(&s->hellos, g.p + MESSAGE_HEAD, len, 't', out);
			side->record_left = g.record_left;
			step->used += g.used;
			return !step->lost;
		}
	}
	step->lost = g.bad || g.need > PARSE_HOLD;
	step->need = g.need;
	return false;
}

/* On with a message that is not looked at, as far as its record goes. */
static void skip_message(struct tls_side *side, struct parse_step *step)
{
	uint32_t n = side->message_left < side->record_left ? side->message_left : side->record_left;

	side->message_left -= n;
	side->record_left = (uint16_t)(side->record_left - n);
	step->skip = n;
}

/* A record of another type than handshake, which is whole. False where the direction ends. */
static bool take_record(struct tls_state *s, const struct parse_bytes *in, const struct tls_record *r, const uint8_t *body,
	struct parse_step *step, const struct parse_out *out)
{
	switch ((enum record_type)r->type) {
	case RECORD_ALERT:
		if (r->len != 2) {
			parse_tell(out, "Encrypted Alert");
			step->done = true;
			return false;
		}
		tls_hear_alert(&s->hellos, body, in->dir, out);
		return true;
	case RECORD_CIPHER:
		parse_tell(out, "Change Cipher Spec");
		/* behind a HelloRetryRequest it says nothing (RFC 8446, D.4) */
		step->done = !s->hellos.retry;
		return s->hellos.retry;
	case RECORD_HEARTBEAT:
		parse_tell(out, "Heartbeat");
		return true;
	default:
		parse_tell(out, "Application Data");
		step->done = true;
		return false;
	}
}

/* What begins with a record's head. False where the direction ends or more bytes are needed. */
static bool open_record(struct tls_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct tls_side *side = &s->side[in->dir];
	const uint8_t *p = in->p + step->used;
	size_t rest = in->n - step->used;
	struct tls_record r;

	if (rest < RECORD_HEAD) {
		step->need = RECORD_HEAD;
		return false;
	}
	if (!record_head(p, &r)) {
		step->lost = true;
		return false;
	}
	if (r.type == RECORD_HANDSHAKE) {
		step->lost = r.len > PLAIN_MAX;
		if (step->lost || side->message_left == 0)
			return !step->lost && take_message(s, in, step, out);
		side->record_left = r.len;
		step->used += RECORD_HEAD;
		return true;
	}
	step->lost = side->message_left > 0;     /* nothing comes between the parts of a message */
	if (step->lost)
		return false;
	size_t whole = r.type == RECORD_ALERT && r.len == 2 ? RECORD_HEAD + 2 : RECORD_HEAD;
	if (rest < whole) {
		step->need = whole;
		return false;
	}
	step->used += whole;
	step->skip = RECORD_HEAD + r.len - whole;
	return take_record(s, in, &r, p + RECORD_HEAD, step, out);
}

static void tls_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	struct tls_state *s = state;
	struct tls_side *side = &s->side[in->dir];
	bool on = true;

	while (on && step->used < in->n && step->skip == 0) {
		if (side->record_left == 0)
			on = open_record(s, in, step, out);
		else if (side->message_left > 0)
			skip_message(side, step);
		else
			on = take_message(s, in, step, out);
	}
}

/* ---- finding it ------------------------------------------------------------------------------ */

/* A hello, as far as it is there: lengths and versions that agree. */
static enum parse_match match_hello(const struct parse_bytes *in)
{
	enum { SURE = MESSAGE_HEAD + 2 };
	uint8_t head[HELLO_BEGIN];
	struct gathered g;

	gather(in->p, in->n, 0, sizeof(head), head, &g);
	if (g.bad)
		return MATCH_NO;
	if (g.n > 0 && g.p[0] != TLS_CLIENT_HELLO && g.p[0] != TLS_SERVER_HELLO)
		return MATCH_NO;
	if (g.n < SURE)
		return MATCH_MAYBE;
	size_t len = load_be32(g.p) & 0xffffff;
	if (len < HELLO_BEGIN - MESSAGE_HEAD + 3 || len + MESSAGE_HEAD + RECORD_HEAD > PARSE_HOLD || g.p[4] != 3 || g.p[5] > 3)
		return MATCH_NO;
	/* a ClientHello comes alone */
	if (g.p[0] == TLS_CLIENT_HELLO && load_be16(in->p + 3) > MESSAGE_HEAD + len)
		return MATCH_NO;
	return g.n == sizeof(head) && g.p[HELLO_BEGIN - 1] > 32 ? MATCH_NO : MATCH_YES;
}

/* Somewhere behind the beginning: records that end exactly where the segment ends. */
static bool match_records(const struct parse_bytes *in)
{
	size_t at = 0;
	struct tls_record r;

	while (in->n - at >= RECORD_HEAD && record_head(in->p + at, &r)) {
		if (r.len > in->n - at - RECORD_HEAD)
			return false;
		at += (size_t)RECORD_HEAD + r.len;
	}
	return at == in->n && in->whole;
}

static enum parse_match tls_match(const struct parse_bytes *in)
{
	struct tls_record r;

	if (in->p[0] < RECORD_CIPHER || in->p[0] > RECORD_HEARTBEAT || (in->n > 1 && in->p[1] != 3) || (in->n > 2 && in->p[2] > 3))
		return MATCH_NO;
	if (in->n < RECORD_HEAD)
		return MATCH_MAYBE;
	if (!record_head(in->p, &r))
		return MATCH_NO;
	enum parse_match hello = r.type == RECORD_HANDSHAKE ? match_hello(in) : MATCH_NO;
	return hello == MATCH_NO && match_records(in) ? MATCH_YES : hello;
}

static bool tls_resync(void *state, const struct parse_bytes *in)
{
	struct tls_state *s = state;

	if (tls_match(in) != MATCH_YES)
		return false;
	s->side[in->dir] = (struct tls_side){0};
	return true;
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* Messages of a handshake record, as far as they are in it. */
static void show_messages(const struct decode_sink *sink, const uint8_t *p, size_t n, uint32_t offset)
{
	size_t at = 0;

	while (n - at >= MESSAGE_HEAD && tls_message_name(p[at])) {
		size_t len = load_be32(p + at) & 0xffffff, there = n - at - MESSAGE_HEAD;
		struct tls_showing x = {sink, offset + (uint32_t)at + MESSAGE_HEAD, (uint32_t)(len < there ? len : there), 't'};

		sink->field(sink->ctx, "message", tls_message_name(p[at]), offset + (uint32_t)at, MESSAGE_HEAD);
		if (len > there)
			break;
		tls_show_hello(&x, p[at], p + at + MESSAGE_HEAD, len);
		at += MESSAGE_HEAD + len;
	}
}

static void show_record(const struct decode_sink *sink, const uint8_t *p, const struct tls_record *r, size_t there, uint32_t offset)
{
	static const char *const names[] = {"Change Cipher Spec", "Alert", "Handshake", "Application Data", "Heartbeat"};
	struct tls_showing x = {sink, offset, RECORD_HEAD, 0};
	char len[16];

	sink->begin(sink->ctx, "tls", "Transport Layer Security", offset, (uint32_t)(RECORD_HEAD + there));
	sink->field(sink->ctx, "type", names[r->type - RECORD_CIPHER], offset, 1);
	tls_show_number(&x, "record_version", tls_version_name(load_be16(p + 1)), load_be16(p + 1), 1, 2);
	snprintf(len, sizeof(len), "%u", r->len);
	sink->field(sink->ctx, "length", len, offset + 3, 2);
	if (r->type == RECORD_HANDSHAKE)
		show_messages(sink, p + RECORD_HEAD, there, offset + RECORD_HEAD);
	else if (r->type == RECORD_ALERT && r->len == 2 && there == 2 && tls_alert_name(p[RECORD_HEAD + 1]))
		sink->field(sink->ctx, "alert", tls_alert_name(p[RECORD_HEAD + 1]), offset + RECORD_HEAD, 2);
	sink->end(sink->ctx);
}

static void tls_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct tls_record r;

	if (tls_match(in) != MATCH_YES)
		return;
	for (size_t at = 0; in->n - at >= RECORD_HEAD && record_head(in->p + at, &r);) {
		size_t there = in->n - at - RECORD_HEAD;

		if (there > r.len)
			there = r.len;
		show_record(sink, in->p + at, &r, there, offset + (uint32_t)at);
		at += RECORD_HEAD + there;
	}
}

const struct app_parser tls_parser = {
	.app = APP_TLS, .match = tls_match, .stream = tls_stream, .resync = tls_resync, .layers = tls_layers,
};
