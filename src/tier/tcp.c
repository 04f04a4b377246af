/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each TCP segment means: definitions are those of Wireshark's "TCP Analysis". Where following them to the letter
 * would say something wrong, tests/tier/tcp-differences.tsv has the case.
 */
#include "tier/tcp.h"

#include "base/text.h"
#include "tier/tcp_state.h"

#include <string.h>

/* A retransmission this soon after duplicate ACKs is a fast one; without a known round trip, this late is not out of order any more. */
static const int64_t fast_ns = 20000000, reordered_ns = 3000000;

enum { SYN_FIN_RST = TCP_SYN | TCP_FIN | TCP_RST };

/* One packet and where it stands. */
struct look {
	struct tcp_state *s;
	struct tcp_side *fwd, *rev;  /* what its sender sent before; what was sent to it */
	const struct packet *p;
	enum direction dir;
	uint32_t len;                /* payload */
	uint32_t space;              /* payload, SYN and FIN: of sequence space */
	bool plain;                  /* no SYN, FIN, RST */
	bool at_next;                /* its sequence is the next one expected */
	bool same_ack;               /* it repeats the acknowledgment of the sender's packet before */
	uint32_t marks;
};

static void mark(struct look *l, enum packet_mark m)
{
	l->marks |= MARK_BIT(m);
}

static bool marked(const struct look *l, enum packet_mark m)
{
	return (l->marks & MARK_BIT(m)) != 0;
}

/* A time of capture that lies within [from, from + within); clocks of captures may jump back. */
static bool soon_after(int64_t now_ns, int64_t from_ns, int64_t within_ns)
{
	int64_t passed = time_sub(now_ns, from_ns);

	return passed >= 0 && passed < within_ns;
}

/* ---- the beginning of a connection ----------------------------------------------------- */

static void forget(struct tcp_state *s)
{
	struct tcp_more *more = s->more;
	uint8_t twice = s->twice;

	memset(s, 0, sizeof(*s));
	s->more = more;
	s->twice = twice;
}

/* A SYN with another sequence begins anew; with the same one, what a RST in between said of sequences is taken back. */
static void look_at_syn(struct look *l)
{
	bool other = (l->fwd->bits & TCP_KNOWS_BASE) && l->p->tcp_seq != l->fwd->base_seq;

	if (!(l->p->tcp_flags & TCP_ACK)) {
		if (other)
			forget(l->s);
		else if (l->fwd->bits & TCP_KNOWS_BASE)
			l->fwd->next_seq = l->fwd->contiguous;
	} else if (other) {
		l->fwd->base_seq = l->p->tcp_seq;
	}
	if (other)
		mark(l, MARK_PORT_REUSE);
}

static void know_base(struct look *l)
{
	const struct packet *p = l->p;

	if (!(l->fwd->bits & TCP_KNOWS_BASE)) {
		l->fwd->base_seq = p->tcp_flags & TCP_SYN ? p->tcp_seq : p->tcp_seq - 1;
		l->fwd->bits |= TCP_KNOWS_BASE;
	}
	if (!(l->rev->bits & TCP_KNOWS_BASE) && (p->tcp_flags & TCP_ACK)) {
		l->rev->base_seq = p->tcp_ack - 1;
		l->rev->bits |= TCP_KNOWS_BASE;
	}
}

/* The window scale holds only where both SYNs have the option (RFC 7323, 2.2). */
static void learn_options(struct look *l)
{
	const struct packet *p = l->p;
	bool syn_ack = (p->tcp_flags & TCP_ACK) != 0;

	if (p->tcp_options & TCP_OPT_SCALE)
		l->fwd->scale = (uint8_t)(TCP_SCALE + p->tcp_scale);
	if (l->fwd->scale == TCP_SCALE_UNKNOWN)
		l->fwd->scale = l->rev->scale = TCP_SCALE_NONE;
	else if (syn_ack && l->rev->scale == TCP_SCALE_NONE)
		l->fwd->scale = TCP_SCALE_NONE;
	if (p->tcp_options & TCP_OPT_MSS)
		l->fwd->mss = p->tcp_mss;
	if (p->tcp_options & TCP_OPT_SACK_OK)
		l->fwd->bits |= TCP_MAY_SACK;
	l->fwd->bits |= TCP_FIRST_ACK;
}

