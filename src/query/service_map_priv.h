/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A map in the making, for service_map.c (which machines, and when they are looked at) and service_map_edges.c (what one of them says
 * of who triggers whom, added up). Private to them.
 */
#ifndef FLOWDRILL_QUERY_SERVICE_MAP_PRIV_H
#define FLOWDRILL_QUERY_SERVICE_MAP_PRIV_H

#include "flow/sketch.h"
#include "query/machine.h"
#include "query/service_map.h"

enum { MAPPER_EDGE_SLOTS = SERVICE_MAP_EDGES * 2 };

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

/* A bound was met. */
void mapper_limit(struct service_map *m, const char *what, uint64_t n);
/* Adds what a machine's packets say of requests that came, or that caused others, within the span. */
enum rc mapper_count(struct mapper *m, struct machine *machine, struct time_span core);
/* Once all is counted: totals, percentiles, order. */
void mapper_finish(struct mapper *m);

#endif
