/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/segment_codec.h"

#include <string.h>

/* A guessed value; unknown: v is what a difference is taken from all the same. */
struct guess {
	bool known;
	u128 v;
};

static u128 load(const struct plan_field *f, const struct counters *c)
{
	const uint8_t *at = (const uint8_t *)c + f->offset;
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		u128 big;
	} v;

	switch ((enum field_type)f->type) {
	case TYPE_U8:
		return *at;
	case TYPE_U16:
		memcpy(&v.u16, at, sizeof(v.u16));
		return v.u16;
	case TYPE_U32:
		memcpy(&v.u32, at, sizeof(v.u32));
		return v.u32;
	case TYPE_U64:
	case TYPE_I64:
		memcpy(&v.u64, at, sizeof(v.u64));
		return v.u64;
	case TYPE_U128:
		memcpy(&v.big, at, sizeof(v.big));
		return v.big;
	default:
		return 0;
	}
}

static void store(const struct plan_field *f, struct counters *c, u128 value)
{
	uint8_t *at = (uint8_t *)c + f->offset;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;
	uint64_t u64 = (uint64_t)value;

	switch ((enum field_type)f->type) {
	case TYPE_U8:
		*at = (uint8_t)value;
		break;
	case TYPE_U16:
		memcpy(at, &u16, sizeof(u16));
		break;
	case TYPE_U32:
		memcpy(at, &u32, sizeof(u32));
		break;
	case TYPE_U64:
	case TYPE_I64:
		memcpy(at, &u64, sizeof(u64));
		break;
	case TYPE_U128:
		memcpy(at, &value, sizeof(value));
		break;
	default:
		break;
	}
}

/* ---- guessing ----------------------------------------------------------------------- */

void guess_flow(struct segment_guess *g, unsigned kind, bool is_short)
{
	g->ip = kind == ADDR_IPV4 || kind == ADDR_IPV6;
	g->header_bytes = 14u + (kind == ADDR_IPV6 ? 40u : 20u) + (is_short ? 8u : 20u);
}

static struct guess known(u128 v)
{
	return (struct guess){ true, v };
}

static struct guess unknown(u128 v)
{
	return (struct guess){ false, v };
}

/* a square of a difference that may be negative, modulo 2^128 */
static u128 square(uint64_t v)
{
	u128 wide = (u128)(__int128)(int64_t)v;

	return wide * wide;
}

static u128 divide(u128 v, uint64_t by)
{
	return v >> 64 == 0 ? (uint64_t)v / by : v / by;
}

/*
 * Sum of squares of n values whose sum, least and largest are known: exact for n <= 3, else what it
 * is at least (Cauchy-Schwarz). With unit 1000 a multiple of 1000 * 1000.
 */
static u128 guess_squares(uint64_t n, uint64_t sum, uint64_t min, uint64_t max, uint64_t unit)
{
	uint64_t rest = sum - min - max;

	if (n == 0)
		return 0;
	if (n == 1)
		return square(sum);
	if (n == 2)
		return square(min) + square(max);
	if (unit == 1 || rest % unit != 0)
		return square(min) + square(max) + divide(square(rest), n - 2);
	return square(min) + square(max) + divide(square(rest / unit), n - 2) * unit * unit;
}

/* Largest and smallest of n values with this sum. */
static struct guess guess_max(uint64_t n, int64_t sum)
{
	if (n == 0)
		return unknown(0);
	return known(n == 1 ? (uint64_t)sum : 0);
}

static struct guess guess_min(uint64_t n, int64_t sum, int64_t max)
{
	if (n == 0)
		return unknown(0);
	return known(n == 1 ? (uint64_t)sum : n == 2 ? (uint64_t)sum - (uint64_t)max : 0);
}

static uint64_t gaps(const struct counters *c)
{
	uint64_t n = counters_packets(c);

	return n > c->flows ? n - c->flows : 0;
}

