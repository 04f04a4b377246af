/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which packet that came explains best the one that left: rules, time and the rarity of what both have. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "trace/match_priv.h"

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

		if (weight <= 0)
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

/* Responses are explained by responses first, and only then by what others asked. */
static void judge(const struct matcher *m, uint32_t out, bool across, struct match_verdict *v)
{
	const struct trace_packet *o = &m->packets[out];
	double most = 0;

	*v = (struct match_verdict){ .in = MATCH_NOBODY };
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

void match_judge(struct matcher *m, uint32_t out, struct match_verdict *v)
{
	collect(m, out);
	judge(m, out, false, v);
	if (v->in == MATCH_NOBODY && m->packets[out].role == TRACE_RESPONSE) {
		judge(m, out, true, v);
		if (v->in != MATCH_NOBODY && said_itself(m, out) >= v->evidence / 2)
			v->in = MATCH_NOBODY;
	}
}

void match_prefer(const struct matcher *m, uint32_t out, uint32_t in, struct match_verdict *v)
{
	v->in = in;
	v->evidence = evidence_of(m, in, out);
}
