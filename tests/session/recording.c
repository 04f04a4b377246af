/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "recording.h"

#include "../patience.h"

#include "base/io.h"
#include "captures.h"
#include "store/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SYNC_NS = 20 * 1000 * 1000 };
#define T0 1700000000000000000

/* ---- a disk of a certain size, and a clock ------------------------------------------------ */

static _Atomic int64_t room;             /* bytes that files of the kind may still take */
static const char *small_kind;
_Atomic int64_t clock_step;

static bool is_small(const char *path)
{
	return strstr(path, small_kind) != NULL;
}

static bool fd_is_small(int fd)
{
	char name[64], path[512];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(name, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return is_small(path);
}

static int64_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : 0;
}

static ssize_t small_pwrite(int fd, const void *from, size_t len, off_t at)
{
	int64_t grows = at + (int64_t)len - size_of(fd);

	if (fd_is_small(fd) && grows > 0 && atomic_fetch_sub(&room, grows) < grows) {
		atomic_fetch_add(&room, grows);
		errno = ENOSPC;
		return -1;
	}
	return io_real.pwrite(fd, from, len, at);
}

static int small_truncate(int fd, off_t len)
{
	if (fd_is_small(fd))
		atomic_fetch_add(&room, size_of(fd) - len);
	return io_real.truncate(fd, len);
}

static int small_unlink(const char *path)
{
	struct stat st;

	if (is_small(path) && stat(path, &st) == 0)
		atomic_fetch_add(&room, st.st_size);
	return io_real.unlink(path);
}

void small_disk(const char *kind, int64_t bytes)
{
	static struct io_ops ops;

	small_kind = kind;
	ops = io_real;
	ops.pwrite = small_pwrite;
	ops.truncate = small_truncate;
	ops.unlink = small_unlink;
	atomic_store(&room, bytes);
	io_set_ops(&ops);
}

int64_t stepping_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec + atomic_load(&clock_step);
}

/* ---- a recording ------------------------------------------------------------------------- */

/* Ethernet, IPv4, UDP 10.0.0.1:4000 -> 10.0.0.2:53; no checksums. */
static const uint8_t frame[FRAME] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, (FRAME - 14) >> 8, (FRAME - 14) & 255, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x0f, 0xa0, 0, 53, (FRAME - 34) >> 8, (FRAME - 34) & 255, 0, 0,
};

int recording_setup(void **state)
{
	struct recording *p = calloc(1, sizeof(*p));

	captures_make_dir(p->dir, sizeof(p->dir));
	snprintf(p->store, sizeof(p->store), "%s/live.fdr", p->dir);
	recorder_options_default(&p->options);
	p->options.store = p->store;
	p->options.sync_ns = SYNC_NS;
	p->options.config.block_size = 1 << 20;
	p->options.block_size_set = true;
	p->options.ingest.threads = 2;
	p->time_ns = T0;
	*state = p;
	return 0;
}

int recording_teardown(void **state)
{
	struct recording *p = *state;

	io_set_ops(NULL);
	recorder_close(p->r);
	captures_remove_dir(p->dir);
	free(p);
	return 0;
}

void recording_step(struct recording *p, unsigned at, enum live_step_kind kind, uint64_t n)
{
	assert_true(p->n_steps[at] < STEPS);
	p->steps[at][p->n_steps[at]++] = (struct live_step){
		.kind = kind, .n = n, .time_ns = p->time_ns, .data = frame, .len = FRAME,
	};
	if (kind == LIVE_STEP_FRAMES)
		p->time_ns += (int64_t)n * 1000;
}

