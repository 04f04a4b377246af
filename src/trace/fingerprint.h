/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Content fingerprints: numbers by which two payloads are known to share something, wherever in them it stands.
 *
 * Two kinds of parts, because neither finds all: tokens (runs of letters, digits, '_' and '-', which carry what people search for, names and
 * numbers of requests from one protocol to the next), and a gear hash over every 16 bytes, one of eight kept, and more of short payload that
 * is no text, for binary content and whatever else is long; and one print of the whole, for what is sent on as it came. Payload is made plain first: %41 is 'A', and letters are small, because proxies rewrite both; the '%'
 * of a pattern stays.
 *
 * Pure functions of the bytes; equal bytes give equal prints on every machine. The work is linear, and what bytes designed against it
 * can do is bounded: one print a byte at most, and none of a byte that repeats itself.
 */
#ifndef FLOWDRILL_TRACE_FINGERPRINT_H
#define FLOWDRILL_TRACE_FINGERPRINT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PRINT_TOKEN_MIN = 6,         /* bytes of a token */
	PRINT_TOKEN_MAX = 256,       /* a longer run is several */
	PRINT_GEAR = 16,             /* bytes under a gear hash */
	PRINT_THIN = 3,              /* one of 1 << so many gear hashes is kept; */
	PRINT_SHORT = 1024,          /* of binary payload up to so many bytes a quarter, half up to half of that, all up to an eighth */
	PRINT_BINARY = 16,           /* binary: more than one in so many bytes is no text */
};

/* Payload made plain, and where each of its bytes was. Zeroed it is empty; reused for the next payload. */
struct plain {
	uint8_t *bytes;
	uint32_t *at;                /* offset in the payload of what became bytes[i]; only where moved */
	size_t len, cap;
	size_t payload_len;
	bool handshake;              /* fingerprint_is_handshake() */
	bool moved;                  /* by escapes; else bytes[i] was at i */
};

enum rc plain_make(struct plain *p, const uint8_t *payload, size_t len, struct err *err);
void plain_free(struct plain *p);
/* Whether payload has escapes: else plain bytes are its bytes, but for capitals. */
bool plain_moves(const uint8_t *payload, size_t len);
/* Offset in the payload of plain byte i; of i == len its end. */
static inline uint32_t plain_offset(const struct plain *p, size_t i)
{
	if (i >= p->len)
		return (uint32_t)p->payload_len;
	return p->moved ? p->at[i] : (uint32_t)i;
}

struct print {
	uint64_t hash;
	uint32_t at, len;            /* plain bytes that it is made of */
};

/*
 * The prints of plain bytes, in no particular order, with doubles. At most `max`; returns how many.
 */
size_t fingerprint(const struct plain *p, struct print *out, size_t max);
/* The tokens of plain bytes alone, and the print of all of them. */
size_t fingerprint_tokens(const uint8_t *plain, size_t len, struct print *out, size_t max);
uint64_t fingerprint_whole(const uint8_t *plain, size_t len);
/* So many there can be. */
size_t fingerprint_bound(size_t plain_len);

/*
 * Whether payload begins with a TLS record of another kind than application data. Handshakes repeat names and whole
 * certificates between strangers: that is no content that travelled, and only the print of the whole is made.
 */
bool fingerprint_is_handshake(const uint8_t *payload, size_t len);

#endif
