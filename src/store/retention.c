/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks that have to go. The store's lock is taken for one short transaction at a time: the writer goes on between
 * them, and files are removed without it.
 */
#include "store/retention.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/trace.h"
#include "store/filters.h"
#include "store/store_impl.h"
#include "store/store_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
	PURGE_ROWS = 64,             /* of macroflow parts, deleted in one transaction */
	PURGE_PAUSE_NS = 1000000,    /* for the writer, who may wait for the lock */
	EVENTS_MAX = 10000,
};

/* ---- how much there is --------------------------------------------------------------------- */

static uint64_t open_block_bytes(const struct store *s, const struct block_info *b)
{
	char path[STORE_PATH];
	struct stat st;

	store_block_path(s, b->number, path);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : b->length;
}

enum rc store_disk_bytes(struct store *s, uint64_t *out, struct err *err)
{
	const struct view *v = &s->view;

	(void)err;
	store_lock(s);
	*out = v->totals.block_bytes + store_sum_index_bytes(s);
	/* an open block has bytes that no segment tells of; open ones are the last */
	for (size_t i = v->n_blocks; i-- > 0 && v->blocks[i].state == BLOCK_OPEN;)
		*out += open_block_bytes(s, &v->blocks[i]) - v->blocks[i].length;
	store_unlock(s);
	return RC_DONE;
}

/* ---- what is put by for bad times ----------------------------------------------------------- */

enum rc store_reserve(struct store *s, uint64_t bytes, struct err *err)
{
	char path[STORE_PATH];
	struct stat st;

	store_name_path(s, "reserve", path);
	if (stat(path, &st) == 0 && (uint64_t)st.st_size == bytes)
		return RC_DONE;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, path, "cannot make");
	int e = posix_fallocate(fd, 0, (off_t)bytes);
	close(fd);
	if (e == 0)
		return RC_DONE;
	unlink(path);
	errno = e;
	return err_errno(err, path, "cannot reserve");
}

void store_use_reserve(struct store *s)
{
	char path[STORE_PATH];

	store_name_path(s, "reserve", path);
	unlink(path);
	store_lock(s);
	catalog_fold(s->catalog);
	store_unlock(s);
}

/* ---- macroflow parts ------------------------------------------------------------------------ */

/* One transaction; RC_END where nothing is left to delete, and the block's row says so. */
static enum rc purge_slice(struct store *s, struct block_info *b, int64_t *window_ns, struct err *err)
{
	enum rc rc = catalog_begin(s->catalog, err), done;

	if (rc != RC_DONE)
		return rc;
	done = catalog_purge(s->catalog, b->number, window_ns, b->last_ns, PURGE_ROWS, err);
	if (done == RC_END) {
		b->parts = PARTS_GONE;
		rc = catalog_put_block(s->catalog, b, err);
	} else {
		rc = done;
	}
	rc = store_end_change(s, rc, err);
	return rc == RC_DONE ? done : rc;
}

/* Deletes the parts of an evicted block that has no runs any more. */
static enum rc purge(struct store *s, uint32_t block, struct err *err)
{
	const struct timespec pause = { .tv_nsec = PURGE_PAUSE_NS };
	struct block_info b;
	int64_t window_ns;
	enum rc rc;

	store_lock(s);
	b = *view_block(&s->view, block);
	store_unlock(s);
	window_ns = time_floor(b.first_ns, s->config.macro_ns);
	do {
		store_lock(s);
		rc = purge_slice(s, &b, &window_ns, err);
		if (rc == RC_END)
			view_block(&s->view, block)->parts = PARTS_GONE;
		store_unlock(s);
		if (rc == RC_DONE)
			nanosleep(&pause, NULL);
	} while (rc == RC_DONE);
	return rc == RC_END ? RC_DONE : rc;
}

/* ---- one block ------------------------------------------------------------------------------ */

/* Where conversations began before the oldest packets that are left is of no use to anybody. */
static enum rc forget_anew(struct store *s, uint32_t gone, uint32_t *last, struct err *err)
{
	const struct view *v = &s->view;

