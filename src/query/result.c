/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/result_priv.h"

#include "base/hash.h"
#include "base/mem.h"
#include "flow/health.h"

enum rc result_new(enum tier tier, struct result **out, struct err *err)
{
	struct result *r = mem_calloc(1, sizeof(*r));
	enum rc rc;

	if (!r)
		return err_memory(err);
	r->tier = tier;
	rc = rows_new(tier, &r->rows, err);
	if (rc != RC_DONE) {
		mem_free(r);
		return rc;
	}
	*out = r;
	return RC_DONE;
}

void result_free(struct result *r)
{
	if (!r)
		return;
	rows_free(r->rows);
	mem_free(r->order.slots);
	mem_free(r->order.places);
	mem_free(r->hashes);
	mem_free(r->buckets);
	mem_free(r);
}

/* ---- by id --------------------------------------------------------------------------------- */

/* The first source is the same whether it was written or not. */
static bool same_id(const struct id *a, const struct id *b)
{
	return a->tier == b->tier && record_id_equal(a->rec, b->rec) &&
		(a->source ? a->source : 1) == (b->source ? b->source : 1);
}

static uint32_t hash_of(const struct id *id)
{
	uint64_t source = id->source ? id->source : 1;

	return (uint32_t)hash_mix(record_id_number(id->rec) ^ source << 56);
}

static void id_of_slot(const struct result *r, size_t slot, struct id *out)
{
	struct row row;

	rows_get(r->rows, slot, &row);
	row_id(&row, out);
}

static void bucket_put(struct result *r, size_t slot)
{
	size_t b;

	for (b = r->hashes[slot] & (r->n_buckets - 1); r->buckets[b]; b = (b + 1) & (r->n_buckets - 1))
		;
	r->buckets[b] = (uint32_t)slot + 1;
}

static enum rc buckets_grow(struct result *r, struct err *err)
{
	size_t n = r->n_buckets ? r->n_buckets * 2 : 256;
	uint32_t *buckets = mem_calloc(n, sizeof(*buckets));

	if (!buckets)
		return err_memory(err);
	mem_free(r->buckets);
	r->buckets = buckets;
	r->n_buckets = n;
	for (size_t slot = 0; slot < rows_count(r->rows); slot++)
		bucket_put(r, slot);
	return RC_DONE;
}

bool result_find(const struct result *r, const struct id *id, size_t *i)
{
	uint32_t hash = hash_of(id);

	if (!r->n_buckets)
		return false;
	for (size_t b = hash & (r->n_buckets - 1); r->buckets[b]; b = (b + 1) & (r->n_buckets - 1)) {
		size_t slot = r->buckets[b] - 1;
		struct id other;

		if (r->hashes[slot] != hash)
			continue;
		id_of_slot(r, slot, &other);
		if (same_id(id, &other)) {
			*i = slot < r->order.n ? r->order.places[slot] : slot;
			return true;
		}
	}
	return false;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void see_point(struct result *r, uint32_t source, uint32_t number)
{
	uint64_t key = (uint64_t)source << 32 | number;
	size_t i = 0;

	while (i < r->sums.points && r->point_keys[i] != key)
		i++;
	if (i == r->sums.points && i < RESULT_POINTS_MAX)
		r->point_keys[r->sums.points++] = key;
}

static void see_time(struct result_sums *s, int64_t first_ns, int64_t last_ns)
{
	s->first_ns = !s->has_time || first_ns < s->first_ns ? first_ns : s->first_ns;
	s->last_ns = !s->has_time || last_ns > s->last_ns ? last_ns : s->last_ns;
	s->has_time = true;
}

static void sum_up(struct result *r, const struct row *row, size_t slot)
{
	uint64_t trouble = health_trouble(row);
	struct result_sums *s = &r->sums;

	if (row->packet) {
		s->packets++;
		s->bytes += row->packet->pkt.len;
		see_time(s, row->packet->pkt.time_ns, row->packet->pkt.time_ns);
		see_point(r, row->source, row->packet->pkt.point);
	} else if (row->record) {
		s->packets += counters_packets(&row->record->c);
		s->bytes += counters_bytes(&row->record->c);
		s->flows += row->record->c.flows;
		see_time(s, row->record->c.first_ns, row->record->c.last_ns);
		see_point(r, row->source, row->record->key.point);
	}
	if (trouble > r->trouble) {
		r->trouble = trouble;
		r->worst_slot = slot;
	}
}

enum rc result_add(struct result *r, const struct row *row, struct err *err)
{
	size_t n = rows_count(r->rows), slot;
	enum rc rc = RC_DONE;
	struct id id;

	if (n >= UINT32_MAX - 1)
		return err_set(err, RC_LIMIT, "result", "too many rows");
	if (n * 2 >= r->n_buckets)
		rc = buckets_grow(r, err);
	if (rc == RC_DONE && mem_grow(&r->hashes, &r->cap_hashes, n + 1, sizeof(*r->hashes)) != 0)
		rc = err_memory(err);
	if (rc == RC_DONE)
		rc = rows_add(r->rows, row, &slot, err);
	if (rc != RC_DONE)
		return rc;
	row_id(row, &id);
	r->hashes[slot] = hash_of(&id);
	bucket_put(r, slot);
	sum_up(r, row, slot);
	return RC_DONE;
}

void result_sums(const struct result *r, struct result_sums *out)
{
	*out = r->sums;
}

bool result_worst(const struct result *r, size_t *i)
{
	*i = r->worst_slot < r->order.n ? r->order.places[r->worst_slot] : r->worst_slot;
	return r->trouble > 0;
}

size_t result_count(const struct result *r)
{
	return rows_count(r->rows);
}

void result_use_names(struct result *r, const struct name_source *names)
{
	rows_use_names(r->rows, names);
}

bool result_row(const struct result *r, size_t i, struct row *out)
{
	if (i >= rows_count(r->rows))
		return false;
	rows_get(r->rows, i < r->order.n ? r->order.slots[i] : i, out);
	return true;
}

size_t result_bytes(const struct result *r)
{
	return sizeof(*r) + rows_bytes(r->rows) + r->order.n * 2 * sizeof(uint32_t) +
		r->cap_hashes * sizeof(*r->hashes) + r->n_buckets * sizeof(*r->buckets);
}
