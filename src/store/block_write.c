/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The block writer: bytes are laid into large aligned buffers, which a thread writes in order.
 * The buffers go round: the one that the caller fills is never one that the thread has.
 *
 *   caller    fill -> queue -> (thread) write -> free -> fill
 *
 * A failure in the thread sticks and comes out of the caller's next call.
 */
#include "store/block.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/trace.h"
#include "file/pcapng.h"
#include "store/block_copy.h"
#include "store/block_format.h"
#include "store/format.h"
#include "store/store_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	BUFFERS = 4,
	BUFFER_BYTES = 4 << 20,
	EPB_HEAD = 28, EPB_TAIL = 4,
};

struct job {
	uint8_t *bytes;
	size_t len;
	uint64_t at;
};

struct block_writer {
	struct store *s;
	uint64_t total;              /* bytes of all blocks */

	/* the open block */
	struct io_file *file;        /* NULL: none is open */
	uint32_t block;
	uint64_t pos;                /* its length so far */
	uint64_t synced;             /* of that durable */
	uint64_t packets;
	bool filled_any;             /* something but its header and interfaces */
	uint32_t points;             /* interfaces described in it */
	bool direct;
	enum rc broken;              /* a failure that the caller was told: every later call says the same */
	struct err why;

	uint8_t *fill;               /* the buffer being filled */
	size_t filled;
	struct buf scratch;          /* what is built before it is laid down */

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;       /* guards all from here */
	pthread_cond_t wake;         /* thread: there is work; caller: there is room */
	struct job queue[BUFFERS];
	size_t queued, head;         /* ring */
	uint8_t *free[BUFFERS];
	size_t n_free;
	bool stop, busy;
	enum rc rc;                  /* of the first write that failed */
	struct err err;
	uint8_t *memory;             /* of all buffers */
};

/* ---- the thread ------------------------------------------------------------------------- */

/* A file system that took O_DIRECT and then refuses a write gets it plain. */
static enum rc write_job(struct block_writer *w, const struct job *j, struct err *err)
{
	enum rc rc = io_write(w->file, j->at, j->bytes, j->len, err);

	if (rc == RC_DONE || !w->direct || errno != EINVAL)
		return rc;
	w->direct = false;
	if (!io_set_direct(w->file, false))
		return rc;
	TRACE(TRACE_STORE, "block %u: no direct writes here", w->block);
	return io_write(w->file, j->at, j->bytes, j->len, err);
}

