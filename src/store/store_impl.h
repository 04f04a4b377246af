/* SPDX-License-Identifier: GPL-3.0-or-later */
/* struct store, for store*.c, block_*.c and check.c; nobody else. */
#ifndef FLOWDRILL_STORE_STORE_IMPL_H
#define FLOWDRILL_STORE_STORE_IMPL_H

#include "base/hash.h"
#include "base/io.h"
#include "store/catalog.h"
#include "store/store.h"
#include "store/view.h"

#include <pthread.h>

enum { STORE_PATH = 4096 };

/* A run of simple packet blocks, to be written with the next segment. */
struct untimed_run { uint64_t from, to; int64_t time_ns; };

struct store {
	enum store_kind kind;
	bool writing;
	char *path;                  /* as given */
	char *file;                  /* in place: the capture file's absolute path */
	char *index_dir;             /* where catalog.db is */
	struct store_config config;
	struct hash128 identity;     /* points without a UUID get one of it */
	struct catalog *catalog;
	struct view view;
	int64_t view_writes;         /* what we had written when the catalog was read into it */
	struct filters *filters;
	int lock_fd, use_fd;
	bool has_mutex;

	pthread_mutex_t mutex;       /* guards all from here, the catalog and the view */
	uint64_t changes;            /* commits by ourselves */
	int64_t merged_ns;           /* windows before this one are merged, or stay as they are */
	struct io_file *idx;         /* index file of idx_block, which is published to */
	uint32_t idx_block;
	struct untimed_run *untimed;
	size_t n_untimed, cap_untimed;
	uint32_t reserved_block;     /* bytes up to reserved_end of its index file are being written by a replacement */
	uint64_t reserved_end;
	uint32_t synced_block;       /* own: this block's bytes up to synced_len are durable */
	uint64_t synced_len;
	uint64_t filters_dead;       /* blocks that were evicted since the filters were compacted */
};

/* Paths into a buffer of STORE_PATH bytes; they fit, as store_new() checked. */
void store_block_path(const struct store *s, uint32_t block, char *out);
void store_index_path(const struct store *s, uint32_t block, char *out);
void store_name_path(const struct store *s, const char *name, char *out);

/* An empty store with its paths; RC_USAGE where they are too long. `index_dir` NULL: PATH/index. */
enum rc store_new(const char *path, const char *index_dir, enum store_kind kind,
	bool writing, struct store **out, struct err *err);
/* Config and identity written to the catalog, and read from it. */
enum rc store_put_config(struct store *s, struct err *err);
enum rc store_get_config(struct store *s, struct err *err);
/* Config and identity as the first block that can be read says; without any the default, and the identity that it has. */
void store_config_from_blocks(struct store *s);
/* Fills in block_info.file; after every load. */
void store_name_blocks(struct store *s);
enum rc store_load(struct store *s, struct err *err);
/* As store_index_bytes(); the lock is held. */
uint64_t store_sum_index_bytes(struct store *s);

static inline void store_lock(struct store *s)
{
	if (s->writing)
		pthread_mutex_lock(&s->mutex);
}

static inline void store_unlock(struct store *s)
{
	if (s->writing)
		pthread_mutex_unlock(&s->mutex);
}

/* Commits what was begun where rc is RC_DONE, else takes it back; counts the change. */
enum rc store_end_change(struct store *s, enum rc rc, struct err *err);

/* Where the next segment goes in a block's index file; 0: behind a header that is to be written first. */
uint64_t store_index_end(const struct store *s, uint32_t block);
/* Rows of a segment, its sums and its macroflow parts, whose runs are added to *v. Inside a transaction. */
enum rc store_name_segment(struct store *s, const struct segment_place *p, struct macro_part *parts,
	size_t n_parts, const struct point_info *points, size_t n_points, struct view *v, struct err *err);
/* Under the lock: as store_release_dead(), whatever `later` would say. */
void store_punch_dead(struct store *s, uint32_t block, uint64_t from, uint64_t to);

/* The merged runs of windows say what those say that they were made of: RC_DAMAGED. */
enum rc store_check_windows(struct store *s, struct err *err);

/* Under the lock. */
enum rc store_put_anew(struct store *s, struct anew_place place, struct err *err);

/* Under the lock: store_set_dropped(). */
enum rc store_put_dropped(struct store *s, uint32_t point, uint64_t dropped, struct err *err);

/* Under the lock: a window with drops of a point that is there. */
enum rc store_put_drop(struct store *s, const struct drop_info *d, struct err *err);

/* Every change of a block's state asks here first: RC_USAGE where there is no such way (store/retention.h). */
enum rc store_block_transition(const struct store *s, const struct block_info *b, enum block_state to,
	struct err *err);

/* Own: bytes of a block up to here are durable. */
void store_block_synced(struct store *s, uint32_t block, uint64_t len);
/*
 * Own: open blocks but `kept` (0: none is), of which nothing is durable, go with their files: as if they had never been
 * begun.
 */
enum rc store_block_forget(struct store *s, uint32_t kept, struct err *err);

/* ---- recovery (store_recover.c) --------------------------------------------------------- */

/*
 * Own: looks at every file in blocks/ that the catalog has not or holds open; cuts, seals, adds
 * rows. fresh: the catalog was just made, and knows of none.
 */
enum rc store_recover_own(struct store *s, bool fresh, struct store_notes *notes, struct err *err);
/* Own: numbers of the files in blocks/, ascending, to be freed with mem_free(). */
enum rc store_block_files(const struct store *s, uint32_t **out, size_t *n, struct err *err);
/* In place: open blocks end with their last segment; what lies behind is forgotten. */
enum rc store_recover_in_place(struct store *s, struct store_notes *notes, struct err *err);
/*
 * Cuts index files behind the last named segment, drops the index of blocks whose file is gone
 * or shorter.
 */
enum rc store_recover_index(struct store *s, struct store_notes *notes, struct err *err);
/*
 * In place: forgets points, sections and untimed runs behind indexed_to. The catalog has a
 * transaction open.
 */
enum rc store_forget_rest(struct store *s, struct err *err);
/* In place: length of the capture file now; 0 where it cannot be told. */
uint64_t store_capture_size(const struct store *s);
/* Removes everything that a store makes in index_dir, but locks. */
void store_remove_index(const struct store *s);

/* What store_create() leaves where it is killed: nothing but a lock and an index of nothing; or an empty directory. */
bool store_is_unborn(const char *path);
/* Under the lock: takes away what an unborn store has of an index. */
void store_remove_unborn(const struct store *s);

/* The flow part that begins with the packet at id: its key. */
enum rc store_flow_at(struct segment *seg, struct record_id id, struct segment_flow *flow, struct err *err);

#endif
