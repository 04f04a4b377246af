/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/view.h"

#include "base/mem.h"

#include <string.h>

void view_init(struct view *v)
{
	*v = (struct view){ 0 };
	buf_init(&v->options);
}

void view_free(struct view *v)
{
	mem_free(v->blocks);
	mem_free(v->points);
	mem_free(v->spans);
	mem_free(v->sections);
	mem_free(v->segments);
	mem_free(v->sums);
	mem_free(v->drops);
	mem_free(v->runs);
	mem_free(v->anew);
	buf_free(&v->options);
	view_init(v);
}

enum rc view_add_block(struct view *v, const struct block_info *b, struct err *err)
{
	size_t at = v->n_blocks;

	if (mem_grow(&v->blocks, &v->cap_blocks, at + 1, sizeof(*b)) != 0)
		return err_memory(err);
	while (at > 0 && v->blocks[at - 1].number > b->number)
		at--;
	memmove(v->blocks + at + 1, v->blocks + at, (v->n_blocks - at) * sizeof(*b));
	v->blocks[at] = *b;
	v->n_blocks++;
	return RC_DONE;
}

enum rc view_add_point(struct view *v, const struct point_info *p, const void *options, size_t len,
	struct err *err)
{
	struct view_span span = { v->options.len, len };

	if (mem_grow(&v->points, &v->cap_points, v->n_points + 1, sizeof(*p)) != 0 ||
		mem_grow(&v->spans, &v->cap_spans, v->n_spans + 1, sizeof(span)) != 0)
		return err_memory(err);
	if (len > 0 && !buf_reserve(&v->options, len)) {
		/* it has what it had: there may be memory the next time */
		v->options.failed = false;
		return err_memory(err);
	}
	buf_put(&v->options, options, len);
	v->points[v->n_points++] = *p;
	v->spans[v->n_spans++] = span;
	return RC_DONE;
}

enum rc view_add_section(struct view *v, const struct section_info *s, struct err *err)
{
	if (mem_grow(&v->sections, &v->cap_sections, v->n_sections + 1, sizeof(*s)) != 0)
		return err_memory(err);
	v->sections[v->n_sections++] = *s;
	return RC_DONE;
}

enum rc view_reserve_segment(struct view *v, struct err *err)
{
	if (mem_grow(&v->segments, &v->cap_segments, v->n_segments + 1, sizeof(*v->segments)) != 0)
		return err_memory(err);
	return RC_DONE;
}

enum rc view_add_segment(struct view *v, const struct segment_place *s, struct err *err)
{
	enum rc rc = view_reserve_segment(v, err);
	size_t at;

	if (rc != RC_DONE)
		return rc;
	at = view_segment_from(v, s->block, s->number);
	memmove(v->segments + at + 1, v->segments + at, (v->n_segments - at) * sizeof(*s));
	v->segments[at] = *s;
	v->n_segments++;
	view_index_changed(v, s->block);
	return RC_DONE;
}

size_t view_run_from(const struct view *v, int64_t window_ns, uint32_t block, uint32_t segment)
{
	size_t low = 0, high = v->n_runs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct macro_run *r = &v->runs[middle];

		if (r->window_ns != window_ns ? r->window_ns < window_ns
			: r->block != block   ? r->block < block
					      : r->segment < segment)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct window_runs view_window_runs(const struct view *v, size_t from)
{
	struct window_runs out = { .from = from, .to = from };

	for (; out.to < v->n_runs && v->runs[out.to].window_ns == v->runs[from].window_ns; out.to++) {
		out.parts += v->runs[out.to].parts;
		out.tails ^= v->runs[out.to].tail;
	}
	return out;
}

const struct macro_run *view_run(const struct view *v, int64_t window_ns, uint32_t block,
	uint32_t segment)
{
	size_t at = view_run_from(v, window_ns, block, segment);
	const struct macro_run *r;

	if (at == v->n_runs)
		return NULL;
	r = &v->runs[at];
	return r->window_ns == window_ns && r->block == block && r->segment == segment ? r : NULL;
}

enum rc view_reserve_runs(struct view *v, size_t n, struct err *err)
{
	if (mem_grow(&v->runs, &v->cap_runs, v->n_runs + n, sizeof(*v->runs)) != 0)
		return err_memory(err);
	return RC_DONE;
}

enum rc view_add_run(struct view *v, const struct macro_run *r, struct err *err)
{
	size_t at = view_run_from(v, r->window_ns, r->block, r->segment);

	if (view_reserve_runs(v, 1, err) != RC_DONE)
		return RC_NO_MEMORY;
	memmove(v->runs + at + 1, v->runs + at, (v->n_runs - at) * sizeof(*r));
	v->runs[at] = *r;
	v->n_runs++;
	return RC_DONE;
}

void view_drop_runs(struct view *v, uint32_t block, uint32_t first, uint32_t last)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->n_runs; i++)
		if (v->runs[i].block != block || v->runs[i].segment < first || v->runs[i].segment > last)
			v->runs[kept++] = v->runs[i];
	v->n_runs = kept;
}

