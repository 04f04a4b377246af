/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads a conversation's packets into a transcript: the work of a job (session/session.h). Whoever starts it owns the struct, and leaves
 * it alone until the job is over.
 */
#ifndef FLOWDRILL_UI_STREAM_LOAD_H
#define FLOWDRILL_UI_STREAM_LOAD_H

#include "app/transcript.h"
#include "query/query.h"

struct stream_load {
	struct id asked;             /* flow, microflow or packet */
	/* what comes of it */
	struct id record;            /* whose packets were read: of a packet its flow, or its microflow where the flow is too long */
	struct transcript transcript;
	struct flow_key key;         /* valid where it has packets */
	uint32_t at;                 /* the packet asked for, of the transcript's; 0 where it has no payload */
	uint64_t packets;            /* read, those without payload too */
	/* of the reading itself */
	enum rc rc;
	struct err *err;
	bool found;
};

/* See job_work; ctx is the struct. */
enum rc stream_load_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err);
void stream_load_free(struct stream_load *l);

#endif
