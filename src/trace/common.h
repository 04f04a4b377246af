/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Common content of two payloads, on the bytes themselves. Both are plain (trace/fingerprint.h); pure; the work depends
 * on lengths alone, whatever the bytes are.
 */
#ifndef FLOWDRILL_TRACE_COMMON_H
#define FLOWDRILL_TRACE_COMMON_H

#include "trace/fingerprint.h"

/* Plain bytes a->bytes[a_at ...] and b->bytes[b_at ...] are equal for len. */
struct common {
	uint32_t a_at, b_at, len;
};

/* All that is equal around a place where something is: it grows to both sides. */
struct common common_around(const struct plain *a, const struct plain *b, struct common seed);
/*
 * The longest common content; of several the first in b. len 0: less than `least` (> 0). By rolling hashes and bisection: O((m + n) log m).
 */
enum rc common_longest(const struct plain *a, const struct plain *b, uint32_t least,
	struct common *out, struct err *err);

/* A content that is looked for in many payloads. */
struct needle;

enum { NEEDLE_MAX = 1 << 20 };       /* bytes */

/*
 * least: so much of it in a row, at least, is a find; 1 to content's plain length. RC_LIMIT for more than NEEDLE_MAX.
 */
enum rc needle_new(const uint8_t *content, size_t len, uint32_t least, struct needle **out, struct err *err);
void needle_free(struct needle *n);
const struct plain *needle_plain(const struct needle *n);
/* What of it is in b, going on from each find behind it: a_at is in the content. False: nothing. Linear in b. */
bool needle_find(const struct needle *n, const struct plain *b, struct common *longest);

#endif
