/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the answers of query/related.h mean, in words. Pure functions; texts are static. */
#ifndef FLOWDRILL_QUERY_RELATED_WORDS_H
#define FLOWDRILL_QUERY_RELATED_WORDS_H

#include "query/related.h"

/* "certain", "likely", "possible", "weak". */
const char *related_confidence_word(double confidence);
/*
 * Why nothing was found: RC_LIMIT where not all was looked at, RC_NOTHING else. `what` is for the error's text.
 */
enum rc related_nothing(const struct related_told *told, const char *what, struct err *err);

#endif
