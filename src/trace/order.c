/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is whose: pairs of exchanges, what is learned of their kinds, and what follows of it. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "trace/order_priv.h"

#include <math.h>
#include <string.h>

static const double FEATURE_MOST = 30; /* odds of one feature: no single one decides */
static const double SMOOTH = 0.5; /* pairs in each class that were never seen */
static const double SPARE = 0.03; /* of what is expected, for a parent that has its children */
static const double NOBODY_LEAST = 0.02; /* requests a second */
static const double OPEN_LEAST = 0.0001; /* seconds */
static const double STAY_SMOOTH = 1; /* steps of either sort that were never seen */
static const double MINE = 0.5;
static const double USUAL = 0.5; /* children of a kind that a parent has, expected */
static const double WORTH = 0.01; /* a smaller share is none for its neighbours */
/* Between what is asked on one conversation for one parent, once that was answered. */
static const int64_t LINGER_NS = 20000000;
static const double LINGERS = 0.05;          /* of the weight, for that is rare: else those who are gone take what is others' */
/* Odds of what is shared before anything is learned of it: by class. */
static const double SHARED_ODDS[ORDER_SHARES] = { 0.5, 2, 10, 50 };
static const size_t CLASSES[ORDER_FEATURES] = { ORDER_TIMES, ORDER_TIMES, 2, ORDER_SHARES };

/* ---- pairs -------------------------------------------------------------------------------------- */

static enum rc relations_grow(struct trace_order *o, struct err *err);

static size_t relation_place(
	const struct order_relation *v, size_t mask, uint32_t parent, uint32_t child)
{
	size_t s = hash_mix((uint64_t)parent << 32 | child) & mask;

	while (v[s].taken && (v[s].parent != parent || v[s].child != child))
		s = (s + 1) & mask;
	return s;
}

static enum rc relations_grow(struct trace_order *o, struct err *err)
{
	size_t mask = o->relations ? o->relations_mask * 2 + 1 : 63;
	struct order_relation *v;

	if (o->relations && o->n_relations * 2 <= o->relations_mask)
		return RC_DONE;
	v = mem_calloc(mask + 1, sizeof(*v));
	if (!v)
		return err_memory(err);
	for (size_t i = 0; o->relations && i <= o->relations_mask; i++) {
		const struct order_relation *r = &o->relations[i];

		if (r->taken)
			v[relation_place(v, mask, r->parent, r->child)] = *r;
	}
	mem_free(o->relations);
	o->relations = v;
	o->relations_mask = mask;
	return RC_DONE;
}

static enum rc note_relation(
	struct trace_order *o, uint32_t parent, uint32_t child, struct err *err)
{
	enum rc rc = relations_grow(o, err);
	struct order_relation *r;

	if (rc != RC_DONE)
		return rc;
	r = &o->relations[relation_place(o->relations, o->relations_mask, parent, child)];
	o->n_relations += !r->taken;
	r->taken = true;
	r->parent = parent;
	r->child = child;
	return RC_DONE;
}

static enum rc add_pair(struct trace_order *o, uint32_t parent, uint32_t child, struct err *err)
{
	const struct exchange *p = &o->exchanges[parent], *c = &o->exchanges[child];

	if (mem_grow(&o->pairs, &o->cap_pairs, o->n_pairs + 1, sizeof(*o->pairs)) != 0)
		return err_memory(err);
	o->pairs[o->n_pairs++] = (struct order_pair){
		.parent = parent, .child = child, .shared = (uint8_t)order_shared(p, c)
	};
	return note_relation(o, p->kind, c->kind, err);
}

static bool may_have(
	const struct trace_order *o, const struct exchange *p, const struct exchange *c)
{
	return o->packets[p->first].peer != o->packets[c->first].peer &&
		p->asks_ns <= c->asks_ns && p->answered_ns >= c->asks_ns &&
		time_sub(c->asks_ns, p->asks_ns) <= o->window_ns;
}

