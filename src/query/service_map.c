/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/service_map.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "flow/sketch.h"
#include "query/machine.h"
#include "query/related.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HOSTS_MOST = 1 << 16,        /* addresses whose roles are remembered */
	CELLS = 8,                   /* parts of a long window */
	ROUNDS = 100,                /* of maps that the store was changed under */
};
/* A window up to this is looked at as one part; the first part of a longer one has a second. */
static const int64_t SHORT_NS = 30000000000, FIRST_NS = 1000000000;
/* Packets around a part tell what is frequent. */
static const int64_t AROUND_NS = 1000000000;

/* What an address does. */
struct host {
	struct addr addr;
	uint64_t served, asked;      /* flows */
};

struct machine_pick {
	struct addr addr;
	uint64_t served;
};

struct mapper {
	struct machine_source source;
	const struct query *flows;
	int64_t window_ns;
	struct service_map *map;
	struct hist **delays;        /* by edge */
	uint32_t *slots;             /* edges by their ends, plus one */
	size_t n_hosts;
	struct host *hosts;          /* a hash table */
	struct machine_pick *picks;
	size_t n_picks, cap_picks;
	struct time_span span;
	struct err *err;
};

enum { HOST_SLOTS = HOSTS_MOST * 2, EDGE_SLOTS = SERVICE_MAP_EDGES * 2 };

static void limit(struct service_map *m, const char *what, uint64_t n)
{
	if (!m->limited)
		snprintf(m->limit, sizeof(m->limit), "more than %llu %s", (unsigned long long)n, what);
	m->limited = true;
}

/* ---- which machines -------------------------------------------------------------------------------- */

static struct host *host_of(const struct mapper *m, const struct addr *addr)
{
	size_t s = hash_bytes(addr, sizeof(*addr), 0) % HOST_SLOTS;

	while (m->hosts[s].addr.kind != ADDR_NONE && !addr_equal(&m->hosts[s].addr, addr))
		s = (s + 1) % HOST_SLOTS;
	return &m->hosts[s];
}

static void note_host(struct mapper *m, const struct addr *addr, bool serves)
{
	struct host *h = host_of(m, addr);

	if (addr->kind != ADDR_IPV4 && addr->kind != ADDR_IPV6)
		return;
	if (h->addr.kind == ADDR_NONE) {
		if (m->n_hosts == HOSTS_MOST) {
			limit(m->map, "addresses", HOSTS_MOST);
			return;
		}
		m->n_hosts++;
		h->addr = *addr;
	}
	h->served += serves;
	h->asked += !serves;
}

static bool on_flow(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct mapper *m = ctx;
	const struct record *r = row->record;

	(void)raw;
	if (machine_role(&r->key, DIR_C2S) != TRACE_REQUEST)
		return true;
	note_host(m, &r->key.server, true);
	note_host(m, &r->key.client, false);
	if (r->c.first_ns < m->span.from_ns)
		m->span.from_ns = r->c.first_ns;
	if (r->c.last_ns >= m->span.to_ns)
		m->span.to_ns = time_add(r->c.last_ns, 1);
	return true;
}

/* Flows overlap the window; what is looked at lies in it. */
static void clip(struct mapper *m)
{
	if (m->span.from_ns < m->flows->from_ns)
		m->span.from_ns = m->flows->from_ns;
	if (m->span.to_ns > m->flows->to_ns)
		m->span.to_ns = m->flows->to_ns;
}

/* A machine serves under one of its addresses, and asks under one of them. It is picked by the first of those that are there. */
static enum rc pick(struct mapper *m, const struct host *h)
{
	struct aliases a = { .v[0] = h->addr };
	uint64_t served = 0, asked = 0;

	kin_find(&m->source.kin, &a);
	for (size_t i = 0; i < a.n; i++) {
		const struct host *other = host_of(m, &a.v[i]);

		if (other->addr.kind != ADDR_NONE && addr_cmp(&other->addr, &h->addr) < 0)
			return RC_DONE;
		served += other->served;
		asked += other->asked;
	}
	if (served == 0 || asked == 0)
		return RC_DONE;
	if (mem_grow(&m->picks, &m->cap_picks, m->n_picks + 1, sizeof(*m->picks)) != 0)
		return err_memory(m->err);
	m->picks[m->n_picks++] = (struct machine_pick){ h->addr, served };
	return RC_DONE;
}

