/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_init(struct buf *b)
{
	*b = (struct buf){ 0 };
}

void buf_free(struct buf *b)
{
	mem_free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

uint8_t *buf_reserve(struct buf *b, size_t more)
{
	size_t need;

	if (b->failed)
		return NULL;
	if (__builtin_add_overflow(b->len, more, &need) ||
		mem_grow(&b->data, &b->cap, need ? need : 1, 1) != 0) {
		b->failed = true;
		return NULL;
	}
	return b->data + b->len;
}

void buf_put(struct buf *b, const void *bytes, size_t len)
{
	uint8_t *to = buf_reserve(b, len);

	if (!to || len == 0)
		return;
	memcpy(to, bytes, len);
	b->len += len;
}

void buf_put_zeros(struct buf *b, size_t len)
{
	uint8_t *to = buf_reserve(b, len);

	if (!to)
		return;
	memset(to, 0, len);
	b->len += len;
}

void buf_put_u8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, 1);
}

static void store_le(uint8_t *to, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

static void buf_put_le(struct buf *b, uint64_t v, size_t bytes)
{
	uint8_t *to = buf_reserve(b, bytes);

	if (!to)
		return;
	store_le(to, v, bytes);
	b->len += bytes;
}

void buf_put_le16(struct buf *b, uint16_t v)
{
	buf_put_le(b, v, 2);
}

void buf_put_le32(struct buf *b, uint32_t v)
{
	buf_put_le(b, v, 4);
}

void buf_put_le64(struct buf *b, uint64_t v)
{
	buf_put_le(b, v, 8);
}

void buf_put_varint(struct buf *b, uint64_t v)
{
	uint8_t *to = buf_reserve(b, 10);
	size_t n = 0;

	if (!to)
		return;
	for (; v >= 0x80; v >>= 7)
		to[n++] = (uint8_t)(v | 0x80);
	to[n++] = (uint8_t)v;
	b->len += n;
}

void buf_put_zigzag(struct buf *b, int64_t v)
{
	buf_put_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void buf_put_u128(struct buf *b, u128 v)
{
	buf_put_varint(b, (uint64_t)(v >> 64));
	buf_put_varint(b, (uint64_t)v);
}

void buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

/* Formats behind what is there; how long the text is, or -1. */
__attribute__((format(printf, 2, 0)))
static int buf_format(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->cap - b->len;

	return vsnprintf(room ? (char *)b->data + b->len : NULL, room, fmt, ap);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	if (b->failed)
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = buf_format(b, fmt, ap);
	if (n >= 0 && (size_t)n >= b->cap - b->len && buf_reserve(b, (size_t)n + 1))
		n = buf_format(b, fmt, again);
	va_end(again);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	if (!b->failed)
		b->len += (size_t)n;
}

void buf_set_le32(struct buf *b, size_t at, uint32_t v)
{
	if (!b->failed)
		store_le(b->data + at, v, 4);
}

void buf_set_le64(struct buf *b, size_t at, uint64_t v)
{
	if (!b->failed)
		store_le(b->data + at, v, 8);
}

const char *buf_text(struct buf *b)
{
	uint8_t *end = buf_reserve(b, 1);

	if (!end)
		return "";
	*end = '\0';
	return (const char *)b->data;
}
