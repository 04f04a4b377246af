/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The block writer: what a block consists of is laid into large buffers, which another thread (block_disk.h) brings to the
 * disk. A failure there sticks and comes out of the caller's next call.
 */
#include "store/block.h"

#include "base/mem.h"
#include "file/pcapng.h"
#include "store/block_copy.h"
#include "store/block_disk.h"
#include "store/block_format.h"
#include "store/format.h"
#include "store/store_impl.h"

#include <string.h>

enum { EPB_HEAD = 28, EPB_TAIL = 4 };

struct block_writer {
	struct store *s;
	struct block_disk *disk;
	uint64_t total;              /* bytes of all blocks */
	uint64_t ticket;             /* the last one given out */
	uint64_t next_frame;         /* 0: not known */
	bool began;                  /* a block: conversations go on from there */

	/* the open block */
	uint32_t block;              /* 0: none is open */
	uint64_t pos;                /* its length so far */
	uint64_t synced;             /* of that on its way to be durable: where a stretch begins */
	uint64_t sum;                /* of the stretch, as far as it was handed over */
	uint64_t packets;
	bool handed_over;            /* some of it; the file is made with the first bytes */
	bool filled_any;             /* something but its header and interfaces */
	uint32_t points;             /* interfaces described in it */
	int64_t counts_from_ns;      /* time of the first sample of counters; 0: there was none */
	enum rc broken;              /* a failure that the caller was told: every later call says the same */
	struct err why;

	uint8_t *fill;               /* the buffer being filled */
	size_t filled;
	struct buf scratch;          /* what is built before it is laid down */
};

/* ---- buffers ---------------------------------------------------------------------------- */

static enum rc broken(struct block_writer *w, struct err *err)
{
	if (w->broken != RC_DONE && err)
		*err = w->why;
	return w->broken;
}

/* Hands the filled buffer over and gets an empty one; syncs and seals as the job says. */
static enum rc hand_over(struct block_writer *w, struct block_job job, struct err *err)
{
	uint64_t number;

	job.block = w->block;
	job.begins = !w->handed_over;
	job.bytes = w->fill;
	job.len = w->filled;
	job.at = w->pos - w->filled;
	w->handed_over = true;
	w->filled = 0;
	if (w->broken == RC_DONE) {
		w->broken = block_disk_put(w->disk, &job, &w->fill, &number, &w->why);
		if (job.syncs || job.seals)
			w->ticket = number;
	}
	return broken(w, err);
}

static void sum_filled(struct block_writer *w)
{
	if (w->filled > 0)
		w->sum = hash_bytes(w->fill, w->filled, w->sum);
}

static enum rc lay(struct block_writer *w, const void *bytes, size_t len, struct err *err)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		size_t n = BLOCK_BUFFER_BYTES - w->filled;
		enum rc rc;

		if (n > len)
			n = len;
		memcpy(w->fill + w->filled, from, n);
		w->filled += n;
		w->pos += n;
		w->total += n;
		from += n;
		len -= n;
		if (w->filled < BLOCK_BUFFER_BYTES)
			break;
		sum_filled(w);
		rc = hand_over(w, (struct block_job){ 0 }, err);
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

/* What ends a stretch fills it up to BLOCK_ALIGN, and has a least length. */
static enum rc lay_end(struct block_writer *w, struct err *err)
{
	size_t missing = (size_t)(0 - w->pos) & (BLOCK_ALIGN - 1);

	if (missing < BLOCK_END_MIN)
		missing += BLOCK_ALIGN;
	sum_filled(w);
	buf_clear(&w->scratch);
	block_end_put(&w->scratch, missing, w->sum);
	return lay_scratch(w, err);
}

static void begin_stretch(struct block_writer *w)
{
	w->synced = w->sum = w->pos;
}

/* Ends the stretch, and lets the thread sync (or seal) what was written so far. */
static enum rc end_stretch(struct block_writer *w, struct block_job job, struct err *err)
{
	enum rc rc = broken(w, err);

	if (rc == RC_DONE && w->synced != w->pos)
		rc = lay_end(w, err);
	if (rc == RC_DONE)
		rc = hand_over(w, job, err);
	if (rc == RC_DONE)
		begin_stretch(w);
	return rc;
}

enum rc block_writer_sync_begin(struct block_writer *w, uint64_t *ticket, struct err *err)
{
	enum rc rc = broken(w, err);

	if (rc == RC_DONE && w->block && w->synced != w->pos)
		rc = end_stretch(w, (struct block_job){ .syncs = true }, err);
	*ticket = w->ticket;
	return rc;
}

enum rc block_writer_sync_wait(struct block_writer *w, uint64_t ticket, struct err *err)
{
	return block_disk_wait(w->disk, ticket, err);
}

enum rc block_writer_sync(struct block_writer *w, struct err *err)
{
	uint64_t ticket;
	enum rc rc = block_writer_sync_begin(w, &ticket, err);

	if (rc == RC_DONE)
		/* what the kernel dropped must not be taken for stored by a later sync */
		w->broken = block_writer_sync_wait(w, ticket, &w->why);
	return rc == RC_DONE ? broken(w, err) : rc;
}

uint64_t block_writer_ticket(const struct block_writer *w)
{
	return w->ticket;
}

