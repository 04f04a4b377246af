/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalog read into a view. Its numbers are bytes from a file: checked for their range. */
#include "store/catalog_impl.h"

#include <sqlite3.h>
#include <string.h>

/* Reads columns one after the other; `bad` sticks where a number is out of range. */
struct columns {
	sqlite3_stmt *stmt;
	int at;
	bool bad;
};

static int64_t col_i64(struct columns *c)
{
	return sqlite3_column_int64(c->stmt, c->at++);
}

static uint64_t col_u64(struct columns *c)
{
	int64_t v = col_i64(c);

	if (v < 0)
		c->bad = true;
	return v < 0 ? 0 : (uint64_t)v;
}

static uint64_t col_max(struct columns *c, uint64_t max)
{
	uint64_t v = col_u64(c);

	if (v > max)
		c->bad = true;
	return v > max ? 0 : v;
}

static uint32_t col_u32(struct columns *c)
{
	return (uint32_t)col_max(c, UINT32_MAX);
}

/* A text or blob as a terminated string, cut to the room. */
static void col_text(struct columns *c, char *out, size_t size)
{
	const void *bytes = sqlite3_column_blob(c->stmt, c->at);
	size_t len = (size_t)sqlite3_column_bytes(c->stmt, c->at++);

	if (len > size - 1)
		len = size - 1;
	if (len > 0)
		memcpy(out, bytes, len);
	out[len] = '\0';
}

/* Reads one row into the view. */
typedef enum rc (*row_reader)(struct columns *c, struct view *v, struct err *err);

static enum rc read_rows(struct catalog *c, enum catalog_sql which, row_reader row, struct view *v,
	struct err *err)
{
	struct columns columns = { 0 };
	enum rc rc = catalog_stmt(c, which, &columns.stmt, err);

