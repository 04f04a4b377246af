/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/machine.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "query/prints_of.h"

#include <stdlib.h>
#include <string.h>

/* A datagram seen at two points within this is the same; TCP's sequence numbers tell by themselves. */
static const int64_t SAME_NS = 50000000;
/* Stretches so near to each other are read as one: each costs a look at the index. */
static const int64_t BETWEEN_NS = 2000000000;
enum { ALIAS_SPANS = 8 };            /* in which other addresses are looked for */
/* Answers alone tell if they have so many bytes in common, with this confidence. */
enum { ANSWER_LEAST = 16 };
static const double ANSWER_SURE = 0.6;

struct reading {
	struct machine *m;
	const struct machine_asked *asked;
	size_t n_asked;
	enum rc rc;
	struct err err;
};

/* ---- what a packet is ------------------------------------------------------------------------ */

struct end {
	struct addr addr;
	uint8_t zero;
	uint16_t port;
};

uint64_t machine_talk(const struct packet *p)
{
	struct end ends[2];
	bool ports = p->flags & PACKET_HAS_PORTS;
	bool turned = addr_cmp(&p->src, &p->dst) > 0 ||
		(addr_equal(&p->src, &p->dst) && p->src_port > p->dst_port);

	memset(ends, 0, sizeof(ends));
	ends[turned].addr = p->src;
	ends[!turned].addr = p->dst;
	ends[turned].port = ports ? p->src_port : 0;
	ends[!turned].port = ports ? p->dst_port : 0;
	return hash_bytes(ends, sizeof(ends), p->proto);
}

enum trace_role machine_role(const struct flow_key *key, enum direction direction)
{
	bool certain = key->orientation == ORIENTATION_SYN || key->orientation == ORIENTATION_KNOWN_PORT;

	/* both ask on one pair of ports: SIP, DNS between servers, NTP peers */
	if (!certain || (key->proto == PROTO_UDP && key->client_port == key->server_port))
		return TRACE_EITHER;
	return direction == DIR_C2S ? TRACE_REQUEST : TRACE_RESPONSE;
}

size_t machine_payload(const struct packet *p, const struct raw_packet *raw, const uint8_t **payload)
{
	uint32_t kept = p->payload_off < raw->caplen ? raw->caplen - p->payload_off : 0;

	*payload = raw->data + p->payload_off;
	if (!(p->flags & PACKET_HAS_PORTS))
		return 0;
	return p->payload_len < kept ? p->payload_len : kept;
}

static uint64_t same_hash(const struct packet *p, const uint8_t *payload, size_t len)
{
	struct end from;
	uint64_t seq = p->flags & PACKET_HAS_TCP ? p->tcp_seq : 0;

	memset(&from, 0, sizeof(from));
	from.addr = p->src;
	from.port = p->src_port;
	return hash_bytes(payload, len, hash_bytes(&from, sizeof(from), machine_talk(p) + seq));
}

/* ---- where, and when ----------------------------------------------------------------------------- */

void machine_source_init(struct machine_source *s, const struct query_sources *sources, struct query_control *control)
{
	*s = (struct machine_source){ .sources = sources, .control = control,
		.kin = { .sources = sources, .control = control } };
}

void machine_source_free(struct machine_source *s)
{
	kin_free(&s->kin);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Stretches, where those with so much between them at most are one. The first `max` are written, all are counted. */
static size_t join(const int64_t *times, size_t n, int64_t before_ns, int64_t after_ns, int64_t between_ns,
	struct time_span *out, size_t max)
{
	struct time_span span = { 0 };
	size_t spans = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t from_ns = time_sub(times[i], before_ns);

		if (spans == 0 || from_ns > time_add(span.to_ns, between_ns)) {
			spans++;
			span.from_ns = from_ns;
		}
		span.to_ns = time_add(times[i], after_ns);
		if (spans <= max)
			out[spans - 1] = span;
	}
	return spans;
}

