/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Macroflows, as the catalog's parts of them add up. Where those with the most of something are asked for, all are read for this alone first, and
 * the few that it leaves in full: merging sketches and histograms is most of what a macroflow costs.
 */
#include "query/query_priv.h"

#include "base/mem.h"
#include "query/order.h"

#include <stdlib.h>
#include <string.h>

static bool in_scope(const struct scope *s, const struct record *rec)
{
	return s->all || s->n_services || id_list_has(&s->points, rec->key.point);
}

/* Whether it is asked for; its row. */
static bool make_row(struct source_run *sr, const struct record *rec, struct row *row)
{
	const struct query *q = sr->run->q;

	if (!in_scope(&sr->scope, rec) || rec->c.last_ns < q->from_ns ||
		(rec->c.first_ns >= q->to_ns && q->to_ns != INT64_MAX))
		return false;
	source_row(sr, TIER_MACROFLOW, row);
	row->record = rec;
	row->point = source_point(sr, rec->key.point);
	return filter_match(q->filter, row);
}

/* What is done with each macroflow of a walk. */
typedef enum rc (*macro_sink)(void *ctx, struct source_run *sr, const struct service_key *key, const struct row *row,
	struct err *err);

static enum rc give(void *ctx, struct source_run *sr, const struct service_key *key, const struct row *row, struct err *err)
{
	(void)ctx;
	(void)key;
	return output_row(sr->run->out, row, NULL, err);
}

static enum rc walk(struct source_run *sr, const struct macro_range *range, macro_sink sink, void *ctx, struct err *err)
{
	struct macro_walk *w;
	struct service_key key;
	struct record rec;
	struct row row;
	enum rc rc = macro_walk_open(sr->store, range, &w, err);

	if (rc != RC_DONE)
		return rc;
	while ((rc = macro_walk_next(w, &rec, &key, err)) == RC_DONE) {
		/* one that is read again was counted */
		sr->run->explain->catalog_rows += !range->wanted;
		if (make_row(sr, &rec, &row))
			rc = sink(ctx, sr, &key, &row, err);
		record_free(&rec);
		if (rc == RC_DONE)
			rc = run_check(sr->run, err);
		/* the record is gone */
		if (rc == RC_DONE && texts_bytes(sr->run->texts) > RUN_TEXTS_FULL)
			texts_clear(sr->run->texts);
		if (rc != RC_DONE)
			break;
	}
	sr->run->explain->catalog_bytes += macro_walk_bytes(w);
	macro_walk_close(w);
	return rc == RC_END && !sr->run->enough ? RC_DONE : rc;
}

/* ---- those with the most, or least, of something ---------------------------------------------- */

enum { TOP_MAX = 100000 };

struct candidate {
	struct order_cell cell;
	uint64_t came;
	struct service_key key;
};

/* The first `limit` candidates so far, and up to as many that are not sorted yet. */
struct top {
	struct candidate *v;
	size_t n, cap, limit;
	bool descending;
	uint64_t came;
};

static int candidate_cmp(const void *va, const void *vb, void *ctx)
{
	const struct candidate *a = va, *b = vb;
	const struct top *top = ctx;

	if (a->cell.known != b->cell.known)
		return a->cell.known ? -1 : 1;
	if (a->cell.prefix != b->cell.prefix)
		return (a->cell.prefix < b->cell.prefix) != top->descending ? -1 : 1;
	return a->came < b->came ? -1 : a->came > b->came;
}

static void top_cut(struct top *top)
{
	qsort_r(top->v, top->n, sizeof(*top->v), candidate_cmp, top);
	if (top->n > top->limit)
		top->n = top->limit;
}

static enum rc top_add(void *ctx, struct source_run *sr, const struct service_key *key, const struct row *row, struct err *err)
{
	struct top *top = ctx;
	struct candidate *c;

	if (top->n >= 2 * top->limit)
		top_cut(top);
	if (mem_grow(&top->v, &top->cap, top->n + 1, sizeof(*top->v)) != 0)
		return err_memory(err);
	c = &top->v[top->n++];
	*c = (struct candidate){ .came = top->came++, .key = *key };
	order_cell_of(sr->run->q->sort, row, &c->cell);
	return RC_DONE;
}

/* What has to be read for a field that needs little and whose order one number tells; 0: another one. */
static u128 top_fields(const struct field *f)
{
	const u128 times = FIELD_BIT(FIELD_POINT) | FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);

	if (f->type != TYPE_U64)
		return 0;
	if (strcmp(f->name, "bytes") == 0)
		return times | FIELD_BIT(FIELD_C2S_BYTES) | FIELD_BIT(FIELD_S2C_BYTES);
	if (strcmp(f->name, "packets") == 0)
		return times | FIELD_BIT(FIELD_C2S_PACKETS) | FIELD_BIT(FIELD_S2C_PACKETS);
	if (f->id < FIELD_STORED_END && f->merge == MERGE_SUM && !(attribute_fields(ATTRIBUTES_ALL) >> f->id & 1))
		return times | FIELD_BIT(f->id);
	return 0;
}

static u128 top_of(const struct query *q)
{
	bool may = q->n_sort == 1 && q->limit && q->limit <= TOP_MAX && !q->n_group && !q->filter;

	return may ? top_fields(q->sort[0].field) : 0;
}

static int by_service(const void *a, const void *b)
{
	return service_cmp(a, b);
}

static enum rc walk_top(struct source_run *sr, struct macro_range *range, u128 fields, struct err *err)
{
	const struct query *q = sr->run->q;
	struct top top = { .limit = (size_t)q->limit, .descending = q->sort[0].descending };
	struct service_key *wanted = NULL;
	enum rc rc;

	range->fields = fields;
	rc = walk(sr, range, top_add, &top, err);
	if (rc == RC_DONE && top.n) {
		top_cut(&top);
		wanted = mem_alloc(top.n * sizeof(*wanted));
		rc = wanted ? RC_DONE : err_memory(err);
	}
	if (rc == RC_DONE && top.n) {
		for (size_t i = 0; i < top.n; i++)
			wanted[i] = top.v[i].key;
		qsort(wanted, top.n, sizeof(*wanted), by_service);
		range->fields = 0;
		range->wanted = wanted;
		range->n_wanted = top.n;
		rc = walk(sr, range, give, NULL, err);
	}
	mem_free(wanted);
	mem_free(top.v);
	return rc;
}

enum rc run_macro(struct source_run *sr, struct err *err)
{
	struct macro_range range = { .from_ns = sr->run->from_ns, .to_ns = sr->run->to_ns,
		.texts = sr->run->texts };
	struct scope *s = &sr->scope;
	u128 top = top_of(sr->run->q);
	enum rc rc = RC_DONE;

	if (s->n_services == 0)
		return top ? walk_top(sr, &range, top, err) : walk(sr, &range, give, NULL, err);
	qsort(s->services, s->n_services, sizeof(*s->services), by_service);
	for (size_t i = 0; i < s->n_services && rc == RC_DONE; i++) {
		if (i > 0 && service_cmp(&s->services[i - 1], &s->services[i]) == 0)
			continue;
		range.only = &s->services[i];
		rc = walk(sr, &range, give, NULL, err);
	}
	return rc;
}