void view_set_counts(struct view *v, uint32_t point, const struct point_counts *counts)
{
	struct point_info *p = &v->points[point];

	p->has_counts = p->has_dropped = true;
	p->received = counts->received;
	p->refused = counts->refused;
	p->dropped = counts->dropped;
	p->if_dropped = counts->if_dropped;
}

enum rc view_add_drop(struct view *v, const struct drop_info *d, struct err *err)
{
	size_t at = v->n_drops;

	if (mem_grow(&v->drops, &v->cap_drops, at + 1, sizeof(*d)) != 0)
		return err_memory(err);
	while (at > 0 && (v->drops[at - 1].from_ns > d->from_ns ||
			(v->drops[at - 1].from_ns == d->from_ns && v->drops[at - 1].number > d->number)))
		at--;
	memmove(v->drops + at + 1, v->drops + at, (v->n_drops - at) * sizeof(*d));
	v->drops[at] = *d;
	v->n_drops++;
	if (d->number > v->drops_seen)
		v->drops_seen = d->number;
	return RC_DONE;
}

static int anew_cmp(struct anew_place a, struct anew_place b)
{
	if (a.block != b.block)
		return a.block < b.block ? -1 : 1;
	return a.offset < b.offset ? -1 : a.offset > b.offset;
}

bool view_has_anew(const struct view *v, struct anew_place place)
{
	for (size_t i = v->n_anew; i > 0 && anew_cmp(v->anew[i - 1], place) >= 0; i--)
		if (anew_cmp(v->anew[i - 1], place) == 0)
			return true;
	return false;
}

enum rc view_add_anew(struct view *v, struct anew_place place, struct err *err)
{
	size_t at = v->n_anew;

	if (mem_grow(&v->anew, &v->cap_anew, at + 1, sizeof(place)) != 0)
		return err_memory(err);
	while (at > 0 && anew_cmp(v->anew[at - 1], place) > 0)
		at--;
	memmove(v->anew + at + 1, v->anew + at, (v->n_anew - at) * sizeof(place));
	v->anew[at] = place;
	v->n_anew++;
	return RC_DONE;
}

void view_forget_anew(struct view *v, uint32_t block)
{
	size_t n = 0;

	while (n < v->n_anew && v->anew[n].block <= block)
		n++;
	if (n > 0)
		memmove(v->anew, v->anew + n, (v->n_anew - n) * sizeof(*v->anew));
	v->n_anew -= n;
}

/* Index of the first sums of this segment or behind. */
static size_t sums_from(const struct view *v, uint32_t block, uint64_t segment)
{
	size_t low = 0, high = v->n_sums;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct view_sums *s = &v->sums[middle];

		if (s->block != block ? s->block < block : s->segment < segment)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Takes the sums of segments first .. last away. */
static void drop_sums(struct view *v, uint32_t block, uint32_t first, uint32_t last)
{
	size_t from = sums_from(v, block, first), to = sums_from(v, block, (uint64_t)last + 1);

	memmove(v->sums + from, v->sums + to, (v->n_sums - to) * sizeof(*v->sums));
	v->n_sums -= to - from;
}

void view_replace_segments(struct view *v, size_t at, size_t n, const struct segment_place *s)
{
	drop_sums(v, s->block, s->number, v->segments[at + n - 1].number);
	v->segments[at] = *s;
	memmove(v->segments + at + 1, v->segments + at + n,
		(v->n_segments - at - n) * sizeof(*v->segments));
	v->n_segments -= n - 1;
	v->totals.segments -= n - 1;
	view_index_changed(v, s->block);
}

void view_evict(struct view *v, uint32_t block, bool keep_runs)
{
	size_t from = view_segment_from(v, block, 0), to = view_segment_from(v, block, UINT32_MAX);

	memmove(v->segments + from, v->segments + to, (v->n_segments - to) * sizeof(*v->segments));
	v->n_segments -= to - from;
	drop_sums(v, block, 0, UINT32_MAX);
	if (!keep_runs)
		view_drop_block_runs(v, block);
	view_index_changed(v, block);
	view_sum(v);
	view_sum_points(v);
}

void view_drop_block_runs(struct view *v, uint32_t block)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->n_runs; i++)
		if (v->runs[i].block != block)
			v->runs[kept++] = v->runs[i];
	v->n_runs = kept;
}

