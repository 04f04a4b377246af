/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a filter says before any row is read: verdicts on keys, networks to look up, times. nets and times are
 * found once, when the filter is compiled, by walking its program with sets instead of truth values.
 */
#include "query/filter_eval.h"

#include "base/mem.h"

#include <assert.h>
#include <strings.h>

static enum verdict verdict_of_side(const struct filter *f, const struct flow_key *key,
	const struct counters *c, enum filter_side from)
{
	struct subject s;

	subject_of_key(&s, key, from);
	s.counters = c;
	return filter_run(f, &s);
}

enum verdict filter_verdict(const struct filter *f, const struct flow_key *key)
{
	return filter_verdict_packets(f, key, NULL);
}

enum verdict filter_verdict_packets(
	const struct filter *f, const struct flow_key *key, const struct counters *c)
{
	enum verdict forth, back;

	if (!f)
		return VERDICT_YES;
	forth = verdict_of_side(f, key, c, SIDE_CLIENT);
	if (f->tier != TIER_PACKET)
		return forth;
	back = verdict_of_side(f, key, c, SIDE_SERVER);
	return forth == back ? forth : VERDICT_MAYBE;
}

const struct addr_net *filter_nets(const struct filter *f, size_t *n)
{
	*n = f ? f->n_nets : 0;
	return f ? f->nets : NULL;
}

const struct addr_net *filter_nets_too(const struct filter *f, size_t *n)
{
	*n = f ? f->n_nets_too : 0;
	return f ? f->nets_too : NULL;
}

void filter_times(const struct filter *f, int64_t *from_ns, int64_t *to_ns)
{
	*from_ns = f ? f->from_ns : INT64_MIN;
	*to_ns = f ? f->to_ns : INT64_MAX;
}

/* ---- networks ------------------------------------------------------------------------------- */

/* A chain of tests by `next`: one of their networks is an end of every matching row. `any`: nothing is known. */
struct net_chain {
	bool any;
	uint32_t first, last; /* tests */
	long double cost; /* addresses in all */
};

/* What is known of a part of the filter: up to two chains that both hold, the narrower one first. */
struct net_set {
	struct net_chain best, too;
};

static const struct net_chain any_net = { .any = true };

static long double test_cost(const struct filter *f, const struct filter_test *t)
{
	long double cost = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct addr_net *net = &f->operands[t->first + i].net;
		unsigned all = (unsigned)addr_len(&net->addr) * 8;

		cost += (long double)((u128)1
			<< (all - net->bits < 100 ? all - net->bits : 100));
	}
	return cost;
}

static struct net_set nets_of_test(const struct filter *f, uint32_t index)
{
	const struct filter_test *t = &f->tests[index];
	struct net_set s = { any_net, any_net };

	if (t->what != WHAT_ADDR || t->op != OP_EQ)
		return s;
	s.best = (struct net_chain){ .first = index, .last = index, .cost = test_cost(f, t) };
	return s;
}

/* The first places of a list of chains, by cost. */
static void keep_narrow(struct net_set *s, const struct net_chain *c)
{
	if (c->any)
		return;
	if (s->best.any || c->cost < s->best.cost) {
		s->too = s->best;
		s->best = *c;
	} else if (s->too.any || c->cost < s->too.cost) {
		s->too = *c;
	}
}

static struct net_set nets_and(struct net_set a, const struct net_set *b)
{
	keep_narrow(&a, &b->best);
	keep_narrow(&a, &b->too);
	return a;
}

static struct net_set nets_or(struct net_set a, const struct net_set *b, uint32_t *next)
{
	struct net_set s = { any_net, any_net };

	if (a.best.any || b->best.any)
		return s;
	next[a.best.last] = b->best.first;
	s.best = (struct net_chain){
		.first = a.best.first, .last = b->best.last, .cost = a.best.cost + b->best.cost
	};
	return s;
}

static struct net_set nets_of_program(const struct filter *f, uint32_t *next)
{
	struct net_set stack[FILTER_DEPTH + 4];
	size_t n = 0;

	stack[0] = (struct net_set){ any_net, any_net };
	for (size_t at = 0; at < f->n_steps; at++) {
		const struct filter_step *step = &f->steps[at];

		if (step->code == STEP_TEST)
			stack[n++] = nets_of_test(f, step->arg);
		else if (step->code == STEP_NOT)
			stack[n - 1] = (struct net_set){ any_net, any_net };
		else if (step->code == STEP_AND || step->code == STEP_OR)
			n--;
		if (step->code == STEP_AND)
			stack[n - 1] = nets_and(stack[n - 1], &stack[n]);
		else if (step->code == STEP_OR)
			stack[n - 1] = nets_or(stack[n - 1], &stack[n], next);
	}
	return stack[0];
}

