/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalog's database: opening, closing, transactions, statements, named integers. */
#include "store/catalog_row.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/trace.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	CATALOG_APPLICATION = 0x46447269,    /* "FDri" */
	CATALOG_WAIT_MS = 10000,
};

static const char *const sql_texts[] = {
#define CATALOG_SQL_TEXT(name, sql) [name] = sql,
	CATALOG_SQL(CATALOG_SQL_TEXT)
#undef CATALOG_SQL_TEXT
};

/* ---- errors and statements -------------------------------------------------------------- */

static enum rc rc_of(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_NOMEM: return RC_NO_MEMORY;
	case SQLITE_FULL: return RC_NO_SPACE;
	case SQLITE_PERM:
	case SQLITE_READONLY: return RC_DENIED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return RC_LOCKED;
	case SQLITE_CORRUPT:
	case SQLITE_FORMAT:
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
	case SQLITE_SCHEMA:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_ERROR: return RC_DAMAGED;
	default: return RC_IO;
	}
}

enum rc catalog_failed(struct catalog *c, const char *doing, struct err *err)
{
	enum rc rc = rc_of(sqlite3_extended_errcode(c->db));

	TRACE(TRACE_STORE, "catalog %s: %s: %d %s", c->path, doing,
		sqlite3_extended_errcode(c->db), sqlite3_errmsg(c->db));
	assert(rc != RC_DONE);
	if (rc == RC_DAMAGED)
		return err_damaged(err, c->path, 0, "%s: %s", doing, sqlite3_errmsg(c->db));
	return err_set(err, rc, c->path, "%s: %s", doing, sqlite3_errmsg(c->db));
}

enum rc catalog_damaged(struct catalog *c, const char *why, struct err *err)
{
	return err_damaged(err, c->path, 0, "%s", why);
}

enum rc catalog_stmt(struct catalog *c, enum catalog_sql which, struct sqlite3_stmt **out,
	struct err *err)
{
	struct sqlite3_stmt **s = &c->stmts[which];

	if (*s) {
		sqlite3_reset(*s);
		sqlite3_clear_bindings(*s);
	} else if (sqlite3_prepare_v3(c->db, sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT, s,
			   NULL) != SQLITE_OK) {
		return catalog_failed(c, "cannot read", err);
	}
	*out = *s;
	return RC_DONE;
}

enum rc catalog_step(struct catalog *c, struct sqlite3_stmt *stmt, struct err *err)
{
	int code = sqlite3_step(stmt);
	enum rc rc;

	if (code == SQLITE_ROW)
		return RC_DONE;
	rc = code == SQLITE_DONE ? RC_END : catalog_failed(c, c->writing ? "cannot write" : "cannot read", err);
	sqlite3_reset(stmt);
	return rc;
}

enum rc catalog_run(struct catalog *c, struct sqlite3_stmt *stmt, struct err *err)
{
	enum rc rc = catalog_step(c, stmt, err);

	if (rc == RC_DONE)
		sqlite3_reset(stmt);
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc run_simple(struct catalog *c, enum catalog_sql which, struct err *err)
{
	struct sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, which, &stmt, err);

	return rc == RC_DONE ? catalog_run(c, stmt, err) : rc;
}

/* ---- transactions ----------------------------------------------------------------------- */

enum rc catalog_begin(struct catalog *c, struct err *err)
{
	/* one is still open where there was no memory to roll it back */
	enum rc rc = sqlite3_get_autocommit(c->db) ? RC_DONE : run_simple(c, SQL_ROLLBACK, err);

	if (rc != RC_DONE)
		return rc;
	return run_simple(c, c->writing ? SQL_BEGIN_WRITE : SQL_BEGIN, err);
}

enum rc catalog_commit(struct catalog *c, struct err *err)
{
	enum rc rc = c->writing ? catalog_trim_changes(c, err) : RC_DONE;

	if (rc == RC_DONE)
		rc = run_simple(c, SQL_COMMIT, err);
	if (rc != RC_DONE)
		catalog_rollback(c);
	return rc;
}

void catalog_rollback(struct catalog *c)
{
	/* some failures have rolled back already */
	if (!sqlite3_get_autocommit(c->db))
		run_simple(c, SQL_ROLLBACK, NULL);
}

