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
#include "captures.h"
#include "../patience.h"
#include "../sql.h"
#include "recording.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- tests ------------------------------------------------------------------------------- */

static void test_accounting(void **state)
{
	struct recording *p = *state;
	const struct drop_info *drops;
	uint64_t dropped = 0;
	size_t n;

	for (unsigned i = 0; i < 6; i++) {
		recording_step(p, 0, LIVE_STEP_FRAMES, 700);
		recording_step(p, 0, LIVE_STEP_PAUSE, 5);
		recording_step(p, 0, LIVE_STEP_DROP, 10 + i);
		recording_step(p, 1, LIVE_STEP_FRAMES, 300);
	}
	recording_start(p, 2);
	recording_wait_received(p, 6 * 1000 + 75);
	recording_stop(p);
	assert_int_equal(p->rc, RC_DONE);
	assert_int_equal(p->points[0].stored, 4200);
	assert_int_equal(p->points[0].dropped, 75);
	assert_int_equal(p->points[1].stored, 1800);
	assert_int_equal(p->points[1].refused, 0);

	struct store *s = recording_reopen(p, false, 6000);
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
	struct recording *p = *state;
	struct store_notes notes;
	struct store *s;
	uint64_t seen = 0;

	recording_step(p, 0, LIVE_STEP_FRAMES, 100);
	recording_start(p, 1);
	recording_wait_received(p, 100);
	assert_int_equal(store_open(p->store, false, &s, &notes, NULL), RC_DONE);
	for (unsigned i = 0; i < 400 * patience() && seen < 100; i++) {
		assert_int_equal(store_refresh(s, NULL), RC_DONE);
		seen = store_totals(s)->packets;
		recording_nap(5);
	}
	assert_int_equal(seen, 100);
	assert_int_equal(store_writer_pid(s), getpid());
	store_close(s);
	recording_stop(p);
}

/* A second recording into the same store: same points, and counters that go on. */
static void test_restart(void **state)
{
	struct recording *p = *state;
	size_t n;

	recording_step(p, 0, LIVE_STEP_FRAMES, 50);
	recording_step(p, 0, LIVE_STEP_DROP, 7);
	recording_start(p, 1);
	recording_wait_received(p, 57);
	recording_stop(p);
	recording_start(p, 1);
	recording_wait_received(p, 57);
	recording_stop(p);
	struct store *s = recording_reopen(p, false, 100);
	const struct point_info *points = store_points(s, &n);
	assert_int_equal(n, 1);
	assert_int_equal(points[0].received, 114);
	assert_int_equal(points[0].dropped, 14);
	assert_int_equal(points[0].refused, 0);
	store_close(s);
}

static void test_interface_and_clock(void **state)
{
	struct recording *p = *state;

	atomic_store(&clock_step, 0);
	p->options.realtime_ns = stepping_clock;
	recording_step(p, 0, LIVE_STEP_FRAMES, 10);
	recording_step(p, 0, LIVE_STEP_DOWN, 1);
	recording_step(p, 0, LIVE_STEP_UP, 1);
	recording_step(p, 0, LIVE_STEP_FRAMES, 10);
	recording_step(p, 0, LIVE_STEP_GONE, 1);
	recording_step(p, 1, LIVE_STEP_FRAMES, 10);
	recording_start(p, 2);
	recording_wait_said(p, "down:made0");
	recording_wait_said(p, "up:made0");
	recording_wait_said(p, "gone:made0");
	atomic_store(&clock_step, -5000000000);
	recording_wait_said(p, "clock:the clock was set back by 5.0 s");
	recording_wait_received(p, 30);
	assert_true(p->status.running);
	assert_true(p->points[0].ended);
	assert_int_equal(p->points[0].state, LIVE_GONE);
	assert_false(p->points[1].ended);
	recording_stop(p);
	assert_int_equal(p->rc, RC_DONE);
	struct store *s = recording_reopen(p, false, 30);
	assert_true(recording_has_event(s, "down") && recording_has_event(s, "up") && recording_has_event(s, "gone") && recording_has_event(s, "clock"));
	store_close(s);
}