static struct guess guess_gap_sum(const struct counters *c, const struct segment_guess *g,
	bool first_micro)
{
	int64_t from = c->flows > 0 || first_micro ? c->first_ns : g->last_ns;

	return known(gaps(c) ? (uint64_t)c->last_ns - (uint64_t)from : 0);
}

static struct guess guess_payload(const struct counters *c, const struct segment_guess *g)
{
	uint64_t headers = counters_packets(c) * g->header_bytes;
	uint64_t bytes = counters_bytes(c);

	return known(g->ip && bytes > headers ? bytes - headers : 0);
}

static struct guess guess_size_max(const struct counters *c)
{
	uint64_t n = counters_packets(c), bytes = counters_bytes(c);

	if (n == 1)
		return known((uint32_t)bytes);
	return n == 2 ? known((uint32_t)(bytes - c->size_min)) : unknown(c->size_min);
}

/* Packets with a flag that the union of flags shows: one from each side. */
static struct guess guess_flag(const struct counters *c, unsigned flag)
{
	if (!(c->tcp_flags & flag))
		return known(0);
	return known(c->packets[DIR_C2S] > 0 && c->packets[DIR_S2C] > 0 ? 2 : 1);
}

static struct guess guess_end(const struct counters *c)
{
	if (c->rst > 0)
		return known(END_RST);
	return c->fin > 1 ? known(END_FIN) : unknown(0);
}

static struct guess guess_like(const struct counters *c, enum field_id id, u128 v)
{
	return (struct guess){ (c->known & FIELD_BIT(id)) != 0, v };
}

static struct guess guess_small(enum index_guess how, const struct counters *c,
	const struct segment_guess *g)
{
	switch (how) {
	case GUESS_ONE:
		return known(1);
	case GUESS_C2S_TTL:
		return guess_like(c, FIELD_C2S_TTL_MIN, c->ttl_min[DIR_C2S]);
	case GUESS_S2C_TTL:
		return guess_like(c, FIELD_S2C_TTL_MIN, c->ttl_min[DIR_S2C]);
	case GUESS_WINDOW:
		return guess_like(c, FIELD_WINDOW_MIN, c->window_min);
	case GUESS_DSCP:
		return (struct guess){ g->ip, 0 };
	case GUESS_SYN:
		return guess_flag(c, TCP_SYN);
	case GUESS_FIN:
		return guess_flag(c, TCP_FIN);
	case GUESS_RST:
		return known(c->tcp_flags & TCP_RST ? 1 : 0);
	case GUESS_END:
		return guess_end(c);
	default:
		return unknown(0);
	}
}

static struct guess guess_field(enum index_guess how, const struct counters *c,
	const struct segment_guess *g, bool first_micro)
{
	switch (how) {
	case GUESS_TIME:
		return unknown((uint64_t)g->first_ns);
	case GUESS_FIRST:
		return known((uint64_t)c->first_ns);
	case GUESS_BEGINS:
		return known(first_micro && !g->continued);
	case GUESS_PAYLOAD:
		return guess_payload(c, g);
	case GUESS_SIZE_MIN:
		return counters_packets(c) == 1 ? known((uint32_t)counters_bytes(c)) : unknown(0);
	case GUESS_SIZE_MAX:
		return guess_size_max(c);
	case GUESS_SIZE_SUMSQ:
		return known(guess_squares(counters_packets(c), counters_bytes(c), c->size_min,
			c->size_max, 1));
	case GUESS_GAP_SUM:
		return guess_gap_sum(c, g, first_micro);
	case GUESS_GAP_MAX:
		return guess_max(gaps(c), c->gap_sum);
	case GUESS_GAP_MIN:
		return guess_min(gaps(c), c->gap_sum, c->gap_max);
	case GUESS_GAP_SUMSQ:
		return known(guess_squares(gaps(c), (uint64_t)c->gap_sum, (uint64_t)c->gap_min,
			(uint64_t)c->gap_max, 1000));
	case GUESS_RTT_MAX:
		return guess_max(c->rtt_n, c->rtt_sum);
	case GUESS_RTT_MIN:
		return guess_min(c->rtt_n, c->rtt_sum, c->rtt_max);
	case GUESS_RTT_SUMSQ:
		return known(guess_squares(c->rtt_n, (uint64_t)c->rtt_sum, (uint64_t)c->rtt_min,
			(uint64_t)c->rtt_max, 1000));
	default:
		return guess_small(how, c, g);
	}
}