	*last = gone;
	for (size_t i = 0; i < v->n_blocks; i++)
		if (v->blocks[i].state != BLOCK_EVICTED && v->blocks[i].number != gone) {
			*last = v->blocks[i].number - 1;
			break;
		}
	return catalog_forget_anew(s->catalog, *last, err);
}

/* The change as a transaction that a power loss cannot take back: files go next. */
static enum rc commit_eviction(struct store *s, const struct block_info *gone, struct err *err)
{
	uint32_t last = 0;
	enum rc rc = catalog_sync(s->catalog, true, err);

	if (rc == RC_DONE)
		rc = catalog_begin(s->catalog, err);
	if (rc == RC_DONE) {
		rc = catalog_evict(s->catalog, gone, gone->parts == PARTS_KEPT, s->config.macro_ns, err);
		if (rc == RC_DONE)
			rc = forget_anew(s, gone->number, &last, err);
		rc = store_end_change(s, rc, err);
	}
	if (rc == RC_DONE)
		view_forget_anew(&s->view, last);
	catalog_sync(s->catalog, false, NULL);
	return rc;
}

/* Packets of a sealed block behind its last segment: those that no segment has (yet). */
struct unpublished {
	uint64_t from;               /* where they begin in the block */
	uint64_t packets, bytes;
	uint64_t first_frame;        /* of the block; 0: not known, or its segments say it */
};

/* Under the lock. */
static uint64_t published_to(const struct store *s, uint32_t block)
{
	const struct segment_place *last = view_last_segment(&s->view, block);

	return last ? last->end_offset : 0;
}

/* What is wrong with the file itself must not keep it; other failures are no reason to lose count. */
static bool is_unreadable(enum rc rc)
{
	return rc == RC_IO || rc == RC_MISSING || rc == RC_DAMAGED || rc == RC_CUT_SHORT;
}

/* What is not indexed goes with its block all the same and has to be counted; of a file that cannot be read what can be. */
static enum rc count_unpublished(struct store *s, uint32_t block, struct unpublished *out, struct err *err)
{
	struct walk w = { .s = NULL };
	char path[STORE_PATH];
	bool indexed;
	enum rc rc;

	store_lock(s);
	const struct block_info *b = view_block(&s->view, block);
	indexed = !b || b->state != BLOCK_SEALED;
	*out = (struct unpublished){ .from = published_to(s, block) };
	store_unlock(s);
	store_block_path(s, block, path);
	if (indexed)
		return RC_DONE;
	rc = io_open(path, IO_READ, &w.f, err);
	if (rc != RC_DONE)
		return is_unreadable(rc) ? RC_DONE : rc;
	w.at = out->from;
	rc = io_size(w.f, &w.size, err);
	if (rc == RC_DONE)
		rc = walk_tail(&w, err);
	io_close(w.f);
	out->packets = w.packets;
	out->bytes = w.packet_bytes;
	out->first_frame = out->from ? 0 : store_block_frame(s, block);
	return is_unreadable(rc) ? RC_DONE : rc;
}

/* Under the lock. */
static enum rc evict_rows(struct store *s, uint32_t block, bool keep, const struct unpublished *rest,
	struct block_info *out, struct err *err)
{
	struct view *v = &s->view;
	struct block_info *b = view_block(v, block);
	enum rc rc;

	if (!b)
		return err_set(err, RC_MISSING, s->path, "no block %u", block);
	if (b->state == BLOCK_EVICTED || b->state == BLOCK_OPEN)
		return err_set(err, RC_USAGE, s->path, "block %u is %s", block, block_state_name(b->state));
	rc = store_block_transition(s, b, BLOCK_EVICTED, err);
	if (rc != RC_DONE)
		return rc;
	*out = *b;
	out->state = BLOCK_EVICTED;
	out->parts = b->packets == 0 ? PARTS_GONE : keep ? PARTS_KEPT : PARTS_DEAD;
	out->packets += rest->packets;
	out->bytes += rest->bytes;
	if (rest->first_frame)
		out->first_frame = rest->first_frame;
	rc = commit_eviction(s, out, err);
	if (rc == RC_DONE) {
		*b = *out;
		view_evict(v, block, keep);
	}
	return rc;
}

