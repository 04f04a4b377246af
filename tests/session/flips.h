/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that a store with a flipped bit says, row by row, so that what it still says can be compared with what it said before. */
#ifndef FLOWDRILL_TESTS_FLIPS_H
#define FLOWDRILL_TESTS_FLIPS_H

#include "query/query.h"

enum { ASKED = TIERS + 1 };          /* the last: flows of one host, for which filters leave blocks out */

/* A hash of each row: every field, and the bytes of a packet. */
struct rows { uint64_t *hash; size_t n, cap; };

struct answers {
	enum rc rc[ASKED];
	struct rows rows[ASKED];
	uint64_t packets[TIERS], bytes[TIERS];       /* summed up over packets and records */
	struct rows frames;                  /* packets once more, by what they are alone: number, time, bytes */
	struct rows sorted, sorted_frames;   /* after answers_sort() */
};

/* Whatever fails is in rc. Any process may: no assertions. */
void answers_read(const char *store, struct answers *a);
/* Opens the store as a command does, which makes up for what a dead writer has left. */
enum rc answers_recover(const char *store);
bool store_finds(const char *store);         /* problems, by check */

bool rows_same(const struct rows *a, const struct rows *b);
bool answers_whole(const struct answers *a);         /* nothing failed */
bool answers_conserve(const struct answers *a);      /* every tier has all packets */
void answers_sort(struct answers *a);
/* Every packet that was given is one of those that there were, none twice; `good` is sorted. Or every frame. */
bool answers_packets_known(const struct answers *a, const struct answers *good);
bool answers_frames_known(const struct answers *a, const struct answers *good);
void answers_free(struct answers *a);

#endif
