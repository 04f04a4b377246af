/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the catalog written and dropped. */
#include "store/catalog_row.h"

#include "flow/field.h"

#include <sqlite3.h>
#include <string.h>

enum rc catalog_put_block(struct catalog *c, const struct block_info *b, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_BLOCK, TABLE_BLOCKS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, b->number);
	row_u64(&w, b->state);
	row_text(&w, b->file);
	row_u64(&w, b->offset);
	row_u64(&w, b->length);
	bool gone = b->state == BLOCK_EVICTED;       /* else its segments say it */
	row_u64(&w, b->parts);
	row_u64(&w, gone ? b->packets : 0);
	row_u64(&w, gone ? b->bytes : 0);
	row_u64(&w, gone ? b->first_frame : 0);
	row_i64(&w, gone ? b->first_ns : 0);
	row_i64(&w, gone ? b->last_ns : 0);
	return row_end(&w, NULL, err);
}

enum rc catalog_put_point(struct catalog *c, const struct point_info *point, const void *options,
	size_t len, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_POINT, TABLE_POINTS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, point->number);
	row_blob(&w, point->uuid, sizeof(point->uuid));
	row_blob(&w, point->name, strlen(point->name));
	row_blob(&w, point->description, strlen(point->description));
	row_u64(&w, point->linktype);
	row_u64(&w, point->snaplen);
	row_u64(&w, point->tsresol);
	row_i64(&w, point->tsoffset_s);
	row_u64(&w, point->fcs_len);
	row_u64(&w, point->file_offset);
	if (point->has_dropped)
		row_u64(&w, point->dropped);
	else
		row_null(&w);
	row_blob(&w, options, len);
	return row_end(&w, NULL, err);
}

enum rc catalog_put_section(struct catalog *c, const struct section_info *s, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_SECTION, TABLE_SECTIONS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, s->offset);
	row_u64(&w, s->big_endian);
	row_u64(&w, s->first_point);
	return row_end(&w, NULL, err);
}

enum rc catalog_put_untimed(struct catalog *c, uint64_t from, uint64_t to, int64_t time_ns,
	struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_UNTIMED, TABLE_UNTIMED, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, from);
	row_u64(&w, to);
	row_i64(&w, time_ns);
	return row_end(&w, NULL, err);
}

enum rc catalog_put_segment(struct catalog *c, const struct segment_place *s, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_SEGMENT, TABLE_SEGMENTS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, s->block);
	row_u64(&w, s->number);
	row_u64(&w, s->at);
	row_u64(&w, s->len);
	row_u64(&w, s->packets);
	row_u64(&w, s->first_frame);
	row_u64(&w, s->first_offset);
	row_u64(&w, s->end_offset);
	row_i64(&w, s->first_ns);
	row_i64(&w, s->last_ns);
	row_u64(&w, s->bytes);
	row_u64(&w, s->captured_bytes);
	row_u64(&w, s->time_unknown);
	row_u64(&w, s->time_saturated);
	row_u64(&w, s->cut_packets);
	row_u64(&w, s->undecoded);
	row_u64(&w, s->digest);
	return row_end(&w, NULL, err);
}

enum rc catalog_put_sums(struct catalog *c, uint32_t block, uint32_t segment,
	const struct point_info *sums, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_SUMS, TABLE_SUMS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, sums->number);
	row_u64(&w, block);
	row_u64(&w, segment);
	row_u64(&w, sums->packets);
	row_u64(&w, sums->bytes);
	row_i64(&w, sums->first_ns);
	row_i64(&w, sums->last_ns);
	return row_end(&w, NULL, err);
}

enum rc catalog_put_event(struct catalog *c, int64_t time_ns, const char *kind, const char *text,
	struct err *err)
{
	struct row_writer w;
	sqlite3_stmt *last;
	int64_t number = 0;
	enum rc rc = catalog_stmt(c, SQL_LAST_EVENT, &last, err);

	if (rc == RC_DONE)
		rc = catalog_step(c, last, err);
	if (rc == RC_DONE) {
		number = sqlite3_column_int64(last, 0);
		sqlite3_reset(last);
		rc = row_begin(c, SQL_PUT_EVENT, TABLE_EVENTS, &w, err);
	}
	if (rc != RC_DONE)
		return rc;
	row_i64(&w, number + 1);
	row_i64(&w, time_ns);
	row_text(&w, kind);
	row_text(&w, text);
	return row_end(&w, NULL, err);
}

