/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session: the sources that a command or the screen works on, opened, indexed where needed, and queried.
 *
 * session_open() finds out what each source is: a store directory, or a capture file whose index is in the cache. A capture file without
 * (whole) index is indexed by session_index(), in the caller's thread, or in the background by
 * session_index_start(); meanwhile what is published can be queried after session_refresh().
 *
 * Threads: session functions belong to one thread (the screen's). Background work is inside.
 */
#ifndef FLOWDRILL_SESSION_SESSION_H
#define FLOWDRILL_SESSION_SESSION_H

#include "flow/health.h"
#include "query/names.h"
#include "query/query.h"
#include "session/ingest.h"

struct session;

struct session_source { const char *path; bool is_store; };      /* -s STORE, or a file */

struct session_options {
	bool no_cache;
	const char *cache_dir;               /* NULL: the user's */
	struct store_config config;          /* slices and attributes of new indexes */
	unsigned asked;                      /* enum store_config_part: the user asked for those: an index with others is made anew */
	struct ingest_options ingest;
	struct health_limits health;         /* what health is judged by */
	bool no_names;                       /* addresses have none */
	const struct hosts *hosts;           /* the user's own names, or NULL; outlive the session */
};

/* One line each for the user, e.g. `cut short`, `index rebuilt`; text is not escaped. */
typedef void (*session_say)(void *ctx, const char *what, const char *text);

void session_options_default(struct session_options *o);
enum rc session_open(const struct session_source *sources, size_t n, const struct session_options *options,
	session_say say, void *ctx, struct session **out, struct err *err);
void session_close(struct session *s);

/* Number of sources, in the order they were given. */
size_t session_count(const struct session *s);
/*
 * Who records into source i: the pid of a process (this one too) that has the store open for writing, but not to index
 * what is there (see session_index_start()); 0 where none does, -1 where nobody can: a capture file. Cheap: no more than an
 * attempt to lock a file.
 */
long session_writer_pid(const struct session *s, size_t i);

/* Whether some source has to be indexed (again, or on) before its answers are whole. */
bool session_needs_index(const struct session *s);
/* Indexes what needs it, now. `tick` (may be NULL) is called a few times a second with the progress; returning false cancels. */
typedef bool (*session_tick)(void *ctx, const struct ingest_progress *p, const char *path);
enum rc session_index(struct session *s, session_tick tick, void *ctx, struct err *err);
/*
 * The same in a thread of its own. RC_LOCKED where another process is at it: session_index() waits for it, this one does not; what the other
 * has published can be queried after session_refresh(), and the call repeated.
 */
enum rc session_index_start(struct session *s, struct err *err);
/* NULL when none is running; the thread is joined and its error (if any) told once by session_index_finish(). */
const struct ingest_progress *session_index_progress(const struct session *s);
enum rc session_index_finish(struct session *s, bool cancel, struct err *err);

/*
 * An answer found the index of a capture file damaged (RC_DAMAGED): throws the indexes of all capture files away, and indexes again.
 * RC_UNSUPPORTED where there is none but stores, which `check --repair` mends.
 */
enum rc session_rebuild(struct session *s, session_tick tick, void *ctx, struct err *err);
/* The same in the background, as session_index_start(). What came from session_sources() is no longer valid. */
enum rc session_rebuild_start(struct session *s, struct err *err);

/* The stores, to query; valid until session_close(). `changed` by refresh where something new was published. */
const struct query_sources *session_sources(const struct session *s);
enum rc session_refresh(struct session *s, bool *changed, struct err *err);
/* For each source what went wrong with its input (damage): exit status 3 at the end. RC_DONE where nothing did. */
enum rc session_input_state(const struct session *s, struct err *err);

/* ---- background queries ------------------------------------------------------------- */

struct job;

/*
 * Starts a query in a thread. It opens its own snapshot of the stores. Rows are kept in the job's result (struct result, query/result.h),
 * which the screen reads under job_lock(); cancel is cooperative. *q is copied, what it points to must outlive the job.
 */
enum rc job_start(struct session *s, const struct query *q, struct job **out, struct err *err);
/*
 * The same, but rows go to `sink` in the job's thread, with the sources of its snapshot (for options of capture points); there is no
 * result. Returning false ends the query. A failure of the sink is the caller's to remember in `ctx`.
 */
typedef bool (*job_sink)(void *ctx, const struct query_sources *sources, const struct row *row, const struct raw_packet *raw);
enum rc job_start_sink(struct session *s, const struct query *q, job_sink sink, void *ctx, struct job **out, struct err *err);
/*
 * The same for whatever else takes long: runs `work` in a thread, over a snapshot of its own, until it ends or is cancelled (it then
 * returns RC_CANCELLED). Progress is what it writes into *control; names of addresses (sources->names) are there for the work alone. What
 * it makes is in `ctx`, for the screen when job_state() is no longer JOB_RUNNING (or under a lock of its own; session_wake() tells the
 * screen). RC_STALE: it is called again with a newer snapshot, and begins anew; where what it has given already cannot be taken back it
 * must return another code. job_lock() is not for such jobs.
 */
typedef enum rc (*job_work)(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err);
enum rc job_start_work(struct session *s, job_work work, void *ctx, struct job **out, struct err *err);
enum job_state { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };
enum job_state job_state(struct job *j, struct err *err);
/*
 * Sorts the rows of a job that is done (or whose sorting was cancelled), and has all rows of its query, anew: in its thread, while they
 * stand as they stood. n 0: as they came.
 * It is running until then.
 */
enum rc job_sort(struct job *j, const struct query_sort *sort, size_t n, struct err *err);
/* 0..1000; -1 where it cannot be told. */
int job_progress(struct job *j);
void job_cancel(struct job *j);
/* Cancels, joins, frees: waits for its thread. */
void job_free(struct job *j);
/*
 * The same without waiting: it ends when it has noticed, and is freed by session_tidy(). What its query and its functions use goes with
 * session_free_later(), which calls `how` when no dropped job runs any more (at once where none does).
 */
void job_drop(struct job *j);
void session_free_later(struct session *s, void (*how)(void *what), void *what);
/* Frees dropped jobs that have ended; `wait`: all. Closing the session does the latter. */
void session_tidy(struct session *s, bool wait);
/* Between lock and unlock the result does not change. Never held by the query for more than one batch of rows. */
const struct result *job_lock(struct job *j);
void job_unlock(struct job *j);
/* Readable when something changed (for poll); drained by job_lock(). */
int session_wake_fd(const struct session *s);
/* Makes it readable: work under way has something to show. Any thread. */
void session_wake(const struct session *s);

#endif
