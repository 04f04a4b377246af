/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of find. */
#ifndef FLOWDRILL_QUERY_FIND_PRIV_H
#define FLOWDRILL_QUERY_FIND_PRIV_H

#include "query/find.h"

/* An order of hits in which those of a flow stand together. */
int find_by_flow(const void *a, const void *b);
/* Sets shared_by of all hits of a content of `len` bytes, and leaves them in that order. f->n > 0. */
enum rc find_count_shared(struct finds *f, size_t len, struct err *err);

#endif
