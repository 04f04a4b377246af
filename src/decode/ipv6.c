/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPv6 (RFC 8200) and its extension headers. */
#include "decode/layer.h"

#include <stdio.h>

enum {
	IPV6_HEADER = 40, EXT_HOP_BY_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_DEST = 60,
	NO_NEXT_HEADER = 59,
};

static COLD void tell_ipv6(struct decoder *d, size_t at)
{
	const uint8_t *h = d->c.data + at;
	struct addr src = { .kind = ADDR_IPV6 }, dst = { .kind = ADDR_IPV6 };
	char from[ADDR_TEXT], to[ADDR_TEXT], name[32];

	memcpy(src.bytes, h + 8, 16);
	memcpy(dst.bytes, h + 24, 16);
	addr_format(from, sizeof(from), &src);
	addr_format(to, sizeof(to), &dst);
	layer_begin(d, "ipv6", at, IPV6_HEADER, "%s -> %s %s", from, to,
		layer_proto(name, sizeof(name), h[6]));
	layer_field(d, "version", at, 1, "%u", h[0] >> 4);
	layer_field(d, "dscp", at, 2, "%u", load_be16(h) >> 6 & 0x3f);
	layer_field(d, "ecn", at + 1, 1, "%u", h[1] >> 4 & 3);
	layer_field(d, "flow label", at + 1, 3, "0x%05x", load_be32(h) & 0xfffff);
	layer_field(d, "payload length", at + 4, 2, "%u", load_be16(h + 4));
	layer_field(d, "next header", at + 6, 1, "%u (%s)", h[6], name);
	layer_field(d, "hop limit", at + 7, 1, "%u", h[7]);
	layer_field(d, "source", at + 8, 16, "%s", from);
	layer_field(d, "destination", at + 24, 16, "%s", to);
	layer_end(d);
}

static void set_ipv6(struct decoder *d, const uint8_t *h)
{
	struct packet *p = d->p;

	p->flags = layer_fresh_flags(d) | PACKET_HAS_IP;
	p->src.kind = p->dst.kind = ADDR_IPV6;
	memcpy(p->src.bytes, h + 8, 16);
	memcpy(p->dst.bytes, h + 24, 16);
	p->proto = h[6];
	p->ttl = h[7];
	p->dscp = (uint8_t)(load_be16(h) >> 6 & 0x3f);
	p->src_port = p->dst_port = 0;
	p->fragment_id = 0;
}

bool layer_ipv6(struct decoder *d)
{
	size_t at = d->c.pos, len;
	const uint8_t *h = layer_take(d, IPV6_HEADER);

	if (unlikely(!h) || unlikely(!layer_enter(d)))
		return false;
	if (unlikely(h[0] >> 4 != 6)) {
		layer_malformed(d);
		return false;
	}
	len = load_be16(h + 4);
	/* 0: a jumbogram (RFC 2675) or segmentation offload, unless nothing follows */
	d->no_l4_sum = len == 0;
	if (likely(len) || h[6] == NO_NEXT_HEADER)
		layer_limit(d, len);
	set_ipv6(d, h);
	layer_payload(d);
	if (unlikely(d->sink != NULL))
		tell_ipv6(d, at);
	layer_ip_proto(d, h[6]);
	return true;
}

static const struct layer_name option_names[] = {
	{ 0x04, "tunnel encapsulation limit" }, { 0x05, "router alert" }, { 0x07, "CALIPSO" },
	{ 0x08, "SMF" }, { 0x0f, "performance and diagnostic metrics" }, { 0x63, "RPL" },
	{ 0x8b, "ILNP nonce" }, { 0x8c, "line identification" }, { 0xc2, "jumbo payload" },
	{ 0xc9, "home address" },
};

void layer_ipv6_options(const struct decoder *d, size_t at, size_t len)
{
	const uint8_t *h = d->c.data;
	size_t end = at + len;

	while (at < end) {
		size_t n;

		if (h[at] == 0) {
			layer_field(d, "option", at, 1, "0 (padding)");
			at++;
			continue;
		}
		if (end - at < 2 || (size_t)h[at + 1] + 2 > end - at) {
			layer_field(d, "option", at, end - at, "%u (malformed)", h[at]);
			return;
		}
		n = h[at + 1] + 2u;
		layer_field(d, "option", at, n, "%u (%s)", h[at], h[at] == 1 ? "padding" :
			layer_name(option_names, COUNT(option_names), h[at], "unknown"));
		at += n;
	}
}

