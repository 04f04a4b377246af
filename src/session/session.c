/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/session_parts.h"

#include "base/io.h"
#include "base/mem.h"
#include "file/kind.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void session_options_default(struct session_options *o)
{
	memset(o, 0, sizeof(*o));
	store_config_default(&o->config);
	ingest_options_default(&o->ingest);
	o->health = health_limits_default;
}

static void tell(const struct session *s, const char *what, const char *text)
{
	if (s->say)
		s->say(s->say_ctx, what, text);
}

/* ---- opening -------------------------------------------------------------------------- */

/* What the first bytes say; also whether the file can be read at all. */
static enum rc look_at(const char *path, enum file_kind *kind, struct err *err)
{
	struct io_file *f;
	uint8_t bytes[16];
	size_t got;
	enum rc rc = io_open(path, IO_READ, &f, err);

	if (rc != RC_DONE)
		return rc;
	rc = io_read(f, 0, bytes, sizeof(bytes), &got, err);
	io_close(f);
	if (rc == RC_DONE)
		*kind = file_kind(bytes, got);
	return rc;
}

static enum rc find_index_dir(const struct session *s, struct session_file *f, bool *grown, struct err *err)
{
	struct cache_entry entry;

	*grown = false;
	/* What a BPF filter let through is not what the file holds: such an index is not kept. */
	if (s->options.no_cache || s->options.ingest.bpf) {
		f->temporary = true;
		return cache_temporary(f->index_dir, sizeof(f->index_dir), err);
	}
	enum rc rc = cache_lookup(f->path, s->options.cache_dir, &entry, err);
	if (rc != RC_DONE)
		return rc;
	snprintf(f->index_dir, sizeof(f->index_dir), "%s", entry.path);
	*grown = entry.state == CACHE_GROWN;
	return RC_DONE;
}

enum rc session_open_reader(const struct session *s, size_t i, struct store **out, struct err *err)
{
	const struct session_file *f = &s->files[i];
	enum rc rc;

	if (f->place == PLACE_FILE)
		rc = store_open_in_place(f->path, f->index_dir, &s->options.config, false, out, NULL, err);
	else
		rc = store_open(f->place == PLACE_STORE ? f->path : f->index_dir, false, out, NULL, err);
	if (rc != RC_DONE)
		return rc;
	rc = store_refresh(*out, err);
	if (rc != RC_DONE) {
		store_close(*out);
		*out = NULL;
	}
	return rc;
}

static void note_damage(struct session_file *f, const struct store_totals *t)
{
	if (t->damaged)
		err_set_at(&f->damage, RC_DAMAGED, f->path, t->damaged_at,
			"damaged; what came before was read");
}

/* Opens the index that there is, and finds out whether it will do. */
static enum rc try_reader(struct session *s, size_t i, bool grown, struct err *err)
{
	struct session_file *f = &s->files[i];
	struct err why = {0};
	enum rc rc = session_open_reader(s, i, &s->stores[i], &why);

	if (rc == RC_MISSING) {
		f->needs_index = true;
		return RC_DONE;
	}
	if (rc == RC_DAMAGED || rc == RC_NEWER) {
		char text[sizeof(why.why) + 64];
		snprintf(text, sizeof(text), "the cached index cannot be used (%s): made anew", why.why);
		tell(s, f->path, text);
		cache_remove(f->index_dir);
		f->needs_index = true;
		return RC_DONE;
	}
	if (rc != RC_DONE) {
		if (err)
			*err = why;
		return rc;
	}
	const struct store_totals *t = store_totals(s->stores[i]);
	const char *other = store_config_differs(&s->options.config, store_config(s->stores[i]), s->options.asked);
	if (other) {
		char text[64];
		snprintf(text, sizeof(text), "the cached index has other %s: made anew", other);
		tell(s, f->path, text);
		store_close(s->stores[i]);
		s->stores[i] = NULL;
		cache_remove(f->index_dir);
		f->needs_index = true;
		return RC_DONE;
	}
	f->needs_index = grown || !t->complete;
	if (!f->needs_index) {
		note_damage(f, t);
		if (t->cut_short)
			tell(s, f->path, "cut short: the last record is incomplete");
	}
	return RC_DONE;
}

static enum rc open_file(struct session *s, size_t i, struct err *err)
{
	struct session_file *f = &s->files[i];
	enum file_kind kind;
	bool grown;
	enum rc rc = look_at(f->path, &kind, err);

