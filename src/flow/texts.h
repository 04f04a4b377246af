/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts: each kept once, known by a number. Records name texts (application, host name, URL) by numbers of a pool that goes with
 * them; two records are merged only when they name the same pool. Raw bytes from outside: escaped where they are shown.
 *
 * Bounded: a pool holds max_bytes (of texts, and 48 for each); a text for which there is no room has number 0, as 'no text' has.
 * Numbers are given in order of appearance from 1, so equal calls give equal numbers; one that was dropped is given again.
 * One thread at a time.
 */
#ifndef FLOWDRILL_FLOW_TEXTS_H
#define FLOWDRILL_FLOW_TEXTS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { TEXTS_LONGEST = 255 };        /* bytes; longer ones are cut */

struct texts;

enum rc texts_new(size_t max_bytes, struct texts **out, struct err *err);
void texts_free(struct texts *t);
/* Forgets all; memory for numbers stays. */
void texts_clear(struct texts *t);
/* The text's number, held once more; 0 for an empty one, or without room or memory. */
uint32_t texts_add(struct texts *t, const void *bytes, size_t len);
/* Its number without holding it; 0 where it is not there. */
uint32_t texts_find(const struct texts *t, const void *bytes, size_t len);
/* The bytes, with a zero behind; "" and 0 for number 0. Valid until it is dropped. */
const char *texts_get(const struct texts *t, uint32_t number, size_t *len);
/* How often it is held: 1 behind texts_add() says that it is new, or was found nowhere else. */
uint32_t texts_holders(const struct texts *t, uint32_t number);
/* Held once less; gone when nobody holds it. Number 0 is fine. */
void texts_drop(struct texts *t, uint32_t number);
/* Highest number given so far. */
uint32_t texts_count(const struct texts *t);
/* Of max_bytes in use. */
size_t texts_bytes(const struct texts *t);
/* Texts that found no room. */
uint64_t texts_refused(const struct texts *t);

#endif
