/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/decode.h"

#include "decode/layer.h"

typedef bool (*link_layer)(struct decoder *d);

static link_layer other_link_layer(uint32_t linktype)
{
	static const struct {
		uint32_t linktype;
		link_layer layer;
	} table[] = {
		{ 0, layer_null },              /* NULL */
		{ 9, layer_ppp_link },          /* PPP */
		{ 10, layer_fddi },             /* FDDI */
		{ 12, layer_raw },              /* RAW, as some systems number it */
		{ 14, layer_raw },
		{ 50, layer_ppp_link },         /* PPP_HDLC */
		{ 51, layer_pppoe_link },       /* PPP_ETHER */
		{ 101, layer_raw },             /* RAW */
		{ 104, layer_hdlc },            /* C_HDLC */
		{ 105, layer_wlan },            /* IEEE802_11 */
		{ 107, layer_frame_relay },     /* FRELAY */
		{ 108, layer_loop },            /* LOOP */
		{ 113, layer_sll },             /* LINUX_SLL */
		{ 127, layer_radiotap },        /* IEEE802_11_RADIOTAP */
		{ 204, layer_ppp_direction },   /* PPP_WITH_DIR */
		{ 228, layer_raw },             /* IPV4 */
		{ 229, layer_raw },             /* IPV6 */
		{ 239, layer_nflog },           /* NFLOG */
		{ 276, layer_sll2 },            /* LINUX_SLL2 */
	};

	for (size_t i = 0; i < COUNT(table); i++)
		if (table[i].linktype == linktype)
			return table[i].layer;
	return NULL;
}

bool decode_knows_linktype(uint32_t linktype)
{
	return linktype == 1 || other_link_layer(linktype) != NULL;
}

/* All of *out but what is the caller's. */
static inline void init_packet(const struct decode_frame *frame, struct packet *out)
{
	const uint32_t kept = PACKET_TIME_UNKNOWN | PACKET_TIME_SATURATED;
	int64_t time_ns = out->time_ns;
	uint32_t offset = out->offset, record_len = out->record_len, point = out->point;
	uint32_t flags = out->flags & kept;

	memset(out, 0, sizeof(*out));
	out->time_ns = time_ns;
	out->offset = offset;
	out->record_len = record_len;
	out->point = point;
	out->flags = frame->caplen < frame->len ? flags | PACKET_CUT : flags;
	out->len = frame->len;
	out->caplen = frame->caplen;
	out->proto = PROTO_LINK | (frame->linktype & 0xffff);
}

static inline void init(struct decoder *d, const struct decode_frame *frame, struct packet *out)
{
	uint32_t wire_len = frame->len > frame->caplen ? frame->len : frame->caplen;

	init_packet(frame, out);
	if (frame->fcs_len < wire_len)
		wire_len -= frame->fcs_len;
	*d = (struct decoder){
		.wire_end = wire_len,
		.p = out,
		.linktype = frame->linktype & 0xffff,
		.link_proto = out->proto,
		.verify = frame->verify,
	};
	cursor_init(&d->c, frame->data, frame->caplen < wire_len ? frame->caplen : wire_len);
}

static bool walk(struct decoder *d, uint32_t linktype)
{
	link_layer layer;
	bool found;

	layer_payload(d);
	if (likely(linktype == 1)) {
		found = layer_ethernet(d);
	} else {
		layer = other_link_layer(linktype);
		found = layer && layer(d);
	}
	if (unlikely(!found))
		d->p->flags |= PACKET_UNDECODED;
	return found;
}

void decode_packet(const struct decode_frame *frame, struct packet *out)
{
	struct decoder d;

	init(&d, frame, out);
	walk(&d, frame->linktype);
}

/* What no layer has claimed: payload, then what follows it (padding, trailers, check sequence). */
static void tell_rest(struct decoder *d, const struct decode_frame *frame)
{
	const struct packet *p = d->p;
	size_t end = p->payload_off, here;

	here = frame->caplen - end;
	if (here > p->payload_len)
		here = p->payload_len;
	if (here && !d->payload_told) {
		layer_begin(d, "data", end, here, "%u bytes%s", p->payload_len,
			here < p->payload_len ? ", cut" : "");
		layer_end(d);
	}
	end += here;
	if (end < frame->caplen) {
		layer_begin(d, "trailer", end, frame->caplen - end, "%zu bytes", frame->caplen - end);
		layer_end(d);
	}
}

static void tell_troubles(struct decoder *d, const struct decode_frame *frame)
{
	static const struct layer_bit bits[] = {
		{ PACKET_MALFORMED, "a header contradicts itself or ends early" },
		{ PACKET_CUT, "captured shorter than it was" },
		{ PACKET_UNDECODED, "not decoded" },
		{ PACKET_TOO_DEEP, "more layers than are followed" },
	};
	char text[200];
	uint32_t flags = d->p->flags;

	if (!(flags & (PACKET_MALFORMED | PACKET_CUT | PACKET_UNDECODED | PACKET_TOO_DEEP)))
		return;
	layer_begin(d, "note", frame->caplen, 0, "%s",
		layer_bits(text, sizeof(text), flags, bits, COUNT(bits)));
	if (flags & PACKET_CUT)
		layer_field(d, "captured", frame->caplen, 0, "%u of %u bytes", frame->caplen, frame->len);
	layer_end(d);
}

void decode_layers(const struct decode_frame *frame, struct packet *out,
	const struct decode_sink *sink)
{
	struct decoder d;

	init(&d, frame, out);
	d.sink = sink;
	walk(&d, frame->linktype);
	tell_rest(&d, frame);
	tell_troubles(&d, frame);
}
