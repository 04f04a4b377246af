/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses of one machine: a server that is asked over IPv4 may go on over IPv6. Private to the walks along content.
 *
 * What a machine sends itself has its own link-layer address and a TTL that nothing has counted down yet (64, 128, 255): addresses
 * that one link-layer address sends from like this are one machine's, as long as they are few. Behind a router nothing is known.
 *
 * There is no list of flows by link-layer address, so all flows of a stretch of time are looked at, once for all machines of a walk:
 * `struct kin` remembers who sent from where, KIN_MOST addresses at most.
 */
#ifndef FLOWDRILL_QUERY_ALIASES_H
#define FLOWDRILL_QUERY_ALIASES_H

#include "query/query.h"

enum { ALIASES = 8, KIN_MOST = 1 << 16, KIN_SPANS = 64 };

struct aliases {
	struct addr v[ALIASES];      /* the first is the one that was asked for */
	size_t n;
};

bool aliases_have(const struct aliases *a, const struct addr *addr);
/* "host 10.0.0.5 or host 2001:db8::5" */
void aliases_filter(const struct aliases *a, char *out, size_t size);

struct kin_end;

struct time_span {
	int64_t from_ns, to_ns;      /* half-open */
};

/* Who sent from which link-layer address. Zeroed: nobody was looked at. */
struct kin {
	struct kin_end *ends;
	size_t n;
	uint32_t *by_addr, *by_mac;  /* hash tables: the first end, plus one */
	struct time_span seen[KIN_SPANS];    /* all flows of these were looked at; the oldest goes */
	size_t n_seen;
	const struct query_sources *sources;
	struct query_control *control;
};

/* Looks at the flows of a stretch of time, where that was not done. *cost as query_run() has it, zeroed where nothing is read. */
enum rc kin_look(struct kin *k, struct time_span span, struct query_explain *cost, struct err *err);
/* a->v[0] is set; the others are found. */
void kin_find(const struct kin *k, struct aliases *a);
void kin_free(struct kin *k);

#endif
