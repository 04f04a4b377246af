/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/aliases.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { SLOTS = KIN_MOST * 2 };
/* Flows are looked at so much further: the next machine's times are a little others. */
static const int64_t FURTHER_NS = 2000000000;

struct kin_end {
	struct addr addr;
	uint8_t mac[6];
	uint32_t next;               /* another one with this link-layer address, plus one */
};

bool aliases_have(const struct aliases *a, const struct addr *addr)
{
	for (size_t i = 0; i < a->n; i++)
		if (addr_equal(&a->v[i], addr))
			return true;
	return false;
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

/* ---- who sent from where --------------------------------------------------------------------- */

/* The slot of an address: its first end, or free. */
static uint32_t *slot_of_addr(const struct kin *k, const struct addr *addr)
{
	size_t s = hash_bytes(addr, sizeof(*addr), 0) % SLOTS;

	while (k->by_addr[s] && !addr_equal(&k->ends[k->by_addr[s] - 1].addr, addr))
		s = (s + 1) % SLOTS;
	return &k->by_addr[s];
}

static uint32_t *slot_of_mac(const struct kin *k, const uint8_t mac[6])
{
	size_t s = hash_bytes(mac, 6, 0) % SLOTS;

	while (k->by_mac[s] && memcmp(k->ends[k->by_mac[s] - 1].mac, mac, 6) != 0)
		s = (s + 1) % SLOTS;
	return &k->by_mac[s];
}

/* More addresses than ALIASES of one link-layer address say nothing: one too many is kept. */
static void add(struct kin *k, const struct addr *addr, const uint8_t mac[6])
{
	uint32_t *first = slot_of_mac(k, mac), *of_addr = slot_of_addr(k, addr);
	unsigned n = 0;

	for (uint32_t at = *first; at; at = k->ends[at - 1].next, n++)
		if (addr_equal(&k->ends[at - 1].addr, addr))
			return;
	if (n > ALIASES || k->n == KIN_MOST)
		return;
	struct kin_end *e = &k->ends[k->n++];

	e->addr = *addr;
	memcpy(e->mac, mac, 6);
	e->next = *first;
	*first = (uint32_t)k->n;
	if (!*of_addr)
		*of_addr = (uint32_t)k->n;
}

/* No router was in between. */
static bool is_fresh(unsigned ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255;
}

static void take_end(struct kin *k, const struct record *r, enum direction dir)
{
	const struct addr *addr = dir == DIR_C2S ? &r->key.client : &r->key.server;

	if (r->key.has_macs && r->c.packets[dir] > 0 && r->key.tunnel.type == TUNNEL_NONE &&
		is_fresh(r->c.ttl_min[dir]) && r->c.ttl_min[dir] == r->c.ttl_max[dir] &&
		(addr->kind == ADDR_IPV4 || addr->kind == ADDR_IPV6))
		add(k, addr, dir == DIR_C2S ? r->key.client_mac : r->key.server_mac);
}

static bool on_flow(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct kin *k = ctx;

	(void)raw;
	take_end(k, row->record, DIR_C2S);
	take_end(k, row->record, DIR_S2C);
	return k->n < KIN_MOST;
}

static enum rc make_room(struct kin *k, struct err *err)
{
	if (k->ends)
		return RC_DONE;
	k->ends = mem_calloc(KIN_MOST, sizeof(*k->ends));
	k->by_addr = mem_calloc(SLOTS, sizeof(*k->by_addr));
	k->by_mac = mem_calloc(SLOTS, sizeof(*k->by_mac));
	return k->ends && k->by_addr && k->by_mac ? RC_DONE : err_memory(err);
}

static bool was_seen(const struct kin *k, struct time_span span)
{
	for (size_t i = 0; i < k->n_seen && i < KIN_SPANS; i++)
		if (k->seen[i].from_ns <= span.from_ns && span.to_ns <= k->seen[i].to_ns)
			return true;
	return false;
}

enum rc kin_look(struct kin *k, struct time_span span, struct query_explain *cost, struct err *err)
{
	struct query q;
	enum rc rc = make_room(k, err);

	memset(cost, 0, sizeof(*cost));
	if (rc != RC_DONE || was_seen(k, span))
		return rc;
	query_init(&q, TIER_FLOW);
	q.from_ns = time_sub(span.from_ns, FURTHER_NS);
	q.to_ns = time_add(span.to_ns, FURTHER_NS);
	k->seen[k->n_seen++ % KIN_SPANS] = (struct time_span){ q.from_ns, q.to_ns };
	return query_run(k->sources, &q, on_flow, k, k->control, cost, err);
}

void kin_find(const struct kin *k, struct aliases *a)
{
	uint32_t at = k->by_addr ? *slot_of_addr(k, &a->v[0]) : 0;

	a->n = 1;
	if (!at)
		return;
	for (at = *slot_of_mac(k, k->ends[at - 1].mac); at; at = k->ends[at - 1].next) {
		if (addr_equal(&k->ends[at - 1].addr, &a->v[0]))
			continue;
		if (a->n == ALIASES) {
			a->n = 1;
			return;
		}
		a->v[a->n++] = k->ends[at - 1].addr;
	}
}

void kin_free(struct kin *k)
{
	mem_free(k->ends);
	mem_free(k->by_addr);
	mem_free(k->by_mac);
	memset(k, 0, sizeof(*k));
}
