/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ethernet II and IEEE 802.3, VLAN tags, and what an EtherType announces. */
#include "decode/layer.h"

enum {
	ETHERNET_HEADER = 14,
	ETHERTYPE_LEAST = 0x600,   /* below is a length (IEEE 802.3, 3.2.6) */
	ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_RARP = 0x8035,
	ETHERTYPE_VLAN = 0x8100, ETHERTYPE_IPV6 = 0x86dd, ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_UPSTREAM = 0x8848, ETHERTYPE_PPPOE_DISCOVERY = 0x8863,
	ETHERTYPE_PPPOE = 0x8864, ETHERTYPE_QINQ = 0x88a8, ETHERTYPE_TEB = 0x6558,
	ETHERTYPE_CISCO_METADATA = 0x8909, ETHERTYPE_QINQ_OLD = 0x9100, ETHERTYPE_QINQ_OLDER = 0x9200,
};

static COLD void tell_ethernet(struct decoder *d, size_t at)
{
	const uint8_t *h = d->c.data + at;
	uint16_t type = load_be16(h + 12);
	char name[32];

	if (type >= ETHERTYPE_LEAST)
		layer_begin(d, "ethernet", at, ETHERNET_HEADER, "%s",
			layer_proto(name, sizeof(name), PROTO_ETHER | type));
	else
		layer_begin(d, "ethernet", at, ETHERNET_HEADER, "IEEE 802.3, %u bytes", type);
	layer_field_addr(d, "destination", at, ADDR_LINK);
	layer_field_addr(d, "source", at + 6, ADDR_LINK);
	if (type >= ETHERTYPE_LEAST)
		layer_field(d, "type", at + 12, 2, "0x%04x (%s)", type,
			layer_proto(name, sizeof(name), PROTO_ETHER | type));
	else
		layer_field(d, "length", at + 12, 2, "%u", type);
	layer_end(d);
}

/* A length in place of an EtherType: LLC, or Novell's IPX right behind it. */
static bool ethernet_length(struct decoder *d, uint16_t len)
{
	const uint8_t *h;

	if (len <= 1500)
		layer_limit(d, len);
	layer_payload(d);
	h = cursor_peek(&d->c, 2);
	if (h && h[0] == 0xff && h[1] == 0xff) {
		d->link_proto = PROTO_LLC | 0xffff;
		return false;
	}
	return layer_llc(d);
}

bool layer_ethernet(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, ETHERNET_HEADER);
	uint16_t type;
	bool found;

	if (unlikely(!h) || unlikely(!layer_enter(d)))
		return false;
	layer_set_macs(d, h + 6, h);
	if (unlikely(d->sink != NULL))
		tell_ethernet(d, at);
	type = load_be16(h + 12);
	if (likely(type >= ETHERTYPE_LEAST))
		found = layer_ethertype(d, type);
	else
		found = ethernet_length(d, type);
	if (unlikely(!found))
		layer_commit_link(d);
	return true;
}

static COLD void tell_vlan(struct decoder *d, size_t at, uint16_t type)
{
	static const char *const priorities[] = { "best effort", "background", "excellent effort",
		"critical applications", "video", "voice", "internetwork control", "network control" };
	const uint8_t *h = d->c.data + at;
	unsigned tci = load_be16(h);
	char name[32];

	layer_begin(d, "vlan", at, 4, "id %u%s", tci & 0xfff,
		type == ETHERTYPE_VLAN ? "" : ", service tag");
	layer_field(d, "priority", at, 1, "%u (%s)", tci >> 13, priorities[tci >> 13]);
	layer_field(d, "drop eligible", at, 1, "%s", tci >> 12 & 1 ? "yes" : "no");
	layer_field(d, "id", at, 2, "%u", tci & 0xfff);
	layer_field(d, load_be16(h + 2) < ETHERTYPE_LEAST ? "length" : "type", at + 2, 2, "0x%04x (%s)",
		load_be16(h + 2), layer_proto(name, sizeof(name), PROTO_ETHER | load_be16(h + 2)));
	layer_end(d);
}

/* IEEE 802.1Q: two bytes of tag, then the EtherType or length behind it. */
static bool layer_vlan(struct decoder *d, uint16_t tag_type)
{
	size_t at = d->c.pos;
	const uint8_t *h;
	uint16_t type;

	d->link_proto = PROTO_ETHER | tag_type;
	if (!layer_enter(d))
		return false;
	h = layer_take(d, 4);
	if (!h)
		return false;
	d->p->vlan = vlan_push(d->p->vlan, load_be16(h) & 0xfff);
	if (d->sink)
		tell_vlan(d, at, tag_type);
	type = load_be16(h + 2);
	return type < ETHERTYPE_LEAST ? ethernet_length(d, type) : layer_ethertype(d, type);
}

bool layer_metadata(struct decoder *d, bool type_first)
{
	size_t at = d->c.pos, options, len;
	size_t start = type_first ? 2 : 0;
	const uint8_t *h = cursor_peek(&d->c, 4);
	uint16_t type;

	if (!h || !layer_enter(d)) {
		layer_had(d, 4);
		return false;
	}
	if (h[start] != 1 || h[start + 1] == 0) {
		layer_malformed(d);
		return false;
	}
	options = h[start + 1] * 4u;
	len = options + 4;
	h = layer_take(d, len);
	if (!h)
		return false;
	type = load_be16(type_first ? h : h + 2 + options);
	if (d->sink) {
		layer_begin(d, "cisco metadata", at, len, "group %u", load_be16(h + start + 4));
		layer_field(d, "security group", at + start + 4, 2, "%u", load_be16(h + start + 4));
		layer_field(d, "type", at + (type_first ? 0 : 2 + options), 2, "0x%04x", type);
		layer_end(d);
	}
	return layer_ethertype(d, type);
}

static bool other_ethertype(struct decoder *d, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
	case ETHERTYPE_QINQ_OLDER: return layer_vlan(d, type);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM: return layer_mpls(d);
	case ETHERTYPE_PPPOE: return layer_pppoe(d);
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP: layer_arp(d); return false;
	case ETHERTYPE_CISCO_METADATA: return layer_metadata(d, false);
	case ETHERTYPE_TEB: return layer_ethernet(d);
	default: return false;
	}
}

bool layer_ethertype(struct decoder *d, uint16_t type)
{
	d->link_proto = PROTO_ETHER | type;
	layer_payload(d);
	if (likely(type == ETHERTYPE_IPV4))
		return layer_ipv4(d);
	if (type == ETHERTYPE_IPV6)
		return layer_ipv6(d);
	return other_ethertype(d, type);
}
