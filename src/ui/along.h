/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Views that lead along what was said: a row's stream, ladder, related traffic. Opening them on whatever is selected, and what their
 * work in the background has in common.
 */
#ifndef FLOWDRILL_UI_ALONG_H
#define FLOWDRILL_UI_ALONG_H

#include "query/query.h"
#include "ui/view.h"

/* Answers REQ_STREAM and its kin for the view on top; false for other requests. */
bool along_request(struct screen *s, enum request r);

/*
 * For a job: the flow of a packet (`part`: its microflow); other records are themselves. RC_USAGE for a macroflow, saying that it is
 * many conversations.
 */
enum rc along_conversation(const struct query_sources *sources, const struct id *asked, bool part, struct id *out,
	struct err *err);

struct ladder_pair;
struct cascade_node;

/* All conversations of a cascade, borrowed: see query/cascade.h. */
struct along_cascade {
	const struct cascade_node *nodes;    /* nodes[0] is the root of them all */
	size_t n;
	const struct ladder_pair *same;      /* addresses of one machine */
	size_t n_same;
	const struct id *flows;              /* and when, for writing */
	size_t n_flows;
	int64_t from_ns, to_ns;
};

/* The views; NULL: no memory. What they show is read in the background. */
struct view *view_stream_new(struct screen *s, const struct id *of);
/* upstream: what triggered it */
struct view *view_related_new(struct screen *s, const struct id *of, bool upstream);
struct view *view_ladder_new(struct screen *s, const struct id *of);
struct view *view_ladder_cascade_new(struct screen *s, const struct along_cascade *cascade);
/* Which service triggers which, within the screen's range of time. */
struct view *view_map_new(struct screen *s);

#endif
