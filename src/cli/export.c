/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill export SOURCE [FILTER|ID...] -w OUT.pcapng, or TIER --sqlite OUT.db */
#include "base/mem.h"
#include "cli/select.h"
#include "cli/sources.h"
#include "out/pcapng_out.h"
#include "store/sql_export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- SQLite ---------------------------------------------------------------------------------- */

struct sql {
	struct sql_export *to;
	uint64_t rows;
	enum rc rc;
	struct err *err;
};

static bool sql_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct sql *s = ctx;

	(void)raw;
	s->rc = sql_export_row(s->to, row, s->err);
	s->rows++;
	return s->rc == RC_DONE;
}

static enum rc sql_write(struct cli *c, const struct query *q,
	const struct field *const *columns, size_t n, struct query_explain *explain,
	struct err *err)
{
	struct sql s = { .rc = RC_DONE, .err = err };
	enum rc rc = sql_export_open(c->args.sqlite, args_given(&c->args, OPTION_FORCE),
		q->tier, columns, n, &s.to, err);

	if (rc != RC_DONE)
		return rc;
	rc = cli_query(c, q, sql_row, &s, explain, err);
	if (rc == RC_DONE)
		rc = s.rc;
	if (rc == RC_DONE)
		return sql_export_close(s.to, err);
	sql_export_abandon(s.to);
	return rc;
}

static enum rc export_sql(struct cli *c, struct query_explain *explain, struct err *err)
{
	const struct args *a = &c->args;
	const struct field *columns[CLI_FIELDS_MAX];
	struct selection selection;
	struct query q;
	size_t n = 0;
	enum tier tier;

	if (a->n_words < 2 || !tier_parse(a->words[1], &tier))
		return err_set(err, RC_USAGE, "--sqlite",
			"name a tier: macroflows flows microflows packets blocks points");
	if (args_given(a, OPTION_TIER))
		return err_set(err, RC_USAGE, "--tier", "does not go together with --sqlite");
	enum rc rc = cli_fields(a->fields ? a->fields : "all", tier, "--fields", columns,
		CLI_FIELDS_MAX, &n, err);
	if (rc == RC_DONE)
		rc = select_words(&selection, a, 2, tier, err);
	if (rc != RC_DONE)
		return rc;
	query_init(&q, tier);
	rc = cli_open(c, err);
	if (rc == RC_DONE)
		rc = cli_query_range(c, &q, err);
	if (rc == RC_DONE)
		rc = select_apply(&selection, &q, err);
	if (rc == RC_DONE)
		rc = sql_write(c, &q, columns, n, explain, err);
	select_free(&selection);
	return rc;
}

/* ---- pcapng ---------------------------------------------------------------------------------- */

struct ids {
	struct id *v;
	size_t n, cap;
};

static enum rc ids_add(struct ids *l, const struct id *id, struct err *err)
{
	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return err_memory(err);
	l->v[l->n++] = *id;
	return RC_DONE;
}

struct pcapng {
	struct cli *cli;
	struct pcapng_out *to;
	struct ids records; /* what --tier found, or the ids say */
	struct ids packets; /* named one by one, sorted, without those written already */
	enum rc rc;
	struct err *err;
};

static bool record_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct pcapng *p = ctx;
	struct id id;

	(void)raw;
	row_id(row, &id);
	p->rc = ids_add(&p->records, &id, p->err);
	return p->rc == RC_DONE;
}

static int compare_ids(const void *a, const void *b)
{
	const struct id *x = a, *y = b;
	unsigned xs = x->source ? x->source : 1, ys = y->source ? y->source : 1;
	uint64_t xn = record_id_number(x->rec), yn = record_id_number(y->rec);

	return xs != ys ? (xs > ys) - (xs < ys) : (xn > yn) - (xn < yn);
}

/* A packet that lies below a record named beside it is written once. */
static void forget_packet(struct ids *l, const struct row *row)
{
	struct id id, *found;

	row_id(row, &id);
	found = bsearch(&id, l->v, l->n, sizeof(*l->v), compare_ids);
	if (!found)
		return;
	memmove(found, found + 1, (size_t)(l->v + l->n - found - 1) * sizeof(*found));
	l->n--;
}

static bool packet_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct pcapng *p = ctx;
	struct store *store = cli_store_of(p->cli, row->source);
	size_t n, options_len = 0;
	const struct point_info *points = store_points(store, &n);
	const void *options;

	if (raw->point >= n) {
		p->rc = err_damaged(
			p->err, store_path(store), 0, "a packet of an unknown capture point");
		return false;
	}
	options = store_point_options(store, raw->point, &options_len);
	if (p->records.n > 0 && p->packets.n > 0)
		forget_packet(&p->packets, row);
	p->rc = pcapng_out_packet(
		p->to, row->source, &points[raw->point], options, options_len, raw, p->err);
	return p->rc == RC_DONE;
}

static enum rc run(struct pcapng *p, const struct query *q, query_sink sink,
	struct query_explain *explain, struct err *err)
{
	enum rc rc = cli_query(p->cli, q, sink, p, explain, err);

	return rc == RC_DONE ? p->rc : rc;
}

