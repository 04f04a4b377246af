/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A SYN that waits for an answer. A flood is conversations of one SYN each: what it tells is kept in a few bytes, and a struct tcp_state
 * is not touched before there is a second packet. Private to the tier layer; plain data.
 */
#ifndef FLOWDRILL_TIER_TCP_SYN_H
#define FLOWDRILL_TIER_TCP_SYN_H

#include "flow/packet.h"
#include "tier/tcp.h"

/* Members as in struct packet. */
struct tcp_syn {
	int64_t time_ns;
	uint32_t seq, ack;
	uint32_t flags;
	uint16_t tcp_flags, window, sum, mss;
	uint16_t id;
	uint8_t scale, options;
	uint8_t dir;                 /* enum direction */
};

/* Keeps a conversation's first packet if it is such a SYN: tcp_analyse() would say nothing of it. Else false. */
bool tcp_syn_keep(struct tcp_syn *syn, const struct packet *p, enum direction dir);
/* Tells a state that is zeroed but for its `more` of the SYN. */
void tcp_syn_tell(const struct tcp_syn *syn, struct tcp_state *s);

#endif