size_t machine_spans(int64_t *times, size_t n, int64_t before_ns, int64_t after_ns, struct time_span out[MACHINE_SPANS])
{
	int64_t between_ns = BETWEEN_NS;
	size_t spans;

	qsort(times, n, sizeof(*times), by_value);
	while ((spans = join(times, n, before_ns, after_ns, between_ns, out, MACHINE_SPANS)) > MACHINE_SPANS)
		between_ns *= 2;
	return spans;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct machine_asked *x = a, *y = b;
	uint64_t i = record_id_number(x->id.rec), k = record_id_number(y->id.rec);

	if (x->id.source != y->id.source)
		return x->id.source < y->id.source ? -1 : 1;
	return (i > k) - (i < k);
}

void machine_ask_sort(struct machine_asked *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_id);
}

static uint32_t asked_node(const struct reading *r, struct seen_id id)
{
	struct machine_asked key = { .id = id };
	const struct machine_asked *found =
		r->n_asked ? bsearch(&key, r->asked, r->n_asked, sizeof(key), by_id) : NULL;

	return found ? found->node : MACHINE_NONE;
}

static enum rc keep(struct reading *r, const struct row *row, const uint8_t *payload, size_t len, struct err *err)
{
	struct machine *m = r->m;
	const struct packet *pkt = &row->packet->pkt;

	if (mem_grow(&m->packets, &m->cap, m->n + 1, sizeof(*m->packets)) != 0 ||
		mem_grow(&m->bytes, &m->cap_bytes, m->n_bytes + len, 1) != 0)
		return err_memory(err);
	struct machine_packet *p = &m->packets[m->n++];

	*p = (struct machine_packet){ .time_ns = pkt->time_ns,
		.self = { row->source, row->packet->self },
		.flow = { row->source, row->packet->flow },
		.talk = machine_talk(pkt),
		.src = pkt->src,
		.dst = pkt->dst,
		.src_port = pkt->src_port,
		.dst_port = pkt->dst_port,
		.role = (uint8_t)machine_role(row->packet->key, row->packet->direction),
		.payload = m->n_bytes,
		.len = (uint32_t)len,
		.cut = len < pkt->payload_len,
		.datagram = !(pkt->flags & PACKET_HAS_TCP),
		.before = MACHINE_NONE,
		.same = same_hash(pkt, payload, len),
		.points = (uint64_t)1 << (hash_mix(pkt->point * 64ULL + row->source) & 63) };
	p->way = (uint8_t)((aliases_have(&m->addrs, &p->dst) ? TRACE_IN : 0) |
		(aliases_have(&m->addrs, &p->src) ? TRACE_OUT : 0));
	p->node = asked_node(r, p->self);
	memcpy(m->bytes + m->n_bytes, payload, len);
	m->n_bytes += len;
	m->cut += p->cut;
	return RC_DONE;
}

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct reading *r = ctx;
	const uint8_t *payload;
	size_t len = machine_payload(&row->packet->pkt, raw, &payload);

	r->m->read++;
	if (r->m->n >= MACHINE_PACKETS || r->m->n_bytes + len > MACHINE_BYTES) {
		r->m->limited = true;
		return false;
	}
	if (len > 0)
		r->rc = keep(r, row, payload, len, &r->err);
	return r->rc == RC_DONE;
}

static enum rc read_span(struct reading *r, struct machine_source *source, const struct filter *filter,
	struct time_span span, struct err *err)
{
	struct query_explain cost;
	struct query q;

	query_init(&q, TIER_PACKET);
	q.filter = filter;
	q.from_ns = span.from_ns;
	q.to_ns = span.to_ns;
	q.unheard = true;
	enum rc rc = query_run(source->sources, &q, on_packet, r, source->control, &cost, err);
	query_explain_add(&source->cost, &cost);
	if (rc == RC_DONE && r->rc != RC_DONE && err)
		*err = r->err;
	return rc == RC_DONE ? r->rc : rc;
}

/* Who else it is. Later on it is hardly another one. */
static enum rc find_aliases(struct machine *m, struct machine_source *source, const struct time_span *spans,
	size_t n_spans, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < n_spans && i < ALIAS_SPANS && rc == RC_DONE; i++) {
		struct query_explain cost;

		rc = kin_look(&source->kin, spans[i], &cost, err);
		query_explain_add(&source->cost, &cost);
	}
	kin_find(&source->kin, &m->addrs);
	return rc;
}

