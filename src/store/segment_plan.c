/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/segment_plan.h"

#include "base/hash.h"

#include <stddef.h>

/*
 * Counters whose value can be guessed, in the order of their bits: those come first that are
 * written most often (a varint of the bits is short then), and behind what they are guessed
 * from. The rest of the field table's counters follow by id.
 */
static const struct {
	uint8_t id, code, guess;
} known_counters[] = {
	{ FIELD_FIRST, CODE_TIME, GUESS_TIME },
	{ FIELD_C2S_BYTES, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_C2S_TTL_MIN, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_C2S_PACKETS, CODE_PLAIN, GUESS_ONE },
	{ FIELD_S2C_PACKETS, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_S2C_BYTES, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_PAYLOAD_BYTES, CODE_SIGNED, GUESS_PAYLOAD },
	{ FIELD_TCP_FLAGS, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_WINDOW_MIN, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_S2C_TTL_MIN, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_LAST, CODE_DURATION, GUESS_FIRST },
	{ FIELD_SIZE_MIN, CODE_PLAIN, GUESS_SIZE_MIN },
	{ FIELD_SIZE_MAX, CODE_PLAIN, GUESS_SIZE_MAX },
	{ FIELD_WINDOW_MAX, CODE_PLAIN, GUESS_WINDOW },
	{ FIELD_FLOWS, CODE_PLAIN, GUESS_BEGINS },
	{ FIELD_GAP_SUM, CODE_TIME, GUESS_GAP_SUM },
	{ FIELD_GAP_MAX, CODE_TIME, GUESS_GAP_MAX },
	{ FIELD_GAP_MIN, CODE_TIME, GUESS_GAP_MIN },
	{ FIELD_GAP_SUMSQ, CODE_SQUARE, GUESS_GAP_SUMSQ },
	{ FIELD_SIZE_SUMSQ, CODE_PLAIN, GUESS_SIZE_SUMSQ },
	{ FIELD_RESPONSE_SUM, CODE_TIME, GUESS_ABSENT },
	{ FIELD_TRANSFER_SUM, CODE_TIME, GUESS_ABSENT },
	{ FIELD_RTT_SUM, CODE_TIME, GUESS_ABSENT },
	{ FIELD_RTT_SERVER_N, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_RTT_SERVER_SUM, CODE_TIME, GUESS_ABSENT },
	{ FIELD_RTT_SERVER_MAX, CODE_TIME, GUESS_SERVER_MAX },
	{ FIELD_RTT_SERVER_MIN, CODE_TIME, GUESS_SERVER_MIN },
	{ FIELD_RTT_CLIENT_N, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_RTT_CLIENT_SUM, CODE_TIME, GUESS_ABSENT },
	{ FIELD_RTT_CLIENT_MAX, CODE_TIME, GUESS_CLIENT_MAX },
	{ FIELD_RTT_CLIENT_MIN, CODE_TIME, GUESS_CLIENT_MIN },
	{ FIELD_IN_FLIGHT_MAX, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_RTT_SERVER_SUMSQ, CODE_SQUARE, GUESS_SERVER_SUMSQ },
	{ FIELD_RTT_CLIENT_SUMSQ, CODE_SQUARE, GUESS_CLIENT_SUMSQ },
	{ FIELD_ICMP_TYPE, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_ATTEMPTED, CODE_SIGNED, GUESS_ATTEMPTED },
	{ FIELD_C2S_SACK, CODE_SIGNED, GUESS_C2S_SACK },
	{ FIELD_C2S_WINDOW_SCALE, CODE_SIGNED, GUESS_C2S_SCALE },
	{ FIELD_TURNS, CODE_SIGNED, GUESS_TURNS },
	{ FIELD_RESPONSE_N, CODE_SIGNED, GUESS_RESPONSE_N },
	{ FIELD_RESPONSE_MAX, CODE_TIME, GUESS_RESPONSE_MAX },
	{ FIELD_RESPONSE_MIN, CODE_TIME, GUESS_RESPONSE_MIN },
	{ FIELD_RESPONSE_SUMSQ, CODE_SQUARE, GUESS_RESPONSE_SUMSQ },
	{ FIELD_TRANSFER_N, CODE_SIGNED, GUESS_TRANSFER_N },
	{ FIELD_TRANSFER_MAX, CODE_TIME, GUESS_TRANSFER_MAX },
	{ FIELD_APP, CODE_PLAIN, GUESS_APP },
	{ FIELD_NAME, CODE_PLAIN, GUESS_NAME },
	{ FIELD_REQUESTS, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_STATUS, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_SYN, CODE_SIGNED, GUESS_SYN },
	{ FIELD_FIN, CODE_SIGNED, GUESS_FIN },
	{ FIELD_RST, CODE_SIGNED, GUESS_RST },
	{ FIELD_RTT_N, CODE_SIGNED, GUESS_HANDSHAKE },
	{ FIELD_RTT_MAX, CODE_TIME, GUESS_RTT_MAX },
	{ FIELD_RTT_MIN, CODE_TIME, GUESS_RTT_MIN },
	{ FIELD_RTT_SUMSQ, CODE_SQUARE, GUESS_RTT_SUMSQ },
	{ FIELD_ANSWERED, CODE_SIGNED, GUESS_ANSWERED },
	{ FIELD_REFUSED, CODE_PLAIN, GUESS_ABSENT },
	{ FIELD_CLOSED_BY, CODE_SIGNED, GUESS_CLOSED_BY },
	{ FIELD_S2C_SACK, CODE_SIGNED, GUESS_S2C_SACK },
	{ FIELD_C2S_MSS, CODE_SIGNED, GUESS_C2S_MSS },
	{ FIELD_S2C_MSS, CODE_SIGNED, GUESS_S2C_MSS },
	{ FIELD_S2C_WINDOW_SCALE, CODE_SIGNED, GUESS_S2C_SCALE },
	{ FIELD_END_REASON, CODE_PLAIN, GUESS_END },
	{ FIELD_DSCP, CODE_PLAIN, GUESS_DSCP },
	{ FIELD_C2S_TTL_MAX, CODE_PLAIN, GUESS_C2S_TTL },
	{ FIELD_S2C_TTL_MAX, CODE_PLAIN, GUESS_S2C_TTL },
};

