/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the catalog written and dropped. */
#include "store/catalog_impl.h"

#include "flow/field.h"

#include <sqlite3.h>
#include <string.h>

/* Binds parameters one after the other. */
struct params {
	sqlite3_stmt *stmt;
	int at;
};

static void put_i64(struct params *p, int64_t v)
{
	sqlite3_bind_int64(p->stmt, ++p->at, v);
}

static void put_u64(struct params *p, uint64_t v)
{
	put_i64(p, (int64_t)v);
}

static void put_text(struct params *p, const char *text)
{
	sqlite3_bind_text(p->stmt, ++p->at, text, -1, SQLITE_STATIC);
}

/* Never NULL: an empty blob stays one. */
static void put_blob(struct params *p, const void *bytes, size_t len)
{
	sqlite3_bind_blob64(p->stmt, ++p->at, len ? bytes : "", len, SQLITE_STATIC);
}

static enum rc begin_row(struct catalog *c, enum catalog_sql which, struct params *p, struct err *err)
{
	p->at = 0;
	return catalog_stmt(c, which, &p->stmt, err);
}

enum rc catalog_put_block(struct catalog *c, const struct block_info *b, struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_BLOCK, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, b->number);
	put_u64(&p, b->state);
	put_text(&p, b->file);
	put_u64(&p, b->offset);
	put_u64(&p, b->length);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_put_point(struct catalog *c, const struct point_info *point, const void *options,
	size_t len, struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_POINT, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, point->number);
	put_blob(&p, point->uuid, sizeof(point->uuid));
	put_blob(&p, point->name, strlen(point->name));
	put_blob(&p, point->description, strlen(point->description));
	put_u64(&p, point->linktype);
	put_u64(&p, point->snaplen);
	put_u64(&p, point->tsresol);
	put_i64(&p, point->tsoffset_s);
	put_u64(&p, point->fcs_len);
	put_u64(&p, point->file_offset);
	if (point->has_dropped)
		put_u64(&p, point->dropped);
	else
		sqlite3_bind_null(p.stmt, ++p.at);
	put_blob(&p, options, len);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_put_dropped(struct catalog *c, uint32_t point, uint64_t dropped, struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_DROPPED, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, dropped);
	put_u64(&p, point);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_put_section(struct catalog *c, const struct section_info *s, struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_SECTION, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, s->offset);
	put_u64(&p, s->big_endian);
	put_u64(&p, s->first_point);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_put_untimed(struct catalog *c, uint64_t from, uint64_t to, int64_t time_ns,
	struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_UNTIMED, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, from);
	put_u64(&p, to);
	put_i64(&p, time_ns);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_put_segment(struct catalog *c, const struct segment_place *s, struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_SEGMENT, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, s->block);
	put_u64(&p, s->number);
	put_u64(&p, s->at);
	put_u64(&p, s->len);
	put_u64(&p, s->packets);
	put_u64(&p, s->first_frame);
	put_u64(&p, s->first_offset);
	put_u64(&p, s->end_offset);
	put_i64(&p, s->first_ns);
	put_i64(&p, s->last_ns);
	put_u64(&p, s->bytes);
	put_u64(&p, s->captured_bytes);
	put_u64(&p, s->time_unknown);
	put_u64(&p, s->time_saturated);
	put_u64(&p, s->cut_packets);
	put_u64(&p, s->undecoded);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_put_sums(struct catalog *c, uint32_t block, uint32_t segment,
	const struct point_info *sums, struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_SUMS, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, sums->number);
	put_u64(&p, block);
	put_u64(&p, segment);
	put_u64(&p, sums->packets);
	put_u64(&p, sums->bytes);
	put_i64(&p, sums->first_ns);
	put_i64(&p, sums->last_ns);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_put_event(struct catalog *c, int64_t time_ns, const char *kind, const char *text,
	struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_EVENT, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_i64(&p, time_ns);
	put_text(&p, kind);
	put_text(&p, text);
	return catalog_run(c, p.stmt, err);
}

static enum rc put_field(struct catalog *c, const struct field *f, struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_PUT_FIELD, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, f->id);
	put_text(&p, f->name);
	put_text(&p, field_type_name(f));
	put_text(&p, field_unit_name(f->unit));
	put_text(&p, field_merge_name(f->merge));
	return catalog_run(c, p.stmt, err);
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
	struct params p;
	enum rc rc = begin_row(c, which, &p, err);

	if (rc != RC_DONE)
		return rc;
	/* statements that drop all have no parameter: binding one then fails without harm */
	put_u64(&p, value);
	return catalog_run(c, p.stmt, err);
}

static enum rc drop_macros(struct catalog *c, uint32_t block, int64_t from_ns, int64_t to_ns,
	struct err *err)
{
	struct params p;
	enum rc rc = begin_row(c, SQL_DROP_MACROS, &p, err);

	if (rc != RC_DONE)
		return rc;
	put_u64(&p, block);
	put_i64(&p, from_ns);
	put_i64(&p, to_ns);
	return catalog_run(c, p.stmt, err);
}

enum rc catalog_drop_segments(struct catalog *c, uint32_t block, int64_t from_ns, int64_t to_ns,
	struct err *err)
{
	enum rc rc = drop_rows(c, block ? SQL_DROP_SEGMENTS : SQL_DROP_ALL_SEGMENTS, block, err);

	if (rc == RC_DONE)
		rc = drop_rows(c, block ? SQL_DROP_SUMS : SQL_DROP_ALL_SUMS, block, err);
	if (rc == RC_DONE)
		rc = block ? drop_macros(c, block, from_ns, to_ns, err)
			   : drop_rows(c, SQL_DROP_ALL_MACROS, 0, err);
	return rc;
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
