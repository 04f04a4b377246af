/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IEEE 802.2 LLC with SNAP, and FDDI, which knows nothing else. */
#include "decode/layer.h"

enum { SAP_IP = 0x06, SAP_SNAP = 0xaa };

static const struct layer_name saps[] = {
	{ 0x00, "null" }, { 0x06, "IP" }, { 0x42, "spanning tree" }, { 0xaa, "SNAP" },
	{ 0xe0, "NetWare" }, { 0xf0, "NetBIOS" }, { 0xfe, "OSI" }, { 0xff, "global" },
};

static COLD void tell_llc(struct decoder *d, size_t at, size_t len)
{
	const uint8_t *h = d->c.data + at;
	const char *to = layer_name(saps, COUNT(saps), h[0] & 0xfe, "unknown");
	const char *from = layer_name(saps, COUNT(saps), h[1] & 0xfe, "unknown");

	layer_begin(d, "llc", at, len, "%s, %s", to, h[1] & 1 ? "response" : "command");
	layer_field(d, "dsap", at, 1, "0x%02x (%s%s)", h[0], to, h[0] & 1 ? ", group" : "");
	layer_field(d, "ssap", at + 1, 1, "0x%02x (%s, %s)", h[1], from,
		h[1] & 1 ? "response" : "command");
	if (len == 3)
		layer_field(d, "control", at + 2, 1, "0x%02x (%s)", h[2],
			(h[2] & 0xef) == 0x03 ? "unnumbered information" : "unnumbered");
	else
		layer_field(d, "control", at + 2, 2, "0x%02x%02x (%s)", h[2], h[3],
			h[2] & 1 ? "supervisory" : "information");
	layer_end(d);
}

static COLD void tell_snap(struct decoder *d, size_t at, const char *what)
{
	const uint8_t *h = d->c.data + at;

	layer_begin(d, "snap", at, 5, "%s", what);
	layer_field(d, "oui", at, 3, "%02x:%02x:%02x", h[0], h[1], h[2]);
	layer_field(d, "protocol", at + 3, 2, "0x%04x", load_be16(h + 3));
	layer_end(d);
}

/* RFC 1042: an organisation and its protocol; organisation 0 (and 802.1H's) means an EtherType. */
static bool layer_snap(struct decoder *d)
{
	static const struct layer_name cisco[] = {
		{ 0x2000, "Cisco Discovery Protocol" }, { 0x2003, "VLAN Trunking Protocol" },
		{ 0x2004, "Dynamic Trunking Protocol" }, { 0x010b, "per-VLAN spanning tree" },
		{ 0x0111, "UniDirectional Link Detection" },
	};
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 5);
	uint32_t oui;
	uint16_t type;

	if (!h || !layer_enter(d))
		return false;
	oui = load_be32(h) >> 8;
	type = load_be16(h + 3);
	layer_payload(d);
	if (d->sink) {
		char name[32];

		tell_snap(d, at, oui == 0x00000c ? layer_name(cisco, COUNT(cisco), type, "Cisco") :
			oui == 0 || oui == 0x0000f8 ?
			layer_proto(name, sizeof(name), PROTO_ETHER | type) : "private");
	}
	if ((oui == 0 || oui == 0x0000f8) && type >= 0x600)
		return layer_ethertype(d, type);
	return false;
}

bool layer_llc(struct decoder *d)
{
	size_t at = d->c.pos, len;
	const uint8_t *h = cursor_peek(&d->c, 3);

	/* an answer has the command bit set: it belongs to the same conversation */
	d->link_proto = h ? PROTO_LLC | (uint32_t)h[0] << 8 | (h[1] & 0xfe) : PROTO_LLC;
	if (!h || !layer_enter(d)) {
		layer_had(d, 3);
		return false;
	}
	len = (h[2] & 3) == 3 ? 3 : 4;
	if (!layer_take(d, len))
		return false;
	layer_payload(d);
	if (d->sink)
		tell_llc(d, at, len);
	if (h[0] == SAP_SNAP && (h[1] & 0xfe) == SAP_SNAP && len == 3)
		return layer_snap(d);
	if (h[0] == SAP_IP && (h[1] & 0xfe) == SAP_IP && len == 3)
		return layer_ipv4(d);
	return false;
}

/* ANSI X3.139: frame control, two addresses; LLC frames have the control bits 01. */
bool layer_fddi(struct decoder *d)
{
	size_t at = d->c.pos;
	const uint8_t *h = layer_take(d, 13);

	if (!h || !layer_enter(d))
		return false;
	layer_set_macs(d, h + 7, h + 1);
	layer_payload(d);
	if (d->sink) {
		layer_begin(d, "fddi", at, 13, "%s", (h[0] & 0x30) == 0x10 ? "LLC" : "no data");
		layer_field(d, "frame control", at, 1, "0x%02x", h[0]);
		layer_field_addr(d, "destination", at + 1, ADDR_LINK);
		layer_field_addr(d, "source", at + 7, ADDR_LINK);
		layer_end(d);
	}
	d->link_proto = PROTO_LINK | d->linktype;
	if ((h[0] & 0x30) != 0x10 || !layer_llc(d))
		layer_commit_link(d);
	return true;
}
