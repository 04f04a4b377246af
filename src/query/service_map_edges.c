/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who triggers whom: the edges of a map, from what the packets of one machine say. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "query/machine_order.h"
#include "query/related.h"
#include "query/service_map_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- edges ---------------------------------------------------------------------------------------------- */

static bool end_equal(const struct service_end *a, const struct service_end *b)
{
	return addr_equal(&a->addr, &b->addr) && a->port == b->port && a->proto == b->proto;
}

static uint64_t end_hash(const struct service_end *e, uint64_t seed)
{
	return hash_bytes(&e->addr, sizeof(e->addr), seed + e->port * 256ULL + e->proto);
}

/* Where a request goes to. */
static struct service_end end_of(const struct machine_packet *p)
{
	return (struct service_end){ p->dst, p->dst_port, p->datagram ? PROTO_UDP : PROTO_TCP };
}

/* The edge between two ends, new or known. NULL where there are too many. */
static enum rc edge_between(struct mapper *m, const struct service_end *from, const struct service_end *to,
	struct service_edge **out)
{
	struct service_map *map = m->map;
	size_t s = end_hash(to, end_hash(from, 0)) % MAPPER_EDGE_SLOTS;

	*out = NULL;
	for (; m->slots[s]; s = (s + 1) % MAPPER_EDGE_SLOTS) {
		struct service_edge *e = &map->v[m->slots[s] - 1];

		if (end_equal(&e->from, from) && end_equal(&e->to, to)) {
			*out = e;
			return RC_DONE;
		}
	}
	if (map->n == SERVICE_MAP_EDGES) {
		mapper_limit(map, "pairs of services", SERVICE_MAP_EDGES);
		return RC_DONE;
	}
	if (mem_grow(&map->v, &map->cap, map->n + 1, sizeof(*map->v)) != 0)
		return err_memory(m->err);
	*out = &map->v[map->n++];
	**out = (struct service_edge){ .from = *from, .to = *to };
	m->slots[s] = (uint32_t)map->n;
	return RC_DONE;
}

static void example(struct service_edge *e, const struct machine_packet *came, const struct machine_packet *left)
{
	if (came)
		e->packet_from = (struct id){ TIER_PACKET, came->self.source, came->self.rec };
	e->packet_to = (struct id){ TIER_PACKET, left->self.source, left->self.rec };
	e->time_ns = left->time_ns;
}

/* Why a request left. */
struct cause {
	uint32_t came;               /* the request that came, or MACHINE_NONE */
	bool ordered;                /* time and order alone say so */
	double sure;
};

/* A request left; came: what caused it, or NULL. The example is the first that content tells of, if there is one. */
static enum rc count_request(struct mapper *m, const struct cause *cause, const struct machine_packet *came,
	const struct machine_packet *left)
{
	struct service_end from = came ? end_of(came) : (struct service_end){ .addr = left->src }, to = end_of(left);
	struct service_edge *e;
	enum rc rc = edge_between(m, &from, &to, &e);

	if (rc != RC_DONE || !e)
		return rc;
	if (e->triggered == e->ordered && (e->triggered == 0 || !cause->ordered))
		example(e, came, left);
	e->triggered++;
	if (!came)
		return RC_DONE;
	e->ordered += cause->ordered;
	e->confidence += cause->sure;
	struct hist **delays = &m->delays[e - m->map->v];

	if (!*delays)
		rc = hist_new(delays, m->err);
	return rc == RC_DONE ? hist_add(*delays, time_sub(left->time_ns, came->time_ns), m->err) : rc;
}

/* ---- one machine ------------------------------------------------------------------------------------------- */

/* The requests that came and caused others. */
struct causes {
	const struct machine *m;
	struct trace_order *order;
	struct cause *v;             /* by packet, of the first of a turn */
	int64_t *answered;           /* by packet */
};