enum rc catalog_settle(struct catalog *c, bool *durable, struct err *err)
{
	int frames = -1, moved = -1;
	int code = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);

	*durable = code == SQLITE_OK && frames == moved;
	if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY)
		return RC_DONE;
	return catalog_failed(c, "cannot checkpoint", err);
}

void catalog_fold(struct catalog *c)
{
	sqlite3_busy_timeout(c->db, 0);
	sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(c->db, CATALOG_WAIT_MS);
}

/* ---- opening ---------------------------------------------------------------------------- */

enum rc catalog_exec(struct catalog *c, const char *sql, struct err *err)
{
	if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return catalog_failed(c, "cannot open", err);
	return RC_DONE;
}

static enum rc pragma_int(struct catalog *c, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum rc rc = RC_DONE;

	if (sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL) != SQLITE_OK ||
		sqlite3_step(stmt) != SQLITE_ROW)
		rc = catalog_failed(c, "cannot open", err);
	else
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc;
}

/* "file:" and the path with everything but letters, digits, '/', '.', '-' and '_' escaped. */
static void uri_of(struct buf *out, const char *path)
{
	buf_put_str(out, "file:");
	for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9') || strchr("/._-", *p))
			buf_put_u8(out, *p);
		else
			buf_printf(out, "%%%02x", *p);
	}
	buf_put_str(out, "?immutable=1");
}

/*
 * What a reading connection may do: read rows, of tables that are there. Whatever statement came
 * to it by whatever way, it changes nothing, opens no other file and calls no function.
 */
static int authorize(void *ctx, int action, const char *a, const char *b, const char *db, const char *trigger)
{
	static const char *const pragmas[] = { "data_version", "user_version", "application_id", "quick_check" };

	(void)ctx;
	(void)db;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_TRANSACTION: return SQLITE_OK;
	case SQLITE_PRAGMA:
		for (size_t i = 0; a && !b && i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
			if (strcmp(a, pragmas[i]) == 0)
				return SQLITE_OK;
		return SQLITE_DENY;
	default: return SQLITE_DENY;
	}
}

/* Settings that hold however the file tries to change them. */
static enum rc confine(struct catalog *c, struct err *err)
{
	static const int limits[][2] = { { SQLITE_LIMIT_ATTACHED, 0 }, { SQLITE_LIMIT_SQL_LENGTH, 1 << 16 },
		{ SQLITE_LIMIT_LENGTH, 1 << 28 }, { SQLITE_LIMIT_VARIABLE_NUMBER, 64 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 } };

	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(c->db, limits[i][0], limits[i][1]);
	enum rc rc = catalog_exec(c, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
		"PRAGMA cache_size=-4096; PRAGMA recursive_triggers=ON;", err);
	if (rc == RC_DONE && !c->writing)
		sqlite3_set_authorizer(c->db, authorize, NULL);
	return rc;
}

static enum rc open_db(struct catalog *c, bool immutable, struct err *err)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		(c->writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	struct buf uri;
	int code;

	buf_init(&uri);
	if (immutable) {
		uri_of(&uri, c->path);
		flags |= SQLITE_OPEN_URI;
	} else {
		buf_put_str(&uri, c->path);
	}
	const char *name = buf_text(&uri);   /* may fail too: "" would be a database of SQLite's own */
	code = uri.failed ? SQLITE_NOMEM : sqlite3_open_v2(name, &c->db, flags, NULL);
	buf_free(&uri);
	if (!c->db)
		return err_memory(err);
	if (code != SQLITE_OK)
		return catalog_failed(c, "cannot open", err);
	sqlite3_busy_timeout(c->db, CATALOG_WAIT_MS);
	return confine(c, err);
}

/* The format's version; an empty file has 0. */
static enum rc check_version(struct catalog *c, struct err *err)
{
	int64_t version = 0, application = 0;
	enum rc rc = pragma_int(c, "PRAGMA user_version", &version, err);