static const struct layer_name extension_names[] = {
	{ EXT_HOP_BY_HOP, "ipv6 hop-by-hop" }, { EXT_ROUTING, "ipv6 routing" },
	{ EXT_FRAGMENT, "ipv6 fragment" }, { EXT_DEST, "ipv6 destination options" },
	{ 135, "ipv6 mobility" }, { 139, "ipv6 host identity" }, { 140, "ipv6 shim6" },
};

static COLD void tell_routing(struct decoder *d, size_t at, size_t len)
{
	static const struct layer_name types[] = {
		{ 0, "source route" }, { 2, "mobile" }, { 3, "RPL" }, { 4, "segment routing" },
	};
	const uint8_t *h = d->c.data + at;

	layer_field(d, "routing type", at + 2, 1, "%u (%s)", h[2],
		layer_name(types, COUNT(types), h[2], "unknown"));
	layer_field(d, "segments left", at + 3, 1, "%u", h[3]);
	for (size_t i = 8; (h[2] == 0 || h[2] == 2 || h[2] == 4) && i + 16 <= len; i += 16)
		layer_field_addr(d, "address", at + i, ADDR_IPV6);
}

static COLD void tell_extension(struct decoder *d, uint8_t type, size_t at, size_t len)
{
	const uint8_t *h = d->c.data + at;
	char name[32];

	layer_begin(d, layer_name(extension_names, COUNT(extension_names), type, "ipv6 extension"), at,
		len, "next header %s", layer_proto(name, sizeof(name), h[0]));
	layer_field(d, "next header", at, 1, "%u (%s)", h[0], name);
	if (type == EXT_FRAGMENT) {
		layer_field(d, "offset", at + 2, 2, "%u", load_be16(h + 2) & 0xfff8u);
		layer_field(d, "more fragments", at + 3, 1, "%s", h[3] & 1 ? "yes" : "no");
		layer_field(d, "identification", at + 4, 4, "0x%08x", load_be32(h + 4));
	} else {
		layer_field(d, "length", at + 1, 1, "%zu", len);
	}
	if (type == EXT_HOP_BY_HOP || type == EXT_DEST)
		layer_ipv6_options(d, at + 2, len - 2);
	if (type == EXT_ROUTING)
		tell_routing(d, at, len);
	layer_end(d);
}

/* RFC 6946: with offset 0 and nothing to come it is a whole datagram. */
static void see_fragment(struct decoder *d, const uint8_t *h)
{
	unsigned offset = load_be16(h + 2);

	d->p->fragment_id = load_be32(h + 4);
	if (offset & 0xfff9)
		layer_fragment(d, offset & 0xfff8);
}

/* A route that is not used up and a home address change the pseudo header. */
static bool changes_pseudo_header(uint8_t type, const uint8_t *h, size_t len)
{
	if (type == EXT_ROUTING)
		return h[3] != 0;
	if (type != EXT_DEST)
		return false;
	for (size_t i = 2; i + 1 < len; i += h[i] == 0 ? 1 : h[i + 1] + 2u)
		if (h[i] == 0xc9)
			return true;
	return false;
}

void layer_ipv6_extension(struct decoder *d, uint8_t type)
{
	size_t at = d->c.pos, len = 8;
	const uint8_t *h = cursor_peek(&d->c, 8);

	if (!h) {
		layer_had(d, 8);
		return;
	}
	if (type != EXT_FRAGMENT)
		len = (h[1] + 1u) * 8;
	if (!layer_enter(d) || !layer_take(d, len))
		return;
	if (d->sink)
		tell_extension(d, type, at, len);
	if (type == EXT_FRAGMENT)
		see_fragment(d, h);
	if (changes_pseudo_header(type, h, len))
		d->no_l4_sum = true;
	d->p->proto = h[0];
	layer_payload(d);
	if (!(d->p->flags & PACKET_FRAGMENT_LATER))
		layer_ip_proto(d, h[0]);
}
