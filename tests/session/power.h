/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A machine that loses power, under the operations table (base/io.h) and under SQLite's files (a VFS): changes go through, with a note
 * of how to undo them, until the file is synced. At the chosen operation all unsynced ones are undone, and a random part of
 * them is done again, in random order: what a disk may have got of them. Then the process ends with POWER_CUT.
 *
 *   writes, punched holes      all, nothing, or some of their pages of 4 KiB, which is what file systems write
 *   truncation                 happened or not
 *   new files, renamed and removed ones, as long as the directory was not synced: happened or not
 *
 * Not in it: directories that are made, and files that SQLite removes; it relies on a journal that keeps their order.
 */
#ifndef FLOWDRILL_TESTS_POWER_H
#define FLOWDRILL_TESTS_POWER_H

#include <stdint.h>

enum { POWER_CUT = 42, POWER_BLOCKS = 64, POWER_POINTS = 2 };

/* In memory that is shared with the parent. */
struct power_report {
	uint64_t ops; /* counted so far */
	uint64_t synced
		[POWER_BLOCKS]; /* bytes of blocks/NNNNNNNN.pcapng that were synced; 0: none, or removed */
	uint64_t lost; /* changes that were dropped or torn */
	uint64_t lost_sqlite; /* of those, in SQLite's files */
	uint64_t punched, removed; /* holes, files */
	uint64_t stored[POWER_POINTS]; /* packets of a point that a recorder said were stored */
	uint64_t lag_ns; /* the longest that one waited for it */
	uint64_t phase; /* of the work */
};

struct power_report *power_report_new(void);
/*
 * Runs the work in a child; the power goes at operation cut_at (0: never). The child's exit status: POWER_CUT, or 0 where the work
 * returned. Files that are removed wait in `attic`, a directory on the same file system.
 */
int power_run(struct power_report *report, uint64_t cut_at, uint64_t seed, const char *attic,
	void (*work)(void *ctx), void *ctx);

#endif
