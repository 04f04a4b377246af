/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose request a machine asked on behalf of, by time and order: where content does not tell, or tells of several.
 *
 * An exchange is a request and its answer on one conversation. Those that came to the machine are `parents`, those that it began are
 * `children`; whose child an exchange is must be a parent that was open when it began, or on behalf of
 * which that conversation was used just before. Which of them, what happens again and
 * again tells: requests are of a kind (their words without what changes), and for each kind of parent and of child is learned from ALL
 * packets that are given how many children of that kind such a parent has, how long after what came before, how long before its answer,
 * whether while it waits for another one, whether on a connection on which it asks before or after, and whether they share words that are rare among
 * their like, short ones too, in requests or in answers. A parent that has its children needs no more of them, so neighbours compete.
 * Requests that nobody's request explains are explained by a rate of their own.
 *
 * The method is expectation and maximisation of a mixture of Poisson processes, the features taken as independent of each other
 * (naive Bayes), in ORDER_ROUNDS rounds in order of time. What it says is likely and never proof. TLS is left out.
 *
 * Pure; work is linear in the packets: a child with more than ORDER_OPEN open parents is left alone.
 */
#ifndef FLOWDRILL_TRACE_ORDER_H
#define FLOWDRILL_TRACE_ORDER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORDER_OPEN = 48, ORDER_ROUNDS = 6, ORDER_SETTLE = 2 };

struct trace_packet;
struct trace_order;

/*
 * On failure *out is NULL. Packets as trace_match() has them; they must stay until trace_order_free(). talks: one more than the largest number of a talk. Only packets with
 * a certain role count.
 */
enum rc trace_order_new(const struct trace_packet *packets, size_t n, uint32_t talks, int64_t window_ns, struct trace_order **out,
	struct err *err);
void trace_order_free(struct trace_order *o);

/* 0 to 1: that the exchange of one packet has that of another one as its parent; below 0: nothing is known. Any packet of either. */
double trace_order_share(const struct trace_order *o, uint32_t parent, uint32_t child);
/*
 * It is known whose child this exchange is (packets as above): nobody else's. Afterwards trace_order_settle() thinks again.
 */
void trace_order_know(struct trace_order *o, uint32_t parent, uint32_t child);
void trace_order_settle(struct trace_order *o);

/* `child` left because of `parent`: the first packets of their requests. */
struct trace_guess {
	uint32_t parent, child;
	double share;
	bool known;                  /* trace_order_know() */
	bool usual;                  /* both kinds have words, and most parents of this kind have such a child */
};
/* Guesses of at least so much about packet i's exchange, as whoever it is; returning false ends it. */
typedef bool (*trace_guess_sink)(void *ctx, const struct trace_guess *g);
void trace_order_tell(const struct trace_order *o, uint32_t i, double least, trace_guess_sink sink, void *ctx);

#endif
