/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/machine_order.h"

/* A link of requests that says for certain whose they are. */
static const double CERTAIN = 0.7;
static const double WORTH_A_HOP = 0.9;

void machine_order_learn(const struct machine *m, struct trace_order *order, const struct trace_links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		const struct trace_link *l = &links->v[i];
		uint8_t in = m->packets[l->in].role, out = m->packets[l->out].role;

		if (trace_confidence(l) < CERTAIN)
			continue;
		if (in == TRACE_REQUEST && out == TRACE_REQUEST)
			trace_order_know(order, l->in, l->out);
		else if (in == TRACE_RESPONSE && out == TRACE_RESPONSE && machine_certain(l))
			trace_order_know(order, l->out, l->in);
	}
	trace_order_settle(order);
}

struct telling {
	trace_guess_sink sink;
	void *ctx;
};

static bool pass_on(void *ctx, const struct trace_guess *g)
{
	const struct telling *t = ctx;

	return g->known || !g->usual || t->sink(t->ctx, g);
}

void machine_order_tell(const struct trace_order *order, uint32_t i, trace_guess_sink sink, void *ctx)
{
	struct telling t = { sink, ctx };

	trace_order_tell(order, i, WORTH_A_HOP, pass_on, &t);
}
