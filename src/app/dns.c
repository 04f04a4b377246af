/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS (RFC 1035) over UDP and TCP, and multicast DNS (RFC 6762): questions, answers by transaction, and the names that answers
 * give addresses. A message counts when all of it can be read.
 */
#include "app/parser.h"

#include "base/cursor.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	HEAD = 12, PENDING = 8,
	FLAG_RESPONSE = 0x8000, FLAG_CUT = 0x0200,
	TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, TYPE_OPT = 41,
	RCODE_FORMERR = 1, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5,
	PORT_NBNS = 137, PORT_MDNS = 5353, PORT_LLMNR = 5355,
};

/* Questions without an answer yet. */
struct dns_state {
	int64_t asked_ns[PENDING];
	uint16_t id[PENDING];
	uint8_t n;
};
_Static_assert(sizeof(struct dns_state) <= PARSE_STATE, "fits");

struct dns_name {
	char text[SAID_MAX + 1];     /* labels joined by dots; "." for the root */
	size_t len;
};

struct dns_head {
	uint16_t id, flags, counts[4];   /* questions, answers, authorities, additional */
};

/* ---- names --------------------------------------------------------------------------------- */

/*
 * The name at c, through pointers, which must lead back (RFC 1035, 4.1.4), so that they come to an end. False where it cannot be.
 * out NULL: only steps over it.
 */
static bool get_name(struct cursor *c, const uint8_t *message, size_t size, struct dns_name *out)
{
	size_t at = c->pos, limit = c->pos, len = 0, total = 0;
	bool jumped = false;

	for (;;) {
		uint8_t n;

		if (at >= size)
			return false;
		n = message[at++];
		if (n >= 0xc0) {
			size_t to = at < size ? (size_t)(n & 0x3f) << 8 | message[at] : size;

			if (!jumped)
				c->pos = at + 1;
			jumped = true;
			if (to >= limit)
				return false;
			at = limit = to;
			continue;
		}
		if (n > 63 || n > size - at)
			return false;
		total += n + 1u;
		if (total > 255)
			return false;
		if (n == 0)
			break;
		if (out) {
			if (len > 0)
				out->text[len++] = '.';
			memcpy(out->text + len, message + at, n);
			len += n;
		}
		at += n;
	}
	if (!jumped)
		c->pos = at;
	if (out && len == 0)
		out->text[len++] = '.';
	if (out)
		out->len = len;
	return true;
}

/* ---- messages ------------------------------------------------------------------------------- */

static bool get_head(struct cursor *c, struct dns_head *h)
{
	h->id = cursor_be16(c);
	h->flags = cursor_be16(c);
	for (unsigned i = 0; i < 4; i++)
		h->counts[i] = cursor_be16(c);
	return !c->truncated;
}

