/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which blocks a query would read: the choice that runners make, segment by segment, without reading them. */
#include "query/query_priv.h"

static void tell_source(const struct source_run *sr, query_block_sink sink, void *ctx)
{
	bool any = sr->scope.all || !scope_is_empty(&sr->scope);
	size_t n, at = 0;
	const struct block_info *blocks = store_blocks(sr->store, &n);

	/* both are sorted by block */
	for (size_t i = 0; i < n; i++) {
		size_t wanted = 0, of = 0;

		while (at < sr->n_segments && sr->segments[at].block < blocks[i].number)
			at++;
		for (; at < sr->n_segments && sr->segments[at].block == blocks[i].number; at++) {
			of++;
			wanted += any && source_wants(sr, &sr->segments[at]);
		}
		sink(ctx, sr->index, &blocks[i], wanted, of);
	}
}

enum rc query_blocks(const struct query_sources *sources, const struct query *q, query_block_sink sink, void *ctx,
	struct err *err)
{
	struct query_explain explain = { 0 };
	struct run run = { .sources = sources, .q = q, .explain = &explain };
	enum rc rc = run_check_ids(sources, q, err);

	run_set_times(&run);
	for (unsigned i = 0; i < sources->n && rc == RC_DONE; i++) {
		struct source_run sr;

		if (!sources->stores[i])
			continue;
		source_open(&sr, &run, i);
		rc = scope_make(&sr, err);
		if (rc != RC_DONE)
			break;
		tell_source(&sr, sink, ctx);
		scope_free(&sr.scope);
	}
	return rc;
}
