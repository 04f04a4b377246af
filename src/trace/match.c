/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "trace/match_priv.h"

#include <math.h>
#include <string.h>

static enum rc add_link(struct matcher *m, const struct match_verdict *v, uint32_t out, struct err *err)
{
	uint32_t in = (uint32_t)v->in;
	struct trace_links *l = m->out;
	struct common c = { 0 };
	bool sound = false;
	enum rc rc;

	m->caused[in] |= match_service_bit(&m->packets[out]);
	if (!m->packets[in].effect_asked && !m->packets[out].cause_asked)
		return RC_DONE;
	rc = match_confirm(m, in, out, &c, &sound, err);
	if (rc != RC_DONE || (c.len < TRACE_LEAST && !match_told_by_prints(m, in, out)))
		return rc;
	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return err_memory(err);
	l->v[l->n++] = (struct trace_link){ in, out, plain_offset(&m->a, c.a_at),
		plain_offset(&m->b, c.b_at), c.len, sound, v->evidence, v->other };
	return RC_DONE;
}

static enum rc find_cause(struct matcher *m, uint32_t out, struct err *err)
{
	struct match_verdict v;
	enum rc rc = RC_DONE;

	match_judge(m, out, &v);
	if (v.in == MATCH_NOBODY)
		return RC_DONE;
	rc = match_settle(m, out, &v, err);
	return rc == RC_DONE ? add_link(m, &v, out, err) : rc;
}

static enum rc link_all(struct matcher *m, struct err *err)
{
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; i < m->n && rc == RC_DONE; i++) {
		const struct trace_packet *p = &m->packets[i];

		if (p->time_ns < m->from_ns || p->time_ns > m->to_ns)
			continue;
		if (m->relevant[i])
			rc = find_cause(m, i, err);
		if (rc == RC_DONE && (p->way & TRACE_IN))
			rc = match_post(m, i, err);
	}
	return rc;
}

static enum rc matcher_init(struct matcher *m, uint32_t talks, struct err *err)
{
	m->first = mem_calloc(m->n + 1, sizeof(*m->first));
	m->relevant = mem_calloc(m->n + 1, sizeof(*m->relevant));
	m->unit = mem_calloc(2 * (size_t)talks + 1, sizeof(*m->unit));
	m->answered = mem_calloc(m->n + 1, sizeof(*m->answered));
	m->heard = mem_calloc(m->n + 1, sizeof(*m->heard));
	m->caused = mem_calloc(m->n + 1, sizeof(*m->caused));
	m->candidates = mem_calloc(m->n + 1, sizeof(*m->candidates));
	m->list = mem_calloc(m->n + 1, sizeof(*m->list));
	if (!m->first || !m->relevant || !m->unit || !m->answered || !m->heard || !m->caused || !m->candidates || !m->list)
		return err_memory(err);
	return RC_DONE;
}

static void matcher_free(struct matcher *m)
{
	plain_free(&m->a);
	plain_free(&m->b);
	mem_free(m->hashes);
	mem_free(m->first);
	mem_free(m->table);
	mem_free(m->sieve);
	mem_free(m->relevant);
	mem_free(m->posts);
	mem_free(m->unit);
	mem_free(m->answered);
	mem_free(m->heard);
	mem_free(m->caused);
	mem_free(m->candidates);
	mem_free(m->list);
	mem_free(m->room);
}

enum rc trace_match(const struct trace_packet *packets, size_t n, uint32_t talks, int64_t window_ns,
	const struct trace_order *order, struct trace_links *out, struct err *err)
{
	struct matcher m = { .packets = packets, .n = n, .window_ns = window_ns, .order = order, .out = out };
	enum rc rc = matcher_init(&m, talks, err);

	memset(out, 0, sizeof(*out));
	rc = rc == RC_DONE ? match_note_all(&m, talks, err) : rc;
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