	if (rc != RC_DONE)
		return rc;
	if (kind == FILE_EMPTY)
		return err_set(err, RC_UNSUPPORTED, f->path, "empty file");
	if (kind == FILE_UNKNOWN || kind == FILE_SNOOP || kind == FILE_INDEX)
		return err_set(err, RC_UNSUPPORTED, f->path, "not a capture file (%s)", file_kind_name(kind));
	f->place = kind == FILE_GZIP || kind == FILE_ZSTD ? PLACE_COPY : PLACE_FILE;
	rc = find_index_dir(s, f, &grown, err);
	return rc == RC_DONE ? try_reader(s, i, grown, err) : rc;
}

/* An open block is its writer's, or was left by one that died: opening for writing finds out. */
static bool has_unindexed(const struct store *store)
{
	size_t n;
	const struct block_info *b = store_blocks(store, &n);

	for (size_t i = 0; i < n; i++)
		if (b[i].state == BLOCK_SEALED || b[i].state == BLOCK_OPEN)
			return true;
	return false;
}

static enum rc open_store(struct session *s, size_t i, struct err *err)
{
	struct session_file *f = &s->files[i];
	struct store_notes notes = {0};
	enum rc rc = store_open(f->path, false, &s->stores[i], &notes, err);

	f->place = PLACE_STORE;
	if (rc != RC_DONE)
		return rc;
	if (notes.text[0] != '\0')
		tell(s, f->path, notes.text);
	rc = store_refresh(s->stores[i], err);
	if (rc != RC_DONE)
		return rc;
	f->needs_index = !notes.read_only && (notes.index_missing || has_unindexed(s->stores[i]) ||
		store_has_lost_block(s->stores[i]));
	note_damage(f, store_totals(s->stores[i]));
	return RC_DONE;
}

/* Queries see the sources once all of them can be read. */
static void publish_sources(struct session *s)
{
	s->sources.n = s->n;
	for (size_t i = 0; i < s->n; i++)
		if (!s->stores[i])
			s->sources.n = 0;
}

static enum rc make(struct session *s, const struct session_source *sources, size_t n, struct err *err)
{
	s->n = n;
	s->files = mem_calloc(n, sizeof(*s->files));
	s->stores = mem_calloc(n, sizeof(struct store *));
	s->versions = mem_calloc(n, sizeof(*s->versions));
	if (!s->files || !s->stores || !s->versions)
		return err_memory(err);
	s->sources.stores = s->stores;
	s->sources.limits = &s->options.health;
	if (!s->options.no_names) {
		enum rc named = names_new(s->stores, n, s->options.hosts, &s->names, err);
		if (named != RC_DONE)
			return named;
	}
	s->sources.names = names_source(s->names);
	if (pipe2(s->wake, O_NONBLOCK | O_CLOEXEC) != 0)
		return err_errno(err, "pipe", "cannot make");
	for (size_t i = 0; i < n; i++) {
		s->files[i].path = mem_strdup(sources[i].path);
		if (!s->files[i].path)
			return err_memory(err);
		enum rc rc = sources[i].is_store ? open_store(s, i, err) : open_file(s, i, err);
		if (rc != RC_DONE)
			return rc;
	}
	publish_sources(s);
	return RC_DONE;
}

enum rc session_open(const struct session_source *sources, size_t n, const struct session_options *options,
	session_say say, void *ctx, struct session **out, struct err *err)
{
	struct session *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return err_memory(err);
	s->options = *options;
	s->say = say;
	s->say_ctx = ctx;
	s->wake[0] = s->wake[1] = -1;
	enum rc rc = make(s, sources, n, err);
	if (rc != RC_DONE) {
		session_close(s);
		return rc;
	}
	*out = s;
	return RC_DONE;
}

void session_close(struct session *s)
{
	if (!s)
		return;
	session_tidy(s, true);
	mem_free(s->later);
	if (s->running)
		session_index_finish(s, true, NULL);
	names_free(s->names);
	for (size_t i = 0; s->stores && i < s->n; i++)
		store_close(s->stores[i]);
	for (size_t i = 0; s->files && i < s->n; i++) {
		store_close(s->files[i].writer);
		if (s->files[i].temporary && s->files[i].index_dir[0] != '\0')
			cache_remove(s->files[i].index_dir);
		mem_free(s->files[i].path);
	}
	for (unsigned i = 0; i < 2; i++)
		if (s->wake[i] >= 0)
			close(s->wake[i]);
	mem_free(s->files);
	mem_free(s->stores);
	mem_free(s->versions);
	mem_free(s);
}

const struct query_sources *session_sources(const struct session *s)
{
	return &s->sources;
}

enum rc session_refresh(struct session *s, bool *changed, struct err *err)
{
	enum rc rc = RC_DONE;

