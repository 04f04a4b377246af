/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses of one machine: a server that is asked over IPv4 may go on over IPv6. Private to the walks along content.
 *
 * What a machine sends itself has its own link-layer address and a TTL that nothing has counted down yet (64, 128, 255): addresses
 * that one link-layer address sends from like this are one machine's, as long as they are few. Behind a router nothing is known.
 */
#ifndef FLOWDRILL_QUERY_ALIASES_H
#define FLOWDRILL_QUERY_ALIASES_H

#include "query/query.h"

enum { ALIASES = 8 };

struct aliases {
	struct addr v[ALIASES];      /* the first is the one that was asked for */
	size_t n;
};

bool aliases_have(const struct aliases *a, const struct addr *addr);
/* a->v[0] is set. Finds the others by what was sent between the times (half-open). */
enum rc aliases_find(struct aliases *a, const struct query_sources *sources, int64_t from_ns, int64_t to_ns,
	struct query_control *control, struct err *err);
/* "host 10.0.0.5 or host 2001:db8::5" */
void aliases_filter(const struct aliases *a, char *out, size_t size);

#endif
