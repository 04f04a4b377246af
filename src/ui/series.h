/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers over time: what lies below a record, under a filter and in a range of time, cut into columns of one length. Each column is a
 * merged record, so that every field has a value there (field_get() of its row), health too.
 *
 * The tier that is asked is the coarsest whose slices fit into a column (macroflows, flows, microflows); each of its records lies in
 * one slice, so columns add up exactly to what `list TIER` with the same filter and range adds up to. Columns shorter than a
 * microflow's slice are made of packets where there are few of them (SERIES_PACKETS), else they are as long as such a slice. Of packets
 * the fields are known that packets tell (not flows, nor anything of whole turns or handshakes).
 *
 * A filter asks of whole rows of the list's tier ("bytes > 1M" means another thing of a microflow than of a flow): unless it looks only at what all
 * packets of a conversation share, the rows of that very tier are asked, and columns are as long as their slices or longer.
 *
 * The work is done by a background job (job_start_sink()); what is shown stays until the new columns are whole. When something was published
 * only the columns are asked again in which segments came or went. Refreshing takes a quarter of the time at most.
 *
 * Capture points are added up; n_points says how many there were, so that whoever draws can say so.
 *
 * Memory: COLUMNS records, and while it is asked SERIES_MEMORY of groups; where slices are too many for that a coarser tier is asked.
 *
 * Owns its jobs and columns. One thread (the screen's), but for the job's own.
 */
#ifndef FLOWDRILL_UI_SERIES_H
#define FLOWDRILL_UI_SERIES_H

#include "flow/field.h"
#include "session/session.h"

enum {
	SERIES_COLUMNS = 256, /* at most */
	SERIES_PACKETS = 200000,
	SERIES_MEMORY = 48 << 20,
	SERIES_FILTER = 1024
};

/* What is asked. Zeroed (and from_ns, to_ns set) it is everything. */
struct series_question {
	enum tier tier; /* of the rows that it is about: what a filter means */
	char filter[SERIES_FILTER];
	bool has_in;
	struct id in; /* what lies below this; a microflow's packets too */
	int64_t from_ns, to_ns; /* half-open; INT64_MIN, INT64_MAX: from the first packet, to the last one */
	unsigned columns; /* wanted: there are as many or fewer; 1 .. SERIES_COLUMNS */
};

/* What else is to be said of a column's time. */
enum series_note {
	SERIES_DROPS = 1 << 0, /* packets were lost before they were recorded */
	SERIES_EVICTED = 1 << 1, /* packets of it were evicted */
	SERIES_UNINDEXED = 1 << 2, /* there are packets that are not indexed yet */
};

struct series_column {
	struct record rec; /* valid where any */
	bool any;
	unsigned notes; /* enum series_note */
	uint64_t dropped;
};

/* What is shown. Columns begin at from_ns + i * step_ns; the first and last may reach beyond what was asked. */
struct series_data {
	struct series_question question;
	enum tier tier; /* that was asked */
	int64_t from_ns, step_ns;
	size_t n;
	struct series_column column[SERIES_COLUMNS];
	uint64_t bytes, packets; /* sums over all columns */
	size_t n_points;
};

struct series;

enum rc series_new(struct session *session, struct series **out, struct err *err);
void series_free(struct series *s);
/* Asks, unless that very question is shown or under way. A failure is told by series_failed(). */
void series_ask(struct series *s, const struct series_question *q);
/* Something was published: asks again what may have changed. */
void series_refresh(struct series *s);
/* Looks after the job: true where what is shown has changed. */
bool series_update(struct series *s);
/* Whether a job runs (or waits for its turn). */
bool series_busy(const struct series *s);
/* Whether what is shown is the answer to the last question. */
bool series_is_current(const struct series *s);
bool series_failed(const struct series *s, struct err *err);
/* NULL before the first answer; valid until the next series_update(). */
const struct series_data *series_data(const struct series *s);

/* The row of a column, for field_get(); false where nothing is there. */
bool series_row(const struct series *s, size_t i, struct row *out);
/* A field's value as a number (durations in nanoseconds); false where it is unknown, or no number. */
bool series_value(const struct series *s, size_t i, const struct field *f, double *out);
/* The column of a time; false outside. */
bool series_column_at(const struct series_data *d, int64_t time_ns, size_t *i);

/*
 * The span of what the sources hold: of all packets, and of macroflows that outlived theirs; half-open. False where there is nothing.
 */
bool series_span(const struct query_sources *sources, int64_t *from_ns, int64_t *to_ns);
/* The shortest usual length (1, 2, 5, 10 ... 15, 30 s, 1 m ...) of at least least_ns that is a multiple of unit_ns. */
int64_t series_step(int64_t least_ns, int64_t unit_ns);

#endif
