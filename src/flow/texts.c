/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/texts.h"

#include "base/hash.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum {
	TEXT_COST = 48,
	FIRST_SLOTS = 64,
	PAGE = 64,                   /* texts that get their memory together */
	SHORT = 50,                  /* longer ones have memory of their own */
};

/* A line of the cache, so that a short text is compared where it was found. */
struct text {
	_Alignas(64) uint64_t hash;
	uint32_t holders;            /* free: the next free number */
	uint8_t len;                 /* 0: the number is free */
	char few[SHORT + 1];         /* or, of a long one, where it is */
};

_Static_assert(sizeof(struct text) == 64, "a line of the cache");
_Static_assert((int)TEXTS_LONGEST <= UINT8_MAX, "its length fits");

struct texts {
	struct text **pages;         /* by (number - 1) / PAGE: texts stay where they are */
	size_t n, n_pages, cap_pages;
	size_t n_long;
	uint32_t free;               /* a number that was dropped; 0 none */
	uint64_t *slots;             /* open addressing, linear: numbers and, above them, as much of the hash; 0 empty */
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

static struct text *text_of(const struct texts *t, uint32_t number)
{
	return &t->pages[(number - 1) / PAGE][(number - 1) % PAGE];
}

static char *long_bytes(const struct text *x)
{
	char *bytes;

	memcpy(&bytes, x->few, sizeof(bytes));
	return bytes;
}

static const char *bytes_of(const struct text *x)
{
	return x->len > SHORT ? long_bytes(x) : x->few;
}

void texts_clear(struct texts *t)
{
	for (uint32_t i = 1; t->n_long > 0 && i <= t->n; i++) {
		const struct text *x = text_of(t, i);

		if (x->len <= SHORT)
			continue;
		mem_free(long_bytes(x));
		t->n_long--;
	}
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
	for (size_t i = 0; i < t->n_pages; i++)
		mem_free(t->pages[i]);
	mem_free(t->pages);
	mem_free(t->slots);
	mem_free(t);
}

static uint64_t slot_with(uint64_t hash, uint32_t number)
{
	return hash >> 32 << 32 | number;
}

static uint32_t slot_number(uint64_t slot)
{
	return (uint32_t)slot;
}

/* The slot of a text, or the empty one where it would go. */
static size_t slot_of(const struct texts *t, uint64_t hash, const void *bytes, size_t len)
{
	size_t mask = t->n_slots - 1;

	for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
		uint64_t slot = t->slots[at];
		if (slot == 0)
			return at;
		if (slot >> 32 != hash >> 32)
			continue;
		const struct text *x = text_of(t, slot_number(slot));
		if (x->hash == hash && x->len == len && memcmp(bytes_of(x), bytes, len) == 0)
			return at;
	}
}

/* All texts are others: the next empty slot is right. */
static void fill_slots(const struct texts *t)
{
	size_t mask = t->n_slots - 1;

	for (uint32_t i = 1; i <= t->n; i++) {
		const struct text *x = text_of(t, i);
		size_t at = (size_t)x->hash & mask;

		if (x->len == 0)
			continue;
		while (t->slots[at] != 0)
			at = (at + 1) & mask;
		t->slots[at] = slot_with(x->hash, i);
	}
}

static bool grow_slots(struct texts *t)
{
	if (t->n_slots > 0 && (t->in_use + 1) * 4 <= t->n_slots * 3)
		return true;
	size_t n = t->n_slots > 0 ? t->n_slots * 2 : FIRST_SLOTS;
	uint64_t *slots = mem_calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	mem_free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	fill_slots(t);
	return true;
}

static bool add_page(struct texts *t)
{
	if (mem_grow(&t->pages, &t->cap_pages, t->n_pages + 1, sizeof(*t->pages)) != 0)
		return false;
	t->pages[t->n_pages] = mem_aligned(_Alignof(struct text), PAGE * sizeof(struct text));
	if (!t->pages[t->n_pages])
		return false;
	t->n_pages++;
	return true;
}

/* A number for a new text; 0 without memory. */
static uint32_t take_number(struct texts *t)
{
	if (t->free != 0) {
		uint32_t number = t->free;

		t->free = text_of(t, number)->holders;
		return number;
	}
	if (t->n >= UINT32_MAX - 1 || (t->n == t->n_pages * PAGE && !add_page(t)))
		return 0;
	return (uint32_t)++t->n;
}

static void give_number(struct texts *t, uint32_t number)
{
	struct text *x = text_of(t, number);

	x->len = 0;
	x->holders = t->free;
	t->free = number;
}

/* False without memory. */
static bool put_bytes(struct texts *t, struct text *x, const void *bytes, size_t len)
{
	char *to = x->few;

	if (len > SHORT) {
		to = mem_alloc(len + 1);
		if (!to)
			return false;
		memcpy(x->few, &to, sizeof(to));
		t->n_long++;
	}
	memcpy(to, bytes, len);
	to[len] = '\0';
	x->len = (uint8_t)len;
	return true;
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
	uint32_t number = slot_number(t->slots[slot]);

	if (number != 0) {
		text_of(t, number)->holders++;
		return number;
	}
	if (t->bytes + len + TEXT_COST > t->max_bytes || (number = take_number(t)) == 0)
		goto refuse;
	struct text *x = text_of(t, number);
	if (!put_bytes(t, x, bytes, len)) {
		give_number(t, number);
		goto refuse;
	}
	x->hash = hash;
	x->holders = 1;
	t->slots[slot] = slot_with(hash, number);
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
	return slot_number(t->slots[slot_of(t, hash_bytes(bytes, len, 0), bytes, len)]);
}

const char *texts_get(const struct texts *t, uint32_t number, size_t *len)
{
	const struct text *x = number != 0 && number <= t->n ? text_of(t, number) : NULL;

	*len = x ? x->len : 0;
	return *len > 0 ? bytes_of(x) : "";
}

uint32_t texts_holders(const struct texts *t, uint32_t number)
{
	assert(number > 0 && number <= t->n);
	return text_of(t, number)->holders;
}

/* Empties a slot; those behind it that would not be found any more move up. */
static void empty_slot(struct texts *t, size_t at)
{
	size_t mask = t->n_slots - 1;

	for (size_t next = (at + 1) & mask; t->slots[next] != 0; next = (next + 1) & mask) {
		size_t home = (size_t)text_of(t, slot_number(t->slots[next]))->hash & mask;

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
	assert(number <= t->n && text_of(t, number)->holders > 0);
	struct text *x = text_of(t, number);

	if (--x->holders > 0)
		return;
	empty_slot(t, slot_of(t, x->hash, bytes_of(x), x->len));
	t->bytes -= x->len + TEXT_COST;
	if (x->len > SHORT) {
		mem_free(long_bytes(x));
		t->n_long--;
	}
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