static bool class_can_be(uint16_t class)
{
	class &= 0x7fff;     /* mDNS: 'unicast answer wanted', 'flush the cache' */
	return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

struct dns_record {
	uint16_t type, class;
	const uint8_t *data;
	uint16_t len;
};

static bool get_record(struct cursor *c, const uint8_t *message, size_t size, struct dns_name *owner, struct dns_record *out)
{
	if (!get_name(c, message, size, owner))
		return false;
	out->type = cursor_be16(c);
	out->class = cursor_be16(c);
	cursor_be32(c);
	out->len = cursor_be16(c);
	out->data = cursor_bytes(c, out->len);
	return !c->truncated && (out->type == TYPE_OPT || class_can_be(out->class));
}

static bool get_question(struct cursor *c, const uint8_t *message, size_t size, struct dns_name *name, uint16_t *type)
{
	if (!get_name(c, message, size, name))
		return false;
	*type = cursor_be16(c);
	return class_can_be(cursor_be16(c)) && !c->truncated;
}

static bool head_can_be(const struct dns_head *h, size_t size, bool mdns)
{
	unsigned opcode = h->flags >> 11 & 15, rcode = h->flags & 15;
	size_t least = HEAD + (size_t)h->counts[0] * 5 + ((size_t)h->counts[1] + h->counts[2] + h->counts[3]) * 11;

	if (opcode > 5 || opcode == 3 || rcode > 10 || least > size)
		return false;
	if (h->flags & FLAG_RESPONSE)
		return mdns || h->counts[0] <= 1;
	return h->counts[0] >= 1 && (mdns || (h->counts[0] == 1 && (h->flags & 15) == 0 && (opcode != 0 || h->counts[1] == 0)));
}

/* Reads all of a message; its end is the bytes' end, too. */
static bool read_whole(const uint8_t *message, size_t size, bool mdns)
{
	struct dns_head h;
	struct cursor c;
	uint16_t type;

	cursor_init(&c, message, size);
	if (!get_head(&c, &h) || !head_can_be(&h, size, mdns))
		return false;
	for (unsigned i = 0; i < h.counts[0]; i++)
		if (!get_question(&c, message, size, NULL, &type))
			return false;
	for (unsigned i = 0; i < (unsigned)h.counts[1] + h.counts[2] + h.counts[3]; i++) {
		struct dns_record r;

		if (!get_record(&c, message, size, NULL, &r))
			return false;
	}
	return c.pos == size;
}

static const char *type_name(uint16_t type)
{
	static const struct { uint16_t type; const char *name; } names[] = {
		{1, "A"}, {2, "NS"}, {5, "CNAME"}, {6, "SOA"}, {10, "NULL"}, {12, "PTR"}, {15, "MX"}, {16, "TXT"}, {28, "AAAA"},
		{33, "SRV"}, {35, "NAPTR"}, {41, "OPT"}, {43, "DS"}, {46, "RRSIG"}, {47, "NSEC"}, {48, "DNSKEY"}, {64, "SVCB"},
		{65, "HTTPS"}, {252, "AXFR"}, {255, "ANY"}, {257, "CAA"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

static const char *rcode_name(unsigned rcode)
{
	static const char *const names[] = {"no error", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : "error";
}

/* ---- what is said ----------------------------------------------------------------------------- */

static void ask(struct dns_state *s, uint16_t id, int64_t now_ns)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->id[i] == id)
			return;      /* asked again: the first one counts */
	if (s->n == PENDING) {
		memmove(s->id, s->id + 1, sizeof(s->id) - sizeof(s->id[0]));
		memmove(s->asked_ns, s->asked_ns + 1, sizeof(s->asked_ns) - sizeof(s->asked_ns[0]));
		s->n--;
	}
	s->id[s->n] = id;
	s->asked_ns[s->n++] = now_ns;
}

static void answer(struct dns_state *s, uint16_t id, int64_t now_ns, struct said *said)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->id[i] != id)
			continue;
		if (now_ns >= s->asked_ns[i]) {
			said->has_response = true;
			said->response_ns = now_ns - s->asked_ns[i];
		}
		s->id[i] = s->id[--s->n];
		s->asked_ns[i] = s->asked_ns[s->n];
		return;
	}
}

static bool address_of(const struct dns_record *r, struct addr *out)
{
	size_t len = r->type == TYPE_A ? 4 : 16;

	if ((r->type != TYPE_A && r->type != TYPE_AAAA) || r->len != len || (r->class & 0x7fff) != 1)
		return false;
	*out = (struct addr){.kind = r->type == TYPE_A ? ADDR_IPV4 : ADDR_IPV6};
	memcpy(out->bytes, r->data, len);
	return true;
}

/* An answer that gives an address a name: the one that was asked for, through aliases; without a question the owner's. */
static void tell_name(const struct parse_out *out, const struct dns_record *r, const struct dns_name *name, bool mdns)
{
	struct addr addr;

	if (!out->sink || !out->sink->name || name->len == 0 || !address_of(r, &addr))
		return;
	out->sink->name(out->sink->ctx, &addr, (struct said_text){name->text, name->len}, mdns ? SEEN_MDNS : SEEN_DNS);
}

static void put_type(struct buf *info, uint16_t type)
{
	if (type_name(type))
		buf_put_str(info, type_name(type));
	else
		buf_printf(info, "type %u", type);
}

static void describe(struct buf *info, const struct dns_head *h, const struct dns_name *name, uint16_t type)
{
	buf_put_str(info, h->flags & FLAG_RESPONSE ? "answer " : "query ");
	if (h->counts[0] > 0) {
		put_type(info, type);
		buf_put_u8(info, ' ');
		text_escape(info, name->text, name->len);
		buf_put_str(info, h->flags & FLAG_RESPONSE ? ": " : "");
	}
	if ((h->flags & FLAG_RESPONSE) && (h->flags & 15))
		buf_put_str(info, rcode_name(h->flags & 15));
}

/* The addresses that an answer gives, as far as there are few of them; else how many records. */
struct answers { struct buf *info; unsigned shown, addresses; };

static void describe_record(struct answers *a, const struct dns_record *r)
{
	enum { SHOWN = 3 };
	struct addr addr;
	char text[ADDR_TEXT];

	if (!a->info || !address_of(r, &addr) || ++a->addresses > SHOWN)
		return;
	addr_format(text, sizeof(text), &addr);
	buf_printf(a->info, "%s%s", a->shown++ > 0 ? ", " : "", text);
}

