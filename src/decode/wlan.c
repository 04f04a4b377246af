/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IEEE 802.11 with and without radiotap. Only data frames in the clear are followed; of an
 * aggregate (A-MSDU) the first subframe.
 */
#include "decode/layer.h"

enum {
	TYPE_MANAGEMENT, TYPE_CONTROL, TYPE_DATA,
	FLAG_TO_DS = 1, FLAG_FROM_DS = 2, FLAG_MORE_FRAGMENTS = 4, FLAG_PROTECTED = 0x40,
	FLAG_ORDER = 0x80,
	SUBTYPE_NO_DATA = 4, SUBTYPE_QOS = 8,
	QOS_AMSDU = 0x80,
	RADIOTAP_FCS = 0x10, RADIOTAP_PAD = 0x20, RADIOTAP_BAD_FCS = 0x40,
};

/* What radiotap says of the frame behind it. */
struct wlan {
	bool padded;             /* header padded to four bytes */
	uint8_t type, subtype, flags;
	size_t header;           /* bytes without padding */
};

static const char *subtype_name(const struct wlan *w)
{
	static const struct layer_name names[] = {
		{ 0x00, "association request" }, { 0x01, "association response" },
		{ 0x02, "reassociation request" }, { 0x03, "reassociation response" },
		{ 0x04, "probe request" }, { 0x05, "probe response" }, { 0x08, "beacon" },
		{ 0x09, "ATIM" }, { 0x0a, "disassociation" }, { 0x0b, "authentication" },
		{ 0x0c, "deauthentication" }, { 0x0d, "action" }, { 0x18, "block ack request" },
		{ 0x19, "block ack" }, { 0x1a, "power save poll" }, { 0x1b, "request to send" },
		{ 0x1c, "clear to send" }, { 0x1d, "acknowledgement" }, { 0x20, "data" },
		{ 0x24, "null" }, { 0x28, "QoS data" }, { 0x2c, "QoS null" },
	};

	return layer_name(names, COUNT(names), (uint32_t)(w->type << 4 | w->subtype), "other");
}

static COLD void tell_wlan(struct decoder *d, size_t at, const struct wlan *w)
{
	static const struct layer_bit bits[] = {
		{ 1, "to DS" }, { 2, "from DS" }, { 4, "more fragments" }, { 8, "retry" },
		{ 16, "power management" }, { 32, "more data" }, { 64, "protected" }, { 128, "order" },
	};
	static const char *const names[] = { "receiver", "transmitter", "address 3" };
	char text[96];

	layer_begin(d, "802.11", at, w->header, "%s", subtype_name(w));
	layer_field(d, "type", at, 1, "%u.%u (%s)", w->type, w->subtype, subtype_name(w));
	layer_field(d, "flags", at + 1, 1, "0x%02x (%s)", w->flags,
		layer_bits(text, sizeof(text), w->flags, bits, COUNT(bits)));
	layer_field(d, "duration", at + 2, 2, "%u", load_le16(d->c.data + at + 2));
	for (size_t i = 0; i < 3 && 10 + i * 6 <= w->header; i++)
		layer_field_addr(d, names[i], at + 4 + i * 6, ADDR_LINK);
	if (w->header >= 24) {
		layer_field(d, "fragment number", at + 22, 1, "%u", d->c.data[at + 22] & 0xfu);
		layer_field(d, "sequence number", at + 22, 2, "%u", load_le16(d->c.data + at + 22) >> 4);
	}
	if (w->header >= 30)
		layer_field_addr(d, "address 4", at + 24, ADDR_LINK);
	layer_end(d);
}

/* Bytes of the header of this kind of frame. */
static size_t header_len(const struct wlan *w)
{
	size_t len = 24;

	if (w->type == TYPE_CONTROL)
		return w->subtype == 0xc || w->subtype == 0xd ? 10 : 16;
	if (w->type != TYPE_DATA)
		return w->flags & FLAG_ORDER ? 28 : 24;
	if ((w->flags & (FLAG_TO_DS | FLAG_FROM_DS)) == (FLAG_TO_DS | FLAG_FROM_DS))
		len += 6;
	if (w->subtype & SUBTYPE_QOS)
		len += w->flags & FLAG_ORDER ? 6 : 2;
	return len;
}

/* IEEE 802.11, table 9-30: which address is the source's and which the destination's. */
static void set_addresses(struct decoder *d, const struct wlan *w, const uint8_t *h)
{
	const uint8_t *a1 = h + 4, *a2 = h + 10, *a3 = h + 16, *a4 = h + 24;

	if (w->type == TYPE_CONTROL) {
		layer_set_link(d, w->header >= 16 ? a2 : NULL, a1, 6);
		return;
	}
	switch (w->type == TYPE_DATA ? w->flags & (FLAG_TO_DS | FLAG_FROM_DS) : 0) {
	case 0: layer_set_macs(d, a2, a1); break;
	case FLAG_TO_DS: layer_set_macs(d, a2, a3); break;
	case FLAG_FROM_DS: layer_set_macs(d, a3, a1); break;
	default: layer_set_macs(d, a4, a3); break;
	}
}

