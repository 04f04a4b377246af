/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of blocks that are evicted. */
#include "store/catalog_impl.h"

#include "base/text.h"

#include <sqlite3.h>

/* Runs a statement with up to three numbers as parameters. */
static enum rc run_with(struct catalog *c, enum catalog_sql which, const int64_t *params, int n, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, which, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(stmt, i + 1, params[i]);
	return catalog_run(c, stmt, err);
}

enum rc catalog_sync(struct catalog *c, bool full, struct err *err)
{
	return run_with(c, full ? SQL_SYNC_FULL : SQL_SYNC_NORMAL, NULL, 0, err);
}

enum rc catalog_drop_runs(struct catalog *c, const struct block_info *b, int64_t macro_ns, struct err *err)
{
	const int64_t params[] = { b->number, time_floor(b->first_ns, macro_ns), b->last_ns };

	return run_with(c, SQL_DROP_RUNS, params, 3, err);
}

enum rc catalog_evict(struct catalog *c, const struct block_info *b, bool keep_runs, int64_t macro_ns,
	struct err *err)
{
	const int64_t block = b->number;
	enum rc rc = catalog_put_block(c, b, err);

	if (rc == RC_DONE)
		rc = run_with(c, SQL_DROP_SEGMENTS, &block, 1, err);
	if (rc == RC_DONE)
		rc = run_with(c, SQL_DROP_SUMS, &block, 1, err);
	if (rc == RC_DONE && !keep_runs)
		rc = catalog_drop_runs(c, b, macro_ns, err);
	return rc;
}

static enum rc next_window(struct catalog *c, int64_t *window_ns, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_NEXT_WINDOW, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, *window_ns);
	rc = catalog_step(c, stmt, err);
	if (rc == RC_DONE) {
		*window_ns = sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return rc;
}

enum rc catalog_purge(struct catalog *c, uint32_t block, int64_t *window_ns, int64_t last_ns, size_t limit,
	struct err *err)
{
	enum rc rc = next_window(c, window_ns, err);

	if (rc == RC_DONE && *window_ns > last_ns)
		rc = RC_END;
	if (rc != RC_DONE)
		return rc;
	const int64_t params[] = { *window_ns, block, (int64_t)limit };
	rc = run_with(c, SQL_PURGE_SLICE, params, 3, err);
	if (rc != RC_DONE || sqlite3_changes(c->db) > 0)
		return rc;
	rc = run_with(c, SQL_PURGE_REST, params, 2, err);
	if (rc == RC_DONE && *window_ns == INT64_MAX)
		return RC_END;
	*window_ns += 1;
	return rc;
}

enum rc catalog_forget_drops(struct catalog *c, int64_t before_ns, struct err *err)
{
	return run_with(c, SQL_DROP_DROPS, &before_ns, 1, err);
}

enum rc catalog_forget_events(struct catalog *c, uint64_t keep, struct err *err)
{
	const int64_t param = (int64_t)keep;

	return run_with(c, SQL_DROP_EVENTS, &param, 1, err);
}

enum rc catalog_is_there(struct catalog *c, const struct segment_place *place, bool *is, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_SEGMENT_AT, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, place->block);
	sqlite3_bind_int64(stmt, 2, place->number);
	rc = catalog_step(c, stmt, err);
	*is = rc == RC_DONE && (uint64_t)sqlite3_column_int64(stmt, 0) == place->at &&
		(uint64_t)sqlite3_column_int64(stmt, 1) == place->len;
	if (rc == RC_DONE)
		sqlite3_reset(stmt);
	return rc == RC_END ? RC_DONE : rc;
}

enum rc catalog_is_evicted(struct catalog *c, uint32_t block, bool *evicted, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_BLOCK_STATE, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, block);
	rc = catalog_step(c, stmt, err);
	*evicted = rc == RC_DONE && sqlite3_column_int64(stmt, 0) == BLOCK_EVICTED;
	if (rc == RC_DONE)
		sqlite3_reset(stmt);
	return rc == RC_END ? RC_DONE : rc;
}
