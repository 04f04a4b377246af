/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From addresses, services and continuations to flow parts. */
#include "base/mem.h"
#include "store/segment_reader.h"

#include <assert.h>
#include <stdlib.h>

void part_list_free(struct part_list *l)
{
	mem_free(l->v);
	*l = (struct part_list){ 0 };
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* One list as it was read is; only what several are joined in is not. */
static bool is_ascending(const struct part_list *l)
{
	for (size_t i = 1; i < l->n; i++)
		if (l->v[i] <= l->v[i - 1])
			return false;
	return true;
}

void part_list_unique(struct part_list *l)
{
	size_t n = 0;

	if (is_ascending(l))
		return;
	qsort(l->v, l->n, sizeof(*l->v), by_number);
	for (size_t i = 1; i < l->n; i++)
		if (l->v[i] != l->v[n])
			l->v[++n] = l->v[i];
	l->n = n + 1;
}

static bool part_list_add(struct part_list *l, uint32_t part)
{
	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return false;
	l->v[l->n++] = part;
	return true;
}

bool list_get(struct cursor *c, uint32_t parts, struct part_list *out, bool *no_memory)
{
	uint64_t n = cursor_varint(c), part = 0;

	if (n > parts || n > cursor_left(c))
		return false;
	if (!out) {
		varint_skip(c, n);
		return !c->truncated;
	}
	for (uint64_t i = 0; i < n && !c->truncated; i++) {
		part += cursor_varint(c) + (i > 0);
		if (part >= parts)
			return false;
		if (!part_list_add(out, (uint32_t)part)) {
			*no_memory = true;
			return true;
		}
	}
	return !c->truncated;
}

/* ---- addresses -------------------------------------------------------------------------- */

static void entry_address(const struct section_in *in, uint32_t i, struct addr *out)
{
	const uint8_t *e = chunk_entry(in, i);

	out->kind = e[24];
	memcpy(out->bytes, e + 25, sizeof(out->bytes));
}

/* The n-th address in a chunk of addresses of this kind. */
static void chunk_address(const struct cursor *c, uint8_t kind, uint32_t n, struct addr *out)
{
	size_t len = key_addr_len(kind);

	memset(out, 0, sizeof(*out));
	out->kind = kind;
	memcpy(out->bytes, c->data + (size_t)n * len, len);
}

enum rc segment_address(struct segment *s, uint32_t number, struct addr *out, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_ADDRESSES];
	struct cursor c;
	uint32_t chunk;
	enum rc rc;

	if (number >= s->n_addresses)
		return segment_damaged(
			s, SECTION_ADDRESSES, in->data_len, err, "an address is missing");
	chunk = chunk_find(in, number);
	rc = chunk_open(s, SECTION_ADDRESSES, chunk, &c, err);
	if (rc == RC_DONE)
		chunk_address(&c, chunk_entry(in, chunk)[24],
			number - (uint32_t)chunk_first(in, chunk), out);
	return rc;
}

unsigned segment_address_kind(const struct segment *s, uint32_t number)
{
	const struct section_in *in = &s->sections[SECTION_ADDRESSES];

	return number < s->n_addresses ? chunk_entry(in, chunk_find(in, number))[24]
				       : ADDR_NONE;
}

/* The last chunk of addresses whose first one is <= a; 0 where there is none. */
static uint32_t find_address_chunk(const struct section_in *in, const struct addr *a)
{
	uint32_t from = 0, to = in->chunks;
	struct addr first;

	while (to - from > 1) {
		uint32_t mid = from + (to - from) / 2;

		entry_address(in, mid, &first);
		if (addr_cmp(&first, a) <= 0)
			from = mid;
		else
			to = mid;
	}
	return from;
}

/*
 * Number of the first address >= a (all of them are less: n_addresses); *equal where it is a
 * itself.
 */
static enum rc lower_bound(
	struct segment *s, const struct addr *a, uint32_t *number, bool *equal, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_ADDRESSES];
	uint32_t chunk = find_address_chunk(in, a), from = 0, to;
	struct addr found;
	struct cursor c;
	size_t len;
	enum rc rc;

	*number = 0;
	*equal = false;
	if (in->chunks == 0)
		return RC_DONE;
	rc = chunk_open(s, SECTION_ADDRESSES, chunk, &c, err);
	if (rc != RC_DONE)
		return rc;
	len = key_addr_len(chunk_entry(in, chunk)[24]);
	assert(len > 0); /* opening has seen to it */
	to = (uint32_t)(c.len / len);
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		int cmp;

		chunk_address(&c, chunk_entry(in, chunk)[24], mid, &found);
		cmp = addr_cmp(&found, a);
		if (cmp == 0)
			*equal = true;
		if (cmp < 0)
			from = mid + 1;
		else
			to = mid;
	}
	*number = (uint32_t)chunk_first(in, chunk) + from;
	return RC_DONE;
}

/* The network's last address. */
static void net_last(const struct addr_net *net, struct addr *out)
{
	size_t bits = key_addr_len(net->addr.kind) * 8;

	*out = net->addr;
	for (size_t i = net->bits; i < bits; i++)
		out->bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* Lists of addresses [from, to). */
static enum rc read_postings(
	struct segment *s, uint32_t from, uint32_t to, struct part_list *out, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_POSTINGS];
	uint32_t chunk = chunk_find(in, from), number;
	bool no_memory = false;
	struct cursor c;
	enum rc rc;

	for (; chunk < in->chunks && chunk_first(in, chunk) < to; chunk++) {
		rc = chunk_open(s, SECTION_POSTINGS, chunk, &c, err);
		if (rc != RC_DONE)
			return rc;
		number = (uint32_t)chunk_first(in, chunk);
		for (; number < to && cursor_left(&c) > 0; number++)
			if (!list_get(&c, s->info.flow_parts, number >= from ? out : NULL,
				    &no_memory))
				return chunk_damaged(s, SECTION_POSTINGS, chunk, &c, err,
					"a list of flow parts that cannot be");
	}
	return no_memory ? err_memory(err) : RC_DONE;
}

