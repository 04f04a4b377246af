/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory: malloc with overflow checks and a switch by which a test makes the
 * Nth allocation fail. Returns NULL when there is none; never aborts.
 * Thread-safe.
 */
#ifndef FLOWDRILL_BASE_MEM_H
#define FLOWDRILL_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t bytes);
/* count * size zeroed bytes; NULL on overflow too. */
void *mem_calloc(size_t count, size_t size);
/* Like realloc for count * size bytes; on failure the old block is untouched. */
void *mem_realloc(void *old, size_t count, size_t size);
void mem_free(void *p);
char *mem_strdup(const char *s);
/* Bytes aligned to `align` (a power of two, for O_DIRECT); freed with mem_free(). */
void *mem_aligned(size_t align, size_t bytes);
/*
 * Bytes that are filled whole again and again, for O_DIRECT too: in large pages where the kernel has them, because it looks at each page of
 * what it writes. Freed with mem_free().
 */
void *mem_large(size_t bytes);
/* For mem_grow() alone. */
int mem_grow_more(void *array, size_t *cap, size_t need, size_t size);
/*
 * Makes room for `need` elements of `size` bytes in *array (capacity *cap, both
 * updated, at least doubling). Returns 0, or -1 with nothing changed.
 * Usage: mem_grow((void **)&v, &cap, n + 1, sizeof(*v)) 
 */
static inline int mem_grow(void *array, size_t *cap, size_t need, size_t size)
{
	return need <= *cap ? 0 : mem_grow_more(array, cap, need, size);
}

/*
 * Tables that are large and seldom used to their end: zeroed memory that comes step by step, as elements are used. What the kernel
 * gives page by page, on the first touch, costs several times as much, and a page that is read before it is written comes twice.
 * The owner frees; one thread at a time. All zero: a table without memory.
 */
struct mem_table {
	uint8_t *at;                 /* the elements, at a page */
	uint8_t *there;              /* of each step: whether it was asked for */
	size_t size, bytes;          /* of an element, of all */
};
enum { MEM_TABLE_STEP_BITS = 15 };
/* `count` elements of `size` bytes. 0, or -1 without memory, with nothing to free. */
int mem_table_new(struct mem_table *t, size_t count, size_t size);
void mem_table_free(struct mem_table *t);
/* For mem_table_use() alone. */
void mem_table_fetch(struct mem_table *t, size_t from, size_t to);
/* Element i is about to be used for the first time, or may be. */
static inline void mem_table_use(struct mem_table *t, size_t i)
{
	size_t from = i * t->size >> MEM_TABLE_STEP_BITS, to = (i * t->size + t->size - 1) >> MEM_TABLE_STEP_BITS;

	if (!t->there[from] || !t->there[to])
		mem_table_fetch(t, from, to);
}

/* Tests: the Nth allocation from now on (1 = the next) fails, and all after it; 0 switches that off. */
void mem_fail_after(uint64_t nth);
/* Tests: the same for this one alone. */
void mem_fail_once(uint64_t nth);
/* Tests: number of allocations so far. */
uint64_t mem_count(void);

#endif
