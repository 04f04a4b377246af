/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Turns: request and response of a conversation, by the direction of payload.
 *
 * What the client sends is a request until the server answers; what the server sends then is its response until the
 * client speaks again. Response time: last byte of the request to first byte of the response, as seen at the capture point. No
 * look into the payload, so:
 *   - a response counts only where it can be one: over TCP it must acknowledge all of the request; over UDP the request must be
 *     one packet. Else requests are pipelined or both sides speak at once: nothing is said of that turn, nor of the next ones until
 *     one was clean again (request acknowledges all of the response before it, response all of the request)
 *   - what the server says without a request is no response
 *   - over UDP both may speak when they like (media, games, tunnels, QUIC), and an answer names no request: where one did not wait for
 *     the other, or a response had several datagrams, so that nobody knows where it ends, nothing is said before the conversation
 *     was silent for ten seconds. Datagrams that look like RTP or RTCP (PACKET_MEDIA) are no turns at all
 * Bounded state, constant time, packet order alone. Zeroed it knows nothing.
 */
#ifndef FLOWDRILL_TIER_TURNS_H
#define FLOWDRILL_TIER_TURNS_H

#include "flow/packet.h"
#include "flow/record.h"

enum turns_phase { TURNS_IDLE, TURNS_REQUEST, TURNS_RESPONSE };

struct turns {
	int64_t request_ns;          /* last packet of the request */
	int64_t first_ns, last_ns;   /* of the response */
	uint32_t request_end, response_end;  /* TCP: sequence behind the last byte of each */
	uint8_t phase;               /* enum turns_phase */
	bool unsure;                 /* of this turn nothing can be said */
	bool doubt;                  /* of the turn before likewise: this one must be clean first */
	bool measured;               /* the response of this turn was counted */
	bool free;                   /* UDP: both speak when they like */
};

struct turns_verdict {
	bool begins;                 /* a request begins */
	bool has_response;           /* this packet begins a response */
	bool in_response;            /* it belongs to a response that was counted */
	int64_t response_ns;
	int64_t transfer_ns;         /* in_response: first byte of the response to this packet */
	int64_t transfer_step_ns;    /* what that is more than with the packet before */
};

/* A packet with payload that is sent for the first time. gap: bytes before it were not captured. */
void turns_packet(struct turns *t, const struct packet *p, enum direction dir, bool gap, struct turns_verdict *out);

#endif
