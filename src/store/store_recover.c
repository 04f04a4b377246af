/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What opening for writing puts right after a crash, or after somebody deleted files of the
 * index.
 *
 * Packets: a block that the catalog holds open, or does not know, is walked to the end of its last
 * stretch that is whole (store/format.h), cut behind it, and sealed. Sealed blocks are never touched. Index: files are
 * cut behind the last named segment; a block whose index file is not as long as the catalog
 * says must be indexed again.
 */
#include "store/store_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "file/pcapng.h"
#include "store/block_format.h"
#include "store/filters.h"
#include "store/store_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void __attribute__((format(printf, 2, 3))) note(struct store_notes *notes, const char *fmt, ...)
{
	size_t len = strlen(notes->text);
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(notes->text + len, sizeof(notes->text) - len, "%s%s", len ? "; " : "", text);
}

/* "00000007.pcapng" -> 7; 0 for anything else. */
static uint32_t number_of(const char *name, const char *suffix)
{
	char *end;
	unsigned long v;

	if (strspn(name, "0123456789") < 8)
		return 0;
	errno = 0;
	v = strtoul(name, &end, 10);
	return errno == 0 && strcmp(end, suffix) == 0 && v < UINT32_MAX ? (uint32_t)v : 0;
}

/* ---- the tail of a block ---------------------------------------------------------------- */

/*
 * True where the file ends with a whole pcapng block, as the length in its last four bytes
 * tells.
 */
static bool ends_whole(struct io_file *f, uint64_t size)
{
	uint8_t bytes[8];
	uint32_t len;

	if (size < PCAPNG_BLOCK_MIN || io_read_all(f, size - 4, bytes, 4, NULL) != RC_DONE)
		return false;
	len = load_le32(bytes);
	if (len < PCAPNG_BLOCK_MIN || len % 4 != 0 || len > size)
		return false;
	return io_read_all(f, size - len, bytes, 8, NULL) == RC_DONE && load_le32(bytes + 4) == len;
}

static enum rc put_sealed(struct store *s, uint32_t number, uint64_t length, struct err *err)
{
	struct block_info b = { .number = number, .state = BLOCK_SEALED, .length = length };

	snprintf(b.file, sizeof(b.file), "blocks/%08u.pcapng", number);
	return catalog_put_block(s->catalog, &b, err);
}

/* What the section header says of where conversations begin anew. */
static enum rc take_anew(struct store *s, const struct block_header *h, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < h->n_anew; i++)
		if (!view_has_anew(&s->view, h->anew[i]))
			rc = store_put_anew(s, h->anew[i], err);
	return rc;
}

/* Cuts the file behind what the walk took. */
static enum rc cut_file(struct walk *w, uint32_t number, struct store_notes *notes, struct err *err)
{
	enum rc rc = io_truncate(w->f, w->at, err);

	if (rc == RC_DONE)
		rc = io_sync(w->f, err);
	if (rc != RC_DONE || w->size == w->at)
		return rc;
	notes->recovered = true;
	notes->recovered_bytes += w->size - w->at;
	note(notes, "block %u: %llu bytes behind the last sync were cut off", number,
		(unsigned long long)(w->size - w->at));
	return RC_DONE;
}

/* Nothing but zeros, as far as it goes: what the power took before there was a header. */
static bool is_blank(struct io_file *f, uint64_t size)
{
	uint8_t bytes[4096];

	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < sizeof(bytes) ? (size_t)(size - at) : sizeof(bytes);

		if (io_read_all(f, at, bytes, n, NULL) != RC_DONE)
			return false;
		for (size_t i = 0; i < n; i++)
			if (bytes[i] != 0)
				return false;
		at += n;
	}
	return true;
}

/* What the catalog knows of a file that it holds for no whole block. */
enum file_state {
	FILE_STRANGER,       /* nothing */
	FILE_NEWEST,         /* nothing, but it may have lost this one with its last transactions */
	FILE_OPEN,           /* it was being written */
};

/*
 * Seals a block's file. One that was being written is cut behind its last sync. Any other one that the catalog
 * does not know (the index was deleted) was sealed where it ends with a whole block: what is damaged before that is left for
 * people to see. A file without a block's header is somebody's own, unless the catalog says that we made it.
 */
static enum rc recover_file(struct store *s, struct io_file *f, uint32_t number, enum file_state state,
	struct store_notes *notes, struct err *err)
{
	struct walk w = { .s = s, .f = f };
	uint64_t size;
	bool sealed;
	struct block_header h;
	enum rc rc = io_size(f, &w.size, err);

