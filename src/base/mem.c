/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23       /* Linux 5.14; older C libraries do not know it */
#endif

static _Atomic uint64_t mem_done;
static _Atomic uint64_t mem_limit;   /* the allocation of this number fails; 0: none */
static _Atomic bool mem_goes_on;     /* and all after it */

void mem_fail_after(uint64_t nth)
{
	atomic_store(&mem_goes_on, true);
	atomic_store(&mem_limit, nth ? atomic_load(&mem_done) + nth : 0);
}

void mem_fail_once(uint64_t nth)
{
	atomic_store(&mem_goes_on, false);
	atomic_store(&mem_limit, nth ? atomic_load(&mem_done) + nth : 0);
}

uint64_t mem_count(void)
{
	return atomic_load(&mem_done);
}

/* Counts one allocation; 0 where the test wants it to fail. */
static int mem_may(void)
{
	uint64_t n = atomic_fetch_add_explicit(&mem_done, 1, memory_order_relaxed) + 1;
	uint64_t limit = atomic_load_explicit(&mem_limit, memory_order_relaxed);

	return limit == 0 || n < limit || (n > limit && !atomic_load(&mem_goes_on));
}

void *mem_alloc(size_t bytes)
{
	if (!mem_may())
		return NULL;
	return malloc(bytes ? bytes : 1);
}

void *mem_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (!mem_may() || __builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return calloc(1, bytes ? bytes : 1);
}

void *mem_realloc(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (!mem_may() || __builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return realloc(old, bytes ? bytes : 1);
}

void mem_free(void *p)
{
	free(p);
}

char *mem_strdup(const char *s)
{
	size_t bytes = strlen(s) + 1;
	char *copy = mem_alloc(bytes);

	return copy ? memcpy(copy, s, bytes) : NULL;
}

void *mem_aligned(size_t align, size_t bytes)
{
	void *p = NULL;

	if (align < sizeof(void *))
		align = sizeof(void *);
	if (!mem_may() || posix_memalign(&p, align, bytes ? bytes : 1) != 0)
		return NULL;
	return p;
}

void *mem_large(size_t bytes)
{
	void *p = mem_aligned((size_t)2 << 20, bytes);

	/* only asked for: a kernel without them has small ones */
	if (p)
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

int mem_table_new(struct mem_table *t, size_t count, size_t size)
{
	size_t bytes, step = (size_t)1 << MEM_TABLE_STEP_BITS;

	*t = (struct mem_table){ .size = size };
	if (!mem_may() || __builtin_mul_overflow(count, size, &bytes) || bytes == 0 || bytes > SIZE_MAX - step)
		return -1;
	t->there = mem_calloc((bytes + step - 1) >> MEM_TABLE_STEP_BITS, 1);
	if (!t->there)
		return -1;
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		mem_free(t->there);
		t->there = NULL;
		return -1;
	}
	t->at = at;
	t->bytes = bytes;
	return 0;
}

void mem_table_free(struct mem_table *t)
{
	if (t->at)
		munmap(t->at, t->bytes);
	mem_free(t->there);
	*t = (struct mem_table){0};
}

void mem_table_fetch(struct mem_table *t, size_t from, size_t to)
{
	size_t step = (size_t)1 << MEM_TABLE_STEP_BITS;

	for (; from <= to; from++) {
		size_t begin = from * step, left = t->bytes - begin;

		if (t->there[from])
			continue;
		/* where the kernel cannot, pages come when they are touched, as ever */
		(void)madvise(t->at + begin, left < step ? left : step, MADV_POPULATE_WRITE);
		t->there[from] = 1;
	}
}

int mem_grow_more(void *array, size_t *cap, size_t need, size_t size)
{
	void *old, *grown;
	size_t want = *cap;

	want = want > SIZE_MAX / 2 ? need : want * 2;
	if (want < need)
		want = need;
	if (want < 8)
		want = 8;
	/* the array is some T *: copied as bytes, since its type is not void * */
	memcpy(&old, array, sizeof(old));
	grown = mem_realloc(old, want, size);
	if (!grown)
		return -1;
	memcpy(array, &grown, sizeof(grown));
	*cap = want;
	return 0;
}
