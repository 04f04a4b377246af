/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux "cooked" captures, LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2, and NFLOG. */
#include "decode/layer.h"

enum { ARPHRD_NETLINK = 824, ARPHRD_IPGRE = 778, SLL_LLC = 0x0004 };

static const struct layer_name directions[] = {
	{ 0, "to us" }, { 1, "broadcast" }, { 2, "multicast" }, { 3, "to somebody else" },
	{ 4, "from us" },
};

/* Where the parts of the two headers are. */
struct sll_form {
	const char *name;
	uint8_t len, protocol, arphrd, direction, addr_len, addr;
};

static const struct sll_form sll1 = { "sll", 16, 14, 2, 1, 5, 6 };
static const struct sll_form sll2 = { "sll2", 20, 0, 8, 10, 11, 12 };

static COLD void tell_sll(struct decoder *d, size_t at, const struct sll_form *f)
{
	const uint8_t *h = d->c.data + at;
	unsigned direction = f == &sll1 ? load_be16(h) : h[f->direction];
	const char *where = layer_name(directions, COUNT(directions), direction, "unknown");
	size_t n = h[f->addr_len] > 8 ? 8 : h[f->addr_len];
	char name[32];

	layer_begin(d, f->name, at, f->len, "%s", where);
	layer_field(d, "packet type", at + (f == &sll1 ? 0u : f->direction), f == &sll1 ? 2 : 1,
		"%u (%s)", direction, where);
	layer_field(d, "hardware type", at + f->arphrd, 2, "%u", load_be16(h + f->arphrd));
	if (f == &sll2)
		layer_field(d, "interface index", at + 4, 4, "%u", load_be32(h + 4));
	if (n == 6)
		layer_field_addr(d, "source", at + f->addr, ADDR_LINK);
	else
		layer_field_hex(d, "source", at + f->addr, n);
	layer_field(d, "protocol", at + f->protocol, 2, "0x%04x (%s)", load_be16(h + f->protocol),
		layer_proto(name, sizeof(name), PROTO_ETHER | load_be16(h + f->protocol)));
	layer_end(d);
}

/* Below 0x600 the protocol is one of Linux' own numbers; netlink has no link layer's at all. */
static bool sll_inner(struct decoder *d, uint16_t arphrd, uint16_t protocol)
{
	d->link_proto = PROTO_ETHER | protocol;
	if (arphrd == ARPHRD_NETLINK || (arphrd >= 801 && arphrd <= 803)) {
		d->link_proto = PROTO_LINK | d->linktype;
		return false;
	}
	if (arphrd == ARPHRD_IPGRE && protocol < 0x600)
		return false;
	if (protocol == SLL_LLC)
		return layer_llc(d);
	if (protocol < 0x600) {
		d->link_proto = PROTO_LINK | d->linktype;
		return false;
	}
	return layer_ethertype(d, protocol);
}

static bool sll(struct decoder *d, const struct sll_form *f)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, f->len);
	size_t addr_len;

	if (!h || !layer_enter(d))
		return false;
	addr_len = f == &sll1 ? load_be16(h + 4) : h[f->addr_len];
	layer_set_link(d, addr_len ? h + f->addr : NULL, NULL, addr_len);
	if (d->sink)
		tell_sll(d, at, f);
	layer_payload(d);
	if (!sll_inner(d, load_be16(h + f->arphrd), load_be16(h + f->protocol)))
		layer_commit_link(d);
	return true;
}

bool layer_sll(struct decoder *d)
{
	return sll(d, &sll1);
}

bool layer_sll2(struct decoder *d)
{
	return sll(d, &sll2);
}

enum { NFLOG_PAYLOAD = 9, NFLOG_HWADDR = 8, NFLOG_ATTRIBUTES = 64 };

static const struct layer_name nflog_attributes[] = {
	{ 1, "packet header" }, { 2, "mark" }, { 3, "timestamp" }, { 4, "in interface" },
	{ 5, "out interface" }, { 6, "physical in interface" }, { 7, "physical out interface" },
	{ 8, "hardware address" }, { 9, "payload" }, { 10, "prefix" }, { 11, "user id" },
	{ 12, "sequence" }, { 13, "global sequence" }, { 14, "group id" },
	{ 15, "hardware type" }, { 16, "hardware header" }, { 17, "hardware header length" },
};

struct nflog_attribute {
	size_t at, len;          /* of the whole attribute, header included */
	unsigned type;
};

/*
 * The attribute at the cursor; its numbers are in the byte order of the machine that captured,
 * which nothing tells: little-endian, unless that makes no sense.
 */
static bool nflog_attribute(struct decoder *d, struct nflog_attribute *out)
{
	const uint8_t *h = cursor_peek(&d->c, 4);
	size_t little, big;

	if (!h) {
		layer_had(d, 4);
		return false;
	}
	little = load_le16(h);
	big = load_be16(h);
	out->at = d->c.pos;
	if (little >= 4 && little <= d->wire_end - d->c.pos && load_le16(h + 2) < 256) {
		out->len = little;
		out->type = load_le16(h + 2) & 0x7fff;
	} else {
		out->len = big;
		out->type = load_be16(h + 2) & 0x7fff;
	}
	if (out->len >= 4 && layer_had(d, out->len))
		return true;
	layer_malformed(d);
	return false;
}

static bool nflog_payload(struct decoder *d, uint8_t family, size_t len)
{
	cursor_skip(&d->c, 4);
	layer_limit(d, len - 4);
	layer_payload(d);
	if (family == 2)
		return layer_ipv4(d);
	return family == 10 && layer_ipv6(d);
}

static COLD void tell_nflog(struct decoder *d, size_t at)
{
	const uint8_t *h = d->c.data + at;

	layer_begin(d, "nflog", at, 4, "group %u", load_be16(h + 2));
	layer_field(d, "family", at, 1, "%u%s", h[0], h[0] == 2 ? " (IPv4)" : h[0] == 10 ? " (IPv6)" : "");
	layer_field(d, "version", at + 1, 1, "%u", h[1]);
	layer_field(d, "resource id", at + 2, 2, "%u", load_be16(h + 2));
	layer_end(d);
}

static COLD void tell_attribute(struct decoder *d, const struct nflog_attribute *a)
{
	const char *name = layer_name(nflog_attributes, COUNT(nflog_attributes), a->type, "attribute");
	size_t left = cursor_left(&d->c);
	size_t len = a->len < left ? a->len : left;

	layer_begin(d, "nflog attribute", a->at, len, "%s", name);
	if (a->type != NFLOG_PAYLOAD && len > 4)
		layer_field_hex(d, name, a->at + 4, len - 4);
	layer_end(d);
}

bool layer_nflog(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 4);
	struct nflog_attribute a;

	if (!h || !layer_enter(d))
		return false;
	layer_payload(d);
	d->link_proto = PROTO_LINK | d->linktype;
	if (d->sink)
		tell_nflog(d, at);
	for (int i = 0; i < NFLOG_ATTRIBUTES && d->c.pos < d->wire_end; i++) {
		if (!nflog_attribute(d, &a))
			break;
		if (d->sink)
			tell_attribute(d, &a);
		if (a.type == NFLOG_PAYLOAD) {
			if (nflog_payload(d, h[0], a.len))
				return true;
			break;
		}
		if (!layer_take(d, a.len + ((0u - a.len) & 3)))
			break;
	}
	layer_commit_link(d);
	return true;
}