static int by_served(const void *a, const void *b)
{
	const struct machine_pick *x = a, *y = b;

	if (x->served != y->served)
		return x->served > y->served ? -1 : 1;
	return addr_cmp(&x->addr, &y->addr);
}

static enum rc pick_machines(struct mapper *m)
{
	struct query q = *m->flows;
	struct query_explain cost;

	q.tier = TIER_FLOW;
	m->span = (struct time_span){ INT64_MAX, INT64_MIN };
	enum rc rc = query_run(m->source.sources, &q, on_flow, m, m->source.control, &m->source.cost, m->err);
	clip(m);
	if (rc != RC_DONE || m->span.from_ns >= m->span.to_ns)
		return rc;
	rc = kin_look(&m->source.kin, m->span, &cost, m->err);
	query_explain_add(&m->source.cost, &cost);
	for (size_t s = 0; s < HOST_SLOTS && rc == RC_DONE; s++)
		if (m->hosts[s].addr.kind != ADDR_NONE)
			rc = pick(m, &m->hosts[s]);
	if (m->n_picks > 1)
		qsort(m->picks, m->n_picks, sizeof(*m->picks), by_served);
	if (m->n_picks > SERVICE_MAP_MACHINES) {
		m->n_picks = SERVICE_MAP_MACHINES;
		limit(m->map, "machines", SERVICE_MAP_MACHINES);
	}
	return rc;
}

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
	size_t s = end_hash(to, end_hash(from, 0)) % EDGE_SLOTS;

	*out = NULL;
	for (; m->slots[s]; s = (s + 1) % EDGE_SLOTS) {
		struct service_edge *e = &map->v[m->slots[s] - 1];

		if (end_equal(&e->from, from) && end_equal(&e->to, to)) {
			*out = e;
			return RC_DONE;
		}
	}
	if (map->n == SERVICE_MAP_EDGES) {
		limit(map, "pairs of services", SERVICE_MAP_EDGES);
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

/* A request left; came: what caused it, or NULL. */
static enum rc count_request(struct mapper *m, const struct machine_packet *came, const struct machine_packet *left)
{
	struct service_end from = came ? end_of(came) : (struct service_end){ .addr = left->src }, to = end_of(left);
	struct service_edge *e;
	enum rc rc = edge_between(m, &from, &to, &e);

	if (rc != RC_DONE || !e)
		return rc;
	if (e->triggered++ == 0)
		example(e, came, left);
	if (!came)
		return RC_DONE;
	struct hist **delays = &m->delays[e - m->map->v];

	if (!*delays)
		rc = hist_new(delays, m->err);
	return rc == RC_DONE ? hist_add(*delays, time_sub(left->time_ns, came->time_ns), m->err) : rc;
}

/* ---- one machine ------------------------------------------------------------------------------------------- */

/* The requests that came and caused others. */
struct causes {
	const struct machine *m;
	uint32_t *came;              /* by packet, of the first of a turn: what caused it, or MACHINE_NONE */
	int64_t *answered;           /* by packet */
};

static void note_cause(struct causes *c, uint32_t came, uint32_t left)
{
	if (came != MACHINE_NONE && left != MACHINE_NONE && c->came[left] == MACHINE_NONE &&
		c->m->packets[came].time_ns <= c->m->packets[left].time_ns)
		c->came[left] = came;
}

/* As related_hops.c: requests tell first, then answers, then what was answered and is asked elsewhere. */
static void find_causes(struct causes *c, const struct trace_links *links)
{
	const struct machine *m = c->m;

	for (size_t i = 0; i < links->n; i++) {
		const struct trace_link *l = &links->v[i];

		if (m->packets[l->in].role == TRACE_REQUEST && m->packets[l->out].role == TRACE_REQUEST)
			note_cause(c, m->packets[l->in].first, m->packets[l->out].first);
	}
	for (size_t i = 0; i < links->n; i++) {
		const struct trace_link *l = &links->v[i];

		if (m->packets[l->in].role == TRACE_RESPONSE && m->packets[l->out].role == TRACE_RESPONSE && machine_certain(l))
			note_cause(c, machine_answered_by(m, l->out), machine_answered_by(m, l->in));
	}
	for (size_t i = 0; i < links->n; i++) {
		const struct trace_link *l = &links->v[i];
		uint32_t left = machine_answered_by(m, l->in);

		if (m->packets[l->in].role != TRACE_RESPONSE || m->packets[l->out].role != TRACE_REQUEST ||
			left == MACHINE_NONE || c->came[left] == MACHINE_NONE || !machine_certain(l))
			continue;
		if (c->answered[c->came[left]] >= m->packets[l->out].time_ns)
			note_cause(c, c->came[left], m->packets[l->out].first);
	}
}

static bool within(struct time_span core, int64_t time_ns)
{
	return time_ns >= core.from_ns && time_ns < core.to_ns;
}

static void ask_all(const struct mapper *m, struct machine *machine, struct time_span core)
{
	struct time_span asked = { core.from_ns, time_add(core.to_ns, m->window_ns) };

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
		const struct machine_packet *came = c->came[i] == MACHINE_NONE ? NULL : &machine->packets[c->came[i]];

		if (p->role != TRACE_REQUEST || p->first != i)
			continue;
		if ((p->way & TRACE_IN) && within(core, p->time_ns))
			rc = count_arrival(m, p);
		if (rc == RC_DONE && (p->way & TRACE_OUT) && within(core, came ? came->time_ns : p->time_ns))
			rc = count_request(m, came, p);
	}
	return rc;
}

