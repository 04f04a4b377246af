/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loops over long stretches of bytes in wide vectors. Such a loop is written once, on struct-free vectors of 32 bytes, as a function
 * that is always inlined; what it is inlined into decides by which instructions it is done:
 *
 *   static WIDE_BODY uint64_t body(const uint8_t *at, size_t n) { ... wide_load(at) ... }
 *   WIDE_BOTH(uint64_t, name, body)      name(at, n) runs it with AVX2 where the processor has that
 *
 * WIDE_BOTH_OF() is the same for other parameters, which it gets twice: as they are declared, and as they are passed on.
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
#define WIDE_BOTH_OF(type, name, body, params, args) \
	__attribute__((target("avx2"))) static type name##_avx2 params \
	{ \
		return body args; \
	} \
	static type name params \
	{ \
		return wide_has_avx2 ? name##_avx2 args : body args; \
	}
#else
#define WIDE_BOTH_OF(type, name, body, params, args) \
	static type name params \
	{ \
		return body args; \
	}
#endif
#define WIDE_BOTH(type, name, body) WIDE_BOTH_OF(type, name, body, (const uint8_t *at, size_t n), (at, n))

#endif
