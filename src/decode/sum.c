/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/sum.h"

#include <string.h>

static inline uint64_t halves(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return (word & 0xffffffff) + (word >> 32);
}

uint64_t sum_bytes(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t a = 0, b = 0, c = 0, d = 0, last = 0;

	for (; len >= 32; len -= 32, at += 32) {
		a += halves(at);
		b += halves(at + 8);
		c += halves(at + 16);
		d += halves(at + 24);
	}
	for (; len >= 8; len -= 8, at += 8)
		a += halves(at);
	if (len) {
		memcpy(&last, at, len);
		b += (last & 0xffffffff) + (last >> 32);
	}
	return a + b + c + d;
}

uint32_t sum_crc32c(uint32_t crc, const uint8_t *bytes, size_t len)
{
	/* of the reflected polynomial 0x82f63b78, four bits at a time */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 0xf];
		crc = crc >> 4 ^ table[crc & 0xf];
	}
	return ~crc;
}
