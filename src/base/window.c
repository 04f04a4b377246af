/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/window.h"

#include "base/mem.h"

#include <assert.h>
#include <pthread.h>

enum { FREE_KEPT = 32 };     /* windows that a pool keeps at most for the next time */

struct window_pool {
	pthread_mutex_t lock;
	struct window *free;
	unsigned n_free, n_out;
	bool closed;
};

struct window_pool *window_pool_new(void)
{
	struct window_pool *pool = mem_calloc(1, sizeof(*pool));

	if (pool)
		pthread_mutex_init(&pool->lock, NULL);
	return pool;
}

static void window_free(struct window *w)
{
	mem_free(w->bytes);
	mem_free(w);
}

static void pool_free(struct window_pool *pool)
{
	pthread_mutex_destroy(&pool->lock);
	mem_free(pool);
}

void window_pool_close(struct window_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->closed = true;
	while (pool->free) {
		struct window *w = pool->free;

		pool->free = w->next;
		window_free(w);
	}
	bool last = pool->n_out == 0;
	pthread_mutex_unlock(&pool->lock);
	if (last)
		pool_free(pool);
}

/* A free one that is large enough, or NULL. */
static struct window *take_free(struct window_pool *pool, size_t cap)
{
	for (struct window **at = &pool->free; *at; at = &(*at)->next) {
		struct window *w = *at;

		if (w->cap < cap)
			continue;
		*at = w->next;
		pool->n_free--;
		return w;
	}
	return NULL;
}

static struct window *window_new(size_t cap)
{
	struct window *w = mem_calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->cap = cap;
	w->bytes = mem_aligned(WINDOW_ALIGN, cap);
	if (w->bytes)
		return w;
	mem_free(w);
	return NULL;
}

struct window *window_take(struct window_pool *pool, size_t cap)
{
	pthread_mutex_lock(&pool->lock);
	struct window *w = take_free(pool, cap);
	pool->n_out += w != NULL;
	pthread_mutex_unlock(&pool->lock);
	if (!w) {
		w = window_new(cap);
		if (!w)
			return NULL;
		pthread_mutex_lock(&pool->lock);
		pool->n_out++;
		pthread_mutex_unlock(&pool->lock);
	}
	w->pool = pool;
	w->next = NULL;
	atomic_store_explicit(&w->holders, 1, memory_order_relaxed);
	return w;
}

void window_release(struct window *w)
{
	if (!w)
		return;
	unsigned before = atomic_fetch_sub_explicit(&w->holders, 1, memory_order_acq_rel);

	assert(before > 0);
	if (before > 1)
		return;

	struct window_pool *pool = w->pool;
	pthread_mutex_lock(&pool->lock);
	bool keep = !pool->closed && pool->n_free < FREE_KEPT;
	if (keep) {
		w->next = pool->free;
		pool->free = w;
		pool->n_free++;
	}
	bool last = --pool->n_out == 0 && pool->closed;
	pthread_mutex_unlock(&pool->lock);
	if (!keep)
		window_free(w);
	if (last)
		pool_free(pool);
}