static enum rc put_field(struct catalog *c, const struct field *f, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_FIELD, TABLE_FIELDS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, f->id);
	row_text(&w, f->name);
	row_text(&w, field_type_name(f));
	row_text(&w, field_unit_name(f->unit));
	row_text(&w, field_merge_name(f->merge));
	return row_end(&w, NULL, err);
}

enum rc catalog_put_fields(struct catalog *c, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < field_count(); i++)
		if (field_at(i)->merge != MERGE_NONE)
			rc = put_field(c, field_at(i), err);
	return rc;
}

/* ---- dropping --------------------------------------------------------------------------- */

static enum rc drop_rows(struct catalog *c, enum catalog_sql which, uint64_t value, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, which, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	/* statements that drop all have no parameter: binding one then fails without harm */
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)value);
	return catalog_run(c, stmt, err);
}

/* Rows of one block in some windows. */
static enum rc drop_windows(struct catalog *c, enum catalog_sql which, uint32_t block,
	int64_t from_ns, int64_t to_ns, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, which, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, block);
	sqlite3_bind_int64(stmt, 2, from_ns);
	sqlite3_bind_int64(stmt, 3, to_ns);
	return catalog_run(c, stmt, err);
}

enum rc catalog_drop_segments(struct catalog *c, uint32_t block, int64_t from_ns, int64_t to_ns,
	struct err *err)
{
	enum rc rc = drop_rows(c, block ? SQL_DROP_SEGMENTS : SQL_DROP_ALL_SEGMENTS, block, err);

	if (rc == RC_DONE)
		rc = drop_rows(c, block ? SQL_DROP_SUMS : SQL_DROP_ALL_SUMS, block, err);
	if (rc == RC_DONE)
		rc = block ? drop_windows(c, SQL_DROP_MACROS, block, from_ns, to_ns, err)
			   : drop_rows(c, SQL_DROP_ALL_MACROS, 0, err);
	if (rc == RC_DONE)
		rc = block ? drop_windows(c, SQL_DROP_RUNS, block, from_ns, to_ns, err)
			   : drop_rows(c, SQL_DROP_ALL_RUNS, 0, err);
	return rc;
}

/* Binds what all have in common, behind `above` where there is one. */
static enum rc drop_some(struct catalog *c, enum catalog_sql which, const int64_t *above, uint32_t block,
	uint32_t first, uint32_t last, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, which, &stmt, err);
	int at = 0;

	if (rc != RC_DONE)
		return rc;
	if (above)
		sqlite3_bind_int64(stmt, ++at, *above);
	sqlite3_bind_int64(stmt, ++at, block);
	sqlite3_bind_int64(stmt, ++at, first);
	sqlite3_bind_int64(stmt, ++at, last);
	return catalog_run(c, stmt, err);
}

enum rc catalog_drop_places(struct catalog *c, uint32_t block, uint32_t first, uint32_t last, struct err *err)
{
	enum rc rc = drop_some(c, SQL_DROP_SOME_SEGMENTS, NULL, block, first, last, err);

	return rc == RC_DONE ? drop_some(c, SQL_DROP_SOME_SUMS, NULL, block, first, last, err) : rc;
}

enum rc catalog_drop_place_macros(struct catalog *c, int64_t window_ns, uint32_t block, uint32_t first,
	uint32_t last, struct err *err)
{
	enum rc rc = drop_some(c, SQL_DROP_SOME_MACROS, &window_ns, block, first, last, err);

	return rc == RC_DONE ? drop_some(c, SQL_DROP_SOME_RUNS, &window_ns, block, first, last, err) : rc;
}

enum rc catalog_drop_block(struct catalog *c, uint32_t block, struct err *err)
{
	return drop_rows(c, SQL_DROP_BLOCK, block, err);
}

enum rc catalog_drop_from(struct catalog *c, uint64_t file_offset, struct err *err)
{
	enum rc rc = drop_rows(c, SQL_DROP_POINTS, file_offset, err);

	if (rc == RC_DONE)
		rc = drop_rows(c, SQL_DROP_SECTIONS, file_offset, err);
	if (rc == RC_DONE)
		rc = drop_rows(c, SQL_DROP_UNTIMED, file_offset, err);
	return rc;
}
