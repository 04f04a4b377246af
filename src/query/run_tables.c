/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks and capture points: tables that the catalog has whole. */
#include "query/query_priv.h"

static enum rc give(struct source_run *sr, const struct row *row, uint64_t packets,
	int64_t first_ns, int64_t last_ns, struct err *err)
{
	const struct query *q = sr->run->q;
	bool bounded = q->from_ns != INT64_MIN || q->to_ns != INT64_MAX;

	sr->run->explain->catalog_rows++;
	/* what has no packets lies nowhere in time */
	if (bounded &&
		(packets == 0 || last_ns < q->from_ns ||
			(first_ns >= q->to_ns && q->to_ns != INT64_MAX)))
		return RC_DONE;
	if (!filter_match(q->filter, row))
		return RC_DONE;
	return output_row(sr->run->out, row, NULL, err);
}

enum rc run_blocks(struct source_run *sr, struct err *err)
{
	size_t n;
	const struct block_info *blocks = store_blocks(sr->store, &n);
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < n && rc == RC_DONE; i++) {
		const struct block_info *b = &blocks[i];
		struct row row;

		if (!sr->scope.all && !id_list_has(&sr->scope.blocks, b->number))
			continue;
		source_row(sr, TIER_BLOCK, &row);
		row.block = b;
		rc = give(sr, &row, b->packets, b->first_ns, b->last_ns, err);
	}
	return rc;
}

enum rc run_points(struct source_run *sr, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < sr->n_points && rc == RC_DONE; i++) {
		const struct point_info *p = &sr->points[i];
		struct row row;

		if (!sr->scope.all && !id_list_has(&sr->scope.points, p->number))
			continue;
		source_row(sr, TIER_POINT, &row);
		row.point = p;
		rc = give(sr, &row, p->packets, p->first_ns, p->last_ns, err);
	}
	return rc;
}
