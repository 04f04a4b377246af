/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores made, opened and closed. */
#include "store/block_format.h"
#include "store/filters.h"
#include "store/lock.h"
#include "store/store_impl.h"

#include "base/mem.h"
#include "file/kind.h"

#include <errno.h>
#include <stdio.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum {
	IDENTITY_BYTES = 4096,       /* of a capture file */
	NAME_ROOM = 64,              /* behind a directory's path */
};

/* ---- the structure ---------------------------------------------------------------------- */

/*
 * A writer that ended while we were reading could not leave the catalog in journal mode DELETE:
 * the last reader does. Only in the cache: reading somebody's store changes nothing in it.
 */
static void tidy_cache(struct store *s)
{
	struct catalog *c;
	char path[STORE_PATH];
	int fd;

	if (s->kind != STORE_IN_PLACE || s->writing)
		return;
	store_name_path(s, "catalog.db-wal", path);
	if (access(path, F_OK) != 0)
		return;
	store_name_path(s, "lock", path);
	if (lock_take(path, s->path, &fd, NULL) != RC_DONE)
		return;
	store_name_path(s, "catalog.db", path);
	if (catalog_open(path, CATALOG_WRITE, &c, NULL, NULL) == RC_DONE)
		catalog_close(c);
	lock_release(fd);
}

static void store_free(struct store *s)
{
	catalog_close(s->catalog);
	if (s->catalog)
		tidy_cache(s);
	io_close(s->idx);
	view_free(&s->view);
	filters_free(s->filters);
	lock_release(s->lock_fd);
	lock_release(s->use_fd);
	if (s->has_mutex)
		pthread_mutex_destroy(&s->mutex);
	mem_free(s->untimed);
	mem_free(s->path);
	mem_free(s->file);
	mem_free(s->index_dir);
	mem_free(s);
}

static char *index_below(const char *path)
{
	size_t size = strlen(path) + sizeof("/index");
	char *dir = mem_alloc(size);

	if (dir)
		snprintf(dir, size, "%s/index", path);
	return dir;
}

/* The absolute path of an existing file; a copy of the path where it cannot be told. */
static char *absolute(const char *path)
{
	char *found = realpath(path, NULL);
	char *copy = mem_strdup(found ? found : path);

	free(found);
	return copy;
}

enum rc store_new(const char *path, const char *index_dir, enum store_kind kind, bool writing,
	struct store **out, struct err *err)
{
	struct store *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return err_memory(err);
	s->lock_fd = s->use_fd = -1;
	s->kind = kind;
	s->writing = writing;
	view_init(&s->view);
	s->path = mem_strdup(path);
	s->file = absolute(path);
	s->index_dir = index_dir ? mem_strdup(index_dir) : index_below(path);
	s->has_mutex = pthread_mutex_init(&s->mutex, NULL) == 0;
	if (!s->path || !s->file || !s->index_dir || !s->has_mutex) {
		store_free(s);
		return err_memory(err);
	}
	if (strlen(s->path) + NAME_ROOM > STORE_PATH || strlen(s->file) + NAME_ROOM > STORE_PATH ||
		strlen(s->index_dir) + NAME_ROOM > STORE_PATH) {
		store_free(s);
		return err_set(err, RC_USAGE, path, "the path is too long");
	}
	*out = s;
	return RC_DONE;
}

void store_close(struct store *s)
{
	if (s)
		store_free(s);
}

/* ---- the catalog ------------------------------------------------------------------------ */

static enum rc make_catalog(struct store *s, struct err *err)
{
	char path[STORE_PATH];
	enum rc rc;

	store_name_path(s, "catalog.db", path);
	rc = catalog_open(path, CATALOG_CREATE, &s->catalog, NULL, err);
	/* durable before there is a store: without a block nothing else says what its slices are */
	if (rc == RC_DONE)
		rc = catalog_sync(s->catalog, true, err);
	if (rc == RC_DONE)
		rc = catalog_begin(s->catalog, err);
	if (rc != RC_DONE)
		return rc;
	rc = store_end_change(s, store_put_config(s, err), err);
	catalog_sync(s->catalog, false, NULL);
	if (rc == RC_DONE)
		rc = io_sync_dir(s->index_dir, err);
	return rc;
}

static enum rc open_catalog(struct store *s, bool *read_only, struct err *err)
{
	char path[STORE_PATH];
	enum rc rc;

