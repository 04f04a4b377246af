/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/places.h"

#include "base/cursor.h"
#include "base/hash.h"
#include "base/wide.h"

#include <string.h>

enum {
	STEP = WIDE_BYTES,                       /* places that are looked at together, */
	LOOK = STEP + PLACE_CONTEXT - 1,         /* in so many bytes */
	STEPS = 32,
	STRETCH = STEPS * STEP,                  /* places that are looked for before any is taken */
	LEAST_SUM = -32768,
};

/*
 * Places are chosen by the sum of three 16-bit words times these, modulo 2^16, taken as signed: small ones are. Part of the format; bytes
 * that repeat one of the frequent ones (0, blank, 0xff) are not chosen.
 */
static const uint16_t factors[PLACE_CONTEXT / 2] = { 0x9e37, 0x6a09, 0xbb67 };

/* What capitals and small letters differ in. */
static const uint64_t level8 = 0x2020202020202020;

typedef uint16_t lanes __attribute__((vector_size(WIDE_BYTES)));
typedef int16_t signed_lanes __attribute__((vector_size(WIDE_BYTES)));
typedef uint8_t each_byte __attribute__((vector_size(WIDE_BYTES)));

/* ---- which ones ---------------------------------------------------------------------------------- */

static WIDE_BODY void swap_lanes(lanes *v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	*v = *v << 8 | *v >> 8;
#else
	(void)v;
#endif
}

static WIDE_BODY void add_words(lanes *sum, const uint8_t *p, uint16_t factor)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	swap_lanes(&v);
	*sum += (v | (uint16_t)level8) * factor;
}

/* Of the STEP / 2 places from p on, two bytes apart: all ones where it is chosen. */
static WIDE_BODY void choose_words(const uint8_t *p, int16_t below, lanes *out)
{
	lanes sum = { 0 };

	for (unsigned i = 0; i < PLACE_CONTEXT / 2; i++)
		add_words(&sum, p + 2 * (size_t)i, factors[i]);
	*out = (lanes)((signed_lanes)sum < below);
}

/* Of the STEP places from p on a byte each: 0xff where it is chosen. Reads LOOK bytes. */
static WIDE_BODY void choose(const uint8_t *p, int16_t below, wide *out)
{
	lanes even, odd;

	choose_words(p, below, &even);
	choose_words(p + 1, below, &odd);
	even = (even & 0xff) | (odd & 0xff00);
	swap_lanes(&even);
	*out = (wide)even;
}

static WIDE_BODY void note_escapes(const uint8_t *p, each_byte *seen)
{
	each_byte v;

	memcpy(&v, p, sizeof(v));
	*seen |= (each_byte)(v == PLACES_ESCAPE);
}

/* Steps in which something was chosen: where each begins, and what choose() said. */
struct steps {
	size_t n;
	bool escapes;                /* PLACES_ESCAPE is among the first STEP bytes of a step */
	wide chosen[STEPS + 1];
	uint16_t at[STEPS + 1];
};

/*
 * The steps of the places before `end`, and how many; there are `len` >= LOOK bytes, and the last step goes back as far as need be. One in four is noted, nobody
 * can guess which: therefore each is written, and counted where it counts.
 */
static WIDE_BODY size_t find_body(const uint8_t *bytes, size_t len, size_t end, int16_t below, struct steps *out)
{
	size_t n = 0;
	each_byte seen = { 0 };

	for (size_t i = 0; i < end; i += STEP) {
		size_t at = i <= len - LOOK ? i : len - LOOK;
		wide chosen;

		note_escapes(bytes + at, &seen);
		choose(bytes + at, below, &chosen);
		out->chosen[n] = chosen;
		out->at[n] = (uint16_t)at;
		n += (chosen[0] | chosen[1] | chosen[2] | chosen[3]) != 0;
	}
	wide all = (wide)seen;
	out->escapes = (all[0] | all[1] | all[2] | all[3]) != 0;
	return n;
}

WIDE_BOTH_OF(size_t, find, find_body, (const uint8_t *bytes, size_t len, size_t end, int16_t below, struct steps *out),
	(bytes, len, end, below, out))

/* A bit for each byte that is 0xff and not 0. */
static uint32_t bits_of(const wide *chosen)
{
	uint8_t bytes[STEP];
	uint32_t bits = 0;

	memcpy(bytes, chosen, sizeof(bytes));
	for (unsigned i = 0; i < STEP / 8; i++)  /* the highest bit of byte k comes to bit 56 + k */
		bits |= (uint32_t)(((load_le64(bytes + 8 * (size_t)i) & 0x8080808080808080) >> 7) * 0x0102040810204080 >> 56) << 8 * i;
	return bits;
}

/* ---- what they say ------------------------------------------------------------------------------- */

static bool is_row(uint64_t first, uint64_t second)
{
	return first == second && first == (first << 8 | first >> 56);
}

/* What is chosen of one stretch of bytes, of its places from `from` to `end`. False: enough. */
static bool take_stretch(const struct steps *steps, const uint8_t *bytes, size_t from, size_t end, size_t offset, place_take take, void *ctx)
{
	for (size_t i = 0; i < steps->n; i++) {
		for (uint32_t bits = bits_of(&steps->chosen[i]); bits; bits &= bits - 1) {
			size_t at = steps->at[i] + (size_t)__builtin_ctz(bits);
			const uint8_t *p = bytes + at;

			if (at < from || at >= end)
				continue;
			uint64_t first = load_le64(p) | level8, second = load_le64(p + 8) | level8;
			if (!is_row(first, second) &&
				!take(ctx, (uint32_t)(hash_mix(first ^ hash_mix(second + 1)) >> 32), offset + at))
				return false;
			from = at + 1;
		}
	}
	return true;
}

/* Of the last bytes, where no step may begin. */
static bool ends_with_escapes(const uint8_t *bytes, size_t len)
{
	size_t last = len < PLACE_BYTES ? len : PLACE_BYTES;

	return last > 0 && memchr(bytes + len - last, PLACES_ESCAPE, last) != NULL;
}

bool places_each(const uint8_t *bytes, size_t len, unsigned one_in, place_take take, void *ctx)
{
	size_t end = len < PLACE_BYTES ? 0 : len - PLACE_BYTES + 1;
	int16_t below = (int16_t)(LEAST_SUM + 65536 / (int)one_in);
	bool escapes = ends_with_escapes(bytes, len);
	uint8_t few[LOOK];
	struct steps steps;

	if (end > 0 && len < LOOK) {
		memset(few, 0, sizeof(few));
		bytes = memcpy(few, bytes, len);
		len = LOOK;
	}
	for (size_t from = 0; from < end; from += STRETCH) {
		/* what is left for the last stretch may be less than a step: it begins earlier */
		size_t begin = len - from < LOOK ? len - LOOK : from;
		size_t until = end - from < STRETCH ? end - begin : STRETCH;

		steps.n = find(bytes + begin, len - begin, until, below, &steps);
		escapes |= steps.escapes;
		if (!take_stretch(&steps, bytes + begin, from - begin, until, begin, take, ctx))
			return true;
	}
	return escapes;
}
