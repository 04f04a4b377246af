/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "store/sql_export.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_sql_export.XXXXXX";
static const char *const names[] = { "id", "name", "bytes", "first", "dropped", "snaplen" };
enum { N = sizeof(names) / sizeof(names[0]) };

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static enum rc write_points(const char *name, bool force, struct err *err)
{
	struct point_info point = { .number = 3,
		.name = "it's \"eth0\"",
		.bytes = 123456789012,
		.packets = 1,
		.first_ns = 1704464255123456789,
		.snaplen = 96 };
	struct row row = { .tier = TIER_POINT, .point = &point };
	const struct field *columns[N];
	struct sql_export *x;

	for (size_t i = 0; i < N; i++)
		columns[i] = field_find(names[i], TIER_POINT);
	enum rc rc = sql_export_open(path_of(name), force, TIER_POINT, columns, N, &x, err);
	if (rc != RC_DONE)
		return rc;
	rc = sql_export_row(x, &row, err);
	if (rc == RC_DONE)
		return sql_export_close(x, err);
	sql_export_abandon(x);
	return rc;
}

static void check_query(const char *name, const char *sql, const char *expected)
{
	sqlite3_stmt *s;
	sqlite3 *db;

	assert_int_equal(
		sqlite3_open_v2(path_of(name), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(s, 0), expected);
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static void test_rows(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(write_points("a.db", false, NULL), RC_DONE);
	check_query("a.db", "SELECT count(*) FROM points", "1");
	check_query("a.db", "SELECT id || '|' || name FROM points", "i3|it's \"eth0\"");
	check_query("a.db", "SELECT typeof(bytes) || bytes FROM points", "integer123456789012");
	check_query("a.db", "SELECT first FROM points", "2024-01-05T14:17:35.123456789Z");
	check_query("a.db", "SELECT typeof(dropped) FROM points", "null");
	check_query("a.db", "SELECT unit FROM fields WHERE name = 'bytes'", "bytes");
	check_query("a.db", "PRAGMA integrity_check", "ok");
	assert_int_equal(stat(path_of("a.db"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_existing(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(write_points("b.db", false, NULL), RC_DONE);
	assert_int_equal(write_points("b.db", false, &err), RC_USAGE);
	assert_int_equal(write_points("b.db", true, NULL), RC_DONE);
	check_query("b.db", "SELECT count(*) FROM points", "1");
	char link[300];
	snprintf(link, sizeof(link), "%s/link.db", dir);
	assert_int_equal(symlink(path_of("b.db"), link), 0);
	assert_int_equal(write_points("link.db", true, &err), RC_USAGE);
	assert_int_equal(write_points("none/c.db", true, &err), RC_MISSING);
}

/* Without memory at any place: an error, and no file. */
static void test_no_memory(void **state)
{
	bool done = false;

	(void)state;
	for (uint64_t nth = 1; !done; nth++) {
		mem_fail_after(nth);
		enum rc rc = write_points("m.db", false, NULL);
		mem_fail_after(0);
		done = rc == RC_DONE;
		if (!done) {
			assert_int_equal(rc, RC_NO_MEMORY);
			assert_int_equal(access(path_of("m.db"), F_OK), -1);
		}
		assert_true(nth < 1000);
	}
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_existing),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
