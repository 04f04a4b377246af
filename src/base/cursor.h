/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bounds-checked reader over bytes that nobody trusts.
 *
 * Every get beyond the end returns 0 and sets the sticky `truncated`; a reader
 * may read a whole header and check once. Lengths are compared, never pointers.
 * The bytes belong to somebody else and outlive the cursor. Everything here is
 * inline: it is the innermost loop of decoding.
 */
#ifndef FLOWDRILL_BASE_CURSOR_H
#define FLOWDRILL_BASE_CURSOR_H

#include "base/buf.h"

#include <string.h>

struct cursor {
	const uint8_t *data;  /* the first byte */
	size_t pos;           /* bytes consumed, <= len */
	size_t len;           /* bytes there are */
	bool truncated;       /* a get went past the end */
};

static inline void cursor_init(struct cursor *c, const void *data, size_t len)
{
	c->data = data;
	c->pos = 0;
	c->len = len;
	c->truncated = false;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return c->len - c->pos;
}

/* The next n bytes, consumed; NULL (and truncated) where there are fewer. */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
	if (n > cursor_left(c)) {
		c->truncated = true;
		c->pos = c->len;
		return NULL;
	}
	const uint8_t *p = c->data + c->pos;
	c->pos += n;
	return p;
}

/* The next n bytes, not consumed; NULL where there are fewer (truncated is not set). */
static inline const uint8_t *cursor_peek(const struct cursor *c, size_t n)
{
	return n > cursor_left(c) ? NULL : c->data + c->pos;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_bytes(c, n);
}

/* Forgets bytes behind the next n, as an inner length field says; a larger n changes nothing. */
static inline void cursor_limit(struct cursor *c, size_t n)
{
	if (n < cursor_left(c))
		c->len = c->pos + n;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t load_be64(const uint8_t *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

static inline uint16_t load_le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t load_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t load_le64(const uint8_t *p)
{
	return (uint64_t)load_le32(p + 4) << 32 | load_le32(p);
}

static inline uint16_t cursor_be16(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 2);
	return p ? load_be16(p) : 0;
}

static inline uint32_t cursor_be32(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 4);
	return p ? load_be32(p) : 0;
}

static inline uint64_t cursor_be64(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 8);
	return p ? load_be64(p) : 0;
}

static inline uint16_t cursor_le16(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 2);
	return p ? load_le16(p) : 0;
}

static inline uint32_t cursor_le32(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 4);
	return p ? load_le32(p) : 0;
}

static inline uint64_t cursor_le64(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 8);
	return p ? load_le64(p) : 0;
}

/* The rest of a varint near the end, byte by byte. */
static inline uint64_t cursor_varint_end(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cursor_u8(c);
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	c->truncated = true;
	return 0;
}

/* One that cannot reach beyond the end: ten bytes are there. */
static inline uint64_t cursor_varint_inside(struct cursor *c)
{
	const uint8_t *p = c->data + c->pos;
	uint64_t v = 0;

	for (unsigned i = 0; i < 10; i++) {
		v |= (uint64_t)(p[i] & 0x7f) << 7 * i;
		if (p[i] < 0x80) {
			c->pos += i + 1;
			return v;
		}
	}
	c->truncated = true;
	return 0;
}

/* LEB128 as buf_put_varint() writes it; more than 64 bits count as truncated. Most are one byte. */
static inline uint64_t cursor_varint(struct cursor *c)
{
	if (c->pos < c->len && c->data[c->pos] < 0x80)
		return c->data[c->pos++];
	return cursor_left(c) >= 10 ? cursor_varint_inside(c) : cursor_varint_end(c);
}

static inline int64_t cursor_zigzag(struct cursor *c)
{
	uint64_t v = cursor_varint(c);
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline u128 cursor_u128(struct cursor *c)
{
	u128 high = cursor_varint(c);
	return high << 64 | cursor_varint(c);
}

#endif
