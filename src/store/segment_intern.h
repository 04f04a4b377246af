/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A set of fixed-size byte strings, numbered in order of appearance: addresses, contexts and
 * services while a segment is written. Owns its memory and keeps it over intern_clear(). One
 * thread.
 */
#ifndef FLOWDRILL_STORE_SEGMENT_INTERN_H
#define FLOWDRILL_STORE_SEGMENT_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern {
	size_t key_size; /* bytes of a string */
	uint8_t *keys; /* n of them */
	size_t keys_cap; /* strings there is room for */
	uint64_t *slots; /* number + 1, above it 32 bits of the hash; 0: free */
	size_t n_slots; /* a power of two */
	uint32_t n;
};

void intern_init(struct intern *t, size_t key_size);
void intern_free(struct intern *t);
void intern_clear(struct intern *t);
/* The string's number, a new one if need be; false when memory is out (nothing changed). */
bool intern_put(struct intern *t, const void *key, uint32_t *number);
static inline const void *intern_key(const struct intern *t, uint32_t number)
{
	return t->keys + (size_t)number * t->key_size;
}
/* Bytes held. */
size_t intern_memory(const struct intern *t);

#endif
