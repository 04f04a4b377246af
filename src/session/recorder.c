/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/recorder.h"

#include "base/mem.h"
#include "session/recorder_parts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCKS_OF_LIMIT = 64, BLOCK_LEAST = 1 << 20 };

void recorder_options_default(struct recorder_options *o)
{
	memset(o, 0, sizeof(*o));
	store_config_default(&o->config);
	ingest_options_default(&o->ingest);
	o->sync_ns = 1000000000;
	o->when_full = RECORDER_ROTATE;
}

/* ---- clocks ----------------------------------------------------------------------------- */

static int64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t recorder_monotonic(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t recorder_realtime(const struct recorder *r)
{
	return r->options.realtime_ns ? r->options.realtime_ns() : clock_ns(CLOCK_REALTIME);
}

/* ---- what is to be told ----------------------------------------------------------------- */

/* A pipe that is full is readable already. */
static void poke(int fd)
{
	if (write(fd, "", 1) < 0)
		return;
}

void recorder_tell(struct recorder *r)
{
	poke(r->tell[1]);
}

void recorder_event(struct recorder *r, const char *kind, const char *fmt, ...)
{
	struct recorder_event e = { .time_ns = recorder_realtime(r) };
	va_list ap;

	snprintf(e.kind, sizeof(e.kind), "%s", kind);
	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&r->lock);
	if (r->n_say < EVENTS)
		r->say[r->n_say++] = e;
	if (r->n_put < EVENTS)
		r->put[r->n_put++] = e;
	if (r->n_lay < EVENTS)
		r->lay[r->n_lay++] = e;
	pthread_mutex_unlock(&r->lock);
	recorder_tell(r);
}

/* For the store's log alone: what is down or gone before this is of another recorder. */
static void log_start(struct recorder *r)
{
	struct recorder_event e = { .time_ns = recorder_realtime(r), .kind = "start" };
	size_t len = (size_t)snprintf(e.text, sizeof(e.text), "recording has begun on");

	for (size_t i = 0; i < r->n && len < sizeof(e.text); i++)
		len += (size_t)snprintf(e.text + len, sizeof(e.text) - len, "%s%s", i > 0 ? ", " : " ",
			live_info(r->sources[i].live)->name);
	pthread_mutex_lock(&r->lock);
	if (r->n_put < EVENTS)
		r->put[r->n_put++] = e;
	pthread_mutex_unlock(&r->lock);
}

void recorder_fail(struct recorder *r, const struct err *why)
{
	pthread_mutex_lock(&r->lock);
	bool first = r->rc == RC_DONE;
	if (first) {
		r->rc = why->rc;
		r->err = *why;
	}
	pthread_mutex_unlock(&r->lock);
	if (first)
		recorder_event(r, "end", "recording has ended: %s", why->why[0] ? why->why : rc_text(why->rc));
}

void recorder_set_full(struct recorder *r, bool full)
{
	pthread_mutex_lock(&r->lock);
	bool change = r->status.full != full;
	r->status.full = full;
	pthread_mutex_unlock(&r->lock);
	if (change)
		recorder_event(r, full ? "full" : "room", "%s", full
			? "the disk is full: packets are refused until there is room" : "there is room again");
}

/* ---- opening ---------------------------------------------------------------------------- */

static bool make_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0;
}

/* Sealing waits for the disk: never in the thread that empties the rings, even where there is one processor. */
static unsigned enough_threads(unsigned threads)
{
	return threads == 1 || (threads == 0 && sysconf(_SC_NPROCESSORS_ONLN) < 2) ? 2 : threads;
}

enum rc recorder_open_over(const struct recorder_options *o, struct live **points, size_t n, struct recorder **out,
	struct err *err)
{
	struct recorder *r = n <= RECORDER_DEVICES ? mem_calloc(1, sizeof(*r)) : NULL;

	if (!r) {
		for (size_t i = 0; i < n; i++)
			live_close(points[i]);
		return n > RECORDER_DEVICES
			? err_set(err, RC_LIMIT, "-i", "%d interfaces at most", RECORDER_DEVICES) : err_memory(err);
	}
	r->options = *o;
	r->options.ingest.threads = enough_threads(o->ingest.threads);
	r->n = n;
	r->wake[0] = r->wake[1] = r->tell[0] = r->tell[1] = -1;
	for (size_t i = 0; i < n; i++)
		r->sources[i].live = points[i];
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	if (!make_pipe(r->wake) || !make_pipe(r->tell)) {
		enum rc rc = err_errno(err, "pipe", "cannot make");
		recorder_close(r);
		return rc;
	}
	r->status.n_points = n;
	for (size_t i = 0; i < n; i++)
		snprintf(r->sample.points[i].name, sizeof(r->sample.points[i].name), "%s", live_info(points[i])->name);
	*out = r;
	return RC_DONE;
}

