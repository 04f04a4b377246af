/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Entries of the cache are directories PREFIX-SIZE-HASH.fdr: PREFIX is a hash of the file's
 * first bytes, SIZE its length, HASH one of samples; all in hexadecimal digits. A file that has
 * grown has an entry with its prefix and a smaller size, whose hash comes out when the file is
 * looked at as if it still were that long.
 */
#include "store/cache.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/trace.h"
#include "store/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PREFIX_BYTES = 1024,
	END_BYTES = 64 << 10,
	PAGES = 16, PAGE_BYTES = 4096,
	DEPTH_MAX = 3,               /* of what a store makes */
};

#define CACHE_SIZE_DEFAULT (UINT64_C(10) * 1000 * 1000 * 1000)
#define ENTRY_SUFFIX ".fdr"

/* ---- keys ------------------------------------------------------------------------------- */

/* Appends bytes of the file to be hashed; those before `size` only. */
static enum rc sample(struct io_file *f, uint64_t size, uint64_t at, size_t len, struct buf *out,
	struct err *err)
{
	uint8_t *to;

	if (at >= size)
		return RC_DONE;
	if (len > size - at)
		len = (size_t)(size - at);
	to = buf_reserve(out, len);
	if (!to)
		return err_memory(err);
	out->len += len;
	return io_read_all(f, at, to, len, err);
}

/* Both ends, and pages at even distances between. */
static enum rc hash_samples(struct io_file *f, uint64_t size, struct hash128 *out, struct err *err)
{
	struct buf b;
	enum rc rc;

	buf_init(&b);
	buf_put_le64(&b, size);
	rc = sample(f, size, 0, END_BYTES, &b, err);
	for (uint64_t i = 1; rc == RC_DONE && i <= PAGES && size > 2 * END_BYTES; i++)
		rc = sample(f, size, size / (PAGES + 1) * i, PAGE_BYTES, &b, err);
	if (rc == RC_DONE && size > END_BYTES)
		rc = sample(f, size, size - END_BYTES, END_BYTES, &b, err);
	if (rc == RC_DONE && b.failed)
		rc = err_memory(err);
	if (rc == RC_DONE)
		*out = hash_bytes128(b.data, b.len, 0);
	buf_free(&b);
	return rc;
}

static enum rc make_prefix(struct io_file *f, uint64_t *out, struct err *err)
{
	uint8_t bytes[PREFIX_BYTES];
	size_t got;
	enum rc rc = io_read(f, 0, bytes, sizeof(bytes), &got, err);

	if (rc == RC_DONE)
		*out = hash_bytes(bytes, got, 0);
	return rc;
}

/* SIZE-HASH */
static enum rc make_key(struct io_file *f, uint64_t size, char *out, size_t room, struct err *err)
{
	struct hash128 h;
	enum rc rc = hash_samples(f, size, &h, err);

	if (rc == RC_DONE)
		snprintf(out, room, "%" PRIx64 "-%016" PRIx64 "%016" PRIx64, size, h.high, h.low);
	return rc;
}

/* ---- where ------------------------------------------------------------------------------ */

/* The user's cache: $XDG_CACHE_HOME (where it is absolute), else ~/.cache. */
static enum rc cache_dir(const char *dir, char *out, size_t size, struct err *err)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n;

	if (dir)
		n = snprintf(out, size, "%s", dir);
	else if (xdg && xdg[0] == '/')
		n = snprintf(out, size, "%s/flowdrill", xdg);
	else if (home && home[0] == '/')
		n = snprintf(out, size, "%s/.cache/flowdrill", home);
	else
		return err_set(err, RC_MISSING, "cache",
			"neither XDG_CACHE_HOME nor HOME says where it is: use --no-cache");
	if (n < 0 || (size_t)n >= size)
		return err_set(err, RC_USAGE, "cache", "the path is too long");
	return RC_DONE;
}

static enum rc entry_path(const char *dir, uint64_t prefix, const char *key, char *out, size_t size,
	struct err *err)
{
	int n = snprintf(out, size, "%s/%016" PRIx64 "-%s" ENTRY_SUFFIX, dir, prefix, key);

	if (n < 0 || (size_t)n >= size)
		return err_set(err, RC_USAGE, dir, "the path is too long");
	return RC_DONE;
}