static enum rc collect_nets(const struct filter *f, const struct net_chain *chain,
	const uint32_t *next, struct addr_net **out, size_t *n_out, struct err *err)
{
	size_t n = 0;

	if (chain->any)
		return RC_DONE;
	for (uint32_t t = chain->first;; t = next[t]) {
		n += f->tests[t].n;
		if (t == chain->last)
			break;
	}
	*out = mem_calloc(n, sizeof(**out));
	if (!*out)
		return err_memory(err);
	for (uint32_t t = chain->first;; t = next[t]) {
		for (uint32_t i = 0; i < f->tests[t].n; i++)
			(*out)[(*n_out)++] = f->operands[f->tests[t].first + i].net;
		if (t == chain->last)
			break;
	}
	return RC_DONE;
}

static enum rc analyse_nets(struct filter *f, struct err *err)
{
	uint32_t *next = mem_calloc(f->n_tests, sizeof(*next));
	struct net_set set;
	enum rc rc;

	if (!next)
		return err_memory(err);
	set = nets_of_program(f, next);
	rc = collect_nets(f, &set.best, next, &f->nets, &f->n_nets, err);
	if (rc == RC_DONE)
		rc = collect_nets(f, &set.too, next, &f->nets_too, &f->n_nets_too, err);
	mem_free(next);
	return rc;
}

/* ---- times ------------------------------------------------------------------------------------ */

struct span {
	int64_t from_ns, to_ns;
}; /* half-open */

static const struct span all_times = { INT64_MIN, INT64_MAX };

static int64_t to_ns(long double v)
{
	if (v >= (long double)INT64_MAX)
		return INT64_MAX;
	return v <= (long double)INT64_MIN ? INT64_MIN : (int64_t)v;
}

static int64_t behind(int64_t t)
{
	return t == INT64_MAX ? t : t + 1;
}

/* Times between which every matching row lies; a slice's start says less. */
static bool bounds_rows(const struct field *f)
{
	return f->unit == UNIT_TIME &&
		(strcmp(f->name, "first") == 0 || strcmp(f->name, "last") == 0 ||
			strcmp(f->name, "time") == 0);
}

static struct span span_of_test(const struct filter *f, const struct filter_test *t)
{
	struct span s = all_times;

	if (t->what != WHAT_FIELD || !bounds_rows(t->field) || t->mask || t->n == 0)
		return s;
	switch (t->op) {
	case OP_LT: s.to_ns = to_ns(f->operands[t->first].range.low); break;
	case OP_LE: s.to_ns = behind(to_ns(f->operands[t->first].range.high)); break;
	case OP_GT:
	case OP_GE: s.from_ns = to_ns(f->operands[t->first].range.low); break;
	case OP_EQ:
		s = (struct span){ INT64_MAX, INT64_MIN };
		for (uint32_t i = 0; i < t->n; i++) {
			const struct filter_operand *o = &f->operands[t->first + i];
			int64_t from = to_ns(o->range.low), to = behind(to_ns(o->range.high));

			s.from_ns = from < s.from_ns ? from : s.from_ns;
			s.to_ns = to > s.to_ns ? to : s.to_ns;
		}
		break;
	default: break;
	}
	return s;
}

static struct span span_and(struct span a, struct span b)
{
	a.from_ns = a.from_ns > b.from_ns ? a.from_ns : b.from_ns;
	a.to_ns = a.to_ns < b.to_ns ? a.to_ns : b.to_ns;
	return a;
}

static struct span span_or(struct span a, struct span b)
{
	a.from_ns = a.from_ns < b.from_ns ? a.from_ns : b.from_ns;
	a.to_ns = a.to_ns > b.to_ns ? a.to_ns : b.to_ns;
	return a;
}

static void analyse_times(struct filter *f)
{
	struct span stack[FILTER_DEPTH + 4];
	size_t n = 0;

	stack[0] = all_times;
	for (size_t at = 0; at < f->n_steps; at++) {
		const struct filter_step *step = &f->steps[at];

		assert(n >= (step->code == STEP_TEST ? 0 : step->code == STEP_AND || step->code == STEP_OR ? 2 : 1));
		if (step->code == STEP_TEST)
			stack[n++] = span_of_test(f, &f->tests[step->arg]);
		else if (step->code == STEP_NOT)
			stack[n - 1] = all_times;
		else if (step->code == STEP_AND || step->code == STEP_OR)
			n--;
		if (step->code == STEP_AND)
			stack[n - 1] = span_and(stack[n - 1], stack[n]);
		else if (step->code == STEP_OR)
			stack[n - 1] = span_or(stack[n - 1], stack[n]);
	}
	f->from_ns = stack[0].from_ns;
	f->to_ns = stack[0].to_ns;
}

enum rc filter_analyse(struct filter *f, struct err *err)
{
	analyse_times(f);
	return analyse_nets(f, err);
}
