/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The recorder over made-up interfaces: every frame is stored, refused or dropped, exactly, whatever happens to interface,
 * clock and disk; and what the store says of it survives the loss of its index.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"
#include "captures.h"
#include "session/recorder.h"
#include "store/check.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 1000, SYNC_NS = 20 * 1000 * 1000, STEPS = 64 };
#define T0 1700000000000000000

/* ---- a disk of a certain size, and a clock ------------------------------------------------ */

static _Atomic int64_t room;             /* bytes that block files may still take */
static _Atomic int64_t clock_step;       /* ns that the wall clock is off */

static bool is_block(const char *path)
{
	return strstr(path, ".pcapng") != NULL;
}

static bool fd_is_block(int fd)
{
	char name[64], path[512];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(name, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return is_block(path);
}

static int64_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : 0;
}

static ssize_t small_pwrite(int fd, const void *from, size_t len, off_t at)
{
	int64_t grows = at + (int64_t)len - size_of(fd);

	if (fd_is_block(fd) && grows > 0 && atomic_fetch_sub(&room, grows) < grows) {
		atomic_fetch_add(&room, grows);
		errno = ENOSPC;
		return -1;
	}
	return io_real.pwrite(fd, from, len, at);
}

static int small_truncate(int fd, off_t len)
{
	if (fd_is_block(fd))
		atomic_fetch_add(&room, size_of(fd) - len);
	return io_real.truncate(fd, len);
}

static int small_unlink(const char *path)
{
	struct stat st;

	if (is_block(path) && stat(path, &st) == 0)
		atomic_fetch_add(&room, st.st_size);
	return io_real.unlink(path);
}

static void small_disk(int64_t bytes)
{
	static struct io_ops ops;

	ops = io_real;
	ops.pwrite = small_pwrite;
	ops.truncate = small_truncate;
	ops.unlink = small_unlink;
	atomic_store(&room, bytes);
	io_set_ops(&ops);
}

static int64_t stepping_clock(void)
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

