/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which places of payload have imprints (trace/imprint.h): each is chosen by the PLACE_CONTEXT bytes that begin there and by nothing else, one
 * in so many of bytes as they come. Bit 5 of no byte counts. This loop sees every byte that is indexed, so it is done in wide vectors,
 * on the bytes where they are; what it chooses is part of the index format. Pure functions, any thread.
 */
#ifndef FLOWDRILL_TRACE_PLACES_H
#define FLOWDRILL_TRACE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PLACE_BYTES = 16,            /* that its print is made of */
	PLACE_CONTEXT = 6,           /* that choose it */
	PLACES_ESCAPE = '%',
};

/* One place: its print, and where it begins. False: no more are wanted. */
typedef bool (*place_take)(void *ctx, uint32_t print, size_t at);

/*
 * Gives the places of `bytes`, one in `one_in` (2 to 65536), by where they begin. None has fewer than PLACE_BYTES bytes, or one byte
 * again and again: rules, padding, zeros say nothing. False: PLACES_ESCAPE is not among the bytes, which this walk tells by the way.
 */
bool places_each(const uint8_t *bytes, size_t len, unsigned one_in, place_take take, void *ctx);

#endif
