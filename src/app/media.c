/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/media.h"

#include "app/sip.h"
#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

enum { NONE = UINT32_MAX, BUCKETS = MEDIA_PLACES * 2 };

struct place {
	struct addr addr;
	uint16_t port;
	uint32_t next;               /* in its bucket */
	struct announced *what;      /* NULL: free */
};

struct media_table {
	struct place *places;        /* a ring: the oldest is where the next one goes */
	uint32_t *buckets;           /* numbers + 1 */
	uint32_t next, n;
};

/* ---- announcements ---------------------------------------------------------------------------- */

struct announced *announced_hold(struct announced *a)
{
	atomic_fetch_add_explicit(&a->holders, 1, memory_order_relaxed);
	return a;
}

void announced_release(struct announced *a)
{
	if (a && atomic_fetch_sub_explicit(&a->holders, 1, memory_order_acq_rel) == 1)
		mem_free(a);
}

const struct sdp_type *announced_type(const struct announced *a, uint8_t type)
{
	for (unsigned i = 0; i < a->n_types; i++)
		if (a->types[i].type == type)
			return &a->types[i];
	return NULL;
}

/* ---- the table ---------------------------------------------------------------------------------- */

enum rc media_table_new(struct media_table **out, struct err *err)
{
	struct media_table *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return err_memory(err);
	t->places = mem_calloc(MEDIA_PLACES, sizeof(*t->places));
	t->buckets = mem_calloc(BUCKETS, sizeof(*t->buckets));
	if (!t->places || !t->buckets) {
		media_table_free(t);
		return err_memory(err);
	}
	*out = t;
	return RC_DONE;
}

void media_table_free(struct media_table *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; t->places && i < MEDIA_PLACES; i++)
		announced_release(t->places[i].what);
	mem_free(t->places);
	mem_free(t->buckets);
	mem_free(t);
}

uint32_t media_table_count(const struct media_table *t)
{
	return t->n;
}

static uint32_t *bucket_of(const struct media_table *t, const struct addr *a, uint16_t port)
{
	return &t->buckets[hash_bytes(a, sizeof(*a), port) % BUCKETS];
}

static struct place *find(const struct media_table *t, const struct addr *a, uint16_t port)
{
	for (uint32_t at = *bucket_of(t, a, port); at != 0; at = t->places[at - 1].next) {
		struct place *p = &t->places[at - 1];

		if (p->port == port && memcmp(&p->addr, a, sizeof(*a)) == 0)
			return p;
	}
	return NULL;
}

static void empty(struct media_table *t, struct place *p)
{
	uint32_t *at = bucket_of(t, &p->addr, p->port), number = (uint32_t)(p - t->places) + 1;

	while (*at != number)
		at = &t->places[*at - 1].next;
	*at = p->next;
	announced_release(p->what);
	p->what = NULL;
	t->n--;
}

/* An endpoint that is announced anew stays as old as it is: who repeats himself pushes nobody out. */
static void put(struct media_table *t, const struct addr *a, uint16_t port, struct announced *what)
{
	struct place *p = find(t, a, port);

	if (p) {
		announced_release(p->what);
		p->what = announced_hold(what);
		return;
	}
	p = &t->places[t->next];
	t->next = (t->next + 1) % MEDIA_PLACES;
	if (p->what)
		empty(t, p);
	uint32_t *bucket = bucket_of(t, a, port);
	*p = (struct place){.addr = *a, .port = port, .next = *bucket, .what = announced_hold(what)};
	*bucket = (uint32_t)(p - t->places) + 1;
	t->n++;
}

/* ---- messages -------------------------------------------------------------------------------------- */

struct announcing {
	struct media_table *table;
	const struct sip_message *message;
};

static void announce(void *ctx, const struct sdp_media *m)
{
	const struct announcing *x = ctx;
	size_t len = x->message->call_id.len;
	struct announced *a = mem_calloc(1, sizeof(*a));

	if (!a)
		return;
	a->holders = 1;
	a->n_types = (uint8_t)m->n_types;
	memcpy(a->types, m->types, sizeof(a->types));
	a->call_len = (uint8_t)(len < MEDIA_CALL_ID ? len : MEDIA_CALL_ID);
	if (a->call_len > 0)
		memcpy(a->call, x->message->call_id.p, a->call_len);
	put(x->table, &m->addr, m->port, a);
	if (m->rtcp_port != m->port)
		put(x->table, &m->addr, m->rtcp_port, a);
	announced_release(a);
}

/* Messages that may announce something: requests that may carry an offer or an answer, and responses. */
static bool begins_message(const uint8_t *p, size_t n)
{
	static const char *const begins[] = {"INVITE ", "SIP/2.0 ", "ACK ", "PRACK ", "UPDATE "};

	/* every packet with payload is asked, and nearly none is one: mostly the first letter tells */
	if (n == 0 || (p[0] != 'I' && p[0] != 'S' && p[0] != 'A' && p[0] != 'P' && p[0] != 'U'))
		return false;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t len = strlen(begins[i]);

		if (n > len && memcmp(p, begins[i], len) == 0)
			return true;
	}
	return false;
}

static void hear(struct media_table *t, const struct packet *p, const uint8_t *payload, size_t n)
{
	struct sip_message m;

	if (!begins_message(payload, n) || !sip_read(payload, n, &m) || !sip_has_sdp(&m))
		return;
	/* a line that was cut would announce another port */
	if (m.has_length ? m.body.len < m.length : n < p->payload_len || p->proto == PROTO_TCP)
		return;
	struct announcing x = {t, &m};
	sdp_read(m.body.p, m.body.len, announce, &x);
}

struct announced *media_table_packet(struct media_table *t, const struct packet *p, const uint8_t *frame)
{
	bool udp = p->proto == PROTO_UDP;

	if ((!udp && p->proto != PROTO_TCP) || !(p->flags & PACKET_HAS_PORTS) || (p->flags & PACKET_FRAGMENT_LATER) ||
		!frame || p->payload_len == 0 || p->payload_off >= p->caplen)
		return NULL;
	size_t there = p->caplen - p->payload_off, n = there < p->payload_len ? there : p->payload_len;

	hear(t, p, frame + p->payload_off, n);
	if (t->n == 0 || !udp)
		return NULL;
	const struct place *at = find(t, &p->dst, p->dst_port);
	if (!at)
		at = find(t, &p->src, p->src_port);
	return at ? announced_hold(at->what) : NULL;
}
