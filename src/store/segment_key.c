/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/segment_key.h"

#include "flow/field.h"

#include <string.h>

void key_context(struct flow_key *out, const struct flow_key *key)
{
	memset(out, 0, sizeof(*out));
	out->point = key->point;
	out->proto = key->proto;
	out->vlan = key->vlan;
	out->orientation = key->orientation;
	out->tunnel.type = key->tunnel.type;
	out->tunnel.depth = key->tunnel.depth;
	out->tunnel.id = key->tunnel.id;
	out->tunnel.outer_hash = key->tunnel.outer_hash;
	out->tunnel.a = key->tunnel.a;
	out->tunnel.b = key->tunnel.b;
}

/* ---- writing ---------------------------------------------------------------------------- */

static size_t varint_len(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static void put_number(struct buf *out, enum field_id id, uint64_t v)
{
	buf_put_varint(out, id);
	buf_put_varint(out, varint_len(v));
	buf_put_varint(out, v);
}

static void put_addr(struct buf *out, const struct addr *a)
{
	buf_put_u8(out, a->kind);
	buf_put(out, a->bytes, key_addr_len(a->kind));
}

static void put_tunnel(struct buf *out, const struct tunnel *t)
{
	buf_put_varint(out, FIELD_TUNNEL);
	buf_put_varint(out, 12 + key_addr_len(t->a.kind) + key_addr_len(t->b.kind));
	buf_put_u8(out, t->type);
	buf_put_u8(out, t->depth);
	buf_put_le32(out, t->id);
	buf_put_le32(out, t->outer_hash);
	put_addr(out, &t->a);
	put_addr(out, &t->b);
}

void key_put_context(struct buf *out, const struct flow_key *k)
{
	static const struct tunnel no_tunnel;
	bool tunnel = memcmp(&k->tunnel, &no_tunnel, sizeof(no_tunnel)) != 0;

	buf_put_varint(out, (uint64_t)3 + (k->vlan != 0) + tunnel);
	put_number(out, FIELD_POINT, k->point);
	put_number(out, FIELD_PROTO, k->proto);
	put_number(out, FIELD_ORIENTATION, k->orientation);
	if (k->vlan)
		put_number(out, FIELD_VLAN, k->vlan);
	if (tunnel)
		put_tunnel(out, &k->tunnel);
}

/* ---- reading ---------------------------------------------------------------------------- */

static void get_addr(struct cursor *c, struct addr *a)
{
	uint8_t kind = cursor_u8(c);
	size_t len = key_addr_len(kind);
	const uint8_t *p = cursor_bytes(c, len);

	if (!p || (len == 0 && kind != ADDR_NONE)) {
		c->truncated = true;
		return;
	}
	a->kind = kind;
	memcpy(a->bytes, p, len);
}

static void get_tunnel(struct cursor *c, struct tunnel *t)
{
	t->type = cursor_u8(c);
	t->depth = cursor_u8(c);
	t->id = cursor_le32(c);
	t->outer_hash = cursor_le32(c);
	get_addr(c, &t->a);
	get_addr(c, &t->b);
}

static void get_field(uint64_t id, struct cursor *c, struct flow_key *k)
{
	switch (id) {
	case FIELD_POINT: k->point = (uint32_t)cursor_varint(c); break;
	case FIELD_PROTO: k->proto = (uint32_t)cursor_varint(c); break;
	case FIELD_ORIENTATION: k->orientation = (uint8_t)cursor_varint(c); break;
	case FIELD_VLAN: k->vlan = cursor_varint(c); break;
	case FIELD_TUNNEL: get_tunnel(c, &k->tunnel); break;
	default: break;
	}
}

bool key_get_context(struct cursor *c, struct flow_key *k)
{
	uint64_t n;

	memset(k, 0, sizeof(*k));
	n = cursor_varint(c);
	while (n-- > 0 && !c->truncated) {
		uint64_t id = cursor_varint(c);
		uint64_t len = cursor_varint(c);
		const uint8_t *value =
			len <= cursor_left(c) ? cursor_bytes(c, (size_t)len) : NULL;
		struct cursor inner;

		if (!value)
			return false;
		cursor_init(&inner, value, (size_t)len);
		get_field(id, &inner, k);
		if (inner.truncated)
			return false;
	}
	return !c->truncated && k->orientation < ORIENTATIONS && k->tunnel.type < TUNNEL_TYPES;
}
