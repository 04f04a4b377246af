/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Related traffic: what traffic between other machines this traffic triggered, from the packets alone; or what triggered it.
 *
 * From what was asked for the walk goes to the machine that it went to, reads what that machine heard and said around then
 * (query/machine.h), finds what left it because of what came (trace/match.h), and goes on from there. Answers are matched likewise: what
 * a server answers is made of what it was answered itself. Requests that have nothing in common with what they trigger, and never anything
 * rare, are told by time and order (trace/order.h) where these leave hardly a choice. No conversation comes twice on one way from the root, so circles end.
 *
 * The answer depends on packets alone. Work is bounded: hops, machines, packets and bytes; related_told says where a bound was met.
 */
#ifndef FLOWDRILL_QUERY_RELATED_H
#define FLOWDRILL_QUERY_RELATED_H

#include "query/query.h"

enum { RELATED_DEPTH = 8, RELATED_HOPS = 1000 };
static const int64_t RELATED_WINDOW_NS = 1000000000;
static const double RELATED_ORDERED = 0.69;  /* 'possible' at most: no proof */

struct related_options {
	int64_t window_ns;           /* an effect is so much later than its cause at most; 0: a second */
	unsigned depth;              /* hops from the root; 0: RELATED_DEPTH */
	uint64_t limit;              /* hops in all; 0: RELATED_HOPS */
	bool upstream;               /* what triggered it */
};

struct related_place {
	struct id flow, packet;
	struct addr src, dst;        /* of the packet */
	uint16_t src_port, dst_port;
	int64_t time_ns;
};

/* `from` triggered `to`: packets that came to a machine and left it. */
struct related_hop {
	unsigned number, parent;     /* from 1, in order; parent 0: what was asked for */
	unsigned depth;              /* from 1; upstream too, away from what was asked for */
	struct related_place from, to;
	int64_t delay_ns;
	/* The longest common content, and the packets in which it is: from and to (also where there is none), or answers to them. */
	struct id content_from, content_to;
	uint32_t from_offset, to_offset;     /* in their payloads */
	uint32_t matched_bytes;
	uint64_t matches, responses; /* pairs of requests; of answers; both 0: time and order alone tell */
	double score;                /* the evidence of all pairs */
	double confidence;           /* 0 to 1: that of the best pair of requests and of answers together; of time and order alone
	                                below RELATED_ORDERED */
};

/* Returning false ends it. */
typedef bool (*related_sink)(void *ctx, const struct related_hop *hop);

struct related_told {
	uint64_t asked;              /* packets with payload in what was asked for, */
	uint64_t comparable;         /* that have fingerprints and are no TLS handshake, */
	uint64_t encrypted;          /* that are TLS */
	/* Requests of others that left the machines asked for in time (upstream: that came); counted as long as nothing is found. */
	uint64_t candidates;
	int64_t window_ns;           /* what is in time */
	bool upstream;
	uint64_t machines, packets;  /* read */
	uint64_t work;               /* of comparing contents: see struct trace_links */
	struct query_explain cost;   /* of all reading */
	bool limited;
	char limit[96];              /* which bound */
};

/*
 * Hops in order of the tree: each before those that it triggered, those beside each other by time. id: macroflow, flow, microflow or packet.
 * RC_DONE also where there is none; RC_MISSING, RC_USAGE for other ids; errors as query_run(). control may be NULL.
 */
enum rc related_run(const struct query_sources *sources, const struct id *id, const struct related_options *options,
	related_sink sink, void *ctx, struct query_control *control, struct related_told *told, struct err *err);
/* As related_run(), over a snapshot that nobody else looks at: where a store was compacted meanwhile, all is refreshed and asked again. */
enum rc related_run_fresh(const struct query_sources *sources, const struct id *id, const struct related_options *options,
	related_sink sink, void *ctx, struct query_control *control, struct related_told *told, struct err *err);

#endif
