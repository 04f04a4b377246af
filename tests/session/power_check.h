/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must hold of a store after the power went (power.h); fails the test where it does not.
 */
#ifndef FLOWDRILL_TESTS_POWER_CHECK_H
#define FLOWDRILL_TESTS_POWER_CHECK_H

#include "power.h"
#include "store/store.h"

/*
 * Just opened, recovered and not yet indexed again: the catalog was not made anew, and the blocks and segments that it names are
 * there, whole.
 */
void power_check_named(struct store *s, const struct store_notes *notes);
/* Every block that was synced and not removed has its synced bytes; evicted ones have no file. */
void power_check_synced(struct store *s, const struct power_report *report);
/* As `flowdrill check`: no problems. */
void power_check_clean(struct store *s);
/* A number from the environment. */
uint64_t power_number(const char *name, uint64_t otherwise);

#endif