	*changed = false;
	for (size_t i = 0; i < s->n && rc == RC_DONE; i++) {
		uint64_t version;
		if (!s->stores[i])
			continue;
		rc = store_version(s->stores[i], &version, err);
		if (rc != RC_DONE || version == s->versions[i])
			continue;
		rc = store_refresh(s->stores[i], err);
		s->versions[i] = version;
		*changed = true;
	}
	return rc;
}

size_t session_count(const struct session *s)
{
	return s->n;
}

long session_writer_pid(const struct session *s, size_t i)
{
	const struct session_file *f = &s->files[i];

	if (f->place != PLACE_STORE)
		return -1;
	return f->indexed_here || !s->stores[i] ? 0 : store_writer_pid(s->stores[i]);
}

enum rc session_input_state(const struct session *s, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->files[i].damage.rc == RC_DONE)
			continue;
		if (err)
			*err = s->files[i].damage;
		return s->files[i].damage.rc;
	}
	return RC_DONE;
}

/* ---- indexing ------------------------------------------------------------------------- */

bool session_needs_index(const struct session *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].needs_index)
			return true;
	return false;
}

static enum rc open_writer_once(const struct session *s, struct session_file *f, struct store_notes *notes,
	struct err *err)
{
	enum rc rc;

	if (f->place == PLACE_FILE)
		return store_open_in_place(f->path, f->index_dir, &s->options.config, true, &f->writer, notes, err);
	if (f->place == PLACE_STORE)
		return store_open(f->path, true, &f->writer, notes, err);
	/* A copy is made whole or not at all. */
	rc = store_open(f->index_dir, true, &f->writer, notes, err);
	if (rc == RC_LOCKED)
		return rc;
	if (rc == RC_DONE) {
		store_close(f->writer);
		f->writer = NULL;
	}
	cache_remove(f->index_dir);
	return store_create(f->index_dir, &s->options.config, &f->writer, err);
}

/* While another process indexes the same capture file, waits for it. */
static enum rc wait_for_writer(struct session *s, struct session_file *f, struct store_notes *notes,
	bool wait, struct err *err)
{
	bool told = false;

	for (;;) {
		enum rc rc = open_writer_once(s, f, notes, err);
		if (rc != RC_LOCKED || !wait || f->place == PLACE_STORE || atomic_load(&s->progress.cancel))
			return rc;
		if (!told)
			tell(s, f->path, err ? err->why : "in use by another writer");
		told = true;
		nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
	}
}

/* Opens for writing, and a reader beside it, of what another writer has published too. */
static enum rc open_writer(struct session *s, size_t i, bool wait, struct err *err)
{
	struct session_file *f = &s->files[i];
	struct store_notes notes = {0};
	enum rc rc = f->writer ? RC_DONE : wait_for_writer(s, f, &notes, wait, err);

	f->indexed_here = rc == RC_DONE;
	if (rc == RC_DONE && notes.recovered)
		tell(s, f->path, notes.text);
	/* the recorder indexes what it writes: what it has published is what there is */
	if (rc == RC_LOCKED && f->place == PLACE_STORE) {
		f->needs_index = false;
		return RC_DONE;
	}
	if (rc == RC_LOCKED && !s->stores[i] && f->place == PLACE_FILE)
		session_open_reader(s, i, &s->stores[i], NULL);
	if (rc != RC_DONE || s->stores[i])
		return rc;
	if (f->place == PLACE_COPY)
		store_refresh(f->writer, NULL);
	return session_open_reader(s, i, &s->stores[i], err);
}

/* Opens writers, and readers beside them, so that what is published can be seen at once. */
static enum rc open_writers(struct session *s, bool wait, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < s->n && rc == RC_DONE; i++)
		if (s->files[i].needs_index)
			rc = open_writer(s, i, wait, err);
	publish_sources(s);
	return rc;
}

static enum rc index_file(struct session *s, size_t i, struct err *err)
{
	struct session_file *f = &s->files[i];
	struct ingest_result result = {0};
	const char *path = f->path;
	enum rc rc;

	if (f->place == PLACE_FILE)
		rc = ingest_in_place(f->writer, &s->options.ingest, &s->progress, &result, err);
	else if (f->place == PLACE_COPY)
		rc = ingest_import(f->writer, &path, 1, &s->options.ingest, &s->progress, &result, err);
	else
		rc = ingest_left(f->writer, &s->options.ingest, &s->progress, err);
	store_close(f->writer);
	f->writer = NULL;
	if (rc != RC_DONE)
		return rc;
	f->needs_index = false;
	if (result.cut_short)
		tell(s, f->path, "cut short: the last record is incomplete");
	if (result.damaged) {
		f->damage = result.damage;
		f->damage.rc = RC_DAMAGED;
	}
	return RC_DONE;
}

