/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters <-> bytes: the part of a microflow record that the field table drives (see
 * store/format.h). A counter that is what it is guessed to be costs one clear bit. Encoding and
 * decoding guess from the same earlier values, so they agree. Pure functions.
 */
#ifndef FLOWDRILL_STORE_SEGMENT_CODEC_H
#define FLOWDRILL_STORE_SEGMENT_CODEC_H

#include "store/segment.h"
#include "store/segment_plan.h"
#include "store/varint.h"

/* Bytes that codec_put() needs at most: a varint a counter, bits, extra, known and mixed. */
enum { CODEC_MAX = (INDEX_COUNTERS_MAX + 4) * (VARINT_MAX + 1) };

/*
 * What stands behind the counters, by MICRO_ flags; set by the caller before, but for STATE and
 * PLAIN.
 */
struct codec_extra {
	unsigned flags;
	u128 known, mixed;
};

/* First and last time as a reader sees them: 0 where they are unknown. */
static inline int64_t codec_first(const struct counters *c)
{
	return c->known & FIELD_BIT(FIELD_FIRST) ? c->first_ns : 0;
}

static inline int64_t codec_last(const struct counters *c)
{
	return c->known & FIELD_BIT(FIELD_LAST) ? c->last_ns : 0;
}

/* What the kind of the client's address and FLOW_SHORT tell of a flow's packets. */
void guess_flow(struct segment_guess *g, unsigned kind, bool is_short);

/* What a microflow part, texts by the segment's numbers, tells of the next one. */
void guess_micro(struct segment_guess *g, const struct counters *c);

/*
 * Writes bits, extra and counters. extra->flags gets MICRO_STATE and MICRO_PLAIN added;
 * extra->known, mixed are what is to be written for MICRO_STATE.
 */
uint8_t *codec_put(const struct plan *p, uint8_t *to, const struct segment_guess *g,
	bool first_micro, const struct counters *c, struct codec_extra *extra);
/*
 * Reads the same; fields whose bits (n + 1) are not in `wanted` are stepped over and unknown (CODEC_ALL, or plan.passing). Unknown
 * flags, bits beyond the table and cut bytes set cur->truncated.
 */
#define CODEC_ALL (~(u128)0)
void codec_get(const struct plan *p, struct cursor *cur, const struct segment_guess *g,
	bool first_micro, u128 wanted, struct counters *out, struct codec_extra *extra);
/* Applies MICRO_STATE to counters read: known and mixed bits; where all are wanted, what is unknown becomes 0. */
void codec_set_state(const struct plan *p, u128 wanted, struct counters *c, const struct codec_extra *extra);

#endif
