/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/segment_intern.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

enum { INTERN_SLOTS_FIRST = 256 };

void intern_init(struct intern *t, size_t key_size)
{
	*t = (struct intern){ .key_size = key_size };
}

void intern_free(struct intern *t)
{
	mem_free(t->keys);
	mem_free(t->slots);
	intern_init(t, t->key_size);
}

void intern_clear(struct intern *t)
{
	t->n = 0;
	if (t->n_slots)
		memset(t->slots, 0, t->n_slots * sizeof(*t->slots));
}

size_t intern_memory(const struct intern *t)
{
	return t->keys_cap * t->key_size + t->n_slots * sizeof(*t->slots);
}

static bool slot_has(const struct intern *t, uint64_t slot, uint64_t hash, const void *key)
{
	return slot >> 32 == hash >> 32 &&
		memcmp(intern_key(t, (uint32_t)slot - 1), key, t->key_size) == 0;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t intern_slot(const struct intern *t, const void *key, uint64_t hash)
{
	size_t mask = t->n_slots - 1;
	size_t i = (size_t)hash & mask;

	while (t->slots[i] && !slot_has(t, t->slots[i], hash, key))
		i = (i + 1) & mask;
	return i;
}

/* Puts what was in one slot before into the slots of a bigger table, where no two are equal. */
static void intern_move(struct intern *t, uint64_t slot, uint64_t hash)
{
	size_t mask = t->n_slots - 1;
	size_t i = (size_t)hash & mask;

	while (t->slots[i])
		i = (i + 1) & mask;
	t->slots[i] = slot;
}

/* Twice as many slots, at most half of them in use. */
static bool intern_grow(struct intern *t)
{
	struct intern bigger = *t;

	if (t->n < t->n_slots / 2)
		return true;
	bigger.n_slots = t->n_slots ? t->n_slots * 2 : INTERN_SLOTS_FIRST;
	bigger.slots = mem_calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t hash = hash_bytes(intern_key(t, i), t->key_size, 0);

		intern_move(&bigger, hash >> 32 << 32 | (i + 1), hash);
	}
	mem_free(t->slots);
	*t = bigger;
	return true;
}

bool intern_put(struct intern *t, const void *key, uint32_t *number)
{
	uint64_t hash = hash_bytes(key, t->key_size, 0);
	size_t i;

	if (!intern_grow(t) ||
		mem_grow(&t->keys, &t->keys_cap, (size_t)t->n + 1, t->key_size) != 0)
		return false;
	i = intern_slot(t, key, hash);
	if (!t->slots[i]) {
		memcpy(t->keys + (size_t)t->n * t->key_size, key, t->key_size);
		t->slots[i] = hash >> 32 << 32 | ++t->n;
	}
	*number = (uint32_t)t->slots[i] - 1;
	return true;
}
