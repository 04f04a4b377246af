/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/macro_codec.h"

#include "base/cursor.h"
#include "base/text.h"
#include "flow/field.h"

#include <string.h>

/*
 * Times are written as differences: FIRST from the window's start, LAST from FIRST, both modulo
 * 2^64.
 */
static uint64_t time_base(const struct record *rec, unsigned id)
{
	if (id == FIELD_FIRST)
		return (uint64_t)rec->slice_ns;
	if (id == FIELD_LAST && rec->c.known & FIELD_BIT(FIELD_FIRST))
		return (uint64_t)rec->c.first_ns;
	return 0;
}

static void put_addr(struct buf *out, const struct addr *a)
{
	buf_put_u8(out, a->kind);
	buf_put(out, a->bytes, addr_len(a));
}

static bool get_addr(struct cursor *c, struct addr *a)
{
	const uint8_t *bytes;
	size_t len;

	memset(a, 0, sizeof(*a));
	a->kind = cursor_u8(c);
	if (a->kind != ADDR_NONE && a->kind != ADDR_IPV4 && a->kind != ADDR_IPV6 && a->kind != ADDR_LINK)
		return false;
	len = addr_len(a);
	bytes = cursor_bytes(c, len);
	if (bytes)
		memcpy(a->bytes, bytes, len);
	return bytes != NULL;
}

static void put_tunnel(struct buf *out, const struct tunnel *t)
{
	buf_put_u8(out, t->type);
	buf_put_u8(out, t->depth);
	buf_put_varint(out, t->id);
	buf_put_varint(out, t->outer_hash);
	put_addr(out, &t->a);
	put_addr(out, &t->b);
}

static bool get_tunnel(struct cursor *c, struct tunnel *t)
{
	memset(t, 0, sizeof(*t));
	t->type = cursor_u8(c);
	t->depth = cursor_u8(c);
	t->id = (uint32_t)cursor_varint(c);
	t->outer_hash = (uint32_t)cursor_varint(c);
	return t->type < TUNNEL_TYPES && get_addr(c, &t->a) && get_addr(c, &t->b);
}

