/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segments under way: what is where is in tcp_state.h. */
#include "tier/tcp_state.h"

#include "base/text.h"

#include <string.h>

static const uint64_t ns_mask = (UINT64_C(1) << 48) - 1;

static struct tcp_segment *segments(struct tcp_state *s, enum direction dir, unsigned *capacity)
{
	*capacity = s->large ? TCP_MANY : TCP_FEW;
	return s->large ? s->more->many[dir] : s->side[dir].few;
}

/* The sum of two stretches of bytes, one behind the other (RFC 1071, 2: with an odd length before it the second is swapped). */
static uint16_t sum_behind(uint16_t first, uint32_t first_len, uint16_t second)
{
	uint32_t sum = first + (first_len & 1 ? (uint32_t)(uint16_t)(second << 8 | second >> 8) : second);

	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* 0 and 0xffff are the same sum. */
static bool sums_differ(uint16_t a, uint16_t b)
{
	return a % 0xffff != b % 0xffff;
}

/* ---- room ------------------------------------------------------------------------------ */

/* b stands behind a; what is between them, if anything, is counted in. */
static void join(struct tcp_segment *a, const struct tcp_segment *b)
{
	uint32_t len = tcp_segment_end(b) - a->seq;
	bool adjacent = tcp_segment_end(a) == b->seq && !a->syn;

	a->sum = sum_behind((uint16_t)a->sum, a->len, (uint16_t)b->sum);
	a->has_sum = adjacent && a->has_sum && b->has_sum;
	a->unsure |= b->unsure;
	a->ns = b->ns;
	a->syn = 0;
	a->len = len & TCP_SEGMENT_MAX;
}

/* Joins neighbours where that makes a segment that can be kept. */
static void thin(struct tcp_segment *g, uint8_t *n)
{
	unsigned out = 0;

	for (unsigned i = 0; i < *n; i++) {
		bool pairs = i + 1 < *n && tcp_segment_end(&g[i + 1]) - g[i].seq <= TCP_SEGMENT_MAX;

		g[out] = g[i];
		if (pairs)
			join(&g[out], &g[++i]);
		out++;
	}
	/* half of 4 GiB is under way: the oldest has to go */
	if (out == *n) {
		memmove(g, g + 1, (out - 1) * sizeof(*g));
		out--;
	}
	*n = (uint8_t)out;
}

static void enlarge(struct tcp_state *s)
{
	for (unsigned i = 0; i < 2; i++) {
		memcpy(s->more->many[i], s->side[i].few, sizeof(s->side[i].few));
		memset(s->more->seen[i], 0, sizeof(s->more->seen[i]));
		memcpy(s->more->seen[i], s->side[i].seen, sizeof(s->side[i].seen));
		s->side[i].seen_at = TCP_FEW_SEEN;
	}
	s->large = true;
}

/* The newest of what is kept and of the frames seen stay. */
static void shrink_side(struct tcp_side *side, const struct tcp_segment *many, const struct tcp_seen *seen)
{
	unsigned stay = side->kept < TCP_FEW ? side->kept : TCP_FEW;

	memcpy(side->few, many + side->kept - stay, stay * sizeof(*many));
	side->kept = (uint8_t)stay;
	for (unsigned i = 0; i < TCP_FEW_SEEN; i++)
		side->seen[i] = seen[(side->seen_at - TCP_FEW_SEEN + i) % TCP_MANY_SEEN];
	side->seen_at = 0;
}

struct tcp_more *tcp_give_back(struct tcp_state *s)
{
	struct tcp_more *more = s->more;

	if (!more || s->side[0].n > 0 || s->side[1].n > 0)
		return NULL;
	for (unsigned i = 0; s->large && i < 2; i++)
		shrink_side(&s->side[i], more->many[i], more->seen[i]);
	s->large = false;
	s->more = NULL;
	return more;
}

/* Room for one more; the segments may have moved. */
static struct tcp_segment *make_room(struct tcp_state *s, enum direction dir)
{
	struct tcp_side *side = &s->side[dir];
	unsigned capacity;
	struct tcp_segment *g = segments(s, dir, &capacity);

	if (side->kept + side->n < (int)capacity)
		return g;
	if (side->kept == 0 && !s->large && s->more) {
		enlarge(s);
		return s->more->many[dir];
	}
	if (side->kept == 0) {
		thin(g, &side->n);
		return g;
	}
	unsigned drop = (side->kept + 1u) / 2;
	side->kept = (uint8_t)(side->kept - drop);
	memmove(g, g + drop, (size_t)(side->kept + side->n) * sizeof(*g));
	return g;
}

static void insert(struct tcp_state *s, enum direction dir, unsigned at, const struct tcp_segment *new)
{
	struct tcp_side *side = &s->side[dir];
	unsigned before = side->n;
	struct tcp_segment *g = make_room(s, dir) + side->kept;

	/* joining moved the places: find it anew */
	if (side->n != before)
		for (at = 0; at < side->n && seq_before(g[at].seq, new->seq); at++)
			;
	if (at > 0 && seq_before(new->seq, tcp_segment_end(&g[at - 1])))
		return;      /* what was joined covers it */
	memmove(g + at + 1, g + at, (side->n - at) * sizeof(*g));
	g[at] = *new;
	side->n++;
}

/* ---- bytes sent again -------------------------------------------------------------------- */

/* Whether segments from one that begins at seq to one that ends at `end` are known, and their bytes were others. */
static bool others_before(const struct tcp_segment *g, unsigned n, const struct tcp_segment *new)
{
	for (unsigned i = 0; i < n; i++) {
		if (g[i].seq != new->seq)
			continue;
		uint32_t len = 0;
		uint16_t sum = 0;
		for (; i < n && g[i].has_sum && g[i].seq == new->seq + len && len < new->len; i++) {
			sum = sum_behind(sum, len, (uint16_t)g[i].sum);
			len += g[i].len;
		}
		return len == new->len && sums_differ(sum, (uint16_t)new->sum);
	}
	return false;
}

/* The segment falls upon what is under way, or between. */
static void add_within(struct tcp_state *s, enum direction dir, struct tcp_segment *g, struct tcp_segment *new)
{
	struct tcp_side *side = &s->side[dir];
	struct tcp_segment *last = &g[side->n - 1];
	uint32_t end = tcp_segment_end(new);
	unsigned at = 0;
	bool falls = false;

	for (unsigned i = 0; i < side->n; i++) {
		if (seq_before(g[i].seq, end) && seq_before(new->seq, tcp_segment_end(&g[i]))) {
			g[i].unsure = 1;
			falls = true;
		}
		at += seq_before(g[i].seq, new->seq);
	}
	if (!falls) {
		insert(s, dir, at, new);
		return;
	}
	if (seq_before(new->seq, g[0].seq)) {
		struct tcp_segment first = *new;
		first.len = (g[0].seq - new->seq) & TCP_SEGMENT_MAX;
		first.has_sum = 0;
		first.unsure = 1;
		insert(s, dir, 0, &first);
		return;      /* one piece is enough: the range is what counts */
	}
	if (seq_before(tcp_segment_end(last), end)) {
		new->len = (end - tcp_segment_end(last)) & TCP_SEGMENT_MAX;
		new->seq = tcp_segment_end(last);
		new->has_sum = 0;
		insert(s, dir, side->n, new);
	}
}

static struct tcp_segment segment_of(const struct packet *p, uint32_t len, bool again)
{
	bool plain = !(p->tcp_flags & (TCP_SYN | TCP_FIN));

	return (struct tcp_segment){
		.seq = p->tcp_seq, .len = len & TCP_SEGMENT_MAX, .ns = (uint64_t)p->time_ns & ns_mask,
		.sum = p->payload_sum, .has_sum = plain && (p->flags & PACKET_HAS_SUM) != 0,
		.unsure = again || (p->flags & PACKET_TIME_UNKNOWN), .syn = (p->tcp_flags & TCP_SYN) != 0,
	};
}

void tcp_segments_append(struct tcp_state *s, enum direction dir, const struct packet *p)
{
	struct tcp_segment new = segment_of(p, p->payload_len, false);

	insert(s, dir, s->side[dir].n, &new);
}

bool tcp_segments_add(struct tcp_state *s, enum direction dir, const struct packet *p, uint32_t len, bool again)
{
	struct tcp_side *side = &s->side[dir];
	const struct tcp_side *rev = &s->side[!dir];
	unsigned capacity;
	struct tcp_segment *g = segments(s, dir, &capacity);
	struct tcp_segment new = segment_of(p, len, again);
	/* compared only where there is something to compare: nothing here was sent before if all of it is new */
	bool old = side->kept + side->n > 0 && seq_before(new.seq, tcp_segment_end(&g[side->kept + side->n - 1]));
	bool differs = old && new.has_sum && others_before(g, side->kept + side->n, &new);

	if (rev->bits & TCP_KNOWS_ACK && seq_before(new.seq, rev->ack)) {
		if (!seq_before(rev->ack, tcp_segment_end(&new)))
			return differs;
		new.len = (tcp_segment_end(&new) - rev->ack) & TCP_SEGMENT_MAX;
		new.seq = rev->ack;
		new.has_sum = 0;
	}
	g += side->kept;
	if (side->n == 0 || seq_reached(new.seq, tcp_segment_end(&g[side->n - 1])))
		insert(s, dir, side->n, &new);
	else
		add_within(s, dir, g, &new);
	return differs;
}

/* ---- acknowledgments --------------------------------------------------------------------- */

struct tcp_sample tcp_segments_ack(struct tcp_state *s, enum direction dir, uint32_t ack, int64_t now_ns)
{
	struct tcp_side *side = &s->side[dir];
	struct tcp_sample sample = {0};
	bool unsure = false;
	unsigned capacity;
	struct tcp_segment *g = segments(s, dir, &capacity) + side->kept;

	for (; side->n > 0 && seq_before(g->seq, ack); g++) {
		unsure |= g->unsure;
		if (seq_before(ack, tcp_segment_end(g))) {
			g->len = (tcp_segment_end(g) - ack) & TCP_SEGMENT_MAX;
			g->seq = ack;
			g->has_sum = 0;
			break;
		}
		uint64_t rtt = ((uint64_t)now_ns - g->ns) & ns_mask;
		if (tcp_segment_end(g) == ack && !unsure && rtt <= ns_mask >> 1)
			sample = (struct tcp_sample){true, g->syn, (int64_t)rtt};
		side->kept++;
		side->n--;
	}
	if (unsure)
		sample.measured = false;
	return sample;
}
