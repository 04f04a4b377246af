/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalog read into a view. Its numbers are bytes from a file: checked for their range. */
#include "store/catalog_row.h"

#include <sqlite3.h>
#include <string.h>

enum rc catalog_take_row(struct row_reader *r, row_taker take, struct view *v, struct err *err)
{
	enum rc rc = take ? take(r, v, err) : RC_DONE;

	if (rc == RC_DONE && r->bad)
		rc = catalog_damaged(r->c, "a number is out of range", err);
	if (rc != RC_DONE)
		rows_reset(r);
	return rc;
}

/* A table whole: every row, and no others. */
static enum rc read_rows(struct catalog *c, enum catalog_sql which, enum catalog_table table,
	row_taker take, struct view *v, struct err *err)
{
	struct row_reader r;
	enum rc rc = rows_begin(c, which, table, &r, err);

	while (rc == RC_DONE && (rc = rows_next(&r, err)) == RC_DONE)
		rc = catalog_take_row(&r, take, v, err);
	rc = rc == RC_END ? rows_end(&r, err) : rc;
	if (rc == RC_DONE && v)
		v->tallies[table] = r.tally;
	return rc;
}

/* Rows and their tally at one moment. */
static enum rc check_rows(struct catalog *c, enum catalog_sql which, enum catalog_table table,
	struct err *err)
{
	enum rc rc = catalog_begin(c, err);

	if (rc != RC_DONE)
		return rc;
	rc = read_rows(c, which, table, NULL, NULL, err);
	catalog_rollback(c);
	return rc;
}

static enum rc block_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct block_info b = { 0 };

	b.number = row_get_u32(r);
	b.state = (enum block_state)row_get_max(r, BLOCK_STATES - 1);
	row_get_text(r, b.file, sizeof(b.file));
	b.offset = row_get_u64(r);
	b.length = row_get_max(r, UINT32_MAX);
	b.parts = (enum block_parts)row_get_max(r, PARTS_STATES - 1);
	b.packets = row_get_u64(r);
	b.bytes = row_get_u64(r);
	b.first_frame = row_get_u64(r);
	b.first_ns = row_get_i64(r);
	b.last_ns = row_get_i64(r);
	b.row_sum = r->sum;
	if (b.number == 0 || (b.parts == PARTS_THERE) != (b.state != BLOCK_EVICTED))
		r->bad = true;
	return view_add_block(v, &b, err);
}

static enum rc point_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct point_info p = { 0 };
	const void *blob;
	size_t len;

	p.number = row_get_u32(r);
	blob = row_get_blob(r, &len);
	if (len == sizeof(p.uuid))
		memcpy(p.uuid, blob, sizeof(p.uuid));
	else
		r->bad = true;
	row_get_text(r, p.name, sizeof(p.name));
	row_get_text(r, p.description, sizeof(p.description));
	p.linktype = row_get_u32(r);
	p.snaplen = row_get_u32(r);
	p.tsresol = (uint8_t)row_get_max(r, UINT8_MAX);
	p.tsoffset_s = row_get_i64(r);
	p.fcs_len = (uint8_t)row_get_max(r, UINT8_MAX);
	p.file_offset = row_get_u64(r);
	p.has_dropped = !row_get_null(r);
	if (p.has_dropped)
		p.dropped = row_get_u64(r);
	if (p.number != v->n_points)
		r->bad = true;
	blob = row_get_blob(r, &len);
	return view_add_point(v, &p, blob, len, err);
}

static enum rc section_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct section_info s = { 0 };

	s.offset = row_get_u64(r);
	s.big_endian = row_get_max(r, 1) != 0;
	s.first_point = row_get_u32(r);
	return view_add_section(v, &s, err);
}

static enum rc segment_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct segment_place s = { 0 };

	s.block = row_get_u32(r);
	s.number = row_get_u32(r);
	s.at = row_get_u64(r);
	s.len = row_get_u64(r);
	s.packets = row_get_u32(r);
	s.first_frame = row_get_u64(r);
	s.first_offset = row_get_u32(r);
	s.end_offset = row_get_u32(r);
	s.first_ns = row_get_i64(r);
	s.last_ns = row_get_i64(r);
	s.bytes = row_get_u64(r);
	s.captured_bytes = row_get_u64(r);
	s.time_unknown = row_get_u32(r);
	s.time_saturated = row_get_u32(r);
	s.cut_packets = row_get_u32(r);
	s.undecoded = row_get_u32(r);
	s.digest = (uint64_t)row_get_i64(r);
	s.row_sum = r->sum;
	if (s.end_offset < s.first_offset)
		r->bad = true;
	/* they come in order, so that appending is all there is to do */
	if (view_reserve_segment(v, err) != RC_DONE)
		return RC_NO_MEMORY;
	v->segments[v->n_segments++] = s;
	return RC_DONE;
}

/* Segments of a block begin with number 0. */
static enum rc check_segments(struct catalog *c, const struct view *v, struct err *err)
{
	const struct segment_place *s = v->segments;

