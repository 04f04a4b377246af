/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view of related traffic, for its own two files: what it does, and how it is drawn. */
#ifndef FLOWDRILL_UI_VIEW_RELATED_H
#define FLOWDRILL_UI_VIEW_RELATED_H

#include "ui/list.h"
#include "ui/related_load.h"
#include "ui/screen.h"
#include "ui/work_view.h"

struct related_view {
	struct work_view work;       /* first; its error is also why there is nothing */
	struct related_load load;
	struct id asked;             /* by the user; load.asked and its direction are what the job tries */
	bool upstream;
	enum related_what { RELATED_ASKED, RELATED_REQUEST, RELATED_CONVERSATION } what; /* load.asked is */
	struct list list;            /* rows of the load */
	unsigned side;               /* of the evidence: 0 what came, 1 what left */
	char search[128];
	struct id *flows;            /* of all rows, each once; when the job is over */
	size_t n_flows;
};

/* The node at the root of a row's tree. */
size_t related_view_root(const struct related_view *rv, size_t row);
void related_view_draw(struct related_view *rv, struct canvas *c, struct rect area);

#endif
