/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/sum.h"

#include "base/wide.h"

_Static_assert((int)SUM_STRETCH == (int)WIDE_BYTES, "a stretch is a vector");

static WIDE_BODY uint64_t stretches_body(const uint8_t *at, size_t n)
{
	wide low = { 0 }, high = { 0 }, v;

	for (; n > 0; n--, at += SUM_STRETCH) {
		wide_load(&v, at);
		low += v & UINT32_MAX;
		high += v >> 32;
	}
	low += high;
	return low[0] + low[1] + low[2] + low[3];
}

WIDE_BOTH(uint64_t, stretches, stretches_body)

uint64_t sum_stretches(const uint8_t *at, size_t n)
{
	return stretches(at, n);
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