	for (size_t i = 0; i < v->n_segments; i++)
		if ((i == 0 || s[i].block != s[i - 1].block) && s[i].number != 0)
			return catalog_damaged(c, "a block's first segment is missing", err);
	return RC_DONE;
}

static enum rc sums_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct view_sums s = { 0 };

	s.point = row_get_u32(r);
	s.block = row_get_u32(r);
	s.segment = row_get_u32(r);
	s.packets = row_get_u64(r);
	s.bytes = row_get_u64(r);
	s.first_ns = row_get_i64(r);
	s.last_ns = row_get_i64(r);
	s.row_sum = r->sum;
	return view_put_sums(v, &s, err);
}

static enum rc run_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct macro_run run = { 0 };

	run.window_ns = row_get_i64(r);
	run.block = row_get_u32(r);
	run.segment = row_get_u32(r);
	run.parts = row_get_u64(r);
	run.tail = (uint64_t)row_get_i64(r);
	run.row_sum = r->sum;
	return view_add_run(v, &run, err);
}

static enum rc counts_row(struct row_reader *r, struct view *v, struct err *err)
{
	uint32_t point = row_get_u32(r);
	struct point_counts counts = { 0 };

	(void)err;
	counts.received = row_get_u64(r);
	counts.refused = row_get_u64(r);
	counts.dropped = row_get_u64(r);
	counts.if_dropped = row_get_u64(r);
	if (point < v->n_points)
		view_set_counts(v, point, &counts);
	else
		r->bad = true;
	return RC_DONE;
}

static enum rc drop_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct drop_info d = { .number = row_get_i64(r), .row_sum = r->sum };

	d.point = row_get_u32(r);
	d.from_ns = row_get_i64(r);
	d.to_ns = row_get_i64(r);
	d.dropped = row_get_u64(r);
	d.if_dropped = row_get_u64(r);
	d.refused = row_get_u64(r);
	if (d.point >= v->n_points || d.to_ns < d.from_ns)
		r->bad = true;
	return view_add_drop(v, &d, err);
}

/* Rows that are read by name are not looked at here. */
static enum rc meta_row(struct row_reader *r, struct view *v, struct err *err)
{
	struct anew_place place;
	char name[32];

	row_get_text(r, name, sizeof(name));
	return catalog_parse_anew(name, &place) ? view_add_anew(v, place, err) : RC_DONE;
}

static enum rc load_flag(struct catalog *c, const char *name, bool *out, struct err *err)
{
	int64_t v = 0;
	enum rc rc = catalog_get(c, name, &v, err);

	*out = v != 0;
	return rc == RC_MISSING ? RC_DONE : rc;
}

enum rc catalog_load_totals(struct catalog *c, struct store_totals *t, struct err *err)
{
	int64_t at = 0;
	enum rc rc = load_flag(c, "complete", &t->complete, err);

	if (rc == RC_DONE)
		rc = load_flag(c, "cut_short", &t->cut_short, err);
	if (rc == RC_DONE)
		rc = load_flag(c, "damaged", &t->damaged, err);
	if (rc == RC_DONE)
		rc = load_flag(c, "checksum_offload", &t->checksum_offload, err);
	if (rc == RC_DONE)
		rc = catalog_get(c, "damaged_at", &at, err);
	t->damaged_at = (uint64_t)at;
	return rc == RC_MISSING ? RC_DONE : rc;
}

/* ---- tables ------------------------------------------------------------------------------ */

static const struct {
	enum catalog_sql which;
	row_taker take;
} tables[] = {
	[TABLE_META] = { SQL_GET_ALL, meta_row },
	[TABLE_BLOCKS] = { SQL_GET_BLOCKS, block_row },
	[TABLE_POINTS] = { SQL_GET_POINTS, point_row },
	[TABLE_SECTIONS] = { SQL_GET_SECTIONS, section_row },
	[TABLE_SEGMENTS] = { SQL_GET_SEGMENTS, segment_row },
	[TABLE_SUMS] = { SQL_GET_SUMS, sums_row },
	[TABLE_RUNS] = { SQL_GET_RUNS, run_row },
	[TABLE_COUNTS] = { SQL_GET_COUNTS, counts_row },
	[TABLE_DROPS] = { SQL_GET_DROPS, drop_row },
};

row_taker catalog_row_taker(enum catalog_table table)
{
	return tables[table].take;
}

enum rc catalog_read_table(struct catalog *c, enum catalog_table table, struct view *v, struct err *err)
{
	return read_rows(c, tables[table].which, table, tables[table].take, v, err);
}

static enum rc load_all(struct catalog *c, struct view *v, struct err *err)
{
	static const enum catalog_table order[] = { TABLE_META, TABLE_BLOCKS, TABLE_POINTS, TABLE_SECTIONS,
		TABLE_SEGMENTS, TABLE_SUMS, TABLE_RUNS, TABLE_COUNTS, TABLE_DROPS };
	enum rc rc = catalog_load_totals(c, &v->totals, err);

