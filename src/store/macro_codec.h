/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A macroflow part as bytes for the catalog, written by the field table: only fields that say
 * something. The layout is in store/format.h. Reading trusts nothing. Pure functions.
 */
#ifndef FLOWDRILL_STORE_MACRO_CODEC_H
#define FLOWDRILL_STORE_MACRO_CODEC_H

#include "flow/record.h"

/*
 * Appends id, key and counters of a record whose window is slice_ns, with its texts in full; not its sketch and
 * histogram.
 */
void macro_encode(struct buf *out, const struct record *rec);
/*
 * The reverse, into an initialized record of TIER_MACROFLOW with slice_ns set to its window.
 * Texts are added to rec->texts; where that is NULL they are unknown. RC_DAMAGED, or RC_NEWER for a field of a later version; both without detail.
 */
enum rc macro_decode(struct record *rec, const uint8_t *bytes, size_t len);

#endif
