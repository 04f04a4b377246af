/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How common a part of a content is among what was found. A flow stands for the longest part that it carried; it shares a hit's part
 * where its own covers that. Ranges that cover others are counted with a Fenwick tree over their ends, by falling begin.
 */
#include "query/find_priv.h"

#include "base/mem.h"

#include <stdlib.h>

/* A part of the content. Kept for later: of the hit at `hit`. */
struct part {
	uint32_t begin, end;
	size_t hit;
};

/* What fingerprints tell of may seem to go on behind the content's end. */
static struct part part_of(const struct find_hit *h, size_t hit, size_t len)
{
	size_t end = (size_t)h->content_offset + h->matched_bytes;

	return (struct part){ h->content_offset, (uint32_t)(end < len ? end : len), hit };
}

int find_by_flow(const void *a, const void *b)
{
	const struct find_hit *x = a, *y = b;
	uint64_t i = record_id_number(x->flow.rec), k = record_id_number(y->flow.rec);

	if (x->flow.source != y->flow.source)
		return x->flow.source < y->flow.source ? -1 : 1;
	return (i > k) - (i < k);
}

static int by_begin(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The longest part of each flow, by begin; hits are left sorted by flow. Returns their number. */
static size_t longest_of_flows(struct finds *f, struct part *parts, size_t len)
{
	size_t n = 0;

	qsort(f->hits, f->n, sizeof(*f->hits), find_by_flow);
	for (size_t i = 0; i < f->n; i++) {
		struct part p = part_of(&f->hits[i], i, len);

		if (i == 0 || find_by_flow(&f->hits[i - 1], &f->hits[i]) != 0)
			parts[n++] = p;
		else if (p.end - p.begin > parts[n - 1].end - parts[n - 1].begin)
			parts[n - 1] = p;
	}
	qsort(parts, n, sizeof(*parts), by_begin);
	return n;
}

/* tree[] counts ends from the content's end on, slot 1, so that a sum up to a slot is what ends there or behind. */
static void count_end(uint32_t *tree, size_t len, uint32_t end)
{
	for (size_t at = len - end + 1; at <= len + 1; at += at & -at)
		tree[at]++;
}

static uint32_t ends_from(const uint32_t *tree, size_t len, uint32_t end)
{
	uint32_t n = 0;

	for (size_t at = len - end + 1; at > 0; at -= at & -at)
		n += tree[at];
	return n;
}

enum rc find_count_shared(struct finds *f, size_t len, struct err *err)
{
	struct part *flows = mem_calloc(f->n, sizeof(*flows)), *hits = mem_calloc(f->n, sizeof(*hits));
	uint32_t *tree = mem_calloc(len + 2, sizeof(*tree)); /* a part without bytes at the beginning has the last slot */
	size_t n_flows, in = 0;

	if (!flows || !hits || !tree) {
		mem_free(flows);
		mem_free(hits);
		mem_free(tree);
		return err_memory(err);
	}
	n_flows = longest_of_flows(f, flows, len);
	for (size_t i = 0; i < f->n; i++)
		hits[i] = part_of(&f->hits[i], i, len);
	qsort(hits, f->n, sizeof(*hits), by_begin);
	for (size_t i = 0; i < f->n; i++) {
		for (; in < n_flows && flows[in].begin <= hits[i].begin; in++)
			count_end(tree, len, flows[in].end);
		f->hits[hits[i].hit].shared_by = ends_from(tree, len, hits[i].end);
	}
	mem_free(flows);
	mem_free(hits);
	mem_free(tree);
	return RC_DONE;
}