	for (size_t i = 0; rc == RC_DONE && i < sizeof(order) / sizeof(order[0]); i++)
		rc = catalog_read_table(c, order[i], v, err);
	if (rc == RC_DONE)
		rc = check_segments(c, v, err);
	if (rc == RC_DONE)
		rc = catalog_last_change(c, &v->changes_seen, err);
	return rc;
}

enum rc catalog_load(struct catalog *c, struct view *v, struct err *err)
{
	enum rc rc = catalog_begin(c, err);

	if (rc != RC_DONE)
		return rc;
	rc = load_all(c, v, err);
	catalog_rollback(c);         /* nothing was written */
	if (rc != RC_DONE) {
		view_free(v);
		return rc;
	}
	view_sum(v);
	view_sum_points(v);
	v->whole = v->index_all_stale = true;
	return RC_DONE;
}

/* Once: that none of its rows is missing cannot be told by reading one. */
static enum rc check_untimed(struct catalog *c, struct err *err)
{
	enum rc rc = RC_DONE;

	if (!c->untimed_whole && !c->writing)
		rc = check_rows(c, SQL_ALL_UNTIMED, TABLE_UNTIMED, err);
	c->untimed_whole |= rc == RC_DONE;
	return rc;
}

enum rc catalog_untimed(struct catalog *c, uint64_t file_offset, uint64_t *from, uint64_t *to,
	int64_t *time_ns, struct err *err)
{
	struct row_reader r;
	enum rc rc = check_untimed(c, err);

	if (rc == RC_DONE)
		rc = rows_begin(c, SQL_GET_UNTIMED, TABLE_UNTIMED, &r, err);
	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(r.stmt, 1, (sqlite3_int64)file_offset);
	rc = rows_next(&r, err);
	if (rc != RC_DONE)
		return rc == RC_END ? RC_MISSING : rc;
	*from = row_get_u64(&r);
	*to = row_get_u64(&r);
	*time_ns = row_get_i64(&r);
	rows_reset(&r);
	return file_offset < *to ? RC_DONE : RC_MISSING;
}

static bool say_event(const struct row_reader *r, catalog_event say, void *ctx)
{
	const char *kind = (const char *)sqlite3_column_text(r->stmt, 2);
	const char *text = (const char *)sqlite3_column_text(r->stmt, 3);

	return say(ctx, sqlite3_column_int64(r->stmt, 1), kind ? kind : "", text ? text : "");
}

static enum rc say_events(struct catalog *c, catalog_event say, void *ctx, struct err *err)
{
	struct row_reader r;
	enum rc rc = rows_begin(c, SQL_GET_EVENTS, TABLE_EVENTS, &r, err);

	while (rc == RC_DONE && (rc = rows_next(&r, err)) == RC_DONE)
		if (!say_event(&r, say, ctx)) {
			rows_reset(&r);
			return RC_DONE;
		}
	return rc == RC_END ? rows_end(&r, err) : rc;
}

enum rc catalog_events(struct catalog *c, catalog_event say, void *ctx, struct err *err)
{
	enum rc rc = catalog_begin(c, err);

	if (rc != RC_DONE)
		return rc;
	rc = say_events(c, say, ctx, err);
	catalog_rollback(c);
	return rc;
}

enum rc catalog_last_events(struct catalog *c, size_t max, catalog_event say, void *ctx, struct err *err)
{
	struct row_reader r;
	enum rc rc = rows_begin(c, SQL_LAST_EVENTS, TABLE_EVENTS, &r, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(r.stmt, 1, max > INT32_MAX ? INT32_MAX : (sqlite3_int64)max);
	while ((rc = rows_next(&r, err)) == RC_DONE)
		if (!say_event(&r, say, ctx)) {
			rows_reset(&r);
			return RC_DONE;
		}
	return rc == RC_END ? RC_DONE : rc;
}

/* What no row shows: pages that nobody has, or two; a header that will mislead a writer. */
static enum rc check_pages(struct catalog *c, struct err *err)
{
	struct sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_QUICK_CHECK, &stmt, err);

	if (rc == RC_DONE)
		rc = catalog_step(c, stmt, err);
	if (rc != RC_DONE)
		return rc == RC_END ? catalog_damaged(c, "its pages cannot be checked", err) : rc;
	const char *said = (const char *)sqlite3_column_text(stmt, 0);
	if (!said || strcmp(said, "ok") != 0)
		rc = catalog_damaged(c, said ? said : "its pages cannot be checked", err);
	sqlite3_reset(stmt);
	return rc;
}

enum rc catalog_verify_rest(struct catalog *c, struct err *err)
{
	enum rc rc = check_pages(c, err);

	if (rc == RC_DONE)
		rc = check_rows(c, SQL_GET_FIELDS, TABLE_FIELDS, err);

	if (rc == RC_DONE)
		rc = check_rows(c, SQL_GET_EVENTS, TABLE_EVENTS, err);
	if (rc == RC_DONE)
		rc = check_rows(c, SQL_ALL_UNTIMED, TABLE_UNTIMED, err);
	if (rc == RC_DONE)
		rc = check_rows(c, SQL_GET_WINDOWS, TABLE_WINDOWS, err);
	return rc;
}
