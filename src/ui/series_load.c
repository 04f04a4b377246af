/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How columns are asked for: tier, length, the query, and its rows added up (in the job's thread). */
#include "ui/series_parts.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const int64_t ms = 1000 * 1000;

/* ---- lengths ------------------------------------------------------------------------------- */

int64_t series_step(int64_t least_ns, int64_t unit_ns)
{
	static const int64_t seconds[] = { 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600,
		7200, 10800, 14400, 21600, 43200, 86400, 172800, 604800, 1209600, 2419200 };
	const int64_t s = 1000 * ms;
	int64_t least = least_ns > 1 ? least_ns : 1;

	for (int64_t ten = 1; ten <= s; ten *= 10)
		for (int k = 0; k < 3; k++) {
			int64_t step = ten * (k == 0 ? 1 : k == 1 ? 2 : 5);

			if (step >= least && step % unit_ns == 0)
				return step;
		}
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		if (seconds[i] * s >= least && seconds[i] * s % unit_ns == 0)
			return seconds[i] * s;
	return time_floor(time_add(least, unit_ns - 1), unit_ns);
}

static int64_t slice_of(const struct store_config *c, enum tier tier)
{
	return tier == TIER_MACROFLOW ? c->macro_ns : tier == TIER_FLOW ? c->flow_ns : c->micro_ns;
}

static int64_t gcd(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/* The least length that whole slices of every source fit into. */
static int64_t common_slice(const struct query_sources *sources, enum tier tier)
{
	int64_t unit = 1;

	for (size_t i = 0; tier != TIER_PACKET && i < sources->n; i++) {
		int64_t slice = sources->stores[i] != NULL ? slice_of(store_config(sources->stores[i]), tier) : 1;

		unit = unit / gcd(unit, slice) > INT64_MAX / slice ? slice : unit / gcd(unit, slice) * slice;
	}
	return unit;
}

/* ---- which tier ------------------------------------------------------------------------------ */

bool series_filter_is_shared(const char *filter)
{
	struct filter *f = NULL;
	bool shared = filter_compile_conversations(filter, &f, NULL) == RC_DONE;

	filter_free(f);
	return shared;
}

/* Packets of the segments that overlap: as many as there may be, or more. */
static uint64_t packets_between(const struct query_sources *sources, int64_t from_ns, int64_t to_ns)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < sources->n; i++) {
		size_t n = 0;
		const struct segment_place *v =
			sources->stores[i] != NULL ? store_segments(sources->stores[i], &n) : NULL;

		for (size_t k = 0; k < n; k++)
			packets += v[k].last_ns >= from_ns && v[k].first_ns < to_ns ? v[k].packets : 0;
	}
	return packets;
}

/* Whether packets may be read for it; a filter of packets can be asked of nothing else. */
static bool is_of_packets(const struct query_sources *sources, const struct series_question *q, int64_t from_ns,
	int64_t to_ns, bool shared)
{
	if (!shared)
		return q->tier == TIER_PACKET;
	return (q->has_in && q->in.tier <= TIER_FLOW) ||
		packets_between(sources, from_ns, to_ns) <= SERIES_PACKETS;
}

/* Tiers that may be asked, the coarsest first; returns how many. */
static size_t allowed_tiers(const struct query_sources *sources, const struct series_question *q, int64_t from_ns,
	int64_t to_ns, enum tier out[TIERS])
{
	static const enum tier all[] = { TIER_MACROFLOW, TIER_FLOW, TIER_MICROFLOW };
	bool shared = series_filter_is_shared(q->filter), of_key = filter_is_of_key(q->filter, q->tier);
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if ((!q->has_in || q->in.tier > all[i]) &&
			(shared || q->tier == all[i] || (of_key && all[i] < q->tier)))
			out[n++] = all[i];
	if (is_of_packets(sources, q, from_ns, to_ns, shared) || n == 0)
		out[n++] = TIER_PACKET;
	return n;
}

