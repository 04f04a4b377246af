/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/layer.h"

#include "base/hash.h"
#include "decode/sum.h"
#include "flow/proto.h"

#include <stdarg.h>
#include <stdio.h>

void layer_set_link(struct decoder *d, const uint8_t *src, const uint8_t *dst, size_t len)
{
	d->link_src = src;
	d->link_dst = dst;
	d->link_len = (uint8_t)(len > 6 ? 6 : len);
}

void layer_set_macs(struct decoder *d, const uint8_t *src, const uint8_t *dst)
{
	layer_set_link(d, src, dst, 6);
	memcpy(d->p->src_mac, src, 6);
	memcpy(d->p->dst_mac, dst, 6);
	d->p->flags |= PACKET_HAS_MACS;
}

static void copy_link(struct addr *out, const uint8_t *bytes, size_t len)
{
	memset(out, 0, sizeof(*out));
	if (!bytes || len == 0)
		return;
	out->kind = ADDR_LINK;
	memcpy(out->bytes, bytes, len);
}

void layer_commit_link(struct decoder *d)
{
	copy_link(&d->p->src, d->link_src, d->link_len);
	copy_link(&d->p->dst, d->link_dst, d->link_len);
	d->p->proto = d->link_proto;
	d->p->flags = layer_fresh_flags(d);
	d->p->ttl = d->p->dscp = 0;
	d->p->src_port = d->p->dst_port = 0;
	d->p->fragment_id = 0;
}

void layer_fragment(struct decoder *d, bool later)
{
	struct {
		uint64_t vlan;
		uint32_t point, proto, id, zero;
		struct tunnel tunnel;
		struct addr src, dst;
		uint8_t pad[6];
	} key;
	struct packet *p = d->p;

	/*
	 * The identification is the sender's for a pair of addresses and a protocol (RFC 791); with
	 * IPv6 for the addresses alone, and the next header need not be the same (RFC 8200, 4.5).
	 */
	memset(&key, 0, sizeof(key));
	key.vlan = p->vlan;
	key.point = p->point;
	key.proto = p->src.kind == ADDR_IPV6 ? 0 : p->proto;
	key.id = p->fragment_id;
	key.tunnel = p->tunnel;
	key.src = p->src;
	key.dst = p->dst;
	p->fragment_key = hash_bytes(&key, sizeof(key), 0);
	p->flags |= later ? PACKET_FRAGMENT | PACKET_FRAGMENT_LATER : PACKET_FRAGMENT;
	d->in_fragment = true;
}

bool layer_tunnel(struct decoder *d, enum tunnel_type type, uint32_t id,
	bool (*inner)(struct decoder *d))
{
	/* what the inner layers may add to the outer facts, if they come to nothing */
	const uint32_t kept = PACKET_MALFORMED | PACKET_TOO_DEEP | PACKET_CHECKSUM_IP;
	struct packet outer = *d->p;

	uint32_t flags;

	tunnel_push(&d->p->tunnel, type, id, &outer.src, &outer.dst);
	if (inner(d))
		return true;
	flags = d->p->flags & kept;
	*d->p = outer;
	d->p->flags |= flags;
	return false;
}

bool layer_can_verify(const struct decoder *d)
{
	return d->verify && !d->no_l4_sum && d->c.len == d->wire_end &&
		!(d->p->flags & PACKET_FRAGMENT);
}

static enum sum_state wrong(struct decoder *d)
{
	d->p->flags |= PACKET_CHECKSUM_L4;
	return SUM_WRONG;
}

/*
 * Whether the checksum field holds what a sender leaves there for its network card to complete:
 * the folded sum of the pseudo header alone (with a length of 0 where the card cuts segments
 * too). No error then.
 */
static COLD bool is_offloaded(const struct decoder *d, size_t start, uint8_t proto, uint64_t pseudo)
{
	size_t len = d->wire_end - start;
	const uint8_t length[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len };
	size_t at = start + (proto == PROTO_TCP ? 16 : 6);
	uint16_t field, bare;

	if ((proto != PROTO_TCP && proto != PROTO_UDP) || len < (proto == PROTO_TCP ? 20 : 8))
		return false;
	memcpy(&field, d->c.data + at, sizeof(field));
	bare = sum_fold(pseudo + 0xffff - sum_fold(sum_bytes(length, sizeof(length))));
	return field == sum_fold(pseudo) || field == bare;
}

static enum sum_state verify(struct decoder *d, size_t start, uint8_t proto, size_t header, uint64_t payload)
{
	size_t len = d->wire_end - start;
	size_t addr_bytes = d->p->src.kind == ADDR_IPV6 ? 16 : 4;
	/* length as 32 bits, then protocol as 16: the same sum for IPv4 and IPv6 */
	const uint8_t tail[8] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len, 0, proto };
	uint64_t pseudo;

	pseudo = sum_bytes(d->p->src.bytes, addr_bytes) + sum_bytes(d->p->dst.bytes, addr_bytes);
	pseudo += sum_bytes(tail, sizeof(tail));
	if (likely(sum_fold(pseudo + sum_bytes(d->c.data + start, header) + payload) == 0xffff))
		return SUM_RIGHT;
	if (!is_offloaded(d, start, proto, pseudo))
		return wrong(d);
	d->p->flags |= PACKET_CHECKSUM_OFFLOAD;
	return SUM_OFFLOADED;
}

