/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store's configuration, names, snapshot, and what is read from it but macroflows. */
#include "store/store.h"

#include "base/mem.h"
#include "base/text.h"
#include "store/filters.h"
#include "store/store_impl.h"

#include <unistd.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADER_ABOUT = 8192 };         /* an index file's header is shorter */

/* ---- names ------------------------------------------------------------------------------ */

void store_block_path(const struct store *s, uint32_t block, char *out)
{
	if (s->kind == STORE_IN_PLACE)
		snprintf(out, STORE_PATH, "%s", s->file);
	else
		snprintf(out, STORE_PATH, "%s/blocks/%08u.pcapng", s->path, block);
}

void store_index_path(const struct store *s, uint32_t block, char *out)
{
	snprintf(out, STORE_PATH, "%s/%08u.idx", s->index_dir, block);
}

void store_name_path(const struct store *s, const char *name, char *out)
{
	snprintf(out, STORE_PATH, "%s/%s", s->index_dir, name);
}

void store_name_blocks(struct store *s)
{
	for (size_t i = 0; s->kind == STORE_IN_PLACE && i < s->view.n_blocks; i++) {
		struct block_info *b = &s->view.blocks[i];

		if (b->file[0] == '\0')
			snprintf(b->file, sizeof(b->file), "%.*s", (int)sizeof(b->file) - 1, s->file);
	}
}

/* ---- snapshot --------------------------------------------------------------------------- */

static uint64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

uint64_t store_capture_size(const struct store *s)
{
	return file_bytes(s->file);
}

/* Bytes of a block's index file; those of replaced segments as far as they were not given back. */
static uint64_t index_file_bytes(const struct store *s, uint32_t block)
{
	const struct view *v = &s->view;
	uint64_t end = view_index_end(v, block), least = UINT64_MAX, named = 0;
	char path[STORE_PATH];
	struct stat st;

	for (size_t i = view_segment_from(v, block, 0); i < v->n_segments && v->segments[i].block == block; i++) {
		named += v->segments[i].len;
		least = v->segments[i].at < least ? v->segments[i].at : least;
	}
	if (end == 0 || (least <= HEADER_ABOUT && least + named == end))
		return end;
	store_index_path(s, block, path);
	if (stat(path, &st) != 0 || (uint64_t)st.st_blocks * 512 >= end)
		return end;
	return (uint64_t)st.st_blocks * 512;
}

static void look_up_index(struct store *s, struct block_info *b)
{
	if (b->index_known)
		return;
	b->index_bytes = index_file_bytes(s, b->number);
	b->index_known = true;
	s->view.index_bytes += b->index_bytes;
}

/* Index files of blocks whose segments changed; all of them where those were not noted. */
static void look_up_stale(struct store *s)
{
	struct view *v = &s->view;

	if (v->index_all_stale) {
		v->index_bytes = 0;
		for (size_t i = 0; i < v->n_blocks; i++) {
			v->blocks[i].index_known = false;
			look_up_index(s, &v->blocks[i]);
		}
	}
	for (size_t i = 0; i < v->n_index_stale; i++) {
		struct block_info *b = view_block(v, v->index_stale[i]);

		if (b)
			look_up_index(s, b);
	}
	v->n_index_stale = 0;
	v->index_all_stale = false;
}

uint64_t store_sum_index_bytes(struct store *s)
{
	static const char *const names[] = { "filters", "catalog.db", "catalog.db-wal" };
	char path[STORE_PATH];
	uint64_t sum;

	look_up_stale(s);
	sum = s->view.index_bytes;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		store_name_path(s, names[i], path);
		sum += file_bytes(path);
	}
	return sum;
}

uint64_t store_index_bytes(struct store *s)
{
	uint64_t sum;

	store_lock(s);
	sum = store_sum_index_bytes(s);
	store_unlock(s);
	return sum;
}

static enum rc load_filters(struct store *s, uint64_t *bytes, struct err *err)
{
	struct filters *f;
	char path[STORE_PATH];
	enum rc rc;

