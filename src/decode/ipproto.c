/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands behind an IP header: dispatch, IP in IP, ESP, AH (RFC 4302, RFC 4303), IGMP. */
#include "decode/layer.h"

enum {
	EXT_HOP_BY_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_DEST = 60, EXT_MOBILITY = 135,
	EXT_HIP = 139, EXT_SHIM6 = 140,
};

void layer_esp(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 8);

	if (!h || !layer_enter(d))
		return;
	layer_payload(d);
	if (!d->sink)
		return;
	layer_begin(d, "esp", at, 8, "spi 0x%08x", load_be32(h));
	layer_field(d, "spi", at, 4, "0x%08x", load_be32(h));
	layer_field(d, "sequence", at + 4, 4, "%u", load_be32(h + 4));
	layer_end(d);
}

void layer_ah(struct decoder *d)
{
	size_t at = d->c.pos, len;
	const uint8_t *h = cursor_peek(&d->c, 12);

	if (!h) {
		layer_had(d, 12);
		return;
	}
	len = (h[1] + 2u) * 4;
	if (len < 12) {
		layer_malformed(d);
		return;
	}
	if (!layer_enter(d) || !layer_take(d, len))
		return;
	if (d->sink) {
		char name[32];

		layer_begin(d, "ah", at, len, "spi 0x%08x", load_be32(h + 4));
		layer_field(d, "next header", at, 1, "%u (%s)", h[0],
			layer_proto(name, sizeof(name), h[0]));
		layer_field(d, "length", at + 1, 1, "%zu", len);
		layer_field(d, "spi", at + 4, 4, "0x%08x", load_be32(h + 4));
		layer_field(d, "sequence", at + 8, 4, "%u", load_be32(h + 8));
		layer_field_hex(d, "integrity check value", at + 12, len - 12);
		layer_end(d);
	}
	d->p->proto = h[0];
	layer_payload(d);
	layer_ip_proto(d, h[0]);
}

void layer_igmp(struct decoder *d)
{
	static const struct layer_name types[] = {
		{ 0x11, "membership query" }, { 0x12, "membership report v1" }, { 0x13, "DVMRP" },
		{ 0x16, "membership report v2" }, { 0x17, "leave group" },
		{ 0x22, "membership report v3" },
	};
	size_t at = d->c.pos;
	enum sum_state sum = layer_verify_plain(d, at);
	const uint8_t *h = layer_take(d, 8);
	const char *name;

	if (!h || !layer_enter(d))
		return;
	layer_payload(d);
	if (!d->sink)
		return;
	name = layer_name(types, COUNT(types), h[0], "unknown type");
	layer_begin(d, "igmp", at, 8, "%s", name);
	layer_field(d, "type", at, 1, "0x%02x (%s)", h[0], name);
	layer_field(d, "maximum response time", at + 1, 1, "%u", h[1]);
	layer_field_sum(d, "checksum", at + 2, sum);
	if (h[0] == 0x22)
		layer_field(d, "group records", at + 6, 2, "%u", load_be16(h + 6));
	else
		layer_field_addr(d, "group", at + 4, ADDR_IPV4);
	layer_end(d);
}

static void ip_tunnel(struct decoder *d, uint8_t proto)
{
	switch (proto) {
	case PROTO_IPIP: layer_tunnel(d, TUNNEL_IPIP, 0, layer_ipv4); break;
	case PROTO_6IN4:
		layer_tunnel(d, d->p->src.kind == ADDR_IPV4 ? TUNNEL_6IN4 : TUNNEL_IPIP, 0, layer_ipv6);
		break;
	case PROTO_GRE: layer_gre(d); break;
	default: break;
	}
}

static void other_proto(struct decoder *d, uint8_t proto)
{
	switch (proto) {
	case PROTO_IGMP: layer_igmp(d); return;
	case PROTO_ICMP6: layer_icmp6(d); return;
	case PROTO_SCTP: layer_sctp(d); return;
	case PROTO_UDPLITE: layer_udplite(d); return;
	case PROTO_ESP: layer_esp(d); return;
	case PROTO_AH: layer_ah(d); return;
	case EXT_HOP_BY_HOP:
	case EXT_ROUTING:
	case EXT_FRAGMENT:
	case EXT_DEST:
	case EXT_MOBILITY:
	case EXT_HIP:
	case EXT_SHIM6:
		if (d->p->src.kind == ADDR_IPV6)
			layer_ipv6_extension(d, proto);
		return;
	default: break;
	}
	ip_tunnel(d, proto);
}

void layer_ip_proto(struct decoder *d, uint8_t proto)
{
	if (likely(proto == PROTO_TCP))
		layer_tcp(d);
	else if (proto == PROTO_UDP)
		layer_udp(d);
	else if (proto == PROTO_ICMP)
		layer_icmp(d);
	else
		other_proto(d, proto);
}
