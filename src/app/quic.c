/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QUIC (RFC 9000, 9001; version 2: RFC 9369). It is known by its long headers. Where it can be opened (quic_crypto.h), what the Initial
 * packets bring is put together, over several of them and in any order, up to CRYPTO_MAX bytes a side: the ClientHello (name, ALPN, JA4),
 * the ServerHello, and how the handshake was refused. All else is encrypted for good.
 */
#include "app/parser.h"

#include "app/quic_crypto.h"
#include "app/tls.h"
#include "base/cursor.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
	CRYPTO_MAX = 12288,
	TRIES = 16,                  /* Initial packets of a side that are opened */
	TAG = 16, LENGTH_MIN = 4 + TAG,
	MESSAGE_HEAD = 4,
	DRAFT_27 = 0xff00001b - 0xff000000, DRAFT_34 = 0xff000022 - 0xff000000,
};

enum long_type { LONG_INITIAL, LONG_0RTT, LONG_HANDSHAKE, LONG_RETRY };

struct quic_state {
	uint8_t id[QUIC_ID_MAX], id_len;     /* the client's first destination: Initial keys come from it */
	bool id_known;
	uint8_t client;              /* enum direction: who sent what could be opened as a client's */
	uint8_t tries[2];
	bool heard[2];               /* its hello was there */
	bool closed;
};
_Static_assert(sizeof(struct quic_state) <= PARSE_STATE, "fits");

/* A side's stream of handshake messages, as far as it is there. */
struct quic_kept {
	uint16_t together;           /* bytes from the front without gap */
	uint16_t at;                 /* where the next message begins */
	uint8_t have[CRYPTO_MAX / 8];        /* a bit for each byte */
	uint8_t bytes[CRYPTO_MAX];
};
_Static_assert(sizeof(struct quic_kept) <= PARSE_HOLD, "fits");

/* ---- headers ------------------------------------------------------------------------------ */

struct long_head {
	uint32_t version;
	enum long_type type;
	const uint8_t *destination, *source;
	uint8_t destination_len, source_len;
	size_t number_at;            /* 0: has none */
	size_t len;                  /* of the packet; may be beyond what the capture kept */
};

/* RFC 9000, 16 */
static uint64_t take_varint(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint64_t v = first & 0x3f;

	for (unsigned more = (1U << (first >> 6)) - 1; more > 0; more--)
		v = v << 8 | cursor_u8(c);
	return v;
}

static const uint8_t *take_id(struct cursor *c, uint8_t *len)
{
	*len = cursor_u8(c);
	return *len <= QUIC_ID_MAX ? cursor_bytes(c, *len) : NULL;
}

static bool is_version(uint32_t v)
{
	return v == QUIC_V1 || v == QUIC_V2 || (v >> 8 == 0xff0000 && (v & 0xff) >= DRAFT_27 && (v & 0xff) <= DRAFT_34);
}

/* The long header at p (RFC 9000, 17.2). False where there is none of a version whose header we know. */
static bool long_head(const uint8_t *p, size_t n, struct long_head *h)
{
	struct cursor c;

	cursor_init(&c, p, n);
	uint8_t first = cursor_u8(&c);
	*h = (struct long_head){.version = cursor_be32(&c)};
	if (first >> 6 != 3 || !is_version(h->version))
		return false;
	h->destination = take_id(&c, &h->destination_len);
	h->source = h->destination ? take_id(&c, &h->source_len) : NULL;
	if (c.truncated || !h->source)
		return false;
	/* version 2 counts them from 1 (RFC 9369, 3.2) */
	h->type = (enum long_type)(((first >> 4) + (h->version == QUIC_V2 ? 3 : 0)) & 3);
	h->len = n;
	if (h->type == LONG_RETRY)
		return cursor_left(&c) >= TAG;
	if (h->type == LONG_INITIAL) {
		uint64_t token = take_varint(&c);
		if (token > cursor_left(&c))
			return false;
		cursor_skip(&c, (size_t)token);
	}
	uint64_t len = take_varint(&c);
	h->number_at = c.pos;
	h->len = c.pos + (size_t)len;
	return !c.truncated && len >= LENGTH_MIN && len <= UINT16_MAX;
}

static enum parse_match quic_match(const struct parse_bytes *in)
{
	struct long_head h;

	if (!long_head(in->p, in->n, &h) || (in->whole && h.len > in->n))
		return MATCH_NO;
	return MATCH_YES;
}

/* ---- handshake messages --------------------------------------------------------------------- */

/* Puts bytes of a CRYPTO frame where they belong. Bytes that were there already are kept: who repeats them cannot change them. */
static void put_bytes(struct quic_kept *k, uint64_t offset, const uint8_t *p, size_t n)
{
	if (offset >= CRYPTO_MAX)
		return;
	if (n > CRYPTO_MAX - offset)
		n = CRYPTO_MAX - (size_t)offset;
	for (size_t i = (size_t)offset; i < (size_t)offset + n; i++, p++) {
		uint8_t bit = (uint8_t)(1 << (i & 7));
		if (k->have[i >> 3] & bit)
			continue;
		k->have[i >> 3] |= bit;
		k->bytes[i] = *p;
	}
	while (k->together < CRYPTO_MAX && (k->have[k->together >> 3] & (1 << (k->together & 7))))
		k->together++;
}