/* ---- values ------------------------------------------------------------------------- */

static uint8_t *put_scaled(uint8_t *to, u128 v, uint64_t unit)
{
	if (v >> 64 == 0)
		return (uint64_t)v % unit == 0 ? varint_put_flagged(to, (uint64_t)v / unit, false)
			: varint_put_flagged(to, v, true);
	return v % unit == 0 ? varint_put_flagged(to, v / unit, false)
		: varint_put_flagged(to, v, true);
}

static uint8_t *put_difference(const struct plan_field *f, uint8_t *to, u128 d)
{
	int64_t s = (int64_t)(uint64_t)d;

	switch ((enum index_code)f->code) {
	case CODE_PLAIN:
		return f->type == TYPE_U128 ? varint_put_big(to, d) : varint_put(to, (uint64_t)d);
	case CODE_SIGNED:
		return varint_put(to, zigzag(s));
	case CODE_TIME:
		return s % 1000 == 0 ? varint_put_flagged(to, zigzag(s / 1000), false)
			: varint_put_flagged(to, zigzag(s), true);
	case CODE_DURATION:
		return put_scaled(to, (uint64_t)d, 1000);
	case CODE_SQUARE:
		return put_scaled(to, d, 1000 * 1000);
	}
	return to;
}

static u128 get_difference(const struct plan_field *f, struct cursor *cur)
{
	bool fine = false;
	u128 v;

	switch ((enum index_code)f->code) {
	case CODE_PLAIN:
		return f->type == TYPE_U128 ? varint_get_big(cur) : varint_get(cur);
	case CODE_SIGNED:
		return (uint64_t)zigzag_back(varint_get(cur));
	case CODE_TIME:
		v = (uint64_t)zigzag_back((uint64_t)varint_get_flagged(cur, &fine));
		return fine ? v : (uint64_t)v * 1000;
	case CODE_DURATION:
		v = varint_get_flagged(cur, &fine);
		return (uint64_t)(fine ? v : v * 1000);
	case CODE_SQUARE:
		v = varint_get_flagged(cur, &fine);
		return fine ? v : v * (1000 * 1000);
	}
	return 0;
}

static void skip_value(const struct plan_field *f, struct cursor *cur)
{
	if (f->len_prefixed)
		cursor_skip(cur, (size_t)varint_get(cur));
	else
		varint_skip(cur);
}

/* ---- counters ----------------------------------------------------------------------- */

static unsigned lowest(u128 bits)
{
	uint64_t low = (uint64_t)bits;

	return low ? (unsigned)__builtin_ctzll(low)
		: 64 + (unsigned)__builtin_ctzll((uint64_t)(bits >> 64));
}

/*
 * Values of the fields that differ from their guess; *bits says which, *guessed what a reader takes for known.
 * False where one is guessed that is not known, or one that is not known is not 0 (others are guessed from it):
 * then only the plain form tells the truth.
 */
static bool put_guessed(const struct plan *p, uint8_t **to, const struct segment_guess *g,
	bool first_micro, const struct counters *c, u128 *bits, u128 *guessed)
{
	*bits = 0;
	*guessed = p->sums;
	for (unsigned i = 0; i < p->n; i++) {
		const struct plan_field *f = &p->fields[i];
		struct guess guess = { f->sum, 0 };
		u128 v = load(f, c);
		bool is_known = f->sum || (c->known & f->bit) != 0;

		if (f->guess != GUESS_ABSENT)
			guess = guess_field(f->guess, c, g, first_micro);
		if (!is_known) {
			if (guess.known || v != 0)
				return false;
			continue;
		}
		*guessed |= f->bit;
		if (guess.known && guess.v == v)
			continue;
		*bits |= (u128)2 << i;
		*to = put_difference(f, *to, v - guess.v);
	}
	return true;
}

