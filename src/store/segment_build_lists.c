/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a segment: addresses, services, contexts, and the lists that lead from them to
 * flow parts.
 */
#include "store/segment_writer.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- sorting addresses ------------------------------------------------------------------ */

/* kind and the first seven bytes, in the order of addr_cmp(); equal ones need a second look */
struct sort_item {
	uint64_t prefix;
	uint32_t number;
};

static uint64_t prefix_of(const struct addr *a)
{
	uint64_t v = a->kind;

	for (unsigned i = 0; i < 7; i++)
		v = v << 8 | a->bytes[i];
	return v;
}

/*
 * One pass of a radix sort by the byte at `shift`; false where all are equal there (nothing
 * done).
 */
static bool radix_pass(
	const struct sort_item *from, struct sort_item *to, uint32_t n, unsigned shift)
{
	uint32_t at[256] = { 0 };
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		at[from[i].prefix >> shift & 0xff]++;
	if (at[from[0].prefix >> shift & 0xff] == n)
		return false;
	for (unsigned i = 0; i < 256; i++) {
		uint32_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		to[at[from[i].prefix >> shift & 0xff]++] = from[i];
	return true;
}

static int by_address(const void *a, const void *b, void *addresses)
{
	const struct sort_item *x = a, *y = b;
	const struct intern *t = addresses;

	return addr_cmp(intern_key(t, x->number), intern_key(t, y->number));
}

/* Sorts; the result is in one of the two arrays. */
static struct sort_item *sort_items(
	struct intern *t, struct sort_item *v, struct sort_item *other)
{
	for (unsigned shift = 0; t->n > 0 && shift < 64; shift += 8) {
		if (radix_pass(v, other, t->n, shift)) {
			struct sort_item *swap = v;

			v = other;
			other = swap;
		}
	}
	for (uint32_t i = 0, end; i < t->n; i = end) {
		for (end = i + 1; end < t->n && v[end].prefix == v[i].prefix; end++)
			;
		if (end - i > 1)
			qsort_r(v + i, end - i, sizeof(*v), by_address, t);
	}
	return v;
}

bool build_ranks(struct segment_writer *w)
{
	struct intern *t = &w->addresses;
	struct sort_item *items = mem_calloc((size_t)t->n * 2 + 1, sizeof(*items)), *v;

	if (!items ||
		mem_grow(&w->rank, &w->rank_cap, (size_t)t->n + 1, sizeof(*w->rank)) != 0 ||
		mem_grow(&w->sorted, &w->sorted_cap, (size_t)t->n + 1, sizeof(*w->sorted)) !=
			0) {
		mem_free(items);
		return false;
	}
	for (uint32_t i = 0; i < t->n; i++)
		items[i] = (struct sort_item){ prefix_of(intern_key(t, i)), i };
	v = sort_items(t, items, items + t->n);
	for (uint32_t i = 0; i < t->n; i++) {
		w->rank[v[i].number] = i;
		memcpy(&w->sorted[i], intern_key(t, v[i].number), sizeof(w->sorted[i]));
	}
	w->n_sorted = t->n;
	mem_free(items);
	return true;
}

const struct addr *segment_writer_addresses(const struct segment_writer *w, size_t *n)
{
	*n = w->n_sorted;
	return w->sorted;
}

static void end_addresses_chunk(struct section_out *o, const struct addr *sorted, size_t first)
{
	section_end_chunk(o, first);
	buf_put_u8(&o->dir, sorted[first].kind);
	buf_put(&o->dir, sorted[first].bytes, 16);
	buf_put_zeros(&o->dir, 7);
}

void build_addresses(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_ADDRESSES];
	size_t first = 0;

	for (size_t i = 0; i < w->n_sorted; i++) {
		const struct addr *a = &w->sorted[i];
		size_t len = key_addr_len(a->kind);

		if (i > first &&
			(a->kind != w->sorted[first].kind ||
				o->data.len - o->chunk_at + len > ADDRESSES_CHUNK)) {
			end_addresses_chunk(o, w->sorted, first);
			first = i;
		}
		buf_put(&o->data, a->bytes, len);
	}
	if (w->n_sorted > 0)
		end_addresses_chunk(o, w->sorted, first);
}

