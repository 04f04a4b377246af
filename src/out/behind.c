/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out/behind.h"

#include "base/mem.h"
#include "out/file_out.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

struct behind {
	struct file_out *file;
	struct buf bytes;            /* the thread's while `busy`, else the caller's */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	bool busy, stop;             /* lock */
	enum rc rc;                  /* lock; of writing, sticks */
	struct err err;
};

enum rc behind_new(struct file_out *file, struct behind **out, struct err *err)
{
	struct behind *b = mem_calloc(1, sizeof(*b));

	if (!b)
		return err_memory(err);
	b->file = file;
	buf_init(&b->bytes);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->work, NULL);
	pthread_cond_init(&b->done, NULL);
	*out = b;
	return RC_DONE;
}

static void *write_main(void *arg)
{
	struct behind *b = arg;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		enum rc rc;

		while (!b->busy && !b->stop)
			pthread_cond_wait(&b->work, &b->lock);
		if (!b->busy)
			break;
		pthread_mutex_unlock(&b->lock);
		rc = file_out_write(b->file, b->bytes.data, b->bytes.len, &b->err);
		pthread_mutex_lock(&b->lock);
		b->rc = rc;
		b->busy = false;
		pthread_cond_signal(&b->done);
		if (rc != RC_DONE)
			break;
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* Signals are for the thread that called us. */
static bool start(struct behind *b)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	b->started = pthread_create(&b->thread, NULL, write_main, b) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return b->started;
}

/* Until what was handed over is written; what became of it. */
static enum rc wait_for_it(struct behind *b, struct err *err)
{
	enum rc rc;

	pthread_mutex_lock(&b->lock);
	while (b->busy)
		pthread_cond_wait(&b->done, &b->lock);
	rc = b->rc;
	pthread_mutex_unlock(&b->lock);
	if (rc != RC_DONE && err)
		*err = b->err;
	return rc;
}

enum rc behind_write(struct behind *b, struct buf *full, struct err *err)
{
	struct buf empty;
	enum rc rc = wait_for_it(b, err);

	if (rc != RC_DONE)
		return rc;
	/* without a thread it is written here and now */
	if (!b->started && !start(b)) {
		rc = file_out_write(b->file, full->data, full->len, err);
		buf_clear(full);
		return rc;
	}
	empty = b->bytes;
	buf_clear(&empty);
	b->bytes = *full;
	*full = empty;
	pthread_mutex_lock(&b->lock);
	b->busy = true;
	pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
	return RC_DONE;
}

enum rc behind_end(struct behind *b, struct buf *last, struct err *err)
{
	enum rc rc = wait_for_it(b, err);

	return rc == RC_DONE ? file_out_write(b->file, last->data, last->len, err) : rc;
}

void behind_free(struct behind *b)
{
	if (!b)
		return;
	if (b->started) {
		pthread_mutex_lock(&b->lock);
		b->stop = true;
		pthread_cond_signal(&b->work);
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->thread, NULL);
	}
	buf_free(&b->bytes);
	pthread_cond_destroy(&b->work);
	pthread_cond_destroy(&b->done);
	pthread_mutex_destroy(&b->lock);
	mem_free(b);
}
