/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tunnels over UDP: VXLAN (RFC 7348), GENEVE (RFC 8926), GTP-U (3GPP TS 29.281), Teredo (RFC 4380).
 *
 * A port proves nothing, and a tunnel that is none would lose a conversation: each header is
 * checked, and what its reserved bits, lengths and inner header do not confirm stays UDP.
 */
#include "decode/layer.h"

/* The VXLAN flags: I must be set; G with a group policy id is the one extension that is common. */
static bool vxlan_plausible(const uint8_t *h)
{
	bool policy = h[0] & 0x80;

	if ((h[0] & 0x7f) != 0x08 || h[7] != 0)
		return false;
	return policy ? (h[1] & 0xb7) == 0 : (h[1] | h[2] | h[3]) == 0;
}

void layer_vxlan(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = cursor_peek(&d->c, 8 + 14);
	uint32_t vni;

	if (!h || !vxlan_plausible(h) || !layer_enter(d))
		return;
	cursor_skip(&d->c, 8);
	vni = load_be32(h + 4) >> 8;
	if (d->sink) {
		layer_begin(d, "vxlan", at, 8, "vni %u", vni);
		layer_field(d, "flags", at, 1, "0x%02x (%s)", h[0],
			h[0] & 0x80 ? "VNI, group policy" : "VNI");
		if (h[0] & 0x80)
			layer_field(d, "group policy id", at + 2, 2, "%u", load_be16(h + 2));
		layer_field(d, "vni", at + 4, 3, "%u", vni);
		layer_end(d);
	}
	layer_tunnel(d, TUNNEL_VXLAN, vni, layer_ethernet);
}

/* draft-ietf-nvo3-vxlan-gpe: the P flag, and what is inside in the fourth byte. */
void layer_vxlan_gpe(struct decoder *d)
{
	static bool (*const inner[])(struct decoder *d) = {
		[1] = layer_ipv4, [2] = layer_ipv6, [3] = layer_ethernet,
	};
	size_t at = d->c.pos;
	const uint8_t *h = cursor_peek(&d->c, 8 + 14);
	uint32_t vni;

	if (!h || (h[0] & 0xfe) != 0x0c || (h[1] | h[2] | h[7]) != 0 || h[3] < 1 || h[3] > 3 ||
		!layer_enter(d))
		return;
	cursor_skip(&d->c, 8);
	vni = load_be32(h + 4) >> 8;
	if (d->sink) {
		layer_begin(d, "vxlan-gpe", at, 8, "vni %u", vni);
		layer_field(d, "flags", at, 1, "0x%02x (VNI, next protocol)", h[0]);
		layer_field(d, "next protocol", at + 3, 1, "%u (%s)", h[3],
			h[3] == 1 ? "IPv4" : h[3] == 2 ? "IPv6" : "ethernet");
		layer_field(d, "vni", at + 4, 3, "%u", vni);
		layer_end(d);
	}
	layer_tunnel(d, TUNNEL_VXLAN, vni, inner[h[3]]);
}

static COLD void tell_geneve(struct decoder *d, size_t at, size_t len)
{
	static const struct layer_bit bits[] = { { 0x80, "control" }, { 0x40, "critical options" } };
	const uint8_t *h = d->c.data + at;
	char text[64], name[32];

	layer_begin(d, "geneve", at, len, "vni %u", load_be32(h + 4) >> 8);
	layer_field(d, "version", at, 1, "%u", h[0] >> 6);
	layer_field(d, "options length", at, 1, "%u", (h[0] & 0x3fu) * 4);
	layer_field(d, "flags", at + 1, 1, "0x%02x (%s)", h[1],
		layer_bits(text, sizeof(text), h[1], bits, COUNT(bits)));
	layer_field(d, "protocol", at + 2, 2, "0x%04x (%s)", load_be16(h + 2),
		layer_proto(name, sizeof(name), PROTO_ETHER | load_be16(h + 2)));
	layer_field(d, "vni", at + 4, 3, "%u", load_be32(h + 4) >> 8);
	for (size_t i = 8; i + 4 <= len;) {
		size_t n = 4 + (h[i + 3] & 0x1fu) * 4;

		n = n <= len - i ? n : len - i;
		layer_field(d, "option", at + i, n, "class 0x%04x type 0x%02x%s, %zu bytes",
			load_be16(h + i), h[i + 2], h[i + 2] & 0x80 ? " (critical)" : "", n - 4);
		i += n;
	}
	layer_end(d);
}

void layer_geneve(struct decoder *d)
{
	size_t at = d->c.pos, len;
	const uint8_t *h = cursor_peek(&d->c, 8);
	bool (*inner)(struct decoder *d);
	uint16_t type;

	if (!h || h[0] >> 6 != 0 || (h[1] & 0x3f) || h[7] != 0)
		return;
	type = load_be16(h + 2);
	inner = type == 0x6558 ? layer_ethernet : type == 0x0800 || type == 0x86dd ? layer_ip : NULL;
	len = 8 + (h[0] & 0x3fu) * 4;
	if (!inner || !cursor_peek(&d->c, len) || !layer_enter(d))
		return;
	cursor_skip(&d->c, len);
	if (d->sink)
		tell_geneve(d, at, len);
	layer_tunnel(d, TUNNEL_GENEVE, load_be32(h + 4) >> 8, inner);
}

