/* SPDX-License-Identifier: GPL-3.0-or-later */
#define XXH_INLINE_ALL   /* one call less in hash tables; the values are the library's */
#include <xxhash.h>

#include "base/hash.h"

#include "base/hash_wide.h"
#include "config.h"

uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
#ifdef HAVE_XXH3_DISPATCH
	if (len >= HASH_WIDE_FROM)
		return hash_wide(bytes, len, seed);
#endif
	return XXH3_64bits_withSeed(bytes, len, seed);
}

struct hash128 hash_bytes128(const void *bytes, size_t len, uint64_t seed)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(bytes, len, seed);

	return (struct hash128){ .low = h.low64, .high = h.high64 };
}
