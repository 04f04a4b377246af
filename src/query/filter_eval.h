/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a filter's tests look at: the ends and key of a row, or of a flow's key alone. Private to filter_*.c. */
#ifndef FLOWDRILL_QUERY_FILTER_EVAL_H
#define FLOWDRILL_QUERY_FILTER_EVAL_H

#include "query/filter_priv.h"

/* Arrays are indexed by SIDE_SRC .. SIDE_SERVER. Pointers are into the row or key. */
struct subject {
	const struct row *row; /* NULL: only the key is known */
	const struct counters *counters; /* without a row: of the microflow that holds the packet; may be NULL */
	const struct addr *addr[4]; /* NULL: unknown */
	const uint8_t *mac[4];
	uint16_t port[4];
	bool has_port[4];
	bool has_proto, has_point;
	uint32_t proto, point;
	uint64_t vlan; /* 0: untagged or unknown */
};

void subject_of_row(struct subject *s, const struct row *row);
/* Of a packet by itself: client and server are unknown. */
void subject_of_packet(struct subject *s, const struct packet *p);
/* A packet of a flow with this key, sent by `from` (SIDE_CLIENT or SIDE_SERVER). */
void subject_of_key(struct subject *s, const struct flow_key *key, enum filter_side from);
/* Runs the program; with a row never VERDICT_MAYBE. */
enum verdict filter_run(const struct filter *f, const struct subject *s);

#endif
