/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Brute force: of a capture, indexed in many small segments, the tiers are added up again from the packets; filters, times and
 * drill-downs are compared with full lists that are filtered row by row. Every check fails the test with the file and what
 * was being done.
 */
#ifndef FLOWDRILL_TESTS_QUERY_BRUTE_H
#define FLOWDRILL_TESTS_QUERY_BRUTE_H

#include "query/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BRUTE_SEGMENT = 300, BRUTE_SAMPLE = 40 };

/* The capture in hand. */
struct brute {
	const char *path;
	bool imported; /* compressed: copied into a store of its own */
	struct store *store;
	struct store *stores[1];
	struct query_sources sources;
	struct result *packets, *micros, *flows, *macros;
	const char *doing;
	struct query_explain explain; /* of what was asked last */
};

extern struct brute brute;
/* Packets of a segment; BRUTE_SEGMENT unless a test wants others. */
extern uint64_t brute_segment;

#define CHECK(what)                                                                    \
	do {                                                                           \
		if (!(what))                                                           \
			fail_msg("%s: %s: %s (%s:%d)", brute.path, brute.doing, #what, \
				__FILE__, __LINE__);                                   \
	} while (0)

struct result *ask(const struct query *q);
struct result *ask_tier(enum tier tier);
struct result *ask_in(enum tier tier, const struct id *in, size_t n);
void row_at(const struct result *r, size_t i, struct row *out);

/*
 * Indexes the capture and lists all tiers; false where the file is refused. block_size 0: in place (compressed files are
 * imported); else it is imported into a store of such blocks.
 */
bool brute_open(const char *path, const char *dir, uint64_t block_size);
/* Lists all tiers of brute.store. */
void brute_list(void);
void brute_close(void);

/* Whether two records count the same; their texts may be numbers of different pools. */
bool same_counts(const struct record *a, const struct record *b);

/* brute_sums.c: packets are the file's; tiers are their sums. */
void check_input(void);
void check_sums(void);
/* brute_groups.c: flows, macroflows and groups are what lies below them, to the last counter. */
void check_groups(void);
/* brute_down.c: from every record to what lies below it, and back. */
void check_down(void);
/* brute_filter.c: by the index as by looking at all. */
void check_filters(void);
void check_rest(void);

/* All of it. */
void brute_check(const char *path);

#endif
