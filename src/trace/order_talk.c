/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exchanges of one conversation in a row: how often a kind is asked on behalf of the same parent as the kind before it is learned
 * (BEGIN, and what comes of it), and what is known of one tells of its neighbours. Forward and backward over a hidden Markov chain whose
 * states are the parents, and nobody: exact for one conversation, given what is believed of all others.
 */
#include "trace/order_priv.h"

static const double STAY_FIRST = 0.5; /* before anything is learned */

/* What a step to the same parent, and to any other one, is worth: against chance among the candidates. */
struct step {
	bool linked; /* to the exchange before it */
	double same, other;
};

static struct step step_of(const struct trace_order *o, const struct exchange *c)
{
	const struct exchange *b = c->before == ORDER_NONE ? NULL : &o->exchanges[c->before];
	double stay = STAY_FIRST, n = c->n_pairs + 1.0;

	/* where too many were open nothing is known, and nothing is told on */
	if (!b || b->n_pairs == 0 || c->n_pairs == 0)
		return (struct step){ .linked = false, .same = 1, .other = 1 };
	if (o->round > 0)
		stay = o->relations[c->step].expected;
	return (struct step){ true, stay * n, (1 - stay) * n / (n - 1) };
}

static const struct order_pair *pair_of(
	const struct trace_order *o, const struct exchange *x, uint32_t parent)
{
	for (uint32_t i = 0; i < x->n_pairs; i++)
		if (o->pairs[x->first_pair + i].parent == parent)
			return &o->pairs[x->first_pair + i];
	return NULL;
}

static double forward_before(
	const struct trace_order *o, const struct exchange *c, uint32_t parent)
{
	const struct order_pair *pair = pair_of(o, &o->exchanges[c->before], parent);

	return pair ? pair->forward : 0;
}

/* What the exchanges before say, and its own weight. */
static void go_forward(struct trace_order *o, struct exchange *c)
{
	struct step step = step_of(o, c);
	double same = step.linked ? o->exchanges[c->before].nobody_forward : 0, sum;

	sum = c->nobody_forward =
		c->nobody_weight * (step.same * same + step.other * (1 - same));
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		struct order_pair *pair = &o->pairs[c->first_pair + i];

		same = step.linked ? forward_before(o, c, pair->parent) : 0;
		pair->forward = pair->weight * (step.same * same + step.other * (1 - same));
		sum += pair->forward;
	}
	if (sum <= 0)
		sum = c->nobody_forward = 1;
	c->nobody_forward /= sum;
	for (uint32_t i = 0; i < c->n_pairs; i++)
		o->pairs[c->first_pair + i].forward /= sum;
}

/* What the exchanges behind say of this one. */
static void go_backward(struct trace_order *o, struct exchange *c)
{
	const struct exchange *next = c->next == ORDER_NONE ? NULL : &o->exchanges[c->next];
	struct step step = next ? step_of(o, next) : (struct step){ .linked = false };
	double all;

	c->nobody_backward = 1;
	for (uint32_t i = 0; i < c->n_pairs; i++)
		o->pairs[c->first_pair + i].backward = 1;
	if (!step.linked)
		return;
	all = next->nobody_weight * next->nobody_backward;
	for (uint32_t i = 0; i < next->n_pairs; i++)
		all += o->pairs[next->first_pair + i].weight *
			o->pairs[next->first_pair + i].backward;
	if (all <= 0)
		return;
	c->nobody_backward = step.other +
		(step.same - step.other) * next->nobody_weight * next->nobody_backward / all;
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		struct order_pair *pair = &o->pairs[c->first_pair + i];
		const struct order_pair *p = pair_of(o, next, pair->parent);

		pair->backward = step.other +
			(p ? (step.same - step.other) * p->weight * p->backward / all : 0);
	}
}

/* How likely it has the parent of the exchange before. */
static void count_step(struct trace_order *o, const struct exchange *c)
{
	struct step step = step_of(o, c);
	double same = 0, other = 0, before;

	if (!step.linked)
		return;
	before = o->exchanges[c->before].nobody_forward;
	same += before * step.same * c->nobody_weight * c->nobody_backward;
	other += (1 - before) * step.other * c->nobody_weight * c->nobody_backward;
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		const struct order_pair *pair = &o->pairs[c->first_pair + i];

		before = forward_before(o, c, pair->parent);
		same += before * step.same * pair->weight * pair->backward;
		other += (1 - before) * step.other * pair->weight * pair->backward;
	}
	if (same + other <= 0)
		return;
	o->relations[c->step].steps++;
	o->relations[c->step].stays += same / (same + other);
}

static void take_shares(struct trace_order *o, struct exchange *c)
{
	double sum = c->nobody_forward * c->nobody_backward;

	for (uint32_t i = 0; i < c->n_pairs; i++)
		sum += o->pairs[c->first_pair + i].forward *
			o->pairs[c->first_pair + i].backward;
	if (c->known || sum <= 0)
		return;
	c->nobody = c->nobody_forward * c->nobody_backward / sum;
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		struct order_pair *pair = &o->pairs[c->first_pair + i];

		pair->share = pair->forward * pair->backward / sum;
	}
}

void order_judge_talk(struct trace_order *o, uint32_t first)
{
	uint32_t last = first;

	for (uint32_t e = first; e != ORDER_NONE; e = o->exchanges[e].next) {
		go_forward(o, &o->exchanges[e]);
		last = e;
	}
	for (uint32_t e = last; e != ORDER_NONE; e = o->exchanges[e].before) {
		go_backward(o, &o->exchanges[e]);
		count_step(o, &o->exchanges[e]);
		take_shares(o, &o->exchanges[e]);
	}
}
