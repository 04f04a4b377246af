/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept of a TCP conversation; private to the tier layer.
 *
 * Two sizes: struct tcp_state holds both directions with a few segments each, enough for most conversations and for any SYN;
 * struct tcp_more holds the segments of those that have more under way. Whoever keeps states lends one (`more`, zeroed or not) to
 * each that wants it, and may have it back when tcp_give_back() says so. With `more` NULL only round trips are sampled less.
 *
 * Segments that are under way are sorted by sequence and never overlap, those that were acknowledged before stand in front of
 * them (`kept`), as long as there is room, to tell bytes that are sent again from other ones. When there is no room
 * neighbours are joined, so that the range stays exact and what is lost is only where round trips can be measured.
 */
#ifndef FLOWDRILL_TIER_TCP_STATE_H
#define FLOWDRILL_TIER_TCP_STATE_H

#include "flow/packet.h"
#include "tier/tcp.h"

enum { TCP_FEW = 4, TCP_MANY = TCP_UNACKED, TCP_FEW_SEEN = 4, TCP_MANY_SEEN = 32, TCP_SEGMENT_MAX = (1 << 29) - 1 };

/* A segment, or several without a gap between that were joined. */
struct tcp_segment {
	uint32_t seq;
	uint32_t len : 29;           /* with SYN and FIN */
	uint32_t unsure : 1;         /* a part of it was sent twice: its acknowledgment tells no time (Karn) */
	uint32_t has_sum : 1;
	uint32_t syn : 1;
	uint64_t ns : 48;            /* when its last byte was sent, modulo 2^48 (three days) */
	uint64_t sum : 16;           /* of its bytes */
};

/* Fingerprints of the frames before, to tell a frame that was captured twice. */
struct tcp_seen {
	uint32_t hash;
	uint32_t us;                 /* 1.024 us, modulo 2^32 */
};

enum tcp_side_bit {
	TCP_KNOWS_BASE = 1 << 0,     /* base_seq */
	TCP_KNOWS_NEXT = 1 << 1,     /* next_seq, next_ns, contiguous */
	TCP_KNOWS_ACK = 1 << 2,      /* ack */
	TCP_KNOWS_WINDOW = 1 << 3,   /* window */
	TCP_FIRST_ACK = 1 << 4,      /* its newest window is a SYN's, which is never scaled */
	TCP_GAP = 1 << 5,            /* segments were not captured, and nothing was acknowledged since: bytes in flight are unknown */
	TCP_WAS_KEEP_ALIVE = 1 << 6, /* its newest packet was one */
	TCP_WAS_PROBE = 1 << 7,
	TCP_UNSEEN_TOLD = 1 << 8,    /* an acknowledgment of segments that were not captured was marked */
	TCP_SYN_SEEN = 1 << 9,
	TCP_SYN_ACK_SEEN = 1 << 10,
	TCP_MAY_SACK = 1 << 11,      /* its SYN permitted it */
	TCP_ID_VARIES = 1 << 12,     /* its IPv4 identifications tell packets apart */
};

/* One direction: what its sender sent, and what that said. */
struct tcp_side {
	int64_t next_ns;             /* of the packet that reached next_seq */
	int64_t last_ns;             /* of its newest packet */
	uint32_t base_seq;           /* of its SYN, or what that would have been */
	uint32_t next_seq;           /* behind the highest byte */
	uint32_t contiguous;         /* behind the highest byte that has no gap before it */
	uint32_t ack;
	uint32_t sacked;             /* bytes beyond ack, in its newest packet */
	uint16_t window;             /* as on the wire */
	uint16_t mss;                /* 0: unknown */
	uint16_t ip_id;
	uint16_t dup_acks;           /* since ack changed */
	uint16_t bits;               /* enum tcp_side_bit */
	uint8_t scale;               /* TCP_SCALE_UNKNOWN, TCP_SCALE_NONE or TCP_SCALE + shift */
	uint8_t kept, n;             /* segments acknowledged and under way */
	uint8_t seen_at;             /* the next place in `seen` */
	struct tcp_segment few[TCP_FEW];
	struct tcp_seen seen[TCP_FEW_SEEN];
};

enum { TCP_SCALE_UNKNOWN = 0, TCP_SCALE_NONE = 1, TCP_SCALE = 2 };

struct tcp_more {
	struct tcp_segment many[2][TCP_MANY];
	struct tcp_seen seen[2][TCP_MANY_SEEN];
};

