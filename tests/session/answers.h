/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a store says, as text, to be compared. Everything fails the test where it cannot. */
#ifndef FLOWDRILL_TESTS_ANSWERS_H
#define FLOWDRILL_TESTS_ANSWERS_H

#include "base/buf.h"

struct store;

/* Appends every field of every row of every tier, a line a row. The store is refreshed. */
void answers_of(struct store *s, struct buf *out);
/* Fails with the first lines that differ. */
void answers_compare(const char *what, struct buf *before, struct buf *after);

#endif
