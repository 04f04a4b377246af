/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of a source but packets, sections and interfaces, made fit for a little-endian block
 * of a store. Private to this layer; pure functions.
 */
#ifndef FLOWDRILL_STORE_BLOCK_COPY_H
#define FLOWDRILL_STORE_BLOCK_COPY_H

#include "base/buf.h"

/*
 * Appends the block (whole, `len` bytes). Names, secrets and statistics are turned
 * little-endian; statistics get their interface counted from first_point; what is not known in
 * a big-endian source is wrapped (BLOCK_OWN_WRAPPED), section headers always. Our own padding
 * is left out.
 */
void block_copy(struct buf *out, uint32_t type, const uint8_t *block, size_t len,
	bool big_endian, uint32_t first_point);

#endif
