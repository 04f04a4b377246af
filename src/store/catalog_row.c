/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The canonical form of a row: for each column a byte for its type, then 8 bytes or length and bytes. */
#include "store/catalog_row.h"

#include "base/hash.h"

#include <endian.h>
#include <sqlite3.h>
#include <string.h>

enum { CANON_NULL, CANON_INT, CANON_TEXT, CANON_BLOB };

static void put_le64(uint8_t *to, uint64_t v)
{
	v = htole64(v);
	memcpy(to, &v, sizeof(v));
}

static void canon_int(struct buf *b, int64_t v)
{
	uint8_t *to = buf_reserve(b, 9);

	if (!to)
		return;
	to[0] = CANON_INT;
	put_le64(to + 1, (uint64_t)v);
	b->len += 9;
}

static void canon_bytes(struct buf *b, uint8_t type, const void *bytes, size_t len)
{
	uint8_t *to = buf_reserve(b, 9 + len);

	if (!to)
		return;
	to[0] = type;
	put_le64(to + 1, len);
	if (len > 0)
		memcpy(to + 9, bytes, len);
	b->len += 9 + len;
}

/* ---- writing ---------------------------------------------------------------------------- */

enum rc row_begin(struct catalog *c, enum catalog_sql which, enum catalog_table table,
	struct row_writer *w, struct err *err)
{
	*w = (struct row_writer){ .c = c, .seed = table };
	buf_clear(&c->row);
	return catalog_stmt(c, which, &w->stmt, err);
}

void row_i64(struct row_writer *w, int64_t v)
{
	sqlite3_bind_int64(w->stmt, ++w->at, v);
	canon_int(&w->c->row, v);
}

void row_u64(struct row_writer *w, uint64_t v)
{
	row_i64(w, (int64_t)v);
}

void row_null(struct row_writer *w)
{
	sqlite3_bind_null(w->stmt, ++w->at);
	buf_put_u8(&w->c->row, CANON_NULL);
}

void row_text(struct row_writer *w, const char *text)
{
	sqlite3_bind_text(w->stmt, ++w->at, text, -1, SQLITE_STATIC);
	canon_bytes(&w->c->row, CANON_TEXT, text, strlen(text));
}

void row_blob(struct row_writer *w, const void *bytes, size_t len)
{
	sqlite3_bind_blob64(w->stmt, ++w->at, len ? bytes : "", len, SQLITE_STATIC);
	canon_bytes(&w->c->row, CANON_BLOB, bytes, len);
}

enum rc row_end(struct row_writer *w, uint64_t *sum, struct err *err)
{
	struct buf *b = &w->c->row;
	uint64_t made;

	if (b->failed)
		return err_memory(err);
	made = hash_bytes(b->data, b->len, w->seed);
	sqlite3_bind_int64(w->stmt, ++w->at, (sqlite3_int64)made);
	if (sum)
		*sum = made;
	return catalog_run(w->c, w->stmt, err);
}

/* ---- reading ---------------------------------------------------------------------------- */

enum rc rows_begin(struct catalog *c, enum catalog_sql which, enum catalog_table table,
	struct row_reader *r, struct err *err)
{
	*r = (struct row_reader){ .c = c, .table = table };
	return catalog_stmt(c, which, &r->stmt, err);
}

void rows_reset(struct row_reader *r)
{
	sqlite3_reset(r->stmt);
}

/* Each column is asked for once: catalogs have millions. Nobody else uses the connection, so its value may be looked at in place. */
static void canon_column(struct row_reader *r, int at)
{
	struct buf *b = &r->c->row;
	sqlite3_value *v = sqlite3_column_value(r->stmt, at);
	int type = sqlite3_value_type(v);

	if (type == SQLITE_INTEGER) {
		int64_t i = sqlite3_value_int64(v);

		canon_int(b, i);
		if (at < ROW_INTS) {
			r->ints[at] = i;
			r->is_int |= UINT32_C(1) << at;
		}
	} else if (type == SQLITE_NULL) {
		buf_put_u8(b, CANON_NULL);
	} else if (type == SQLITE_TEXT) {
		const void *text = sqlite3_value_text(v);

		canon_bytes(b, CANON_TEXT, text, (size_t)sqlite3_value_bytes(v));
	} else {
		const void *bytes = sqlite3_value_blob(v);

		canon_bytes(b, type == SQLITE_BLOB ? CANON_BLOB : UINT8_MAX, bytes, (size_t)sqlite3_value_bytes(v));
	}
}

enum rc rows_next_chained(struct row_reader *r, uint64_t before, struct err *err)
{
	enum rc rc = catalog_step(r->c, r->stmt, err);
	int last = sqlite3_column_count(r->stmt) - 1;
	struct buf *b = &r->c->row;

	if (rc != RC_DONE)
		return rc;
	buf_clear(b);
	r->is_int = 0;
	for (int i = 0; i < last; i++)
		canon_column(r, i);
	r->sum = hash_bytes(b->data, b->len, before);
	r->at = 0;
	r->tally ^= r->sum;
	if (!b->failed && sqlite3_column_type(r->stmt, last) == SQLITE_INTEGER &&
		(uint64_t)sqlite3_column_int64(r->stmt, last) == r->sum)
		return RC_DONE;
	rows_reset(r);
	return b->failed ? err_memory(err) : catalog_damaged(r->c, "a row has another checksum", err);
}

enum rc rows_next(struct row_reader *r, struct err *err)
{
	return rows_next_chained(r, r->table, err);
}

enum rc rows_end(struct row_reader *r, struct err *err)
{
	sqlite3_stmt *stmt;
	uint64_t tally = 0;
	enum rc rc = catalog_stmt(r->c, SQL_GET_TALLY, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, r->table);
	rc = catalog_step(r->c, stmt, err);
	if (rc == RC_DONE) {
		tally = (uint64_t)sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	if (rc == RC_END || (rc == RC_DONE && tally != r->tally))
		return catalog_damaged(r->c, "a table has not the rows that were written", err);
	return rc;
}

int64_t row_get_i64(struct row_reader *r)
{
	int at = r->at++;

	return at < ROW_INTS && r->is_int >> at & 1 ? r->ints[at] : sqlite3_column_int64(r->stmt, at);
}

uint64_t row_get_u64(struct row_reader *r)
{
	return row_get_max(r, INT64_MAX);
}

uint64_t row_get_max(struct row_reader *r, uint64_t max)
{
	int64_t v = row_get_i64(r);

	if (v >= 0 && (uint64_t)v <= max)
		return (uint64_t)v;
	r->bad = true;
	return 0;
}

uint32_t row_get_u32(struct row_reader *r)
{
	return (uint32_t)row_get_max(r, UINT32_MAX);
}

bool row_get_null(struct row_reader *r)
{
	bool is = sqlite3_column_type(r->stmt, r->at) == SQLITE_NULL;

	r->at += is;
	return is;
}

const void *row_get_blob(struct row_reader *r, size_t *len)
{
	const void *bytes = sqlite3_column_blob(r->stmt, r->at);

	*len = (size_t)sqlite3_column_bytes(r->stmt, r->at++);
	return bytes;
}

void row_get_text(struct row_reader *r, char *out, size_t size)
{
	size_t len;
	const void *bytes = row_get_blob(r, &len);

	if (len > size - 1)
		len = size - 1;
	if (len > 0)
		memcpy(out, bytes, len);
	out[len] = '\0';
}
