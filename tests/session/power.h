/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An operations table (base/io.h) for a machine that loses power: writes go through, with a note of how to undo them, until
 * the file is synced. At the chosen operation all unsynced ones are undone, and a random part of them is done again, in
 * random order, some only up to a page: what a disk may have got of them. A new file whose directory was not
 * synced may be gone. Then the process ends with POWER_CUT.
 *
 * Not in it: SQLite's files, which stay as they are (as after a kill): the catalog is then newer than all else, so that what
 * it names and is not there shows. Unlinking, truncating and making directories are taken for durable.
 * Writes tear at 4 KiB: a page is what file systems write.
 */
#ifndef FLOWDRILL_TESTS_POWER_H
#define FLOWDRILL_TESTS_POWER_H

#include <stdint.h>

enum { POWER_CUT = 42, POWER_BLOCKS = 64 };

/* In memory that is shared with the parent. */
struct power_report {
	uint64_t ops;                        /* counted so far */
	uint64_t synced[POWER_BLOCKS];       /* bytes of blocks/NNNNNNNN.pcapng that were synced */
	uint64_t lost;                       /* writes that were dropped or torn */
};

/* Puts the table in force; the power goes at operation cut_at (0: never). */
void power_begin(struct power_report *report, uint64_t cut_at, uint64_t seed);

#endif