struct place {
	char dir[256], store[300];
	struct recorder_options options;
	struct live_step steps[2][STEPS];
	size_t n_steps[2];
	int64_t time_ns;
	struct recorder *r;
	struct recorder_status status;
	struct recorder_point points[2];
	char said[4096];
	enum rc rc;                  /* of recorder_stop() */
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

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

static int teardown(void **state)
{
	struct place *p = *state;

	io_set_ops(NULL);
	recorder_close(p->r);
	captures_remove_dir(p->dir);
	free(p);
	return 0;
}

static void step(struct place *p, unsigned at, enum live_step_kind kind, uint64_t n)
{
	assert_true(p->n_steps[at] < STEPS);
	p->steps[at][p->n_steps[at]++] = (struct live_step){
		.kind = kind, .n = n, .time_ns = p->time_ns, .data = frame, .len = FRAME,
	};
	if (kind == LIVE_STEP_FRAMES)
		p->time_ns += (int64_t)n * 1000;
}

static void start(struct place *p, unsigned n)
{
	static const char *const names[] = { "made0", "made1" };
	struct live *points[2];
	struct store_notes notes = { .recovered = false };
	struct err err = { 0 };

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(live_open_synthetic(names[i], 1, p->steps[i], p->n_steps[i], &points[i], NULL),
			RC_DONE);
	if (recorder_open_over(&p->options, points, n, &p->r, &err) != RC_DONE ||
		recorder_start(p->r, &notes, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
}

static void on_event(void *ctx, const char *what, const char *text)
{
	struct place *p = ctx;
	size_t len = strlen(p->said);

	snprintf(p->said + len, sizeof(p->said) - len, "%s:%s\n", what, text);
}

static void look(struct place *p)
{
	recorder_status(p->r, &p->status);
	for (size_t i = 0; i < p->status.n_points; i++)
		recorder_point(p->r, i, &p->points[i]);
	recorder_events(p->r, on_event, p);
}

static void nap(unsigned ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static uint64_t received(const struct place *p)
{
	return p->points[0].received + p->points[1].received;
}

/* Until so many frames were counted (stored or refused), at most 20 s. */
static void wait_received(struct place *p, uint64_t n)
{
	for (unsigned i = 0; i < 4000; i++) {
		look(p);
		if (received(p) >= n)
			return;
		nap(5);
	}
	fail_msg("%llu of %llu frames", (unsigned long long)received(p), (unsigned long long)n);
}

static void wait_said(struct place *p, const char *what)
{
	for (unsigned i = 0; i < 4000; i++) {
		look(p);
		if (strstr(p->said, what))
			return;
		nap(5);
	}
	fail_msg("nobody said '%s' but: %s", what, p->said);
}

/* What always holds after the end. */
static void check_sums(const struct place *p)
{
	uint64_t stored = 0;

	for (size_t i = 0; i < p->status.n_points; i++) {
		const struct recorder_point *k = &p->points[i];

		assert_int_equal(k->received, k->stored + k->refused + k->dropped);
		stored += k->stored;
	}
	assert_int_equal(p->status.packets, stored);
	assert_int_equal(p->status.bytes, stored * FRAME);
	assert_int_equal(p->status.published, stored);
	assert_false(p->status.running);
}

static void stop(struct place *p)
{
	struct err err = { 0 };

	p->rc = recorder_stop(p->r, &err);
	look(p);
	check_sums(p);
	recorder_close(p->r);
	p->r = NULL;
}

static void complain(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	print_message("%s at %llu: %s\n", path, (unsigned long long)offset, text);
}

/* The store reopens without help, is whole, and has so many packets. */
static struct store *reopen(struct place *p, bool writing, uint64_t packets)
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
	assert_int_equal(store_check(s, complain, NULL, &report, &err), RC_DONE);
	assert_int_equal(report.problems, 0);
	assert_int_equal(report.packets, packets);
	assert_int_equal(store_totals(s)->packets, packets);
	const struct point_info *points = store_points(s, &n);
	for (size_t i = 0; i < n; i++)
		in_points += points[i].packets;
	assert_int_equal(in_points, packets);

	struct macro_walk *w;
	struct macro_range all = { INT64_MIN, INT64_MAX, NULL };
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

static bool has_event(struct store *s, const char *kind)
{
	struct event_info v[64];
	size_t n;

	assert_int_equal(store_events(s, 64, v, &n, NULL), RC_DONE);
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].kind, kind) == 0)
			return true;
	return false;
}

/* ---- tests ------------------------------------------------------------------------------- */

static void test_accounting(void **state)
{
	struct place *p = *state;
	const struct drop_info *drops;
	uint64_t dropped = 0;
	size_t n;

	for (unsigned i = 0; i < 6; i++) {
		step(p, 0, LIVE_STEP_FRAMES, 700);
		step(p, 0, LIVE_STEP_PAUSE, 5);
		step(p, 0, LIVE_STEP_DROP, 10 + i);
		step(p, 1, LIVE_STEP_FRAMES, 300);
	}
	start(p, 2);
	wait_received(p, 6 * 1000 + 75);
	stop(p);
	assert_int_equal(p->rc, RC_DONE);
	assert_int_equal(p->points[0].stored, 4200);
	assert_int_equal(p->points[0].dropped, 75);
	assert_int_equal(p->points[1].stored, 1800);
	assert_int_equal(p->points[1].refused, 0);

	struct store *s = reopen(p, false, 6000);
	const struct point_info *points = store_points(s, &n);
	assert_int_equal(n, 2);
	assert_string_equal(points[0].name, "made0");
	assert_int_equal(points[0].received, 4275);
	assert_int_equal(points[0].dropped, 75);
	assert_int_equal(points[1].packets, 1800);
	drops = store_drops(s, &n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(drops[i].point, 0);
		assert_true(drops[i].from_ns <= drops[i].to_ns);
		dropped += drops[i].dropped;
	}
	assert_int_equal(dropped, 75);
	const struct block_info *b = store_blocks(s, &n);
	assert_true(n >= 6);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(b[i].state, BLOCK_INDEXED);
	store_close(s);
}

/* A reader sees what came while it is recorded. */
static void test_followed(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s;
	uint64_t seen = 0;

	step(p, 0, LIVE_STEP_FRAMES, 100);
	start(p, 1);
	wait_received(p, 100);
	assert_int_equal(store_open(p->store, false, &s, &notes, NULL), RC_DONE);
	for (unsigned i = 0; i < 400 && seen < 100; i++) {
		assert_int_equal(store_refresh(s, NULL), RC_DONE);
		seen = store_totals(s)->packets;
		nap(5);
	}
	assert_int_equal(seen, 100);
	assert_int_equal(store_writer_pid(s), getpid());
	store_close(s);
	stop(p);
}

/* A second recording into the same store: same points, and counters that go on. */
static void test_restart(void **state)
{
	struct place *p = *state;
	size_t n;

	step(p, 0, LIVE_STEP_FRAMES, 50);
	step(p, 0, LIVE_STEP_DROP, 7);
	start(p, 1);
	wait_received(p, 57);
	stop(p);
	start(p, 1);
	wait_received(p, 57);
	stop(p);
	struct store *s = reopen(p, false, 100);
	const struct point_info *points = store_points(s, &n);
	assert_int_equal(n, 1);
	assert_int_equal(points[0].received, 114);
	assert_int_equal(points[0].dropped, 14);
	assert_int_equal(points[0].refused, 0);
	store_close(s);
}

static void test_interface_and_clock(void **state)
{
	struct place *p = *state;

	atomic_store(&clock_step, 0);
	p->options.realtime_ns = stepping_clock;
	step(p, 0, LIVE_STEP_FRAMES, 10);
	step(p, 0, LIVE_STEP_DOWN, 1);
	step(p, 0, LIVE_STEP_UP, 1);
	step(p, 0, LIVE_STEP_FRAMES, 10);
	step(p, 0, LIVE_STEP_GONE, 1);
	step(p, 1, LIVE_STEP_FRAMES, 10);
	start(p, 2);
	wait_said(p, "down:made0");
	wait_said(p, "up:made0");
	wait_said(p, "gone:made0");
	atomic_store(&clock_step, -5000000000);
	wait_said(p, "clock:the clock was set back by 5.0 s");
	wait_received(p, 30);
	assert_true(p->status.running);
	assert_true(p->points[0].ended);
	assert_int_equal(p->points[0].state, LIVE_GONE);
	assert_false(p->points[1].ended);
	stop(p);
	assert_int_equal(p->rc, RC_DONE);
	struct store *s = reopen(p, false, 30);
	assert_true(has_event(s, "down") && has_event(s, "up") && has_event(s, "gone") && has_event(s, "clock"));
	store_close(s);
}

/* The only interface goes: it ends by itself, and says why. */
static void test_nothing_left(void **state)
{
	struct place *p = *state;
	struct pollfd fd;

	step(p, 0, LIVE_STEP_FRAMES, 10);
	step(p, 0, LIVE_STEP_GONE, 1);
	start(p, 1);
	fd = (struct pollfd){ .fd = recorder_fd(p->r), .events = POLLIN };
	assert_int_equal(poll(&fd, 1, 20000), 1);
	wait_said(p, "end:");
	for (unsigned i = 0; i < 4000 && p->status.running; i++) {
		nap(5);
		look(p);
	}
	assert_false(p->status.running);
	stop(p);
	assert_int_equal(p->rc, RC_MISSING);
	assert_int_equal(p->points[0].stored, 10);
	store_close(reopen(p, false, 10));
}

/* ---- a full disk --------------------------------------------------------------------------- */

/* Frames of 1 KiB in portions of 100, n of them. */
static void many(struct place *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		step(p, 0, LIVE_STEP_FRAMES, 100);
		step(p, 0, LIVE_STEP_PAUSE, 20);
	}
}

