/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTP (RFC 3550): headers, and what the packets of one stream (one SSRC, one direction) tell. Pure: state in, state out, integers alone.
 *
 * Lost is what was expected (from the first to the highest sequence number) less what was received; a packet that comes late takes a
 * loss back, one that comes again is a duplicate and nothing else. A jump by RTP_DROPOUT or more, or further back than is remembered, is a
 * new beginning as soon as a second packet goes on from there (RFC 3550, A.1), and a packet that is not counted until then.
 *
 * A place counts as lost for how it sounds when RTP_LAG later ones have come without it. Bursts (RFC 3611, 4.7.2) are stretches that begin and
 * end with a loss, in which fewer than RTP_GMIN packets in a row arrived; a single loss is none.
 */
#ifndef FLOWDRILL_APP_RTP_H
#define FLOWDRILL_APP_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_RING = 512,              /* sequence numbers that are remembered */
	RTP_LAG = 16,
	RTP_WINDOW = 480,            /* judged ones whose losses are known: about ten seconds of voice */
	RTP_DROPOUT = 3000,
	RTP_GMIN = 16,
	RTP_GUESS = 4,               /* packets that go on from each other: it is RTP */
};

struct rtp_header {
	uint32_t ssrc, timestamp;
	uint16_t seq;
	uint8_t type;                /* payload type, 0..127 */
	bool marker;
	uint32_t header_len;         /* with CSRC and extension */
};

/* False where these bytes cannot be an RTP packet: also RTCP on the same port (types 64..95, RFC 5761). */
bool rtp_read(const uint8_t *p, size_t n, struct rtp_header *out);

struct rtp_stream {
	uint64_t seen[RTP_RING / 64];    /* by extended sequence number modulo RTP_RING; before the first: as if seen */
	int64_t highest, first;      /* extended sequence numbers */
	int64_t transit_ns;          /* arrival less timestamp, of the packet before; see below */
	int64_t time_ns;
	int64_t jitter16;            /* 16 times the jitter, ns */
	uint32_t timestamp;
	uint32_t clock;              /* of time_ns and timestamp; 0: there are none */
	uint32_t ssrc;
	uint16_t next_after_jump;    /* what a new beginning would go on with */
	bool jumped;
	bool begun;
	uint16_t since_loss;         /* received since the last judged loss, RTP_GMIN at most */
	bool in_burst;
	uint16_t window_lost, window_runs;       /* of the last RTP_WINDOW judged */
};

/* What one packet adds. */
struct rtp_step {
	uint32_t expected, received, duplicates, reordered, bursts, restarts;
	uint32_t missing;            /* sequence numbers right before this one's that did not come until now */
	bool has_jitter;
	int64_t jitter_ns;           /* the estimate after this packet (RFC 3550, 6.4.1) */
};

/* clock_hz: of the packet's payload type; 0: not known, or its timestamps are no arrival times: no jitter. */
void rtp_stream_packet(struct rtp_stream *s, const struct rtp_header *h, uint32_t clock_hz, int64_t time_ns, struct rtp_step *out);
/* Losses of the last RTP_WINDOW judged places, 0..1, and how bursty they are (ITU-T G.107: 1 is random). */
void rtp_stream_loss(const struct rtp_stream *s, double *loss, double *burst);

/* Is it RTP? From the packets of one direction alone, where nobody announced it. Zeroed: none yet. */
struct rtp_guess {
	uint32_t ssrc, timestamp;
	uint16_t seq;
	uint8_t type, n;
	bool advanced;               /* the timestamp did, once */
};
/* True when RTP_GUESS packets in a row went on from each other as RTP does. */
bool rtp_guess(struct rtp_guess *g, const uint8_t *p, size_t n);
/* The same where SDP announced the packet and its payload type: two of one source are enough, which need not be in order. */
bool rtp_guess_announced(struct rtp_guess *g, const struct rtp_header *h);

/* Static payload types (RFC 3551): name in SDP and clock; NULL for those that only an announcement explains. */
const char *rtp_static_type(uint8_t type, uint32_t *clock_hz);

#endif
