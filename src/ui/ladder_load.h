/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads packets into a ladder: of one conversation, or of all conversations of a cascade while it lasts. The work of a job; whoever starts
 * it owns the struct, and leaves it alone until the job is over.
 */
#ifndef FLOWDRILL_UI_LADDER_LOAD_H
#define FLOWDRILL_UI_LADDER_LOAD_H

#include "query/cascade.h"
#include "ui/ladder.h"

struct ladder_pair { struct addr a, b; };

struct ladder_load {
	struct id asked;             /* flow, microflow or packet; of a cascade its first request */
	/* a cascade: the conversations (their results are not looked at), and addresses that are one machine's */
	struct cascade_node *nodes;
	size_t n_nodes;
	struct ladder_pair *same;
	size_t n_same;
	/* what comes of it */
	struct id record;            /* whose packets were read, where it is no cascade */
	struct ladder ladder;
	uint32_t at;                 /* the arrow of the packet asked for, else of the first */
	/* of the reading itself */
	enum rc rc;
	struct err *err;
};

/* See job_work; ctx is the struct. */
enum rc ladder_load_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err);
/* Also what a cascade was asked with. */
void ladder_load_free(struct ladder_load *l);

#endif
