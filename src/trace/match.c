/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/match.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { ANCHORS = 16, TIED = 8, RECENT = 8, NOBODY = -1, COMPARED = 1 << 20 };

/* A fingerprint of this machine's packets. */
struct entry {
	uint64_t hash;
	uint32_t units;      /* that have it */
	uint16_t recent[RECENT];     /* tags of units counted last: conversations take turns */
	uint32_t post;       /* the packet that came in with it last, plus one */
	uint32_t seen;       /* by which packet, plus one: doubles within one count once */
};

/* Packets that came in with a fingerprint, latest first. */
struct post {
	uint32_t packet, next;
};

/* What is known of one candidate for the cause of the packet at hand. */
struct candidate {
	uint32_t round;      /* whose it is; another one: nothing */
	bool decisive;       /* something that both have is rare enough */
	double weight;
};

struct matcher {
	const struct trace_packet *packets;
	size_t n;
	int64_t window_ns;
	struct trace_links *out;
	struct entry *table;
	size_t mask, used;
	uint32_t *prints;    /* entries of all packets, one after the other */
	size_t n_prints, cap_prints;
	size_t *first;       /* of each packet in prints; n + 1 */
	struct post *posts;
	size_t n_posts, cap_posts;
	int64_t *unit;       /* by talk: the one seen last */
	uint64_t units;
	int64_t *answered;   /* by packet: when its request was; INT64_MAX never */
	uint64_t *caused;    /* by packet: services, as bits */
	struct candidate *candidates;        /* by packet */
	uint32_t *list;      /* packets that are candidates now */
	size_t n_list;
	struct plain a, b;
	struct print *room;  /* of one packet */
	size_t cap_room;
	double rarest;       /* ln(units + 1) */
};

/* ---- fingerprints of all packets ---------------------------------------------------------------- */

static enum rc table_grow(struct matcher *m, struct err *err)
{
	size_t size = (m->mask + 1) * 2;
	struct entry *table = mem_calloc(size, sizeof(*table));
	uint32_t *moved = mem_calloc(m->mask + 1, sizeof(*moved));

	if (!table || !moved) {
		mem_free(table);
		mem_free(moved);
		return err_memory(err);
	}
	for (size_t i = 0; i <= m->mask; i++) {
		size_t s = m->table[i].hash & (size - 1);

		if (!m->table[i].units)
			continue;
		while (table[s].units)
			s = (s + 1) & (size - 1);
		table[s] = m->table[i];
		moved[i] = (uint32_t)s;
	}
	for (size_t i = 0; i < m->n_prints; i++)
		m->prints[i] = moved[m->prints[i]];
	mem_free(moved);
	mem_free(m->table);
	m->table = table;
	m->mask = size - 1;
	return RC_DONE;
}

/* The place of a hash, new or known. */
static uint32_t table_find(struct matcher *m, uint64_t hash)
{
	size_t s = hash & m->mask;

	while (m->table[s].units && m->table[s].hash != hash)
		s = (s + 1) & m->mask;
	return (uint32_t)s;
}

/* If the unit is another one than those counted last. */
static void count_unit(struct entry *e, uint16_t tag)
{
	for (unsigned k = 0; k < RECENT; k++)
		if (e->recent[k] == tag)
			return;
	e->recent[e->units++ % RECENT] = tag;
}

static enum rc note_print(struct matcher *m, uint64_t hash, uint32_t packet, struct err *err)
{
	const struct trace_packet *p = &m->packets[packet];
	uint64_t unit = hash_mix((uint64_t)time_floor(p->time_ns, TRACE_UNIT_NS) + p->talk);
	enum rc rc = RC_DONE;

	if (m->used * 2 > m->mask)
		rc = table_grow(m, err);
	if (rc != RC_DONE)
		return rc;
	uint32_t s = table_find(m, hash);
	struct entry *e = &m->table[s];

	if (e->seen == packet + 1)
		return RC_DONE;
	m->used += e->units == 0;
	count_unit(e, (uint16_t)(unit | 1));
	e->hash = hash;
	e->seen = packet + 1;
	if (mem_grow(&m->prints, &m->cap_prints, m->n_prints + 1, sizeof(*m->prints)) != 0)
		return err_memory(err);
	m->prints[m->n_prints++] = s;
	return RC_DONE;
}

