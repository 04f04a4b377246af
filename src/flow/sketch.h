/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two mergeable summaries.
 *
 * sketch: how many distinct addresses. Exact up to SKETCH_EXACT of them (their sorted 64-bit hashes), then
 * HyperLogLog with 2048 six-bit registers, kept in bytes (Flajolet et al. 2007; standard error 2.3 %).
 * hist: log-bucketed histogram of non-negative int64 nanoseconds: 32 buckets an octave, so that any value is
 * told within 1.6 % (HdrHistogram's scheme). Sparse: only buckets in use are kept.
 *
 * Merging is exact, associative and commutative: the same inputs in any order and
 * grouping give the same bytes. Encodings are on disk: varints, see store/format.h.
 */
#ifndef FLOWDRILL_FLOW_SKETCH_H
#define FLOWDRILL_FLOW_SKETCH_H

#include "base/buf.h"
#include "base/cursor.h"
#include "flow/addr.h"

enum { SKETCH_EXACT = 64 };

struct sketch;
struct hist;

enum rc sketch_new(struct sketch **out, struct err *err);
void sketch_free(struct sketch *s);
enum rc sketch_add(struct sketch *s, const struct addr *a, struct err *err);
enum rc sketch_merge(struct sketch *whole, const struct sketch *part, struct err *err);
/* The number; *estimated is false while it is exact. */
uint64_t sketch_count(const struct sketch *s, bool *estimated);
void sketch_encode(const struct sketch *s, struct buf *out);
/* RC_DAMAGED (without path) where the bytes cannot be one. */
enum rc sketch_decode(struct cursor *c, struct sketch **out, struct err *err);

enum rc hist_new(struct hist **out, struct err *err);
void hist_free(struct hist *h);
/* Negative values count as 0. */
enum rc hist_add(struct hist *h, int64_t value_ns, struct err *err);
enum rc hist_merge(struct hist *whole, const struct hist *part, struct err *err);
uint64_t hist_count(const struct hist *h);
/* Values of `from_ns` or more, by the middles of their buckets. */
uint64_t hist_count_from(const struct hist *h, int64_t from_ns);
/* The value at quantile q (0..1, nearest rank), the middle of its bucket; false where it is empty. */
bool hist_quantile(const struct hist *h, double q, int64_t *value_ns);
/* The same where the least and the largest value are known: a bucket's middle may lie beyond them. */
bool hist_quantile_within(const struct hist *h, double q, int64_t min_ns, int64_t max_ns, int64_t *value_ns);
void hist_encode(const struct hist *h, struct buf *out);
enum rc hist_decode(struct cursor *c, struct hist **out, struct err *err);

#endif
