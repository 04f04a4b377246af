/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/field.h"

#include "base/text.h"
#include "flow/proto.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------ */

size_t field_type_size(enum field_type t)
{
	switch (t) {
	case TYPE_U8:
		return 1;
	case TYPE_U16:
		return 2;
	case TYPE_U32:
	case TYPE_TEXT:
		return 4;
	case TYPE_U64:
	case TYPE_I64:
		return 8;
	case TYPE_U128:
		return 16;
	case TYPE_ADDR:
		return sizeof(struct addr);
	case TYPE_MAC:
		return 6;
	case TYPE_TUNNEL:
		return sizeof(struct tunnel);
	case TYPE_REAL:
	case TYPE_ID:
		break;
	}
	abort();     /* no stored field has these */
}

static bool get_text(const struct record *r, uint32_t number, struct value *out)
{
	size_t len = 0;
	const char *text = r->texts ? texts_get(r->texts, number, &len) : "";

	out->type = TYPE_TEXT;
	return len > 0 && text_escape_to(out->text, sizeof(out->text), text, len) > 0;
}

static bool stored_get(const struct field *f, const struct record *r, struct value *out)
{
	const uint8_t *at = (const uint8_t *)r + f->offset;

	if (!(r->c.known & FIELD_BIT(f->id)))
		return false;
	out->type = TYPE_U64;
	switch (f->type) {
	case TYPE_U8:
		out->u = *at;
		return true;
	case TYPE_U16:
		out->u = *(const uint16_t *)(const void *)at;
		return true;
	case TYPE_U32:
		out->u = *(const uint32_t *)(const void *)at;
		return true;
	case TYPE_U64:
		out->u = *(const uint64_t *)(const void *)at;
		return f->unit != UNIT_VLAN || out->u != 0;
	case TYPE_I64:
		out->type = TYPE_I64;
		out->i = *(const int64_t *)(const void *)at;
		return true;
	case TYPE_U128:
		out->type = TYPE_U128;
		out->big = *(const u128 *)(const void *)at;
		return true;
	case TYPE_ADDR:
		out->type = TYPE_ADDR;
		memcpy(&out->addr, at, sizeof(out->addr));
		return true;
	case TYPE_MAC:
		out->type = TYPE_ADDR;
		memset(&out->addr, 0, sizeof(out->addr));
		out->addr.kind = ADDR_LINK;
		memcpy(out->addr.bytes, at, 6);
		return true;
	case TYPE_TUNNEL:
		out->type = TYPE_TEXT;
		return tunnel_format(out->text, sizeof(out->text), (const struct tunnel *)(const void *)at) > 0;
	case TYPE_TEXT:
		return get_text(r, *(const uint32_t *)(const void *)at, out);
	case TYPE_REAL:
	case TYPE_ID:
		break;
	}
	abort();     /* no stored field has these */
}

bool field_get(const struct field *f, const struct row *row, struct value *out)
{
	out->estimated = false;
	if (!(f->tiers & FIELD_ON(row->tier)))
		return false;
	return f->get ? f->get(row, out) : stored_get(f, row->record, out);
}

/* ---- comparing ----------------------------------------------------------------------- */

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))

int value_cmp(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return ORDER((int)a->type, (int)b->type);
	switch (a->type) {
	case TYPE_I64:
		return ORDER(a->i, b->i);
	case TYPE_U128:
		return ORDER(a->big, b->big);
	case TYPE_REAL:
		return ORDER(a->real, b->real);
	case TYPE_ADDR:
		return addr_cmp(&a->addr, &b->addr);
	case TYPE_TEXT:
		return strcmp(a->text, b->text);
	case TYPE_ID: {
		uint64_t x = record_id_number(a->id.rec), y = record_id_number(b->id.rec);
		return a->id.source != b->id.source ? ORDER(a->id.source, b->id.source) : ORDER(x, y);
	}
	default:
		return ORDER(a->u, b->u);
	}
}

/* ---- formatting ----------------------------------------------------------------------- */

static size_t cut(int n, size_t size)
{
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

static size_t format_time(char *out, size_t size, const struct field *f, int64_t t,
	enum value_style style)
{
	if (style == STYLE_MACHINE)
		return text_time(out, size, t);
	return text_clock(out, size, t, f->width_cells >= 15 ? 6 : 0);
}

static size_t format_signed(char *out, size_t size, const struct field *f, int64_t v,
	enum value_style style)
{
	if (f->unit == UNIT_TIME)
		return format_time(out, size, f, v, style);
	if (f->unit == UNIT_DURATION)
		return style == STYLE_MACHINE ? text_seconds(out, size, v) : text_duration(out, size, v);
	return cut(snprintf(out, size, "%" PRId64, v), size);
}

/* Sizes of single packets are known by their bytes: 1 514 B, not 1.51 kB. */
static bool is_of_one_packet(const struct field *f)
{
	static const char *const names[] = { "len", "caplen", "payload_len", "size_min", "size_avg", "size_max", "size_sd",
		"c2s_mss", "s2c_mss" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], f->name) == 0)
			return true;
	return false;
}

