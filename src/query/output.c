/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where rows go: into groups, then into order, then to the sink until it has enough. */
#include "query/query_priv.h"

#include "base/mem.h"
#include "query/order.h"

struct output {
	struct run *run;
	query_sink sink;
	void *ctx;
	uint64_t given;
	struct groups *groups;
	struct sorter *sorter;
	struct packet_reader **readers; /* sorted packets are read again, by source */
};

enum rc output_new(
	struct run *run, query_sink sink, void *ctx, struct output **out, struct err *err)
{
	const struct query *q = run->q;
	struct output *o = mem_calloc(1, sizeof(*o));
	enum rc rc = RC_DONE;

	if (!o)
		return err_memory(err);
	o->run = run;
	o->sink = sink;
	o->ctx = ctx;
	if (q->n_group)
		rc = groups_new(run, &o->groups, err);
	if (rc == RC_DONE && q->n_sort)
		rc = sorter_new(q->tier, q->sort, q->n_sort, q->limit, run->memory_max,
			&o->sorter, err);
	if (rc == RC_DONE && q->n_sort && q->tier == TIER_PACKET) {
		o->readers = mem_calloc(run->sources->n, sizeof(struct packet_reader *));
		if (!o->readers)
			rc = err_memory(err);
	}
	if (rc != RC_DONE) {
		output_free(o);
		return rc;
	}
	*out = o;
	return RC_DONE;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	groups_free(o->groups);
	sorter_free(o->sorter);
	for (size_t i = 0; o->readers && i < o->run->sources->n; i++)
		packet_reader_free(o->readers[i]);
	mem_free(o->readers);
	mem_free(o);
}

static enum rc give(struct output *o, const struct row *row, const struct raw_packet *raw)
{
	uint64_t limit = o->run->q->limit;

	o->given++;
	o->run->enough = !o->sink(o->ctx, row, raw) || (limit && o->given >= limit);
	return o->run->enough ? RC_END : RC_DONE;
}

static enum rc sort_or_give(
	struct output *o, const struct row *row, const struct raw_packet *raw, struct err *err)
{
	return o->sorter ? sorter_add(o->sorter, row, err) : give(o, row, raw);
}

enum rc output_row(
	struct output *o, const struct row *row, const struct raw_packet *raw, struct err *err)
{
	return o->groups ? groups_add(o->groups, row, err) : sort_or_give(o, row, raw, err);
}

/* The bytes of a packet that waited in the sorter. */
static enum rc read_again(
	struct output *o, const struct row *row, struct raw_packet *raw, struct err *err)
{
	const struct packet_row *p = row->packet;
	unsigned source = row->source ? row->source - 1 : 0;
	struct packet_ref ref = { p->pkt.offset, p->pkt.record_len, p->check, true };
	enum rc rc = RC_DONE;

	if (!o->readers[source])
		rc = packet_reader_new(
			o->run->sources->stores[source], &o->readers[source], err);
	return rc == RC_DONE
		? packet_reader_get(o->readers[source], p->self.block, ref, raw, err)
		: rc;
}

static void count_readers(struct output *o)
{
	for (size_t i = 0; o->readers && i < o->run->sources->n; i++) {
		const struct packet_reader_counts *c =
			o->readers[i] ? packet_reader_counts(o->readers[i]) : NULL;

		if (c) {
			o->run->explain->packet_bytes += c->bytes;
			o->run->explain->packet_reads += c->reads;
		}
	}
}

enum rc output_finish(struct output *o, struct err *err)
{
	size_t n = o->groups ? groups_count(o->groups) : 0;
	enum rc rc = RC_DONE;
	struct row row;

	for (size_t i = 0; i < n && rc == RC_DONE; i++) {
		groups_row(o->groups, i, &row);
		rc = sort_or_give(o, &row, NULL, err);
	}
	n = o->sorter ? sorter_finish(o->sorter) : 0;
	for (size_t i = 0; i < n && rc == RC_DONE; i++) {
		struct raw_packet raw;

		sorter_row(o->sorter, i, &row);
		if (o->readers)
			rc = read_again(o, &row, &raw, err);
		if (rc == RC_DONE)
			rc = give(o, &row, o->readers ? &raw : NULL);
		if (rc == RC_DONE)
			rc = run_check(o->run, err);
	}
	count_readers(o);
	return rc;
}
