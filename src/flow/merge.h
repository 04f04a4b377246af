/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For record.c alone: the stored fields of records merged. What is not in the field table (ids, summaries) is record_merge()'s. */
#ifndef FLOWDRILL_FLOW_MERGE_H
#define FLOWDRILL_FLOW_MERGE_H

#include "flow/record.h"

/* Texts are compared by their numbers, which must be of one pool. */
void record_merge_fields(struct record *whole, const struct record *part);

#endif
