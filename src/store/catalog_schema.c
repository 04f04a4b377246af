/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalog's tables. A row lies in the order of columns that its INSERT names (catalog_impl.h),
 * with its checksum in `sum`; tallies has the exclusive or of each table's sums, by number of enum
 * catalog_table, and triggers keep it so (catalog_row.h).
 */
#include "store/catalog_row.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/*
 * Rows of which there may be many are told by their keys in `changes` too, whatever happens to them: so a follower reads
 * those alone (catalog_follow.c). Its rows need no checksum: what comes of them is compared with the tallies.
 */

/* Another row's sum into its table's tally: a ^ b is (a | b) - (a & b), which cannot overflow. */
#define XOR(number, row) \
	"UPDATE tallies SET sum = (sum | " row ".sum) - (sum & " row ".sum) WHERE number = " number ";"
#define TRIGGERS(table, on_new, on_old) \
	"CREATE TRIGGER " table "_in AFTER INSERT ON " table " BEGIN " on_new " END;" \
	"CREATE TRIGGER " table "_out AFTER DELETE ON " table " BEGIN " on_old " END;" \
	"CREATE TRIGGER " table "_set AFTER UPDATE ON " table " BEGIN " on_old " " on_new " END;"
#define TALLY(table, number) TRIGGERS(table, XOR(number, "new"), XOR(number, "old"))
#define LOG(number, a, b, c) \
	" INSERT INTO changes (what, a, b, c) VALUES (" number ", " a ", " b ", " c ");"
/* The key's columns; "0" stands for none. */
#define KEY1(row, a) row "." a, "0", "0"
#define KEY2(row, a, b) row "." a, row "." b, "0"
#define KEY3(row, a, b, c) row "." a, row "." b, row "." c
#define LOG_KEY(number, ...) LOG(number, __VA_ARGS__)
#define FOLLOW(table, number, key, ...) \
	TRIGGERS(table, XOR(number, "new") LOG_KEY(number, key("new", __VA_ARGS__)), \
		XOR(number, "old") LOG_KEY(number, key("old", __VA_ARGS__)))

/* A window whose runs have changed is merged no more. */
#define UNMERGE(row) \
	" DELETE FROM windows WHERE window = " row ".window;" \
	" DELETE FROM macroparts WHERE window = " row ".window AND block = 0;"

