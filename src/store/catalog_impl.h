/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What catalog*.c share. SQLite's own header stays in the .c files. */
#ifndef FLOWDRILL_STORE_CATALOG_IMPL_H
#define FLOWDRILL_STORE_CATALOG_IMPL_H

#include "store/catalog.h"

struct sqlite3;
struct sqlite3_stmt;
struct row_reader;

/* X(name, SQL): prepared when first used. */
#define CATALOG_SQL(X) \
	X(SQL_BEGIN, "BEGIN") \
	X(SQL_BEGIN_WRITE, "BEGIN IMMEDIATE") \
	X(SQL_COMMIT, "COMMIT") \
	X(SQL_ROLLBACK, "ROLLBACK") \
	X(SQL_VERSION, "PRAGMA data_version") \
	X(SQL_SCHEMA, "SELECT sql FROM sqlite_schema ORDER BY rowid") \
	X(SQL_QUICK_CHECK, "PRAGMA quick_check") \
	X(SQL_GET_TALLY, "SELECT sum FROM tallies WHERE number = ?") \
	X(SQL_GET_TALLIES, "SELECT number, sum FROM tallies ORDER BY number") \
	X(SQL_GET_CHANGES, "SELECT number, what, a, b, c FROM changes WHERE number > ? " \
		"ORDER BY number LIMIT ?") \
	X(SQL_LAST_CHANGE, "SELECT number FROM changes ORDER BY number DESC LIMIT 1") \
	X(SQL_TRIM_CHANGES, "DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - ?") \
	X(SQL_ONE_BLOCK, "SELECT number, state, file, offset, length, parts, packets, bytes, " \
		"first_frame, first, last, sum FROM blocks WHERE number = ?") \
	X(SQL_ONE_SEGMENT, "SELECT block, number, at, len, packets, first_frame, first_offset, " \
		"end_offset, first, last, bytes, captured_bytes, time_unknown, time_saturated, " \
		"cut_packets, undecoded, digest, sum FROM segments WHERE block = ? AND number = ?") \
	X(SQL_ONE_SUMS, "SELECT point, block, segment, packets, bytes, first, last, sum FROM sums " \
		"WHERE block = ? AND segment = ? AND point = ?") \
	X(SQL_ONE_DROP, "SELECT number, point, first, last, dropped, if_dropped, refused, sum " \
		"FROM drops WHERE number = ?2") \
	X(SQL_GET_ALL, "SELECT name, value, sum FROM meta ORDER BY name") \
	X(SQL_GET, "SELECT name, value, sum FROM meta WHERE name = ?") \
	X(SQL_SET, "INSERT OR REPLACE INTO meta (name, value, sum) VALUES (?, ?, ?)") \
	X(SQL_GET_BLOCKS, "SELECT number, state, file, offset, length, parts, packets, bytes, " \
		"first_frame, first, last, sum FROM blocks " \
		"ORDER BY number") \
	X(SQL_PUT_BLOCK, "INSERT OR REPLACE INTO blocks (number, state, file, offset, length, " \
		"parts, packets, bytes, first_frame, first, last, sum) " \
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_POINTS, "SELECT number, uuid, name, description, linktype, snaplen, tsresol, " \
		"tsoffset, fcs_len, file_offset, dropped, options, sum FROM points ORDER BY number") \
	X(SQL_PUT_POINT, "INSERT OR REPLACE INTO points (number, uuid, name, description, linktype, " \
		"snaplen, tsresol, tsoffset, fcs_len, file_offset, dropped, options, sum) " \
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_SECTIONS, "SELECT offset, big_endian, first_point, sum FROM sections " \
		"ORDER BY offset") \
	X(SQL_PUT_SECTION, "INSERT OR REPLACE INTO sections (offset, big_endian, first_point, sum) " \
		"VALUES (?, ?, ?, ?)") \
	X(SQL_GET_UNTIMED, "SELECT start, end, time, sum FROM untimed WHERE start <= ? " \
		"ORDER BY start DESC LIMIT 1") \
	X(SQL_ALL_UNTIMED, "SELECT start, end, time, sum FROM untimed ORDER BY start") \
	X(SQL_PUT_UNTIMED, "INSERT OR REPLACE INTO untimed (start, end, time, sum) " \
		"VALUES (?, ?, ?, ?)") \
	X(SQL_GET_SEGMENTS, "SELECT block, number, at, len, packets, first_frame, first_offset, " \
		"end_offset, first, last, bytes, captured_bytes, time_unknown, time_saturated, " \
		"cut_packets, undecoded, digest, sum FROM segments ORDER BY block, number") \
	X(SQL_PUT_SEGMENT, "INSERT INTO segments (block, number, at, len, packets, first_frame, " \
		"first_offset, end_offset, first, last, bytes, captured_bytes, time_unknown, " \
		"time_saturated, cut_packets, undecoded, digest, sum) " \
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_SUMS, "SELECT point, block, segment, packets, bytes, first, last, sum FROM sums " \
		"ORDER BY block, segment, point") \
	X(SQL_PUT_SUMS, "INSERT INTO sums (point, block, segment, packets, bytes, first, last, sum) " \
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_EVENTS, "SELECT number, time, kind, text, sum FROM events ORDER BY number") \
	X(SQL_LAST_EVENT, "SELECT ifnull(max(number), 0) FROM events") \
	X(SQL_PUT_EVENT, "INSERT INTO events (number, time, kind, text, sum) " \
		"VALUES (?, ?, ?, ?, ?)") \
	X(SQL_LAST_EVENTS, "SELECT number, time, kind, text, sum FROM events ORDER BY number DESC " \
		"LIMIT ?") \
	X(SQL_GET_COUNTS, "SELECT point, received, refused, dropped, if_dropped, sum FROM counts " \
		"ORDER BY point") \
	X(SQL_PUT_COUNTS, "INSERT OR REPLACE INTO counts (point, received, refused, dropped, " \
		"if_dropped, sum) VALUES (?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_DROPS, "SELECT number, point, first, last, dropped, if_dropped, refused, sum " \
		"FROM drops ORDER BY number") \
	X(SQL_PUT_DROP, "INSERT INTO drops (number, point, first, last, dropped, if_dropped, " \
		"refused, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_FIELDS, "SELECT id, name, type, unit, merge, sum FROM fields ORDER BY id") \
	X(SQL_PUT_FIELD, "INSERT OR REPLACE INTO fields (id, name, type, unit, merge, sum) " \
		"VALUES (?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_RUNS, "SELECT window, block, segment, parts, tail, sum FROM runs " \
		"ORDER BY window, block, segment") \
	X(SQL_GET_RUN, "SELECT window, block, segment, parts, tail, sum FROM runs " \
		"WHERE window = ? AND block = ? AND segment = ?") \
	X(SQL_PUT_RUN, "INSERT INTO runs (window, block, segment, parts, tail, sum) " \
		"VALUES (?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_WINDOW, "SELECT window, parts, tail, of, sum FROM windows WHERE window = ?") \
	X(SQL_GET_WINDOWS, "SELECT window, parts, tail, of, sum FROM windows ORDER BY window") \
	X(SQL_PUT_WINDOW, "INSERT INTO windows (window, parts, tail, of, sum) VALUES (?, ?, ?, ?, ?)") \
	X(SQL_PUT_MACRO, "INSERT INTO macroparts (window, block, segment, server, proto, port, point, " \
		"parts, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_RUN_MACROS, "SELECT window, block, segment, server, proto, port, point, parts, sum " \
		"FROM macroparts WHERE window = ? AND block = ? AND segment = ? " \
		"AND (server, proto, port, point) > (?, ?, ?, ?) " \
		"ORDER BY server, proto, port, point LIMIT 1") \
	X(SQL_FROM_MACRO, "SELECT window, block, segment, server, proto, port, point, parts, sum " \
		"FROM macroparts WHERE window = ? AND block = ? AND segment = ? " \
		"AND (server, proto, port, point) >= (?, ?, ?, ?) " \
		"ORDER BY server, proto, port, point LIMIT 1") \
	X(SQL_BEFORE_MACRO, "SELECT sum FROM macroparts WHERE window = ? AND block = ? " \
		"AND segment = ? AND (server, proto, port, point) < (?, ?, ?, ?) " \
		"ORDER BY server DESC, proto DESC, port DESC, point DESC LIMIT 1") \
	X(SQL_SEGMENT_AT, "SELECT at, len FROM segments WHERE block = ? AND number = ?") \
	X(SQL_BLOCK_STATE, "SELECT state FROM blocks WHERE number = ?") \
	X(SQL_SYNC_FULL, "PRAGMA synchronous=FULL") \
	X(SQL_SYNC_NORMAL, "PRAGMA synchronous=NORMAL") \
	X(SQL_NEXT_WINDOW, "SELECT window FROM macroparts WHERE window >= ? ORDER BY window LIMIT 1") \
	X(SQL_PURGE_SLICE, "DELETE FROM macroparts WHERE window = ?1 AND block = ?2 AND " \
		"(segment, server, proto, port, point) < (SELECT segment, server, proto, port, point " \
		"FROM macroparts WHERE window = ?1 AND block = ?2 " \
		"ORDER BY segment, server, proto, port, point LIMIT 1 OFFSET ?3)") \
	X(SQL_PURGE_REST, "DELETE FROM macroparts WHERE window = ? AND block = ?") \
	X(SQL_DROP_DROPS, "DELETE FROM drops WHERE last < ?") \
	X(SQL_DROP_EVENTS, "DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?") \
	X(SQL_DROP_ANEW, "DELETE FROM meta WHERE name >= 'anew.' AND name < ?") \
	X(SQL_DROP_BLOCK, "DELETE FROM blocks WHERE number = ?") \
	X(SQL_DROP_SEGMENTS, "DELETE FROM segments WHERE block = ?") \
	X(SQL_DROP_SUMS, "DELETE FROM sums WHERE block = ?") \
	X(SQL_DROP_MACROS, "DELETE FROM macroparts WHERE block = ? AND window BETWEEN ? AND ?") \
	X(SQL_DROP_RUNS, "DELETE FROM runs WHERE block = ? AND window BETWEEN ? AND ?") \
	X(SQL_DROP_SOME_SEGMENTS, "DELETE FROM segments WHERE block = ? AND number BETWEEN ? AND ?") \
	X(SQL_DROP_SOME_SUMS, "DELETE FROM sums WHERE block = ? AND segment BETWEEN ? AND ?") \
	X(SQL_DROP_SOME_MACROS, "DELETE FROM macroparts WHERE window = ? AND block = ? " \
		"AND segment BETWEEN ? AND ?") \
	X(SQL_DROP_SOME_RUNS, "DELETE FROM runs WHERE window = ? AND block = ? " \
		"AND segment BETWEEN ? AND ?") \
	X(SQL_DROP_ALL_SEGMENTS, "DELETE FROM segments") \
	X(SQL_DROP_ALL_SUMS, "DELETE FROM sums") \
	X(SQL_DROP_ALL_MACROS, "DELETE FROM macroparts WHERE block > 0 AND block NOT IN " \
		"(SELECT number FROM blocks WHERE parts = 1)") \
	X(SQL_DROP_ALL_RUNS, "DELETE FROM runs WHERE block NOT IN " \
		"(SELECT number FROM blocks WHERE parts = 1)") \
	X(SQL_DROP_POINTS, "DELETE FROM points WHERE file_offset >= ?") \
	X(SQL_DROP_SECTIONS, "DELETE FROM sections WHERE offset >= ?") \
	X(SQL_DROP_UNTIMED, "DELETE FROM untimed WHERE start >= ?")

enum catalog_sql {
#define CATALOG_SQL_ENUM(name, sql) name,
	CATALOG_SQL(CATALOG_SQL_ENUM)
#undef CATALOG_SQL_ENUM
	CATALOG_SQLS
};

/*
 * Tables whose rows have a tally, and macroparts (see catalog_row.h). X(number, name). The numbers
 * are in checksums on disk: append only.
 */
#define CATALOG_TABLES(X) \
	X(TABLE_META, "meta") X(TABLE_FIELDS, "fields") X(TABLE_BLOCKS, "blocks") \
	X(TABLE_POINTS, "points") X(TABLE_SECTIONS, "sections") X(TABLE_UNTIMED, "untimed") \
	X(TABLE_SEGMENTS, "segments") X(TABLE_SUMS, "sums") X(TABLE_RUNS, "runs") \
	X(TABLE_EVENTS, "events") X(TABLE_COUNTS, "counts") X(TABLE_DROPS, "drops") \
	X(TABLE_MACROPARTS, "macroparts") X(TABLE_WINDOWS, "windows")

enum catalog_table {
	TABLE_NONE,
#define CATALOG_TABLE_ENUM(number, name) number,
	CATALOG_TABLES(CATALOG_TABLE_ENUM)
#undef CATALOG_TABLE_ENUM
	CATALOG_TABLES_END
};

struct catalog {
	struct sqlite3 *db;
	struct sqlite3_stmt *stmts[CATALOG_SQLS];
	char *path;
	bool writing;
	bool untimed_whole;          /* that table was compared with its tally */
	unsigned commits;            /* since the table of changes was trimmed */
	struct buf scratch;          /* bytes of the record being written */
	struct buf row;              /* canonical form of the row at hand */
};

/* What SQLite said last, as an enum rc with detail. */
enum rc catalog_failed(struct catalog *c, const char *doing, struct err *err);
/* What the catalog says cannot be. */
enum rc catalog_damaged(struct catalog *c, const char *why, struct err *err);
/* Runs SQL text without rows. */
enum rc catalog_exec(struct catalog *c, const char *sql, struct err *err);
/* Rows into a view, one by one (catalog_read.c); rows_next() was called. */
typedef enum rc (*row_taker)(struct row_reader *r, struct view *v, struct err *err);
enum rc catalog_take_row(struct row_reader *r, row_taker take, struct view *v, struct err *err);
/* A table whole: every row, and no others; its tally into the view. */
enum rc catalog_read_table(struct catalog *c, enum catalog_table table, struct view *v, struct err *err);
row_taker catalog_row_taker(enum catalog_table table);
enum rc catalog_load_totals(struct catalog *c, struct store_totals *t, struct err *err);
/* Keeps the table of changes short; inside a transaction. */
enum rc catalog_trim_changes(struct catalog *c, struct err *err);
/* The number of the last change; 0 where there is none. */
enum rc catalog_last_change(struct catalog *c, int64_t *out, struct err *err);
/* The tables of an empty catalog, inside a transaction; and whether those that are there are these (catalog_schema.c). */
enum rc catalog_make_schema(struct catalog *c, struct err *err);
enum rc catalog_check_schema(struct catalog *c, struct err *err);
/* A statement, reset and without parameters. */
enum rc catalog_stmt(struct catalog *c, enum catalog_sql which, struct sqlite3_stmt **out, struct err *err);
/* Runs a statement that yields no rows, and resets it. */
enum rc catalog_run(struct catalog *c, struct sqlite3_stmt *stmt, struct err *err);
/* The next row: RC_DONE, RC_END (reset). */
enum rc catalog_step(struct catalog *c, struct sqlite3_stmt *stmt, struct err *err);

#endif