enum rc recorder_open(const struct recorder_options *o, struct recorder **out, struct err *err)
{
	struct live *points[RECORDER_DEVICES];
	size_t n = 0;
	enum rc rc = RC_DONE;

	if (o->n_devices > RECORDER_DEVICES)
		return err_set(err, RC_LIMIT, "-i", "%d interfaces at most", RECORDER_DEVICES);
	for (; n < o->n_devices && rc == RC_DONE; n++) {
		for (size_t i = 0; i < n && rc == RC_DONE; i++)
			if (strcmp(o->devices[i], o->devices[n]) == 0)
				rc = err_set(err, RC_USAGE, o->devices[n], "named twice");
		if (rc == RC_DONE)
			rc = live_open(o->devices[n], &o->live, &points[n], err);
		if (rc != RC_DONE)
			break;
	}
	if (rc == RC_DONE)
		return recorder_open_over(o, points, n, out, err);
	while (n > 0)
		live_close(points[--n]);
	return rc;
}

void recorder_close(struct recorder *r)
{
	if (!r)
		return;
	if (r->has_taker || r->has_keeper)
		recorder_stop(r, NULL);
	for (size_t i = 0; i < r->n; i++)
		live_close(r->sources[i].live);
	for (unsigned i = 0; i < 2; i++) {
		if (r->wake[i] >= 0)
			close(r->wake[i]);
		if (r->tell[i] >= 0)
			close(r->tell[i]);
	}
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	mem_free(r);
}

/* ---- the store -------------------------------------------------------------------------- */

/* A store with a limit has at least so many blocks, or what goes with the oldest one would be a large part of all. */
static void fit_blocks(const struct recorder_options *o, struct store_config *c)
{
	uint64_t limit = o->retention.max_bytes;

	if (limit == 0 || o->block_size_set || limit / BLOCKS_OF_LIMIT >= c->block_size)
		return;
	c->block_size = limit / BLOCKS_OF_LIMIT & ~(uint64_t)4095;
	if (c->block_size < BLOCK_LEAST)
		c->block_size = BLOCK_LEAST;
}

static enum rc check_config(const struct recorder *r, struct err *err)
{
	const struct store_config *is = store_config(r->store), *want = &r->options.config;
	const char *what = store_config_differs(is, want, r->options.asked);

	if (!what && r->options.block_size_set && is->block_size != want->block_size)
		what = "blocks";
	else if (!what && want->index_dir[0] && strcmp(is->index_dir, want->index_dir) != 0)
		what = "places for its index";
	return what ? err_set(err, RC_USAGE, r->options.store, "has other %s, which stay as they were made", what)
		    : RC_DONE;
}

static enum rc open_store(struct recorder *r, struct store_notes *notes, struct err *err)
{
	struct store_config config = r->options.config;
	struct ingest_progress progress = { .cancel = false };
	enum rc rc = store_open(r->options.store, true, &r->store, notes, err);

	/* an empty directory may be given to us to make it there; what is anything else is refused */
	if (rc == RC_MISSING || rc == RC_UNSUPPORTED) {
		fit_blocks(&r->options, &config);
		rc = store_create(r->options.store, &config, &r->store, err);
	}
	if (rc != RC_DONE)
		return rc;
	rc = check_config(r, err);
	if (rc == RC_DONE)
		rc = store_refresh(r->store, err);
	/* what a recorder that died left without an index */
	return rc == RC_DONE ? ingest_left(r->store, &r->options.ingest, &progress, err) : rc;
}

static bool is_same_point(const struct point_info *p, const struct live_info *i)
{
	return strcmp(p->name, i->name) == 0 && p->linktype == i->linktype && p->snaplen == i->snaplen &&
		p->tsresol == i->tsresol && p->tsoffset_s == 0 && p->fcs_len == 0;
}

/* The interface as a capture point: the one that it was before, or a new one. */
static enum rc find_point(struct recorder *r, struct recorder_source *s, struct err *err)
{
	const struct live_info *i = live_info(s->live);
	struct point_info p = { .linktype = i->linktype, .snaplen = i->snaplen, .tsresol = i->tsresol };
	size_t n;
	const struct point_info *v = store_points(r->store, &n);

