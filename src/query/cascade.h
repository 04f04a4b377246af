/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the time of a cascade went: how long each of its conversations was busy answering, and how much of that was its own, not its
 * children's. A conversation is busy from a request's first packet to the last one of its answer, as its capture point saw it; its
 * share is that time without what lies in its children's.
 *
 * A root is one request and its answer. Its child, triggered by that request, is busy with the request that was found to be triggered, and
 * with all further ones on its conversation while the root waits; a connection that is opened for it counts from its SYN. So it goes on
 * downwards. A child that another request on its parent's conversation triggered stands for itself: one request and its answer. Clocks
 * of capture points are taken to agree.
 *
 * All packets that are read are handed on, for who draws them. One thread.
 */
#ifndef FLOWDRILL_QUERY_CASCADE_H
#define FLOWDRILL_QUERY_CASCADE_H

#include "query/query.h"

enum { CASCADE_NONE = UINT32_MAX, CASCADE_SPANS = 4096 };

struct cascade_span { int64_t from_ns, to_ns; };

/* Stretches of time in order that do not touch. Zeroed it is empty. */
struct cascade_spans {
	struct cascade_span *v;
	size_t n, cap;
};

struct cascade_node {
	uint32_t parent;             /* stands before its children; CASCADE_NONE: a root */
	struct id in;                /* a flow; of a root what was asked for: whose packets are read */
	struct id request;           /* packet with which it begins */
	int64_t request_ns;
	struct id from;              /* the packet on its parent's conversation that triggered it; not of a root */
	bool back;                   /* its parent is what it triggered, not what triggered it: their times do not lie in each other */
	/* what comes of it */
	bool read;                   /* its packets were looked at */
	bool inside;                 /* `from` belongs to what its parent was busy with */
	bool known;                  /* it was answered, and all of that was seen */
	bool own_known;
	int64_t from_ns, to_ns;      /* its first request, the end of its last answer; known */
	int64_t busy_ns, own_ns;
	uint64_t exchanges;          /* requests that were answered */
	struct cascade_spans spans;
};

/* Requests and answers of one conversation, packet by packet: when it was busy. Pure. */
struct exchanges {
	struct cascade_spans spans;
	uint64_t n;
	int64_t from_ns, to_ns;      /* of the one under way */
	bool asking, answering;
	bool full;                   /* CASCADE_SPANS were not enough */
};

/* A packet that says something (payload, SYN); asks: it goes the way of the request. */
enum rc exchanges_packet(struct exchanges *e, int64_t time_ns, bool asks, struct err *err);
enum rc exchanges_end(struct exchanges *e, struct err *err);

/* One more span, that begins behind the beginning of all there are. */
enum rc cascade_spans_add(struct cascade_spans *s, int64_t from_ns, int64_t to_ns, struct err *err);
int64_t cascade_spans_sum(const struct cascade_spans *s);
/* What is in both; in either. *out is zero. */
enum rc cascade_spans_both(
	const struct cascade_spans *a, const struct cascade_spans *b, struct cascade_spans *out, struct err *err);
enum rc cascade_spans_either(
	const struct cascade_spans *a, const struct cascade_spans *b, struct cascade_spans *out, struct err *err);
void cascade_spans_free(struct cascade_spans *s);

/* A packet of a node, in the order of capture within it. Returning false ends it all (RC_DONE). */
typedef bool (*cascade_sink)(void *ctx, uint32_t node, const struct row *row, const struct raw_packet *raw);

/*
 * Reads the nodes' packets and fills in what comes of it; sink may be NULL. RC_STALE where a snapshot is too old: cascade_free(), and
 * anew. Errors as query_run().
 */
enum rc cascade_read(const struct query_sources *sources, struct cascade_node *nodes, size_t n, cascade_sink sink, void *ctx,
	struct query_control *control, struct err *err);
/* The shares alone, from spans; cascade_read() calls it. */
enum rc cascade_share(struct cascade_node *nodes, size_t n, struct err *err);
/* Frees what the nodes own, not them. */
void cascade_free(struct cascade_node *nodes, size_t n);

#endif