/* Parents that are open, in order of time. */
struct open {
	uint32_t *v;
	size_t n;
};

static void close_old(const struct trace_order *o, struct open *open, int64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < open->n; i++) {
		const struct exchange *p = &o->exchanges[open->v[i]];

		if (p->answered_ns >= now_ns && time_sub(now_ns, p->asks_ns) <= o->window_ns)
			open->v[kept++] = open->v[i];
	}
	open->n = kept;
}

/* Parents that may have used its conversation before, and were answered not long ago. */
static enum rc pair_lingering(struct trace_order *o, uint32_t child, struct err *err)
{
	const struct exchange *c = &o->exchanges[child], *b = &o->exchanges[c->before];
	enum rc rc = RC_DONE;

	for (uint32_t i = 0;
		i < b->n_pairs && o->n_pairs - c->first_pair < ORDER_OPEN && rc == RC_DONE;
		i++) {
		uint32_t parent = o->pairs[b->first_pair + i].parent;
		const struct exchange *p = &o->exchanges[parent];

		if (p->answered_ns < c->asks_ns &&
			time_sub(c->asks_ns, p->answered_ns) <= LINGER_NS)
			rc = add_pair(o, parent, child, err);
	}
	return rc;
}

static enum rc pair_child(
	struct trace_order *o, const struct open *open, uint32_t child, struct err *err)
{
	struct exchange *c = &o->exchanges[child];
	enum rc rc = RC_DONE;

	c->first_pair = (uint32_t)o->n_pairs;
	c->nobody = 1;
	c->step = ORDER_NONE;
	if (c->before != ORDER_NONE)
		rc = note_relation(o, o->exchanges[c->before].kind, c->kind, err);
	if (open->n > ORDER_OPEN)
		return RC_DONE;
	for (size_t i = 0; i < open->n && rc == RC_DONE; i++)
		if (may_have(o, &o->exchanges[open->v[i]], c))
			rc = add_pair(o, open->v[i], child, err);
	if (rc == RC_DONE && c->before != ORDER_NONE)
		rc = pair_lingering(o, child, err);
	c->n_pairs = (uint32_t)o->n_pairs - c->first_pair;
	return rc;
}

static enum rc pair_all(struct trace_order *o, struct err *err)
{
	struct open open = { .v = mem_calloc(o->n + 1, sizeof(*open.v)) };
	enum rc rc = open.v ? RC_DONE : err_memory(err);

	for (uint32_t e = 0; e < o->n && rc == RC_DONE; e++) {
		const struct exchange *x = &o->exchanges[e];

		if (x->tls)
			continue;
		if (x->way == TRACE_IN) {
			open.v[open.n++] = e;
			continue;
		}
		close_old(o, &open, x->asks_ns);
		rc = pair_child(o, &open, e, err);
	}
	mem_free(open.v);
	return rc;
}

/* Pairs that are worth it, by parent. */
static void link_parents(struct trace_order *o, double worth)
{
	uint32_t at = 0;

	for (size_t e = 0; e < o->n; e++)
		if (o->exchanges[e].way == TRACE_IN)
			o->exchanges[e].n_pairs = 0;
	for (size_t i = 0; i < o->n_pairs; i++)
		o->exchanges[o->pairs[i].parent].n_pairs += o->pairs[i].share >= worth;
	for (size_t e = 0; e < o->n; e++) {
		struct exchange *x = &o->exchanges[e];

		if (x->way != TRACE_IN)
			continue;
		x->first_pair = at;
		at += x->n_pairs;
		x->n_pairs = 0;
	}
	for (size_t i = 0; i < o->n_pairs; i++) {
		struct exchange *p = &o->exchanges[o->pairs[i].parent];

		if (o->pairs[i].share >= worth)
			o->of_parent[p->first_pair + p->n_pairs++] = (uint32_t)i;
	}
}

