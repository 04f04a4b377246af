/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which machines a map is of, and when they are looked at. */
#include "query/service_map.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "query/related.h"
#include "query/service_map_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HOSTS_MOST = 1 << 16,        /* addresses whose roles are remembered */
	HOST_SLOTS = HOSTS_MOST * 2,
	CELLS = 8,                   /* parts of a long window */
	ROUNDS = 100,                /* of maps that the store was changed under */
};
/* A window up to this is looked at as one part; the first part of a longer one has a second. */
static const int64_t SHORT_NS = 30000000000, FIRST_NS = 1000000000;
/* Packets around a part tell what is frequent. */
static const int64_t AROUND_NS = 1000000000;

void mapper_limit(struct service_map *m, const char *what, uint64_t n)
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
			mapper_limit(m->map, "addresses", HOSTS_MOST);
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
		mapper_limit(m->map, "machines", SERVICE_MAP_MACHINES);
	}
	return rc;
}

/* A part of the window at a machine; *packets more were read. */
static enum rc look_at(struct mapper *m, const struct addr *addr, struct time_span core, uint64_t *packets)
{
	struct machine machine = { .addrs.v[0] = *addr };
	int64_t around_ns = time_add(m->window_ns, AROUND_NS);
	struct time_span span = { time_sub(core.from_ns, around_ns), time_add(core.to_ns, around_ns) };
	enum rc rc = machine_read(&machine, &m->source, &span, 1, NULL, 0, m->err);

	if (rc != RC_DONE)
		return rc;
	if (machine.limited)
		mapper_limit(m->map, "packets or bytes of one machine", machine.n);
	*packets += machine.read;
	m->map->looked_ns += time_sub(core.to_ns, core.from_ns);
	rc = mapper_count(m, &machine, core);
	machine_free(&machine);
	return rc;
}

/* How long the parts may be, as busy as the first one was with what is read around it. */
static int64_t part_length(const struct mapper *m, int64_t cell_ns, uint64_t packets)
{
	int64_t around_ns = 2 * time_add(m->window_ns, AROUND_NS), budget = SERVICE_MAP_PACKETS / CELLS;
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
	m.slots = mem_calloc(MAPPER_EDGE_SLOTS, sizeof(*m.slots));
	m.hosts = mem_calloc(HOST_SLOTS, sizeof(*m.hosts));
	rc = m.delays && m.slots && m.hosts ? pick_machines(&m) : err_memory(err);
	for (size_t i = 0; i < m.n_picks && rc == RC_DONE; i++)
		rc = look_at_machine(&m, &m.picks[i].addr);
	if (rc == RC_DONE)
		mapper_finish(&m);
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
