/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/fragment.h"

#include "base/mem.h"
#include "base/text.h"

enum { BUCKETS = 4096, WAYS = 4 };

static const int64_t life_ns = INT64_C(30) * 1000 * 1000 * 1000;

/* What is known of a first fragment. */
struct entry {
	uint64_t key;
	int64_t time_ns;
	uint64_t number;         /* of its insertion, from 1; 0: free */
	uint64_t vlan;
	struct tunnel tunnel;
	struct addr src, dst;
	bool has_ports;
	uint16_t src_port, dst_port;
	uint32_t proto;
};

struct fragment_table {
	uint64_t inserted;
	struct entry entries[BUCKETS][WAYS];
};

enum rc fragment_table_new(struct fragment_table **out, struct err *err)
{
	struct fragment_table *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return err_memory(err);
	*out = t;
	return RC_DONE;
}

void fragment_table_free(struct fragment_table *t)
{
	mem_free(t);
}

static bool is_alive(const struct entry *e, const struct packet *p)
{
	int64_t age_ns = time_sub(p->time_ns, e->time_ns);

	return e->number != 0 && age_ns <= life_ns && age_ns >= -life_ns;
}

static bool has_key(const struct entry *e, uint64_t key)
{
	return e->number != 0 && e->key == key;
}

/* Where the key is, or else a dead entry, or else the oldest. */
static struct entry *place_for(struct entry *bucket, const struct packet *p)
{
	struct entry *place = &bucket[0];

	for (int i = 0; i < WAYS; i++)
		if (has_key(&bucket[i], p->fragment_key))
			return &bucket[i];
	for (int i = 0; i < WAYS; i++)
		if (!is_alive(&bucket[i], p))
			return &bucket[i];
	for (int i = 1; i < WAYS; i++)
		if (bucket[i].number < place->number)
			place = &bucket[i];
	return place;
}

static void remember(struct fragment_table *t, struct entry *place, const struct packet *p)
{
	*place = (struct entry){
		.key = p->fragment_key,
		.time_ns = p->time_ns,
		.number = ++t->inserted,
		.vlan = p->vlan,
		.tunnel = p->tunnel,
		.src = p->src,
		.dst = p->dst,
		.has_ports = p->flags & PACKET_HAS_PORTS,
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.proto = p->proto,
	};
}

static void belong(const struct entry *e, struct packet *p)
{
	p->vlan = e->vlan;
	p->tunnel = e->tunnel;
	p->src = e->src;
	p->dst = e->dst;
	p->proto = e->proto;
	if (!e->has_ports)
		return;
	p->src_port = e->src_port;
	p->dst_port = e->dst_port;
	p->flags |= PACKET_HAS_PORTS;
}

void fragment_table_see(struct fragment_table *t, struct packet *p)
{
	struct entry *bucket = t->entries[p->fragment_key % BUCKETS];

	if (!(p->flags & PACKET_FRAGMENT))
		return;
	if (!(p->flags & PACKET_FRAGMENT_LATER)) {
		remember(t, place_for(bucket, p), p);
		return;
	}
	for (int i = 0; i < WAYS; i++) {
		if (has_key(&bucket[i], p->fragment_key) && is_alive(&bucket[i], p)) {
			belong(&bucket[i], p);
			return;
		}
	}
}
