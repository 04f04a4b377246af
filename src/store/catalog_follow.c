/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view brought up to date. Which tables changed the tallies tell; in small ones every row is read, of others those that
 * `changes` names, which triggers fill. Then the tallies must be what the view's rows make, or all is read anew: so a change
 * that was trimmed away, missed or damaged is noticed, whatever it was.
 */
#include "store/catalog_row.h"

#include "base/mem.h"
#include "base/trace.h"

#include <sqlite3.h>
#include <string.h>

enum {
	CHANGES_KEPT = 4096,
	CHANGES_MAX = 4096,          /* with more, reading everything takes no longer */
	TRIM_COMMITS = 64,
};

/* ---- the table of changes ----------------------------------------------------------------- */

enum rc catalog_trim_changes(struct catalog *c, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc;

	if (c->commits++ % TRIM_COMMITS != 0)
		return RC_DONE;
	rc = catalog_stmt(c, SQL_TRIM_CHANGES, &stmt, err);
	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, CHANGES_KEPT);
	return catalog_run(c, stmt, err);
}

enum rc catalog_last_change(struct catalog *c, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_LAST_CHANGE, &stmt, err);

	*out = 0;
	if (rc == RC_DONE)
		rc = catalog_step(c, stmt, err);
	if (rc != RC_DONE)
		return rc == RC_END ? RC_DONE : rc;
	*out = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return RC_DONE;
}

/* ---- reading what changed ------------------------------------------------------------------ */

static const struct {
	enum view_rows rows;
	enum catalog_sql one;
	int keys;
} followed[] = {
	[TABLE_BLOCKS] = { VIEW_BLOCKS, SQL_ONE_BLOCK, 1 },
	[TABLE_SEGMENTS] = { VIEW_SEGMENTS, SQL_ONE_SEGMENT, 2 },
	[TABLE_SUMS] = { VIEW_SUMS, SQL_ONE_SUMS, 3 },
	[TABLE_RUNS] = { VIEW_RUNS, SQL_GET_RUN, 3 },
	[TABLE_DROPS] = { VIEW_DROPS, SQL_ONE_DROP, 2 },
};

static const enum catalog_table table_of[VIEW_ROWS] = { [VIEW_BLOCKS] = TABLE_BLOCKS,
	[VIEW_SEGMENTS] = TABLE_SEGMENTS, [VIEW_SUMS] = TABLE_SUMS, [VIEW_RUNS] = TABLE_RUNS,
	[VIEW_DROPS] = TABLE_DROPS };

/* What one call found. */
struct news {
	uint64_t tallies[VIEW_TALLIES];      /* of the catalog now */
	struct view_change *changes;
	size_t n, cap;
	int64_t seen;                        /* number of the last one */
	struct store_totals totals;          /* what segments do not sum up to */
	struct view fresh;                   /* rows that appeared or changed; points with new counts */
};

static enum rc read_tallies(struct catalog *c, struct news *news, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_GET_TALLIES, &stmt, err);

	while (rc == RC_DONE && (rc = catalog_step(c, stmt, err)) == RC_DONE) {
		int64_t number = sqlite3_column_int64(stmt, 0);

		if (number > 0 && number < VIEW_TALLIES)
			news->tallies[number] = (uint64_t)sqlite3_column_int64(stmt, 1);
	}
	return rc == RC_END ? RC_DONE : rc;
}

/* RC_END where there is a gap behind those that the view has, or too many follow. */
static enum rc read_changes(struct catalog *c, const struct view *v, struct news *news, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_GET_CHANGES, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, v->changes_seen);
	sqlite3_bind_int64(stmt, 2, CHANGES_MAX);
	news->seen = v->changes_seen;
	while ((rc = catalog_step(c, stmt, err)) == RC_DONE) {
		int64_t what = sqlite3_column_int64(stmt, 1);
		struct view_change *change;

		if (sqlite3_column_int64(stmt, 0) != news->seen + 1 || what < 0 || what >= TABLE_MACROPARTS ||
			(size_t)what >= sizeof(followed) / sizeof(followed[0]) || followed[what].keys == 0)
			break;
		if (mem_grow(&news->changes, &news->cap, news->n + 1, sizeof(*news->changes)) != 0) {
			rc = err_memory(err);
			break;
		}
		news->seen++;
		change = &news->changes[news->n++];
		change->rows = followed[what].rows;
		for (int i = 0; i < 3; i++)
			change->key[i] = sqlite3_column_int64(stmt, 2 + i);
	}
	sqlite3_reset(stmt);
	if (rc == RC_DONE || (rc == RC_END && news->n == CHANGES_MAX))
		return RC_END;
	news->n = view_changes_sort(news->changes, news->n);
	return rc == RC_END ? RC_DONE : rc;
}

/* The row that a change names, as it is now; it may be none. */
static enum rc read_row(struct catalog *c, const struct view_change *change, struct view *fresh, struct err *err)
{
	enum catalog_table table = table_of[change->rows];
	struct row_reader r;
	enum rc rc = rows_begin(c, followed[table].one, table, &r, err);