enum { KNOWN_COUNTERS = sizeof(known_counters) / sizeof(known_counters[0]) };

static bool is_counter(const struct field *f)
{
	return f && f->merge != MERGE_NONE && f->merge != MERGE_UNION &&
		(f->type <= TYPE_U128 || f->type == TYPE_TEXT) &&
		f->offset >= offsetof(struct record, c) &&
		f->offset < offsetof(struct record, c) + sizeof(struct counters);
}

static bool is_key(const struct field *f)
{
	return f && f->merge == MERGE_SAME && f->offset >= offsetof(struct record, key) &&
		f->offset < offsetof(struct record, key) + sizeof(struct flow_key);
}

static bool is_guessed_elsewhere(unsigned id)
{
	for (size_t i = 0; i < KNOWN_COUNTERS; i++)
		if (known_counters[i].id == id)
			return true;
	return false;
}

static enum index_code usual_code(const struct field *f)
{
	if (f->type != TYPE_I64)
		return CODE_PLAIN;
	return f->unit == UNIT_TIME || f->unit == UNIT_DURATION ? CODE_TIME : CODE_SIGNED;
}

static void put_row(
	struct buf *out, const struct field *f, unsigned place, unsigned code, unsigned guess)
{
	size_t len = strlen(f->name);

	buf_put_le16(out, (uint16_t)f->id);
	buf_put_u8(out, (uint8_t)f->type);
	buf_put_u8(out, (uint8_t)f->unit);
	buf_put_u8(out, (uint8_t)f->merge);
	buf_put_u8(out, (uint8_t)place);
	buf_put_u8(out, (uint8_t)code);
	buf_put_u8(out, (uint8_t)guess);
	buf_put_u8(out, (uint8_t)len);
	buf_put(out, f->name, len & 0xff);
}

void plan_put_rows(struct buf *out, uint32_t *n)
{
	*n = 0;
	for (unsigned id = 0; id < FIELD_STORED_END; id++) {
		if (is_key(field_stored(id))) {
			put_row(out, field_stored(id), INDEX_PLACE_KEY, CODE_PLAIN,
				GUESS_ABSENT);
			++*n;
		}
	}
	for (size_t i = 0; i < KNOWN_COUNTERS; i++) {
		if (is_counter(field_stored(known_counters[i].id))) {
			put_row(out, field_stored(known_counters[i].id), INDEX_PLACE_COUNTER,
				known_counters[i].code, known_counters[i].guess);
			++*n;
		}
	}
	for (unsigned id = 0; id < FIELD_STORED_END; id++) {
		const struct field *f = field_stored(id);
		if (is_counter(f) && !is_guessed_elsewhere(id)) {
			put_row(out, f, INDEX_PLACE_COUNTER, usual_code(f), GUESS_ABSENT);
			++*n;
		}
	}
}

