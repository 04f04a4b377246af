/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packet of a conversation answers which: a microflow may part a request from its late answer, and the answer says nothing
 * without it. A job reads the record's packets once, and looks for requests that lie before it by their time, which a response
 * time tells exactly: from the last byte of the request to the first of the answer.
 *
 * A struct answers_load is the job's until it has ended, then whoever shows it reads it. Bounded: see answers.c.
 */
#ifndef FLOWDRILL_UI_ANSWERS_H
#define FLOWDRILL_UI_ANSWERS_H

#include "query/query.h"

enum { ANSWER_TEXT = 128 };

struct answer {
	struct id answer, question; /* packets: the answer's first one, and the request's */
	struct id flow; /* of the question */
	int64_t late_ns; /* response time */
	char text[ANSWER_TEXT]; /* what was asked, in one line for people; "" where nothing can be told */
};

struct answers_load {
	struct id in; /* a flow or microflow */
	struct answer *v; /* in the order of their answers */
	size_t n, cap;
};

/* For job_start_work(), over a struct answers_load whose `in` is set; what it has found before is dropped. */
enum rc answers_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err);
void answers_free(struct answers_load *l);

/* What a packet answers, what answers it; NULL where nothing is known. */
const struct answer *answers_find(const struct answers_load *l, const struct id *answer);
const struct answer *answers_find_question(const struct answers_load *l, const struct id *question);

#endif
