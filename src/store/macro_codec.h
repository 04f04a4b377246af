/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Macroflow parts as bytes for the catalog, up to MACRO_PIECE of a run together: keys, then a column a field, so that reading costs
 * what is asked for, then what they have in sketches and histograms. Written by the field table: only fields that say something. The layout
 * is in store/format.h. Reading trusts nothing. Pure functions.
 */
#ifndef FLOWDRILL_STORE_MACRO_CODEC_H
#define FLOWDRILL_STORE_MACRO_CODEC_H

#include "flow/field.h"
#include "store/store.h"

enum { MACRO_PIECE = 32 };

/*
 * Appends as many of n parts as go into a piece (one at least), sorted, all of one window, with their texts in full; their number.
 */
size_t macro_encode(struct buf *out, const struct macro_part *parts, size_t n);

struct macro_column {
	uint8_t field;               /* enum field_id */
	uint32_t at, len;            /* in the piece */
};

/* A piece with its keys; its bytes are borrowed. */
struct macro_piece {
	size_t n;                    /* parts, ascending by service_cmp(): 1 .. MACRO_PIECE */
	int64_t window_ns;
	struct service_key keys[MACRO_PIECE];
	/* private from here */
	const uint8_t *bytes;
	struct record_id ids[MACRO_PIECE];
	u128 known[MACRO_PIECE], mixed[MACRO_PIECE];
	struct macro_column columns[FIELD_STORED_END];
	size_t n_columns;
	uint32_t summaries_at, clients_len[MACRO_PIECE], hists_len[MACRO_PIECE];
};

/* RC_DAMAGED, or RC_NEWER for a field of a later version; both without detail. */
enum rc macro_piece_open(struct macro_piece *p, int64_t window_ns, const uint8_t *bytes, size_t len);
/*
 * These fields of these parts (bits) into their places of p->n records, which need no initialization and are worth nothing where a part
 * was not asked for; other fields are unknown. Texts, sketches and histograms come with macro_piece_finish(). RC_DAMAGED without detail.
 */
enum rc macro_piece_records(const struct macro_piece *p, u128 fields, uint32_t parts, struct record *recs);
/*
 * What else part i says, into its record of that: texts of rec->texts (NULL: they are unknown), sketch, histograms, media. On failure
 * it has none. RC_DAMAGED, RC_NO_MEMORY.
 */
enum rc macro_piece_finish(const struct macro_piece *p, size_t i, struct record *rec, struct err *err);

#endif