	if (rc == RC_DONE)
		rc = pragma_int(c, "PRAGMA application_id", &application, err);
	if (rc != RC_DONE)
		return rc;
	if (application != CATALOG_APPLICATION)
		return catalog_damaged(c, "this is no catalog of flowdrill", err);
	/* not even if the number alone were damaged: who makes anew what is damaged must not do it to this */
	if (version > CATALOG_VERSION)
		return err_set(err, RC_NEWER, c->path, "made by a newer version (format %d, this is %d)",
			(int)version, CATALOG_VERSION);
	/* what can be made anew is: to who asks there is no difference but the words */
	if (version != CATALOG_VERSION)
		return err_damaged(err, c->path, 0, "made by an older version (format %d, this is %d)", (int)version, CATALOG_VERSION);
	return catalog_check_schema(c, err);
}

static enum rc create_schema(struct catalog *c, struct err *err)
{
	char sql[96];
	enum rc rc = catalog_exec(c, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
		"PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE;", err);

	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
		CATALOG_APPLICATION, CATALOG_VERSION);
	if (rc == RC_DONE)
		rc = catalog_make_schema(c, err);
	if (rc == RC_DONE)
		rc = catalog_put_fields(c, err);
	if (rc == RC_DONE)
		rc = catalog_exec(c, sql, err);
	return rc;
}

/* The file is made by us: SQLite would not give it mode 0600. */
static enum rc create_file(const char *path, struct err *err)
{
	struct io_file *f;
	enum rc rc = io_open(path, IO_CREATE_NEW, &f, err);

	if (rc == RC_DONE)
		io_close(f);
	return rc;
}

/* The journal is folded into the catalog when it has so many pages: fewer on a small disk. */
static int journal_pages(const char *path)
{
	enum { MOST = 4000, LEAST = 64, OF_DISK = 1000 };
	struct statvfs fs;

	if (statvfs(path, &fs) != 0)
		return MOST;
	uint64_t pages = (uint64_t)fs.f_blocks * fs.f_frsize / 4096 / OF_DISK;
	return pages > MOST ? MOST : pages < LEAST ? LEAST : (int)pages;
}

static enum rc open_writing(struct catalog *c, enum catalog_mode mode, struct err *err)
{
	enum rc rc = mode == CATALOG_CREATE ? create_file(c->path, err) : RC_DONE;

	if (rc == RC_DONE)
		rc = open_db(c, false, err);
	if (rc != RC_DONE)
		return rc;
	if (mode == CATALOG_CREATE)
		rc = create_schema(c, err);
	else
		rc = check_version(c, err);
	/* the header's version for writers is one that SQLite does not know: of two, only the one for readers was right */
	if (rc == RC_DONE && sqlite3_db_readonly(c->db, "main") == 1 && access(c->path, W_OK) == 0)
		rc = catalog_damaged(c, "its header does not let anybody write", err);
	if (rc == RC_DONE)
		rc = catalog_exec(c, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8192;",
			err);
	if (rc == RC_DONE)
		sqlite3_wal_autocheckpoint(c->db, journal_pages(c->path));
	return rc;
}

static void drop_db(struct catalog *c)
{
	for (size_t i = 0; i < CATALOG_SQLS; i++) {
		sqlite3_finalize(c->stmts[i]);
		c->stmts[i] = NULL;
	}
	sqlite3_close(c->db);
	c->db = NULL;
}

/* True where nobody can write beside the file, so that no writer can be at work on it here. */
static bool medium_read_only(const char *path)
{
	char *dir = mem_strdup(path), *slash = dir ? strrchr(dir, '/') : NULL;
	bool read_only;

	if (slash)
		*slash = '\0';
	read_only = slash && access(dir, W_OK) != 0 && (errno == EROFS || errno == EACCES);
	mem_free(dir);
	return read_only;
}

/* What a writer that died has left of a transaction is rolled back by a connection that may write. */
static enum rc open_rolled_back(struct catalog *c, struct err *err)
{
	drop_db(c);
	c->writing = true;
	enum rc rc = open_db(c, false, err);
	if (rc == RC_DONE)
		rc = check_version(c, err);
	drop_db(c);
	c->writing = false;
	if (rc == RC_DONE)
		rc = open_db(c, false, err);
	return rc == RC_DONE ? check_version(c, err) : rc;
}

static enum rc open_reading(struct catalog *c, bool *read_only, struct err *err)
{
	enum rc rc = open_db(c, false, err);