/* An A-MSDU is Ethernet-like subframes: two addresses, a length, LLC. */
static bool amsdu(struct decoder *d)
{
	const uint8_t *h = layer_take(d, 14);

	if (!h)
		return false;
	layer_set_macs(d, h + 6, h);
	layer_limit(d, load_be16(h + 12));
	layer_payload(d);
	return layer_llc(d);
}

static bool wlan_body(struct decoder *d, const struct wlan *w, const uint8_t *h)
{
	size_t qos = (w->flags & (FLAG_TO_DS | FLAG_FROM_DS)) == (FLAG_TO_DS | FLAG_FROM_DS) ? 30 : 24;

	if (w->type != TYPE_DATA || (w->subtype & SUBTYPE_NO_DATA) || (w->flags & FLAG_PROTECTED))
		return false;
	/* fragments are not put together */
	if ((w->flags & FLAG_MORE_FRAGMENTS) || (h[22] & 0xf))
		return false;
	if ((w->subtype & SUBTYPE_QOS) && (h[qos] & QOS_AMSDU))
		return amsdu(d);
	return layer_llc(d);
}

static bool wlan(struct decoder *d, struct wlan *w)
{
	size_t at = d->c.pos;
	const uint8_t *h = cursor_peek(&d->c, 2);

	if (!h || !layer_enter(d)) {
		layer_had(d, 2);
		return false;
	}
	w->type = h[0] >> 2 & 3;
	w->subtype = h[0] >> 4;
	w->flags = h[1];
	w->header = header_len(w);
	if ((h[0] & 3) != 0 || w->type > TYPE_DATA) {
		layer_malformed(d);
		return false;
	}
	if (!layer_take(d, w->header))
		return false;
	set_addresses(d, w, h);
	if (d->sink)
		tell_wlan(d, at, w);
	d->link_proto = PROTO_LINK | d->linktype;
	if (w->padded && w->type == TYPE_DATA && !layer_take(d, (0u - w->header) & 3))
		layer_had(d, 4);
	layer_payload(d);
	if (!wlan_body(d, w, h))
		layer_commit_link(d);
	return true;
}

bool layer_wlan(struct decoder *d)
{
	struct wlan w = { 0 };

	return wlan(d, &w);
}

static COLD void tell_radiotap(struct decoder *d, size_t at, size_t len, uint8_t flags)
{
	static const struct layer_bit bits[] = {
		{ 1, "CFP" }, { 2, "short preamble" }, { 4, "WEP" }, { 8, "fragmented" },
		{ RADIOTAP_FCS, "FCS at end" }, { RADIOTAP_PAD, "padded" },
		{ RADIOTAP_BAD_FCS, "bad FCS" },
	};
	char text[96];

	layer_begin(d, "radiotap", at, len, "%zu bytes", len);
	layer_field(d, "version", at, 1, "%u", d->c.data[at]);
	layer_field(d, "length", at + 2, 2, "%zu", len);
	layer_field(d, "present", at + 4, 4, "0x%08x", load_le32(d->c.data + at + 4));
	layer_field(d, "flags", at, len, "0x%02x (%s)", flags,
		layer_bits(text, sizeof(text), flags, bits, COUNT(bits)));
	layer_end(d);
}

/* The flags field of a radiotap header of len bytes that is all there; 0 where it has none. */
static uint8_t radiotap_flags(const uint8_t *h, size_t len)
{
	size_t at = 4;
	uint32_t present = load_le32(h + 4);

	while (at + 4 <= len && load_le32(h + at) >> 31)
		at += 4;
	at += 4;
	if (present & 1)
		at = ((at + 7) & ~(size_t)7) + 8;
	return (present & 2) && at < len ? h[at] : 0;
}

bool layer_radiotap(struct decoder *d)
{
	size_t at = d->c.pos, len;
	const uint8_t *h = cursor_peek(&d->c, 8);
	struct wlan w = { 0 };
	uint8_t flags;

	if (!h || !layer_enter(d)) {
		layer_had(d, 8);
		return false;
	}
	len = load_le16(h + 2);
	if (h[0] != 0 || len < 8) {
		layer_malformed(d);
		return false;
	}
	if (!layer_take(d, len))
		return false;
	flags = radiotap_flags(h, len);
	if (d->sink)
		tell_radiotap(d, at, len, flags);
	if ((flags & RADIOTAP_FCS) && layer_had(d, 4))
		layer_limit(d, d->wire_end - d->c.pos - 4);
	layer_payload(d);
	w.padded = flags & RADIOTAP_PAD;
	return wlan(d, &w);
}
