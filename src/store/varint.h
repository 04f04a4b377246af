/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The variable-length numbers of index files (see store/format.h) for the loops that run once a
 * microflow: written to a plain pointer whose room was checked before (VARINT_MAX bytes a
 * number), read through the checked cursor. The bytes are those
 * of buf_put_varint().
 */
#ifndef FLOWDRILL_STORE_VARINT_H
#define FLOWDRILL_STORE_VARINT_H

#include "base/cursor.h"

static inline uint8_t *varint_put(uint8_t *to, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*to++ = (uint8_t)(v | 0x80);
	*to++ = (uint8_t)v;
	return to;
}

static inline uint8_t *varint_put_big(uint8_t *to, u128 v)
{
	for (; v >= 0x80; v >>= 7)
		*to++ = (uint8_t)(v | 0x80);
	*to++ = (uint8_t)v;
	return to;
}

/* A number with a flag in its lowest bit; 129 bits in all. */
static inline uint8_t *varint_put_flagged(uint8_t *to, u128 v, bool flag)
{
	uint8_t first = (uint8_t)((v & 0x3f) << 1 | flag);

	v >>= 6;
	if (v == 0) {
		*to++ = first;
		return to;
	}
	*to++ = first | 0x80;
	return (uint64_t)v == v ? varint_put(to, (uint64_t)v) : varint_put_big(to, v);
}

static inline uint64_t zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t zigzag_back(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* A varint that must fit into 32 bits. */
static inline uint32_t varint_get32(struct cursor *c)
{
	uint64_t v = cursor_varint(c);

	if (v > UINT32_MAX) {
		c->truncated = true;
		return 0;
	}
	return (uint32_t)v;
}

/* Up to 128 bits; behind the first nine bytes, which are 63 bits, few have more. */
static inline u128 varint_get_big(struct cursor *c)
{
	uint64_t low = 0;
	u128 v;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint8_t byte = cursor_u8(c);

		low |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return low;
	}
	v = low;
	for (unsigned shift = 63; shift < 128; shift += 7) {
		uint8_t byte = cursor_u8(c);

		v |= (u128)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	c->truncated = true;
	return 0;
}

/* A flagged number of 64 bits; what is above is lost. */
static inline uint64_t varint_get_flagged64(struct cursor *c, bool *flag)
{
	uint8_t first = cursor_u8(c);
	uint64_t v = (first >> 1) & 0x3f;

	*flag = first & 1;
	return first < 0x80 ? v : v | cursor_varint(c) << 6;
}

static inline u128 varint_get_flagged(struct cursor *c, bool *flag)
{
	uint8_t first = cursor_u8(c);
	u128 v = (first >> 1) & 0x3f;

	*flag = first & 1;
	if (first < 0x80)
		return v;
	return v | varint_get_big(c) << 6;
}

/* Steps over n of them, flagged or not: each ends with the first byte whose top bit is clear; eight bytes are looked at together. */
static inline void varint_skip(struct cursor *c, uint64_t n)
{
	const uint64_t tops = UINT64_C(0x8080808080808080), ones = UINT64_C(0x0101010101010101);

	while (n > 0 && cursor_left(c) >= 8) {
		uint64_t ends = ~load_le64(c->data + c->pos) & tops;
		/* the product's highest byte is how many there are */
		uint64_t found = (ends >> 7) * ones >> 56;

		if (found < n) {
			c->pos += 8;
			n -= found;
			continue;
		}
		while (--n > 0)
			ends &= ends - 1;
		c->pos += (unsigned)__builtin_ctzll(ends) / 8 + 1;
	}
	for (; n > 0 && !c->truncated; n--)
		while (cursor_u8(c) >= 0x80)
			;
}

#endif
