/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/health.h"

#include "flow/field.h"
#include "flow/sketch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const healths[HEALTHS] = { "normal", "degraded", "faulty" };
static const char *const reasons[HEALTH_REASONS] = {
	[HEALTH_LOSS] = "loss",
	[HEALTH_ABORTED] = "aborted",
	[HEALTH_REFUSED] = "refused",
	[HEALTH_UNANSWERED] = "unanswered",
	[HEALTH_ZERO_WINDOW] = "zero-window",
	[HEALTH_SLOW] = "slow",
	[HEALTH_ERRORS] = "errors",
	[HEALTH_RTP_LOSS] = "rtp-loss",
	[HEALTH_CALL] = "call",
};

const struct health_limits health_limits_default = {
	.slow_ns = 500 * 1000 * 1000,
	.rules = {
		[HEALTH_LOSS] = { 0.01, 0.05, 3 },
		[HEALTH_ABORTED] = { 0.01, 0.20, 1 },
		[HEALTH_REFUSED] = { 0.01, 0.20, 3 },
		[HEALTH_UNANSWERED] = { 0.05, 0.50, 3 },
		[HEALTH_ZERO_WINDOW] = { 0.005, 0.05, 2 },
		[HEALTH_SLOW] = { 0.01, 0.10, 1 },
		[HEALTH_ERRORS] = { 0.01, 0.10, 1 },
		[HEALTH_RTP_LOSS] = { 0.01, 0.05, 5 },
		[HEALTH_CALL] = { 0.05, 0.30, 50 },
	},
};

const char *health_name(enum health h)
{
	return h < HEALTHS ? healths[h] : "";
}

const char *health_reason_name(enum health_reason r)
{
	return r < HEALTH_REASONS ? reasons[r] : "";
}

/* ---- events ------------------------------------------------------------------------------ */

static bool knows(const struct counters *c, unsigned id)
{
	return (c->known & FIELD_BIT(id)) != 0;
}

static void find(struct health_finding *f, uint64_t events, uint64_t of)
{
	f->known = of > 0;
	f->events = events < of ? events : of;
	f->of = of;
}

/* Sums are known to be nothing where there is no TCP at all: that is no health. */
static bool analysed(const struct counters *c, unsigned id)
{
	return knows(c, id) && knows(c, FIELD_TCP_FLAGS);
}

static void find_tcp(const struct counters *c, struct health_verdict *v)
{
	uint64_t retrans = c->retrans[DIR_C2S] + c->retrans[DIR_S2C];
	uint64_t spurious = c->marks[MARK_SPURIOUS_RETRANS], packets = counters_packets(c);

	if (!analysed(c, FIELD_C2S_RETRANS))
		return;
	find(&v->reasons[HEALTH_LOSS], retrans > spurious ? retrans - spurious : 0, packets);
	find(&v->reasons[HEALTH_ZERO_WINDOW], c->marks[MARK_ZERO_WINDOW], packets);
}

/* Where a server is never seen to say anything but clients talk on, its side was not captured: that is no silence of it. */
static bool one_sided(const struct counters *c)
{
	return c->packets[DIR_S2C] == 0 && c->packets[DIR_C2S] > c->syn;
}

static void find_connections(const struct counters *c, struct health_verdict *v)
{
	if (!analysed(c, FIELD_ATTEMPTED))
		return;
	uint64_t got = c->answered + c->refused;
	find(&v->reasons[HEALTH_REFUSED], c->refused, c->attempted);
	if (!one_sided(c))
		find(&v->reasons[HEALTH_UNANSWERED], c->attempted > got ? c->attempted - got : 0, c->attempted);
}

/*
 * How many of n values at most `max` are `slow` or more if they sum up to `sum`: with k of them the sum is k max + (n - k) slow at
 * most. One at least, as the longest is.
 */
static uint64_t slow_at_least(const struct time_sums *t, int64_t slow_ns)
{
	double over = (double)t->sum_ns - (double)t->n * (double)slow_ns;
	double each = (double)(t->max_ns - slow_ns);

	if (over <= 0)
		return 1;
	return each > 0 ? (uint64_t)ceil(over / each) : t->n;
}

