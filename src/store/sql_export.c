/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/sql_export.h"

#include "base/io.h"
#include "base/mem.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct sql_export {
	char path[4096], made[4096]; /* the name it gets; what is written */
	sqlite3 *db;
	sqlite3_stmt *insert;
	const struct field **columns;
	size_t n;
};

static enum rc sql_error(struct sql_export *x, struct err *err)
{
	switch (x->db ? sqlite3_errcode(x->db) & 0xff : SQLITE_NOMEM) {
	case SQLITE_NOMEM: return err_memory(err);
	case SQLITE_FULL: return err_set(err, RC_NO_SPACE, x->path, "no space left");
	default: return err_set(err, RC_IO, x->path, "cannot write: %s", sqlite3_errmsg(x->db));
	}
}

static enum rc sql_exec(struct sql_export *x, const char *sql, struct err *err)
{
	return sqlite3_exec(x->db, sql, NULL, NULL, NULL) == SQLITE_OK ? RC_DONE
								       : sql_error(x, err);
}

/* ---- tables ----------------------------------------------------------------------------- */

static const char *column_type(const struct field *f)
{
	if (!field_is_number(f))
		return "TEXT";
	return f->type == TYPE_REAL || f->unit == UNIT_DURATION ? "REAL" : "INTEGER";
}

static enum rc make_tables(struct sql_export *x, enum tier tier, struct err *err)
{
	struct buf sql;

	buf_init(&sql);
	buf_put_str(&sql,
		"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
		"CREATE TABLE fields(name TEXT, type TEXT, unit TEXT, help TEXT);");
	buf_printf(&sql, "CREATE TABLE %s(", tier_plural(tier));
	for (size_t i = 0; i < x->n; i++)
		buf_printf(&sql, "%s\"%s\" %s", i ? ", " : "", x->columns[i]->name,
			column_type(x->columns[i]));
	buf_put_str(&sql, ");");
	const char *text = buf_text(&sql);
	enum rc rc = sql.failed ? err_memory(err) : sql_exec(x, text, err);
	buf_free(&sql);
	return rc;
}

static enum rc describe_fields(struct sql_export *x, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(
		x->db, "INSERT INTO fields VALUES(?, ?, ?, ?)", -1, &s, NULL);

	for (size_t i = 0; rc == SQLITE_OK && i < x->n; i++) {
		const struct field *f = x->columns[i];
		sqlite3_bind_text(s, 1, f->name, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 2, column_type(f), -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 3, field_unit_name(f->unit), -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 4, f->help, -1, SQLITE_STATIC);
		if (sqlite3_step(s) != SQLITE_DONE)
			rc = SQLITE_ERROR;
		sqlite3_reset(s);
	}
	enum rc result = rc == SQLITE_OK ? RC_DONE : sql_error(x, err);
	sqlite3_finalize(s);
	return result;
}

static enum rc prepare_insert(struct sql_export *x, enum tier tier, struct err *err)
{
	struct buf sql;

	buf_init(&sql);
	buf_printf(&sql, "INSERT INTO %s VALUES(", tier_plural(tier));
	for (size_t i = 0; i < x->n; i++)
		buf_put_str(&sql, i ? ",?" : "?");
	buf_put_str(&sql, ")");
	const char *text = buf_text(&sql);
	enum rc rc = RC_DONE;
	if (sql.failed)
		rc = err_memory(err);
	else if (sqlite3_prepare_v2(x->db, text, -1, &x->insert, NULL) != SQLITE_OK)
		rc = sql_error(x, err);
	buf_free(&sql);
	return rc;
}

/* ---- the file ---------------------------------------------------------------------------- */

static enum rc make_file(struct sql_export *x, bool force, struct err *err)
{
	struct io_file *f;
	struct stat st;
	bool exists = lstat(x->path, &st) == 0;

	if (exists && !S_ISREG(st.st_mode))
		return err_set(err, RC_USAGE, x->path, "is no regular file");
	if (exists && !force)
		return err_set(err, RC_USAGE, x->path, "exists already; --force replaces it");
	int n = snprintf(x->made, sizeof(x->made), "%s%s", x->path, exists ? ".new" : "");
	if (n < 0 || (size_t)n >= sizeof(x->made))
		return err_set(err, RC_USAGE, x->path, "the name is too long");
	enum rc rc = io_open(x->made, IO_CREATE_NEW, &f, err);
	if (rc == RC_DONE)
		io_close(f);
	else
		x->made[0] = '\0';
	return rc;
}

