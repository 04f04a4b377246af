/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames that were captured twice (a mirror of two ports, a tap on both sides of a switch or router): the same identification,
 * sequence, acknowledgment, window, flags, length and checksum, a moment later. TTL and MAC addresses may differ.
 *
 * A sender that sends the same segment again gives it another IPv4 identification. Where identifications tell nothing (IPv6,
 * or 0, or always the same) a frame counts as captured twice only within 2 ms, and if it occupies sequence space: senders wait longer
 * but for fast retransmissions, which three duplicate ACKs announce. Pure ACKs are the same byte by byte when they are duplicate
 * ACKs, so they count only where data segments showed that the capture has everything twice.
 */
#include "tier/tcp_state.h"

#include "base/hash.h"
#include "base/text.h"

#include <string.h>

enum {
	TWICE_US = 100000,       /* with identifications: a router between the two places may queue */
	TWICE_NO_ID_US = 2000,
	TWICE_SURE = 3, TWICE_MAX = 15,
};

/* Rings: a division by their size would cost as much as the rest. */
_Static_assert((TCP_FEW_SEEN & (TCP_FEW_SEEN - 1)) == 0 && (TCP_MANY_SEEN & (TCP_MANY_SEEN - 1)) == 0, "powers of two");

static uint32_t fingerprint(const struct packet *p)
{
	uint64_t a = (uint64_t)p->tcp_seq << 32 | p->tcp_ack;
	uint64_t b = (uint64_t)p->tcp_sum << 48 | (uint64_t)p->tcp_window << 32 | (uint64_t)(uint16_t)p->fragment_id << 16 |
		p->tcp_flags;

	return (uint32_t)hash_mix(hash_mix(a) + b + (uint64_t)p->payload_len * 0x9e3779b97f4a7c15u);
}

/* Nothing in it is new: only then it may be the same frame. */
static bool nothing_new(const struct tcp_side *side, const struct packet *p, uint32_t len)
{
	if (!(side->bits & TCP_KNOWS_NEXT) || seq_before(side->next_seq, p->tcp_seq + len))
		return false;
	return !(p->tcp_flags & TCP_ACK) || !(side->bits & TCP_KNOWS_ACK) || !seq_before(side->ack, p->tcp_ack);
}

static bool seen_before(const struct tcp_seen *seen, unsigned n, uint32_t hash, uint32_t now_us, uint32_t within_us)
{
	for (unsigned i = 0; i < n; i++)
		if (seen[i].hash == hash && now_us - seen[i].us <= within_us)
			return true;
	return false;
}

/* Whether a frame that is the same is the same packet, and how long after the first it may come; 0: it tells nothing. */
static uint32_t time_allowed(const struct tcp_state *s, const struct packet *p, enum direction dir, uint32_t len)
{
	if ((s->side[dir].bits & TCP_ID_VARIES) && p->fragment_id != 0)
		return TWICE_US;
	if (len > 0 ? s->side[!dir].dup_acks < 2 : s->twice >= TWICE_SURE)
		return TWICE_NO_ID_US;
	return 0;
}

static struct tcp_seen *frames_seen(struct tcp_state *s, enum direction dir, unsigned *n)
{
	*n = s->large ? TCP_MANY_SEEN : TCP_FEW_SEEN;
	return s->large ? s->more->seen[dir] : s->side[dir].seen;
}

static struct tcp_seen frame_of(const struct packet *p)
{
	return (struct tcp_seen){fingerprint(p), (uint32_t)((uint64_t)p->time_ns >> 10)};
}

static void remember(struct tcp_state *s, const struct packet *p, enum direction dir, uint32_t len, struct tcp_seen frame)
{
	struct tcp_side *side = &s->side[dir];
	uint16_t id = (uint16_t)p->fragment_id;
	unsigned n;
	struct tcp_seen *seen = frames_seen(s, dir, &n);

	if (len > 0 && s->twice > 0)
		s->twice--;
	if (id != 0 && side->ip_id != 0 && id != side->ip_id)
		side->bits |= TCP_ID_VARIES;
	side->ip_id = id;
	seen[side->seen_at & (n - 1)] = frame;
	side->seen_at = (uint8_t)((side->seen_at + 1u) & (n - 1));
}

void tcp_seen_remember(struct tcp_state *s, const struct packet *p, enum direction dir, uint32_t len)
{
	remember(s, p, dir, len, frame_of(p));
}

bool tcp_captured_twice(struct tcp_state *s, const struct packet *p, enum direction dir, uint32_t len)
{
	struct tcp_seen frame = frame_of(p);
	unsigned n;
	const struct tcp_seen *seen = frames_seen(s, dir, &n);
	uint32_t within;

	if (nothing_new(&s->side[dir], p, len) && (within = time_allowed(s, p, dir, len)) != 0 &&
		seen_before(seen, n, frame.hash, frame.us, within)) {
		if (len > 0)
			s->twice = (uint8_t)(s->twice + 2 < TWICE_MAX ? s->twice + 2 : TWICE_MAX);
		return true;
	}
	remember(s, p, dir, len, frame);
	return false;
}
