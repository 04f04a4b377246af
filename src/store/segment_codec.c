/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/segment_codec.h"

#include <string.h>

/*
 * A guessed value of 64 bits at most; unknown: v is what a difference is taken from all the
 * same.
 */
struct guess {
	uint64_t v;
	bool known;
};

static uint64_t load(const struct plan_field *f, const struct counters *c)
{
	const uint8_t *at = (const uint8_t *)c + f->offset;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch ((enum field_type)f->type) {
	case TYPE_U8: return *at;
	case TYPE_U16: memcpy(&u16, at, sizeof(u16)); return u16;
	case TYPE_TEXT:
	case TYPE_U32: memcpy(&u32, at, sizeof(u32)); return u32;
	case TYPE_U64:
	case TYPE_I64: memcpy(&u64, at, sizeof(u64)); return u64;
	default: return 0;
	}
}

static inline uint64_t load_count(const struct plan_field *f, const struct counters *c)
{
	return *(const uint64_t *)(const void *)((const uint8_t *)c + f->offset);
}

static void store(const struct plan_field *f, struct counters *c, uint64_t v)
{
	uint8_t *at = (uint8_t *)c + f->offset;
	uint16_t u16 = (uint16_t)v;
	uint32_t u32 = (uint32_t)v;

	switch ((enum field_type)f->type) {
	case TYPE_U8: *at = (uint8_t)v; break;
	case TYPE_U16: memcpy(at, &u16, sizeof(u16)); break;
	case TYPE_TEXT:
	case TYPE_U32: memcpy(at, &u32, sizeof(u32)); break;
	case TYPE_U64:
	case TYPE_I64: memcpy(at, &v, sizeof(v)); break;
	default: break;
	}
}

static u128 load_big(const struct plan_field *f, const struct counters *c)
{
	u128 v;

	memcpy(&v, (const uint8_t *)c + f->offset, sizeof(v));
	return v;
}

static void store_big(const struct plan_field *f, struct counters *c, u128 v)
{
	memcpy((uint8_t *)c + f->offset, &v, sizeof(v));
}

/* ---- guessing --------------------------------------------------------------------------- */

void guess_flow(struct segment_guess *g, unsigned kind, bool is_short)
{
	g->ip = kind == ADDR_IPV4 || kind == ADDR_IPV6;
	g->header_bytes = 14u + (kind == ADDR_IPV6 ? 40u : 20u) + (is_short ? 8u : 20u);
	g->app = g->name = 0;
}

void guess_micro(struct segment_guess *g, const struct counters *c)
{
	g->first_ns = codec_first(c);
	g->last_ns = codec_last(c);
	g->app = c->known & FIELD_BIT(FIELD_APP) ? c->text[TEXT_APP] : 0;
	g->name = c->known & FIELD_BIT(FIELD_NAME) ? c->text[TEXT_NAME] : 0;
}

static struct guess known(uint64_t v)
{
	return (struct guess){ v, true };
}

static struct guess unknown(uint64_t v)
{
	return (struct guess){ v, false };
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
 * Sum of squares of n values whose sum, least and largest are known: exact for n <= 3, else
 * what it is at least (Cauchy-Schwarz). With unit 1000 a multiple of 1000 * 1000.
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

static struct guess guess_gap_sum(
	const struct counters *c, const struct segment_guess *g, bool first_micro)
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

static struct guess guess_like(const struct counters *c, enum field_id id, uint64_t v)
{
	return (struct guess){ v, (c->known & FIELD_BIT(id)) != 0 };
}

/* The options that a SYN has: `sack` tells whether it was there, and a usual one. */
static struct guess guess_option(const struct counters *c, enum field_id sack, unsigned dir, uint64_t v)
{
	return (struct guess){ v, (c->known & FIELD_BIT(sack)) && c->sack[dir] == 1 };
}

static struct guess guess_sack(uint64_t handshakes)
{
	return handshakes > 0 ? known(1) : unknown(1);
}

static struct guess guess_turns(const struct counters *c)
{
	bool talk = c->payload_bytes > 0 && c->packets[DIR_C2S] > 0 && c->packets[DIR_S2C] > 0;

