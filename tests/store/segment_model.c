/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_model.h"

#include "base/hash.h"
#include "base/text.h"
#include "flow/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
uint64_t model_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint32_t model_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(model_random(state) % n);
}

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

/* ---- counters ------------------------------------------------------------------------- */

static void add_sizes(struct counters *c, uint32_t size)
{
	if (!(c->known & FIELD_BIT(FIELD_SIZE_MIN)) || size < c->size_min)
		c->size_min = size;
	if (size > c->size_max)
		c->size_max = size;
	c->known |= FIELD_BIT(FIELD_SIZE_MIN) | FIELD_BIT(FIELD_SIZE_MAX);
	c->size_sumsq += (u128)size * size;
}

static void add_gap(struct counters *c, int64_t gap)
{
	bool first = !(c->known & FIELD_BIT(FIELD_GAP_MIN));

	if (first || gap < c->gap_min)
		c->gap_min = gap;
	if (first || gap > c->gap_max)
		c->gap_max = gap;
	c->known |= FIELD_BIT(FIELD_GAP_MIN) | FIELD_BIT(FIELD_GAP_MAX);
	c->gap_sum += gap;
	c->gap_sumsq += (u128)((__int128)gap * gap);
}

static void add_time(struct counters *c, int64_t time_ns)
{
	bool first = !(c->known & FIELD_BIT(FIELD_FIRST));

	if (first || time_ns < c->first_ns)
		c->first_ns = time_ns;
	if (first || time_ns > c->last_ns)
		c->last_ns = time_ns;
	c->known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);
}

static void add_tcp(uint64_t *r, struct counters *c, bool first)
{
	unsigned flags = first ? TCP_SYN
		: model_below(r, 30) ? TCP_ACK | (model_below(r, 2) ? TCP_PSH : 0)
		: model_below(r, 2)  ? TCP_ACK | TCP_FIN
			       : TCP_RST;
	uint32_t window = model_below(r, 3) ? 502 : model_below(r, 65536);

	c->tcp_flags |= (uint16_t)flags;
	c->syn += (flags & TCP_SYN) != 0;
	c->fin += (flags & TCP_FIN) != 0;
	c->rst += (flags & TCP_RST) != 0;
	if (!(c->known & FIELD_BIT(FIELD_WINDOW_MIN)) || window < c->window_min)
		c->window_min = window;
	if (window > c->window_max)
		c->window_max = window;
	c->known |= FIELD_BIT(FIELD_TCP_FLAGS) | FIELD_BIT(FIELD_WINDOW_MIN) |
		FIELD_BIT(FIELD_WINDOW_MAX);
	if (c->fin > 1) {
		c->end_reason = END_FIN;
		c->known |= FIELD_BIT(FIELD_END_REASON);
	}
}

static void add_ip(uint64_t *r, struct counters *c, unsigned dir)
{
	enum field_id id = dir == DIR_C2S ? FIELD_C2S_TTL_MIN : FIELD_S2C_TTL_MIN;
	uint8_t ttl = (uint8_t)(model_below(r, 50) ? 64 - dir : 1 + model_below(r, 255));

	if (!(c->known & FIELD_BIT(id)) || ttl < c->ttl_min[dir])
		c->ttl_min[dir] = ttl;
	if (ttl > c->ttl_max[dir])
		c->ttl_max[dir] = ttl;
	c->known |= FIELD_BIT(id) | FIELD_BIT(id + 1) | FIELD_BIT(FIELD_DSCP);
}

