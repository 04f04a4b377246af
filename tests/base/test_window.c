/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows: who holds one keeps its bytes, whatever the owner does meanwhile. */
#include "base/mem.h"
#include "base/window.h"

#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static void released_comes_again(void **state)
{
	struct window_pool *pool = window_pool_new();
	struct window *a = window_take(pool, 5000);

	(void)state;
	assert_non_null(a);
	assert_int_equal((uintptr_t)a->bytes % WINDOW_ALIGN, 0);
	assert_true(a->cap >= 5000);
	assert_true(window_is_mine(a));
	window_release(a);
	assert_ptr_equal(window_take(pool, 4000), a);
	window_release(a);
	struct window *b = window_take(pool, 9000);      /* too large for the free one */
	assert_true(b->cap >= 9000);
	assert_ptr_not_equal(b, a);
	window_release(b);
	window_pool_close(pool);
}

static void held_stays(void **state)
{
	struct window_pool *pool = window_pool_new();
	struct window *a = window_take(pool, 100);

	(void)state;
	memset(a->bytes, 7, 100);
	window_hold(a);
	window_release(a);               /* the reader is through with it */
	assert_true(window_is_mine(a));
	struct window *b = window_take(pool, 100);
	assert_ptr_not_equal(b, a);
	memset(b->bytes, 8, 100);
	window_release(b);
	window_pool_close(pool);         /* and the owner is gone */
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(a->bytes[i], 7);
	window_release(a);
}

static void no_memory(void **state)
{
	(void)state;
	mem_fail_after(1);
	assert_null(window_pool_new());
	mem_fail_after(0);
	struct window_pool *pool = window_pool_new();
	for (unsigned nth = 1; nth <= 2; nth++) {
		mem_fail_after(nth);
		assert_null(window_take(pool, 1));
		mem_fail_after(0);
	}
	window_pool_close(pool);
}

enum { ROUNDS = 20000, AHEAD = 8 };

struct handing {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct window *v[AHEAD];
	unsigned put, got;
};

static void *consume(void *arg)
{
	struct handing *h = arg;
	unsigned wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&h->lock);
		while (h->got == h->put)
			pthread_cond_wait(&h->changed, &h->lock);
		struct window *w = h->v[h->got++ % AHEAD];
		pthread_cond_signal(&h->changed);
		pthread_mutex_unlock(&h->lock);
		uint32_t value;
		memcpy(&value, w->bytes + 64, sizeof(value));
		wrong += value != i / 3;
		window_release(w);
	}
	return (void *)(uintptr_t)wrong;
}

/* As a source does: three packets from each window, which is written anew only when nobody holds it. */
static void between_threads(void **state)
{
	struct handing h = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	struct window_pool *pool = window_pool_new();
	struct window *w = window_take(pool, 4096);
	pthread_t thread;
	void *wrong;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, consume, &h), 0);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		if (i % 3 == 0) {
			if (!window_is_mine(w)) {
				struct window *next = window_take(pool, 4096);
				window_release(w);
				w = next;
			}
			uint32_t value = i / 3;
			memcpy(w->bytes + 64, &value, sizeof(value));
		}
		window_hold(w);
		pthread_mutex_lock(&h.lock);
		while (h.put - h.got == AHEAD)
			pthread_cond_wait(&h.changed, &h.lock);
		h.v[h.put++ % AHEAD] = w;
		pthread_cond_signal(&h.changed);
		pthread_mutex_unlock(&h.lock);
	}
	window_release(w);
	window_pool_close(pool);
	assert_int_equal(pthread_join(thread, &wrong), 0);
	assert_int_equal((uintptr_t)wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(released_comes_again),
		cmocka_unit_test(held_stays),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(between_threads),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
