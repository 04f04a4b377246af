/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/macro_codec.h"

#include "base/text.h"
#include "flow/field.h"
#include "flow/sketch.h"
#include "store/varint.h"

#include <string.h>

enum { PIECE_SUMMARIES = 16384 };    /* bytes of sketches and histograms, from which on a piece ends */

_Static_assert(MACRO_PIECE <= 32, "the parts that have a value are told by 32 bits");

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

/* Until macro_piece_finish() the place of its length byte in the piece: never 0. */
static bool get_text(struct cursor *c, uint32_t column_at, uint8_t *at)
{
	uint32_t place = column_at + (uint32_t)c->pos;

	memcpy(at, &place, sizeof(place));
	return cursor_bytes(c, cursor_u8(c)) != NULL;
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

static bool get_value(struct cursor *c, uint32_t column_at, struct record *rec, const struct field *f)
{
	uint8_t *at = (uint8_t *)rec + f->offset;
	const uint8_t *bytes;
	u128 big;

	switch (f->type) {
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_U64:
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
		return get_text(c, column_at, at);
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

/* ---- writing ---------------------------------------------------------------------------- */

static bool has_hist(const struct hist *h)
{
	return h && hist_count(h) > 0;
}

/* One without values is written only where another one follows it: no buckets. */
static void put_hist(struct buf *out, const struct hist *h, bool anyway)
{
	if (has_hist(h))
		hist_encode(h, out);
	else if (anyway)
		buf_put_varint(out, 0);
}

/* Sketch, then histograms and media, of as many parts as go into a piece; their lengths. */
static size_t put_summaries(struct buf *out, const struct macro_part *parts, size_t n, struct buf *lengths)
{
	size_t i;

	for (i = 0; i < n && i < MACRO_PIECE && out->len < PIECE_SUMMARIES; i++) {
		const struct record *rec = &parts[i].rec;
		size_t at = out->len;

		if (rec->clients)
			sketch_encode(rec->clients, out);
		buf_put_varint(lengths, out->len - at);
		at = out->len;
		put_hist(out, rec->rtt, has_hist(rec->response) || rec->media);
		put_hist(out, rec->response, rec->media);
		if (rec->media)
			media_encode(rec->media, rec->texts, out);
		buf_put_varint(lengths, out->len - at);
	}
	return i;
}

static void put_keys(struct buf *out, const struct macro_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct service_key *k = &parts[i].key;

		put_addr(out, &k->server);
		buf_put_varint(out, k->proto);
		buf_put_varint(out, k->has_port ? k->port + UINT64_C(1) : 0);
		buf_put_varint(out, k->point);
	}
}

static void put_heads(struct buf *out, const struct macro_part *parts, size_t n)
{
	u128 known = 0, mixed = 0;

	for (size_t i = 0; i < n; i++) {
		const struct record *rec = &parts[i].rec;

		buf_put_varint(out, rec->id.block);
		buf_put_varint(out, rec->id.offset);
		buf_put_u128(out, rec->c.known ^ known);
		buf_put_u128(out, rec->c.mixed ^ mixed);
		known = rec->c.known;
		mixed = rec->c.mixed;
	}
}

/* A field's values of those parts that say something; nothing where none does. */
static void put_column(struct buf *out, const struct macro_part *parts, size_t n, const struct field *f)
{
	uint32_t has = 0;

	for (size_t i = 0; i < n; i++)
		has |= (uint32_t)is_written(&parts[i].rec, f) << i;
	if (!has)
		return;
	buf_put_le32(out, has);
	for (size_t i = 0; i < n; i++)
		if (has >> i & 1)
			put_value(out, &parts[i].rec, f);
}

/* The directory, then the columns. */
static void put_columns(struct buf *out, const struct macro_part *parts, size_t n, struct buf *columns)
{
	unsigned before = 0;

	for (unsigned id = 0; id < FIELD_STORED_END; id++) {
		size_t at = columns->len;

		if (field_stored(id))
			put_column(columns, parts, n, field_stored(id));
		if (columns->len == at)
			continue;
		buf_put_varint(out, id + 1 - before);
		buf_put_varint(out, columns->len - at);
		before = id + 1;
	}
	buf_put_varint(out, 0);
	buf_put(out, columns->data, columns->len);
	out->failed |= columns->failed;
}

size_t macro_encode(struct buf *out, const struct macro_part *parts, size_t n)
{
	struct buf columns, lengths, summaries;

	buf_init(&columns);
	buf_init(&lengths);
	buf_init(&summaries);
	n = put_summaries(&summaries, parts, n, &lengths);
	buf_put_varint(out, n);
	put_keys(out, parts, n);
	put_heads(out, parts, n);
	put_columns(out, parts, n, &columns);
	buf_put(out, lengths.data, lengths.len);
	buf_put(out, summaries.data, summaries.len);
	out->failed |= lengths.failed || summaries.failed;
	buf_free(&columns);
	buf_free(&lengths);
	buf_free(&summaries);
	return n;
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool get_key(struct cursor *c, struct service_key *k)
{
	uint64_t proto, port, point;

	if (!get_addr(c, &k->server))
		return false;
	proto = cursor_varint(c);
	port = cursor_varint(c);
	point = cursor_varint(c);
	k->proto = (uint32_t)proto;
	k->point = (uint32_t)point;
	k->has_port = port > 0;
	k->port = (uint16_t)(port > 0 ? port - 1 : 0);
	return proto <= UINT32_MAX && port <= UINT16_MAX + 1 && point <= UINT32_MAX;
}

static bool get_keys(struct cursor *c, struct macro_piece *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct service_key *k = &p->keys[i];

		*k = (struct service_key){ .window_ns = p->window_ns };
		if (!get_key(c, k) || (i > 0 && service_cmp(k - 1, k) >= 0))
			return false;
	}
	return true;
}

static bool get_heads(struct cursor *c, struct macro_piece *p)
{
	u128 known = 0, mixed = 0;

	for (size_t i = 0; i < p->n; i++) {
		uint64_t block = cursor_varint(c), offset = cursor_varint(c);

		p->known[i] = known ^= cursor_u128(c);
		p->mixed[i] = mixed ^= cursor_u128(c);
		if (block > UINT32_MAX || offset > UINT32_MAX)
			return false;
		p->ids[i] = (struct record_id){ (uint32_t)block, (uint32_t)offset };
	}
	return true;
}

/* The directory of columns, and where each lies. */
static enum rc find_columns(struct cursor *c, struct macro_piece *p)
{
	uint64_t step, id = 0;

	p->n_columns = 0;
	while ((step = cursor_varint(c)) > 0) {
		struct macro_column *col = &p->columns[p->n_columns++];
		uint64_t len = cursor_varint(c);

		if (step > FIELD_STORED_END || (id += step) > FIELD_STORED_END || !field_stored((unsigned)id - 1))
			return c->truncated ? RC_DAMAGED : RC_NEWER;
		if (len > cursor_left(c))
			return RC_DAMAGED;
		col->field = (uint8_t)(id - 1);
		col->len = (uint32_t)len;
	}
	for (size_t i = 0; i < p->n_columns; i++) {
		p->columns[i].at = (uint32_t)c->pos;
		if (!cursor_bytes(c, p->columns[i].len))
			return RC_DAMAGED;
	}
	return RC_DONE;
}

static bool find_summaries(struct cursor *c, struct macro_piece *p)
{
	uint64_t left;

	for (size_t i = 0; i < p->n; i++) {
		uint64_t clients = cursor_varint(c), hists = cursor_varint(c);

		if (clients > c->len || hists > c->len)
			return false;
		p->clients_len[i] = (uint32_t)clients;
		p->hists_len[i] = (uint32_t)hists;
	}
	p->summaries_at = (uint32_t)c->pos;
	left = cursor_left(c);
	for (size_t i = 0; i < p->n; i++) {
		uint64_t len = (uint64_t)p->clients_len[i] + p->hists_len[i];

		if (len > left)
			return false;
		left -= len;
	}
	return left == 0;
}

enum rc macro_piece_open(struct macro_piece *p, int64_t window_ns, const uint8_t *bytes, size_t len)
{
	struct cursor c;
	uint64_t n;
	enum rc rc;

	cursor_init(&c, bytes, len);
	n = cursor_varint(&c);
	if (n == 0 || n > MACRO_PIECE || len > UINT32_MAX)
		return RC_DAMAGED;
	p->bytes = bytes;
	p->window_ns = window_ns;
	p->n = (size_t)n;
	if (!get_keys(&c, p) || !get_heads(&c, p))
		return RC_DAMAGED;
	rc = find_columns(&c, p);
	if (rc != RC_DONE)
		return rc;
	return find_summaries(&c, p) && !c.truncated ? RC_DONE : RC_DAMAGED;
}

/* How many varints a value is; 0: something else, that has to be looked at to be stepped over. */
static unsigned varints_of(enum field_type type)
{
	return type <= TYPE_I64 ? 1 : type == TYPE_U128 ? 2 : 0;
}

static bool get_column(const struct macro_piece *p, const struct macro_column *col, uint32_t parts, struct record *recs)
{
	const struct field *f = field_stored(col->field);
	unsigned varints = varints_of(f->type), passed = 0;
	struct cursor c;
	uint32_t has;

	cursor_init(&c, p->bytes + col->at, col->len);
	has = cursor_le32(&c);
	if (p->n < 32 && has >> p->n)
		return false;
	for (; has; has &= has - 1) {
		unsigned i = (unsigned)__builtin_ctz(has);

		if (varints && !(parts >> i & 1)) {
			passed += varints;
			continue;
		}
		if (passed)
			varint_skip(&c, passed);
		passed = 0;
		if (f->type == TYPE_U64)     /* most are */
			*(uint64_t *)(void *)((uint8_t *)&recs[i] + f->offset) = cursor_varint(&c);
		else if (!get_value(&c, col->at, &recs[i], f))
			return false;
	}
	varint_skip(&c, passed);
	return !c.truncated && cursor_left(&c) == 0;
}

static void begin_record(const struct macro_piece *p, size_t i, u128 fields, struct record *rec)
{
	record_init(rec, TIER_MACROFLOW);
	rec->slice_ns = p->window_ns;
	rec->id = p->ids[i];
	rec->c.known = p->known[i] & fields;
	rec->c.mixed = p->mixed[i] & fields;
	rec->key.has_ports = (rec->c.known & FIELD_BIT(FIELD_SERVER_PORT)) != 0;
	rec->key.has_macs = (rec->c.known & FIELD_BIT(FIELD_SERVER_MAC)) != 0;
}

enum rc macro_piece_records(const struct macro_piece *p, u128 fields, uint32_t parts, struct record *recs)
{
	for (size_t i = 0; i < p->n; i++)
		if (parts >> i & 1)
			begin_record(p, i, fields, &recs[i]);
	for (size_t i = 0; i < p->n_columns; i++)
		if (fields >> p->columns[i].field & 1 && !get_column(p, &p->columns[i], parts, recs))
			return RC_DAMAGED;
	return RC_DONE;
}

/* Without a pool, or where it is full, a text is unknown. */
static void take_texts(const struct macro_piece *p, struct record *rec)
{
	u128 left = text_fields();

	while (left) {
		unsigned id = field_bit_take(&left);
		uint8_t *at = (uint8_t *)rec + field_stored(id)->offset;
		uint32_t place = (uint32_t)load_uint(at, TYPE_U32), number = 0;

		if (place && rec->texts)
			number = texts_add(rec->texts, p->bytes + place + 1, p->bytes[place]);
		memcpy(at, &number, sizeof(number));
		if (number == 0)
			rec->c.known &= ~FIELD_BIT(id);
	}
}

static enum rc get_media(struct cursor *c, struct record *rec, struct err *err)
{
	struct media media;

	media_decode(c, true, rec->texts, &media);
	if (c->truncated || cursor_left(c) > 0)
		return RC_DAMAGED;
	return media_join(&rec->media, &media, err);
}

static enum rc get_hists(struct cursor *c, struct record *rec, struct err *err)
{
	enum rc rc = hist_decode(c, &rec->rtt, err);

	if (rc == RC_DONE && cursor_left(c) > 0)
		rc = hist_decode(c, &rec->response, err);
	if (rc == RC_DONE && cursor_left(c) > 0)
		rc = get_media(c, rec, err);
	return rc;
}

enum rc macro_piece_finish(const struct macro_piece *p, size_t i, struct record *rec, struct err *err)
{
	const uint8_t *at = p->bytes + p->summaries_at;
	struct cursor c;
	enum rc rc = RC_DONE;

	for (size_t k = 0; k < i; k++)
		at += p->clients_len[k] + p->hists_len[k];
	take_texts(p, rec);
	if (p->clients_len[i]) {
		cursor_init(&c, at, p->clients_len[i]);
		rc = sketch_decode(&c, &rec->clients, err);
	}
	if (rc == RC_DONE && p->hists_len[i]) {
		cursor_init(&c, at + p->clients_len[i], p->hists_len[i]);
		rc = get_hists(&c, rec, err);
	}
	if (rc != RC_DONE)
		record_free(rec);
	return rc;
}