static enum rc match_part(struct mapper *m, struct machine *machine, struct time_span core)
{
	struct causes c = { .m = machine,
		.came = mem_calloc(machine->n + 1, sizeof(*c.came)),
		.answered = mem_calloc(machine->n + 1, sizeof(*c.answered)) };
	struct trace_links links;
	enum rc rc = c.came && c.answered ? RC_DONE : err_memory(m->err);

	if (rc == RC_DONE) {
		memset(c.came, 0xff, machine->n * sizeof(*c.came));
		machine_answer_times(machine, c.answered);
		ask_all(m, machine, core);
		rc = trace_match(machine->trace, machine->n, machine->talks, m->window_ns, NULL, &links, m->err);
	}
	if (rc == RC_DONE) {
		m->map->work += links.work;
		find_causes(&c, &links);
		trace_links_free(&links);
		rc = count_all(m, &c, core);
	}
	mem_free(c.came);
	mem_free(c.answered);
	return rc;
}

/* A part of the window at a machine; *packets more were read. */
static enum rc look_at(struct mapper *m, const struct addr *addr, struct time_span core, uint64_t *packets)
{
	struct machine machine = { .addrs.v[0] = *addr };
	struct time_span span = { time_sub(core.from_ns, AROUND_NS), time_add(core.to_ns, time_add(m->window_ns, AROUND_NS)) };
	enum rc rc = machine_read(&machine, &m->source, &span, 1, NULL, 0, m->err);

	if (rc != RC_DONE)
		return rc;
	if (machine.limited)
		limit(m->map, "packets or bytes of one machine", machine.n);
	*packets += machine.read;
	m->map->looked_ns += time_sub(core.to_ns, core.from_ns);
	rc = match_part(m, &machine, core);
	machine_free(&machine);
	return rc;
}

/* How long the parts may be, as busy as the first one was with what is read around it. */
static int64_t part_length(const struct mapper *m, int64_t cell_ns, uint64_t packets)
{
	int64_t around_ns = time_add(2 * AROUND_NS, m->window_ns), budget = SERVICE_MAP_PACKETS / CELLS;
	double per_ns = (double)packets / (double)time_add(FIRST_NS, around_ns);
	double fits_ns = per_ns > 0 ? (double)budget / per_ns - (double)around_ns : (double)cell_ns;

	if (fits_ns >= (double)cell_ns)
		return cell_ns;
	return fits_ns > (double)FIRST_NS ? (int64_t)fits_ns : FIRST_NS;
}