	if (rc != RC_DONE)
		return rc;
	rc = block_header_read(f, &h, err);
	if (rc == RC_IO || rc == RC_NO_MEMORY)
		return rc;           /* what it holds is not known */
	if (rc != RC_DONE && rc != RC_NEWER &&
		(state == FILE_OPEN || (state == FILE_NEWEST && is_blank(f, w.size))))
		return cut_file(&w, number, notes, err);
	if (rc != RC_DONE || h.number != number) {       /* whole, but another one: a copy, say */
		note(notes, "blocks/%08u.pcapng is no block of this store and is left alone", number);
		return RC_DONE;
	}
	size = w.size;
	sealed = state == FILE_STRANGER && ends_whole(f, size);
	rc = take_anew(s, &h, err);
	/* what was not synced may lack a page in its middle; of a file that nobody is known to have written, all that is whole is kept */
	if (rc == RC_DONE && state != FILE_STRANGER)
		rc = walk_stretches(f, size, &w.size, err);
	if (rc == RC_DONE)
		rc = walk_tail(&w, err);
	if (rc != RC_DONE || sealed)
		return rc == RC_DONE ? put_sealed(s, number, size, err) : rc;
	w.size = size;
	if (w.at < size)
		rc = cut_file(&w, number, notes, err);
	return rc == RC_DONE ? put_sealed(s, number, w.at, err) : rc;
}

static enum rc recover_block(struct store *s, uint32_t number, enum file_state state, struct store_notes *notes,
	struct err *err)
{
	struct io_file *f;
	char path[STORE_PATH];
	uint64_t size;
	enum rc rc;

	store_block_path(s, number, path);
	rc = io_open(path, IO_WRITE, &f, err);
	if (rc != RC_DONE)
		return rc;
	rc = recover_file(s, f, number, state, notes, err);
	if (rc == RC_DONE)
		rc = io_size(f, &size, err);
	io_close(f);
	/* nothing whole in it: as if it had never been begun */
	if (rc == RC_DONE && size == 0) {
		rc = catalog_drop_block(s->catalog, number, err);
		if (rc == RC_DONE)
			rc = io_remove(path, err);
	}
	return rc;
}

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Numbers of the files in a directory, ascending. */
static enum rc list_numbers(const char *dir, const char *suffix, uint32_t **out, size_t *n,
	struct err *err)
{
	uint32_t *v = NULL, number;
	size_t cap = 0;
	struct dirent *e;
	DIR *d = opendir(dir);

	*n = 0;
	if (!d)
		return err_errno(err, dir, "cannot read the directory");
	while ((e = readdir(d))) {
		number = number_of(e->d_name, suffix);
		if (!number)
			continue;
		if (mem_grow(&v, &cap, *n + 1, sizeof(*v)) != 0) {
			mem_free(v);
			closedir(d);
			return err_memory(err);
		}
		v[(*n)++] = number;
	}
	closedir(d);
	if (*n)
		qsort(v, *n, sizeof(*v), number_cmp);
	*out = v;
	return RC_DONE;
}

static bool has_number(const uint32_t *v, size_t n, uint32_t number)
{
	return n && bsearch(&number, v, n, sizeof(*v), number_cmp);
}

/* Rows of open blocks whose file was never made. */
static enum rc drop_fileless(struct store *s, const uint32_t *files, size_t n, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < s->view.n_blocks; i++) {
		const struct block_info *b = &s->view.blocks[i];

		if (b->state == BLOCK_OPEN && !has_number(files, n, b->number))
			rc = catalog_drop_block(s->catalog, b->number, err);
	}
	return rc;
}

/*
 * Whether the file may end anywhere: the catalog says so, or lost the block with its last transactions. Then it is the newest one: a
 * block is synced before there is a file of the next.
 */
static enum file_state file_state(const struct block_info *b, bool newest, bool fresh)
{
	return b ? FILE_OPEN : newest && !fresh ? FILE_NEWEST : FILE_STRANGER;
}

static enum rc recover_blocks(struct store *s, const uint32_t *files, size_t n, bool fresh,
	struct store_notes *notes, struct err *err)
{
	enum rc rc = drop_fileless(s, files, n, err);

	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		const struct block_info *b = view_block(&s->view, files[i]);
		char path[STORE_PATH];

		if (b && b->state == BLOCK_EVICTED) {
			store_block_path(s, files[i], path);
			rc = io_remove(path, err);
			continue;
		}

		if (!b || b->state == BLOCK_OPEN)
			rc = recover_block(s, files[i], file_state(b, i == n - 1, fresh), notes, err);
	}
	return rc;
}

