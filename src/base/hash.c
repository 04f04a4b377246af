/* SPDX-License-Identifier: GPL-3.0-or-later */
#define XXH_INLINE_ALL   /* one call less in hash tables; the values are the library's */
#include <xxhash.h>

#include "base/hash.h"

#include "base/hash_wide.h"
#include "base/wide.h"
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

/* All words of n times 32 bytes, one upon the other. */
static WIDE_BODY uint64_t fold_body(const uint8_t *at, size_t n)
{
	wide all = { 0 }, v;

	for (; n > 0; n--, at += WIDE_BYTES) {
		wide_load(&v, at);
		all ^= v;
	}
	return all[0] ^ all[1] ^ all[2] ^ all[3];
}

WIDE_BOTH(uint64_t, fold, fold_body)

unsigned hash_parity(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t all = fold(at, len / WIDE_BYTES), word = 0;

	at += len / WIDE_BYTES * WIDE_BYTES;
	len %= WIDE_BYTES;
	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		all ^= word;
	}
	for (word = 0; len > 0; len--)
		word = word << 8 | at[len - 1];
	all ^= word;
	return (unsigned)__builtin_parityll(all);
}