static enum rc index_files(struct session *s, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < s->n && rc == RC_DONE; i++) {
		if (!s->files[i].needs_index)
			continue;
		s->indexing = i;
		rc = index_file(s, i, err);
	}
	if (!s->options.no_cache)
		cache_trim(s->options.cache_dir, 0, s->n > 0 ? s->files[0].index_dir : NULL);
	return rc;
}

static void *index_main(void *arg)
{
	struct session *s = arg;

	s->index_rc = index_files(s, &s->index_err);
	atomic_store(&s->finished, true);
	session_wake(s);
	return NULL;
}

static enum rc start(struct session *s, bool wait, struct err *err)
{
	enum rc rc;

	atomic_store(&s->progress.cancel, false);
	atomic_store(&s->progress.done, false);
	atomic_store(&s->finished, false);
	rc = open_writers(s, wait, err);
	if (rc != RC_DONE)
		return rc;
	int e = pthread_create(&s->thread, NULL, index_main, s);
	if (e != 0)
		return err_set(err, RC_LIMIT, "thread", "cannot start: %s", strerror(e));
	s->running = true;
	return RC_DONE;
}

enum rc session_index_start(struct session *s, struct err *err)
{
	return start(s, false, err);
}

const struct ingest_progress *session_index_progress(const struct session *s)
{
	return s->running && !atomic_load(&((struct session *)(uintptr_t)s)->finished) ? &s->progress : NULL;
}

enum rc session_index_finish(struct session *s, bool cancel, struct err *err)
{
	bool changed;

	if (!s->running)
		return RC_DONE;
	if (cancel)
		atomic_store(&s->progress.cancel, true);
	pthread_join(s->thread, NULL);
	s->running = false;
	for (size_t i = 0; i < s->n; i++)
		s->files[i].indexed_here = false;
	if (s->index_rc != RC_DONE && err)
		*err = s->index_err;
	enum rc rc = session_refresh(s, &changed, s->index_rc == RC_DONE ? err : NULL);
	return s->index_rc != RC_DONE ? s->index_rc : rc;
}

enum { TICK_MS = 20 };

enum rc session_index(struct session *s, session_tick tick, void *ctx, struct err *err)
{
	enum rc rc = start(s, true, err);

	if (rc != RC_DONE)
		return rc;
	while (tick && session_index_progress(s)) {
		/* the thread that indexes wakes us when it is through */
		poll(&(struct pollfd){.fd = session_wake_fd(s), .events = POLLIN}, 1, TICK_MS);
		session_wake_drain(s);
		/* said in full: as an index alone GCC reads it as if it were not atomic */
		if (!tick(ctx, &s->progress, s->files[atomic_load(&s->indexing)].path))
			atomic_store(&s->progress.cancel, true);
	}
	return session_index_finish(s, false, err);
}

static enum rc drop_indexes(struct session *s, struct err *err)
{
	bool any = false;

	session_tidy(s, true);
	names_forget(s->names);
	for (size_t i = 0; i < s->n; i++) {
		if (s->files[i].place == PLACE_STORE)
			continue;
		store_close(s->stores[i]);
		s->stores[i] = NULL;
		cache_remove(s->files[i].index_dir);
		s->files[i].needs_index = any = true;
	}
	publish_sources(s);
	if (!any)
		return err_set(err, RC_UNSUPPORTED, "index", "damaged: `flowdrill check --repair` mends a store");
	return RC_DONE;
}

enum rc session_rebuild(struct session *s, session_tick tick, void *ctx, struct err *err)
{
	enum rc rc = drop_indexes(s, err);

	return rc == RC_DONE ? session_index(s, tick, ctx, err) : rc;
}

enum rc session_rebuild_start(struct session *s, struct err *err)
{
	enum rc rc = drop_indexes(s, err);

	return rc == RC_DONE ? session_index_start(s, err) : rc;
}

/* ---- waking --------------------------------------------------------------------------- */

int session_wake_fd(const struct session *s)
{
	return s->wake[0];
}

void session_wake(const struct session *s)
{
	ssize_t n = write(s->wake[1], "", 1);

	(void)n;     /* full: it is readable already */
}

void session_wake_drain(const struct session *s)
{
	char bytes[256];

	while (read(s->wake[0], bytes, sizeof(bytes)) > 0)
		;
}