void segment_expect_net(const struct segment *s, const struct addr_net *net)
{
	const struct section_in *in = &s->sections[SECTION_ADDRESSES];

	if (!s->src.file || !in->chunks)
		return;
	const uint8_t *entry = chunk_entry(in, find_address_chunk(in, &net->addr));
	io_expect(s->src.file, s->at + in->data_at + load_le32(entry), load_le32(entry + 4));
}

enum rc segment_by_net(
	struct segment *s, const struct addr_net *net, struct part_list *out, struct err *err)
{
	struct addr last;
	uint32_t from, to;
	bool equal;
	enum rc rc = lower_bound(s, &net->addr, &from, &equal, err);

	net_last(net, &last);
	if (rc == RC_DONE)
		rc = lower_bound(s, &last, &to, &equal, err);
	if (rc != RC_DONE)
		return rc;
	to += equal;
	return from < to ? read_postings(s, from, to, out, err) : RC_DONE;
}

/* ---- services --------------------------------------------------------------------------- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int service_at_cmp(const struct service_at *a, const struct service_at *b)
{
	int c = (a->window_ns > b->window_ns) - (a->window_ns < b->window_ns);

	if (c == 0)
		c = compare(a->server, b->server);
	if (c == 0)
		c = compare(a->proto, b->proto);
	if (c == 0)
		c = compare(a->has_port, b->has_port);
	if (c == 0)
		c = compare(a->port, b->port);
	return c ? c : compare(a->point, b->point);
}

void service_entry_get(const struct section_in *in, uint32_t i, struct service_at *out)
{
	const uint8_t *e = chunk_entry(in, i);

	out->window_ns = (int64_t)load_le64(e + 24);
	out->server = load_le32(e + 32);
	out->proto = load_le32(e + 36);
	out->point = load_le32(e + 40);
	out->port = load_le16(e + 44);
	out->has_port = e[46] != 0;
}

void service_get(struct cursor *c, int64_t previous_ns, struct service_at *out)
{
	uint64_t port;

	out->window_ns =
		(int64_t)((uint64_t)previous_ns + (uint64_t)zigzag_back(cursor_varint(c)));
	out->server = varint_get32(c);
	out->proto = varint_get32(c);
	port = cursor_varint(c);
	out->port = (uint16_t)(port >> 1);
	out->has_port = port & 1;
	out->point = varint_get32(c);
	if (port >> 17)
		c->truncated = true;
}

/* The last chunk of services whose first one is <= key. */
static uint32_t find_service_chunk(const struct section_in *in, const struct service_at *key)
{
	uint32_t from = 0, to = in->chunks;
	struct service_at first;

	while (to - from > 1) {
		uint32_t mid = from + (to - from) / 2;

		service_entry_get(in, mid, &first);
		if (service_at_cmp(&first, key) <= 0)
			from = mid;
		else
			to = mid;
	}
	return from;
}

static enum rc read_service(
	struct segment *s, const struct service_at *key, struct part_list *out, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_SERVICES];
	uint32_t chunk = find_service_chunk(in, key);
	bool no_memory = false, good = true;
	struct service_at at;
	struct cursor c;
	int cmp = -1;
	enum rc rc = chunk_open(s, SECTION_SERVICES, chunk, &c, err);

	if (rc != RC_DONE)
		return rc;
	service_entry_get(in, chunk, &at);
	while (good && cmp < 0 && cursor_left(&c) > 0) {
		service_get(&c, at.window_ns, &at);
		cmp = service_at_cmp(&at, key);
		good = list_get(&c, s->info.flow_parts, cmp == 0 ? out : NULL, &no_memory);
	}
	if (!good)
		return chunk_damaged(s, SECTION_SERVICES, chunk, &c, err,
			"a list of flow parts that cannot be");
	return no_memory ? err_memory(err) : RC_DONE;
}

enum rc segment_by_service(struct segment *s, const struct service_key *key,
	struct part_list *out, struct err *err)
{
	struct service_at at = { .window_ns = key->window_ns,
		.proto = key->proto,
		.point = key->point,
		.port = key->port,
		.has_port = key->has_port };
	bool equal;
	enum rc rc;

	if (s->sections[SECTION_SERVICES].chunks == 0)
		return RC_DONE;
	if (key->server.kind != ADDR_NONE) {
		rc = lower_bound(s, &key->server, &at.server, &equal, err);
		if (rc != RC_DONE || !equal)
			return rc;
		at.server++;
	}
	return read_service(s, &at, out, err);
}

/* ---- continuations ---------------------------------------------------------------------- */

enum rc segment_continuations(struct segment *s, struct part_list *out, struct err *err)
{
	const struct section_in *in = &s->sections[SECTION_CONTINUED];
	struct cursor c;
	enum rc rc;

	for (uint32_t i = 0; i < in->chunks; i++) {
		uint64_t part = 0;
		bool first = true;

		rc = chunk_open(s, SECTION_CONTINUED, i, &c, err);
		while (rc == RC_DONE && cursor_left(&c) > 0) {
			part += cursor_varint(&c) + !first;
			first = false;
			if (c.truncated || part >= s->info.flow_parts)
				rc = chunk_damaged(s, SECTION_CONTINUED, i, &c, err,
					"a flow part that cannot be");
			else if (!part_list_add(out, (uint32_t)part))
				rc = err_memory(err);
		}
		if (rc != RC_DONE)
			return rc;
	}
	return RC_DONE;
}