/* Where each pair's relation is, now that the table does not move any more. */
static enum rc link_pairs(struct trace_order *o, struct err *err)
{
	o->of_parent = mem_calloc(o->n_pairs + 1, sizeof(*o->of_parent));
	if (!o->of_parent)
		return err_memory(err);
	for (size_t i = 0; i < o->n_pairs; i++) {
		struct order_pair *pair = &o->pairs[i];

		pair->relation = (uint32_t)relation_place(o->relations, o->relations_mask,
			o->exchanges[pair->parent].kind, o->exchanges[pair->child].kind);
	}
	for (size_t e = 0; e < o->n; e++) {
		struct exchange *x = &o->exchanges[e];

		if (x->way == TRACE_OUT && x->before != ORDER_NONE)
			x->step = (uint32_t)relation_place(o->relations, o->relations_mask,
				o->exchanges[x->before].kind, x->kind);
	}
	link_parents(o, 0);
	return RC_DONE;
}

/* ---- features -------------------------------------------------------------------------------------- */

static unsigned time_class(int64_t ns)
{
	unsigned class = 1;

	if (ns < 0)
		return 0;
	for (int64_t most = 16000; ns > most && class < ORDER_TIMES - 1; most *= 2)
		class ++;
	return class;
}

/* What is known of a pair, given what is believed of its neighbours. Returns how many children of its kind the parent has elsewhere. */
static double look(const struct trace_order *o, struct order_pair *pair)
{
	const struct exchange *p = &o->exchanges[pair->parent], *c = &o->exchanges[pair->child];
	int64_t before_ns = p->asked_ns;
	double taken = 0;
	bool busy = false;

	for (uint32_t i = 0; i < p->n_pairs; i++) {
		const struct order_pair *other = &o->pairs[o->of_parent[p->first_pair + i]];
		const struct exchange *x = &o->exchanges[other->child];

		if (other == pair)
			continue;
		if (other->relation == pair->relation)
			taken += other->share;
		if (other->share <= MINE || x->asks_ns > c->asks_ns)
			continue;
		if (x->answers_ns > c->asks_ns)
			busy = true;
		else if (x->answers_ns > before_ns)
			before_ns = x->answers_ns;
	}
	pair->classes[FEATURE_BEFORE] = (uint8_t)time_class(time_sub(c->asks_ns, before_ns));
	pair->classes[FEATURE_AFTER] = c->answers_ns > p->answers_ns
		? 0
		: (uint8_t)time_class(time_sub(p->answers_ns, c->answers_ns));
	pair->classes[FEATURE_BUSY] = busy;
	pair->classes[FEATURE_SHARED] = pair->shared;
	return taken;
}

/* ---- rounds ---------------------------------------------------------------------------------------- */

static double seconds_open(const struct trace_order *o, const struct exchange *p)
{
	int64_t most = p->answered_ns == INT64_MAX ? o->window_ns
						   : time_sub(p->answered_ns, p->asks_ns);
	double seconds = (double)(most < o->window_ns ? most : o->window_ns) / 1e9;

	return seconds > OPEN_LEAST ? seconds : OPEN_LEAST;
}

static double odds_of(const struct trace_order *o, const struct order_relation *r,
	const struct order_pair *pair)
{
	double odds = 1;

	if (o->round == 0)
		return SHARED_ODDS[pair->shared];
	for (unsigned f = 0; f < ORDER_FEATURES; f++)
		odds *= r->features[f].odds[pair->classes[f]];
	return o->round == 1 ? odds * SHARED_ODDS[pair->shared] : odds;
}

/* How likely each is, but for what its conversation says before and after. */
static void weigh(struct trace_order *o, struct exchange *c)
{
	double nobody = o->kinds[c->kind].nobodys / o->seconds;

	c->nobody_weight = nobody > NOBODY_LEAST ? nobody : NOBODY_LEAST;
	if (c->known)
		c->nobody_weight = c->nobody;
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		struct order_pair *pair = &o->pairs[c->first_pair + i];
		const struct order_relation *r = &o->relations[pair->relation];
		double expected = o->round ? r->expected : 1;
		double left = expected, taken = look(o, pair);

		if (c->known) {
			pair->weight = pair->share;
			continue;
		}
		left -= o->round ? taken : 0;

		left = left > expected * SPARE ? left : expected * SPARE;
		pair->weight = left / seconds_open(o, &o->exchanges[pair->parent]) *
			odds_of(o, r, pair);
		if (o->exchanges[pair->parent].answered_ns < c->asks_ns)
			pair->weight *= LINGERS;
		/* what most of its kind have is preferred: without this what is learned creeps */
		if (o->round > 1 && expected < 1)
			pair->weight *= expected;
	}
}