static void test_full_stop(void **state)
{
	struct place *p = *state;

	p->options.when_full = RECORDER_STOP;
	small_disk(2500 * 1000);
	many(p, 30);
	start(p, 1);
	wait_said(p, "end:");
	stop(p);
	assert_int_equal(p->rc, RC_NO_SPACE);
	assert_true(p->points[0].stored > 1500 && p->points[0].stored < 2500);
	assert_true(p->points[0].refused > 0);
	store_close(reopen(p, false, p->points[0].stored));

	/* with room the same store goes on */
	uint64_t before = p->points[0].stored;
	io_set_ops(NULL);
	start(p, 1);
	wait_received(p, 3000);
	stop(p);
	assert_int_equal(p->rc, RC_DONE);
	assert_int_equal(p->points[0].stored, 3000);
	store_close(reopen(p, false, before + 3000));
}

static void test_full_rotate(void **state)
{
	struct place *p = *state;
	size_t n;

	small_disk(3500 * 1000);
	many(p, 30);
	p->n_steps[0] = 60;
	for (unsigned i = 0; i < 60; i += 2)
		p->steps[0][i].n = 400;
	start(p, 1);
	wait_received(p, 12000);
	stop(p);
	assert_int_equal(p->rc, RC_DONE);
	assert_true(p->status.evicted_blocks > 3);
	assert_true(p->points[0].stored > 6000);
	io_set_ops(NULL);

	struct store_notes notes = { .recovered = false };
	struct check_report report;
	struct store *s;
	assert_int_equal(store_open(p->store, false, &s, &notes, NULL), RC_DONE);
	assert_int_equal(store_check(s, complain, NULL, &report, NULL), RC_DONE);
	assert_int_equal(report.problems, 0);
	const struct point_info *points = store_points(s, &n);
	assert_int_equal(points[0].received, p->points[0].received);
	assert_int_equal(points[0].refused, p->points[0].refused);
	store_close(s);
}

