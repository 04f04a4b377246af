/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/block_disk.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/trace.h"
#include "store/format.h"
#include "store/store_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

struct block_disk {
	struct store *s;

	/* the thread's; the caller's once it rests after a failure */
	struct io_file *file;        /* NULL: no block is open */
	uint32_t block;              /* 0: none */
	uint64_t synced;             /* of it durable, by jobs that were carried out whole */
	bool direct;

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;       /* guards all from here */
	pthread_cond_t wake;         /* thread: there is work; others: there is room, a job is done */
	struct block_job queue[BLOCK_BUFFERS];
	size_t queued, head;         /* ring */
	uint8_t *free[BLOCK_BUFFERS];
	size_t n_free;
	uint64_t put, done;          /* jobs */
	bool stop, busy;
	enum rc rc;                  /* of the first job that failed */
	struct err err;
	uint8_t *memory;             /* of all buffers */
};

/* ---- one job ---------------------------------------------------------------------------- */

static enum rc make_file(struct block_disk *d, uint32_t block, struct err *err)
{
	char path[STORE_PATH];
	enum rc rc;

	d->block = block;
	d->synced = 0;
	store_block_path(d->s, block, path);
	rc = io_open(path, IO_CREATE_NEW, &d->file, err);
	if (rc != RC_DONE)
		return rc;
	d->direct = io_set_direct(d->file, true);
	snprintf(path, sizeof(path), "%s/blocks", d->s->path);
	return io_sync_dir(path, err);
}

/* A file system that took O_DIRECT and then refuses a write gets it plain. */
static enum rc write_bytes(struct block_disk *d, const struct block_job *j, struct err *err)
{
	enum rc rc = io_write(d->file, j->at, j->bytes, j->len, err);

	if (rc == RC_DONE || !d->direct || errno != EINVAL)
		return rc;
	d->direct = false;
	if (!io_set_direct(d->file, false))
		return rc;
	TRACE(TRACE_STORE, "block %u: no direct writes here", d->block);
	return io_write(d->file, j->at, j->bytes, j->len, err);
}

/*
 * The page with the section header first, durable before what is behind it: else the power may take the header alone, and what is left
 * looks like somebody's own file.
 */
static enum rc write_first(struct block_disk *d, const struct block_job *j, struct err *err)
{
	struct block_job head = *j, rest = *j;
	enum rc rc;

	if (j->len <= BLOCK_ALIGN)
		return write_bytes(d, j, err);
	head.len = BLOCK_ALIGN;
	rest.at += head.len;
	rest.bytes += head.len;
	rest.len -= head.len;
	rc = write_bytes(d, &head, err);
	if (rc == RC_DONE)
		rc = io_sync(d->file, err);
	return rc == RC_DONE ? write_bytes(d, &rest, err) : rc;
}

static void set_synced(struct block_disk *d, uint64_t length)
{
	d->synced = length;
	store_block_synced(d->s, d->block, length);
}

static enum rc sync_to(struct block_disk *d, uint64_t length, struct err *err)
{
	enum rc rc = length > d->synced ? io_sync(d->file, err) : RC_DONE;

	if (rc == RC_DONE)
		set_synced(d, length);
	return rc;
}

static enum rc seal(struct block_disk *d, bool empty, struct err *err)
{
	enum rc rc = store_block_seal(d->s, d->block, d->synced, err);

	/* nothing in it that could be indexed */
	if (rc == RC_DONE && empty)
		rc = store_block_indexed(d->s, d->block, NULL, 0, err);
	if (rc != RC_DONE)
		return rc;
	io_close(d->file);
	d->file = NULL;
	d->block = 0;
	d->synced = 0;
	return RC_DONE;
}

static enum rc carry_out(struct block_disk *d, const struct block_job *j, struct err *err)
{
	enum rc rc = RC_DONE;

	if (j->begins)
		rc = make_file(d, j->block, err);
	if (rc == RC_DONE && j->len > 0)
		rc = j->begins ? write_first(d, j, err) : write_bytes(d, j, err);
	uint64_t before = d->synced;
	if (rc == RC_DONE && (j->syncs || j->seals))
		rc = sync_to(d, j->at + j->len, err);
	if (rc != RC_DONE || !j->seals)
		return rc;
	rc = seal(d, j->empty, err);
	/* its caller was told that it is not durable: block_disk_cut() must not keep it */
	if (rc != RC_DONE && !j->empty)
		set_synced(d, before);
	return rc;
}