static void judge_talk(struct trace_order *o, uint32_t first)
{
	for (uint32_t e = first; e != ORDER_NONE; e = o->exchanges[e].next)
		weigh(o, &o->exchanges[e]);
	order_judge_talk(o, first);
}

/* What the pairs of a child say of their kinds. */
static void learn_child(struct trace_order *o, const struct exchange *c)
{
	o->kinds[c->kind].nobodys += c->nobody;
	for (uint32_t i = 0; i < c->n_pairs; i++) {
		const struct order_pair *pair = &o->pairs[c->first_pair + i];
		struct order_relation *r = &o->relations[pair->relation];

		r->sum += pair->share;
		for (unsigned f = 0; f < ORDER_FEATURES; f++) {
			struct order_feature *x = &r->features[f];

			x->right[pair->classes[f]] += (float)pair->share;
			x->rights += pair->share;
			x->all[pair->classes[f]]++;
			x->alls++;
		}
	}
}

static void learn_odds(struct order_feature *x, size_t classes)
{
	for (size_t k = 0; k < classes; k++) {
		double right = (x->right[k] + SMOOTH) / (x->rights + SMOOTH * (double)classes);
		double all = (x->all[k] + SMOOTH) / (x->alls + SMOOTH * (double)classes);
		double odds = right / all;

		odds = odds > FEATURE_MOST ? FEATURE_MOST : odds;
		x->odds[k] = (float)(odds < 1 / FEATURE_MOST ? 1 / FEATURE_MOST : odds);
	}
}

static void learn(struct trace_order *o)
{
	for (size_t i = 0; i <= o->kinds_mask; i++)
		o->kinds[i].nobodys = 0;
	for (size_t i = 0; i <= o->relations_mask; i++) {
		o->relations[i].sum = 0;
		memset(o->relations[i].features, 0, sizeof(o->relations[i].features));
	}
	for (size_t e = 0; e < o->n; e++)
		if (o->exchanges[e].way == TRACE_OUT && !o->exchanges[e].tls)
			learn_child(o, &o->exchanges[e]);
	for (size_t i = 0; i <= o->relations_mask; i++) {
		struct order_relation *r = &o->relations[i];

		if (!r->taken)
			continue;
		r->expected = r->sum / (o->kinds[r->parent].n + SMOOTH);
		if (r->steps > 0)
			r->expected = (r->stays + STAY_SMOOTH) / (r->steps + 2 * STAY_SMOOTH);
		r->steps = r->stays = 0;
		for (unsigned f = 0; f < ORDER_FEATURES; f++)
			learn_odds(&r->features[f], CLASSES[f]);
	}
}

static void go_round(struct trace_order *o)
{
	for (size_t e = 0; e < o->n; e++) {
		const struct exchange *x = &o->exchanges[e];

		if (x->way == TRACE_OUT && !x->tls && x->before == ORDER_NONE)
			judge_talk(o, (uint32_t)e);
	}
	learn(o);
	link_parents(o, WORTH);
	o->round++;
}

/* ---- all of it -------------------------------------------------------------------------------------- */