static bool is_real_dir(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The size in an entry's name where it has this prefix; 0 else. */
static uint64_t size_in_name(const char *name, uint64_t prefix)
{
	char want[32], *end;
	int n = snprintf(want, sizeof(want), "%016" PRIx64 "-", prefix);
	uint64_t size;

	if (strncmp(name, want, (size_t)n) != 0)
		return 0;
	errno = 0;
	size = strtoull(name + n, &end, 16);
	return errno == 0 && *end == '-' ? size : 0;
}

/* Whether an entry is the one of the file as it was when it had `size` bytes. */
static bool is_former(struct io_file *f, uint64_t prefix, uint64_t size, const char *name)
{
	char key[64], want[96];

	if (make_key(f, size, key, sizeof(key), NULL) != RC_DONE)
		return false;
	snprintf(want, sizeof(want), "%016" PRIx64 "-%s" ENTRY_SUFFIX, prefix, key);
	return strcmp(want, name) == 0;
}

/* The longest former self of a file that has an entry: its name and size. */
static bool find_former(struct io_file *f, const char *dir, uint64_t prefix, uint64_t size, char *name,
	size_t room, uint64_t *old_size)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	*old_size = 0;
	while (d && (e = readdir(d))) {
		uint64_t then = size_in_name(e->d_name, prefix);

		if (then <= *old_size || then >= size || strlen(e->d_name) >= room ||
			!is_former(f, prefix, then, e->d_name))
			continue;
		*old_size = then;
		snprintf(name, room, "%s", e->d_name);
	}
	if (d)
		closedir(d);
	return *old_size > 0;
}

/* Gives a former self's entry the new name; false where somebody uses it. */
static bool adopt(const char *dir, const char *name, const char *path)
{
	char old[PATH_MAX];
	int fd;
	bool done;

	if (snprintf(old, sizeof(old), "%s/%s", dir, name) >= (int)sizeof(old) || !is_real_dir(old))
		return false;
	fd = lock_unshared(old);
	if (fd < 0)
		return false;
	done = io_rename(old, path, NULL) == RC_DONE;
	lock_release(fd);
	return done;
}

static enum rc look_up(struct io_file *f, const char *dir, struct cache_entry *out, struct err *err)
{
	uint64_t prefix;
	char name[NAME_MAX + 1];
	enum rc rc = io_size(f, &out->size, err);

	if (rc == RC_DONE)
		rc = make_prefix(f, &prefix, err);
	if (rc == RC_DONE)
		rc = make_key(f, out->size, out->key, sizeof(out->key), err);
	if (rc == RC_DONE)
		rc = entry_path(dir, prefix, out->key, out->path, sizeof(out->path), err);
	if (rc != RC_DONE)
		return rc;
	if (is_real_dir(out->path)) {
		out->state = CACHE_FOUND;
		cache_touch(out);
	} else if (find_former(f, dir, prefix, out->size, name, sizeof(name), &out->old_size) &&
		adopt(dir, name, out->path)) {
		out->state = CACHE_GROWN;
	}
	TRACE(TRACE_STORE, "cache entry %s: state %d", out->path, (int)out->state);
	return RC_DONE;
}

enum rc cache_lookup(const char *capture_path, const char *dir, struct cache_entry *out,
	struct err *err)
{
	char where[PATH_MAX];
	struct io_file *f;
	enum rc rc;

	*out = (struct cache_entry){ .state = CACHE_NEW };
	rc = cache_dir(dir, where, sizeof(where), err);
	if (rc == RC_DONE)
		rc = io_open(capture_path, IO_READ, &f, err);
	if (rc != RC_DONE)
		return rc;
	rc = look_up(f, where, out, err);
	io_close(f);
	return rc;
}

void cache_touch(const struct cache_entry *e)
{
	/* a read-only cache still serves */
	if (utimensat(AT_FDCWD, e->path, NULL, AT_SYMLINK_NOFOLLOW) != 0)
		TRACE(TRACE_STORE, "cache entry %s: cannot be touched", e->path);
}

/* ---- removing --------------------------------------------------------------------------- */

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n >= k && strcmp(name + n - k, suffix) == 0;
}

