/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows: aligned buffers that several may hold. Who reads a file into a window gives it up when the next one begins; who still
 * works on bytes in it holds it, so that nothing is copied between threads. The last one to let go gives it back to its pool.
 *
 * Invariants: bytes of a window are written only while nobody but the writer holds it. A pool outlives its owner as long as
 * one of its windows is held. Any thread may hold (one that holds it already, or got it from one that does) and release.
 */
#ifndef FLOWDRILL_BASE_WINDOW_H
#define FLOWDRILL_BASE_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_ALIGN = 4096 };

struct window_pool;

struct window {
	uint8_t *bytes;              /* aligned to WINDOW_ALIGN */
	size_t cap;
	/* private */
	_Atomic unsigned holders;
	struct window_pool *pool;
	struct window *next;         /* in the pool's list of free ones */
};

/* NULL without memory. */
struct window_pool *window_pool_new(void);
/* The owner leaves; free windows go at once, others when they are released. NULL is fine. */
void window_pool_close(struct window_pool *pool);
/* A window of at least `cap` bytes, held once; its bytes are anything. NULL without memory. */
struct window *window_take(struct window_pool *pool, size_t cap);
static inline void window_hold(struct window *w)
{
	atomic_fetch_add_explicit(&w->holders, 1, memory_order_relaxed);
}
/* NULL is fine. */
void window_release(struct window *w);
/* Whether nobody else holds it: its only holder may write. */
static inline bool window_is_mine(const struct window *w)
{
	return atomic_load_explicit(&w->holders, memory_order_acquire) == 1;
}

#endif
