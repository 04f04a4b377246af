/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work in the background over a snapshot of the stores: job_start_work(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../patience.h"
#include "session/session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct session *session;

static int set_up(void **state)
{
	struct session_source source = { NULL, false };
	struct session_options o;
	char path[512];
	struct err err;

	(void)state;
	snprintf(path, sizeof(path), "%s/samples/sip-call.pcapng", getenv("top_srcdir"));
	source.path = path;
	session_options_default(&o);
	o.no_cache = true;
	assert_int_equal(session_open(&source, 1, &o, NULL, NULL, &session, &err), RC_DONE);
	assert_int_equal(session_index(session, NULL, NULL, &err), RC_DONE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	session_close(session);
	return 0;
}

struct count {
	uint64_t packets;
	unsigned calls, stale;       /* of which so many say that the snapshot is too old */
	enum rc rc;                  /* that it ends with then */
};

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct count *c = ctx;

	(void)row;
	(void)raw;
	c->packets++;
	return true;
}

static enum rc count(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct count *c = ctx;
	struct query q;
	enum rc rc;

	if (c->calls++ < c->stale)
		return err_set(err, RC_STALE, "work", "too old");
	assert_ptr_not_equal(sources->stores[0], session_sources(session)->stores[0]);
	query_init(&q, TIER_PACKET);
	atomic_store(&control->total, 2);
	rc = query_run(sources, &q, on_packet, c, NULL, NULL, err);
	atomic_store(&control->done, 1);
	return rc == RC_DONE && c->rc != RC_DONE ? err_set(err, c->rc, "work", "as asked") : rc;
}

/* Waits as the screen does: in poll(). */
static enum job_state wait_for(struct job *j, struct err *err)
{
	struct pollfd fd = { .fd = session_wake_fd(session), .events = POLLIN };
	enum job_state state;

	while ((state = job_state(j, err)) == JOB_RUNNING)
		assert_int_equal(poll(&fd, 1, (int)(20000 * patience())), 1);
	return state;
}

static void test_done(void **state)
{
	struct count c = { 0 };
	struct job *j;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(job_start_work(session, count, &c, &j, &err), RC_DONE);
	assert_int_equal(wait_for(j, &err), JOB_DONE);
	assert_int_equal(job_progress(j), 500);
	job_free(j);
	assert_int_equal(c.packets, 2452);
	assert_int_equal(c.calls, 1);
}

static void test_failed(void **state)
{
	struct count c = { .rc = RC_LIMIT };
	struct job *j;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(job_start_work(session, count, &c, &j, &err), RC_DONE);
	assert_int_equal(wait_for(j, &err), JOB_FAILED);
	assert_int_equal(err.rc, RC_LIMIT);
	assert_string_equal(err.why, "as asked");
	job_free(j);
}

/* Asked again until the snapshot is new enough, but not for ever. */
static void test_stale(void **state)
{
	struct count c = { .stale = 3 }, always = { .stale = UINT32_MAX };
	struct job *j;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(job_start_work(session, count, &c, &j, &err), RC_DONE);
	assert_int_equal(wait_for(j, &err), JOB_DONE);
	job_free(j);
	assert_int_equal(c.calls, 4);
	assert_int_equal(c.packets, 2452);
	assert_int_equal(job_start_work(session, count, &always, &j, &err), RC_DONE);
	assert_int_equal(wait_for(j, &err), JOB_FAILED);
	assert_int_equal(err.rc, RC_STALE);
	job_free(j);
}

static enum rc until_cancelled(void *ctx, const struct query_sources *sources, struct query_control *control,
	struct err *err)
{
	(void)sources;
	(void)ctx;
	while (!atomic_load(&control->cancel))
		poll(NULL, 0, 1);
	return err_set(err, RC_CANCELLED, "work", "stopped");
}

static void test_cancelled(void **state)
{
	struct job *j;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(job_start_work(session, until_cancelled, NULL, &j, &err), RC_DONE);
	assert_int_equal(job_state(j, &err), JOB_RUNNING);
	assert_int_equal(job_progress(j), -1);
	job_cancel(j);
	assert_int_equal(wait_for(j, &err), JOB_CANCELLED);
	job_free(j);
	/* freeing alone stops it, too */
	assert_int_equal(job_start_work(session, until_cancelled, NULL, &j, &err), RC_DONE);
	job_free(j);
}

/* Goes on for a while after it was cancelled, in what its view owned. */
struct slow {
	_Atomic bool has_begun, may_end;
	bool freed;
};

static enum rc until_allowed(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct slow *s = ctx;

	(void)sources;
	(void)control;
	atomic_store(&s->has_begun, true);
	while (!atomic_load(&s->may_end))
		poll(NULL, 0, 1);
	return err_set(err, RC_CANCELLED, "work", "stopped");
}

static void note_freed(void *what)
{
	((struct slow *)what)->freed = true;
}

/* Who drops a job does not wait for it; what it uses is freed when it has ended. */
static void test_dropped(void **state)
{
	struct slow s = { .freed = false }, other = { .freed = false };
	struct job *j;
	struct err err = { 0 };

	(void)state;
	session_free_later(session, note_freed, &other);
	assert_true(other.freed); /* nothing runs */
	other.freed = false;
	assert_int_equal(job_start_work(session, until_allowed, &s, &j, &err), RC_DONE);
	while (!atomic_load(&s.has_begun))
		poll(NULL, 0, 1);
	job_drop(j);
	session_free_later(session, note_freed, &s);
	session_free_later(session, note_freed, &other);
	session_tidy(session, false);
	assert_false(s.freed || other.freed);
	atomic_store(&s.may_end, true);
	session_tidy(session, true);
	assert_true(s.freed && other.freed);
	job_drop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_dropped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
