/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packet that came to a machine caused one that left it: by content, and by time.
 *
 * Given are the packets with payload of ONE machine over a stretch of time, in order. Fingerprints say which of them share something;
 * how much that is worth depends on how rare it is here; each packet that leaves gets the one that explains it best, so that a
 * request that merely looks alike does not win over the one that it came from. The winner is confirmed on the bytes.
 *
 * Weight of a fingerprint  ln((N + 1) / d) squared, over ln(N + 1): N units were seen, d of them have it. A unit is what one
 *                          conversation says within TRACE_UNIT_NS. 0 where d > max(TRACE_RARE, N / TRACE_USEFUL): that is a template; and
 *                          one at least that both have must be as rare as N / TRACE_DECISIVE.
 * Evidence of a pair       the sum over the fingerprints that both have; halved where the request was answered before (a
 *                          request that is open is the likelier cause); less a quarter at most by the delay's share of the window;
 *                          less TRACE_ORDERED at most where time and order (trace/order.h) tell of somebody else.
 * Confidence               (1 - exp(-(E + L / 8) / TRACE_SURE)) * E / (E + O): L bytes are equal on both sides, O is the evidence of the
 *                          best other conversation. Two requests with the same content at the same time are 0.5 each; the
 *                          earlier one that caused nothing yet is taken.
 *
 * Who may cause what: requests cause requests, responses cause those to requests that came before theirs left;
 * who is the client is not known of everyone (TRACE_EITHER).
 * Where nothing of that explains a packet: what was answered may cause the next request; and a request what a server says to
 * another client (a broker, a relay), unless that client said the same itself, or asked since.
 *
 * Bounded: TRACE_PRINTS fingerprints of all packets, TRACE_DEEP packets that are looked at for one of them.
 */
#ifndef FLOWDRILL_TRACE_MATCH_H
#define FLOWDRILL_TRACE_MATCH_H

#include "trace/common.h"

enum {
	TRACE_PRINTS = 12 << 20,
	TRACE_DEEP = 64,
	TRACE_RARE = 6,
	TRACE_USEFUL = 8,
	TRACE_DECISIVE = 32,
	TRACE_LEAST = PRINT_TOKEN_MIN
};
static const int64_t TRACE_UNIT_NS = 100000000;
static const double TRACE_SURE = 4;
static const double TRACE_ORDERED = 0.5;

struct trace_order;

enum trace_way { TRACE_IN = 1, TRACE_OUT = 2 };      /* a machine that talks to itself: both */
enum trace_role { TRACE_EITHER, TRACE_REQUEST, TRACE_RESPONSE };

struct trace_packet {
	int64_t time_ns;
	const uint8_t *payload;      /* the caller's */
	uint32_t len;
	/*
	 * Fingerprints of all its payload that were kept (trace/imprint.h), ascending; where any packet has some, all have. Then these are
	 * compared, and of payload that was cut nothing is confirmed on bytes.
	 */
	const uint32_t *prints;
	uint32_t n_prints;
	bool cut;
	uint32_t talk;               /* number of its conversation, from 0: the same in both directions */
	uint32_t peer;               /* number of the other end's address */
	uint32_t service;            /* of where it goes: address and port; equal numbers are equal places */
	uint8_t way;                 /* enum trace_way */
	uint8_t role;                /* enum trace_role */
	bool cause_asked;            /* TRACE_OUT: tell what caused it */
	bool effect_asked;           /* TRACE_IN: tell what it caused */
};

/* `in` caused `out`, numbers of packets. */
struct trace_link {
	uint32_t in, out;
	uint32_t in_offset, out_offset;      /* in their payloads, of the common content */
	uint32_t len;                /* of it, plain bytes; 0: not confirmed, fingerprints alone tell */
	bool sound;                  /* what is rare in it is a word, or more than the end of a template may be by chance */
	double evidence, other;
};

struct trace_links {
	struct trace_link *v;
	size_t n, cap;
	bool limited;                /* not all fingerprints were made */
	uint64_t work;               /* bytes printed, prints looked up, candidates weighed, bytes compared */
};

/*
 * Packets by ascending times. Links by ascending `out`, one for each at most; only those asked for. talks: one more than the
 * largest number of a talk. order: of the same packets; may be NULL.
 */
enum rc trace_match(const struct trace_packet *packets, size_t n, uint32_t talks, int64_t window_ns,
	const struct trace_order *order, struct trace_links *out, struct err *err);
void trace_links_free(struct trace_links *l);
double trace_confidence(const struct trace_link *l);

#endif
