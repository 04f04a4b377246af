/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/fragment.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

enum { BUCKETS = 4096, WAYS = 4 };

static const int64_t life_ns = INT64_C(30) * 1000 * 1000 * 1000;

/* What is known of a first fragment. */
struct entry {
	struct hash128 key;      /* stands for what is hashed: collisions are beyond chance */
	int64_t time_ns;
	uint64_t number;         /* of its insertion, from 1; 0: free */
	uint32_t proto;
	uint16_t src_port, dst_port;
	bool has_ports;
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

/*
 * The identification is the sender's for a pair of addresses and a protocol (RFC 791); with IPv6
 * for the addresses alone, and the protocol of a later fragment is that of the first header
 * behind the cut, which need not be the transport's (RFC 8200 section 4.5).
 */
static struct hash128 packet_key(const struct packet *p)
{
	struct {
		uint64_t vlan;
		uint32_t point, proto, id, zero;
		struct tunnel tunnel;
		struct addr src, dst;
	} key;

	memset(&key, 0, sizeof(key));
	key.vlan = p->vlan;
	key.point = p->point;
	key.proto = p->src.kind == ADDR_IPV6 ? 0 : p->proto;
	key.id = p->fragment_id;
	key.tunnel = p->tunnel;
	key.src = p->src;
	key.dst = p->dst;
	return hash_bytes128(&key, sizeof(key), 0);
}

static bool is_alive(const struct entry *e, const struct packet *p)
{
	int64_t age_ns = time_sub(p->time_ns, e->time_ns);

	return e->number != 0 && age_ns <= life_ns && age_ns >= -life_ns;
}

static bool has_key(const struct entry *e, const struct hash128 *key)
{
	return e->number != 0 && e->key.low == key->low && e->key.high == key->high;
}

/* Where the key is, or else a dead entry, or else the oldest. */
static struct entry *place_for(struct entry *bucket, const struct hash128 *key, const struct packet *p)
{
	struct entry *place = &bucket[0];

	for (int i = 0; i < WAYS; i++)
		if (has_key(&bucket[i], key))
			return &bucket[i];
	for (int i = 0; i < WAYS; i++)
		if (!is_alive(&bucket[i], p))
			return &bucket[i];
	for (int i = 1; i < WAYS; i++)
		if (bucket[i].number < place->number)
			place = &bucket[i];
	return place;
}

void fragment_table_see(struct fragment_table *t, struct packet *p)
{
	struct hash128 key = packet_key(p);
	struct entry *bucket = t->entries[key.low % BUCKETS];

	if (!(p->flags & PACKET_FRAGMENT))
		return;
	if (!(p->flags & PACKET_FRAGMENT_LATER)) {
		struct entry fresh = {
			.key = key,
			.time_ns = p->time_ns,
			.number = ++t->inserted,
			.proto = p->proto,
			.src_port = p->src_port,
			.dst_port = p->dst_port,
			.has_ports = p->flags & PACKET_HAS_PORTS,
		};

		*place_for(bucket, &key, p) = fresh;
		return;
	}
	for (int i = 0; i < WAYS; i++) {
		const struct entry *e = &bucket[i];

		if (!has_key(e, &key) || !is_alive(e, p))
			continue;
		p->proto = e->proto;
		if (!e->has_ports)
			return;
		p->src_port = e->src_port;
		p->dst_port = e->dst_port;
		p->flags |= PACKET_HAS_PORTS;
		return;
	}
}
