/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which service triggers which: requests that came to a machine, and those that it sent because of them, with counts and delays, over a
 * window of time. Told by the same evidence as single requests (query/related.h): content, and where it says nothing time and order, which is
 * no proof and is counted apart. Delays are of both: the requests that content tells of are no sample of all (it tells of those that
 * come late in a cascade, with what was searched for, and not of the first ones, that open it).
 *
 * Machines are those that serve and ask, the busiest SERVICE_MAP_MACHINES of them. Of a long window parts are looked at, evenly spread, as
 * many as SERVICE_MAP_PACKETS a machine allow; service_map.looked_ns says how much that was.
 */
#ifndef FLOWDRILL_QUERY_SERVICE_MAP_H
#define FLOWDRILL_QUERY_SERVICE_MAP_H

#include "query/query.h"

enum { SERVICE_MAP_MACHINES = 64, SERVICE_MAP_PACKETS = 100000, SERVICE_MAP_EDGES = 4096 };

struct service_end {
	struct addr addr;
	uint16_t port;               /* 0: the machine by itself, see service_edge.from */
	uint8_t proto;
};

struct service_edge {
	/* Requests to `from` triggered requests to `to`. from.port 0: what triggered them is not known, or nothing did (checks, reports). */
	struct service_end from, to;
	uint64_t requests;           /* to `from` in the time looked at; 0 where that is a machine by itself */
	uint64_t triggered;          /* requests to `to` */
	uint64_t ordered;            /* of these, told by time and order alone */
	double confidence;           /* 0 to 1: the mean of related_hop.confidence of them; all by order: below RELATED_ORDERED */
	bool has_delay;
	int64_t delay_p50_ns, delay_p95_ns;  /* from a request that came to the first that it triggered there, and all others */
	struct id packet_from, packet_to;    /* the first pair, by content if there is one; packet_to alone where nothing triggered it */
	int64_t time_ns;             /* of that */
};

struct service_map {
	struct service_edge *v;      /* most triggered first; behind them machines by themselves */
	size_t n, cap;
	uint64_t machines, packets;  /* looked at */
	int64_t looked_ns, window_ns;        /* of the window; summed over machines */
	uint64_t work;               /* of comparing contents: see struct trace_links */
	struct query_explain cost;
	bool limited;
	char limit[96];              /* which bound */
};

/*
 * flows: a query of flows; its times, `in` and filter say which. window_ns: an effect is so much later than its cause at most; 0: a
 * second. RC_DONE also with an empty map; errors as query_run(). The map is the caller's to free, where RC_DONE. control may be NULL.
 */
enum rc service_map_run(const struct query_sources *sources, const struct query *flows, int64_t window_ns,
	struct query_control *control, struct service_map *out, struct err *err);
/* As service_map_run(), over a snapshot that nobody else looks at: begins again where a store was compacted meanwhile. */
enum rc service_map_run_fresh(const struct query_sources *sources, const struct query *flows, int64_t window_ns,
	struct query_control *control, struct service_map *out, struct err *err);
void service_map_free(struct service_map *m);

#endif
