/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters: empty ones, and how fields merge. There are more than a hundred fields and most are 0 in most parts, so they are
 * taken by their rules: all sums in one go, of the others those alone that the part knows. The order makes no difference,
 * because no field's rule looks at another field.
 */
#include "flow/merge.h"

#include "base/text.h"
#include "flow/field.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Fields that are known from the beginning: counters of what every packet tells. */
#define KNOWN_COUNTERS \
	(FIELD_BIT(FIELD_FLOWS) | FIELD_BIT(FIELD_C2S_PACKETS) | FIELD_BIT(FIELD_S2C_PACKETS) | \
	 FIELD_BIT(FIELD_C2S_BYTES) | FIELD_BIT(FIELD_S2C_BYTES) | FIELD_BIT(FIELD_PAYLOAD_BYTES) | \
	 FIELD_BIT(FIELD_SIZE_SUMSQ) | FIELD_BIT(FIELD_GAP_SUM) | FIELD_BIT(FIELD_GAP_SUMSQ) | \
	 FIELD_BIT(FIELD_SYN) | FIELD_BIT(FIELD_FIN) | FIELD_BIT(FIELD_RST) | \
	 FIELD_BIT(FIELD_RTT_N) | FIELD_BIT(FIELD_RTT_SUM) | FIELD_BIT(FIELD_RTT_SUMSQ) | \
	 FIELD_BIT(FIELD_FRAGMENTS) | FIELD_BIT(FIELD_MALFORMED) | FIELD_BIT(FIELD_CHECKSUM_ERRORS) | \
	 FIELD_BIT(FIELD_STATE_EVICTED))
/* And those of analyses: what they do not apply to has none of it. Whoever leaves one out clears its bits. */
#define KNOWN_ANALYSES \
	((FIELD_BIT(FIELD_BAD_SACK + 1) - FIELD_BIT(FIELD_C2S_RETRANS)) | FIELD_BIT(FIELD_RTT_CLIENT_N) | \
	 FIELD_BIT(FIELD_RTT_CLIENT_SUM) | FIELD_BIT(FIELD_RTT_CLIENT_SUMSQ) | \
	 FIELD_BIT(FIELD_RTT_SERVER_N) | FIELD_BIT(FIELD_RTT_SERVER_SUM) | \
	 FIELD_BIT(FIELD_RTT_SERVER_SUMSQ) | FIELD_BIT(FIELD_ATTEMPTED) | FIELD_BIT(FIELD_ANSWERED) | \
	 FIELD_BIT(FIELD_REFUSED) | FIELD_BIT(FIELD_RESPONSE_N) | FIELD_BIT(FIELD_RESPONSE_SUM) | \
	 FIELD_BIT(FIELD_RESPONSE_SUMSQ) | FIELD_BIT(FIELD_TURNS) | FIELD_BIT(FIELD_TRANSFER_N) | \
	 FIELD_BIT(FIELD_TRANSFER_SUM) | FIELD_BIT(FIELD_ABORTED) | FIELD_BIT(FIELD_REQUESTS) | \
	 FIELD_BIT(FIELD_ERRORS) | FIELD_BIT(FIELD_REFUSALS) | FIELD_BIT(FIELD_RTP_PACKETS))

void counters_init(struct counters *c)
{
	memset(c, 0, sizeof(*c));
	c->known = KNOWN_COUNTERS | KNOWN_ANALYSES;
}

/* ---- the plan --------------------------------------------------------------------------- */

enum sum_type { SUM_U64, SUM_I64, SUM_U128, SUM_TYPES };

/* Sums that lie side by side are added side by side: most of the counters are. */
struct span { uint16_t at, n; };

/* Stored fields by their rule; made from the field table before main(). */
static struct {
	struct span sums[SUM_TYPES][FIELD_STORED_END]; /* offsets in struct record; all lie in its counters */
	unsigned n_sums[SUM_TYPES];
	u128 sum, least, most, any_of, same;        /* bits of the fields with that rule */
} plan;

static void plan_sum(const struct field *f)
{
	enum sum_type type = f->type == TYPE_U64 ? SUM_U64 : f->type == TYPE_I64 ? SUM_I64 : SUM_U128;

	assert(type != SUM_U128 || f->type == TYPE_U128);
	assert(f->offset >= offsetof(struct record, c));
	plan.sums[type][plan.n_sums[type]++] = (struct span){ f->offset, 1 };
	plan.sum |= FIELD_BIT(f->id);
}

static int span_cmp(const void *a, const void *b)
{
	return (int)((const struct span *)a)->at - (int)((const struct span *)b)->at;
}

static void join_spans(struct span *v, unsigned *n, size_t size)
{
	unsigned kept = 0;

	qsort(v, *n, sizeof(*v), span_cmp);
	for (unsigned i = 0; i < *n; i++) {
		struct span *last = kept ? &v[kept - 1] : NULL;

		if (last && last->at + last->n * size == v[i].at)
			last->n++;
		else
			v[kept++] = v[i];
	}
	*n = kept;
}

__attribute__((constructor)) static void plan_init(void)
{
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);

		if (f->id >= FIELD_STORED_END)
			continue;
		switch (f->merge) {
		case MERGE_SUM: plan_sum(f); break;
		case MERGE_MIN: plan.least |= FIELD_BIT(f->id); break;
		case MERGE_MAX: plan.most |= FIELD_BIT(f->id); break;
		case MERGE_OR: plan.any_of |= FIELD_BIT(f->id); break;
		case MERGE_SAME: plan.same |= FIELD_BIT(f->id); break;
		case MERGE_NONE:
		case MERGE_UNION: break;
		}
	}
	join_spans(plan.sums[SUM_U64], &plan.n_sums[SUM_U64], sizeof(uint64_t));
	join_spans(plan.sums[SUM_I64], &plan.n_sums[SUM_I64], sizeof(int64_t));
	join_spans(plan.sums[SUM_U128], &plan.n_sums[SUM_U128], sizeof(u128));
}

