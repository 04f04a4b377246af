/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A flow key in two: its addresses, ports and MACs, which the flow part names, and its context,
 * which many flows share and which stands in the segment once. Pure functions.
 */
#ifndef FLOWDRILL_STORE_SEGMENT_KEY_H
#define FLOWDRILL_STORE_SEGMENT_KEY_H

#include "base/cursor.h"
#include "flow/record.h"
#include "store/format.h"

/*
 * The context of a key: the key without addresses, ports and MACs. Unused bytes are zero, so
 * equal ones are equal byte by byte.
 */
void key_context(struct flow_key *out, const struct flow_key *key);
/* Appends a context as it stands in the segment. */
void key_put_context(struct buf *out, const struct flow_key *context);
/*
 * Reads it; fields of ids that are not known are left out. False where the bytes cannot be one.
 */
bool key_get_context(struct cursor *c, struct flow_key *out);

/* Bytes of an address of this kind, which is an enum addr_kind; 0 for others. */
static inline size_t key_addr_len(unsigned kind)
{
	return kind == ADDR_IPV4 ? 4 : kind == ADDR_IPV6 ? 16 : kind == ADDR_LINK ? 6 : 0;
}

#endif