/* One packet more; last_ns of the flow's packet before, where there was one. */
static void add_packet(uint64_t *r, const struct flow_key *key, struct counters *c,
	int64_t time_ns, uint32_t size, bool begins, int64_t before_ns)
{
	unsigned dir = begins ? DIR_C2S : model_below(r, 2);

	add_time(c, time_ns);
	add_sizes(c, size);
	c->packets[dir]++;
	c->bytes[dir] += size;
	c->flows += begins;
	if (!begins)
		add_gap(c, time_ns - before_ns);
	if (key->client.kind == ADDR_IPV4 || key->client.kind == ADDR_IPV6) {
		add_ip(r, c, dir);
		c->payload_bytes += size > 66 ? size - 66 : 0;
	}
	if (key->proto == PROTO_TCP)
		add_tcp(r, c, begins);
	if (key->proto == PROTO_ICMP) {
		c->icmp_type = 8;
		c->known |= FIELD_BIT(FIELD_ICMP_TYPE);
	}
	if (key->proto == PROTO_TCP && dir == DIR_S2C && c->rtt_n == 0 && c->syn > 0) {
		int64_t rtt = (1 + model_below(r, 30000)) * 1000;

		c->rtt_n = 1;
		c->rtt_min = c->rtt_max = c->rtt_sum = rtt;
		c->rtt_sumsq = (u128)rtt * (u128)rtt;
		c->known |= FIELD_BIT(FIELD_RTT_MIN) | FIELD_BIT(FIELD_RTT_MAX);
	}
	c->malformed += model_below(r, 500) == 0;
}

/* any value, small ones more often */
static u128 wild_value(uint64_t *r)
{
	u128 high = model_random(r);
	u128 v = high << 64 | model_random(r);

	return model_below(r, 3) ? v >> model_below(r, 128) : v;
}

enum { TEXTS = 200 };

size_t model_field_size(const struct field *f)
{
	switch (f->type) {
	case TYPE_U8: return 1;
	case TYPE_U16: return 2;
	case TYPE_U32:
	case TYPE_TEXT: return 4;
	case TYPE_U128: return 16;
	default: return 8;
	}
}

static void store_wild(uint64_t *r, struct counters *c, const struct field *f)
{
	uint8_t *at = (uint8_t *)c + f->offset - offsetof(struct record, c);
	size_t size = model_field_size(f);
	u128 v = f->type == TYPE_TEXT ? (u128)model_below(r, TEXTS + 1) : wild_value(r);

	memcpy(at, &v, size); /* little-endian or not: any bytes will do */
}

static void wild_counters(uint64_t *r, struct counters *c, uint32_t n)
{
	uint64_t packets = model_below(r, n + 1);
	unsigned how = model_below(r, 3);

	for (unsigned id = FIELD_FIRST; id < FIELD_STORED_END; id++) {
		const struct field *f = field_stored(id);

		if (!f || (how == 0 && model_below(r, 8) > 0))
			continue;
		if (how > 0 || model_below(r, 2))
			store_wild(r, c, f);
		c->known &= ~FIELD_BIT(id);
		if (model_below(r, 2))
			c->known |= FIELD_BIT(id);
		else if (model_below(r, 3) == 0)
			c->mixed |= FIELD_BIT(id);
	}
	c->packets[DIR_C2S] = packets;
	c->packets[DIR_S2C] = n - packets;
}

static bool is_sum(const struct field *f)
{
	return f->merge == MERGE_SUM;
}

void model_canonical(struct counters *c)
{
	u128 all = 0;

	for (unsigned id = FIELD_FIRST; id < FIELD_STORED_END; id++) {
		const struct field *f = field_stored(id);
		size_t size;

		if (!f)
			continue;
		all |= FIELD_BIT(id);
		size = model_field_size(f);
		if (!is_sum(f) && !(c->known & FIELD_BIT(id)))
			memset((uint8_t *)c + f->offset - offsetof(struct record, c), 0, size);
	}
	c->known &= all;
	c->mixed &= all;
}

/* ---- the whole ------------------------------------------------------------------------ */

/* A time that may be anywhere. */
static int64_t far(uint64_t *r, int64_t time_ns)
{
	uint64_t off = model_random(r);

	return (int64_t)((uint64_t)time_ns + (off >> model_below(r, 64)));
}

/* What goes on while packets come in: the open flow of each conversation. */
struct conversation {
	struct flow_key key;
	int64_t last_ns;
	uint32_t flow; /* index + 1, 0: none yet */
	bool continued;
};

