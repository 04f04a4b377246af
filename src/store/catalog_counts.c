/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a recorder counts, in the catalog: sums a capture point, windows with drops; and where it began. */
#include "store/catalog_row.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum rc catalog_put_counts(struct catalog *c, uint32_t point, const struct point_counts *counts,
	struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_COUNTS, TABLE_COUNTS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_u64(&w, point);
	row_u64(&w, counts->received);
	row_u64(&w, counts->refused);
	row_u64(&w, counts->dropped);
	row_u64(&w, counts->if_dropped);
	return row_end(&w, NULL, err);
}

enum rc catalog_put_drop(struct catalog *c, const struct drop_info *d, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_DROP, TABLE_DROPS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_i64(&w, d->number);
	row_u64(&w, d->point);
	row_i64(&w, d->from_ns);
	row_i64(&w, d->to_ns);
	row_u64(&w, d->dropped);
	row_u64(&w, d->if_dropped);
	row_u64(&w, d->refused);
	return row_end(&w, NULL, err);
}

/* ---- where conversations begin anew ------------------------------------------------------- */

/* Numbers have their zeros, so that names are in their order. */
static void name_anew(struct anew_place place, char out[32])
{
	snprintf(out, 32, "anew.%010u.%010u", place.block, place.offset);
}

bool catalog_parse_anew(const char *name, struct anew_place *out)
{
	char again[32];

	if (sscanf(name, "anew.%10u.%10u", &out->block, &out->offset) != 2)
		return false;
	name_anew(*out, again);
	return strcmp(name, again) == 0;
}

enum rc catalog_put_anew(struct catalog *c, struct anew_place place, struct err *err)
{
	char name[32];

	name_anew(place, name);
	return catalog_set(c, name, 1, err);
}

enum rc catalog_forget_anew(struct catalog *c, uint32_t block, struct err *err)
{
	char name[32];
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_DROP_ANEW, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	name_anew((struct anew_place){ block + 1, 0 }, name);
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
	return catalog_run(c, stmt, err);
}