	store_name_path(s, "catalog.db", path);
	rc = catalog_open(path, s->writing ? CATALOG_WRITE : CATALOG_READ, &s->catalog, read_only, err);
	if (rc == RC_DONE)
		rc = store_get_config(s, err);
	if (rc == RC_DONE)
		rc = store_load(s, err);
	return rc;
}

/* For writing, a catalog that is not there or damaged is made anew; *fresh tells. */
static enum rc open_or_make_catalog(struct store *s, bool *fresh, struct err *err)
{
	struct store_config wanted = s->config;
	struct hash128 identity = s->identity;
	enum rc rc = open_catalog(s, NULL, err);

	*fresh = rc == RC_MISSING || rc == RC_DAMAGED;
	if (!*fresh)
		return rc;
	catalog_close(s->catalog);
	s->catalog = NULL;
	s->config = wanted;
	s->identity = identity;
	store_remove_index(s);
	return make_catalog(s, err);
}

/* ---- directories ------------------------------------------------------------------------ */

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Makes a directory and those above it. */
static enum rc make_dirs(const char *path, struct err *err)
{
	char part[STORE_PATH];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (!is_dir(part)) {
			enum rc rc = io_mkdir(part, err);

			if (rc != RC_DONE)
				return rc;
		}
		*p = '/';
	}
	return io_mkdir(path, err);
}

static bool is_empty_dir(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	if (!d)
		return false;
	while (empty && (e = readdir(d)))
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	closedir(d);
	return empty;
}

/* SQLite's shared memory and locks do not work over the network. */
static enum rc check_not_network(const char *dir, struct err *err)
{
	static const unsigned long magics[] = {
		0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x0187, 0x73757245, 0x5346414f,
	};
	struct statfs fs;

	if (statfs(dir, &fs) != 0)
		return err_errno(err, dir, "cannot look at the file system");
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == magics[i])
			return err_set(err, RC_UNSUPPORTED, dir,
				"an index cannot be on a network file system: choose another directory for it");
	return RC_DONE;
}

/* ---- own stores ------------------------------------------------------------------------- */

static void random_identity(struct hash128 *out)
{
	if (getrandom(out, sizeof(*out), 0) == (ssize_t)sizeof(*out))
		return;
	out->low = (uint64_t)getpid();
	out->high = (uint64_t)(uintptr_t)out;
}

/* index/ is a directory, or a link to where it is to be. */
static enum rc make_index_dir(struct store *s, struct err *err)
{
	const char *elsewhere = s->config.index_dir;
	enum rc rc;

	if (elsewhere[0]) {
		rc = make_dirs(elsewhere, err);
		if (rc == RC_DONE && !is_empty_dir(elsewhere))
			return err_set(err, RC_USAGE, elsewhere, "is not empty");
		if (rc == RC_DONE && symlink(elsewhere, s->index_dir) != 0)
			return err_errno(err, s->index_dir, "cannot make the link");
	} else {
		rc = io_mkdir(s->index_dir, err);
	}
	return rc == RC_DONE ? check_not_network(s->index_dir, err) : rc;
}

static enum rc take_lock(struct store *s, struct err *err)
{
	char path[STORE_PATH];

	if (s->kind == STORE_OWN)
		snprintf(path, sizeof(path), "%s/lock", s->path);
	else
		store_name_path(s, "lock", path);
	return lock_take(path, s->path, &s->lock_fd, err);
}

static enum rc create_own(struct store *s, struct err *err)
{
	char blocks[STORE_PATH];
	enum rc rc = make_dirs(s->path, err);

	if (rc == RC_DONE)
		rc = take_lock(s, err);
	if (rc != RC_DONE)
		return rc;
	s->use_fd = lock_share(s->path);
	if (store_is_unborn(s->path))
		store_remove_unborn(s);
	random_identity(&s->identity);
	snprintf(blocks, sizeof(blocks), "%s/blocks", s->path);
	rc = make_index_dir(s, err);
	if (rc == RC_DONE)
		rc = make_catalog(s, err);
	/* last: this is what makes the directory a store */
	if (rc == RC_DONE)
		rc = io_mkdir(blocks, err);
	if (rc == RC_DONE)
		rc = io_sync_dir(s->path, err);
	return rc;
}