struct tcp_state {
	struct tcp_more *more;       /* the keeper's, or NULL; stays when the rest is forgotten */
	int64_t syn_ns;              /* of the newest SYN */
	int64_t initial_rtt_ns;      /* SYN to the first ACK; 0: unknown */
	bool has_syn;                /* syn_ns */
	bool ambiguous;              /* a SYN or SYN,ACK was sent twice */
	bool established;            /* the handshake was seen whole */
	bool large;                  /* `more` is in use */
	uint8_t twice;               /* how far it looks as if every frame were captured twice, 0 to 15 */
	struct tcp_side side[2];     /* by enum direction of the sender */
};

_Static_assert(sizeof(struct tcp_segment) == 16, "four in a cache line");
_Static_assert(sizeof(struct tcp_state) + sizeof(struct tcp_more) <= TCP_STATE_BYTES, "promised in tcp.h");

/* Sequence numbers modulo 2^32 (RFC 9293, 3.4). */
static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_reached(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) >= 0;
}

/* The largest window that there is (RFC 7323, 2.3). */
enum { TCP_WINDOW_MAX = 65535 << 14 };

/* Whether what its other side sends up to `end` is all that this side's window takes. */
static inline bool tcp_fills_window(const struct tcp_side *r, uint32_t end)
{
	unsigned shift = r->scale > TCP_SCALE && !(r->bits & TCP_FIRST_ACK) ? (unsigned)r->scale - TCP_SCALE : 0;

	return r->scale != TCP_SCALE_UNKNOWN && end == r->ack + ((uint32_t)r->window << shift);
}

/* ---- the usual packet (tcp_usual.c) ----------------------------------------------------- */

/*
 * True where the packet is one that nothing can mark, and all there is to do was done; false: nothing was changed, and the long way is
 * to be gone. *out is all zero before.
 */
bool tcp_usual(struct tcp_state *s, const struct packet *p, enum direction dir, struct tcp_verdict *out);

/* ---- segments under way (tcp_segments.c) ---------------------------------------------- */

static inline uint32_t tcp_segment_end(const struct tcp_segment *g)
{
	return g->seq + g->len;
}

/* The segments that are kept, then those under way. */
static inline const struct tcp_segment *tcp_segments_of(const struct tcp_state *s, enum direction dir)
{
	return s->large ? s->more->many[dir] : s->side[dir].few;
}

/*
 * The side sent `len` > 0 of sequence space from `seq`. again: the packet is marked as sent again or out of order. Returns whether
 * bytes that are known were sent before, and others now.
 */
bool tcp_segments_add(struct tcp_state *s, enum direction dir, const struct packet *p, uint32_t len, bool again);

/* The same of payload alone, for a packet with TCP_ACK that is behind all that is kept and not marked as sent again. */
void tcp_segments_append(struct tcp_state *s, enum direction dir, const struct packet *p);

struct tcp_sample {
	bool measured, of_syn;
	int64_t rtt_ns;
};

/* What `dir` sent up to `ack` is acknowledged at now_ns. */
struct tcp_sample tcp_segments_ack(struct tcp_state *s, enum direction dir, uint32_t ack, int64_t now_ns);
/* From the first byte under way to behind the last; 0: none. */
static inline uint32_t tcp_segments_span(const struct tcp_state *s, enum direction dir)
{
	const struct tcp_side *side = &s->side[dir];
	const struct tcp_segment *g = tcp_segments_of(s, dir) + side->kept;

	return side->n ? tcp_segment_end(&g[side->n - 1]) - g->seq : 0;
}

/* Whether its next packet may need a tcp_more. */
static inline bool tcp_wants_more(const struct tcp_state *s)
{
	return !s->more && (s->side[0].n == TCP_FEW || s->side[1].n == TCP_FEW);
}

/* Where nothing is under way any more the small state is enough: takes `more` from it and returns it. NULL: it has none, or needs it. */
struct tcp_more *tcp_give_back(struct tcp_state *s);

/* ---- frames captured twice (tcp_twice.c) ----------------------------------------------- */

/* Remembers the packet; whether the capture had this very frame a moment ago. */
bool tcp_captured_twice(struct tcp_state *s, const struct packet *p, enum direction dir, uint32_t len);
/* Remembers a packet in which something is new. */
void tcp_seen_remember(struct tcp_state *s, const struct packet *p, enum direction dir, uint32_t len);

#endif
