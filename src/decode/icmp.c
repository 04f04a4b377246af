/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861). What they quote is only shown. */
#include "decode/layer.h"
#include "flow/proto.h"

enum { ICMP_HEADER = 8 };

static const struct layer_name unreachable[] = {
	{ 0, "network unreachable" }, { 1, "host unreachable" }, { 2, "protocol unreachable" },
	{ 3, "port unreachable" }, { 4, "fragmentation needed" }, { 5, "source route failed" },
	{ 6, "network unknown" }, { 7, "host unknown" }, { 8, "source host isolated" },
	{ 9, "network prohibited" }, { 10, "host prohibited" },
	{ 11, "network unreachable for type of service" },
	{ 12, "host unreachable for type of service" }, { 13, "filtered" },
	{ 14, "host precedence violation" }, { 15, "precedence cutoff" },
};

static const struct layer_name redirect[] = {
	{ 0, "for network" }, { 1, "for host" }, { 2, "for type of service and network" },
	{ 3, "for type of service and host" },
};

static const struct layer_name exceeded[] = {
	{ 0, "in transit" }, { 1, "fragment reassembly" },
};

static const struct layer_name parameter[] = {
	{ 0, "pointer" }, { 1, "missing option" }, { 2, "bad length" },
};

static const struct layer_name unreachable6[] = {
	{ 0, "no route" }, { 1, "prohibited" }, { 2, "beyond scope" }, { 3, "address unreachable" },
	{ 4, "port unreachable" }, { 5, "source address failed policy" }, { 6, "route rejected" },
	{ 7, "source routing error" }, { 8, "headers too long" },
};

static const struct layer_name parameter6[] = {
	{ 0, "header field" }, { 1, "unknown next header" }, { 2, "unknown option" },
	{ 3, "incomplete first fragment" },
};

static const struct {
	uint32_t proto;
	uint8_t type;
	const struct layer_name *names;
	size_t count;
} codes[] = {
	{ PROTO_ICMP, 3, unreachable, COUNT(unreachable) },
	{ PROTO_ICMP, 5, redirect, COUNT(redirect) },
	{ PROTO_ICMP, 11, exceeded, COUNT(exceeded) },
	{ PROTO_ICMP, 12, parameter, COUNT(parameter) },
	{ PROTO_ICMP6, 1, unreachable6, COUNT(unreachable6) },
	{ PROTO_ICMP6, 3, exceeded, COUNT(exceeded) },
	{ PROTO_ICMP6, 4, parameter6, COUNT(parameter6) },
};

static const char *code_name(uint32_t proto, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < COUNT(codes); i++)
		if (codes[i].proto == proto && codes[i].type == type)
			return layer_name(codes[i].names, codes[i].count, code, "unknown");
	return NULL;
}

static COLD void tell_rest(struct decoder *d, uint32_t proto, size_t at)
{
	const uint8_t *h = d->c.data + at;
	bool six = proto == PROTO_ICMP6;

	if (layer_icmp_echo(proto, h[0])) {
		layer_field(d, "identifier", at + 4, 2, "%u", load_be16(h + 4));
		layer_field(d, "sequence number", at + 6, 2, "%u", load_be16(h + 6));
	} else if (!six && h[0] == 3 && h[1] == 4) {
		layer_field(d, "next-hop mtu", at + 6, 2, "%u", load_be16(h + 6));
	} else if (!six && h[0] == 5) {
		layer_field_addr(d, "gateway", at + 4, ADDR_IPV4);
	} else if (!six && h[0] == 12) {
		layer_field(d, "pointer", at + 4, 1, "%u", h[4]);
	} else if (six && h[0] == 2) {
		layer_field(d, "mtu", at + 4, 4, "%u", load_be32(h + 4));
	} else if (six && h[0] == 4) {
		layer_field(d, "pointer", at + 4, 4, "%u", load_be32(h + 4));
	} else if (six && (h[0] == 135 || h[0] == 136) && cursor_left(&d->c) >= 16) {
		if (h[0] == 136)
			layer_field(d, "flags", at + 4, 1, "%s%s%s", h[4] & 0x80 ? "router " : "",
				h[4] & 0x40 ? "solicited " : "", h[4] & 0x20 ? "override" : "");
		layer_field_addr(d, "target", at + 8, ADDR_IPV6);
	} else {
		layer_field_hex(d, "rest of header", at + 4, 4);
	}
}

static COLD void tell_icmp(struct decoder *d, uint32_t proto, size_t at, enum sum_state sum)
{
	const uint8_t *h = d->c.data + at;
	const char *type = icmp_type_name(proto, h[0]);
	const char *code = code_name(proto, h[0], h[1]);
	size_t len = d->c.pos - at;

	type = type ? type : "unknown type";
	if (layer_icmp_echo(proto, h[0]) && len >= ICMP_HEADER)
		layer_begin(d, proto == PROTO_ICMP ? "icmp" : "icmp6", at, len, "%s id %u seq %u", type,
			load_be16(h + 4), load_be16(h + 6));
	else
		layer_begin(d, proto == PROTO_ICMP ? "icmp" : "icmp6", at, len, "%s%s%s", type,
			code ? ", " : "", code ? code : "");
	layer_field(d, "type", at, 1, "%u (%s)", h[0], type);
	layer_field(d, "code", at + 1, 1, "%u%s%s%s", h[1], code ? " (" : "", code ? code : "",
		code ? ")" : "");
	layer_field_sum(d, "checksum", at + 2, sum);
	if (len >= ICMP_HEADER)
		tell_rest(d, proto, at);
	if (proto == PROTO_ICMP && (h[0] == 3 || h[0] == 4 || h[0] == 5 || h[0] == 11 || h[0] == 12))
		layer_quoted(d, layer_ipv4);
	else if (proto == PROTO_ICMP6 && h[0] >= 1 && h[0] <= 4)
		layer_quoted(d, layer_ipv6);
	layer_end(d);
}

bool layer_icmp_echo(uint32_t proto, uint8_t type)
{
	if (proto == PROTO_ICMP)
		return type == 0 || type == 8 || (type >= 13 && type <= 18);
	return type == 128 || type == 129;
}

/* Four bytes are always there; the other four may be cut off, or be missing in a broken one. */
static void icmp(struct decoder *d, uint32_t proto, enum sum_state sum)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 4);

	if (!h || !layer_enter(d))
		return;
	d->p->icmp_type = h[0];
	d->p->icmp_code = h[1];
	d->p->flags |= PACKET_HAS_ICMP;
	h = layer_take(d, 4);
	if (h && layer_icmp_echo(proto, d->p->icmp_type)) {
		d->p->tcp_seq = load_be32(h);
		d->p->flags |= PACKET_ICMP_ECHO;
	}
	layer_payload(d);
	if (d->sink)
		tell_icmp(d, proto, at, sum);
}

void layer_icmp(struct decoder *d)
{
	icmp(d, PROTO_ICMP, layer_verify_plain(d, d->c.pos));
}

void layer_icmp6(struct decoder *d)
{
	icmp(d, PROTO_ICMP6, layer_verify(d, d->c.pos, PROTO_ICMP6));
}
