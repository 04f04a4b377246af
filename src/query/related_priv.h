/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A walk along content, for related.c (what was asked for, from machine to machine, the tree told in order) and related_hops.c (what is
 * related at one machine). Private to them.
 */
#ifndef FLOWDRILL_QUERY_RELATED_PRIV_H
#define FLOWDRILL_QUERY_RELATED_PRIV_H

#include "query/machine.h"
#include "query/related.h"
#include "trace/order.h"

/* A hop, and the packets that it is followed by. Node 0 is what was asked for. */
struct related_node {
	struct related_hop hop;
	uint32_t parent;
	unsigned depth;
	uint64_t talk;               /* of the flow that was found */
	size_t asks;                 /* packets that are followed */
	double sure, answers_sure;
	double ordered;              /* by time and order */
};

/* A packet to follow, at a machine. */
struct related_ask {
	struct machine_asked asked;
	struct addr host;
	int64_t time_ns;
};

struct related_walk {
	struct machine_source source;
	const struct related_options *options;
	struct related_told *told;
	struct related_node *nodes;
	size_t n_nodes, cap_nodes;
	struct related_ask *asks, *next;     /* of this depth and the next */
	size_t n_asks, cap_asks, n_next, cap_next;
	bool only_packet;            /* a packet was asked for: not what else it belongs to */
	enum rc rc;
	struct err *err;
};

/* Why a request left. */
struct reason {
	uint32_t came;               /* the request that came, or MACHINE_NONE: not known */
	uint32_t node;               /* that asked of it */
};

/* One machine of a walk. */
struct stop {
	struct related_walk *walk;
	struct machine *m;
	uint32_t *asker;             /* by packet: for an answer, a packet of the turn that was asked; MACHINE_NONE */
	struct reason *reasons;      /* by packet: of the first of a turn */
	int64_t *answered;           /* by packet: when its conversation next said something the other way; INT64_MAX never */
	struct trace_order *order;
};

/* A bound was met. */
void related_limit(struct related_walk *w, const char *what, uint64_t n);
/* Follows one more packet at the next depth. */
enum rc related_follow(struct related_walk *w, const struct related_ask *a);
/* What is related at a machine to what is asked of it there: new nodes, and packets to follow. */
enum rc related_at(struct related_walk *w, struct machine *m);

/* The child of a node by the packets that say so first; MACHINE_NONE where there must be none. */
enum rc related_child(struct related_walk *w, uint32_t parent, const struct machine_packet *from, const struct machine_packet *to,
	uint32_t *out);
/* The packet is followed from the machine at its other end. */
enum rc related_follow_packet(struct stop *s, uint32_t node, const struct machine_packet *p);

/* ---- related_order.c: what time and order tell */

/* Asks also of the content of what may be asked on behalf of the requests at hand: it may be somebody else's. */
enum rc related_order_mark(struct stop *s);
/* Hops that content does not tell, once it has told what it can. */
enum rc related_order_take(struct stop *s, const struct trace_links *links);

#endif