static size_t format_bytes(char *out, size_t size, const struct field *f, uint64_t bytes)
{
	char number[TEXT_NUMBER];

	if (!is_of_one_packet(f))
		return text_bytes(out, size, bytes);
	text_count(number, sizeof(number), bytes);
	return cut(snprintf(out, size, "%s B", number), size);
}

static size_t format_unsigned(char *out, size_t size, const struct field *f, const struct value *v,
	enum value_style style)
{
	const char *about = v->estimated && style == STYLE_PEOPLE ? "~" : "";
	size_t n;

	switch (f->unit) {
	case UNIT_PROTO:
		return proto_format(out, size, (uint32_t)v->u);
	case UNIT_VLAN:
		return vlan_format(out, size, v->u);
	case UNIT_TCP_FLAGS:
		return tcp_flags_format(out, size, (unsigned)v->u);
	case UNIT_ENUM:
		return text_put(out, size, f->name_of(v->u), strlen(f->name_of(v->u)));
	case UNIT_POINT:
		if (style == STYLE_PEOPLE && v->text[0] != '\0')
			return text_put(out, size, v->text, strlen(v->text));
		break;
	case UNIT_BYTES:
		if (style == STYLE_PEOPLE)
			return format_bytes(out, size, f, v->u);
		break;
	case UNIT_COUNT:
		if (style == STYLE_PEOPLE) {
			n = text_put(out, size, about, strlen(about));
			return n + text_count(out + n, size - n, v->u);
		}
		break;
	default:
		break;
	}
	return text_number(out, size, v->u);
}

/* Three decimals at most, without trailing zeros. */
static size_t format_real(char *out, size_t size, const struct field *f, double v, enum value_style style)
{
	if (style == STYLE_PEOPLE && f->unit == UNIT_BYTES)
		return format_bytes(out, size, f, (uint64_t)llround(v));
	size_t n = cut(snprintf(out, size, "%.3f", v), size);
	while (n > 1 && out[n - 1] == '0')
		out[--n] = '\0';
	if (n > 1 && out[n - 1] == '.')
		out[--n] = '\0';
	return n;
}

size_t value_format(char *out, size_t size, const struct field *f, const struct value *v,
	enum value_style style)
{
	switch (v->type) {
	case TYPE_I64:
		return format_signed(out, size, f, v->i, style);
	case TYPE_U128:
		return text_u128(out, size, v->big);
	case TYPE_REAL:
		return format_real(out, size, f, v->real, style);
	case TYPE_ADDR:
		return addr_format(out, size, &v->addr);
	case TYPE_ID:
		return id_format(out, size, &v->id);
	case TYPE_TEXT:
		return text_put(out, size, v->text, strlen(v->text));
	default:
		return format_unsigned(out, size, f, v, style);
	}
}

bool field_is_number(const struct field *f)
{
	switch (f->type) {
	case TYPE_ADDR:
	case TYPE_MAC:
	case TYPE_TUNNEL:
	case TYPE_TEXT:
	case TYPE_ID:
		return false;
	default:
		return f->unit != UNIT_TIME && f->unit != UNIT_PROTO && f->unit != UNIT_VLAN &&
			f->unit != UNIT_TCP_FLAGS && f->unit != UNIT_ENUM;
	}
}

/* ---- names ----------------------------------------------------------------------------- */

const char *field_merge_name(enum field_merge m)
{
	static const char *const names[] = {
		[MERGE_NONE] = "computed", [MERGE_SUM] = "sum", [MERGE_MIN] = "minimum",
		[MERGE_MAX] = "maximum", [MERGE_OR] = "union", [MERGE_SAME] = "null where they differ",
		[MERGE_UNION] = "union",
	};
	return names[m];
}

const char *field_type_name(const struct field *f)
{
	static const char *const names[] = {
		[TYPE_U8] = "u8", [TYPE_U16] = "u16", [TYPE_U32] = "u32", [TYPE_U64] = "u64",
		[TYPE_I64] = "i64", [TYPE_U128] = "u128", [TYPE_ADDR] = "address", [TYPE_MAC] = "mac",
		[TYPE_TUNNEL] = "tunnel", [TYPE_REAL] = "real", [TYPE_TEXT] = "text", [TYPE_ID] = "id",
	};
	return names[f->type];
}

const char *field_unit_name(enum field_unit u)
{
	static const char *const names[] = {
		[UNIT_NONE] = "", [UNIT_COUNT] = "count", [UNIT_BYTES] = "bytes", [UNIT_TIME] = "time",
		[UNIT_DURATION] = "seconds", [UNIT_PORT] = "port", [UNIT_PROTO] = "protocol",
		[UNIT_VLAN] = "vlan", [UNIT_TCP_FLAGS] = "tcp flags", [UNIT_ENUM] = "name",
		[UNIT_BOOL] = "yes or no", [UNIT_POINT] = "point", [UNIT_DSCP] = "dscp",
	};
	return names[u];
}