/* Nothing can go: packets are refused until there is room, then it goes on by itself. */
static void test_full_and_room(void **state)
{
	struct place *p = *state;

	small_disk(300 * 1000);
	many(p, 20);
	start(p, 1);
	wait_said(p, "full:");
	wait_received(p, 2000);
	assert_true(p->status.full);
	assert_true(p->points[0].refused > 0);
	uint64_t before = p->points[0].stored;
	stop(p);
	io_set_ops(NULL);
	store_close(reopen(p, false, p->points[0].stored));
	assert_true(p->points[0].stored >= before);
}

/* ---- the index is lost ---------------------------------------------------------------------- */

static uint64_t dropped_in_windows(struct store *s)
{
	uint64_t sum = 0;
	size_t n;
	const struct drop_info *d = store_drops(s, &n);

	for (size_t i = 0; i < n; i++) {
		assert_true(d[i].from_ns <= d[i].to_ns);
		sum += d[i].dropped;
	}
	return sum;
}

/* What packets do not say is in the blocks, too. */
static void test_index_deleted(void **state)
{
	struct place *p = *state;
	struct ingest_progress progress = { .cancel = false };
	struct store_notes notes = { .recovered = false };
	struct point_info before[2];
	struct store *s;
	char command[400];
	size_t n;

	for (unsigned i = 0; i < 4; i++) {
		step(p, 0, LIVE_STEP_FRAMES, 500);
		step(p, 0, LIVE_STEP_PAUSE, 50);
		step(p, 0, LIVE_STEP_DROP, 5);
	}
	step(p, 1, LIVE_STEP_FRAMES, 50);
	step(p, 1, LIVE_STEP_DOWN, 1);
	step(p, 1, LIVE_STEP_UP, 1);
	step(p, 1, LIVE_STEP_FRAMES, 50);
	start(p, 2);
	wait_received(p, 2120);
	stop(p);
	s = reopen(p, false, 2100);
	memcpy(before, store_points(s, &n), sizeof(before));
	assert_int_equal(before[0].received, 2020);
	assert_int_equal(dropped_in_windows(s), 20);
	assert_true(has_event(s, "down") && has_event(s, "up"));
	store_close(s);

	snprintf(command, sizeof(command), "rm -r '%s/index'", p->store);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(p->store, true, &s, &notes, NULL), RC_DONE);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	assert_int_equal(ingest_left(s, &p->options.ingest, &progress, NULL), RC_DONE);
	store_close(s);
	s = reopen(p, false, 2100);
	const struct point_info *after = store_points(s, &n);
	assert_int_equal(n, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_memory_equal(after[i].uuid, before[i].uuid, 16);
		assert_int_equal(after[i].packets, before[i].packets);
		assert_int_equal(after[i].received, before[i].received);
		assert_int_equal(after[i].dropped, before[i].dropped);
		assert_int_equal(after[i].refused, before[i].refused);
		assert_int_equal(after[i].if_dropped, before[i].if_dropped);
	}
	assert_int_equal(dropped_in_windows(s), 20);
	assert_true(has_event(s, "down") && has_event(s, "up"));
	store_close(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_accounting), TEST(test_followed), TEST(test_restart), TEST(test_interface_and_clock),
		TEST(test_nothing_left), TEST(test_full_stop), TEST(test_full_rotate), TEST(test_full_and_room),
		TEST(test_index_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