static enum rc read_packets(struct reading *r, struct machine_source *source, const struct time_span *spans,
	size_t n_spans, struct err *err)
{
	char text[ALIASES * (ADDR_TEXT + 16)];
	struct filter *filter;
	enum rc rc = find_aliases(r->m, source, spans, n_spans, err);

	if (rc != RC_DONE)
		return rc;
	aliases_filter(&r->m->addrs, text, sizeof(text));
	rc = filter_compile(text, TIER_PACKET, &filter, err);
	if (rc != RC_DONE)
		return rc;
	for (size_t i = 0; i < n_spans && rc == RC_DONE && !r->m->limited; i++)
		rc = read_span(r, source, filter, spans[i], err);
	filter_free(filter);
	return rc;
}

/* ---- the same packet ------------------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
	const struct machine_packet *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->payload > y->payload) - (x->payload < y->payload);
}

static bool is_same(const struct machine_packet *first, const struct machine_packet *p)
{
	return !p->datagram ||
		(!(first->points & p->points) && time_sub(p->time_ns, first->time_ns) <= SAME_NS);
}

/* Seen once more. Further in is nearer to a machine that it goes to; but what was asked for is what is shown. */
static void merge(struct machine_packet *first, const struct machine_packet *p)
{
	bool nearer = !(first->points & p->points) && (first->way & TRACE_IN);

	if (nearer)
		first->time_ns = p->time_ns;
	if (p->node != MACHINE_NONE || (nearer && first->node == MACHINE_NONE)) {
		first->self = p->self;
		first->flow = p->flow;
	}
	if (p->node != MACHINE_NONE)
		first->node = p->node;
	first->points |= p->points;
}

/* By time. A datagram that says the same anew takes the place of the one before: there may be many of them. */
static enum rc drop_same(struct machine *m, struct err *err)
{
	size_t size = 16, kept = 0;
	uint32_t *slots;

	while (size < m->n * 2)
		size *= 2;
	slots = mem_calloc(size, sizeof(*slots));
	if (!slots)
		return err_memory(err);
	for (size_t i = 0; i < m->n; i++) {
		struct machine_packet *p = &m->packets[i];
		size_t s = p->same & (size - 1);

		while (slots[s] && m->packets[slots[s] - 1].same != p->same)
			s = (s + 1) & (size - 1);
		if (slots[s] && is_same(&m->packets[slots[s] - 1], p)) {
			merge(&m->packets[slots[s] - 1], p);
			continue;
		}
		m->packets[kept] = *p;
		slots[s] = (uint32_t)++kept;
	}
	m->n = kept;
	mem_free(slots);
	return RC_DONE;
}

/* ---- numbers --------------------------------------------------------------------------------------- */

/* Small numbers for what is equal, in order of appearance. */
struct numbers {
	uint64_t *keys;
	uint32_t *values;
	size_t mask;
	uint32_t n;
};

static enum rc numbers_init(struct numbers *x, size_t most, struct err *err)
{
	size_t size = 16;

	while (size < most * 2)
		size *= 2;
	x->mask = size - 1;
	x->n = 0;
	x->keys = mem_calloc(size, sizeof(*x->keys));
	x->values = mem_calloc(size, sizeof(*x->values));
	return x->keys && x->values ? RC_DONE : err_memory(err);
}

static void numbers_free(struct numbers *x)
{
	mem_free(x->keys);
	mem_free(x->values);
}

static uint32_t number_of(struct numbers *x, uint64_t key)
{
	size_t s = hash_mix(key) & x->mask;

	while (x->values[s] && x->keys[s] != key)
		s = (s + 1) & x->mask;
	if (!x->values[s]) {
		x->keys[s] = key;
		x->values[s] = ++x->n;
	}
	return x->values[s] - 1;
}

/* Packets of a talk in a row, and turns: a turn ends where the other side speaks. */
static void link_talks(struct machine *m, uint32_t *last)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct machine_packet *p = &m->packets[i];
		uint32_t *before = &last[m->trace[i].talk];

		p->before = *before;
		p->first = i;
		if (*before != MACHINE_NONE) {
			const struct machine_packet *b = &m->packets[*before];
			bool turns = !addr_equal(&b->dst, &p->dst);

			p->turn = b->turn + turns;
			p->first = turns ? i : b->first;
		}
		*before = i;
	}
}