static void make_packets(struct model *m, uint64_t *r, enum model_kind kind)
{
	uint32_t end = m->start.first_offset;
	int64_t now = 1700000000LL * 1000000000 + model_below(r, 1000000) * 1000LL;

	for (uint32_t i = 0; i < m->n_packets; i++) {
		struct model_packet *p = &m->packets[i];

		p->skip = model_below(r, 50) ? 0 : model_below(r, 200) * 4;
		p->len = model_below(r, 3) == 0 ? 1546 : model_below(r, 2) ? 98 : 80 + model_below(r, 1500);
		if (kind == MODEL_WILD && model_below(r, 100) == 0)
			p->len = 16 + model_below(r, 1u << model_below(r, 20));
		now += model_below(r, 400) * 1000;
		if (kind == MODEL_WILD)
			now += model_below(r, 1000);
		if (model_below(r, 300) == 0)
			now += model_below(r, 4) * 1000000000LL;
		if (kind == MODEL_WILD && model_below(r, 40) == 0)
			now -= model_below(r, 1000000);
		p->time_ns = now;
		p->offset = end + p->skip;
		end = p->offset + p->len;
	}
}

/* Room for one more element behind n: doubles whenever n is a power of two. */
static void *room(void *v, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? need(realloc(v, (n ? 2 * n : 1) * size)) : v;
}

static struct model_flow *add_flow(struct model *m, uint64_t *r, struct conversation *c,
	uint32_t ordinal, int64_t slice_ns, enum model_kind kind)
{
	struct model_flow *f;

	m->flows = room(m->flows, m->n_flows, sizeof(*m->flows));
	f = &m->flows[m->n_flows++];
	memset(f, 0, sizeof(*f));
	c->flow = m->n_flows;
	f->key = c->key;
	f->slice_ns = slice_ns;
	f->continued = c->continued;
	c->continued = false;
	f->id = (struct record_id){ m->start.block, m->packets[ordinal].offset };
	if (f->continued)
		f->id = model_below(r, 2)
			? (struct record_id){ m->start.block, model_below(r, 1000) }
			: (struct record_id){ m->start.block - 1, (uint32_t)model_random(r) };
	if (kind == MODEL_WILD && model_below(r, 5) == 0)
		f->slice_ns = far(r, f->slice_ns);
	return f;
}

static struct model_micro *add_micro(
	struct model *m, struct model_flow *f, uint32_t ordinal, int64_t slice_ns)
{
	struct model_micro *u;

	f->micros = room(f->micros, f->n, sizeof(*f->micros));
	u = &f->micros[f->n++];
	memset(u, 0, sizeof(*u));
	counters_init(&u->c);
	u->slice_ns = slice_ns;
	u->id = f->continued && f->n == 1 && ordinal % 2
		? f->id
		: (struct record_id){ m->start.block, m->packets[ordinal].offset };
	m->n_micros++;
	return u;
}

/* Packet i of conversation c: into its flow and microflow, which it opens if need be. */
static void take_packet(
	struct model *m, uint64_t *r, struct conversation *c, uint32_t i, enum model_kind kind)
{
	int64_t t = m->packets[i].time_ns;
	int64_t flow_ns = time_floor(t, m->start.flow_ns),
		micro_ns = time_floor(t, m->start.micro_ns);
	struct model_flow *f = c->flow ? &m->flows[c->flow - 1] : NULL;
	struct model_micro *u = f ? &f->micros[f->n - 1] : NULL;
	bool begins =
		!f || time_floor(c->last_ns, m->start.flow_ns) != flow_ns || model_below(r, 500) == 0;

	if (begins) {
		f = add_flow(m, r, c, i, flow_ns, kind);
		begins = !f->continued;
		u = NULL;
	}
	if (!u || u->slice_ns != micro_ns)
		u = add_micro(m, f, i, micro_ns);
	u->ordinals = room(u->ordinals, u->n, sizeof(*u->ordinals));
	u->ordinals[u->n++] = i;
	add_packet(r, &f->key, &u->c, t, m->packets[i].len - 16, begins,
		c->last_ns ? c->last_ns : t);
	c->last_ns = t;
}

static void make_wild(struct model *m, uint64_t *r)
{
	for (uint32_t i = 0; i < m->n_flows; i++) {
		for (uint32_t k = 0; k < m->flows[i].n; k++) {
			struct model_micro *u = &m->flows[i].micros[k];

			wild_counters(r, &u->c, u->n);
			if (model_below(r, 5) == 0)
				u->slice_ns = far(r, u->slice_ns);
			if (model_below(r, 5) == 0) {
				u->id.block = model_below(r, 9);
				u->id.offset = (uint32_t)model_random(r);
			}
		}
	}
}

