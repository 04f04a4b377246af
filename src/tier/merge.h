/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Neighbouring segments of a block -> one: bytes, macroflow parts, sums of capture points. What the sealer would have made
 * of all their packets at once, as far as they tell: times of packets are known by the marks of their segment, so the marks of the
 * new one are bounds where the old ones did not begin with a multiple of SEGMENT_MARK packets; and how a flow ended is as its parts
 * said. Memory is proportional to the parts: the caller limits them. Private to the tier layer. One thread.
 */
#ifndef FLOWDRILL_TIER_MERGE_H
#define FLOWDRILL_TIER_MERGE_H

#include "store/store.h"

struct merger;

/* Valid until the next merge. */
struct merged {
	struct segment_place place;          /* at and len are not known yet */
	struct buf bytes;
	struct macro_part *macros;           /* sorted by service key */
	size_t n_macros;
	struct point_info *points;           /* by number; without packets where it has none here */
	size_t n_points;
};

enum rc merger_new(struct store *s, struct merger **out, struct err *err);
void merger_free(struct merger *m);
/* places: n neighbours, in order. RC_DAMAGED, RC_MISSING and RC_IO where one of them cannot be read. */
enum rc merger_merge(struct merger *m, const struct segment_place *places, size_t n, struct merged **out,
	struct err *err);

#endif