	*bytes = 0;
	store_name_path(s, "filters", path);
	if (s->filters && filters_size(s->filters) == file_bytes(path))
		return RC_DONE;
	rc = filters_load(path, &f, err);
	if (rc != RC_DONE)
		return rc;
	filters_free(s->filters);
	s->filters = f;
	*bytes = filters_size(f);
	return RC_DONE;
}

enum rc store_load_filters(struct store *s, uint64_t *bytes, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = load_filters(s, bytes, err);
	store_unlock(s);
	return rc;
}

static enum rc load_whole(struct store *s, struct err *err)
{
	struct view v;
	enum rc rc;

	view_init(&v);
	rc = catalog_load(s->catalog, &v, err);
	if (rc != RC_DONE)
		return rc;
	view_free(&s->view);
	s->view = v;
	return RC_DONE;
}

/* A view that we have not written to ourselves since it was read can follow the catalog. */
enum rc store_load(struct store *s, struct err *err)
{
	enum rc rc = RC_END;

	if (s->view.whole && s->view_writes == catalog_writes(s->catalog))
		rc = catalog_follow(s->catalog, &s->view, err);
	if (rc == RC_END)
		rc = load_whole(s, err);
	if (rc != RC_DONE)
		return rc;
	s->view_writes = catalog_writes(s->catalog);
	s->merged_ns = INT64_MIN;
	store_name_blocks(s);
	return RC_DONE;
}

enum rc store_refresh(struct store *s, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = store_load(s, err);
	store_unlock(s);
	return rc;
}

enum rc store_version(struct store *s, uint64_t *version, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = catalog_version(s->catalog, version, err);
	if (rc == RC_DONE)
		*version = *version << 32 ^ s->changes;
	store_unlock(s);
	return rc;
}

/* ---- what a snapshot holds -------------------------------------------------------------- */

enum store_kind store_kind(const struct store *s)
{
	return s->kind;
}

const char *store_path(const struct store *s)
{
	return s->path;
}

const struct store_config *store_config(const struct store *s)
{
	return &s->config;
}

const struct block_info *store_blocks(const struct store *s, size_t *n)
{
	*n = s->view.n_blocks;
	return s->view.blocks;
}

const struct block_info *store_block(const struct store *s, uint32_t number)
{
	return view_block(&s->view, number);
}

const struct point_info *store_points(const struct store *s, size_t *n)
{
	*n = s->view.n_points;
	return s->view.points;
}

const void *store_point_options(const struct store *s, uint32_t point, size_t *len)
{
	if (point >= s->view.n_spans || s->view.spans[point].len == 0) {
		*len = 0;
		return NULL;
	}
	*len = s->view.spans[point].len;
	return s->view.options.data + s->view.spans[point].at;
}

const struct section_info *store_sections(const struct store *s, size_t *n)
{
	*n = s->view.n_sections;
	return s->view.sections;
}

const struct segment_place *store_segments(const struct store *s, size_t *n)
{
	*n = s->view.n_segments;
	return s->view.segments;
}

const struct store_totals *store_totals(const struct store *s)
{
	return &s->view.totals;
}

const struct filters *store_filters(const struct store *s)
{
	return s->filters;
}

const struct segment_place *store_segment_at(const struct store *s, uint32_t block, uint32_t offset)
{
	const struct view *v = &s->view;
	size_t low = view_segment_from(v, block, 0), high = view_segment_from(v, block, UINT32_MAX);
	size_t from = low;

	/* the last one that begins at or before the offset */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->segments[middle].first_offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == from || offset >= v->segments[low - 1].end_offset)
		return NULL;
	return &v->segments[low - 1];
}

/* What the catalog says of a segment must be what the segment says. */
static bool segment_fits(const struct segment_place *place, const struct segment_info *info)
{
	return info->block == place->block && info->number == place->number &&
		info->packets == place->packets && info->first_offset == place->first_offset &&
		info->end_offset == place->end_offset && info->first_frame == place->first_frame;
}