/* Names that a store makes, and nobody else's. */
static bool is_ours(const char *name)
{
	static const char *const names[] = {
		"catalog.db", "catalog.db-wal", "catalog.db-shm", "catalog.db-journal", "filters", "lock",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strspn(name, "0123456789") >= 8 &&
		(has_suffix(name, ".idx") || has_suffix(name, ".pcapng"));
}

/*
 * Removes what is ours in the directory `name` of `parent`, and then it; links are never
 * followed.
 */
static void remove_tree(int parent, const char *name, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d))) {
		if (is_ours(e->d_name))
			unlinkat(fd, e->d_name, 0);
		else if (depth < DEPTH_MAX &&
			(strcmp(e->d_name, "blocks") == 0 || strcmp(e->d_name, "index") == 0))
			remove_tree(fd, e->d_name, depth + 1);
	}
	closedir(d);
	unlinkat(parent, name, AT_REMOVEDIR);
}

void cache_remove(const char *path)
{
	remove_tree(AT_FDCWD, path, 1);
}

/* ---- trimming --------------------------------------------------------------------------- */

struct entry {
	char name[NAME_MAX + 1];
	uint64_t bytes;
	struct timespec used;
};

static uint64_t tree_bytes(int parent, const char *name, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t sum = 0;
	struct dirent *e;
	struct stat st;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_blocks * 512;
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			sum += tree_bytes(fd, e->d_name, depth + 1);
	}
	closedir(d);
	return sum;
}

static int older_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->used;
	const struct timespec *y = &((const struct entry *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* True for names that cache_lookup() makes. */
static bool is_entry(const char *name)
{
	return strspn(name, "0123456789abcdef") == 16 && name[16] == '-' && has_suffix(name, ENTRY_SUFFIX);
}

static struct entry *list_entries(DIR *d, size_t *n)
{
	struct entry *v = NULL;
	size_t cap = 0;
	struct dirent *e;
	struct stat st;

	*n = 0;
	while ((e = readdir(d))) {
		if (!is_entry(e->d_name) ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
			!S_ISDIR(st.st_mode) || mem_grow(&v, &cap, *n + 1, sizeof(*v)) != 0)
			continue;
		snprintf(v[*n].name, sizeof(v[*n].name), "%s", e->d_name);
		v[*n].bytes = tree_bytes(dirfd(d), e->d_name, 1);
		v[*n].used = st.st_mtim;
		(*n)++;
	}
	return v;
}

static uint64_t size_cap(uint64_t max_bytes)
{
	const char *text = getenv("FLOWDRILL_CACHE_SIZE");
	uint64_t v;

	if (max_bytes)
		return max_bytes;
	if (text && text_parse_size(text, &v, NULL) == RC_DONE)
		return v;
	return CACHE_SIZE_DEFAULT;
}

/* Removes an entry that nobody uses. */
static bool trim_entry(const char *dir, const struct entry *e, const char *keep)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, e->name) >= (int)sizeof(path) ||
		(keep && strcmp(path, keep) == 0))
		return false;
	fd = lock_unshared(path);
	if (fd < 0)
		return false;
	TRACE(TRACE_STORE, "cache entry %s: removed", path);
	cache_remove(path);
	lock_release(fd);
	return true;
}

void cache_trim(const char *dir, uint64_t max_bytes, const char *keep)
{
	char where[PATH_MAX];
	uint64_t cap = size_cap(max_bytes), sum = 0;
	struct entry *v;
	size_t n;
	DIR *d;

	if (cache_dir(dir, where, sizeof(where), NULL) != RC_DONE)
		return;
	d = opendir(where);
	if (!d)
		return;
	v = list_entries(d, &n);
	closedir(d);
	for (size_t i = 0; i < n; i++)
		sum += v[i].bytes;
	if (n)
		qsort(v, n, sizeof(*v), older_first);
	for (size_t i = 0; i < n && sum > cap; i++)
		if (trim_entry(where, &v[i], keep))
			sum -= v[i].bytes;
	mem_free(v);
}

/* ---- without a cache -------------------------------------------------------------------- */

enum rc cache_temporary(char *path, size_t size, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(path, size, "%s/flowdrill-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");

	if (n < 0 || (size_t)n >= size)
		return err_set(err, RC_USAGE, "TMPDIR", "the path is too long");
	/* mkdtemp() gives mode 0700 */
	return mkdtemp(path) ? RC_DONE : err_errno(err, path, "cannot make the directory");
}
