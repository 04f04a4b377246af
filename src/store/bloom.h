/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A Bloom filter in blocks of FILTER_BLOCK_BYTES, as index/filters and segments have it (store/format.h): an element, known by its
 * 64-bit hash, has bits in one block alone.
 */
#ifndef FLOWDRILL_STORE_BLOOM_H
#define FLOWDRILL_STORE_BLOOM_H

#include "base/hash.h"
#include "store/format.h"

/* Blocks for n elements, at most `most`. */
static inline uint32_t bloom_blocks(uint64_t n, uint32_t most)
{
	uint64_t blocks = (n * FILTER_BITS + FILTER_BLOCK_BYTES * 8 - 1) / (FILTER_BLOCK_BYTES * 8);

	return blocks < 1 ? 1 : blocks > most ? most : (uint32_t)blocks;
}

/* The block of an element, of so many. */
static inline uint32_t bloom_block(uint64_t hash, uint32_t blocks)
{
	return (uint32_t)((hash >> 32) * blocks >> 32);
}

static inline void bloom_set(uint8_t *block, uint64_t hash)
{
	uint64_t bits = hash_mix(hash);

	for (unsigned k = 0; k < FILTER_HASHES; k++, bits >>= 9)
		block[(bits & 511) / 8] |= (uint8_t)(1 << bits % 8);
}

static inline bool bloom_has(const uint8_t *block, uint64_t hash)
{
	uint64_t bits = hash_mix(hash);

	for (unsigned k = 0; k < FILTER_HASHES; k++, bits >>= 9)
		if (!(block[(bits & 511) / 8] & 1 << bits % 8))
			return false;
	return true;
}

#endif