static void remove_files(struct store *s, uint32_t block)
{
	char path[STORE_PATH];

	/* what cannot be removed now is when the store is opened next */
	store_block_path(s, block, path);
	io_remove(path, NULL);
	store_index_path(s, block, path);
	io_remove(path, NULL);
}

/* RC_STALE: another segment was published since `rest` was counted. */
static enum rc evict_counted(struct store *s, uint32_t block, bool keep, const struct unpublished *rest,
	struct block_info *gone, struct err *err)
{
	enum rc rc = RC_STALE;

	store_lock(s);
	if (published_to(s, block) == rest->from)
		rc = evict_rows(s, block, keep, rest, gone, err);
	if (rc == RC_DONE && s->idx && s->idx_block == block) {
		io_close(s->idx);
		s->idx = NULL;
	}
	s->filters_dead += rc == RC_DONE;
	store_unlock(s);
	return rc;
}

/* `gone` is its row then. */
static enum rc evict(struct store *s, uint32_t block, bool keep, struct block_info *gone, struct err *err)
{
	struct unpublished rest;
	enum rc rc;

	if (s->kind != STORE_OWN)
		return err_set(err, RC_USAGE, s->path, "its packets are somebody else's file");
	do {
		rc = count_unpublished(s, block, &rest, err);
		if (rc == RC_DONE)
			rc = evict_counted(s, block, keep, &rest, gone, err);
	} while (rc == RC_STALE);
	if (rc != RC_DONE)
		return rc;
	remove_files(s, block);
	TRACE(TRACE_STORE, "evicted block %u: %" PRIu64 " packets", block, gone->packets);
	return gone->parts == PARTS_DEAD ? purge(s, block, err) : RC_DONE;
}

enum rc store_evict(struct store *s, uint32_t block, bool keep_macroflows, struct err *err)
{
	struct block_info gone;

	return evict(s, block, keep_macroflows, &gone, err);
}

bool store_block_gone(struct store *s, uint32_t block)
{
	bool evicted = false;
	enum rc rc;

	store_lock(s);
	rc = catalog_is_evicted(s->catalog, block, &evicted, NULL);
	store_unlock(s);
	return rc == RC_DONE && evicted;
}

enum rc store_judge(struct store *s, const struct segment_place *place, enum rc rc, struct err *err)
{
	bool there = true;
	enum rc looked;

	if ((rc != RC_DAMAGED && rc != RC_MISSING && rc != RC_CUT_SHORT && rc != RC_NEWER) ||
		store_block_gone(s, place->block))
		return rc;
	store_lock(s);
	looked = catalog_is_there(s->catalog, place, &there, NULL);
	store_unlock(s);
	if (looked != RC_DONE || there)
		return rc;
	TRACE(TRACE_STORE, "segment %u.%u was replaced meanwhile", place->block, place->number);
	return err_set(err, RC_STALE, s->path, "segments were replaced while they were read: ask again");
}

/* ---- parts that outlived their packets ------------------------------------------------------- */

static enum rc expire(struct store *s, uint32_t block, struct err *err)
{
	struct block_info b;
	enum rc rc;

	store_lock(s);
	b = *view_block(&s->view, block);
	b.parts = PARTS_DEAD;
	rc = catalog_begin(s->catalog, err);
	if (rc == RC_DONE) {
		rc = catalog_drop_runs(s->catalog, &b, s->config.macro_ns, err);
		if (rc == RC_DONE)
			rc = catalog_put_block(s->catalog, &b, err);
		rc = store_end_change(s, rc, err);
	}
	if (rc == RC_DONE) {
		view_block(&s->view, block)->parts = PARTS_DEAD;
		view_drop_block_runs(&s->view, block);
	}
	store_unlock(s);
	return rc == RC_DONE ? purge(s, block, err) : rc;
}