void recording_start(struct recording *p, unsigned n)
{
	static const char *const names[] = { "made0", "made1" };
	struct live *points[2];
	struct store_notes notes = { .recovered = false };
	struct err err = { 0 };

	p->said[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(live_open_synthetic(names[i], 1, p->steps[i], p->n_steps[i], &points[i], NULL),
			RC_DONE);
	if (recorder_open_over(&p->options, points, n, &p->r, &err) != RC_DONE ||
		recorder_start(p->r, &notes, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
}

static void on_event(void *ctx, const char *what, const char *text)
{
	struct recording *p = ctx;
	size_t len = strlen(p->said);

	snprintf(p->said + len, sizeof(p->said) - len, "%s:%s\n", what, text);
}

void recording_look(struct recording *p)
{
	recorder_status(p->r, &p->status);
	for (size_t i = 0; i < p->status.n_points; i++)
		recorder_point(p->r, i, &p->points[i]);
	recorder_events(p->r, on_event, p);
}

void recording_nap(unsigned ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static uint64_t received(const struct recording *p)
{
	return p->points[0].received + p->points[1].received;
}

/* Naps while one waits. */
enum { NAP_MS = 5, NAPS = 4000 };

/* Until so many frames were counted (stored or refused). */
void recording_wait_received(struct recording *p, uint64_t n)
{
	for (unsigned i = 0; i < NAPS * patience(); i++) {
		recording_look(p);
		if (received(p) >= n)
			return;
		recording_nap(NAP_MS);
	}
	fail_msg("%llu of %llu frames", (unsigned long long)received(p), (unsigned long long)n);
}

void recording_wait_said(struct recording *p, const char *what)
{
	for (unsigned i = 0; i < NAPS * patience(); i++) {
		recording_look(p);
		if (strstr(p->said, what))
			return;
		recording_nap(NAP_MS);
	}
	fail_msg("nobody said '%s' but: %s", what, p->said);
}

/* What always holds after the end. */
static void check_sums(const struct recording *p)
{
	uint64_t stored = 0;

	for (size_t i = 0; i < p->status.n_points; i++) {
		const struct recorder_point *k = &p->points[i];

		assert_int_equal(k->received, k->stored + k->refused + k->dropped);
		stored += k->stored;
	}
	assert_int_equal(p->status.packets, stored);
	assert_int_equal(p->status.bytes, stored * FRAME);
	if (!p->index_behind)
		assert_int_equal(p->status.published, stored);
	assert_false(p->status.running);
}

void recording_stop(struct recording *p)
{
	struct err err = { 0 };

	p->rc = recorder_stop(p->r, &err);
	recording_look(p);
	check_sums(p);
	recorder_close(p->r);
	p->r = NULL;
}

void recording_complain(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	print_message("%s at %llu: %s\n", path, (unsigned long long)offset, text);
}

/* The store reopens without help, is whole, and has so many packets. */
struct store *recording_reopen(struct recording *p, bool writing, uint64_t packets)
{
	struct store_notes notes = { .recovered = false };
	struct check_report report;
	struct store *s;
	struct err err = { 0 };
	uint64_t in_points = 0, n_macro = 0;
	size_t n;

	if (store_open(p->store, writing, &s, &notes, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	assert_int_equal(store_check(s, recording_complain, NULL, &report, &err), RC_DONE);
	assert_int_equal(report.problems, 0);
	assert_int_equal(report.packets, packets);
	assert_int_equal(store_totals(s)->packets, packets);
	const struct point_info *points = store_points(s, &n);
	for (size_t i = 0; i < n; i++)
		in_points += points[i].packets;
	assert_int_equal(in_points, packets);

	struct macro_walk *w;
	struct macro_range all = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct record rec;
	struct service_key key;
	assert_int_equal(macro_walk_open(s, &all, &w, NULL), RC_DONE);
	while (macro_walk_next(w, &rec, &key, NULL) == RC_DONE) {
		n_macro += rec.c.packets[0] + rec.c.packets[1];
		record_free(&rec);
	}
	macro_walk_close(w);
	assert_int_equal(n_macro, packets);
	return s;
}

bool recording_has_event(struct store *s, const char *kind)
{
	struct event_info v[64];
	size_t n;

	assert_int_equal(store_events(s, 64, v, &n, NULL), RC_DONE);
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].kind, kind) == 0)
			return true;
	return false;
}