static enum rc look_at_machine(struct mapper *m, const struct addr *addr)
{
	int64_t whole_ns = time_sub(m->span.to_ns, m->span.from_ns), cell_ns, part_ns;
	unsigned cells = whole_ns > SHORT_NS ? CELLS : 1;
	uint64_t packets = 0;
	enum rc rc = RC_DONE;

	cell_ns = whole_ns / cells;
	part_ns = cells > 1 ? FIRST_NS : whole_ns;
	for (unsigned i = 0; i < cells && rc == RC_DONE && packets < SERVICE_MAP_PACKETS; i++) {
		struct time_span core = { m->span.from_ns + cell_ns * i, m->span.from_ns + cell_ns * (i + 1) };

		if (core.to_ns - core.from_ns > part_ns)
			core.to_ns = core.from_ns + part_ns;
		rc = look_at(m, addr, core, &packets);
		if (i == 0)
			part_ns = cells > 1 ? part_length(m, cell_ns, packets) : part_ns;
	}
	m->map->machines++;
	m->map->packets += packets;
	m->map->window_ns += whole_ns;
	return rc;
}

/* ---- the map ------------------------------------------------------------------------------------------------- */

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
static void finish(struct mapper *m)
{
	static const struct service_end NOWHERE = { .port = 0 };
	struct service_map *map = m->map;
	struct service_edge *e;
	size_t kept = 0;

	for (size_t i = 0; i < map->n; i++) {
		const struct service_end from = map->v[i].from;

		if (!leads_nowhere(&map->v[i]) && from.port != 0 && edge_between(m, &from, &NOWHERE, &e) == RC_DONE && e)
			map->v[i].requests = e->requests;
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

static void mapper_free(struct mapper *m)
{
	for (size_t i = 0; m->delays && i < SERVICE_MAP_EDGES; i++)
		hist_free(m->delays[i]);
	mem_free(m->delays);
	mem_free(m->slots);
	mem_free(m->hosts);
	mem_free(m->picks);
	machine_source_free(&m->source);
}

enum rc service_map_run(const struct query_sources *sources, const struct query *flows, int64_t window_ns,
	struct query_control *control, struct service_map *out, struct err *err)
{
	struct mapper m = { .flows = flows, .window_ns = window_ns ? window_ns : RELATED_WINDOW_NS, .map = out, .err = err };
	enum rc rc;

	memset(out, 0, sizeof(*out));
	machine_source_init(&m.source, sources, control);
	m.delays = mem_calloc(SERVICE_MAP_EDGES, sizeof(struct hist *));
	m.slots = mem_calloc(EDGE_SLOTS, sizeof(*m.slots));
	m.hosts = mem_calloc(HOST_SLOTS, sizeof(*m.hosts));
	rc = m.delays && m.slots && m.hosts ? pick_machines(&m) : err_memory(err);
	for (size_t i = 0; i < m.n_picks && rc == RC_DONE; i++)
		rc = look_at_machine(&m, &m.picks[i].addr);
	if (rc == RC_DONE)
		finish(&m);
	else
		service_map_free(out);
	mapper_free(&m);
	return rc;
}

enum rc service_map_run_fresh(const struct query_sources *sources, const struct query *flows, int64_t window_ns,
	struct query_control *control, struct service_map *out, struct err *err)
{
	enum rc rc = service_map_run(sources, flows, window_ns, control, out, err);

	for (int i = 0; rc == RC_STALE && i < ROUNDS; i++) {
		rc = query_refresh(sources, err);
		if (rc == RC_DONE)
			rc = service_map_run(sources, flows, window_ns, control, out, err);
	}
	return rc;
}

void service_map_free(struct service_map *m)
{
	mem_free(m->v);
	memset(m, 0, sizeof(*m));
}