/* The first evicted block behind `after` whose parts have to go; 0. */
static uint32_t next_stale(struct store *s, uint32_t after, int64_t before_ns, bool *dead)
{
	const struct view *v = &s->view;
	uint32_t found = 0;

	store_lock(s);
	for (size_t i = 0; i < v->n_blocks && !found; i++) {
		const struct block_info *b = &v->blocks[i];

		*dead = b->parts == PARTS_DEAD;
		if (b->number > after && (*dead || (b->parts == PARTS_KEPT && b->last_ns < before_ns)))
			found = b->number;
	}
	store_unlock(s);
	return found;
}

/* Those that a crash left half deleted, and those that were kept long enough. */
static enum rc drop_stale(struct store *s, int64_t before_ns, struct err *err)
{
	uint32_t block = 0;
	enum rc rc = RC_DONE;
	bool dead;

	while (rc == RC_DONE && (block = next_stale(s, block, before_ns, &dead)) != 0)
		rc = dead ? purge(s, block, err) : expire(s, block, err);
	return rc;
}

/* ---- what has to go --------------------------------------------------------------------------- */

/* What one call evicted. */
struct toll {
	unsigned blocks;
	uint32_t first, last;
	uint64_t packets, bytes;
};

/* The oldest block that may go; 0: the newest sealed one stays. */
static uint32_t oldest(struct store *s, struct block_info *out, uint64_t *bytes)
{
	const struct view *v = &s->view;
	size_t first = v->n_blocks, n = 0;

	store_lock(s);
	for (size_t i = 0; i < v->n_blocks && n < 2; i++) {
		enum block_state state = v->blocks[i].state;

		if (state != BLOCK_SEALED && state != BLOCK_INDEXED)
			continue;
		first = n++ == 0 ? i : first;
	}
	if (n == 2) {
		*out = v->blocks[first];
		*bytes = out->length + view_index_end(v, out->number);
	}
	store_unlock(s);
	return n == 2 ? out->number : 0;
}

enum rc store_excess(struct store *s, const struct retention *limits, uint64_t headroom, uint64_t *out,
	struct err *err)
{
	struct statvfs fs;
	uint64_t disk = 0, free_bytes;
	enum rc rc = RC_DONE;

	*out = 0;
	if (limits->max_bytes) {
		rc = store_disk_bytes(s, &disk, err);
		if (disk + headroom > limits->max_bytes)
			*out = disk + headroom - limits->max_bytes;
	}
	if (rc != RC_DONE || !limits->min_free_bytes)
		return rc;
	if (statvfs(s->path, &fs) != 0)
		return err_errno(err, s->path, "cannot look at the file system");
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (limits->min_free_bytes + headroom > free_bytes &&
		limits->min_free_bytes + headroom - free_bytes > *out)
		*out = limits->min_free_bytes + headroom - free_bytes;
	return RC_DONE;
}

static int64_t newest_ns(struct store *s)
{
	int64_t newest;

	store_lock(s);
	newest = s->view.totals.packets ? s->view.totals.last_ns : INT64_MIN;
	store_unlock(s);
	return newest;
}

/* Blocks go until enough bytes are free and none is too old. What readers hold open counts as freed. */
static enum rc evict_some(struct store *s, const struct retention *limits, uint64_t too_many, int64_t old_ns,
	struct toll *toll, struct err *err)
{
	for (;;) {
		struct block_info b = { 0 }, gone;
		uint64_t bytes = 0;
		uint32_t block = oldest(s, &b, &bytes);
		bool is_old = block && limits->max_age_ns && b.last_ns < old_ns;
		enum rc rc;

		if (toll->bytes >= too_many && !is_old)
			return RC_DONE;
		if (!block)
			return err_set(err, RC_NO_SPACE, s->path, "nothing is left that could be evicted");
		rc = evict(s, block, limits->keep_macroflows_ns > 0, &gone, err);
		if (rc != RC_DONE)
			return rc;
		toll->first = toll->blocks ? toll->first : block;
		toll->last = block;
		toll->blocks++;
		toll->packets += gone.packets;
		toll->bytes += bytes;
	}
}

