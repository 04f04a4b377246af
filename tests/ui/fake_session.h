/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session without a store, for tests of the screen: it answers every query with made-up rows,
 * at once or only when the test says so. Linked in place of the session's library, whose
 * interface it implements.
 *
 * Record i of a tier has the id BLOCK 1, OFFSET 100 * (i + 1 + fake.shift); so rows come in
 * above the others when shift grows.
 */
#ifndef FLOWDRILL_TESTS_UI_FAKE_SESSION_H
#define FLOWDRILL_TESTS_UI_FAKE_SESSION_H

#include "query/result.h"
#include "session/session.h"

struct fake {
	unsigned rows[TIERS]; /* of each tier */
	unsigned window_rows; /* rows of a window; 10 */
	unsigned first; /* rows before this number are not there yet */
	bool manual; /* rows come with fake_rows(), jobs end with fake_end() */
	bool changed; /* what session_refresh() says next */
	bool confined; /* privileges were given up */
	bool store; /* the source is a store */
	long pid; /* of who records into it */
	unsigned hops; /* of related traffic, one below the other */
	bool encrypted; /* what was asked for */
	unsigned grow; /* rows of each tier that every session_refresh() brings */
	int64_t end_ns; /* of the capture, that rows know */
	void (*shape)(struct record *r, unsigned i); /* makes something else of record i; NULL */
	bool sinks; /* queries into sinks give rows, too */
	const char *fail; /* queries fail with this reason */
	unsigned refreshed; /* calls of session_refresh() */
	unsigned jobs_started, jobs_alive;
	struct query asked; /* the last query */
	struct id asked_in; /* what the last query_run() asked below of */
};

extern struct fake fake;

/* 30 rows of every tier, everything at once. */
void fake_reset(void);
/* Gives the job started last n more rows; ends it. */
void fake_rows(unsigned n);
void fake_end(void);

#endif
