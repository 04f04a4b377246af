/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result's inside, for those files that are it. */
#ifndef FLOWDRILL_QUERY_RESULT_PRIV_H
#define FLOWDRILL_QUERY_RESULT_PRIV_H

#include "query/result.h"
#include "query/rows.h"

/* Rows by position, positions by slot. */
struct result_order {
	uint32_t *slots, *places;
	size_t n;
};

struct result {
	enum tier tier;
	struct rows *rows;
	struct result_order order; /* NULL: rows stand as they came; those behind order.n do in any case */
	uint32_t *hashes; /* of ids, by slot */
	size_t cap_hashes;
	uint32_t *buckets; /* open addressing: slot + 1 by id; 0 free */
	size_t n_buckets;
	struct result_sums sums;
	uint64_t point_keys[RESULT_POINTS_MAX]; /* source and number */
	uint64_t trouble; /* of the worst row; 0: there is none */
	size_t worst_slot;
};

#endif
