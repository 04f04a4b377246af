/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What time and order (trace/order.h) tell of one machine's requests where content does not: the one rule of what is worth a hop, for
 * walks from one request (related_order.c) and for all requests at once (service_map.c). Private to them.
 */
#ifndef FLOWDRILL_QUERY_MACHINE_ORDER_H
#define FLOWDRILL_QUERY_MACHINE_ORDER_H

#include "query/machine.h"
#include "trace/order.h"

/* Links that are certain say whose their exchanges are; what is left is judged once more. Packets are those that `order` was made of. */
void machine_order_learn(const struct machine *m, struct trace_order *order, const struct trace_links *links);

/*
 * What packet i's exchange caused, or was caused by, where content does not say it, hardly another one is left, and such are usual.
 * Guesses as trace_order_tell() has them; returning false ends it.
 */
void machine_order_tell(const struct trace_order *order, uint32_t i, trace_guess_sink sink, void *ctx);

#endif
