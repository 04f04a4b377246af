/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checksums: the Internet's (RFC 1071) and CRC-32C (RFC 9260, appendix A). Pure functions;
 * they read exactly the bytes they are given.
 */
#ifndef FLOWDRILL_DECODE_SUM_H
#define FLOWDRILL_DECODE_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SUM_STRETCH = 32 };

/* For sum_bytes() alone: of n times SUM_STRETCH bytes. */
uint64_t sum_stretches(const uint8_t *at, size_t n);

/*
 * The sum of the bytes as 16-bit words in the byte order of this machine, not yet folded; sums of
 * parts add up where every part but the last has an even length. Never overflows below 16 GiB. 2^16 is 1
 * modulo 2^16 - 1, so longer words do as well.
 */
static inline uint64_t sum_bytes(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t sum = 0;
	uint64_t eight;
	uint32_t four;
	uint16_t two = 0;

	if (len >= 2 * SUM_STRETCH) {
		sum = sum_stretches(at, len / SUM_STRETCH);
		at += len / SUM_STRETCH * SUM_STRETCH;
		len %= SUM_STRETCH;
	}
	for (; len >= sizeof(eight); at += sizeof(eight), len -= sizeof(eight)) {
		memcpy(&eight, at, sizeof(eight));
		sum += (eight & UINT32_MAX) + (eight >> 32);
	}
	if (len >= sizeof(four)) {
		memcpy(&four, at, sizeof(four));
		sum += four;
		at += sizeof(four);
		len -= sizeof(four);
	}
	if (len >= sizeof(two)) {
		memcpy(&two, at, sizeof(two));
		sum += two;
		at += sizeof(two);
		len -= sizeof(two);
	}
	if (len > 0) {
		two = 0;
		memcpy(&two, at, 1);
		sum += two;
	}
	return sum;
}

/* Folded to 16 bits; a message with a right checksum in it gives 0xffff. */
static inline uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Continues from crc; begin with 0. */
uint32_t sum_crc32c(uint32_t crc, const uint8_t *bytes, size_t len);

#endif
