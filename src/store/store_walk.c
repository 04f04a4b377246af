/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_walk.h"

#include "base/mem.h"
#include "file/pcapng.h"
#include "store/block_format.h"
#include "store/store_impl.h"

enum { WALK_BYTES = 1 << 20 };

/* A capture point that the catalog lost with its last transactions. */
static enum rc walk_interface(struct walk *w, const struct pcapng_block *b, struct err *err)
{
	struct point_info p;
	struct buf options;
	enum rc rc;

	if (w->points++ < w->s->view.n_points)
		return RC_DONE;
	buf_init(&options);
	rc = block_point_parse(b, io_path(w->f), w->at, &p, &options, err);
	if (rc == RC_DONE) {
		p.number = (uint32_t)w->s->view.n_points;
		rc = catalog_put_point(w->s->catalog, &p, options.data, options.len, err);
	}
	if (rc == RC_DONE)
		rc = view_add_point(&w->s->view, &p, options.data, options.len, err);
	buf_free(&options);
	return rc;
}

static uint64_t growth(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* Statistics that came with an import: the last ones of a point count. */
static enum rc walk_dropped(struct walk *w, const struct pcapng_block *b, struct err *err)
{
	enum { FIXED = 12 };
	uint64_t dropped;

	if (b->body_len < FIXED || load_le32(b->body) >= w->s->view.n_points ||
		!pcapng_dropped(b->body + FIXED, b->body_len - FIXED, false, &dropped))
		return RC_DONE;
	return store_put_dropped(w->s, load_le32(b->body), dropped, err);
}

/*
 * Counters that the catalog lost: those that are behind what it has. A point's counters say all since the store was made, so a window
 * with drops is from the sample before to this one.
 */
static enum rc walk_counts(struct walk *w, const struct pcapng_block *b, struct err *err)
{
	struct view *v = &w->s->view;
	struct block_counts c;
	uint32_t point;

	if (!block_counts_parse(b, v->points, v->n_points, &point, &c))
		return walk_dropped(w, b, err);
	if (c.time_ns != w->sample_ns) {
		w->sampled_ns = w->sample_ns;
		w->sample_ns = c.time_ns;
	}
	const struct point_info *p = &v->points[point];
	if (p->has_counts && c.counts.received <= p->received && c.counts.if_dropped <= p->if_dropped)
		return RC_DONE;
	struct drop_info d = {
		.point = point, .from_ns = w->sampled_ns ? w->sampled_ns : c.from_ns, .to_ns = c.time_ns,
		.dropped = growth(c.counts.dropped, p->dropped),
		.if_dropped = growth(c.counts.if_dropped, p->if_dropped),
		.refused = growth(c.counts.refused, p->refused),
	};
	if (d.from_ns > d.to_ns)
		d.from_ns = d.to_ns;
	enum rc rc = RC_DONE;
	if (d.dropped || d.if_dropped || d.refused)
		rc = store_put_drop(w->s, &d, err);
	if (rc == RC_DONE)
		rc = catalog_put_counts(w->s->catalog, point, &c.counts, err);
	if (rc == RC_DONE)
		view_set_counts(v, point, &c.counts);
	return rc;
}

struct search { const struct event_info *e; bool found; };

static bool is_known(void *ctx, int64_t time_ns, const char *kind, const char *text)
{
	struct search *s = ctx;

	s->found |= time_ns == s->e->time_ns && strcmp(kind, s->e->kind) == 0 && strcmp(text, s->e->text) == 0;
	return !s->found;
}

/* An event, unless the catalog has it among its last. */
static enum rc walk_event(struct walk *w, const struct pcapng_block *b, struct err *err)
{
	enum { LAST = 64 };
	struct event_info e;
	struct search search = { .e = &e };

	if (!block_event_parse(b, &e))
		return RC_DONE;
	enum rc rc = catalog_last_events(w->s->catalog, LAST, is_known, &search, err);
	return rc == RC_DONE && !search.found ? catalog_put_event(w->s->catalog, e.time_ns, e.kind, e.text, err) : rc;
}

static enum rc walk_recover(struct walk *w, const struct pcapng_block *b, struct err *err)
{
	switch (b->type) {
	case PCAPNG_IDB: return walk_interface(w, b, err);
	case PCAPNG_ISB: return walk_counts(w, b, err);
	case PCAPNG_CB_NOCOPY: return walk_event(w, b, err);
	default: return RC_DONE;
	}
}

static void walk_packet(struct walk *w, const struct pcapng_block *b)
{
	struct pcapng_packet p;

	if (b->type != PCAPNG_EPB || pcapng_parse_packet(b, false, 0, io_path(w->f), w->at, &p, NULL) != RC_DONE)
		return;
	w->packets++;
	w->packet_bytes += p.len;
}

enum rc walk_read(struct walk_bytes *b, struct io_file *f, uint64_t at, uint64_t end, size_t need, struct err *err)
{
	size_t want = need > WALK_BYTES ? need : WALK_BYTES;

	if (want > b->cap) {
		uint8_t *grown = mem_realloc(b->v, want, 1);

		if (!grown)
			return err_memory(err);
		b->v = grown;
		b->cap = want;
	}
	if (want > end - at)
		want = (size_t)(end - at);
	return io_read(f, at, b->v, want, &b->got, err);
}

/* Whether the stretch from w->sound to w->at has this sum; RC_END where it has not. */
static enum rc check_sum(struct walk *w, uint64_t sum, struct err *err)
{
	uint64_t found = w->sound;
	enum rc rc = RC_DONE;

	if (!w->chunk && !(w->chunk = mem_alloc(BLOCK_CHUNK)))
		return err_memory(err);
	for (uint64_t at = w->sound; rc == RC_DONE && at < w->at; at += BLOCK_CHUNK) {
		size_t n = w->at - at < BLOCK_CHUNK ? (size_t)(w->at - at) : BLOCK_CHUNK;

		rc = io_read_all(w->f, at, w->chunk, n, err);
		if (rc == RC_DONE)
			found = hash_bytes(w->chunk, n, found);
	}
	return rc == RC_DONE && found != sum ? RC_END : rc;
}

/* At a block, which may end a stretch. */
static enum rc walk_stretch(struct walk *w, const struct pcapng_block *b, struct err *err)
{
	bool has_sum;
	uint64_t sum;
	enum rc rc = RC_DONE;

	if (!block_end_parse(b, &has_sum, &sum))
		return RC_DONE;
	if (has_sum)
		rc = check_sum(w, sum, err);
	if (rc == RC_DONE)
		w->sound = w->at + b->total_len;
	return rc;
}

/* One whole block; RC_END where the rest is none. `used` bytes of the buffer are behind us. */
static enum rc walk_step(struct walk *w, size_t *used, struct err *err)
{
	bool big_endian = false;
	struct pcapng_block b;
	/* nothing has been read yet: no bytes to point into */
	const uint8_t *bytes = w->bytes.v ? w->bytes.v + *used : (const uint8_t *)"";
	enum rc rc = pcapng_parse_block(bytes, w->bytes.got - *used, &big_endian, io_path(w->f), w->at, &b, NULL);

	if (rc == RC_CUT_SHORT) {
		size_t need = b.total_len ? b.total_len : PCAPNG_BLOCK_MIN;

		*used = 0;
		rc = need > w->size - w->at ? RC_END : walk_read(&w->bytes, w->f, w->at, w->size, need, err);
		if (rc == RC_DONE && w->bytes.got >= need)
			return RC_DONE;
		return rc == RC_DONE ? RC_END : rc;
	}
	/* another section begins where nobody but us writes: this is not ours */
	if (rc != RC_DONE || big_endian || (b.type == PCAPNG_SHB && w->at > 0))
		return RC_END;
	walk_packet(w, &b);
	rc = w->sums ? walk_stretch(w, &b, err) : w->s ? walk_recover(w, &b, err) : RC_DONE;
	if (rc != RC_DONE)
		return rc;
	*used += b.total_len;
	w->at += b.total_len;
	return rc;
}

enum rc walk_tail(struct walk *w, struct err *err)
{
	size_t used = 0;
	enum rc rc = RC_DONE;

	w->bytes.got = 0;
	while (rc == RC_DONE)
		rc = walk_step(w, &used, err);
	mem_free(w->bytes.v);
	w->bytes = (struct walk_bytes){ 0 };
	return rc == RC_END ? RC_DONE : rc;
}

enum rc walk_stretches(struct io_file *f, uint64_t size, uint64_t *sound, struct err *err)
{
	struct walk w = { .f = f, .size = size, .sums = true };
	enum rc rc = walk_tail(&w, err);

	mem_free(w.chunk);
	*sound = w.sound;
	return rc;
}
