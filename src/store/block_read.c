/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets by reference: records are read in stretches, and nothing else is but what lies between many. */
#include "store/block.h"

#include "base/io.h"
#include "base/mem.h"
#include "file/kind.h"
#include "file/pcap.h"
#include "file/pcapng.h"
#include "store/store_impl.h"

#include <string.h>

enum {
	READ_BYTES = 1 << 20,        /* of one call, but for a longer record */
	READ_FILES = 8,              /* open at a time */
	RECORD_MAX = PCAPNG_BLOCK_MAX + 64,
	EXPECT_MAX = 256,            /* packets that are asked for at once */
	/*
	 * Where that many records of a block are wanted, what lies between two is read with them if it is no more than that: to copy it
	 * takes 0.1 us, another call five times as long. A few records are read exactly.
	 */
	GAP_MANY = 1024, GAP_BYTES = 2048,
};

struct open_block {
	uint32_t block;              /* own: 0 none */
	uint64_t used;               /* when last */
	struct io_file *file;
};

struct packet_reader {
	struct store *s;
	struct packet_reader_counts counts;
	struct open_block files[READ_FILES];         /* in place only the first */
	uint64_t clock;
	bool is_pcap;
	struct pcap_format pcap;

	/* what was announced */
	uint32_t block;
	uint64_t block_at;           /* of the block in the file */
	struct io_file *file;
	const struct packet_ref *refs;
	size_t n, next;
	uint32_t gap;                /* bytes between records that may be read */
	struct packet_ref one;       /* packet_reader_get() */

	/* what was read: records next .. read_to */
	uint8_t *bytes;
	size_t cap;
	uint32_t read_from;          /* offset in the block of the first byte */
	size_t read_to;

	/* in place: section and untimed run of the packet before */
	size_t section;
	uint64_t untimed_from, untimed_to;
	int64_t untimed_ns;
};

/* ---- files ------------------------------------------------------------------------------ */

/* In place: a pcap file's header says how to read its records. */
static enum rc read_format(struct packet_reader *r, struct err *err)
{
	uint8_t head[PCAP_HEADER];
	struct io_file *f = r->files[0].file;
	size_t got;
	enum rc rc = io_read(f, 0, head, sizeof(head), &got, err);

	if (rc != RC_DONE)
		return rc;
	r->is_pcap = file_kind(head, got) == FILE_PCAP;
	if (!r->is_pcap)
		return RC_DONE;
	if (got < sizeof(head))
		return err_set_at(err, RC_CUT_SHORT, io_path(f), got, "the file is cut off");
	return pcap_parse_header(head, io_path(f), &r->pcap, err);
}

enum rc packet_reader_new(struct store *s, struct packet_reader **out, struct err *err)
{
	struct packet_reader *r = mem_calloc(1, sizeof(*r));
	enum rc rc = RC_DONE;

	if (!r)
		return err_memory(err);
	r->s = s;
	r->cap = READ_BYTES;
	r->bytes = mem_aligned(4096, r->cap);
	if (!r->bytes)
		rc = err_memory(err);
	if (rc == RC_DONE && s->kind == STORE_IN_PLACE) {
		rc = io_open(s->file, IO_READ, &r->files[0].file, err);
		if (rc == RC_DONE)
			rc = read_format(r, err);
	}
	if (rc != RC_DONE) {
		packet_reader_free(r);
		return rc;
	}
	*out = r;
	return RC_DONE;
}

void packet_reader_free(struct packet_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < READ_FILES; i++)
		io_close(r->files[i].file);
	mem_free(r->bytes);
	mem_free(r);
}

/* Own: the block's file, opened where it is not; the one unused longest makes room. */
static enum rc open_own(struct packet_reader *r, uint32_t block, struct io_file **out, struct err *err)
{
	struct open_block *oldest = &r->files[0];
	char path[STORE_PATH];
	enum rc rc;

	r->clock++;
	for (size_t i = 0; i < READ_FILES; i++) {
		struct open_block *o = &r->files[i];

		if (o->file && o->block == block) {
			o->used = r->clock;
			*out = o->file;
			return RC_DONE;
		}
		if (o->used < oldest->used)
			oldest = o;
	}
	io_close(oldest->file);
	*oldest = (struct open_block){ 0 };
	store_block_path(r->s, block, path);
	rc = io_open(path, IO_READ, &oldest->file, err);
	if (rc != RC_DONE)
		return rc;
	oldest->block = block;
	oldest->used = r->clock;
	*out = oldest->file;
	return RC_DONE;
}

static size_t stretch(const struct packet_reader *r, size_t *to);

