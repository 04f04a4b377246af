/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Imprints: fingerprints that an index keeps of payload, 32 bits each. Those of trace/fingerprint.h are made when somebody asks, and may be
 * many; these are made of every packet that is indexed, so they are few and cheap.
 *
 * A place in plain payload is chosen by the IMPRINT_CONTEXT bytes that begin there, and its imprint is a hash of the IMPRINT_BYTES that begin
 * there (bit 5 of each does not count): so whatever holds these bytes has the imprint, wherever in it they stand.
 *   sparse   all payload, one place in about IMPRINT_THIN; and of the beginning of each message IMPRINT_HEAD_MAX more (tokens; where
 *            it has none, places as dense as `full` has them)
 *   full     one place in IMPRINT_DENSE, all tokens of trace/fingerprint.h, and the whole; for payload that is not kept
 * Places of `sparse` are places of `full`.
 *
 * Equal bytes give equal imprints on every machine. Work is linear. Bytes designed against it get as many as imprint_bound() says at most,
 * and `more` tells that there were others.
 */
#ifndef FLOWDRILL_TRACE_IMPRINT_H
#define FLOWDRILL_TRACE_IMPRINT_H

#include "flow/fingerprints.h"
#include "trace/fingerprint.h"

enum {
	IMPRINT_BYTES = 16,          /* plain bytes under an imprint of a place */
	IMPRINT_CONTEXT = 6,         /* those that choose it */
	IMPRINT_THIN = 128, IMPRINT_DENSE = 16,
	IMPRINT_HEAD = 64,           /* bytes of a message that are its beginning */
	IMPRINT_HEAD_MAX = 4,        /* imprints of it */
	IMPRINT_MAX = 1024,          /* of a packet */
};

struct imprints {
	uint32_t n;
	bool more;
	uint32_t v[IMPRINT_MAX];     /* ascending, each once */
};

/* Memory that is used again for the next payload. Zeroed it is empty. */
struct imprinting {
	struct plain plain, head;
};
void imprinting_free(struct imprinting *x);

/* head: so many of the first bytes are the beginning of a message (0: none). */
enum rc imprint_sparse(struct imprinting *x, const uint8_t *payload, size_t len, size_t head, struct imprints *out, struct err *err);
enum rc imprint_full(struct imprinting *x, const uint8_t *payload, size_t len, struct imprints *out, struct err *err);
/* So many a packet with so much payload can have. */
size_t imprint_bound(enum fingerprints which, size_t len);

/* Where content has the places that are kept of all payload, by what was stored: ascending, in plain bytes. */
struct imprint_place {
	uint32_t print, at;
};
/* To *out, of which there are *n; freed by the caller with mem_free(). which: not FINGERPRINTS_OFF. */
enum rc imprint_places(struct imprinting *x, const uint8_t *content, size_t len, enum fingerprints which,
	struct imprint_place **out, size_t *n, struct err *err);

#endif