static void find_turns(const struct record *r, int64_t slow_ns, struct health_verdict *v)
{
	const struct time_sums *t = &r->c.response;
	uint64_t slow = 0;

	if (analysed(&r->c, FIELD_ABORTED))
		find(&v->reasons[HEALTH_ABORTED], r->c.aborted, r->c.turns);
	if (!knows(&r->c, FIELD_RESPONSE_MIN) || t->n == 0)
		return;
	if (r->response)
		slow = hist_count_from(r->response, slow_ns);
	else if (t->max_ns >= slow_ns)
		slow = slow_at_least(t, slow_ns);
	find(&v->reasons[HEALTH_SLOW], slow, t->n);
}

/* ---- judgement --------------------------------------------------------------------------- */

static enum health judge(const struct health_finding *f, const struct health_rule *rule)
{
	double share = (double)f->events / (double)f->of;

	if (f->events == 0 || f->events < rule->at_least)
		return HEALTH_NORMAL;
	if (share >= rule->faulty)
		return HEALTH_FAULTY;
	return share >= rule->degraded ? HEALTH_DEGRADED : HEALTH_NORMAL;
}

/* Packets with an error, at most one a request: several requests may end in one. */
static void find_errors(const struct counters *c, struct health_verdict *v)
{
	if (knows(c, FIELD_ERRORS) && knows(c, FIELD_REQUESTS))
		find(&v->reasons[HEALTH_ERRORS], c->marks[MARK_ERRORS],
			c->requests > c->marks[MARK_ERRORS] ? c->requests : c->marks[MARK_ERRORS]);
}

static void find_refusals(const struct counters *c, struct health_verdict *v)
{
	if (knows(c, FIELD_REFUSALS) && knows(c, FIELD_REQUESTS))
		find(&v->refusals, c->marks[MARK_REFUSALS], c->requests);
}

static void find_media(const struct record *r, struct health_verdict *v)
{
	const struct media *m = r->media;
	uint64_t expected = 0, lost = 0;

	if (!m || !knows(&r->c, FIELD_RTP_PACKETS))
		return;
	for (unsigned dir = 0; dir < 2; dir++) {
		uint64_t e = m->v[dir][MEDIA_EXPECTED], received = m->v[dir][MEDIA_RECEIVED];

		expected += e;
		lost += e > received ? e - received : 0;
	}
	find(&v->reasons[HEALTH_RTP_LOSS], lost, expected);
	find(&v->reasons[HEALTH_CALL], media_both(m, MEDIA_BAD), media_both(m, MEDIA_MOS_N));
}

void health_judge(const struct record *r, const struct health_limits *l, struct health_verdict *out)
{
	memset(out, 0, sizeof(*out));
	if (!l)
		l = &health_limits_default;
	find_tcp(&r->c, out);
	find_connections(&r->c, out);
	find_turns(r, l->slow_ns, out);
	find_errors(&r->c, out);
	find_refusals(&r->c, out);
	find_media(r, out);
	for (unsigned i = 0; i < HEALTH_REASONS; i++) {
		struct health_finding *f = &out->reasons[i];
		if (!f->known)
			continue;
		out->known = true;
		f->health = judge(f, &l->rules[i]);
		if (f->health > out->health)
			out->health = f->health;
	}
}

/* One in five: below that, some are refused everywhere. They may explain why one waits, not why a server fails. */
static bool is_refusing(const struct health_verdict *v)
{
	return v->reasons[HEALTH_SLOW].health > HEALTH_NORMAL && v->reasons[HEALTH_ERRORS].health == HEALTH_NORMAL &&
		v->refusals.known && v->refusals.events * 5 >= v->refusals.of && v->refusals.events > 0;
}

static size_t put_finding(char *out, size_t size, size_t len, const char *name, const struct health_finding *f)
{
	int n = snprintf(out + len, size - len, "%s%s %llu of %llu", len > 0 ? ", " : "", name, (unsigned long long)f->events,
		(unsigned long long)f->of);

	return len + (n > 0 ? (size_t)n : 0);
}