static void describe(struct machine *m, struct numbers *talks, struct numbers *peers)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct machine_packet *p = &m->packets[i];
		const struct addr *peer = p->way & TRACE_IN ? &p->src : &p->dst;

		m->trace[i] = (struct trace_packet){ .time_ns = p->time_ns,
			.payload = m->bytes + p->payload,
			.len = p->len,
			.cut = p->cut,
			.talk = number_of(talks, p->talk),
			.peer = number_of(peers, hash_bytes(peer, sizeof(*peer), 0)),
			.service = (uint32_t)hash_bytes(&p->dst, sizeof(p->dst), p->dst_port),
			.way = p->way,
			.role = p->role };
	}
	m->talks = talks->n;
}

static enum rc number_all(struct machine *m, struct err *err)
{
	struct numbers talks = { 0 }, peers = { 0 };
	uint32_t *last = mem_calloc(m->n + 1, sizeof(*last));
	enum rc rc = numbers_init(&talks, m->n, err);

	if (rc == RC_DONE)
		rc = numbers_init(&peers, m->n, err);
	m->trace = mem_calloc(m->n + 1, sizeof(*m->trace));
	if (rc == RC_DONE && (!last || !m->trace))
		rc = err_memory(err);
	if (rc == RC_DONE) {
		describe(m, &talks, &peers);
		memset(last, 0xff, (m->n + 1) * sizeof(*last));
		link_talks(m, last);
	}
	numbers_free(&talks);
	numbers_free(&peers);
	mem_free(last);
	return rc;
}

static bool is_sorted(const struct machine *m)
{
	for (size_t i = 1; i < m->n; i++)
		if (by_time(&m->packets[i - 1], &m->packets[i]) > 0)
			return false;
	return true;
}

static void sort_packets(struct machine *m)
{
	if (!is_sorted(m))
		qsort(m->packets, m->n, sizeof(*m->packets), by_time);
}

static enum rc tidy(struct machine *m, struct err *err)
{
	enum rc rc;

	sort_packets(m);
	rc = drop_same(m, err);
	if (rc != RC_DONE)
		return rc;
	/* what was seen nearer to the machine has another time now */
	sort_packets(m);
	return number_all(m, err);
}

enum rc machine_read(struct machine *m, struct machine_source *source, const struct time_span *spans, size_t n_spans,
	const struct machine_asked *asked, size_t n_asked, struct err *err)
{
	struct reading r = { .m = m, .asked = asked, .n_asked = n_asked };
	enum rc rc = read_packets(&r, source, spans, n_spans, err);

	if (rc == RC_DONE)
		rc = tidy(m, err);
	if (rc == RC_DONE)
		rc = machine_take_prints(m, source->sources, err);
	if (rc != RC_DONE)
		machine_free(m);
	return rc;
}

void machine_free(struct machine *m)
{
	mem_free(m->packets);
	mem_free(m->bytes);
	mem_free(m->prints);
	mem_free(m->trace);
	memset(m, 0, sizeof(*m));
}

/* ---- turns ------------------------------------------------------------------------------------------ */

uint32_t machine_answered_by(const struct machine *m, uint32_t i)
{
	uint32_t before = m->packets[m->packets[i].first].before;

	return before == MACHINE_NONE ? MACHINE_NONE : m->packets[before].first;
}

void machine_answer_times(const struct machine *m, int64_t *out)
{
	for (size_t i = 0; i < m->n; i++)
		out[i] = INT64_MAX;
	for (size_t i = m->n; i-- > 0;) {
		const struct machine_packet *p = &m->packets[i];

		if (p->before != MACHINE_NONE)
			out[p->before] = m->packets[p->before].turn == p->turn ? out[i] : p->time_ns;
	}
}

bool machine_certain(const struct trace_link *l)
{
	return l->sound && l->len >= ANSWER_LEAST && trace_confidence(l) >= ANSWER_SURE;
}