void view_forget_drops(struct view *v, int64_t before_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->n_drops; i++)
		if (v->drops[i].to_ns >= before_ns)
			v->drops[kept++] = v->drops[i];
	v->n_drops = kept;
}

void view_sum_row(struct view *v, const struct view_sums *s)
{
	struct point_info *p;

	if (s->point >= v->n_points || s->packets == 0)
		return;
	p = &v->points[s->point];
	if (p->packets == 0 || s->first_ns < p->first_ns)
		p->first_ns = s->first_ns;
	if (p->packets == 0 || s->last_ns > p->last_ns)
		p->last_ns = s->last_ns;
	p->packets += s->packets;
	p->bytes += s->bytes;
}

void view_sum_points(struct view *v)
{
	for (size_t i = 0; i < v->n_points; i++) {
		struct point_info *p = &v->points[i];

		p->packets = p->bytes = 0;
		p->first_ns = p->last_ns = 0;
	}
	for (size_t i = 0; i < v->n_sums; i++)
		view_sum_row(v, &v->sums[i]);
}

struct view_sums view_sums_of(uint32_t block, uint32_t segment, const struct point_info *point)
{
	return (struct view_sums){ .block = block, .segment = segment, .point = point->number,
		.packets = point->packets, .bytes = point->bytes, .first_ns = point->first_ns,
		.last_ns = point->last_ns };
}

enum rc view_reserve_sums(struct view *v, size_t n, struct err *err)
{
	if (mem_grow(&v->sums, &v->cap_sums, v->n_sums + n, sizeof(*v->sums)) != 0)
		return err_memory(err);
	return RC_DONE;
}

enum rc view_put_sums(struct view *v, const struct view_sums *sums, struct err *err)
{
	size_t at = v->n_sums;

	if (view_reserve_sums(v, 1, err) != RC_DONE)
		return RC_NO_MEMORY;
	if (at > 0 && v->sums[at - 1].block >= sums->block)
		at = sums_from(v, sums->block, sums->segment);
	while (at < v->n_sums && v->sums[at].block == sums->block && v->sums[at].segment == sums->segment &&
		v->sums[at].point < sums->point)
		at++;
	memmove(v->sums + at + 1, v->sums + at, (v->n_sums - at) * sizeof(*sums));
	v->sums[at] = *sums;
	v->n_sums++;
	return RC_DONE;
}

enum rc view_add_sums(struct view *v, const struct view_sums *sums, struct err *err)
{
	enum rc rc = view_put_sums(v, sums, err);

	if (rc == RC_DONE)
		view_sum_row(v, sums);
	return rc;
}

