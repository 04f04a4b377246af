/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the index of a capture file lies: $XDG_CACHE_HOME/flowdrill (else ~/.cache/flowdrill), one directory a file, named
 * PREFIX-KEY.fdr. KEY is a hash of size and sampled content (64 KiB from both ends and 16 pages between), so moving and copying the file keeps
 * its index, and any change of it is seen as far as the samples go; PREFIX is a hash of its first bytes, by which a file that has
 * grown finds the index of its former self. Oldest use (mtime of the entry) goes first when the cache passes its size cap.
 * Entries in use (locked) are never removed. Thread-safe: no state.
 */
#ifndef FLOWDRILL_STORE_CACHE_H
#define FLOWDRILL_STORE_CACHE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cache_state {
	CACHE_NEW,           /* no entry yet */
	CACHE_FOUND,         /* an entry for exactly this file */
	CACHE_GROWN,         /* an entry of a shorter former self, renamed to this one: index on from its end */
};

struct cache_entry {
	char path[512];      /* the entry's directory */
	char key[64];
	uint64_t size;       /* of the capture file now */
	uint64_t old_size;   /* CACHE_GROWN */
	enum cache_state state;
};

/* Looks up (and for CACHE_GROWN renames) the entry of a file; makes nothing. `dir` NULL: the user's cache. RC_MISSING where the file is not. */
enum rc cache_lookup(const char *capture_path, const char *dir, struct cache_entry *out,
	struct err *err);
/* Marks an entry as used now. */
void cache_touch(const struct cache_entry *e);
/* Removes oldest entries until the cache is at most max_bytes (0: FLOWDRILL_CACHE_SIZE, else 10 GB), never `keep`. */
void cache_trim(const char *dir, uint64_t max_bytes, const char *keep);
/* A private directory for --no-cache, under $TMPDIR; removed with cache_remove(). */
enum rc cache_temporary(char *path, size_t size, struct err *err);
/* Removes an entry's directory with all in it (only files that a store makes). */
void cache_remove(const char *path);

#endif
