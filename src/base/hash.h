/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hashes: XXH3 from libxxhash, for tables, checksums of our own files and the
 * identity of a capture file. Not for secrets. The values are part of the file
 * formats: they never change. Pure functions.
 */
#ifndef FLOWDRILL_BASE_HASH_H
#define FLOWDRILL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH3, 64 bits, of len bytes. */
uint64_t hash_bytes(const void *bytes, size_t len, uint64_t seed);

/* 1 where an odd number of all bits is set, else 0: one flipped bit always changes it. */
unsigned hash_parity(const void *bytes, size_t len);

struct hash128 {
	uint64_t low, high;
};

/* XXH3, 128 bits. */
struct hash128 hash_bytes128(const void *bytes, size_t len, uint64_t seed);

/* A fast mix of one 64-bit word (the finaliser of MurmurHash3), for hash tables of integers. */
static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	x ^= x >> 33;
	return x;
}

#endif