enum rc trace_order_new(const struct trace_packet *packets, size_t n, uint32_t talks,
	int64_t window_ns, struct trace_order **out, struct err *err)
{
	struct trace_order *o = mem_calloc(1, sizeof(*o));
	enum rc rc;

	*out = NULL;
	if (!o)
		return err_memory(err);
	*o = (struct trace_order){ .packets = packets,
		.n_packets = n,
		.window_ns = window_ns > 0 ? window_ns : 1,
		.seconds = 1 };
	o->exchange_of = mem_alloc((n + 1) * sizeof(*o->exchange_of));
	if (o->exchange_of)
		memset(o->exchange_of, 0xff, (n + 1) * sizeof(*o->exchange_of));
	if (n > 0)
		o->seconds +=
			(double)time_sub(packets[n - 1].time_ns, packets[0].time_ns) / 1e9;
	rc = order_read(o, talks, err);
	if (rc == RC_DONE)
		rc = pair_all(o, err);
	if (rc == RC_DONE && o->n_pairs > 0) {
		rc = link_pairs(o, err);
		while (rc == RC_DONE && o->round < ORDER_ROUNDS)
			go_round(o);
	}
	if (rc != RC_DONE) {
		trace_order_free(o);
		o = NULL;
	}
	*out = o;
	return rc;
}

void trace_order_free(struct trace_order *o)
{
	if (!o)
		return;
	mem_free(o->exchanges);
	mem_free(o->exchange_of);
	mem_free(o->kinds);
	mem_free(o->relations);
	mem_free(o->pairs);
	mem_free(o->of_parent);
	mem_free(o);
}

static struct order_pair *find_pair(
	const struct trace_order *o, uint32_t parent, uint32_t child)
{
	uint32_t p = o->exchange_of[parent], c = o->exchange_of[child];

	if (p == ORDER_NONE || c == ORDER_NONE || o->exchanges[c].way != TRACE_OUT)
		return NULL;
	for (uint32_t i = 0; i < o->exchanges[c].n_pairs; i++)
		if (o->pairs[o->exchanges[c].first_pair + i].parent == p)
			return &o->pairs[o->exchanges[c].first_pair + i];
	return NULL;
}

double trace_order_share(const struct trace_order *o, uint32_t parent, uint32_t child)
{
	const struct order_pair *pair = find_pair(o, parent, child);

	return pair ? pair->share : -1;
}

void trace_order_know(struct trace_order *o, uint32_t parent, uint32_t child)
{
	uint32_t c = o->exchange_of[child];
	const struct order_pair *mine = find_pair(o, parent, child);
	struct exchange *x;

	if (c == ORDER_NONE || o->exchanges[c].way != TRACE_OUT)
		return;
	x = &o->exchanges[c];
	x->known = true;
	x->nobody = 0;
	for (uint32_t i = 0; i < x->n_pairs; i++) {
		struct order_pair *pair = &o->pairs[x->first_pair + i];

		pair->share = pair == mine;
	}
}

void trace_order_settle(struct trace_order *o)
{
	for (unsigned i = 0; i < ORDER_SETTLE && o->n_pairs > 0; i++)
		go_round(o);
}

/* Kinds that are known by words, of which most parents have such a child: what is rare is told by content or not at all. */
static bool is_usual(const struct trace_order *o, const struct order_pair *pair)
{
	const struct order_relation *r = &o->relations[pair->relation];

	return o->kinds[r->parent].worded && o->kinds[r->child].worded && r->expected >= USUAL;
}

void trace_order_tell(
	const struct trace_order *o, uint32_t i, double least, trace_guess_sink sink, void *ctx)
{
	uint32_t e = o->exchange_of[i];
	const struct exchange *x = e == ORDER_NONE ? NULL : &o->exchanges[e];

	for (uint32_t k = 0; x && k < x->n_pairs; k++) {
		const struct order_pair *pair =
			&o->pairs[x->way == TRACE_IN ? o->of_parent[x->first_pair + k]
						     : x->first_pair + k];
		const struct exchange *p = &o->exchanges[pair->parent],
				      *c = &o->exchanges[pair->child];
		struct trace_guess g = { p->first, c->first, pair->share, c->known,
			is_usual(o, pair) };

		if (pair->share >= least && !sink(ctx, &g))
			return;
	}
}
