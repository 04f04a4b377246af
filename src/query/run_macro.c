/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macroflows, as the catalog's parts of them add up. */
#include "query/query_priv.h"

#include <stdlib.h>

static bool in_scope(const struct scope *s, const struct record *rec)
{
	return s->all || s->n_services || id_list_has(&s->points, rec->key.point);
}

static enum rc give(struct source_run *sr, const struct record *rec, struct err *err)
{
	const struct query *q = sr->run->q;
	struct row row;

	sr->run->explain->catalog_rows++;
	if (!in_scope(&sr->scope, rec) || rec->c.last_ns < q->from_ns ||
		(rec->c.first_ns >= q->to_ns && q->to_ns != INT64_MAX))
		return RC_DONE;
	source_row(sr, TIER_MACROFLOW, &row);
	row.record = rec;
	row.point = source_point(sr, rec->key.point);
	if (!filter_match(q->filter, &row))
		return RC_DONE;
	return output_row(sr->run->out, &row, NULL, err);
}

static enum rc walk(struct source_run *sr, const struct macro_range *range, struct err *err)
{
	struct macro_walk *w;
	struct service_key key;
	struct record rec;
	enum rc rc = macro_walk_open(sr->store, range, &w, err);

	if (rc != RC_DONE)
		return rc;
	while ((rc = macro_walk_next(w, &rec, &key, err)) == RC_DONE) {
		rc = give(sr, &rec, err);
		record_free(&rec);
		if (rc == RC_DONE)
			rc = run_check(sr->run, err);
		/* the record is gone */
		if (rc == RC_DONE && texts_bytes(sr->run->texts) > RUN_TEXTS_FULL)
			texts_clear(sr->run->texts);
		if (rc != RC_DONE)
			break;
	}
	macro_walk_close(w);
	return rc == RC_END && !sr->run->enough ? RC_DONE : rc;
}

static int by_service(const void *a, const void *b)
{
	return service_cmp(a, b);
}

enum rc run_macro(struct source_run *sr, struct err *err)
{
	struct macro_range range = { .from_ns = sr->run->from_ns, .to_ns = sr->run->to_ns,
		.texts = sr->run->texts };
	struct scope *s = &sr->scope;
	enum rc rc = RC_DONE;

	if (s->n_services == 0)
		return walk(sr, &range, err);
	qsort(s->services, s->n_services, sizeof(*s->services), by_service);
	for (size_t i = 0; i < s->n_services && rc == RC_DONE; i++) {
		if (i > 0 && service_cmp(&s->services[i - 1], &s->services[i]) == 0)
			continue;
		range.only = &s->services[i];
		rc = walk(sr, &range, err);
	}
	return rc;
}
