/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of an index file, and its bytes wherever they are. */
#include "base/hash.h"
#include "base/mem.h"
#include "store/segment_reader.h"

#include <string.h>

const char *source_path(const struct index_source *src)
{
	return src->file ? io_path(src->file) : "index in memory";
}

enum rc source_read(
	struct index_source *src, uint64_t at, void *to, size_t len, struct err *err)
{
	if (at > src->size || len > src->size - at)
		return err_damaged(err, source_path(src), src->size,
			"the index ends here, %zu bytes are"
			" needed at %llu",
			len, (unsigned long long)at);
	src->read_bytes += len;
	if (src->file)
		return io_read_all(src->file, at, to, len, err);
	memcpy(to, src->memory + at, len);
	return RC_DONE;
}

enum rc index_header_encode(struct buf *out, uint32_t block, struct err *err)
{
	size_t start = out->len;
	uint32_t fields;

	buf_put(out, FILE_INDEX_MAGIC, FILE_INDEX_MAGIC_LEN);
	buf_put_le16(out, INDEX_VERSION);
	buf_put_le16(out, 0);
	buf_put_le32(out, 0);
	buf_put_le32(out, block);
	buf_put_le32(out, 0);
	plan_put_rows(out, &fields);
	buf_put_zeros(out, (8 - (out->len - start) % 8) % 8);
	buf_set_le32(out, start + INDEX_AT_LENGTH, (uint32_t)(out->len - start + 8));
	buf_set_le32(out, start + INDEX_AT_FIELDS, fields);
	buf_put_le64(out, out->failed ? 0 : hash_bytes(out->data + start, out->len - start, 0));
	if (out->failed) {
		out->len = start;
		return err_memory(err);
	}
	return RC_DONE;
}

/* Magic, version and length of a header's first bytes. */
static enum rc check_start(
	struct index_source *src, const uint8_t *start, uint32_t *len, struct err *err)
{
	unsigned version = load_le16(start + INDEX_AT_VERSION);

	*len = load_le32(start + INDEX_AT_LENGTH);
	if (memcmp(start, FILE_INDEX_MAGIC, FILE_INDEX_MAGIC_LEN) != 0)
		return err_damaged(err, source_path(src), 0, "not an index file");
	if (version > INDEX_VERSION)
		return err_set(err, RC_NEWER, source_path(src),
			"index file version %u, this program knows %d", version, INDEX_VERSION);
	if (version == 0)
		return err_damaged(err, source_path(src), INDEX_AT_VERSION, "version 0");
	if (*len < INDEX_AT_ROWS + 8 || *len > INDEX_HEADER_MAX || *len % 8 != 0)
		return err_damaged(
			err, source_path(src), INDEX_AT_LENGTH, "header of %u bytes", *len);
	return RC_DONE;
}

enum rc source_header_bytes(
	struct index_source *src, uint8_t **out, uint32_t *len, struct err *err)
{
	uint8_t start[INDEX_AT_ROWS];
	uint8_t *bytes;
	enum rc rc = source_read(src, 0, start, sizeof(start), err);

	if (rc == RC_DONE)
		rc = check_start(src, start, len, err);
	if (rc != RC_DONE)
		return rc;
	if (*len > src->size)
		return err_damaged(
			err, source_path(src), src->size, "the index ends in its header");
	bytes = mem_alloc(*len);
	if (!bytes)
		return err_memory(err);
	rc = source_read(src, 0, bytes, *len, err);
	if (rc == RC_DONE && hash_bytes(bytes, *len - 8, 0) != load_le64(bytes + *len - 8))
		rc = err_damaged(
			err, source_path(src), *len - 8, "wrong checksum of the header");
	if (rc != RC_DONE) {
		mem_free(bytes);
		return rc;
	}
	*out = bytes;
	return RC_DONE;
}

enum rc source_header(struct index_source *src, uint32_t block, struct plan *plan,
	uint64_t *header_len, struct err *err)
{
	struct cursor c;
	struct plan own;
	uint8_t *bytes;
	uint32_t len;
	enum rc rc = source_header_bytes(src, &bytes, &len, err);

	if (rc != RC_DONE)
		return rc;
	cursor_init(&c, bytes, len - 8);
	cursor_skip(&c, INDEX_AT_ROWS);
	if (block && load_le32(bytes + INDEX_AT_BLOCK) != block)
		rc = err_damaged(err, source_path(src), INDEX_AT_BLOCK,
			"the index of block %u, not of %u", load_le32(bytes + INDEX_AT_BLOCK),
			block);
	else if (!plan_parse(plan ? plan : &own, &c, load_le32(bytes + INDEX_AT_FIELDS)))
		rc = err_damaged(
			err, source_path(src), INDEX_AT_ROWS, "the field table cannot be");
	if (header_len)
		*header_len = len;
	mem_free(bytes);
	return rc;
}

enum rc index_header_check(
	struct io_file *f, uint32_t block, uint64_t *header_len, struct err *err)
{
	struct index_source src = { .file = f };
	enum rc rc = io_size(f, &src.size, err);

	return rc == RC_DONE ? source_header(&src, block, NULL, header_len, err) : rc;
}
