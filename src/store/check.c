/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verification, from the bottom: packet data, then each segment by itself, against the packets
 * that it names, against the catalog, and the catalog's macroflow parts against all segments.
 * Everything is read; memory is a page of each.
 */
#include "store/check.h"

#include "base/io.h"
#include "base/mem.h"
#include "file/pcapng.h"
#include "store/block.h"
#include "store/block_format.h"
#include "store/macro_codec.h"
#include "store/store_impl.h"
#include "store/store_walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CHECK_REFS = 4096 };          /* packets announced at a time */

struct sums { uint64_t packets, bytes; };

struct check {
	struct store *s;
	check_say say;
	void *ctx;
	struct check_report *out;
	struct sums *macros;         /* by segment of the snapshot */
	struct packet_reader *reader;
	bool index_bad, block_bad;   /* of the block at hand */
};

static void __attribute__((format(printf, 4, 5))) say(struct check *c, const char *path,
	uint64_t offset, const char *fmt, ...)
{
	char text[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->out->problems++;
	c->say(c->ctx, path, offset, text);
}

/* Damage is reported and the check goes on; true where it has to end (no memory). */
static bool is_fatal(enum rc rc)
{
	return rc == RC_NO_MEMORY || rc == RC_LIMIT;
}

static void say_err(struct check *c, const struct err *err)
{
	say(c, err->what, err->has_offset ? err->offset : 0, "%s", err->why);
}

/* ---- the file of a store's block -------------------------------------------------------- */

struct file_walk {
	struct io_file *f;
	struct walk_bytes bytes;
	size_t used;
	uint64_t at, end;            /* of the block at `used`; of the file's part to walk */
	uint64_t packets;
	uint32_t interfaces;
};

static enum rc walk_on(struct file_walk *w, size_t need, struct err *err)
{
	w->used = 0;
	return walk_read(&w->bytes, w->f, w->at, w->end, need, err);
}

static enum rc walk_record(struct file_walk *w, const struct pcapng_block *b, struct err *err)
{
	const char *path = io_path(w->f);
	struct pcapng_packet p;
	enum rc rc;

	if (b->type == PCAPNG_SHB)
		return w->at == 0 ? pcapng_parse_section(b, false, path, 0, err)
				  : err_damaged(err, path, w->at, "another section begins");
	if (b->type == PCAPNG_IDB)
		w->interfaces++;
	if (b->type != PCAPNG_EPB)
		return pcapng_check_block(b, false, path, w->at, err);
	rc = pcapng_parse_packet(b, false, 0, path, w->at, &p, err);
	if (rc == RC_DONE && p.interface >= w->interfaces)
		return err_damaged(err, path, w->at, "a packet of interface %u, which is not described",
			p.interface);
	w->packets++;
	return rc;
}

static enum rc walk_all(struct file_walk *w, struct err *err)
{
	enum rc rc = walk_on(w, 0, err);

	while (rc == RC_DONE && w->at < w->end) {
		bool big_endian = false;
		struct pcapng_block b;

		rc = pcapng_parse_block(w->bytes.v + w->used, w->bytes.got - w->used, &big_endian, io_path(w->f),
			w->at, &b, err);
		if (rc == RC_CUT_SHORT) {
			size_t need = b.total_len ? b.total_len : PCAPNG_BLOCK_MIN;

			if (need > w->end - w->at || w->bytes.got < w->used)
				return err_damaged(err, io_path(w->f), w->at, "the last record is cut off");
			rc = walk_on(w, need, err);
			if (rc == RC_DONE && w->bytes.got < need)
				return err_damaged(err, io_path(w->f), w->at, "the file is cut off");
			continue;
		}
		if (rc == RC_DONE)
			rc = walk_record(w, &b, err);
		w->used += b.total_len;
		w->at += b.total_len;
	}
	return rc;
}

/* Packets of the block's segments; UINT64_MAX where it is not indexed. */
static uint64_t indexed_packets(const struct block_info *b)
{
	return b->state == BLOCK_INDEXED ? b->packets : UINT64_MAX;
}

static enum rc walk_file(struct check *c, const struct block_info *b, struct io_file *f, struct err *err)
{
	struct file_walk w = { .f = f };
	struct block_header h;
	uint64_t size;
	enum rc rc = io_size(f, &size, err);

	if (rc == RC_DONE)
		rc = block_header_read(f, &h, err);
	if (rc == RC_MISSING || (rc == RC_DONE && h.number != b->number))
		return err_damaged(err, io_path(f), 0, "is not block %u of this store", b->number);
	if (rc != RC_DONE)
		return rc;
	/* what an open block has grown by since is not looked at */
	w.end = b->state == BLOCK_OPEN ? b->length : size;
	if (b->state != BLOCK_OPEN && size != b->length)
		say(c, io_path(f), b->length, "the file has %" PRIu64 " bytes, the block has %" PRIu64,
			size, b->length);
	rc = walk_all(&w, err);
	mem_free(w.bytes.v);
	if (rc == RC_DONE && indexed_packets(b) != UINT64_MAX && indexed_packets(b) != w.packets) {
		c->index_bad = true;
		say(c, io_path(f), 0, "%" PRIu64 " packets, of which %" PRIu64 " are indexed", w.packets,
			b->packets);
	}
	return rc;
}

static enum rc check_own_block(struct check *c, const struct block_info *b, struct err *err)
{
	struct io_file *f;
	struct err why = { 0 };
	char path[STORE_PATH];
	enum rc rc;

	store_block_path(c->s, b->number, path);
	rc = io_open(path, IO_READ, &f, &why);
	if (rc == RC_DONE) {
		rc = walk_file(c, b, f, &why);
		io_close(f);
	}
	if (rc == RC_DONE)
		return RC_DONE;
	if (is_fatal(rc)) {
		if (err)
			*err = why;
		return rc;
	}
	c->block_bad = true;
	say_err(c, &why);
	return RC_DONE;
}

/* ---- segments --------------------------------------------------------------------------- */

/* Microflow parts summed up. */
static enum rc sum_micros(struct segment *seg, struct sums *out, struct err *err)
{
	struct segment_cursor cursor;
	struct segment_flow flow;
	struct counters counters;
	int64_t slice_ns;
	enum rc rc = segment_seek(&cursor, seg, 0, err);

	while (rc == RC_DONE && (rc = segment_next_flow(&cursor, &flow, err)) == RC_DONE) {
		while ((rc = segment_next_micro(&cursor, NULL, &slice_ns, &counters, err)) == RC_DONE) {
			out->packets += counters_packets(&counters);
			out->bytes += counters_bytes(&counters);
		}
		if (rc != RC_END)
			return rc;
		rc = RC_DONE;
	}
	return rc == RC_END ? RC_DONE : rc;
}

/* What the packets of a segment are, as far as its place tells. */
struct seen {
	uint64_t packets, bytes, captured, digest;
	int64_t first_ns, last_ns;
	bool altered;                /* one of them is another one, which was told */
};

/* The framing is whole, but not what the packet holds: there is nothing to make it again from. */
static void say_altered(struct check *c, const struct segment_place *place, uint32_t offset, const char *why)
{
	const struct block_info *b = view_block(&c->s->view, place->block);
	char path[STORE_PATH];

	if (c->s->kind == STORE_OWN)
		store_block_path(c->s, place->block, path);
	c->block_bad = true;
	say(c, c->s->kind == STORE_OWN ? path : c->s->path, (b ? b->offset : 0) + offset, "%s", why);
}

/* Packets by references whose checks are not for the reader: one that was altered is told, and the next one read. */
static enum rc read_packets(struct check *c, const struct segment_place *place,
	const struct packet_ref *refs, size_t n, struct seen *seen, struct err *err)
{
	struct raw_packet p;
	enum rc rc = packet_reader_announce(c->reader, place->block, refs, n, err);

	for (size_t i = 0; rc == RC_DONE && (rc = packet_reader_next(c->reader, &p, err)) == RC_DONE; i++) {
		if (packet_check(p.digest) != refs[i].check) {
			say_altered(c, place, refs[i].offset, "the packet here is another one than was indexed");
			seen->altered = true;
		}
		if (seen->packets == 0 || p.time_ns < seen->first_ns)
			seen->first_ns = p.time_ns;
		if (seen->packets == 0 || p.time_ns > seen->last_ns)
			seen->last_ns = p.time_ns;
		seen->packets++;
		seen->bytes += p.len;
		seen->captured += p.caplen;
		seen->digest += p.digest;
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc walk_packets(struct check *c, const struct segment_place *place, struct segment *seg,
	struct seen *seen, struct err *err)
{
	struct packet_ref refs[CHECK_REFS];
	struct segment_packets it;
	size_t n = 0;
	enum rc rc = segment_packets_seek(&it, seg, 0, err);

	while (rc == RC_DONE) {
		rc = segment_packets_next(&it, &refs[n], err);
		if (rc == RC_DONE)
			rc = segment_check(seg, it.next - 1, &refs[n].check, err);
		if (rc == RC_DONE && ++n < CHECK_REFS)
			continue;
		if (rc == RC_DONE || (rc == RC_END && n > 0)) {
			enum rc read = read_packets(c, place, refs, n, seen, err);

			rc = read == RC_DONE ? rc : read;
		}
		n = 0;
	}
	return rc == RC_END ? RC_DONE : rc;
}

static void compare(struct check *c, const struct segment_place *place, const char *what,
	uint64_t is, uint64_t catalog)
{
	char path[STORE_PATH];

	if (is == catalog)
		return;
	store_index_path(c->s, place->block, path);
	c->index_bad = true;
	say(c, path, place->at, "segment %u: %s are %" PRIu64 ", in the catalog %" PRIu64, place->number,
		what, is, catalog);
}

/* The index by itself. */
static enum rc check_segment(struct check *c, const struct segment_place *place, struct segment *seg,
	struct err *err)
{
	struct sums sums = { 0 };
	enum rc rc = segment_verify(seg, err);

	if (rc == RC_DONE)
		rc = sum_micros(seg, &sums, err);
	if (rc != RC_DONE)
		return rc;
	compare(c, place, "packets of its microflows", sums.packets, place->packets);
	compare(c, place, "bytes of its microflows", sums.bytes, place->bytes);
	return RC_DONE;
}

/* The packets that it names. */
static enum rc check_references(struct check *c, const struct segment_place *place,
	struct segment *seg, struct err *err)
{
	struct seen seen = { 0 };
	enum rc rc = walk_packets(c, place, seg, &seen, err);

	if (rc != RC_DONE)
		return rc;
	if (seen.altered)
		return RC_DONE;      /* what they sum up to is another one's then */
	compare(c, place, "its packets", seen.packets, place->packets);
	compare(c, place, "bytes of its packets", seen.bytes, place->bytes);
	compare(c, place, "captured bytes of its packets", seen.captured, place->captured_bytes);
	if (seen.digest != place->digest && seen.packets == place->packets)
		say_altered(c, place, place->first_offset, "a packet of this segment is another one than was indexed");
	if (seen.first_ns != place->first_ns || seen.last_ns != place->last_ns)
		compare(c, place, "times of its packets", 1, 0);
	return RC_DONE;
}

/* S2 within a block, and frame numbers over all. */
static void check_order(struct check *c, const struct segment_place *before,
	const struct segment_place *place)
{
	char path[STORE_PATH];

	store_index_path(c->s, place->block, path);
	if (!before)
		return;
	if (before->block == place->block && before->end_offset > place->first_offset) {
		c->index_bad = true;
		say(c, path, place->at, "segment %u overlaps the one before", place->number);
	}
	if (before->first_frame + before->packets != place->first_frame &&
		before->block == place->block) {
		c->index_bad = true;
		say(c, path, place->at, "segment %u: frame numbers do not go on", place->number);
	}
}

static enum rc check_place(struct check *c, const struct segment_place *before,
	const struct segment_place *place, struct err *err)
{
	struct segment *seg;
	struct err why = { 0 };
	enum rc rc;

	check_order(c, before, place);
	rc = store_open_segment(c->s, place, &seg, NULL, &why);
	if (rc == RC_DONE) {
		rc = check_segment(c, place, seg, &why);
		if (rc != RC_DONE)
			c->index_bad = true;
		else
			rc = check_references(c, place, seg, &why);
		segment_close(seg);
	} else {
		c->index_bad = true;
	}
	c->out->segments++;
	c->out->packets += place->packets;
	if (rc == RC_DONE)
		return RC_DONE;
	if (is_fatal(rc)) {
		if (err)
			*err = why;
		return rc;
	}
	/*
	 * no packet where the index names one: the walk over the block has told whose fault
	 * that is
	 */
	if (!c->index_bad) {
		c->index_bad = !c->block_bad && c->s->kind == STORE_OWN;
		c->block_bad |= c->s->kind == STORE_IN_PLACE;
	}
	say_err(c, &why);
	return RC_DONE;
}

/* ---- blocks ----------------------------------------------------------------------------- */

static enum rc check_block(struct check *c, const struct block_info *b, struct err *err)
{
	const struct view *v = &c->s->view;
	size_t from = view_segment_from(v, b->number, 0), to = view_segment_from(v, b->number, UINT32_MAX);
	char path[STORE_PATH];
	enum rc rc = RC_DONE;

	if (b->state == BLOCK_EVICTED)
		return RC_DONE;
	c->index_bad = c->block_bad = false;
	c->out->blocks++;
	if (c->s->kind == STORE_OWN)
		rc = check_own_block(c, b, err);
	for (size_t i = from; rc == RC_DONE && i < to; i++)
		rc = check_place(c, i > from ? &v->segments[i - 1] : NULL, &v->segments[i], err);
	if (rc == RC_DONE && b->state == BLOCK_SEALED) {
		store_block_path(c->s, b->number, path);
		c->index_bad = true;
		say(c, path, b->offset, "block %u is not indexed", b->number);
	}
	c->out->bad_index += c->index_bad;
	c->out->bad_blocks += c->block_bad;
	return rc;
}

/* ---- macroflow parts -------------------------------------------------------------------- */

/* What the parts of a piece sum up to. */
static enum rc add_macros(struct check *c, const struct macro_run *run, const struct macro_page *page, struct record *recs,
	struct err *err)
{
	const struct segment_place *place = view_segment(&c->s->view, run->block, run->segment);
	struct sums *sums;
	char path[STORE_PATH];

	/* all fields are read, though few are summed up: what cannot be decoded has to show */
	if (macro_piece_records(&page->piece, ~(u128)0, UINT32_MAX, recs) != RC_DONE) {
		store_name_path(c->s, "catalog.db", path);
		return err_damaged(err, path, 0, "a macroflow part of segment %u.%u cannot be read", run->block, run->segment);
	}
	/* published after the snapshot that is checked */
	if (!place)
		return RC_DONE;
	sums = &c->macros[place - c->s->view.segments];
	for (size_t i = 0; i < page->piece.n; i++) {
		sums->packets += counters_packets(&recs[i].c);
		sums->bytes += counters_bytes(&recs[i].c);
	}
	return RC_DONE;
}

static enum rc sum_run(struct check *c, const struct macro_run *run, struct record *recs, struct err *err)
{
	struct macro_page page = { 0 };
	enum rc rc;

	do {
		store_lock(c->s);
		rc = catalog_macro_run(c->s->catalog, run, &page, err);
		store_unlock(c->s);
		if (rc == RC_DONE && page.piece.n)
			rc = add_macros(c, run, &page, recs, err);
	} while (rc == RC_DONE && page.piece.n);
	macro_page_free(&page);
	return rc;
}

/* Damage is reported, and the next run looked at. */
static enum rc sum_macros(struct check *c, struct err *err)
{
	const struct view *v = &c->s->view;
	struct record *recs = mem_alloc(MACRO_PIECE * sizeof(*recs));
	enum rc rc = recs ? RC_DONE : err_memory(err);

	for (size_t i = 0; rc == RC_DONE && i < v->n_runs; i++) {
		struct err why = { 0 };

		rc = sum_run(c, &v->runs[i], recs, &why);
		if (rc == RC_DAMAGED) {
			say_err(c, &why);
			rc = RC_DONE;
		} else if (rc != RC_DONE && err) {
			*err = why;
		}
	}
	mem_free(recs);
	return rc;
}

/* Tables that nothing else reads. */
static enum rc check_rest(struct check *c, struct err *err)
{
	struct err why = { 0 };
	enum rc rc;

	store_lock(c->s);
	rc = catalog_verify_rest(c->s->catalog, &why);
	store_unlock(c->s);
	if (rc == RC_DONE)
		rc = store_check_windows(c->s, &why);
	if (rc == RC_DAMAGED) {
		say_err(c, &why);
		return RC_DONE;
	}
	if (rc != RC_DONE && err)
		*err = why;
	return rc;
}

static enum rc check_macros(struct check *c, struct err *err)
{
	const struct view *v = &c->s->view;
	uint32_t bad = 0;
	char path[STORE_PATH];
	enum rc rc;

	c->macros = mem_calloc(v->n_segments, sizeof(*c->macros));
	if (!c->macros)
		return err_memory(err);
	rc = sum_macros(c, err);
	store_name_path(c->s, "catalog.db", path);
	for (size_t i = 0; rc == RC_DONE && i < v->n_segments; i++) {
		const struct segment_place *p = &v->segments[i];

		if (c->macros[i].packets == p->packets && c->macros[i].bytes == p->bytes)
			continue;
		say(c, path, 0, "macroflows of segment %u.%u have %" PRIu64 " packets and %" PRIu64
			" bytes, the segment has %u and %" PRIu64, p->block, p->number,
			c->macros[i].packets, c->macros[i].bytes, p->packets, p->bytes);
		c->out->bad_index += bad != p->block;
		bad = p->block;
	}
	mem_free(c->macros);
	return rc;
}

/* What the capture points were given adds up to what the segments hold. */
static void check_points(struct check *c)
{
	const struct view *v = &c->s->view;
	uint64_t packets = 0, bytes = 0;
	char path[STORE_PATH];

	for (size_t i = 0; i < v->n_points; i++) {
		packets += v->points[i].packets;
		bytes += v->points[i].bytes;
	}
	if (packets == v->totals.packets && bytes == v->totals.bytes)
		return;
	store_name_path(c->s, "catalog.db", path);
	say(c, path, 0, "capture points have %" PRIu64 " packets, segments %" PRIu64, packets,
		v->totals.packets);
}

/* Own stores: a block's file that the catalog does not know holds packets that nobody sees. */
static enum rc check_files(struct check *c, struct err *err)
{
	uint32_t *files = NULL;
	char path[STORE_PATH];
	size_t n = 0;
	enum rc rc = RC_DONE;

	if (c->s->kind == STORE_OWN)
		rc = store_block_files(c->s, &files, &n, err);
	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		if (view_block(&c->s->view, files[i]))
			continue;
		store_block_path(c->s, files[i], path);
		say(c, path, 0, "block %u is not in the catalog", files[i]);
		c->out->bad_index++;
	}
	mem_free(files);
	return rc;
}

enum rc store_check(struct store *s, check_say tell, void *ctx, struct check_report *out,
	struct err *err)
{
	struct check c = { .s = s, .say = tell, .ctx = ctx, .out = out };
	enum rc rc;

	*out = (struct check_report){ 0 };
	rc = packet_reader_new(s, &c.reader, err);
	for (size_t i = 0; rc == RC_DONE && i < s->view.n_blocks; i++)
		rc = check_block(&c, &s->view.blocks[i], err);
	packet_reader_free(c.reader);
	if (rc == RC_DONE)
		rc = check_files(&c, err);
	if (rc == RC_DONE)
		rc = check_macros(&c, err);
	if (rc == RC_DONE)
		rc = check_rest(&c, err);
	if (rc == RC_DONE)
		check_points(&c);
	return rc;
}
