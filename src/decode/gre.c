/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GRE (RFC 2784, RFC 2890), its version 1 for PPTP (RFC 2637), and ERSPAN (types I, II and III)
 * within it. Keys and sequence numbers differ by direction and are no part of a conversation.
 */
#include "decode/layer.h"

enum {
	HAS_CHECKSUM = 0x8000, HAS_ROUTING = 0x4000, HAS_KEY = 0x2000, HAS_SEQUENCE = 0x1000,
	HAS_ACK = 0x0080,
	GRE_PPP = 0x880b, GRE_ERSPAN = 0x88be, GRE_ERSPAN_III = 0x22eb, GRE_WCCP = 0x883e,
};

struct gre {
	uint16_t flags, type;
	size_t at, len;          /* of the header */
	size_t key, sequence;    /* where they are, 0 where they are not */
};

static COLD void tell_gre(struct decoder *d, const struct gre *g)
{
	static const struct layer_bit bits[] = {
		{ HAS_CHECKSUM, "checksum" }, { HAS_ROUTING, "routing" }, { HAS_KEY, "key" },
		{ HAS_SEQUENCE, "sequence" }, { HAS_ACK, "acknowledgment" },
	};
	char text[64], name[32];

	layer_begin(d, "gre", g->at, g->len, "%s", layer_proto(name, sizeof(name), PROTO_ETHER | g->type));
	layer_field(d, "flags", g->at, 2, "0x%04x (%s)", g->flags,
		layer_bits(text, sizeof(text), g->flags, bits, COUNT(bits)));
	layer_field(d, "version", g->at + 1, 1, "%u", g->flags & 7u);
	layer_field(d, "protocol", g->at + 2, 2, "0x%04x (%s)", g->type, name);
	if (g->flags & HAS_CHECKSUM)
		layer_field(d, "checksum", g->at + 4, 2, "0x%04x", load_be16(d->c.data + g->at + 4));
	if (g->key)
		layer_field(d, "key", g->key, 4, "0x%08x", load_be32(d->c.data + g->key));
	if (g->sequence)
		layer_field(d, "sequence", g->sequence, 4, "%u", load_be32(d->c.data + g->sequence));
	layer_end(d);
}

/* RFC 1701: source route entries until one with length 0. */
static bool skip_routing(struct decoder *d)
{
	for (int i = 0; i < 32; i++) {
		const uint8_t *h = layer_take(d, 4);

		if (!h)
			return false;
		if (h[3] == 0)
			return true;
		if (!layer_take(d, h[3]))
			return false;
	}
	layer_malformed(d);
	return false;
}

static bool read_gre(struct decoder *d, struct gre *g)
{
	const uint8_t *h = layer_take(d, 4);

	if (!h)
		return false;
	g->flags = load_be16(h);
	g->type = load_be16(h + 2);
	if ((g->flags & 7) > 1) {
		layer_malformed(d);
		return false;
	}
	if ((g->flags & (HAS_CHECKSUM | HAS_ROUTING)) && !layer_take(d, 4))
		return false;
	if (g->flags & HAS_KEY) {
		g->key = d->c.pos;
		if (!layer_take(d, 4))
			return false;
	}
	if (g->flags & HAS_SEQUENCE) {
		g->sequence = d->c.pos;
		if (!layer_take(d, 4))
			return false;
	}
	if ((g->flags & 7) == 1 && (g->flags & HAS_ACK) && !layer_take(d, 4))
		return false;
	return !(g->flags & HAS_ROUTING) || skip_routing(d);
}

static bool inner_ethertype(struct decoder *d, uint16_t type)
{
	uint32_t link_proto = d->link_proto;
	bool found = layer_ethertype(d, type);

	d->link_proto = link_proto;
	return found;
}

static bool gre_ipv4(struct decoder *d)
{
	return inner_ethertype(d, 0x0800);
}

static bool gre_ipv6(struct decoder *d)
{
	return inner_ethertype(d, 0x86dd);
}

