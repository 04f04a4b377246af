/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many structs of one size in few bytes. A chunk of them is kept as what differs from its first one: word by word of 64
 * bits, each in as many bytes as it needs. In memory alone, never on disk. Of what the structs point to it knows nothing.
 *
 *   bits     one a word, lowest first: it differs from the first one's
 *   lengths  four bits for each word that does, lowest first: its bytes less one
 *   words    exclusive or with the first one's, lowest byte first
 *
 * One thread; several may read while nobody writes.
 */
#ifndef FLOWDRILL_QUERY_PACKED_H
#define FLOWDRILL_QUERY_PACKED_H

#include "base/err.h"

#include <stddef.h>

struct packed;

/* `bytes` of each struct: a multiple of 8, at most 4096. Structs are aligned to 16 bytes. */
enum rc packed_new(size_t bytes, struct packed **out, struct err *err);
void packed_free(struct packed *p);
size_t packed_count(const struct packed *p);
/* As number packed_count(). */
enum rc packed_add(struct packed *p, const void *from, struct err *err);
/* Number i is empty then, until something is put there. */
void packed_drop(struct packed *p, size_t i);
/* Into number i, which is empty, and stays so without memory. */
enum rc packed_put(struct packed *p, size_t i, const void *from, struct err *err);
/* False where it is empty. */
bool packed_get(const struct packed *p, size_t i, void *to);
/* Bytes that it holds. */
size_t packed_bytes(const struct packed *p);

#endif
