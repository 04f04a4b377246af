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
	FIRST_ALPN = 24,                                         /* longer ones are not remembered */
};

enum record_type { RECORD_CIPHER = 20, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23, RECORD_HEARTBEAT = 24 };

struct tls_side {
	uint32_t message_left;       /* bytes of a message that is skipped */
	uint16_t record_left;        /* of the open handshake record; 0: a record begins */
};

struct tls_state {
	struct tls_side side[2];
	bool asked, answered;        /* a ClientHello, a ServerHello was there */
	bool retry;                  /* a HelloRetryRequest was, and no ServerHello since */
	uint8_t alpn_len;            /* the client's first, until the server's answer */
	char alpn[FIRST_ALPN];
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

/* ---- for people --------------------------------------------------------------------------- */

static const char *message_name(unsigned type)
{
	static const char *const names[] = {
		[0] = "Hello Request", [1] = "Client Hello", [2] = "Server Hello", [4] = "New Session Ticket",
		[5] = "End of Early Data", [8] = "Encrypted Extensions", [11] = "Certificate", [12] = "Server Key Exchange",
		[13] = "Certificate Request", [14] = "Server Hello Done", [15] = "Certificate Verify",
		[16] = "Client Key Exchange", [20] = "Finished", [21] = "Certificate URL", [22] = "Certificate Status",
		[23] = "Supplemental Data", [24] = "Key Update", [25] = "Compressed Certificate",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

void tls_tell_client(const struct parse_out *out, const struct tls_client_hello *hello)
{
	parse_tell(out, "Client Hello");
	if (!out->info || !hello->name.p)
		return;
	buf_put_str(out->info, " (SNI=");
	text_escape(out->info, hello->name.p, hello->name.len);
	buf_put_str(out->info, ")");
}

/* ---- messages -------------------------------------------------------------------------------- */

/* A message may have been put together where it does not stay. */
static struct said_text put_text(const struct parse_out *out, struct said_text t)
{
	return said_put(out->said, t.p, t.len);
}

void tls_say_client(const struct parse_out *out, const struct tls_client_hello *hello, char transport)
{
	char ja4[JA4_LENGTH + 1];

	out->said->requests++;
	out->said->name = put_text(out, hello->name);
	if (tls_ja4(hello, transport, ja4))
		out->said->ja4 = said_put(out->said, ja4, JA4_LENGTH);
}

/* The first one alone: one behind a HelloRetryRequest is the same request. */
static bool take_client_hello(struct tls_state *s, const uint8_t *p, size_t n, const struct parse_out *out)
{
	struct tls_client_hello hello;

	if (!tls_client_hello(p, n, &hello))
		return false;
	tls_tell_client(out, &hello);
	if (s->asked)
		return true;
	s->asked = true;
	tls_say_client(out, &hello, 't');
	/* one of several that are offered is chosen later */
	if (hello.one_alpn && hello.alpn.len > 0) {
		out->said->alpn = put_text(out, hello.alpn);
	} else if (hello.alpn.len <= sizeof(s->alpn)) {
		s->alpn_len = (uint8_t)hello.alpn.len;
		if (hello.alpn.len > 0)
			memcpy(s->alpn, hello.alpn.p, hello.alpn.len);
	}
	return true;
}

static bool take_server_hello(struct tls_state *s, const uint8_t *p, size_t n, const struct parse_out *out)
{
	struct tls_server_hello hello;

	if (!tls_server_hello(p, n, &hello))
		return false;
	s->retry = hello.retry;
	parse_tell(out, hello.retry ? "Hello Retry Request" : "Server Hello");
	if (hello.retry || s->answered)
		return true;
	s->answered = true;
	out->said->responses++;
	out->said->version = hello.version;
	if (hello.alpn.len > 0)
		out->said->alpn = put_text(out, hello.alpn);
	else if (hello.version > 0x0303 && s->alpn_len > 0)      /* 1.3 says it behind the curtain */
		out->said->alpn = said_put(out->said, s->alpn, s->alpn_len);
	return true;
}

void tls_say_alert(const struct parse_out *out, unsigned description)
{
	enum { INTERNAL_ERROR = 80 };

	out->said->has_status = true;
	out->said->status = (uint16_t)description;
	if (description == INTERNAL_ERROR)
		out->said->errors++;
	else
		out->said->refusals++;
}

/* Two bytes: level, description. */
static void take_alert(struct tls_state *s, const uint8_t *p, enum direction dir, const struct parse_out *out)
{
	enum { WARNING = 1, FATAL = 2 };
	const char *name = tls_alert_name(p[1]);

	if (p[0] != WARNING && p[0] != FATAL)
		return;
	parse_tell(out, "Alert ");
	if (out->info && name)
		buf_put_str(out->info, name);
	else if (out->info)
		buf_printf(out->info, "%u", p[1]);
	if (p[0] != FATAL || !name)
		return;
	if (dir == DIR_S2C) {
		out->said->responses += !s->answered;
		s->answered = true;
	}
	tls_say_alert(out, p[1]);
}

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

		if (!message_name(type)) {       /* the Finished of a connection whose beginning was not captured */
			step->done = true;
			return false;
		}
		if (type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO) {
			parse_tell(out, message_name(type));
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
			step->lost = type == TLS_CLIENT_HELLO ? !take_client_hello(s, g.p + MESSAGE_HEAD, len, out) :
				!take_server_hello(s, g.p + MESSAGE_HEAD, len, out);
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
		take_alert(s, body, in->dir, out);
		return true;
	case RECORD_CIPHER:
		parse_tell(out, "Change Cipher Spec");
		/* behind a HelloRetryRequest it says nothing (RFC 8446, D.4) */
		step->done = !s->retry;
		return s->retry;
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

struct showing {
	const struct decode_sink *sink;
	uint32_t offset;             /* of a message in its frame */
	uint32_t len;
};

static void show_text(const struct showing *x, const uint8_t *base, const char *name, struct said_text t)
{
	char text[4 * SAID_MAX + 1];

	if (!t.p)
		return;
	text_escape_to(text, sizeof(text), t.p, t.len);
	x->sink->field(x->sink->ctx, name, text, x->offset + (uint32_t)((const uint8_t *)t.p - base), (uint32_t)t.len);
}

static void show_number(const struct showing *x, const char *name, const char *known, unsigned v, uint32_t at, uint32_t len)
{
	char text[64];

	if (known)
		snprintf(text, sizeof(text), "%s (0x%04x)", known, v);
	else
		snprintf(text, sizeof(text), "0x%04x", v);
	x->sink->field(x->sink->ctx, name, text, x->offset + at, len);
}

/* A ClientHello or ServerHello that lies whole in its record. p: its body. */
static void show_hello(const struct showing *x, unsigned type, const uint8_t *p, size_t n)
{
	struct tls_client_hello client;
	struct tls_server_hello server;
	char ja4[JA4_LENGTH + 1];

	if (type == TLS_CLIENT_HELLO && tls_client_hello(p, n, &client)) {
		show_number(x, "version", tls_version_name(client.version), client.version, 0, x->len);
		show_text(x, p, "server_name", client.name);
		show_text(x, p, "alpn", client.alpn);
		if (tls_ja4(&client, 't', ja4))
			x->sink->field(x->sink->ctx, "ja4", ja4, x->offset, x->len);
	} else if (type == TLS_SERVER_HELLO && tls_server_hello(p, n, &server)) {
		show_number(x, "version", tls_version_name(server.version), server.version, 0, x->len);
		show_text(x, p, "alpn", server.alpn);
	}
}

/* Messages of a handshake record, as far as they are in it. */
static void show_messages(const struct decode_sink *sink, const uint8_t *p, size_t n, uint32_t offset)
{
	size_t at = 0;

	while (n - at >= MESSAGE_HEAD && message_name(p[at])) {
		size_t len = load_be32(p + at) & 0xffffff, there = n - at - MESSAGE_HEAD;
		struct showing x = {sink, offset + (uint32_t)at + MESSAGE_HEAD, (uint32_t)(len < there ? len : there)};

		sink->field(sink->ctx, "message", message_name(p[at]), offset + (uint32_t)at, MESSAGE_HEAD);
		if (len > there)
			break;
		show_hello(&x, p[at], p + at + MESSAGE_HEAD, len);
		at += MESSAGE_HEAD + len;
	}
}

static void show_record(const struct decode_sink *sink, const uint8_t *p, const struct tls_record *r, size_t there, uint32_t offset)
{
	static const char *const names[] = {"Change Cipher Spec", "Alert", "Handshake", "Application Data", "Heartbeat"};
	struct showing x = {sink, offset, RECORD_HEAD};
	char len[16];

	sink->begin(sink->ctx, "tls", "Transport Layer Security", offset, (uint32_t)(RECORD_HEAD + there));
	sink->field(sink->ctx, "type", names[r->type - RECORD_CIPHER], offset, 1);
	show_number(&x, "record_version", tls_version_name(load_be16(p + 1)), load_be16(p + 1), 1, 2);
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