	s->linktype = i->linktype;
	if (i->note[0])
		recorder_event(r, "note", "%s: %s", i->name, i->note);
	for (size_t k = 0; k < n; k++) {
		if (!is_same_point(&v[k], i))
			continue;
		s->point = v[k].number;
		s->base = (struct point_counts){ v[k].received, v[k].refused, v[k].dropped, v[k].if_dropped };
		s->base_stored = s->base.received - s->base.refused - s->base.dropped;
		return RC_DONE;
	}
	snprintf(p.name, sizeof(p.name), "%s", i->name);
	snprintf(p.description, sizeof(p.description), "%s", i->description);
	enum rc rc = store_add_point(r->store, &p, NULL, 0, err);
	s->point = p.number;
	return rc;
}

/* ---- starting and stopping -------------------------------------------------------------- */

/* Signals are for the thread that called us. */
static enum rc start_thread(pthread_t *thread, void *(*main)(void *), struct recorder *r, bool *has, struct err *err)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int e = pthread_create(thread, NULL, main, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	*has = e == 0;
	return e == 0 ? RC_DONE : err_set(err, RC_LIMIT, "thread", "cannot start: %s", strerror(e));
}

static enum rc start_threads(struct recorder *r, struct err *err)
{
	r->sample.time_ns = recorder_realtime(r);
	r->clock_offset = r->sample.time_ns - recorder_monotonic();
	r->status.running = true;
	enum rc rc = start_thread(&r->keeper, recorder_keeper_main, r, &r->has_keeper, err);
	if (rc == RC_DONE)
		rc = start_thread(&r->taker, recorder_taker_main, r, &r->has_taker, err);
	if (rc != RC_DONE && r->has_keeper) {
		pthread_mutex_lock(&r->lock);
		r->end = true;
		pthread_cond_signal(&r->changed);
		pthread_mutex_unlock(&r->lock);
	}
	return rc;
}

enum rc recorder_start(struct recorder *r, struct store_notes *notes, struct err *err)
{
	enum rc rc = open_store(r, notes, err);

	log_start(r);
	for (size_t i = 0; i < r->n && rc == RC_DONE; i++)
		rc = find_point(r, &r->sources[i], err);
	if (rc == RC_DONE) {
		r->next_frame = store_next_frame(r->store);
		rc = start_threads(r, err);
	}
	if (rc != RC_DONE && !r->has_keeper) {
		store_close(r->store);
		r->store = NULL;
	}
	return rc;
}

enum rc recorder_stop(struct recorder *r, struct err *err)
{
	struct store_totals totals = { .complete = true };

	atomic_store(&r->stop, true);
	poke(r->wake[1]);
	if (r->has_taker)
		pthread_join(r->taker, NULL);
	if (r->has_keeper)
		pthread_join(r->keeper, NULL);
	r->has_taker = r->has_keeper = false;
	if (r->store)
		store_use_reserve(r->store);     /* what was put by is for the catalog's end, too */
	if (r->store && r->rc == RC_DONE) {
		totals.checksum_offload = r->saw_offload || store_totals(r->store)->checksum_offload;
		r->rc = store_set_totals(r->store, &totals, &r->err);
		/* nobody looks at limits any more */
		if (r->rc == RC_DONE && !r->options.retention.max_bytes)
			store_merge_windows(r->store, NULL);
	}
	store_close(r->store);
	r->store = NULL;
	if (r->rc != RC_DONE && err)
		*err = r->err;
	return r->rc;
}

/* ---- asking ----------------------------------------------------------------------------- */

void recorder_status(struct recorder *r, struct recorder_status *out)
{
	pthread_mutex_lock(&r->lock);
	*out = r->status;
	pthread_mutex_unlock(&r->lock);
	out->evicted_blocks = atomic_load(&r->evicted);
}

void recorder_point(struct recorder *r, size_t i, struct recorder_point *out)
{
	pthread_mutex_lock(&r->lock);
	*out = r->sample.points[i];
	pthread_mutex_unlock(&r->lock);
}

void recorder_events(struct recorder *r, recorder_say say, void *ctx)
{
	struct recorder_event v[EVENTS];
	char drain[64];

	while (read(r->tell[0], drain, sizeof(drain)) == (ssize_t)sizeof(drain))
		continue;
	pthread_mutex_lock(&r->lock);
	size_t n = r->n_say;
	memcpy(v, r->say, n * sizeof(v[0]));
	r->n_say = 0;
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < n; i++)
		say(ctx, v[i].kind, v[i].text);
}

int recorder_fd(const struct recorder *r)
{
	return r->tell[0];
}