static void put_plain(const struct plan *p, uint8_t **to, const struct counters *c, u128 *bits,
	u128 *guessed)
{
	*bits = 0;
	*guessed = p->sums;
	for (unsigned i = 0; i < p->n; i++) {
		const struct plan_field *f = &p->fields[i];
		u128 v = load(f, c);

		if (f->sum ? v == 0 : !(c->known & f->bit))
			continue;
		*guessed |= f->bit;
		*bits |= (u128)2 << i;
		*to = put_difference(f, *to, v);
	}
}

uint8_t *codec_put(const struct plan *p, uint8_t *to, const struct segment_guess *g, bool first_micro,
	const struct counters *c, struct codec_extra *extra)
{
	uint8_t values[CODEC_MAX], *end = values;
	u128 bits, guessed;

	if (!put_guessed(p, &end, g, first_micro, c, &bits, &guessed)) {
		end = values;
		extra->flags |= MICRO_PLAIN;
		put_plain(p, &end, c, &bits, &guessed);
	}
	extra->known = (c->known & p->all) ^ guessed;
	extra->mixed = c->mixed & p->all;
	if (extra->known || extra->mixed)
		extra->flags |= MICRO_STATE;
	bits |= extra->flags != 0;
	to = bits >> 64 == 0 ? varint_put(to, (uint64_t)bits) : varint_put_big(to, bits);
	if (extra->flags)
		to = varint_put(to, extra->flags);
	memcpy(to, values, (size_t)(end - values));
	return to + (end - values);
}

static void get_counter(const struct plan *p, unsigned i, bool written, struct cursor *cur,
	const struct segment_guess *g, bool first_micro, bool plain, struct counters *out)
{
	const struct plan_field *f = &p->fields[i];
	struct guess guess = { false, 0 };

	if (f->skip) {
		skip_value(f, cur);
		return;
	}
	if (f->guess != GUESS_ABSENT && !plain)
		guess = guess_field(f->guess, out, g, first_micro);
	if (written)
		guess = known(guess.v + get_difference(f, cur));
	if (!guess.known)
		return;
	store(f, out, guess.v);
	out->known |= f->bit;
}

void codec_get(const struct plan *p, struct cursor *cur, const struct segment_guess *g, bool first_micro,
	struct counters *out, struct codec_extra *extra)
{
	u128 bits = varint_get_big(cur);
	u128 walk;
	bool plain;

	*extra = (struct codec_extra){ 0 };
	counters_init(out);
	out->known = p->sums;
	if (bits & 1)
		extra->flags = varint_get32(cur);
	plain = extra->flags & MICRO_PLAIN;
	bits &= ~(u128)1;
	if (extra->flags & ~(unsigned)MICRO_EXTRA_ALL || bits >> (p->n + 1) != 0) {
		cur->truncated = true;
		return;
	}
	walk = bits | (plain ? 0 : p->guessed);
	while (walk && !cur->truncated) {
		unsigned n = lowest(walk);

		walk &= walk - 1;
		get_counter(p, n - 1, (bits >> n & 1) != 0, cur, g, first_micro, plain, out);
	}
}

void codec_set_state(const struct plan *p, struct counters *c, const struct codec_extra *extra)
{
	c->known ^= extra->known & p->all;
	c->mixed = extra->mixed & p->all;
	for (unsigned i = 0; i < p->n; i++) {
		const struct plan_field *f = &p->fields[i];

		if (!f->skip && !f->sum && !(c->known & f->bit))
			store(f, c, 0);
	}
}
