/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What applications say in conversations (app/talk.h), counted into microflow parts. State beside the conversation table, as that of
 * tier/analysis.h, which owns it. Memory is touched when a conversation has payload, not before. One thread.
 *
 * Every packet with payload has the application and the name that its conversation has then (a name with the packet that says it): a
 * microflow's are those of its packets, null where they differ. So parts merge exactly. Names that conversations have take at most
 * HEARD_TEXTS bytes a shard; one that finds no room is not known.
 */
#ifndef FLOWDRILL_TIER_HEARD_H
#define FLOWDRILL_TIER_HEARD_H

#include "tier/analysis.h"

enum { HEARD_TEXTS = 1 << 20 };

struct heard;

enum rc heard_new(uint32_t capacity, struct heard **out, struct err *err);
void heard_free(struct heard *h);
/* A packet at this place comes soon. */
void heard_expect(const struct heard *h, uint32_t place);
/* A conversation begins at this place: to be said before its first packet. */
void heard_begin(struct heard *h, uint32_t place);
/*
 * One packet of TCP or UDP: counts into *c, whose texts are of the pool at->texts; marks of it go to note->marks, names that addresses
 * are given to at->observations.
 */
void heard_packet(struct heard *h, const struct packet *p, const struct analysed *at, struct counters *c,
	struct packet_note *note);

#endif