static void follow_handshake(struct look *l, struct tcp_verdict *out)
{
	struct tcp_state *s = l->s;
	const struct packet *p = l->p;
	unsigned what = p->tcp_flags & (TCP_SYN | TCP_ACK);

	if (p->tcp_flags & TCP_SYN) {
		unsigned bit = what == TCP_SYN ? TCP_SYN_SEEN : TCP_SYN_ACK_SEEN;

		s->ambiguous |= (l->fwd->bits & bit) != 0;
		l->fwd->bits |= (uint16_t)bit;
		if (what == TCP_SYN) {
			s->has_syn = true;
			s->syn_ns = p->time_ns;
		}
		learn_options(l);
	} else if (what == TCP_ACK) {
		l->fwd->bits &= (uint16_t)~TCP_FIRST_ACK;
		if (s->has_syn && s->initial_rtt_ns == 0)
			s->initial_rtt_ns = time_sub(p->time_ns, s->syn_ns);
		if (s->established || s->ambiguous || (p->tcp_flags & TCP_RST) || !(l->fwd->bits & TCP_SYN_SEEN) ||
			!(l->rev->bits & TCP_SYN_ACK_SEEN) || !seq_before(l->rev->base_seq, p->tcp_ack))
			return;
		s->established = true;
		out->setup_ns = time_sub(p->time_ns, s->syn_ns);
		out->has_setup = out->setup_ns >= 0;
	}
}

/* ---- windows, keep-alives, duplicate ACKs ---------------------------------------------- */

/* One byte into a closed window. */
static bool is_zero_window_probe(const struct look *l)
{
	return l->len == 1 && l->at_next && (l->rev->bits & TCP_KNOWS_WINDOW) && l->rev->window == 0;
}

static bool fills_window(const struct look *l)
{
	const unsigned known = TCP_KNOWS_ACK | TCP_KNOWS_WINDOW;

	return l->len > 0 && l->plain && (l->rev->bits & known) == known && tcp_fills_window(l->rev, l->p->tcp_seq + l->len);
}

static void look_at_segment(struct look *l)
{
	const struct packet *p = l->p;

	if (p->tcp_window == 0 && l->plain)
		mark(l, MARK_ZERO_WINDOW);
	if ((l->fwd->bits & TCP_KNOWS_NEXT) && seq_before(l->fwd->next_seq, p->tcp_seq) && !(p->tcp_flags & TCP_RST)) {
		mark(l, MARK_LOST_SEGMENT);
		l->fwd->bits |= TCP_GAP;
	}
	if (l->len <= 1 && l->plain && (l->fwd->bits & TCP_KNOWS_NEXT) && p->tcp_seq == l->fwd->next_seq - 1)
		mark(l, MARK_KEEP_ALIVE);
	if (fills_window(l))
		mark(l, MARK_WINDOW_FULL);
}

/* Without payload, at the sequence expected, acknowledging what was acknowledged: only the window can say something. */
static void look_at_repeated_ack(struct look *l)
{
	bool same_window = l->p->tcp_window == l->fwd->window;

	if (!same_window) {
		if (l->p->tcp_window != 0)
			mark(l, MARK_WINDOW_UPDATE);
	} else if (l->p->tcp_window == 0) {
		if (l->rev->bits & TCP_WAS_PROBE)
			mark(l, MARK_ZERO_WINDOW_PROBE_ACK);
	} else if (l->rev->bits & TCP_WAS_KEEP_ALIVE) {
		mark(l, MARK_KEEP_ALIVE_ACK);
	} else {
		mark(l, MARK_DUP_ACK);
		if (l->fwd->dup_acks < UINT16_MAX)
			l->fwd->dup_acks++;
		l->fwd->bits &= (uint16_t)~TCP_UNSEEN_TOLD;
	}
}

/* Acknowledges more than was seen without a gap: said once for each gap. */
static void look_at_unseen(struct look *l)
{
	struct tcp_side *r = l->rev;

	if (!(l->p->tcp_flags & TCP_ACK) || !(r->bits & TCP_KNOWS_NEXT) || !seq_before(r->contiguous, l->p->tcp_ack))
		return;
	if (seq_before(r->contiguous, r->next_seq)) {
		r->contiguous = r->next_seq;
		mark(l, MARK_ACK_LOST_SEGMENT);
	} else {
		if (r->dup_acks == 0 && !(r->bits & TCP_UNSEEN_TOLD))
			mark(l, MARK_ACK_LOST_SEGMENT);
		r->bits |= TCP_UNSEEN_TOLD;
		r->dup_acks = 0;
	}
}