static enum rc open_segment(struct store *s, const struct segment_place *place, struct segment **out,
	struct err *err)
{
	struct io_file *f;
	char path[STORE_PATH];
	enum rc rc;

	store_index_path(s, place->block, path);
	rc = io_open(path, IO_READ, &f, err);
	if (rc != RC_DONE)
		return rc;
	rc = segment_open(f, place->at, place->len, out, err);
	/* an index file that ends early is a damaged one */
	if (rc == RC_CUT_SHORT)
		return err_damaged(err, path, place->at, "the segment is cut off");
	if (rc != RC_DONE || segment_fits(place, segment_info(*out)))
		return rc;
	segment_close(*out);
	return err_damaged(err, path, place->at, "the segment is another one than the catalog says");
}

void store_expect_segment(const struct store *s, const struct segment_place *place)
{
	struct io_file *f;
	char path[STORE_PATH];

	store_index_path(s, place->block, path);
	if (io_open(path, IO_READ, &f, NULL) != RC_DONE)
		return;
	io_expect(f, place->at, place->len < SEGMENT_HEAD_FIRST ? place->len : SEGMENT_HEAD_FIRST);
	io_close(f);
}

enum rc store_open_segment(struct store *s, const struct segment_place *place, struct segment **out,
	uint64_t *io_bytes, struct err *err)
{
	enum rc rc = open_segment(s, place, out, err);

	if (rc != RC_DONE)
		return store_judge(s, place, rc, err);
	if (io_bytes)
		*io_bytes += segment_io_bytes(*out);
	return RC_DONE;
}

/* ---- what creation leaves where it is killed ------------------------------------------------ */

/* Whether all names in a directory are among those; false where it cannot be read. */
static bool dir_has_only(const char *path, const char *const *names, size_t n)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool only = d != NULL;

	while (only && (e = readdir(d))) {
		only = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
		for (size_t i = 0; !only && i < n; i++)
			only = strcmp(e->d_name, names[i]) == 0;
	}
	if (d)
		closedir(d);
	return only;
}

static const char *const unborn_index[] = {
	"catalog.db", "catalog.db-journal", "catalog.db-wal", "catalog.db-shm",
};

bool store_is_unborn(const char *path)
{
	static const char *const names[] = { "lock", "index" };
	char index[STORE_PATH];

	if (snprintf(index, sizeof(index), "%s/index", path) >= (int)sizeof(index))
		return false;
	return dir_has_only(path, names, 2) &&
		(access(index, F_OK) != 0 || dir_has_only(index, unborn_index, 4));
}

void store_remove_unborn(const struct store *s)
{
	char path[STORE_PATH];

	for (size_t i = 0; i < sizeof(unborn_index) / sizeof(unborn_index[0]); i++) {
		store_name_path(s, unborn_index[i], path);
		io_remove(path, NULL);
	}
	unlink(s->index_dir);        /* a link to where it was to be */
}

uint64_t store_macro_parts(const struct store *s, int64_t from_ns)
{
	const struct view *v = &s->view;
	int64_t window_ns = from_ns == INT64_MIN ? from_ns : time_floor(from_ns, s->config.macro_ns);
	uint64_t parts = 0;

	for (size_t i = view_run_from(v, window_ns, 0, 0); i < v->n_runs; i++)
		parts += v->runs[i].parts;
	return parts;
}

enum rc store_flow_at(struct segment *seg, struct record_id id, struct segment_flow *flow,
	struct err *err)
{
	struct segment_cursor c;
	uint32_t ordinal, part;
	enum rc rc = segment_ordinal(seg, id.offset, &ordinal, err);

	if (rc == RC_DONE)
		rc = segment_flow_at(seg, ordinal, &part, err);
	if (rc == RC_DONE)
		rc = segment_seek(&c, seg, part, err);
	if (rc == RC_DONE)
		rc = segment_next_flow(&c, flow, err);
	return rc;
}
