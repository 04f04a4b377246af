/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TCP analysis of one conversation: what each segment means, from the segments before it.
 *
 * Streaming, bounded: state of both directions is a struct of fixed size (at most TCP_STATE_BYTES; what does not fit, e.g.
 * more unacknowledged segments than TCP_UNACKED, makes later answers unknown, never wrong). Fed in order of capture. Pure: no
 * memory is taken, nothing is read but the packet's facts (struct packet; decode fills in what is needed: options, payload sum).
 *
 * Definitions: Wireshark's documented ones (User's Guide 7.5) for marks; round-trip times from data and ACK with Karn's rule (RFC
 * 6298, 3), and from the handshake. `side`: the round trip between capture point and server (client's data acknowledged by the server)
 * or between capture point and client.
 * Sequence numbers wrap (RFC 9293, 3.4): all comparisons are modulo 2^32.
 */
#ifndef FLOWDRILL_TIER_TCP_H
#define FLOWDRILL_TIER_TCP_H

#include "flow/mark.h"
#include "flow/record.h"

enum { TCP_UNACKED = 64, TCP_STATE_BYTES = 3072 };

struct tcp_state;                    /* defined in tier/tcp_state.h; zeroed it knows nothing */

struct tcp_verdict {
	uint32_t marks;              /* bits by enum packet_mark */
	bool has_rtt;
	bool rtt_of_handshake;       /* this sample is SYN -> SYN,ACK, or SYN,ACK -> ACK */
	int64_t rtt_ns;              /* this packet acknowledges a segment sent so long ago */
	bool has_setup;
	int64_t setup_ns;            /* this ACK completes the handshake: SYN -> ACK (tcp.analysis.initial_rtt) */
	bool has_in_flight;
	uint32_t in_flight;          /* bytes in flight in this packet's direction, with this packet */
	bool state_lost;             /* something had to be forgotten: what is not marked is unknown, not clean */
};

/*
 * One TCP packet of the conversation. dir: who sent it, the same for a sender as long as the state lives; where a conversation is turned
 * round, the state's sides are. A SYN with another sequence begins a new connection: the state forgets all but its `more`. A captured
 * duplicate and a fragment change nothing (but that a fragment's direction is unknown until its next segment). Cost: constant.
 */
void tcp_analyse(struct tcp_state *s, const struct packet *p, enum direction dir, struct tcp_verdict *out);

#endif