/* Counters of notes, which wild ones have too: only those that are noted below count. */
static void forget_notes(struct counters *c)
{
	c->retrans[0] = c->retrans[1] = 0;
	memset(c->marks, 0, sizeof(c->marks));
	memset(&c->rtt_client, 0, sizeof(c->rtt_client));
	memset(&c->rtt_server, 0, sizeof(c->rtt_server));
	memset(&c->response, 0, sizeof(c->response));
}

/* What is said of single packets: of one in three or so. */
static void make_notes(struct model_micro *u, uint64_t *r)
{
	u->notes = need(calloc(u->n, sizeof(*u->notes)));
	forget_notes(&u->c);
	for (uint32_t i = 0; i < u->n; i++) {
		struct packet_note *note = &u->notes[u->n_notes];

		if (model_below(r, 3) > 0)
			continue;
		note->position = i;
		if (model_below(r, 2))
			note->marks = (uint32_t)model_below(r, 1u << (1 + model_below(r, COUNTED_MARKS)));
		note->has_rtt = model_below(r, 2) > 0;
		if (note->has_rtt) {
			/* one number an expression: which operand comes first is the compiler's choice */
			uint64_t rtt = model_random(r);

			note->rtt_ns = (int64_t)(rtt >> (20 + model_below(r, 44)));
		}
		note->has_response = model_below(r, 5) == 0;
		if (note->has_response)
			note->response_ns = model_below(r, 100000) * 1000LL;
		counters_note(&u->c, model_below(r, 2) ? DIR_C2S : DIR_S2C, note);
		u->n_notes++;
	}
}

/* Short ones, one with a zero in it, and the longest. */
static void add_texts(struct texts *t)
{
	char text[TEXTS_LONGEST + 1];

	for (unsigned i = 1; i <= TEXTS; i++) {
		memset(text, 'x', sizeof(text));
		size_t len = (size_t)snprintf(text, sizeof(text), "text %u", i);

		texts_add(t, text, i == TEXTS ? TEXTS_LONGEST : len + (i == 2));
	}
}

/* Servers of every other flow have one to three names, some of them the same ones at several times. */
static void make_names(struct model *m)
{
	m->names = need(calloc((size_t)m->n_flows * 3 + 1, sizeof(*m->names)));
	for (uint32_t i = 0; i < m->n_flows; i += 2) {
		for (uint32_t k = 0; k <= i % 3; k++) {
			struct model_name *n = &m->names[m->n_names];
			int len = snprintf(n->name, sizeof(n->name), "host%u.example", i % 7 * 3 + k);

			if (m->flows[i].key.server.kind == ADDR_NONE)
				continue;
			n->o = (struct observation){ .addr = m->flows[i].key.server,
				.by = (uint8_t)(i % SEEN_BYS),
				.name = n->name,
				.len = (uint8_t)len,
				.first_ns = m->packets[m->flows[i].micros[0].ordinals[0]].time_ns };
			n->o.last_ns = n->o.first_ns + (int64_t)k * 1234567;
			m->n_names++;
		}
	}
}

struct model *model_new(
	uint64_t seed, enum model_kind kind, uint32_t packets, uint32_t conversations)
{
	struct model *m = need(calloc(1, sizeof(*m)));
	struct conversation *c = need(calloc(conversations, sizeof(*c)));
	uint64_t r = seed;

	m->start = (struct segment_start){ .block = 7,
		.micro_ns = 5000000000LL,
		.flow_ns = 300000000000LL,
		.macro_ns = 900000000000LL };
	m->start.fingerprints = seed % 5 == 2 ? FINGERPRINTS_OFF : seed % 5 == 3 ? FINGERPRINTS_FULL : FINGERPRINTS_SPARSE;
	m->start.number = model_below(&r, 3);
	m->start.first_offset = model_below(&r, 3) * 5000;
	m->start.first_frame = 1 + model_below(&r, 1000000);
	if (texts_new(1 << 20, &m->texts, NULL) != RC_DONE)
		abort();
	add_texts(m->texts);
	m->n_packets = packets;
	m->packets = need(calloc(packets + 1, sizeof(*m->packets)));
	make_packets(m, &r, kind);
	for (uint32_t i = 0; i < conversations; i++) {
		model_key(&r, &c[i].key);
		c[i].continued = m->start.first_offset > 0 && model_below(&r, 10) == 0;
	}
	for (uint32_t i = 0; i < packets; i++)
		take_packet(m, &r, &c[model_below(&r, 1 + model_below(&r, conversations))], i, kind);
	if (kind == MODEL_WILD)
		make_wild(m, &r);
	for (uint32_t i = 0; i < m->n_flows; i++)
		for (uint32_t k = 0; k < m->flows[i].n; k++)
			make_notes(&m->flows[i].micros[k], &r);
	make_names(m);
	free(c);
	return m;
}