/* A block that is sealed but not indexed: the session has to. */
static void note_unindexed(struct store *s, struct store_notes *notes)
{
	for (size_t i = 0; i < s->view.n_blocks; i++)
		if (s->view.blocks[i].state == BLOCK_SEALED)
			notes->index_missing = true;
}

enum rc store_block_files(const struct store *s, uint32_t **out, size_t *n, struct err *err)
{
	char dir[STORE_PATH];

	snprintf(dir, sizeof(dir), "%s/blocks", s->path);
	return list_numbers(dir, ".pcapng", out, n, err);
}

static bool is_own_block(const struct store *s, uint32_t number)
{
	struct block_header h;
	struct io_file *f;
	char path[STORE_PATH];
	bool own;

	store_block_path(s, number, path);
	if (io_open(path, IO_READ, &f, NULL) != RC_DONE)
		return false;
	own = block_header_read(f, &h, NULL) == RC_DONE && h.number == number;
	io_close(f);
	return own;
}

bool store_has_lost_block(const struct store *s)
{
	uint32_t *files = NULL;
	bool lost = false;
	size_t n = 0;

	if (s->kind != STORE_OWN || store_block_files(s, &files, &n, NULL) != RC_DONE)
		return false;
	for (size_t i = 0; i < n && !lost; i++)
		lost = !view_block(&s->view, files[i]) && is_own_block(s, files[i]);
	mem_free(files);
	return lost;
}

enum rc store_recover_own(struct store *s, bool fresh, struct store_notes *notes, struct err *err)
{
	uint32_t *files = NULL;
	size_t n;
	enum rc rc = store_load(s, err);

	if (rc == RC_DONE)
		rc = store_block_files(s, &files, &n, err);
	if (rc != RC_DONE)
		return rc;
	rc = catalog_begin(s->catalog, err);
	if (rc == RC_DONE)
		rc = store_end_change(s, recover_blocks(s, files, n, fresh, notes, err), err);
	mem_free(files);
	return rc == RC_DONE ? store_load(s, err) : rc;
}

/* ---- in place --------------------------------------------------------------------------- */

enum rc store_forget_rest(struct store *s, struct err *err)
{
	return catalog_drop_from(s->catalog, s->view.totals.indexed_to, err);
}

/*
 * Blocks are indexed in order: one that is not whole, with an indexed one behind it, was to be
 * indexed again.
 */
static bool has_hole(const struct store *s)
{
	bool open = false;

	for (size_t i = 0; i < s->view.n_blocks; i++) {
		const struct block_info *b = &s->view.blocks[i];

		if (open && b->packets > 0)
			return true;
		open |= b->state != BLOCK_INDEXED;
	}
	return false;
}

/* A block that is not whole ends with its last segment; without one it never was. */
static enum rc close_open_blocks(struct store *s, struct err *err)
{
	bool kept = false;
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < s->view.n_blocks; i++) {
		struct block_info b = s->view.blocks[i];
		const struct segment_place *last = view_last_segment(&s->view, b.number);

		kept |= b.state == BLOCK_INDEXED || last;
		if (b.state == BLOCK_INDEXED)
			continue;
		b.file[0] = '\0';
		b.state = BLOCK_INDEXED;
		b.length = last ? last->end_offset : 0;
		rc = last ? catalog_put_block(s->catalog, &b, err)
			  : catalog_drop_block(s->catalog, b.number, err);
	}
	/* numbers begin anew where nothing is left, so that the same file gets the same ids */
	if (rc == RC_DONE && !kept)
		rc = catalog_set(s->catalog, "next_block", 1, err);
	return rc;
}

/* The file is longer (or shorter) than when it was indexed whole. */
static enum rc note_growth(struct store *s, struct err *err)
{
	int64_t size = 0;
	enum rc rc = catalog_get(s->catalog, "capture_size", &size, err);

	if (rc != RC_DONE && rc != RC_MISSING)
		return rc;
	if (!s->view.totals.complete || (uint64_t)size == store_capture_size(s))
		return RC_DONE;
	return catalog_set(s->catalog, "complete", 0, err);
}

typedef enum rc (*change)(struct store *s, struct err *err);

/* One change as a transaction, and the view after it. */
static enum rc change_and_load(struct store *s, change c, struct err *err)
{
	enum rc rc = catalog_begin(s->catalog, err);

	if (rc == RC_DONE)
		rc = store_end_change(s, c(s, err), err);
	return rc == RC_DONE ? store_load(s, err) : rc;
}

enum rc store_recover_in_place(struct store *s, struct store_notes *notes, struct err *err)
{
	enum rc rc = store_load(s, err);

