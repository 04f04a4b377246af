/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTLS (RFC 6347, 9147): the hellos of a handshake over datagrams, whole or in fragments that come in order; alerts in clear. Records of a
 * later epoch are encrypted and say nothing. That of Cisco's old clients (version 0x0100) is not known.
 */
#include "app/tls.h"

#include "base/cursor.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { RECORD_HEAD = 13, MESSAGE_HEAD = 12, RECORD_MAX = 16384 + 2048, HELLO_VERIFY_REQUEST = 3 };

enum record_type { RECORD_CIPHER = 20, RECORD_ALERT, RECORD_HANDSHAKE, RECORD_DATA, RECORD_HEARTBEAT, RECORD_ID, RECORD_ACK };

struct dtls_state {
	struct tls_hellos hellos;
};
_Static_assert(sizeof(struct dtls_state) <= PARSE_STATE, "fits");

/* A hello that comes in fragments, as far as it is there. */
struct dtls_kept {
	uint32_t len, have;
	uint16_t sequence;
	uint8_t type;
	uint8_t bytes[PARSE_HOLD - 12];
};
_Static_assert(sizeof(struct dtls_kept) <= PARSE_HOLD, "fits");

struct dtls_record {
	uint8_t type;
	uint16_t version, epoch, len;
};

/* A handshake message, or a fragment of one. */
struct message {
	uint8_t type;
	uint16_t sequence;
	uint32_t len, from, n;       /* of the whole message; the fragment's place in it */
	const uint8_t *p;
};

/* ---- records -------------------------------------------------------------------------------- */

/* False where RECORD_HEAD bytes at p are no head of a record. */
static bool record_head(const uint8_t *p, struct dtls_record *r)
{
	*r = (struct dtls_record){.type = p[0], .version = load_be16(p + 1), .epoch = load_be16(p + 3), .len = load_be16(p + 11)};
	if (r->type < RECORD_CIPHER || r->type > RECORD_ACK || (r->version != 0xfeff && r->version != 0xfefd) || r->len > RECORD_MAX)
		return false;
	/* what is in clear cannot be data */
	return r->epoch > 0 ? r->len > 0 : r->type != RECORD_DATA && r->len > 0;
}

/* The message at the front of what is left of a record in clear; *p goes behind it. False where there is none. */
static bool next_message(const uint8_t **p, size_t *n, struct message *m)
{
	const uint8_t *at = *p;

	if (*n < MESSAGE_HEAD)
		return false;
	*m = (struct message){.type = at[0], .len = load_be32(at) & 0xffffff, .sequence = load_be16(at + 4),
		.from = load_be32(at + 5) & 0xffffff, .n = load_be32(at + 8) & 0xffffff, .p = at + MESSAGE_HEAD};
	if (m->n > *n - MESSAGE_HEAD || m->from > m->len || m->n > m->len - m->from)
		return false;
	*p += MESSAGE_HEAD + m->n;
	*n -= MESSAGE_HEAD + m->n;
	return true;
}

static const char *message_name(unsigned type)
{
	return type == HELLO_VERIFY_REQUEST ? "Hello Verify Request" : tls_message_name(type);
}

/* ---- messages ------------------------------------------------------------------------------- */

static void hear(struct dtls_state *s, unsigned type, const uint8_t *p, size_t n, const struct parse_out *out)
{
	if (type == TLS_CLIENT_HELLO)
		tls_hear_client(&s->hellos, p, n, 'd', out);
	else
		tls_hear_server(&s->hellos, p, n, 'd', out);
}

/* One more fragment of a hello; those that come in another order are left, they will be sent again. */
static void gather(struct dtls_state *s, const struct message *m, const struct parse_out *out)
{
	bool again = false;
	void *room = out->keep ? out->keep->take(out->keep->ctx, &again) : NULL;
	struct dtls_kept *k = room;

	if (!k || m->len > sizeof(k->bytes))
		return;
	assert((uintptr_t)room % _Alignof(struct dtls_kept) == 0);
	if (!again || k->type != m->type || k->sequence != m->sequence || k->len != m->len)
		*k = (struct dtls_kept){.len = m->len, .sequence = m->sequence, .type = m->type};
	if (m->from > k->have || m->from + m->n <= k->have)
		return;
	memcpy(k->bytes + m->from, m->p, m->n);
	k->have = m->from + m->n;
	if (k->have < k->len)
		return;
	hear(s, k->type, k->bytes, k->len, out);
	out->keep->drop(out->keep->ctx);
}

static void take_messages(struct dtls_state *s, const uint8_t *p, size_t n, const struct parse_out *out)
{
	struct message m;

	while (next_message(&p, &n, &m)) {
		bool is_hello = m.type == TLS_CLIENT_HELLO || m.type == TLS_SERVER_HELLO;
		const char *name = message_name(m.type);

		if (is_hello && m.n == m.len) {
			hear(s, m.type, m.p, m.n, out);
			continue;
		}
		if (name)
			parse_tell(out, name);
		if (out->info && name && m.n < m.len)
			buf_put_str(out->info, " (fragment)");
		if (is_hello)
			gather(s, &m, out);
	}
}

