/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which packet that came explains best the one that left: rules, time and the rarity of what both have. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "trace/match_priv.h"
#include "trace/order.h"

#include <string.h>

enum rc match_post(struct matcher *m, uint32_t in, struct err *err)
{
	for (size_t k = m->first[in]; k < m->first[in + 1]; k++) {
		struct match_entry *e = match_find(m, m->hashes[k]);

		if (!e || e->weight <= 0 || (e->post && m->posts[e->post - 1].packet == in))
			continue;
		if (mem_grow(&m->posts, &m->cap_posts, m->n_posts + 1, sizeof(*m->posts)) != 0)
			return err_memory(err);
		m->posts[m->n_posts++] = (struct match_post){ in, e->post };
		e->post = (uint32_t)m->n_posts;
	}
	return RC_DONE;
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
		struct match_entry *e = match_find(m, m->hashes[k]);
		double weight = e && e->seen != out + 1 ? e->weight : 0;
		unsigned deep = 0;

		if (e == NULL || weight <= 0)
			continue;
		e->seen = out + 1; /* once is enough */
		for (uint32_t at = e->post; at && deep < TRACE_DEEP; at = m->posts[at - 1].next, deep++) {
			uint32_t in = m->posts[at - 1].packet;

			if (!in_window(m, &m->packets[in], p))
				break;
			if (in == out)
				continue;
			if (m->candidates[in].round != out + 1) {
				m->candidates[in] = (struct match_candidate){ .round = out + 1 };
				m->list[m->n_list++] = in;
			}
			m->candidates[in].weight += weight;
			m->candidates[in].decisive |= e->decisive;
		}
		m->out->work += deep + 1;
	}
}

/* How one causes the other; the first kind that explains a packet counts. */
enum kind {
	ALIKE,       /* a request a request, an answer an answer; anything where nobody knows who asks */
	ACROSS,      /* a request what a server says to another client: a broker, a relay */
	ONWARD,      /* an answer the next request */
	NEVER
};

static enum kind kind_of(const struct matcher *m, uint32_t in, uint32_t out)
{
	const struct trace_packet *i = &m->packets[in], *o = &m->packets[out];
	bool to_itself = i->way == (TRACE_IN | TRACE_OUT);

	if (i->talk == o->talk || (i->peer == o->peer && !to_itself))
		return NEVER;
	/* an answer is made of what was asked for it, so not before it was asked itself */
	if (i->role == TRACE_RESPONSE && o->role == TRACE_RESPONSE && m->heard[in] != INT64_MIN && m->heard[in] < m->heard[out])
		return NEVER;
	if (i->role == TRACE_EITHER || o->role == TRACE_EITHER || i->role == o->role)
		return ALIKE;
	if (i->role == TRACE_RESPONSE)
		return ONWARD;
	/* it answers what its own client asked since */
	return m->heard[out] > i->time_ns ? NEVER : ACROSS;
}

/* What time and order leave of evidence. */
static double ordered(const struct matcher *m, uint32_t in, uint32_t out)
{
	const struct trace_packet *i = &m->packets[in], *o = &m->packets[out];
	double share = -1;

	if (m->order && i->role == TRACE_REQUEST && o->role == TRACE_REQUEST)
		share = trace_order_share(m->order, in, out);
	else if (m->order && i->role == TRACE_RESPONSE && o->role == TRACE_RESPONSE)
		share = trace_order_share(m->order, out, in);
	return share < 0 ? 1 : 1 - TRACE_ORDERED + TRACE_ORDERED * share;
}

static double evidence_of(const struct matcher *m, uint32_t in, uint32_t out)
{
	const struct trace_packet *i = &m->packets[in], *o = &m->packets[out];
	double evidence = m->candidates[in].decisive ? m->candidates[in].weight : 0;
	double delay = (double)time_sub(o->time_ns, i->time_ns);

	if (i->role != TRACE_RESPONSE && m->answered[in] < o->time_ns)
		evidence /= 2;
	evidence *= 1 - 0.25 * delay / (double)(m->window_ns > 0 ? m->window_ns : 1);
	return evidence > 0 ? evidence * ordered(m, in, out) : 0;
}

uint64_t match_service_bit(const struct trace_packet *out)
{
	return (uint64_t)1 << (hash_mix(out->service) & 63);
}

/* Whether a takes precedence over b, whose evidence is about the same: the one that caused nothing there yet, then the earlier. */
static bool comes_first(const struct matcher *m, uint32_t a, uint32_t b, const struct trace_packet *out)
{
	bool a_did = m->caused[a] & match_service_bit(out), b_did = m->caused[b] & match_service_bit(out);

	return a_did != b_did ? b_did : a < b;
}

static void add_tied(const struct matcher *m, struct match_verdict *v, uint32_t in, const struct trace_packet *out)
{
	size_t at = v->n_tied;

	while (at > 0 && comes_first(m, in, v->tied[at - 1], out))
		at--;
	if (at == MATCH_TIED)
		return;
	v->n_tied += v->n_tied < MATCH_TIED;
	memmove(v->tied + at + 1, v->tied + at, (v->n_tied - at - 1) * sizeof(*v->tied));
	v->tied[at] = in;
}

static void judge(const struct matcher *m, uint32_t out, enum kind kind, struct match_verdict *v)
{
	const struct trace_packet *o = &m->packets[out];
	double most = 0;

	*v = (struct match_verdict){ .in = MATCH_NOBODY };
	for (size_t k = 0; k < m->n_list; k++) {
		double evidence = evidence_of(m, m->list[k], out);

		if (evidence > most && kind_of(m, m->list[k], out) == kind)
			most = evidence;
	}
	for (size_t k = 0; k < m->n_list && most > 0; k++)
		if (evidence_of(m, m->list[k], out) >= most * 0.97 && kind_of(m, m->list[k], out) == kind)
			add_tied(m, v, m->list[k], o);
	if (v->n_tied == 0)
		return;
	v->in = v->tied[0];
	v->evidence = evidence_of(m, v->tied[0], out);
	for (size_t k = 0; k < m->n_list; k++) {
		double evidence = evidence_of(m, m->list[k], out);

		if (evidence > v->other && m->packets[m->list[k]].talk != m->packets[v->in].talk &&
			kind_of(m, m->list[k], out) <= (kind == ONWARD ? ONWARD : ACROSS))
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

void match_judge(struct matcher *m, uint32_t out, struct match_verdict *v)
{
	enum trace_role role = m->packets[out].role;

	collect(m, out);
	judge(m, out, ALIKE, v);
	if (v->in == MATCH_NOBODY && role == TRACE_REQUEST)
		judge(m, out, ONWARD, v);
	if (v->in == MATCH_NOBODY && role == TRACE_RESPONSE) {
		judge(m, out, ACROSS, v);
		if (v->in != MATCH_NOBODY && said_itself(m, out) >= v->evidence / 2)
			v->in = MATCH_NOBODY;
	}
}

void match_prefer(const struct matcher *m, uint32_t out, uint32_t in, struct match_verdict *v)
{
	v->in = in;
	v->evidence = evidence_of(m, in, out);
}
