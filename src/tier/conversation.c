/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/conversation.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "flow/proto.h"
#include "tier/tracker.h"

#include <string.h>

enum {
	NONE = UINT32_MAX,
	EVICTED_BITS = 16,       /* fingerprints of evicted conversations */
};

/* What may go first, and what should stay. */
enum use { USE_SPARE, USE_KEPT, USES };

/* How a conversation is found, and the order of use: beside the conversations, because neighbours are changed, too. */
struct link {
	uint64_t hash;
	uint32_t next;                   /* in its bucket */
	uint32_t newer, older;
	uint32_t use;                    /* enum use: whose order it is in */
};

struct conversation_table {
	struct conversation *v;
	struct link *links;              /* of each */
	struct mem_table memory, link_memory;    /* of both */
	uint32_t *buckets;               /* heads of chains, NONE empty */
	uint32_t capacity, used, mask;
	uint32_t newest[USES], oldest[USES];     /* ends of the orders of use */
	uint32_t spare;                  /* how many are in that order */
	uint32_t evicted[1 << EVICTED_BITS];
};

/* ---- hashing ------------------------------------------------------------------------- */

static uint64_t addr_hash(const struct addr *a)
{
	uint64_t x, y;

	memcpy(&x, a->bytes, 8);
	memcpy(&y, a->bytes + 8, 8);
	return hash_mix(x ^ hash_mix(y + a->kind));
}

uint64_t tracker_pair_hash(const struct packet *p)
{
	return hash_mix(addr_hash(&p->src) + addr_hash(&p->dst));
}

static uint64_t tunnel_hash(const struct packet *p)
{
	return p->tunnel.depth == 0 ? 0 : hash_bytes(&p->tunnel, sizeof(p->tunnel), 0);
}

uint64_t conversation_hash(const struct packet *p, uint64_t pair_hash)
{
	uint64_t ports = ((uint64_t)p->src_port + p->dst_port) << 32 |
		(uint32_t)(p->src_port ^ p->dst_port);

	if (!(p->flags & PACKET_HAS_PORTS))
		ports = 1;
	return hash_mix(pair_hash ^ ports * 0x9e3779b97f4a7c15u ^ (uint64_t)p->proto << 40 ^ p->point ^
		p->vlan << 8 ^ tunnel_hash(p));
}

/* ---- the table ----------------------------------------------------------------------- */

enum rc conversation_table_new(uint32_t capacity, struct conversation_table **out, struct err *err)
{
	struct conversation_table *t = mem_calloc(1, sizeof(*t));
	uint32_t buckets = 1;

	if (!t)
		return err_memory(err);
	while (buckets < capacity)
		buckets *= 2;
	t->buckets = mem_alloc(buckets * sizeof(*t->buckets));
	if (!t->buckets || mem_table_new(&t->memory, capacity, sizeof(*t->v)) != 0 ||
		mem_table_new(&t->link_memory, capacity, sizeof(*t->links)) != 0) {
		conversation_table_free(t);
		return err_memory(err);
	}
	t->v = (struct conversation *)(void *)t->memory.at;
	t->links = (struct link *)(void *)t->link_memory.at;
	memset(t->buckets, 0xff, buckets * sizeof(*t->buckets));
	t->capacity = capacity;
	t->mask = buckets - 1;
	for (unsigned i = 0; i < USES; i++)
		t->newest[i] = t->oldest[i] = NONE;
	*out = t;
	return RC_DONE;
}

void conversation_table_free(struct conversation_table *t)
{
	if (!t)
		return;
	mem_table_free(&t->memory);
	mem_table_free(&t->link_memory);
	mem_free(t->buckets);
	mem_free(t);
}

static void use_unlink(struct conversation_table *t, uint32_t at)
{
	const struct link *l = &t->links[at];

	if (l->newer != NONE)
		t->links[l->newer].older = l->older;
	else
		t->newest[l->use] = l->older;
	if (l->older != NONE)
		t->links[l->older].newer = l->newer;
	else
		t->oldest[l->use] = l->newer;
	t->spare -= l->use == USE_SPARE;
}

static void use_newest(struct conversation_table *t, uint32_t at, enum use use)
{
	struct link *l = &t->links[at];

	l->use = use;
	l->newer = NONE;
	l->older = t->newest[use];
	if (t->newest[use] != NONE)
		t->links[t->newest[use]].newer = at;
	else
		t->oldest[use] = at;
	t->newest[use] = at;
	t->spare += use == USE_SPARE;
}

static void use_now(struct conversation_table *t, uint32_t at, enum use use)
{
	if (t->newest[use] == at)
		return;
	use_unlink(t, at);
	use_newest(t, at, use);
}

static void bucket_remove(struct conversation_table *t, uint32_t at)
{
	uint32_t *link = &t->buckets[t->links[at].hash & t->mask];

	while (*link != at)
		link = &t->links[*link].next;
	*link = t->links[at].next;
}

/* Remembers, and forgets what shares the place: bounded, and good enough for what comes back soon. */
static uint32_t *evicted_slot(struct conversation_table *t, uint64_t hash)
{
	return &t->evicted[hash >> (64 - EVICTED_BITS)];
}

