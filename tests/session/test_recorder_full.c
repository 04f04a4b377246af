/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recorder whose disk is full, or whose store may not grow: what was taken is stored or refused, and the store is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "base/io.h"
#include "captures.h"
#include "recording.h"
#include "store/check.h"

/* Frames of 1 KiB in portions of 100, n of them. */
static void many(struct recording *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		recording_step(p, 0, LIVE_STEP_FRAMES, 100);
		recording_step(p, 0, LIVE_STEP_PAUSE, 20);
	}
}

static void test_full_stop(void **state)
{
	struct recording *p = *state;

	p->options.when_full = RECORDER_STOP;
	small_disk(".pcapng", 2500 * 1000);
	many(p, 30);
	recording_start(p, 1);
	recording_wait_said(p, "end:");
	recording_stop(p);
	assert_int_equal(p->rc, RC_NO_SPACE);
	assert_true(p->points[0].stored > 1500 && p->points[0].stored < 2500);
	assert_true(p->points[0].refused > 0);
	store_close(recording_reopen(p, false, p->points[0].stored));

	/* with room the same store goes on */
	uint64_t before = p->points[0].stored;
	io_set_ops(NULL);
	recording_start(p, 1);
	recording_wait_received(p, 3000);
	recording_stop(p);
	assert_int_equal(p->rc, RC_DONE);
	assert_int_equal(p->points[0].stored, 3000);
	store_close(recording_reopen(p, false, before + 3000));
}

static void test_full_rotate(void **state)
{
	struct recording *p = *state;
	size_t n;

	small_disk(".pcapng", 3500 * 1000);
	many(p, 30);
	p->n_steps[0] = 60;
	for (unsigned i = 0; i < 60; i += 2)
		p->steps[0][i].n = 400;
	recording_start(p, 1);
	recording_wait_received(p, 12000);
	recording_stop(p);
	assert_int_equal(p->rc, RC_DONE);
	assert_true(p->status.evicted_blocks > 3);
	assert_true(p->points[0].stored > 6000);
	io_set_ops(NULL);

	struct store_notes notes = { .recovered = false };
	struct check_report report;
	struct store *s;
	assert_int_equal(store_open(p->store, false, &s, &notes, NULL), RC_DONE);
	assert_int_equal(store_check(s, recording_complain, NULL, &report, NULL), RC_DONE);
	assert_int_equal(report.problems, 0);
	const struct point_info *points = store_points(s, &n);
	assert_int_equal(points[0].received, p->points[0].received);
	assert_int_equal(points[0].refused, p->points[0].refused);
	store_close(s);
}

/* Nothing can go: packets are refused until there is room, then it goes on by itself. */
static void test_full_and_room(void **state)
{
	struct recording *p = *state;

	small_disk(".pcapng", 300 * 1000);
	many(p, 20);
	recording_start(p, 1);
	recording_wait_said(p, "full:");
	recording_wait_received(p, 2000);
	assert_true(p->status.full);
	assert_true(p->points[0].refused > 0);
	uint64_t before = p->points[0].stored;
	recording_stop(p);
	io_set_ops(NULL);
	store_close(recording_reopen(p, false, p->points[0].stored));
	assert_true(p->points[0].stored >= before);
}

/* As large as it may be: it ends, and nothing goes. */
static void test_size_stop(void **state)
{
	struct recording *p = *state;

	p->options.when_full = RECORDER_STOP;
	p->options.retention.max_bytes = 4 << 20;
	/* slowly: what comes in two rounds of the keeper is small beside the limit */
	many(p, 30);
	for (unsigned i = 0; i < 60; i++)
		p->steps[0][i].n = 200;
	recording_start(p, 1);
	recording_wait_said(p, "end:");
	recording_stop(p);
	assert_int_equal(p->rc, RC_NO_SPACE);
	assert_int_equal(p->status.evicted_blocks, 0);
	assert_true(p->status.store_bytes <= (4 << 20) + (4 << 20) / 50);
	assert_true(p->points[0].stored > 1000 && p->points[0].refused == 0);
	/* and at once when it is begun again */
	uint64_t before = p->points[0].stored;
	recording_start(p, 1);
	recording_wait_said(p, "end:");
	recording_stop(p);
	assert_int_equal(p->rc, RC_NO_SPACE);
	store_close(recording_reopen(p, false, before + p->points[0].stored));
}

/* The index has no room: packets are kept or refused, nobody waits, and what is kept is indexed when there is room. */
static void test_index_full(void **state)
{
	struct recording *p = *state;
	struct ingest_progress progress = { .cancel = false };
	struct store *s;

	p->options.config.block_size = 256 << 20;
	small_disk(".idx", 8000);
	many(p, 30);
	recording_start(p, 1);
	recording_wait_said(p, "full:");
	recording_wait_received(p, 3000);
	p->index_behind = true;
	recording_stop(p);
	assert_true(p->points[0].refused > 0);
	assert_true(p->points[0].stored > p->status.published);
	io_set_ops(NULL);

	assert_int_equal(store_open(p->store, true, &s, NULL, NULL), RC_DONE);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	assert_int_equal(ingest_left(s, &p->options.ingest, &progress, NULL), RC_DONE);
	store_close(s);
	store_close(recording_reopen(p, false, p->points[0].stored));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, recording_setup, recording_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_full_stop), TEST(test_full_rotate), TEST(test_full_and_room), TEST(test_size_stop),
		TEST(test_index_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
