/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What time and order tell of a machine's requests, beside content. */
#include "base/mem.h"
#include "query/machine_order.h"
#include "query/related_priv.h"

#include <string.h>

/* Guesses from here on are worth a look at their content. */
static const double WORTH_A_LOOK = 0.05;

static bool is_asked(const struct stop *s, uint32_t i)
{
	uint8_t way = s->walk->options->upstream ? TRACE_OUT : TRACE_IN;

	return s->m->packets[i].node != MACHINE_NONE && s->m->packets[i].way == way &&
		s->m->packets[i].role == TRACE_REQUEST && s->m->packets[i].first == i;
}

/* ---- candidates -------------------------------------------------------------------------------- */

/* Their requests, by the first packet. */
struct wanted {
	bool *requests;
};

static bool want(void *ctx, const struct trace_guess *g)
{
	struct wanted *w = ctx;

	w->requests[g->child] = true;
	return true;
}

/* The causes of such a request, and the effects of its answer. */
static void ask_of(struct machine *m, const struct wanted *w)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct machine_packet *p = &m->packets[i];
		uint32_t request =
			p->role == TRACE_RESPONSE ? machine_answered_by(m, i) : p->first;

		if (request == MACHINE_NONE || !w->requests[request])
			continue;
		m->trace[i].cause_asked |= p->role == TRACE_REQUEST && p->way == TRACE_OUT;
		m->trace[i].effect_asked |= p->role == TRACE_RESPONSE && p->way == TRACE_IN;
	}
}

enum rc related_order_mark(struct stop *s)
{
	struct machine *m = s->m;
	struct wanted w = { mem_calloc(m->n + 1, sizeof(*w.requests)) };
	enum rc rc = w.requests ? RC_DONE : err_memory(s->walk->err);

	if (rc == RC_DONE)
		rc = trace_order_new(m->trace, m->n, m->talks, s->walk->options->window_ns,
			&s->order, s->walk->err);
	for (uint32_t i = 0; i < m->n && rc == RC_DONE; i++)
		if (is_asked(s, i))
			trace_order_tell(s->order, i, WORTH_A_LOOK, want, &w);
	if (rc == RC_DONE)
		ask_of(m, &w);
	mem_free(w.requests);
	return rc;
}

/* ---- hops ---------------------------------------------------------------------------------------- */

struct taking {
	struct stop *stop;
	uint32_t node; /* that asks */
	enum rc rc;
};

static bool take(void *ctx, const struct trace_guess *g)
{
	struct taking *t = ctx;
	struct stop *s = t->stop;
	const struct machine_packet *in = &s->m->packets[g->parent],
				    *out = &s->m->packets[g->child];
	struct related_node *n;
	uint32_t child;

	t->rc = related_child(s->walk, t->node, in, out, &child);
	if (t->rc != RC_DONE || child == MACHINE_NONE)
		return t->rc == RC_DONE;
	n = &s->walk->nodes[child];
	n->ordered = g->share > n->ordered ? g->share : n->ordered;
	if (n->hop.content_from.rec.block == 0) {
		n->hop.content_from = n->hop.from.packet;
		n->hop.content_to = n->hop.to.packet;
	}
	s->reasons[out->first] = (struct reason){ g->parent, t->node };
	t->rc = related_follow_packet(s, child, s->walk->options->upstream ? in : out);
	return t->rc == RC_DONE;
}

enum rc related_order_take(struct stop *s, const struct trace_links *links)
{
	struct taking t = { .stop = s };

	machine_order_learn(s->m, s->order, links);
	for (uint32_t i = 0; i < s->m->n && t.rc == RC_DONE; i++) {
		t.node = s->m->packets[i].node;
		if (is_asked(s, i))
			machine_order_tell(s->order, i, take, &t);
	}
	return t.rc;
}
