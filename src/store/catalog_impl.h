/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What catalog*.c share. SQLite's own header stays in the .c files. */
#ifndef FLOWDRILL_STORE_CATALOG_IMPL_H
#define FLOWDRILL_STORE_CATALOG_IMPL_H

#include "store/catalog.h"

struct sqlite3;
struct sqlite3_stmt;

/* X(name, SQL): prepared when first used. */
#define CATALOG_SQL(X) \
	X(SQL_BEGIN, "BEGIN") \
	X(SQL_BEGIN_WRITE, "BEGIN IMMEDIATE") \
	X(SQL_COMMIT, "COMMIT") \
	X(SQL_ROLLBACK, "ROLLBACK") \
	X(SQL_VERSION, "PRAGMA data_version") \
	X(SQL_GET, "SELECT value FROM meta WHERE name = ?") \
	X(SQL_SET, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)") \
	X(SQL_GET_BLOCKS, "SELECT number, state, file, offset, length FROM blocks ORDER BY number") \
	X(SQL_PUT_BLOCK, "INSERT OR REPLACE INTO blocks (number, state, file, offset, length) " \
		"VALUES (?, ?, ?, ?, ?)") \
	X(SQL_GET_POINTS, "SELECT number, uuid, name, description, linktype, snaplen, tsresol, " \
		"tsoffset, fcs_len, file_offset, dropped, options FROM points ORDER BY number") \
	X(SQL_PUT_POINT, "INSERT OR REPLACE INTO points (number, uuid, name, description, linktype, " \
		"snaplen, tsresol, tsoffset, fcs_len, file_offset, dropped, options) " \
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_PUT_DROPPED, "UPDATE points SET dropped = ? WHERE number = ?") \
	X(SQL_GET_SECTIONS, "SELECT offset, big_endian, first_point FROM sections ORDER BY offset") \
	X(SQL_PUT_SECTION, "INSERT OR REPLACE INTO sections (offset, big_endian, first_point) " \
		"VALUES (?, ?, ?)") \
	X(SQL_GET_UNTIMED, "SELECT start, end, time FROM untimed WHERE start <= ? " \
		"ORDER BY start DESC LIMIT 1") \
	X(SQL_PUT_UNTIMED, "INSERT OR REPLACE INTO untimed (start, end, time) VALUES (?, ?, ?)") \
	X(SQL_GET_SEGMENTS, "SELECT block, number, at, len, packets, first_frame, first_offset, " \
		"end_offset, first, last, bytes, captured_bytes, time_unknown, time_saturated, " \
		"cut_packets, undecoded FROM segments ORDER BY block, number") \
	X(SQL_PUT_SEGMENT, "INSERT INTO segments (block, number, at, len, packets, first_frame, " \
		"first_offset, end_offset, first, last, bytes, captured_bytes, time_unknown, " \
		"time_saturated, cut_packets, undecoded) " \
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_SUMS, "SELECT point, sum(packets), sum(bytes), min(first), max(last) " \
		"FROM sums GROUP BY point") \
	X(SQL_PUT_SUMS, "INSERT INTO sums (point, block, segment, packets, bytes, first, last) " \
		"VALUES (?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_GET_EVENTS, "SELECT time, kind, text FROM events ORDER BY number") \
	X(SQL_PUT_EVENT, "INSERT INTO events (time, kind, text) VALUES (?, ?, ?)") \
	X(SQL_PUT_FIELD, "INSERT OR REPLACE INTO fields (id, name, type, unit, merge) " \
		"VALUES (?, ?, ?, ?, ?)") \
	X(SQL_PUT_MACRO, "INSERT INTO macroparts (window, block, segment, server, proto, port, point, " \
		"record, clients, rtt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(SQL_NEXT_WINDOW, "SELECT window FROM macroparts WHERE window >= ? ORDER BY window LIMIT 1") \
	X(SQL_RUN_MACROS, "SELECT window, block, segment, server, proto, port, point, record, " \
		"clients, rtt FROM macroparts WHERE window = ? AND block = ? AND segment = ? " \
		"AND (server, proto, port, point) > (?, ?, ?, ?) " \
		"ORDER BY server, proto, port, point LIMIT ?") \
	X(SQL_PAGE_MACROS, "SELECT window, block, segment, server, proto, port, point, record, " \
		"clients, rtt FROM macroparts " \
		"WHERE (window, block, segment, server, proto, port, point) > (?, ?, ?, ?, ?, ?, ?) " \
		"ORDER BY window, block, segment, server, proto, port, point LIMIT ?") \
	X(SQL_GET_MACRO, "SELECT window, block, segment, server, proto, port, point, record, " \
		"clients, rtt FROM macroparts WHERE window = ? AND block = ? AND segment = ? " \
		"AND server = ? AND proto = ? AND port = ? AND point = ?") \
	X(SQL_DROP_BLOCK, "DELETE FROM blocks WHERE number = ?") \
	X(SQL_DROP_SEGMENTS, "DELETE FROM segments WHERE block = ?") \
	X(SQL_DROP_SUMS, "DELETE FROM sums WHERE block = ?") \
	X(SQL_DROP_MACROS, "DELETE FROM macroparts WHERE block = ? AND window BETWEEN ? AND ?") \
	X(SQL_DROP_ALL_SEGMENTS, "DELETE FROM segments") \
	X(SQL_DROP_ALL_SUMS, "DELETE FROM sums") \
	X(SQL_DROP_ALL_MACROS, "DELETE FROM macroparts") \
	X(SQL_DROP_POINTS, "DELETE FROM points WHERE file_offset >= ?") \
	X(SQL_DROP_SECTIONS, "DELETE FROM sections WHERE offset >= ?") \
	X(SQL_DROP_UNTIMED, "DELETE FROM untimed WHERE start >= ?")

enum catalog_sql {
#define CATALOG_SQL_ENUM(name, sql) name,
	CATALOG_SQL(CATALOG_SQL_ENUM)
#undef CATALOG_SQL_ENUM
	CATALOG_SQLS
};

struct catalog {
	struct sqlite3 *db;
	struct sqlite3_stmt *stmts[CATALOG_SQLS];
	char *path;
	bool writing;
	struct buf scratch;          /* bytes of the record being written */
};

/* What SQLite said last, as an enum rc with detail. */
enum rc catalog_failed(struct catalog *c, const char *doing, struct err *err);
/* What the catalog says cannot be. */
enum rc catalog_damaged(struct catalog *c, const char *why, struct err *err);
/* A statement, reset and without parameters. */
enum rc catalog_stmt(struct catalog *c, enum catalog_sql which, struct sqlite3_stmt **out, struct err *err);
/* Runs a statement that yields no rows, and resets it. */
enum rc catalog_run(struct catalog *c, struct sqlite3_stmt *stmt, struct err *err);
/* The next row: RC_DONE, RC_END (reset). */
enum rc catalog_step(struct catalog *c, struct sqlite3_stmt *stmt, struct err *err);

#endif