/* ---- sent again, or out of order --------------------------------------------------------- */

static void look_at_order(struct look *l)
{
	const struct tcp_side *f = l->fwd, *r = l->rev;
	const struct packet *p = l->p;
	int64_t reordered = l->s->initial_rtt_ns ? l->s->initial_rtt_ns : reordered_ns;
	bool behind = (f->bits & TCP_KNOWS_NEXT) && seq_before(p->tcp_seq, f->next_seq);

	/* behind a probe of one byte that was not accepted, that byte comes again with others */
	if (l->len > 1 && p->tcp_seq == f->next_seq - 1)
		behind = false;
	if (l->len > 0 && (r->bits & TCP_KNOWS_ACK) && seq_reached(r->ack, p->tcp_seq + l->len)) {
		mark(l, MARK_RETRANS);
		mark(l, MARK_SPURIOUS_RETRANS);
	} else if (behind && r->dup_acks >= 2 && r->ack == p->tcp_seq && soon_after(p->time_ns, r->last_ns, fast_ns)) {
		mark(l, MARK_RETRANS);
		mark(l, MARK_FAST_RETRANS);
	} else if (behind && f->next_seq != p->tcp_seq + l->space && soon_after(p->time_ns, f->next_ns, reordered)) {
		mark(l, MARK_OUT_OF_ORDER);
	} else if (behind) {
		mark(l, MARK_RETRANS);
	}
}

/* ---- SACK, bytes in flight ----------------------------------------------------------------- */

static void look_at_sack(struct look *l)
{
	const unsigned both = TCP_SYN_SEEN | TCP_SYN_ACK_SEEN;

	if (!(l->p->tcp_options & TCP_OPT_SACK))
		return;
	/* blocks that nobody permitted: both SYNs were seen, and one had no such option */
	bool handshake = ((l->fwd->bits | l->rev->bits) & both) == both;
	bool permitted = l->fwd->bits & l->rev->bits & TCP_MAY_SACK;
	if ((l->p->tcp_options & TCP_OPT_BAD_SACK) || (handshake && !permitted))
		mark(l, MARK_BAD_SACK);
}

/* Unknown as long as nothing says what was acknowledged, or what is under way has a gap. */
static void bytes_in_flight(const struct look *l, struct tcp_verdict *out)
{
	uint32_t span = tcp_segments_span(l->s, l->dir);
	uint32_t less = l->rev->sacked + (l->p->tcp_flags & (TCP_SYN | TCP_FIN) ? 1 : 0);

	if (l->len == 0 || !(l->rev->bits & TCP_KNOWS_ACK) || (l->fwd->bits & TCP_GAP) || span <= less)
		return;
	out->has_in_flight = true;
	out->in_flight = span - less;
}

/* ---- what is remembered -------------------------------------------------------------------- */

static void remember(struct look *l)
{
	struct tcp_side *f = l->fwd;
	const struct packet *p = l->p;
	uint32_t next = p->tcp_seq + l->space;
	bool knew = f->bits & TCP_KNOWS_NEXT, probe = marked(l, MARK_ZERO_WINDOW_PROBE);

	/* a probe's byte is not accepted: what comes next begins with it; who refuses a connection has no sequence of its own */
	bool learns = !probe && (knew || !(p->tcp_flags & TCP_RST));

	if (learns && (!knew || seq_before(f->next_seq, next))) {
		f->next_seq = next;
		f->next_ns = p->time_ns;
	}
	/* more under way than may be: acknowledgments were not captured, and sequence numbers go round */
	if ((l->rev->bits & TCP_KNOWS_ACK) && seq_before(l->rev->ack, f->next_seq) &&
		f->next_seq - l->rev->ack > TCP_WINDOW_MAX)
		l->rev->bits &= (uint16_t)~TCP_KNOWS_ACK;
	if (learns && (!knew || p->tcp_seq == f->contiguous))
		f->contiguous = f->next_seq;
	if (learns)
		f->bits |= TCP_KNOWS_NEXT;
	if (!(p->tcp_flags & TCP_RST)) {
		f->window = p->tcp_window;
		f->bits |= TCP_KNOWS_WINDOW;
	}
	if (p->tcp_flags & TCP_ACK) {
		f->ack = p->tcp_ack;
		f->bits |= TCP_KNOWS_ACK;
	}
	f->last_ns = p->time_ns;
	f->sacked = p->tcp_sacked;
	f->bits &= (uint16_t)~(TCP_WAS_KEEP_ALIVE | TCP_WAS_PROBE);
	f->bits |= (uint16_t)((marked(l, MARK_KEEP_ALIVE) ? TCP_WAS_KEEP_ALIVE : 0) | (probe ? TCP_WAS_PROBE : 0));
}

