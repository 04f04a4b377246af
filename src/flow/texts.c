/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/texts.h"

#include "base/hash.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum { TEXT_COST = 48, FIRST_SLOTS = 64 };

struct text {
	char *bytes;                 /* NULL: the number is free */
	uint64_t hash;
	uint32_t len;
	uint32_t holders;            /* free: the next free number */
};

struct texts {
	struct text *v;              /* by number - 1 */
	size_t n, cap;
	uint32_t free;               /* a number that was dropped; 0 none */
	uint32_t *slots;             /* open addressing, linear: numbers, 0 empty */
	size_t n_slots, in_use;      /* a power of two or 0; slots that are not empty */
	size_t bytes, max_bytes;
	uint64_t refused;
};

enum rc texts_new(size_t max_bytes, struct texts **out, struct err *err)
{
	struct texts *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return err_memory(err);
	t->max_bytes = max_bytes;
	*out = t;
	return RC_DONE;
}

void texts_clear(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		mem_free(t->v[i].bytes);
	if (t->n > 0)
		memset(t->slots, 0, t->n_slots * sizeof(*t->slots));
	t->n = t->in_use = t->bytes = 0;
	t->free = 0;
	t->refused = 0;
}

void texts_free(struct texts *t)
{
	if (!t)
		return;
	texts_clear(t);
	mem_free(t->v);
	mem_free(t->slots);
	mem_free(t);
}

/* The slot of a text, or the empty one where it would go. */
static size_t slot_of(const struct texts *t, uint64_t hash, const void *bytes, size_t len)
{
	size_t mask = t->n_slots - 1;

	for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
		uint32_t number = t->slots[at];
		if (number == 0)
			return at;
		const struct text *x = &t->v[number - 1];
		if (x->hash == hash && x->len == len && memcmp(x->bytes, bytes, len) == 0)
			return at;
	}
}

static bool grow_slots(struct texts *t)
{
	if (t->n_slots > 0 && (t->in_use + 1) * 4 <= t->n_slots * 3)
		return true;
	size_t n = t->n_slots > 0 ? t->n_slots * 2 : FIRST_SLOTS;
	uint32_t *slots = mem_calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	mem_free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	for (size_t i = 0; i < t->n; i++) {
		const struct text *x = &t->v[i];
		if (x->bytes)
			t->slots[slot_of(t, x->hash, x->bytes, x->len)] = (uint32_t)i + 1;
	}
	return true;
}

/* A number for a new text; 0 without memory. */
static uint32_t take_number(struct texts *t)
{
	if (t->free != 0) {
		uint32_t number = t->free;

		t->free = t->v[number - 1].holders;
		return number;
	}
	if (t->n >= UINT32_MAX - 1 || mem_grow(&t->v, &t->cap, t->n + 1, sizeof(*t->v)) != 0)
		return 0;
	return (uint32_t)++t->n;
}

static void give_number(struct texts *t, uint32_t number)
{
	t->v[number - 1] = (struct text){.holders = t->free};
	t->free = number;
}

uint32_t texts_add(struct texts *t, const void *bytes, size_t len)
{
	if (len > TEXTS_LONGEST)
		len = TEXTS_LONGEST;
	if (len == 0)
		return 0;
	if (!grow_slots(t))
		goto refuse;
	uint64_t hash = hash_bytes(bytes, len, 0);
	size_t slot = slot_of(t, hash, bytes, len);
	uint32_t number = t->slots[slot];

	if (number != 0) {
		t->v[number - 1].holders++;
		return number;
	}
	if (t->bytes + len + TEXT_COST > t->max_bytes || (number = take_number(t)) == 0)
		goto refuse;
	char *copy = mem_alloc(len + 1);
	if (!copy) {
		give_number(t, number);
		goto refuse;
	}
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	t->v[number - 1] = (struct text){.bytes = copy, .hash = hash, .len = (uint32_t)len, .holders = 1};
	t->slots[slot] = number;
	t->in_use++;
	t->bytes += len + TEXT_COST;
	return number;
refuse:
	t->refused++;
	return 0;
}

uint32_t texts_find(const struct texts *t, const void *bytes, size_t len)
{
	if (len > TEXTS_LONGEST)
		len = TEXTS_LONGEST;
	if (len == 0 || t->n_slots == 0)
		return 0;
	return t->slots[slot_of(t, hash_bytes(bytes, len, 0), bytes, len)];
}

const char *texts_get(const struct texts *t, uint32_t number, size_t *len)
{
	if (number == 0 || number > t->n || !t->v[number - 1].bytes) {
		*len = 0;
		return "";
	}
	*len = t->v[number - 1].len;
	return t->v[number - 1].bytes;
}

uint32_t texts_holders(const struct texts *t, uint32_t number)
{
	assert(number > 0 && number <= t->n);
	return t->v[number - 1].holders;
}

/* Empties a slot; those behind it that would not be found any more move up. */
static void empty_slot(struct texts *t, size_t at)
{
	size_t mask = t->n_slots - 1;

	for (size_t next = (at + 1) & mask; t->slots[next] != 0; next = (next + 1) & mask) {
		size_t home = (size_t)t->v[t->slots[next] - 1].hash & mask;

		if (((next - home) & mask) >= ((next - at) & mask)) {
			t->slots[at] = t->slots[next];
			at = next;
		}
	}
	t->slots[at] = 0;
	t->in_use--;
}

void texts_drop(struct texts *t, uint32_t number)
{
	if (number == 0)
		return;
	assert(number <= t->n && t->v[number - 1].holders > 0);
	struct text *x = &t->v[number - 1];

	if (--x->holders > 0)
		return;
	empty_slot(t, slot_of(t, x->hash, x->bytes, x->len));
	t->bytes -= x->len + TEXT_COST;
	mem_free(x->bytes);
	give_number(t, number);
}

uint32_t texts_count(const struct texts *t)
{
	return (uint32_t)t->n;
}

size_t texts_bytes(const struct texts *t)
{
	return t->bytes;
}

uint64_t texts_refused(const struct texts *t)
{
	return t->refused;
}