bool series_plan(const struct query_sources *sources, const struct series_question *q, int64_t from_ns, int64_t to_ns,
	unsigned coarser, struct series_plan *out)
{
	int64_t span = time_sub(to_ns, from_ns), least = span / (int64_t)q->columns + (span % (int64_t)q->columns > 0);
	enum tier tiers[TIERS] = { 0 };
	size_t n = allowed_tiers(sources, q, from_ns, to_ns, tiers);

	if (coarser >= n || span <= 0)
		return false;
	n -= coarser;
	for (;;) {
		int64_t unit = common_slice(sources, tiers[n - 1]);

		out->step_ns = series_step(least > unit ? least : unit, unit);
		/* packets are for what slices are too long for */
		if (tiers[n - 1] != TIER_PACKET || n == 1 || out->step_ns < common_slice(sources, tiers[n - 2]))
			break;
		n--;
	}
	out->tier = tiers[n - 1];
	for (size_t i = 0; i < n; i++)
		if (out->step_ns % common_slice(sources, tiers[i]) == 0) {
			out->tier = tiers[i];
			break;
		}
	/* columns begin at multiples of their length: there may be one more than fits */
	for (;;) {
		out->from_ns = time_floor(from_ns, out->step_ns);
		out->n = (size_t)(time_sub(to_ns - 1, out->from_ns) / out->step_ns) + 1;
		if (out->n <= q->columns || out->n <= 1)
			return out->n <= SERIES_COLUMNS;
		out->step_ns = series_step(out->step_ns + 1, common_slice(sources, out->tier));
	}
}

/* ---- adding up: the job's thread ------------------------------------------------------------- */

static void note_point(struct series_load *l, const struct row *row)
{
	uint64_t key = (uint64_t)row->source << 32;
	size_t i;

	if (row->packet != NULL)
		key |= row->packet->pkt.point;
	else if (row->record->c.known & FIELD_BIT(FIELD_POINT))
		key |= row->record->key.point;
	for (i = 0; i < l->data->n_points; i++)
		if (l->points[i] == key)
			return;
	if (i < sizeof(l->points) / sizeof(l->points[0])) {
		l->points[i] = key;
		l->data->n_points++;
	}
}

/* What packets do not tell of themselves. */
static const u128 untold = FIELD_BIT(FIELD_RTT_N) | FIELD_BIT(FIELD_RTT_MIN) | FIELD_BIT(FIELD_RTT_MAX) |
	FIELD_BIT(FIELD_RTT_SUM) | FIELD_BIT(FIELD_RTT_SUMSQ) | FIELD_BIT(FIELD_END_REASON) |
	FIELD_BIT(FIELD_STATE_EVICTED) | FIELD_BIT(FIELD_IN_FLIGHT_MAX) | FIELD_BIT(FIELD_ATTEMPTED) |
	FIELD_BIT(FIELD_ANSWERED) | FIELD_BIT(FIELD_REFUSED) | FIELD_BIT(FIELD_CLOSED_BY) | FIELD_BIT(FIELD_TURNS) |
	FIELD_BIT(FIELD_TRANSFER_N) | FIELD_BIT(FIELD_TRANSFER_MAX) | FIELD_BIT(FIELD_TRANSFER_SUM) |
	FIELD_BIT(FIELD_ABORTED) | FIELD_BIT(FIELD_REQUESTS) | FIELD_BIT(FIELD_ERRORS) | FIELD_BIT(FIELD_REFUSALS) |
	FIELD_BIT(FIELD_RTP_PACKETS);

static void add_packet(struct series_load *l, size_t i, const struct packet_row *p)
{
	struct record *rec = &l->data->column[i].rec;
	bool tcp = (p->pkt.flags & PACKET_HAS_TCP) != 0;

	if (rec->id.block == 0)
		rec->id = p->self;
	counters_packet(&rec->c, &p->pkt, p->direction);
	counters_note(&rec->c, p->direction, &p->note);
	if (p->has_gap)
		counters_gap(&rec->c, p->gap_ns);
	else
		rec->c.flows++;
	l->lacking[i] |= (tcp && !p->has_marks ? ATTRIBUTE_TCP : 0) | (tcp && !p->has_turns ? ATTRIBUTE_RESPONSE : 0);
}

/* Texts are of the query's pool, which goes with it: columns have none. */
static enum rc add_record(struct series_load *l, size_t i, const struct record *r)
{
	struct record part = *r;