	if (rc != RC_DONE)
		return rc;
	for (int i = 0; i < followed[table].keys; i++)
		sqlite3_bind_int64(r.stmt, i + 1, change->key[i]);
	rc = rows_next(&r, err);
	if (rc != RC_DONE)
		return rc == RC_END ? RC_DONE : rc;
	rc = catalog_take_row(&r, catalog_row_taker(table), fresh, err);
	if (rc == RC_DONE)
		rows_reset(&r);
	return rc;
}

/* Points as they are, so that new counts can be put into them. */
static enum rc copy_points(const struct view *v, struct view *fresh, struct err *err)
{
	if (mem_grow(&fresh->points, &fresh->cap_points, v->n_points, sizeof(*v->points)) != 0)
		return err_memory(err);
	if (v->n_points > 0)
		memcpy(fresh->points, v->points, v->n_points * sizeof(*v->points));
	fresh->n_points = v->n_points;
	return RC_DONE;
}

/* Whether the rows read make the tallies that there are. */
static bool agrees(const struct view *v, const struct news *news)
{
	for (enum view_rows rows = 0; rows < VIEW_ROWS; rows++) {
		enum catalog_table t = table_of[rows];

		if (view_tally_after(v, rows, v->tallies[t], news->changes, news->n, &news->fresh) !=
			news->tallies[t])
			return false;
	}
	return v->tallies[TABLE_POINTS] == news->tallies[TABLE_POINTS] &&
		v->tallies[TABLE_SECTIONS] == news->tallies[TABLE_SECTIONS];
}

/* Inside a transaction. */
static enum rc read_news(struct catalog *c, const struct view *v, struct news *news, struct err *err)
{
	enum rc rc = read_tallies(c, news, err);

	if (rc == RC_DONE && v->tallies[TABLE_META] != news->tallies[TABLE_META]) {
		news->totals = (struct store_totals){ 0 };
		rc = catalog_load_totals(c, &news->totals, err);
		if (rc == RC_DONE)
			rc = catalog_read_table(c, TABLE_META, &news->fresh, err);
	}
	if (rc == RC_DONE)
		rc = copy_points(v, &news->fresh, err);
	if (rc == RC_DONE && v->tallies[TABLE_COUNTS] != news->tallies[TABLE_COUNTS])
		rc = catalog_read_table(c, TABLE_COUNTS, &news->fresh, err);
	if (rc == RC_DONE)
		rc = read_changes(c, v, news, err);
	for (size_t i = 0; rc == RC_DONE && i < news->n; i++)
		rc = read_row(c, &news->changes[i], &news->fresh, err);
	return rc;
}

static void take_totals(struct store_totals *t, const struct store_totals *from)
{
	t->complete = from->complete;
	t->cut_short = from->cut_short;
	t->damaged = from->damaged;
	t->damaged_at = from->damaged_at;
	t->checksum_offload = from->checksum_offload;
}

static void take_counts(struct view *v, const struct point_info *p)
{
	const struct point_counts counts = { .received = p->received, .refused = p->refused,
		.dropped = p->dropped, .if_dropped = p->if_dropped };

	if (p->has_counts)
		view_set_counts(v, p->number, &counts);
}

/* Of named rows those that a view keeps are few: all of them were read. */
static void take_anew(struct view *v, struct view *fresh)
{
	struct anew_place *old = v->anew;
	size_t cap = v->cap_anew;

	v->anew = fresh->anew;
	v->n_anew = fresh->n_anew;
	v->cap_anew = fresh->cap_anew;
	fresh->anew = old;
	fresh->cap_anew = cap;
}

static enum rc apply(struct view *v, struct news *news, struct err *err)
{
	enum rc rc = view_apply(v, news->changes, news->n, &news->fresh, err);

	if (rc != RC_DONE)
		return rc;
	for (size_t i = 0; i < v->n_points; i++)
		take_counts(v, &news->fresh.points[i]);
	take_totals(&v->totals, &news->totals);
	if (v->tallies[TABLE_META] != news->tallies[TABLE_META])
		take_anew(v, &news->fresh);
	memcpy(v->tallies, news->tallies, sizeof(v->tallies));
	v->changes_seen = news->seen;
	return RC_DONE;
}

enum rc catalog_follow(struct catalog *c, struct view *v, struct err *err)
{
	struct news news = { .totals = v->totals };
	enum rc rc = v->whole ? catalog_begin(c, err) : RC_END;

	if (rc != RC_DONE)
		return rc;
	view_init(&news.fresh);
	rc = read_news(c, v, &news, err);
	catalog_rollback(c);         /* nothing was written */
	/* what is damaged is said by reading it all */
	if (rc == RC_DAMAGED || (rc == RC_DONE && !agrees(v, &news)))
		rc = RC_END;
	if (rc == RC_DONE)
		rc = apply(v, &news, err);
	TRACE(TRACE_STORE, "followed the catalog: %zu changes, %s", news.n, rc_name(rc));
	view_free(&news.fresh);
	mem_free(news.changes);
	return rc;
}
