/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Marks: what the analysis of a conversation says of one packet. Bits of a set; their numbers are on disk: append only.
 *
 * Definitions are Wireshark's where it has them (User's Guide 7.5, "TCP Analysis"; packet-tcp.c), with the exceptions that
 * tests/tier/tcp-differences.tsv lists with reasons. The last ones are what applications and media say.
 */
#ifndef FLOWDRILL_FLOW_MARK_H
#define FLOWDRILL_FLOW_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_mark {
	MARK_RETRANS = 0,            /* retransmission of any kind: set together with the next two where they apply */
	MARK_FAST_RETRANS,
	MARK_SPURIOUS_RETRANS,       /* of bytes that were acknowledged already */
	MARK_OUT_OF_ORDER,
	MARK_LOST_SEGMENT,           /* the segment before was not captured: a gap in front of this one */
	MARK_ACK_LOST_SEGMENT,       /* acknowledges bytes that were not captured */
	MARK_DUP_ACK,
	MARK_KEEP_ALIVE,
	MARK_KEEP_ALIVE_ACK,
	MARK_ZERO_WINDOW,
	MARK_ZERO_WINDOW_PROBE,
	MARK_ZERO_WINDOW_PROBE_ACK,
	MARK_WINDOW_FULL,
	MARK_WINDOW_UPDATE,
	MARK_PORT_REUSE,             /* a SYN with another sequence number for ports in use */
	MARK_OVERLAP,                /* bytes sent again, and they are others than before */
	MARK_DUPLICATE,              /* the same frame captured twice: counted as none of the above */
	MARK_BAD_SACK,               /* a SACK block that cannot be */
	MARK_RESPONSE_START,         /* first packet of a response (its response time is the packet's) */
	MARK_ERRORS,                 /* the server says in it that it failed: HTTP 5xx, SERVFAIL, an SQL error */
	MARK_REFUSALS,               /* the server refuses in it what was asked for: HTTP 4xx, NXDOMAIN */
	/* media: no counters of their own, but figures (flow/media.h) */
	MARK_RTP_GAPS,               /* sequence numbers before this RTP packet's are missing */
	MARK_RTP_REORDERED,          /* an RTP packet that comes behind a later one */
	MARK_RTP_DUPLICATES,         /* an RTP packet that comes again */
	PACKET_MARKS,
	COUNTED_MARKS = MARK_RTP_GAPS,
};

#define MARK_BIT(m) ((uint32_t)1 << (m))

/* What is kept of one packet beside its reference; packets of which nothing is to be said have none. */
struct packet_note {
	uint32_t position;           /* of the packet among those of its microflow part, from 0 */
	uint32_t marks;              /* MARK_BIT()s */
	bool has_rtt, has_response;
	int64_t rtt_ns;              /* it acknowledges what was sent so long ago; 0 or more */
	int64_t response_ns;         /* it begins a response to a request that ended so long ago; 0 or more */
};

/* "retrans", "fast_retrans", ...: a word of the filter language and of `marks` in lists; NULL behind the last. */
const char *packet_mark_name(enum packet_mark m);
/* "retrans,fast_retrans"; "" for none. Returns the length. */
size_t packet_marks_format(char *out, size_t size, uint32_t marks);

#endif
