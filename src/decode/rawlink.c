/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link types with hardly a header: BSD loopback, raw IP, Frame Relay. */
#include "decode/layer.h"

static const struct layer_name families[] = {
	{ 2, "IPv4" }, { 10, "IPv6" }, { 23, "IPv6" }, { 24, "IPv6" }, { 28, "IPv6" }, { 30, "IPv6" },
};

static bool loopback(struct decoder *d, size_t at, uint32_t family)
{
	bool found = false;

	layer_payload(d);
	if (d->sink) {
		const char *name = layer_name(families, COUNT(families), family, "unknown");

		layer_begin(d, "loopback", at, 4, "%s", name);
		layer_field(d, "family", at, 4, "%u (%s)", family, name);
		layer_end(d);
	}
	d->link_proto = PROTO_LINK | d->linktype;
	switch (family) {
	case 2: found = layer_ipv4(d); break;
	case 10: case 23: case 24: case 28: case 30: found = layer_ipv6(d); break;
	default: break;
	}
	if (!found)
		layer_commit_link(d);
	return true;
}

/* The family is in the byte order of the machine that captured: families are small numbers. */
bool layer_null(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 4);
	uint32_t family;

	if (!h || !layer_enter(d))
		return false;
	family = load_le32(h);
	return loopback(d, at, family > 0xffff ? load_be32(h) : family);
}

bool layer_loop(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 4);

	if (!h || !layer_enter(d))
		return false;
	return loopback(d, at, load_be32(h));
}

bool layer_ip(struct decoder *d)
{
	const uint8_t *h = cursor_peek(&d->c, 1);

	if (!h) {
		layer_had(d, 1);
		return false;
	}
	if (h[0] >> 4 == 6)
		return layer_ipv6(d);
	return layer_ipv4(d);
}

bool layer_raw(struct decoder *d)
{
	layer_payload(d);
	return layer_ip(d);
}

enum { NLPID_SNAP = 0x80, NLPID_IPV6 = 0x8e, NLPID_IPV4 = 0xcc, NLPID_PPP = 0xcf };

static COLD void tell_frame_relay(struct decoder *d, size_t at, size_t len, uint32_t dlci)
{
	const uint8_t *h = d->c.data + at;

	layer_begin(d, "frame relay", at, len, "dlci %u", dlci);
	layer_field(d, "dlci", at, len, "%u", dlci);
	layer_field(d, "forward congestion", at + 1, 1, "%s", h[1] & 8 ? "yes" : "no");
	layer_field(d, "backward congestion", at + 1, 1, "%s", h[1] & 4 ? "yes" : "no");
	layer_field(d, "discard eligible", at + 1, 1, "%s", h[1] & 2 ? "yes" : "no");
	layer_end(d);
}

/* RFC 2427: organisation and EtherType behind NLPID 0x80. */
static bool frame_relay_snap(struct decoder *d)
{
	const uint8_t *h = layer_take(d, 5);

	if (!h)
		return false;
	/* bridged: 802.3 with (1) and without (7) its check sequence */
	if (load_be32(h) >> 8 == 0x0080c2)
		return (h[4] == 1 || h[4] == 7) && h[3] == 0 && layer_ethernet(d);
	return load_be32(h) >> 8 == 0 && layer_ethertype(d, load_be16(h + 3));
}

/* RFC 2427: control 3 and a network layer protocol; else Cisco's: an EtherType. */
static bool frame_relay_inner(struct decoder *d)
{
	const uint8_t *h = cursor_peek(&d->c, 2);

	if (!h) {
		layer_had(d, 2);
		return false;
	}
	if (h[0] != 0x03) {
		cursor_skip(&d->c, 2);
		return load_be16(h) >= 0x600 && layer_ethertype(d, load_be16(h));
	}
	cursor_skip(&d->c, h[1] == 0 ? 2 : 1);
	h = layer_take(d, 1);
	if (!h)
		return false;
	layer_payload(d);
	switch (h[0]) {
	case NLPID_IPV4: return layer_ipv4(d);
	case NLPID_IPV6: return layer_ipv6(d);
	case NLPID_SNAP: return frame_relay_snap(d);
	case NLPID_PPP: return layer_ppp(d);
	default: return false;
	}
}

/* Q.922: an address of two to four bytes, the last has bit 0 set. */
bool layer_frame_relay(struct decoder *d)
{
	size_t at = d->c.pos, len = 0;
	const uint8_t *h;
	uint32_t dlci = 0;

	if (!layer_enter(d))
		return false;
	do {
		h = layer_take(d, 1);
		if (!h)
			return false;
		len++;
		if (len == 1)
			dlci = h[0] >> 2;
		else if (len == 2)
			dlci = dlci << 4 | h[0] >> 4;
		else
			dlci = len == 3 ? dlci << 7 | h[0] >> 1 : dlci << 6 | h[0] >> 2;
	} while (!(h[0] & 1) && len < 4);
	if (len < 2 || !(h[0] & 1)) {
		layer_malformed(d);
		return false;
	}
	if (d->sink)
		tell_frame_relay(d, at, len, dlci);
	d->link_proto = PROTO_LINK | d->linktype;
	layer_payload(d);
	if (!frame_relay_inner(d))
		layer_commit_link(d);
	return true;
}