bool plan_next_row(struct cursor *c, struct plan_row *out)
{
	out->id = cursor_le16(c);
	out->type = cursor_u8(c);
	out->unit = cursor_u8(c);
	out->merge = cursor_u8(c);
	out->place = cursor_u8(c);
	out->code = cursor_u8(c);
	out->guess = cursor_u8(c);
	out->name_len = cursor_u8(c);
	out->name = cursor_bytes(c, out->name_len);
	return !c->truncated;
}

static bool is_big_guess(unsigned guess)
{
	return guess == GUESS_SIZE_SUMSQ || guess == GUESS_GAP_SUMSQ || guess == GUESS_RTT_SUMSQ ||
		guess == GUESS_CLIENT_SUMSQ || guess == GUESS_SERVER_SUMSQ ||
		guess == GUESS_RESPONSE_SUMSQ;
}

/* Fields of 128 bits are sums, and guessed and written in few ways. */
static bool is_big_form(const struct field *f, const struct plan_row *row)
{
	return f->merge == MERGE_SUM && (row->code == CODE_PLAIN || row->code == CODE_SQUARE) &&
		(row->guess == GUESS_ABSENT || is_big_guess(row->guess));
}

/* A row of the file as a counter; false where this program knows it but not how it is written. */
static bool plan_add(struct plan *p, const struct plan_row *row)
{
	const struct field *f = field_stored(row->id);
	struct plan_field *to = &p->fields[p->n];
	u128 index_bit = (u128)1 << (p->n + 1);

	*to = (struct plan_field){ .id = row->id, .type = row->type };
	to->len_prefixed = row->type > TYPE_U128 && row->type != TYPE_TEXT;
	if (to->len_prefixed)
		p->prefixed |= index_bit;
	p->n++;
	if (!is_counter(f) || f->type != row->type || f->merge != row->merge) {
		to->skip = true;
		return true;
	}
	if (row->code < CODE_PLAIN || row->code > CODE_SQUARE || row->guess < GUESS_ABSENT ||
		row->guess >= GUESSES)
		return false;
	if (row->type == TYPE_U128 && !is_big_form(f, row))
		return false;
	if (row->type != TYPE_U128 && (row->code == CODE_SQUARE || is_big_guess(row->guess)))
		return false;
	to->offset = (uint16_t)(f->offset - offsetof(struct record, c));
	to->code = row->code;
	to->guess = row->guess;
	to->sum = f->merge == MERGE_SUM;
	to->count = to->sum && row->type == TYPE_U64 && to->guess == GUESS_ABSENT;
	to->bit = FIELD_BIT(f->id);
	if (p->all & to->bit)
		return false;
	p->all |= to->bit;
	if (to->sum)
		p->sums |= to->bit;
	if (to->guess != GUESS_ABSENT)
		p->guessed |= index_bit;
	return true;
}

/*
 * Where the next microflow part's bytes begin depends on how many packets this one has, and its time on this one's. All the rest
 * can be stepped over, unless a field table guesses these from others.
 */
static void find_passing(struct plan *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct plan_field *f = &p->fields[i];

		if (f->id != FIELD_FIRST && f->id != FIELD_C2S_PACKETS && f->id != FIELD_S2C_PACKETS)
			continue;
		p->passing |= (u128)2 << i;
		if (f->skip || (f->guess != GUESS_ABSENT && f->guess != GUESS_ONE && f->guess != GUESS_TIME)) {
			p->passing = ~(u128)0;
			return;
		}
	}
}

bool plan_parse(struct plan *p, struct cursor *c, uint32_t n)
{
	size_t start = c->pos;
	struct plan_row row;

	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < n; i++) {
		if (!plan_next_row(c, &row))
			return false;
		if (row.place == INDEX_PLACE_COUNTER &&
			(p->n == INDEX_COUNTERS_MAX || !plan_add(p, &row)))
			return false;
	}
	find_passing(p);
	p->usual = plan_is_usual(p);
	p->checksum = hash_bytes(c->data + start, c->pos - start, 0);
	return true;
}

enum rc plan_own(struct plan *p, struct err *err)
{
	struct buf rows;
	struct cursor c;
	uint32_t n;
	bool good;

	buf_init(&rows);
	plan_put_rows(&rows, &n);
	cursor_init(&c, rows.data, rows.len);
	good = !rows.failed && plan_parse(p, &c, n);
	buf_free(&rows);
	/* our own table always parses: memory is all that can be missing */
	return good ? RC_DONE : err_memory(err);
}
