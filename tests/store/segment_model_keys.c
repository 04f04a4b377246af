/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_model.h"

#include <string.h>

static void make_addr(uint64_t *r, struct addr *a, unsigned kind, uint32_t number)
{
	memset(a, 0, sizeof(*a));
	a->kind = (uint8_t)kind;
	if (kind == ADDR_IPV4) {
		uint8_t v[4] = { 10, (uint8_t)(number >> 12), (uint8_t)(number >> 4),
			(uint8_t)(number << 4 | 1) };
		memcpy(a->bytes, v, 4);
	} else if (kind == ADDR_IPV6) {
		uint8_t v[16] = { 0x20, 0x01, 0x0d,
			0xb8, [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number };
		memcpy(a->bytes, v, 16);
		a->bytes[7] = (uint8_t)model_below(r, 2);
	} else if (kind == ADDR_LINK) {
		uint8_t v[6] = { 2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number };
		memcpy(a->bytes, v, 6);
	}
}

static void make_tunnel(uint64_t *r, struct tunnel *t)
{
	unsigned kind;

	t->type = (uint8_t)(1 + model_below(r, TUNNEL_TYPES - 1));
	t->depth = (uint8_t)(1 + model_below(r, 3));
	t->id = model_below(r, 4) ? model_below(r, 100) : 0;
	t->outer_hash = t->depth > 1 ? (uint32_t)model_random(r) : 0;
	kind = model_below(r, 2) ? ADDR_IPV4 : ADDR_IPV6;
	make_addr(r, &t->a, kind, 1 + model_below(r, 4));
	make_addr(r, &t->b, kind, 100 + model_below(r, 4));
}

void model_key(uint64_t *r, struct flow_key *k)
{
	static const unsigned kinds[] = { ADDR_IPV4, ADDR_IPV4, ADDR_IPV4, ADDR_IPV4, ADDR_IPV6,
		ADDR_IPV6, ADDR_LINK, ADDR_NONE };
	static const uint16_t ports[] = { 80, 443, 53, 5432, 22, 8080 };
	unsigned kind = kinds[model_below(r, 8)];
	bool ip = kind == ADDR_IPV4 || kind == ADDR_IPV6;

	memset(k, 0, sizeof(*k));
	k->point = model_below(r, 8) ? 0 : model_below(r, 3);
	k->vlan = model_below(r, 6) ? 0 : 1 + model_below(r, 4095);
	k->proto = !ip        ? PROTO_ARP
		: model_below(r, 3) ? PROTO_TCP
		: model_below(r, 3) ? PROTO_UDP
			      : PROTO_ICMP;
	make_addr(r, &k->client, kind, model_below(r, 3000));
	make_addr(r, &k->server, kind, model_below(r, 30));
	k->has_ports = k->proto == PROTO_TCP || k->proto == PROTO_UDP;
	if (k->has_ports) {
		k->client_port = (uint16_t)(1024 + model_below(r, 60000));
		k->server_port =
			model_below(r, 8) ? ports[model_below(r, 6)] : (uint16_t)(1024 + model_below(r, 60000));
	}
	k->has_macs = model_below(r, 4) != 0;
	if (k->has_macs) {
		k->client_mac[5] = (uint8_t)model_below(r, 40);
		k->server_mac[4] = (uint8_t)model_below(r, 40);
	}
	k->orientation = (uint8_t)model_below(r, ORIENTATIONS);
	if (model_below(r, 10) == 0)
		make_tunnel(r, &k->tunnel);
}

