/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of live.h, on a made-up interface; real ones are in live.sh. */
#include "base/mem.h"
#include "capture/live.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t frame[60] = { 1, 2, 3 };

struct seen {
	uint64_t n, stop_at;
	int64_t first_ns, last_ns;
};

static enum rc see(void *ctx, const struct live_frame *f, struct err *err)
{
	struct seen *seen = ctx;

	if (seen->n++ == 0)
		seen->first_ns = f->time_ns;
	seen->last_ns = f->time_ns;
	assert_int_equal(f->timestamp, f->time_ns);
	assert_int_equal(f->caplen, sizeof(frame));
	assert_memory_equal(f->data, frame, sizeof(frame));
	return seen->n == seen->stop_at ? err_set(err, RC_NO_SPACE, "sink", "full") : RC_DONE;
}

static struct live *make(const struct live_step *steps, size_t n)
{
	struct live *l = NULL;

	assert_int_equal(live_open_synthetic("made0", 1, steps, n, &l, NULL), RC_DONE);
	return l;
}

static size_t take(struct live *l, size_t max, struct seen *seen, enum rc want)
{
	size_t taken = 99;
	struct err err;

	assert_int_equal(live_take(l, max, see, seen, &taken, &err), want);
	return taken;
}

static bool readable(const struct live *l)
{
	struct pollfd p = { .fd = live_fd(l), .events = POLLIN };

	return p.fd >= 0 && poll(&p, 1, 0) == 1;
}

static void expect_counts(struct live *l, uint64_t received, uint64_t delivered, uint64_t dropped)
{
	struct live_counts c;

	assert_int_equal(live_counts(l, &c, NULL), RC_DONE);
	assert_int_equal(c.received, received);
	assert_int_equal(c.delivered, delivered);
	assert_int_equal(c.dropped, dropped);
	assert_int_equal(c.refused, 0);
}

static void frames_come_in_order_and_are_counted(void **state)
{
	static const struct live_step steps[] = {
		{ LIVE_STEP_FRAMES, 5, 1000000, frame, sizeof(frame) },
		{ LIVE_STEP_DROP, 7, 0, NULL, 0 },
		{ LIVE_STEP_PAUSE, 2, 0, NULL, 0 },
		{ LIVE_STEP_FRAMES, 2, 500, frame, sizeof(frame) },
		{ LIVE_STEP_GONE, 0, 0, NULL, 0 },
	};
	struct live *l = make(steps, 5);
	struct seen seen = { 0 };

	(void)state;
	assert_string_equal(live_info(l)->name, "made0");
	assert_true(readable(l));
	assert_int_equal(take(l, 3, &seen, RC_DONE), 3);
	expect_counts(l, 5, 3, 0);
	assert_int_equal(take(l, 3, &seen, RC_DONE), 2);
	assert_int_equal(seen.first_ns, 1000000);
	assert_int_equal(seen.last_ns, 1004000);
	assert_int_equal(take(l, 3, &seen, RC_DONE), 0);
	expect_counts(l, 12, 5, 7);
	assert_int_equal(take(l, 3, &seen, RC_DONE), 0);
	assert_int_equal(take(l, 3, &seen, RC_DONE), 0);
	assert_int_equal(take(l, 3, &seen, RC_DONE), 2);
	assert_int_equal(seen.last_ns, 1500);
	assert_int_equal(live_look(l), LIVE_UP);
	assert_int_equal(take(l, 3, &seen, RC_END), 0);
	assert_int_equal(live_look(l), LIVE_GONE);
	assert_int_equal(live_fd(l), -1);
	expect_counts(l, 14, 7, 7);
	live_close(l);
}

static void a_stop_leaves_what_the_kernel_has(void **state)
{
	static const struct live_step steps[] = {
		{ LIVE_STEP_FRAMES, 10, 0, frame, sizeof(frame) },
		{ LIVE_STEP_FRAMES, 10, 0, frame, sizeof(frame) },
	};
	struct live *l = make(steps, 2);
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(take(l, 4, &seen, RC_DONE), 4);
	assert_int_equal(live_stop(l, NULL), RC_DONE);
	assert_int_equal(live_stop(l, NULL), RC_DONE);
	assert_int_equal(take(l, 100, &seen, RC_DONE), 6);
	assert_int_equal(take(l, 100, &seen, RC_END), 0);
	assert_int_equal(take(l, 100, &seen, RC_END), 0);
	expect_counts(l, 10, 10, 0);
	live_close(l);
}

static void a_state_holds_until_it_is_told(void **state)
{
	static const struct live_step steps[] = {
		{ LIVE_STEP_DOWN, 0, 0, NULL, 0 },
		{ LIVE_STEP_UP, 0, 0, NULL, 0 },
		{ LIVE_STEP_FRAMES, 1, 0, frame, sizeof(frame) },
	};
	struct live *l = make(steps, 3);
	struct seen seen = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(l, 9, &seen, RC_DONE), 0);
	assert_int_equal(live_look(l), LIVE_DOWN);
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(l, 9, &seen, RC_DONE), 0);
	assert_int_equal(live_look(l), LIVE_UP);
	take(l, 9, &seen, RC_DONE);
	assert_int_equal(take(l, 9, &seen, RC_DONE), 1);
	live_close(l);
}

static void a_frame_that_the_sink_ends_with_is_delivered(void **state)
{
	static const struct live_step steps[] = {
		{ LIVE_STEP_FRAMES, 10, 0, frame, sizeof(frame) },
	};
	struct live *l = make(steps, 1);
	struct seen seen = { .stop_at = 3 };

	(void)state;
	assert_int_equal(take(l, 9, &seen, RC_NO_SPACE), 3);
	expect_counts(l, 10, 3, 0);
	assert_int_equal(take(l, 9, &seen, RC_DONE), 7);
	expect_counts(l, 10, 10, 0);
	live_close(l);
}

static void interfaces_that_cannot_be_opened_say_why(void **state)
{
	static const char *const names[] = { "", "no-such-if0", "/", "../../etc/passwd",
		"a-name-that-is-far-too-long-for-an-interface" };
	struct live_options o = { 0 };
	struct live *l = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct err err = { 0 };
		enum rc rc = live_open(names[i], &o, &l, &err);
		assert_true(rc == RC_MISSING || rc == RC_DENIED);
		assert_string_equal(err.what, names[i]);
		assert_true(err.why[0] != '\0');
	}
}

static void memory_that_is_missing_is_an_error(void **state)
{
	struct live_options o = { 0 };
	struct live *l = NULL;

	(void)state;
	mem_fail_after(1);
	assert_int_equal(live_open_synthetic("made0", 1, NULL, 0, &l, NULL), RC_NO_MEMORY);
	assert_int_equal(live_open("lo", &o, &l, NULL), RC_NO_MEMORY);
	mem_fail_after(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_in_order_and_are_counted),
		cmocka_unit_test(a_stop_leaves_what_the_kernel_has),
		cmocka_unit_test(a_state_holds_until_it_is_told),
		cmocka_unit_test(a_frame_that_the_sink_ends_with_is_delivered),
		cmocka_unit_test(interfaces_that_cannot_be_opened_say_why),
		cmocka_unit_test(memory_that_is_missing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