/* ---- lists of flow parts ---------------------------------------------------------------- */

/* Lists by element: those of element i are parts[start[i] .. start[i + 1]). */
struct lists {
	uint32_t *start, *parts;
};

static void lists_free(struct lists *l)
{
	mem_free(l->start);
	mem_free(l->parts);
}

static bool lists_new(struct lists *l, size_t elements, size_t entries)
{
	l->start = mem_calloc(elements + 2, sizeof(*l->start));
	l->parts = mem_calloc(entries + 1, sizeof(*l->parts));
	if (l->start && l->parts)
		return true;
	lists_free(l);
	return false;
}

/* From counts in start[i + 2] to where list i goes on, in start[i + 1]. */
static void lists_sum(struct lists *l, size_t elements)
{
	for (size_t i = 2; i < elements + 2; i++)
		l->start[i] += l->start[i - 1];
}

static void lists_add(struct lists *l, uint32_t element, uint32_t part)
{
	l->parts[l->start[element + 1]++] = part;
}

static void put_list(struct buf *out, const struct lists *l, uint32_t element)
{
	uint32_t from = l->start[element], n = l->start[element + 1] - from;
	uint8_t *p = buf_reserve(out, ((size_t)n + 2) * 5);

	if (!p)
		return;
	p = varint_put(p, n);
	if (n > 0)
		p = varint_put(p, l->parts[from]);
	for (uint32_t i = from + 1; i < from + n; i++)
		p = varint_put(p, l->parts[i] - l->parts[i - 1] - 1);
	out->len = (size_t)(p - out->data);
}

static bool postings_fill(const struct segment_writer *w, struct lists *l)
{
	if (!lists_new(l, w->n_sorted, (size_t)w->n_flows * 2))
		return false;
	for (uint32_t i = 0; i < w->n_flows; i++) {
		const struct pending_flow *f = &w->flows[i];

		if (f->client)
			l->start[w->rank[f->client - 1] + 2]++;
		if (f->server && f->server != f->client)
			l->start[w->rank[f->server - 1] + 2]++;
	}
	lists_sum(l, w->n_sorted);
	for (uint32_t i = 0; i < w->n_flows; i++) {
		const struct pending_flow *f = &w->flows[i];

		if (f->client)
			lists_add(l, w->rank[f->client - 1], i);
		if (f->server && f->server != f->client)
			lists_add(l, w->rank[f->server - 1], i);
	}
	return true;
}

bool build_postings(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_POSTINGS];
	struct lists l;
	uint32_t first = 0;

	if (!postings_fill(w, &l))
		return false;
	for (uint32_t i = 0; i < w->n_sorted; i++) {
		if (o->data.len - o->chunk_at >= LIST_CHUNK) {
			section_end_chunk(o, first);
			first = i;
		}
		put_list(&o->data, &l, i);
	}
	section_end_chunk(o, first);
	lists_free(&l);
	return true;
}

/* ---- services --------------------------------------------------------------------------- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

struct service_item {
	struct service_entry e; /* server: sorted address number + 1 */
	uint32_t number;
};

static int by_service(const void *a, const void *b)
{
	const struct service_entry *x = &((const struct service_item *)a)->e;
	const struct service_entry *y = &((const struct service_item *)b)->e;
	int c = (x->window_ns > y->window_ns) - (x->window_ns < y->window_ns);

	if (c == 0)
		c = compare(x->server, y->server);
	if (c == 0)
		c = compare(x->proto, y->proto);
	if (c == 0)
		c = compare(x->has_port, y->has_port);
	if (c == 0)
		c = compare(x->port, y->port);
	return c ? c : compare(x->point, y->point);
}

static void end_services_chunk(
	struct section_out *o, const struct service_item *items, uint32_t first)
{
	const struct service_entry *e = &items[first].e;

	section_end_chunk(o, first);
	buf_put_le64(&o->dir, (uint64_t)e->window_ns);
	buf_put_le32(&o->dir, e->server);
	buf_put_le32(&o->dir, e->proto);
	buf_put_le32(&o->dir, e->point);
	buf_put_le16(&o->dir, e->port);
	buf_put_u8(&o->dir, e->has_port);
	buf_put_u8(&o->dir, 0);
}