static void hear_client(const uint8_t *p, size_t n, const struct parse_out *out)
{
	struct tls_client_hello hello;

	if (!tls_client_hello(p, n, &hello))
		return;
	tls_tell_client(out, &hello);
	tls_say_client(out, &hello, 'q');
	if (hello.alpn.len > 0)
		out->said->alpn = said_put(out->said, hello.alpn.p, hello.alpn.len);
}

/* False: it wants another ClientHello, and a second one of its own follows. */
static bool hear_server(const uint8_t *p, size_t n, const struct parse_out *out)
{
	struct tls_server_hello hello;

	if (!tls_server_hello(p, n, &hello))
		return true;
	parse_tell(out, hello.retry ? "Hello Retry Request" : "Server Hello");
	if (hello.retry)
		return false;
	out->said->responses++;
	out->said->version = hello.version;
	return true;
}

/* Whether a side's hello was there, or cannot come any more. */
static bool hear_messages(struct quic_kept *k, bool is_client, const struct parse_out *out)
{
	while (k->together - k->at >= MESSAGE_HEAD) {
		const uint8_t *p = k->bytes + k->at;
		size_t len = load_be32(p) & 0xffffff;

		if (p[0] != (is_client ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO) || len > CRYPTO_MAX - MESSAGE_HEAD - (size_t)k->at)
			return true;
		if (len + MESSAGE_HEAD > (size_t)(k->together - k->at))
			return false;
		if (is_client)
			hear_client(p + MESSAGE_HEAD, len, out);
		if (is_client || hear_server(p + MESSAGE_HEAD, len, out))
			return true;
		k->at = (uint16_t)(k->at + MESSAGE_HEAD + len);
	}
	return false;
}

/* ---- frames ------------------------------------------------------------------------------------ */

/* CONNECTION_CLOSE: RFC 9000, 20.1; RFC 9001, 4.8. */
static void take_close(struct quic_state *s, uint64_t code, bool is_client, const struct parse_out *out)
{
	enum { NO_ERROR = 0, CONNECTION_REFUSED = 2, CRYPTO_ERROR = 0x100 };

	parse_tell(out, "Connection Close");
	if (s->closed)
		return;
	s->closed = true;
	if (code >> 8 == CRYPTO_ERROR >> 8)
		tls_say_alert(out, code & 0xff);
	else if (code == CONNECTION_REFUSED)
		out->said->refusals++;
	else if (code != NO_ERROR && !is_client)
		out->said->errors++;
}

static void skip_ack(struct cursor *c, bool ecn)
{
	take_varint(c);
	take_varint(c);
	uint64_t ranges = take_varint(c);
	take_varint(c);
	for (uint64_t i = 0; i < 2 * ranges && i < UINT16_MAX && !c->truncated; i++)
		take_varint(c);
	for (unsigned i = 0; ecn && i < 3; i++)
		take_varint(c);
}

/* Frames that an Initial packet may have (RFC 9000, 12.4). */
static void take_frames(struct quic_state *s, struct quic_kept *k, const uint8_t *p, size_t n, bool is_client,
	const struct parse_out *out)
{
	enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, CONNECTION_CLOSE = 0x1c };
	struct cursor c;

	cursor_init(&c, p, n);
	while (cursor_left(&c) > 0 && !c.truncated) {
		uint8_t type = cursor_u8(&c);

		if (type == ACK || type == ACK_ECN) {
			skip_ack(&c, type == ACK_ECN);
		} else if (type == CRYPTO) {
			uint64_t offset = take_varint(&c), len = take_varint(&c);
			const uint8_t *bytes = len <= n ? cursor_bytes(&c, (size_t)len) : NULL;
			if (!bytes)
				return;
			put_bytes(k, offset, bytes, (size_t)len);
		} else if (type == CONNECTION_CLOSE) {
			uint64_t code = take_varint(&c);
			if (!c.truncated)
				take_close(s, code, is_client, out);
			return;
		} else if (type != PADDING && type != PING) {
			return;
		}
	}
}

/* ---- packets ------------------------------------------------------------------------------------- */

/* Opens an Initial packet as whoever sent it; *is_client tells who. Returns bytes of frames, 0 where it cannot be opened. */
static size_t open_initial(struct quic_state *s, const struct parse_bytes *in, const struct quic_sealed *packet,
	const struct long_head *h, bool *is_client, uint8_t *frames)
{
	size_t n = 0;

	*is_client = !s->id_known || in->dir == (enum direction)s->client;
	if (s->id_known)
		n = quic_open(packet, s->id, s->id_len, *is_client, frames);
	if (n > 0 || !*is_client)
		return n;
	/* its first one, or the first behind a Retry */
	n = quic_open(packet, h->destination, h->destination_len, true, frames);
	if (n == 0)
		return 0;
	s->id_known = true;
	s->client = (uint8_t)in->dir;
	s->id_len = h->destination_len;
	memcpy(s->id, h->destination, h->destination_len);
	return n;
}