enum { GTP_GPDU = 255, GTP_EXTENSIONS = 8 };

/* Extension headers: length in words, content, type of the next. False where they do not fit. */
static bool gtp_extensions(struct decoder *d, uint8_t next)
{
	for (int i = 0; next != 0; i++) {
		const uint8_t *h = cursor_peek(&d->c, 1);
		size_t len = h ? h[0] * 4u : 0;

		if (len == 0 || i == GTP_EXTENSIONS)
			return false;
		h = cursor_bytes(&d->c, len);
		if (!h)
			return false;
		next = h[len - 1];
	}
	return true;
}

static COLD void tell_gtp(struct decoder *d, size_t at, size_t len)
{
	static const struct layer_bit bits[] = {
		{ 4, "extension" }, { 2, "sequence" }, { 1, "N-PDU" },
	};
	const uint8_t *h = d->c.data + at;
	char text[64];

	layer_begin(d, "gtp-u", at, len, "teid 0x%08x", load_be32(h + 4));
	layer_field(d, "version", at, 1, "%u", h[0] >> 5);
	layer_field(d, "flags", at, 1, "0x%02x (%s)", h[0] & 7,
		layer_bits(text, sizeof(text), h[0] & 7, bits, COUNT(bits)));
	layer_field(d, "message type", at + 1, 1, "%u (user data)", h[1]);
	layer_field(d, "length", at + 2, 2, "%u", load_be16(h + 2));
	layer_field(d, "teid", at + 4, 4, "0x%08x", load_be32(h + 4));
	if (h[0] & 2)
		layer_field(d, "sequence number", at + 8, 2, "%u", load_be16(h + 8));
	if (h[0] & 4)
		layer_field(d, "next extension", at + 11, 1, "0x%02x", h[11]);
	layer_end(d);
}

/* Version 1, protocol type GTP, reserved bit 0, a length that fits the datagram, IP inside. */
void layer_gtpu(struct decoder *d)
{
	size_t at = d->c.pos, start = at + 8, limit;
	struct cursor saved = d->c;
	const uint8_t *h = cursor_peek(&d->c, 8);

	if (!h || (h[0] & 0xf8) != 0x30 || h[1] != GTP_GPDU)
		return;
	limit = load_be16(h + 2);
	if (limit > d->wire_end - start && !d->in_fragment)
		return;
	cursor_skip(&d->c, 8);
	if (h[0] & 7) {
		h = cursor_bytes(&d->c, 4);
		if (!h || ((saved.data[at] & 4) && !gtp_extensions(d, h[3]))) {
			d->c = saved;
			return;
		}
	}
	h = cursor_peek(&d->c, 1);
	if (!h || (h[0] >> 4 != 4 && h[0] >> 4 != 6) || d->c.pos - start > limit || !layer_enter(d)) {
		d->c = saved;
		return;
	}
	if (d->sink)
		tell_gtp(d, at, d->c.pos - at);
	layer_limit(d, limit - (d->c.pos - start));
	layer_tunnel(d, TUNNEL_GTPU, 0, layer_ip);
}

/* Authentication (0, 1) and origin indication (0, 0) may come before the IPv6 header. */
static bool teredo_headers(struct decoder *d)
{
	const uint8_t *h = cursor_peek(&d->c, 4);

	if (h && h[0] == 0 && h[1] == 1) {
		cursor_skip(&d->c, 4u + h[2] + h[3] + 9);
		h = cursor_peek(&d->c, 4);
	}
	if (h && h[0] == 0 && h[1] == 0)
		cursor_skip(&d->c, 8);
	return !d->c.truncated;
}

void layer_teredo(struct decoder *d)
{
	struct cursor saved = d->c;
	const uint8_t *h;
	bool plausible = teredo_headers(d);

	h = cursor_peek(&d->c, 40);
	plausible = plausible && h && h[0] >> 4 == 6 &&
		(d->in_fragment || 40u + load_be16(h + 4) <= d->wire_end - d->c.pos);
	if (!plausible || !layer_enter(d)) {
		d->c = saved;
		return;
	}
	if (d->sink) {
		size_t len = d->c.pos - saved.pos;

		layer_begin(d, "teredo", saved.pos, len, "%s", len == 0 ? "no extra headers" :
			len == 8 ? "origin indication" : "authentication");
		if (len)
			layer_field_hex(d, "headers", saved.pos, len);
		layer_end(d);
	}
	layer_tunnel(d, TUNNEL_TEREDO, 0, layer_ipv6);
}
