/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/rates.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const int64_t window_ns = INT64_C(3000000000);

static bool no_value(const struct row *row, struct value *out)
{
	(void)row;
	(void)out;
	return false;
}

enum { RECORD_TIERS = FIELD_ON(TIER_MICROFLOW) | FIELD_ON(TIER_FLOW) | FIELD_ON(TIER_MACROFLOW) };

const struct field rates_bits_field = {
	.id = FIELD_DERIVED + 904,
	.name = "bits_s",
	.title = "bits/s",
	.type = TYPE_REAL,
	.tiers = RECORD_TIERS,
	.get = no_value,
	.width_cells = 7,
	.help = "bits per second of the last three to six seconds, while it is recorded",
};

const struct field rates_packets_field = {
	.id = FIELD_DERIVED + 905,
	.name = "packets_s",
	.title = "pkt/s",
	.type = TYPE_REAL,
	.tiers = RECORD_TIERS,
	.get = no_value,
	.width_cells = 6,
	.help = "packets per second of the last three to six seconds, while it is recorded",
};

bool rates_is_field(const struct field *f)
{
	return f == &rates_bits_field || f == &rates_packets_field;
}

/* ---- samples ------------------------------------------------------------------------------- */

static void key_of(const struct row *row, uint64_t *record, uint32_t *source)
{
	*record = record_id_number(row->record->id);
	*source = row->source > 0 ? row->source : 1;
}

/* The entry, or the free slot where it would be. */
static struct rates_entry *slot_of(const struct rates_sample *s, uint64_t record, uint32_t source)
{
	size_t i = (size_t)hash_mix(record ^ (uint64_t)source << 56) & (s->n_slots - 1);

	while (s->v[i].source != 0 && (s->v[i].source != source || s->v[i].record != record))
		i = (i + 1) & (s->n_slots - 1);
	return &s->v[i];
}

static void drop(struct rates_sample *s)
{
	mem_free(s->v);
	memset(s, 0, sizeof(*s));
}

static size_t end_index(const struct row *row)
{
	return row->source < RATES_SOURCES ? row->source : 0;
}

static void put_row(struct rates_sample *s, const struct row *row)
{
	struct rates_entry *e;
	uint64_t record;
	uint32_t source;

	key_of(row, &record, &source);
	e = slot_of(s, record, source);
	*e = (struct rates_entry){ record, source, counters_bytes(&row->record->c), counters_packets(&row->record->c) };
	if (s->end_ns[end_index(row)] < row->capture_end_ns)
		s->end_ns[end_index(row)] = row->capture_end_ns;
}

static void fill(struct rates_sample *s, const struct result *r, int64_t now_ns)
{
	size_t n = result_count(r), slots = 64;

	while (slots < n * 2)
		slots *= 2;
	s->v = mem_calloc(slots, sizeof(*s->v));
	if (s->v == NULL)
		return;
	s->n_slots = slots;
	s->taken_ns = now_ns;
	for (size_t i = 0; i < n; i++) {
		struct row row;

		if (result_row(r, i, &row))
			put_row(s, &row);
	}
}

void rates_clear(struct rates *t)
{
	drop(&t->old);
	drop(&t->mid);
	drop(&t->last);
	t->n_new = 0;
}

static const struct rates_sample *reference(const struct rates *t)
{
	return t->old.n_slots > 0 ? &t->old : &t->mid;
}

static void count_new(struct rates *t, const struct result *r)
{
	struct row row;

	t->n_new = 0;
	for (size_t i = 0; i < result_count(r); i++)
		t->n_new += result_row(r, i, &row) && rates_is_new(t, &row);
}

void rates_take(struct rates *t, const struct result *r, int64_t now_ns)
{
	if (result_count(r) > RATES_ROWS_MAX) {
		rates_clear(t);
		return;
	}
	if (t->mid.n_slots > 0 && now_ns - t->mid.taken_ns >= window_ns) {
		drop(&t->old);
		t->old = t->mid;
		t->mid = t->last;
		memset(&t->last, 0, sizeof(t->last));
		if (now_ns - t->mid.taken_ns >= window_ns)
			t->mid.taken_ns = now_ns; /* there was silence: it is as it was */
	}
	drop(&t->last);
	fill(&t->last, r, now_ns);
	if (t->mid.n_slots == 0)
		fill(&t->mid, r, now_ns);
	t->now_ns = now_ns;
	count_new(t, r);
}

/* ---- rates --------------------------------------------------------------------------------- */

bool rates_is_new(const struct rates *t, const struct row *row)
{
	const struct rates_sample *from = reference(t);
	uint64_t record;
	uint32_t source;

	if (from->n_slots == 0 || row->record == NULL || t->now_ns - t->last.taken_ns > 2 * window_ns)
		return false;
	key_of(row, &record, &source);
	return slot_of(from, record, source)->source == 0;
}

bool rates_of(const struct rates *t, const struct row *row, double *bits, double *packets)
{
	const struct rates_sample *from = reference(t);
	const struct rates_entry *e;
	uint64_t record;
	uint32_t source;
	double seconds;

	if (from->n_slots == 0 || row->record == NULL)
		return false;
	*bits = *packets = 0;
	if (t->now_ns - t->last.taken_ns > 2 * window_ns)
		return true;
	key_of(row, &record, &source);
	e = slot_of(from, record, source);
	seconds = (double)(row->capture_end_ns - from->end_ns[end_index(row)]) / 1e9;
	if (seconds < 0.5)
		return false;
	/* a row that was not there grew from nothing; what was merged into another may be less than it was */
	if (counters_bytes(&row->record->c) >= e->bytes)
		*bits = (double)(counters_bytes(&row->record->c) - e->bytes) * 8 / seconds;
	if (counters_packets(&row->record->c) >= e->packets)
		*packets = (double)(counters_packets(&row->record->c) - e->packets) / seconds;
	return true;
}

bool rates_format(char *out, size_t size, const struct rates *t, const struct field *f, const struct row *row)
{
	double bits, packets, v;

	if (t == NULL || !rates_of(t, row, &bits, &packets)) {
		snprintf(out, size, "-");
		return false;
	}
	v = f == &rates_bits_field ? bits : packets;
	if (v > 0 && v < 9.95)
		snprintf(out, size, "%.1f", v);
	else
		text_count_short(out, size, (uint64_t)(v + 0.5));
	return true;
}
