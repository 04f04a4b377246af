/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Announced media: where somebody said, in the SDP of a SIP message, that he wants to receive RTP. What is announced in one conversation is
 * of use in another, so who sees all packets in order keeps the table and hands out what it says, packet by packet: the same for any
 * number of threads.
 *
 * Bounded: MEDIA_PLACES endpoints; the one announced longest ago goes. Nothing but a look at a few bytes is done for a packet while
 * nothing was announced. A message is read where one packet holds it (a datagram, a segment); SDP that was cut is not.
 */
#ifndef FLOWDRILL_APP_MEDIA_H
#define FLOWDRILL_APP_MEDIA_H

#include "app/sdp.h"
#include "base/err.h"
#include "flow/packet.h"

#include <stdatomic.h>

enum { MEDIA_PLACES = 1 << 16, MEDIA_CALL_ID = 255 };

/* What was announced. It never changes; whoever holds it may be in any thread. */
struct announced {
	_Atomic uint32_t holders;
	uint8_t n_types, call_len;
	struct sdp_type types[SDP_TYPES];
	char call[MEDIA_CALL_ID + 1];        /* Call-ID, raw, terminated; "" none */
};

struct announced *announced_hold(struct announced *a);
/* NULL is fine. */
void announced_release(struct announced *a);
/* What a payload type stands for; NULL where it was not announced. */
const struct sdp_type *announced_type(const struct announced *a, uint8_t type);

struct media_table;
enum rc media_table_new(struct media_table **out, struct err *err);
void media_table_free(struct media_table *t);
/*
 * One packet in order, with its frame (p->caplen bytes). What was announced for its receiver, else for its sender; held for the caller, who
 * releases it. NULL: nothing. Without memory announcements are missed.
 */
struct announced *media_table_packet(struct media_table *t, const struct packet *p, const uint8_t *frame);
/* Endpoints that are known. */
uint32_t media_table_count(const struct media_table *t);

#endif
