/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DHCP (RFC 2131) in BOOTP. An address has the name of a client's host where the client uses it already (a request that has it in
 * ciaddr), or a server grants it (ACK); a name that only the request has is remembered until then. A NAK refuses.
 */
#include "app/parser.h"

#include "base/cursor.h"
#include "base/text.h"

#include <string.h>

enum { COOKIE_AT = 236, OPTIONS_AT = 240, NAME_LONGEST = 63, FQDN_HEAD = 3 };

enum dhcp_type { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

struct dhcp_state {
	uint32_t xid;                /* of the request whose name is here */
	uint8_t len;
	char name[NAME_LONGEST];
};
_Static_assert(sizeof(struct dhcp_state) <= PARSE_STATE, "fits");

/* What is looked at of a message. */
struct dhcp_options {
	uint8_t type;                /* enum dhcp_type; 0: BOOTP */
	uint32_t type_at, name_at, name_size;
	struct said_text name;       /* host name or fully qualified */
	char bytes[NAME_LONGEST];    /* of one that was in labels */
};

static enum parse_match dhcp_match(const struct parse_bytes *in)
{
	const uint8_t *p = in->p;

	return in->n >= OPTIONS_AT && (p[0] == 1 || p[0] == 2) && p[2] <= 16 && load_be32(p + COOKIE_AT) == 0x63825363 ? MATCH_YES :
		MATCH_NO;
}

/* Letters, digits, hyphens, dots, underscores: nothing else is a host name. */
static bool is_name(struct said_text t)
{
	for (size_t i = 0; i < t.len; i++) {
		char c = t.p[i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_')
			return false;
	}
	return t.len > 0 && t.len <= NAME_LONGEST && t.p[0] != '.';
}

/* A name of labels (RFC 4702, 2.3.1), perhaps without its end. */
static struct said_text from_labels(const uint8_t *p, size_t n, char *bytes)
{
	size_t at = 0, len = 0;

	while (at < n && p[at] != 0) {
		size_t label = p[at];

		if (label > 63 || at + 1 + label > n || len + 1 + label > NAME_LONGEST)
			return (struct said_text){NULL, 0};
		if (len > 0)
			bytes[len++] = '.';
		memcpy(bytes + len, p + at + 1, label);
		len += label;
		at += 1 + label;
	}
	return (struct said_text){bytes, len};
}

static void take_name(struct dhcp_options *o, uint8_t option, const uint8_t *p, uint8_t size, uint32_t at)
{
	struct said_text name = {(const char *)p, size};

	if (option == 81 && size > FQDN_HEAD)
		name = p[0] & 4 ? from_labels(p + FQDN_HEAD, size - FQDN_HEAD, o->bytes) :
			(struct said_text){(const char *)p + FQDN_HEAD, size - (size_t)FQDN_HEAD};
	else if (option == 81)
		return;
	while (name.len > 0 && (name.p[name.len - 1] == '\0' || name.p[name.len - 1] == '.'))
		name.len--;
	/* a name with its domain says more */
	if (!is_name(name) || (o->name.p && o->name.len >= name.len))
		return;
	o->name = name;
	o->name_at = at;
	o->name_size = size;
}

static void read_options(const struct parse_bytes *in, struct dhcp_options *o)
{
	size_t at = OPTIONS_AT;

	*o = (struct dhcp_options){0};
	while (at < in->n && in->p[at] != 255) {
		if (in->p[at] == 0) {
			at++;
			continue;
		}
		if (at + 2 > in->n || in->p[at + 1] > in->n - at - 2)
			return;
		uint8_t option = in->p[at], size = in->p[at + 1];
		const uint8_t *p = in->p + at + 2;
		if (option == 53 && size == 1 && o->type == 0) {
			o->type = p[0];
			o->type_at = (uint32_t)at + 2;
		} else if (option == 12 || option == 81) {
			take_name(o, option, p, size, (uint32_t)at + 2);
		}
		at += 2 + (size_t)size;
	}
}

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {"BOOTP", "Discover", "Offer", "Request", "Decline", "ACK", "NAK", "Release", "Inform"};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "DHCP";
}

static struct addr address_of(const uint8_t *p)
{
	struct addr a = {.kind = ADDR_IPV4};