static int64_t last_ns(const struct conversation_table *t, uint32_t at)
{
	return t->v[at].open[0].last_ns;
}

/* Who goes from a full table. */
static uint32_t least_missed(const struct conversation_table *t, int64_t now_ns)
{
	uint32_t spare = t->oldest[USE_SPARE], kept = t->oldest[USE_KEPT];

	if (spare == NONE || kept == NONE)
		return spare == NONE ? kept : spare;
	if (t->spare > t->capacity / 2 || time_sub(now_ns, last_ns(t, spare)) >= SPARE_SILENCE_S * INT64_C(1000000000))
		return spare;
	return last_ns(t, spare) <= last_ns(t, kept) ? spare : kept;
}

/* Whether a packet that comes now would join a flow of it. */
static bool is_open(const struct conversation *c, int64_t now_ns, int64_t flow_ns)
{
	const struct open_flow *f = &c->open[0];

	return !open_flow_is_over(f, now_ns) && now_ns < time_add(f->slice_ns, flow_ns);
}

/* Room for one more: unused, or that of one that goes. */
static uint32_t take_room(struct conversation_table *t, int64_t now_ns, int64_t flow_ns)
{
	if (t->used < t->capacity) {
		mem_table_use(&t->memory, t->used);
		mem_table_use(&t->link_memory, t->used);
		return t->used++;
	}

	uint32_t at = least_missed(t, now_ns);
	uint64_t hash = t->links[at].hash;
	if (is_open(&t->v[at], now_ns, flow_ns))
		*evicted_slot(t, hash) = (uint32_t)hash | 1;
	use_unlink(t, at);
	bucket_remove(t, at);
	return at;
}

/* ---- keys ---------------------------------------------------------------------------- */

/* Whether the packet runs from client to server (or the other way where turned) of c. */
static bool ends_match(const struct conversation *c, const struct packet *p, bool turned)
{
	const struct addr *src = turned ? &p->dst : &p->src, *dst = turned ? &p->src : &p->dst;

	return addr_equal(src, &c->client) && addr_equal(dst, &c->server) &&
		(!c->has_ports || ((turned ? p->dst_port : p->src_port) == c->client_port &&
			(turned ? p->src_port : p->dst_port) == c->server_port));
}

static bool same_conversation(const struct conversation *c, const struct packet *p, uint64_t tunnel,
	enum direction *dir)
{
	bool ports = (p->flags & PACKET_HAS_PORTS) != 0;

	if (c->proto != p->proto || c->point != p->point || c->vlan != p->vlan || c->has_ports != ports ||
		c->tunnel_hash != tunnel)
		return false;
	if (ends_match(c, p, false)) {
		*dir = DIR_C2S;
		return true;
	}
	*dir = DIR_S2C;
	return ends_match(c, p, true);
}

enum direction conversation_direction(const struct conversation *c, const struct packet *p)
{
	return ends_match(c, p, false) ? DIR_C2S : DIR_S2C;
}

/* Who is client: SYN, else known port, else lower port, else who speaks first. True where the sender is. */
static bool sender_is_client(const struct packet *p, enum orientation *by)
{
	if ((p->flags & PACKET_HAS_TCP) && (p->tcp_flags & TCP_SYN)) {
		*by = ORIENTATION_SYN;
		return !(p->tcp_flags & TCP_ACK);
	}
	*by = ORIENTATION_FIRST;
	if (!(p->flags & PACKET_HAS_PORTS))
		return true;
	bool src_known = service_known(p->proto, p->src_port);
	bool dst_known = service_known(p->proto, p->dst_port);
	if (src_known != dst_known) {
		*by = ORIENTATION_KNOWN_PORT;
		return dst_known;
	}
	if (p->src_port != p->dst_port) {
		/* Both known: still a known port, and of two the lower one is the server's. */
		*by = src_known ? ORIENTATION_KNOWN_PORT : ORIENTATION_LOWER_PORT;
		return p->dst_port < p->src_port;
	}
	*by = src_known ? ORIENTATION_KNOWN_PORT : ORIENTATION_FIRST;
	return true;
}

static void set_ends(struct conversation *c, const struct packet *p, bool sender_client)
{
	c->client = sender_client ? p->src : p->dst;
	c->server = sender_client ? p->dst : p->src;
	c->client_port = sender_client ? p->src_port : p->dst_port;
	c->server_port = sender_client ? p->dst_port : p->src_port;
	memcpy(c->client_mac, sender_client ? p->src_mac : p->dst_mac, 6);
	memcpy(c->server_mac, sender_client ? p->dst_mac : p->src_mac, 6);
}

static void begin(struct conversation *c, const struct packet *p)
{
	enum orientation by;
	bool sender_client = sender_is_client(p, &by);

	memset(c, 0, sizeof(*c));
	c->point = p->point;
	c->proto = p->proto;
	c->vlan = p->vlan;
	c->tunnel_hash = tunnel_hash(p);
	c->has_ports = (p->flags & PACKET_HAS_PORTS) != 0;
	c->has_macs = (p->flags & PACKET_HAS_MACS) != 0;
	c->orientation = (uint8_t)by;
	set_ends(c, p, sender_client);
}