static void describe_end(const struct answers *a, const struct dns_head *h)
{
	if (!a->info || (h->flags & 15))
		return;
	if (a->addresses > a->shown)
		buf_printf(a->info, ", %u more", a->addresses - a->shown);
	else if (a->addresses == 0)
		buf_printf(a->info, "%u record%s", h->counts[1], h->counts[1] == 1 ? "" : "s");
}

/* A message that can be read, at least as far as its questions. */
static bool take_message(struct dns_state *s, const uint8_t *message, size_t size, bool mdns, int64_t now_ns,
	const struct parse_out *out)
{
	struct dns_name asked = {.len = 0}, owner, other;
	struct dns_head h;
	struct cursor c;
	uint16_t type = 0, more;

	cursor_init(&c, message, size);
	if (!get_head(&c, &h) || !head_can_be(&h, size, mdns))
		return false;
	for (unsigned i = 0; i < h.counts[0]; i++)
		if (!get_question(&c, message, size, i == 0 ? &asked : &other, i == 0 ? &type : &more))
			return false;
	if (asked.len > 0)
		out->said->name = said_put(out->said, asked.text, asked.len);
	struct answers told = {.info = out->info && out->info->len == 0 ? out->info : NULL};
	if (told.info)
		describe(told.info, &h, &asked, type);
	if (!(h.flags & FLAG_RESPONSE)) {
		out->said->requests++;
		if (!mdns)
			ask(s, h.id, now_ns);
		return true;
	}
	unsigned rcode = h.flags & 15;
	out->said->responses++;
	out->said->has_status = true;
	out->said->status = (uint16_t)rcode;
	out->said->errors += rcode == RCODE_SERVFAIL || rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP;
	out->said->refusals += rcode == RCODE_NXDOMAIN || rcode == RCODE_REFUSED;
	if (!mdns)
		answer(s, h.id, now_ns, out->said);
	for (unsigned i = 0; i < h.counts[1]; i++) {
		struct dns_record r;

		if (!get_record(&c, message, size, &owner, &r))
			break;
		tell_name(out, &r, asked.len > 0 ? &asked : &owner, mdns);
		describe_record(&told, &r);
	}
	describe_end(&told, &h);
	return true;
}

/* ---- finding it --------------------------------------------------------------------------------- */

static bool is_mdns(const struct parse_bytes *in)
{
	return in->is_udp && (in->client_port == PORT_MDNS || in->server_port == PORT_MDNS);
}

static bool other_port(const struct parse_bytes *in)
{
	return in->client_port == PORT_NBNS || in->server_port == PORT_NBNS || in->client_port == PORT_LLMNR ||
		in->server_port == PORT_LLMNR;
}

/* A datagram that the capture cut is known by its questions, on DNS's own port. */
static bool cut_match(const struct parse_bytes *in, bool mdns)
{
	struct dns_name name;
	struct dns_head h;
	struct cursor c;
	uint16_t type;

	cursor_init(&c, in->p, in->n);
	return (mdns || in->server_port == 53) && get_head(&c, &h) && h.counts[0] == 1 &&
		get_question(&c, in->p, in->n, &name, &type);
}

static enum parse_match match(const struct parse_bytes *in, bool mdns)
{
	size_t size;

	if (is_mdns(in) != mdns || other_port(in))
		return MATCH_NO;
	if (in->is_udp && !in->whole)
		return cut_match(in, mdns) ? MATCH_YES : MATCH_NO;
	if (in->is_udp)
		return read_whole(in->p, in->n, mdns) ? MATCH_YES : MATCH_NO;
	if (in->n < 2)
		return MATCH_MAYBE;
	size = (size_t)in->p[0] << 8 | in->p[1];
	if (size < HEAD + 5)
		return MATCH_NO;
	if (in->n - 2 < size) {
		struct dns_head h;
		struct cursor c;

		cursor_init(&c, in->p + 2, in->n - 2);
		return size <= 1024 && (!get_head(&c, &h) || head_can_be(&h, size, false)) ? MATCH_MAYBE : MATCH_NO;
	}
	return read_whole(in->p + 2, size, false) ? MATCH_YES : MATCH_NO;
}

static enum parse_match dns_match(const struct parse_bytes *in)
{
	return match(in, false);
}

static enum parse_match mdns_match(const struct parse_bytes *in)
{
	return match(in, true);
}

