/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan: the field table as the index's codec needs it. A writer makes it from the program's
 * own table, a reader from the header of the file, where fields may stand that this program
 * does not know (they are skipped) and others be missing (they are unknown then). Plain data,
 * no ownership.
 */
#ifndef FLOWDRILL_STORE_SEGMENT_PLAN_H
#define FLOWDRILL_STORE_SEGMENT_PLAN_H

#include "base/cursor.h"
#include "flow/field.h"
#include "store/format.h"

/* A counter: bit n + 1 of a microflow part's bits. */
struct plan_field {
	uint16_t id;
	uint16_t offset; /* in struct counters */
	uint8_t type; /* enum field_type, as in the file */
	uint8_t code, guess; /* enum index_code, enum index_guess */
	bool sum; /* zero where absent */
	bool count; /* a sum of TYPE_U64 whose guess is GUESS_ABSENT */
	bool skip; /* not known here */
	bool len_prefixed; /* to be skipped: a length and bytes, not a varint */
	u128 bit; /* FIELD_BIT(id); 0 where it is skipped */
};

struct plan {
	unsigned n;
	struct plan_field fields[INDEX_COUNTERS_MAX];
	u128 sums; /* known bits of all sums in the table */
	u128 all; /* of all counters in the table */
	u128 guessed; /* bit n + 1: the field has another guess than GUESS_ABSENT */
	u128 prefixed; /* bit n + 1: the value is no varint, but bytes with their length in front */
	u128 passing; /* bit n + 1: who steps over a microflow part has to know the field (all where guesses are unusual) */
	bool usual; /* segment_pass() knows how microflow parts begin */
	uint64_t checksum; /* of the field rows */
};

/* From the program's own field table. RC_NO_MEMORY. */
enum rc plan_own(struct plan *p, struct err *err);
/*
 * Appends the rows of the program's own field table: fields of the key, then counters by how
 * often they are written.
 */
void plan_put_rows(struct buf *out, uint32_t *n);
/* From `n` field rows, which must fill the cursor but for padding. False where they cannot be. */
bool plan_parse(struct plan *p, struct cursor *c, uint32_t n);

/* Whether all values are varints, and the first of them those that our own table begins with. */
bool plan_is_usual(const struct plan *p);

/* One field row, for dump. */
struct plan_row {
	uint16_t id;
	uint8_t type, unit, merge, place, code, guess, name_len;
	const uint8_t *name; /* in the caller's bytes */
};
bool plan_next_row(struct cursor *c, struct plan_row *out);

#endif