static void judge(struct look *l)
{
	if (l->p->tcp_flags & TCP_ACK)
		l->rev->bits &= (uint16_t)~TCP_GAP;
	if (is_zero_window_probe(l)) {
		mark(l, MARK_ZERO_WINDOW_PROBE);
	} else {
		look_at_segment(l);
		if (l->len == 0 && l->plain && l->at_next && l->same_ack)
			look_at_repeated_ack(l);
	}
	if (!l->same_ack) {
		l->fwd->dup_acks = 0;
		l->fwd->bits &= (uint16_t)~TCP_UNSEEN_TOLD;
	}
	look_at_unseen(l);
	if (l->space > 0 && !marked(l, MARK_KEEP_ALIVE))
		look_at_order(l);
	look_at_sack(l);
}

/* Part of a segment: where the direction stands is unknown until its next one. */
static void skip_fragment(struct tcp_side *fwd, struct tcp_verdict *out)
{
	fwd->bits &= (uint16_t)~TCP_KNOWS_NEXT;
	fwd->kept = fwd->n = 0;
	out->state_lost = true;
}

static void account(struct look *l, struct tcp_verdict *out)
{
	const uint32_t again = MARK_BIT(MARK_RETRANS) | MARK_BIT(MARK_OUT_OF_ORDER) | MARK_BIT(MARK_KEEP_ALIVE);
	const struct packet *p = l->p;

	if (l->space > 0 && tcp_segments_add(l->s, l->dir, p, l->space, (l->marks & again) != 0))
		mark(l, MARK_OVERLAP);
	if (p->tcp_flags & TCP_ACK) {
		struct tcp_sample sample = tcp_segments_ack(l->s, !l->dir, p->tcp_ack, p->time_ns);

		out->has_rtt = sample.measured && !(p->flags & PACKET_TIME_UNKNOWN);
		out->rtt_of_handshake = sample.of_syn;
		out->rtt_ns = sample.rtt_ns;
	}
	bytes_in_flight(l, out);
}

/* Any packet: whatever it may mean. */
static void analyse(struct tcp_state *s, const struct packet *p, enum direction dir, struct tcp_verdict *out)
{
	struct look l = {
		.s = s, .fwd = &s->side[dir], .rev = &s->side[!dir], .p = p, .dir = dir, .len = p->payload_len,
		.space = p->payload_len + (p->tcp_flags & (TCP_SYN | TCP_FIN) ? 1 : 0),
		.plain = !(p->tcp_flags & SYN_FIN_RST),
	};

	if (p->flags & PACKET_FRAGMENT) {
		skip_fragment(l.fwd, out);
		return;
	}
	if (tcp_captured_twice(s, p, dir, l.space)) {
		out->marks = MARK_BIT(MARK_DUPLICATE);
		return;
	}
	if (p->tcp_flags & TCP_SYN)
		look_at_syn(&l);
	know_base(&l);
	l.at_next = (l.fwd->bits & TCP_KNOWS_NEXT) && p->tcp_seq == l.fwd->next_seq;
	l.same_ack = (p->tcp_flags & TCP_ACK) && (l.fwd->bits & TCP_KNOWS_ACK) && p->tcp_ack == l.fwd->ack;
	judge(&l);
	remember(&l);
	account(&l, out);
	follow_handshake(&l, out);
	out->marks = l.marks;
}

void tcp_analyse(struct tcp_state *s, const struct packet *p, enum direction dir, struct tcp_verdict *out)
{
	*out = (struct tcp_verdict){0};
	if ((p->flags & PACKET_HAS_TCP) && !tcp_usual(s, p, dir, out))
		analyse(s, p, dir, out);
}
