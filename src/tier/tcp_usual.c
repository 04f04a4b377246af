/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The usual packet: the next bytes in sequence, or an acknowledgment of new ones, of a connection whose both directions are known. None
 * of the definitions in tcp.c can mark it, so what remains is what is remembered of it and the times that it tells. Whatever is unsure
 * goes the long way: test_tcp has both ways say the same, state included.
 */
#include "tier/tcp_state.h"

/* Its fields, flags and options say nothing but sequence, acknowledgment and window. */
static bool is_plain(const struct packet *p)
{
	return (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK && p->tcp_options == 0 && p->tcp_window != 0 &&
		!(p->flags & (PACKET_FRAGMENT | PACKET_TIME_UNKNOWN)) && p->payload_len < TCP_WINDOW_MAX;
}

/* Both directions are known, and this packet completes no handshake. */
static bool is_settled(const struct tcp_state *s, unsigned fwd_bits, unsigned rev_bits)
{
	const unsigned known = TCP_KNOWS_BASE | TCP_KNOWS_NEXT | TCP_KNOWS_ACK | TCP_KNOWS_WINDOW;

	return (fwd_bits & rev_bits & known) == known && (!s->has_syn || (s->established && s->initial_rtt_ns != 0));
}

/* In sequence, within the window, acknowledging what was seen; without payload, something new. */
static bool is_in_order(const struct tcp_side *f, const struct tcp_side *r, const struct packet *p)
{
	int32_t acknowledges = (int32_t)(p->tcp_ack - f->ack);
	uint32_t under_way = f->next_seq - r->ack;

	return p->tcp_seq == f->next_seq && r->window != 0 && (p->payload_len > 0 ? acknowledges >= 0 : acknowledges > 0) &&
		seq_reached(r->contiguous, p->tcp_ack) && under_way <= TCP_WINDOW_MAX - p->payload_len;
}

/* Beyond the last segment that is kept: a probe's byte may be where these bytes are. */
static bool is_behind_all(const struct tcp_state *s, enum direction dir, uint32_t seq)
{
	const struct tcp_side *f = &s->side[dir];
	unsigned n = f->kept + f->n;

	return n == 0 || seq_reached(seq, tcp_segment_end(&tcp_segments_of(s, dir)[n - 1]));
}

static void remember(struct tcp_side *f, struct tcp_side *r, const struct packet *p)
{
	bool same_ack = p->tcp_ack == f->ack;
	unsigned gone = TCP_WAS_KEEP_ALIVE | TCP_WAS_PROBE | TCP_FIRST_ACK | (same_ack ? 0 : TCP_UNSEEN_TOLD);

	if (p->tcp_seq == f->contiguous)
		f->contiguous += p->payload_len;
	if (p->payload_len > 0) {
		f->next_seq += p->payload_len;
		f->next_ns = p->time_ns;
	}
	if (!same_ack)
		f->dup_acks = 0;
	f->ack = p->tcp_ack;
	f->window = p->tcp_window;
	f->sacked = p->tcp_sacked;
	f->last_ns = p->time_ns;
	f->bits &= (uint16_t)~gone;
	r->bits &= (uint16_t)~TCP_GAP;
}

static void add_payload(struct tcp_state *s, enum direction dir, const struct packet *p, struct tcp_verdict *out)
{
	const struct tcp_side *f = &s->side[dir], *r = &s->side[!dir];

	tcp_segments_append(s, dir, p);
	if (f->bits & TCP_GAP)
		return;
	uint32_t span = tcp_segments_span(s, dir);
	out->has_in_flight = span > r->sacked;
	out->in_flight = out->has_in_flight ? span - r->sacked : 0;
}

bool tcp_usual(struct tcp_state *s, const struct packet *p, enum direction dir, struct tcp_verdict *out)
{
	struct tcp_side *f = &s->side[dir], *r = &s->side[!dir];

	if (!is_plain(p) || !is_settled(s, f->bits, r->bits) || !is_in_order(f, r, p))
		return false;
	if (p->payload_len > 0 && (tcp_fills_window(r, p->tcp_seq + p->payload_len) || !is_behind_all(s, dir, p->tcp_seq)))
		return false;
	tcp_seen_remember(s, p, dir, p->payload_len);
	remember(f, r, p);
	if (p->payload_len > 0)
		add_payload(s, dir, p, out);
	if (r->n > 0) {
		struct tcp_sample sample = tcp_segments_ack(s, !dir, p->tcp_ack, p->time_ns);

		out->has_rtt = sample.measured;
		out->rtt_of_handshake = sample.of_syn;
		out->rtt_ns = sample.rtt_ns;
	}
	return true;
}