/* The only interface goes: it ends by itself, and says why. */
static void test_nothing_left(void **state)
{
	struct recording *p = *state;
	struct pollfd fd;

	recording_step(p, 0, LIVE_STEP_FRAMES, 10);
	recording_step(p, 0, LIVE_STEP_GONE, 1);
	recording_start(p, 1);
	fd = (struct pollfd){ .fd = recorder_fd(p->r), .events = POLLIN };
	assert_int_equal(poll(&fd, 1, (int)(20000 * patience())), 1);
	recording_wait_said(p, "end:");
	for (unsigned i = 0; i < 4000 * patience() && p->status.running; i++) {
		recording_nap(5);
		recording_look(p);
	}
	assert_false(p->status.running);
	recording_stop(p);
	assert_int_equal(p->rc, RC_MISSING);
	assert_int_equal(p->points[0].stored, 10);
	store_close(recording_reopen(p, false, 10));
}

/* Windows that are over are merged while it is recorded, so that who reads has each macroflow once. */
static void test_windows_merged(void **state)
{
	struct recording *p = *state;
	char catalog[400];

	/* with a limit the end merges nothing */
	p->options.retention.max_bytes = UINT64_C(1) << 40;
	snprintf(catalog, sizeof(catalog), "%s/index/catalog.db", p->store);
	for (unsigned i = 0; i < 6; i++)
		recording_step(p, 0, LIVE_STEP_FRAMES, 1000);
	recording_start(p, 1);
	recording_wait_received(p, 6000);
	for (unsigned i = 0; i < 4000 * patience(); i++) {
		recording_look(p);
		if (p->status.published == 6000 && sql_run(catalog, "SELECT count(*) FROM windows") == 1)
			break;
		recording_nap(5);
	}
	recording_stop(p);
	assert_int_equal(p->rc, RC_DONE);
	assert_true(sql_run(catalog, "SELECT count(*) FROM runs") > 1);
	assert_int_equal(sql_run(catalog, "SELECT parts FROM windows"), 1);
	store_close(recording_reopen(p, false, 6000));
	assert_int_equal(sql_run(catalog, "SELECT count(*) FROM windows"), 1);
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
	struct recording *p = *state;
	struct ingest_progress progress = { .cancel = false };
	struct store_notes notes = { .recovered = false };
	struct point_info before[2];
	struct store *s;
	char command[400];
	size_t n;

	for (unsigned i = 0; i < 4; i++) {
		recording_step(p, 0, LIVE_STEP_FRAMES, 500);
		recording_step(p, 0, LIVE_STEP_PAUSE, 50);
		recording_step(p, 0, LIVE_STEP_DROP, 5);
	}
	recording_step(p, 1, LIVE_STEP_FRAMES, 50);
	recording_step(p, 1, LIVE_STEP_DOWN, 1);
	recording_step(p, 1, LIVE_STEP_UP, 1);
	recording_step(p, 1, LIVE_STEP_FRAMES, 50);
	recording_start(p, 2);
	recording_wait_received(p, 2120);
	recording_stop(p);
	s = recording_reopen(p, false, 2100);
	memcpy(before, store_points(s, &n), sizeof(before));
	assert_int_equal(before[0].received, 2020);
	assert_int_equal(dropped_in_windows(s), 20);
	assert_true(recording_has_event(s, "down") && recording_has_event(s, "up"));
	store_close(s);

	snprintf(command, sizeof(command), "rm -r '%s/index'", p->store);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(p->store, true, &s, &notes, NULL), RC_DONE);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	assert_int_equal(ingest_left(s, &p->options.ingest, &progress, NULL), RC_DONE);
	store_close(s);
	s = recording_reopen(p, false, 2100);
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
	assert_true(recording_has_event(s, "down") && recording_has_event(s, "up"));
	store_close(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, recording_setup, recording_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_accounting), TEST(test_followed), TEST(test_restart), TEST(test_interface_and_clock),
		TEST(test_nothing_left), TEST(test_windows_merged), TEST(test_index_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