/* Content says so. */
static void note_cause(struct causes *c, uint32_t came, uint32_t left, const struct trace_link *l)
{
	double sure = trace_confidence(l);

	if (came == MACHINE_NONE || left == MACHINE_NONE || c->m->packets[came].time_ns > c->m->packets[left].time_ns)
		return;
	if (c->v[left].came == MACHINE_NONE)
		c->v[left].came = came;
	if (c->v[left].came == came && sure > c->v[left].sure)
		c->v[left].sure = sure;
}

/* As related_hops.c: requests tell first, then answers, then what was answered and is asked elsewhere. */
static void find_causes(struct causes *c, const struct trace_links *links)
{
	const struct machine *m = c->m;

	for (size_t i = 0; i < links->n; i++) {
		const struct trace_link *l = &links->v[i];

		if (m->packets[l->in].role == TRACE_REQUEST && m->packets[l->out].role == TRACE_REQUEST)
			note_cause(c, m->packets[l->in].first, m->packets[l->out].first, l);
	}
	for (size_t i = 0; i < links->n; i++) {
		const struct trace_link *l = &links->v[i];

		if (m->packets[l->in].role == TRACE_RESPONSE && m->packets[l->out].role == TRACE_RESPONSE && machine_certain(l))
			note_cause(c, machine_answered_by(m, l->out), machine_answered_by(m, l->in), l);
	}
	for (size_t i = 0; i < links->n; i++) {
		const struct trace_link *l = &links->v[i];
		uint32_t left = machine_answered_by(m, l->in);

		if (m->packets[l->in].role != TRACE_RESPONSE || m->packets[l->out].role != TRACE_REQUEST ||
			left == MACHINE_NONE || c->v[left].came == MACHINE_NONE || !machine_certain(l))
			continue;
		if (c->answered[c->v[left].came] >= m->packets[l->out].time_ns)
			note_cause(c, c->v[left].came, m->packets[l->out].first, l);
	}
}

/* Time and order say so, and content nothing. */
static bool note_guess(void *ctx, const struct trace_guess *g)
{
	struct causes *c = ctx;
	struct cause *cause = &c->v[c->m->packets[g->child].first];

	if (cause->came == MACHINE_NONE)
		*cause = (struct cause){ c->m->packets[g->parent].first, true, RELATED_ORDERED * g->share };
	return true;
}

static void find_ordered(struct causes *c, const struct trace_links *links)
{
	const struct machine *m = c->m;

	machine_order_learn(m, c->order, links);
	for (uint32_t i = 0; i < m->n; i++)
		if ((m->packets[i].way & TRACE_IN) && m->packets[i].role == TRACE_REQUEST && m->packets[i].first == i)
			machine_order_tell(c->order, i, note_guess, c);
}

static bool within(struct time_span core, int64_t time_ns)
{
	return time_ns >= core.from_ns && time_ns < core.to_ns;
}

/* Also before: what came then is no request of this span, but what it triggers in it is not without a cause. */
static void ask_all(const struct mapper *m, struct machine *machine, struct time_span core)
{
	struct time_span asked = { time_sub(core.from_ns, m->window_ns), time_add(core.to_ns, m->window_ns) };

	for (size_t i = 0; i < machine->n; i++) {
		struct trace_packet *t = &machine->trace[i];

		t->effect_asked = (t->way & TRACE_IN) && within(asked, t->time_ns);
		t->cause_asked = (t->way & TRACE_OUT) && t->role == TRACE_RESPONSE && within(asked, t->time_ns);
	}
}

/* Requests that came to a service, for all its edges; kept as an edge that leads nowhere until the end. */
static enum rc count_arrival(struct mapper *m, const struct machine_packet *p)
{
	struct service_end to = end_of(p), nowhere = { .port = 0 };
	struct service_edge *e;
	enum rc rc = edge_between(m, &to, &nowhere, &e);

	if (rc == RC_DONE && e)
		e->requests++;
	return rc;
}

static enum rc count_all(struct mapper *m, const struct causes *c, struct time_span core)
{
	const struct machine *machine = c->m;
	enum rc rc = RC_DONE;

