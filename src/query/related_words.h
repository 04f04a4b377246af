/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the answers of query/related.h mean, in words. Pure functions; texts are static. */
#ifndef FLOWDRILL_QUERY_RELATED_WORDS_H
#define FLOWDRILL_QUERY_RELATED_WORDS_H

#include "query/related.h"

/* "certain", "likely", "possible", "weak". */
const char *related_confidence_word(double confidence);
/* What tells of a hop: "content", or "order" (time and order alone). */
const char *related_by_word(const struct related_hop *h);
/*
 * Why nothing was found: RC_LIMIT where not all was looked at, RC_NOTHING else. `what` is for the error's text.
 */
enum rc related_nothing(const struct related_told *told, const char *what, struct err *err);

#endif