static void dns_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	take_message(state, in->p, in->n, false, in->time_ns, out);
}

static void mdns_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	take_message(state, in->p, in->n, true, in->time_ns, out);
}

/* Over TCP each message has its length in front (RFC 1035, 4.2.2). A long one, as of a zone transfer, is known by its beginning. */
static void dns_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	enum { ENOUGH = 2048 };

	while (step->used < in->n && step->skip == 0) {
		const uint8_t *p = in->p + step->used;
		size_t rest = in->n - step->used, size = rest < 2 ? 0 : (size_t)p[0] << 8 | p[1];
		size_t want = size < ENOUGH ? size : ENOUGH;

		if (rest < 2 || rest - 2 < want) {
			step->need = rest < 2 ? 2 : want + 2;
			return;
		}
		if (size < HEAD || !take_message(state, p + 2, size == want ? size : rest - 2 < size ? rest - 2 : size, false,
			in->time_ns, out)) {
			step->lost = true;
			return;
		}
		step->used += 2 + want;
		step->skip = size - want;
	}
}

static bool dns_resync(void *state, const struct parse_bytes *in)
{
	(void)state;
	return dns_match(in) == MATCH_YES;
}

/* ---- for people ----------------------------------------------------------------------------------- */

struct telling {
	const uint8_t *message;
	size_t size;
	uint32_t offset;             /* of the message in the frame */
	const struct decode_sink *sink;
};

static void tell_number(const struct telling *t, const char *name, const char *more, unsigned v, size_t at)
{
	char text[64];

	snprintf(text, sizeof(text), "0x%04x%s%s", v, more[0] ? " " : "", more);
	t->sink->field(t->sink->ctx, name, text, t->offset + (uint32_t)at, 2);
}

static void tell_record(const struct telling *t, const char *kind, const struct dns_name *name, uint16_t type,
	const struct dns_record *r, size_t from, size_t to)
{
	char text[400], value[64] = "";
	struct addr addr = {0};
	size_t n;

	if (r && ((r->type == TYPE_A && r->len == 4) || (r->type == TYPE_AAAA && r->len == 16))) {
		addr.kind = r->len == 4 ? ADDR_IPV4 : ADDR_IPV6;
		memcpy(addr.bytes, r->data, r->len);
		addr_format(value, sizeof(value), &addr);
	}
	n = text_escape_to(text, sizeof(text) - 100, name->text, name->len);
	if (type_name(type))
		snprintf(text + n, sizeof(text) - n, " %s %s", type_name(type), value);
	else
		snprintf(text + n, sizeof(text) - n, " type %u", type);
	t->sink->field(t->sink->ctx, kind, text, t->offset + (uint32_t)from, (uint32_t)(to - from));
}

static void tell_records(const struct telling *t, struct cursor *c, const struct dns_head *h)
{
	static const char *const kinds[] = {"question", "answer", "authority", "additional"};

	for (unsigned kind = 0; kind < 4; kind++)
		for (unsigned i = 0; i < h->counts[kind]; i++) {
			struct dns_record r;
			struct dns_name name;
			uint16_t type;
			size_t from = c->pos;

			if (kind == 0 ? !get_question(c, t->message, t->size, &name, &type)
				      : !get_record(c, t->message, t->size, &name, &r))
				return;
			tell_record(t, kinds[kind], &name, kind == 0 ? type : r.type, kind == 0 ? NULL : &r, from, c->pos);
		}
}

static void dns_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	size_t skip = in->is_udp ? 0 : 2;
	struct telling t = {in->p + skip, in->n - skip, offset + (uint32_t)skip, sink};
	struct dns_head h;
	struct cursor c;

	if (in->n < HEAD + skip)
		return;
	cursor_init(&c, t.message, t.size);
	get_head(&c, &h);
	sink->begin(sink->ctx, "dns", "Domain Name System", t.offset, (uint32_t)t.size);
	tell_number(&t, "id", "", h.id, 0);
	tell_number(&t, "flags", h.flags & FLAG_RESPONSE ? rcode_name(h.flags & 15) : "query", h.flags, 2);
	tell_records(&t, &c, &h);
	sink->end(sink->ctx);
}

const struct app_parser dns_parser = {
	.app = APP_DNS, .match = dns_match, .stream = dns_stream, .resync = dns_resync, .datagram = dns_datagram,
	.layers = dns_layers,
};

const struct app_parser mdns_parser = {
	.app = APP_MDNS, .match = mdns_match, .datagram = mdns_datagram, .layers = dns_layers,
};