	part.texts = NULL;
	part.c.known &= ~text_fields();
	part.c.mixed &= ~text_fields();
	return record_merge(&l->data->column[i].rec, &part, &l->err);
}

static bool take_row(void *ctx, const struct query_sources *sources, const struct row *row, const struct raw_packet *raw)
{
	struct series_load *l = ctx;
	int64_t t = row->packet != NULL ? row->packet->pkt.time_ns : row->record->slice_ns;
	struct series_column *column;
	size_t i;

	(void)sources;
	(void)raw;
	l->rows++;
	/* what was asked in whole slices has others beside it where a range cuts them */
	if (!series_column_at(l->data, t, &i) || i < l->low || i >= l->high)
		return true;
	column = &l->data->column[i];
	if (!column->any)
		record_init(&column->rec, row->packet != NULL ? TIER_MICROFLOW : row->tier);
	column->any = true;
	note_point(l, row);
	if (row->packet != NULL)
		add_packet(l, i, row->packet);
	else
		l->err.rc = add_record(l, i, row->record);
	return l->err.rc == RC_DONE;
}

/* ---- one job -------------------------------------------------------------------------------- */

static void make_query(struct series_load *l, const struct series_plan *plan)
{
	const struct series_question *q = &l->question;
	int64_t from = time_add(plan->from_ns, (int64_t)l->low * plan->step_ns);
	int64_t to = time_add(plan->from_ns, (int64_t)l->high * plan->step_ns);

	query_init(&l->query, plan->tier);
	/* all columns: as it was asked, whatever comes in meanwhile beside them */
	l->query.from_ns = l->low > 0 && from > q->from_ns ? from : q->from_ns;
	l->query.to_ns = l->high < plan->n && to < q->to_ns ? to : q->to_ns;
	l->query.filter = l->filter;
	if (q->has_in) {
		l->query.in = &l->question.in;
		l->query.n_in = 1;
	}
	if (plan->tier == TIER_PACKET) {
		l->query.limit = SERIES_PACKETS + 1;
		return;
	}
	l->query.memory_max = SERIES_MEMORY;
	l->query.group[l->query.n_group++] = field_find("slice", plan->tier);
}

enum rc series_load_start(struct session *session, const struct series_question *q, const struct series_plan *plan, size_t low,
	size_t high, struct series_load **out, struct err *err)
{
	struct series_load *l = mem_calloc(1, sizeof(*l));
	enum rc rc = RC_DONE;

	if (l == NULL)
		return err_memory(err);
	l->data = mem_calloc(1, sizeof(*l->data));
	l->question = *q;
	l->low = low;
	l->high = high;
	if (l->data == NULL)
		rc = err_memory(err);
	else
		rc = filter_compile(q->filter, plan->tier, &l->filter, err);
	if (rc == RC_DONE) {
		l->data->question = *q;
		l->data->tier = plan->tier;
		l->data->from_ns = plan->from_ns;
		l->data->step_ns = plan->step_ns;
		l->data->n = plan->n;
		make_query(l, plan);
		rc = job_start_sink(session, &l->query, take_row, l, &l->job, err);
	}
	if (rc != RC_DONE) {
		l->job = NULL;
		series_load_free(session, l);
		return rc;
	}
	*out = l;
	return RC_DONE;
}

bool series_load_is_cut(const struct series_load *l)
{
	return l->query.tier == TIER_PACKET && l->rows > SERIES_PACKETS;
}

void series_load_finish(struct series_load *l)
{
	for (size_t i = l->low; i < l->high && l->query.tier == TIER_PACKET; i++) {
		struct counters *c = &l->data->column[i].rec.c;

		if (l->data->column[i].any)
			c->known &= ~untold & ~attribute_fields(l->lacking[i]) & ~attribute_fields(ATTRIBUTE_VOIP);
	}
}

void series_data_free(struct series_data *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		if (d->column[i].any)
			record_free(&d->column[i].rec);
	mem_free(d);
}

static void free_load(void *what)
{
	struct series_load *l = what;

	series_data_free(l->data);
	filter_free(l->filter);
	mem_free(l);
}

void series_load_free(struct session *session, struct series_load *l)
{
	if (l == NULL)
		return;
	job_drop(l->job);
	session_free_later(session, free_load, l);
}