	for (uint32_t i = 0; i < machine->n && rc == RC_DONE; i++) {
		const struct machine_packet *p = &machine->packets[i];
		const struct cause *cause = &c->v[i];
		const struct machine_packet *came = cause->came == MACHINE_NONE ? NULL : &machine->packets[cause->came];

		if (p->role != TRACE_REQUEST || p->first != i)
			continue;
		if ((p->way & TRACE_IN) && within(core, p->time_ns))
			rc = count_arrival(m, p);
		if (rc == RC_DONE && (p->way & TRACE_OUT) && within(core, came ? came->time_ns : p->time_ns))
			rc = count_request(m, cause, came, p);
	}
	return rc;
}

static enum rc causes_new(struct causes *c, const struct mapper *m, const struct machine *machine)
{
	*c = (struct causes){ .m = machine,
		.v = mem_calloc(machine->n + 1, sizeof(*c->v)),
		.answered = mem_calloc(machine->n + 1, sizeof(*c->answered)) };
	if (!c->v || !c->answered)
		return err_memory(m->err);
	for (size_t i = 0; i < machine->n; i++)
		c->v[i].came = MACHINE_NONE;
	machine_answer_times(machine, c->answered);
	return trace_order_new(machine->trace, machine->n, machine->talks, m->window_ns, &c->order, m->err);
}

static void causes_free(struct causes *c)
{
	trace_order_free(c->order);
	mem_free(c->v);
	mem_free(c->answered);
}

enum rc mapper_count(struct mapper *m, struct machine *machine, struct time_span core)
{
	struct trace_links links;
	struct causes c;
	enum rc rc = causes_new(&c, m, machine);

	if (rc == RC_DONE) {
		ask_all(m, machine, core);
		rc = trace_match(machine->trace, machine->n, machine->talks, m->window_ns, c.order, &links, m->err);
	}
	if (rc == RC_DONE) {
		m->map->work += links.work;
		find_causes(&c, &links);
		find_ordered(&c, &links);
		trace_links_free(&links);
		rc = count_all(m, &c, core);
	}
	causes_free(&c);
	return rc;
}

/* ---- once all is counted ------------------------------------------------------------------------------------ */

static bool leads_nowhere(const struct service_edge *e)
{
	return e->to.addr.kind == ADDR_NONE;
}

static int by_triggered(const void *a, const void *b)
{
	const struct service_edge *x = a, *y = b;

	if ((x->from.port == 0) != (y->from.port == 0))
		return x->from.port == 0 ? 1 : -1;
	if (x->triggered != y->triggered)
		return x->triggered > y->triggered ? -1 : 1;
	int order = addr_cmp(&x->from.addr, &y->from.addr);

	if (order == 0)
		order = (x->from.port > y->from.port) - (x->from.port < y->from.port);
	if (order == 0)
		order = addr_cmp(&x->to.addr, &y->to.addr);
	return order ? order : (x->to.port > y->to.port) - (x->to.port < y->to.port);
}

/* Requests of services to their edges; what leads nowhere goes. */
void mapper_finish(struct mapper *m)
{
	static const struct service_end NOWHERE = { .port = 0 };
	struct service_map *map = m->map;
	struct service_edge *e;
	size_t kept = 0;

	for (size_t i = 0; i < map->n; i++) {
		const struct service_end from = map->v[i].from;

		if (!leads_nowhere(&map->v[i]) && from.port != 0 && edge_between(m, &from, &NOWHERE, &e) == RC_DONE && e)
			map->v[i].requests = e->requests;
		if (map->v[i].triggered > 0)
			map->v[i].confidence /= (double)map->v[i].triggered;
		map->v[i].has_delay = m->delays[i] && hist_quantile(m->delays[i], 0.5, &map->v[i].delay_p50_ns) &&
			hist_quantile(m->delays[i], 0.95, &map->v[i].delay_p95_ns);
	}
	for (size_t i = 0; i < map->n; i++)
		if (!leads_nowhere(&map->v[i]))
			map->v[kept++] = map->v[i];
	map->n = kept;
	if (map->n > 1)
		qsort(map->v, map->n, sizeof(*map->v), by_triggered);
	map->cost = m->source.cost;
}