void conversation_expect(const struct conversation_table *t, uint64_t hash)
{
	__builtin_prefetch(&t->buckets[hash & t->mask]);
}

const struct conversation *conversation_expect_more(const struct conversation_table *t, uint64_t hash)
{
	uint32_t at = t->buckets[hash & t->mask];

	if (at == NONE)
		return NULL;
	const struct conversation *c = &t->v[at];
	__builtin_prefetch(&t->links[at]);
	__builtin_prefetch(c);
	__builtin_prefetch(&c->open[0]);
	__builtin_prefetch(&c->open[0].micro[1]);
	return c;
}

/* A new one, at the head of its bucket. */
static struct conversation *make(struct conversation_table *t, const struct packet *p, uint64_t hash, int64_t flow_ns,
	bool *was_evicted)
{
	uint32_t *evicted = evicted_slot(t, hash);

	if (*evicted == ((uint32_t)hash | 1)) {
		*was_evicted = true;
		*evicted = 0;
	}
	uint32_t at = take_room(t, p->time_ns, flow_ns), *head = &t->buckets[hash & t->mask];
	begin(&t->v[at], p);
	t->links[at].hash = hash;
	t->links[at].next = *head;
	*head = at;
	use_newest(t, at, USE_SPARE);
	return &t->v[at];
}

struct conversation *conversation_find(struct conversation_table *t, const struct packet *p, uint64_t hash,
	int64_t flow_ns, enum direction *dir, bool *was_evicted)
{
	uint64_t tunnel = tunnel_hash(p);

	*was_evicted = false;
	for (uint32_t i = t->buckets[hash & t->mask]; i != NONE; i = t->links[i].next) {
		if (t->links[i].hash != hash || !same_conversation(&t->v[i], p, tunnel, dir))
			continue;
		use_now(t, i, t->v[i].open[0].closed ? USE_SPARE : USE_KEPT);
		return &t->v[i];
	}
	struct conversation *c = make(t, p, hash, flow_ns, was_evicted);
	*dir = conversation_direction(c, p);
	return c;
}

uint32_t conversation_place(const struct conversation_table *t, const struct conversation *c)
{
	return (uint32_t)(c - t->v);
}

void conversation_close(struct conversation_table *t, const struct conversation *c)
{
	use_now(t, conversation_place(t, c), USE_SPARE);
}

bool conversation_reorient(struct conversation *c, const struct packet *p)
{
	bool turned = !ends_match(c, p, false);

	if (turned)
		for (unsigned i = 0; i < 2; i++)
			c->open[i].turned = !c->open[i].turned;
	set_ends(c, p, true);
	c->orientation = ORIENTATION_SYN;
	c->handshake = HANDSHAKE_NONE;
	return turned;
}

/* ---- handshake ------------------------------------------------------------------------ */

static void handshake_syn(struct conversation *c, const struct packet *p)
{
	if (c->handshake != HANDSHAKE_NONE) {
		c->handshake = HANDSHAKE_AMBIGUOUS;
		return;
	}
	c->handshake = HANDSHAKE_SYN;
	c->syn_seq = p->tcp_seq;
	c->syn_ns = p->time_ns;
}

bool conversation_handshake(struct conversation *c, const struct packet *p, enum direction dir,
	int64_t *rtt_ns)
{
	unsigned flags = p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST);

	if (flags == TCP_SYN && dir == DIR_C2S) {
		handshake_syn(c, p);
	} else if (flags == (TCP_SYN | TCP_ACK) && dir == DIR_S2C) {
		if (c->handshake == HANDSHAKE_SYN && p->tcp_ack == c->syn_seq + 1) {
			c->handshake = HANDSHAKE_SYN_ACK;
			c->syn_ack_seq = p->tcp_seq;
		} else if (c->handshake == HANDSHAKE_SYN_ACK) {
			c->handshake = HANDSHAKE_AMBIGUOUS;
		}
	} else if (flags == TCP_ACK && dir == DIR_C2S && c->handshake == HANDSHAKE_SYN_ACK &&
		p->tcp_ack == c->syn_ack_seq + 1) {
		c->handshake = HANDSHAKE_DONE;
		*rtt_ns = time_sub(p->time_ns, c->syn_ns);
		return true;
	}
	return false;
}

void conversation_key(const struct conversation *c, const struct open_flow *f, const struct packet *p,
	struct flow_key *out)
{
	bool turned = f->turned;

	memset(out, 0, sizeof(*out));
	out->point = c->point;
	out->proto = c->proto;
	out->vlan = c->vlan;
	out->client = turned ? c->server : c->client;
	out->server = turned ? c->client : c->server;
	out->client_port = turned ? c->server_port : c->client_port;
	out->server_port = turned ? c->client_port : c->server_port;
	memcpy(out->client_mac, turned ? c->server_mac : c->client_mac, 6);
	memcpy(out->server_mac, turned ? c->client_mac : c->server_mac, 6);
	out->has_ports = c->has_ports;
	out->has_macs = c->has_macs;
	out->orientation = f->orientation;
	out->tunnel = p->tunnel;
}
