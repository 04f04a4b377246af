/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MPLS (RFC 3032). What follows the label stack is not said anywhere: IP by its first four
 * bits, else Ethernet over MPLS with or without a control word (RFC 4448), where that makes sense.
 * Labels differ by direction and are no part of a conversation.
 */
#include "decode/layer.h"

enum { LABELS = 16 };        /* more than that in one stack is no stack */

static COLD void tell_label(struct decoder *d, size_t at)
{
	uint32_t word = load_be32(d->c.data + at);

	layer_begin(d, "mpls", at, 4, "label %u", word >> 12);
	layer_field(d, "label", at, 3, "%u", word >> 12);
	layer_field(d, "traffic class", at + 2, 1, "%u", word >> 9 & 7);
	layer_field(d, "bottom of stack", at + 2, 1, "%s", word >> 8 & 1 ? "yes" : "no");
	layer_field(d, "ttl", at + 3, 1, "%u", word & 0xff);
	layer_end(d);
}

/* Whether Ethernet with something well known in it could begin `skip` bytes ahead. */
static bool ethernet_like(const struct decoder *d, size_t skip)
{
	const uint8_t *h = cursor_peek(&d->c, skip + 15);

	if (!h)
		return false;
	h += skip;
	switch (load_be16(h + 12)) {
	case 0x0800: return h[14] >> 4 == 4;
	case 0x86dd: return h[14] >> 4 == 6;
	case 0x0806: return h[14] == 0;
	case 0x8100:
	case 0x88a8:
	case 0x8847:
	case 0x8864: return true;
	default: return false;
	}
}

static bool behind_labels(struct decoder *d)
{
	const uint8_t *h = cursor_peek(&d->c, 1);

	if (!h) {
		layer_had(d, 1);
		return false;
	}
	if (ethernet_like(d, 0))
		return layer_ethernet(d);
	if (h[0] >> 4 == 4 || h[0] >> 4 == 6)
		return layer_ip(d);
	if (h[0] >> 4 == 0 && ethernet_like(d, 4)) {
		cursor_skip(&d->c, 4);
		return layer_ethernet(d);
	}
	return false;
}

bool layer_mpls(struct decoder *d)
{
	if (!layer_enter(d))
		return false;
	for (int i = 0; i < LABELS; i++) {
		size_t at = d->c.pos;
		const uint8_t *h = layer_take(d, 4);

		if (!h)
			return false;
		if (d->sink)
			tell_label(d, at);
		if (h[2] & 1) {
			layer_payload(d);
			return behind_labels(d);
		}
	}
	d->p->flags |= PACKET_TOO_DEEP;
	return false;
}