static void *writer_main(void *arg)
{
	struct block_writer *w = arg;
	struct err err;

	pthread_mutex_lock(&w->mutex);
	for (;;) {
		struct job j;
		enum rc rc = RC_DONE;

		while (w->queued == 0 && !w->stop)
			pthread_cond_wait(&w->wake, &w->mutex);
		if (w->queued == 0)
			break;
		j = w->queue[w->head];
		w->head = (w->head + 1) % BUFFERS;
		w->queued--;
		w->busy = true;
		if (w->rc == RC_DONE) {
			pthread_mutex_unlock(&w->mutex);
			rc = write_job(w, &j, &err);
			pthread_mutex_lock(&w->mutex);
		}
		if (rc != RC_DONE) {
			w->rc = rc;
			w->err = err;
		}
		w->free[w->n_free++] = j.bytes;
		w->busy = false;
		pthread_cond_broadcast(&w->wake);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

/* ---- buffers ---------------------------------------------------------------------------- */

/* What broke the writer before; also what the thread failed in, where the mutex is held. */
static enum rc broken(struct block_writer *w, struct err *err)
{
	if (w->broken != RC_DONE && err)
		*err = w->why;
	return w->broken;
}

static enum rc thread_failed(struct block_writer *w, struct err *err)
{
	if (w->broken == RC_DONE && w->rc != RC_DONE) {
		w->broken = w->rc;
		w->why = w->err;
	}
	return broken(w, err);
}

/* Hands the filled buffer over and gets an empty one. */
static enum rc hand_over(struct block_writer *w, struct err *err)
{
	enum rc rc;

	pthread_mutex_lock(&w->mutex);
	if (w->filled > 0) {
		w->queue[(w->head + w->queued) % BUFFERS] =
			(struct job){ w->fill, w->filled, w->pos - w->filled };
		w->queued++;
		w->filled = 0;
		pthread_cond_broadcast(&w->wake);
		while (w->n_free == 0)
			pthread_cond_wait(&w->wake, &w->mutex);
		w->fill = w->free[--w->n_free];
	}
	rc = thread_failed(w, err);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

/* Waits until everything handed over is written. */
static enum rc drain(struct block_writer *w, struct err *err)
{
	enum rc rc;

	pthread_mutex_lock(&w->mutex);
	while (w->queued > 0 || w->busy)
		pthread_cond_wait(&w->wake, &w->mutex);
	rc = thread_failed(w, err);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

static enum rc lay(struct block_writer *w, const void *bytes, size_t len, struct err *err)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		size_t n = BUFFER_BYTES - w->filled;
		enum rc rc;

		if (n > len)
			n = len;
		memcpy(w->fill + w->filled, from, n);
		w->filled += n;
		w->pos += n;
		w->total += n;
		from += n;
		len -= n;
		if (w->filled < BUFFER_BYTES)
			break;
		rc = hand_over(w, err);
		if (rc != RC_DONE)
			return rc;
	}
	return RC_DONE;
}

static enum rc lay_scratch(struct block_writer *w, struct err *err)
{
	return w->scratch.failed ? err_memory(err) : lay(w, w->scratch.data, w->scratch.len, err);
}

/* ---- blocks ----------------------------------------------------------------------------- */

/*
 * Every synced length is a multiple of BLOCK_ALIGN: what is missing is padding, which has a
 * least length.
 */
static enum rc pad(struct block_writer *w, struct err *err)
{
	size_t missing = (size_t)(0 - w->pos) & (BLOCK_ALIGN - 1);

	if (missing == 0)
		return RC_DONE;
	if (missing < PCAPNG_PADDING_MIN)
		missing += BLOCK_ALIGN;
	buf_clear(&w->scratch);
	pcapng_put_padding(&w->scratch, missing);
	return lay_scratch(w, err);
}

static enum rc sync_block(struct block_writer *w, struct err *err)
{
	enum rc rc = pad(w, err);

	if (rc == RC_DONE)
		rc = hand_over(w, err);
	if (rc == RC_DONE)
		rc = drain(w, err);
	return rc == RC_DONE ? io_sync(w->file, err) : rc;
}

enum rc block_writer_sync(struct block_writer *w, struct err *err)
{
	enum rc rc = broken(w, err);

	if (rc != RC_DONE || !w->file || w->synced == w->pos)
		return rc;
	rc = sync_block(w, &w->why);
	if (rc != RC_DONE) {
		/* what the kernel dropped must not be taken for stored by a later sync */
		w->broken = rc;
		return broken(w, err);
	}
	w->synced = w->pos;
	store_block_synced(w->s, w->block, w->synced);
	return RC_DONE;
}

static enum rc seal(struct block_writer *w, struct err *err)
{
	enum rc rc = block_writer_sync(w, err);

	if (rc != RC_DONE || !w->file)
		return rc;
	io_close(w->file);
	w->file = NULL;
	rc = store_block_seal(w->s, w->block, w->pos, err);
	/* nothing in it that could be indexed */
	if (rc == RC_DONE && w->packets == 0)
		rc = store_block_indexed(w->s, w->block, NULL, 0, err);
	return rc;
}

/* Interface descriptions of the capture points that the block has not yet. */
static enum rc lay_points(struct block_writer *w, struct err *err)
{
	const struct view *v = &w->s->view;
	enum rc rc;

	buf_clear(&w->scratch);
	store_lock(w->s);
	for (; w->points < v->n_points; w->points++) {
		size_t len;
		const void *options = store_point_options(w->s, w->points, &len);

		block_point_put(&w->scratch, &v->points[w->points], options, len);
	}
	store_unlock(w->s);
	rc = lay_scratch(w, err);
	return rc;
}

static enum rc make_file(struct block_writer *w, struct err *err)
{
	char path[STORE_PATH];
	enum rc rc;

	store_block_path(w->s, w->block, path);
	rc = io_open(path, IO_CREATE_NEW, &w->file, err);
	if (rc != RC_DONE)
		return rc;
	w->direct = io_set_direct(w->file, true);
	snprintf(path, sizeof(path), "%s/blocks", w->s->path);
	return io_sync_dir(path, err);
}

static enum rc begin(struct block_writer *w, struct err *err)
{
	const struct store_config *c = &w->s->config;
	struct block_header h = {
		.micro_ns = c->micro_ns, .flow_ns = c->flow_ns, .macro_ns = c->macro_ns,
		.block_size = c->block_size, .identity = w->s->identity,
	};
	enum rc rc = store_block_begin(w->s, 0, &w->block, err);

	w->pos = w->synced = w->packets = 0;
	w->points = 0;
	w->filled_any = false;
	if (rc == RC_DONE)
		rc = make_file(w, err);
	if (rc != RC_DONE)
		return rc;
	h.number = w->block;
	buf_clear(&w->scratch);
	block_header_put(&w->scratch, &h);
	rc = lay_scratch(w, err);
	return rc == RC_DONE ? lay_points(w, err) : rc;
}

/*
 * An open block with room for `len` bytes and the padding at its end. One that could not be
 * begun or sealed is the last.
 */
static enum rc make_room(struct block_writer *w, size_t len, struct err *err)
{
	enum rc rc = broken(w, err);

	if (rc != RC_DONE)
		return rc;
	if (w->file && w->filled_any && w->pos + len + 2 * BLOCK_ALIGN > w->s->config.block_size)
		rc = seal(w, &w->why);
	if (rc == RC_DONE && !w->file)
		rc = begin(w, &w->why);
	w->broken = rc;
	return broken(w, err);
}

/* ---- packets ---------------------------------------------------------------------------- */

static void put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static void fill_head(uint8_t *to, const struct block_packet *p, uint32_t len)
{
	put_le32(to, PCAPNG_EPB);
	put_le32(to + 4, len);
	put_le32(to + 8, p->point);
	put_le32(to + 12, (uint32_t)(p->timestamp >> 32));
	put_le32(to + 16, (uint32_t)p->timestamp);
	put_le32(to + 20, p->caplen);
	put_le32(to + 24, p->len);
}

/* A packet without options, straight into the buffer. */
static void lay_plain(struct block_writer *w, const struct block_packet *p, uint32_t len)
{
	uint8_t *to = w->fill + w->filled;
	uint32_t zeros = len - EPB_HEAD - EPB_TAIL - p->caplen;

	fill_head(to, p, len);
	memcpy(to + EPB_HEAD, p->data, p->caplen);
	memset(to + EPB_HEAD + p->caplen, 0, zeros);
	put_le32(to + len - EPB_TAIL, len);
	w->filled += len;
	w->pos += len;
	w->total += len;
}

/* Options as they go into the scratch buffer; true where there are some. */
static bool build_options(struct block_writer *w, const struct block_packet *p)
{
	if (p->options_len == 0 && !p->time_unknown)
		return false;
	buf_clear(&w->scratch);
	if (p->options_len)
		pcapng_copy_options(&w->scratch, PCAPNG_EPB, p->options, p->options_len,
			p->options_big_endian);
	if (p->time_unknown)
		pcapng_put_own_option(&w->scratch, PCAPNG_OWN_TIME_UNKNOWN, "", 0);
	return w->scratch.len > 0 || w->scratch.failed;
}

static enum rc lay_pieces(struct block_writer *w, const struct block_packet *p, uint32_t len,
	size_t options_len, struct err *err)
{
	static const uint8_t zeros[4];
	uint8_t head[EPB_HEAD], tail[EPB_TAIL];
	enum rc rc;

	fill_head(head, p, len);
	put_le32(tail, len);
	rc = lay(w, head, sizeof(head), err);
	if (rc == RC_DONE)
		rc = lay(w, p->data, p->caplen, err);
	if (rc == RC_DONE)
		rc = lay(w, zeros, (0u - p->caplen) & 3, err);
	if (rc == RC_DONE && options_len) {
		rc = lay(w, w->scratch.data, options_len, err);
		if (rc == RC_DONE)
			rc = lay(w, zeros, 4, err);          /* end of options */
	}
	return rc == RC_DONE ? lay(w, tail, sizeof(tail), err) : rc;
}

enum rc block_writer_packet(struct block_writer *w, const struct block_packet *p, uint32_t *block,
	uint32_t *offset, uint32_t *record_len, bool *new_block, struct err *err)
{
	size_t options_len = 0, len;
	enum rc rc;

	/* a new block's beginning uses the scratch buffer too: room first, for at least as much */
	len = pcapng_packet_len(p->caplen, p->options_len + 64);
	rc = make_room(w, len, err);
	if (rc == RC_DONE && p->point >= w->points)
		rc = lay_points(w, err);
	if (rc != RC_DONE)
		return rc;
	if (p->caplen > PCAPNG_BLOCK_MAX - 1024 || p->point >= w->points)
		return err_set(err, RC_USAGE, w->s->path, "no packet of %u bytes at point %u",
			p->caplen, p->point);
	if (build_options(w, p)) {
		if (w->scratch.failed)
			return err_memory(err);
		options_len = w->scratch.len;
	}
	len = pcapng_packet_len(p->caplen, options_len);
	*block = w->block;
	*offset = (uint32_t)w->pos;
	*record_len = (uint32_t)len;
	*new_block = w->packets++ == 0;
	w->filled_any = true;
	if (options_len == 0 && len < BUFFER_BYTES - w->filled) {
		lay_plain(w, p, (uint32_t)len);
		return RC_DONE;
	}
	return lay_pieces(w, p, (uint32_t)len, options_len, err);
}

enum rc block_writer_point(struct block_writer *w, const struct point_info *p, const void *options,
	size_t options_len, struct err *err)
{
	/* the store has it already, and what the store has is written */
	(void)p;
	(void)options;
	(void)options_len;
	if (w->broken != RC_DONE || !w->file)
		return broken(w, err);
	return lay_points(w, err);
}

enum rc block_writer_copy(struct block_writer *w, uint32_t type, const uint8_t *block, size_t len,
	bool big_endian, uint32_t first_point, struct err *err)
{
	struct buf copy;
	enum rc rc;

	buf_init(&copy);
	block_copy(&copy, type, block, len, big_endian, first_point);
	rc = copy.failed ? err_memory(err) : RC_DONE;
	if (rc == RC_DONE && copy.len > 0)
		rc = make_room(w, copy.len, err);
	if (rc == RC_DONE && copy.len > 0) {
		w->filled_any = true;
		rc = lay(w, copy.data, copy.len, err);
	}
	buf_free(&copy);
	return rc;
}

uint64_t block_writer_bytes(const struct block_writer *w)
{
	return w->total;
}

/* ---- beginning and end ------------------------------------------------------------------ */

static void writer_free(struct block_writer *w)
{
	if (w->has_thread) {
		pthread_mutex_lock(&w->mutex);
		w->stop = true;
		pthread_cond_broadcast(&w->wake);
		pthread_mutex_unlock(&w->mutex);
		pthread_join(w->thread, NULL);
	}
	io_close(w->file);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->mutex);
	buf_free(&w->scratch);
	mem_free(w->memory);
	mem_free(w);
}

enum rc block_writer_new(struct store *s, struct block_writer **out, struct err *err)
{
	struct block_writer *w = mem_calloc(1, sizeof(*w));

	if (!w)
		return err_memory(err);
	w->s = s;
	buf_init(&w->scratch);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->memory = mem_aligned(BLOCK_ALIGN, (size_t)BUFFERS * BUFFER_BYTES);
	if (!w->memory) {
		writer_free(w);
		return err_memory(err);
	}
	w->fill = w->memory;
	for (size_t i = 1; i < BUFFERS; i++)
		w->free[w->n_free++] = w->memory + i * BUFFER_BYTES;
	if (pthread_create(&w->thread, NULL, writer_main, w) != 0) {
		writer_free(w);
		return err_set(err, RC_LIMIT, s->path, "cannot make a thread");
	}
	w->has_thread = true;
	*out = w;
	return RC_DONE;
}

enum rc block_writer_close(struct block_writer *w, struct err *err)
{
	enum rc rc = broken(w, err);

	if (rc == RC_DONE)
		rc = seal(w, err);
	writer_free(w);
	return rc;
}

void block_writer_abandon(struct block_writer *w)
{
	if (w)
		writer_free(w);
}