static void *disk_main(void *arg)
{
	struct block_disk *d = arg;
	struct err err;

	pthread_mutex_lock(&d->mutex);
	for (;;) {
		while (d->queued == 0 && !d->stop)
			pthread_cond_wait(&d->wake, &d->mutex);
		if (d->queued == 0)
			break;
		struct block_job j = d->queue[d->head];
		enum rc rc = d->rc;

		d->head = (d->head + 1) % BLOCK_BUFFERS;
		d->queued--;
		d->busy = true;
		if (rc == RC_DONE) {
			pthread_mutex_unlock(&d->mutex);
			rc = carry_out(d, &j, &err);
			pthread_mutex_lock(&d->mutex);
			if (rc != RC_DONE)
				d->err = err;
			d->rc = rc;
		}
		d->done += rc == RC_DONE;
		d->free[d->n_free++] = j.bytes;
		d->busy = false;
		pthread_cond_broadcast(&d->wake);
	}
	pthread_mutex_unlock(&d->mutex);
	return NULL;
}

/* ---- the caller's side ------------------------------------------------------------------ */

/* With the mutex held. */
static enum rc failed(const struct block_disk *d, struct err *err)
{
	if (d->rc != RC_DONE && err)
		*err = d->err;
	return d->rc;
}

enum rc block_disk_put(struct block_disk *d, const struct block_job *j, uint8_t **buffer, uint64_t *number,
	struct err *err)
{
	pthread_mutex_lock(&d->mutex);
	d->queue[(d->head + d->queued) % BLOCK_BUFFERS] = *j;
	d->queued++;
	*number = ++d->put;
	pthread_cond_broadcast(&d->wake);
	while (d->n_free == 0)
		pthread_cond_wait(&d->wake, &d->mutex);
	*buffer = d->free[--d->n_free];
	enum rc rc = failed(d, err);
	pthread_mutex_unlock(&d->mutex);
	return rc;
}

enum rc block_disk_wait(struct block_disk *d, uint64_t number, struct err *err)
{
	pthread_mutex_lock(&d->mutex);
	while (d->done < number && d->rc == RC_DONE)
		pthread_cond_wait(&d->wake, &d->mutex);
	enum rc rc = d->done >= number ? RC_DONE : failed(d, err);
	pthread_mutex_unlock(&d->mutex);
	return rc;
}

uint64_t block_disk_done(struct block_disk *d)
{
	pthread_mutex_lock(&d->mutex);
	uint64_t done = d->done;
	pthread_mutex_unlock(&d->mutex);
	return done;
}

enum rc block_disk_cut(struct block_disk *d, uint32_t *block, uint64_t *length, struct err *err)
{
	pthread_mutex_lock(&d->mutex);
	while (d->queued > 0 || d->busy)
		pthread_cond_wait(&d->wake, &d->mutex);
	pthread_mutex_unlock(&d->mutex);
	*block = d->block;
	*length = d->synced;
	bool open = d->synced > 0;
	enum rc rc = RC_DONE;

	/* first of all the room that a failed write took: the catalog may need it */
	if (open) {
		rc = io_truncate(d->file, d->synced, err);
		if (rc == RC_DONE)
			rc = io_sync(d->file, err);
	}
	if (rc == RC_DONE)
		rc = store_block_forget(d->s, open ? d->block : 0, err);
	return rc == RC_DONE && open ? seal(d, false, err) : rc;
}

/* ---- beginning and end ------------------------------------------------------------------ */

void block_disk_free(struct block_disk *d)
{
	if (d->has_thread) {
		pthread_mutex_lock(&d->mutex);
		d->stop = true;
		pthread_cond_broadcast(&d->wake);
		pthread_mutex_unlock(&d->mutex);
		pthread_join(d->thread, NULL);
	}
	io_close(d->file);
	pthread_cond_destroy(&d->wake);
	pthread_mutex_destroy(&d->mutex);
	mem_free(d->memory);
	mem_free(d);
}

/* Signals are for the thread that called us. */
static int start(struct block_disk *d)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int e = pthread_create(&d->thread, NULL, disk_main, d);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	d->has_thread = e == 0;
	return e;
}

enum rc block_disk_new(struct store *s, struct block_disk **out, uint8_t **buffer, struct err *err)
{
	struct block_disk *d = mem_calloc(1, sizeof(*d));

	if (!d)
		return err_memory(err);
	d->s = s;
	pthread_mutex_init(&d->mutex, NULL);
	pthread_cond_init(&d->wake, NULL);
	d->memory = mem_large((size_t)BLOCK_BUFFERS * BLOCK_BUFFER_BYTES);
	if (!d->memory) {
		block_disk_free(d);
		return err_memory(err);
	}
	for (size_t i = 1; i < BLOCK_BUFFERS; i++)
		d->free[d->n_free++] = d->memory + i * BLOCK_BUFFER_BYTES;
	if (start(d) != 0) {
		block_disk_free(d);
		return err_set(err, RC_LIMIT, s->path, "cannot make a thread");
	}
	*buffer = d->memory;
	*out = d;
	return RC_DONE;
}