/* Takes away what create_own() made, so that it can be tried again; with the lock only. */
static void create_undo(const struct store *s, bool was_there)
{
	static const char *const names[] = { "", "-journal", "-wal", "-shm" };
	char path[STORE_PATH + 16];

	snprintf(path, sizeof(path), "%s/blocks", s->path);
	rmdir(path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/catalog.db%s", s->index_dir, names[i]);
		unlink(path);
	}
	if (rmdir(s->index_dir) != 0)
		unlink(s->index_dir);
	snprintf(path, sizeof(path), "%s/lock", s->path);
	unlink(path);
	if (!was_there)
		rmdir(s->path);
}

enum rc store_create(const char *path, const struct store_config *config, struct store **out,
	struct err *err)
{
	struct store *s;
	struct stat st;
	enum rc rc = store_config_check(config, err);

	if (rc != RC_DONE)
		return rc;
	bool was_there = lstat(path, &st) == 0;
	if (was_there && !is_empty_dir(path) && !store_is_unborn(path))
		return err_set(err, RC_USAGE, path, "exists and is no empty directory");
	rc = store_new(path, NULL, STORE_OWN, true, &s, err);
	if (rc != RC_DONE)
		return rc;
	s->config = *config;
	rc = create_own(s, err);
	if (rc == RC_DONE)
		rc = store_refresh(s, err);
	if (rc != RC_DONE) {
		if (s->lock_fd >= 0)
			create_undo(s, was_there);
		store_free(s);
		return rc;
	}
	*out = s;
	return RC_DONE;
}

static void note(struct store_notes *notes, const char *text)
{
	size_t len = strlen(notes->text);

	snprintf(notes->text + len, sizeof(notes->text) - len, "%s%s", len ? "; " : "", text);
}

/* For writing, whatever catalog there is. */
static enum rc make_catalog_anew(struct store *s, bool *fresh, struct err *err)
{
	*fresh = true;
	store_remove_index(s);
	return make_catalog(s, err);
}

static enum rc open_own_writing(struct store *s, bool anew, struct store_notes *notes, struct err *err)
{
	bool fresh;
	enum rc rc = take_lock(s, err);

	if (rc != RC_DONE)
		return rc;
	s->use_fd = lock_share(s->path);
	random_identity(&s->identity);
	store_config_from_blocks(s);
	if (!is_dir(s->index_dir)) {
		/* a link whose directory is gone stands in the way */
		unlink(s->index_dir);
		rc = io_mkdir(s->index_dir, err);
	}
	if (rc == RC_DONE)
		rc = anew ? make_catalog_anew(s, &fresh, err) : open_or_make_catalog(s, &fresh, err);
	if (rc == RC_DONE && fresh)
		note(notes, "the catalog was made again from the blocks");
	if (rc == RC_DONE)
		rc = store_recover_own(s, fresh, notes, err);
	if (rc == RC_DONE)
		rc = store_recover_index(s, notes, err);
	return rc;
}

static enum rc open_own_reading(struct store *s, struct store_notes *notes, struct err *err)
{
	s->use_fd = lock_share(s->path);
	return open_catalog(s, &notes->read_only, err);
}

static enum rc check_own(const char *path, struct err *err)
{
	char blocks[STORE_PATH];
	struct stat st;

	if (stat(path, &st) != 0)
		return err_errno(err, path, "cannot open");
	if (!S_ISDIR(st.st_mode) ||
		snprintf(blocks, sizeof(blocks), "%s/blocks", path) >= (int)sizeof(blocks) ||
		(!is_dir(blocks) && (is_empty_dir(path) || !store_is_unborn(path))))
		return err_set(err, RC_UNSUPPORTED, path, "is no store of flowdrill");
	if (!is_dir(blocks))
		return err_set(err, RC_MISSING, path, "was never made whole; it has no packets");
	return RC_DONE;
}

/* Where the index is, if it lies elsewhere. */
static void find_index_dir(struct store *s)
{
	char *to = s->config.index_dir;
	ssize_t n = readlink(s->index_dir, to, sizeof(s->config.index_dir) - 1);

	to[n > 0 ? n : 0] = '\0';
}

