/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQL behind a store's back, on its catalog. Behind cmocka.h. */
#ifndef FLOWDRILL_TESTS_SQL_H
#define FLOWDRILL_TESTS_SQL_H

#include <sqlite3.h>
#include <stdint.h>

/* Runs all statements; the number that the first row of the last one says, -1 without one. */
static inline int64_t sql_run(const char *path, const char *text)
{
	int64_t out = -1;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	while (*text) {
		sqlite3_stmt *stmt;
		int step;

		assert_int_equal(sqlite3_prepare_v2(db, text, -1, &stmt, &text), SQLITE_OK);
		step = sqlite3_step(stmt);
		out = step == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
		while (step == SQLITE_ROW)
			step = sqlite3_step(stmt);
		assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	}
	sqlite3_close(db);
	return out;
}

#endif