static void take_record(struct dtls_state *s, const struct dtls_record *r, const uint8_t *p, enum direction dir, const struct parse_out *out)
{
	switch ((enum record_type)r->type) {
	case RECORD_HANDSHAKE:
		if (r->epoch == 0)
			take_messages(s, p, r->len, out);
		else
			parse_tell(out, "Encrypted Handshake Message");
		return;
	case RECORD_ALERT:
		if (r->epoch == 0 && r->len == 2)
			tls_hear_alert(&s->hellos, p, dir, out);
		else
			parse_tell(out, "Encrypted Alert");
		return;
	case RECORD_CIPHER:
		parse_tell(out, "Change Cipher Spec");
		return;
	case RECORD_HEARTBEAT:
		parse_tell(out, "Heartbeat");
		return;
	default:
		parse_tell(out, "Application Data");
	}
}

static void dtls_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	struct dtls_record r;

	for (size_t at = 0; in->n - at >= RECORD_HEAD && record_head(in->p + at, &r); at += r.len) {
		at += RECORD_HEAD;
		if (r.len > in->n - at)
			return;
		take_record(state, &r, in->p + at, in->dir, out);
	}
}

/* ---- finding it ------------------------------------------------------------------------------- */

/* The first record holds a hello, or a part of one, whose lengths agree; *whole: as it came. */
static bool is_hello(const uint8_t *p, size_t n)
{
	struct message m;

	if (!next_message(&p, &n, &m) || m.sequence > 8)
		return false;
	if (m.type == HELLO_VERIFY_REQUEST)
		return m.from == 0 && m.n == m.len && m.len >= 3 && m.p[0] == 0xfe && m.p[2] == m.len - 3;
	return (m.type == TLS_CLIENT_HELLO || m.type == TLS_SERVER_HELLO) && m.from == 0 && m.n >= 3 && m.p[0] == 0xfe;
}

/* Records, one behind the other, that end where the datagram ends. */
static enum parse_match dtls_match(const struct parse_bytes *in)
{
	size_t at = 0;
	struct dtls_record r;

	if (in->n < RECORD_HEAD || !record_head(in->p, &r))
		return MATCH_NO;
	if (r.type == RECORD_HANDSHAKE && r.epoch == 0 && r.len <= in->n - RECORD_HEAD && is_hello(in->p + RECORD_HEAD, r.len))
		return MATCH_YES;
	while (in->n - at >= RECORD_HEAD && record_head(in->p + at, &r)) {
		if (r.len > in->n - at - RECORD_HEAD)
			return MATCH_NO;
		at += (size_t)RECORD_HEAD + r.len;
	}
	return at == in->n && in->whole ? MATCH_YES : MATCH_NO;
}

/* ---- for people ------------------------------------------------------------------------------- */

static void show_messages(const struct decode_sink *sink, const uint8_t *p, size_t n, uint32_t offset)
{
	const uint8_t *begin = p;
	struct message m;

	while (next_message(&p, &n, &m)) {
		uint32_t at = offset + (uint32_t)(m.p - begin);
		struct tls_showing x = {sink, at, m.n, 'd'};

		if (message_name(m.type))
			sink->field(sink->ctx, "message", message_name(m.type), at - MESSAGE_HEAD, MESSAGE_HEAD);
		if (m.n == m.len)
			tls_show_hello(&x, m.type, m.p, m.n);
	}
}

static void show_record(const struct decode_sink *sink, const uint8_t *p, const struct dtls_record *r, uint32_t offset)
{
	static const char *const names[] = {
		"Change Cipher Spec", "Alert", "Handshake", "Application Data", "Heartbeat", "Connection ID", "ACK",
	};
	struct tls_showing x = {sink, offset, RECORD_HEAD, 'd'};
	char number[32];

	sink->begin(sink->ctx, "dtls", "Datagram Transport Layer Security", offset, RECORD_HEAD + r->len);
	sink->field(sink->ctx, "type", names[r->type - RECORD_CIPHER], offset, 1);
	tls_show_number(&x, "record_version", tls_version_name(r->version), r->version, 1, 2);
	snprintf(number, sizeof(number), "%u", r->epoch);
	sink->field(sink->ctx, "epoch", number, offset + 3, 2);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)load_be16(p + 5) << 32 | load_be32(p + 7));
	sink->field(sink->ctx, "sequence", number, offset + 5, 6);
	snprintf(number, sizeof(number), "%u", r->len);
	sink->field(sink->ctx, "length", number, offset + 11, 2);
	if (r->type == RECORD_HANDSHAKE && r->epoch == 0)
		show_messages(sink, p + RECORD_HEAD, r->len, offset + RECORD_HEAD);
	else if (r->type == RECORD_ALERT && r->epoch == 0 && r->len == 2 && tls_alert_name(p[RECORD_HEAD + 1]))
		sink->field(sink->ctx, "alert", tls_alert_name(p[RECORD_HEAD + 1]), offset + RECORD_HEAD, 2);
	sink->end(sink->ctx);
}

static void dtls_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct dtls_record r;

	for (size_t at = 0; in->n - at >= RECORD_HEAD && record_head(in->p + at, &r); at += (size_t)RECORD_HEAD + r.len) {
		if (r.len > in->n - at - RECORD_HEAD)
			return;
		show_record(sink, in->p + at, &r, offset + (uint32_t)at);
	}
}

const struct app_parser dtls_parser = {
	.app = APP_DTLS, .match = dtls_match, .datagram = dtls_datagram, .layers = dtls_layers,
};
