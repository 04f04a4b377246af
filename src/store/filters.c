/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/filters.h"

#include "base/cursor.h"
#include "base/io.h"
#include "base/mem.h"
#include "store/bloom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record in the bytes of the file. */
struct filter {
	uint32_t block;
	uint32_t order; /* in the file: the last one of a block counts */
	const uint8_t *content;
	uint32_t blocks; /* of 64 bytes */
};

struct filters {
	uint8_t *bytes;
	uint64_t len; /* of the records that are whole */
	struct filter *v; /* one a block, by block */
	size_t n, cap;
};

static uint64_t address_hash(const struct addr *a)
{
	return hash_bytes(a, sizeof(*a), 0);
}

/* The checksum covers the header before it and the content. */
static uint64_t record_checksum(const uint8_t *header, const uint8_t *content, size_t len)
{
	return hash_bytes(content, len, hash_bytes(header, FILTER_AT_CHECKSUM, 0));
}

/* ---- writing ---------------------------------------------------------------------------- */

void filter_encode(struct buf *out, uint32_t block, const struct addr *addrs, size_t n)
{
	size_t start = out->len;
	uint32_t blocks = bloom_blocks(n, 1u << 24);
	size_t len = (size_t)blocks * FILTER_BLOCK_BYTES;
	uint8_t *content;

	buf_put(out, FILTER_MAGIC, 4);
	buf_put_le16(out, FILTER_ADDRESS);
	buf_put_le16(out, FILTER_VERSION);
	buf_put_le32(out, block);
	buf_put_le32(out, (uint32_t)len);
	buf_put_le64(out, n);
	buf_put_le64(out, 0);
	buf_put_zeros(out, len);
	if (out->failed) {
		out->len = start;
		return;
	}
	content = out->data + start + FILTER_HEADER;
	for (size_t i = 0; i < n; i++) {
		uint64_t hash = address_hash(&addrs[i]);

		bloom_set(content + (size_t)bloom_block(hash, blocks) * FILTER_BLOCK_BYTES, hash);
	}
	buf_set_le64(out, start + FILTER_AT_CHECKSUM,
		record_checksum(out->data + start, content, len));
}

/* ---- reading ---------------------------------------------------------------------------- */

/* The record at `at`; *len is its length. False at the end, and where it is damaged. */
static bool record_at(const uint8_t *bytes, uint64_t left, uint64_t *len)
{
	uint32_t content;

	if (left < FILTER_HEADER || memcmp(bytes, FILTER_MAGIC, 4) != 0)
		return false;
	content = load_le32(bytes + FILTER_AT_LENGTH);
	if (content > left - FILTER_HEADER ||
		load_le64(bytes + FILTER_AT_CHECKSUM) !=
			record_checksum(bytes, bytes + FILTER_HEADER, content))
		return false;
	*len = FILTER_HEADER + content;
	return true;
}

static bool add_record(struct filters *f, const uint8_t *bytes)
{
	uint32_t content = load_le32(bytes + FILTER_AT_LENGTH);

	if (load_le16(bytes + FILTER_AT_KIND) != FILTER_ADDRESS ||
		load_le16(bytes + FILTER_AT_VERSION) != FILTER_VERSION ||
		content < FILTER_BLOCK_BYTES || content % FILTER_BLOCK_BYTES != 0)
		return true;
	if (mem_grow(&f->v, &f->cap, f->n + 1, sizeof(*f->v)) != 0)
		return false;
	f->v[f->n] = (struct filter){ .block = load_le32(bytes + FILTER_AT_BLOCK),
		.order = (uint32_t)f->n,
		.content = bytes + FILTER_HEADER,
		.blocks = content / FILTER_BLOCK_BYTES };
	f->n++;
	return true;
}

