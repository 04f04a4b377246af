/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `export --sqlite`: rows of a tier as a table of an SQLite database for people.
 *
 * The table has the tier's name and a column a field: numbers as numbers (durations in seconds), everything else as the text
 * that csv has, unknown as NULL. A table `fields` says what each column means. The file is made 0600 and stands
 * under its name only when it is whole (with force; without it must not exist). One thread.
 */
#ifndef FLOWDRILL_STORE_SQL_EXPORT_H
#define FLOWDRILL_STORE_SQL_EXPORT_H

#include "flow/field.h"

struct sql_export;

/* RC_USAGE where path exists (and not force) or is no regular file. */
enum rc sql_export_open(const char *path, bool force, enum tier tier,
	const struct field *const *columns, size_t n, struct sql_export **out, struct err *err);
enum rc sql_export_row(struct sql_export *x, const struct row *row, struct err *err);
/* Ends and frees; on failure the file is removed. */
enum rc sql_export_close(struct sql_export *x, struct err *err);
void sql_export_abandon(struct sql_export *x);

#endif