/* Asks the disk for all that few packets need at once, where they do not lie together. */
static void expect(struct packet_reader *r)
{
	size_t to;

	for (; r->n <= EXPECT_MAX && r->next < r->n; r->next = to) {
		size_t len = stretch(r, &to);

		if (to == r->n && r->next == 0)
			return;
		if (len <= READ_BYTES)
			io_expect(r->file, r->block_at + r->refs[r->next].offset, len);
	}
	r->next = 0;
}

enum rc packet_reader_announce(struct packet_reader *r, uint32_t block, const struct packet_ref *refs,
	size_t n, struct err *err)
{
	const struct block_info *b = view_block(&r->s->view, block);
	enum rc rc = RC_DONE;

	r->n = r->next = r->read_to = 0;
	if (!b)
		return err_set(err, RC_MISSING, r->s->path, "no block %u", block);
	r->file = r->files[0].file;
	if (r->s->kind == STORE_OWN)
		rc = open_own(r, block, &r->file, err);
	if (rc != RC_DONE)
		return rc;
	if (r->block != block)
		r->counts.blocks++;
	r->block = block;
	r->block_at = b->offset;
	r->refs = refs;
	r->n = n;
	r->gap = n >= GAP_MANY ? GAP_BYTES : 0;
	expect(r);
	return RC_DONE;
}

const struct packet_reader_counts *packet_reader_counts(const struct packet_reader *r)
{
	return &r->counts;
}

/* ---- bytes ------------------------------------------------------------------------------ */

static enum rc make_room(struct packet_reader *r, size_t len, struct err *err)
{
	uint8_t *grown;

	if (len <= r->cap)
		return RC_DONE;
	grown = mem_aligned(4096, len);
	if (!grown)
		return err_memory(err);
	mem_free(r->bytes);
	r->bytes = grown;
	r->cap = len;
	return RC_DONE;
}

/* Records from `next` on that lie side by side, or nearly so, as many as fit into one read: its length. */
static size_t stretch(const struct packet_reader *r, size_t *to)
{
	const struct packet_ref *refs = r->refs;
	uint64_t from = refs[r->next].offset, end = from + refs[r->next].record_len;
	size_t i;

	for (i = r->next + 1; i < r->n; i++) {
		uint64_t next_end = (uint64_t)refs[i].offset + refs[i].record_len;

		if (refs[i].offset < end || refs[i].offset - end > r->gap || next_end - from > READ_BYTES)
			break;
		end = next_end;
	}
	*to = i;
	return (size_t)(end - from);
}

static enum rc read_stretch(struct packet_reader *r, struct err *err)
{
	size_t to, len = stretch(r, &to);
	uint64_t at = r->block_at + r->refs[r->next].offset;
	enum rc rc;

	if (r->refs[r->next].record_len > RECORD_MAX)
		return err_damaged(err, io_path(r->file), at, "the index names a record of %u bytes",
			r->refs[r->next].record_len);
	rc = make_room(r, len, err);
	if (rc == RC_DONE)
		rc = io_read_all(r->file, at, r->bytes, len, err);
	if (rc != RC_DONE)
		return rc;
	r->counts.reads++;
	r->counts.bytes += len;
	r->read_from = r->refs[r->next].offset;
	r->read_to = to;
	return RC_DONE;
}

/* ---- records ---------------------------------------------------------------------------- */

static enum rc no_record(const struct packet_reader *r, uint64_t at, struct err *err)
{
	return err_damaged(err, io_path(r->file), at, "no packet where the index names one");
}

static enum rc parse_pcap(struct packet_reader *r, const uint8_t *bytes, uint64_t at,
	struct raw_packet *out, struct err *err)
{
	size_t head = r->pcap.record_header;
	struct pcap_record rec;

	if (out->record_len < head)
		return no_record(r, at, err);
	pcap_parse_record(&r->pcap, bytes, &rec);
	if (rec.caplen != out->record_len - head)
		return no_record(r, at, err);
	out->time_ns = rec.time_ns;
	out->time_saturated = rec.time_saturated;
	out->timestamp = rec.timestamp;
	out->caplen = rec.caplen;
	out->len = rec.len;
	out->data = bytes + head;
	out->big_endian = r->pcap.big_endian;
	return RC_DONE;
}

/* The section of the file that holds a place; NULL where there is none (pcapng files have one). */
static const struct section_info *section_at(struct packet_reader *r, uint64_t at)
{
	const struct view *v = &r->s->view;
	size_t low = 0, high = v->n_sections;

	if (r->section < high && v->sections[r->section].offset <= at &&
		(r->section + 1 == high || v->sections[r->section + 1].offset > at))
		return &v->sections[r->section];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->sections[middle].offset <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	r->section = low - 1;
	return &v->sections[low - 1];
}

/* A simple packet's time is that of the packet before it, as indexing noted it. */
static enum rc untimed(struct packet_reader *r, uint64_t at, struct raw_packet *out, struct err *err)
{
	enum rc rc = RC_DONE;