/* ---- rules ------------------------------------------------------------------------------ */

/* Bytes of a record, or of counters less their offset in one. */
struct merge {
	uint8_t *whole;
	const uint8_t *part;
	struct counters *w;
	const struct counters *p;
};

static void merge_sums(const struct merge *m)
{
	for (unsigned i = 0; i < plan.n_sums[SUM_U64]; i++) {
		const struct span *span = &plan.sums[SUM_U64][i];
		uint64_t *sum = (void *)(m->whole + span->at);
		const uint64_t *more = (const void *)(m->part + span->at);

		for (unsigned k = 0; k < span->n; k++)
			sum[k] += more[k];
	}
	for (unsigned i = 0; i < plan.n_sums[SUM_I64]; i++) {
		const struct span *span = &plan.sums[SUM_I64][i];
		int64_t *sum = (void *)(m->whole + span->at);
		const int64_t *more = (const void *)(m->part + span->at);

		for (unsigned k = 0; k < span->n; k++)
			sum[k] = time_add(sum[k], more[k]);
	}
	for (unsigned i = 0; i < plan.n_sums[SUM_U128]; i++) {
		const struct span *span = &plan.sums[SUM_U128][i];
		u128 *sum = (void *)(m->whole + span->at);
		const u128 *more = (const void *)(m->part + span->at);

		for (unsigned k = 0; k < span->n; k++)
			sum[k] += more[k];
	}
	m->w->known &= m->p->known | ~plan.sum;
}

/* Whether part is beyond whole, upwards or downwards. */
static bool is_beyond(enum field_type t, const void *whole, const void *part, bool upwards)
{
#define BEYOND(type) (upwards ? *(const type *)part > *(const type *)whole \
		: *(const type *)part < *(const type *)whole)
	switch (t) {
	case TYPE_U8:
		return BEYOND(uint8_t);
	case TYPE_U16:
		return BEYOND(uint16_t);
	case TYPE_U32:
		return BEYOND(uint32_t);
	case TYPE_U64:
		return BEYOND(uint64_t);
	case TYPE_I64:
		return BEYOND(int64_t);
	default:
		abort();
	}
#undef BEYOND
}

static void merge_extremes(const struct merge *m)
{
	u128 left = m->p->known & (plan.least | plan.most);

	while (left) {
		unsigned id = field_bit_take(&left);
		const struct field *f = field_stored(id);
		uint8_t *whole = m->whole + f->offset;
		const uint8_t *part = m->part + f->offset;

		if (!(m->w->known & FIELD_BIT(id)) || is_beyond(f->type, whole, part, f->merge == MERGE_MAX))
			memcpy(whole, part, field_type_size(f->type));
		m->w->known |= FIELD_BIT(id);
	}
}

static void merge_flags(const struct merge *m)
{
	u128 left = m->p->known & plan.any_of;

	m->w->known |= left;
	while (left) {
		size_t at = field_stored(field_bit_take(&left))->offset;

		*(uint16_t *)(void *)(m->whole + at) |= *(const uint16_t *)(const void *)(m->part + at);
	}
}

/* What is unknown is zero, as counting leaves it: so equal records are equal bytes, however they were merged. */
static void merge_same(const struct merge *m, u128 fields)
{
	u128 left = (m->p->known | m->p->mixed) & ~m->w->mixed & plan.same & fields;

	while (left) {
		unsigned id = field_bit_take(&left);
		const struct field *f = field_stored(id);
		size_t size = field_type_size(f->type);
		uint8_t *whole = m->whole + f->offset;
		const uint8_t *part = m->part + f->offset;
		bool differ = (m->p->mixed & FIELD_BIT(id)) != 0;

		if (!differ && !(m->w->known & FIELD_BIT(id))) {
			memcpy(whole, part, size);
			m->w->known |= FIELD_BIT(id);
		} else if (differ || memcmp(whole, part, size) != 0) {
			m->w->mixed |= FIELD_BIT(id);
			m->w->known &= ~FIELD_BIT(id);
			memset(whole, 0, size);
		}
	}
}

/*
 * Where an attribute was not computed for all parts its extremes and common values are not those of the whole. Sums were cleared by merging
 * them. Forgotten every time, so that order does not matter; what is not known is zero already.
 */
static void forget_partly_known(const struct merge *m)
{
	unsigned lacking = attributes_lacking(m->w->known);
	u128 fields = lacking ? attribute_fields(lacking) & ~KNOWN_ANALYSES : 0, left = fields & m->w->known;

	while (left) {
		const struct field *f = field_stored(field_bit_take(&left));

		if (f)
			memset(m->whole + f->offset, 0, field_type_size(f->type));
	}
	m->w->known &= ~fields;
	m->w->mixed &= ~fields;
}

static void merge_fields(const struct merge *m, u128 fields)
{
	merge_sums(m);
	merge_extremes(m);
	merge_flags(m);
	merge_same(m, fields);
	forget_partly_known(m);
}

void record_merge_fields(struct record *whole, const struct record *part)
{
	struct merge m = { (uint8_t *)whole, (const uint8_t *)part, &whole->c, &part->c };

	merge_fields(&m, ~(u128)0);
}

void counters_merge(struct counters *whole, const struct counters *part)
{
	/* Counters' fields lie behind the key in struct record: only offsets count here. */
	size_t back = offsetof(struct record, c);
	struct merge m = { (uint8_t *)whole - back, (const uint8_t *)part - back, whole, part };

	merge_fields(&m, ~(FIELD_BIT(FIELD_FIRST) - 1));
}
