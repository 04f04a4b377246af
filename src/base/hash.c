/* SPDX-License-Identifier: GPL-3.0-or-later */
#define XXH_INLINE_ALL   /* one call less in hash tables; the values are the library's */
#include <xxhash.h>

#include "base/hash.h"

#include "base/hash_wide.h"
#include "config.h"

#include <string.h>

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

static inline uint64_t word_at(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

unsigned hash_parity(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t even = 0, odd = 0;          /* independent of each other, for vectors */

	for (; len >= 16; at += 16, len -= 16) {
		even ^= word_at(at);
		odd ^= word_at(at + 8);
	}
	for (; len >= 8; at += 8, len -= 8)
		even ^= word_at(at);
	for (; len > 0; at++, len--)
		odd ^= *at;
	return (unsigned)__builtin_parityll(even ^ odd);
}