	out->time_unknown = true;
	if (at < r->untimed_from || at >= r->untimed_to) {
		store_lock(r->s);
		rc = catalog_untimed(r->s->catalog, at, &r->untimed_from, &r->untimed_to,
			&r->untimed_ns, err);
		store_unlock(r->s);
	}
	if (rc == RC_MISSING) {
		/* none before it either */
		r->untimed_from = r->untimed_to = 0;
		return RC_DONE;
	}
	if (rc == RC_DONE)
		out->time_ns = r->untimed_ns;
	return rc;
}

static enum rc parse_pcapng(struct packet_reader *r, const uint8_t *bytes, uint64_t at,
	struct raw_packet *out, struct err *err)
{
	static const struct section_info own = { 0 };
	const struct view *v = &r->s->view;
	const struct section_info *section = r->s->kind == STORE_OWN ? &own : section_at(r, at);
	const struct point_info *point;
	struct pcapng_block b;
	struct pcapng_packet p;
	bool big_endian;
	enum rc rc;

	if (!section || section->first_point >= v->n_points)
		return no_record(r, at, err);
	big_endian = section->big_endian;
	rc = pcapng_parse_block(bytes, out->record_len, &big_endian, io_path(r->file), at, &b, err);
	if (rc == RC_CUT_SHORT || (rc == RC_DONE && (b.total_len != out->record_len ||
			(b.type != PCAPNG_EPB && b.type != PCAPNG_SPB && b.type != PCAPNG_OPB))))
		return no_record(r, at, err);
	if (rc == RC_DONE)
		rc = pcapng_parse_packet(&b, big_endian, v->points[section->first_point].snaplen,
			io_path(r->file), at, &p, err);
	if (rc != RC_DONE)
		return rc;
	if (p.interface >= v->n_points - section->first_point)
		return no_record(r, at, err);
	out->point = section->first_point + p.interface;
	point = &v->points[out->point];
	out->timestamp = p.timestamp;
	out->time_unknown = p.time_unknown;
	out->caplen = p.caplen;
	out->len = p.len;
	out->data = p.data;
	out->options = p.options_len ? p.options : NULL;
	out->options_len = p.options_len;
	out->big_endian = big_endian;
	if (!p.has_time)
		return untimed(r, at, out, err);
	out->time_ns = pcapng_time_ns(point->tsresol, point->tsoffset_s, p.timestamp,
		&out->time_saturated);
	return RC_DONE;
}

uint64_t packet_digest(const void *data, uint32_t caplen, uint32_t len, uint32_t point, int64_t time_ns)
{
	uint64_t lengths = (uint64_t)len << 32 | caplen;
	uint64_t rest = ((uint64_t)point << 32 | len) * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)time_ns;
	uint64_t odd = lengths ^ (uint64_t)time_ns ^ point ^ hash_parity(data, caplen);

	return (hash_mix(hash_bytes(data, caplen, 0) + rest) & ~UINT64_C(1)) | (uint64_t)__builtin_parityll(odd);
}

/* Whether it is the packet that was indexed. */
static enum rc verify(struct packet_reader *r, const struct packet_ref *ref, uint64_t at,
	struct raw_packet *p, struct err *err)
{
	p->digest = packet_digest(p->data, p->caplen, p->len, p->point, p->time_ns);
	if (ref->has_check && packet_check(p->digest) != ref->check)
		return err_damaged(err, io_path(r->file), at, "the packet here is another one than was indexed");
	return RC_DONE;
}

enum rc packet_reader_next(struct packet_reader *r, struct raw_packet *out, struct err *err)
{
	const struct packet_ref *ref;
	const uint8_t *bytes;
	uint64_t at;
	enum rc rc;

	if (r->next >= r->n)
		return RC_END;
	if (r->next >= r->read_to) {
		rc = read_stretch(r, err);
		if (rc != RC_DONE)
			return rc;
	}
	ref = &r->refs[r->next];
	*out = (struct raw_packet){ .record_len = ref->record_len };
	at = r->block_at + ref->offset;
	bytes = r->bytes + (ref->offset - r->read_from);
	r->next++;
	rc = r->is_pcap ? parse_pcap(r, bytes, at, out, err) : parse_pcapng(r, bytes, at, out, err);
	return rc == RC_DONE ? verify(r, ref, at, out, err) : rc;
}

enum rc packet_reader_get(struct packet_reader *r, uint32_t block, struct packet_ref ref,
	struct raw_packet *out, struct err *err)
{
	enum rc rc;

	r->one = ref;
	rc = packet_reader_announce(r, block, &r->one, 1, err);
	return rc == RC_DONE ? packet_reader_next(r, out, err) : rc;
}