	if (rc != RC_DONE)
		return rc;
	if (has_hole(s)) {
		notes->index_missing = true;
		return store_drop_index(s, 0, err);
	}
	rc = change_and_load(s, note_growth, err);
	if (rc == RC_DONE)
		rc = change_and_load(s, close_open_blocks, err);
	if (rc == RC_DONE && !s->view.totals.complete)
		rc = change_and_load(s, store_forget_rest, err);
	return rc;
}

/* ---- the index -------------------------------------------------------------------------- */

/*
 * Cuts an index file behind the last byte of a segment that is named; *valid false where it does not
 * reach so far.
 */
static enum rc trim_index(struct store *s, uint32_t block, bool *valid, struct err *err)
{
	uint64_t size, header, end = view_index_end(&s->view, block);
	struct io_file *f;
	char path[STORE_PATH];
	enum rc rc;

	*valid = false;
	store_index_path(s, block, path);
	rc = io_open(path, IO_WRITE, &f, err);
	if (rc != RC_DONE)
		return rc == RC_MISSING || rc == RC_UNSUPPORTED ? RC_DONE : rc;
	rc = io_size(f, &size, err);
	if (rc == RC_DONE && size >= end && index_header_check(f, block, &header, NULL) == RC_DONE) {
		*valid = true;
		if (size > end)
			rc = io_truncate(f, end, err);
	}
	io_close(f);
	return rc;
}

static enum rc recover_indexes(struct store *s, struct store_notes *notes, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < s->view.n_blocks;) {
		uint32_t number = s->view.blocks[i++].number;
		bool valid;

		if (!view_last_segment(&s->view, number))
			continue;
		rc = trim_index(s, number, &valid, err);
		if (rc != RC_DONE || valid)
			continue;
		note(notes, "block %u has no valid index", number);
		notes->index_missing = true;
		/* not what a killed writer leaves: it is made as it was, with all that led to it */
		if (s->kind == STORE_OWN)
			rc = store_set_rebuilding(s, true, err);
		if (rc == RC_DONE)
			rc = store_drop_index(s, s->kind == STORE_OWN ? number : 0, err);
	}
	return rc;
}

/* Index files of blocks without segments. */
static enum rc remove_strays(struct store *s, struct err *err)
{
	uint32_t *files = NULL;
	char path[STORE_PATH];
	size_t n;
	enum rc rc = list_numbers(s->index_dir, ".idx", &files, &n, err);

	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		if (view_last_segment(&s->view, files[i]))
			continue;
		store_index_path(s, files[i], path);
		rc = io_remove(path, err);
	}
	mem_free(files);
	return rc;
}

/* A record that was being appended: what comes behind it could not be read. */
static enum rc trim_filters(struct store *s, struct err *err)
{
	struct filters *filters;
	struct io_file *f;
	char path[STORE_PATH];
	enum rc rc;

	store_name_path(s, "filters", path);
	if (access(path, F_OK) != 0)
		return RC_DONE;
	rc = filters_load(path, &filters, err);
	if (rc != RC_DONE)
		return rc;
	rc = io_open(path, IO_WRITE, &f, err);
	if (rc == RC_DONE) {
		rc = io_truncate(f, filters_size(filters), err);
		io_close(f);
	}
	filters_free(filters);
	return rc;
}

/* What a compactor that was killed has left of segments that were replaced. */
static enum rc release_dead(struct store *s, struct err *err)
{
	bool durable;
	enum rc rc = catalog_settle(s->catalog, &durable, err);

	for (size_t i = 0; rc == RC_DONE && durable && i < s->view.n_blocks; i++)
		store_punch_dead(s, s->view.blocks[i].number, 0, UINT64_MAX);
	return rc;
}

enum rc store_recover_index(struct store *s, struct store_notes *notes, struct err *err)
{
	enum rc rc = recover_indexes(s, notes, err);

	if (rc == RC_DONE)
		rc = release_dead(s, err);

	if (rc == RC_DONE)
		rc = remove_strays(s, err);
	if (rc == RC_DONE)
		rc = trim_filters(s, err);
	note_unindexed(s, notes);
	return rc;
}

void store_remove_index(const struct store *s)
{
	static const char *const names[] = {
		"catalog.db", "catalog.db-wal", "catalog.db-shm", "catalog.db-journal", "filters",
	};
	char path[STORE_PATH];
	uint32_t *files = NULL;
	size_t n;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		store_name_path(s, names[i], path);
		io_remove(path, NULL);
	}
	if (list_numbers(s->index_dir, ".idx", &files, &n, NULL) != RC_DONE)
		return;
	for (size_t i = 0; i < n; i++) {
		store_index_path(s, files[i], path);
		io_remove(path, NULL);
	}
	mem_free(files);
}
