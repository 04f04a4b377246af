/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loops over long stretches of bytes in wide vectors. Such a loop is written once, on struct-free vectors of 32 bytes, as a function
 * that is always inlined; what it is inlined into decides by which instructions it is done:
 *
 *   static WIDE_BODY uint64_t body(const uint8_t *at, size_t n) { ... wide_load(at) ... }
 *   WIDE_BOTH(uint64_t, name, body)      name(at, n) runs it with AVX2 where the processor has that
 *
 * On other processors and compilers the compiler takes the vectors apart. Values do not depend on it.
 */
#ifndef FLOWDRILL_BASE_WIDE_H
#define FLOWDRILL_BASE_WIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WIDE_BYTES = 32 };

typedef uint64_t wide __attribute__((vector_size(WIDE_BYTES)));

#define WIDE_BODY inline __attribute__((always_inline))

/* Found out before main(). */
extern bool wide_has_avx2;

static WIDE_BODY void wide_load(wide *to, const uint8_t *at)
{
	memcpy(to, at, sizeof(*to));
}

#ifdef __x86_64__
#define WIDE_BOTH(type, name, body) \
	__attribute__((target("avx2"))) static type name##_avx2(const uint8_t *at, size_t n) \
	{ \
		return body(at, n); \
	} \
	static type name(const uint8_t *at, size_t n) \
	{ \
		return wide_has_avx2 ? name##_avx2(at, n) : body(at, n); \
	}
#else
#define WIDE_BOTH(type, name, body) \
	static type name(const uint8_t *at, size_t n) \
	{ \
		return body(at, n); \
	}
#endif

#endif
