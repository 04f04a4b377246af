/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Observations: an address was seen to have a name, in a DNS answer for example, between two times. Nothing is ever asked on the
 * network; names are raw bytes from outside, escaped where they are shown.
 *
 * A set holds one for each address, source and name, with the earliest and the latest time. Bounded: a new one for which there is no
 * room is refused, so that equal calls in equal order leave equal sets. One thread at a time.
 */
#ifndef FLOWDRILL_FLOW_OBSERVATION_H
#define FLOWDRILL_FLOW_OBSERVATION_H

#include "flow/addr.h"

/* Numbers are on disk: append only. */
enum seen_by { SEEN_DNS, SEEN_MDNS, SEEN_DHCP, SEEN_SNI, SEEN_CAPTURE, SEEN_BYS };

/* "dns", "sni", ... */
const char *seen_by_name(enum seen_by s);

enum { OBSERVED_NAME_MAX = 255 };    /* bytes; longer ones are cut */

struct observation {
	struct addr addr;            /* not ADDR_NONE */
	uint8_t by;                  /* enum seen_by */
	uint8_t len;                 /* of the name, not 0 */
	const char *name;            /* not terminated */
	int64_t first_ns, last_ns;
};

/* By address, source, name; not by times. */
int observation_cmp(const struct observation *a, const struct observation *b);

struct observations;

/* max: of them at most. */
enum rc observations_new(size_t max, struct observations **out, struct err *err);
void observations_free(struct observations *s);
/* Forgets all; memory stays. */
void observations_clear(struct observations *s);
/* Adds one; its name is copied. One without a name or an address says nothing. */
void observations_add(struct observations *s, const struct observation *o);
/* Whether memory ran out since it was empty. */
bool observations_failed(const struct observations *s);
size_t observations_count(const struct observations *s);
/* How many were refused. */
uint64_t observations_refused(const struct observations *s);
/* All, in order of observation_cmp(); valid until the next call but count() and refused(). NULL where there are none. */
const struct observation *observations_sorted(struct observations *s);

#endif
