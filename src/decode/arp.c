/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARP and RARP (RFC 826, RFC 903): no conversation of its own, the link layer's stands. */
#include "decode/layer.h"

static COLD void tell_address(struct decoder *d, const char *name, size_t at, unsigned len,
	enum addr_kind kind)
{
	struct addr a = { .kind = (uint8_t)kind };

	if (len == addr_len(&a))
		layer_field_addr(d, name, at, kind);
	else
		layer_field_hex(d, name, at, len);
}

static COLD void tell_arp(struct decoder *d, size_t at, size_t len)
{
	static const struct layer_name operations[] = {
		{ 1, "request" }, { 2, "reply" }, { 3, "reverse request" }, { 4, "reverse reply" },
		{ 8, "inverse request" }, { 9, "inverse reply" },
	};
	const uint8_t *h = d->c.data + at;
	unsigned hlen = h[4], plen = h[5], op = load_be16(h + 6);
	const char *what = layer_name(operations, COUNT(operations), op, "unknown operation");
	enum addr_kind net = load_be16(h + 2) == 0x86dd ? ADDR_IPV6 : ADDR_IPV4;
	char name[32];

	if (hlen == 6 && plen == 4 && op == 1)
		layer_begin(d, "arp", at, len, "who has %u.%u.%u.%u? tell %u.%u.%u.%u", h[24], h[25],
			h[26], h[27], h[14], h[15], h[16], h[17]);
	else if (hlen == 6 && plen == 4 && op == 2)
		layer_begin(d, "arp", at, len, "%u.%u.%u.%u is at %02x:%02x:%02x:%02x:%02x:%02x", h[14],
			h[15], h[16], h[17], h[8], h[9], h[10], h[11], h[12], h[13]);
	else
		layer_begin(d, "arp", at, len, "%s", what);
	layer_field(d, "hardware type", at, 2, "%u%s", load_be16(h),
		load_be16(h) == 1 ? " (ethernet)" : "");
	layer_field(d, "protocol type", at + 2, 2, "0x%04x (%s)", load_be16(h + 2),
		layer_proto(name, sizeof(name), PROTO_ETHER | load_be16(h + 2)));
	layer_field(d, "hardware length", at + 4, 1, "%u", hlen);
	layer_field(d, "protocol length", at + 5, 1, "%u", plen);
	layer_field(d, "operation", at + 6, 2, "%u (%s)", op, what);
	tell_address(d, "sender hardware address", at + 8, hlen, ADDR_LINK);
	tell_address(d, "sender protocol address", at + 8 + hlen, plen, net);
	tell_address(d, "target hardware address", at + 8 + hlen + plen, hlen, ADDR_LINK);
	tell_address(d, "target protocol address", at + 8 + 2 * hlen + plen, plen, net);
	layer_end(d);
}

void layer_arp(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = cursor_peek(&d->c, 8);
	size_t len;

	if (!layer_enter(d))
		return;
	if (!h) {
		layer_had(d, 8);
		return;
	}
	len = 8 + 2u * h[4] + 2u * h[5];
	if (!layer_take(d, len))
		return;
	/* what follows is padding */
	d->wire_end = (uint32_t)d->c.pos;
	cursor_limit(&d->c, 0);
	layer_payload(d);
	if (d->sink)
		tell_arp(d, at, len);
}
