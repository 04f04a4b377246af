/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/aliases.h"

#include <stdio.h>
#include <string.h>

enum { LOOKED_AT = 2000 };           /* packets, until one tells the link-layer address */

struct search {
	struct aliases *a;
	uint8_t mac[6];
	bool has_mac, too_many;
	unsigned looked_at;
};

bool aliases_have(const struct aliases *a, const struct addr *addr)
{
	for (size_t i = 0; i < a->n; i++)
		if (addr_equal(&a->v[i], addr))
			return true;
	return false;
}

/* No router was in between. */
static bool is_fresh(unsigned ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255;
}

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct search *s = ctx;
	const struct packet *p = &row->packet->pkt;

	(void)raw;
	if ((p->flags & PACKET_HAS_MACS) && (p->flags & PACKET_HAS_IP) && p->tunnel.type == TUNNEL_NONE &&
		is_fresh(p->ttl) && addr_equal(&p->src, &s->a->v[0])) {
		memcpy(s->mac, p->src_mac, sizeof(s->mac));
		s->has_mac = true;
	}
	return !s->has_mac && ++s->looked_at < LOOKED_AT;
}

/* An address that this flow shows to be of the same machine. */
static void take_end(struct search *s, const struct row *row, enum direction dir)
{
	const struct record *r = row->record;
	const struct addr *addr = dir == DIR_C2S ? &r->key.client : &r->key.server;
	const uint8_t *mac = dir == DIR_C2S ? r->key.client_mac : r->key.server_mac;

	if (!r->key.has_macs || r->c.packets[dir] == 0 || r->key.tunnel.type != TUNNEL_NONE ||
		memcmp(mac, s->mac, sizeof(s->mac)) != 0 || !is_fresh(r->c.ttl_min[dir]) ||
		r->c.ttl_min[dir] != r->c.ttl_max[dir] || aliases_have(s->a, addr))
		return;
	if (s->a->n == ALIASES)
		s->too_many = true;
	else
		s->a->v[s->a->n++] = *addr;
}

static bool on_flow(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct search *s = ctx;

	(void)raw;
	take_end(s, row, DIR_C2S);
	take_end(s, row, DIR_S2C);
	return !s->too_many;
}

static enum rc ask(struct search *s, const struct query_sources *sources, enum tier tier, const char *text,
	int64_t from_ns, int64_t to_ns, struct query_control *control, struct err *err)
{
	struct filter *filter;
	struct query q;
	enum rc rc = filter_compile(text, tier, &filter, err);

	if (rc != RC_DONE)
		return rc;
	query_init(&q, tier);
	q.filter = filter;
	q.from_ns = from_ns;
	q.to_ns = to_ns;
	rc = query_run(sources, &q, tier == TIER_PACKET ? on_packet : on_flow, s, control, NULL, err);
	filter_free(filter);
	return rc;
}

enum rc aliases_find(struct aliases *a, const struct query_sources *sources, int64_t from_ns, int64_t to_ns,
	struct query_control *control, struct err *err)
{
	struct search s = { .a = a };
	char text[128], addr[ADDR_TEXT];

	a->n = 1;
	if (a->v[0].kind != ADDR_IPV4 && a->v[0].kind != ADDR_IPV6)
		return RC_DONE;
	addr_format(addr, sizeof(addr), &a->v[0]);
	snprintf(text, sizeof(text), "src %s", addr);
	enum rc rc = ask(&s, sources, TIER_PACKET, text, from_ns, to_ns, control, err);
	if (rc != RC_DONE || !s.has_mac)
		return rc;
	snprintf(text, sizeof(text),
		"client_mac == %02x:%02x:%02x:%02x:%02x:%02x or server_mac == %02x:%02x:%02x:%02x:%02x:%02x", s.mac[0],
		s.mac[1], s.mac[2], s.mac[3], s.mac[4], s.mac[5], s.mac[0], s.mac[1], s.mac[2], s.mac[3], s.mac[4],
		s.mac[5]);
	rc = ask(&s, sources, TIER_FLOW, text, from_ns, to_ns, control, err);
	if (s.too_many)
		a->n = 1;
	return rc;
}

void aliases_filter(const struct aliases *a, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n && n < size; i++) {
		char addr[ADDR_TEXT];

		addr_format(addr, sizeof(addr), &a->v[i]);
		n += (size_t)snprintf(out + n, size - n, "%shost %s", i ? " or " : "", addr);
	}
}