	*read_only = medium_read_only(c->path);
	if (rc == RC_DONE)
		rc = check_version(c, err);
	if (rc != RC_DONE && c->db && !*read_only &&
		(sqlite3_errcode(c->db) & 0xff) == SQLITE_READONLY)
		rc = open_rolled_back(c, err);
	if ((rc == RC_IO || rc == RC_DENIED) && *read_only) {
		drop_db(c);
		rc = open_db(c, true, err);
		if (rc == RC_DONE)
			rc = check_version(c, err);
	}
	return rc;
}

enum rc catalog_open(const char *path, enum catalog_mode mode, struct catalog **out,
	bool *read_only, struct err *err)
{
	struct catalog *c = mem_calloc(1, sizeof(*c));
	bool medium = false;
	enum rc rc;

	if (!c)
		return err_memory(err);
	buf_init(&c->scratch);
	buf_init(&c->row);
	c->writing = mode != CATALOG_READ;
	c->path = mem_strdup(path);
	if (!c->path)
		rc = err_memory(err);
	else if (mode != CATALOG_CREATE && access(path, F_OK) != 0)
		rc = err_errno(err, path, "cannot open");
	else if (c->writing)
		rc = open_writing(c, mode, err);
	else
		rc = open_reading(c, &medium, err);
	if (rc != RC_DONE) {
		c->writing = false;
		/* what a newer version has left in its log is its own to put in place */
		if (rc == RC_NEWER)
			sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		catalog_close(c);
		return rc;
	}
	if (read_only)
		*read_only = medium;
	*out = c;
	return RC_DONE;
}

void catalog_close(struct catalog *c)
{
	if (!c)
		return;
	if (c->db && c->writing) {
		catalog_rollback(c);
		/* with readers about, it stays in WAL mode until the next clean close */
		sqlite3_busy_timeout(c->db, 0);
		sqlite3_exec(c->db, "PRAGMA wal_checkpoint(TRUNCATE);", NULL, NULL, NULL);
		sqlite3_exec(c->db, "PRAGMA journal_mode=DELETE;", NULL, NULL, NULL);
	}
	drop_db(c);
	buf_free(&c->scratch);
	buf_free(&c->row);
	mem_free(c->path);
	mem_free(c);
}

/* ---- named integers and texts ----------------------------------------------------------- */

static enum rc find_named(struct catalog *c, const char *name, struct row_reader *r, struct err *err)
{
	enum rc rc = rows_begin(c, SQL_GET, TABLE_META, r, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_text(r->stmt, 1, name, -1, SQLITE_STATIC);
	rc = rows_next(r, err);
	return rc == RC_END ? RC_MISSING : rc;
}

enum rc catalog_get(struct catalog *c, const char *name, int64_t *value, struct err *err)
{
	struct row_reader r;
	enum rc rc = find_named(c, name, &r, err);

	if (rc != RC_DONE)
		return rc;
	*value = sqlite3_column_int64(r.stmt, 1);
	rows_reset(&r);
	return RC_DONE;
}

enum rc catalog_get_text(struct catalog *c, const char *name, char *out, size_t size, struct err *err)
{
	struct row_reader r;
	enum rc rc = find_named(c, name, &r, err);

	if (rc != RC_DONE)
		return rc;
	row_get_text(&r, out, size);         /* the name */
	row_get_text(&r, out, size);
	rows_reset(&r);
	return RC_DONE;
}

enum rc catalog_set(struct catalog *c, const char *name, int64_t value, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_SET, TABLE_META, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_text(&w, name);
	row_i64(&w, value);
	return row_end(&w, NULL, err);
}

/* A blob: the column would turn a text that looks like a number into one. */
enum rc catalog_set_text(struct catalog *c, const char *name, const char *value, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_SET, TABLE_META, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_text(&w, name);
	row_blob(&w, value, strlen(value));
	return row_end(&w, NULL, err);
}

int64_t catalog_writes(const struct catalog *c)
{
	return sqlite3_total_changes64(c->db);
}

enum rc catalog_version(struct catalog *c, uint64_t *version, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_VERSION, &stmt, err);

	if (rc == RC_DONE)
		rc = catalog_step(c, stmt, err);
	if (rc != RC_DONE)
		return rc == RC_END ? catalog_damaged(c, "no version", err) : rc;
	*version = (uint64_t)sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return RC_DONE;
}
