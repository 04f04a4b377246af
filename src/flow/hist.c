/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"
#include "flow/sketch.h"

#include <math.h>
#include <string.h>

/* Buckets below 2^5 hold one value each; above, 32 to every doubling. */
enum { SUB_BITS = 5, SUB = 1 << SUB_BITS, BUCKETS = (64 - SUB_BITS) * SUB };

struct bucket { uint16_t index; uint64_t n; };

struct hist {
	struct bucket *v;        /* ascending by index */
	size_t n, cap;
};

enum rc hist_new(struct hist **out, struct err *err)
{
	*out = mem_calloc(1, sizeof(**out));
	return *out ? RC_DONE : err_memory(err);
}

void hist_free(struct hist *h)
{
	if (!h)
		return;
	mem_free(h->v);
	mem_free(h);
}

static uint16_t bucket_of(int64_t value_ns)
{
	uint64_t v = value_ns < 0 ? 0 : (uint64_t)value_ns;

	if (v < SUB)
		return (uint16_t)v;
	unsigned octave = 63u - (unsigned)__builtin_clzll(v);
	unsigned shift = octave - SUB_BITS;
	return (uint16_t)((octave - SUB_BITS + 1) * SUB + ((v >> shift) & (SUB - 1)));
}

/* The middle of a bucket. */
static int64_t bucket_value(uint16_t index)
{
	if (index < SUB)
		return index;
	unsigned shift = index / SUB - 1u;
	uint64_t low = (uint64_t)(SUB + index % SUB) << shift;
	return (int64_t)(low + (((uint64_t)1 << shift) >> 1));
}

static enum rc hist_add_n(struct hist *h, uint16_t index, uint64_t n, struct err *err)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (h->v[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < h->n && h->v[low].index == index) {
		h->v[low].n += n;
		return RC_DONE;
	}
	if (mem_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v)) != 0)
		return err_memory(err);
	memmove(&h->v[low + 1], &h->v[low], (h->n - low) * sizeof(*h->v));
	h->v[low] = (struct bucket){index, n};
	h->n++;
	return RC_DONE;
}

enum rc hist_add(struct hist *h, int64_t value_ns, struct err *err)
{
	return hist_add_n(h, bucket_of(value_ns), 1, err);
}

/* Buckets that the part alone has. */
static size_t count_new(const struct hist *whole, const struct hist *part)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < part->n; i++) {
		while (at < whole->n && whole->v[at].index < part->v[i].index)
			at++;
		n += at == whole->n || whole->v[at].index != part->v[i].index;
	}
	return n;
}

/* From the last bucket down, so that every bucket is moved once. */
enum rc hist_merge(struct hist *whole, const struct hist *part, struct err *err)
{
	size_t left = whole->n, to = left + count_new(whole, part);

	if (mem_grow(&whole->v, &whole->cap, to, sizeof(*whole->v)) != 0)
		return err_memory(err);
	whole->n = to;
	for (size_t i = part->n; i-- > 0;) {
		while (left > 0 && whole->v[left - 1].index > part->v[i].index)
			whole->v[--to] = whole->v[--left];
		if (left > 0 && whole->v[left - 1].index == part->v[i].index) {
			whole->v[--to] = whole->v[--left];
			whole->v[to].n += part->v[i].n;
		} else {
			whole->v[--to] = part->v[i];
		}
	}
	return RC_DONE;
}

uint64_t hist_count(const struct hist *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->v[i].n;
	return n;
}

uint64_t hist_count_from(const struct hist *h, int64_t from_ns)
{
	uint64_t n = 0;

	for (size_t i = h->n; i > 0 && bucket_value(h->v[i - 1].index) >= from_ns; i--)
		n += h->v[i - 1].n;
	return n;
}

bool hist_quantile(const struct hist *h, double q, int64_t *value_ns)
{
	uint64_t total = hist_count(h), seen = 0;

	if (total == 0)
		return false;
	uint64_t rank = (uint64_t)ceil(q * (double)total);
	if (rank < 1)
		rank = 1;
	for (size_t i = 0; i < h->n; i++) {
		seen += h->v[i].n;
		*value_ns = bucket_value(h->v[i].index);
		if (seen >= rank)
			break;
	}
	return true;
}

bool hist_quantile_within(const struct hist *h, double q, int64_t min_ns, int64_t max_ns, int64_t *value_ns)
{
	if (!hist_quantile(h, q, value_ns))
		return false;
	if (*value_ns > max_ns)
		*value_ns = max_ns;
	if (*value_ns < min_ns)
		*value_ns = min_ns;
	return true;
}

/* The number of buckets, then for each the step from the index before and its count. */
void hist_encode(const struct hist *h, struct buf *out)
{
	uint16_t before = 0;

	buf_put_varint(out, h->n);
	for (size_t i = 0; i < h->n; i++) {
		buf_put_varint(out, (uint64_t)(h->v[i].index - before));
		buf_put_varint(out, h->v[i].n);
		before = h->v[i].index;
	}
}

static enum rc hist_decode_buckets(struct cursor *c, struct hist *h, struct err *err)
{
	uint64_t n = cursor_varint(c), index = 0;

	if (n > BUCKETS)
		return err_damaged(err, "histogram", c->pos, "impossible bytes");
	if (mem_grow(&h->v, &h->cap, (size_t)n, sizeof(*h->v)) != 0)
		return err_memory(err);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t step = cursor_varint(c);
		uint64_t count = cursor_varint(c);
		index += step;
		if (c->truncated || step > BUCKETS || index >= BUCKETS || (i > 0 && step == 0))
			return err_damaged(err, "histogram", c->pos, "impossible bytes");
		h->v[h->n++] = (struct bucket){(uint16_t)index, count};
	}
	return c->truncated ? err_damaged(err, "histogram", c->pos, "ends early") : RC_DONE;
}

enum rc hist_decode(struct cursor *c, struct hist **out, struct err *err)
{
	enum rc rc = hist_new(out, err);

	if (rc != RC_DONE)
		return rc;
	rc = hist_decode_buckets(c, *out, err);
	if (rc != RC_DONE) {
		hist_free(*out);
		*out = NULL;
	}
	return rc;
}