static enum rc open_database(struct sql_export *x, enum tier tier, struct err *err)
{
	if (sqlite3_open_v2(x->made, &x->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return sql_error(x, err);
	enum rc rc = make_tables(x, tier, err);
	if (rc == RC_DONE)
		rc = describe_fields(x, err);
	if (rc == RC_DONE)
		rc = prepare_insert(x, tier, err);
	return rc;
}

static void sql_export_free(struct sql_export *x)
{
	sqlite3_finalize(x->insert);
	sqlite3_close(x->db);
	mem_free(x->columns);
	mem_free(x);
}

void sql_export_abandon(struct sql_export *x)
{
	char made[sizeof(x->made)];

	memcpy(made, x->made, sizeof(made));
	sql_export_free(x);
	if (made[0])
		io_remove(made, NULL);
}

enum rc sql_export_open(const char *path, bool force, enum tier tier,
	const struct field *const *columns, size_t n, struct sql_export **out, struct err *err)
{
	struct sql_export *x = mem_calloc(1, sizeof(*x));

	if (!x)
		return err_memory(err);
	x->columns = mem_calloc(n + 1, sizeof(*x->columns));
	x->n = n;
	int len = snprintf(x->path, sizeof(x->path), "%s", path);
	enum rc rc = RC_DONE;
	if (!x->columns)
		rc = err_memory(err);
	else if (len < 0 || (size_t)len >= sizeof(x->path))
		rc = err_set(err, RC_USAGE, path, "the name is too long");
	for (size_t i = 0; x->columns && i < n; i++)
		x->columns[i] = columns[i];
	if (rc == RC_DONE)
		rc = make_file(x, force, err);
	if (rc == RC_DONE)
		rc = open_database(x, tier, err);
	if (rc != RC_DONE) {
		sql_export_abandon(x);
		return rc;
	}
	*out = x;
	return RC_DONE;
}

/* ---- rows --------------------------------------------------------------------------------- */

static int bind_number(sqlite3_stmt *s, int at, const struct field *f, const struct value *v)
{
	switch (v->type) {
	case TYPE_I64:
		return f->unit == UNIT_DURATION ? sqlite3_bind_double(s, at, (double)v->i / 1e9)
						: sqlite3_bind_int64(s, at, v->i);
	case TYPE_U128: return sqlite3_bind_double(s, at, (double)v->big);
	case TYPE_REAL: return sqlite3_bind_double(s, at, v->real);
	default:
		return v->u <= INT64_MAX ? sqlite3_bind_int64(s, at, (int64_t)v->u)
					 : sqlite3_bind_double(s, at, (double)v->u);
	}
}

static int bind_value(sqlite3_stmt *s, int at, const struct field *f, const struct value *v)
{
	char text[512];

	if (field_is_number(f))
		return bind_number(s, at, f, v);
	size_t n = value_format(text, sizeof(text), f, v, STYLE_MACHINE);
	return sqlite3_bind_text(s, at, text, (int)n, SQLITE_TRANSIENT);
}

enum rc sql_export_row(struct sql_export *x, const struct row *row, struct err *err)
{
	struct value v;

	for (size_t i = 0; i < x->n; i++) {
		int at = (int)i + 1, rc;
		if (field_get(x->columns[i], row, &v))
			rc = bind_value(x->insert, at, x->columns[i], &v);
		else
			rc = sqlite3_bind_null(x->insert, at);
		if (rc != SQLITE_OK)
			return sql_error(x, err);
	}
	bool done = sqlite3_step(x->insert) == SQLITE_DONE;
	if (!done)
		return sql_error(x, err);
	sqlite3_reset(x->insert);
	return RC_DONE;
}

enum rc sql_export_close(struct sql_export *x, struct err *err)
{
	enum rc rc = sql_exec(x, "COMMIT", err);

	if (rc == RC_DONE && strcmp(x->made, x->path) != 0)
		rc = io_rename(x->made, x->path, err);
	if (rc == RC_DONE)
		x->made[0] = '\0';
	sql_export_abandon(x);
	return rc;
}