size_t health_why(char *out, size_t size, const struct health_verdict *v)
{
	size_t len = 0;

	if (size > 0)
		out[0] = '\0';
	if (is_refusing(v) && size > 0)
		len = put_finding(out, size, len, "refusals", &v->refusals);
	for (enum health h = HEALTH_FAULTY; h > HEALTH_NORMAL; h--)
		for (unsigned i = 0; i < HEALTH_REASONS; i++) {
			const struct health_finding *f = &v->reasons[i];
			if (!f->known || f->health != h || len >= size)
				continue;
			len = put_finding(out, size, len, reasons[i], f);
		}
	return len < size ? len : size > 0 ? size - 1 : 0;
}

/* A connection that failed is a failure by itself; a packet that was lost is not. */
static bool is_failure(enum health_reason reason)
{
	return reason == HEALTH_ABORTED || reason == HEALTH_REFUSED || reason == HEALTH_UNANSWERED || reason == HEALTH_ERRORS;
}

static uint64_t failures(const struct record *r, const struct health_verdict *v)
{
	uint64_t events = 0;

	for (unsigned i = 0; i < HEALTH_REASONS && r->tier < TIER_MACROFLOW; i++)
		events += is_failure(i) && v->reasons[i].known ? v->reasons[i].events : 0;
	return events;
}

size_t health_failed(char *out, size_t size, const struct record *r, const struct health_verdict *v)
{
	size_t len = 0;

	out[0] = '\0';
	if (failures(r, v) == 0)
		return 0;
	for (unsigned i = 0; i < HEALTH_REASONS && len < size; i++)
		if (is_failure(i) && v->reasons[i].known && v->reasons[i].events > 0)
			len = put_finding(out, size, len, reasons[i], &v->reasons[i]);
	return len < size ? len : size - 1;
}

/* ---- trouble ----------------------------------------------------------------------------- */

enum { TROUBLE_SHIFT = 60 };

static const uint32_t trouble_marks = MARK_BIT(MARK_ERRORS) | MARK_BIT(MARK_RETRANS) | MARK_BIT(MARK_OUT_OF_ORDER) |
	MARK_BIT(MARK_LOST_SEGMENT) | MARK_BIT(MARK_ZERO_WINDOW) | MARK_BIT(MARK_WINDOW_FULL) |
	MARK_BIT(MARK_OVERLAP) | MARK_BIT(MARK_BAD_SACK) | MARK_BIT(MARK_RTP_GAPS) | MARK_BIT(MARK_RTP_REORDERED);

static uint64_t rank(uint64_t severity, uint64_t within)
{
	uint64_t most = ((uint64_t)1 << TROUBLE_SHIFT) - 1;

	return severity << TROUBLE_SHIFT | (within < most ? within : most);
}

static uint64_t packet_trouble(const struct packet_row *p, int64_t slow_ns)
{
	const uint32_t broken = PACKET_MALFORMED | PACKET_CHECKSUM_IP | PACKET_CHECKSUM_L4;

	if (p->note.has_response && p->note.response_ns >= slow_ns)
		return rank(2, (uint64_t)p->note.response_ns);
	if (p->note.marks & trouble_marks)
		return rank(1, 2);
	if ((p->pkt.tcp_flags & TCP_RST) || (p->pkt.flags & broken))
		return rank(1, 1);
	return p->note.marks & MARK_BIT(MARK_REFUSALS) ? rank(1, 0) : 0;
}

static uint64_t record_trouble(const struct record *r, const struct health_limits *l)
{
	struct health_verdict v;
	uint64_t events = 0;

	health_judge(r, l, &v);
	if (v.health == HEALTH_NORMAL)
		return rank(0, failures(r, &v));
	if (v.reasons[HEALTH_SLOW].health > HEALTH_NORMAL)
		return rank(v.health, (uint64_t)r->c.response.max_ns);
	for (unsigned i = 0; i < HEALTH_REASONS; i++)
		events += v.reasons[i].health > HEALTH_NORMAL ? v.reasons[i].events : 0;
	return rank(v.health, events);
}

uint64_t health_trouble(const struct row *row)
{
	const struct health_limits *l = row->limits ? row->limits : &health_limits_default;

	if (row->packet)
		return packet_trouble(row->packet, l->slow_ns);
	return row->record ? record_trouble(row->record, l) : 0;
}
