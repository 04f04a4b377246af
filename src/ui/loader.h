/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of a view: a background query, and a second one that takes its place when something
 * new was published.
 *
 * The first query's rows are shown as they come. A refresh runs behind what is shown and
 * replaces it when it is done, so that nothing flickers. Changing the question (filter, order)
 * drops what is shown at once.
 *
 * Owns its jobs, the filter and the ids it asks below of. One thread (the screen's).
 */
#ifndef FLOWDRILL_UI_LOADER_H
#define FLOWDRILL_UI_LOADER_H

#include "query/result.h"
#include "session/session.h"

/*
 * Refreshing takes at most one part in so many of the time: a query that takes long is not run
 * all the time.
 */
enum { REFRESH_SHARE = 4 };

/* Rows that are kept at most (memory): nobody reads further, a filter or an order finds others. */
enum { LOADER_PACKETS_MAX = 400000, LOADER_RECORDS_MAX = 1 << 20 };

struct loader {
	struct session *session;
	struct query query;
	struct query asked; /* what is shown is the answer to */
	struct filter *filter;
	struct id in; /* query.in points here where there is one */
	struct job *shown, *next;
	unsigned asks; /* times that what was shown was dropped */
	bool stale; /* something new came: ask again, but see REFRESH_SHARE */
	int64_t started_ns, ended_ns; /* of the last refresh, on the monotonic clock */
	bool settled; /* shown's end was told by loader_update() */
	bool sorting; /* shown has all its rows, they get another order */
	bool sort_again; /* that is given up for another one */
	bool cancelled; /* shown was asked to stop */
	enum job_state state; /* of shown */
	struct err err; /* why it failed */
};

void loader_init(struct loader *l, struct session *s, enum tier tier, const struct id *in);
/* Does not wait for its jobs, which read `in`: free what holds the loader with session_free_later(). */
void loader_free(struct loader *l);
/* Takes the filter over (NULL: none) and asks anew. */
enum rc loader_set_filter(struct loader *l, struct filter *f, struct err *err);
/*
 * Another order; n 0: the natural one. Where all rows are there they are sorted, and stand as they stood until then; else
 * asks anew.
 */
enum rc loader_set_sort(
	struct loader *l, const struct query_sort *sort, size_t n, struct err *err);
/* Asks anew for groups by n fields (0: rows themselves) in this order. */
enum rc loader_set_group(struct loader *l, const struct field *const *by, size_t n,
	const struct query_sort *sort, size_t n_sort, struct err *err);
/* Asks anew for another range of time. */
enum rc loader_set_range(struct loader *l, int64_t from_ns, int64_t to_ns, struct err *err);
/* Time passes: the range begins later, behind what is shown. */
void loader_slide(struct loader *l, int64_t from_ns);
/* Asks anew, showing rows as they come. */
enum rc loader_restart(struct loader *l, struct err *err);
/* Something new was published: asks behind what is shown. */
void loader_refresh(struct loader *l);
/* What loader_refresh() began is not wanted: what is shown stays. */
void loader_drop_refresh(struct loader *l);
/* Looks after the jobs: true where what is shown may have changed. */
bool loader_update(struct loader *l);
/* Whether rows that are shown are still coming; whether any query runs at all. */
bool loader_loading(const struct loader *l);
bool loader_busy(const struct loader *l);
/* Whether `rows` are not all that there are. */
bool loader_cut(const struct loader *l, size_t rows);
/* 0..1000; -1 unknown. */
int loader_progress(const struct loader *l);
/* Stops the query that is shown; false where none runs, or it was asked to stop before. */
bool loader_cancel(struct loader *l);
/* What is shown, NULL where there is nothing yet; unlock in any case. */
const struct result *loader_lock(struct loader *l);
void loader_unlock(struct loader *l);

#endif