struct block_info *view_block(const struct view *v, uint32_t number)
{
	size_t low = 0, high = v->n_blocks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->blocks[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->n_blocks && v->blocks[low].number == number ? &v->blocks[low] : NULL;
}

size_t view_segment_from(const struct view *v, uint32_t block, uint32_t number)
{
	size_t low = 0, high = v->n_segments;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct segment_place *s = &v->segments[middle];

		if (s->block < block || (s->block == block && s->number < number))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct segment_place *view_segment(const struct view *v, uint32_t block, uint32_t number)
{
	size_t at = view_segment_from(v, block, number);
	const struct segment_place *s;

	if (at == v->n_segments)
		return NULL;
	s = &v->segments[at];
	return s->block == block && s->number == number ? s : NULL;
}

const struct segment_place *view_last_segment(const struct view *v, uint32_t block)
{
	size_t end = view_segment_from(v, block, UINT32_MAX);

	return end > 0 && v->segments[end - 1].block == block ? &v->segments[end - 1] : NULL;
}

uint64_t view_index_end(const struct view *v, uint32_t block)
{
	uint64_t end = 0;

	for (size_t i = view_segment_from(v, block, 0); i < v->n_segments && v->segments[i].block == block; i++)
		if (v->segments[i].at + v->segments[i].len > end)
			end = v->segments[i].at + v->segments[i].len;
	return end;
}

static void sum_times(bool first, const struct segment_place *s, int64_t *first_ns, int64_t *last_ns)
{
	if (first || s->first_ns < *first_ns)
		*first_ns = s->first_ns;
	if (first || s->last_ns > *last_ns)
		*last_ns = s->last_ns;
}

static void sum_totals(struct store_totals *t, const struct segment_place *s)
{
	sum_times(t->packets == 0, s, &t->first_ns, &t->last_ns);
	t->packets += s->packets;
	t->bytes += s->bytes;
	t->captured_bytes += s->captured_bytes;
	t->time_unknown += s->time_unknown;
	t->time_saturated += s->time_saturated;
	t->cut_packets += s->cut_packets;
	t->undecoded += s->undecoded;
	t->segments++;
}

static void sum_block(struct block_info *b, const struct segment_place *s)
{
	sum_times(b->packets == 0, s, &b->first_ns, &b->last_ns);
	if (s->number == 0)
		b->first_frame = s->first_frame;
	b->packets += s->packets;
	b->bytes += s->bytes;
}

/* Bytes of blocks, and how far into the file they reach; an open one as far as it is published. */
static void sum_length(struct view *v, struct block_info *b, const struct segment_place *last)
{
	if (b->state == BLOCK_EVICTED) {
		v->totals.evicted_blocks++;
		v->totals.evicted_packets += b->packets;
		return;
	}
	v->totals.blocks++;
	if (b->state == BLOCK_OPEN)
		b->length = last ? last->end_offset : 0;
	v->totals.block_bytes += b->length;
	if (b->length && b->offset + b->length > v->totals.indexed_to)
		v->totals.indexed_to = b->offset + b->length;
}

void view_sum_segment(struct view *v, const struct segment_place *s)
{
	struct block_info *b = view_block(v, s->block);

	sum_totals(&v->totals, s);
	if (!b)
		return;
	sum_block(b, s);
	if (b->state == BLOCK_OPEN) {
		v->totals.block_bytes += s->end_offset - b->length;
		b->length = s->end_offset;
		if (b->offset + b->length > v->totals.indexed_to)
			v->totals.indexed_to = b->offset + b->length;
	}
}

void view_sum(struct view *v)
{
	struct store_totals *t = &v->totals;
	const struct segment_place *s = v->segments, *end = s + v->n_segments;

	*t = (struct store_totals){ .complete = t->complete, .cut_short = t->cut_short, .damaged = t->damaged,
		.damaged_at = t->damaged_at, .checksum_offload = t->checksum_offload };
	for (size_t i = 0; i < v->n_blocks; i++) {
		struct block_info *b = &v->blocks[i];
		const struct segment_place *last = NULL;

		if (b->state != BLOCK_EVICTED)
			b->packets = b->bytes = 0;
		for (; s < end && s->block <= b->number; s++) {
			sum_totals(t, s);
			if (s->block != b->number)
				continue;
			sum_block(b, s);
			last = s;
		}
		sum_length(v, b, last);
	}
	for (; s < end; s++)
		sum_totals(t, s);
}

void view_index_changed(struct view *v, uint32_t block)
{
	struct block_info *b = view_block(v, block);

	if (v->index_all_stale || !b || (!b->index_known && v->n_index_stale > 0 &&
			v->index_stale[v->n_index_stale - 1] == block))
		return;
	if (b->index_known)
		v->index_bytes -= b->index_bytes;
	b->index_known = false;
	if (v->n_index_stale == sizeof(v->index_stale) / sizeof(v->index_stale[0]))
		v->index_all_stale = true;
	else
		v->index_stale[v->n_index_stale++] = block;
}