/* A hello may be in one packet, or come piece by piece: what this side sent so far is kept. Whether there is no more to come. */
static bool gather(struct quic_state *s, const uint8_t *frames, size_t n, bool is_client, const struct parse_out *out)
{
	struct quic_kept alone, *k = &alone;
	bool again = false;

	if (out->keep) {
		void *room = out->keep->take(out->keep->ctx, &again);

		assert((uintptr_t)room % _Alignof(struct quic_kept) == 0);
		k = room;
	}
	if (!k)
		return false;
	if (!again) {
		k->together = k->at = 0;
		memset(k->have, 0, sizeof(k->have));
	}
	take_frames(s, k, frames, n, is_client, out);
	return hear_messages(k, is_client, out);
}

static void take_initial(struct quic_state *s, const struct parse_bytes *in, const uint8_t *p, const struct long_head *h,
	const struct parse_out *out)
{
	struct quic_sealed packet = {h->version, p, h->len, h->number_at};
	bool is_client;

	if (s->heard[in->dir] || s->tries[in->dir] >= TRIES || !out->scratch || h->len > PARSE_HOLD ||
		(h->version != QUIC_V1 && h->version != QUIC_V2))
		return;
	s->tries[in->dir]++;
	size_t n = open_initial(s, in, &packet, h, &is_client, out->scratch);
	s->heard[in->dir] = n > 0 && gather(s, out->scratch, n, is_client, out);
	if (out->keep && (s->heard[in->dir] || s->tries[in->dir] >= TRIES))
		out->keep->drop(out->keep->ctx);
}

/* The client begins again, with the id that the server gives it (RFC 9001, 5.2). Who forges one hides what follows, no more. */
static void take_retry(struct quic_state *s, const struct parse_bytes *in, const struct long_head *h)
{
	if (!s->id_known || in->dir == (enum direction)s->client)
		return;
	s->id_len = h->source_len;
	memcpy(s->id, h->source, h->source_len);
}

static void quic_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	static const char *const names[] = {"Initial", "0-RTT", "Handshake", "Retry"};
	struct long_head h;

	for (size_t at = 0; at < in->n; at += h.len) {
		if (!(in->p[at] & 0x80)) {
			if (in->p[at] & 0x40)
				parse_tell(out, "Protected Payload");
			return;
		}
		if (!long_head(in->p + at, in->n - at, &h))
			return;
		parse_tell(out, names[h.type]);
		if (h.len > in->n - at)
			return;
		if (h.type == LONG_INITIAL)
			take_initial(state, in, in->p + at, &h, out);
		else if (h.type == LONG_RETRY)
			take_retry(state, in, &h);
	}
}

/* ---- for people ------------------------------------------------------------------------------------ */

static void show_id(const struct decode_sink *sink, const char *name, const uint8_t *id, uint8_t len, uint32_t offset)
{
	char text[2 * QUIC_ID_MAX + 1] = "";

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	sink->field(sink->ctx, name, text, offset, len);
}

static void show_packet(const struct decode_sink *sink, const uint8_t *p, const struct long_head *h, size_t there, uint32_t offset)
{
	static const char *const names[] = {"Initial", "0-RTT", "Handshake", "Retry"};
	char text[32];

	sink->begin(sink->ctx, "quic", "QUIC", offset, (uint32_t)there);
	sink->field(sink->ctx, "type", names[h->type], offset, 1);
	snprintf(text, sizeof(text), "0x%08x", h->version);
	sink->field(sink->ctx, "version", text, offset + 1, 4);
	show_id(sink, "destination_id", h->destination, h->destination_len, offset + (uint32_t)(h->destination - p));
	show_id(sink, "source_id", h->source, h->source_len, offset + (uint32_t)(h->source - p));
	if (h->number_at > 0) {
		snprintf(text, sizeof(text), "%zu", h->len - h->number_at);
		sink->field(sink->ctx, "length", text, offset + (uint32_t)h->number_at, (uint32_t)(there - h->number_at));
	}
	sink->end(sink->ctx);
}

static void quic_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct long_head h;

	for (size_t at = 0; at < in->n && long_head(in->p + at, in->n - at, &h); at += h.len) {
		size_t there = h.len < in->n - at ? h.len : in->n - at;

		show_packet(sink, in->p + at, &h, there, offset + (uint32_t)at);
		if (there < h.len)
			break;
	}
}

const struct app_parser quic_parser = {
	.app = APP_QUIC, .match = quic_match, .datagram = quic_datagram, .layers = quic_layers,
};