uint64_t block_writer_durable(struct block_writer *w)
{
	return block_disk_done(w->disk);
}

enum rc block_writer_seal(struct block_writer *w, struct err *err)
{
	enum rc rc = broken(w, err);

	if (rc == RC_DONE && w->block)
		rc = end_stretch(w, (struct block_job){ .seals = true, .empty = w->packets == 0 }, err);
	if (rc == RC_DONE)
		w->block = 0;
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

/* Where conversations begin anew: the last places before this block, and this one. */
static void fill_anew(struct block_writer *w, struct block_header *h)
{
	size_t n, first;
	const struct anew_place *v;

	store_lock(w->s);
	v = store_anew(w->s, &n);
	first = n > BLOCK_ANEW_MAX ? n - BLOCK_ANEW_MAX : 0;
	h->n_anew = n - first;
	if (h->n_anew > 0)
		memcpy(h->anew, v + first, h->n_anew * sizeof(*v));
	store_unlock(w->s);
}

static enum rc begin(struct block_writer *w, struct err *err)
{
	struct block_header h = { .config = w->s->config, .identity = w->s->identity };
	enum rc rc = store_block_begin(w->s, 0, &w->block, err);

	w->pos = w->packets = 0;
	begin_stretch(w);
	w->points = 0;
	w->filled_any = w->handed_over = false;
	if (rc != RC_DONE)
		return rc;
	h.number = w->block;
	h.first_frame = w->next_frame;
	/* a writer has a pipeline of its own */
	if (!w->began)
		rc = store_add_anew(w->s, (struct anew_place){ w->block, 0 }, err);
	if (rc != RC_DONE)
		return rc;
	w->began = true;
	fill_anew(w, &h);
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
	if (w->block && w->filled_any && w->pos + len + 2 * BLOCK_ALIGN > w->s->config.block_size)
		rc = block_writer_seal(w, &w->why);
	if (rc == RC_DONE && !w->block)
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

	put_le32(to + len - 2 * EPB_TAIL, 0);    /* what pads the bytes; the rest of it is overwritten */
	fill_head(to, p, len);
	memcpy(to + EPB_HEAD, p->data, p->caplen);
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
	w->next_frame += w->next_frame > 0;
	w->filled_any = true;
	if (options_len == 0 && len < BLOCK_BUFFER_BYTES - w->filled) {
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
	if (w->broken != RC_DONE || !w->block)
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

enum rc block_writer_counts(struct block_writer *w, uint32_t point, int64_t time_ns, uint64_t stored,
	const struct point_counts *counts, struct err *err)
{
	if (w->broken != RC_DONE || !w->block || point >= w->points)
		return broken(w, err);
	if (w->counts_from_ns == 0)
		w->counts_from_ns = time_ns;

	struct block_counts c = { .from_ns = w->counts_from_ns, .time_ns = time_ns, .stored = stored, .counts = *counts };
	buf_clear(&w->scratch);
	store_lock(w->s);
	block_counts_put(&w->scratch, &w->s->view.points[point], &c);
	store_unlock(w->s);
	/* the end of a block has room for some, and the next block has them all again */
	if (w->pos + w->scratch.len + BLOCK_ALIGN + BLOCK_END_MIN > w->s->config.block_size)
		return RC_DONE;
	return lay_scratch(w, err);
}

enum rc block_writer_event(struct block_writer *w, const struct event_info *e, bool *written, struct err *err)
{
	*written = false;
	if (w->broken != RC_DONE || !w->block)
		return broken(w, err);
	buf_clear(&w->scratch);
	block_event_put(&w->scratch, e);
	if (w->pos + w->scratch.len + BLOCK_ALIGN + BLOCK_END_MIN > w->s->config.block_size)
		return RC_DONE;
	*written = true;
	return lay_scratch(w, err);
}

void block_writer_frames(struct block_writer *w, uint64_t first_frame)
{
	w->next_frame = first_frame;
}

uint64_t block_writer_bytes(const struct block_writer *w)
{
	return w->total;
}

/* ---- beginning and end ------------------------------------------------------------------ */

enum rc block_writer_new(struct store *s, struct block_writer **out, struct err *err)
{
	struct block_writer *w = mem_calloc(1, sizeof(*w));

	if (!w)
		return err_memory(err);
	w->s = s;
	buf_init(&w->scratch);
	enum rc rc = block_disk_new(s, &w->disk, &w->fill, err);
	if (rc != RC_DONE) {
		mem_free(w);
		return rc;
	}
	*out = w;
	return RC_DONE;
}

void block_writer_abandon(struct block_writer *w)
{
	if (!w)
		return;
	block_disk_free(w->disk);
	buf_free(&w->scratch);
	mem_free(w);
}

enum rc block_writer_close(struct block_writer *w, struct err *err)
{
	enum rc rc = block_writer_seal(w, err);

	if (rc == RC_DONE)
		rc = block_writer_sync_wait(w, w->ticket, err);
	block_writer_abandon(w);
	return rc;
}

enum rc block_writer_cut(struct block_writer *w, uint32_t *block, uint64_t *length, struct err *err)
{
	enum rc rc = block_disk_cut(w->disk, block, length, err);

	if (rc == RC_DONE)
		w->block = 0;
	return rc;
}
