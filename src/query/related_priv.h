/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A walk along content, for related.c (what was asked for, from machine to machine, the tree told in order) and related_hops.c (what is
 * related at one machine). Private to them.
 */
#ifndef FLOWDRILL_QUERY_RELATED_PRIV_H
#define FLOWDRILL_QUERY_RELATED_PRIV_H

#include "query/machine.h"
#include "query/related.h"

/* A hop, and the packets that it is followed by. Node 0 is what was asked for. */
struct related_node {
	struct related_hop hop;
	uint32_t parent;
	unsigned depth;
	uint64_t talk;               /* of the flow that was found */
	size_t asks;                 /* packets that are followed */
	double sure, answers_sure;
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

/* A bound was met. */
void related_limit(struct related_walk *w, const char *what, uint64_t n);
/* Follows one more packet at the next depth. */
enum rc related_follow(struct related_walk *w, const struct related_ask *a);
/* What is related at a machine to what is asked of it there: new nodes, and packets to follow. */
enum rc related_at(struct related_walk *w, struct machine *m);

#endif