/* Who makes a store holds its lock from the beginning on, and is done in no time: a recorder that was started just now, say. */
static void wait_for_birth(const char *path)
{
	enum { TRIES = 100 };
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	char lock[STORE_PATH];

	if (snprintf(lock, sizeof(lock), "%s/lock", path) >= (int)sizeof(lock))
		return;
	for (int i = 0; i < TRIES && store_is_unborn(path) && lock_holder(lock) != 0; i++)
		nanosleep(&pause, NULL);
}

enum own_opening { OWN_READING, OWN_WRITING, OWN_ANEW };

static enum rc open_own(const char *path, enum own_opening how, struct store **out, struct store_notes *notes,
	struct err *err)
{
	bool writing = how != OWN_READING;
	struct store_notes own = { 0 };
	struct store *s;
	enum rc rc;

	if (!writing)
		wait_for_birth(path);
	rc = check_own(path, err);
	if (rc == RC_DONE)
		rc = store_new(path, NULL, STORE_OWN, writing, &s, err);
	if (rc != RC_DONE)
		return rc;
	rc = writing ? open_own_writing(s, how == OWN_ANEW, &own, err) : open_own_reading(s, &own, err);
	if (rc == RC_MISSING && !writing)
		rc = err_set(err, RC_MISSING, path, "has no index: it can be made again from the blocks");
	if (rc == RC_DONE)
		rc = store_refresh(s, err);
	if (rc != RC_DONE) {
		store_free(s);
		return rc;
	}
	find_index_dir(s);
	if (notes)
		*notes = own;
	*out = s;
	return RC_DONE;
}

enum rc store_open(const char *path, bool writing, struct store **out, struct store_notes *notes,
	struct err *err)
{
	return open_own(path, writing ? OWN_WRITING : OWN_READING, out, notes, err);
}

enum rc store_open_anew(const char *path, struct store **out, struct store_notes *notes, struct err *err)
{
	return open_own(path, OWN_ANEW, out, notes, err);
}

/* ---- in place --------------------------------------------------------------------------- */

/* By the first bytes: a file that grows keeps its identity. */
static enum rc identity_of_file(struct store *s, struct err *err)
{
	uint8_t bytes[IDENTITY_BYTES];
	struct io_file *f;
	size_t got = 0;
	enum rc rc = io_open(s->path, IO_READ, &f, err);

	if (rc != RC_DONE)
		return rc;
	rc = io_read(f, 0, bytes, sizeof(bytes), &got, err);
	io_close(f);
	s->identity = hash_bytes128(bytes, got, 0);
	return rc;
}

static enum rc open_in_place_writing(struct store *s, struct store_notes *notes, struct err *err)
{
	char path[STORE_PATH];
	bool fresh, had;
	enum rc rc = make_dirs(s->index_dir, err);

	if (rc == RC_DONE) {
		s->use_fd = lock_share(s->index_dir);
		rc = take_lock(s, err);
	}
	if (rc == RC_DONE)
		rc = identity_of_file(s, err);
	if (rc != RC_DONE)
		return rc;
	store_name_path(s, "catalog.db", path);
	had = access(path, F_OK) == 0;
	rc = open_or_make_catalog(s, &fresh, err);
	if (rc == RC_DONE && had && fresh) {
		notes->index_missing = true;
		note(notes, "the index could not be used and is made again");
	}
	if (rc == RC_DONE)
		rc = store_recover_in_place(s, notes, err);
	if (rc == RC_DONE)
		rc = store_recover_index(s, notes, err);
	return rc;
}

static enum rc open_in_place_reading(struct store *s, bool *read_only, struct err *err)
{
	s->use_fd = lock_share(s->index_dir);
	return open_catalog(s, read_only, err);
}

enum rc store_open_in_place(const char *capture_path, const char *index_dir,
	const struct store_config *config, bool writing, struct store **out,
	struct store_notes *notes, struct err *err)
{
	struct store_notes own = { 0 };
	struct store *s;
	enum rc rc = store_config_check(config, err);

	if (rc == RC_DONE)
		rc = store_new(capture_path, index_dir, STORE_IN_PLACE, writing, &s, err);
	if (rc != RC_DONE)
		return rc;
	s->config = *config;
	rc = writing ? open_in_place_writing(s, &own, err)
		     : open_in_place_reading(s, &own.read_only, err);
	if (rc == RC_DONE)
		rc = store_refresh(s, err);
	if (rc != RC_DONE) {
		store_free(s);
		return rc;
	}
	if (notes)
		*notes = own;
	*out = s;
	return RC_DONE;
}
