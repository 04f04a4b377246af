/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What series.c and series_load.c share: how one question is asked, and the columns that its rows make. */
#ifndef FLOWDRILL_UI_SERIES_PARTS_H
#define FLOWDRILL_UI_SERIES_PARTS_H

#include "ui/series.h"

/* How a question is asked. */
struct series_plan {
	enum tier tier;
	int64_t from_ns, step_ns; /* of the columns */
	size_t n;
};

/*
 * One job and what it makes. Until the job has ended all of it but `question` is the job's thread's. Columns from `low` to
 * `high` (not with it) are asked, the others are taken over from what is shown.
 */
struct series_load {
	struct series_question question;
	struct query query;
	struct filter *filter;
	struct job *job;
	struct series_data *data;
	size_t low, high;
	struct err err; /* of adding up; rc RC_DONE where all went well */
	uint64_t rows; /* that came */
	uint8_t lacking[SERIES_COLUMNS]; /* of columns made of packets: enum attribute not known of some of them */
	uint64_t points[16]; /* source and number of the capture points seen so far */
};

/*
 * Whether the rows of a list with this filter are all that lies below conversations that it chooses, so that finer tiers can be asked
 * in its place.
 */
bool series_filter_is_shared(const char *filter);
/*
 * The plan for a question over [from, to) of what these sources hold. `coarser`: leaves out so many of the finest tiers. False where
 * none is left.
 */
bool series_plan(const struct query_sources *sources, const struct series_question *q, int64_t from_ns, int64_t to_ns,
	unsigned coarser, struct series_plan *out);

/* Starts the job for the columns low..high of a plan. On failure nothing is left to free. */
enum rc series_load_start(struct session *session, const struct series_question *q, const struct series_plan *plan, size_t low,
	size_t high, struct series_load **out, struct err *err);
/* When the job has ended well: what is unknown becomes so. */
void series_load_finish(struct series_load *l);
/* Does not wait for the job, which goes on until it has noticed. */
void series_load_free(struct session *session, struct series_load *l);
void series_data_free(struct series_data *d);
/* More packets than are read for columns made of packets. */
bool series_load_is_cut(const struct series_load *l);

#endif
