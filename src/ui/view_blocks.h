/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of blocks; which of them a list's query reads. */
#ifndef FLOWDRILL_UI_VIEW_BLOCKS_H
#define FLOWDRILL_UI_VIEW_BLOCKS_H

#include "ui/view.h"

/* The query that the map is about: that of a list. */
struct blocks_query {
	bool any; /* there is one */
	enum tier tier;
	char filter[sizeof(((struct view *)0)->filter)];
	bool has_in;
	struct id in;
	int64_t from_ns, to_ns;
};

/* NULL: no memory. */
struct view *view_blocks_new(struct screen *s, const struct blocks_query *q);

#endif