static int by_block(const void *a, const void *b)
{
	const struct filter *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Sorts by block; of several of one block the last stays. */
static void keep_last(struct filters *f)
{
	size_t n = 0;

	if (f->n == 0)
		return;
	qsort(f->v, f->n, sizeof(*f->v), by_block);
	for (size_t i = 1; i < f->n; i++) {
		if (f->v[i].block != f->v[n].block)
			n++;
		f->v[n] = f->v[i];
	}
	f->n = n + 1;
}

static enum rc parse_file(struct filters *f, uint64_t size, struct err *err)
{
	uint64_t len;

	for (; record_at(f->bytes + f->len, size - f->len, &len); f->len += len)
		if (!add_record(f, f->bytes + f->len))
			return err_memory(err);
	keep_last(f);
	return RC_DONE;
}

static enum rc read_file(struct filters *f, struct io_file *file, struct err *err)
{
	uint64_t size = 0;
	size_t got = 0;
	enum rc rc = io_size(file, &size, err);

	if (rc != RC_DONE)
		return rc;
	f->bytes = mem_alloc((size_t)size);
	if (!f->bytes)
		return err_memory(err);
	rc = io_read(file, 0, f->bytes, (size_t)size, &got, err);
	return rc == RC_DONE ? parse_file(f, got, err) : rc;
}

enum rc filters_load(const char *path, struct filters **out, struct err *err)
{
	struct filters *f = mem_calloc(1, sizeof(*f));
	struct io_file *file;
	struct err why;
	enum rc rc;

	if (!f)
		return err_memory(err);
	rc = io_open(path, IO_READ, &file, &why);
	if (rc == RC_DONE) {
		rc = read_file(f, file, err);
		io_close(file);
	} else if (rc == RC_MISSING) {
		rc = RC_DONE;
	} else if (err) {
		*err = why;
	}
	if (rc != RC_DONE) {
		filters_free(f);
		return rc;
	}
	*out = f;
	return RC_DONE;
}

void filters_free(struct filters *f)
{
	if (!f)
		return;
	mem_free(f->bytes);
	mem_free(f->v);
	mem_free(f);
}

bool filters_may_have(const struct filters *f, uint32_t block, const struct addr *a)
{
	size_t from = 0, to = f->n;
	uint64_t hash = address_hash(a);

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (f->v[mid].block < block)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == f->n || f->v[from].block != block)
		return true;
	return bloom_has(f->v[from].content +
		(size_t)bloom_block(hash, f->v[from].blocks) * FILTER_BLOCK_BYTES, hash);
}

uint64_t filters_size(const struct filters *f)
{
	return f->len;
}

/* ---- without those of blocks that are gone ----------------------------------------------------- */

enum rc filters_rewrite_begin(const char *path, struct filters_rewrite *r, struct err *err)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->bytes);
	snprintf(r->path, sizeof(r->path), "%s", path);
	snprintf(r->temporary, sizeof(r->temporary), "%s.new", r->path);
	return filters_load(path, &r->old, err);
}

void filters_rewrite_choose(struct filters_rewrite *r, filters_keep keep, void *ctx)
{
	for (size_t i = 0; i < r->old->n; i++) {
		const struct filter *f = &r->old->v[i];

		if (keep(ctx, f->block))
			buf_put(&r->bytes, f->content - FILTER_HEADER,
				FILTER_HEADER + (size_t)f->blocks * FILTER_BLOCK_BYTES);
	}
}

enum rc filters_rewrite_copy(struct filters_rewrite *r, struct err *err)
{
	enum rc rc;

	if (r->bytes.failed)
		return err_memory(err);
	if (r->bytes.len * 2 > r->old->len || r->old->len == 0)
		return RC_DONE;
	io_remove(r->temporary, NULL);
	rc = io_open(r->temporary, IO_CREATE, &r->to, err);
	if (rc == RC_DONE && r->bytes.len > 0)
		rc = io_write(r->to, 0, r->bytes.data, r->bytes.len, err);
	return rc == RC_DONE ? io_sync(r->to, err) : rc;
}

/* What was appended since the old one was read. */
static enum rc copy_tail(struct filters_rewrite *r, struct err *err)
{
	struct io_file *from;
	uint64_t size = 0;
	uint8_t *bytes;
	enum rc rc = io_open(r->path, IO_READ, &from, err);

	if (rc != RC_DONE)
		return rc;
	rc = io_size(from, &size, err);
	if (rc == RC_DONE && size > r->old->len) {
		size_t len = (size_t)(size - r->old->len);

		bytes = mem_alloc(len);
		rc = bytes ? io_read_all(from, r->old->len, bytes, len, err) : err_memory(err);
		if (rc == RC_DONE)
			rc = io_write(r->to, r->bytes.len, bytes, len, err);
		mem_free(bytes);
	}
	io_close(from);
	return rc;
}

enum rc filters_rewrite_end(struct filters_rewrite *r, struct err *err)
{
	enum rc rc;

	if (!r->to)
		return RC_DONE;
	rc = copy_tail(r, err);
	return rc == RC_DONE ? io_rename(r->temporary, r->path, err) : rc;
}

void filters_rewrite_free(struct filters_rewrite *r)
{
	io_close(r->to);
	filters_free(r->old);
	buf_free(&r->bytes);
}