	memcpy(a.bytes, p, 4);
	return a;
}

static void tell_name(const uint8_t *address, struct said_text name, const struct parse_out *out)
{
	struct addr addr = address_of(address);

	if (load_be32(address) == 0 || !name.p || !out->sink || !out->sink->name)
		return;
	out->sink->name(out->sink->ctx, &addr, name, SEEN_DHCP);
}

static void from_client(struct dhcp_state *s, const struct parse_bytes *in, const struct dhcp_options *o, const struct parse_out *out)
{
	bool asks = o->type == DISCOVER || o->type == REQUEST || o->type == INFORM || o->type == 0;

	out->said->requests += asks;
	if (!asks || !o->name.p)
		return;
	s->xid = load_be32(in->p + 4);
	s->len = (uint8_t)o->name.len;
	memcpy(s->name, o->name.p, o->name.len);
	if (o->type != DISCOVER)
		tell_name(in->p + 12, o->name, out);
}

static void from_server(struct dhcp_state *s, const struct parse_bytes *in, const struct dhcp_options *o, const struct parse_out *out)
{
	struct said_text name = o->name;

	out->said->responses++;
	out->said->refusals += o->type == NAK;
	if (o->type != ACK)
		return;
	if (!name.p && s->len > 0 && s->xid == load_be32(in->p + 4))
		name = (struct said_text){s->name, s->len};
	tell_name(in->p + (load_be32(in->p + 16) != 0 ? 16 : 12), name, out);
}

static void dhcp_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	struct dhcp_options o;

	if (dhcp_match(in) != MATCH_YES)
		return;
	read_options(in, &o);
	if (in->p[0] == 1)
		from_client(state, in, &o, out);
	else
		from_server(state, in, &o, out);
	if (!out->info || out->info->len > 0)
		return;
	buf_printf(out->info, "DHCP %s, transaction 0x%08x", type_name(o.type), (unsigned)load_be32(in->p + 4));
	if (o.name.p) {
		buf_put_str(out->info, ", host ");
		text_escape(out->info, o.name.p, o.name.len);
	}
}

static void address_field(const struct parse_bytes *in, uint32_t offset, const char *name, uint32_t at,
	const struct decode_sink *sink)
{
	struct addr addr = address_of(in->p + at);
	char text[ADDR_TEXT];

	addr_format(text, sizeof(text), &addr);
	if (load_be32(in->p + at) == 0)
		return;
	sink->field(sink->ctx, name, text, offset + at, 4);
}

static void dhcp_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	struct dhcp_options o;
	char text[NAME_LONGEST + 1];

	if (dhcp_match(in) != MATCH_YES)
		return;
	read_options(in, &o);
	sink->begin(sink->ctx, "dhcp", "Dynamic Host Configuration Protocol", offset, (uint32_t)in->n);
	sink->field(sink->ctx, "operation", in->p[0] == 1 ? "request" : "reply", offset, 1);
	text_u128(text, sizeof(text), load_be32(in->p + 4));
	sink->field(sink->ctx, "transaction", text, offset + 4, 4);
	address_field(in, offset, "client address", 12, sink);
	address_field(in, offset, "your address", 16, sink);
	address_field(in, offset, "server address", 20, sink);
	address_field(in, offset, "relay address", 24, sink);
	if (o.type != 0)
		sink->field(sink->ctx, "message", type_name(o.type), offset + o.type_at, 1);
	if (o.name.p) {
		text_escape_to(text, sizeof(text), o.name.p, o.name.len);
		sink->field(sink->ctx, "host name", text, offset + o.name_at, o.name_size);
	}
	sink->end(sink->ctx);
}

const struct app_parser dhcp_parser = {.app = APP_DHCP, .match = dhcp_match, .datagram = dhcp_datagram, .layers = dhcp_layers};