/* Prints of one packet, in m->a and m->room. */
static enum rc make_prints(struct matcher *m, struct plain *plain, const struct trace_packet *p,
	size_t *n, struct err *err)
{
	enum rc rc = plain_make(plain, p->payload, p->len, err);

	*n = 0;
	if (rc != RC_DONE)
		return rc;
	if (mem_grow(&m->room, &m->cap_room, fingerprint_bound(plain->len), sizeof(*m->room)) != 0)
		return err_memory(err);
	*n = fingerprint(plain, m->room, fingerprint_bound(plain->len));
	return RC_DONE;
}

static enum rc note_packet(struct matcher *m, uint32_t i, struct err *err)
{
	const struct trace_packet *p = &m->packets[i];
	int64_t unit = time_floor(p->time_ns, TRACE_UNIT_NS);
	enum rc rc = RC_DONE;
	size_t n = 0;

	m->first[i] = m->n_prints;
	if (m->n_prints > TRACE_PRINTS)
		m->out->limited = true;
	else
		rc = make_prints(m, &m->a, p, &n, err);
	m->units += m->unit[p->talk] != unit;
	m->unit[p->talk] = unit;
	for (size_t k = 0; k < n && rc == RC_DONE; k++)
		rc = note_print(m, m->room[k].hash, i, err);
	return rc;
}

/* When what came in was answered first: the next packet of its conversation that left. */
static void find_answers(struct matcher *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->unit[m->packets[i].talk] = INT64_MAX;
	for (size_t i = m->n; i-- > 0;) {
		const struct trace_packet *p = &m->packets[i];

		m->answered[i] = m->unit[p->talk];
		if (p->way == TRACE_OUT)
			m->unit[p->talk] = p->time_ns;
	}
}

static enum rc note_all(struct matcher *m, uint32_t talks, struct err *err)
{
	enum rc rc = RC_DONE;

	for (uint32_t t = 0; t < talks; t++)
		m->unit[t] = INT64_MIN;
	for (uint32_t i = 0; i < m->n && rc == RC_DONE; i++)
		rc = note_packet(m, i, err);
	m->first[m->n] = m->n_prints;
	m->rarest = log((double)m->units + 1);
	find_answers(m);
	for (size_t s = 0; s <= m->mask; s++)
		m->table[s].seen = 0;
	return rc;
}

/* ---- the cause of one packet ---------------------------------------------------------------------- */

/* Less than one in so many units have it. */
static bool is_rare(const struct matcher *m, const struct entry *e, unsigned share)
{
	return e->units <= TRACE_RARE || e->units <= m->units / share;
}

static double weight_of(const struct matcher *m, const struct entry *e)
{
	double rare = log(((double)m->units + 1) / e->units);

	if (!is_rare(m, e, TRACE_USEFUL))
		return 0;
	return rare > 0 ? rare * rare / m->rarest : 0;
}

static bool in_window(const struct matcher *m, const struct trace_packet *in, const struct trace_packet *out)
{
	return in->time_ns <= out->time_ns && time_sub(out->time_ns, in->time_ns) <= m->window_ns;
}

static void collect(struct matcher *m, uint32_t out)
{
	const struct trace_packet *p = &m->packets[out];

	m->n_list = 0;
	for (size_t k = m->first[out]; k < m->first[out + 1]; k++) {
		const struct entry *e = &m->table[m->prints[k]];
		double weight = weight_of(m, e);
		bool decisive = is_rare(m, e, TRACE_DECISIVE);
		unsigned deep = 0;

		if (weight <= 0)
			continue;
		for (uint32_t at = e->post; at && deep < TRACE_DEEP; at = m->posts[at - 1].next, deep++) {
			uint32_t in = m->posts[at - 1].packet;

			if (!in_window(m, &m->packets[in], p))
				break;
			if (in == out)
				continue;
			if (m->candidates[in].round != out + 1) {
				m->candidates[in] = (struct candidate){ .round = out + 1 };
				m->list[m->n_list++] = in;
			}
			m->candidates[in].weight += weight;
			m->candidates[in].decisive |= decisive;
		}
	}
}

/* Whether one may cause the other, whatever they say. */
static bool may_cause(const struct trace_packet *in, const struct trace_packet *out)
{
	bool to_itself = in->way == (TRACE_IN | TRACE_OUT);

	if (in->talk == out->talk || (in->peer == out->peer && !to_itself))
		return false;
	if (in->role == TRACE_EITHER || out->role == TRACE_EITHER)
		return true;
	return in->role == TRACE_REQUEST || out->role == TRACE_RESPONSE;
}

