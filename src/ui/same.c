/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/same.h"

#include "base/hash.h"
#include "base/mem.h"
#include "flow/health.h"

#include <stdlib.h>
#include <string.h>

/* A row, and what it has in common with those that it is the same as. */
struct candidate {
	struct hash128 key;
	uint64_t trouble, packets;
	uint32_t row, point;
	uint16_t source;
};

/* ---- what rows have in common --------------------------------------------------------------- */

/* Ends and time of a record, without bytes that are padding. */
struct ends {
	uint8_t client[sizeof(struct addr)], server[sizeof(struct addr)];
	uint16_t client_port, server_port;
	uint32_t proto;
	int64_t slice_ns;
};

/* Seeded by what nobody outside can know: who sends packets cannot make two services look the same. */
static struct hash128 key_of_record(const struct record *r, uint64_t seed)
{
	struct ends e;

	memset(&e, 0, sizeof(e));
	memcpy(e.server, &r->key.server, sizeof(r->key.server));
	e.server_port = r->key.server_port;
	e.proto = r->key.proto;
	e.slice_ns = r->slice_ns;
	if (r->tier != TIER_MACROFLOW) {
		memcpy(e.client, &r->key.client, sizeof(r->key.client));
		e.client_port = r->key.client_port;
	}
	return hash_bytes128(&e, sizeof(e), seed);
}

/* By the values that it is grouped by; a service is what its protocol and port say, too. */
static struct hash128 key_of_group(const struct grouping *g, const struct row *row, uint64_t seed)
{
	char text[QUERY_GROUP_MAX * 256] = "";
	size_t len = 0;
	struct value v;

	for (size_t i = 0; i < g->n && len + 256 < sizeof(text); i++) {
		if (field_get(g->by[i], row, &v))
			len += value_format(text + len, 250, g->by[i], &v, STYLE_MACHINE) + 1;
		text[len++] = '\n';
		if (strcmp(g->by[i]->name, "service") == 0) {
			memcpy(text + len, &row->record->key.proto, sizeof(row->record->key.proto));
			len += sizeof(row->record->key.proto);
			memcpy(text + len, &row->record->key.server_port, sizeof(row->record->key.server_port));
			len += sizeof(row->record->key.server_port);
		}
	}
	return hash_bytes128(text, len, seed);
}

static size_t collect(struct candidate *v, size_t n, const struct result *r, const struct grouping *g)
{
	uint64_t seed = hash_mix((uint64_t)(uintptr_t)v);
	size_t found = 0;
	struct row row;

	for (size_t i = 0; i < n; i++) {
		if (!result_row(r, i, &row) || row.record == NULL)
			continue;
		v[found++] = (struct candidate){ .row = (uint32_t)i,
			.key = g->n > 0 ? key_of_group(g, &row, seed) : key_of_record(row.record, seed),
			.trouble = health_trouble(&row),
			.packets = counters_packets(&row.record->c),
			.point = row.record->key.point,
			.source = (uint16_t)row.source };
	}
	return found;
}

/* ---- which one stands for all --------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->key.high != y->key.high)
		return x->key.high < y->key.high ? -1 : 1;
	if (x->key.low != y->key.low)
		return x->key.low < y->key.low ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool stands_before(const struct candidate *a, const struct candidate *b, bool most_packets)
{
	if (!most_packets && a->trouble != b->trouble)
		return a->trouble > b->trouble;
	if (a->packets != b->packets)
		return a->packets > b->packets;
	/* whatever order the rows are in */
	return a->source != b->source ? a->source < b->source : a->point < b->point;
}

/* One point may have several, such as a service below two tunnels: those are not the same. */
static bool is_of_other_point(const struct candidate *v, size_t n, size_t of)
{
	for (size_t i = 0; i < n; i++)
		if (i != of && v[i].point == v[of].point && v[i].source == v[of].source)
			return false;
	return true;
}

static void settle(struct same *s, const struct candidate *v, size_t n, bool most_packets)
{
	size_t best = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_of_other_point(v, n, i))
			return;
		if (stands_before(&v[i], &v[best], most_packets))
			best = i;
	}
	for (size_t i = 0; i < n; i++)
		s->stands[v[i].row] = v[best].row;
	s->others[v[best].row] = (uint32_t)(n - 1);
	s->hidden += n - 1;
}

static bool is_same_key(const struct candidate *a, const struct candidate *b)
{
	return a->key.high == b->key.high && a->key.low == b->key.low;
}

void same_clear(struct same *s)
{
	mem_free(s->stands);
	mem_free(s->others);
	memset(s, 0, sizeof(*s));
}

enum { POINTS_MAX = 256 };

void same_find(struct same *s, const struct result *r, const struct grouping *g, bool most_packets)
{
	size_t n = result_count(r), found;
	struct candidate *v = n > 1 && n <= SAME_ROWS_MAX ? mem_calloc(n, sizeof(*v)) : NULL;

	same_clear(s);
	if (v == NULL)
		return;
	s->stands = mem_calloc(n, sizeof(*s->stands));
	s->others = mem_calloc(n, sizeof(*s->others));
	if (s->stands == NULL || s->others == NULL) {
		same_clear(s);
		mem_free(v);
		return;
	}
	s->n = n;
	for (size_t i = 0; i < n; i++)
		s->stands[i] = (uint32_t)i;
	found = collect(v, n, r, g);
	qsort(v, found, sizeof(*v), by_key);
	for (size_t from = 0, to; from < found; from = to) {
		for (to = from + 1; to < found && is_same_key(&v[from], &v[to]); to++)
			;
		/* more points than anybody has: not worth comparing each with each */
		if (to - from > 1 && to - from <= POINTS_MAX)
			settle(s, v + from, to - from, most_packets);
	}
	mem_free(v);
}
