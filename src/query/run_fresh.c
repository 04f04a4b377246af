/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A query that outlives its snapshot: what a compaction has taken away is asked for again, of a newer one. */
#include "query/query.h"

#include "store/store.h"

/* Each round takes as long as a compaction leaves replaced segments alone, or fails for another reason. */
enum { ROUNDS = 100 };

bool query_again_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct query_again *r = ctx;

	if (r->skip > 0) {
		r->skip--;
		return true;
	}
	r->given++;
	return r->sink(r->ctx, row, raw);
}

static uint64_t evicted(const struct query_sources *sources)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sources->n; i++)
		if (sources->stores[i])
			n += store_totals(sources->stores[i])->evicted_blocks;
	return n;
}

/* Whether what comes first in a store stays so while more is recorded. */
static bool keeps_order(const struct query *q)
{
	return q->tier == TIER_PACKET || (q->tier <= TIER_FLOW && !q->filter);
}

enum rc query_refresh(const struct query_sources *sources, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < sources->n; i++)
		if (sources->stores[i])
			rc = store_refresh(sources->stores[i], err);
	return rc;
}

enum rc query_run_fresh(const struct query_sources *sources, const struct query *q, query_sink sink,
	void *ctx, struct query_control *control, struct query_explain *explain,
	struct err *err)
{
	struct query_again r = { .sink = sink, .ctx = ctx };
	uint64_t gone = evicted(sources);
	enum rc rc = query_run(sources, q, query_again_row, &r, control, explain, err);

	for (int i = 0; rc == RC_STALE && i < ROUNDS; i++) {
		enum rc refreshed = query_refresh(sources, err);

		if (refreshed != RC_DONE)
			return refreshed;
		if (r.given > 0 && (!keeps_order(q) || evicted(sources) != gone))
			break;
		gone = evicted(sources);
		r.skip = r.given;
		rc = query_run(sources, q, query_again_row, &r, control, explain, err);
	}
	return rc;
}