static void put_services(struct section_out *o, const struct service_item *items, uint32_t n,
	const struct lists *l)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct service_entry *e = &items[i].e;

		if (o->data.len - o->chunk_at >= LIST_CHUNK) {
			end_services_chunk(o, items, first);
			first = i;
		}
		buf_put_zigzag(&o->data,
			i == first ? 0
				   : (int64_t)((uint64_t)e->window_ns -
					     (uint64_t)items[i - 1].e.window_ns));
		buf_put_varint(&o->data, e->server);
		buf_put_varint(&o->data, e->proto);
		buf_put_varint(&o->data, (uint64_t)e->port << 1 | e->has_port);
		buf_put_varint(&o->data, e->point);
		put_list(&o->data, l, items[i].number);
	}
	if (n > 0)
		end_services_chunk(o, items, first);
}

static bool services_fill(const struct segment_writer *w, struct lists *l)
{
	if (!lists_new(l, w->services.n, w->n_flows))
		return false;
	for (uint32_t i = 0; i < w->n_flows; i++)
		l->start[w->flows[i].service + 2]++;
	lists_sum(l, w->services.n);
	for (uint32_t i = 0; i < w->n_flows; i++)
		lists_add(l, w->flows[i].service, i);
	return true;
}

bool build_services(struct segment_writer *w)
{
	uint32_t n = w->services.n;
	struct service_item *items = mem_calloc((size_t)n + 1, sizeof(*items));
	struct lists l;

	if (!items || !services_fill(w, &l)) {
		mem_free(items);
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&items[i].e, intern_key(&w->services, i), sizeof(items[i].e));
		items[i].number = i;
		if (items[i].e.server)
			items[i].e.server = w->rank[items[i].e.server - 1] + 1;
	}
	qsort(items, n, sizeof(*items), by_service);
	put_services(&w->out[SECTION_SERVICES], items, n, &l);
	lists_free(&l);
	mem_free(items);
	return true;
}

/* ---- contexts, continuations ------------------------------------------------------------ */

static void put_contexts_chunk(struct segment_writer *w, uint32_t from, uint32_t to)
{
	struct section_out *o = &w->out[SECTION_CONTEXTS];
	size_t start = o->data.len;

	buf_put_le16(&o->data, (uint16_t)(to - from));
	buf_put_zeros(&o->data, (size_t)(to - from) * 2);
	for (uint32_t i = from; i < to && !o->data.failed; i++) {
		size_t at = o->data.len - start;
		uint8_t *offset = o->data.data + start + 2 + (size_t)(i - from) * 2;

		offset[0] = (uint8_t)at;
		offset[1] = (uint8_t)(at >> 8);
		key_put_context(&o->data, intern_key(&w->contexts, i));
	}
	section_end_chunk(o, from);
}

void build_contexts(struct segment_writer *w)
{
	uint32_t n = w->contexts.n;

	for (uint32_t from = 0; from < n; from += CONTEXTS_CHUNK)
		put_contexts_chunk(
			w, from, n - from < CONTEXTS_CHUNK ? n : from + CONTEXTS_CHUNK);
}

void build_macs(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_MACS];
	uint32_t n = w->macs.n;

	for (uint32_t from = 0; from < n; from += MACS_CHUNK) {
		uint32_t here = n - from < MACS_CHUNK ? n - from : MACS_CHUNK;

		buf_put(&o->data, intern_key(&w->macs, from), (size_t)here * MAC_BYTES);
		section_end_chunk(o, from);
	}
}

void build_continued(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_CONTINUED];
	uint32_t first = 0, previous = 0;

	for (uint32_t i = 0; i < w->n_flows; i++) {
		if (!(w->flows[i].flags & FLOW_ID))
			continue;
		if (o->data.len - o->chunk_at >= LIST_CHUNK)
			section_end_chunk(o, first);
		if (o->data.len == o->chunk_at) {
			first = i;
			buf_put_varint(&o->data, i);
		} else {
			buf_put_varint(&o->data, i - previous - 1);
		}
		previous = i;
	}
	section_end_chunk(o, first);
}