/* A server says to another client what this one asked: only if that client did not say it itself. */
static bool is_across(const struct trace_packet *in, const struct trace_packet *out)
{
	return in->role == TRACE_REQUEST && out->role == TRACE_RESPONSE;
}

static double evidence_of(const struct matcher *m, uint32_t in, uint32_t out)
{
	const struct trace_packet *i = &m->packets[in], *o = &m->packets[out];
	double evidence = m->candidates[in].decisive ? m->candidates[in].weight : 0;
	double delay = (double)time_sub(o->time_ns, i->time_ns);

	if (i->role != TRACE_RESPONSE && m->answered[in] < o->time_ns)
		evidence /= 2;
	return evidence * (1 - 0.25 * delay / (double)(m->window_ns > 0 ? m->window_ns : 1));
}

static uint64_t service_bit(const struct trace_packet *out)
{
	return (uint64_t)1 << (hash_mix(out->service) & 63);
}

/* Whether a takes precedence over b, whose evidence is about the same: the one that caused nothing there yet, then the earlier. */
static bool comes_first(const struct matcher *m, uint32_t a, uint32_t b, const struct trace_packet *out)
{
	bool a_did = m->caused[a] & service_bit(out), b_did = m->caused[b] & service_bit(out);

	return a_did != b_did ? b_did : a < b;
}

struct verdict {
	int64_t in;          /* NOBODY */
	double evidence, other;
	uint32_t tied[TIED]; /* that explain it about as well, in order of precedence */
	size_t n_tied;
};

static void add_tied(const struct matcher *m, struct verdict *v, uint32_t in, const struct trace_packet *out)
{
	size_t at = v->n_tied;

	while (at > 0 && comes_first(m, in, v->tied[at - 1], out))
		at--;
	if (at == TIED)
		return;
	v->n_tied += v->n_tied < TIED;
	memmove(v->tied + at + 1, v->tied + at, (v->n_tied - at - 1) * sizeof(*v->tied));
	v->tied[at] = in;
}

/* Responses are explained by responses first, and only then by what others asked. */
static void judge(const struct matcher *m, uint32_t out, bool across, struct verdict *v)
{
	const struct trace_packet *o = &m->packets[out];
	double most = 0;

	*v = (struct verdict){ .in = NOBODY };
	for (size_t k = 0; k < m->n_list; k++) {
		uint32_t in = m->list[k];
		double evidence = evidence_of(m, in, out);

		if (may_cause(&m->packets[in], o) && is_across(&m->packets[in], o) == across)
			most = evidence > most ? evidence : most;
	}
	for (size_t k = 0; k < m->n_list && most > 0; k++) {
		uint32_t in = m->list[k];
		const struct trace_packet *i = &m->packets[in];
		double evidence = evidence_of(m, in, out);

		if (may_cause(i, o) && is_across(i, o) == across && evidence >= most * 0.97)
			add_tied(m, v, in, o);
	}
	if (v->n_tied == 0)
		return;
	v->in = v->tied[0];
	v->evidence = evidence_of(m, v->tied[0], out);
	for (size_t k = 0; k < m->n_list; k++) {
		const struct trace_packet *i = &m->packets[m->list[k]];
		double evidence = evidence_of(m, m->list[k], out);

		if (i->talk != m->packets[v->in].talk && may_cause(i, o) && evidence > v->other)
			v->other = evidence;
	}
}

/* What the other end of its own conversation said of the same content. */
static double said_itself(const struct matcher *m, uint32_t out)
{
	double most = 0;

	for (size_t k = 0; k < m->n_list; k++) {
		uint32_t in = m->list[k];

		if (m->packets[in].talk == m->packets[out].talk && m->candidates[in].weight > most)
			most = m->candidates[in].weight;
	}
	return most;
}

/* ---- on the bytes ------------------------------------------------------------------------------------ */