/* ---- what goes with it -------------------------------------------------------------------------- */

static bool block_is_live(void *ctx, uint32_t block)
{
	const struct block_info *b = view_block(ctx, block);

	return b && b->state != BLOCK_EVICTED;
}

/* Filters of evicted blocks, once there may be more of them than of others. */
static enum rc compact_filters(struct store *s, struct err *err)
{
	struct filters_rewrite rewrite;
	char path[STORE_PATH];
	enum rc rc = RC_DONE;
	bool worth;

	store_name_path(s, "filters", path);
	store_lock(s);
	worth = s->filters_dead > s->view.totals.blocks;
	store_unlock(s);
	if (!worth)
		return RC_DONE;
	rc = filters_rewrite_begin(path, &rewrite, err);
	if (rc != RC_DONE)
		return rc;
	store_lock(s);
	filters_rewrite_choose(&rewrite, block_is_live, &s->view);
	store_unlock(s);
	rc = filters_rewrite_copy(&rewrite, err);
	store_lock(s);
	if (rc == RC_DONE)
		rc = filters_rewrite_end(&rewrite, err);
	if (rc == RC_DONE)
		s->filters_dead = 0;
	store_unlock(s);
	filters_rewrite_free(&rewrite);
	return rc;
}

/* Windows with drops in which nothing is left. */
static enum rc forget_drops(struct store *s, struct err *err)
{
	struct view *v = &s->view;
	int64_t oldest_ns = INT64_MAX;
	enum rc rc = RC_DONE;

	store_lock(s);
	for (size_t i = 0; i < v->n_blocks; i++)
		if (v->blocks[i].packets && v->blocks[i].parts <= PARTS_KEPT && v->blocks[i].first_ns < oldest_ns)
			oldest_ns = v->blocks[i].first_ns;
	if (oldest_ns != INT64_MAX && v->n_drops > 0) {
		oldest_ns = time_floor(oldest_ns, s->config.macro_ns);
		rc = catalog_forget_drops(s->catalog, oldest_ns, err);
		if (rc == RC_DONE) {
			view_forget_drops(v, oldest_ns);
			s->changes++;
		}
	}
	if (rc == RC_DONE)
		rc = catalog_forget_events(s->catalog, EVENTS_MAX, err);
	store_unlock(s);
	return rc;
}

static enum rc tell(struct store *s, const struct toll *toll, struct err *err)
{
	char text[128];

	snprintf(text, sizeof(text), "%u block%s (%u to %u): %" PRIu64 " packets, %" PRIu64 " bytes", toll->blocks,
		toll->blocks == 1 ? "" : "s", toll->first, toll->last, toll->packets, toll->bytes);
	return store_add_event(s, newest_ns(s), "evicted", text, err);
}

enum rc store_retain(struct store *s, const struct retention *limits, uint64_t headroom, unsigned *evicted,
	struct err *err)
{
	int64_t newest = newest_ns(s);
	struct toll toll = { 0 };
	uint64_t too_many = 0;
	enum rc rc = drop_stale(s, time_sub(newest, limits->keep_macroflows_ns), err);

	if (rc == RC_DONE)
		rc = store_excess(s, limits, headroom, &too_many, err);
	if (rc == RC_DONE)
		rc = evict_some(s, limits, too_many, time_sub(newest, limits->max_age_ns), &toll, err);
	*evicted = toll.blocks;
	if ((rc != RC_DONE && rc != RC_NO_SPACE) || toll.blocks == 0)
		return rc;
	enum rc after = forget_drops(s, err);
	if (after == RC_DONE)
		after = tell(s, &toll, err);
	if (after == RC_DONE)
		after = compact_filters(s, err);
	return after == RC_DONE ? rc : after;
}
