/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of addresses at a time, out of what the stores' segments say was observed; nothing is ever asked on the network.
 *
 * Of the observations of an address within NAMES_NEAR_NS before and behind the time, the one of the best source counts:
 *   capture (the capture's own name records), DNS, multicast DNS, DHCP, SNI (names that clients of TLS asked for)
 * and of several of that source the one that was seen last before the time or at it, else the first one behind it. Between the
 * first and the last time that a segment has of an observation it is taken to be true.
 *
 * Lazy and bounded: the NAMES_SEGMENTS segments that are nearest to an hour are looked at, and what an address was called around that hour is
 * remembered. A segment that cannot be read (damaged, evicted or replaced meanwhile) has no names. When a store's snapshot is
 * refreshed all is forgotten.
 *
 * Threads: belongs to the thread that uses the stores; names that rows carry (struct row) are asked for in that thread.
 */
#ifndef FLOWDRILL_QUERY_NAMES_H
#define FLOWDRILL_QUERY_NAMES_H

#include "flow/row.h"
#include "query/hosts.h"
#include "store/store.h"

#define NAMES_NEAR_NS (24 * 3600 * INT64_C(1000000000))
enum { NAMES_SEGMENTS = 64 };

struct names;

/*
 * Names out of n stores, whose array must outlive the names (stores may be NULL, and others later). hosts (may be NULL, outlives
 * them too): what the user's file says of addresses of which nothing was observed.
 */
enum rc names_new(struct store *const *stores, size_t n, const struct hosts *hosts, struct names **out, struct err *err);
void names_free(struct names *n);
/* For rows; NULL for NULL. */
const struct name_source *names_source(struct names *n);
/* Forgets all and closes what is open: stores were closed, or made anew. */
void names_forget(struct names *n);

#endif