/* Prints of the packet that came in, the rarest first; those that the other one has not are left out. */
static size_t choose_anchors(struct matcher *m, size_t n, uint32_t out, struct print *anchors)
{
	double weights[ANCHORS];
	size_t chosen = 0;

	for (size_t k = m->first[out]; k < m->first[out + 1]; k++)
		m->table[m->prints[k]].seen = out + 1;
	for (size_t k = 0; k < n; k++) {
		struct entry *e = &m->table[table_find(m, m->room[k].hash)];
		double weight = e->units && e->seen == out + 1 ? weight_of(m, e) : 0;
		size_t at = chosen;

		if (weight <= 0)
			continue;
		e->seen = 0; /* once is enough */
		while (at > 0 && weights[at - 1] < weight)
			at--;
		if (at == ANCHORS)
			continue;
		chosen += chosen < ANCHORS;
		memmove(weights + at + 1, weights + at, (chosen - at - 1) * sizeof(*weights));
		memmove(anchors + at + 1, anchors + at, (chosen - at - 1) * sizeof(*anchors));
		weights[at] = weight;
		anchors[at] = m->room[k];
	}
	return chosen;
}

/* Where the anchors stand in the other packet: the longest that is equal around one of them. */
static struct common grow(const struct matcher *m, size_t n, const struct print *anchors, size_t n_anchors)
{
	struct common best = { 0 };
	size_t compared = 0; /* bytes: what repeats itself is not compared at every place with every other */

	for (size_t k = 0; k < n && compared < COMPARED; k++) {
		const struct print *p = &m->room[k];

		for (size_t i = 0; i < n_anchors; i++) {
			const struct print *a = &anchors[i];
			struct common c = { a->at, p->at, a->len };

			if (p->hash != a->hash || p->len != a->len ||
				memcmp(m->a.bytes + a->at, m->b.bytes + p->at, p->len) != 0)
				continue;
			if (c.a_at >= best.a_at && c.a_at - best.a_at < best.len &&
				c.a_at - best.a_at == c.b_at - best.b_at)
				continue; /* within what was found */
			c = common_around(&m->a, &m->b, c);
			compared += c.len;
			if (c.len > best.len)
				best = c;
		}
	}
	return best;
}

static enum rc confirm(struct matcher *m, uint32_t in, uint32_t out, struct common *common, struct err *err)
{
	struct print anchors[ANCHORS];
	size_t n, n_anchors;
	enum rc rc = make_prints(m, &m->a, &m->packets[in], &n, err);

	if (rc != RC_DONE)
		return rc;
	n_anchors = choose_anchors(m, n, out, anchors);
	rc = make_prints(m, &m->b, &m->packets[out], &n, err);
	if (rc == RC_DONE)
		*common = grow(m, n, anchors, n_anchors);
	return rc;
}

/* Of those that share the same fingerprints the one that shares most bytes: a number that differs may be too short for a print. */
static enum rc settle(struct matcher *m, uint32_t out, struct verdict *v, struct err *err)
{
	uint32_t longest = 0;
	enum rc rc = RC_DONE;

	for (size_t k = 0; k < v->n_tied && v->n_tied > 1 && rc == RC_DONE; k++) {
		struct common c = { 0 };

		rc = confirm(m, v->tied[k], out, &c, err);
		if (c.len <= longest)
			continue;
		longest = c.len;
		v->in = v->tied[k];
		v->evidence = evidence_of(m, v->tied[k], out);
	}
	return rc;
}

static enum rc find_cause(struct matcher *m, uint32_t out, struct verdict *v, struct err *err)
{
	judge(m, out, false, v);
	if (v->in == NOBODY && m->packets[out].role == TRACE_RESPONSE) {
		judge(m, out, true, v);
		if (v->in != NOBODY && said_itself(m, out) >= v->evidence / 2)
			v->in = NOBODY;
	}
	return v->in == NOBODY ? RC_DONE : settle(m, out, v, err);
}

static enum rc add_link(struct matcher *m, const struct verdict *v, uint32_t out, struct err *err)
{
	uint32_t in = (uint32_t)v->in;
	struct trace_links *l = m->out;
	struct common c = { 0 };
	enum rc rc;

