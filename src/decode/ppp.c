/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PPP (RFC 1661, RFC 1662 framing), PPPoE (RFC 2516) and Cisco HDLC. */
#include "decode/layer.h"

enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281, PPP_MPLS_MULTICAST = 0x0283 };

static const struct layer_name ppp_protocols[] = {
	{ PPP_IPV4, "IPv4" }, { PPP_IPV6, "IPv6" }, { 0x002d, "compressed TCP" },
	{ 0x002f, "uncompressed TCP" }, { 0x003d, "multilink" }, { 0x00fd, "compressed datagram" },
	{ PPP_MPLS, "MPLS" }, { PPP_MPLS_MULTICAST, "MPLS" }, { 0x8021, "IPCP" },
	{ 0x8057, "IPV6CP" }, { 0x80fd, "CCP" }, { 0x8281, "MPLSCP" }, { 0xc021, "LCP" },
	{ 0xc023, "PAP" }, { 0xc025, "LQR" }, { 0xc223, "CHAP" }, { 0xc227, "EAP" },
};

static COLD void tell_ppp(struct decoder *d, size_t at, size_t len, unsigned proto)
{
	const char *name = layer_name(ppp_protocols, COUNT(ppp_protocols), proto, "unknown");

	layer_begin(d, "ppp", at, len, "%s", name);
	layer_field(d, "protocol", at, len, "0x%04x (%s)", proto, name);
	layer_end(d);
}

bool layer_ppp(struct decoder *d)
{
	size_t at = d->c.pos, len;
	const uint8_t *h = cursor_peek(&d->c, 1);
	unsigned proto;

	if (!h || !layer_enter(d)) {
		layer_had(d, 1);
		return false;
	}
	/* an odd first byte is a whole protocol number, compressed (RFC 1661, section 6.5) */
	len = h[0] & 1 ? 1 : 2;
	h = layer_take(d, len);
	if (!h)
		return false;
	proto = len == 1 ? h[0] : load_be16(h);
	layer_payload(d);
	if (d->sink)
		tell_ppp(d, at, len, proto);
	switch (proto) {
	case PPP_IPV4: return layer_ipv4(d);
	case PPP_IPV6: return layer_ipv6(d);
	case PPP_MPLS:
	case PPP_MPLS_MULTICAST: return layer_mpls(d);
	default: return false;
	}
}

bool layer_ppp_link(struct decoder *d)
{
	const uint8_t *h = cursor_peek(&d->c, 2);

	if (!h) {
		layer_had(d, 2);
		return false;
	}
	/* Cisco HDLC comes under the same link type */
	if ((h[0] == 0x0f || h[0] == 0x8f) && h[1] == 0x00)
		return layer_hdlc(d);
	if (h[0] == 0xff && h[1] == 0x03)
		cursor_skip(&d->c, 2);
	d->link_proto = PROTO_LINK | d->linktype;
	if (!layer_ppp(d))
		layer_commit_link(d);
	return true;
}

/* A byte before the frame says who sent it: 0 the other side. */
bool layer_ppp_direction(struct decoder *d)
{
	return layer_take(d, 1) != NULL && layer_ppp_link(d);
}

static COLD void tell_pppoe(struct decoder *d, size_t at)
{
	const uint8_t *h = d->c.data + at;

	layer_begin(d, "pppoe", at, 6, "session %u", load_be16(h + 2));
	layer_field(d, "version", at, 1, "%u", h[0] >> 4);
	layer_field(d, "type", at, 1, "%u", h[0] & 0xf);
	layer_field(d, "code", at + 1, 1, "0x%02x%s", h[1], h[1] ? "" : " (session data)");
	layer_field(d, "session", at + 2, 2, "%u", load_be16(h + 2));
	layer_field(d, "length", at + 4, 2, "%u", load_be16(h + 4));
	layer_end(d);
}

bool layer_pppoe(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 6);
	uint32_t proto = d->link_proto;

	if (!h || !layer_enter(d))
		return false;
	if (d->sink)
		tell_pppoe(d, at);
	if (h[0] != 0x11) {
		layer_malformed(d);
		return false;
	}
	layer_limit(d, load_be16(h + 4));
	layer_payload(d);
	if (h[1] != 0)
		return false;
	layer_commit_link(d);
	if (layer_tunnel(d, TUNNEL_PPPOE, load_be16(h + 2), layer_ppp))
		return true;
	d->link_proto = proto;
	return false;
}

bool layer_pppoe_link(struct decoder *d)
{
	d->link_proto = PROTO_LINK | d->linktype;
	if (cursor_left(&d->c) < 6 && !layer_had(d, 6))
		return false;
	if (!layer_pppoe(d))
		layer_commit_link(d);
	return true;
}

/* Address, control, EtherType. */
bool layer_hdlc(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 4);
	uint16_t type;

	if (!h || !layer_enter(d))
		return false;
	type = load_be16(h + 2);
	if (d->sink) {
		char name[32];

		layer_begin(d, "chdlc", at, 4, "%s", type == 0x8035 ? "SLARP" :
			layer_proto(name, sizeof(name), PROTO_ETHER | type));
		layer_field(d, "address", at, 1, "0x%02x (%s)", h[0],
			h[0] == 0x0f ? "unicast" : h[0] == 0x8f ? "multicast" : "unknown");
		layer_field(d, "control", at + 1, 1, "0x%02x", h[1]);
		layer_field(d, "protocol", at + 2, 2, "0x%04x", type);
		layer_end(d);
	}
	layer_payload(d);
	/* 0x8035 is Cisco's own here (SLARP), not RARP */
	d->link_proto = PROTO_LINK | d->linktype;
	if (type == 0x8035 || !layer_ethertype(d, type))
		layer_commit_link(d);
	return true;
}
