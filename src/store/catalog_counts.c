/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a recorder counts, in the catalog: sums a capture point, and windows with drops. */
#include "store/catalog_row.h"

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

enum rc catalog_put_drop(struct catalog *c, int64_t number, const struct drop_info *d, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_DROP, TABLE_DROPS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_i64(&w, number);
	row_u64(&w, d->point);
	row_i64(&w, d->from_ns);
	row_i64(&w, d->to_ns);
	row_u64(&w, d->dropped);
	row_u64(&w, d->if_dropped);
	row_u64(&w, d->refused);
	return row_end(&w, NULL, err);
}
