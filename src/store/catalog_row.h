/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of the catalog, written and read with a checksum each. Private to catalog*.c, and the one
 * way by which any of them makes or believes a row.
 *
 * C1  The last column of every table (but tallies) is `sum`: the checksum of the row's other
 *     columns, key included, in their order, with the table's number as seed. A row that was
 *     flipped, or that lies in another table, is RC_DAMAGED when it is read.
 * C2  tallies.sum of a table is the exclusive or of the sums of all its rows. Triggers in the
 *     schema keep it so, whatever statement inserts, replaces or deletes: SQL that writes rows
 *     with row_end() has nothing else to do. rows_end() compares, after a whole table was read:
 *     a row that vanished or appeared is RC_DAMAGED.
 * C3  macroparts is too big for C2. A run's parts are a chain instead: the seed of each row's
 *     checksum is the sum of the row before it, and `runs` (which C1 and C2 guard) holds the
 *     last one. See catalog_macro.c.
 *
 * A SELECT names the columns in the order of the INSERT, `sum` last.
 */
#ifndef FLOWDRILL_STORE_CATALOG_ROW_H
#define FLOWDRILL_STORE_CATALOG_ROW_H

#include "store/catalog_impl.h"

/* ---- writing ---------------------------------------------------------------------------- */

/* Binds parameters one after the other, and gathers what the checksum is of. */
struct row_writer {
	struct catalog *c;
	struct sqlite3_stmt *stmt;
	int at;
	uint64_t seed;
};

enum rc row_begin(struct catalog *c, enum catalog_sql which, enum catalog_table table,
	struct row_writer *w, struct err *err);
void row_i64(struct row_writer *w, int64_t v);
void row_u64(struct row_writer *w, uint64_t v);
void row_null(struct row_writer *w);
/* Both must stay until row_end(). An empty blob is no NULL. */
void row_text(struct row_writer *w, const char *text);
void row_blob(struct row_writer *w, const void *bytes, size_t len);
/* Binds the checksum as last parameter and runs. *sum may be NULL. */
enum rc row_end(struct row_writer *w, uint64_t *sum, struct err *err);

/* ---- reading ---------------------------------------------------------------------------- */

enum { ROW_INTS = 20 };

/* Reads columns one after the other; `bad` sticks where a number is out of range. */
struct row_reader {
	struct catalog *c;
	struct sqlite3_stmt *stmt;
	enum catalog_table table;
	int at;
	bool bad;
	uint64_t sum;                /* of the row at hand */
	uint64_t tally;              /* of all rows so far */
	int64_t ints[ROW_INTS];      /* the first columns of the row at hand, where they are integers */
	uint32_t is_int;             /* bits: which are */
};

/* A statement without parameters, or to be bound before rows_next(). */
enum rc rows_begin(struct catalog *c, enum catalog_sql which, enum catalog_table table,
	struct row_reader *r, struct err *err);
/*
 * The next row, its checksum verified: RC_DONE, RC_END, RC_DAMAGED. Both of the latter, and
 * rows_reset(), end the statement.
 */
enum rc rows_next(struct row_reader *r, struct err *err);
/* The same for a row in a chain behind one whose sum is `before`. */
enum rc rows_next_chained(struct row_reader *r, uint64_t before, struct err *err);
void rows_reset(struct row_reader *r);
/* After RC_END of a whole table: RC_DONE, or RC_DAMAGED where rows are missing or too many. */
enum rc rows_end(struct row_reader *r, struct err *err);

int64_t row_get_i64(struct row_reader *r);
uint64_t row_get_u64(struct row_reader *r);
uint64_t row_get_max(struct row_reader *r, uint64_t max);
uint32_t row_get_u32(struct row_reader *r);
bool row_get_null(struct row_reader *r);             /* whether it is; steps on only then */
/* Valid until the next rows_next(). */
const void *row_get_blob(struct row_reader *r, size_t *len);
/* A text or blob as a terminated string, cut to the room. */
void row_get_text(struct row_reader *r, char *out, size_t size);

#endif