enum sum_state layer_verify(struct decoder *d, size_t start, uint8_t proto)
{
	if (!layer_can_verify(d))
		return SUM_UNKNOWN;
	return verify(d, start, proto, d->wire_end - start, 0);
}

enum sum_state layer_verify_tcp(struct decoder *d, size_t start, size_t header)
{
	enum sum_state state;
	uint64_t payload;

	if (!layer_can_verify(d))
		return SUM_UNKNOWN;
	/* headers have an even length: the two sums add up, and one walk serves both */
	payload = sum_bytes(d->c.data + start + header, d->wire_end - start - header);
	state = verify(d, start, PROTO_TCP, header, payload);
	if (likely(state != SUM_WRONG)) {
		d->p->payload_sum = sum_fold(payload);
		d->p->flags |= PACKET_HAS_SUM;
	}
	return state;
}

enum sum_state layer_verify_plain(struct decoder *d, size_t start)
{
	if (!layer_can_verify(d))
		return SUM_UNKNOWN;
	if (likely(sum_fold(sum_bytes(d->c.data + start, d->wire_end - start)) == 0xffff))
		return SUM_RIGHT;
	return wrong(d);
}

void layer_ports_only(struct decoder *d, const char *name, size_t header)
{
	size_t at = d->c.pos;
	const uint8_t *h = cursor_peek(&d->c, 4);

	if (!h || !layer_enter(d)) {
		layer_had(d, header);
		return;
	}
	/* what is left of the header is no payload */
	d->p->payload_off = (uint32_t)d->c.len;
	d->p->payload_len = layer_had(d, header) ? d->wire_end - (uint32_t)(at + header) : 0;
	d->p->src_port = load_be16(h);
	d->p->dst_port = load_be16(h + 2);
	d->p->flags |= PACKET_HAS_PORTS;
	if (!d->sink)
		return;
	layer_begin(d, name, at, 4, "%u -> %u, the header is cut", load_be16(h), load_be16(h + 2));
	layer_field(d, "source port", at, 2, "%u", load_be16(h));
	layer_field(d, "destination port", at + 2, 2, "%u", load_be16(h + 2));
	layer_end(d);
}

void layer_quoted(struct decoder *d, bool (*layer)(struct decoder *d))
{
	struct packet facts = { 0 };
	struct decoder quoted = *d;

	quoted.p = &facts;
	quoted.verify = false;
	layer_begin(d, "quoted", d->c.pos, cursor_left(&d->c), "the packet this is about");
	layer(&quoted);
	layer_end(d);
	d->payload_told = true;
}

void layer_begin(const struct decoder *d, const char *name, size_t at, size_t len,
	const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->sink->begin(d->sink->ctx, name, text, (uint32_t)at, (uint32_t)len);
}

void layer_field(const struct decoder *d, const char *name, size_t at, size_t len,
	const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->sink->field(d->sink->ctx, name, text, (uint32_t)at, (uint32_t)len);
}

void layer_end(const struct decoder *d)
{
	d->sink->end(d->sink->ctx);
}

void layer_field_sum(const struct decoder *d, const char *name, size_t at, enum sum_state sum)
{
	static const char *const words[] = {
		[SUM_UNKNOWN] = "not verified",
		[SUM_RIGHT] = "correct",
		[SUM_WRONG] = "wrong",
		[SUM_NONE] = "none",
		[SUM_OFFLOADED] = "left to the sender's network card",
	};

	layer_field(d, name, at, 2, "0x%04x (%s)", load_be16(d->c.data + at), words[sum]);
}

void layer_field_addr(const struct decoder *d, const char *name, size_t at, enum addr_kind kind)
{
	struct addr a = { .kind = (uint8_t)kind };
	char text[ADDR_TEXT];
	size_t len = addr_len(&a);

	memcpy(a.bytes, d->c.data + at, len);
	addr_format(text, sizeof(text), &a);
	layer_field(d, name, at, len, "%s", text);
}

void layer_field_hex(const struct decoder *d, const char *name, size_t at, size_t len)
{
	enum { SHOWN = 64 };
	char text[2 * SHOWN + 4];
	size_t n = len < SHOWN ? len : SHOWN;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", d->c.data[at + i]);
	layer_field(d, name, at, len, "%s%s", text, len > SHOWN ? "..." : "");
}

const char *layer_bits(char *out, size_t size, uint32_t value, const struct layer_bit *bits,
	size_t count)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		int n;

		if (!(value & bits[i].mask))
			continue;
		n = snprintf(out + at, size - at, "%s%s", at ? ", " : "", bits[i].name);
		if (n < 0 || (size_t)n >= size - at)
			break;
		at += (size_t)n;
	}
	return at ? out : "none";
}

const char *layer_name(const struct layer_name *names, size_t count, uint32_t value,
	const char *unknown)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].value == value)
			return names[i].name;
	return unknown;
}

const char *layer_proto(char *out, size_t size, uint32_t proto)
{
	proto_format(out, size, proto);
	return out;
}