	while (rc == RC_DONE && (rc = catalog_step(c, columns.stmt, err)) == RC_DONE) {
		columns.at = 0;
		rc = row(&columns, v, err);
		if (rc == RC_DONE && columns.bad)
			rc = catalog_damaged(c, "a number is out of range", err);
		if (rc != RC_DONE)
			sqlite3_reset(columns.stmt);
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc block_row(struct columns *c, struct view *v, struct err *err)
{
	struct block_info b = { 0 };

	b.number = col_u32(c);
	b.state = (enum block_state)col_max(c, BLOCK_STATES - 1);
	col_text(c, b.file, sizeof(b.file));
	b.offset = col_u64(c);
	b.length = col_max(c, UINT32_MAX);
	if (b.number == 0)
		c->bad = true;
	return view_add_block(v, &b, err);
}

static enum rc point_row(struct columns *c, struct view *v, struct err *err)
{
	struct point_info p = { 0 };
	const void *blob;

	p.number = col_u32(c);
	blob = sqlite3_column_blob(c->stmt, c->at);
	if (sqlite3_column_bytes(c->stmt, c->at++) == sizeof(p.uuid))
		memcpy(p.uuid, blob, sizeof(p.uuid));
	else
		c->bad = true;
	col_text(c, p.name, sizeof(p.name));
	col_text(c, p.description, sizeof(p.description));
	p.linktype = col_u32(c);
	p.snaplen = col_u32(c);
	p.tsresol = (uint8_t)col_max(c, UINT8_MAX);
	p.tsoffset_s = col_i64(c);
	p.fcs_len = (uint8_t)col_max(c, UINT8_MAX);
	p.file_offset = col_u64(c);
	p.has_dropped = sqlite3_column_type(c->stmt, c->at) != SQLITE_NULL;
	p.dropped = col_u64(c);
	if (p.number != v->n_points)
		c->bad = true;
	blob = sqlite3_column_blob(c->stmt, c->at);
	return view_add_point(v, &p, blob, (size_t)sqlite3_column_bytes(c->stmt, c->at), err);
}

static enum rc section_row(struct columns *c, struct view *v, struct err *err)
{
	struct section_info s = { 0 };

	s.offset = col_u64(c);
	s.big_endian = col_max(c, 1) != 0;
	s.first_point = col_u32(c);
	return view_add_section(v, &s, err);
}

static enum rc segment_row(struct columns *c, struct view *v, struct err *err)
{
	struct segment_place s = { 0 };
	size_t n = v->n_segments;

	s.block = col_u32(c);
	s.number = col_u32(c);
	s.at = col_u64(c);
	s.len = col_u64(c);
	s.packets = col_u32(c);
	s.first_frame = col_u64(c);
	s.first_offset = col_u32(c);
	s.end_offset = col_u32(c);
	s.first_ns = col_i64(c);
	s.last_ns = col_i64(c);
	s.bytes = col_u64(c);
	s.captured_bytes = col_u64(c);
	s.time_unknown = col_u32(c);
	s.time_saturated = col_u32(c);
	s.cut_packets = col_u32(c);
	s.undecoded = col_u32(c);
	/* they come in order, so that appending is all there is to do */
	if (s.end_offset < s.first_offset || s.number != (n && v->segments[n - 1].block == s.block ?
			v->segments[n - 1].number + 1 : 0))
		c->bad = true;
	if (view_reserve_segment(v, err) != RC_DONE)
		return RC_NO_MEMORY;
	v->segments[v->n_segments++] = s;
	return RC_DONE;
}

static enum rc sums_row(struct columns *c, struct view *v, struct err *err)
{
	struct point_info p = { 0 };

	(void)err;
	p.number = col_u32(c);
	p.packets = col_u64(c);
	p.bytes = col_u64(c);
	p.first_ns = col_i64(c);
	p.last_ns = col_i64(c);
	view_add_sums(v, &p);
	return RC_DONE;
}

static enum rc load_flag(struct catalog *c, const char *name, bool *out, struct err *err)
{
	int64_t v = 0;
	enum rc rc = catalog_get(c, name, &v, err);

	*out = v != 0;
	return rc == RC_MISSING ? RC_DONE : rc;
}

static enum rc load_totals(struct catalog *c, struct store_totals *t, struct err *err)
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

static enum rc load_all(struct catalog *c, struct view *v, struct err *err)
{
	static const struct {
		enum catalog_sql which;
		row_reader row;
	} tables[] = {
		{ SQL_GET_BLOCKS, block_row },
		{ SQL_GET_POINTS, point_row },
		{ SQL_GET_SECTIONS, section_row },
		{ SQL_GET_SEGMENTS, segment_row },
		{ SQL_GET_SUMS, sums_row },
	};
	enum rc rc = load_totals(c, &v->totals, err);

	for (size_t i = 0; rc == RC_DONE && i < sizeof(tables) / sizeof(tables[0]); i++)
		rc = read_rows(c, tables[i].which, tables[i].row, v, err);
	return rc;
}

enum rc catalog_load(struct catalog *c, struct view *v, struct err *err)
{
	enum rc rc = catalog_begin(c, err);

	if (rc != RC_DONE)
		return rc;
	rc = load_all(c, v, err);
	if (rc == RC_DONE)
		rc = catalog_commit(c, err);
	else
		catalog_rollback(c);
	if (rc == RC_DONE)
		view_sum(v);
	else
		view_free(v);
	return rc;
}

enum rc catalog_untimed(struct catalog *c, uint64_t file_offset, uint64_t *from, uint64_t *to,
	int64_t *time_ns, struct err *err)
{
	struct columns columns = { 0 };
	enum rc rc = catalog_stmt(c, SQL_GET_UNTIMED, &columns.stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(columns.stmt, 1, (sqlite3_int64)file_offset);
	rc = catalog_step(c, columns.stmt, err);
	if (rc != RC_DONE)
		return rc == RC_END ? RC_MISSING : rc;
	*from = col_u64(&columns);
	*to = col_u64(&columns);
	*time_ns = col_i64(&columns);
	sqlite3_reset(columns.stmt);
	return file_offset < *to ? RC_DONE : RC_MISSING;
}

enum rc catalog_events(struct catalog *c, catalog_event say, void *ctx, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_GET_EVENTS, &stmt, err);

	while (rc == RC_DONE && (rc = catalog_step(c, stmt, err)) == RC_DONE) {
		const char *kind = (const char *)sqlite3_column_text(stmt, 1);
		const char *text = (const char *)sqlite3_column_text(stmt, 2);

		if (!say(ctx, sqlite3_column_int64(stmt, 0), kind ? kind : "", text ? text : ""))
			break;
	}
	sqlite3_reset(stmt);
	return rc == RC_END ? RC_DONE : rc;
}