static const char schema[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL,"
	" sum INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE fields (id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,"
	" unit TEXT NOT NULL, merge TEXT NOT NULL, sum INTEGER NOT NULL);"
	"CREATE TABLE blocks (number INTEGER PRIMARY KEY, state INTEGER NOT NULL,"
	" file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,"
	" parts INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" first_frame INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" sum INTEGER NOT NULL);"
	"CREATE TABLE points (number INTEGER PRIMARY KEY, uuid BLOB NOT NULL, name BLOB NOT NULL,"
	" description BLOB NOT NULL, linktype INTEGER NOT NULL, snaplen INTEGER NOT NULL,"
	" tsresol INTEGER NOT NULL, tsoffset INTEGER NOT NULL, fcs_len INTEGER NOT NULL,"
	" file_offset INTEGER NOT NULL, dropped INTEGER, options BLOB NOT NULL,"
	" sum INTEGER NOT NULL);"
	"CREATE TABLE sections (offset INTEGER PRIMARY KEY, big_endian INTEGER NOT NULL,"
	" first_point INTEGER NOT NULL, sum INTEGER NOT NULL);"
	"CREATE TABLE untimed (start INTEGER PRIMARY KEY, end INTEGER NOT NULL,"
	" time INTEGER NOT NULL, sum INTEGER NOT NULL);"
	"CREATE TABLE segments (block INTEGER, number INTEGER, at INTEGER NOT NULL,"
	" len INTEGER NOT NULL, packets INTEGER NOT NULL, first_frame INTEGER NOT NULL,"
	" first_offset INTEGER NOT NULL, end_offset INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, bytes INTEGER NOT NULL, captured_bytes INTEGER NOT NULL,"
	" time_unknown INTEGER NOT NULL, time_saturated INTEGER NOT NULL,"
	" cut_packets INTEGER NOT NULL, undecoded INTEGER NOT NULL,"
	" digest INTEGER NOT NULL, sum INTEGER NOT NULL,"
	" PRIMARY KEY (block, number)) WITHOUT ROWID;"
	"CREATE TABLE sums (point INTEGER, block INTEGER, segment INTEGER,"
	" packets INTEGER NOT NULL, bytes INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (block, segment, point)) WITHOUT ROWID;"
	"CREATE TABLE macroparts (window INTEGER, block INTEGER, segment INTEGER, server BLOB,"
	" proto INTEGER, port INTEGER, point INTEGER, parts BLOB NOT NULL, sum INTEGER NOT NULL);"
	/* an index of its own: looking for a key among rows of a few pages each would read them all */
	"CREATE UNIQUE INDEX macroparts_key ON macroparts"
	" (window, block, segment, server, proto, port, point);"
	"CREATE TABLE runs (window INTEGER, block INTEGER, segment INTEGER,"
	" parts INTEGER NOT NULL, tail INTEGER NOT NULL, sum INTEGER NOT NULL,"
	" PRIMARY KEY (window, block, segment)) WITHOUT ROWID;"
	"CREATE TABLE windows (window INTEGER PRIMARY KEY, parts INTEGER NOT NULL,"
	" tail INTEGER NOT NULL, of INTEGER NOT NULL, sum INTEGER NOT NULL);"
	"CREATE TABLE tallies (number INTEGER PRIMARY KEY, sum INTEGER NOT NULL);"
	"CREATE TABLE events (number INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
	" kind TEXT NOT NULL, text TEXT NOT NULL, sum INTEGER NOT NULL);"
	"CREATE TABLE counts (point INTEGER PRIMARY KEY, received INTEGER NOT NULL,"
	" refused INTEGER NOT NULL, dropped INTEGER NOT NULL, if_dropped INTEGER NOT NULL,"
	" sum INTEGER NOT NULL);"
	"CREATE TABLE drops (number INTEGER PRIMARY KEY, point INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, dropped INTEGER NOT NULL,"
	" if_dropped INTEGER NOT NULL, refused INTEGER NOT NULL, sum INTEGER NOT NULL);"
	"CREATE TABLE changes (number INTEGER PRIMARY KEY, what INTEGER NOT NULL,"
	" a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL);"
	TALLY("meta", "1") TALLY("fields", "2") TALLY("points", "4") TALLY("sections", "5")
	TALLY("untimed", "6") TALLY("events", "10") TALLY("counts", "11")
	FOLLOW("blocks", "3", KEY1, "number")
	FOLLOW("segments", "7", KEY2, "block", "number")
	FOLLOW("sums", "8", KEY3, "block", "segment", "point")
	TALLY("windows", "14")
	TRIGGERS("runs", XOR("9", "new") LOG_KEY("9", KEY3("new", "window", "block", "segment")) UNMERGE("new"),
		XOR("9", "old") LOG_KEY("9", KEY3("old", "window", "block", "segment")) UNMERGE("old"))
	FOLLOW("drops", "12", KEY2, "first", "number");

enum rc catalog_make_schema(struct catalog *c, struct err *err)
{
	enum rc rc = catalog_exec(c, schema, err);
	char sql[64];

	for (int table = TABLE_NONE + 1; rc == RC_DONE && table < CATALOG_TABLES_END; table++) {
		if (table == TABLE_MACROPARTS)
			continue;
		snprintf(sql, sizeof(sql), "INSERT INTO tallies VALUES (%d, 0);", table);
		rc = catalog_exec(c, sql, err);
	}
	return rc;
}

/* What SQLite keeps is the statements as they were given, without their semicolons. */
enum rc catalog_check_schema(struct catalog *c, struct err *err)
{
	sqlite3_stmt *stmt;
	const char *at = schema;
	enum rc rc = catalog_stmt(c, SQL_SCHEMA, &stmt, err);

	while (rc == RC_DONE && (rc = catalog_step(c, stmt, err)) == RC_DONE) {
		const char *sql = (const char *)sqlite3_column_text(stmt, 0);
		size_t len = sql ? strlen(sql) : 0;

		if (!len || strncmp(at, sql, len) != 0 || at[len] != ';')
			break;
		at += len + 1;
	}
	sqlite3_reset(stmt);
	if (rc == RC_END ? *at != '\0' : rc == RC_DONE)
		return catalog_damaged(c, "its tables are not those of a catalog", err);
	return rc == RC_END ? RC_DONE : rc;
}
