/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of trace/order.c: exchanges, their kinds and rare words (order_words.c), whose exchanges one after the other on one
 * conversation are (order_talk.c), and what is learned of it (order.c). Private to them.
 */
#ifndef FLOWDRILL_TRACE_ORDER_PRIV_H
#define FLOWDRILL_TRACE_ORDER_PRIV_H

#include "trace/match.h"
#include "trace/order.h"

enum {
	ORDER_NONE = UINT32_MAX,
	ORDER_WORDS = 12,            /* rare ones that are kept of a request or an answer */
	ORDER_TIMES = 20,            /* classes of durations, each twice the one before */
	ORDER_SHARES = 4,            /* classes of how rare what they share is */
};

/* A word that is rare among the like. */
struct order_word {
	uint32_t hash;
	float rare;                  /* ln(exchanges of its service / those that have it) */
};

struct order_words {
	uint32_t n;
	struct order_word v[ORDER_WORDS];    /* by hash */
};

struct exchange {
	uint32_t first;              /* packet */
	uint32_t before, next;       /* exchanges of its talk, or ORDER_NONE */
	uint32_t kind;
	uint32_t first_pair, n_pairs;        /* of a child, of a parent: see trace_order */
	uint8_t way;                 /* TRACE_IN: a parent */
	bool tls;
	bool known;                  /* whose it is */
	int64_t asks_ns, asked_ns;   /* the request's first and last packet */
	int64_t answers_ns, answered_ns;     /* the answer's; INT64_MAX none */
	uint32_t step;               /* of a child: relation of its kind to that of the exchange before, or ORDER_NONE */
	double nobody;               /* of a child: that it is nobody's; nobody_weight, nobody_forward as in struct order_pair */
	double nobody_weight, nobody_forward, nobody_backward;
	struct order_words asks, answers;
};

struct order_kind {
	uint64_t hash;
	uint32_t n;                  /* exchanges; 0: the place is free */
	bool worded;
	double nobodys;              /* expected number that nobody's request explains */
};

/* Of a feature: the pairs that are parent and child, and all there might be. */
struct order_feature {
	float right[ORDER_TIMES], all[ORDER_TIMES], odds[ORDER_TIMES];
	double rights, alls;
};

enum { FEATURE_BEFORE, FEATURE_AFTER, FEATURE_BUSY, FEATURE_SHARED, ORDER_FEATURES };

/* One kind of parent and one kind of child; or two kinds of children on one conversation, one after the other. */
struct order_relation {
	uint32_t parent, child;      /* kinds */
	bool taken;                  /* this place of the table is */
	double sum;                  /* of shares */
	double steps, stays;         /* steps, and those that stay with one parent */
	double expected;             /* children of such a parent; the probability to stay */
	struct order_feature features[ORDER_FEATURES];
};

struct order_pair {
	uint32_t parent, child, relation;
	uint8_t shared;              /* class */
	uint8_t classes[ORDER_FEATURES];     /* as it was looked at last */
	double share;
	double weight;               /* alone */
	double forward, backward;    /* with what is known of the exchanges before it on its conversation; behind it */
};

struct trace_order {
	const struct trace_packet *packets;
	size_t n_packets;
	int64_t window_ns;
	double seconds;              /* that the packets last */
	struct exchange *exchanges;
	size_t n, cap;
	uint32_t *exchange_of;       /* by packet, or ORDER_NONE */
	struct order_kind *kinds;
	size_t kinds_mask, n_kinds;
	struct order_relation *relations;
	size_t relations_mask, n_relations;
	struct order_pair *pairs;    /* by child, those of one together */
	size_t n_pairs, cap_pairs;
	uint32_t *of_parent;         /* numbers of pairs that are worth it, by parent */
	unsigned round;
};

/* Exchanges of the packets, with kinds and words; order_words.c. */
enum rc order_read(struct trace_order *o, uint32_t talks, struct err *err);
/* ---- order_talk.c */

/* Shares of a conversation's exchanges from the weights of their pairs, beginning with this one. Steps are counted. */
void order_judge_talk(struct trace_order *o, uint32_t first);

/* ---- order_words.c */

/* How rare what both have is, as a class: 0 nothing. */
unsigned order_shared(const struct exchange *parent, const struct exchange *child);

#endif
