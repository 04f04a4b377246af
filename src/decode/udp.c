/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDP (RFC 768) and UDP-Lite (RFC 3828); SCTP (RFC 9260). */
#include "decode/layer.h"
#include "decode/sum.h"

enum {
	UDP_HEADER = 8, SCTP_HEADER = 12, RTCP_HEADER = 8,
	PORT_GTPU = 2152, PORT_TEREDO = 3544, PORT_VXLAN = 4789, PORT_VXLAN_GPE = 4790, PORT_GENEVE = 6081,
	PORT_VXLAN_LINUX = 8472,
};

static COLD void tell_udp(struct decoder *d, const char *name, size_t at, enum sum_state sum)
{
	const uint8_t *h = d->c.data + at;

	layer_begin(d, name, at, UDP_HEADER, "%u -> %u", load_be16(h), load_be16(h + 2));
	layer_field(d, "source port", at, 2, "%u", load_be16(h));
	layer_field(d, "destination port", at + 2, 2, "%u", load_be16(h + 2));
	layer_field(d, d->p->proto == PROTO_UDPLITE ? "checksum coverage" : "length", at + 4, 2, "%u",
		load_be16(h + 4));
	layer_field_sum(d, "checksum", at + 6, sum);
	layer_end(d);
}

/* The length field; a first fragment holds less than it says. */
static void udp_length(struct decoder *d, size_t len)
{
	if (d->p->flags & PACKET_FRAGMENT)
		return;
	if (likely(len >= UDP_HEADER)) {
		layer_limit(d, len - UDP_HEADER);
		return;
	}
	d->no_l4_sum = true;
	/* 0: a jumbogram (RFC 2675), or a length that does not fit */
	if (len)
		layer_malformed(d);
}

/* Version 2 (RFC 3550, 5.1 and 6.1); DTLS, STUN, ZRTP, TURN and QUIC begin otherwise (RFC 7983, RFC 9443). */
static void udp_media(struct decoder *d, uint16_t src_port, uint16_t dst_port)
{
	const uint8_t *h = cursor_peek(&d->c, RTCP_HEADER);

	if (src_port >= 1024 && dst_port >= 1024 && h && h[0] >> 6 == 2)
		d->p->flags |= PACKET_MEDIA;
}

/* What the ports say is inside. */
static void udp_inside(struct decoder *d, uint16_t src_port, uint16_t dst_port)
{
	switch (dst_port) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX: layer_vxlan(d); return;
	case PORT_VXLAN_GPE: layer_vxlan_gpe(d); return;
	case PORT_GENEVE: layer_geneve(d); return;
	case PORT_GTPU: layer_gtpu(d); return;
	case PORT_TEREDO: layer_teredo(d); return;
	default: break;
	}
	if (unlikely(src_port == PORT_TEREDO))
		layer_teredo(d);
	else
		udp_media(d, src_port, dst_port);
}

static const uint8_t *udp_ports(struct decoder *d, const char *name, size_t header)
{
	const uint8_t *h = cursor_peek(&d->c, header);

	if (unlikely(!h)) {
		layer_ports_only(d, name, header);
		return NULL;
	}
	if (unlikely(!layer_enter(d)))
		return NULL;
	cursor_skip(&d->c, header);
	d->p->src_port = load_be16(h);
	d->p->dst_port = load_be16(h + 2);
	d->p->flags |= PACKET_HAS_PORTS;
	return h;
}

void layer_udp(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = udp_ports(d, "udp", UDP_HEADER);
	enum sum_state sum = SUM_UNKNOWN;

	if (unlikely(!h))
		return;
	udp_length(d, load_be16(h + 4));
	layer_payload(d);
	/* 0 is "none"; over IPv6 that is allowed to tunnels (RFC 6935) */
	if (load_be16(h + 6) == 0)
		sum = SUM_NONE;
	else if (d->verify)
		sum = layer_verify(d, at, PROTO_UDP);
	if (unlikely(d->sink != NULL))
		tell_udp(d, "udp", at, sum);
	udp_inside(d, load_be16(h), load_be16(h + 2));
}

