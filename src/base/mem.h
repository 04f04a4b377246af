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

/* Tests: the Nth allocation from now on (1 = the next) fails, and all after it; 0 switches that off. */
void mem_fail_after(uint64_t nth);
/* Tests: the same for this one alone. */
void mem_fail_once(uint64_t nth);
/* Tests: number of allocations so far. */
uint64_t mem_count(void);

#endif