static bool gre_mpls(struct decoder *d)
{
	return inner_ethertype(d, 0x8847);
}

static bool gre_vlan(struct decoder *d)
{
	return inner_ethertype(d, 0x8100);
}

static bool gre_metadata(struct decoder *d)
{
	return layer_metadata(d, true);
}

static bool gre_ppp(struct decoder *d)
{
	const uint8_t *h = cursor_peek(&d->c, 2);

	if (h && h[0] == 0xff && h[1] == 0x03)
		cursor_skip(&d->c, 2);
	return layer_ppp(d);
}

/* A redirected packet, with or without the redirect header of WCCP version 2. */
static bool gre_wccp(struct decoder *d)
{
	const uint8_t *h = cursor_peek(&d->c, 5);

	if (h && h[0] >> 4 != 4 && h[4] >> 4 == 4)
		cursor_skip(&d->c, 4);
	return layer_ip(d);
}

static void gre_inner(struct decoder *d, const struct gre *g)
{
	switch (g->type) {
	case 0x0800: layer_tunnel(d, TUNNEL_GRE, 0, gre_ipv4); break;
	case 0x86dd: layer_tunnel(d, TUNNEL_GRE, 0, gre_ipv6); break;
	case 0x6558: layer_tunnel(d, TUNNEL_GRE, 0, layer_ethernet); break;
	case 0x8847:
	case 0x8848: layer_tunnel(d, TUNNEL_GRE, 0, gre_mpls); break;
	case 0x8100: layer_tunnel(d, TUNNEL_GRE, 0, gre_vlan); break;
	case 0x8909: layer_tunnel(d, TUNNEL_GRE, 0, gre_metadata); break;
	case GRE_PPP: layer_tunnel(d, TUNNEL_GRE, 0, gre_ppp); break;
	case GRE_WCCP: layer_tunnel(d, TUNNEL_GRE, 0, gre_wccp); break;
	/* type I has no header of its own, and no sequence number */
	case GRE_ERSPAN: layer_erspan(d, g->sequence ? 1 : 0); break;
	case GRE_ERSPAN_III: layer_erspan(d, 2); break;
	default: break;
	}
}

void layer_gre(struct decoder *d)
{
	struct gre g = { .at = d->c.pos };

	if (!layer_enter(d) || !read_gre(d, &g))
		return;
	g.len = d->c.pos - g.at;
	layer_payload(d);
	if (d->sink)
		tell_gre(d, &g);
	gre_inner(d, &g);
}

static COLD void tell_erspan(struct decoder *d, size_t at, size_t len)
{
	uint32_t word = load_be32(d->c.data + at);

	layer_begin(d, "erspan", at, len, "session %u", word & 0x3ff);
	layer_field(d, "version", at, 1, "%u (type %s)", word >> 28, word >> 28 == 1 ? "II" : "III");
	layer_field(d, "vlan", at, 2, "%u", word >> 16 & 0xfff);
	layer_field(d, "class of service", at + 2, 1, "%u", word >> 13 & 7);
	layer_field(d, "truncated", at + 2, 1, "%s", word >> 10 & 1 ? "yes" : "no");
	layer_field(d, "session", at + 2, 2, "%u", word & 0x3ff);
	layer_end(d);
}

void layer_erspan(struct decoder *d, unsigned version)
{
	size_t at = d->c.pos, len = version == 2 ? 12 : 8;
	uint32_t session = 0;
	const uint8_t *h;

	if (version > 0) {
		h = layer_take(d, len);
		if (!h || !layer_enter(d))
			return;
		if (h[0] >> 4 != version) {
			layer_malformed(d);
			return;
		}
		/* type III: a platform specific subheader may follow */
		if (version == 2 && (h[11] & 1) && !layer_take(d, 8))
			return;
		session = load_be32(h) & 0x3ff;
		layer_payload(d);
		if (d->sink)
			tell_erspan(d, at, d->c.pos - at);
	}
	layer_tunnel(d, TUNNEL_ERSPAN, session, layer_ethernet);
}
