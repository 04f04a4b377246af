/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Grouping rows on the fly: the ways that have a key, and the filter that selects the members of a group. Pure functions.
 */
#ifndef FLOWDRILL_UI_GROUPING_H
#define FLOWDRILL_UI_GROUPING_H

#include "query/query.h"
#include "ui/cell_text.h"
#include "ui/keymap.h"

/* What rows are grouped by; n 0: they are not. */
struct grouping {
	const struct field *by[QUERY_GROUP_MAX];
	size_t n;
};

/* The fields of a request for grouping ("client,server"; "" for none of REQ_GROUP_NONE); NULL for other requests. */
const char *grouping_names(enum request r);
/* "client,server"; RC_USAGE naming a field that the tier has not, or by which nothing can be grouped. */
enum rc grouping_parse(const char *names, enum tier tier, struct grouping *out, struct err *err);
/*
 * Whether the tier's rows say all of the fields by themselves: macroflows have one server, but many clients, so those
 * are grouped by what their flows say.
 */
bool grouping_fits(const struct grouping *g, enum tier tier);
/* "https", "10.1.2.3, 10.0.0.5": the values of a group, for the breadcrumb. */
void grouping_label(const struct grouping *g, const struct row *row, const struct cell_style *style, char *out,
	size_t size);
/*
 * The filter of a group's members, in addition to `base` (may be ""), by the values of the row of the group: "(base) and client ==
 * 10.1.2.3". by_key: where it can be by what filter_is_of_key() knows, which reads worse. RC_LIMIT where it does not fit.
 */
enum rc grouping_filter(const struct grouping *g, const struct row *row, const char *base, bool by_key, char *out, size_t size,
	struct err *err);

#endif