	m->caused[in] |= service_bit(&m->packets[out]);
	if (!m->packets[in].effect_asked && !m->packets[out].cause_asked)
		return RC_DONE;
	rc = confirm(m, in, out, &c, err);
	if (rc != RC_DONE || c.len < TRACE_LEAST)
		return rc;
	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return err_memory(err);
	l->v[l->n++] = (struct trace_link){ in, out, plain_offset(&m->a, c.a_at),
		plain_offset(&m->b, c.b_at), c.len, v->evidence, v->other };
	return RC_DONE;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static enum rc post_packet(struct matcher *m, uint32_t in, struct err *err)
{
	for (size_t k = m->first[in]; k < m->first[in + 1]; k++) {
		struct entry *e = &m->table[m->prints[k]];

		if (weight_of(m, e) <= 0)
			continue;
		if (mem_grow(&m->posts, &m->cap_posts, m->n_posts + 1, sizeof(*m->posts)) != 0)
			return err_memory(err);
		m->posts[m->n_posts++] = (struct post){ in, e->post };
		e->post = (uint32_t)m->n_posts;
	}
	return RC_DONE;
}

/* From the first packet that is asked of, less the window, to the last, and the window: the others only tell what is frequent. */
static void asked_times(const struct matcher *m, int64_t *from_ns, int64_t *to_ns)
{
	*from_ns = INT64_MAX;
	*to_ns = INT64_MIN;
	for (size_t i = 0; i < m->n; i++) {
		const struct trace_packet *p = &m->packets[i];

		if (!p->cause_asked && !p->effect_asked)
			continue;
		if (*from_ns == INT64_MAX)
			*from_ns = time_sub(p->time_ns, m->window_ns);
		*to_ns = time_add(p->time_ns, m->window_ns);
	}
}

static enum rc link_all(struct matcher *m, struct err *err)
{
	int64_t from_ns, to_ns;
	enum rc rc = RC_DONE;

	asked_times(m, &from_ns, &to_ns);
	for (uint32_t i = 0; i < m->n && rc == RC_DONE; i++) {
		const struct trace_packet *p = &m->packets[i];
		struct verdict v;

		if (p->time_ns < from_ns || p->time_ns > to_ns)
			continue;
		if (p->way & TRACE_OUT) {
			collect(m, i);
			rc = find_cause(m, i, &v, err);
			if (rc == RC_DONE && v.in != NOBODY)
				rc = add_link(m, &v, i, err);
		}
		if (rc == RC_DONE && (p->way & TRACE_IN))
			rc = post_packet(m, i, err);
	}
	return rc;
}

static enum rc matcher_init(struct matcher *m, uint32_t talks, struct err *err)
{
	m->mask = 4095;
	m->table = mem_calloc(m->mask + 1, sizeof(*m->table));
	m->first = mem_calloc(m->n + 1, sizeof(*m->first));
	m->unit = mem_calloc((size_t)talks + 1, sizeof(*m->unit));
	m->answered = mem_calloc(m->n + 1, sizeof(*m->answered));
	m->caused = mem_calloc(m->n + 1, sizeof(*m->caused));
	m->candidates = mem_calloc(m->n + 1, sizeof(*m->candidates));
	m->list = mem_calloc(m->n + 1, sizeof(*m->list));
	if (!m->table || !m->first || !m->unit || !m->answered || !m->caused || !m->candidates || !m->list)
		return err_memory(err);
	return RC_DONE;
}

static void matcher_free(struct matcher *m)
{
	plain_free(&m->a);
	plain_free(&m->b);
	mem_free(m->table);
	mem_free(m->prints);
	mem_free(m->first);
	mem_free(m->posts);
	mem_free(m->unit);
	mem_free(m->answered);
	mem_free(m->caused);
	mem_free(m->candidates);
	mem_free(m->list);
	mem_free(m->room);
}

enum rc trace_match(const struct trace_packet *packets, size_t n, uint32_t talks, int64_t window_ns,
	struct trace_links *out, struct err *err)
{
	struct matcher m = { .packets = packets, .n = n, .window_ns = window_ns, .out = out };
	enum rc rc = matcher_init(&m, talks, err);

	memset(out, 0, sizeof(*out));
	rc = rc == RC_DONE ? note_all(&m, talks, err) : rc;
	rc = rc == RC_DONE ? link_all(&m, err) : rc;
	matcher_free(&m);
	if (rc != RC_DONE)
		trace_links_free(out);
	return rc;
}

void trace_links_free(struct trace_links *l)
{
	mem_free(l->v);
	memset(l, 0, sizeof(*l));
}

double trace_confidence(const struct trace_link *l)
{
	double sure = 1 - exp(-(l->evidence + l->len / 8.0) / TRACE_SURE);

	return l->evidence > 0 ? sure * l->evidence / (l->evidence + l->other) : 0;
}
