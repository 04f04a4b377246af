/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The views that can be opened by name: by `--batch VIEW`, by scripts. A new view is a row here.
 */
#ifndef FLOWDRILL_UI_VIEW_TABLE_H
#define FLOWDRILL_UI_VIEW_TABLE_H

#include "ui/screen.h"

struct view_row {
	const char *name; /* as on the command line, and view_ops.name */
	const char *help;
	/*
	 * The tiers of records that it can be of, as FIELD_ON() bits: 0 where it is of none. `needs`: it has to be of
	 * one, else NULL is everything.
	 */
	unsigned of;
	bool needs;
	/* NULL: the error says why. Sets no crumbs. */
	struct view *(*make)(struct screen *s, const struct id *in, struct err *err);
};

const struct view_row *view_rows(size_t *n);
/*
 * Puts the view on the stack, with a crumb for `in`. RC_USAGE where there is none of that name (naming those that
 * there are), or it cannot be of such a record; what its query finds missing shows in the view.
 */
enum rc view_open_named(struct screen *s, const char *name, const struct id *in, struct err *err);

#endif
