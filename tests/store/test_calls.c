/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every call of a store while the Nth operation of one kind fails in it (faults.h): it says so, or does its work all the same; what is
 * closed and opened again is whole, and the call does its work when it is made again. tests/session/test_failures does this to
 * whole jobs; here one call fails at a time, so that every way out of it is taken.
 *
 * Every N with FLOWDRILL_TEST_ALL=1, else a sample. FLOWDRILL_TEST_CALL, FLOWDRILL_TEST_FAULT: only those with this in their names.
 */
#include "calls.h"
#include "faults.h"
#include "made.h"

#include "store/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char scratch[128];

struct place { const struct call *c; const struct fault *fault; uint64_t nth; const char *begin; };

#define WRONG(p, format, ...)                                                                                \
	fail_msg("%s, %s, N=%ju: " format, (p)->c->name, (p)->fault->name, (uintmax_t)(p)->nth, ##__VA_ARGS__)

static struct store *must_open(const struct place *p, const char *path, bool writing)
{
	struct err err = { 0 };
	struct store *s;

	if ((p->c->begin == BEGIN_PLACED ? calls_open_placed(path, writing, &s, &err) : store_open(path, writing, &s, NULL, &err)) != RC_DONE)
		WRONG(p, "does not open: %s: %s", err.what, err.why);
	return s;
}

static void say_wrong(void *ctx, const char *path, uint64_t offset, const char *text)
{
	/* dropped, or not published */
	if (!strstr(text, "not indexed"))
		WRONG((const struct place *)ctx, "%s: %ju: %s", path ? path : "", (uintmax_t)offset, text);
}

/* All that the store has is right. */
static void must_be_whole(struct place *p, const char *path)
{
	struct check_report report;
	struct store *s = must_open(p, path, true);

	if (store_check(s, say_wrong, p, &report, NULL) != RC_DONE)
		WRONG(p, "cannot be checked");
	store_close(s);
}

static void must_do(struct place *p, enum rc rc, bool reached, const struct err *err)
{
	if (rc != RC_DONE && (!reached || err->why[0] == '\0'))
		WRONG(p, "%s: '%s': '%s'", rc_name(rc), err->what, err->why);
}

/* True where the call came as far as its Nth operation. */
static bool fail_call(struct place *p, const char *path)
{
	struct err err = { 0 };
	struct store *s = must_open(p, path, !p->c->reads);

	if (p->c->ready)
		assert_int_equal(p->c->ready(s), RC_DONE);
	faults_arm(p->fault, p->nth);
	enum rc rc = p->c->call(s, &err);
	bool reached = faults_seen() >= p->nth;
	faults_arm(NULL, 0);
	must_do(p, rc, reached, &err);
	if (rc != RC_DONE && !p->c->half && p->c->call(s, &err) != RC_DONE)
		WRONG(p, "not when it was made again: %s: %s", err.what, err.why);
	store_close(s);
	must_be_whole(p, path);
	return reached;
}

static bool fail_alone(struct place *p, const char *path)
{
	struct err err = { 0 };

	faults_arm(p->fault, p->nth);
	enum rc rc = p->c->alone(path, &err);
	bool reached = faults_seen() >= p->nth;
	faults_arm(NULL, 0);
	must_do(p, rc, reached, &err);
	rc = p->c->alone(path, &err);
	if (rc != RC_DONE)
		WRONG(p, "not when it was made again: %s: %s", err.what, err.why);
	if (p->c->begin != BEGIN_NOTHING)
		must_be_whole(p, path);
	return reached;
}

/* Fails the Nth; false where the call has less. */
static bool fail_once(struct place *p)
{
	static unsigned number;
	char path[200];

	snprintf(path, sizeof(path), "%s/store%u", scratch, ++number);
	made_copy(p->begin, path);
	bool reached = p->c->alone ? fail_alone(p, path) : fail_call(p, path);
	made_dir_remove(path);
	return reached;
}

static bool wanted(const char *variable, const char *name)
{
	const char *only = getenv(variable);

	return !only || strstr(name, only);
}

/* Every one with FLOWDRILL_TEST_ALL, but for allocations, which are many and much alike; else the first ones and some. */
static uint64_t step(const struct place *p)
{
	if (!getenv("FLOWDRILL_TEST_ALL"))
		return p->nth < 4 ? 1 : p->nth / 2;
	return fault_is_memory(p->fault) && p->nth > 20 ? p->nth / 3 : 1;
}

static void test_call(void **state)
{
	static char begin[BEGINS][200];
	struct place p = { .c = *state };
	enum begin b = p.c->begin;

	if (!wanted("FLOWDRILL_TEST_CALL", p.c->name))
		return;
	if (!begin[b][0]) {
		snprintf(begin[b], sizeof(begin[b]), "%s/begin%d", scratch, (int)b);
		calls_begin(b, begin[b]);
	}
	p.begin = begin[b];
	for (size_t i = 0; i < n_faults; i++) {
		p.fault = &faults[i];
		/* sampled: each call takes every third fault, its neighbours the rest */
		bool take = getenv("FLOWDRILL_TEST_ALL") || (i + (size_t)(p.c - calls)) % 3 == 0;
		if (take && wanted("FLOWDRILL_TEST_FAULT", p.fault->name))
			for (p.nth = 1; fail_once(&p); p.nth += step(&p))
				;
	}
}

static int setup(void **state)
{
	(void)state;
	faults_init();
	made_dir(scratch, sizeof(scratch));
	return calls_set_up(scratch) ? 0 : 1;
}

static int teardown(void **state)
{
	(void)state;
	made_dir_remove(scratch);
	return 0;
}

int main(void)
{
	struct CMUnitTest *tests = calloc(n_calls, sizeof(*tests));

	assert_non_null(tests);
	for (size_t i = 0; i < n_calls; i++)
		tests[i] = (struct CMUnitTest){ calls[i].name, test_call, NULL, NULL, (void *)&calls[i] };
	int failed = _cmocka_run_group_tests("calls", tests, n_calls, setup, teardown);
	free(tests);
	return failed;
}