	return known(talk && !(c->known & FIELD_BIT(FIELD_ICMP_TYPE)));
}

/* Connections, and what is asked over them. */
static struct guess guess_connection(
	enum index_guess how, const struct counters *c, const struct segment_guess *g)
{
	bool syn = c->tcp_flags & TCP_SYN, end = c->tcp_flags & (TCP_FIN | TCP_RST);
	uint64_t mss = 1514 - g->header_bytes;

	switch (how) {
	case GUESS_HANDSHAKE: return known(syn && c->packets[DIR_C2S] > 0 && c->packets[DIR_S2C] > 0);
	case GUESS_ATTEMPTED: return known(syn && c->packets[DIR_C2S] > 0);
	case GUESS_ANSWERED: return known(c->packets[DIR_S2C] > 0 ? c->attempted : 0);
	case GUESS_C2S_SACK: return guess_sack(c->attempted);
	case GUESS_S2C_SACK: return guess_sack(c->answered);
	case GUESS_C2S_MSS: return guess_option(c, FIELD_C2S_SACK, DIR_C2S, mss);
	case GUESS_S2C_MSS: return guess_option(c, FIELD_S2C_SACK, DIR_S2C, mss);
	case GUESS_C2S_SCALE: return guess_option(c, FIELD_C2S_SACK, DIR_C2S, 7);
	case GUESS_S2C_SCALE:
		return guess_option(c, FIELD_S2C_SACK, DIR_S2C, c->window_scale[DIR_C2S]);
	case GUESS_CLOSED_BY:
		return (struct guess){ CLOSED_BY_CLIENT, end && c->refused == 0 };
	case GUESS_TURNS: return guess_turns(c);
	case GUESS_RESPONSE_N: return known(c->turns);
	case GUESS_TRANSFER_N: return known(c->response.n);
	default: return unknown(0);
	}
}

static struct guess guess_small(
	enum index_guess how, const struct counters *c, const struct segment_guess *g)
{
	switch (how) {
	case GUESS_ONE: return known(1);
	case GUESS_C2S_TTL: return guess_like(c, FIELD_C2S_TTL_MIN, c->ttl_min[DIR_C2S]);
	case GUESS_S2C_TTL: return guess_like(c, FIELD_S2C_TTL_MIN, c->ttl_min[DIR_S2C]);
	case GUESS_WINDOW: return guess_like(c, FIELD_WINDOW_MIN, c->window_min);
	case GUESS_DSCP: return (struct guess){ 0, g->ip };
	case GUESS_SYN: return guess_flag(c, TCP_SYN);
	case GUESS_FIN: return guess_flag(c, TCP_FIN);
	case GUESS_RST: return known(c->tcp_flags & TCP_RST ? 1 : 0);
	case GUESS_END: return guess_end(c);
	case GUESS_APP: return (struct guess){ g->app, g->app != 0 };
	case GUESS_NAME: return (struct guess){ g->name, g->name != 0 };
	default: return guess_connection(how, c, g);
	}
}

static struct guess guess_times_min(const struct time_sums *t)
{
	return guess_min(t->n, t->sum_ns, t->max_ns);
}

static struct guess guess_field(enum index_guess how, const struct counters *c,
	const struct segment_guess *g, bool first_micro)
{
	switch (how) {
	case GUESS_TIME: return unknown((uint64_t)g->first_ns);
	case GUESS_FIRST: return known((uint64_t)c->first_ns);
	case GUESS_BEGINS: return known(first_micro && !g->continued);
	case GUESS_PAYLOAD: return guess_payload(c, g);
	case GUESS_SIZE_MIN:
		return counters_packets(c) == 1 ? known((uint32_t)counters_bytes(c))
						: unknown(0);
	case GUESS_SIZE_MAX: return guess_size_max(c);
	case GUESS_GAP_SUM: return guess_gap_sum(c, g, first_micro);
	case GUESS_GAP_MAX: return guess_max(gaps(c), c->gap_sum);
	case GUESS_GAP_MIN: return guess_min(gaps(c), c->gap_sum, c->gap_max);
	case GUESS_RTT_MAX: return guess_max(c->rtt_n, c->rtt_sum);
	case GUESS_RTT_MIN: return guess_min(c->rtt_n, c->rtt_sum, c->rtt_max);
	case GUESS_CLIENT_MAX: return guess_max(c->rtt_client.n, c->rtt_client.sum_ns);
	case GUESS_CLIENT_MIN: return guess_times_min(&c->rtt_client);
	case GUESS_SERVER_MAX: return guess_max(c->rtt_server.n, c->rtt_server.sum_ns);
	case GUESS_SERVER_MIN: return guess_times_min(&c->rtt_server);
	case GUESS_RESPONSE_MAX: return guess_max(c->response.n, c->response.sum_ns);
	case GUESS_RESPONSE_MIN: return guess_times_min(&c->response);
	case GUESS_TRANSFER_MAX: return guess_max(c->transfer_n, c->transfer_sum_ns);
	default: return guess_small(how, c, g);
	}
}

static u128 guess_times_squares(const struct time_sums *t)
{
	return guess_squares(t->n, (uint64_t)t->sum_ns, (uint64_t)t->min_ns, (uint64_t)t->max_ns, 1000);
}

/* Fields of 128 bits are sums of squares: known always. */
static u128 guess_big(enum index_guess how, const struct counters *c)
{
	switch (how) {
	case GUESS_SIZE_SUMSQ:
		return guess_squares(
			counters_packets(c), counters_bytes(c), c->size_min, c->size_max, 1);
	case GUESS_GAP_SUMSQ:
		return guess_squares(gaps(c), (uint64_t)c->gap_sum, (uint64_t)c->gap_min,
			(uint64_t)c->gap_max, 1000);
	case GUESS_RTT_SUMSQ:
		return guess_squares(c->rtt_n, (uint64_t)c->rtt_sum, (uint64_t)c->rtt_min,
			(uint64_t)c->rtt_max, 1000);
	case GUESS_CLIENT_SUMSQ: return guess_times_squares(&c->rtt_client);
	case GUESS_SERVER_SUMSQ: return guess_times_squares(&c->rtt_server);
	case GUESS_RESPONSE_SUMSQ: return guess_times_squares(&c->response);
	default: return 0;
	}
}

/* ---- values ----------------------------------------------------------------------------- */

static uint8_t *put_difference(enum index_code code, uint8_t *to, uint64_t d)
{
	int64_t s = (int64_t)d;

	switch (code) {
	case CODE_SIGNED: return varint_put(to, zigzag(s));
	case CODE_TIME:
		return s % 1000 == 0 ? varint_put_flagged(to, zigzag(s / 1000), false)
				     : varint_put_flagged(to, zigzag(s), true);
	case CODE_DURATION:
		return d % 1000 == 0 ? varint_put_flagged(to, d / 1000, false)
				     : varint_put_flagged(to, d, true);
	default: return varint_put(to, d);
	}
}

static uint64_t get_difference(enum index_code code, struct cursor *cur)
{
	bool fine = false;
	uint64_t v;

	switch (code) {
	case CODE_SIGNED: return (uint64_t)zigzag_back(cursor_varint(cur));
	case CODE_TIME:
		v = (uint64_t)zigzag_back(varint_get_flagged64(cur, &fine));
		return fine ? v : v * 1000;
	case CODE_DURATION: v = varint_get_flagged64(cur, &fine); return fine ? v : v * 1000;
	default: return cursor_varint(cur);
	}
}

enum { SQUARE_UNIT = 1000 * 1000 };

static uint8_t *put_big_difference(enum index_code code, uint8_t *to, u128 d)
{
	if (code != CODE_SQUARE)
		return varint_put_big(to, d);
	if (d >> 64 == 0 && (uint64_t)d % SQUARE_UNIT == 0)
		return varint_put_flagged(to, (uint64_t)d / SQUARE_UNIT, false);
	return d >> 64 != 0 && d % SQUARE_UNIT == 0
		? varint_put_flagged(to, d / SQUARE_UNIT, false)
		: varint_put_flagged(to, d, true);
}

static u128 get_big_difference(enum index_code code, struct cursor *cur)
{
	bool fine = true;
	u128 v;

	if (code != CODE_SQUARE)
		return varint_get_big(cur);
	v = varint_get_flagged(cur, &fine);
	return fine ? v : v * SQUARE_UNIT;
}

static void skip_value(const struct plan_field *f, struct cursor *cur)
{
	if (f->len_prefixed)
		cursor_skip(cur, (size_t)cursor_varint(cur));
	else
		varint_skip(cur, 1);
}

/* ---- counters --------------------------------------------------------------------------- */

/*
 * Writes a field whose value is not what it is guessed to be; *written says whether. False
 * where it is guessed and not known, or not known and not 0 (others are guessed from it): then
 * only the plain form tells the truth.
 */
static inline bool put_field(const struct plan_field *f, uint8_t **to,
	const struct segment_guess *g, bool first_micro, const struct counters *c,
	bool is_known, bool is_absent, bool *written)
{
	struct guess guess = { 0, f->sum };
	uint64_t v = load(f, c);

	if (f->guess != GUESS_ABSENT && !is_absent)
		guess = guess_field(f->guess, c, g, first_micro);
	if (!is_known)
		return !guess.known && v == 0;
	*written = !guess.known || guess.v != v;
	if (*written)
		*to = put_difference(f->code, *to, v - guess.v);
	return true;
}

static void put_big(const struct plan_field *f, uint8_t **to, const struct counters *c,
	bool plain, bool *written)
{
	u128 v = load_big(f, c), guess = plain ? 0 : guess_big(f->guess, c);

	*written = v != guess;
	if (*written)
		*to = put_big_difference(f->code, *to, v - guess);
}

/*
 * Values of the fields that differ from their guess; *bits says which, *guessed what a reader
 * takes for known.
 */
static bool put_guessed(const struct plan *p, uint8_t **to, const struct segment_guess *g,
	bool first_micro, const struct counters *c, u128 lacks, u128 *bits, u128 *guessed)
{
	u128 known_bits = c->known | p->sums;

	*bits = 0;
	*guessed = p->sums | (c->known & p->all);
	for (unsigned i = 0; i < p->n; i++) {
		const struct plan_field *f = &p->fields[i];
		bool written = false;

		/* half of all fields in most parts: nothing to guess, nothing to say */
		if (f->count && load_count(f, c) == 0)
			continue;
		if (f->type == TYPE_U128)
			put_big(f, to, c, false, &written);
		else if (!put_field(f, to, g, first_micro, c, (known_bits & f->bit) != 0,
				 (lacks & f->bit) != 0, &written))
			return false;
		if (written)
			*bits |= (u128)2 << i;
	}
	return true;
}

static void put_plain(
	const struct plan *p, uint8_t **to, const struct counters *c, u128 *bits, u128 *guessed)
{
	*bits = 0;
	*guessed = p->sums | (c->known & p->all);
	for (unsigned i = 0; i < p->n; i++) {
		const struct plan_field *f = &p->fields[i];
		bool written = f->sum ? f->type == TYPE_U128 || load(f, c) != 0
				      : (c->known & f->bit) != 0;

		if (f->type == TYPE_U128)
			put_big(f, to, c, true, &written);
		else if (written)
			*to = put_difference(f->code, *to, load(f, c));
		if (written)
			*bits |= (u128)2 << i;
	}
}

uint8_t *codec_put(const struct plan *p, uint8_t *to, const struct segment_guess *g,
	bool first_micro, const struct counters *c, struct codec_extra *extra)
{
	uint8_t values[CODEC_MAX], *end = values;
	unsigned lacking = attributes_lacking(c->known);
	u128 lacks = lacking ? attribute_fields(lacking) : 0;
	u128 bits, guessed;

	extra->flags |= lacking << MICRO_LACKS_SHIFT;
	if (!put_guessed(p, &end, g, first_micro, c, lacks, &bits, &guessed)) {
		end = values;
		extra->flags |= MICRO_PLAIN;
		put_plain(p, &end, c, &bits, &guessed);
	}
	extra->known = (c->known & p->all) ^ (guessed & ~lacks);
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

static void get_big(const struct plan_field *f, bool written, struct cursor *cur, bool plain,
	struct counters *out)
{
	u128 v = plain ? 0 : guess_big(f->guess, out);

	if (written)
		v += get_big_difference(f->code, cur);
	store_big(f, out, v);
}

static inline void get_counter(const struct plan_field *f, bool written, struct cursor *cur,
	const struct segment_guess *g, bool first_micro, bool plain, struct counters *out)
{
	struct guess guess = { 0, false };

	if (f->guess != GUESS_ABSENT && !plain)
		guess = guess_field(f->guess, out, g, first_micro);
	if (written)
		guess = known(guess.v + get_difference(f->code, cur));
	if (!guess.known)
		return;
	store(f, out, guess.v);
	out->known |= f->bit;
}

/* What plan.passing names, which is all that is looked at. */
static void init_passed(struct counters *c)
{
	c->mixed = 0;
	c->first_ns = 0;
	c->packets[DIR_C2S] = c->packets[DIR_S2C] = 0;
}

void codec_get(const struct plan *p, struct cursor *cur, const struct segment_guess *g,
	bool first_micro, u128 wanted, struct counters *out, struct codec_extra *extra)
{
	u128 bits = varint_get_big(cur);
	u128 walk, lacks;
	uint64_t passed = 0; /* varints that nobody asked for */
	bool plain;

	*extra = (struct codec_extra){ 0 };
	if (wanted == CODEC_ALL)
		counters_init(out);
	else
		init_passed(out);
	out->known = p->sums;
	if (bits & 1)
		extra->flags = varint_get32(cur);
	plain = extra->flags & MICRO_PLAIN;
	bits &= ~(u128)1;
	if (extra->flags & ~(unsigned)MICRO_EXTRA_ALL || bits >> (p->n + 1) != 0) {
		cur->truncated = true;
		return;
	}
	lacks = attribute_fields(extra->flags >> MICRO_LACKS_SHIFT);
	walk = bits | (plain ? 0 : p->guessed & wanted);
	for (unsigned half = 0; half < 128; half += 64) {
		uint64_t left = (uint64_t)(walk >> half), written = (uint64_t)(bits >> half);
		uint64_t asked = (uint64_t)(wanted >> half), stops = left & (asked | (uint64_t)(p->prefixed >> half));

		for (; stops && !cur->truncated; stops &= stops - 1) {
			unsigned n = (unsigned)__builtin_ctzll(stops);
			const struct plan_field *f = &p->fields[half + n - 1];
			uint64_t before = left & ((UINT64_C(1) << n) - 1);

			if (before || passed) {
				varint_skip(cur, passed + (unsigned)__builtin_popcountll(before));
				passed = 0;
			}
			left &= ~(before | UINT64_C(1) << n);
			if (f->skip || !(asked >> n & 1))
				skip_value(f, cur);
			else if (f->type == TYPE_U128)
				get_big(f, written >> n & 1, cur, plain, out);
			else
				get_counter(f, written >> n & 1, cur, g, first_micro,
					plain || (f->bit & lacks) != 0, out);
		}
		passed += (unsigned)__builtin_popcountll(left);
	}
	varint_skip(cur, passed);
	out->known &= ~lacks;
}

void codec_set_state(const struct plan *p, u128 wanted, struct counters *c, const struct codec_extra *extra)
{
	c->known ^= extra->known & p->all;
	c->mixed = extra->mixed & p->all;
	if (wanted != CODEC_ALL)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		const struct plan_field *f = &p->fields[i];

		if (!f->skip && !f->sum && !(c->known & f->bit))
			store(f, c, 0);
	}
}