static uint64_t load_uint(const uint8_t *at, enum field_type type)
{
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (type) {
	case TYPE_U8:
		return *at;
	case TYPE_U16:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case TYPE_U32:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

/* False where the number does not fit. */
static bool store_uint(uint8_t *at, enum field_type type, uint64_t v)
{
	uint16_t u16 = (uint16_t)v;
	uint32_t u32 = (uint32_t)v;

	switch (type) {
	case TYPE_U8:
		*at = (uint8_t)v;
		return v <= UINT8_MAX;
	case TYPE_U16:
		memcpy(at, &u16, sizeof(u16));
		return v <= UINT16_MAX;
	case TYPE_U32:
		memcpy(at, &u32, sizeof(u32));
		return v <= UINT32_MAX;
	default:
		memcpy(at, &v, sizeof(v));
		return true;
	}
}

static void put_text(struct buf *out, const struct record *rec, uint32_t number)
{
	size_t len;
	const char *text = texts_get(rec->texts, number, &len);

	buf_put_u8(out, (uint8_t)len);
	buf_put(out, text, len);
}

/* Without a pool, or where it is full, the text is unknown. */
static bool get_text(struct cursor *c, struct record *rec, const struct field *f, uint8_t *at)
{
	uint8_t len = cursor_u8(c);
	const uint8_t *bytes = cursor_bytes(c, len);
	uint32_t number = bytes && rec->texts ? texts_add(rec->texts, bytes, len) : 0;

	memcpy(at, &number, sizeof(number));
	if (number == 0)
		rec->c.known &= ~FIELD_BIT(f->id);
	return bytes != NULL;
}

static void put_value(struct buf *out, const struct record *rec, const struct field *f)
{
	const uint8_t *at = (const uint8_t *)rec + f->offset;
	u128 big;

	switch (f->type) {
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_U64:
		buf_put_varint(out, load_uint(at, f->type));
		break;
	case TYPE_I64:
		buf_put_zigzag(out, (int64_t)(load_uint(at, TYPE_U64) - time_base(rec, f->id)));
		break;
	case TYPE_U128:
		memcpy(&big, at, sizeof(big));
		buf_put_u128(out, big);
		break;
	case TYPE_ADDR:
		put_addr(out, (const struct addr *)at);
		break;
	case TYPE_MAC:
		buf_put(out, at, 6);
		break;
	case TYPE_TUNNEL:
		put_tunnel(out, (const struct tunnel *)(const void *)at);
		break;
	case TYPE_TEXT:
		put_text(out, rec, (uint32_t)load_uint(at, TYPE_U32));
		break;
	default:
		break;
	}
}

static bool get_value(struct cursor *c, struct record *rec, const struct field *f)
{
	uint8_t *at = (uint8_t *)rec + f->offset;
	const uint8_t *bytes;
	u128 big;

	switch (f->type) {
	case TYPE_U64:       /* most are */
		*(uint64_t *)(void *)at = cursor_varint(c);
		return true;
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
		return store_uint(at, f->type, cursor_varint(c));
	case TYPE_I64:
		return store_uint(at, TYPE_U64, (uint64_t)cursor_zigzag(c) + time_base(rec, f->id));
	case TYPE_U128:
		big = cursor_u128(c);
		memcpy(at, &big, sizeof(big));
		return true;
	case TYPE_ADDR:
		return get_addr(c, (struct addr *)at);
	case TYPE_MAC:
		bytes = cursor_bytes(c, 6);
		if (bytes)
			memcpy(at, bytes, 6);
		return bytes != NULL;
	case TYPE_TUNNEL:
		return get_tunnel(c, (struct tunnel *)(void *)at);
	case TYPE_TEXT:
		return get_text(c, rec, f, at);
	default:
		return false;
	}
}

/*
 * Whether a field is written: one that is not known says nothing, but for sums, which are told
 * to be inexact.
 */
static bool is_written(const struct record *rec, const struct field *f)
{
	static const uint8_t zeros[sizeof(struct tunnel)];

	if (f->merge != MERGE_SUM && f->merge != MERGE_OR && !(rec->c.known & FIELD_BIT(f->id)))
		return false;
	return (f->type <= TYPE_TUNNEL || (f->type == TYPE_TEXT && rec->texts)) &&
		memcmp((const uint8_t *)rec + f->offset, zeros, field_type_size(f->type)) != 0;
}

void macro_encode(struct buf *out, const struct record *rec)
{
	u128 written = 0;

	for (unsigned id = 0; id < FIELD_STORED_END; id++) {
		const struct field *f = field_stored(id);

		if (f && is_written(rec, f))
			written |= FIELD_BIT(id);
	}
	buf_put_varint(out, rec->id.block);
	buf_put_varint(out, rec->id.offset);
	buf_put_u128(out, written);
	buf_put_u128(out, rec->c.known);
	buf_put_u128(out, rec->c.mixed);
	while (written)
		put_value(out, rec, field_stored(field_bit_take(&written)));
}

enum rc macro_decode(struct record *rec, const uint8_t *bytes, size_t len)
{
	struct cursor c;
	uint64_t block, offset;
	u128 written;

	cursor_init(&c, bytes, len);
	block = cursor_varint(&c);
	offset = cursor_varint(&c);
	written = cursor_u128(&c);
	rec->c.known = cursor_u128(&c);
	rec->c.mixed = cursor_u128(&c);
	if (block > UINT32_MAX || offset > UINT32_MAX)
		return RC_DAMAGED;
	rec->id = (struct record_id){ (uint32_t)block, (uint32_t)offset };
	while (written) {
		const struct field *f = field_stored(field_bit_take(&written));

		if (!f)
			return RC_NEWER;
		if (!get_value(&c, rec, f))
			return RC_DAMAGED;
	}
	rec->key.has_ports = (rec->c.known & FIELD_BIT(FIELD_SERVER_PORT)) != 0;
	rec->key.has_macs = (rec->c.known & FIELD_BIT(FIELD_SERVER_MAC)) != 0;
	return c.truncated || c.pos != len ? RC_DAMAGED : RC_DONE;
}