void model_free(struct model *m)
{
	for (uint32_t i = 0; i < m->n_flows; i++) {
		for (uint32_t k = 0; k < m->flows[i].n; k++)
{
			free(m->flows[i].micros[k].ordinals);
			free(m->flows[i].micros[k].notes);
		}
		free(m->flows[i].micros);
	}
	free(m->flows);
	free(m->names);
	free(m->packets);
	texts_free(m->texts);
	free(m);
}

uint16_t model_check(const struct model *m, uint32_t packet)
{
	return (uint16_t)hash_mix((uint64_t)m->start.block << 32 | packet);
}

/* None of many packets, one to three of most others, many of few. */
struct packet_prints model_prints(const struct model *m, uint32_t packet, uint32_t *v)
{
	uint64_t r = m->start.first_frame + packet * 77ULL;
	struct packet_prints p = { .v = v };

	if (m->start.fingerprints == FINGERPRINTS_OFF || model_below(&r, 3) == 0)
		return p;
	p.n = model_below(&r, 30) ? 1 + model_below(&r, 3) : model_below(&r, MODEL_PRINTS);
	p.more = model_below(&r, 50) == 0;
	for (uint32_t i = 0; i < p.n; i++)
		v[i] = (i > 0 ? v[i - 1] : 0) + 1 + model_below(&r, UINT32_MAX / (p.n + 1));
	return p;
}

enum rc model_write(
	const struct model *m, struct segment_writer *w, struct buf *out, struct err *err)
{
	segment_writer_begin(w, &m->start);
	add_texts(segment_writer_texts(w));
	for (uint32_t i = 0; i < m->n_packets; i++)
		segment_writer_packet(
			w, m->packets[i].skip, m->packets[i].len, m->packets[i].time_ns,
			model_check(m, i));
	for (uint32_t i = 0; i < m->n_flows; i++) {
		const struct model_flow *f = &m->flows[i];

		segment_writer_flow(w, f->id, &f->key, f->slice_ns, f->micros[0].ordinals[0]);
		for (uint32_t k = 0; k < f->n; k++) {
			segment_writer_notes(w, f->micros[k].notes, f->micros[k].n_notes);
			segment_writer_micro(w, f->micros[k].id, f->micros[k].slice_ns,
				&f->micros[k].c, f->micros[k].ordinals, f->micros[k].n);
		}
	}
	for (uint32_t i = 0; i < m->n_packets && m->start.fingerprints != FINGERPRINTS_OFF; i++) {
		uint32_t v[MODEL_PRINTS];
		struct packet_prints prints = model_prints(m, i, v);

		segment_writer_prints(w, i, &prints);
	}
	for (uint32_t i = 0; i < m->n_names; i++)
		segment_writer_name(w, &m->names[i].o);
	return segment_writer_end(w, out, NULL, err);
}

size_t model_file(const struct model *m, struct buf *out)
{
	struct segment_writer *w;
	size_t at = 0;

	buf_init(out);
	if (segment_writer_new(&w, NULL) != RC_DONE)
		return 0;
	if (index_header_encode(out, m->start.block, NULL) == RC_DONE)
		at = out->len;
	if (at && model_write(m, w, out, NULL) != RC_DONE)
		at = 0;
	segment_writer_free(w);
	return at;
}