/* What lies below records, then packets named by themselves. */
static enum rc write_ids(struct pcapng *p, struct query *q, const struct selection *s,
	struct query_explain *explain, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < s->n_ids && rc == RC_DONE; i++)
		rc = ids_add(s->ids[i].tier == TIER_PACKET ? &p->packets : &p->records,
			&s->ids[i], err);
	if (p->packets.n > 0)
		qsort(p->packets.v, p->packets.n, sizeof(*p->packets.v), compare_ids);
	if (rc == RC_DONE && p->records.n > 0) {
		q->in = p->records.v;
		q->n_in = p->records.n;
		rc = run(p, q, packet_row, explain, err);
		q->in = NULL;
		q->n_in = 0;
	}
	p->records.n = 0;
	if (rc == RC_DONE && p->packets.n > 0) {
		q->ids = p->packets.v;
		q->n_ids = p->packets.n;
		rc = run(p, q, packet_row, explain, err);
	}
	return rc;
}

/* --tier: first which records, then their packets, whatever the filter would say of those. */
static enum rc write_tier(struct pcapng *p, const struct query *range,
	const struct selection *s, struct query_explain *explain, struct err *err)
{
	struct query records = *range, packets;
	enum rc rc;

	records.tier = p->cli->args.tier;
	records.filter = s->filter;
	rc = run(p, &records, record_row, NULL, err);
	if (rc != RC_DONE || p->records.n == 0)
		return rc;
	query_init(&packets, TIER_PACKET);
	packets.unheard = true;
	packets.in = p->records.v;
	packets.n_in = p->records.n;
	return run(p, &packets, packet_row, explain, err);
}

static enum rc write_packets(struct pcapng *p, const struct selection *s,
	struct query_explain *explain, struct err *err)
{
	const struct args *a = &p->cli->args;
	struct query q;

	query_init(&q, TIER_PACKET);
	q.unheard = true;
	enum rc rc = cli_query_range(p->cli, &q, err);
	if (rc != RC_DONE)
		return rc;
	if (s->n_ids > 0)
		return write_ids(p, &q, s, explain, err);
	if (args_given(a, OPTION_TIER) && a->tier != TIER_PACKET)
		return write_tier(p, &q, s, explain, err);
	q.filter = s->filter;
	return run(p, &q, packet_row, explain, err);
}

/* What was found before an error in the input is kept; a file without a packet is not. */
static enum rc end_pcapng(struct pcapng *p, enum rc rc, bool asked, struct err *err)
{
	bool keep = rc == RC_DONE || rc == RC_DAMAGED || rc == RC_CUT_SHORT;
	enum rc end;

	if (!keep || (pcapng_out_count(p->to) == 0 && asked)) {
		pcapng_out_abandon(p->to);
		return rc == RC_DONE ? err_set(err, RC_NOTHING, "packets", "nothing matched")
				     : rc;
	}
	end = pcapng_out_close(p->to, rc == RC_DONE ? err : NULL);
	return rc == RC_DONE ? end : rc;
}

static enum rc export_pcapng(struct cli *c, struct query_explain *explain, struct err *err)
{
	struct pcapng p = { .cli = c, .rc = RC_DONE, .err = err };
	const struct args *a = &c->args;
	struct selection selection;

	if (args_given(a, OPTION_FIELDS))
		return err_set(err, RC_USAGE, "--fields", "goes with --sqlite");
	if (strcmp(a->write, "-") == 0 && isatty(STDOUT_FILENO))
		return err_set(err, RC_USAGE, "-w -", "standard output is a terminal");
	enum rc rc = select_words(
		&selection, a, 1, args_given(a, OPTION_TIER) ? a->tier : TIER_PACKET, err);
	if (rc != RC_DONE)
		return rc;
	if (selection.n_ids > 0 && args_given(a, OPTION_TIER))
		rc = err_set(err, RC_USAGE, "--tier", "ids say their tier by themselves");
	else if (selection.n_ids > 0 && a->n_in > 0)
		rc = err_set(err, RC_USAGE, "--in", "does not go together with ids");
	if (rc == RC_DONE)
		rc = cli_open(c, err);
	if (rc == RC_DONE)
		rc = pcapng_out_open(a->write, args_given(a, OPTION_FORCE), &p.to, err);
	if (rc == RC_DONE) {
		rc = write_packets(&p, &selection, explain, err);
		rc = end_pcapng(&p, rc, select_asked(&selection, a), err);
	}
	mem_free(p.records.v);
	mem_free(p.packets.v);
	select_free(&selection);
	return rc;
}

enum rc command_export(struct cli *c, struct err *err)
{
	struct query_explain explain = { 0 };
	enum rc rc;

	if (!c->args.write == !c->args.sqlite)
		return err_set(err, RC_USAGE, "export",
			"say where to: either -w OUT.pcapng or --sqlite OUT.db");
	rc = c->args.sqlite ? export_sql(c, &explain, err) : export_pcapng(c, &explain, err);
	if (rc == RC_DONE && args_given(&c->args, OPTION_EXPLAIN))
		cli_explain(&explain);
	return rc;
}