/* The checksum covers as many bytes as the header says, 0 for all. */
static enum sum_state udplite_verify(struct decoder *d, size_t at, size_t covered)
{
	size_t len = d->wire_end - at;

	if (covered == 0 || covered == len)
		return layer_verify(d, at, PROTO_UDPLITE);
	if (covered < UDP_HEADER || covered > len)
		layer_malformed(d);
	return SUM_UNKNOWN;
}

void layer_udplite(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = udp_ports(d, "udplite", UDP_HEADER);
	enum sum_state sum;

	if (!h)
		return;
	layer_payload(d);
	sum = udplite_verify(d, at, load_be16(h + 4));
	if (d->sink)
		tell_udp(d, "udplite", at, sum);
}

static const struct layer_name chunk_names[] = {
	{ 0, "data" }, { 1, "init" }, { 2, "init ack" }, { 3, "sack" }, { 4, "heartbeat" },
	{ 5, "heartbeat ack" }, { 6, "abort" }, { 7, "shutdown" }, { 8, "shutdown ack" },
	{ 9, "error" }, { 10, "cookie echo" }, { 11, "cookie ack" }, { 14, "shutdown complete" },
	{ 15, "auth" }, { 64, "i-data" }, { 128, "asconf ack" }, { 130, "re-config" },
	{ 132, "pad" }, { 192, "forward tsn" }, { 193, "asconf" }, { 194, "i-forward-tsn" },
};

static COLD void tell_sctp(struct decoder *d, size_t at, enum sum_state sum)
{
	const uint8_t *h = d->c.data + at;
	size_t chunk = at + SCTP_HEADER;

	layer_begin(d, "sctp", at, SCTP_HEADER, "%u -> %u", load_be16(h), load_be16(h + 2));
	layer_field(d, "source port", at, 2, "%u", load_be16(h));
	layer_field(d, "destination port", at + 2, 2, "%u", load_be16(h + 2));
	layer_field(d, "verification tag", at + 4, 4, "0x%08x", load_be32(h + 4));
	layer_field(d, "checksum", at + 8, 4, "0x%08x (%s)", load_be32(h + 8),
		sum == SUM_RIGHT ? "correct" : sum == SUM_WRONG ? "wrong" : "not verified");
	while (chunk + 4 <= d->c.len) {
		const uint8_t *c = d->c.data + chunk;
		size_t len = load_be16(c + 2);

		layer_field(d, "chunk", chunk, len < d->c.len - chunk ? len : d->c.len - chunk,
			"%u (%s), %zu bytes", c[0],
			layer_name(chunk_names, COUNT(chunk_names), c[0], "unknown"), len);
		if (len < 4)
			break;
		chunk += (len + 3) & ~(size_t)3;
	}
	layer_end(d);
}

/* CRC-32C over the message with the checksum taken as 0; 0 is "none" (RFC 9653). */
static enum sum_state sctp_verify(struct decoder *d, size_t at)
{
	static const uint8_t zeros[4];
	const uint8_t *h = d->c.data + at;
	uint32_t crc;

	if (!layer_can_verify(d))
		return SUM_UNKNOWN;
	if (load_le32(h + 8) == 0)
		return SUM_NONE;
	crc = sum_crc32c(0, h, 8);
	crc = sum_crc32c(crc, zeros, sizeof(zeros));
	crc = sum_crc32c(crc, h + SCTP_HEADER, d->wire_end - at - SCTP_HEADER);
	if (crc == load_le32(h + 8))
		return SUM_RIGHT;
	d->p->flags |= PACKET_CHECKSUM_L4;
	return SUM_WRONG;
}

void layer_sctp(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = udp_ports(d, "sctp", SCTP_HEADER);
	enum sum_state sum;

	if (!h)
		return;
	layer_payload(d);
	sum = sctp_verify(d, at);
	if (d->sink)
		tell_sctp(d, at, sum);
}
